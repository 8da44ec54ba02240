/* SPDX-License-Identifier: ISC */
/* security/scans: the sequential test, each threshold at its edge, series, floods, records. */
#include <stdio.h>

#include "analysis/security/scan_judge.h"
#include "analysis_run.h"
#include "obs/packet.h"
#include "test.h"

extern const struct analysis analysis_security_scans;

#define SECOND NSEC_PER_SEC
#define MINUTE (60 * NSEC_PER_SEC)

struct scene {
	struct analysis_run run;
	int64_t window;
};

static void
begin_scene(struct scene *s, size_t shards, bool site)
{
	struct err_info why = { 0 };

	s->window = 0;
	analysis_run_begin(&s->run, &analysis_security_scans, shards, 7);
	if (!site)
		return;
	s->run.site.own_prefixes = xcalloc(1, sizeof(struct prefix));
	s->run.site.dark_prefixes = xcalloc(1, sizeof(struct prefix));
	s->run.site.own_prefix_count = s->run.site.dark_prefix_count = 1;
	assert_int_equal(prefix_parse("10.0.0.0/8", s->run.site.own_prefixes, &why), ERR_OK);
	assert_int_equal(prefix_parse("10.200.0.0/16", s->run.site.dark_prefixes, &why), ERR_OK);
	site_index(&s->run.site);
}

static struct address
address_of(const char *text)
{
	struct address a = { .words = { 0, 0 } };

	assert_int_equal(address_parse(text, &a), ERR_OK);
	return a;
}

/* Host number `n` of a prefix: "10.0.", 3 → 10.0.0.3. */
static struct address
host(const char *prefix, unsigned n)
{
	char text[64];

	(void)snprintf(text, sizeof text, "%s%u.%u", prefix, n / 250, 1 + n % 250);
	return address_of(text);
}

static struct flow
syn(struct address source, struct address target, uint16_t port, nsec_t time)
{
	return (struct flow){
		.source = source,
		.destination = target,
		.source_port = 40000,
		.destination_port = port,
		.protocol = IP_PROTOCOL_TCP,
		.ip_version = 4,
		.first = { time, 0 },
		.last = { time, 0 },
		.packets = { 1, 0 },
		.octets = { 40, 0 },
		.tcp_flags = { TCP_SYN, 0 },
		.end_reason = FLOW_END_IDLE,
	};
}

static struct flow
answered(struct flow f, uint8_t there, uint8_t back)
{
	f.packets[1] = 1;
	f.first[1] = f.last[1] = f.first[0] + NSEC_PER_MS;
	f.tcp_flags[0] = there;
	f.tcp_flags[1] = back;
	return f;
}

/* To the window that its time is in; shards by pair, as the pipeline does. */
static void
give(struct scene *s, const struct flow *f)
{
	size_t shard =
	    (size_t)(hash_mix_words(f->source.words, 2) ^ hash_mix_words(f->destination.words, 2)) %
	    s->run.shards;

	while (s->window < f->first[0] / RUN_WINDOW)
		analysis_run_window(&s->run, s->window++);
	analysis_run_flow(&s->run, shard, f);
}

/* Ends the scene: the rows of its table of scanners, a new reference. */
static json_t *
scanners(struct scene *s)
{
	json_t *section, *rows;

	analysis_run_window(&s->run, s->window);
	section = analysis_run_section(&s->run);
	assert_non_null(section);
	rows = json_array_size(json_object_get(section, "tables")) == 0
		   ? json_array()
		   : json_incref(json_object_get(analysis_run_table(section, "scanners"), "rows"));
	json_decref(section);
	analysis_run_end(&s->run);
	return rows;
}

static size_t
count_scanners(struct scene *s)
{
	json_t *rows = scanners(s);
	size_t count = json_array_size(rows);

	json_decref(rows);
	return count;
}

static void
test_sequential(void **state)
{
	struct settings *settings =
	    settings_new(analysis_security_scans.settings, analysis_security_scans.setting_count);
	struct scan_rules r;

	(void)state;
	scan_rules_read(&r, settings);
	assert_int_equal(scan_sequential(&r, 0, 0), SCAN_PENDING);
	assert_int_equal(scan_sequential(&r, 3, 0), SCAN_PENDING);
	assert_int_equal(scan_sequential(&r, 4, 0), SCAN_SCANNER);
	assert_int_equal(scan_sequential(&r, 4, 1), SCAN_PENDING);
	assert_int_equal(scan_sequential(&r, 5, 1), SCAN_SCANNER);
	assert_int_equal(scan_sequential(&r, 0, 3), SCAN_PENDING);
	assert_int_equal(scan_sequential(&r, 0, 4), SCAN_BENIGN);
	assert_int_equal(scan_sequential(&r, 1000, 1000), SCAN_PENDING);
	settings_free(settings);
}

