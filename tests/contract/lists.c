/* SPDX-License-Identifier: ISC */
/* The laws of the other tables: commands, drop counters, scenarios. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "obs/drop.h"
#include "simulate/scenario.h"
#include "unit/test.h"

static bool
is_made_of(const char *text, const char *extra)
{
	if (!islower((unsigned char)text[0]))
		return false;
	for (; *text != '\0'; text++)
		if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) &&
		    strchr(extra, *text) == NULL)
			return false;
	return true;
}

/* A line for people: there, short, no full stop. */
static void
assert_line(const char *text)
{
	assert_non_null(text);
	assert_in_range(strlen(text), 3, 200);
	assert_true(text[strlen(text) - 1] != '.' && strchr(text, '\n') == NULL);
}

static void
test_commands(void **state)
{
	(void)state;
	for (const struct command *const *c = COMMANDS; *c != NULL; c++) {
		assert_true(is_made_of((*c)->name, "-"));
		assert_line((*c)->summary);
		assert_non_null((*c)->operands);
		assert_non_null((*c)->options);
		assert_true(((*c)->run != NULL) != ((*c)->subcommands != NULL));
		for (const struct command *const *other = COMMANDS; other != c; other++)
			assert_string_not_equal((*c)->name, (*other)->name);
	}
}

static void
test_options(void **state)
{
	(void)state;
	for (const struct command *const *c = COMMANDS; *c != NULL; c++)
		for (const struct opt *o = (*c)->options; o->name != NULL; o++) {
			assert_true(is_made_of(o->name, "-"));
			assert_string_not_equal(o->name, "help");
			assert_true(o->letter != 'h');
			assert_true(o->letter == 0 || isalpha((unsigned char)o->letter));
			assert_line(o->help);
			for (const struct opt *other = (*c)->options; other != o; other++) {
				assert_string_not_equal(o->name, other->name);
				assert_true(o->letter == 0 || o->letter != other->letter);
			}
		}
}

static void
test_drops(void **state)
{
	(void)state;
	for (int i = 0; i < DROP_COUNT; i++) {
		const char *name = drop_name((enum drop)i);

		assert_true(is_made_of(name, "._"));
		assert_non_null(strchr(name, '.'));
		assert_line(drop_meaning((enum drop)i));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(name, drop_name((enum drop)k));
	}
}

/* Every counter is explained where people look for it; tools/counters.py writes that page. */
static void
test_drops_are_documented(void **state)
{
	static const char PATH[] = YAGURA_SOURCE "/doc/counters.md";
	FILE *in = fopen(PATH, "r");
	char *text = NULL;
	size_t size = 0;

	(void)state;
	if (in == NULL)
		fail_msg("%s is missing", PATH);
	if (getdelim(&text, &size, '\0', in) < 0)
		fail_msg("%s is empty", PATH);
	for (int i = 0; i < DROP_COUNT; i++) {
		char quoted[80];

		(void)snprintf(quoted, sizeof quoted, "| `%s` |", drop_name((enum drop)i));
		if (strstr(text, quoted) == NULL)
			fail_msg("%s lacks %s: run tools/counters.py", PATH, quoted);
	}
	free(text);
	(void)fclose(in);
}

static void
test_scenarios(void **state)
{
	(void)state;
	for (const struct scenario *const *s = SCENARIOS; *s != NULL; s++) {
		struct settings *settings = settings_new((*s)->settings, (*s)->setting_count);

		assert_true(is_made_of((*s)->name, "-"));
		assert_line((*s)->summary);
		assert_non_null((*s)->run);
		for (size_t i = 0; i < (*s)->setting_count; i++) {
			assert_true(is_made_of((*s)->settings[i].name, "_"));
			assert_line((*s)->settings[i].help);
		}
		settings_free(settings);
		for (const struct scenario *const *other = SCENARIOS; other != s; other++)
			assert_string_not_equal((*s)->name, (*other)->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_drops_are_documented),
		cmocka_unit_test(test_scenarios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
