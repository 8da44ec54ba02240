/* SPDX-License-Identifier: ISC */
/*
 * TCP stream reassembly, for whoever subscribes to OBS_STREAM.
 *
 * One table per shard.  Segments may be out of order, overlap (the first octets seen win) or be
 * missing (a STREAM_GAP is reported when the other side acknowledges past the hole, when the held
 * octets reach their cap, or at the end); a connection may be joined in the middle.  Memory is
 * capped: `connections` entries and `memory` octets of held segments; what is given up is counted
 * (DROP_STREAM_EVICTED) and closed.
 */
#ifndef YAGURA_FLOW_STREAM_H
#define YAGURA_FLOW_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "obs/drop.h"
#include "obs/packet.h"
#include "obs/stream.h"

struct stream_options {
	size_t connections; /* most connections held at once */
	size_t memory; /* most octets of out-of-order segments held at once, over all connections */
	size_t memory_per_stream; /* and per direction of one connection */
	nsec_t idle;              /* a connection silent for longer is closed */
	struct hash_secret secret;
	struct drop_counters *drops; /* borrowed */
	void (*deliver)(void *context, const struct stream_event *event);
	void *context; /* borrowed */
};

struct stream_table;

struct stream_table *stream_table_new(const struct stream_options *options);
/* Frees without events; call stream_table_finish first to deliver what is held. */
void stream_table_free(struct stream_table *table);
/* Takes one decoded TCP packet (others are ignored). */
void stream_table_packet(struct stream_table *table, const struct packet *packet);
/* Closes every connection: held octets are delivered after their gaps. */
void stream_table_finish(struct stream_table *table);

#endif
