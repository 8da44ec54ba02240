/* SPDX-License-Identifier: ISC */
/* The sampling rates of a window; see rates.h. */
#include "analysis/rates.h"

#include <math.h>

static uint32_t
distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

unsigned
rates_enter(struct rates *rates, uint32_t sampling)
{
	unsigned best = 0;

	for (unsigned i = 0; i < rates->count; i++)
		if (rates->list[i] == sampling)
			return i;
	if (rates->count < RATES_MOST) {
		rates->list[rates->count] = sampling;
		return rates->count++;
	}
	for (unsigned i = 1; i < rates->count; i++)
		if (distance(rates->list[i], sampling) < distance(rates->list[best], sampling))
			best = i;
	return best;
}

void
rates_merge(struct rates *into, const struct rates *from)
{
	for (unsigned i = 0; i < from->count; i++)
		(void)rates_enter(into, from->list[i]);
}

/* An unknown rate counts once. */
static double
factor(uint32_t sampling)
{
	return sampling != 0 ? (double)sampling : 1;
}

uint64_t
rates_restate(uint64_t count, uint32_t from, uint32_t to)
{
	double signed_count = (double)(int64_t)count;

	return from == to ? count : (uint64_t)llround(signed_count * (factor(from) / factor(to)));
}

uint64_t
rates_restate_squares(uint64_t squares, uint32_t from, uint32_t to)
{
	double n = factor(from), m = factor(to);

	if (from == to)
		return squares;
	return m > 1 ? (uint64_t)((double)squares * (n * (n - 1) / (m * (m - 1))) + 0.5) : 0;
}
