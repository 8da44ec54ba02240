/* SPDX-License-Identifier: ISC */
/*
 * Logarithmic bins for any 64-bit number: 8 a doubling, so that a bin is at most 12.5 % wide;
 * numbers below 16 have a bin each.  The edges are fixed, so histograms of different windows add
 *up.
 *
 *	uint64_t bins[LOG_HISTOGRAM_BINS] = { 0 };
 *	bins[log_histogram_bin(octets)]++;
 *	// bin b counts the numbers from log_histogram_edge(b) to log_histogram_edge(b + 1) - 1
 */
#ifndef YAGURA_STAT_LOG_HISTOGRAM_H
#define YAGURA_STAT_LOG_HISTOGRAM_H

#include <stdint.h>

#define LOG_HISTOGRAM_BINS 496

/* The bin of a value. */
static inline unsigned
log_histogram_bin(uint64_t value)
{
	unsigned exponent;

	if (value < 16)
		return (unsigned)value;
	exponent = 63 - (unsigned)__builtin_clzll(value);
	return (exponent - 2) * 8 + ((unsigned)(value >> (exponent - 3)) & 7);
}

/* The least value of a bin below LOG_HISTOGRAM_BINS. */
static inline uint64_t
log_histogram_edge(unsigned bin)
{
	if (bin < 16)
		return bin;
	return (uint64_t)(8 + bin % 8) << (bin / 8 - 1);
}

#endif
