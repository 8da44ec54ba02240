/* SPDX-License-Identifier: ISC */
/* HyperLogLog against its theory, and its stored form. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "stat/hll.h"
#include "test.h"

#define RUNS 100

/* Thing number `i` of an experiment: addresses come as runs of numbers too. */
static uint64_t
thing(uint64_t experiment, uint64_t i)
{
	uint64_t words[2] = { experiment, i };

	return hash_mix_words(words, 2);
}

/* Mean and root mean square of the relative error over many experiments. */
static void
measure(unsigned precision, uint64_t count, double *ret_bias, double *ret_rms)
{
	uint8_t *registers = malloc(HLL_SIZE(precision));
	double sum = 0, squares = 0;

	for (uint64_t run = 0; run < RUNS; run++) {
		double error;
		memset(registers, 0, HLL_SIZE(precision));
		for (uint64_t i = 0; i < count; i++)
			hll_add(registers, precision, thing(run * 1000003 + count, i));
		error = hll_estimate(registers, precision) / (double)count - 1;
		sum += error;
		squares += error * error;
	}
	free(registers);
	*ret_bias = sum / RUNS;
	*ret_rms = sqrt(squares / RUNS);
}

static void
test_error_is_as_the_theory_says(void **state)
{
	static const uint64_t COUNTS[] = { 2, 5, 10, 50, 200, 1000, 2500, 5000, 10000, 40000 };
	static const unsigned PRECISIONS[] = { 10, 14 };

	(void)state;
	for (size_t p = 0; p < 2; p++) {
		double standard = hll_standard_error(PRECISIONS[p]);
		for (size_t c = 0; c < sizeof COUNTS / sizeof COUNTS[0]; c++) {
			double bias, rms;
			measure(PRECISIONS[p], COUNTS[c], &bias, &rms);
			/* Few things fare better than the limit, many reach it; the mean of 100
			 * runs strays by a tenth of the standard error. */
			assert_true(rms < 1.25 * standard);
			assert_true(fabs(bias) < 0.35 * standard);
			if (COUNTS[c] >= 4U << PRECISIONS[p])
				assert_true(rms > 0.75 * standard);
		}
	}
}

static void
test_empty_is_zero(void **state)
{
	uint8_t registers[HLL_SIZE(10)] = { 0 };

	(void)state;
	assert_true(hll_estimate(registers, 10) == 0);
}

static void
test_saturated_is_finite(void **state)
{
	uint8_t registers[HLL_SIZE(10)];

	(void)state;
	memset(registers, 54, sizeof registers);
	assert_true(isfinite(hll_estimate(registers, 10)));
	assert_true(hll_estimate(registers, 10) > 1e18);
}

static void
test_rank_of_the_extremes(void **state)
{
	(void)state;
	assert_int_equal(hll_rank(0, 10), 55);
	assert_int_equal(hll_rank(UINT64_MAX, 10), 1);
	assert_int_equal(hll_index(UINT64_MAX, 10), 1023);
	assert_int_equal(hll_rank((uint64_t)1 << 53, 10), 1);
	assert_int_equal(hll_rank(1, 10), 54);
}

static void
test_union_is_the_sketch_of_both(void **state)
{
	uint8_t a[HLL_SIZE(10)] = { 0 }, b[HLL_SIZE(10)] = { 0 }, both[HLL_SIZE(10)] = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 3000; i++) {
		hll_add(i % 3 != 0 ? a : b, 10, thing(1, i));
		hll_add(both, 10, thing(1, i));
	}
	hll_union(a, b, 10);
	assert_memory_equal(a, both, sizeof a);
	hll_union(a, both, 10);
	assert_memory_equal(a, both, sizeof a);
}

static void
test_stored_form_reads_back(void **state)
{
	static const unsigned PRECISIONS[] = { 4, 10, 14, 16 };

	(void)state;
	for (size_t p = 0; p < 4; p++) {
		unsigned precision = PRECISIONS[p];
		uint8_t *a = calloc(1, HLL_SIZE(precision));
		uint8_t *b = calloc(1, HLL_SIZE(precision));
		uint8_t *stored = malloc(HLL_ENCODED_SIZE(precision));
		for (uint64_t n = 0; n < 40000; n = n * 3 + 1) {
			size_t size;
			memset(b, 0, HLL_SIZE(precision));
			for (uint64_t i = 0; i < n; i++)
				hll_add(a, precision, thing(2, i));
			size = hll_encode(a, precision, stored);
			assert_true(size <= HLL_ENCODED_SIZE(precision));
			assert_true(n != 0 || size == 2);
			assert_int_equal(hll_decode_into(b, precision, stored, size), ERR_OK);
			assert_memory_equal(a, b, HLL_SIZE(precision));
		}
		free(a);
		free(b);
		free(stored);
	}
}

static void
test_damaged_forms_are_refused(void **state)
{
	uint8_t a[HLL_SIZE(10)] = { 0 }, into[HLL_SIZE(10)] = { 0 }, zero[HLL_SIZE(10)] = { 0 };
	uint8_t stored[HLL_ENCODED_SIZE(10)];
	size_t size;

	(void)state;
	for (uint64_t i = 0; i < 20; i++)
		hll_add(a, 10, thing(3, i));
	size = hll_encode(a, 10, stored);
	for (size_t cut = 0; cut < size; cut++)
		if (cut != 2 && cut % 2 == 1)
			assert_int_equal(hll_decode_into(into, 10, stored, cut), ERR_DAMAGED);
	assert_int_equal(hll_decode_into(into, 11, stored, size), ERR_DAMAGED);
	stored[1] = 2;
	assert_int_equal(hll_decode_into(into, 10, stored, size), ERR_DAMAGED);
	stored[1] = 1;
	assert_int_equal(hll_decode_into(into, 10, stored, size), ERR_DAMAGED);
	/* A rank above 55, a rank of 0, a register twice. */
	assert_int_equal(hll_decode_into(into, 10, "\x0a\x00\x38\x00", 4), ERR_DAMAGED);
	assert_int_equal(hll_decode_into(into, 10, "\x0a\x00\x40\x00", 4), ERR_DAMAGED);
	assert_int_equal(hll_decode_into(into, 10, "\x0a\x00\x41\x00\x42\x00", 6), ERR_DAMAGED);
	assert_memory_equal(into, zero, sizeof into);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_is_as_the_theory_says),
		cmocka_unit_test(test_empty_is_zero),
		cmocka_unit_test(test_saturated_is_finite),
		cmocka_unit_test(test_rank_of_the_extremes),
		cmocka_unit_test(test_union_is_the_sketch_of_both),
		cmocka_unit_test(test_stored_form_reads_back),
		cmocka_unit_test(test_damaged_forms_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
