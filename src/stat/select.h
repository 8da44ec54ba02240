/* SPDX-License-Identifier: ISC */
/*
 * Selection: the value of a given rank, exactly, without sorting.
 *
 * A histogram over logarithmic bins finds the bin that holds the rank, further histograms narrow it
 * down.  Two or three passes over few values do it for the heavy-tailed counters of traffic; the
 * worst case is nine.  The answer depends on the values alone, not on their order.
 */
#ifndef YAGURA_STAT_SELECT_H
#define YAGURA_STAT_SELECT_H

#include <stddef.h>
#include <stdint.h>

/* The value that would stand at `rank` (from 0) if `values` were sorted upwards.  `count` is more
 * than `rank`; the values are lost. */
uint64_t select_rank(uint64_t *values, size_t count, size_t rank);

#endif
