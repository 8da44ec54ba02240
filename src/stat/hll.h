/* SPDX-License-Identifier: ISC */
/*
 * HyperLogLog: how many distinct things were seen, in 2^precision octets.
 *
 * A thing is a 64-bit hash (base/hash.h: hash_mix_words, without a secret, so that sketches of
 * different shards, windows and sensors are comparable).  The first `precision` bits choose a
 * register; the register keeps the greatest rank (leading zeros + 1) of the other bits.  The union
 * of two sketches is the greater register, one by one, and is exactly the sketch of both inputs.
 *
 * The estimate is Ertl's corrected raw estimator: it needs no table of biases and no switch between
 * linear counting and the raw formula, and for few things it goes over into linear counting.  The
 * standard error is 1.04 / sqrt(2^precision): 3.25 % for 10, 0.81 % for 14.
 *
 * P. Flajolet et al., "HyperLogLog: the analysis of a near-optimal cardinality estimation
 * algorithm", AofA 2007.  O. Ertl, "New cardinality estimation algorithms for HyperLogLog
 * sketches", arXiv:1702.01284, 2017.
 *
 *	uint8_t registers[HLL_SIZE(10)] = { 0 };
 *	hll_add(registers, 10, hash_mix_words(address->words, 2));
 *	double peers = hll_estimate(registers, 10);
 */
#ifndef YAGURA_STAT_HLL_H
#define YAGURA_STAT_HLL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HLL_PRECISION_LEAST 4
#define HLL_PRECISION_MOST  16

/* Octets (registers) of a sketch. */
#define HLL_SIZE(precision) ((size_t)1 << (precision))

/* Room that hll_encode may need. */
#define HLL_ENCODED_SIZE(precision) (2 + HLL_SIZE(precision) / 4 * 3)

/* The register a hash falls into. */
static inline uint32_t
hll_index(uint64_t hash, unsigned precision)
{
	return (uint32_t)(hash >> (64 - precision));
}

/* Its rank, 1 … 65 - precision. */
static inline uint8_t
hll_rank(uint64_t hash, unsigned precision)
{
	/* The bit below the ones that are left ends the count. */
	uint64_t rest = hash << precision | (uint64_t)1 << (precision - 1);

	return (uint8_t)(__builtin_clzll(rest) + 1);
}

static inline void
hll_add(uint8_t *registers, unsigned precision, uint64_t hash)
{
	uint8_t *r = &registers[hll_index(hash, precision)];
	uint8_t rank = hll_rank(hash, precision);

	if (*r < rank)
		*r = rank;
}

/* Adds the things of `from` into `into`. */
void hll_union(uint8_t *into, const uint8_t *from, unsigned precision);

/* The number of distinct things; 0 for an empty sketch. */
double hll_estimate(const uint8_t *registers, unsigned precision);

/* The relative standard error of the estimate. */
double hll_standard_error(unsigned precision);

/*
 * Writes the sketch in its stored form and returns its size: the precision, a form octet, and
 * either the registers that are not 0 as little-endian numbers (index << 6 | rank; 2 octets up to
 * precision 10, else 3) in rising order, or all registers in 6 bits each, whichever is shorter.
 */
size_t hll_encode(const uint8_t *registers, unsigned precision, uint8_t *ret_octets);

/* Adds a stored sketch into `into`.  ERR_DAMAGED, and `into` unchanged, when it is not one of this
 * precision. */
MUST_CHECK enum err
hll_decode_into(uint8_t *into, unsigned precision, const void *octets, size_t size);

#endif