/* `count` ports of one victim. */
static size_t
ports_found(const char *source, const char *victim, unsigned count, size_t shards)
{
	struct scene s;

	begin_scene(&s, shards, true);
	for (unsigned i = 0; i < count; i++) {
		struct flow f = syn(address_of(source), address_of(victim), (uint16_t)(1 + i),
		    SECOND + i * NSEC_PER_MS);
		give(&s, &f);
		give(&s, &f); /* twice counts once */
	}
	return count_scanners(&s);
}

/* Port 22 of `count` hosts. */
static size_t
hosts_found(const char *source, const char *prefix, unsigned count)
{
	struct scene s;

	begin_scene(&s, 3, true);
	for (unsigned i = 0; i < count; i++) {
		struct flow f =
		    syn(address_of(source), host(prefix, i), 22, SECOND + i * NSEC_PER_MS);
		give(&s, &f);
	}
	return count_scanners(&s);
}

static void
test_counting(void **state)
{
	(void)state;
	assert_int_equal(ports_found("192.0.2.1", "10.0.0.1", 24, 1), 0);
	assert_int_equal(ports_found("192.0.2.1", "10.0.0.1", 25, 1), 1);
	assert_int_equal(ports_found("10.1.1.1", "192.0.2.1", 249, 1), 0);
	assert_int_equal(ports_found("10.1.1.1", "192.0.2.1", 250, 1), 1);
	assert_int_equal(ports_found("10.1.1.1", "10.0.0.1", 250, 8), 1);
}

static void
test_hosts(void **state)
{
	(void)state;
	/* The sequential test at own hosts; knocks where its assumptions do not hold. */
	assert_int_equal(hosts_found("192.0.2.1", "10.0.", 3), 0);
	assert_int_equal(hosts_found("192.0.2.1", "10.0.", 4), 1);
	assert_int_equal(hosts_found("192.0.2.1", "172.16.", 19), 0);
	assert_int_equal(hosts_found("192.0.2.1", "172.16.", 20), 1);
	assert_int_equal(hosts_found("10.1.1.1", "172.16.", 249), 0);
	assert_int_equal(hosts_found("10.1.1.1", "172.16.", 250), 1);
	/* Dark hosts. */
	assert_int_equal(hosts_found("192.0.2.1", "10.200.", 2), 0);
	assert_int_equal(hosts_found("192.0.2.1", "10.200.", 3), 1);
	assert_int_equal(hosts_found("10.1.1.1", "10.200.", 99), 0);
	assert_int_equal(hosts_found("10.1.1.1", "10.200.", 100), 1);
}

/* 13 ports, silence, 12 ports. */
static size_t
found_after(nsec_t silence)
{
	struct scene s;
	nsec_t time = SECOND;

	begin_scene(&s, 2, true);
	for (unsigned i = 0; i < 25; i++) {
		struct flow f =
		    syn(address_of("192.0.2.1"), address_of("10.0.0.1"), (uint16_t)(1 + i), time);
		give(&s, &f);
		time += i == 12 ? silence : SECOND;
	}
	return count_scanners(&s);
}

static void
test_timeout(void **state)
{
	(void)state;
	assert_int_equal(found_after(9 * MINUTE), 1);
	assert_int_equal(found_after(15 * MINUTE), 1);
	assert_int_equal(found_after(15 * MINUTE + SECOND), 0);
}

/* Two bursts of 25 ports. */
static size_t
bursts_found(nsec_t silence)
{
	struct scene s;
	nsec_t time = SECOND;

	begin_scene(&s, 2, true);
	for (unsigned i = 0; i < 50; i++) {
		struct flow f = syn(
		    address_of("192.0.2.1"), address_of("10.0.0.1"), (uint16_t)(1 + i % 25), time);
		give(&s, &f);
		time += i == 24 ? silence : SECOND;
	}
	return count_scanners(&s);
}

static void
test_bursts(void **state)
{
	(void)state;
	assert_int_equal(bursts_found(10 * MINUTE), 1);
	assert_int_equal(bursts_found(10 * MINUTE + SECOND), 2);
}

/* One contact every four minutes, over many windows. */
static void
test_slow(void **state)
{
	struct scene s;

	(void)state;
	begin_scene(&s, 8, false);
	for (unsigned i = 0; i < 20; i++) {
		struct flow f =
		    syn(address_of("192.0.2.1"), host("172.16.", i), 23, SECOND + 4 * i * MINUTE);
		give(&s, &f);
	}
	assert_int_equal(count_scanners(&s), 1);
}

