/* SPDX-License-Identifier: ISC */
/* security/ddos: thresholds, gaps, vectors, classes, prefixes, sampling, downloads. */
#include <math.h>

#include "unit/analysis_run.h"

#define S NSEC_PER_SEC

extern const struct analysis analysis_security_ddos;

/* Everything a generated packet needs; zero is a UDP packet. */
struct traffic {
	const char *target;
	unsigned protocol; /* 0: UDP */
	unsigned flags;    /* of TCP */
	uint16_t source_port, destination_port;
	uint32_t octets;  /* 0: 60 */
	uint32_t sources; /* distinct ones; 0: one */
	bool ipv6, fragment;
	nsec_t begin, end;
	unsigned rate; /* a second */
};

static struct address
source_of(const struct traffic *t, uint32_t number)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 9 };

	if (!t->ipv6)
		return run_ipv4(0x0b000000 + number * 2654435761U % 0x40000000);
	octets[14] = (uint8_t)(number >> 8);
	octets[15] = (uint8_t)number;
	return address_from_ipv6(octets);
}

static struct packet
packet_of(const struct traffic *t, uint32_t number, nsec_t time)
{
	struct packet p = { .time = time,
		.kind = PACKET_IP,
		.ip_version = t->ipv6 ? 6 : 4,
		.source = source_of(t, number % (t->sources != 0 ? t->sources : 1)),
		.destination = run_address(t->target),
		.protocol = (uint8_t)(t->protocol != 0 ? t->protocol : IP_PROTOCOL_UDP),
		.tcp_flags = (uint8_t)t->flags,
		.source_port = t->source_port != 0 ? t->source_port : 40000,
		.destination_port = t->destination_port,
		.octets = t->octets != 0 ? t->octets : 60,
		.ttl = 60,
		.flags = PACKET_HAS_PORTS };

	if (t->fragment)
		p.flags = PACKET_FRAGMENT;
	return p;
}

/* Sends packets evenly, to the shard that owns each pair of addresses, window by window is the
 * caller's business. */
static void
send_traffic(struct analysis_run *run, const struct traffic *t)
{
	uint64_t count = (uint64_t)(t->end - t->begin) / (uint64_t)S * t->rate;

	analysis_run_start(run);
	for (uint64_t i = 0; i < count; i++) {
		struct packet p =
		    packet_of(t, (uint32_t)i, t->begin + (nsec_t)(i * (uint64_t)S / t->rate));
		const struct packet *list[] = { &p };
		struct batch batch = { .type = OBS_PACKET, .count = 1, .packets = list };
		size_t shard = hash_mix64(p.source.words[1] ^ p.destination.words[1]) % run->shards;
		run->analysis->observe(run->states[shard], &batch);
	}
}

static void
begin(struct analysis_run *run)
{
	analysis_run_begin(run, &analysis_security_ddos, 2, 7);
	analysis_run_set(run, "packets", "200");
	analysis_run_set(run, "bits", "10000000");
	analysis_run_set(run, "syn", "100");
	analysis_run_set(run, "connections", "20");
	analysis_run_set(run, "requests", "10");
	analysis_run_set(run, "syn_pattern", "50");
}

/* The findings of a run whose traffic lies in the window that begins at 0. */
static json_t *
findings_of(struct analysis_run *run, unsigned windows)
{
	struct query_source q;
	struct section_context context;
	struct section *section = section_new("security/ddos", "DDoS attacks");
	struct err_info why = { 0 };
	json_t *findings;

	if (windows == 1)
		analysis_run_window(run, 0);
	q = store_query(run->store);
	context = (struct section_context){ .store = &q,
		.settings = run->settings,
		.site = &run->site,
		.begin = 0,
		.end = 100000 * RUN_WINDOW,
		.first = 0,
		.last = (nsec_t)windows * RUN_WINDOW };
	if (run->analysis->section(&context, section, &why) != ERR_OK)
		fail_msg("%s", why.text);
	findings = section_findings(section);
	json_decref(section_finish(section));
	return findings;
}

