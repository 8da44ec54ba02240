/* SPDX-License-Identifier: ISC */
/* Loss and restarts from sequence numbers. */
#include "decode/export_sequence.h"
#include "export_build.h"

static struct build built; /* large */

static void
expect(struct export_sequence *s, uint64_t lost, uint64_t expected, uint64_t restarts,
    uint64_t reordered)
{
	struct sequence_counts c = sequence_take(s);

	assert_int_equal(c.lost, lost);
	assert_int_equal(c.expected, expected);
	assert_int_equal(c.restarts, restarts);
	assert_int_equal(c.reordered, reordered);
}

static void
in_order(void **state)
{
	struct export_sequence s = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		sequence_see(&s, UINT32_MAX - 500 + i * 3, 3, false);
	expect(&s, 0, 3000, 0, 0);
	expect(&s, 0, 0, 0, 0);
}

static void
gaps(void **state)
{
	struct export_sequence s = { 0 };

	(void)state;
	sequence_see(&s, 10, 1, false);
	sequence_see(&s, 12, 1, false);
	sequence_see(&s, 20, 1, false);
	expect(&s, 8, 11, 0, 0);
	/* What was reported lost and comes late is taken from the next loss. */
	sequence_see(&s, 11, 1, false);
	sequence_see(&s, 24, 1, false);
	expect(&s, 2, 4, 0, 1);
}

/* Messages that overtake each other within the window lose nothing. */
static void
reordered(void **state)
{
	struct export_sequence s = { 0 };

	(void)state;
	sequence_see(&s, 0, 10, false);
	for (uint32_t i = 0; i < 100; i++) {
		sequence_see(&s, 20 * i + 20, 10, false);
		sequence_see(&s, 20 * i + 10, 10, false);
	}
	expect(&s, 0, 2010, 0, 100);
	/* One that comes out of the middle of a gap. */
	sequence_see(&s, 2050, 10, false);
	sequence_see(&s, 2030, 10, false);
	expect(&s, 30, 50, 0, 1);
	sequence_see(&s, 2040, 10, false);
	sequence_see(&s, 2010, 10, false);
	sequence_see(&s, 2020, 10, false);
	sequence_see(&s, 2060, 10, false);
	sequence_see(&s, 2110, 10, false);
	expect(&s, 40 - 30, 60, 0, 3);
}

static void
duplicates(void **state)
{
	struct export_sequence s = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		sequence_see(&s, i * 5, 5, false);
		sequence_see(&s, i * 5, 5, false);
	}
	expect(&s, 0, 50, 0, 10);
}

/* Too late: the loss stays. */
static void
beyond_the_window(void **state)
{
	struct export_sequence s = { 0 };

	(void)state;
	sequence_see(&s, 0, 1, false);
	for (uint32_t i = 2; i < 100; i++)
		sequence_see(&s, i, 1, false);
	sequence_see(&s, 1, 1, false);
	expect(&s, 1, 100, 0, 1);
}

static void
restarts(void **state)
{
	struct export_sequence s = { 0 };

	(void)state;
	/* Far back. */
	sequence_see(&s, 100000, 1, false);
	assert_true(sequence_see(&s, 1, 1, false));
	sequence_see(&s, 2, 1, false);
	expect(&s, 0, 3, 1, 0);
	/* The uptime says so, forward or back. */
	sequence_see(&s, 500, 1, true);
	sequence_see(&s, 0, 1, true);
	sequence_see(&s, 1, 1, false);
	expect(&s, 0, 3, 2, 0);
	/* A little back: after a few messages in a row. */
	for (uint32_t i = 2; i < 1000; i++)
		sequence_see(&s, i, 1, false);
	expect(&s, 0, 998, 0, 0);
	for (uint32_t i = 0; i < 100; i++)
		sequence_see(&s, i, 1, false);
	assert_int_equal(s.restarts, 1);
	assert_int_equal(s.lost, 0);
	assert_int_equal(s.next, 100);
}

/* One number gone wild invents neither a loss nor a restart that lasts. */
static void
outliers(void **state)
{
	struct export_sequence s = { 0 };

	(void)state;
	sequence_see(&s, 1000000, 1, false);
	sequence_see(&s, 90000000, 1, false);
	sequence_see(&s, 1000001, 1, false);
	sequence_see(&s, 1000002, 1, false);
	assert_int_equal(s.lost, 0);
	assert_int_equal(s.next, 1000003);
	sequence_see(&s, 7, 1, false);
	sequence_see(&s, 1000003, 1, false);
	assert_int_equal(s.lost, 0);
	assert_int_equal(s.next, 1000004);
	/* A real gap of that size, though, is a loss. */
	sequence_see(&s, 2000004, 1, false);
	sequence_see(&s, 2000005, 1, false);
	assert_int_equal(s.lost, 1000000);
}

