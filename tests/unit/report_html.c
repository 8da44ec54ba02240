/* SPDX-License-Identifier: ISC */
/* Values as HTML, and a page from documents of any shape. */
#include <stdlib.h>
#include <string.h>

#include "obs/section.h"
#include "report/html.h"
#include "report/review.h"
#include "test.h"

static char *
print(const char *json, const char *type, const char *unit)
{
	char *html = NULL;
	size_t size = 0;
	struct page p = { .out = open_memstream(&html, &size) };
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	html_value(&p, value, type, unit);
	json_decref(value);
	assert_int_equal(fclose(p.out), 0);
	return html;
}

#define NUMBER(exact, text) "<data value=\"" exact "\">" text "</data>"
#define NONE                "<span class=\"none\">\u2013</span>"

static void
test_values(void **state)
{
	static const struct {
		const char *json, *type, *unit, *html;
	} cases[] = {
		{ "1234567", "count", "", NUMBER("1234567", "1,234,567") },
		{ "-1234", "count", "", NUMBER("-1234", "\u22121,234") },
		{ "-9223372036854775808", "count", "",
		    NUMBER("-9223372036854775808", "\u22129,223,372,036,854,775,808") },
		{ "0", "octets", "octets", NUMBER("0", "0") },
		{ "1234.5678", "number", "", NUMBER("1234.5678", "1,234.57") },
		{ "0.5", "number", "", NUMBER("0.5", "0.5") },
		{ "731.0", "number", "", NUMBER("731.0", "731") },
		{ "1e300", "number", "", NUMBER("1e300", "1e+300") },
		{ "0.00001", "number", "", NUMBER("1e-5", "1e-05") },
		{ "0.1", "share", "", NUMBER("0.1", "10.0\u2009%") },
		{ "0.04", "share", "", NUMBER("0.04", "4.00\u2009%") },
		{ "1", "share", "", NUMBER("1", "100.0\u2009%") },
		{ "0.0", "share", "", NUMBER("0.0", "0.0\u2009%") },
		{ "0.00001", "share", "", NUMBER("1e-5", "&lt;\u20090.01\u2009%") },
		{ "1500", "duration", "s", NUMBER("1500", "00:25:00") },
		{ "59.99", "duration", "s", NUMBER("59.99", "60 s") },
		{ "0.25", "duration", "s", NUMBER("0.25", "250 ms") },
		{ "93784", "duration", "s", NUMBER("93784", "1\u2009d 02:03:04") },
		{ "86399.7", "duration", "s", NUMBER("86399.7", "1\u2009d 00:00:00") },
		{ "1.2345e9", "rate", "bps", NUMBER("1234500000.0", "1.23 Gbps") },
		{ "1401548400000", "time", "",
		    "<time datetime=\"2014-05-31T15:00:00Z\">2014-05-31 15:00:00 UTC</time>" },
		{ "1401548400123", "time", "",
		    "<time datetime=\"2014-05-31T15:00:00.123Z\">2014-05-31 15:00:00.123 "
		    "UTC</time>" },
		{ "9223372036854775807", "time", "",
		    NUMBER("9223372036854775807", "9,223,372,036,854,775,807") },
		{ "null", "count", "", NONE },
		{ "\"<b>\"", "count", "", "<bdi>&lt;b&gt;</bdi>" },
		{ "\"2014-05-31T15:00:00Z\"", "iso", "",
		    "<time datetime=\"2014-05-31T15:00:00Z\">2014-05-31 15:00:00 UTC</time>" },
		{ "\"2016-02-29T23:59:59.25Z\"", "iso", "",
		    "<time datetime=\"2016-02-29T23:59:59.25Z\">2016-02-29 23:59:59.25 "
		    "UTC</time>" },
		{ "\"1969-12-31T23:59:59Z\"", "iso", "",
		    "<time datetime=\"1969-12-31T23:59:59Z\">1969-12-31 23:59:59 UTC</time>" },
		{ "\"1900-03-01T00:00:00Z\"", "iso", "",
		    "<time datetime=\"1900-03-01T00:00:00Z\">1900-03-01 00:00:00 UTC</time>" },
		{ "\"2014-05-31\"", "iso", "", "<bdi>2014-05-31</bdi>" },
		{ "\"2014-13-31T15:00:00Z\"", "iso", "", "<bdi>2014-13-31T15:00:00Z</bdi>" },
		{ "[1,\"a\",{\"k_x\":true}]", "text", "",
		    NUMBER("1", "1") ", <bdi>a</bdi>, <span class=\"key\">k x</span> yes" },
		{ "[[[[[[1]]]]]]", "text", "", "\u2026" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char *html = print(cases[i].json, cases[i].type, cases[i].unit);
		assert_string_equal(html, cases[i].html);
		free(html);
	}
}

/* Documents that break every promise of the schema still give a page that ends. */
static void
test_any_shape(void **state)
{
	static const char *const documents[] = { "{}", "[]", "{\"chapters\":3}",
		"{\"chapters\":[null,3,\"x\",{\"sections\":[null,{\"tables\":[{}],\"figures\":[{}]}"
		"]}]}",
		"{\"chapters\":[{\"sections\":[{\"summary\":\"text\",\"definition\":[1,null],"
		"\"tables\":[{\"columns\":[{}],\"rows\":[[],3,[1,2,3]]}],"
		"\"figures\":[{\"kind\":\"timeline\",\"series\":[{\"points\":[[1],[],\"x\"]}]}]}]}]"
		"}",
		"{\"findings\":[1,null,{\"subject\":[[]],\"measures\":{\"a_low\":1,\"a\":2},"
		"\"thresholds\":[1],\"evidence\":[null]}],\"inputs\":[1,{\"damage\":[{}]}],"
		"\"quality\":{\"drops\":{\"x\":\"y\"},\"sampling\":[[]],\"loss\":[3]}}",
		"{\"site\":{\"time_zone\":\"../../etc/passwd\",\"name\":7},\"period\":[]}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(documents); i++) {
		struct err_info why = { 0 };
		json_t *review = json_loads(documents[i], 0, NULL);

		assert_non_null(review);
		assert_int_equal(review_write_html(review, "/dev/null", &why), ERR_OK);
		json_decref(review);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_any_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
