/* SPDX-License-Identifier: ISC */
/* Quantiles, concentration and tail; see order_statistics.h. */
#include "stat/order_statistics.h"

#include <math.h>
#include <stdlib.h>

#define Z95 1.959963985

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

void
order_sort(double *values, size_t count)
{
	if (count != 0)
		qsort(values, count, sizeof *values, compare);
}

/* The value at a rank from 0 that need not be whole. */
static double
at_rank(const double *sorted, size_t count, double rank)
{
	double whole;
	size_t i;

	if (rank <= 0)
		return sorted[0];
	if (rank >= (double)(count - 1))
		return sorted[count - 1];
	whole = floor(rank);
	i = (size_t)whole;
	return sorted[i] + (rank - whole) * (sorted[i + 1] - sorted[i]);
}

struct order_estimate
order_quantile(const double *sorted, size_t count, double p)
{
	double n = (double)count, half = Z95 * sqrt(n * p * (1 - p));
	struct order_estimate e = { .value = at_rank(sorted, count, p * (n - 1)) };

	e.low = at_rank(sorted, count, floor(n * p - half) - 1);
	e.high = at_rank(sorted, count, ceil(n * p + half));
	if (e.low > 0)
		e.error = log(e.high / e.low) / (2 * Z95);
	return e;
}

static void
close_interval(struct order_estimate *e)
{
	e->low = e->value - Z95 * e->error;
	e->high = e->value + Z95 * e->error;
}

/*
 * S = Σ_{v > c} v / Σ v, c the quantile 1 − q.  The influence of one value is
 * ((v − c)⁺ + q c − S v) / mean, whose mean is zero.
 */
struct order_estimate
order_top_share(const double *sorted, size_t count, size_t absent, double q)
{
	double n = (double)(count + absent), top = q * n, whole = floor(top), cut;
	double sum = 0, above = 0, square = 0;
	size_t in_top = whole < (double)count ? (size_t)whole : count;
	struct order_estimate e = { 0 };

	for (size_t i = 0; i < count; i++)
		sum += sorted[i];
	for (size_t i = count - in_top; i < count; i++)
		above += sorted[i];
	cut = in_top < count ? sorted[count - in_top - 1] : 0;
	above += (top - whole) * cut;
	if (!(sum > 0))
		return e;
	e.value = above / sum;
	for (size_t i = 0; i < count; i++) {
		double d = fmax(sorted[i] - cut, 0) + q * cut - e.value * sorted[i];
		square += d * d;
	}
	square += (double)absent * q * cut * q * cut;
	e.error = sqrt(square) / sum;
	close_interval(&e);
	return e;
}

struct order_estimate
order_gini(const double *sorted, size_t count, size_t absent)
{
	double n = (double)(count + absent), sum = 0, ranked = 0, below = 0, square = 0, mean = 0;
	struct order_estimate e = { 0 };

	for (size_t i = 0; i < count; i++) {
		sum += sorted[i];
		ranked += ((double)(absent + i) + 0.5) * sorted[i];
	}
	if (!(sum > 0))
		return e;
	e.value = 2 * ranked / (n * sum) - 1;
	for (size_t i = 0; i < count; i++) {
		double z;
		below += sorted[i];
		z = (2 * (double)(absent + i) + 1) / n * sorted[i] - 2 * below / n -
		    (e.value + 1) * sorted[i];
		mean += z / n;
		square += z * z;
	}
	e.error = sqrt(fmax(square - n * mean * mean, 0)) / sum;
	close_interval(&e);
	return e;
}

struct order_estimate
order_tail(const double *sorted, size_t count, double q, double *ret_begin)
{
	size_t top = (size_t)(q * (double)count);
	struct order_estimate e = { 0 };
	double sum = 0;

	*ret_begin = 0;
	if (top < 10 || top >= count || !(sorted[count - top - 1] > 0))
		return e;
	*ret_begin = sorted[count - top - 1];
	for (size_t i = count - top; i < count; i++)
		sum += log(sorted[i] / *ret_begin);
	if (!(sum > 0))
		return e;
	e.value = (double)top / sum;
	e.error = e.value / sqrt((double)top);
	close_interval(&e);
	return e;
}
