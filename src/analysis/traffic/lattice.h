/* SPDX-License-Identifier: ISC */
/*
 * Hierarchical heavy hitters over (source prefix, destination prefix).
 *
 * Definition.  Given items (source prefix, destination prefix, octets, packets) of one family, and
 * a threshold for octets and one for packets.  A label is a pair of prefix lengths (s, d), both
 * from PAIR_LENGTHS_LATTICE: 0, 8, 16…32 for IPv4; 0, 16, 32…64, 128 for IPv6.  With the full
 *length f (32 or 128) the labels are visited in this order:
 *
 *	1. (f, d), d falling from f to 0;
 *	2. (s, f), s falling from below f to 0;
 *	3. all others by falling s + d, of equal sums the greater s first.
 *
 * At a label, every item that is left and at least as long on both sides is cut to (s, d), and
 * volumes of equal cuts are added up.  A cut that reaches the threshold in octets or in packets is
 *a heavy hitter: it takes its items, which no later label sees ("split": an extracted volume is not
 * counted again for its ancestors).  At (0, 0) whatever is left is taken, threshold or not.  So
 * every item is in exactly one result.
 *
 * It is the order of agurim (necoma/agurim, K. Cho et al.: full lengths first, then the lattice
 * from fine to coarse), written down as a rule.  Y. Zhang et al., "Online identification of
 * hierarchical heavy hitters", IMC 2004.
 *
 * An item can only be in a result (s, d) when its source prefix of length s alone reaches a
 * threshold, and its destination of length d; marked.h finds these first, and few items get past
 *it.
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_LATTICE_H
#define YAGURA_ANALYSIS_TRAFFIC_LATTICE_H

#include "analysis/traffic/pair_table.h"

struct lattice_node {
	struct prefix source, destination;
	uint64_t octets, packets;
	/* In items of other nodes that are too coarse to tell whether they belong here. */
	uint64_t uncertain_octets, uncertain_packets;
};

struct lattice {
	struct lattice_node *nodes; /* owned; in the order of extraction, IPv4 first */
	size_t count;
	uint32_t *node_of; /* owned; by item number */
};

/* Least volumes of a heavy hitter; at least 1 each. */
struct lattice_threshold {
	uint64_t octets, packets;
};

/* Searches both families. */
void lattice_search(struct lattice *ret_lattice, const struct pair_item *items, uint32_t count,
    const struct lattice_threshold *threshold, const struct hash_secret *secret);
void lattice_release(struct lattice *lattice);

/* The node that an item with these prefixes belongs to. */
size_t lattice_place(const struct lattice *lattice, const struct pair_item *item);

#endif
