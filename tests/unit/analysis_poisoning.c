/* SPDX-License-Identifier: ISC */
/* dns/poisoning: thresholds and one below, classes, merging, loss, floods. */
#include <math.h>
#include <stdio.h>

#include "analysis/dns/poisoning.h"
#include "analysis/dns/poisoning_race.h"
#include "analysis_run.h"

extern const struct analysis analysis_dns_poisoning;

static const uint8_t RESOLVER[4] = { 192, 0, 2, 53 }, SERVER[4] = { 198, 51, 100, 53 };

struct made {
	struct dns_message m;
	uint8_t name[16];
	uint8_t data[12];
};

/* A response of a class about h<number>.a.jp at `time`; `before`: forged ones at its query. */
static void
give(struct analysis_run *run, size_t shard, nsec_t time, enum dns_match match, unsigned number,
    uint16_t before)
{
	struct made made = { .name = { 4, 'h', (uint8_t)('a' + number / 100 % 10),
				 (uint8_t)('a' + number / 10 % 10), (uint8_t)('a' + number % 10), 1,
				 'a', 2, 'j', 'p', 0 } };
	const struct dns_message *list = &made.m;
	struct batch batch = { .type = OBS_DNS, .count = 1, .dns = &list };

	made.m = (struct dns_message){
		.time = time,
		.client = address_from_ipv4(RESOLVER),
		.server = address_from_ipv4(SERVER),
		.client_port = 4000,
		.server_port = 53,
		.flags = DNS_QUESTION | DNS_RESPONSE,
		.match = (uint8_t)match,
		.name = made.name,
		.name_size = 11,
		.site_offset = 5,
		.name_hash = dns_hash(made.name, 11),
		.site_hash = dns_hash(made.name + 5, 6),
		.data = made.data,
		.size = sizeof made.data,
		.forged = before,
		.waiting_port = (uint16_t)(5000 + number),
		.ttl = 64,
		.first_ttl = 57,
		.answer_gap = 1000,
		.input_offset = (uint64_t)time,
	};
	analysis_run_start(run);
	run->analysis->observe(run->states[shard], &batch);
}

static void
begin(struct analysis_run *run)
{
	analysis_run_begin(run, &analysis_dns_poisoning, 2, 1);
}

/* The findings of what is stored; the caller drops them. */
static json_t *
findings(struct analysis_run *run)
{
	struct query_source q = store_query(run->store);
	struct section_context context = { .store = &q,
		.settings = run->settings,
		.site = &run->site,
		.begin = 0,
		.end = 1000 * RUN_WINDOW,
		.last = RUN_WINDOW };
	struct section *section = section_new(run->analysis->name, run->analysis->title);
	struct err_info why = { 0 };
	json_t *list;

	if (run->analysis->section(&context, section, &why) != ERR_OK)
		fail_msg("%s", why.text);
	list = section_findings(section);
	json_decref(section_finish(section));
	return list;
}

static json_t *
measure(json_t *list, size_t which, const char *name)
{
	json_t *f = json_array_get(list, which);

	return json_object_get(json_object_get(f, "measures"), name);
}

static void
assert_text(json_t *value, const char *text)
{
	assert_string_equal(json_string_value(value), text);
}

/* 9 answers with a wrong id at one query are none; 10 are an attempt. */
static void
one_query(void **state)
{
	(void)state;
	for (unsigned count = 9; count <= 10; count++) {
		struct analysis_run run;
		json_t *list;

		begin(&run);
		for (unsigned i = 0; i < count; i++)
			give(&run, i % 2, NSEC_PER_SEC + i, DNS_WRONG_ID, 1, (uint16_t)i);
		analysis_run_window(&run, 0);
		list = findings(&run);
		assert_int_equal(json_array_size(list), count == 10);
		if (count == 10) {
			assert_text(json_object_get(json_array_get(list, 0), "kind"), "attempt");
			assert_int_equal(json_integer_value(measure(list, 0, "forged")), 10);
			assert_int_equal(json_integer_value(measure(list, 0, "windows")), 1);
			assert_text(measure(list, 0, "class"), "single-name");
			assert_text(
			    json_object_get(
				json_object_get(json_array_get(list, 0), "subject"), "name"),
			    "haab.a.jp");
		}
		json_decref(list);
		analysis_run_end(&run);
	}
}

/* 99 forged answers for a zone in 10 s are none, 100 are; spread over two stretches neither. */
static void
one_zone(void **state)
{
	(void)state;
	for (unsigned count = 99; count <= 101; count++) {
		struct analysis_run run;
		json_t *list;

		begin(&run);
		for (unsigned i = 0; i < count; i++)
			give(&run, i % 2, NSEC_PER_SEC * (count == 101 && i > 50 ? 11 : 1) + i,
			    i % 3 == 0 ? DNS_WRONG_ID : DNS_WRONG_PORT, i, 0);
		analysis_run_window(&run, 0);
		list = findings(&run);
		assert_int_equal(json_array_size(list), count == 100);
		if (count == 100) {
			assert_text(
			    json_object_get(
				json_object_get(json_array_get(list, 0), "subject"), "name"),
			    "a.jp");
			assert_text(measure(list, 0, "class"), "kaminsky");
			assert_int_equal(json_integer_value(measure(list, 0, "wrong_id")), 34);
			assert_int_equal(json_integer_value(measure(list, 0, "wrong_port")), 66);
		}
		json_decref(list);
		analysis_run_end(&run);
	}
}

