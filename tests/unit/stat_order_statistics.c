/* SPDX-License-Identifier: ISC */
/* Quantiles, concentration and tail against theory and against a bootstrap over the values. */
#include <math.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "stat/order_statistics.h"
#include "stat/resample.h"
#include "test.h"

static double *
draw(struct resample *r, size_t count, double mu, double sigma)
{
	double *values = xcalloc(count, sizeof *values);

	for (size_t i = 0; i < count; i++)
		values[i] = exp(mu + sigma * resample_normal(r));
	order_sort(values, count);
	return values;
}

/* 95 % intervals of quantiles hold the truth, and their error is the textbook's. */
static void
test_quantiles(void **state)
{
	struct resample r = { 1 };
	int hits[3] = { 0 };
	static const double P[] = { 0.1, 0.5, 0.99 }, Z[] = { -1.2815515655, 0, 2.326347874 };
	double error = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		double *v = draw(&r, 1500, 10, 2);
		for (int k = 0; k < 3; k++) {
			struct order_estimate e = order_quantile(v, 1500, P[k]);
			double truth = exp(10 + 2 * Z[k]);
			assert_true(e.low <= e.value && e.value <= e.high);
			hits[k] += e.low <= truth && truth <= e.high;
		}
		error += order_quantile(v, 1500, 0.5).error;
		free(v);
	}
	for (int k = 0; k < 3; k++)
		assert_in_range(hits[k], 180, 200);
	/* 1.2533 σ / √n */
	assert_true(fabs(error / 200 / (1.2533 * 2 / sqrt(1500)) - 1) < 0.1);
}

static void
test_small(void **state)
{
	double one[] = { 5 }, values[] = { 1, 2, 3, 4 };
	double begin;

	(void)state;
	assert_true(order_quantile(one, 1, 0.999).value == 5);
	assert_true(order_quantile(values, 4, 0.5).value == 2.5);
	assert_true(order_top_share(values, 4, 0, 0.25).value == 0.4);
	assert_true(fabs(order_top_share(values, 4, 0, 0.125).value - 0.2) < 1e-12);
	assert_true(fabs(order_gini(values, 4, 0).value - 0.25) < 1e-12);
	/* Four with nothing beside them: the half that has all. */
	assert_true(order_top_share(values, 4, 4, 0.5).value == 1);
	assert_true(fabs(order_gini(values, 4, 4).value - 0.625) < 1e-12);
	assert_true(order_top_share(values, 0, 4, 0.5).value == 0);
	assert_true(order_gini(values, 0, 0).value == 0);
	assert_true(order_tail(values, 4, 0.01, &begin).value == 0 && begin == 0);
}

static double
naive_top(const double *v, size_t n, double q)
{
	double sum = 0, top = 0;

	for (size_t i = 0; i < n; i++) {
		sum += v[i];
		if (i >= n - (size_t)(q * (double)n))
			top += v[i];
	}
	return top / sum;
}

static double
naive_gini(const double *v, size_t n)
{
	double sum = 0, apart = 0;

	for (size_t i = 0; i < n; i++) {
		sum += v[i];
		for (size_t k = 0; k < n; k++)
			apart += fabs(v[i] - v[k]);
	}
	return apart / (2 * (double)n * sum);
}

/* The formulas' errors against a bootstrap over the values, which knows no formula. */
static void
test_concentration(void **state)
{
	enum { COUNT = 400, ROUNDS = 300 };
	struct resample r = { 12 };
	double *v = draw(&r, COUNT, 0, 1.2), again[COUNT];
	double top_sum = 0, top_square = 0, gini_sum = 0, gini_square = 0;
	struct order_estimate top = order_top_share(v, COUNT, 0, 0.1);
	struct order_estimate gini = order_gini(v, COUNT, 0);

	(void)state;
	assert_true(fabs(top.value - naive_top(v, COUNT, 0.1)) < 1e-9);
	assert_true(fabs(gini.value - naive_gini(v, COUNT)) < 1e-9);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < COUNT; i++)
			again[i] = v[(size_t)(resample_unit(&r) * COUNT)];
		order_sort(again, COUNT);
		double t = naive_top(again, COUNT, 0.1), g = naive_gini(again, COUNT);
		top_sum += t;
		top_square += t * t;
		gini_sum += g;
		gini_square += g * g;
	}
	double top_error = sqrt(top_square / ROUNDS - top_sum / ROUNDS * (top_sum / ROUNDS));
	double gini_error = sqrt(gini_square / ROUNDS - gini_sum / ROUNDS * (gini_sum / ROUNDS));
	assert_true(fabs(top.error / top_error - 1) < 0.2);
	assert_true(fabs(gini.error / gini_error - 1) < 0.2);
	free(v);
}

/* Φ(σ − z) for a lognormal: 0.520 of the top 4 % at σ 1.8. */
static void
test_top_share_of_lognormal(void **state)
{
	struct resample r = { 2 };
	double *v = draw(&r, 50000, 20, 1.8);

	(void)state;
	assert_true(fabs(order_top_share(v, 50000, 0, 0.04).value - 0.520) < 0.04);
	free(v);
}

static void
test_tail(void **state)
{
	struct resample r = { 8 };
	double *v = xcalloc(100000, sizeof *v), begin;

	(void)state;
	for (size_t i = 0; i < 100000; i++)
		v[i] = 1000 * pow(resample_unit(&r), -1 / 1.5);
	order_sort(v, 100000);
	struct order_estimate e = order_tail(v, 100000, 0.01, &begin);
	assert_true(e.low < 1.5 && 1.5 < e.high && e.error < 0.06);
	assert_true(fabs(begin / (1000 * pow(0.01, -1 / 1.5)) - 1) < 0.1);
	free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_concentration),
		cmocka_unit_test(test_top_share_of_lognormal),
		cmocka_unit_test(test_tail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