static json_t *
measure(json_t *finding, const char *name)
{
	return json_object_get(json_object_get(finding, "measures"), name);
}

static void
assert_target(json_t *finding, const char *kind, const char *target)
{
	assert_string_equal(json_string_value(json_object_get(finding, "kind")), kind);
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(finding, "subject"), "target")),
	    target);
}

/* The names of the vectors, "udp syn". */
static void
assert_vectors(json_t *finding, const char *expected)
{
	char text[200] = "";
	json_t *vector;
	size_t i;

	json_array_foreach (measure(finding, "vectors"), i, vector) {
		size_t used = strlen(text);
		(void)snprintf(text + used, sizeof text - used, "%s%s", i != 0 ? " " : "",
		    json_string_value(json_object_get(vector, "name")));
	}
	assert_string_equal(text, expected);
}

/* Runs one kind of traffic; NULL when nothing was found, else the only finding. */
static json_t *
find_one(const struct traffic *t)
{
	struct analysis_run run;
	json_t *findings, *finding;

	begin(&run);
	send_traffic(&run, t);
	findings = findings_of(&run, 1);
	assert_in_range(json_array_size(findings), 0, 1);
	finding = json_incref(json_array_get(findings, 0));
	json_decref(findings);
	analysis_run_end(&run);
	return finding;
}

static void
assert_silent(const struct traffic *t)
{
	json_t *finding = find_one(t);

	assert_null(finding);
}

static void
assert_vector(const struct traffic *t, const char *kind, const char *vector)
{
	json_t *finding = find_one(t);

	assert_non_null(finding);
	assert_target(finding, kind, t->target);
	assert_vectors(finding, vector);
	assert_int_equal(json_integer_value(measure(finding, "packets")),
	    (uint64_t)(t->end - t->begin) / (uint64_t)S * t->rate);
	assert_int_equal(json_integer_value(measure(finding, "octets")),
	    (uint64_t)(t->end - t->begin) / (uint64_t)S * t->rate *
		(t->octets != 0 ? t->octets : 60));
	assert_true(json_real_value(measure(finding, "peak_pps")) == t->rate);
	json_decref(finding);
}

/* ------------------------------------------------------------------ vectors */

static void
test_vectors(void **state)
{
	const nsec_t from = 20 * S, to = 60 * S;

	(void)state;
	assert_vector(
	    &(struct traffic){ .target = "192.0.2.1", .begin = from, .end = to, .rate = 300 },
	    "bandwidth", "udp");
	assert_vector(&(struct traffic){ .target = "192.0.2.1",
			  .protocol = IP_PROTOCOL_ICMP,
			  .begin = from,
			  .end = to,
			  .rate = 300 },
	    "bandwidth", "icmp");
	assert_vector(
	    &(struct traffic){
		.target = "192.0.2.1", .fragment = true, .begin = from, .end = to, .rate = 300 },
	    "bandwidth", "fragment");
	assert_vector(&(struct traffic){ .target = "192.0.2.1",
			  .protocol = IP_PROTOCOL_GRE,
			  .begin = from,
			  .end = to,
			  .rate = 300 },
	    "bandwidth", "ip-other");
	assert_vector(&(struct traffic){ .target = "192.0.2.1",
			  .protocol = IP_PROTOCOL_TCP,
			  .flags = TCP_SYN,
			  .sources = 5000,
			  .begin = from,
			  .end = to,
			  .rate = 300 },
	    "server", "syn");
	assert_vector(&(struct traffic){ .target = "192.0.2.1",
			  .protocol = IP_PROTOCOL_TCP,
			  .flags = TCP_ACK,
			  .sources = 5000,
			  .begin = from,
			  .end = to,
			  .rate = 300 },
	    "server", "tcp-other");
	assert_vector(&(struct traffic){ .target = "192.0.2.1",
			  .source_port = 123,
			  .octets = 468,
			  .sources = 40,
			  .begin = from,
			  .end = to,
			  .rate = 300 },
	    "bandwidth", "ntp");
	assert_vector(
	    &(struct traffic){
		.target = "2001:db8::1", .ipv6 = true, .begin = from, .end = to, .rate = 300 },
	    "bandwidth", "udp");
	assert_vector(&(struct traffic){ .target = "2001:db8::1",
			  .ipv6 = true,
			  .protocol = IP_PROTOCOL_TCP,
			  .flags = TCP_SYN,
			  .sources = 5000,
			  .begin = from,
			  .end = to,
			  .rate = 300 },
	    "server", "syn");
}

