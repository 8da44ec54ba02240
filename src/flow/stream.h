/* SPDX-License-Identifier: ISC */
/*
 * TCP stream reassembly, for whoever subscribes to OBS_STREAM.
 *
 * One table per shard.  Segments may be out of order, overlap (the first octets seen win) or be
 * missing (a STREAM_GAP is reported when the other side acknowledges past the hole, when the held
 * octets reach their cap, or at the end); a connection may be joined in the middle.  Octets that
 * the capture cut off are missing, not data.
 *
 * Memory is capped: `connections` entries and `memory` octets of held segments, everything
 * included.  What is given up is counted (DROP_STREAM_EVICTED) and closed: connections of which
 * only one side was ever heard first, when they take half of the table or hold octets; then the
 * one idle for longest. The same packets in the same order give the same events whatever the
 * secret is.
 */
#ifndef YAGURA_FLOW_STREAM_H
#define YAGURA_FLOW_STREAM_H

#include <stdbool.h>
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
	/* Must not call back into the table.  `time` of an event is the packet's during which it
	 * happened; `input_offset` of octets is the record they came in. */
	void (*deliver)(void *context, const struct stream_event *event);
	void *context; /* borrowed */
};

struct stream_usage {
	size_t connections; /* closed ones that are still remembered included */
	size_t memory;      /* octets of held segments, with what it takes to hold them */
};

struct stream_table;

struct stream_table *stream_table_new(const struct stream_options *options);
/* Frees without events; call stream_table_finish first to deliver what is held. */
void stream_table_free(struct stream_table *table);
/* Takes one decoded TCP packet (others are ignored). */
void stream_table_packet(struct stream_table *table, const struct packet *packet);
/* The same for a packet that begins no connection: taken if the table holds its connection. */
void stream_table_follow(struct stream_table *table, const struct packet *packet);
/* Closes the connection of a packet, if there is one, and forgets it. */
void stream_table_forget(struct stream_table *table, const struct packet *packet);
/* Whether any segment is held out of order. */
bool stream_table_holds(const struct stream_table *table);
/* Hints some packets ahead of the two above, one after the other: each fetches into the cache what
 * the next reads.  The place is where the packet's connection would be; the pointer, that of the
 * connection which is there, perhaps another one, or NULL. */
uint32_t stream_table_fetch_place(const struct stream_table *table, const struct packet *packet);
void stream_table_fetch_connection(const struct stream_table *table, uint32_t place);
void *stream_table_user_at(const struct stream_table *table, uint32_t place);
/* Closes every connection: held octets are delivered after their gaps. */
void stream_table_finish(struct stream_table *table);
/* What is in use, for status and tests. */
struct stream_usage stream_table_usage(const struct stream_table *table);

#endif
