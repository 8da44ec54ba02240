/* SPDX-License-Identifier: ISC */
/*
 * The content stage of a shard: TCP connections and datagrams in, HTTP requests, TLS events and
 * logins out, by the protocols of decode/content.h.
 *
 * Only connections that a protocol knows by their octets are reassembled.  So that a packet of
 * another connection costs one hash and one load, connections followed are counted by their hash:
 * where the count is zero nobody is there.
 */
#ifndef YAGURA_PIPELINE_CONTENT_STAGE_H
#define YAGURA_PIPELINE_CONTENT_STAGE_H

#include "analysis/analysis.h"
#include "base/hash.h"
#include "decode/content.h"
#include "pipeline/config.h"

struct content_stage;

struct content_stage_options {
	const struct config *config; /* borrowed */
	struct hash_secret secret;
	struct drop_counters *drops;
	unsigned consumed; /* set of enum obs_type */
	void (*deliver)(void *context, const struct batch *batch);
	void *context;
};

/* NULL when nobody consumes what any protocol yields. */
struct content_stage *content_stage_new(const struct content_stage_options *options);
/* Frees without observations. */
void content_stage_free(struct content_stage *stage);

/* Takes packets as the shard gets them: TCP connections are followed, datagrams looked into. */
void content_stage_packets(
    struct content_stage *stage, const struct packet *const *packets, size_t count);

/* The input has ended: what is open is delivered. */
void content_stage_end(struct content_stage *stage);

#endif
