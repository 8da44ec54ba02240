/* SPDX-License-Identifier: ISC */
/*
 * A mixture of at most two lognormal distributions: density, quantiles, modes, mean.
 *
 * Everything is told in x = ln v.  There are two modes: that of the density of ln v is the peak of
 * a histogram with logarithmic bins (for one component the median, e^μ); that of the density of v
 * is the commonest value itself (for one component e^(μ − σ²)).
 */
#ifndef YAGURA_STAT_LOGNORMAL_MIX_H
#define YAGURA_STAT_LOGNORMAL_MIX_H

#define LOGNORMAL_MIX_MOST 2

struct lognormal_mix {
	unsigned components; /* 1 or 2 */
	double weight[LOGNORMAL_MIX_MOST];
	double mu[LOGNORMAL_MIX_MOST], sigma[LOGNORMAL_MIX_MOST];
};

/* Density of x. */
double lognormal_mix_density(const struct lognormal_mix *m, double x);
/* P(ln v <= x). */
double lognormal_mix_below(const struct lognormal_mix *m, double x);
/* The x below which a share `p` lies; 0 < p < 1. */
double lognormal_mix_quantile(const struct lognormal_mix *m, double p);
/* Where the density of ln v, and where that of v, is greatest: as x. */
double lognormal_mix_log_mode(const struct lognormal_mix *m);
double lognormal_mix_linear_mode(const struct lognormal_mix *m);
/* ln of the mean of v. */
double lognormal_mix_log_mean(const struct lognormal_mix *m);

#endif
