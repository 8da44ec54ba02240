/* SPDX-License-Identifier: ISC */
/* Random numbers: the generator's published sequence, ranges, and the shape of distributions. */
#include "simulate/random.h"
#include "test.h"

/* First outputs of xoshiro256** from the state 1, 2, 3, 4, as its authors' reference code gives
 * them. */
static void
test_generator(void **state)
{
	static const uint64_t expected[] = { UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
		UINT64_C(1215971899390074240), UINT64_C(1216172134540287360),
		UINT64_C(607988272756665600) };
	struct random r = { { 1, 2, 3, 4 } };

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_true(random_u64(&r) == expected[i]);
}

static void
test_ranges(void **state)
{
	struct random r;
	unsigned counts[7] = { 0 };
	static const unsigned weights[3] = { 0, 3, 1 };
	unsigned drawn[3] = { 0 };

	(void)state;
	random_seed(&r, 1);
	for (int i = 0; i < 70000; i++)
		counts[random_below(&r, 7)]++;
	for (int i = 0; i < 7; i++)
		assert_in_range(counts[i], 9500, 10500);
	for (int i = 0; i < 1000; i++) {
		int64_t v = random_between(&r, -3, 3);
		assert_true(v >= -3 && v <= 3);
		assert_int_equal(random_between(&r, 5, 5), 5);
	}
	for (int i = 0; i < 40000; i++)
		drawn[random_weighted(&r, weights, 3)]++;
	assert_int_equal(drawn[0], 0);
	assert_in_range(drawn[1], 29400, 30600);
}

static void
test_exponential(void **state)
{
	enum { COUNT = 200000, MEAN = 1000000 };
	struct random r;
	uint64_t sum = 0, above = 0;

	(void)state;
	random_seed(&r, 2);
	for (int i = 0; i < COUNT; i++) {
		uint64_t v = random_exponential(&r, MEAN);
		sum += v;
		above += v > MEAN;
	}
	assert_in_range(sum / COUNT, 990000, 1010000);
	/* P(x > mean) = 1/e = 0.36788 */
	assert_in_range(above, 72600, 74500);
}

static void
test_pareto(void **state)
{
	enum { COUNT = 200000 };
	struct random r;
	uint64_t above_two = 0, above_ten = 0, cut = 0;

	(void)state;
	random_seed(&r, 3);
	for (int i = 0; i < COUNT; i++) {
		uint64_t v = random_pareto(&r, 1000, 100000, 1200);
		assert_in_range(v, 1000, 100000);
		above_two += v > 2000;
		above_ten += v > 10000;
		cut += v == 100000;
	}
	/* 2^-1.2 = 0.43528, 10^-1.2 = 0.06310, 100^-1.2 = 0.00398 */
	assert_in_range(above_two, 86200, 87900);
	assert_in_range(above_ten, 12200, 13050);
	assert_in_range(cut, 690, 905);
}

/* Every figure of every simulation hangs on these. */
static void
test_stays_the_same(void **state)
{
	struct random r;
	uint8_t octets[11];

	(void)state;
	random_seed(&r, 42);
	assert_true(random_u64(&r) == UINT64_C(1546998764402558742));
	random_fill(&r, octets, sizeof octets);
	assert_int_equal(random_exponential(&r, 1000000), 78293);
	assert_int_equal(random_pareto(&r, 1000, 1000000, 1200), 1006);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generator),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_exponential),
		cmocka_unit_test(test_pareto),
		cmocka_unit_test(test_stays_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
