/* SPDX-License-Identifier: ISC */
/*
 * The two laws of packet sampling.
 *
 * Random: every packet is taken with the chance 1/N, whatever happened to the others; the packets
 * between two taken ones are geometrically distributed, so a flow costs a subtraction unless it is
 * sampled.
 *
 * Count-based: every N-th packet of the exporter is taken.  The packets of an hour are on the wire
 * in random order, so that those taken, of which only the number is fixed, are any subset of that
 * size: a flow's count is hypergeometric, and the sum over all flows is known to the packet.
 */
#ifndef YAGURA_SIMULATE_BROADBAND_SAMPLER_H
#define YAGURA_SIMULATE_BROADBAND_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simulate/random.h"

struct broadband_sampler {
	uint32_t rate;
	bool random;
	double log_fail;  /* ln(1 - 1/N); 0 when all packets are taken */
	uint64_t gap;     /* random: packets to let go by */
	uint64_t phase;   /* count-based: packets since the last taken one, before this hour */
	uint64_t *chosen; /* owned: count-based, the hour's packets to take, in order */
	size_t count, size, next;
	uint64_t passed; /* packets of this hour so far */
	uint64_t seen, taken;
};

void broadband_sampler_init(
    struct broadband_sampler *sampler, uint32_t rate, bool random, struct random *r);
void broadband_sampler_release(struct broadband_sampler *sampler);

/* Says how many packets the coming hour has: needed when sampling is count-based. */
void broadband_sampler_hour(struct broadband_sampler *sampler, uint64_t packets, struct random *r);

/* How many of the next `packets` are taken. */
uint64_t
broadband_sampler_take(struct broadband_sampler *sampler, uint64_t packets, struct random *r);

#endif
