/* SPDX-License-Identifier: ISC */
/* The chi-square distribution; see chi_square.h. */
#include "stat/chi_square.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#define TERMS_MOST 100000
#define TINY       1e-300 /* stands for a denominator of 0 (W. J. Lentz, Applied Optics 15, 1976) */

/* x^a e^-x / Γ(a) */
static double
front(double a, double x)
{
	return exp(a * log(x) - x - lgamma(a));
}

/* P(a, x) by its series: x^a e^-x / Γ(a+1) · Σ x^n / ((a+1) … (a+n)). */
static double
lower_series(double a, double x)
{
	double term = 1 / a, sum = term;

	for (int n = 1; n < TERMS_MOST && term > sum * DBL_EPSILON; n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum * front(a, x);
}

/* Q(a, x) by the continued fraction, from above downwards. */
static double
upper_fraction(double a, double x)
{
	double b = x + 1 - a, c = 1 / TINY, d = 1 / b, h = d;

	for (int n = 1; n < TERMS_MOST; n++) {
		double an = -n * (n - a), factor;
		b += 2;
		d = an * d + b;
		c = b + an / c;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		factor = c * d;
		h *= factor;
		if (fabs(factor - 1) < DBL_EPSILON)
			break;
	}
	return h * front(a, x);
}

double
chi_square_below(double x, double df)
{
	assert(df > 0);
	if (x <= 0)
		return 0;
	return x / 2 < df / 2 + 1 ? lower_series(df / 2, x / 2) : 1 - upper_fraction(df / 2, x / 2);
}

double
chi_square_above(double x, double df)
{
	assert(df > 0);
	if (x <= 0)
		return 1;
	return x / 2 < df / 2 + 1 ? 1 - lower_series(df / 2, x / 2) : upper_fraction(df / 2, x / 2);
}

/* Halves an interval that is sure to hold it: 200 halvings end at neighbouring numbers. */
double
chi_square_quantile(double p, double df)
{
	double low = 0, high = df + 10;

	assert(p > 0 && p < 1);
	while (chi_square_below(high, df) < p)
		high *= 2;
	for (int i = 0; i < 200; i++) {
		double middle = low + (high - low) / 2;
		if (middle <= low || middle >= high)
			break;
		if (chi_square_below(middle, df) < p)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/*
 * Above this the normal approximation of the cube root is used: its relative error is then below
 * 1e-7 (E. B. Wilson, M. M. Hilferty, "The distribution of chi-square", PNAS 17, 1931), and the
 * series would need tens of thousands of terms.
 */
#define COUNT_EXACT 1000000

static double
wilson_hilferty(double df, double deviate)
{
	double part = 2 / (9 * df), root = 1 - part + deviate * sqrt(part);

	return df * root * root * root;
}

#define DEVIATE_95 1.959963984540054

void
poisson_interval(uint64_t count, double *ret_low, double *ret_high)
{
	double k = (double)count;

	if (count > COUNT_EXACT) {
		*ret_low = wilson_hilferty(2 * k, -DEVIATE_95) / 2;
		*ret_high = wilson_hilferty(2 * k + 2, DEVIATE_95) / 2;
		return;
	}
	*ret_low = count == 0 ? 0 : chi_square_quantile(0.025, 2 * k) / 2;
	*ret_high = chi_square_quantile(0.975, 2 * k + 2) / 2;
}

/* P(N >= least) = P(χ² with 2·least degrees <= 2·mean). */
double
poisson_mean_reaching(uint64_t least, double p)
{
	assert(least > 0);
	return chi_square_quantile(p, 2 * (double)least) / 2;
}
