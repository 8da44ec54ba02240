/* SPDX-License-Identifier: ISC */
/*
 * A histogram of delays, in whole microseconds: exact below 256 µs, above in bins of 1/128 of an
 * octave, so that a quantile is off by at most 1/256 (0.4 %) of itself.  The edges are fixed:
 * histograms of different shards, windows and sensors add up.
 *
 * The layout is that of G. Tene's HdrHistogram: linear bins within each octave.
 *
 *	uint64_t bins[DELAY_BINS] = { 0 };
 *	bins[delay_bin(nanoseconds)]++;
 *	double median = delay_quantile(bins, 0.5);
 */
#ifndef YAGURA_STAT_DELAY_HISTOGRAM_H
#define YAGURA_STAT_DELAY_HISTOGRAM_H

#include <stdint.h>

#define DELAY_BITS    7  /* bins of an octave: 2^7 */
#define DELAY_OCTAVES 19 /* above the exact ones: up to 2^27 µs, 134 s */
#define DELAY_BINS    ((DELAY_OCTAVES + 2) << DELAY_BITS)

/* The bin of a delay in nanoseconds, which is not negative. */
static inline unsigned
delay_bin(int64_t nanoseconds)
{
	uint64_t us = (uint64_t)nanoseconds / 1000;
	unsigned shift, bin;

	if (us < 2U << DELAY_BITS)
		return (unsigned)us;
	shift = 63 - (unsigned)__builtin_clzll(us) - DELAY_BITS;
	bin = (shift << DELAY_BITS) + (unsigned)(us >> shift);
	return bin < DELAY_BINS ? bin : DELAY_BINS - 1;
}

/* The least delay of a bin, in microseconds. */
static inline uint64_t
delay_edge(unsigned bin)
{
	unsigned shift;

	if (bin < 2U << DELAY_BITS)
		return bin;
	shift = (bin >> DELAY_BITS) - 1;
	return (uint64_t)(bin - (shift << DELAY_BITS)) << shift;
}

/* The delay, in microseconds, below or at which are `share` (0…1) of those counted: the middle of
 * the bin that holds the one of rank ceil(share × count); 0 without any. */
double delay_quantile(const uint64_t *bins, double share);

#endif
