/* SPDX-License-Identifier: ISC */
/* Mixtures of lognormal distributions; see lognormal_mix.h. */
#include "stat/lognormal_mix.h"

#include <float.h>
#include <math.h>

#define GRID 512

double
lognormal_mix_density(const struct lognormal_mix *m, double x)
{
	double sum = 0;

	for (unsigned c = 0; c < m->components; c++) {
		double z = (x - m->mu[c]) / m->sigma[c];
		sum += m->weight[c] * exp(-z * z / 2) / (m->sigma[c] * sqrt(2 * M_PI));
	}
	return sum;
}

double
lognormal_mix_below(const struct lognormal_mix *m, double x)
{
	double sum = 0;

	for (unsigned c = 0; c < m->components; c++)
		sum += m->weight[c] * 0.5 * erfc(-(x - m->mu[c]) / m->sigma[c] / M_SQRT2);
	return sum;
}

/* The range in which everything of interest lies. */
static void
range(const struct lognormal_mix *m, double widths, double *ret_low, double *ret_high)
{
	*ret_low = INFINITY;
	*ret_high = -INFINITY;
	for (unsigned c = 0; c < m->components; c++) {
		*ret_low = fmin(*ret_low, m->mu[c] - widths * m->sigma[c]);
		*ret_high = fmax(*ret_high, m->mu[c] + widths * m->sigma[c]);
	}
}

double
lognormal_mix_quantile(const struct lognormal_mix *m, double p)
{
	double low, high;

	range(m, 12, &low, &high);
	for (unsigned i = 0; i < 80; i++) {
		double middle = (low + high) / 2;
		if (lognormal_mix_below(m, middle) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* ln of the density of ln v, less `tilt` times ln v: with tilt 1 that of v. */
static double
height(const struct lognormal_mix *m, double x, double tilt)
{
	return log(lognormal_mix_density(m, x)) - tilt * x;
}

/* The highest place of a grid, refined by golden section between its neighbours. */
static double
peak(const struct lognormal_mix *m, double tilt)
{
	double low = INFINITY, high = -INFINITY, best = -INFINITY, at = 0, step;
	const double golden = (sqrt(5) - 1) / 2;

	for (unsigned c = 0; c < m->components; c++) {
		double top = m->mu[c] - tilt * m->sigma[c] * m->sigma[c];
		low = fmin(low, top);
		high = fmax(high, top);
	}
	if (!(high > low))
		return low;
	step = (high - low) / GRID;
	for (unsigned i = 0; i <= GRID; i++) {
		double h = height(m, low + i * step, tilt);
		if (h > best) {
			best = h;
			at = low + i * step;
		}
	}
	low = at - step;
	high = at + step;
	for (unsigned i = 0; i < 60; i++) {
		double a = high - golden * (high - low), b = low + golden * (high - low);
		if (height(m, a, tilt) < height(m, b, tilt))
			low = a;
		else
			high = b;
	}
	return (low + high) / 2;
}

double
lognormal_mix_log_mode(const struct lognormal_mix *m)
{
	return peak(m, 0);
}

double
lognormal_mix_linear_mode(const struct lognormal_mix *m)
{
	return peak(m, 1);
}

double
lognormal_mix_log_mean(const struct lognormal_mix *m)
{
	double most = -INFINITY, sum = 0;

	for (unsigned c = 0; c < m->components; c++)
		most = fmax(most, m->mu[c] + m->sigma[c] * m->sigma[c] / 2);
	for (unsigned c = 0; c < m->components; c++)
		sum += m->weight[c] * exp(m->mu[c] + m->sigma[c] * m->sigma[c] / 2 - most);
	/* The greatest term is its component's weight: far less than 1 where that is rare. */
	return most + log(fmax(sum, DBL_MIN));
}