/* ------------------------------------------------------------------ thresholds */

static void
test_thresholds(void **state)
{
	struct traffic t = { .target = "192.0.2.1", .begin = 20 * S, .end = 50 * S, .rate = 199 };
	json_t *finding;

	(void)state;
	/* A packet a second less than the threshold in each of three slots; and as many. */
	assert_silent(&t);
	t.rate = 200;
	assert_vector(&t, "bandwidth", "udp");
	/* Two slots are too few. */
	t.end = 40 * S;
	assert_silent(&t);
	/* One second of four times the threshold is enough; one packet less is not. */
	t.end = 21 * S;
	t.rate = 799;
	assert_silent(&t);
	t.rate = 800;
	assert_vector(&t, "bandwidth", "udp");
	/* SYN with their pattern, from many sources and from few. */
	t = (struct traffic){ .target = "192.0.2.1",
		.protocol = IP_PROTOCOL_TCP,
		.flags = TCP_SYN,
		.sources = 1000,
		.begin = 20 * S,
		.end = 50 * S,
		.rate = 50 };
	finding = find_one(&t);
	assert_non_null(finding);
	json_decref(finding);
	t.rate = 49;
	assert_silent(&t);
	t.rate = 50;
	t.sources = 50;
	assert_silent(&t);
}

/* Four weeks of the same hour with up to 195 packets a second, then `rate` in the fifth. */
static size_t
found_after_weeks(unsigned weeks, unsigned rate)
{
	const nsec_t week = (nsec_t)7 * 86400 * S;
	struct analysis_run run;
	json_t *findings;
	struct traffic t = { .target = "192.0.2.1" };
	size_t found;

	begin(&run);
	for (unsigned i = 0; i < weeks * 8; i++) {
		nsec_t at = i / 8 * week + i % 8 * RUN_WINDOW;
		t.begin = at + 20 * S;
		t.end = at + 60 * S;
		t.rate = 180 + i % 4 * 5;
		send_traffic(&run, &t);
		analysis_run_window(&run, at / RUN_WINDOW);
	}
	t.begin = 4 * week + 20 * S;
	t.end = 4 * week + 60 * S;
	t.rate = rate;
	send_traffic(&run, &t);
	analysis_run_window(&run, 4 * week / RUN_WINDOW);
	findings = findings_of(&run, 4 * 7 * 288 + 1);
	found = json_array_size(findings);
	json_decref(findings);
	analysis_run_end(&run);
	return found;
}

/* What an address always gets at this hour of the week is no attack: median 187.5 and MAD 5 make
 * 246.8 packets a second, where the setting says 200. */
static void
test_learned(void **state)
{
	(void)state;
	assert_int_equal(found_after_weeks(4, 230), 0);
	assert_int_equal(found_after_weeks(4, 260), 1);
	assert_int_equal(found_after_weeks(1, 230), 1); /* too little is known */
	assert_int_equal(found_after_weeks(0, 230), 1);
}

/* ------------------------------------------------------------------ time */

