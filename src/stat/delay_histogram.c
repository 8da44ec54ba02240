/* SPDX-License-Identifier: ISC */
/* Delays in bins of small relative width; see delay_histogram.h. */
#include "stat/delay_histogram.h"

#include <math.h>

double
delay_quantile(const uint64_t *bins, double share)
{
	uint64_t count = 0, rank, below = 0;

	for (unsigned i = 0; i < DELAY_BINS; i++)
		count += bins[i];
	if (count == 0)
		return 0;
	rank = (uint64_t)ceil(share * (double)count);
	rank = rank < 1 ? 1 : rank;
	for (unsigned i = 0; i < DELAY_BINS; i++) {
		below += bins[i];
		if (below >= rank)
			return ((double)delay_edge(i) + (double)delay_edge(i + 1) - 1) / 2;
	}
	return (double)delay_edge(DELAY_BINS);
}
