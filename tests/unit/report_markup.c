/* SPDX-License-Identifier: ISC */
/* Escaping: no octet of markup, no character that cannot be seen, and nothing else changed. */
#include <stdlib.h>
#include <string.h>

#include "obs/section.h"
#include "report/markup.h"
#include "test.h"

static void
compare(void (*write)(FILE *, const char *, size_t), const char *text, size_t size,
    const char *expected)
{
	char *html = NULL;
	size_t html_size = 0;
	FILE *out = open_memstream(&html, &html_size);

	write(out, text, size);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(html, expected);
	free(html);
}

/* Directional characters by their octets: compilers and linters warn of them in literals. */
static const char DIRECTION[][5] = {
	{ '\xe2', '\x80', '\xae', '!' }, /* U+202E */
	{ '\xe2', '\x81', '\xa6', '!' }, /* U+2066 */
};

static void
test_text(void **state)
{
	static const struct {
		const char *text, *html;
	} cases[] = {
		{ "", "" },
		{ "tcp/443", "tcp/443" },
		{ "<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;" },
		{ "</script><!--", "&lt;/script&gt;&lt;!--" },
		{ "\xe6\xab\x93 \xf0\x9f\x97\xbc", "\xe6\xab\x93 \xf0\x9f\x97\xbc" },
		/* The joiner inside an emoji or a Persian word stays. */
		{ "a\xe2\x80\x8d"
		  "b",
		    "a\xe2\x80\x8d"
		    "b" },
		{ DIRECTION[0], "<span class=\"code\">U+202E</span>!" },
		{ DIRECTION[1], "<span class=\"code\">U+2066</span>!" },
		{ "\x1b[31m", "<span class=\"code\">U+001B</span>[31m" },
		{ "a\nb", "a<span class=\"code\">U+000A</span>b" },
		{ "\xc2\x85\x7f",
		    "<span class=\"code\">U+0085</span><span class=\"code\">U+007F</span>" },
		{ "\xef\xbb\xbf", "<span class=\"code\">U+FEFF</span>" },
		{ "\xef\xbf\xbd", "\xef\xbf\xbd" },
		{ "\xef\xbf\xbe", "<span class=\"code\">U+FFFE</span>" },
		{ "\xf3\xa0\x81\x81", "<span class=\"code\">U+E0041</span>" },
		/* What no JSON string can hold does no harm either. */
		{ "\xff<", "<span class=\"code\">U+0080</span>&lt;" },
		{ "\xe2\x80",
		    "<span class=\"code\">U+0080</span><span class=\"code\">U+0080</span>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		compare(markup_text, cases[i].text, strlen(cases[i].text), cases[i].html);
	compare(markup_text, "a\0b", 3, "a<span class=\"code\">U+0000</span>b");
}

static void
test_attribute(void **state)
{
	(void)state;
	compare(markup_attribute, DIRECTION[0], 4, "[U+202E]!");
	compare(markup_attribute, "\"'<>&", 5, "&quot;&#39;&lt;&gt;&amp;");
}

static void
test_every_octet(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		char *html = NULL;
		size_t size = 0;
		char octet = (char)i;
		FILE *out = open_memstream(&html, &size);

		markup_attribute(out, &octet, 1);
		assert_int_equal(fclose(out), 0);
		assert_true(size >= 1);
		assert_int_equal(strcspn(html, "<>\"'\n\x1b\x7f"), size);
		free(html);
	}
}

static void
test_members(void **state)
{
	json_t *object = json_pack("{s:s, s:i}", "name", "<b>", "number", 3);
	char *html = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&html, &size);

	(void)state;
	markup_bdi(out, object, "name");
	markup_bdi(out, object, "number");
	markup_member(out, object, "absent");
	markup_member(out, NULL, "name");
	markup_member_attribute(out, object, "name");
	markup_id(out, "dns/a_B<1>\xe2");
	markup_id(out, NULL);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(html, "<bdi>&lt;b&gt;</bdi><bdi></bdi>&lt;b&gt;dns-a-B-1--");
	free(html);
	json_decref(object);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_attribute),
		cmocka_unit_test(test_every_octet),
		cmocka_unit_test(test_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
