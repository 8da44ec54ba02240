/* SPDX-License-Identifier: ISC */
/*
 * What the Poisson-lognormal likelihood is computed from: users counted by their number of sampled
 * packets and sampling rate.  Part of poisson_lognormal, which has the counting side of this.
 *
 * Likelihoods need only the classes, so a million users cost no more than some hundred classes do.
 * Classes come out sorted: sums over them do not depend on the order of adding.
 */
#ifndef YAGURA_STAT_PLN_COUNTS_H
#define YAGURA_STAT_PLN_COUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "stat/poisson_lognormal.h"

/* Users with k sampled packets each (the geometric mean of their counts). */
struct pln_point {
	double k, log_rate, users;
};

struct pln_data {
	struct pln_point *points; /* owned; those with packets */
	size_t count;
	size_t rates;
	double *log_rates;       /* owned; ln N */
	double *rate_seen;       /* owned; per rate: users with packets */
	double *rate_zero_known; /* owned; users without, whose rate is known */
	double *rate_zero;       /* owned; those and some of `unseen`, as the fit deals them */
	bool with_unseen;
	double seen;   /* users with packets */
	double unseen; /* users without, at any rate */
};

void pln_data_init(struct pln_data *data, const struct pln_counts *counts, bool with_unseen);
void pln_data_release(struct pln_data *data);

#endif
