/* SPDX-License-Identifier: ISC */
/* The public suffix list: its algorithm on a small list, and lists that are none.  The real list is
 * compared with libpsl by tests/oracle/suffix.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dns.h"
#include "net/punycode.h"
#include "net/suffix.h"
#include "test.h"

static const char LIST[] = "// VERSION: 2026-11-22_00-00-00_UTC\n"
			   "// ===BEGIN ICANN DOMAINS===\n"
			   "com\n"
			   "jp\n"
			   "co.jp   trailing words\n"
			   "\n"
			   "*.kobe.jp\n"
			   "!city.kobe.jp\n"
			   "\xe5\x85\xac\xe5\x8f\xb8.cn\n"
			   "// ===END ICANN DOMAINS===\n"
			   "// ===BEGIN PRIVATE DOMAINS===\n"
			   "Hosted.example.com\n"
			   "dyn.private\n"
			   "// ===END PRIVATE DOMAINS===\n";

/* Reads a list of this text. */
static enum err
read_list(const char *text, struct suffix_list **ret_list, struct err_info *why)
{
	char path[] = "/tmp/yagura-suffix-XXXXXX";
	int file = mkstemp(path);
	enum err e;

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	assert_int_equal(close(file), 0);
	e = suffix_list_read(path, ret_list, why);
	assert_int_equal(unlink(path), 0);
	return e;
}

static void
check_site(const struct suffix_list *list, const char *name, const char *want)
{
	char text[DNS_NAME_TEXT_SIZE];
	uint8_t wire[255], starts[128];
	unsigned count = 0, at;
	size_t size;

	assert_int_equal(dns_name_parse(name, wire, &size, NULL), ERR_OK);
	at = suffix_site(list, wire, size);
	assert_string_equal(
	    at != SUFFIX_NONE ? dns_name_text(wire + at, size - at, text) : "", want);
	assert_int_equal(suffix_is_public(list, wire, size), at == SUFFIX_NONE && size > 1);
	for (size_t i = 0; wire[i] != 0; i += 1U + wire[i]) {
		memmove(starts + 1, starts, count++);
		starts[0] = (uint8_t)i;
	}
	assert_int_equal(suffix_site_at(list, wire, size, starts, count), at);
}

static bool
is_delegated(const struct suffix_list *list, const char *name)
{
	uint8_t wire[255];
	size_t size;

	assert_int_equal(dns_name_parse(name, wire, &size, NULL), ERR_OK);
	return suffix_is_delegated(list, wire, size);
}

static void
test_rules(void **state)
{
	struct suffix_list *list;

	(void)state;
	assert_int_equal(read_list(LIST, &list, NULL), ERR_OK);
	assert_int_equal(suffix_rules(list), 8);
	assert_string_equal(suffix_version(list), "2026-11-22_00-00-00_UTC");
	check_site(list, ".", "");
	check_site(list, "com", "");
	check_site(list, "a.com", "a.com");
	check_site(list, "x.y.a.com", "a.com");
	check_site(list, "example.com", "example.com");
	check_site(list, "hosted.example.com", "");
	check_site(list, "b.a.hosted.example.com", "a.hosted.example.com");
	check_site(list, "co.jp", "");
	check_site(list, "a.b.co.jp", "b.co.jp");
	check_site(list, "kobe.jp", "");
	check_site(list, "any.kobe.jp", "");
	check_site(list, "a.any.kobe.jp", "a.any.kobe.jp");
	check_site(list, "b.a.any.kobe.jp", "a.any.kobe.jp");
	check_site(list, "city.kobe.jp", "city.kobe.jp");
	check_site(list, "a.b.city.kobe.jp", "city.kobe.jp");
	check_site(list, "local", "");
	check_site(list, "a.printer.local", "printer.local");
	check_site(list, "a.xn--55qx5d.cn", "a.xn--55qx5d.cn");
	check_site(list, "dyn.private", "");
	assert_true(is_delegated(list, "a.com"));
	assert_true(is_delegated(list, "cn"));
	assert_false(is_delegated(list, "dyn.private"));
	assert_false(is_delegated(list, "home"));
	assert_false(is_delegated(list, "."));
	suffix_list_free(list);
}

