/* SPDX-License-Identifier: ISC */
/* When flows were: every form in which exporters say it, and NetFlow v5, 1 and 7. */
#include "export_build.h"

static struct build built; /* large */

/* Sends a template of an address and two times, and a record of it. */
static struct flow
times(struct collector *c, const uint16_t pairs[4], uint64_t first, uint64_t last)
{
	const uint16_t fields[] = { 8, 4, pairs[0], pairs[1], pairs[2], pairs[3] };

	if (be16(built.octets) == 10)
		build_ipfix(&built, BUILD_TIME, 0, 7);
	BUILD_TEMPLATE(&built, 256, fields);
	build_set(&built, 256);
	build_number(&built, 0xc0000201, 4);
	build_number(&built, first, pairs[1]);
	build_number(&built, last, pairs[3]);
	build_set_end(&built);
	collector_send(c, &built);
	assert_int_equal(c->sink.record_count, 1);
	return c->sink.records[0].flow;
}

static void
expect(const struct flow *f, nsec_t first, nsec_t last)
{
	assert_int_equal(f->first[0], BUILD_TIME * NSEC_PER_SEC + first);
	assert_int_equal(f->last[0], BUILD_TIME * NSEC_PER_SEC + last);
}

static const uint16_t UPTIMES[] = { 22, 4, 21, 4 };

static void
uptimes(void **state)
{
	struct collector c;
	struct flow f;

	(void)state;
	collector_init(&c);
	build_v9(&built, BUILD_UPTIME, BUILD_TIME, 0, 1);
	f = times(&c, UPTIMES, BUILD_UPTIME - 5000, BUILD_UPTIME - 1);
	expect(&f, -5 * NSEC_PER_SEC, -NSEC_PER_MS);
	/* A flow a little younger than its header. */
	build_v9(&built, BUILD_UPTIME, BUILD_TIME, 0, 1);
	f = times(&c, UPTIMES, BUILD_UPTIME - 5000, BUILD_UPTIME + 20);
	expect(&f, -5 * NSEC_PER_SEC, 20 * NSEC_PER_MS);
	/* The uptime wrapped after the flow began, and after it ended. */
	build_v9(&built, 1000, BUILD_TIME, 0, 1);
	f = times(&c, UPTIMES, UINT32_MAX - 999, 500);
	expect(&f, -2 * NSEC_PER_SEC, -500 * NSEC_PER_MS);
	build_v9(&built, 1000, BUILD_TIME, 0, 1);
	f = times(&c, UPTIMES, UINT32_MAX - 999, UINT32_MAX);
	expect(&f, -2 * NSEC_PER_SEC, -1001 * NSEC_PER_MS);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_TIME_CLAMPED), 0);
	collector_release(&c);
}

#define NTP(seconds, fraction) (((uint64_t)((seconds) + 2208988800) << 32) | (fraction))

static void
absolute_times(void **state)
{
	static const struct {
		uint16_t pairs[4];
		uint64_t first, last;
	} CASES[] = {
		{ { 150, 4, 151, 4 }, BUILD_TIME - 4, BUILD_TIME - 1 },
		{ { 152, 8, 153, 8 }, (BUILD_TIME - 4) * 1000, (BUILD_TIME - 1) * 1000 },
		{ { 154, 8, 155, 8 }, NTP(BUILD_TIME - 4, 0), NTP(BUILD_TIME - 1, 0) },
		{ { 156, 8, 157, 8 }, NTP(BUILD_TIME - 4, 0), NTP(BUILD_TIME - 1, 0) },
		{ { 158, 4, 159, 4 }, 4000000, 1000000 },
		{ { 150, 4, 161, 4 }, BUILD_TIME - 4, 3000 },
		{ { 151, 4, 161, 4 }, BUILD_TIME - 1, 3000 },
		{ { 153, 8, 162, 4 }, (BUILD_TIME - 1) * 1000, 3000000 },
	};
	static const uint16_t OBSERVED[] = { 323, 8, 4, 1 };
	static const uint16_t FRACTION[] = { 156, 8, 157, 8 };
	struct flow f;

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct collector c;

		collector_init(&c);
		build_ipfix(&built, BUILD_TIME, 0, 1);
		f = times(&c, CASES[i].pairs, CASES[i].first, CASES[i].last);
		expect(&f, -4 * NSEC_PER_SEC, -NSEC_PER_SEC);
		if (i == 0) {
			f = times(&c, OBSERVED, (BUILD_TIME - 2) * 1000, 6);
			expect(&f, -2 * NSEC_PER_SEC, -2 * NSEC_PER_SEC);
			f = times(&c, FRACTION, NTP(BUILD_TIME - 1, 0x80000000),
			    NTP(BUILD_TIME - 1, 0xffffffff));
			expect(&f, -NSEC_PER_SEC / 2, -1);
		}
		collector_release(&c);
	}
}

