/* SPDX-License-Identifier: ISC */
/* Delays in bins of small relative width, and counts in few octets. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"
#include "stat/delay_histogram.h"
#include "stat/sparse_counts.h"
#include "test.h"

static void
test_bins(void **state)
{
	(void)state;
	for (uint64_t us = 0; us < 256; us++) {
		assert_int_equal(delay_bin((int64_t)us * 1000), us);
		assert_int_equal(delay_bin((int64_t)us * 1000 + 999), us);
		assert_int_equal(delay_edge((unsigned)us), us);
	}
	for (unsigned bin = 0; bin + 1 < DELAY_BINS; bin++) {
		uint64_t low = delay_edge(bin), high = delay_edge(bin + 1);

		assert_true(low < high);
		assert_int_equal(delay_bin((int64_t)low * 1000), bin);
		assert_int_equal(delay_bin((int64_t)high * 1000 - 1), bin);
		assert_true((high - low) * 128 <= (low > 128 ? low : 128));
	}
	assert_int_equal(delay_bin(INT64_MAX), DELAY_BINS - 1);
}

static void
test_quantiles(void **state)
{
	uint64_t *bins = xcalloc(DELAY_BINS, sizeof *bins);

	(void)state;
	assert_true(delay_quantile(bins, 0.5) == 0);
	for (int64_t us = 1; us <= 100; us++)
		bins[delay_bin(us * 1000)]++;
	assert_true(delay_quantile(bins, 0) == 1);
	assert_true(delay_quantile(bins, 0.5) == 50);
	assert_true(delay_quantile(bins, 0.99) == 99);
	assert_true(delay_quantile(bins, 1) == 100);
	memset(bins, 0, DELAY_BINS * sizeof *bins);
	bins[delay_bin(INT64_C(1234567) * 1000)] = 1;
	assert_true(delay_quantile(bins, 0.5) > 1234567 * 0.996);
	assert_true(delay_quantile(bins, 0.5) < 1234567 * 1.004);
	free(bins);
}

#define COUNT 300

static void
test_sparse(void **state)
{
	uint64_t counts[COUNT] = { 0 }, sums[COUNT] = { 0 };
	uint8_t octets[SPARSE_COUNTS_SIZE(COUNT)];
	size_t size;

	(void)state;
	assert_int_equal(sparse_counts_encode(counts, COUNT, octets), 0);
	for (uint64_t i = 0; i < COUNT; i++)
		counts[i] = hash_mix64(i) % 3 == 0 ? hash_mix64(i + COUNT) >> i % 64 : 0;
	counts[0] = 127;
	counts[COUNT - 1] = UINT64_MAX;
	size = sparse_counts_encode(counts, COUNT, octets);
	assert_true(size <= sizeof octets);
	assert_int_equal(sparse_counts_add(sums, COUNT, octets, size), ERR_OK);
	assert_memory_equal(sums, counts, sizeof sums);
	/* A second time doubles. */
	sums[COUNT - 1] = 0;
	assert_int_equal(sparse_counts_add(sums, COUNT, octets, size), ERR_OK);
	assert_int_equal(sums[0], 254);
}

static void
test_sparse_damaged(void **state)
{
	static const uint8_t BEYOND[] = { 10, 1 }, HALF[] = { 1 }, OPEN[] = { 0x80 };
	static const uint8_t LONG[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 1, 1 };
	uint64_t sums[10] = { 0 };

	(void)state;
	assert_int_equal(sparse_counts_add(sums, 10, BEYOND, sizeof BEYOND), ERR_DAMAGED);
	assert_int_equal(sparse_counts_add(sums, 10, HALF, sizeof HALF), ERR_DAMAGED);
	assert_int_equal(sparse_counts_add(sums, 10, OPEN, sizeof OPEN), ERR_DAMAGED);
	assert_int_equal(sparse_counts_add(sums, 10, LONG, sizeof LONG), ERR_DAMAGED);
	assert_int_equal(sparse_counts_add(sums, 10, NULL, 0), ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bins),
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_sparse_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
