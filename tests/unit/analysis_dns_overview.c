/* SPDX-License-Identifier: ISC */
/* dns/overview by hand-made messages: views, bits, rare values, bounds under a flood, clocks. */
#include <stdio.h>

#include "analysis_run.h"
#include "net/dns.h"

extern const struct analysis analysis_dns_overview;

/* A question "aN.example" with its hashes. */
struct question {
	uint8_t name[DNS_NAME_MAX];
	struct dns_message message;
};

static void
ask(struct question *q, const char *text, enum dns_view view)
{
	struct dns_message *m = &q->message;
	struct err_info why = { 0 };
	size_t size = 0, last = 0;

	*m = (struct dns_message){ .time = NSEC_PER_SEC,
		.client = run_address("192.0.2.1"),
		.server = run_address("192.0.2.53"),
		.client_port = 40000,
		.server_port = 53,
		.flags = DNS_QUESTION,
		.view = (uint8_t)view,
		.type = DNS_TYPE_A,
		.class = DNS_CLASS_IN,
		.ttl_least = UINT32_MAX,
		.latency = -1,
		.site_offset = SUFFIX_NONE,
		.message_size = 40 };
	if (dns_name_parse(text, q->name, &size, &why) != ERR_OK)
		fail_msg("%s", why.text);
	for (size_t at = 0; q->name[at] != 0; at += 1U + q->name[at])
		last = at;
	m->name = q->name;
	m->name_size = (uint8_t)size;
	m->labels = (uint8_t)dns_name_labels(q->name, size);
	m->tld_offset = (uint8_t)last;
	m->name_hash = m->site_hash = hash_mix_words((const uint64_t[]){ size, last }, 2);
	for (size_t i = 0; i < size; i++)
		m->name_hash = m->site_hash = hash_mix64(m->name_hash + q->name[i]);
}

static void
tell(struct analysis_run *run, size_t shard, enum obs_type type, const struct dns_message *m)
{
	struct batch batch = { .type = type, .count = 1, .dns = &m };

	analysis_run_start(run);
	run->analysis->observe(run->states[shard], &batch);
}

/* The count of a value in dns_counts of the last window; 0 when there is no such row. */
static uint64_t
count_of(const struct analysis_run *run, const char *view, const char *dimension, const char *name)
{
	const struct rows *rows = run->rows[1];
	const struct slice *views = rows->columns[0], *dimensions = rows->columns[1];
	const struct slice *names = rows->columns[3];
	const uint64_t *counts = rows->columns[4];

	for (size_t i = 0; i < rows->count; i++)
		if (views[i].size == strlen(view) &&
		    memcmp(rows->octets + views[i].offset, view, views[i].size) == 0 &&
		    dimensions[i].size == strlen(dimension) &&
		    memcmp(rows->octets + dimensions[i].offset, dimension, dimensions[i].size) ==
			0 &&
		    names[i].size == strlen(name) &&
		    memcmp(rows->octets + names[i].offset, name, names[i].size) == 0)
			return counts[i];
	return 0;
}

