/* SPDX-License-Identifier: ISC */
/*
 * Maximum likelihood of the Poisson-lognormal distribution; see poisson_lognormal.h.
 *
 * Probabilities with their derivatives come from pln_model, the classes of users from pln_counts.
 * Here they are summed and climbed: Newton's steps, damped while the information is not positive
 * definite or a step does not lead upwards; for two components after some steps of expectation and
 * maximisation from several starts.
 */
#include "stat/poisson_lognormal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "stat/pln_counts.h"
#include "stat/pln_model.h"

#define SIGMA_LEAST  0.02
#define SIGMA_MOST   12.0
#define LOGIT_MOST   4.6 /* ln(0.99 / 0.01) */
#define NEWTON_STEPS 100
#define EM_STEPS     25
#define RATE_ROUNDS  30
#define LEAST_SEEN   10

/* ------------------------------------------------------------------ the likelihood */

static void
add_slope(struct pln_slope *sum, const struct pln_slope *s, double times)
{
	sum->value += times * s->value;
	for (unsigned i = 0; i < PLN_PARAMETERS; i++) {
		sum->score[i] += times * s->score[i];
		for (unsigned j = 0; j < PLN_PARAMETERS; j++)
			sum->hessian[i][j] += times * s->hessian[i][j];
	}
}

static void
evaluate(const struct pln_model *model, const struct pln_data *data, struct pln_slope *ret)
{
	struct pln_slope s;

	*ret = (struct pln_slope){ .value = 0 };
	for (size_t i = 0; i < data->count; i++) {
		pln_model_slope(model, data->points[i].k, data->points[i].log_rate, &s);
		add_slope(ret, &s, data->points[i].users);
	}
	for (size_t r = 0; r < data->rates; r++) {
		if (data->with_unseen ? data->rate_zero[r] <= 0 : data->rate_seen[r] <= 0)
			continue;
		pln_model_slope(model, 0, data->log_rates[r], &s);
		if (!data->with_unseen)
			pln_slope_truncate(&s);
		add_slope(ret, &s, data->with_unseen ? data->rate_zero[r] : data->rate_seen[r]);
	}
}

/* ------------------------------------------------------------------ optimising */

/* Inverts the symmetric positive definite matrix of parameters [first, end) by Cholesky; false when
 * it is not positive definite. */
static bool
invert(double matrix[PLN_PARAMETERS][PLN_PARAMETERS], unsigned first, unsigned end,
    double ret_inverse[PLN_PARAMETERS][PLN_PARAMETERS])
{
	double l[PLN_PARAMETERS][PLN_PARAMETERS] = { { 0 } }, x[PLN_PARAMETERS];

	for (unsigned i = first; i < end; i++)
		for (unsigned j = first; j <= i; j++) {
			double sum = matrix[i][j];
			for (unsigned n = first; n < j; n++)
				sum -= l[i][n] * l[j][n];
			if (i == j && !(sum > 1e-12 * fabs(matrix[i][i])))
				return false;
			l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
		}
	for (unsigned c = first; c < end; c++) {
		for (unsigned i = first; i < end; i++) {
			x[i] = i == c;
			for (unsigned n = first; n < i; n++)
				x[i] -= l[i][n] * x[n];
			x[i] /= l[i][i];
		}
		for (unsigned i = end; i-- > first;) {
			for (unsigned n = i + 1; n < end; n++)
				x[i] -= l[n][i] * x[n];
			x[i] /= l[i][i];
			ret_inverse[i][c] = x[i];
		}
	}
	return true;
}

static bool
is_plausible(const struct pln_model *model)
{
	if (model->components == 2 && fabs(model->at[PLN_WEIGHT]) > LOGIT_MOST)
		return false;
	for (unsigned c = 0; c < model->components; c++) {
		double sigma = exp(model->at[PLN_LOG_SIGMA + 2 * c]);
		if (!(sigma > SIGMA_LEAST && sigma < SIGMA_MOST) ||
		    !(fabs(model->at[PLN_MU + 2 * c]) < 200))
			return false;
	}
	return true;
}

/* One damped step from `s`; false when it cannot be made with this damping.  `ret_gain` is what the
 * quadratic promises. */
static bool
try_step(const struct pln_model *from, const struct pln_slope *s, double damping,
    struct pln_model *ret_to, double *ret_gain)
{
	double matrix[PLN_PARAMETERS][PLN_PARAMETERS], inverse[PLN_PARAMETERS][PLN_PARAMETERS];
	unsigned first = pln_model_first(from), end = pln_model_end(from);

