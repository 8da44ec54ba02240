/* SPDX-License-Identifier: ISC */
/* Amplification: what makes a slot an attack and what does not, borders of windows, what is usual,
 * flow records. */
#include "analysis_run.h"
#include "net/dns.h"

extern const struct analysis analysis_dns_amplification;

#define SERVER   "192.0.2.53"
#define ATTACKED "198.51.100.7"

struct fixture {
	struct analysis_run run;
	uint8_t octets[512];
	size_t shard;
};

static void
begin(struct fixture *f, bool own)
{
	*f = (struct fixture){ .shard = 0 };
	analysis_run_begin(&f->run, &analysis_dns_amplification, 2, 11);
	if (!own)
		return;
	f->run.site.own_prefixes = xcalloc(1, sizeof *f->run.site.own_prefixes);
	f->run.site.own_prefix_count = 1;
	assert_int_equal(prefix_parse("192.0.2.0/24", f->run.site.own_prefixes, NULL), ERR_OK);
	site_index(&f->run.site);
}

static void
give(struct fixture *f, const struct dns_message *m)
{
	struct batch batch = { .type = OBS_DNS, .count = 1, .dns = &m };

	analysis_run_start(&f->run);
	f->run.analysis->observe(f->run.states[f->shard], &batch);
}

static struct dns_message
message(struct fixture *f, const char *client, const char *server, nsec_t time, const char *name,
    uint16_t type)
{
	static uint8_t wire[255];
	size_t size;
	struct dns_message m = { .time = time,
		.client = run_address(client),
		.server = run_address(server),
		.client_port = 4444,
		.server_port = 53,
		.type = type,
		.class = DNS_CLASS_IN,
		.data = f->octets,
		.size = 40,
		.latency = -1,
		.ttl_least = UINT32_MAX };

	assert_int_equal(dns_name_parse(name, wire, &size, NULL), ERR_OK);
	m.name = wire;
	m.name_size = (uint8_t)size;
	m.name_hash = dns_hash(wire, size);
	m.site_hash = m.name_hash;
	if (site_is_own(&f->run.site, &m.client))
		m.flags |= DNS_CLIENT_OWN;
	if (site_is_own(&f->run.site, &m.server))
		m.flags |= DNS_SERVER_OWN;
	return m;
}

struct talk {
	const char *client, *server, *name;
	uint16_t type;
	uint16_t query, response; /* octets; 0: no such message */
	uint16_t flags;           /* more, of both */
	uint16_t bits;            /* of the response */
	uint8_t transport;
};

/* A query and its answer a millisecond later. */
static void
talk(struct fixture *f, const struct talk *t, nsec_t time)
{
	struct dns_message q = message(f, t->client, t->server, time, t->name, t->type);
	struct dns_message r = q;

	q.message_size = t->query;
	q.wire_size = t->query + 28U;
	q.flags |= t->flags;
	q.transport = r.transport = t->transport;
	if (t->query != 0)
		give(f, &q);
	r.time += NSEC_PER_MS;
	r.flags |= t->flags | DNS_RESPONSE;
	r.bits = t->bits;
	r.message_size = t->response;
	r.wire_size = t->response + 28U;
	r.match = t->query != 0 ? DNS_MATCHED : DNS_UNSOLICITED;
	r.latency = t->query != 0 ? NSEC_PER_MS : -1;
	r.query_size = t->query;
	if (t->response != 0)
		give(f, &r);
}

static json_t *
findings_of(struct fixture *f)
{
	struct query_source q = store_query(f->run.store);
	struct section_context context = { .store = &q,
		.settings = f->run.settings,
		.site = &f->run.site,
		.end = 1000 * RUN_WINDOW,
		.last = RUN_WINDOW };
	struct section *section = section_new("dns/amplification", "");
	struct err_info why = { 0 };
	json_t *findings;

	if (f->run.analysis->section(&context, section, &why) != ERR_OK)
		fail_msg("no section: %s", why.text);
	findings = section_findings(section);
	json_decref(section_finish(section));
	return findings;
}

static json_t *
measure(json_t *findings, size_t which, const char *name)
{
	return json_object_get(json_object_get(json_array_get(findings, which), "measures"), name);
}

/* `count` talks in ten seconds from `from` on. */
static void
burst(struct fixture *f, const struct talk *t, nsec_t from, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		talk(f, t, from + (nsec_t)i * (9 * NSEC_PER_SEC / count));
}

static size_t
count_after(struct fixture *f)
{
	json_t *findings;
	size_t count;

	analysis_run_window(&f->run, 0);
	findings = findings_of(f);
	count = json_array_size(findings);
	json_decref(findings);
	analysis_run_end(&f->run);
	return count;
}

static const struct talk ATTACK = { ATTACKED, SERVER, "example.com", DNS_TYPE_ANY, 40, 3000, 0,
	DNS_AA, DNS_UDP };

