/* SPDX-License-Identifier: ISC */
/*
 * Random communications: what one attack is, over windows and shards; how a day is divided by the
 * sensors alive; payloads that are new; how many attacks a sample tells of.
 */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "analysis/security/random.h"
#include "analysis_run.h"
#include "base/bytes.h"

extern const struct analysis analysis_security_random_communications;

#define DAY      ((nsec_t)86400 * NSEC_PER_SEC)
#define MIDNIGHT DAY /* of 1970: within what analysis_run_section asks for */
#define SECONDS  NSEC_PER_SEC
#define WINDOW_0 ((int64_t)(MIDNIGHT / RUN_WINDOW))

static void
begin(struct analysis_run *run, size_t shards)
{
	analysis_run_begin(run, &analysis_security_random_communications, shards, 5);
}

static void
contact(struct analysis_run *run, size_t shard, const char *sensor, uint32_t source, uint16_t port,
    nsec_t at)
{
	uint8_t octets[4];
	struct contact c = { .begin = at,
		.end = at + NSEC_PER_SEC,
		.destination_port = port,
		.protocol = IP_PROTOCOL_TCP,
		.sensor = { (const uint8_t *)sensor, strlen(sensor) },
		.count = 1 };
	const struct contact *list = &c;

	put_be32(octets, source);
	c.source = address_from_ipv4(octets);
	analysis_run_start(run);
	run->analysis->observe(run->states[shard],
	    &(struct batch){ .type = OBS_CONTACT, .count = 1, .contacts = &list });
}

static void
watch(struct analysis_run *run, const char *sensor, nsec_t from, nsec_t to)
{
	struct sensor_watch w = {
		.begin = from, .end = to, .sensor = { (const uint8_t *)sensor, strlen(sensor) }
	};
	const struct sensor_watch *list = &w;

	analysis_run_start(run);
	run->analysis->observe(
	    run->states[0], &(struct batch){ .type = OBS_WATCH, .count = 1, .watches = &list });
}

/* A number of the section's table. */
static double
value(json_t *section, const char *table, size_t row, const char *name)
{
	return json_number_value(analysis_run_cell(analysis_run_table(section, table), row, name));
}

/* Five connections are one attack; a pause of more than 300 s parts two; windows do not matter. */
static void
test_one_attack(void **state)
{
	static const int TIMES[] = { 0, 5, 10, 290, 301, 595, 1000, 1299, 1601 };
	struct analysis_run run;
	json_t *section;

	(void)state;
	begin(&run, 2);
	for (size_t i = 0, window = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
		for (; (int)window < TIMES[i] / 300; window++)
			analysis_run_window(&run, WINDOW_0 + (int64_t)window);
		contact(&run, i % 2, "pot", 0x01020304, 135, MIDNIGHT + TIMES[i] * SECONDS);
		contact(&run, 0, "pot", 0x01020304, 445, MIDNIGHT + TIMES[i] * SECONDS);
	}
	analysis_run_window(&run, WINDOW_0 + 5);
	section = analysis_run_section(&run);
	/* Ends a second after it began: 595 + 1 to 1000, and 1299 + 1 to 1601, are more than 300.
	 */
	assert_int_equal((int)value(section, "days", 0, "attacks"), 6);
	assert_int_equal((int)value(section, "days", 0, "packets"), 18);
	json_decref(section);
	analysis_run_end(&run);
}

/* Two sensors, one of which was dead half of the second day. */
static void
test_uptime(void **state)
{
	struct analysis_run run;
	json_t *section;

	(void)state;
	begin(&run, 1);
	watch(&run, "a", MIDNIGHT, MIDNIGHT + 2 * DAY);
	watch(&run, "b", MIDNIGHT, MIDNIGHT + DAY);
	watch(&run, "b", MIDNIGHT + DAY, MIDNIGHT + DAY + DAY / 4);
	/* Overlaps the last: counts once. */
	watch(&run, "b", MIDNIGHT + DAY + DAY / 8, MIDNIGHT + DAY + DAY / 2);
	for (uint32_t i = 0; i < 60; i++) {
		contact(&run, 0, i % 2 == 0 ? "a" : "b", i, 22, MIDNIGHT + 10 * SECONDS);
		contact(&run, 0, i % 2 == 0 ? "a" : "b", i, 22, MIDNIGHT + DAY + 10 * SECONDS);
	}
	analysis_run_window(&run, WINDOW_0);
	section = analysis_run_section(&run);
	assert_float_equal(value(section, "days", 0, "sensors"), 2, 1e-6);
	assert_float_equal(value(section, "days", 0, "attacks_per_sensor"), 30, 1e-6);
	assert_float_equal(value(section, "days", 1, "sensors"), 1.5, 1e-6);
	assert_float_equal(value(section, "days", 1, "attacks_per_sensor"), 40, 1e-6);
	/* The half that is left weighs double. */
	assert_float_equal(value(section, "sensors", 1, "attacks_per_day"), 40, 1e-6);
	assert_string_equal(json_string_value(analysis_run_cell(
				analysis_run_table(section, "sensors"), 1, "uptime")),
	    "as it says itself");
	json_decref(section);
	analysis_run_end(&run);
}

