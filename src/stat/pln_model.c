/* SPDX-License-Identifier: ISC */
/*
 * The probability of a packet count, with its derivatives; see pln_model.h.
 *
 * One class of users under one component is integrated into its likelihood and the first four
 * moments of t = (x − μ) / σ given k.  With them follow score and information (T. A. Louis,
 * "Finding the observed information matrix when using the EM algorithm", JRSS B 44(2), 1982): the
 * complete data would have the scores t / σ for μ and t² − 1 for ln σ, so the information is that
 * of the complete data less the covariance of these scores given k.
 */
#include "stat/pln_model.h"

#include <math.h>

#define NODE_STEP  0.35 /* of the standard deviation at the mode: 41 points over ±7 */
#define NODE_MOST  0.5 /* in the logarithm: the integrand ends within about 1, however wide σ is */
#define NODE_DROP  24.5 /* 7² / 2 */
#define NODES_MOST 400
#define MODE_STEPS 60

/* ------------------------------------------------------------------ one class, one component */

/* Where k y − e^y − (y − m)² / 2σ² is greatest.  Its derivative is concave and falling, so Newton's
 * steps from above the root stay above it: the start is an upper bound. */
static double
mode_of(double k, double m, double sigma)
{
	double precision = 1 / (sigma * sigma), y;

	if (k > 0)
		y = m > log(k) ? log(k + (m - log(k)) * precision) : log(k);
	else
		y = fmin(m, m > -1 ? fmax(-1, log((m + 1) * precision)) : -1);
	for (unsigned i = 0; i < MODE_STEPS; i++) {
		double e = exp(y);
		double step = (k - e - (y - m) * precision) / (e + precision);
		y += step;
		if (fabs(step) < 1e-9)
			break;
	}
	return y;
}

/* Sums one side of the trapezoid, from the mode outwards in steps of h. */
static void
add_side(double sums[5], double k, double y, double t, double sigma, double h)
{
	double e = exp(y), growth = exp(h), factor = 1;

	for (unsigned i = 1; i <= NODES_MOST; i++) {
		double d = i * h, s = t + d / sigma;
		double fall, value;
		factor *= growth;
		/* The integrand's logarithm, less that at the mode. */
		fall = k * d - e * (factor - 1) - (s * s - t * t) / 2;
		if (!(fall > -NODE_DROP))
			break;
		value = exp(fall);
		for (unsigned n = 0; n < 5; n++) {
			sums[n] += value;
			value *= s;
		}
	}
}

/* m is μ − ln N: the mean of the logarithm of the expected count. */
static void
integrate(double k, double m, double sigma, struct pln_moments *ret)
{
	double y = mode_of(k, m, sigma), t = (y - m) / sigma;
	double width = 1 / sqrt(exp(y) + 1 / (sigma * sigma)),
	       h = fmin(NODE_STEP * width, NODE_MOST);
	double sums[5], value = 1;

	for (unsigned n = 0; n < 5; n++) {
		sums[n] = value;
		value *= t;
	}
	add_side(sums, k, y, t, sigma, h);
	add_side(sums, k, y, t, sigma, -h);
	ret->log_likelihood = k * y - exp(y) - lgamma(k + 1) - t * t / 2 - log(sigma) -
			      0.5 * log(2 * M_PI) + log(h * sums[0]);
	for (unsigned n = 0; n < 5; n++)
		ret->t[n] = sums[n] / sums[0];
}

/* ------------------------------------------------------------------ the likelihood */

unsigned
pln_model_first(const struct pln_model *model)
{
	return model->components == 1 ? PLN_MU : 0;
}

unsigned
pln_model_end(const struct pln_model *model)
{
	return model->components == 1 ? PLN_MU_2 : PLN_PARAMETERS;
}

double
pln_model_weight(const struct pln_model *model, unsigned component)
{
	double w = model->components == 1 ? 1 : 1 / (1 + exp(-model->at[PLN_WEIGHT]));

	return component == 0 ? w : 1 - w;
}

