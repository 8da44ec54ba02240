/* SPDX-License-Identifier: ISC */
/*
 * Who is there: connections of TCP and conversations of UDP datagrams, in two pools of fixed size.
 *
 * Everything is allocated at the start.  A source may hold so many connections (an IPv6 source is
 * its /64); a UDP conversation is the datagrams between two addresses and ports.
 */
#ifndef YAGURA_SENSOR_VISITORS_H
#define YAGURA_SENSOR_VISITORS_H

#include "base/clock.h"
#include "base/hash.h"
#include "net/address.h"
#include "sensor/dialogue.h"

#define VISITOR_PAYLOAD 4096
#define VISITOR_NONE    UINT32_MAX

/* Between which addresses and ports. */
struct visitor_ends {
	struct address source, destination;
	uint16_t source_port, destination_port;
};

struct visitor {
	int fd;          /* owned; -1: UDP */
	bool used, done; /* done: all is said, only its end is awaited */
	uint16_t payload_size;
	uint32_t next;    /* in its chain of the index, or of those that are free */
	uint32_t address; /* its source in `sources` */
	struct visitor_ends ends;
	nsec_t wall;        /* when it came, by the wall clock */
	nsec_t begin, last; /* first and last octets, by the clock that never goes back */
	uint64_t octets, count;
	struct dialogue dialogue;
	uint8_t payload[VISITOR_PAYLOAD];
};

struct visitor_source {
	struct address address;
	uint32_t count, next;
};

struct visitors {
	struct visitor *list; /* owned */
	nsec_t *deadlines;    /* owned: when each must go; INT64_MAX: nobody there */
	uint32_t room, count, free, hand;
	uint32_t *index;                /* owned: of conversations by their ends */
	struct visitor_source *sources; /* owned */
	uint32_t *source_index;         /* owned */
	uint32_t source_free;
	uint32_t index_mask;
	struct hash_secret secret;
};

void visitors_init(struct visitors *visitors, uint32_t room);
void visitors_release(struct visitors *visitors);

/* A free place, zeroed but for its payload, or NULL when all are taken. */
struct visitor *visitors_take(struct visitors *visitors);
void visitors_give_back(struct visitors *visitors, struct visitor *visitor);

static inline uint32_t
visitors_number(const struct visitors *visitors, const struct visitor *visitor)
{
	return (uint32_t)(visitor - visitors->list);
}

/* Counts one more connection of the visitor's source; false when it holds `most` already. */
bool visitors_admit(struct visitors *visitors, struct visitor *visitor, uint32_t most);
void visitors_dismiss(struct visitors *visitors, struct visitor *visitor);

/* The conversation with these ends, or NULL; and a new one into the index. */
struct visitor *visitors_find(const struct visitors *visitors, const struct visitor_ends *ends);
void visitors_enter(struct visitors *visitors, struct visitor *visitor);
void visitors_leave(struct visitors *visitors, struct visitor *visitor);

/* The next one in turn, to make room. */
struct visitor *visitors_next(struct visitors *visitors);

#endif
