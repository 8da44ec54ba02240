/* SPDX-License-Identifier: ISC */
/* From packets to octets: the regression of packet sizes, mixtures, and the errors carried over. */
#include <math.h>

#include "stat/resample.h"
#include "stat/volume_fit.h"
#include "test.h"

static void
test_mixture(void **state)
{
	struct lognormal_mix one = { 1, { 1 }, { 10 }, { 2 } };
	struct lognormal_mix two = { 2, { 0.7, 0.3 }, { 10, 16 }, { 1, 0.5 } };
	struct lognormal_mix rare = { 2, { 0.99, 0.01 }, { 0, 10 }, { 2, 2 } };
	double sum = 0;

	(void)state;
	assert_true(fabs(lognormal_mix_quantile(&one, 0.5) - 10) < 1e-9);
	assert_true(fabs(lognormal_mix_quantile(&one, 0.975) - (10 + 2 * 1.959963985)) < 1e-6);
	assert_true(fabs(lognormal_mix_log_mode(&one) - 10) < 1e-6);
	assert_true(fabs(lognormal_mix_linear_mode(&one) - 6) < 1e-6);
	assert_true(fabs(lognormal_mix_log_mean(&one) - 12) < 1e-9);
	/* Means e¹² and e²: the component with the greater one is rare. */
	assert_true(
	    fabs(lognormal_mix_log_mean(&rare) - log(0.01 * exp(12) + 0.99 * exp(2))) < 1e-9);
	for (int i = 0; i < 25000; i++)
		sum += 0.001 * lognormal_mix_density(&two, i * 0.001);
	assert_true(fabs(sum - 1) < 1e-6);
	assert_true(fabs(lognormal_mix_below(&two, 13) - 0.7) < 0.01);
	/* 0.7 / 1 against 0.3 / 0.5: the lower hump is the higher. */
	assert_true(fabs(lognormal_mix_log_mode(&two) - 10) < 0.01);
	assert_true(fabs(lognormal_mix_linear_mode(&two) - 9) < 0.01);
	two.weight[0] = 0.6;
	two.weight[1] = 0.4;
	assert_true(fabs(lognormal_mix_log_mode(&two) - 16) < 0.01);
	assert_true(fabs(lognormal_mix_quantile(&two, 0.3) - 10) < 1e-3);
}

/* Users with ln b̄ = 6 + 0.1 (x − 14) + 0.2 z; samples of packets of a spread of their own. */
static struct packet_size
draw_sizes(uint64_t seed, double spread)
{
	struct packet_size_sums sums = { 0 };
	struct resample r = { seed };

	for (int u = 0; u < 3000; u++) {
		double x = 14 + 1.5 * resample_normal(&r);
		double size = exp(6 + 0.1 * (x - 14) + 0.2 * resample_normal(&r));
		double octets = 0, squares = 0;
		int k = (int)(exp(x) / 8192);
		k = k > 2000 ? 2000 : k;
		for (int i = 0; i < k; i++) {
			double b = size * (resample_unit(&r) < 0.5 ? 1 + spread : 1 - spread);
			octets += b;
			squares += b * b;
		}
		packet_size_add(&sums, (uint64_t)k, (uint64_t)octets, (uint64_t)squares, 8192);
	}
	return packet_size_solve(&sums);
}

static void
test_packet_size(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 5; seed++) {
		struct packet_size s = draw_sizes(seed, 0.8);
		double at_14 = s.mean + s.slope * (14 - s.centre);
		assert_true(s.users > 1500 && s.users < 3000);
		assert_true(fabs(at_14 - 6) < 4 * s.mean_error + 0.01);
		assert_true(fabs(s.slope - 0.1) < 4 * s.slope_error);
		assert_true(fabs(s.sigma - 0.2) < 4 * s.sigma_error + 0.01);
		assert_true(s.sigma_error < 0.01);
	}
}

