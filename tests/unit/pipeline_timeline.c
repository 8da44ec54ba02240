/* SPDX-License-Identifier: ISC */
/* Where windows begin: in order, late, set back, and far apart. */
#include "pipeline/timeline.h"
#include "test.h"

#define MINUTE ((nsec_t)60 * NSEC_PER_SEC)

static size_t
scan(struct timeline *t, const nsec_t *minutes, size_t count, struct timeline_cut *cuts,
    struct drop_counters *drops)
{
	struct packet packets[16] = { 0 };

	for (size_t i = 0; i < count; i++)
		packets[i].time = minutes[i] * MINUTE;
	return timeline_scan(t, packets, count, cuts, drops);
}

static void
test_order(void **state)
{
	struct timeline t = { .length = 5 * MINUTE };
	struct drop_counters drops = { 0 };
	struct timeline_cut cuts[16];
	const nsec_t first[] = { 7, 8, 9, 10, 14, 15, 16 };
	const nsec_t second[] = { 17, 19, 20 };

	(void)state;
	assert_int_equal(scan(&t, first, 7, cuts, &drops), 3);
	assert_int_equal(cuts[0].at, 0);
	assert_int_equal(cuts[0].begin, 5 * MINUTE);
	assert_int_equal(cuts[1].at, 3);
	assert_int_equal(cuts[1].begin, 10 * MINUTE);
	assert_int_equal(cuts[2].at, 5);
	assert_int_equal(scan(&t, second, 3, cuts, &drops), 1);
	assert_int_equal(cuts[0].at, 2);
	assert_int_equal(drops.count[DROP_TIME_LATE], 0);
}

static void
test_late_and_back(void **state)
{
	struct timeline t = { .length = 5 * MINUTE };
	struct drop_counters drops = { 0 };
	struct timeline_cut cuts[16];
	const nsec_t minutes[] = { 101, 99, 96, 101, 50, 51, 200 };

	(void)state;
	assert_int_equal(scan(&t, minutes, 7, cuts, &drops), 3);
	assert_int_equal(drops.count[DROP_TIME_LATE], 2);
	assert_int_equal(drops.count[DROP_TIME_BACKWARD], 1);
	assert_int_equal(drops.count[DROP_TIME_GAP], 1);
	assert_int_equal(cuts[1].at, 4);
	assert_int_equal(cuts[1].begin, 50 * MINUTE);
	assert_int_equal(cuts[2].begin, 200 * MINUTE);
}

/* A hostile clock cannot open windows for ever. */
static void
test_steps_are_bounded(void **state)
{
	struct timeline t = { .length = 5 * MINUTE };
	struct drop_counters drops = { 0 };
	struct timeline_cut cuts[16];

	(void)state;
	for (int i = 0; i < 3 * TIMELINE_STEPS; i++) {
		const nsec_t minutes[] = { 100000 - i * 20 };
		(void)scan(&t, minutes, 1, cuts, &drops);
	}
	assert_int_equal(drops.count[DROP_TIME_BACKWARD], TIMELINE_STEPS);
	assert_int_equal(drops.count[DROP_TIME_LATE], 2 * TIMELINE_STEPS - 1);
}

/* Live: the clock closes a window that nothing follows; what follows opens its own. */
static void
test_the_clock_closes(void **state)
{
	struct timeline t = { .length = 5 * MINUTE };
	struct drop_counters drops = { 0 };
	struct timeline_cut cuts[4];
	const nsec_t minutes[] = { 1, 4 }, later[] = { 11 };

	(void)state;
	assert_false(timeline_lapse(&t, 100 * MINUTE));
	assert_int_equal(scan(&t, minutes, 2, cuts, &drops), 1);
	assert_false(timeline_lapse(&t, 5 * MINUTE));
	assert_true(timeline_lapse(&t, 5 * MINUTE + TIMELINE_GRACE));
	assert_false(timeline_lapse(&t, 6 * MINUTE));
	assert_int_equal(scan(&t, later, 1, cuts, &drops), 1);
	assert_true(cuts[0].begin == 10 * MINUTE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_late_and_back),
		cmocka_unit_test(test_steps_are_bounded),
		cmocka_unit_test(test_the_clock_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