/* IPFIX has no uptime in its header: the record, or options, say when it was 0. */
static void
uptimes_in_ipfix(void **state)
{
	static const uint16_t OPTIONS[] = { 144, 4, 160, 8 };
	const uint64_t init = (BUILD_TIME - 86400) * 1000;
	struct collector c;
	struct flow f;

	(void)state;
	collector_init(&c);
	/* Nobody says: at least the duration is right. */
	build_ipfix(&built, BUILD_TIME, 0, 7);
	f = times(&c, UPTIMES, 1000, 4000);
	expect(&f, -3 * NSEC_PER_SEC, 0);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_TIME_UNKNOWN), 1);
	build_ipfix(&built, BUILD_TIME, 0, 7);
	BUILD_OPTIONS(&built, 400, 1, OPTIONS);
	build_set(&built, 400);
	build_number(&built, 1, 4);
	build_number(&built, init, 8);
	build_set_end(&built);
	collector_send(&c, &built);
	f = times(&c, UPTIMES, 86400000 - 7000, 86400000 - 2000);
	expect(&f, -7 * NSEC_PER_SEC, -2 * NSEC_PER_SEC);
	collector_release(&c);
}

static void
clamped(void **state)
{
	static const uint16_t MILLISECONDS[] = { 152, 8, 153, 8 };
	const nsec_t hour = 3600 * NSEC_PER_SEC;
	struct collector c;
	struct flow f;

	(void)state;
	collector_init(&c);
	build_ipfix(&built, BUILD_TIME, 0, 1);
	f = times(&c, MILLISECONDS, (BUILD_TIME - 90000) * 1000, (BUILD_TIME - 1) * 1000);
	expect(&f, -hour, -NSEC_PER_SEC);
	f = times(&c, MILLISECONDS, (BUILD_TIME - 1) * 1000, (BUILD_TIME + 90000) * 1000);
	expect(&f, -NSEC_PER_SEC, hour);
	f = times(&c, MILLISECONDS, 1, UINT64_MAX);
	expect(&f, -hour, hour);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_TIME_CLAMPED), 3);
	/* The end before the beginning. */
	f = times(&c, MILLISECONDS, (BUILD_TIME - 1) * 1000, (BUILD_TIME - 9) * 1000);
	expect(&f, -9 * NSEC_PER_SEC, -9 * NSEC_PER_SEC);
	/* None at all. */
	f = times(&c, MILLISECONDS, 0, 0);
	assert_true(f.first[0] >= BUILD_TIME * NSEC_PER_SEC - hour);
	collector_release(&c);
}

