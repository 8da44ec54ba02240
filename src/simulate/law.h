/* SPDX-License-Identifier: ISC */
/*
 * Laws of probability that need more than fixed point: normal deviates, exponential and geometric
 * gaps, bounded Pareto sizes, subsets.
 *
 * Only operations that IEEE 754 rounds exactly (+ - × ÷ √) are used, logarithm and exponential
 * included, so that the same seed gives the same draws on every machine.
 */
#ifndef YAGURA_SIMULATE_LAW_H
#define YAGURA_SIMULATE_LAW_H

#include <stddef.h>
#include <stdint.h>

#include "simulate/random.h"

/* Natural logarithm of a positive normal number, and exponential of |x| < 700; the error is below
 * two units of the last place. */
double law_log(double x);
double law_exp(double x);

/* Uniform in (0, 1), never at its ends. */
double law_uniform(struct random *r);

/* Standard normal. */
double law_normal(struct random *r);

/* Exponential with mean 1. */
double law_exponential(struct random *r);

/* Pareto with alpha = 4/3 between 1 and `most`: P(x > v) ∝ v^(-4/3) - most^(-4/3).  That alpha is
 * within what was measured of file sizes (Crovella, Bestavros 1996: 1.0 to 1.3 on the web), and
 * its power is made of square roots. */
struct law_pareto {
	double most;
	double range; /* 1 - most^(-4/3) */
};

struct law_pareto law_pareto_make(double most);
double law_pareto(struct random *r, const struct law_pareto *law);

/* How many independent trials fail before one succeeds, whose chance is p = 1 - e^log_fail: with
 * log_fail = law_log(1 - 1/N), the packets that a random 1-in-N sampler lets go by.  Never above
 * 2^62. */
uint64_t law_gap(struct random *r, double log_fail);

/* Draws `count` of the numbers 0…total-1, every subset alike, in rising order. */
void law_subset(struct random *r, uint64_t total, uint64_t *chosen, size_t count);

#endif
