/* SPDX-License-Identifier: ISC */
/* Guessing in security/scans: each threshold at its edge, lists, sources together, HTTP. */
#include <stdio.h>

#include "analysis/security/guess.h"
#include "analysis_run.h"
#include "test.h"

extern const struct analysis analysis_security_scans;

#define SECOND NSEC_PER_SEC
#define MINUTE (60 * NSEC_PER_SEC)

struct scene {
	struct analysis_run run;
	int64_t window;
};

static void
begin_scene(struct scene *s)
{
	s->window = 0;
	analysis_run_begin(&s->run, &analysis_security_scans, 2, 7);
}

static struct address
host(unsigned n)
{
	uint8_t octets[4] = { 192, 0, (uint8_t)(n >> 8), (uint8_t)n };

	return address_from_ipv4(octets);
}

static struct octets
text_of(const char *text)
{
	return (struct octets){ (const uint8_t *)text, strlen(text) };
}

static void
observe(struct scene *s, const struct batch *batch, nsec_t time)
{
	while (s->window < time / RUN_WINDOW)
		analysis_run_window(&s->run, s->window++);
	analysis_run_start(&s->run);
	s->run.analysis->observe(s->run.states[0], batch);
}

static void
attempt(struct scene *s, const char *service, unsigned source, const char *user,
    enum login_outcome outcome, nsec_t time)
{
	struct login l = { .time = time,
		.source = host(source),
		.destination = host(1),
		.outcome = (uint8_t)outcome,
		.origin = LOGIN_FROM_LOG,
		.count = 1,
		.service = service,
		.user = text_of(user) };
	const struct login *list[1] = { &l };

	observe(s, &(struct batch){ .type = OBS_LOGIN, .count = 1, .logins = list }, time);
}

/* Ends the scene: its section, a new reference. */
static json_t *
section_of(struct scene *s)
{
	json_t *section;

	analysis_run_window(&s->run, s->window);
	section = analysis_run_section(&s->run);
	assert_non_null(section);
	analysis_run_end(&s->run);
	return section;
}

/* Rows of the table of guessers; -1: none, and the pattern of the first. */
static size_t
guessers(struct scene *s, char *pattern, size_t size)
{
	json_t *section = section_of(s), *table, *tables = json_object_get(section, "tables");
	size_t i, count = 0;

	json_array_foreach (tables, i, table) {
		json_t *rows = json_object_get(table, "rows");
		if (strcmp(json_string_value(json_object_get(table, "id")), "guessers") != 0)
			continue;
		count = json_array_size(rows);
		(void)snprintf(pattern, size, "%s",
		    json_string_value(json_array_get(json_array_get(rows, 0), 8)));
	}
	json_decref(section);
	return count;
}

/* `count` failures, `apart` from each other. */
static size_t
found(const char *service, unsigned count, nsec_t apart)
{
	struct scene s;
	char pattern[32];

	begin_scene(&s);
	for (unsigned i = 0; i < count; i++)
		attempt(&s, service, 9, "root", LOGIN_FAILED, SECOND + i * apart);
	return guessers(&s, pattern, sizeof pattern);
}

static void
test_thresholds(void **state)
{
	(void)state;
	assert_int_equal(found("ssh", 29, SECOND), 0);
	assert_int_equal(found("ssh", 30, SECOND), 1);
	assert_int_equal(found("ssh", 30, MINUTE), 1);
	assert_int_equal(found("ssh", 60, MINUTE + 5 * SECOND), 0);
	assert_int_equal(found("ftp", 19, SECOND), 0);
	assert_int_equal(found("ftp", 20, SECOND), 1);
	assert_int_equal(found("ftp", 40, MINUTE), 0);
}

