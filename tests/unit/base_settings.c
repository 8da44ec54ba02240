/* SPDX-License-Identifier: ISC */
/* Settings: grammars, ranges, suggestions, and that what is printed reads back. */
#include "base/settings.h"
#include "test.h"

static const struct setting SETTINGS[] = {
	{ "capacity", SETTING_U64, "2097152", "1", "100000000", "flows held at once" },
	{ "threshold", SETTING_F64, "0.01", "0.0001", "0.5", "least share" },
	{ "vlan_key", SETTING_BOOL, "false", NULL, NULL, "part of the key" },
	{ "label", SETTING_TEXT, "", NULL, NULL, "anything" },
	{ "idle_timeout", SETTING_DURATION, "60s", "1s", "1d", "silence that ends a flow" },
	{ "memory", SETTING_SIZE, "64MiB", "4KiB", NULL, "cap" },
	{ "free_number", SETTING_U64, "0", NULL, NULL, "no range" },
	{ "free_real", SETTING_F64, "-1.5e3", NULL, NULL, "no range" },
	{ "free_duration", SETTING_DURATION, "0s", NULL, NULL, "no range" },
	{ "free_size", SETTING_SIZE, "0", NULL, NULL, "no range" },
};
#define COUNT (sizeof SETTINGS / sizeof SETTINGS[0])

static void
set(struct settings *s, const char *name, const char *text)
{
	struct err_info why = { 0 };

	if (settings_set(s, name, text, &why) != ERR_OK)
		fail_msg("%s = %s: %s", name, text, why.text);
}

static void
refuse(struct settings *s, const char *name, const char *text, const char *sentence)
{
	struct err_info why = { 0 };

	assert_int_equal(settings_set(s, name, text, &why), ERR_CONFIG);
	assert_string_equal(why.text, sentence);
}

static void
test_defaults(void **state)
{
	struct settings *s = settings_new(SETTINGS, COUNT);
	size_t count;

	(void)state;
	assert_int_equal(settings_u64(s, "capacity"), 2097152);
	assert_true(settings_f64(s, "threshold") == 0.01);
	assert_false(settings_bool(s, "vlan_key"));
	assert_string_equal(settings_text(s, "label"), "");
	assert_int_equal(settings_duration(s, "idle_timeout"), 60 * NSEC_PER_SEC);
	assert_int_equal(settings_size(s, "memory"), 64 << 20);
	assert_ptr_equal(settings_declared(s, &count), SETTINGS);
	assert_int_equal(count, COUNT);
	settings_free(s);
	settings_free(NULL);
}

