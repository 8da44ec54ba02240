/* SPDX-License-Identifier: ISC */
/*
 * The distribution of users' daily volume, corrected for sampling: packets (poisson_lognormal)
 *times their size (packet_size), with standard errors of whatever is computed from it.
 *
 *	struct volume_fit fit;
 *	if (volume_fit_make(&fit, &packets, &size, 7)) {
 *		double x = lognormal_mix_quantile(&fit.volume, 0.5);
 *		double se = volume_fit_error(&fit, lognormal_mix_quantile, 0.5);    // of ln median
 *	}
 */
#ifndef YAGURA_STAT_VOLUME_FIT_H
#define YAGURA_STAT_VOLUME_FIT_H

#include "stat/lognormal_mix.h"
#include "stat/packet_size.h"
#include "stat/poisson_lognormal.h"

struct volume_fit {
	struct pln_fit packets;
	struct packet_size size;
	double days;
	struct lognormal_mix volume; /* of octets a day */
};

/* Something computed from a distribution. */
typedef double volume_fit_fn(const struct lognormal_mix *volume, double argument);

struct volume_fit
volume_fit_make(const struct pln_fit *packets, const struct packet_size *size, double days);

/* The standard error of f(volume, argument), by the delta method with numeric derivatives. */
double volume_fit_error(const struct volume_fit *fit, volume_fit_fn *f, double argument);

/* Those without an argument, in the shape that volume_fit_error takes. */
double volume_fit_log_mode(const struct lognormal_mix *volume, double unused);
double volume_fit_linear_mode(const struct lognormal_mix *volume, double unused);
double volume_fit_sigma(const struct lognormal_mix *volume, double component);

/* The fit's estimate of ln(octets a day) of one user of whom so many packets and octets were seen,
 * and its standard deviation; `log_packets` and `variance` are what pln_posterior says of the
 * packets. */
double volume_fit_user(const struct volume_fit *fit, double packets, double octets,
    double log_packets, double variance, double *ret_sigma);

#endif
