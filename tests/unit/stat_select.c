/* SPDX-License-Identifier: ISC */
/* Selection against sorting, and the bins it shares with histograms. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "stat/log_histogram.h"
#include "stat/select.h"
#include "test.h"

#define MOST 700

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
test_equals_sorting(void **state)
{
	uint64_t values[MOST], sorted[MOST], work[MOST];

	(void)state;
	for (uint64_t run = 0; run < 400; run++) {
		size_t count = 1 + hash_mix64(run) % MOST;
		unsigned shift = hash_mix64(run + 1000) % 64;
		uint64_t base = run % 3 == 0 ? hash_mix64(run + 7) >> 1 : 0;
		for (size_t i = 0; i < count; i++)
			values[i] = base + (hash_mix64(run * MOST + i) >> shift) / 2;
		memcpy(sorted, values, sizeof sorted);
		qsort(sorted, count, sizeof sorted[0], compare);
		for (size_t rank = 0; rank < count; rank += 1 + count / 7) {
			memcpy(work, values, sizeof work);
			assert_true(select_rank(work, count, rank) == sorted[rank]);
		}
		memcpy(work, values, sizeof work);
		assert_true(select_rank(work, count, count - 1) == sorted[count - 1]);
	}
}

static void
test_extremes(void **state)
{
	uint64_t values[] = { UINT64_MAX, 0, UINT64_MAX, 0, 1 };
	uint64_t same[] = { 5, 5, 5 };

	(void)state;
	assert_true(select_rank(values, 5, 4) == UINT64_MAX);
	assert_true(select_rank(same, 3, 2) == 5);
}

static void
test_bins_tile_the_numbers(void **state)
{
	(void)state;
	assert_int_equal(log_histogram_bin(0), 0);
	assert_int_equal(log_histogram_bin(UINT64_MAX), LOG_HISTOGRAM_BINS - 1);
	for (unsigned bin = 1; bin < LOG_HISTOGRAM_BINS; bin++) {
		uint64_t edge = log_histogram_edge(bin);
		assert_int_equal(log_histogram_bin(edge), bin);
		assert_int_equal(log_histogram_bin(edge - 1), bin - 1);
		if (bin > 16)
			assert_true(
			    edge - log_histogram_edge(bin - 1) <= log_histogram_edge(bin - 1) / 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equals_sorting),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_bins_tile_the_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
