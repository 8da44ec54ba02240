/* SPDX-License-Identifier: ISC */
/* Values from published tables: chi-square (Abramowitz, Stegun, table 26.8), Garwood's limits
 * (E. S. Pearson, H. O. Hartley, Biometrika Tables, table 40), Anderson-Darling (the limiting law).
 */
#include <math.h>

#include "stat/chi_square.h"
#include "stat/uniformity.h"
#include "test.h"

static void
assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.12g is not %.12g within %g", value, expected, tolerance);
}

static void
test_table_of_quantiles(void **state)
{
	static const struct {
		double p, df, x;
	} TABLE[] = { { 0.025, 2, 0.0506356 }, { 0.975, 2, 7.37776 }, { 0.95, 1, 3.84146 },
		{ 0.05, 1, 0.00393214 }, { 0.95, 10, 18.3070 }, { 0.025, 10, 3.24697 },
		{ 0.975, 10, 20.4831 }, { 0.95, 15, 24.9958 }, { 0.99, 15, 30.5779 },
		{ 0.95, 60, 79.0819 }, { 0.025, 60, 40.4817 }, { 0.975, 100, 129.561 },
		{ 0.005, 100, 67.3276 }, { 0.995, 30, 53.6720 } };

	(void)state;
	for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
		double x = chi_square_quantile(TABLE[i].p, TABLE[i].df);
		assert_near(x, TABLE[i].x, 6e-6 * TABLE[i].x);
		assert_near(chi_square_below(x, TABLE[i].df), TABLE[i].p, 1e-10);
		assert_near(chi_square_above(x, TABLE[i].df), 1 - TABLE[i].p, 1e-10);
	}
	assert_near(chi_square_below(0, 3), 0, 0);
	assert_near(chi_square_above(-1, 3), 1, 0);
	/* With two degrees it is e^(-x/2). */
	for (int i = -1; i < 10; i++)
		assert_near(chi_square_above(ldexp(1, i), 2) / exp(-ldexp(1, i) / 2), 1, 1e-10);
}

static void
test_garwood(void **state)
{
	static const struct {
		uint64_t count;
		double low, high;
	} TABLE[] = { { 0, 0, 3.689 }, { 1, 0.0253, 5.572 }, { 2, 0.242, 7.225 },
		{ 5, 1.623, 11.668 }, { 10, 4.795, 18.390 }, { 25, 16.179, 36.905 },
		{ 30, 20.241, 42.827 }, { 50, 37.111, 65.919 } };
	double low, high, low_next, high_next;

	(void)state;
	for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
		poisson_interval(TABLE[i].count, &low, &high);
		assert_near(low, TABLE[i].low, 6e-4);
		assert_near(high, TABLE[i].high, 6e-4);
	}
	/* No step where the method changes. */
	poisson_interval(1000000, &low, &high);
	poisson_interval(1000001, &low_next, &high_next);
	assert_near(low_next - low, 1, 0.01);
	assert_near(high_next - high, 1, 0.01);
	poisson_interval(UINT64_MAX, &low, &high);
	assert_true(isfinite(low) && isfinite(high) && low < high);
}

/* Detection floors of darknets (seen 30 packets in a minute, or 5 in 300 s, with 95 %). */
static void
test_reaching(void **state)
{
	static const struct {
		int length;
		double minute, five_minutes;
	} TABLE[] = { { 8, 169, 8 }, { 16, 43189, 2000 }, { 20, 691029, 31994 },
		{ 24, 11056457, 511902 } };

	(void)state;
	for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
		double share = ldexp(1, TABLE[i].length);
		assert_near(
		    round(poisson_mean_reaching(30, 0.95) * share / 60), TABLE[i].minute, 0.5);
		assert_near(round(poisson_mean_reaching(5, 0.95) * share / 300),
		    TABLE[i].five_minutes, 0.5);
	}
	assert_near(poisson_mean_reaching(1, 0.95), -log(0.05), 1e-9);
}

static void
test_anderson(void **state)
{
	static const double TABLE[][2] = { { 1.933, 0.10 }, { 2.492, 0.05 }, { 3.0775, 0.025 },
		{ 3.8781, 0.01 } };
	double even[100], one[] = { 0.5 }, ends[] = { 0, 0, 1, 1 }, before = 1;

	(void)state;
	for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
		assert_near(
		    uniformity_anderson_above(TABLE[i][0]), TABLE[i][1], 0.004 * TABLE[i][1]);
	for (int i = 1; i < 200; i++) {
		double above = uniformity_anderson_above(0.1 * i);
		assert_true(above <= before + 1e-5 && above >= 0);
		before = above;
	}
	/* One draw in the middle: -1 - 2 ln 0.5. */
	assert_near(uniformity_anderson(one, 1), -1 - 2 * log(0.5), 1e-12);
	for (int i = 0; i < 100; i++)
		even[i] = (i + 0.5) / 100;
	assert_true(uniformity_anderson(even, 100) < 0.1);
	for (int i = 0; i < 100; i++)
		even[i] /= 256;
	assert_true(uniformity_anderson_above(uniformity_anderson(even, 100)) < 1e-20);
	assert_true(isfinite(uniformity_anderson(ends, 4)));
}

static void
test_blocks(void **state)
{
	static const size_t EVEN[] = { 5, 5, 5, 5 }, UNEVEN[] = { 20, 0, 0, 0 },
			    MIXED[] = { 8, 4, 6, 2 };

	(void)state;
	assert_near(uniformity_blocks(EVEN, 4), 1, 1e-12);
	assert_true(uniformity_blocks(UNEVEN, 4) < 1e-12);
	/* χ² = 4 with 3 degrees. */
	assert_near(uniformity_blocks(MIXED, 4), 0.261464, 1e-6);
	assert_false(uniformity_blocks_suffice(12, 16));
	assert_true(uniformity_blocks_suffice(13, 16));
	assert_false(uniformity_blocks_suffice(9, 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_of_quantiles),
		cmocka_unit_test(test_garwood),
		cmocka_unit_test(test_reaching),
		cmocka_unit_test(test_anderson),
		cmocka_unit_test(test_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
