/* SPDX-License-Identifier: ISC */
/*
 * Prefixes that carry much of a table's volume, as source or as destination: the places where
 * pair_table rolls up to.  A prefix that is marked has all its shorter prefixes marked too.
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_MARKED_H
#define YAGURA_ANALYSIS_TRAFFIC_MARKED_H

#include <stdint.h>

#include "analysis/traffic/pair_table.h"

enum marked_side {
	MARKED_SOURCE,
	MARKED_DESTINATION,
	MARKED_SIDE_COUNT,
};

/* What makes a prefix marked: its length is in the set, and either volume is reached. */
struct mark_rule {
	const struct pair_lengths *lengths;
	uint64_t octets, packets;
};

/* The longest marked lengths over an item's two sides. */
struct mark_lengths {
	uint8_t source, destination;
};

struct marked *marked_new(const struct address_hash *hash);
void marked_free(struct marked *marked);

/* Marks the prefixes of `items` and writes for each item its longest marked lengths. */
void marked_find(struct marked *marked, const struct pair_item *items, uint32_t count,
    const struct mark_rule *rule, struct mark_lengths *ret_lengths);

/* ------------------------------------------------------------------ looking up */

#define MARKED_HINT_BITS   16
#define MARKED_MEMO_BITS   6
#define MARKED_FILTER_BITS 15

/* One marked prefix. */
struct marked_prefix {
	struct address prefix;
	uint8_t length; /* 0 where the slot is free */
};

/* What was found for one address: the victim of a flood is looked up again and again. */
struct marked_memo {
	struct address address;
	uint8_t length;
	bool used;
};

struct marked_table {
	/* By family: whether the first 16 bits are a marked prefix, and by the first 8 bits the
	 * longest marked length up to 8.  Small, because random addresses are looked up here. */
	uint64_t marked_16[2][1U << (MARKED_HINT_BITS - 6)];
	uint8_t short_lengths[2][1U << 8];
	/* A bit by the hash of each marked prefix of the first length above 16: hardly any address
	 * without one goes on to be looked for. */
	uint64_t filter[1U << (MARKED_FILTER_BITS - 6)];
	struct marked_prefix *marks; /* owned; open addressing; lengths above 16 */
	uint32_t count, mask;
	struct marked_memo memos[1U << MARKED_MEMO_BITS];
};

struct marked {
	struct address_hash hash;
	const struct pair_lengths *lengths;
	uint8_t deeper_lengths[2]; /* of IPv6 and IPv4: the first of them above 16 */
	struct marked_table sides[MARKED_SIDE_COUNT];
};

/* The first 16 bits within the address's family. */
static inline unsigned
marked_first_bits(const struct address *a, bool ipv4)
{
	const uint8_t *o = a->octets + (ipv4 ? 12 : 0);

	return (unsigned)o[0] << 8 | o[1];
}

/* The length of the longest marked prefix of at most 16 bits. */
static inline uint8_t
marked_longest_short(const struct marked_table *table, const struct address *address, bool ipv4)
{
	unsigned bits = marked_first_bits(address, ipv4);
	uint8_t shorter = table->short_lengths[ipv4][bits >> 8];

	return (table->marked_16[ipv4][bits / 64] >> bits % 64 & 1) != 0 ? 16 : shorter;
}

/* Where the answer for an address is remembered. */
static inline struct marked_memo *
marked_memo_of(struct marked *marked, enum marked_side side, const struct address *address)
{
	uint64_t hash = address_hash_one(&marked->hash, address);

	return &marked->sides[side].memos[hash >> (64 - MARKED_MEMO_BITS)];
}

/* The bit of a prefix of that length in the filter. */
static inline unsigned
marked_filter_bit(const struct marked *marked, const struct address *prefix)
{
	return (unsigned)(address_hash_one(&marked->hash, prefix) >> (64 - MARKED_FILTER_BITS));
}

/* The same as marked_longest, from the table of longer prefixes; remembers it. */
uint8_t
marked_look_deeper(struct marked *marked, enum marked_side side, const struct address *address);

/* The length of the longest marked prefix of an address; 0 when none is. */
static inline uint8_t
marked_longest(struct marked *marked, enum marked_side side, const struct address *address)
{
	bool ipv4 = address_is_ipv4(address);
	const struct marked_table *table = &marked->sides[side];
	struct address prefix = pair_mask(address, marked->deeper_lengths[ipv4]);
	unsigned bit = marked_filter_bit(marked, &prefix);
	const struct marked_memo *memo;

	if ((table->filter[bit / 64] >> bit % 64 & 1) == 0)
		return marked_longest_short(table, address, ipv4);
	memo = marked_memo_of(marked, side, address);
	if (memo->used && address_equal(&memo->address, address))
		return memo->length;
	return marked_look_deeper(marked, side, address);
}

#endif