static json_t *
run_gap(nsec_t gap, size_t expected)
{
	struct analysis_run run;
	json_t *findings;
	struct traffic t = { .target = "192.0.2.1", .begin = 10 * S, .end = 50 * S, .rate = 300 };

	begin(&run);
	send_traffic(&run, &t);
	analysis_run_window(&run, 0);
	t.begin = t.end + gap;
	t.end = t.begin + 40 * S;
	send_traffic(&run, &t);
	analysis_run_window(&run, t.begin / RUN_WINDOW);
	findings = findings_of(&run, 4);
	assert_int_equal(json_array_size(findings), expected);
	analysis_run_end(&run);
	return findings;
}

static void
test_gaps(void **state)
{
	json_t *findings = run_gap(540 * S, 1), *one = json_array_get(findings, 0);

	(void)state;
	assert_int_equal(json_array_size(measure(one, "gaps")), 1);
	assert_true(fabs(json_real_value(measure(one, "duration_s")) - 620) < 0.1);
	assert_int_equal(json_integer_value(measure(one, "packets")), 2 * 40 * 300);
	json_decref(findings);
	findings = run_gap(660 * S, 2);
	assert_int_equal(json_array_size(measure(json_array_get(findings, 0), "gaps")), 0);
	json_decref(findings);
}

/* ------------------------------------------------------------------ classes */

static json_t *
run_two(const struct traffic *a, const struct traffic *b)
{
	struct analysis_run run;
	json_t *findings, *finding;

	begin(&run);
	/* By turns, as they would come. */
	for (nsec_t at = 0; at < 300 * S; at += 10 * S) {
		struct traffic parts[2] = { *a, *b };
		for (unsigned i = 0; i < 2; i++) {
			if (at < parts[i].begin || at >= parts[i].end)
				continue;
			parts[i].begin = at;
			parts[i].end = at + 10 * S;
			send_traffic(&run, &parts[i]);
		}
	}
	findings = findings_of(&run, 1);
	assert_int_equal(json_array_size(findings), 1);
	finding = json_incref(json_array_get(findings, 0));
	json_decref(findings);
	analysis_run_end(&run);
	return finding;
}

static void
test_compound(void **state)
{
	struct traffic udp = { .target = "192.0.2.1", .begin = 20 * S, .end = 60 * S, .rate = 240 };
	struct traffic syn = { .target = "192.0.2.1",
		.protocol = IP_PROTOCOL_TCP,
		.flags = TCP_SYN,
		.sources = 5000,
		.begin = 20 * S,
		.end = 60 * S,
		.rate = 160 };
	struct traffic icmp = { .target = "192.0.2.1",
		.protocol = IP_PROTOCOL_ICMP,
		.begin = 20 * S,
		.end = 60 * S,
		.rate = 160 };
	json_t *f = run_two(&udp, &syn), *vector;

	(void)state;
	assert_target(f, "compound", "192.0.2.1");
	assert_string_equal(json_string_value(measure(f, "class")), "compound_mixed");
	assert_vectors(f, "udp syn");
	vector = json_array_get(measure(f, "vectors"), 0);
	assert_true(fabs(json_real_value(json_object_get(vector, "share_packets")) - 0.6) < 1e-9);
	json_decref(f);
	f = run_two(&udp, &icmp);
	assert_target(f, "compound", "192.0.2.1");
	assert_string_equal(json_string_value(measure(f, "class")), "compound_same");
	json_decref(f);
	/* One after the other is no compound. */
	syn.begin = 60 * S;
	syn.end = 100 * S;
	f = run_two(&udp, &syn);
	assert_string_equal(json_string_value(json_object_get(f, "kind")), "bandwidth");
	assert_vectors(f, "udp syn");
	json_decref(f);
}

