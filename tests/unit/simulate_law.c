/* SPDX-License-Identifier: ISC */
/*
 * Laws of probability: functions against the C library's, samples against their distribution by
 * Kolmogorov–Smirnov and chi-square tests with fixed seeds, so that they pass or fail for good.
 *
 * The critical values are those of a level of 0.001.
 */
#include <math.h>
#include <stdlib.h>

#include "simulate/broadband_sampler.h"
#include "simulate/law.h"
#include "test.h"

enum { DRAWS = 100000 };

static void
test_functions(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 1);
	assert_true(law_log(1) == 0);
	assert_true(law_exp(0) == 1);
	for (int i = 0; i < DRAWS; i++) {
		double x = ldexp(1 + law_uniform(&r), (int)random_between(&r, -1000, 1000));
		double y = (law_uniform(&r) - 0.5) * 1398;
		assert_true(fabs(law_log(x) - log(x)) <= 4e-16 * fabs(log(x)));
		assert_true(fabs(law_exp(y) / exp(y) - 1) < 1e-13);
		y = law_uniform(&r) * 2 - 1;
		assert_true(fabs(law_exp(y) / exp(y) - 1) < 6e-16);
		/* Near one, where the logarithm is small. */
		x = 1 + ldexp(law_uniform(&r) - 0.5, (int)random_between(&r, -40, 0));
		assert_true(fabs(law_log(x) - log(x)) <= 4e-16 * fabs(log(x)));
	}
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* √n times the largest distance from the distribution; above 1.95 once in a thousand. */
static void
assert_distribution(double *values, double (*distribution)(double))
{
	double distance = 0;

	qsort(values, DRAWS, sizeof *values, compare);
	for (int i = 0; i < DRAWS; i++) {
		double f = distribution(values[i]);
		distance = fmax(distance, fmax(f - i / (double)DRAWS, (i + 1) / (double)DRAWS - f));
	}
	assert_true(distance * sqrt(DRAWS) < 1.95);
}

static double
uniform_at(double x)
{
	return x;
}

static double
normal_at(double x)
{
	return erfc(-x / sqrt(2)) / 2;
}

static double
exponential_at(double x)
{
	return -expm1(-x);
}

static double
pareto_at(double x)
{
	return (1 - pow(x, -4.0 / 3)) / (1 - pow(500, -4.0 / 3));
}

static void
test_continuous(void **state)
{
	double *values = malloc(DRAWS * sizeof *values);
	struct law_pareto pareto = law_pareto_make(500);
	struct random r;

	(void)state;
	assert_non_null(values);
	random_seed(&r, 2);
	for (int i = 0; i < DRAWS; i++)
		values[i] = law_uniform(&r);
	assert_distribution(values, uniform_at);
	for (int i = 0; i < DRAWS; i++)
		values[i] = law_normal(&r);
	assert_distribution(values, normal_at);
	for (int i = 0; i < DRAWS; i++)
		values[i] = law_exponential(&r);
	assert_distribution(values, exponential_at);
	for (int i = 0; i < DRAWS; i++) {
		values[i] = law_pareto(&r, &pareto);
		assert_true(values[i] >= 1 && values[i] <= 500 * (1 + 1e-9));
	}
	assert_distribution(values, pareto_at);
	free(values);
}

static double
chi_square(const unsigned *counts, const double *expected, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		double difference = counts[i] - expected[i];
		sum += difference * difference / expected[i];
	}
	return sum;
}

static void
test_gap(void **state)
{
	enum { CELLS = 20 };
	unsigned counts[CELLS] = { 0 };
	double expected[CELLS], left = DRAWS;
	struct random r;

	(void)state;
	random_seed(&r, 3);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t gap = law_gap(&r, law_log(0.9));
		counts[gap < CELLS ? gap : CELLS - 1]++;
	}
	for (int i = 0; i < CELLS - 1; i++) {
		expected[i] = left * 0.1;
		left *= 0.9;
	}
	expected[CELLS - 1] = left;
	assert_true(chi_square(counts, expected, CELLS) < 43.8); /* 19 degrees of freedom */
	assert_true(law_gap(&r, 0) == UINT64_C(1) << 62);
	/* A rate beyond any flow: nothing overflows. */
	assert_true(law_gap(&r, law_log(1 - 0x1p-52)) <= UINT64_C(1) << 62);
}

/* All twenty subsets of three out of six come equally often. */
static void
test_small_subsets(void **state)
{
	unsigned counts[64] = { 0 }, seen[20];
	double expected[20];
	size_t kinds = 0;
	struct random r;

	(void)state;
	random_seed(&r, 4);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t chosen[3];
		law_subset(&r, 6, chosen, 3);
		assert_true(chosen[0] < chosen[1] && chosen[1] < chosen[2] && chosen[2] < 6);
		counts[1 << chosen[0] | 1 << chosen[1] | 1 << chosen[2]]++;
	}
	for (int i = 0; i < 64; i++)
		if (counts[i] != 0) {
			assert_in_range(kinds, 0, 19);
			expected[kinds] = DRAWS / 20.0;
			seen[kinds++] = counts[i];
		}
	assert_int_equal(kinds, 20);
	assert_true(chi_square(seen, expected, 20) < 43.8);
}

/* Large subsets go another way: ordered, distinct, each number and each neighbourhood as often as
 * the hypergeometric law has it. */