static void
test_values(void **state)
{
	struct settings *s = settings_new(SETTINGS, COUNT);

	(void)state;
	set(s, "free_number", "18446744073709551615");
	assert_true(settings_u64(s, "free_number") == UINT64_MAX);
	set(s, "free_real", "-0.125");
	assert_true(settings_f64(s, "free_real") == -0.125);
	set(s, "vlan_key", "true");
	assert_true(settings_bool(s, "vlan_key"));
	set(s, "label", "a: \"b\"\n");
	set(s, "label", "櫓");
	assert_string_equal(settings_text(s, "label"), "櫓");
	set(s, "free_duration", "250ms");
	assert_int_equal(settings_duration(s, "free_duration"), 250 * NSEC_PER_MS);
	set(s, "free_duration", "106751d");
	assert_true(settings_duration(s, "free_duration") == 106751 * (86400 * NSEC_PER_SEC));
	set(s, "free_size", "1GB");
	assert_int_equal(settings_size(s, "free_size"), 1000000000);
	set(s, "free_size", "4096");
	assert_int_equal(settings_size(s, "free_size"), 4096);
	settings_free(s);
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *name, *text;
	} bad[] = {
		{ "free_number", "" },
		{ "free_number", "1_000" },
		{ "free_number", "-1" },
		{ "free_number", "+1" },
		{ "free_number", " 1" },
		{ "free_number", "1 " },
		{ "free_number", "0x10" },
		{ "free_number", "18446744073709551616" },
		{ "free_number", "99999999999999999999999999" },
		{ "free_real", "" },
		{ "free_real", "." },
		{ "free_real", ".5" },
		{ "free_real", "5." },
		{ "free_real", "nan" },
		{ "free_real", "inf" },
		{ "free_real", "0x1p3" },
		{ "free_real", "1e" },
		{ "free_real", "1e999" },
		{ "free_real", "1,5" },
		{ "free_real", "1.5 " },
		{ "vlan_key", "yes" },
		{ "vlan_key", "True" },
		{ "vlan_key", "" },
		{ "free_duration", "5" },
		{ "free_duration", "5min" },
		{ "free_duration", "1.5s" },
		{ "free_duration", "-5s" },
		{ "free_duration", "5 s" },
		{ "free_duration", "106752d" },
		{ "free_duration", "18446744073709551615d" },
		{ "free_size", "5XB" },
		{ "free_size", "MiB" },
		{ "free_size", "16777216TiB" },
	};
	struct settings *s = settings_new(SETTINGS, COUNT);

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err_info why = { 0 };
		if (settings_set(s, bad[i].name, bad[i].text, &why) != ERR_CONFIG)
			fail_msg("%s = \"%s\" was accepted", bad[i].name, bad[i].text);
		assert_true(why.text[0] != '\0');
	}
	assert_int_equal(settings_u64(s, "free_number"), 0);
	refuse(s, "free_duration", "5",
	    "\"free_duration\" is a duration like 250ms, 300s, 5m, 1h or 1d, not \"5\"");
	refuse(s, "idle_timeout", "999ms", "\"idle_timeout\" is at least 1s, not 999ms");
	refuse(s, "idle_timeout", "25h", "\"idle_timeout\" is at most 1d, not 25h");
	refuse(s, "threshold", "0.6", "\"threshold\" is at most 0.5, not 0.6");
	refuse(s, "capacity", "0", "\"capacity\" is at least 1, not 0");
	set(s, "threshold", "0.5");
	set(s, "threshold", "0.0001");
	assert_int_equal(settings_set(s, "nothing", "1", NULL), ERR_CONFIG);
	settings_free(s);
}

static void
test_suggestions(void **state)
{
	struct settings *s = settings_new(SETTINGS, COUNT);
	char longest[200];

	(void)state;
	refuse(s, "thrshold", "1", "unknown setting \"thrshold\" (did you mean \"threshold\"?)");
	refuse(s, "thershold", "1", "unknown setting \"thershold\" (did you mean \"threshold\"?)");
	refuse(s, "idletimeout", "1",
	    "unknown setting \"idletimeout\" (did you mean \"idle_timeout\"?)");
	refuse(s, "banana", "1", "unknown setting \"banana\"");
	refuse(s, "", "1", "unknown setting \"\"");
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(settings_set(s, longest, "1", NULL), ERR_CONFIG);
	assert_null(settings_nearest("a", NULL, 0));
	settings_free(s);
}

/* Every value prints to a text that reads back to the same value and prints the same again. */
static void
test_printing(void **state)
{
	static const struct {
		const char *name, *text, *canonical;
	} values[] = {
		{ "free_number", "007", "7" },
		{ "free_real", "0.1", "0.1" },
		{ "free_real", "0.30000000000000004", "0.30000000000000004" },
		{ "free_real", "1e300", "1e+300" },
		{ "free_real", "100000", "1e+05" },
		{ "free_duration", "300s", "5m" },
		{ "free_duration", "1500ms", "1500ms" },
		{ "free_duration", "24h", "1d" },
		{ "free_duration", "1ns", "1ns" },
		{ "free_duration", "0d", "0s" },
		{ "free_size", "65536", "64KiB" },
		{ "free_size", "64000", "64kB" },
		{ "free_size", "1000000KB", "1GB" },
		{ "free_size", "1025", "1025B" },
		{ "free_size", "18446744073709551615", "18446744073709551615B" },
		{ "vlan_key", "true", "true" },
		{ "label", "x y", "x y" },
	};
	struct settings *s = settings_new(SETTINGS, COUNT);

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		char text[64], again[64];
		size_t index = 0;
		while (strcmp(SETTINGS[index].name, values[i].name) != 0)
			index++;
		set(s, values[i].name, values[i].text);
		assert_string_equal(
		    settings_print(s, index, text, sizeof text), values[i].canonical);
		set(s, values[i].name, text);
		assert_string_equal(settings_print(s, index, again, sizeof again), text);
	}
	settings_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_printing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
