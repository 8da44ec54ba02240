/* SPDX-License-Identifier: ISC */
/* Exact selection by histograms; see select.h. */
#include "stat/select.h"

#include <assert.h>
#include <stdbool.h>

#include "stat/log_histogram.h"

#define RANGE_BITS 8

/* Finds the bin that holds `*rank` and makes the rank relative to it. */
static unsigned
locate(const uint32_t *bins, size_t *rank)
{
	unsigned bin = 0;

	while (*rank >= bins[bin])
		*rank -= bins[bin++];
	return bin;
}

/* One pass over logarithmic bins: keeps the values of the bin that holds the rank. */
static size_t
narrow_by_magnitude(uint64_t *values, size_t count, size_t *rank)
{
	uint32_t bins[LOG_HISTOGRAM_BINS] = { 0 };
	unsigned wanted;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		bins[log_histogram_bin(values[i])]++;
	wanted = locate(bins, rank);
	for (size_t i = 0; i < count; i++) {
		values[kept] = values[i];
		kept += log_histogram_bin(values[i]) == wanted;
	}
	return kept;
}

/* One pass over equal bins between the least and the greatest value, which differ. */
static size_t
narrow_by_range(uint64_t *values, size_t count, size_t *rank, uint64_t least, uint64_t most)
{
	uint32_t bins[1 << RANGE_BITS] = { 0 };
	int width = 64 - __builtin_clzll(most - least);
	int shift = width > RANGE_BITS ? width - RANGE_BITS : 0;
	unsigned wanted;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		bins[(values[i] - least) >> shift]++;
	wanted = locate(bins, rank);
	for (size_t i = 0; i < count; i++) {
		uint64_t v = values[i];
		values[kept] = v;
		kept += (v - least) >> shift == wanted;
	}
	return kept;
}

/* The least of the values, and how many of them it is. */
static uint64_t
least_of(const uint64_t *values, size_t count, size_t *ret_times)
{
	uint64_t least = values[0];
	size_t times = 0;

	for (size_t i = 1; i < count; i++)
		least = values[i] < least ? values[i] : least;
	for (size_t i = 0; i < count; i++)
		times += values[i] == least;
	*ret_times = times;
	return least;
}

static uint64_t
most_of(const uint64_t *values, size_t count)
{
	uint64_t most = values[0];

	for (size_t i = 1; i < count; i++)
		most = values[i] > most ? values[i] : most;
	return most;
}

uint64_t
select_rank(uint64_t *values, size_t count, size_t rank)
{
	bool narrowed = false;

	assert(rank < count);
	for (;;) {
		size_t times;
		uint64_t least = least_of(values, count, &times);
		if (rank < times)
			return least;
		if (!narrowed)
			count = narrow_by_magnitude(values, count, &rank);
		else
			count =
			    narrow_by_range(values, count, &rank, least, most_of(values, count));
		narrowed = true;
	}
}
