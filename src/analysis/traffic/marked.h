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

#define MARKED_HINT_BITS 16
#define MARKED_MEMO_BITS 6

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
	/* By family and first 16 bits: the longest marked length up to 16, and whether more are
	 * worth looking for. */
	uint8_t hints[2][1U << MARKED_HINT_BITS]; /* length << 1 | deeper */
	struct marked_prefix *marks;              /* owned; open addressing; lengths above 16 */
	uint32_t count, mask;
	struct marked_memo memos[1U << MARKED_MEMO_BITS];
};

struct marked {
	struct address_hash hash;
	const struct pair_lengths *lengths;
	struct marked_table sides[MARKED_SIDE_COUNT];
};

/* The first 16 bits within the address's family. */
static inline unsigned
marked_first_bits(const struct address *a, bool ipv4)
{
	const uint8_t *o = a->octets + (ipv4 ? 12 : 0);

	return (unsigned)o[0] << 8 | o[1];
}

/* Where the answer for an address is remembered. */
static inline struct marked_memo *
marked_memo_of(struct marked *marked, enum marked_side side, const struct address *address)
{
	uint64_t hash = address_hash_one(&marked->hash, address);

	return &marked->sides[side].memos[hash >> (64 - MARKED_MEMO_BITS)];
}

/* The same as marked_longest, from the table of longer prefixes; remembers it. */
uint8_t
marked_look_deeper(struct marked *marked, enum marked_side side, const struct address *address);

/* The length of the longest marked prefix of an address; 0 when none is. */
static inline uint8_t
marked_longest(struct marked *marked, enum marked_side side, const struct address *address)
{
	bool ipv4 = address_is_ipv4(address);
	uint8_t hint = marked->sides[side].hints[ipv4][marked_first_bits(address, ipv4)];
	const struct marked_memo *memo;

	if ((hint & 1) == 0)
		return hint >> 1;
	memo = marked_memo_of(marked, side, address);
	if (memo->used && address_equal(&memo->address, address))
		return memo->length;
	return marked_look_deeper(marked, side, address);
}

#endif