/* An exporter whose clock is wrong: its times are shifted by as much. */
static void
wrong_clock(void **state)
{
	static const uint16_t SECONDS[] = { 150, 4, 151, 4 };
	const nsec_t later = 9 * 3600 * NSEC_PER_SEC;
	struct collector c;
	struct flow f;

	(void)state;
	collector_init(&c);
	c.message.time += later;
	build_v9(&built, BUILD_UPTIME, BUILD_TIME, 0, 1);
	f = times(&c, UPTIMES, BUILD_UPTIME - 5000, BUILD_UPTIME - 1000);
	expect(&f, later - 5 * NSEC_PER_SEC, later - NSEC_PER_SEC);
	build_ipfix(&built, BUILD_TIME, 0, 1);
	f = times(&c, SECONDS, BUILD_TIME - 5, BUILD_TIME - 1);
	expect(&f, later - 5 * NSEC_PER_SEC, later - NSEC_PER_SEC);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_CLOCK_WRONG), 2);
	/* When nobody knows when the message came, the exporter is believed. */
	c.message.time = 0;
	f = times(&c, SECONDS, BUILD_TIME - 5, BUILD_TIME - 1);
	expect(&f, -5 * NSEC_PER_SEC, -NSEC_PER_SEC);
	assert_int_equal(c.sink.records[0].time, BUILD_TIME * NSEC_PER_SEC);
	c.message.time = INT64_MAX;
	(void)times(&c, SECONDS, BUILD_TIME - 5, BUILD_TIME - 1);
	c.message.time = INT64_MIN;
	(void)times(&c, SECONDS, BUILD_TIME - 5, BUILD_TIME - 1);
	collector_release(&c);
}

/* Version 1, 5 or 7 with records of 48 or 52 octets. */
static void
build_fixed(unsigned version, uint32_t sequence, unsigned count, unsigned sampling)
{
	built.size = 0;
	build_number(&built, version, 2);
	build_number(&built, count, 2);
	build_number(&built, BUILD_UPTIME, 4);
	build_number(&built, BUILD_TIME, 4);
	build_number(&built, 500000000, 4);
	if (version != 1)
		build_number(&built, sequence, 4);
	if (version == 5)
		build_number(&built, 0x0102, 2);
	if (version == 5)
		build_number(&built, sampling, 2);
	if (version == 7)
		build_number(&built, 0, 4);
	for (unsigned i = 0; i < count; i++) {
		build_number(&built, 0xc0000201 + i, 4);
		build_number(&built, 0xc6336402, 4);
		build_number(&built, 0xcb007103, 4);
		build_number(&built, 0x00110022, 4);
		build_number(&built, 3, 4);
		build_number(&built, 0xfffffffe, 4);
		build_number(&built, BUILD_UPTIME - 2000, 4);
		build_number(&built, BUILD_UPTIME - 1000, 4);
		build_number(&built, 40000, 2);
		build_number(&built, 443, 2);
		if (version == 1) {
			build_number(&built, 0, 2);
			build_number(&built, 0x06b81b00, 4);
			build_number(&built, 0, 10);
			continue;
		}
		build_number(&built, 0x001b06b8, 4);
		build_number(&built, 0xfde8fde9, 4);
		build_number(&built, 24 << 24 | 20 << 16, 4);
		if (version == 7)
			build_number(&built, 0, 4);
	}
}

static void
netflow_5(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= 7; version += version == 1 ? 4 : 2) {
		struct collector c;
		const struct flow_record *r;

		collector_init(&c);
		build_fixed(version, 0, 3, 1 << 14 | 100);
		assert_true(exports_recognise(built.octets, built.size));
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, 3);
		r = &c.sink.records[2];
		assert_int_equal(r->flow.source.octets[15], 3);
		assert_int_equal(r->flow.destination.octets[12], 198);
		assert_int_equal(r->next_hop.octets[12], 203);
		assert_int_equal(r->ingress_interface, 0x11);
		assert_int_equal(r->egress_interface, 0x22);
		assert_int_equal(r->flow.packets[0], 3);
		assert_int_equal(r->flow.octets[0], 0xfffffffe);
		assert_int_equal(r->flow.source_port, 40000);
		assert_int_equal(r->flow.tcp_flags[0], 0x1b);
		assert_int_equal(r->flow.protocol, 6);
		assert_int_equal(r->tos, 0xb8);
		assert_int_equal(r->source_as, version == 1 ? 0 : 65000);
		assert_int_equal(r->destination_mask, version == 1 ? 0 : 20);
		assert_int_equal(r->protocol_version, version);
		assert_int_equal(r->domain, version == 5 ? 0x0102 : 0);
		assert_int_equal(r->sampling, version == 5 ? 100 : 0);
		assert_int_equal(
		    r->sampling_source, version == 5 ? SAMPLING_HEADER : SAMPLING_UNKNOWN);
		expect(&r->flow, -1500 * NSEC_PER_MS, -500 * NSEC_PER_MS);
		collector_release(&c);
	}
}

