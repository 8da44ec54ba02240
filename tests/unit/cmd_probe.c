/* SPDX-License-Identifier: ISC */
/* The probe's addresses, names and messages. */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "cmd/probe_message.h"
#include "cmd/probe_plan.h"
#include "decode/dns.h"
#include "net/dns.h"
#include "test.h"

static const struct hash_secret SECRET = { 3, 5 };

static void
own(struct site *site, const char *prefix)
{
	site_init(site);
	site->own_prefixes = xcalloc(1, sizeof *site->own_prefixes);
	site->own_prefix_count = 1;
	assert_int_equal(prefix_parse(prefix, site->own_prefixes, NULL), ERR_OK);
	site_index(site);
}

static void
test_plan_is_a_permutation(void **state)
{
	static const char *const prefixes[] = { "192.0.2.128/25", "192.0.2.7", "192.0.2.16/30" };
	struct probe_plan plan;
	struct site site;
	bool seen[256] = { false };
	unsigned in_a_row = 0, last = 0;

	(void)state;
	own(&site, "192.0.2.0/24");
	assert_int_equal(probe_plan_make(&site, prefixes, 3, &SECRET, &plan, NULL), ERR_OK);
	assert_int_equal(plan.count, 128 + 1 + 4);
	for (uint64_t i = 0; i < plan.count; i++) {
		struct address a = probe_plan_address(&plan, i);
		unsigned host = a.octets[15];
		assert_true(site_is_own(&site, &a));
		assert_false(seen[host]);
		seen[host] = true;
		in_a_row += host == last + 1;
		last = host;
	}
	assert_true(seen[7] && seen[16] && seen[19] && seen[128] && seen[255]);
	assert_true(in_a_row < 20);
	probe_plan_release(&plan);
	site_release(&site);
}

static void
test_plan_refuses(void **state)
{
	static const char *const bad[] = { "192.0.3.0/24", "192.0.0.0/16", "::/0", "x" };
	struct err_info why;
	struct probe_plan plan;
	struct site site;

	(void)state;
	own(&site, "192.0.2.0/24");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(
		    probe_plan_make(&site, &bad[i], 1, &SECRET, &plan, &why), ERR_USAGE);
	site_release(&site);
	own(&site, "2001:db8::/32");
	assert_int_equal(probe_plan_make(&site, (const char *const[]){ "2001:db8::/64" }, 1,
			     &SECRET, &plan, &why),
	    ERR_USAGE);
	assert_int_equal(probe_plan_make(&site, (const char *const[]){ "2001:db8::/120" }, 1,
			     &SECRET, &plan, &why),
	    ERR_OK);
	assert_int_equal(plan.count, 256);
	probe_plan_release(&plan);
	site_release(&site);
	site_init(&site);
	assert_int_equal(
	    probe_plan_make(&site, (const char *const[]){ "192.0.2.1" }, 1, &SECRET, &plan, &why),
	    ERR_USAGE);
	site_release(&site);
}

static struct address
address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), ERR_OK);
	return a;
}

static void
test_names(void **state)
{
	static const char *const targets[] = { "192.0.2.1", "2001:db8::ff", "255.255.255.255" };
	struct probe_names names, others;
	uint8_t name[PROBE_NAME_SIZE];
	struct address target;
	size_t size;

	(void)state;
	assert_int_equal(
	    probe_names_make("Probe.Example.", 0x5f000000, &SECRET, &names, NULL), ERR_OK);
	assert_int_equal(
	    probe_names_make("probe.example", 0x5f000001, &SECRET, &others, NULL), ERR_OK);
	assert_int_equal(probe_names_make(".", 1, &SECRET, &others, NULL), ERR_USAGE);
	for (size_t i = 0; i < 3; i++) {
		struct address a = address(targets[i]);
		size = probe_name_write(&names, &a, name);
		assert_int_equal(probe_name_read(&names, name, size, &target), PROBE_NAME_TARGET);
		assert_true(address_equal(&target, &a));
		/* Another run's, or another key, is not ours. */
		assert_int_equal(probe_name_read(&others, name, size, &target), PROBE_NAME_INSIDE);
		name[1] ^= 1;
		assert_int_equal(probe_name_read(&names, name, size, &target), PROBE_NAME_INSIDE);
	}
	assert_int_equal(
	    probe_name_read(&names, names.zone, names.zone_size, &target), PROBE_NAME_APEX);
	assert_int_equal(
	    probe_name_read(&names, (const uint8_t *)"\3com", 5, &target), PROBE_NAME_OUTSIDE);
	assert_int_equal(
	    probe_name_read(&names, (const uint8_t *)"", 1, &target), PROBE_NAME_OUTSIDE);
}