static void
test_reflector(void **state)
{
	struct fixture f;
	json_t *findings;

	(void)state;
	begin(&f, true);
	burst(&f, &ATTACK, 20 * NSEC_PER_SEC, 300);
	burst(&f, &ATTACK, 30 * NSEC_PER_SEC, 60); /* its end: fewer than the threshold */
	analysis_run_window(&f.run, 0);
	findings = findings_of(&f);
	assert_int_equal(json_array_size(findings), 1);
	assert_int_equal(json_integer_value(measure(findings, 0, "queries")), 360);
	assert_int_equal(json_integer_value(measure(findings, 0, "responses")), 360);
	assert_int_equal(json_integer_value(measure(findings, 0, "octets")), 360 * 3000);
	assert_true(json_real_value(measure(findings, 0, "factor")) == 75);
	assert_string_equal(json_string_value(measure(findings, 0, "qname")), "example.com");
	assert_string_equal(json_string_value(measure(findings, 0, "qtype")), "ANY");
	assert_string_equal(json_string_value(measure(findings, 0, "victim")), ATTACKED);
	assert_true(json_real_value(measure(findings, 0, "factor_limited")) < 1.5);
	json_decref(findings);
	analysis_run_end(&f.run);
}

/* Each guard alone keeps an attack's numbers silent. */
static void
test_guards(void **state)
{
	struct fixture f;
	struct talk t;

	(void)state;
	begin(&f, true); /* too few */
	burst(&f, &ATTACK, 20 * NSEC_PER_SEC, 199);
	assert_int_equal(count_after(&f), 0);
	begin(&f, true); /* too small a factor */
	t = ATTACK;
	t.response = 390;
	burst(&f, &t, 20 * NSEC_PER_SEC, 2000);
	assert_int_equal(count_after(&f), 0);
	begin(&f, true); /* many questions */
	for (unsigned i = 0; i < 600; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "n%u.example.com", i % 3 == 0 ? 0 : i);
		t = ATTACK;
		t.name = name;
		talk(&f, &t, 20 * NSEC_PER_SEC + (nsec_t)i * 10 * NSEC_PER_MS);
	}
	assert_int_equal(count_after(&f), 0);
	begin(&f, true); /* cookies of the server: no forged source */
	t = ATTACK;
	t.flags = DNS_EDNS | DNS_COOKIE_SERVER;
	burst(&f, &t, 20 * NSEC_PER_SEC, 600);
	assert_int_equal(count_after(&f), 0);
	begin(&f, true); /* truncated, and they come back over TCP */
	t = ATTACK;
	t.bits = DNS_TC;
	burst(&f, &t, 20 * NSEC_PER_SEC, 600);
	t.transport = DNS_TCP;
	burst(&f, &t, 20 * NSEC_PER_SEC, 100);
	assert_int_equal(count_after(&f), 0);
	begin(&f, true); /* somebody else's server */
	t = ATTACK;
	t.server = "203.0.113.1";
	burst(&f, &t, 20 * NSEC_PER_SEC, 600);
	assert_int_equal(count_after(&f), 0);
}

/* One finding over the border of windows, two when ten minutes are between. */
static void
test_windows(void **state)
{
	struct fixture f;
	json_t *findings;

	(void)state;
	begin(&f, true);
	burst(&f, &ATTACK, 290 * NSEC_PER_SEC, 300);
	analysis_run_window(&f.run, 0);
	burst(&f, &ATTACK, 300 * NSEC_PER_SEC, 300);
	analysis_run_window(&f.run, 1);
	burst(&f, &ATTACK, 1200 * NSEC_PER_SEC, 300);
	analysis_run_window(&f.run, 4);
	findings = findings_of(&f);
	assert_int_equal(json_array_size(findings), 2);
	assert_int_equal(json_integer_value(measure(findings, 0, "queries")), 600);
	assert_int_equal(json_integer_value(measure(findings, 1, "queries")), 300);
	json_decref(findings);
	analysis_run_end(&f.run);
}

/* Attacks on two networks at once, from the shards of both: one finding that lists them. */
static void
test_two_victims(void **state)
{
	struct talk other = ATTACK;
	struct fixture f;
	json_t *findings;

	(void)state;
	other.client = "203.0.113.9";
	begin(&f, true);
	burst(&f, &ATTACK, 20 * NSEC_PER_SEC, 250);
	f.shard = 1;
	burst(&f, &other, 20 * NSEC_PER_SEC, 400);
	analysis_run_window(&f.run, 0);
	findings = findings_of(&f);
	assert_int_equal(json_array_size(findings), 1);
	assert_int_equal(json_integer_value(measure(findings, 0, "victim_count")), 2);
	assert_string_equal(json_string_value(measure(findings, 0, "victim")), "203.0.113.0/24");
	assert_int_equal(json_integer_value(measure(findings, 0, "queries")), 650);
	json_decref(findings);
	analysis_run_end(&f.run);
}

/* Answers to an own address that asked nothing, from `reflectors` servers. */
static void
flood(struct fixture *f, nsec_t from, unsigned reflectors, unsigned count, unsigned names)
{
	for (unsigned i = 0; i < count; i++) {
		char server[ADDRESS_TEXT_SIZE], name[32];
		struct address a = run_ipv4(0xc6336400U + i % reflectors);
		struct talk t = { "192.0.2.7", address_format(&a, server), name, DNS_TYPE_TXT, 0,
			3000, 0, 0, DNS_UDP };
		(void)snprintf(name, sizeof name, "x%u.example.org", i % names);
		talk(f, &t, from + (nsec_t)i * (9 * NSEC_PER_SEC / count));
	}
}