static void
netflow_5_sequence(void **state)
{
	struct collector c;
	struct exporter_report r;

	(void)state;
	collector_init(&c);
	for (uint32_t i = 0; i < 40; i++) {
		build_fixed(5, 7 * i, 7, 0);
		if (i != 10 && i != 20 && i != 21)
			collector_send(&c, &built);
	}
	r = collector_report(&c);
	assert_int_equal(r.lost, 21);
	assert_int_equal(r.expected, 280);
	assert_int_equal(r.unit, SEQUENCE_RECORDS);
	collector_release(&c);
}

/* Whole records of a message that was cut are read, and those of one that lies. */
static void
netflow_5_truncation(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	build_fixed(5, 0, 3, 0);
	for (size_t size = 0; size <= built.size; size++) {
		collector_send_octets(&c, built.octets, size);
		assert_int_equal(c.sink.record_count, size < 24 ? 0 : (size - 24) / 48);
		assert_int_equal(exports_recognise(built.octets, size), size == built.size);
	}
	/* More than there can be: a header that lies, or none. */
	put_be16(built.octets + 2, 31);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	put_be16(built.octets + 2, 0);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_COUNT), 2);
	collector_release(&c);
}

static void
recognised(void **state)
{
	uint8_t octets[100];

	(void)state;
	build_v9(&built, BUILD_UPTIME, BUILD_TIME, 0, 1);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	assert_true(exports_recognise(built.octets, built.size));
	assert_false(exports_recognise(built.octets, built.size - 1));
	build_ipfix(&built, BUILD_TIME, 0, 1);
	build_flows(&built, 999, 1);
	assert_true(exports_recognise(built.octets, built.size));
	assert_false(exports_recognise(built.octets, built.size - 1));
	/* Ordinary payloads: a DNS query, an RTP packet, text, zeros, noise. */
	for (unsigned seed = 0; seed < 20000; seed++) {
		uint32_t noise = seed * 2654435761u;

		for (size_t i = 0; i < sizeof octets; i++) {
			noise = noise * 1664525 + 1013904223;
			octets[i] = (uint8_t)(noise >> 24);
		}
		if (seed % 2 == 0)
			put_be16(octets, (uint16_t)(seed % 12));
		if (exports_recognise(octets, sizeof octets))
			assert_true(be16(octets) == 9);
	}
	memset(octets, 0, sizeof octets);
	assert_false(exports_recognise(octets, sizeof octets));
	for (size_t size = 0; size < sizeof octets; size++)
		assert_false(exports_recognise((const uint8_t *)"GET / HTTP/1.1\r\nHost: "
								"example.net\r\n\r\n............"
								"................................"
								"................",
		    size));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uptimes),
		cmocka_unit_test(absolute_times),
		cmocka_unit_test(uptimes_in_ipfix),
		cmocka_unit_test(clamped),
		cmocka_unit_test(wrong_clock),
		cmocka_unit_test(netflow_5),
		cmocka_unit_test(netflow_5_sequence),
		cmocka_unit_test(netflow_5_truncation),
		cmocka_unit_test(recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