static void
test_bits_and_values(void **state)
{
	struct analysis_run run;
	struct question q;

	(void)state;
	analysis_run_begin(&run, &analysis_dns_overview, 2, 7);
	ask(&q, "www.example", DNS_VIEW_WIRE);
	q.message.flags |= DNS_EDNS | DNS_DO | DNS_ECS | DNS_CASE_MIXED;
	q.message.bits = DNS_RD | DNS_CD;
	q.message.edns_size = 1232;
	q.message.ecs_family = 2;
	q.message.ecs_source = 56;
	tell(&run, 0, OBS_DNS, &q.message);
	q.message.type = 65280;
	q.message.view = DNS_VIEW_RESOLVER;
	tell(&run, 1, OBS_DNS, &q.message);
	q.message.flags = DNS_RESPONSE | DNS_QUESTION | DNS_EDNS;
	q.message.bits = DNS_AA | DNS_TC | DNS_AD;
	q.message.rcode = DNS_RCODE_BADCOOKIE;
	q.message.signature_count = 1;
	q.message.ede_count = 2;
	q.message.ede[0] = 18;
	q.message.ede[1] = 49152;
	q.message.match = DNS_MATCHED;
	q.message.latency = 37 * NSEC_PER_US;
	tell(&run, 1, OBS_DNS, &q.message);
	analysis_run_window(&run, 0);
	assert_int_equal(count_of(&run, "wire", "query_flag", "all"), 1);
	assert_int_equal(count_of(&run, "wire", "query_flag", "do"), 1);
	assert_int_equal(count_of(&run, "wire", "query_flag", "cd"), 1);
	assert_int_equal(count_of(&run, "wire", "query_flag", "rd"), 1);
	assert_int_equal(count_of(&run, "wire", "query_flag", "ad"), 0);
	assert_int_equal(count_of(&run, "wire", "query_flag", "ecs"), 1);
	assert_int_equal(count_of(&run, "wire", "query_flag", "upper-case"), 1);
	assert_int_equal(count_of(&run, "wire", "query_flag", "ipv6"), 0);
	assert_int_equal(count_of(&run, "wire", "query_ecs_prefix", "IPv6/56"), 1);
	assert_int_equal(count_of(&run, "wire", "query_type", "A"), 1);
	assert_int_equal(count_of(&run, "resolver", "query_type", "TYPE65280"), 1);
	assert_int_equal(count_of(&run, "resolver", "query_edns_size", "1232"), 1);
	assert_int_equal(count_of(&run, "resolver", "rcode", "BADCOOKIE"), 1);
	assert_int_equal(count_of(&run, "resolver", "ede", "18"), 1);
	assert_int_equal(count_of(&run, "resolver", "ede", "49152"), 1);
	assert_int_equal(count_of(&run, "resolver", "match", "matched"), 1);
	assert_int_equal(count_of(&run, "resolver", "response_flag", "aa"), 1);
	assert_int_equal(count_of(&run, "resolver", "response_flag", "tc"), 1);
	assert_int_equal(count_of(&run, "resolver", "response_flag", "ad"), 1);
	assert_int_equal(count_of(&run, "resolver", "response_flag", "cd"), 0);
	assert_int_equal(count_of(&run, "resolver", "response_flag", "ra"), 0);
	assert_int_equal(count_of(&run, "resolver", "response_flag", "rrsig"), 1);
	assert_int_equal(run.rows[2]->count, 1);
	analysis_run_end(&run);
}

/* Every EDNS size there is, from a sender who wants to fill the tables. */
static void
test_rare_values_fold(void **state)
{
	struct analysis_run run;
	struct question q;
	uint64_t kept = 0;

	(void)state;
	analysis_run_begin(&run, &analysis_dns_overview, 2, 8);
	ask(&q, "flood.example", DNS_VIEW_WIRE);
	q.message.flags |= DNS_EDNS;
	for (unsigned size = 0; size < 65536; size++) {
		q.message.edns_size = (uint16_t)size;
		tell(&run, size % 2, OBS_DNS, &q.message);
	}
	analysis_run_window(&run, 0);
	for (unsigned size = 0; size < 65536; size++) {
		char text[16];
		if (size % 997 != 0 && size > 3000)
			continue;
		(void)snprintf(text, sizeof text, "%u", size);
		kept += count_of(&run, "wire", "query_edns_size", text);
	}
	assert_true(kept >= 3000);
	assert_true(count_of(&run, "wire", "query_edns_size", "other") > 65536 - 2 * 8192);
	assert_true(count_of(&run, "wire", "query_edns_size", "other") < 65536 - 2 * 8000);
	analysis_run_end(&run);
}

/* Names that never repeat beside one that does: it is found, and its count within the bound. */
static void
test_flood_of_names(void **state)
{
	struct analysis_run run;
	struct question steady, random;
	json_t *section, *table;
	uint64_t found;

	(void)state;
	analysis_run_begin(&run, &analysis_dns_overview, 2, 9);
	analysis_run_set(&run, "keys", "256");
	ask(&steady, "steady.example", DNS_VIEW_WIRE);
	for (unsigned i = 0; i < 40000; i++) {
		char text[64];
		(void)snprintf(text, sizeof text, "x%u.victim.example", i);
		ask(&random, text, DNS_VIEW_WIRE);
		random.message.client = run_ipv4(0x0a000000 + i);
		tell(&run, i % 2, OBS_DNS, &random.message);
		if (i % 10 == 0)
			tell(&run, i % 20 == 0, OBS_DNS, &steady.message);
	}
	analysis_run_window(&run, 0);
	section = analysis_run_section(&run);
	assert_non_null(section);
	table = analysis_run_table(section, "top_names");
	assert_string_equal(
	    json_string_value(analysis_run_cell(table, 0, "name")), "steady.example");
	found = (uint64_t)json_integer_value(analysis_run_cell(table, 0, "queries"));
	assert_in_range(found, 4000 - 8 * 44000 / 256, 4000);
	table = analysis_run_table(section, "distinct");
	assert_string_equal(json_string_value(analysis_run_cell(table, 2, "kind")), "name");
	found = (uint64_t)json_integer_value(analysis_run_cell(table, 2, "count"));
	assert_in_range(found, 38000, 42000);
	json_decref(section);
	analysis_run_end(&run);
}