static void
test_deep_names(void **state)
{
	struct suffix_list *list;
	char name[512] = "";

	(void)state;
	assert_int_equal(read_list(LIST, &list, NULL), ERR_OK);
	for (unsigned i = 0; i < 120; i++)
		memcpy(name + (size_t)2 * i, "a.", 3);
	memcpy(name + 240, "kobe.jp", 8);
	check_site(list, name, "a.a.kobe.jp");
	suffix_list_free(list);
}

static void
test_no_list(void **state)
{
	(void)state;
	check_site(NULL, "a.b.co.jp", "co.jp");
	check_site(NULL, "jp", "");
	check_site(NULL, ".", "");
	assert_false(is_delegated(NULL, "a.com"));
	assert_int_equal(suffix_rules(NULL), 0);
	assert_string_equal(suffix_version(NULL), "");
	suffix_list_free(NULL);
}

static void
test_bad_lists(void **state)
{
	static const char *const BAD[] = { "com\na..b\n", "com\na.*.b\n", "com\n.com\n", "com\n!\n",
		"com\na.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p\n", "com\n\xff\n", "com\n*.\n", "com\n**\n" };
	struct suffix_list *list = NULL;
	struct err_info why;

	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
		assert_int_equal(read_list(BAD[i], &list, &why), ERR_FORMAT);
		assert_non_null(strstr(why.text, ":2: "));
	}
	assert_int_equal(read_list("// nothing\n", &list, &why), ERR_FORMAT);
	assert_int_equal(suffix_list_read("/nonexistent", &list, &why), ERR_IO);
	assert_null(list);
}

/* The samples of RFC 3492, section 7.1, without their mixed case. */
static void
test_punycode(void **state)
{
	static const char *const SAMPLES[][2] = {
		{ "\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8\x8d\xe8\xaf"
		  "\xb4\xe4\xb8\xad\xe6\x96\x87",
		    "xn--ihqwcrb4cv8a8dqg056pqjye" },
		{ "pro\xc4\x8dprost\xc4\x9bnemluv\xc3\xad\xc4\x8d"
		  "esky",
		    "xn--proprostnemluvesky-uyb24dma41a" },
		{ "3\xe5\xb9\xb4"
		  "b\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7\x94\x9f",
		    "xn--3b-ww4c5e180e575a65lsy2b" },
		{ "Example", "example" },
	};
	uint8_t label[PUNYCODE_LABEL_MAX];
	char long_text[200];
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof SAMPLES / sizeof *SAMPLES; i++) {
		const char *text = SAMPLES[i][0];
		assert_int_equal(punycode_label(text, strlen(text), label, &size), ERR_OK);
		assert_int_equal(size, strlen(SAMPLES[i][1]));
		assert_memory_equal(label, SAMPLES[i][1], size);
	}
	memset(long_text, 'a', sizeof long_text);
	assert_int_equal(punycode_label(long_text, 63, label, &size), ERR_OK);
	assert_int_equal(punycode_label(long_text, 64, label, &size), ERR_FORMAT);
	assert_int_equal(punycode_label("", 0, label, &size), ERR_FORMAT);
	assert_int_equal(punycode_label("\xc3", 1, label, &size), ERR_FORMAT);
	assert_int_equal(punycode_label("\xc0\x80", 2, label, &size), ERR_FORMAT);
	assert_int_equal(punycode_label("\xed\xa0\x80", 3, label, &size), ERR_FORMAT);
	assert_int_equal(punycode_label("\xf5\x80\x80\x80", 4, label, &size), ERR_FORMAT);
	/* 60 different letters need more than 63 octets. */
	for (size_t i = 0; i < 60; i++)
		memcpy(long_text + 3 * i, (const char[]){ '\xe5', (char)(0x80 + i), '\x81' }, 3);
	assert_int_equal(punycode_label(long_text, 180, label, &size), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_deep_names),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_punycode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
