/* SPDX-License-Identifier: ISC */
/*
 * The export stage: packets that carry flow export messages become flow records.
 *
 * It stands where packets are read: messages must be decoded in the order in which they came, since
 * a template rules the data after it.  A chunk is decoded in segments, one for each window it
 * touches; the records of a segment are dealt to the shards by address, so that what follows runs
 * in parallel again.
 *
 * A capture is taken as one of exports when most of the datagrams it begins with are export
 * messages (`run.exports: auto`); its other packets are counted and not measured.
 */
#ifndef YAGURA_PIPELINE_EXPORT_STAGE_H
#define YAGURA_PIPELINE_EXPORT_STAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "decode/export.h"
#include "pipeline/config.h"
#include "source/source.h"

/* Datagrams in a chunk of exports: their records should stay in the cache. */
#define EXPORT_CHUNK 64

struct export_stage;

/* ERR_CONFIG when run.exports is none of its words. */
MUST_CHECK enum err export_stage_new(const struct config *config, struct hash_secret secret,
    struct export_stage **ret_stage, struct err_info *info);
void export_stage_free(struct export_stage *stage);

/* The collecting process inside: for keeping its templates across restarts, and for status. */
struct exports *export_stage_exports(struct export_stage *stage);

/* Decides, from its first chunk, whether an input is one of exports. */
bool export_stage_wants(
    struct export_stage *stage, const struct source_info *info, const struct chunk *chunk);

/* A new input begins: nothing of the last one's sequence numbers applies. */
void export_stage_begin(struct export_stage *stage);

/* What a chunk's packets gave, in segments. */
struct export_batch {
	struct export_sink sink; /* owned */
	size_t segment_count;
	struct export_mark *marks; /* owned: where each segment ends in the sink */
	size_t mark_room;
	/* Of the segment at hand: its records by shard. */
	const struct flow_record **members; /* owned */
	size_t member_room;
	size_t first[ANALYSIS_SHARDS + 1]; /* members of shard i: first[i]…first[i + 1] - 1 */
};

struct export_mark {
	size_t records, interfaces, reports;
};

void export_batch_release(struct export_batch *batch);
void export_batch_clear(struct export_batch *batch);

/* Decodes packets into a sink, and no more; adds what was dropped since the last call. */
void export_stage_take(
    struct export_stage *stage, struct packet *packets, size_t count, struct export_sink *sink);
void export_stage_count(struct export_stage *stage, struct drop_counters *drops);

/* Decodes packets and ends a segment with them. */
void export_stage_decode(struct export_stage *stage, struct packet *packets, size_t count,
    struct drop_counters *drops, struct export_batch *batch);

/* Deals the records of segment number `segment` to the shards. */
void
export_stage_deal(const struct export_stage *stage, struct export_batch *batch, size_t segment);

#endif
