/* SPDX-License-Identifier: ISC */
/* Users' daily volume corrected for sampling; see volume_fit.h. */
#include "stat/volume_fit.h"

#include <math.h>

#define STEP 1e-4

/* All that the distribution depends on: the parameters of the packets, then those of their size. */
enum {
	AT_MEAN = PLN_PARAMETERS,
	AT_SLOPE,
	AT_SIGMA,
	AT_COUNT,
};

/* The distribution with one parameter moved by `step`. */
static struct lognormal_mix
volume_at(const struct volume_fit *fit, int parameter, double step)
{
	const struct pln_fit *p = &fit->packets;
	double move[AT_COUNT] = { 0 }, stretch, sigma;
	struct lognormal_mix m = { .components = p->components };

	if (parameter >= 0)
		move[parameter] = step;
	stretch = 1 + fit->size.slope + move[AT_SLOPE];
	sigma = fit->size.sigma + move[AT_SIGMA];
	for (unsigned c = 0; c < p->components; c++) {
		double mu = p->mu[c] + move[PLN_MU + 2 * c];
		double spread = stretch * p->sigma[c] * exp(move[PLN_LOG_SIGMA + 2 * c]);
		m.mu[c] = fit->size.mean + move[AT_MEAN] + fit->size.centre +
			  stretch * (mu - fit->size.centre) - log(fit->days);
		m.sigma[c] = sqrt(spread * spread + sigma * sigma);
	}
	m.weight[0] = 1;
	if (p->components == 2) {
		double logit = log(p->weight[0] / p->weight[1]) + move[PLN_WEIGHT];
		m.weight[0] = 1 / (1 + exp(-logit));
		m.weight[1] = 1 - m.weight[0];
	}
	return m;
}

struct volume_fit
volume_fit_make(const struct pln_fit *packets, const struct packet_size *size, double days)
{
	struct volume_fit fit = { .packets = *packets, .size = *size, .days = days };

	/* Without a line there is no centre: the middle of the packets does as well. */
	if (fit.size.users == 0)
		fit.size.centre = packets->mu[0];
	fit.volume = volume_at(&fit, -1, 0);
	return fit;
}

double
volume_fit_error(const struct volume_fit *fit, volume_fit_fn *f, double argument)
{
	double gradient[AT_COUNT], variance = 0;
	const struct packet_size *s = &fit->size;

	for (int i = 0; i < AT_COUNT; i++) {
		struct lognormal_mix up = volume_at(fit, i, STEP), down = volume_at(fit, i, -STEP);
		gradient[i] = (f(&up, argument) - f(&down, argument)) / (2 * STEP);
	}
	for (int i = 0; i < PLN_PARAMETERS; i++)
		for (int j = 0; j < PLN_PARAMETERS; j++)
			variance += gradient[i] * gradient[j] * fit->packets.covariance[i][j];
	variance += gradient[AT_MEAN] * gradient[AT_MEAN] * s->mean_error * s->mean_error;
	variance += gradient[AT_SLOPE] * gradient[AT_SLOPE] * s->slope_error * s->slope_error;
	variance += gradient[AT_SIGMA] * gradient[AT_SIGMA] * s->sigma_error * s->sigma_error;
	return sqrt(fmax(variance, 0));
}

double
volume_fit_log_mode(const struct lognormal_mix *volume, double unused)
{
	(void)unused;
	return lognormal_mix_log_mode(volume);
}

double
volume_fit_linear_mode(const struct lognormal_mix *volume, double unused)
{
	(void)unused;
	return lognormal_mix_linear_mode(volume);
}

double
volume_fit_sigma(const struct lognormal_mix *volume, double component)
{
	return volume->sigma[component > 0 ? 1 : 0];
}

double
volume_fit_user(const struct volume_fit *fit, double packets, double octets, double log_packets,
    double variance, double *ret_sigma)
{
	double spread = fit->size.sigma, known = packets >= 1 ? log(octets / packets) : 0;
	double line = fit->size.mean + fit->size.slope * (log_packets - fit->size.centre),
	       size = line;

	/* What was seen of the user's own sizes, weighed against the line: a sample of packets has
	 * about their whole spread, which is about 1 in the logarithm. */
	if (packets >= 1) {
		double share = spread * spread / (spread * spread + 1 / packets);
		size = line + share * (known - line);
		spread *= sqrt(1 - share);
	}
	*ret_sigma = sqrt(variance + spread * spread);
	return log_packets + size - log(fit->days);
}