static void
test_packet_size_of_few(void **state)
{
	struct packet_size_sums sums = { 0 };
	struct packet_size s = packet_size_solve(&sums);

	(void)state;
	assert_true(s.users == 0 && s.mean == 0);
	packet_size_add(&sums, 0, 100, 0, 1);
	packet_size_add(&sums, 10, 5000, 2500000, 1);
	packet_size_add(&sums, 1000, 500000, 250000000, 1);
	s = packet_size_solve(&sums);
	assert_true(s.users == 0 && fabs(s.mean - log(500)) < 1e-9);
	/* Users all alike leave no slope and no scatter. */
	for (int i = 0; i < 50; i++)
		packet_size_add(&sums, 1000, 500000, 250000000, 100);
	s = packet_size_solve(&sums);
	assert_true(s.users == 51 && fabs(s.mean - log(500)) < 1e-9);
	assert_true(fabs(s.sigma) < 1e-6 && fabs(s.slope) < 1e-6);
}

/* The delta method against the same draws many times: 95 % of the intervals hold the truth. */
static void
test_errors(void **state)
{
	struct resample r = { 21 };
	int median = 0, top = 0, linear = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct pln_counts *counts = pln_counts_new();
		struct packet_size_sums sums = { 0 };
		struct pln_fit packets;
		for (int u = 0; u < 1000; u++) {
			double x = 13 + 1.6 * resample_normal(&r);
			double mean = exp(x) / 4096;
			double k = floor(mean + sqrt(mean) * resample_normal(&r) + 0.5);
			double size = exp(6.5 + 0.05 * (x - 13) + 0.3 * resample_normal(&r));
			if (mean < 30)
				k = resample_binomial(&r, 4096, mean / 4096);
			if (k < 1) {
				pln_counts_add_unseen(counts, 1);
				continue;
			}
			pln_counts_add(counts, (uint64_t)k, 4096);
			packet_size_add(&sums, (uint64_t)k, (uint64_t)(k * size),
			    (uint64_t)(k * size * size), 4096);
		}
		assert_true(pln_fit(counts, true, 1, &packets));
		struct packet_size size = packet_size_solve(&sums);
		struct volume_fit fit = volume_fit_make(&packets, &size, 7);
		double sigma = sqrt(1.05 * 1.05 * 1.6 * 1.6 + 0.09);
		double truth = 13 + 6.5 - log(7);
		median += fabs(lognormal_mix_quantile(&fit.volume, 0.5) - truth) <
			  1.96 * volume_fit_error(&fit, lognormal_mix_quantile, 0.5);
		top +=
		    fabs(lognormal_mix_quantile(&fit.volume, 0.99) - truth - 2.326347874 * sigma) <
		    1.96 * volume_fit_error(&fit, lognormal_mix_quantile, 0.99);
		linear += fabs(lognormal_mix_linear_mode(&fit.volume) - truth + sigma * sigma) <
			  1.96 * volume_fit_error(&fit, volume_fit_linear_mode, 0);
		pln_counts_free(counts);
	}
	assert_in_range(median, 87, 100);
	assert_in_range(top, 87, 100);
	assert_in_range(linear, 87, 100);
}

static double
user_of(const struct volume_fit *fit, double packets, double octets, double *ret_sigma)
{
	double variance, x = pln_posterior(&fit->packets, packets, 1000, &variance);

	return volume_fit_user(fit, packets, octets, x, variance, ret_sigma);
}

/* A user of many packets is what was seen of it; one of few leans on the population. */
static void
test_user(void **state)
{
	struct pln_fit packets = { .components = 1, .weight = { 1 }, .mu = { 10 }, .sigma = { 2 } };
	struct packet_size size = { .centre = 10, .mean = log(500), .sigma = 0.2, .users = 100 };
	struct volume_fit fit = volume_fit_make(&packets, &size, 1);
	double sigma, value;

	(void)state;
	value = user_of(&fit, 1e6, 700e6, &sigma);
	assert_true(fabs(value - log(700e9)) < 1e-3 && sigma < 0.002);
	value = user_of(&fit, 1, 1500, &sigma);
	assert_true(value > log(250e3) && value < log(1500e3) && sigma > 0.5);
	value = user_of(&fit, 0, 0, &sigma);
	assert_true(value < log(500e3) && isfinite(sigma));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixture),
		cmocka_unit_test(test_packet_size),
		cmocka_unit_test(test_packet_size_of_few),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
