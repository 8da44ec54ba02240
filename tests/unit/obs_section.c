/* SPDX-License-Identifier: ISC */
/* The builder of sections: shapes, hostile octets, and text for prose. */
#include <math.h>
#include <string.h>

#include "obs/section.h"
#include "test.h"

static const struct section_column COLUMNS[] = {
	{ "address", "Address", "address", "" },
	{ "octets", "Octets", "octets", "octets" },
};

static json_t *
build(void)
{
	struct section *s = section_new("traffic/talkers", "Top talkers");
	struct section_table *t =
	    section_table(s, "addresses", "Addresses", COLUMNS, ARRAY_COUNT(COLUMNS));
	struct section_figure *f = section_figure(s, FIGURE_TIME_SERIES, "rate", "Rate");

	section_say(s, "It peaked at %s.", "noon");
	section_define(s, "A talker is an address.");
	section_quality(s, "%d packets", 7);
	section_row(t, json_string("192.0.2.1"), json_integer(5), NULL);
	section_row(t, NULL, json_integer(6), NULL);
	section_table_note(t, "Error at most %d.", 3);
	section_axis(f, 'x', "time", "time", "ms");
	section_axis(f, 'y', "rate", "linear", "bps");
	section_caption(f, "By %s.", "version");
	json_array_append_new(section_series(f, "IPv4"), json_pack("[I,f]", (json_int_t)1000, 2.5));
	return section_finish(s);
}

static void
test_shape(void **state)
{
	static const char expected[] =
	    "{\"id\":\"traffic/talkers\",\"title\":\"Top talkers\",\"summary\":[\"It peaked at "
	    "noon.\"],\"definition\":[\"A talker is an address.\"],\"quality\":[\"7 packets\"],"
	    "\"tables\":[{\"id\":\"addresses\",\"title\":\"Addresses\",\"columns\":[{\"name\":"
	    "\"address\",\"title\":\"Address\",\"type\":\"address\",\"unit\":\"\"},{\"name\":"
	    "\"octets\",\"title\":\"Octets\",\"type\":\"octets\",\"unit\":\"octets\"}],\"rows\":[["
	    "\"192.0.2.1\",5],[null,6]],\"notes\":[\"Error at most 3.\"]}],\"figures\":[{\"id\":"
	    "\"rate\",\"title\":\"Rate\",\"kind\":\"time-series\",\"x\":{\"label\":\"time\","
	    "\"type\":\"time\",\"unit\":\"ms\"},\"y\":{\"label\":\"rate\",\"type\":\"linear\","
	    "\"unit\":\"bps\"},\"series\":[{\"name\":\"IPv4\",\"points\":[[1000,2.5]]}],"
	    "\"caption\":\"By version.\"}]}";
	json_t *object = build();
	char *text = json_dumps(object, JSON_COMPACT);

	(void)state;
	assert_string_equal(text, expected);
	free(text);
	json_decref(object);
}

static void
test_octets_that_are_no_text(void **state)
{
	static const struct {
		const char *octets;
		size_t size;
		const char *text;
	} cases[] = {
		{ "plain", 5, "plain" },
		{ "\xe6\xab\x93", 3, "\xe6\xab\x93" },
		{ "\xe6\xab", 2, "\\xe6\\xab" },
		{ "a\xc0\xaf"
		  "b",
		    4, "a\\xc0\\xafb" },
		{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" },
		{ "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80" },
		{ "\xf0\x9f\x97\xbc", 4, "\xf0\x9f\x97\xbc" },
		{ "\xf0\x80\x80\x80", 4, "\\xf0\\x80\\x80\\x80" },
		{ "\xff", 1, "\\xff" },
		{ "", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		json_t *string = json_text(cases[i].octets, cases[i].size);
		assert_string_equal(json_string_value(string), cases[i].text);
		json_decref(string);
	}
	json_t *zero = json_text("a\0b", 3);
	assert_int_equal(json_string_length(zero), 3);
	json_decref(zero);
}

static void
test_count(void **state)
{
	char text[40];

	(void)state;
	assert_string_equal(text_count(0, text, sizeof text), "0");
	assert_string_equal(text_count(999, text, sizeof text), "999");
	assert_string_equal(text_count(1000, text, sizeof text), "1,000");
	assert_string_equal(text_count(1234567, text, sizeof text), "1,234,567");
	assert_string_equal(
	    text_count(UINT64_MAX, text, sizeof text), "18,446,744,073,709,551,615");
	assert_string_equal(text_count(1234567, text, 4), "1,2");
}

static void
test_si(void **state)
{
	static const struct {
		double value;
		const char *unit, *text;
	} cases[] = {
		{ 1.2345e9, "bps", "1.23 Gbps" },
		{ 0, "bps", "0 bps" },
		{ 999.4, "pps", "999 pps" },
		{ 999.6, "pps", "1 kpps" },
		{ 999999, "octets", "1 MB" },
		{ 2048, "octets", "2.05 kB" },
		{ 1.5e6, "packets", "1.5 M packets" },
		{ 12, "packets", "12 packets" },
		{ 99.96, "", "100" },
		{ 9.996, "", "10" },
		{ 12345, "", "12.3 k" },
		{ 0.0012, "s", "1.2 ms" },
		{ 3e-7, "s", "300 ns" },
		{ 1e-12, "s", "0.001 ns" },
		{ 86400, "s", "86400 s" },
		{ 0.25, "packets", "0.25 packets" },
		{ 1e22, "bps", "10000 Ebps" },
		{ -1500, "bps",
		    "\xe2\x88\x92"
		    "1.5 kbps" },
	};
	char text[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		assert_string_equal(
		    text_si(cases[i].value, cases[i].unit, text, sizeof text), cases[i].text);
	assert_string_equal(text_si(NAN, "bps", text, sizeof text), "unknown");
	assert_string_equal(text_si(INFINITY, "bps", text, sizeof text), "unknown");
}

static void
test_time(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(text_time(1401580805 * NSEC_PER_SEC, "Asia/Tokyo", text, sizeof text),
	    "2014-06-01 09:00:05 JST");
	assert_string_equal(text_time(1401580805 * NSEC_PER_SEC, NULL, text, sizeof text),
	    "2014-06-01 00:00:05 UTC");
	assert_string_equal(text_time(1401580805 * NSEC_PER_SEC, "No/Where", text, sizeof text),
	    "2014-06-01 00:00:05 UTC");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_octets_that_are_no_text),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_si),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