	for (unsigned i = first; i < end; i++) {
		for (unsigned j = first; j < end; j++)
			matrix[i][j] = -s->hessian[i][j];
		matrix[i][i] += damping * (fabs(s->hessian[i][i]) + 1e-3);
	}
	if (!invert(matrix, first, end, inverse))
		return false;
	*ret_to = *from;
	*ret_gain = 0;
	for (unsigned i = first; i < end; i++) {
		double step = 0;
		for (unsigned j = first; j < end; j++)
			step += inverse[i][j] * s->score[j];
		*ret_gain += step * s->score[i];
		ret_to->at[i] += fmax(-2, fmin(2, step));
	}
	return is_plausible(ret_to);
}

/* Newton's method with Levenberg's damping; true at a maximum. */
static bool
climb(struct pln_model *model, const struct pln_data *data, struct pln_slope *s)
{
	double damping = 1e-3, gain;

	evaluate(model, data, s);
	for (unsigned i = 0; i < NEWTON_STEPS && damping < 1e9; i++) {
		struct pln_model next;
		struct pln_slope there;
		if (!try_step(model, s, damping, &next, &gain)) {
			damping = damping * 10 + 1e-3;
			continue;
		}
		/* A promise below the rounding of the sums: this is the top. */
		if (gain < 1e-9 * (1 + damping))
			return damping < 1;
		evaluate(&next, data, &there);
		if (!(there.value >= s->value - 1e-9 * fabs(s->value))) {
			damping = damping * 10 + 1e-3;
			continue;
		}
		*model = next;
		*s = there;
		damping = damping > 1e-8 ? damping / 10 : 0;
	}
	return false;
}

/* One step of expectation and maximisation for two components: slow, but it climbs from anywhere.
 * Users that a truncated likelihood has lost are added back in proportion. */
static void
expect_and_maximise(struct pln_model *model, const struct pln_data *data)
{
	double n[PLN_COMPONENTS] = { 0 }, sum[PLN_COMPONENTS] = { 0 },
	       square[PLN_COMPONENTS] = { 0 };
	struct pln_moments moments[PLN_COMPONENTS];
	double shares[PLN_COMPONENTS];

	for (size_t i = 0; i < data->count + data->rates; i++) {
		bool zero = i >= data->count;
		size_t r = i - data->count;
		double k = zero ? 0 : data->points[i].k, users;
		double log_rate = zero ? data->log_rates[r] : data->points[i].log_rate;
		double p = pln_model_mix(model, k, log_rate, moments, shares);
		if (!zero)
			users = data->points[i].users;
		else if (data->with_unseen)
			users = data->rate_zero[r];
		else
			users = data->rate_seen[r] * exp(p) / -expm1(p);
		for (unsigned c = 0; c < model->components; c++) {
			double sigma = exp(model->at[PLN_LOG_SIGMA + 2 * c]);
			double *mu = &model->at[PLN_MU + 2 * c];
			double w = users * shares[c];
			n[c] += w;
			sum[c] += w * (*mu + sigma * moments[c].t[1]);
			square[c] += w * (*mu * *mu + 2 * *mu * sigma * moments[c].t[1] +
					     sigma * sigma * moments[c].t[2]);
		}
	}
	for (unsigned c = 0; c < model->components; c++) {
		double mean = sum[c] / n[c];
		double variance = square[c] / n[c] - mean * mean;
		model->at[PLN_MU + 2 * c] = mean;
		model->at[PLN_LOG_SIGMA + 2 * c] = 0.5 * log(fmax(variance, 1e-3));
	}
	model->at[PLN_WEIGHT] = fmax(-4.5, fmin(4.5, log(n[0] / n[1])));
}

/* ------------------------------------------------------------------ starting */

/* Mean and standard deviation of ln(N k): what the published method would say. */
static void
naive_start(const struct pln_data *data, double *ret_mu, double *ret_sigma)
{
	double sum = 0, square = 0;

	for (size_t i = 0; i < data->count; i++) {
		double x = log(data->points[i].k) + data->points[i].log_rate;
		sum += data->points[i].users * x;
		square += data->points[i].users * x * x;
	}
	*ret_mu = sum / data->seen;
	*ret_sigma = sqrt(fmax(square / data->seen - *ret_mu * *ret_mu, 0.04));
}

/*
 * Deals the users of unknown rate to the rates.  With q the share of users behind a rate, the
 * likelihood of the rates alone is greatest where q_r ∝ n_r + unseen · q_r P0_r / Σ q P0: iterated.
 */
