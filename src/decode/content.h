/* SPDX-License-Identifier: ISC */
/*
 * A protocol over TCP or UDP whose contents are looked into: one file, one line in CONTENT_LIST.
 *
 * Connections are found by what they carry, not by their ports: every payload of an unknown
 * connection is shown to each protocol's sniff(), which must be cheap and sure, because from then
 * on the connection is reassembled and costs.  What came before is not seen again, so a protocol
 * has to be able to join in the middle; one that follows another in the same connection (STARTTLS)
 * takes it over when its sniff() knows a segment.
 *
 * A connection's state is made by open() and freed by close(), after which nothing of it is
 * delivered.  Observations are delivered as they are complete; what they point to is borrowed for
 * the call.  The same events in the same order give the same observations.
 */
#ifndef YAGURA_DECODE_CONTENT_H
#define YAGURA_DECODE_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "obs/batch.h"
#include "obs/drop.h"
#include "obs/packet.h"
#include "obs/stream.h"

/* Where observations go, and what is shared by the connections of a shard. */
struct content_sink {
	void (*deliver)(void *context, const struct batch *batch);
	void *context;
	struct drop_counters *drops;
	unsigned consumed; /* set of enum obs_type that somebody wants */
	uint64_t *memory;  /* octets held by all connections; a protocol adds and takes away what
			      it holds beyond its state, */
	uint64_t memory_limit; /* and holds no more when this is reached */
};

enum content_passing {
	CONTENT_OTHER,  /* of no connection that was put aside */
	CONTENT_PASSES, /* of one, and there is nothing in it */
	CONTENT_WAKES,  /* of one that is to be followed again, from this segment on */
};

/*
 * Connections that a protocol puts aside when nothing is to be expected of them for long: it then
 * sees their segments one by one, in the order they come, and their streams cost nothing.  *state
 * is the shard's.
 */
struct content_aside {
	/* Whether the connection, of which `packet` is a segment, is put aside; it is closed then.
	 */
	bool (*rests)(void **state, void *connection, const struct packet *packet);
	/* Fetches what passes() reads into the cache; what it returns is for that. */
	uint64_t (*fetch)(const void *state, const struct packet *packet);
	/* Of a segment with octets. */
	enum content_passing (*passes)(void *state, uint64_t fetched, const struct packet *packet);
	/* Gives a connection that open() made for the segment that wakes it what was known. */
	void (*wake)(void *state, const struct packet *packet, void *connection);
	void (*free)(void *state);
};

struct content_protocol {
	const char *name;
	unsigned yields; /* set of enum obs_type: without a consumer of these it is not looked for
			  */
	/* Whether the payload of a TCP packet begins something of this protocol. */
	bool (*sniff)(const struct packet *packet, const uint8_t *payload, size_t size);
	/* The same while another protocol is followed; NULL: never takes over. */
	bool (*takes_over)(const uint8_t *payload, size_t size);
	/* A connection's state; `event` is its first STREAM_DATA, which comes again by event(). */
	void *(*open)(const struct content_sink *sink, const struct stream_event *event);
	/* STREAM_DATA and STREAM_GAP. */
	void (*event)(
	    void *connection, const struct content_sink *sink, const struct stream_event *event);
	/* The connection is over at `time`, or will not be heard of again: delivers what is open
	 * when `sink` is not NULL, and frees the state. */
	void (*close)(void *connection, const struct content_sink *sink, nsec_t time);
	const struct content_aside *aside; /* NULL: none is put aside */
	/* Datagrams, for protocols that have them; NULL: none.  `state` is the shard's, made by
	 * the first call and freed by release_datagrams. */
	bool (*sniff_datagram)(const struct packet *packet, const uint8_t *payload, size_t size);
	void (*datagram)(void **state, const struct content_sink *sink, const struct packet *packet,
	    const uint8_t *payload, size_t size);
	void (*end_datagrams)(void **state, const struct content_sink *sink);
};

extern const struct content_protocol content_http;

/* Every protocol, ended by NULL. */
extern const struct content_protocol *const CONTENT_LIST[];

#endif