/* What a server's own users send is no part of an attack by SYN. */
static void
test_beside_users(void **state)
{
	struct traffic users = { .target = "192.0.2.1",
		.protocol = IP_PROTOCOL_TCP,
		.flags = TCP_ACK | TCP_PSH,
		.octets = 1000,
		.sources = 30,
		.begin = 0,
		.end = 200 * S,
		.rate = 90 };
	struct traffic syn = { .target = "192.0.2.1",
		.protocol = IP_PROTOCOL_TCP,
		.flags = TCP_SYN,
		.sources = 5000,
		.begin = 60 * S,
		.end = 120 * S,
		.rate = 150 };
	json_t *f = run_two(&users, &syn);

	(void)state;
	assert_target(f, "server", "192.0.2.1");
	assert_vectors(f, "syn");
	assert_int_equal(json_integer_value(measure(f, "packets")), 60 * 150);
	assert_true(fabs(json_real_value(measure(f, "duration_s")) - 60) < 0.1);
	assert_true(json_real_value(measure(f, "peak_pps")) == 150);
	json_decref(f);
}

/* ------------------------------------------------------------------ prefixes */

static void
carpet(struct analysis_run *run, const char *format, bool ipv6)
{
	for (unsigned host = 1; host <= 100; host++) {
		char target[64];
		struct traffic t = {
			.target = target, .ipv6 = ipv6, .begin = 20 * S, .end = 60 * S, .rate = 3
		};
		(void)snprintf(target, sizeof target, format, host);
		send_traffic(run, &t);
	}
}

static void
test_carpet(void **state)
{
	struct analysis_run run;
	json_t *findings;

	(void)state;
	begin(&run);
	carpet(&run, "198.51.100.%u", false);
	findings = findings_of(&run, 1);
	assert_int_equal(json_array_size(findings), 1);
	assert_target(json_array_get(findings, 0), "bandwidth", "198.51.100.0/24");
	assert_int_equal(
	    json_integer_value(measure(json_array_get(findings, 0), "packets")), 100 * 40 * 3);
	assert_int_equal(
	    json_integer_value(measure(json_array_get(findings, 0), "addresses")), 100);
	json_decref(findings);
	analysis_run_end(&run);
	begin(&run);
	carpet(&run, "2001:db8:0:1::%x", true);
	findings = findings_of(&run, 1);
	assert_int_equal(json_array_size(findings), 1);
	assert_target(json_array_get(findings, 0), "bandwidth", "2001:db8:0:1::/64");
	json_decref(findings);
	analysis_run_end(&run);
}

/* ------------------------------------------------------------------ reflection */

static void
test_reflection(void **state)
{
	/* 40 answers of 1,400 octets a second: far below the thresholds of volume. */
	struct traffic t = { .target = "192.0.2.1",
		.source_port = 53,
		.octets = 1400,
		.sources = 12,
		.begin = 20 * S,
		.end = 60 * S,
		.rate = 40 };
	struct traffic asked = { .target = "11.1.1.1",
		.destination_port = 53,
		.begin = 20 * S,
		.end = 60 * S,
		.rate = 40 };
	struct analysis_run run;
	json_t *findings;

	(void)state;
	assert_vector(&t, "bandwidth", "dns");
	t.sources = 9;
	assert_silent(&t);
	t.sources = 12;
	t.octets = 300;
	assert_silent(&t);
	/* The same answers, asked for. */
	t.octets = 1400;
	begin(&run);
	send_traffic(&run, &t);
	for (unsigned i = 0; i < 40 * 40; i++) {
		struct packet p = packet_of(&asked, i, 20 * S + i * S / 40);
		const struct packet *list[] = { &p };
		p.source = run_address("192.0.2.1");
		run.analysis->observe(run.states[0],
		    &(struct batch){ .type = OBS_PACKET, .count = 1, .packets = list });
	}
	findings = findings_of(&run, 1);
	assert_int_equal(json_array_size(findings), 0);
	json_decref(findings);
	analysis_run_end(&run);
	/* SYN-ACK that nobody asked for. */
	t = (struct traffic){ .target = "192.0.2.1",
		.protocol = IP_PROTOCOL_TCP,
		.flags = TCP_SYN | TCP_ACK,
		.sources = 500,
		.begin = 20 * S,
		.end = 60 * S,
		.rate = 150 };
	assert_vector(&t, "bandwidth", "tcp-other");
}

