/* SPDX-License-Identifier: ISC */
/*
 * The Poisson-lognormal fit against an oracle that shares nothing with it (likelihoods integrated
 * by brute force and climbed by a shrinking pattern search), and against
 * simulated populations: the rows of the table in the specification, coverage of the standard
 * errors, several rates, two components, and what must fail.
 */
#include <math.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "stat/lognormal_mix.h"
#include "stat/order_statistics.h"
#include "stat/poisson_lognormal.h"
#include "stat/resample.h"
#include "stat/volume_fit.h"
#include "test.h"

/* ------------------------------------------------------------------ populations */

static double
draw_poisson(struct resample *r, double mean)
{
	double k = 0;

	if (mean > 2000)
		return fmax(0, floor(mean + sqrt(mean) * resample_normal(r) + 0.5));
	while (mean > 0) {
		double part = fmin(mean, 20), chance = exp(-part), u = resample_unit(r);
		int n = 0;
		while (u > chance && n < 200) {
			u -= chance;
			chance *= part / ++n;
		}
		k += n;
		mean -= part;
	}
	return k;
}

/* A population of the specification: volume, packets of two sizes, one in `rate` of them seen. */
struct population {
	double median; /* octets a week */
	double sigma;
	double large;       /* octets of the large packets; the small ones have 60 */
	double large_share; /* of the packets */
	double rate;
	size_t users;
};

struct drawn {
	struct pln_counts *counts;
	struct packet_size_sums sizes;
	double *naive; /* N × octets of those who were seen */
	size_t seen, unseen;
};

static void
draw(const struct population *p, uint64_t seed, struct drawn *d)
{
	struct resample r = { seed };
	double size = p->large * p->large_share + 60 * (1 - p->large_share);

	*d = (struct drawn){ .counts = pln_counts_new() };
	d->naive = xcalloc(p->users, sizeof *d->naive);
	for (size_t i = 0; i < p->users; i++) {
		double mean = p->median * exp(p->sigma * resample_normal(&r)) / size / p->rate;
		double large = draw_poisson(&r, mean * p->large_share);
		double small = draw_poisson(&r, mean * (1 - p->large_share));
		double octets = large * p->large + small * 60;
		double squares = large * p->large * p->large + small * 3600;
		if (large + small == 0) {
			d->unseen++;
			continue;
		}
		pln_counts_add(d->counts, (uint64_t)(large + small), p->rate);
		packet_size_add(&d->sizes, (uint64_t)(large + small), (uint64_t)octets,
		    (uint64_t)squares, p->rate);
		d->naive[d->seen++] = octets * p->rate;
	}
	pln_counts_add_unseen(d->counts, d->unseen);
	order_sort(d->naive, d->seen);
}

static void
drawn_release(struct drawn *d)
{
	pln_counts_free(d->counts);
	free(d->naive);
}

/* Rows of the table: naive median over the true one (with ± its own error), and the fit's. */
static const struct {
	struct population population;
	double naive_low, naive_high;
	double unseen, unseen_within;
} ROWS[] = {
	{ { 7 * 400e6, 1.8, 1420, 0.8025, 1024, 20000 }, 0.94, 1.06, 0, 0.001 },
	{ { 7 * 400e6, 1.8, 1420, 0.8025, 8192, 20000 }, 0.94, 1.06, 0.0012, 0.0015 },
	{ { 7 * 400e6, 1.8, 1420, 0.8025, 16384, 20000 }, 0.94, 1.07, 0.0036, 0.002 },
	{ { 7 * 20e6, 2.4, 1000, 0.1497, 8192, 20000 }, 1.0, 1.18, 0.0297, 0.005 },
	{ { 7 * 20e6, 2.4, 1000, 0.1497, 16384, 20000 }, 1.08, 1.26, 0.0527, 0.0065 },
	{ { 7 * 5e6, 2.4, 1000, 0.1497, 1024, 20000 }, 0.97, 1.12, 0.0154, 0.004 },
	{ { 7 * 5e6, 2.4, 1000, 0.1497, 8192, 20000 }, 1.23, 1.40, 0.0882, 0.008 },
	{ { 7 * 5e6, 2.4, 1000, 0.1497, 16384, 20000 }, 1.43, 1.67, 0.139, 0.01 },
	/* A tenth of the users: the bounds are wider by √10. */
	{ { 7 * 5e6, 2.4, 1000, 0.1497, 8192, 2000 }, 1.06, 1.62, 0.0882, 0.026 },
};