/* Parses a copy of exact size, for sanitizers. */
static struct dns_message
parse(const uint8_t *octets, size_t size, uint8_t *name)
{
	static uint8_t *copy;
	struct dns_message m = { .time = 0 };

	free(copy);
	copy = xmalloc(size);
	memcpy(copy, octets, size);
	dns_parse(copy, size, size, NULL, name, &m);
	assert_int_equal(m.verdict, DNS_OK);
	return m;
}

static void
test_messages(void **state)
{
	uint8_t name[PROBE_NAME_SIZE], query[PROBE_MESSAGE_SIZE], reply[PROBE_MESSAGE_SIZE],
	    parsed[DNS_NAME_MAX + 1], parsed2[DNS_NAME_MAX + 1];
	struct address target = address("192.0.2.1"), other = address("192.0.2.2");
	struct probe_names names;
	struct dns_message m, r;
	size_t size;

	(void)state;
	assert_int_equal(probe_names_make("probe.example", 7, &SECRET, &names, NULL), ERR_OK);
	size = probe_name_write(&names, &target, name);
	size = probe_query_write(
	    query, 99, &(struct probe_question){ name, size, DNS_TYPE_A, DNS_CLASS_IN, 1232 });
	m = parse(query, size, parsed);
	assert_int_equal(m.id, 99);
	assert_true((m.bits & DNS_RD) != 0 && m.edns_size == 1232);
	size = probe_reply_write(&names, &m, reply);
	assert_true(size > 0 && size <= m.size + 64U);
	r = parse(reply, size, parsed2);
	assert_true((r.bits & DNS_AA) != 0 && r.address_count == 1);
	/* As a resolver would pass it on: who is it? */
	r.bits |= DNS_RA;
	assert_int_equal(
	    probe_classify(&names, &r, &target, &target, &target), PROBE_OPEN_RECURSIVE);
	assert_int_equal(
	    probe_classify(&names, &r, &target, &target, &other), PROBE_OPEN_FORWARDER);
	assert_int_equal(probe_classify(&names, &r, &target, &other, &other), PROBE_TRANSPARENT);
	r.rcode = DNS_RCODE_REFUSED;
	assert_int_equal(probe_classify(&names, &r, &target, &target, &other), PROBE_REFUSED);
	r.rcode = DNS_RCODE_NXDOMAIN;
	assert_int_equal(probe_classify(&names, &r, &target, &target, &other), PROBE_MANIPULATED);
	r.address_count = 0;
	r.rcode = DNS_RCODE_SERVFAIL;
	assert_int_equal(probe_classify(&names, &r, &target, &target, &other), PROBE_FAILING);
	r.bits = 0;
	r.rcode = DNS_RCODE_NOERROR;
	assert_int_equal(
	    probe_classify(&names, &r, &target, &target, &other), PROBE_AUTHORITATIVE_ONLY);
}

static void
test_replies(void **state)
{
	static const struct {
		const char *name;
		uint16_t type, class;
		uint16_t rcode, answers, authority;
	} CASES[] = {
		{ "probe.example", DNS_TYPE_SOA, DNS_CLASS_IN, 0, 1, 0 },
		{ "probe.example", DNS_TYPE_NS, DNS_CLASS_IN, 0, 0, 1 },
		{ "probe.probe.example", DNS_TYPE_NS, DNS_CLASS_IN, 0, 0, 1 },
		{ "deadbeef.a.b.probe.example", DNS_TYPE_A, DNS_CLASS_IN, 0, 0, 1 },
		{ "example", DNS_TYPE_NS, DNS_CLASS_IN, DNS_RCODE_REFUSED, 0, 0 },
		{ ".", DNS_TYPE_NS, DNS_CLASS_IN, DNS_RCODE_REFUSED, 0, 0 },
		{ "probe.example", DNS_TYPE_TXT, DNS_CLASS_CH, DNS_RCODE_REFUSED, 0, 0 },
	};
	uint8_t name[255], query[PROBE_MESSAGE_SIZE], reply[PROBE_MESSAGE_SIZE],
	    parsed[DNS_NAME_MAX + 1];
	struct probe_names names;
	struct dns_message m;
	size_t size;

	(void)state;
	assert_int_equal(probe_names_make("probe.example", 7, &SECRET, &names, NULL), ERR_OK);
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		assert_int_equal(dns_name_parse(CASES[i].name, name, &size, NULL), ERR_OK);
		size = probe_query_write(query, 1,
		    &(struct probe_question){ name, size, CASES[i].type, CASES[i].class, 1232 });
		m = parse(query, size, parsed);
		size = probe_reply_write(&names, &m, reply);
		m = parse(reply, size, parsed);
		assert_int_equal(m.rcode, CASES[i].rcode);
		assert_int_equal(m.counts[1], CASES[i].answers);
		assert_int_equal(m.counts[2], CASES[i].authority);
	}
	/* A response is not answered: no loops. */
	m.flags |= DNS_RESPONSE;
	assert_int_equal(probe_reply_write(&names, &m, reply), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_is_a_permutation),
		cmocka_unit_test(test_plan_refuses),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
