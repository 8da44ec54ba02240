/* SPDX-License-Identifier: ISC */
/* The counters behind truth.h: private to truth.c and truth_json.c. */
#ifndef YAGURA_SIMULATE_TRUTH_COUNTS_H
#define YAGURA_SIMULATE_TRUTH_COUNTS_H

#include "simulate/tally.h"
#include "simulate/truth.h"

#define TRUTH_ACTIVE  ((uint64_t)(300 * NSEC_PER_SEC))
#define TRUTH_IDLE    ((uint64_t)(60 * NSEC_PER_SEC))
#define TRUTH_MARGIN  ((uint64_t)(5 * NSEC_PER_SEC))
#define TRUTH_DYNAMIC 0xffffU
#define TRUTH_VLANS   4096

/* values of an entry in `flows` */
enum {
	FLOW_FIRST,
	FLOW_LAST,
	FLOW_SIDES, /* bit 0: the lower end has sent, bit 1: the higher one */
};

/* values of an entry in `pairs`: packets, then octets of each direction */
enum {
	PAIR_FORWARD = 0, /* from the lower address */
	PAIR_BACKWARD = 2,
	PAIR_FLOWS = 4,
};

struct truth_count {
	uint64_t packets, octets;
};

struct truth {
	nsec_t begin, bin;
	bool totals_only;
	nsec_t first, last;
	struct prefix *own; /* owned */
	size_t own_count;
	uint64_t frames, frame_octets;
	uint64_t vlans[TRUTH_VLANS + 1]; /* the last: untagged */
	uint64_t sizes[65536];           /* packets by octets */
	struct truth_count versions[2];  /* IPv4, IPv6 */
	struct truth_count protocols[256];
	struct truth_count directions[2][2]; /* from own, to own */
	uint64_t protocol_records[256];
	uint64_t records, one_way_records, ambiguous;
	struct truth_count *bins; /* owned */
	size_t bin_count, bin_size;
	uint32_t *rtts; /* owned: microseconds */
	size_t rtt_count, rtt_size;
	struct tally flows, pairs, ports;
	json_t *told; /* owned: what the scenario adds */
};

#endif