/* A producer whose clock ticks every 4 ms, trimmed by some nanoseconds. */
static void
test_coarse_clock(void **state)
{
	struct analysis_run run;
	struct question q;
	json_t *section, *table;

	(void)state;
	analysis_run_begin(&run, &analysis_dns_overview, 1, 10);
	ask(&q, "tick.example", DNS_VIEW_CLIENT);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t tick = i * 3 + hash_mix64(i) % 3;
		q.message.time = (nsec_t)(tick * 4 * NSEC_PER_MS + hash_mix64(i + 5000) % 60);
		q.message.producer = 1;
		q.message.flags = DNS_QUESTION | (i % 2 != 0 ? DNS_RESPONSE : 0);
		q.message.match = i % 2 != 0 ? DNS_MATCHED : DNS_MATCH_NONE;
		q.message.latency = i % 2 != 0 ? (nsec_t)(i % 4) * 4 * NSEC_PER_MS : -1;
		tell(&run, 0, OBS_DNS, &q.message);
	}
	analysis_run_window(&run, 0);
	section = analysis_run_section(&run);
	table = analysis_run_table(section, "latency");
	assert_true(json_real_value(analysis_run_cell(table, 0, "clock")) > 0.0039);
	assert_true(json_real_value(analysis_run_cell(table, 0, "clock")) < 0.0041);
	json_decref(section);
	analysis_run_end(&run);
}

/* What is no message of the unicast DNS is counted apart, and alone makes a section. */
static void
test_others(void **state)
{
	struct analysis_run run;
	struct question q;
	json_t *section, *table;
	struct dns_pending pending = { .view = DNS_VIEW_WIRE, .query_size = 30 };
	struct batch batch = { .type = OBS_DNS_PENDING, .count = 1, .pending = &pending };

	(void)state;
	analysis_run_begin(&run, &analysis_dns_overview, 1, 11);
	ask(&q, "printer.local", DNS_VIEW_WIRE);
	q.message.service = DNS_MULTICAST;
	tell(&run, 0, OBS_DNS_LOCAL, &q.message);
	q.message.service = DNS_LLMNR;
	tell(&run, 0, OBS_DNS_LOCAL, &q.message);
	tell(&run, 0, OBS_DNS_LOCAL, &q.message);
	tell(&run, 0, OBS_DNS_QUOTED, &q.message);
	for (unsigned v = DNS_BAD_HEADER; v < DNS_VERDICT_COUNT; v++) {
		q.message.verdict = (uint8_t)v;
		tell(&run, 0, OBS_DNS_BAD, &q.message);
	}
	run.analysis->observe(run.states[0], &batch);
	analysis_run_window(&run, 0);
	section = analysis_run_section(&run);
	table = analysis_run_table(section, "views");
	assert_int_equal(json_integer_value(analysis_run_cell(table, 0, "queries")), 0);
	assert_int_equal(json_integer_value(analysis_run_cell(table, 0, "mdns")), 1);
	assert_int_equal(json_integer_value(analysis_run_cell(table, 0, "llmnr")), 2);
	assert_int_equal(json_integer_value(analysis_run_cell(table, 0, "quoted")), 1);
	assert_int_equal(json_integer_value(analysis_run_cell(table, 0, "unanswered")), 1);
	assert_int_equal(json_integer_value(analysis_run_cell(table, 0, "malformed")),
	    DNS_VERDICT_COUNT - DNS_BAD_HEADER);
	assert_int_equal(
	    json_array_size(json_object_get(analysis_run_table(section, "malformed"), "rows")),
	    DNS_VERDICT_COUNT - DNS_BAD_HEADER);
	json_decref(section);
	analysis_run_end(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits_and_values),
		cmocka_unit_test(test_rare_values_fold),
		cmocka_unit_test(test_flood_of_names),
		cmocka_unit_test(test_coarse_clock),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
