/* SPDX-License-Identifier: ISC */
/*
 * The chi-square distribution and what follows from it for counts of rare things.
 *
 * The distribution function is the regularised incomplete gamma function P(df/2, x/2), by its power
 * series below x/2 = df/2 + 1 and by Legendre's continued fraction above (NIST Digital Library of
 * Mathematical Functions, 8.11.4 and 8.9.2).
 *
 * A count k of a Poisson process has the exact 95 % interval [χ²(0.025, 2k)/2, χ²(0.975, 2k+2)/2]
 * for its mean (F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28, 1936).
 */
#ifndef YAGURA_STAT_CHI_SQUARE_H
#define YAGURA_STAT_CHI_SQUARE_H

#include <stdint.h>

/* P(X <= x) and P(X > x) of chi-square with `df` degrees of freedom, df > 0. */
double chi_square_below(double x, double df);
double chi_square_above(double x, double df);

/* The x with P(X <= x) = p, 0 < p < 1. */
double chi_square_quantile(double p, double df);

/* The exact 95 % interval of a Poisson mean of which `count` was seen. */
void poisson_interval(uint64_t count, double *ret_low, double *ret_high);

/* The least mean at which a Poisson count reaches `least` (> 0) with probability `p`. */
double poisson_mean_reaching(uint64_t least, double p);

#endif