/* 4 siblings are not Kaminsky's attack, 5 are. */
static void
siblings(void **state)
{
	(void)state;
	for (unsigned names = 4; names <= 5; names++) {
		struct analysis_run run;
		json_t *list;

		begin(&run);
		for (unsigned i = 0; i < 12 * names; i++)
			give(&run, 0, NSEC_PER_SEC + i, DNS_WRONG_ID, i % names,
			    (uint16_t)(i / names));
		analysis_run_window(&run, 0);
		list = findings(&run);
		assert_int_equal(json_array_size(list), 1);
		assert_text(measure(list, 0, "class"), names == 5 ? "kaminsky" : "single-name");
		assert_int_equal(json_integer_value(measure(list, 0, "windows")), names);
		json_decref(list);
		analysis_run_end(&run);
	}
}

/* One attack over the border of windows is one finding; another 10 minutes later is a second. */
static void
episodes(void **state)
{
	struct analysis_run run;
	json_t *list;

	(void)state;
	begin(&run);
	for (unsigned i = 0; i < 100; i++)
		give(&run, 0, 299 * NSEC_PER_SEC + i, DNS_WRONG_ID, 1, (uint16_t)i);
	analysis_run_window(&run, 0);
	for (unsigned i = 0; i < 100; i++)
		give(&run, 0, 301 * NSEC_PER_SEC + i, DNS_WRONG_ID, 1, (uint16_t)i);
	give(&run, 1, 302 * NSEC_PER_SEC, DNS_SECOND_ANSWER, 1, 200);
	analysis_run_window(&run, 1);
	for (unsigned i = 0; i < 100; i++)
		give(&run, 0, 1000 * NSEC_PER_SEC + i, DNS_WRONG_PORT, 1, (uint16_t)i);
	analysis_run_window(&run, 3);
	list = findings(&run);
	assert_int_equal(json_array_size(list), 2);
	assert_text(json_object_get(json_array_get(list, 0), "kind"), "success");
	assert_text(json_object_get(json_array_get(list, 0), "severity"), "critical");
	/* 200 that were wrong, and the one that was taken. */
	assert_int_equal(json_integer_value(measure(list, 0, "forged")), 201);
	assert_text(json_object_get(json_array_get(list, 1), "kind"), "attempt");
	json_decref(list);
	analysis_run_end(&run);
}

/* Second answers alone are no attempt; where packets were lost nothing is concluded. */
static void
doubts(void **state)
{
	struct obs_counters counters = { .records = 999 };
	struct batch batch = { .type = OBS_COUNTERS, .count = 1, .counters = &counters };
	struct analysis_run run;
	json_t *list;

	(void)state;
	for (unsigned lost = 0; lost <= 2; lost++) {
		begin(&run);
		for (unsigned i = 0; i < 50; i++)
			give(&run, 0, 1000 + i, DNS_SECOND_ANSWER, i, 0);
		if (lost != 0)
			for (unsigned i = 0; i < 10; i++)
				give(&run, 0, 2000 + i, DNS_WRONG_ID, 1, (uint16_t)i);
		counters.drops.count[DROP_CAPTURE_LOST] = lost;
		counters.records = lost == 1 ? 999 : 1000;
		run.analysis->observe(run.states[0], &batch);
		analysis_run_window(&run, 0);
		list = findings(&run);
		assert_int_equal(json_array_size(list), lost != 0);
		if (lost != 0)
			assert_int_equal(
			    json_boolean_value(measure(list, 0, "inconclusive")), lost == 2);
		json_decref(list);
		analysis_run_end(&run);
	}
}

/* Races at ever new zones: the heaviest stays, what went is counted. */
static void
flood(void **state)
{
	struct analysis_run run;
	struct made made = { .name = { 4, 'x', 0, 0, 0, 2, 'j', 'p', 0 } };
	const struct dns_message *list = &made.m;
	struct batch batch = { .type = OBS_DNS, .count = 1, .dns = &list };
	json_t *found;

	(void)state;
	begin(&run);
	for (unsigned i = 0; i < 20; i++)
		give(&run, 0, 1000 + i, DNS_WRONG_ID, 1, (uint16_t)i);
	made.m = (struct dns_message){
		.client = address_from_ipv4(RESOLVER),
		.server = address_from_ipv4(SERVER),
		.flags = DNS_QUESTION | DNS_RESPONSE,
		.match = DNS_WRONG_ID,
		.name = made.name,
		.name_size = 9,
		.data = made.data,
		.size = sizeof made.data,
	};
	for (unsigned i = 0; i < 10000; i++) {
		made.m.time = 2000 + (nsec_t)i;
		made.m.site_hash = i;
		made.name[2] = (uint8_t)('a' + i / 256);
		made.name[3] = (uint8_t)i;
		run.analysis->observe(run.states[0], &batch);
	}
	analysis_run_window(&run, 0);
	assert_in_range(run.rows[POISONING_RACES]->count, 128, 256);
	found = findings(&run);
	assert_int_equal(json_array_size(found), 1);
	json_decref(found);
	analysis_run_end(&run);
}

static void
pools(void **state)
{
	bool at_least;

	(void)state;
	assert_true(race_pool(0, 0, &at_least) == 0);
	assert_true(race_pool(100, 1, &at_least) == 1 && !at_least);
	assert_true(fabs(race_pool(1000, 16, &at_least) - 16) < 0.1 && !at_least);
	/* 500 of 1000: 500 (1 - (1 - 1/500)^1000) = 432.5 */
	assert_true(fabs(race_pool(1000, 432.5, &at_least) - 500) < 1 && !at_least);
	assert_true(race_pool(1000, 995, &at_least) > 50000 && at_least);
	assert_true(race_pool(34, 34, &at_least) < 100 && at_least);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_query),
		cmocka_unit_test(one_zone),
		cmocka_unit_test(siblings),
		cmocka_unit_test(episodes),
		cmocka_unit_test(doubts),
		cmocka_unit_test(flood),
		cmocka_unit_test(pools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