static void
test_victim(void **state)
{
	struct fixture f;
	json_t *findings;

	(void)state;
	begin(&f, true);
	flood(&f, 20 * NSEC_PER_SEC, 20, 100, 1);
	analysis_run_window(&f.run, 0);
	findings = findings_of(&f);
	assert_int_equal(json_array_size(findings), 1);
	assert_int_equal(json_integer_value(measure(findings, 0, "responses")), 100);
	/* 12 octets of header, the name x0.example.org and 4 of type and class. */
	assert_true(json_real_value(measure(findings, 0, "factor")) == 3000.0 / (12 + 16 + 4));
	assert_int_equal((int)(json_number_value(measure(findings, 0, "reflectors")) + 0.5), 20);
	json_decref(findings);
	analysis_run_end(&f.run);
	begin(&f, true); /* too few reflectors */
	flood(&f, 20 * NSEC_PER_SEC, 9, 100, 1);
	assert_int_equal(count_after(&f), 0);
	begin(&f, true); /* one direction of a resolver: many questions, nothing usual is known */
	flood(&f, 20 * NSEC_PER_SEC, 200, 600, 600);
	assert_int_equal(count_after(&f), 0);
}

/* The same volume with a history: ten times the usual is an attack, the usual is not. */
static void
test_usual(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, true);
	flood(&f, 20 * NSEC_PER_SEC, 3, 5, 5);
	analysis_run_window(&f.run, 0);
	for (unsigned i = 0; i < 3; i++)
		flood(&f, (320 + 10 * (nsec_t)i) * NSEC_PER_SEC, 200, 600, 600);
	analysis_run_window(&f.run, 1);
	{
		json_t *findings = findings_of(&f);
		assert_int_equal(json_array_size(findings), 1);
		assert_int_equal(json_integer_value(measure(findings, 0, "responses")), 1800);
		assert_true(json_is_real(measure(findings, 0, "baseline_bps")));
		json_decref(findings);
	}
	analysis_run_end(&f.run);
	begin(&f, true);
	for (unsigned w = 0; w < 3; w++) {
		for (unsigned i = 0; i < 30; i++)
			flood(&f, ((nsec_t)w * 300 + 10 * (nsec_t)i) * NSEC_PER_SEC, 200, 600, 600);
		analysis_run_window(&f.run, w);
	}
	{
		json_t *findings = findings_of(&f);
		assert_int_equal(json_array_size(findings), 0);
		json_decref(findings);
	}
	analysis_run_end(&f.run);
}

static void
test_flows(void **state)
{
	struct fixture f;
	json_t *findings;

	(void)state;
	begin(&f, true);
	for (unsigned i = 0; i < 60; i++) {
		struct flow_record r = { .sampling = 100 };
		r.flow = run_flow(run_ipv4(0xc6336400U + i), run_address("192.0.2.9"));
		r.flow.source_port = 53;
		r.flow.destination_port = 4000;
		r.flow.first[0] = 60 * NSEC_PER_SEC;
		r.flow.last[0] = 119 * NSEC_PER_SEC;
		r.flow.packets[0] = 2;
		r.flow.octets[0] = 2800;
		analysis_run_record(&f.run, i % 2, &r);
	}
	analysis_run_window(&f.run, 0);
	findings = findings_of(&f);
	assert_int_equal(json_array_size(findings), 1);
	assert_true(json_is_null(measure(findings, 0, "factor")));
	assert_int_equal(json_integer_value(measure(findings, 0, "octets")), 60 * 2800 * 100);
	assert_string_equal(json_string_value(measure(findings, 0, "source")), "flows");
	json_decref(findings);
	analysis_run_end(&f.run);
}

/* A flood of forged sources neither pushes an attack out nor goes uncounted. */
static void
test_flood(void **state)
{
	struct fixture f;
	json_t *findings;

	(void)state;
	begin(&f, true);
	for (unsigned i = 0; i < 40000; i++) {
		char client[ADDRESS_TEXT_SIZE];
		struct address a = run_ipv4(0x01000000U + i * 256);
		struct talk t = ATTACK;
		t.client = address_format(&a, client);
		if (i % 50 == 0)
			talk(&f, &ATTACK, 20 * NSEC_PER_SEC + (nsec_t)i * 200 * NSEC_PER_US);
		talk(&f, &t, 20 * NSEC_PER_SEC + (nsec_t)i * 200 * NSEC_PER_US);
	}
	analysis_run_window(&f.run, 0);
	findings = findings_of(&f);
	assert_int_equal(json_array_size(findings), 1);
	assert_int_equal(json_integer_value(measure(findings, 0, "responses")), 800);
	json_decref(findings);
	analysis_run_end(&f.run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reflector),
		cmocka_unit_test(test_guards),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_two_victims),
		cmocka_unit_test(test_victim),
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