/* ------------------------------------------------------------------ connections, requests */

static void
test_connections(void **state)
{
	struct analysis_run run;
	json_t *findings;

	(void)state;
	begin(&run);
	for (unsigned i = 0; i < 30 * 40; i++) {
		struct flow f = run_flow(run_ipv4(0x0b000000 + i % 200), run_address("192.0.2.1"));
		f.protocol = IP_PROTOCOL_TCP;
		f.first[0] = 20 * S + i * S / 30;
		f.last[0] = f.first[0] + S;
		f.packets[0] = 3;
		f.packets[1] = 2;
		f.tcp_flags[0] = TCP_SYN | TCP_ACK | TCP_RST;
		f.tcp_flags[1] = TCP_SYN | TCP_ACK;
		analysis_run_flow(&run, 0, &f);
	}
	findings = findings_of(&run, 1);
	assert_int_equal(json_array_size(findings), 1);
	assert_target(json_array_get(findings, 0), "server", "192.0.2.1");
	assert_vectors(json_array_get(findings, 0), "connection");
	assert_int_equal(
	    json_integer_value(measure(json_array_get(findings, 0), "connections")), 1200);
	json_decref(findings);
	analysis_run_end(&run);
}

static void
test_requests(void **state)
{
	struct analysis_run run;
	json_t *findings;

	(void)state;
	begin(&run);
	analysis_run_start(&run);
	for (unsigned i = 0; i < 12 * 40; i++) {
		static const char HOST[] = "WWW.example.net:80";
		struct http_request r = { .time = 20 * S + i * S / 12,
			.client = run_ipv4(0x0b000000 + i % 50),
			.origin = HTTP_FROM_LOG,
			.request_octets = HTTP_UNKNOWN,
			.response_octets = HTTP_UNKNOWN,
			.host = { (const uint8_t *)HOST, sizeof HOST - 1 } };
		const struct http_request *list[] = { &r };
		run.analysis->observe(run.states[i % 2],
		    &(struct batch){ .type = OBS_HTTP, .count = 1, .http = list });
	}
	findings = findings_of(&run, 1);
	assert_int_equal(json_array_size(findings), 1);
	assert_target(json_array_get(findings, 0), "server", "www.example.net");
	assert_vectors(json_array_get(findings, 0), "http");
	assert_int_equal(json_integer_value(measure(json_array_get(findings, 0), "requests")), 480);
	assert_in_range(
	    json_integer_value(measure(json_array_get(findings, 0), "sources")), 48, 52);
	json_decref(findings);
	analysis_run_end(&run);
}

/* ------------------------------------------------------------------ downloads */

/* A download over the threshold: packets, and the flow that tells of them; with and without it. */
static void
test_download(void **state)
{
	struct traffic t = { .target = "192.0.2.1",
		.protocol = IP_PROTOCOL_TCP,
		.flags = TCP_ACK,
		.octets = 1500,
		.begin = 20 * S,
		.end = 60 * S,
		.rate = 300 };
	struct analysis_run run;
	json_t *findings;

	(void)state;
	for (unsigned told = 0; told < 2; told++) {
		struct flow f = run_flow(run_address("192.0.2.1"), source_of(&t, 0));
		begin(&run);
		send_traffic(&run, &t);
		f.protocol = IP_PROTOCOL_TCP;
		f.first[0] = f.first[1] = 20 * S;
		f.last[0] = f.last[1] = 60 * S;
		f.packets[0] = 6000;
		f.octets[0] = 6000 * 52;
		f.packets[1] = 12000;
		f.octets[1] = 12000 * 1500;
		f.tcp_flags[0] = f.tcp_flags[1] = TCP_SYN | TCP_ACK;
		if (told != 0)
			analysis_run_flow(&run, 0, &f);
		findings = findings_of(&run, 1);
		assert_int_equal(json_array_size(findings), told != 0 ? 0 : 1);
		json_decref(findings);
		analysis_run_end(&run);
	}
}

