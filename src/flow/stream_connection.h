/* SPDX-License-Identifier: ISC */
/*
 * The connections of a stream table: their events, and who goes when memory or time runs out.
 *
 * For stream.c alone, which decides what a packet means for its connection.
 */
#ifndef YAGURA_FLOW_STREAM_CONNECTION_H
#define YAGURA_FLOW_STREAM_CONNECTION_H

#include "flow/slots.h"
#include "flow/stream.h"
#include "flow/stream_half.h"

/* The lists connections stand in. */
enum connection_list {
	ONE_SIDED,         /* only one side was heard yet */
	ONE_SIDED_HOLDING, /* and segments are held */
	TWO_SIDED,
	TWO_SIDED_HOLDING,
	CLOSED,
	LIVE_LISTS = CLOSED,
};

enum connection_flag {
	FROM_LOW = 1 << 0,   /* the initiator is the lower endpoint of the key */
	MIDSTREAM = 1 << 1,  /* its SYN was not seen */
	HAS_RIVAL = 1 << 2,  /* a SYN with sequence number `rival` waits for its answer … */
	RIVAL_BY_1 = 1 << 3, /* … from the initiator, as it was sent by the other side */
	RESET_BY_0 = 1 << 4, /* closed by a reset from the initiator */
	RESET_BY_1 = 1 << 5, /* or from the other side */
	HEARD_0 = 1 << 6,    /* the initiator has sent something */
	HEARD_1 = 1 << 7,    /* the other side has */
};

struct connection {
	struct half half[2]; /* 0: sent by the initiator */
	uint64_t id;
	uint64_t touched; /* number of the last packet: order across the lists */
	uint64_t moved;   /* and of the one that last moved it in its list */
	uint64_t record;  /* of the last packet: evidence for what happens without one */
	nsec_t last;
	void *user; /* of whoever is delivered to */
	uint32_t rival;
	uint8_t flags;
} __attribute__((aligned(64)));

struct stream_table {
	struct stream_options options;
	struct slots slots;
	struct connection *connections; /* owned; one a slot */
	struct held_budget budget;
	uint64_t packets; /* TCP packets taken */
	uint64_t opened;
	nsec_t time;    /* of the packet at hand */
	nsec_t expired; /* when silence was last looked for */
};

/* What the octets of one direction need to be delivered. */
struct half_output connection_output(struct stream_table *t, uint32_t slot, uint8_t direction);

/* Delivers an event of the connection as a whole. */
void connection_tell(struct stream_table *t, uint32_t slot, enum stream_kind kind);

/* Delivers what is held and says that the connection is over; the slot is not given back. */
void connection_end(struct stream_table *t, uint32_t slot);

/* Ends a connection, unless it is closed, and gives the slot back. */
void connection_forget(struct stream_table *t, uint32_t slot);

/* The same, counted: it was given up. */
void connection_evict(struct stream_table *t, uint32_t slot);

/* The one idle for longest among the first `count` lists; SLOT_NONE when they are empty. */
uint32_t connection_oldest(const struct stream_table *t, unsigned count);

/* Makes sure that a slot is unused. */
void connection_make_slot(struct stream_table *t);

/* Another connection that holds octets, to be given up; SLOT_NONE when there is none. */
uint32_t connection_oldest_holder(const struct stream_table *t, uint32_t except);

/* Forgets what was silent for too long at the time of the packet at hand. */
void connections_expire(struct stream_table *t);

#endif