static void
test_rows_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		const struct population *p = &ROWS[i].population;
		double bound = 4 * p->sigma / sqrt((double)p->users);
		double sigma_bound = 4 * p->sigma / sqrt(2.0 * (double)p->users) + 0.005;

		for (uint64_t seed = 1; seed <= 3; seed++) {
			struct drawn d;
			draw(p, seed * 1000 + i, &d);
			double naive = order_quantile(d.naive, d.seen, 0.5).value / p->median;
			double share = (double)d.unseen / (double)p->users;

			assert_true(naive > ROWS[i].naive_low && naive < ROWS[i].naive_high);
			assert_true(fabs(share - ROWS[i].unseen) < ROWS[i].unseen_within);
			for (int with = 0; with < 2; with++) {
				struct pln_fit fit;
				struct packet_size size = packet_size_solve(&d.sizes);
				struct volume_fit v;
				assert_true(pln_fit(d.counts, with, 1, &fit));
				v = volume_fit_make(&fit, &size, 1);
				/* Without the zero class it is less certain by up to a half. */
				double wide = with ? 1 : 1.7;
				assert_true(fabs(v.volume.mu[0] - log(p->median)) < bound * wide);
				assert_true(
				    fabs(v.volume.sigma[0] - p->sigma) < sigma_bound * wide);
				assert_true(fabs(fit.unseen - (double)d.unseen) <
					    4.5 * fit.unseen_error + 3);
			}
			drawn_release(&d);
		}
	}
}

/* ------------------------------------------------------------------ the oracle */

/* ln P(k) as a Riemann sum over 4,000 points of z, ±10: nothing clever. */
static double
brute_log_probability(double k, double rate, double mu, double sigma)
{
	const double step = 20.0 / 4000;
	double sum = 0;

	for (int i = -2000; i <= 2000; i++) {
		double z = i * step, x = mu + sigma * z - log(rate);
		sum += exp(k * x - exp(x) - lgamma(k + 1) - z * z / 2);
	}
	return log(sum * step / sqrt(2 * M_PI));
}

static void
test_probabilities(void **state)
{
	static const double MU[] = { 3, 9, 12, 20 }, SIGMA[] = { 0.3, 1.0, 2.4, 4.0 };
	static const double K[] = { 0, 1, 2, 3, 10, 57, 1000 }, RATE[] = { 1, 100, 8192 };

	(void)state;
	for (size_t m = 0; m < 4; m++)
		for (size_t s = 0; s < 4; s++)
			for (size_t k = 0; k < 7; k++)
				for (size_t r = 0; r < 3; r++) {
					struct pln_fit fit = { .components = 1,
						.weight = { 1 },
						.mu = { MU[m] },
						.sigma = { SIGMA[s] } };
					double got = pln_log_probability(&fit, K[k], RATE[r]);
					double want =
					    brute_log_probability(K[k], RATE[r], MU[m], SIGMA[s]);
					/* Beyond ±10 the oracle sees nothing. */
					if (want < -40)
						continue;
					assert_true(fabs(got - want) < 2e-6);
				}
}

/* The likelihood of a small sample, by the oracle. */
struct sample {
	double k[64];
	size_t count;
	double zeros;
	double rate;
	bool truncated;
};

static double
brute_likelihood(const struct sample *s, double mu, double log_sigma)
{
	double zero = brute_log_probability(0, s->rate, mu, exp(log_sigma));
	double sum = s->truncated ? -(double)s->count * log1p(-exp(zero)) : s->zeros * zero;

	for (size_t i = 0; i < s->count; i++)
		sum += brute_log_probability(s->k[i], s->rate, mu, exp(log_sigma));
	return sum;
}

/* Climbs by trying steps along the axes, halved when none helps. */
static void
brute_fit(const struct sample *s, double *mu, double *log_sigma)
{
	double best = brute_likelihood(s, *mu, *log_sigma);

	for (double step = 0.4; step > 2e-4;) {
		static const double TRIES[][2] = { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 },
			{ 1, -1 }, { -1, 1 } };
		bool moved = false;
		for (size_t i = 0; i < 6 && !moved; i++) {
			double a = *mu + step * TRIES[i][0], b = *log_sigma + step * TRIES[i][1];
			double there = brute_likelihood(s, a, b);
			if (there > best) {
				best = there;
				*mu = a;
				*log_sigma = b;
				moved = true;
			}
		}
		if (!moved)
			step /= 2;
	}
}

