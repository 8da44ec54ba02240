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

/* The length of the longest marked prefix of an address; 0 when none is. */
uint8_t
marked_longest(const struct marked *marked, enum marked_side side, const struct address *address);

#endif