/* ------------------------------------------------------------------ sampling */

/* The sampled packets of a flood, one in so many at random, to one of many targets. */
static void
send_sampled(struct analysis_run *run, uint64_t seed, uint64_t count, uint32_t sampling)
{
	uint64_t word = seed * 1000003;

	for (uint64_t i = 0;;) {
		struct flow_record r = {
			.flow = run_flow(run_ipv4(0x0b000000 + (uint32_t)(i % 700)),
			    run_ipv4(0xc6120000 + (uint32_t)seed * 256 + 1)),
			.sampling = sampling,
		};
		double u;

		word = hash_mix64(word + 1);
		u = ((double)(word >> 11) + 0.5) / 9007199254740992.0;
		i += 1 + (uint64_t)(log(u) / log(1 - 1.0 / sampling));
		if (i >= count)
			return;
		r.flow.first[0] = r.flow.last[0] = r.time = 20 * S + (nsec_t)(i * 10000);
		r.flow.octets[0] = 1000;
		r.flow.source_port = 4000;
		analysis_run_record(run, seed % 2, &r);
	}
}

/* A flood of 100,000 packets a second for 60 s, one packet in 1,000 sampled at random: the class is
 * kept, and the intervals of packets and of the peak hold the truth in 95 of 100 seeds. */
static void
test_sampled(void **state)
{
	enum { SEEDS = 200, RATE = 100000, SECONDS = 60, SAMPLING = 1000 };
	unsigned packets_held = 0, peak_held = 0;
	struct analysis_run run;
	json_t *findings, *f;
	size_t i;

	(void)state;
	analysis_run_begin(&run, &analysis_security_ddos, 2, 7);
	analysis_run_set(&run, "targets", "1000");
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		send_sampled(&run, seed, (uint64_t)RATE * SECONDS, SAMPLING);
	findings = findings_of(&run, 1);
	assert_int_equal(json_array_size(findings), SEEDS);
	json_array_foreach (findings, i, f) {
		assert_string_equal(json_string_value(json_object_get(f, "kind")), "bandwidth");
		assert_vectors(f, "udp");
		packets_held += json_real_value(measure(f, "packets_low")) <= RATE * SECONDS &&
				json_real_value(measure(f, "packets_high")) >= RATE * SECONDS;
		peak_held += json_real_value(measure(f, "peak_pps_low")) <= RATE &&
			     json_real_value(measure(f, "peak_pps_high")) >= RATE;
	}
	print_message("packets %u, peak %u of %u\n", packets_held, peak_held, SEEDS);
	assert_true(packets_held >= SEEDS * 95 / 100);
	assert_true(peak_held >= SEEDS * 95 / 100);
	json_decref(findings);
	analysis_run_end(&run);
}

/* Fewer than a hundred sampled packets in ten seconds say nothing. */
static void
test_undersampled(void **state)
{
	struct analysis_run run;
	json_t *findings;

	(void)state;
	for (unsigned k = 9; k <= 11; k += 2) {
		analysis_run_begin(&run, &analysis_security_ddos, 1, 7);
		for (unsigned i = 0; i < k * 40; i++) {
			struct flow_record r = { .flow = run_flow(run_ipv4(0x0b000000 + i),
						     run_address("192.0.2.1")),
				.sampling = 10000 };
			r.flow.first[0] = r.flow.last[0] = r.time = 20 * S + i * S / k;
			analysis_run_record(&run, 0, &r);
		}
		findings = findings_of(&run, 1);
		assert_int_equal(json_array_size(findings), k > 10);
		json_decref(findings);
		analysis_run_end(&run);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_thresholds),
		cmocka_unit_test(test_learned),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_compound),
		cmocka_unit_test(test_beside_users),
		cmocka_unit_test(test_carpet),
		cmocka_unit_test(test_reflection),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_download),
		cmocka_unit_test(test_sampled),
		cmocka_unit_test(test_undersampled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