static void
check_sample(const struct sample *s)
{
	struct pln_counts *counts = pln_counts_new();
	struct pln_fit fit;
	const double h = 1e-2;
	double mu, log_sigma, h11, h22, h12, determinant;

	for (size_t i = 0; i < s->count; i++)
		pln_counts_add(counts, (uint64_t)s->k[i], s->rate);
	pln_counts_add_unseen(counts, (uint64_t)s->zeros);
	assert_true(pln_fit(counts, !s->truncated, 1, &fit));
	mu = fit.mu[0] + 0.05;
	log_sigma = log(fit.sigma[0]) - 0.05;
	brute_fit(s, &mu, &log_sigma);
	assert_true(fabs(mu - fit.mu[0]) < 3e-3);
	assert_true(fabs(log_sigma - log(fit.sigma[0])) < 3e-3);
	assert_true(fabs(fit.log_likelihood - brute_likelihood(s, mu, log_sigma)) < 1e-3);
	/* The information, by differences. */
#define AT(a, b) brute_likelihood(s, mu + (a)*h, log_sigma + (b)*h)
	h11 = -(AT(1, 0) - 2 * AT(0, 0) + AT(-1, 0)) / (h * h);
	h22 = -(AT(0, 1) - 2 * AT(0, 0) + AT(0, -1)) / (h * h);
	h12 = -(AT(1, 1) - AT(1, -1) - AT(-1, 1) + AT(-1, -1)) / (4 * h * h);
#undef AT
	determinant = h11 * h22 - h12 * h12;
	assert_true(fabs(fit.covariance[PLN_MU][PLN_MU] / (h22 / determinant) - 1) < 0.02);
	assert_true(
	    fabs(fit.covariance[PLN_LOG_SIGMA][PLN_LOG_SIGMA] / (h11 / determinant) - 1) < 0.02);
	assert_true(fabs(fit.covariance[PLN_MU][PLN_LOG_SIGMA] + h12 / determinant) <
		    0.02 * sqrt(h11 * h22) / determinant);
	pln_counts_free(counts);
}

static void
test_against_brute_force(void **state)
{
	struct sample s = { .rate = 100 };
	struct resample r = { 7 };

	(void)state;
	while (s.count < 40) {
		double k = draw_poisson(&r, exp(6 + 1.4 * resample_normal(&r)) / 100);
		if (k == 0)
			s.zeros++;
		else
			s.k[s.count++] = fmin(k, 60);
	}
	check_sample(&s);
	s.truncated = true;
	check_sample(&s);
}

/* ------------------------------------------------------------------ errors */

/* Normal populations of packets, seen at one rate. */
static struct pln_counts *
draw_packets(struct resample *r, size_t users, double mu, double sigma, double rate)
{
	struct pln_counts *counts = pln_counts_new();
	size_t unseen = 0;

	for (size_t i = 0; i < users; i++) {
		double k = draw_poisson(r, exp(mu + sigma * resample_normal(r)) / rate);
		if (k > 0)
			pln_counts_add(counts, (uint64_t)k, rate);
		else
			unseen++;
	}
	pln_counts_add_unseen(counts, unseen);
	return counts;
}

/* 95 % intervals hold the truth in 95 of 100 cases: with 200 cases, 179 to 199 within 3.5 standard
 * deviations. */
static void
test_coverage(void **state)
{
	int mu_hits[2] = { 0 }, sigma_hits[2] = { 0 };
	struct resample r = { 42 };

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct pln_counts *counts = draw_packets(&r, 1500, 12, 2.0, 16384);
		for (int with = 0; with < 2; with++) {
			struct pln_fit fit;
			assert_true(pln_fit(counts, with, 1, &fit));
			mu_hits[with] +=
			    fabs(fit.mu[0] - 12) < 1.96 * sqrt(fit.covariance[PLN_MU][PLN_MU]);
			sigma_hits[with] +=
			    fabs(log(fit.sigma[0] / 2.0)) <
			    1.96 * sqrt(fit.covariance[PLN_LOG_SIGMA][PLN_LOG_SIGMA]);
		}
		pln_counts_free(counts);
	}
	for (int with = 0; with < 2; with++) {
		assert_in_range(mu_hits[with], 179, 199);
		assert_in_range(sigma_hits[with], 179, 199);
	}
}

