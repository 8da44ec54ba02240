/* SPDX-License-Identifier: ISC */
/* The mode over decades against theory: where it is, and how far it scatters. */
#include <math.h>

#include "stat/log_mode.h"
#include "stat/resample.h"
#include "test.h"

static void
draw(struct resample *r, size_t users, double mu, double sigma, double counts[LOG_MODE_BINS])
{
	for (unsigned i = 0; i < LOG_MODE_BINS; i++)
		counts[i] = 0;
	for (size_t i = 0; i < users; i++)
		counts[log_mode_bin(exp(mu + sigma * resample_normal(r)))]++;
}

/* Standard deviation 3.0 σ / √n around the median, and what the bootstrap says of it. */
static void
test_lognormal(void **state)
{
	struct resample r = { 3 };
	double counts[LOG_MODE_BINS], square = 0, told = 0;
	struct log_mode mode;

	(void)state;
	for (int i = 0; i < 60; i++) {
		draw(&r, 20000, log(4e8), 1.8, counts);
		assert_true(log_mode_find(counts, LOG_MODE_LOG, &mode));
		double d = log(mode.value / 4e8);
		assert_true(fabs(d) < 0.15);
		square += d * d;
		told += mode.error;
	}
	double theory = 3.0 * 1.8 / sqrt(20000);
	assert_true(sqrt(square / 60) > 0.65 * theory && sqrt(square / 60) < 1.35 * theory);
	assert_true(told / 60 > 0.65 * theory && told / 60 < 1.5 * theory);
}

/* The commonest value itself is e^(μ − σ²). */
static void
test_linear(void **state)
{
	struct resample r = { 4 };
	double counts[LOG_MODE_BINS];
	struct log_mode mode;

	(void)state;
	draw(&r, 100000, log(1e8), 1.2, counts);
	assert_true(log_mode_find(counts, LOG_MODE_LINEAR, &mode));
	assert_true(fabs(log(mode.value / 1e8) + 1.44) < 0.15);
	assert_true(mode.error > 0 && mode.error < 0.1);
}

static void
test_edges(void **state)
{
	double counts[LOG_MODE_BINS] = { 0 };
	struct log_mode mode;

	(void)state;
	assert_false(log_mode_find(counts, LOG_MODE_LOG, &mode));
	assert_int_equal(log_mode_bin(1e-300), 0);
	assert_int_equal(log_mode_bin(1e300), LOG_MODE_BINS - 1);
	assert_int_equal(log_mode_bin(1.0), 0);
	counts[50] = 1;
	assert_true(log_mode_find(counts, LOG_MODE_LOG, &mode));
	assert_int_equal(log_mode_bin(mode.value), 50);
	assert_false(log_mode_find(counts, LOG_MODE_LINEAR, &mode));
	counts[0] = counts[LOG_MODE_BINS - 1] = 1000;
	assert_true(log_mode_find(counts, LOG_MODE_LOG, &mode));
	assert_int_equal(log_mode_bin(mode.value), 0);
}

/* The same counts give the same answer, to the last bit. */
static void
test_deterministic(void **state)
{
	struct resample r = { 9 };
	double counts[LOG_MODE_BINS];
	struct log_mode a, b;

	(void)state;
	draw(&r, 3000, 18, 2, counts);
	assert_true(log_mode_find(counts, LOG_MODE_LOG, &a));
	assert_true(log_mode_find(counts, LOG_MODE_LOG, &b));
	assert_true(a.value == b.value && a.error == b.error);
}

/* The generator of the bootstrap: means and variances of what it draws. */
static void
test_resampling(void **state)
{
	static const double N[] = { 10, 1000, 1e6 }, P[] = { 0.02, 0.5, 0.97 };
	struct resample r = { 11 };
	double counts[5] = { 100, 0, 300, 600, 0 }, drawn[5], total = 0;

	(void)state;
	for (int n = 0; n < 3; n++)
		for (int p = 0; p < 3; p++) {
			double sum = 0, square = 0, mean = N[n] * P[p], var = mean * (1 - P[p]);
			for (int i = 0; i < 4000; i++) {
				double k = resample_binomial(&r, N[n], P[p]);
				assert_true(k >= 0 && k <= N[n] && k == floor(k));
				sum += k - mean;
				square += (k - mean) * (k - mean);
			}
			assert_true(fabs(sum / 4000) < 4 * sqrt(var / 4000));
			assert_true(fabs(square / 4000 / var - 1) < 0.12);
		}
	for (int i = 0; i < 100; i++) {
		resample_counts(&r, counts, 5, drawn);
		assert_true(drawn[1] == 0 && drawn[4] == 0);
		assert_true(drawn[0] + drawn[2] + drawn[3] == 1000);
		total += drawn[0];
	}
	assert_true(fabs(total / 100 - 100) < 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lognormal),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_resampling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
