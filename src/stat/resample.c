/* SPDX-License-Identifier: ISC */
/* Random numbers for the bootstrap; see resample.h. */
#include "stat/resample.h"

#include <math.h>

#include "base/hash.h"

#define INVERSION_MOST 30

double
resample_unit(struct resample *r)
{
	r->state += UINT64_C(0x9e3779b97f4a7c15);
	return ((double)(hash_mix64(r->state) >> 11) + 0.5) * 0x1p-53;
}

double
resample_normal(struct resample *r)
{
	double radius = sqrt(-2 * log(resample_unit(r)));

	return radius * cos(2 * M_PI * resample_unit(r));
}

/* Inversion for a small mean: walks up from 0. */
static double
invert(struct resample *r, double n, double p)
{
	double u = resample_unit(r), odds = p / (1 - p), k = 0;
	double chance = exp(n * log1p(-p));

	while (u > chance && k < n) {
		u -= chance;
		chance *= odds * (n - k) / (k + 1);
		k += 1;
		if (chance < 1e-300)
			break;
	}
	return k;
}

double
resample_binomial(struct resample *r, double n, double p)
{
	double value;

	if (n <= 0 || p <= 0)
		return 0;
	if (p >= 1)
		return n;
	if (p > 0.5)
		return n - resample_binomial(r, n, 1 - p);
	if (n * p < INVERSION_MOST)
		return invert(r, n, p);
	value = floor(n * p + sqrt(n * p * (1 - p)) * resample_normal(r) + 0.5);
	return fmax(0, fmin(n, value));
}

void
resample_counts(struct resample *r, const double *counts, size_t bins, double *ret_counts)
{
	double left = 0, to_deal;

	for (size_t i = 0; i < bins; i++)
		left += counts[i];
	to_deal = left;
	for (size_t i = 0; i < bins; i++) {
		ret_counts[i] = 0;
		if (counts[i] <= 0)
			continue;
		ret_counts[i] = resample_binomial(r, to_deal, counts[i] / left);
		to_deal -= ret_counts[i];
		left -= counts[i];
	}
}