static void
test_bursts(void **state)
{
	struct scene s;
	char pattern[32];

	(void)state;
	for (unsigned gap = 10; gap < 12; gap++) {
		begin_scene(&s);
		for (unsigned i = 0; i < 60; i++)
			attempt(&s, "ssh", 9, "root", LOGIN_FAILED,
			    SECOND + i * SECOND + (i >= 30 ? gap * MINUTE : 0));
		assert_int_equal(guessers(&s, pattern, sizeof pattern), 2);
	}
	begin_scene(&s);
	for (unsigned i = 0; i < 60; i++)
		attempt(&s, "ssh", 9, "root", LOGIN_FAILED,
		    SECOND + i * SECOND + (i >= 30 ? 9 * MINUTE : 0));
	assert_int_equal(guessers(&s, pattern, sizeof pattern), 1);
	assert_string_equal(pattern, "one account");
}

/* A list worked off slowly: a name every five minutes. */
static void
test_list(void **state)
{
	(void)state;
	for (unsigned names = 49; names <= 50; names++) {
		struct scene s;
		char user[16], pattern[32];
		size_t count;

		begin_scene(&s);
		for (unsigned i = 0; i < 50; i++) {
			(void)snprintf(user, sizeof user, "user%u", i < names ? i : 0);
			attempt(&s, "ssh", 9, user, LOGIN_FAILED, SECOND + i * 5 * MINUTE);
		}
		count = guessers(&s, pattern, sizeof pattern);
		assert_int_equal(count, names == 50);
		if (count > 0)
			assert_string_equal(pattern, "list");
	}
}

/* Slow failures, then a success: found by that alone, over windows. */
static void
test_success(void **state)
{
	(void)state;
	for (unsigned failures = 29; failures <= 30; failures++) {
		struct scene s;
		char pattern[32];

		begin_scene(&s);
		for (unsigned i = 0; i < failures; i++)
			attempt(&s, "ssh", 9, "root", LOGIN_FAILED, SECOND + i * 2 * MINUTE);
		attempt(&s, "ssh", 9, "root", LOGIN_SUCCEEDED, failures * 2 * MINUTE);
		assert_int_equal(guessers(&s, pattern, sizeof pattern), failures == 30);
	}
}

/* Sources that fail once each at one account. */
static void
test_together(void **state)
{
	(void)state;
	for (unsigned sources = 99; sources <= 101; sources++) {
		struct scene s;
		json_t *section;
		const char *said;

		begin_scene(&s);
		for (unsigned i = 0; i < 101; i++)
			attempt(&s, "ssh", 1000 + i % sources, "root", LOGIN_FAILED,
			    SECOND + i * 10 * MINUTE);
		section = section_of(&s);
		said = json_string_value(json_array_get(json_object_get(section, "summary"), 0));
		assert_int_equal(strstr(said, "together") != NULL, sources >= 100);
		json_decref(section);
	}
}

static void
request(struct scene *s, unsigned i, uint16_t status, const char *location)
{
	struct http_request r = { .time = SECOND + i * SECOND,
		.client = host(9),
		.server = host(1),
		.status = status,
		.method = text_of("POST"),
		.target = text_of("/wp-login.php?x=1"),
		.user_agent = text_of("Agent"),
		.location = text_of(location),
		.body = text_of("a=b&log=admin&pwd=x") };
	const struct http_request *list[1] = { &r };

	observe(s, &(struct batch){ .type = OBS_HTTP, .count = 1, .http = list }, r.time);
}

static void
test_http(void **state)
{
	struct scene s;
	char pattern[32];

	(void)state;
	begin_scene(&s);
	for (unsigned i = 0; i < 30; i++)
		request(&s, i, i % 3 == 0 ? 200 : i % 3 == 1 ? 401 : 302, "/wp-login.php?again");
	assert_int_equal(guessers(&s, pattern, sizeof pattern), 1);
	assert_string_equal(pattern, "one account");
	begin_scene(&s);
	for (unsigned i = 0; i < 30; i++)
		request(&s, i, 302, "/wp-admin/");
	assert_int_equal(guessers(&s, pattern, sizeof pattern), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thresholds),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_http),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
