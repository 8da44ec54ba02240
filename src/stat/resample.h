/* SPDX-License-Identifier: ISC */
/*
 * Random numbers for the bootstrap: the same at every run (SplitMix64; G. Steele et al., OOPSLA
 * 2014).
 *
 * B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993: users drawn with replacement
 * make new counts of a histogram that are multinomial, so bins are drawn instead of users.
 */
#ifndef YAGURA_STAT_RESAMPLE_H
#define YAGURA_STAT_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct resample {
	uint64_t state; /* the seed, to begin with */
};

/* Uniform in (0, 1). */
double resample_unit(struct resample *r);

/* Normal with mean 0 and variance 1. */
double resample_normal(struct resample *r);

/* Binomial: by inversion below 30 expected, above as a rounded normal, which is near enough for an
 * interval. */
double resample_binomial(struct resample *r, double n, double p);

/* As many as there are in `counts`, dealt anew in proportion to them. */
void resample_counts(struct resample *r, const double *counts, size_t bins, double *ret_counts);

#endif