/* Users behind three rates, the unseen behind any of them. */
static void
test_several_rates(void **state)
{
	static const double RATES[] = { 512, 4096, 32768 };
	struct pln_counts *counts = pln_counts_new();
	struct resample r = { 5 };
	struct pln_fit fit;
	size_t unseen = 0;

	(void)state;
	for (size_t i = 0; i < 12000; i++) {
		double rate = RATES[i % 3];
		double k = draw_poisson(&r, exp(11.5 + 1.8 * resample_normal(&r)) / rate);
		if (k > 0)
			pln_counts_add(counts, (uint64_t)k, rate);
		else
			unseen++;
	}
	pln_counts_add_unseen(counts, unseen);
	for (int with = 0; with < 2; with++) {
		assert_true(pln_fit(counts, with, 1, &fit));
		assert_true(fabs(fit.mu[0] - 11.5) < 4 * sqrt(fit.covariance[PLN_MU][PLN_MU]));
		assert_true(fabs(fit.sigma[0] - 1.8) < 0.08);
		assert_true(fabs(fit.unseen - (double)unseen) < 4.5 * fit.unseen_error);
	}
	pln_counts_free(counts);
}

/* Users whose packets pass two samplers: the effective rate keeps the fit where it belongs. */
static void
test_users_of_two_rates(void **state)
{
	struct pln_counts *counts = pln_counts_new();
	struct resample r = { 6 };
	struct pln_fit fit;

	(void)state;
	for (size_t i = 0; i < 8000; i++) {
		double packets = exp(13 + 1.5 * resample_normal(&r)), share = resample_unit(&r);
		double a = draw_poisson(&r, packets * share / 1024);
		double b = draw_poisson(&r, packets * (1 - share) / 8192);
		if (a + b > 0)
			pln_counts_add(counts, (uint64_t)(a + b), (1024 * a + 8192 * b) / (a + b));
		else
			pln_counts_add(counts, 0, 4096);
	}
	assert_true(pln_fit(counts, true, 1, &fit));
	assert_true(fabs(fit.mu[0] - 13) < 0.08);
	assert_true(fabs(fit.sigma[0] - 1.5) < 0.06);
	pln_counts_free(counts);
}

/* ------------------------------------------------------------------ two components */

static void
test_two_components(void **state)
{
	struct resample r = { 77 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct pln_counts *counts = pln_counts_new();
		struct pln_fit one, two;
		size_t unseen = 0;
		for (size_t u = 0; u < 10000; u++) {
			bool light = resample_unit(&r) < 0.85;
			double x =
			    light ? 12 + 1.5 * resample_normal(&r) : 16 + 0.8 * resample_normal(&r);
			double k = draw_poisson(&r, exp(x) / 8192);
			if (k > 0)
				pln_counts_add(counts, (uint64_t)k, 8192);
			else
				unseen++;
		}
		pln_counts_add_unseen(counts, unseen);
		for (int with = 0; with < 2; with++) {
			assert_true(pln_fit(counts, with, 1, &one));
			assert_true(pln_fit(counts, with, 2, &two));
			assert_true(two.bic < one.bic - 100);
			assert_true(two.mu[0] < two.mu[1]);
			assert_true(fabs(two.weight[0] - 0.85) < 0.04);
			assert_true(
			    fabs(two.mu[0] - 12) < 4 * sqrt(two.covariance[PLN_MU][PLN_MU]));
			assert_true(
			    fabs(two.mu[1] - 16) < 4 * sqrt(two.covariance[PLN_MU_2][PLN_MU_2]));
			assert_true(fabs(two.sigma[0] - 1.5) < 0.15);
			assert_true(fabs(two.sigma[1] - 0.8) < 0.15);
		}
		pln_counts_free(counts);
	}
}

/* One population is not taken for two. */
static void
test_one_component_stays_one(void **state)
{
	struct resample r = { 78 };
	int wrong = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct pln_counts *counts = draw_packets(&r, 3000, 12, 2.0, 4096);
		struct pln_fit one, two;
		assert_true(pln_fit(counts, true, 1, &one));
		if (pln_fit(counts, true, 2, &two))
			wrong += two.bic < one.bic;
		pln_counts_free(counts);
	}
	assert_in_range(wrong, 0, 1);
}

/* ------------------------------------------------------------------ one user */

