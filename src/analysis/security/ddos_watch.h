/* SPDX-License-Identifier: ISC */
/*
 * Who sends to a destination that gets much: distinct sources, the busiest of them, whether their
 * addresses look forged, ports, and a few packets as evidence.
 *
 * Distinct sources are counted from every packet since a destination is watched (of TCP's from
 * those that are looked at); all else from one packet in DDOS_SAMPLING, which are looked at.  Which
 * ones follows from their time and source alone, so that it does not matter who else is counted.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_DDOS_WATCH_H
#define YAGURA_ANALYSIS_SECURITY_DDOS_WATCH_H

#include <stdbool.h>

#include "base/hash.h"
#include "net/address.h"
#include "obs/packet.h"
#include "obs/table.h"
#include "stat/hll.h"

#define DDOS_SAMPLING  8
#define DDOS_PRECISION 12
#define DDOS_SENDERS   128 /* places, a power of two; three quarters are used */
#define DDOS_TOLD      32  /* senders and ports stored in a row */
#define DDOS_PORTS     48
#define DDOS_SAMPLES   3  /* of each sketch's packets */
#define DDOS_OCTETS    64 /* kept of a packet, from its IP header */
#define DDOS_TTL_BINS  32 /* of eight hops */
#define DDOS_NETS      64 /* equal parts of the address space */

/* Which sketch a class goes into. */
enum ddos_sketch {
	DDOS_SKETCH_TCP,
	DDOS_SKETCH_SYN,
	DDOS_SKETCH_SYN_ACK,
	DDOS_SKETCH_REFLECTED,
	DDOS_SKETCH_OTHER,
	DDOS_SKETCHES,
};

struct ddos_sender {
	struct address address;
	uint64_t packets, octets; /* of the packets looked at; no packets: a free place */
};

struct ddos_port {
	uint32_t key; /* protocol << 16 | destination port */
	uint32_t packets;
};

struct ddos_sample {
	nsec_t time;
	uint64_t input; /* the store's id; known only of samples that were read */
	uint64_t input_offset;
	uint32_t octets; /* L3 length */
	uint32_t lot;    /* those with the least lots are kept */
	uint8_t size;
	uint8_t data[DDOS_OCTETS];
};

struct ddos_watch {
	struct address target;
	uint64_t looked;         /* packets looked at */
	uint64_t bogons;         /* of them, from addresses that nobody can have */
	uint64_t plain_syn, syn; /* SYN without any option; all SYN */
	uint32_t peak;           /* packets of one class in a slot and shard, a power of two */
	uint8_t sender_count, port_count, sample_counts[DDOS_SKETCHES];
	struct ddos_sender senders[DDOS_SENDERS]; /* by hash */
	struct ddos_port ports[DDOS_PORTS];
	uint32_t ttls[DDOS_TTL_BINS];
	uint32_t nets[DDOS_NETS];
	struct ddos_sample samples[DDOS_SKETCHES][DDOS_SAMPLES];
	uint8_t *sketches[DDOS_SKETCHES]; /* owned; NULL until needed */
};

/* Places of the index: many more than watches, so that it is looked into without going far. */
#define DDOS_WATCH_PLACES 1024

struct ddos_watches {
	struct ddos_watch *list; /* owned */
	uint32_t count, room;
	uint32_t most;    /* while observing; merging may go beyond, and then does without index */
	uint32_t least;   /* no watch was quieter when last looked for */
	uint64_t refused; /* destinations that found no room */
	uint32_t hashes[DDOS_WATCH_PLACES];
	uint16_t places[DDOS_WATCH_PLACES]; /* number + 1 */
};

/* A source that is to be entered into a sketch: apart, so that its register can be fetched early.
 */
struct ddos_entering {
	uint8_t *place;
	uint8_t rank;
};

static inline void
ddos_enter(const struct ddos_entering *e)
{
	if (*e->place < e->rank)
		*e->place = e->rank;
}

void ddos_watches_init(struct ddos_watches *w, uint32_t most);
void ddos_watches_release(struct ddos_watches *w);
void ddos_watches_clear(struct ddos_watches *w);

/* The watch of a destination; NULL when it has none. */
struct ddos_watch *ddos_watch_find(struct ddos_watches *w, const struct address *target);

/* The hash that the index of watches is by. */
static inline uint32_t
ddos_hash(const struct address *a)
{
	uint64_t sum =
	    a->words[1] * UINT64_C(0x9e3779b97f4a7c15) + a->words[0] * UINT64_C(0xbf58476d1ce4e5b9);

	return (uint32_t)((sum ^ sum >> 29) * UINT64_C(0x94d049bb133111eb) >> 32);
}

/* The number + 1 of the watch of a destination with this hash, perhaps of another one; 0: none. */
static inline uint32_t
ddos_watch_guess(const struct ddos_watches *w, uint32_t hash)
{
	uint32_t at = hash >> 10 & (DDOS_WATCH_PLACES - 1);

	while (w->places[at] != 0 && w->hashes[at] != hash)
		at = (at + 1) & (DDOS_WATCH_PLACES - 1);
	return w->places[at];
}
/* The same, made when there is room or a quieter one to take the place of; NULL when there is not.
 * `peak` is how loud it is. */
struct ddos_watch *
ddos_watch_open(struct ddos_watches *w, const struct address *target, uint32_t peak);
/* Notes one packet of a class, but for its source, which is left to the caller when the answer is
 * true.  Sketches live on until the watches are cleared. */
bool ddos_watch_packet(struct ddos_watch *watch, const struct packet *p, unsigned class,
    struct ddos_entering *ret_entering);
/* Notes so many packets of a flow record. */
void ddos_watch_record(struct ddos_watch *watch, const struct address *source, unsigned class,
    uint32_t port_key, uint64_t packets, uint64_t octets);
void ddos_watches_merge(struct ddos_watches *into, const struct ddos_watches *from);
void ddos_watch_merge(struct ddos_watch *into, const struct ddos_watch *from);
void ddos_watch_release(struct ddos_watch *watch);

/* A watch as the columns of a table of details, from column `first`, and back.  What does not read
 * adds nothing. */
#define DDOS_WATCH_COLUMNS (1 + DDOS_SKETCHES)
void ddos_watch_put(const struct ddos_watch *watch, struct rows *rows, size_t first);
void ddos_watch_read(struct ddos_watch *into, const struct result *r, size_t first, uint64_t input);

/* The busiest senders, the first first: up to DDOS_TOLD of them; returns how many. */
unsigned ddos_watch_senders(const struct ddos_watch *watch, struct ddos_sender list[DDOS_SENDERS]);
/* Sorts the ports, the most packets first. */
void ddos_watch_sort_ports(struct ddos_watch *watch);

/* Whether an address cannot be anybody's: unassigned for special use (RFC 6890). */
bool ddos_is_bogon(const struct address *a);

#endif
