/* SPDX-License-Identifier: ISC */
/*
 * Counts of which most are 0, in few octets: for histograms that are stored and add up.
 *
 * Each count that is not 0 is a pair of numbers, its distance to the one before and itself, in
 * groups of seven bits, the least first, the eighth saying that more follow (as LEB128).
 *
 *	uint8_t *octets = xmalloc(SPARSE_COUNTS_SIZE(BINS));
 *	size_t size = sparse_counts_encode(bins, BINS, octets);
 *	e = sparse_counts_add(sums, BINS, octets, size);
 */
#ifndef YAGURA_STAT_SPARSE_COUNTS_H
#define YAGURA_STAT_SPARSE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Room that so many counts may need. */
#define SPARSE_COUNTS_SIZE(count) ((size_t)(count)*20)

/* Returns the size. */
size_t sparse_counts_encode(const uint64_t *counts, size_t count, uint8_t *ret_octets);

/* Adds stored counts.  ERR_DAMAGED when they are none, or more than `count`; some may have been
 * added then. */
MUST_CHECK enum err
sparse_counts_add(uint64_t *into, size_t count, const void *octets, size_t size);

#endif
