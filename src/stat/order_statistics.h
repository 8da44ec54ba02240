/* SPDX-License-Identifier: ISC */
/*
 * Quantiles, concentration and tail of values that are there: sorted upwards, with `absent` more
 * that are zero (users of whom nothing was seen), which only concentration counts.
 *
 * Quantiles have intervals from order statistics, which need no assumption: the rank of the true
 * quantile is binomial.  Errors of concentration are those of its influence function: C. M. Beach,
 * R. Davidson, "Distribution-free statistical inference with Lorenz curves and income shares",
 * Review of Economic Studies 50(4), 1983; R. Davidson, "Reliable inference for the Gini index",
 * Journal of Econometrics 150(1), 2009.  The tail's slope is Hill's (Annals of Statistics 3(5),
 * 1975).
 */
#ifndef YAGURA_STAT_ORDER_STATISTICS_H
#define YAGURA_STAT_ORDER_STATISTICS_H

#include <stddef.h>

struct order_estimate {
	double value;
	double error;     /* standard error; of a quantile: of its logarithm */
	double low, high; /* 95 % interval */
};

/* Sorts upwards. */
void order_sort(double *values, size_t count);

/* The value below which a share `p` lies; `count` is not 0. */
struct order_estimate order_quantile(const double *sorted, size_t count, double p);

/* The share of the sum that the greatest share `q` of the values has. */
struct order_estimate order_top_share(const double *sorted, size_t count, size_t absent, double q);

struct order_estimate order_gini(const double *sorted, size_t count, size_t absent);

/* α of P(V > v) ~ v^−α from the greatest share `q` of the values, and where that begins. */
struct order_estimate order_tail(const double *sorted, size_t count, double q, double *ret_begin);

#endif
