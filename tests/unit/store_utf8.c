/* SPDX-License-Identifier: ISC */
/* UTF-8 as RFC 3629 has it: what is valid, and what becomes of the rest. */
#include <string.h>

#include "store/utf8.h"
#include "test.h"

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *text;
	const char *clean;
} CASES[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
	    "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
	{ "a\x80z", "a" BAD "z" },               /* a continuation alone */
	{ "\xc0\xaf", BAD BAD },                 /* longer than needed */
	{ "\xe0\x9f\xbf", BAD BAD BAD },         /* longer than needed */
	{ "\xf0\x8f\xbf\xbf", BAD BAD BAD BAD }, /* longer than needed */
	{ "\xed\xa0\x80", BAD BAD BAD },         /* a surrogate */
	{ "\xf4\x90\x80\x80", BAD BAD BAD BAD }, /* above U+10FFFF */
	{ "\xf5\x80\x80\x80", BAD BAD BAD BAD },
	{ "\xff\xfe", BAD BAD },
	{ "\xe2\x82", BAD BAD },         /* cut */
	{ "\xf0\x9f\x98", BAD BAD BAD }, /* cut */
	{ "\xe2\x82"
	  "a",
	    BAD BAD "a" },
	{ "\xc3(\xc3\xa9", BAD "(\xc3\xa9" },
};

static void
cleans(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		char target[64];
		size_t size = strlen(CASES[i].text);
		size_t written = utf8_clean(CASES[i].text, size, target);

		target[written] = '\0';
		assert_string_equal(target, CASES[i].clean);
		assert_int_equal(
		    utf8_valid(CASES[i].text, size), strcmp(CASES[i].text, CASES[i].clean) == 0);
		assert_true(utf8_valid(target, written));
	}
	assert_true(utf8_valid("a\0b", 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(cleans) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
