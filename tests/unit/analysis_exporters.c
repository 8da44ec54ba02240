/* SPDX-License-Identifier: ISC */
/* Records of exporters through the analyses of traffic, and quality/exporters. */
#include <math.h>

#include "unit/analysis_run.h"

#define S NSEC_PER_SEC

extern const struct analysis analysis_traffic_volume, analysis_traffic_ports,
    analysis_traffic_talkers, analysis_traffic_hierarchy, analysis_quality_exporters;

static struct flow_record
record(uint32_t sampling, uint64_t packets, uint64_t octets)
{
	struct flow_record r = { .flow = run_flow(
				     run_address("192.0.2.1"), run_address("198.51.100.2")),
		.exporter = run_address("203.0.113.1"),
		.sampling = sampling,
		.ingress_interface = 3 };

	r.flow.protocol = 6;
	r.flow.source_port = 443;
	r.flow.destination_port = 50000;
	r.flow.first[0] = 10 * S;
	r.flow.last[0] = 13 * S + S - 1;
	r.flow.packets[0] = packets;
	r.flow.octets[0] = octets;
	return r;
}

static json_int_t
integer(json_t *section, const char *table, size_t row, const char *column)
{
	return json_integer_value(
	    analysis_run_cell(analysis_run_table(section, table), row, column));
}

/* Whether some text of a list holds a word. */
static bool
says(json_t *section, const char *list, const char *words)
{
	json_t *text;
	size_t i;

	json_array_foreach (json_object_get(section, list), i, text)
		if (strstr(json_string_value(text), words) != NULL)
			return true;
	return false;
}

static bool
has_table(json_t *section, const char *id)
{
	json_t *table;
	size_t i;

	json_array_foreach (json_object_get(section, "tables"), i, table)
		if (strcmp(json_string_value(json_object_get(table, "id")), id) == 0)
			return true;
	return false;
}

/* Two records at 1 in 100 and one at an unknown rate. */
static json_t *
run_records(const struct analysis *analysis)
{
	struct flow_record list[] = { record(100, 1, 1500), record(100, 4, 4000),
		record(0, 2, 200) };
	struct analysis_run run;
	json_t *section;

	analysis_run_begin(&run, analysis, 2, 7);
	for (size_t i = 0; i < 3; i++)
		analysis_run_record(&run, i % 2, &list[i]);
	analysis_run_window(&run, 0);
	section = analysis_run_section(&run);
	analysis_run_end(&run);
	assert_non_null(section);
	assert_true(says(section, "warnings", "not known"));
	return section;
}

#define OCTETS  (5500 * 100 + 200)
#define PACKETS (5 * 100 + 2)

/* √(100 · 99 · (1500² + 4000²/4)) */
#define STANDARD_ERROR 248747

static void
test_volume(void **state)
{
	json_t *s = run_records(&analysis_traffic_volume), *bins;
	double sum = 0;
	size_t i;
	json_t *point;

	(void)state;
	assert_int_equal(integer(s, "protocol", 0, "octets"), OCTETS);
	assert_int_equal(integer(s, "protocol", 0, "packets"), PACKETS);
	assert_int_equal(integer(s, "protocol", 0, "octets_error"), STANDARD_ERROR);
	assert_int_equal(integer(s, "protocol", 0, "flows"), 3);
	/* No frames were seen. */
	assert_false(has_table(s, "packet_sizes"));
	assert_true(says(s, "summary", "sampled 1 in 100"));
	bins = json_object_get(
	    json_array_get(
		json_object_get(json_array_get(json_object_get(s, "figures"), 0), "series"), 0),
	    "points");
	json_array_foreach (bins, i, point)
		sum += json_real_value(json_array_get(point, 1));
	/* Rates in bins of 300 s. */
	assert_true(fabs(300 * sum - OCTETS * 8.0) < 1);
	json_decref(s);
}

static void
test_ports(void **state)
{
	json_t *s = run_records(&analysis_traffic_ports);

	(void)state;
	assert_string_equal(
	    json_string_value(analysis_run_cell(analysis_run_table(s, "services"), 0, "service")),
	    "tcp/443 (https)");
	assert_int_equal(integer(s, "services", 0, "octets"), OCTETS);
	assert_int_equal(integer(s, "services", 0, "octets_error"), STANDARD_ERROR);
	assert_int_equal(integer(s, "services", 0, "flows"), 3);
	json_decref(s);
}