/* What shapes there are of 40 hosts at 40 ports each, and of two scans at once. */
static void
test_shapes(void **state)
{
	struct scene s;
	json_t *rows;

	(void)state;
	begin_scene(&s, 8, false);
	for (unsigned i = 0; i < 1600; i++) {
		struct flow f = syn(address_of("192.0.2.1"), host("172.16.", i / 40),
		    (uint16_t)(1 + i % 40), SECOND + i * NSEC_PER_MS);
		give(&s, &f);
	}
	for (unsigned i = 0; i < 100; i++) {
		struct flow one =
		    syn(address_of("192.0.2.2"), host("172.16.", i), 22, SECOND + i * NSEC_PER_MS);
		struct flow other =
		    syn(address_of("192.0.2.2"), host("172.17.", i), 80, SECOND + i * NSEC_PER_MS);
		give(&s, &one);
		give(&s, &other);
	}
	rows = scanners(&s);
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(
	    json_string_value(json_array_get(json_array_get(rows, 0), 1)), "random");
	assert_int_equal(json_integer_value(json_array_get(json_array_get(rows, 0), 6)), 40);
	assert_int_equal(json_integer_value(json_array_get(json_array_get(rows, 0), 7)), 40);
	for (size_t i = 1; i < 3; i++)
		assert_string_equal(
		    json_string_value(json_array_get(json_array_get(rows, i), 1)), "address");
	json_decref(rows);
}

/* Half open: an answer, and evidence.  Established: neither. */
static void
test_half_open(void **state)
{
	struct scene s;
	json_t *rows;

	(void)state;
	begin_scene(&s, 1, false);
	for (unsigned i = 0; i < 25; i++) {
		struct flow f = syn(
		    address_of("192.0.2.1"), address_of("172.16.0.1"), (uint16_t)(1 + i), SECOND);
		f = answered(f, TCP_SYN | TCP_RST, TCP_SYN | TCP_ACK);
		give(&s, &f);
		f = syn(
		    address_of("192.0.2.2"), address_of("172.16.0.1"), (uint16_t)(1 + i), SECOND);
		f = answered(f, TCP_SYN | TCP_ACK | TCP_FIN, TCP_SYN | TCP_ACK | TCP_FIN);
		give(&s, &f);
	}
	rows = scanners(&s);
	assert_int_equal(json_array_size(rows), 1);
	assert_int_equal(json_integer_value(json_array_get(json_array_get(rows, 0), 9)), 25);
	json_decref(rows);
}

/* Programs that find each other: a host and port each, a third answers; a busy client. */
static void
test_silence(void **state)
{
	struct scene s;

	(void)state;
	begin_scene(&s, 4, false);
	for (unsigned i = 0; i < 900; i++) {
		struct flow f = syn(address_of("192.0.2.1"), host("172.16.", i),
		    (uint16_t)(1024 + i * 61 % 50000), SECOND + i * 100 * NSEC_PER_MS);
		if (i % 3 == 0)
			f = answered(f, TCP_SYN | TCP_ACK, TCP_SYN | TCP_ACK);
		give(&s, &f);
		f = syn(address_of("192.0.2.3"), host("172.18.", i), 443,
		    SECOND + i * 100 * NSEC_PER_MS);
		if (i % 4 != 0)
			f = answered(f, TCP_SYN | TCP_ACK, TCP_SYN | TCP_ACK);
		give(&s, &f);
		f = syn(address_of("192.0.2.4"), host("172.19.", i), 53, SECOND);
		f.protocol = IP_PROTOCOL_UDP;
		f.packets[1] = i % 5 != 0;
		give(&s, &f);
	}
	assert_int_equal(count_scanners(&s), 0);
}

/* Forged sources at one victim are no scanners and hide none; memory is bounded. */
static void
test_flood(void **state)
{
	static const unsigned SOURCES = 400000;
	struct hash_secret secret = { 1, 2 };
	struct scan_contacts t;
	struct scan_seen seen = { 0 };
	unsigned left = 0;

	(void)state;
	scan_contacts_init(&t, &secret);
	for (unsigned i = 0; i < SOURCES; i++) {
		uint8_t forged[4] = { 1 + i % 200, (uint8_t)(i * 7919U >> 8), (uint8_t)(i * 31U),
			(uint8_t)(i >> 11) };
		struct flow f = syn(address_from_ipv4(forged), address_of("10.0.0.1"), 80, SECOND);
		scan_take_flows(&t, &seen, &f, 1);
		assert_true(t.count <= SCAN_CONTACTS_MOST);
		if (i % 10000 != 0)
			continue;
		f = syn(address_of("192.0.2.1"), host("172.16.", i / 10000), 22, SECOND);
		scan_take_flows(&t, &seen, &f, 1);
	}
	for (uint32_t i = 0; i < t.count; i++) {
		struct address scanner = address_of("192.0.2.1");
		left += address_equal(&t.list[i].source, &scanner);
	}
	assert_int_equal(t.light, 0);
	assert_int_equal(left, SOURCES / 10000);
	assert_true(t.flood > SOURCES / 2);
	scan_contacts_settle(&t);
	scan_contacts_release(&t);
}

