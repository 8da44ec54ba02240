/* SPDX-License-Identifier: ISC */
/*
 * Random numbers that are the same on every machine: xoshiro256** (D. Blackman, S. Vigna,
 * "Scrambled linear pseudorandom number generators", ACM TOMS 47(4), 2021), seeded by SplitMix64.
 *
 * Distributions are computed in fixed point: logarithms of the C library may differ in their last
 * bit from one version to the next, and one bit changes everything that follows.
 */
#ifndef YAGURA_SIMULATE_RANDOM_H
#define YAGURA_SIMULATE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state[4];
};

void random_seed(struct random *r, uint64_t seed);
uint64_t random_u64(struct random *r);

/* Uniform in 0…count-1; `count` is not 0. */
uint64_t random_below(struct random *r, uint64_t count);

/* Uniform in least…most, both included. */
int64_t random_between(struct random *r, int64_t least, int64_t most);

/* True `per_mille` times in a thousand. */
bool random_chance(struct random *r, unsigned per_mille);

/* Exponential with this mean (below 2^58). */
uint64_t random_exponential(struct random *r, uint64_t mean);

/* Pareto: P(x > v) = (least / v)^(alpha / 1000), cut at `most`. */
uint64_t random_pareto(struct random *r, uint64_t least, uint64_t most, unsigned alpha);

/* Index drawn in proportion to the weights. */
size_t random_weighted(struct random *r, const unsigned *weights, size_t count);

void random_fill(struct random *r, uint8_t *data, size_t size);

#endif