static void
deal_unseen(const struct pln_model *model, struct pln_data *data)
{
	double *p0 = xcalloc(data->rates + 1, sizeof *p0), *q = xcalloc(data->rates + 1, sizeof *q);
	struct pln_moments moments[PLN_COMPONENTS];
	double shares[PLN_COMPONENTS], total = 0;

	for (size_t r = 0; r < data->rates; r++) {
		p0[r] = exp(pln_model_mix(model, 0, data->log_rates[r], moments, shares));
		q[r] = data->rate_seen[r] + data->rate_zero_known[r];
	}
	for (unsigned round = 0; round < RATE_ROUNDS; round++) {
		total = 0;
		for (size_t r = 0; r < data->rates; r++)
			total += q[r] * p0[r];
		for (size_t r = 0; r < data->rates; r++) {
			data->rate_zero[r] = data->rate_zero_known[r] +
					     (total > 0 ? data->unseen * q[r] * p0[r] / total : 0);
			q[r] = data->rate_seen[r] + data->rate_zero[r];
		}
	}
	free(p0);
	free(q);
}

/* Climbs with the users of unknown rate dealt anew until they rest. */
static bool
climb_all(struct pln_model *model, struct pln_data *data, struct pln_slope *s)
{
	bool done;

	deal_unseen(model, data);
	done = climb(model, data, s);
	for (unsigned i = 0; done && data->with_unseen && data->rates > 1 && i < RATE_ROUNDS; i++) {
		struct pln_model before = *model;
		double moved = 0;
		deal_unseen(model, data);
		done = climb(model, data, s);
		for (unsigned p = 0; p < PLN_PARAMETERS; p++)
			moved = fmax(moved, fabs(model->at[p] - before.at[p]));
		if (moved < 1e-6)
			break;
	}
	return done;
}

static bool
fit_one(struct pln_data *data, struct pln_model *model, struct pln_slope *s)
{
	double mu, sigma;

	naive_start(data, &mu, &sigma);
	*model = (struct pln_model){ .components = 1 };
	model->at[PLN_MU] = mu;
	model->at[PLN_LOG_SIGMA] = log(sigma);
	return climb_all(model, data, s);
}

/* Two components, from starts around the single one: a light and a heavy hump, equal ones, a narrow
 * one on a broad one. */
static bool
fit_two(struct pln_data *data, struct pln_model *model, struct pln_slope *s)
{
	static const double STARTS[][5] = {
		/* weight, and in units of σ: two means, two standard deviations */
		{ 0.8, -0.3, 1.3, 0.85, 0.4 },
		{ 0.5, -0.8, 0.8, 0.6, 0.6 },
		{ 0.2, -1.3, 0.3, 0.5, 0.85 },
		{ 0.5, -0.1, 0.1, 0.5, 1.3 },
	};
	struct pln_model one;
	bool found = false;

	if (!fit_one(data, &one, s))
		return false;
	for (size_t i = 0; i < sizeof STARTS / sizeof *STARTS; i++) {
		double mu = one.at[PLN_MU], sigma = exp(one.at[PLN_LOG_SIGMA]);
		const double *start = STARTS[i];
		struct pln_slope there;
		struct pln_model m = { .components = 2,
			.at = { log(start[0] / (1 - start[0])), mu + start[1] * sigma,
			    log(start[3] * sigma), mu + start[2] * sigma, log(start[4] * sigma) } };
		deal_unseen(&m, data);
		for (unsigned step = 0; step < EM_STEPS; step++)
			expect_and_maximise(&m, data);
		if (climb_all(&m, data, &there) && (!found || there.value > s->value + 1e-6)) {
			*model = m;
			*s = there;
			found = true;
		}
	}
	return found;
}

/* ------------------------------------------------------------------ the result */

static struct pln_model
model_of(const struct pln_fit *fit)
{
	struct pln_model m = { .components = fit->components };

	if (fit->components == 2)
		m.at[PLN_WEIGHT] = log(fit->weight[0] / fit->weight[1]);
	for (unsigned c = 0; c < fit->components; c++) {
		m.at[PLN_MU + 2 * c] = fit->mu[c];
		m.at[PLN_LOG_SIGMA + 2 * c] = log(fit->sigma[c]);
	}
	return m;
}

/* The first component is the one with the smaller mean. */
static void
order(struct pln_model *m, double covariance[PLN_PARAMETERS][PLN_PARAMETERS])
{
	static const unsigned SWAPPED[PLN_PARAMETERS] = { PLN_WEIGHT, PLN_MU_2, PLN_LOG_SIGMA_2,
		PLN_MU, PLN_LOG_SIGMA };
	struct pln_model from = *m;
	double old[PLN_PARAMETERS][PLN_PARAMETERS];

	if (m->components == 1 || m->at[PLN_MU] <= m->at[PLN_MU_2])
		return;
	memcpy(old, covariance, sizeof old);
	for (unsigned i = 0; i < PLN_PARAMETERS; i++) {
		m->at[i] = i == PLN_WEIGHT ? -from.at[i] : from.at[SWAPPED[i]];
		for (unsigned j = 0; j < PLN_PARAMETERS; j++)
			covariance[i][j] = old[SWAPPED[i]][SWAPPED[j]] *
					   ((i == PLN_WEIGHT) != (j == PLN_WEIGHT) ? -1 : 1);
	}
}