static void
test_talkers(void **state)
{
	json_t *s = run_records(&analysis_traffic_talkers);

	(void)state;
	assert_int_equal(integer(s, "addresses", 0, "octets"), OCTETS);
	assert_int_equal(integer(s, "pairs", 0, "packets"), PACKETS);
	assert_int_equal(integer(s, "pairs", 0, "flows"), 3);
	assert_int_equal(
	    integer(s, "pairs", 0, "octets_error"), (json_int_t)ceil(sqrt(99.0 * 1500 * OCTETS)));
	json_decref(s);
}

static void
test_hierarchy(void **state)
{
	json_t *s = run_records(&analysis_traffic_hierarchy);

	(void)state;
	assert_int_equal(integer(s, "heavy-hitters", 0, "octets"), OCTETS);
	assert_int_equal(integer(s, "heavy-hitters", 0, "octets_error"),
	    (json_int_t)ceil(sqrt(99.0 * 1500 * OCTETS)));
	json_decref(s);
}

/* ------------------------------------------------------------------ quality/exporters */

static struct exporter_report
report(uint64_t lost, uint32_t rate)
{
	return (struct exporter_report){ .exporter = run_address("203.0.113.1"),
		.domain = 9,
		.protocol = EXPORT_NETFLOW9,
		.unit = SEQUENCE_MESSAGES,
		.messages = 90,
		.records = 1000,
		.lost = lost,
		.expected = 90 + lost,
		.restarts = 1,
		.rates = { { rate, rate != 0 ? SAMPLING_OPTIONS : SAMPLING_UNKNOWN, 1000 } },
		.first = S,
		.last = 2 * S };
}

/* A day of `records` records of a packet of 1000 octets at 1 in 100, and what the interface says.
 */
static json_t *
run_exporters(uint64_t counted, uint64_t lost, uint32_t rate)
{
	struct exporter_report r = report(lost, rate);
	struct interface_sample sample = { .exporter = run_address("203.0.113.1"),
		.interface = 3,
		.begin = S,
		.end = 200 * S,
		.in_octets = counted };
	struct flow_record one = record(100, 1000, 1000000);
	struct analysis_run run;
	json_t *section;

	analysis_run_begin(&run, &analysis_quality_exporters, 2, 7);
	analysis_run_report(&run, &r);
	analysis_run_report(&run, &r);
	if (counted != 0)
		analysis_run_interface(&run, &sample);
	for (unsigned i = 0; i < 100; i++)
		analysis_run_record(&run, i % 2, &one);
	analysis_run_window(&run, 0);
	section = analysis_run_section(&run);
	analysis_run_end(&run);
	assert_non_null(section);
	return section;
}

static const char *
verdict(json_t *section)
{
	return json_string_value(
	    analysis_run_cell(analysis_run_table(section, "days"), 0, "verdict"));
}

/* 100 records of 1000 packets of 1000 octets, times 100; frames have 18 octets more. */
#define FRAMES UINT64_C(10180000000)

static void
test_exporters(void **state)
{
	json_t *s = run_exporters(FRAMES, 10, 100);

	(void)state;
	assert_int_equal(integer(s, "exporters", 0, "lost"), 20);
	assert_int_equal(integer(s, "exporters", 0, "expected"), 200);
	assert_int_equal(integer(s, "exporters", 0, "restarts"), 2);
	assert_int_equal(integer(s, "sampling", 0, "sampling"), 100);
	assert_int_equal(integer(s, "sampling", 0, "records"), 2000);
	assert_string_equal(verdict(s), "agrees");
	assert_int_equal(integer(s, "days", 0, "octets"), 10000000000);
	assert_int_equal(integer(s, "days", 0, "octets_corrected"), 11111111111);
	assert_null(json_object_get(s, "warnings"));
	json_decref(s);
}

static void
test_cross_check(void **state)
{
	json_t *s = run_exporters(2 * FRAMES, 0, 100);

	(void)state;
	assert_memory_equal(verdict(s), "too little", 10);
	assert_true(says(s, "warnings", "do not add up"));
	json_decref(s);
	s = run_exporters(FRAMES / 2, 0, 100);
	assert_memory_equal(verdict(s), "too much", 8);
	json_decref(s);
	s = run_exporters(0, 0, 100);
	assert_string_equal(verdict(s), "no counters");
	assert_true(says(s, "quality", "No exporter sent interface counters"));
	json_decref(s);
}

static void
test_unknown_rate(void **state)
{
	json_t *s = run_exporters(FRAMES, 0, 0);

	(void)state;
	assert_true(
	    says(s, "warnings", "The sampling rate of 2,000 of 2,000 flow records is not known"));
	json_decref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_volume),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_talkers),
		cmocka_unit_test(test_hierarchy),
		cmocka_unit_test(test_exporters),
		cmocka_unit_test(test_cross_check),
		cmocka_unit_test(test_unknown_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