/* Mixes the components of one class; returns the logarithm of its probability. */
double
pln_model_mix(const struct pln_model *model, double k, double log_rate,
    struct pln_moments *ret_moments, double *ret_shares)
{
	double logs[PLN_COMPONENTS] = { 0 }, most = -INFINITY, sum = 0;

	for (unsigned c = 0; c < model->components; c++) {
		integrate(k, model->at[PLN_MU + 2 * c] - log_rate,
		    exp(model->at[PLN_LOG_SIGMA + 2 * c]), &ret_moments[c]);
		logs[c] = ret_moments[c].log_likelihood + log(pln_model_weight(model, c));
		most = fmax(most, logs[c]);
	}
	for (unsigned c = 0; c < model->components; c++)
		sum += exp(logs[c] - most);
	for (unsigned c = 0; c < model->components; c++)
		ret_shares[c] = exp(logs[c] - most) / sum;
	return most + log(fmax(sum, 1)); /* the greatest term is 1 */
}

/* Score and information of one class, by Louis' identity. */
void
pln_model_slope(
    const struct pln_model *model, double k, double log_rate, struct pln_slope *ret_slope)
{
	struct pln_moments moments[PLN_COMPONENTS];
	double shares[PLN_COMPONENTS], w = pln_model_weight(model, 0);
	unsigned first = pln_model_first(model), end = pln_model_end(model);

	*ret_slope =
	    (struct pln_slope){ .value = pln_model_mix(model, k, log_rate, moments, shares) };
	for (unsigned c = 0; c < model->components; c++) {
		const double *t = moments[c].t;
		double r = shares[c], sigma = exp(model->at[PLN_LOG_SIGMA + 2 * c]);
		unsigned i = PLN_MU + 2 * c, j = i + 1;
		double sign = (c == 0 ? 1 : 0) - w;
		ret_slope->score[i] = r * t[1] / sigma;
		ret_slope->score[j] = r * (t[2] - 1);
		/* Mean of the complete data's second derivatives plus that of the products of its
		 * scores. */
		ret_slope->hessian[i][i] = r * (t[2] - 1) / (sigma * sigma);
		ret_slope->hessian[i][j] = ret_slope->hessian[j][i] = r * (t[3] - 3 * t[1]) / sigma;
		ret_slope->hessian[j][j] = r * (t[4] - 4 * t[2] + 1);
		ret_slope->score[PLN_WEIGHT] += r * sign;
		ret_slope->hessian[PLN_WEIGHT][PLN_WEIGHT] += r * sign * sign;
		ret_slope->hessian[PLN_WEIGHT][i] = ret_slope->hessian[i][PLN_WEIGHT] =
		    sign * ret_slope->score[i];
		ret_slope->hessian[PLN_WEIGHT][j] = ret_slope->hessian[j][PLN_WEIGHT] =
		    sign * ret_slope->score[j];
	}
	ret_slope->hessian[PLN_WEIGHT][PLN_WEIGHT] -= w * (1 - w);
	for (unsigned i = first; i < end; i++)
		for (unsigned j = first; j < end; j++)
			ret_slope->hessian[i][j] -= ret_slope->score[i] * ret_slope->score[j];
}

/* The derivatives of −ln(1 − P) from those of ln P. */
void
pln_slope_truncate(struct pln_slope *s)
{
	double p = exp(s->value), odds = p / -expm1(s->value);

	for (unsigned i = 0; i < PLN_PARAMETERS; i++)
		for (unsigned j = 0; j < PLN_PARAMETERS; j++)
			s->hessian[i][j] =
			    odds * (s->hessian[i][j] + (1 + odds) * s->score[i] * s->score[j]);
	for (unsigned i = 0; i < PLN_PARAMETERS; i++)
		s->score[i] *= odds;
	s->value = -log1p(-p);
}
