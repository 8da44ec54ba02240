/* SPDX-License-Identifier: ISC */
/* Rates of victims, and whether they may be estimated; see backscatter_estimate.h. */
#include "analysis/security/backscatter_estimate.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/security/backscatter.h"
#include "base/xmalloc.h"
#include "stat/chi_square.h"
#include "stat/uniformity.h"

#define IPV4_SPACE 4294967296.0

#define CLUMPS_FROM  1.5 /* packets for each forged packet; less may be chance */
#define DEVIATIONS   4   /* below what is expected: far fewer addresses */
#define EXPECT_LEAST 20  /* addresses; with fewer expected nothing is concluded */

/* How many forged packets hit so many of `monitored` addresses: the inverse of the occupancy
 * n (1 - e^(-m/n)).  Above half of the addresses nothing is told. */
static double
forged_packets(double addresses, double monitored)
{
	if (addresses >= monitored / 2)
		return INFINITY;
	return -monitored * log1p(-addresses / monitored);
}

struct backscatter_estimate
backscatter_estimate(uint64_t packets, double span, double addresses, double monitored)
{
	double k = (double)packets, time = span * (k + 1) / (k - 1);
	double forged = forged_packets(addresses, monitored);
	double scale = IPV4_SPACE / monitored / time, low, high;
	struct backscatter_estimate e = { .answers = 1 };

	if (forged >= 1 && k / forged >= CLUMPS_FROM) {
		e.answers = k / forged;
		poisson_interval((uint64_t)llround(forged), &low, &high);
	} else {
		poisson_interval(packets, &low, &high);
	}
	e.rate = k * scale;
	e.low = e.answers * low * scale;
	e.high = e.answers * high * scale;
	return e;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Packets to few addresses, again and again. */
static bool
is_concentrated(uint64_t packets, double addresses, double monitored)
{
	double forged = (double)packets / BACKSCATTER_ANSWERS_MOST;
	double expected = -monitored * expm1(-forged / monitored);

	return expected >= EXPECT_LEAST && addresses < expected - DEVIATIONS * sqrt(expected);
}

/* Positions in a space of few addresses lie on a grid: each is taken for the middle of its cell. */
static double
position(uint64_t place, double monitored)
{
	double cell = fmin(1, 0.5 / monitored);

	return fmin(ldexp((double)(place & UINT32_MAX), -32) + cell, 1);
}

double
backscatter_uniformity(
    const uint64_t *places, size_t count, uint64_t packets, double addresses, double monitored)
{
	double values[BACKSCATTER_PLACES], least = 1;
	size_t blocks[UNIFORMITY_BLOCKS] = { 0 };

	if (is_concentrated(packets, addresses, monitored))
		return 0;
	for (size_t i = 0; i < count; i++) {
		values[i] = position(places[i], monitored);
		blocks[(size_t)fmin(
		    values[i] * UNIFORMITY_BLOCKS, (double)UNIFORMITY_BLOCKS - 1)]++;
	}
	/* Where most addresses are hit, they are even by themselves. */
	if (monitored >= UNIFORMITY_BLOCKS && uniformity_blocks_suffice(count, UNIFORMITY_BLOCKS))
		least = uniformity_blocks(blocks, UNIFORMITY_BLOCKS);
	if (count >= UNIFORMITY_ANDERSON_LEAST) {
		double above;
		qsort(values, count, sizeof *values, compare);
		above = uniformity_anderson_above(uniformity_anderson(values, count));
		least = above < least ? above : least;
	}
	return fmin(1, 2 * least);
}

double
backscatter_floor(uint64_t packets, double seconds, double monitored)
{
	return poisson_mean_reaching(packets, 0.95) * IPV4_SPACE / monitored / seconds;
}
