/* SPDX-License-Identifier: ISC */
/*
 * The sampling rates of a window, numbered: raw counts are kept for each of them apart.
 *
 * There are few, as a rule.  But agents whose rate is measured (sFlow) have many that hardly
 * differ, and a sender can make them up, so after RATES_MOST a count is restated in the nearest
 * rate that is held: other raw numbers, the same estimate and variance to half a unit of it.
 */
#ifndef YAGURA_ANALYSIS_RATES_H
#define YAGURA_ANALYSIS_RATES_H

#include <stdint.h>

#define RATES_BITS 8
#define RATES_MOST (1U << RATES_BITS)
#define RATES_MASK ((uint64_t)RATES_MOST - 1)

struct rates {
	uint32_t list[RATES_MOST];
	unsigned count, last;
};

/* Enters a rate and returns its number, or that of the nearest one. */
unsigned rates_enter(struct rates *rates, uint32_t sampling);

static inline unsigned
rates_number(struct rates *rates, uint32_t sampling)
{
	if (rates->last >= rates->count || rates->list[rates->last] != sampling)
		rates->last = rates_enter(rates, sampling);
	return rates->last;
}

static inline void
rates_clear(struct rates *rates)
{
	rates->count = rates->last = 0;
}

/* Enters all rates of another state, in their order. */
void rates_merge(struct rates *into, const struct rates *from);

/* A raw count (or the difference of two) at one rate as that of another with the same estimate. */
uint64_t rates_restate(uint64_t count, uint32_t from, uint32_t to);
/* The same of squares: with the same variance. */
uint64_t rates_restate_squares(uint64_t squares, uint32_t from, uint32_t to);

#endif