/* Records in sets without a template cannot be counted: their number is no loss. */
static void
doubt(void **state)
{
	struct export_sequence s = { 0 };

	(void)state;
	sequence_see(&s, 0, 10, false);
	sequence_see(&s, 10, 0, false);
	sequence_doubt(&s, 400);
	sequence_see(&s, 30, 10, false);
	sequence_see(&s, 50, 10, false);
	expect(&s, 10, 60, 0, 0);
}

static void
flows(unsigned version, uint32_t sequence, uint32_t uptime, int64_t seconds, uint32_t count)
{
	if (version == 9)
		build_v9(&built, uptime, seconds, sequence, 7);
	else
		build_ipfix(&built, seconds, sequence, 7);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	build_flows(&built, 256, count);
}

/* NetFlow v9 counts messages, IPFIX records, those of options too. */
static void
units(void **state)
{
	static const uint16_t OPTIONS[] = { 1, 4, 34, 4 };

	(void)state;
	for (unsigned version = 9; version <= 10; version++) {
		struct collector c;
		struct exporter_report r;

		collector_init(&c);
		for (uint32_t i = 0; i < 20; i++) {
			if (i == 7 || i == 8)
				continue;
			flows(version, version == 9 ? i : i * 6, BUILD_UPTIME, BUILD_TIME, 5);
			BUILD_OPTIONS(&built, 400, 1, OPTIONS);
			build_set(&built, 400);
			build_number(&built, 100, 8);
			build_set_end(&built);
			collector_send(&c, &built);
		}
		r = collector_report(&c);
		assert_int_equal(r.unit, version == 9 ? SEQUENCE_MESSAGES : SEQUENCE_RECORDS);
		assert_int_equal(r.lost, version == 9 ? 2 : 12);
		assert_int_equal(r.expected, version == 9 ? 20 : 120);
		assert_int_equal(r.messages, 18);
		assert_int_equal(r.records, 90);
		assert_int_equal(r.options_records, 18);
		collector_release(&c);
	}
}

/* IPFIX that counts messages, NetFlow v9 that counts records. */
static void
unit_is_found_out(void **state)
{
	(void)state;
	for (unsigned version = 9; version <= 10; version++) {
		struct collector c;
		struct exporter_report r;

		collector_init(&c);
		for (uint32_t i = 0; i < 50; i++) {
			if (i != 30) {
				flows(version, 1000 + (version == 10 ? i : 5 * i), BUILD_UPTIME,
				    BUILD_TIME, 5);
				collector_send(&c, &built);
			}
		}
		r = collector_report(&c);
		assert_int_equal(r.unit, version == 10 ? SEQUENCE_MESSAGES : SEQUENCE_RECORDS);
		assert_int_equal(r.lost, version == 10 ? 1 : 5);
		assert_int_equal(r.restarts, 0);
		assert_int_equal(collector_drops(&c, DROP_EXPORT_SEQUENCE_UNIT), 1);
		collector_release(&c);
	}
}

/* The uptime fell: a restart, though the sequence went ahead.  It wrapped: none. */
static void
uptime(void **state)
{
	struct collector c;
	struct exporter_report r;

	(void)state;
	collector_init(&c);
	flows(9, 100, 900000000, BUILD_TIME, 1);
	collector_send(&c, &built);
	flows(9, 200, 1000, BUILD_TIME + 60, 1);
	collector_send(&c, &built);
	r = collector_report(&c);
	assert_int_equal(r.restarts, 1);
	assert_int_equal(r.lost, 0);
	flows(9, 201, UINT32_MAX - 1000, BUILD_TIME + 60, 1);
	collector_send(&c, &built);
	(void)collector_report(&c);
	flows(9, 202, 9000, BUILD_TIME + 70, 1);
	collector_send(&c, &built);
	r = collector_report(&c);
	assert_int_equal(r.restarts, 0);
	assert_int_equal(r.lost, 0);
	collector_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(gaps),
		cmocka_unit_test(reordered),
		cmocka_unit_test(duplicates),
		cmocka_unit_test(beyond_the_window),
		cmocka_unit_test(restarts),
		cmocka_unit_test(outliers),
		cmocka_unit_test(doubt),
		cmocka_unit_test(units),
		cmocka_unit_test(unit_is_found_out),
		cmocka_unit_test(uptime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