/* How many users there are of whom nothing was seen, from those who were; and its error: that of
 * the parameters, and that of the number itself, which is negative binomial. */
static void
estimate_unseen(const struct pln_model *model, const struct pln_data *data, struct pln_fit *fit)
{
	double gradient[PLN_PARAMETERS] = { 0 }, variance = 0;

	fit->unseen = 0;
	for (size_t r = 0; r < data->rates; r++) {
		struct pln_slope s;
		double odds;
		pln_model_slope(model, 0, data->log_rates[r], &s);
		odds = exp(s.value) / -expm1(s.value);
		fit->unseen += data->rate_seen[r] * odds;
		variance += data->rate_seen[r] * odds * (1 + odds);
		for (unsigned i = 0; i < PLN_PARAMETERS; i++)
			gradient[i] += data->rate_seen[r] * odds * (1 + odds) * s.score[i];
	}
	for (unsigned i = 0; i < PLN_PARAMETERS; i++)
		for (unsigned j = 0; j < PLN_PARAMETERS; j++)
			variance += gradient[i] * gradient[j] * fit->covariance[i][j];
	fit->unseen_error = sqrt(fmax(variance, 0));
}

static bool
make_fit(struct pln_model *model, const struct pln_data *data, const struct pln_slope *s,
    struct pln_fit *fit)
{
	double information[PLN_PARAMETERS][PLN_PARAMETERS];
	unsigned first = pln_model_first(model), end = pln_model_end(model);
	double zeros = 0;

	*fit = (struct pln_fit){ .components = model->components,
		.with_unseen = data->with_unseen,
		.log_likelihood = s->value,
		.seen = data->seen };
	for (unsigned i = 0; i < PLN_PARAMETERS; i++)
		for (unsigned j = 0; j < PLN_PARAMETERS; j++)
			information[i][j] = -s->hessian[i][j];
	if (!invert(information, first, end, fit->covariance))
		return false;
	order(model, fit->covariance);
	for (unsigned c = 0; c < model->components; c++) {
		fit->weight[c] = pln_model_weight(model, c);
		fit->mu[c] = model->at[PLN_MU + 2 * c];
		fit->sigma[c] = exp(model->at[PLN_LOG_SIGMA + 2 * c]);
	}
	for (size_t r = 0; data->with_unseen && r < data->rates; r++)
		zeros += data->rate_zero[r];
	fit->users = data->seen + zeros;
	fit->bic = -2 * s->value + (end - first) * log(fit->users);
	estimate_unseen(model, data, fit);
	return true;
}

/* Something to tell a spread from: counts above one, and more than one of them. */
static bool
is_enough(const struct pln_data *data, unsigned components)
{
	double above = 0;

	for (size_t i = 0; i < data->count; i++)
		if (data->points[i].k > 1.5)
			above += data->points[i].users;
	return data->seen >= LEAST_SEEN * components && above >= 3 && data->count >= 3;
}

bool
pln_fit(
    const struct pln_counts *counts, bool with_unseen, unsigned components, struct pln_fit *ret_fit)
{
	struct pln_data data;
	struct pln_model model;
	struct pln_slope s;
	struct pln_fit fit;
	bool good;

	pln_data_init(&data, counts, with_unseen);
	good = is_enough(&data, components);
	if (good)
		good = components == 1 ? fit_one(&data, &model, &s) : fit_two(&data, &model, &s);
	if (good)
		good = make_fit(&model, &data, &s, &fit);
	if (good)
		*ret_fit = fit;
	pln_data_release(&data);
	return good;
}

double
pln_log_probability(const struct pln_fit *fit, double packets, double rate)
{
	struct pln_model model = model_of(fit);
	struct pln_moments moments[PLN_COMPONENTS];
	double shares[PLN_COMPONENTS];

	return pln_model_mix(&model, packets, log(rate), moments, shares);
}

double
pln_posterior(const struct pln_fit *fit, double packets, double rate, double *ret_variance)
{
	struct pln_model model = model_of(fit);
	struct pln_moments moments[PLN_COMPONENTS];
	double shares[PLN_COMPONENTS], mean = 0, square = 0;

	(void)pln_model_mix(&model, packets, log(rate), moments, shares);
	for (unsigned c = 0; c < fit->components; c++) {
		const double *t = moments[c].t;
		double mu = fit->mu[c], sigma = fit->sigma[c];
		mean += shares[c] * (mu + sigma * t[1]);
		square += shares[c] * (mu * mu + 2 * mu * sigma * t[1] + sigma * sigma * t[2]);
	}
	*ret_variance = fmax(square - mean * mean, 0);
	return mean;
}