/* 2^20 sources in a window: memory is bounded, the number right to some percent. */
static void
test_many_sources(void **state)
{
	enum { SOURCES = 1 << 20 };
	struct analysis_run run;
	json_t *section;
	double attacks;

	(void)state;
	begin(&run, 8);
	for (uint32_t i = 0; i < SOURCES; i++)
		contact(&run, i % 8, "pot", i * 2654435761U, 23,
		    MIDNIGHT + (nsec_t)(i / 4096) * SECONDS);
	for (size_t i = 0; i < 8; i++) {
		const struct random_state *s = run.states[i];
		assert_true(s->attacks.count <= 16384);
	}
	analysis_run_window(&run, WINDOW_0);
	assert_true(run.rows[RANDOM_ATTACKS]->count <= 8192);
	section = analysis_run_section(&run);
	attacks = value(section, "days", 0, "attacks");
	if (fabs(attacks / SOURCES - 1) > 0.03)
		fail_msg("%.0f attacks of %d", attacks, SOURCES);
	assert_int_equal((int)value(section, "days", 0, "packets"), SOURCES);
	json_decref(section);
	analysis_run_end(&run);
}

/* A sample is the same attacks in every window: long ones count once. */
static void
test_sample_over_windows(void **state)
{
	enum { SOURCES = 30000, WINDOWS = 4 };
	struct analysis_run run;
	json_t *section;
	double attacks;

	(void)state;
	begin(&run, 2);
	for (unsigned w = 0; w < WINDOWS; w++) {
		/* Fewer in the first window: its floor is another. */
		for (uint32_t i = 0; i < (w == 0 ? SOURCES / 6 : SOURCES); i++)
			contact(&run, i % 2, "pot", i * 2654435761U, 23,
			    MIDNIGHT + (nsec_t)w * RUN_WINDOW + (nsec_t)(i % 200) * SECONDS);
		analysis_run_window(&run, WINDOW_0 + w);
	}
	section = analysis_run_section(&run);
	attacks = value(section, "days", 0, "attacks");
	if (fabs(attacks / SOURCES - 1) > 0.05)
		fail_msg("%.0f attacks of %d", attacks, SOURCES);
	json_decref(section);
	analysis_run_end(&run);
}

/* Without sensors and dark prefixes packets cost nothing and say nothing. */
static void
test_silence(void **state)
{
	struct analysis_run run;
	struct packet p = { .kind = PACKET_IP, .ip_version = 4, .protocol = IP_PROTOCOL_TCP };
	const struct packet *list = &p;

	(void)state;
	begin(&run, 1);
	analysis_run_start(&run);
	run.analysis->observe(
	    run.states[0], &(struct batch){ .type = OBS_PACKET, .count = 1, .packets = &list });
	analysis_run_window(&run, WINDOW_0);
	assert_int_equal(run.rows[RANDOM_TOTALS]->count, 0);
	assert_null(analysis_run_section(&run));
	analysis_run_end(&run);
}

/* A list that is none is told with its line. */
static void
test_bad_list(void **state)
{
	char path[] = "/tmp/yagura-random-XXXXXX";
	int fd = mkstemp(path);
	struct analysis_context context = { .settings = NULL };
	struct err_info why = { 0 };
	struct analysis_run run;
	void *one;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "192.0.2.0/24\nnonsense\n", 22), 22);
	(void)close(fd);
	begin(&run, 1);
	analysis_run_set(&run, "research_scanners", path);
	context.settings = run.settings;
	context.site = &run.site;
	one = xcalloc(1, run.analysis->state_size);
	assert_int_equal(run.analysis->init(one, &context, &why), ERR_CONFIG);
	assert_non_null(strstr(why.text, ":2: "));
	run.analysis->release(one);
	free(one);
	(void)unlink(path);
	analysis_run_end(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_attack),
		cmocka_unit_test(test_uptime),
		cmocka_unit_test(test_many_sources),
		cmocka_unit_test(test_sample_over_windows),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_bad_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
