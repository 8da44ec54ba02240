/* SPDX-License-Identifier: ISC */
/* Tests of uniformity; see uniformity.h. */
#include "stat/uniformity.h"

#include <assert.h>
#include <math.h>

#include "stat/chi_square.h"

bool
uniformity_blocks_suffice(size_t count, size_t blocks)
{
	return blocks >= 3 && count >= 10 && count * count >= 10 * blocks;
}

double
uniformity_blocks(const size_t *counts, size_t blocks)
{
	double sum = 0, expected = 0;

	assert(blocks >= 2);
	for (size_t i = 0; i < blocks; i++)
		expected += (double)counts[i] / (double)blocks;
	for (size_t i = 0; i < blocks; i++)
		sum += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
	return chi_square_above(sum, (double)blocks - 1);
}

/* Off the ends, where the logarithm has no value. */
static double
inside(double value)
{
	return fmin(fmax(value, 1e-12), 1 - 1e-12);
}

double
uniformity_anderson(const double *sorted, size_t count)
{
	double sum = 0;

	assert(count > 0);
	for (size_t i = 0; i < count; i++)
		sum += (2 * (double)i + 1) *
		       (log(inside(sorted[i])) + log1p(-inside(sorted[count - 1 - i])));
	return -(double)count - sum / (double)count;
}

/* adinf() of the paper: errors below 2e-6 for small values, 8e-7 above. */
double
uniformity_anderson_above(double value)
{
	double z = value, inner;

	if (z <= 0)
		return 1;
	if (z < 2)
		return 1 -
		       exp(-1.2337141 / z) / sqrt(z) *
			   (2.00012 +
			       (0.247105 -
				   (0.0649821 - (0.0347962 - (0.011672 - 0.00168691 * z) * z) * z) *
				       z) *
				   z);
	/* The polynomial was fitted up to about 10; beyond, the tail falls as e^-z. */
	inner = fmin(z, 10);
	inner = 1.0776 -
		(2.30695 - (0.43424 - (0.082433 - (0.008056 - 0.0003146 * inner) * inner) * inner) *
			       inner) *
		    inner;
	return -expm1(-exp(inner)) * exp(fmin(0, 10 - z));
}