/* A source with more contacts than there is room for: a fair sample of them. */
static void
test_thinning(void **state)
{
	static const unsigned TARGETS = 200000;
	struct hash_secret secret = { 1, 2 };
	struct scan_contacts t;
	struct scan_seen seen = { 0 };
	struct address source = address_of("192.0.2.1");
	double estimate;

	(void)state;
	scan_contacts_init(&t, &secret);
	for (unsigned i = 0; i < TARGETS; i++) {
		uint8_t target[4] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
		struct flow f = syn(source, address_from_ipv4(target), 22, SECOND);
		scan_take_flows(&t, &seen, &f, 1);
	}
	estimate = (double)((uint64_t)t.count << scan_contacts_level(&t, &source));
	assert_true(scan_contacts_level(&t, &source) > 0);
	assert_true(estimate > 0.94 * TARGETS && estimate < 1.06 * TARGETS);
	scan_contacts_release(&t);
}

static void
give_record(struct scene *s, const struct flow *f, bool turned, uint8_t flags, uint32_t sampling)
{
	struct flow_record r = { .flow = *f, .sampling = sampling };

	if (turned) {
		r.flow.source = f->destination;
		r.flow.destination = f->source;
		r.flow.source_port = f->destination_port;
		r.flow.destination_port = f->source_port;
	}
	r.flow.tcp_flags[0] = flags;
	r.time = f->first[0];
	analysis_run_record(&s->run, 0, &r);
}

/* One direction a record: they find each other, whichever comes first. */
static void
test_records(void **state)
{
	struct scene s;
	json_t *rows;

	(void)state;
	begin_scene(&s, 1, false);
	for (unsigned i = 0; i < 30; i++) {
		struct flow f = syn(address_of("192.0.2.1"), host("172.16.", i), 22, SECOND);
		struct flow ok = syn(address_of("192.0.2.2"), host("172.16.", i), 443, SECOND);
		if (i % 2 == 0)
			give_record(&s, &f, true, TCP_RST | TCP_ACK, 1);
		give_record(&s, &f, false, TCP_SYN, 1);
		if (i % 3 == 0)
			give_record(&s, &f, true, TCP_RST | TCP_ACK, 1);
		give_record(&s, &ok, i % 2 == 0, TCP_SYN | TCP_ACK | TCP_PSH | TCP_FIN, 1);
		give_record(&s, &ok, i % 2 != 0, TCP_SYN | TCP_ACK | TCP_PSH | TCP_FIN, 1);
		/* Left half open, in both orders. */
		ok.source = address_of("192.0.2.3");
		give_record(
		    &s, &ok, i % 2 == 0, i % 2 == 0 ? TCP_SYN | TCP_ACK : TCP_SYN | TCP_RST, 1);
		give_record(
		    &s, &ok, i % 2 != 0, i % 2 != 0 ? TCP_SYN | TCP_ACK : TCP_SYN | TCP_RST, 1);
		/* Samples of ordinary connections: mostly middles. */
		ok.source = address_of("192.0.2.4");
		give_record(&s, &ok, false, i % 8 == 0 ? TCP_SYN : TCP_ACK, 100);
		/* Datagrams: answered, and not. */
		ok.source = address_of("192.0.2.5");
		ok.protocol = f.protocol = IP_PROTOCOL_UDP;
		ok.destination_port = 53;
		give_record(&s, &ok, i % 2 == 0, 0, 1);
		give_record(&s, &ok, i % 2 != 0, 0, 1);
		f.source = address_of("192.0.2.6");
		f.destination_port = 5060;
		give_record(&s, &f, false, 0, 1);
	}
	rows = scanners(&s);
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(
	    json_string_value(json_array_get(json_array_get(rows, 0), 0)), "192.0.2.1");
	assert_string_equal(
	    json_string_value(json_array_get(json_array_get(rows, 1), 0)), "192.0.2.3");
	assert_string_equal(
	    json_string_value(json_array_get(json_array_get(rows, 2), 0)), "192.0.2.6");
	json_decref(rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequential),
		cmocka_unit_test(test_counting),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_thinning),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