static void
assert_large_subset(uint64_t total, size_t count, uint64_t seed)
{
	enum { ROUNDS = 4000, CELLS = 10 };
	unsigned counts[CELLS] = { 0 }, whole = 0;
	uint64_t *chosen = malloc((count + 1) * sizeof *chosen), square = 0;
	double expected[CELLS], p = (double)count / (double)total, variance;
	struct random r;

	assert_non_null(chosen);
	random_seed(&r, seed);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t low = 0;
		law_subset(&r, total, chosen, count);
		for (size_t k = 0; k < count; k++) {
			assert_true(chosen[k] < total && (k == 0 || chosen[k] > chosen[k - 1]));
			counts[chosen[k] * CELLS / total]++;
			low += chosen[k] < total / 2;
		}
		whole += (unsigned)low;
		square += low * low;
	}
	for (int i = 0; i < CELLS; i++)
		expected[i] = ROUNDS * (double)count / CELLS;
	/* 9 degrees of freedom, and less variance than a multinomial's. */
	assert_true(chi_square(counts, expected, CELLS) < 27.9);
	/* How many of a half: hypergeometric. */
	variance = (double)total / 4 * p * (1 - p) * (double)total / (double)(total - 1);
	assert_true(fabs(whole / (double)ROUNDS - count / 2.0) < 4 * sqrt(variance / ROUNDS));
	assert_true(fabs((square / (double)ROUNDS - pow(whole / (double)ROUNDS, 2)) / variance -
			 1) < 4 * sqrt(2.0 / ROUNDS));
	free(chosen);
}

static void
test_large_subsets(void **state)
{
	uint64_t all[5] = { 0 };
	struct random r;

	(void)state;
	assert_large_subset(1000, 17, 5);
	assert_large_subset(1000, 400, 6);
	assert_large_subset(1000, 500, 7);
	assert_large_subset(1000, 990, 8);
	assert_large_subset(200, 150, 9);
	random_seed(&r, 10);
	law_subset(&r, 5, all, 5);
	for (uint64_t i = 0; i < 5; i++)
		assert_true(all[i] == i);
	law_subset(&r, 5, all, 0);
}

/* A flow of sixty packets, one in twenty taken: binomial when random. */
static void
test_random_sampler(void **state)
{
	enum { PACKETS = 60, RATE = 20, CELLS = 9 };
	struct broadband_sampler sampler;
	unsigned counts[CELLS] = { 0 };
	double expected[CELLS], term = DRAWS * pow(1 - 1.0 / RATE, PACKETS), left = DRAWS;
	struct random r;

	(void)state;
	random_seed(&r, 11);
	broadband_sampler_init(&sampler, RATE, true, &r);
	broadband_sampler_hour(&sampler, 0, &r);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t taken = broadband_sampler_take(&sampler, PACKETS, &r);
		counts[taken < CELLS ? taken : CELLS - 1]++;
	}
	for (int k = 0; k < CELLS - 1; k++) {
		expected[k] = term;
		left -= term;
		term *= (PACKETS - k) / (k + 1.0) / (RATE - 1);
	}
	expected[CELLS - 1] = left;
	assert_true(chi_square(counts, expected, CELLS) < 26.1); /* 8 degrees of freedom */
	assert_int_equal(sampler.seen, DRAWS * PACKETS);
	broadband_sampler_release(&sampler);
}

/* Count-based: every N-th packet, over the hours too; which flow it is in is left to chance. */
static void
test_counting_sampler(void **state)
{
	enum { RATE = 7, HOURS = 200, FLOWS = 50, CELLS = 2 };
	struct broadband_sampler sampler;
	uint64_t seen = 0, phase;
	double variance = 0, mean = 30.0 / RATE;
	struct random r;

	(void)state;
	random_seed(&r, 12);
	broadband_sampler_init(&sampler, RATE, false, &r);
	phase = sampler.phase;
	for (int hour = 0; hour < HOURS; hour++) {
		broadband_sampler_hour(&sampler, FLOWS * 30, &r);
		for (int i = 0; i < FLOWS; i++) {
			double k = (double)broadband_sampler_take(&sampler, 30, &r);
			variance += (k - mean) * (k - mean);
		}
		seen += FLOWS * 30;
		assert_true(sampler.taken == (phase + seen) / RATE);
	}
	/* Hypergeometric: 30 out of 1,500 of which 1/7 are marked. */
	variance /= HOURS * FLOWS;
	assert_true(fabs(variance / (mean * (1 - 1.0 / RATE) * 1470 / 1499) - 1) < 0.06);
	broadband_sampler_release(&sampler);
}

static void
test_no_sampling(void **state)
{
	struct broadband_sampler sampler;
	struct random r;

	(void)state;
	random_seed(&r, 13);
	for (int random = 0; random < 2; random++) {
		broadband_sampler_init(&sampler, 1, random != 0, &r);
		broadband_sampler_hour(&sampler, 10, &r);
		assert_int_equal(broadband_sampler_take(&sampler, 4, &r), 4);
		assert_int_equal(broadband_sampler_take(&sampler, 6, &r), 6);
		broadband_sampler_release(&sampler);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_continuous),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_small_subsets),
		cmocka_unit_test(test_large_subsets),
		cmocka_unit_test(test_random_sampler),
		cmocka_unit_test(test_counting_sampler),
		cmocka_unit_test(test_no_sampling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
