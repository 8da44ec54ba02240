/* SPDX-License-Identifier: ISC */
/*
 * Octets and packets by (source prefix, destination prefix), in bounded memory.
 *
 * Up to its capacity the table holds every pair of addresses exactly.  When it is full, light pairs
 * are rolled up into pairs of coarser prefixes, so that the totals never change:
 *
 *  - An item is heavy, and stays as it is, when its octets or its packets are above a quantile
 * chosen so that at most a quarter of the table is heavy.
 *  - A prefix is marked when the volume that has it as source (or as destination) is at least
 *    1/divisor of the table's octets or packets.
 *  - A light item moves to (longest marked prefix of its source, longest marked prefix of its
 *    destination), prefix lengths being /32 /24 /16 /8 /0 of IPv4 and /128 /64 /48 /32 /16 /0 of
 * IPv6.
 *  - When that leaves more than half the table in use, the divisor is halved and it is done again;
 * with divisor 1 no prefix but /0 is marked, so it ends.
 *
 * From then on a new pair is not admitted on sight.  A new pair is added to its rolled-up item
 * straight away, but whenever the octets (or packets) that went that way reach 4/capacity of all
 * (as of the last time), the pair at hand is admitted: sample and hold (C. Estan, G. Varghese, "New
 * directions in traffic measurement and accounting", SIGCOMM 2002) with a counter for a coin.  So a
 * pair that becomes heavy late is missed by about 4/capacity of the total, and a flood of single
 * packets rolls up a few times, not once per half a table: a spoofed flood on one victim ends up as
 * (0.0.0.0/0, victim/32), a scan as (scanner/32, prefix).
 *
 * Items lie in the order of their coming and every choice is made by volume and that order, so the
 * hash does not show.
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_PAIR_TABLE_H
#define YAGURA_ANALYSIS_TRAFFIC_PAIR_TABLE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/traffic/address_hash.h"
#include "net/address.h"

#define PAIR_TABLE_LEAST 64
#define PAIR_TABLE_MOST  (1U << 19)

/* In a table, one cache line. */
struct pair_item {
	struct address source, destination; /* masked to their lengths */
	uint64_t octets, packets;
	uint32_t hash;
	uint8_t source_length, destination_length;
	uint8_t unused[10];
};

static_assert(sizeof(struct pair_item) == 64, "an item is one cache line");

struct marked; /* prefixes that carry much, by side */

struct pair_table {
	struct pair_item *items; /* owned */
	uint32_t *slots;         /* owned; lowest 12 bits of the hash, 20 bits of item number + 1 */
	uint32_t count, capacity;
	uint32_t slot_mask;
	unsigned slot_shift;
	struct address_hash hash;
	uint64_t octets, packets; /* of all items */
	uint64_t divisor_first;   /* a prefix is marked at 1/divisor of the whole */
	uint64_t divisor;         /* now; it only falls within a window */
	struct marked *marked;    /* owned; NULL while every pair has been held exactly */
	uint64_t unseen_octets;   /* went into rolled-up items since a pair was admitted */
	uint64_t unseen_packets;
	uint64_t admit_octets; /* where they make room for the next one: 4/capacity of the whole, */
	uint64_t admit_packets; /* as it was when the last one was admitted */
};

/* A set of prefix lengths to roll up to, per family, rising from 0. */
struct pair_lengths {
	const uint8_t *ipv4, *ipv6;
	size_t ipv4_count, ipv6_count;
};

/* The steps above, and all lengths of the lattice (lattice.h). */
extern const struct pair_lengths PAIR_LENGTHS_STEPS, PAIR_LENGTHS_LATTICE;

/* As address_mask, for the hot path. */
static inline struct address
pair_mask(const struct address *a, unsigned length)
{
	struct address m = *a;

	if (address_is_ipv4(a)) {
		m.words[1] &= __builtin_bswap64(UINT64_MAX << (32 - length));
		return m;
	}
	if (length < 64)
		m.words[0] &= length == 0 ? 0 : __builtin_bswap64(UINT64_MAX << (64 - length));
	if (length < 128)
		m.words[1] &= length <= 64 ? 0 : __builtin_bswap64(UINT64_MAX << (128 - length));
	return m;
}

void pair_table_init(
    struct pair_table *t, uint32_t capacity, uint64_t divisor, const struct hash_secret *secret);
void pair_table_release(struct pair_table *t);
void pair_table_clear(struct pair_table *t);

/* The hash of a pair of addresses. */
static inline uint32_t
pair_table_hash(
    const struct pair_table *t, const struct address *source, const struct address *destination)
{
	unsigned length = address_is_ipv4(source) ? 32 : 128;

	return (uint32_t)(address_hash_pair(&t->hash, source, destination, length, length) >> 32);
}

static inline void
pair_table_prefetch_slot(const struct pair_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->slots[hash >> t->slot_shift]);
}

#define PAIR_NUMBER_BITS 20
#define PAIR_NUMBER_MASK ((1U << PAIR_NUMBER_BITS) - 1)

/* Asks for the item with this hash, if the slots tell of one.  New items follow one another, which
 * the machine sees by itself. */
static inline void
pair_table_prefetch_item(const struct pair_table *t, uint32_t hash)
{
	uint32_t slot;

	for (uint32_t at = hash >> t->slot_shift; (slot = t->slots[at]) != 0;
	     at = (at + 1) & t->slot_mask) {
		if ((slot ^ hash << PAIR_NUMBER_BITS) <= PAIR_NUMBER_MASK) {
			__builtin_prefetch(&t->items[(slot & PAIR_NUMBER_MASK) - 1]);
			return;
		}
	}
}

/* Traffic between two addresses of one family. */
struct pair_traffic {
	const struct address *source, *destination; /* borrowed */
	uint64_t volume[2];                         /* octets, packets */
	uint32_t hash;                              /* pair_table_hash of them */
};

#define PAIR_CHUNK 64

/* Counts up to PAIR_CHUNK of them, as one by one. */
void pair_table_observe(struct pair_table *t, const struct pair_traffic *list, size_t count);

/* Adds an item of another table (its hash is not used), rolling up when the table is full. */
void pair_table_add(struct pair_table *t, const struct pair_item *item);

/* Rolls up until at most `most` (at least 8) items are left; nothing when they are no more now. */
void pair_table_reduce(struct pair_table *t, uint32_t most, const struct pair_lengths *lengths);

/* The item with this key, or NULL. */
const struct pair_item *pair_table_find(const struct pair_table *t, const struct pair_item *key);

#endif