/* Given k, the mean of x: against the oracle's ratio of integrals, and shrinking to ln(k N). */
static void
test_posterior(void **state)
{
	struct pln_fit fit = { .components = 1, .weight = { 1 }, .mu = { 10 }, .sigma = { 2 } };
	double variance;

	(void)state;
	for (int count = 0; count < 5; count++) {
		double k = count, p = 0, mean = 0, square = 0;
		for (int i = -20000; i <= 20000; i++) {
			double z = i * 5e-4, x = 10 + 2 * z, y = x - log(1000);
			double w = exp(k * y - exp(y) - z * z / 2);
			p += w;
			mean += w * x;
			square += w * x * x;
		}
		mean /= p;
		assert_true(fabs(pln_posterior(&fit, k, 1000, &variance) - mean) < 1e-4);
		assert_true(fabs(variance - (square / p - mean * mean)) < 1e-3);
	}
	assert_true(fabs(pln_posterior(&fit, 1e6, 1000, &variance) - log(1e9)) < 1e-4);
	assert_true(fabs(variance * 1e6 - 1) < 0.01);
}

/* ------------------------------------------------------------------ what must fail */

static void
expect_failure(const uint64_t *k, size_t count, uint64_t unseen)
{
	struct pln_counts *counts = pln_counts_new();
	struct pln_fit fit;

	for (size_t i = 0; i < count; i++)
		pln_counts_add(counts, k[i], 1000);
	pln_counts_add_unseen(counts, unseen);
	for (int with = 0; with < 2; with++)
		for (unsigned components = 1; components <= 2; components++)
			assert_false(pln_fit(counts, with, components, &fit));
	pln_counts_free(counts);
}

static void
test_too_little(void **state)
{
	static const uint64_t FEW[] = { 5, 7, 9 };
	uint64_t ones[200];

	(void)state;
	expect_failure(NULL, 0, 0);
	expect_failure(NULL, 0, 1000);
	expect_failure(FEW, 3, 10);
	for (size_t i = 0; i < 200; i++)
		ones[i] = 1;
	expect_failure(ones, 200, 0);
	expect_failure(ones, 200, 100000);
	pln_counts_free(NULL);
}

/* Whatever comes, an answer or none, but no nonsense. */
static void
test_odd_counts(void **state)
{
	struct resample r = { 99 };

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct pln_counts *counts = pln_counts_new();
		size_t users = 1 + (size_t)(resample_unit(&r) * 60);
		for (size_t u = 0; u < users; u++) {
			uint64_t k = (uint64_t)exp(resample_unit(&r) * 43);
			pln_counts_add(counts, i % 3 == 0 ? UINT64_MAX - u : k,
			    i % 2 == 0 ? exp(resample_unit(&r) * 22) : NAN);
		}
		for (unsigned components = 1; components <= 2; components++)
			for (int with = 0; with < 2; with++) {
				struct pln_fit fit;
				if (!pln_fit(counts, with, components, &fit))
					continue;
				assert_true(isfinite(fit.mu[0]) && isfinite(fit.log_likelihood));
				assert_true(fit.sigma[0] > 0 && fit.sigma[0] < 13);
				assert_true(fit.covariance[PLN_MU][PLN_MU] >= 0);
			}
		pln_counts_free(counts);
	}
}

/* The order of adding changes nothing, to the last bit. */
static void
test_order_does_not_matter(void **state)
{
	struct pln_counts *up = pln_counts_new(), *down = pln_counts_new();
	struct pln_fit a, b;

	(void)state;
	for (uint64_t i = 0; i < 3000; i++) {
		pln_counts_add(up, 1 + i * i % 60, i % 2 != 0 ? 100 : 1000);
		pln_counts_add(down, 1 + (2999 - i) * (2999 - i) % 60, i % 2 == 0 ? 100 : 1000);
	}
	assert_true(pln_fit(up, false, 1, &a) && pln_fit(down, false, 1, &b));
	assert_true(a.mu[0] == b.mu[0] && a.sigma[0] == b.sigma[0]);
	pln_counts_free(up);
	pln_counts_free(down);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_the_table),
		cmocka_unit_test(test_probabilities),
		cmocka_unit_test(test_against_brute_force),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_several_rates),
		cmocka_unit_test(test_users_of_two_rates),
		cmocka_unit_test(test_two_components),
		cmocka_unit_test(test_one_component_stays_one),
		cmocka_unit_test(test_posterior),
		cmocka_unit_test(test_too_little),
		cmocka_unit_test(test_odd_counts),
		cmocka_unit_test(test_order_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
