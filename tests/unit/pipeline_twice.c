/* SPDX-License-Identifier: ISC */
/* Packets of which an exporter tells twice. */
#include "pipeline/twice.h"
#include "test.h"

#define RECORDS 4

static struct twice *
rule(const char *word)
{
	struct err_info why = { 0 };
	struct twice *t;

	assert_int_equal(twice_new(word, &(struct hash_secret){ 1, 2 }, &t, &why), ERR_OK);
	return t;
}

static struct flow_record
record(uint8_t exporter, uint8_t direction, uint32_t in, uint32_t out)
{
	const uint8_t octets[4] = { 192, 0, 2, exporter };

	return (struct flow_record){ .exporter = address_from_ipv4(octets),
		.direction = direction,
		.ingress_interface = in,
		.egress_interface = out };
}

/* The marks as digits, first record first. */
static unsigned
mark(struct twice *t, struct flow_record *records, size_t count)
{
	struct drop_counters drops = { 0 };
	unsigned marks = 0, marked = 0;

	twice_mark(t, records, count, &drops);
	for (size_t i = 0; i < count; i++) {
		marks = marks * 10 + records[i].twice;
		marked += records[i].twice;
	}
	assert_int_equal(drops.count[DROP_EXPORT_METERED_TWICE], marked);
	return marks;
}

static void
test_auto(void **state)
{
	struct twice *t = rule("auto");
	/* The ingress record comes later in the segment; interface 7 is metered on egress alone. */
	struct flow_record a[RECORDS] = { record(1, RECORD_EGRESS, 3, 4),
		record(1, RECORD_EGRESS, 7, 4), record(1, RECORD_INGRESS, 3, 4),
		record(1, RECORD_EGRESS, 0, 4) };
	struct flow_record b[2] = { record(2, RECORD_EGRESS, 3, 4),
		record(1, RECORD_EGRESS, 3, 9) };
	struct flow_record c[2] = { record(2, RECORD_EGRESS, 0, 4),
		record(2, RECORD_INGRESS, 5, 4) };

	(void)state;
	assert_int_equal(mark(t, a, RECORDS), 1001);
	/* Another exporter has nothing to do with it; what is known stays known. */
	assert_int_equal(mark(t, b, 2), 1);
	assert_int_equal(mark(t, c, 2), 10);
	twice_free(t);
}

static void
test_rules(void **state)
{
	static const struct {
		const char *word;
		unsigned marks;
	} RULES[] = { { "ingress", 10 }, { "egress", 1 }, { "both", 0 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct flow_record r[2] = { record(1, RECORD_EGRESS, 3, 4),
			record(1, RECORD_INGRESS, 3, 4) };
		struct twice *t = rule(RULES[i].word);
		assert_int_equal(mark(t, r, 2), RULES[i].marks);
		twice_free(t);
	}
}

/* An exporter that sends egress alone counts in full. */
static void
test_egress_only(void **state)
{
	struct flow_record r[2] = { record(1, RECORD_EGRESS, 3, 4),
		record(1, RECORD_EGRESS, 4, 3) };
	struct twice *t = rule("auto");

	(void)state;
	assert_int_equal(mark(t, r, 2), 0);
	twice_free(t);
}

static void
test_wrong_word(void **state)
{
	struct err_info why = { 0 };
	struct twice *t = NULL;

	(void)state;
	assert_int_equal(twice_new("either", &(struct hash_secret){ 1, 2 }, &t, &why), ERR_CONFIG);
	assert_non_null(strstr(why.text, "run.metering"));
	assert_null(t);
	twice_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auto),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_egress_only),
		cmocka_unit_test(test_wrong_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
