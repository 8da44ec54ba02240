/* SPDX-License-Identifier: ISC */
/* Frames octet by octet, the queue's order, times, the truth of a few packets. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "simulate/simulation.h"
#include "test.h"

static const uint8_t MAC_A[6] = { 2, 0, 0, 0, 0, 1 }, MAC_B[6] = { 2, 0, 0, 0, 0, 2 };

static struct address
address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), ERR_OK);
	return a;
}

static struct datagram
datagram(const char *source, const char *destination, uint8_t protocol)
{
	return (struct datagram){
		.source_mac = MAC_A,
		.destination_mac = MAC_B,
		.vlan = FRAME_VLAN_NONE,
		.source = address(source),
		.destination = address(destination),
		.protocol = protocol,
		.ttl = 64,
		.source_port = 50000,
		.destination_port = 53,
	};
}

/* One's complement sum of 16-bit words, straight from RFC 1071. */
static uint16_t
sum(const uint8_t *data, size_t size, uint32_t more)
{
	for (size_t i = 0; i < size; i++)
		more += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (more >> 16)
		more = (more & 0xffff) + (more >> 16);
	return (uint16_t)more;
}

static void
test_ipv4_udp(void **state)
{
	uint8_t frame[FRAME_MAX];
	uint32_t octets;
	struct datagram d = datagram("192.0.2.1", "198.51.100.2", FRAME_UDP);

	(void)state;
	d.payload = (const uint8_t *)"abc";
	d.payload_size = 3;
	assert_int_equal(frame_ip(&d, frame, &octets), FRAME_LEAST); /* padded */
	assert_int_equal(octets, 31);
	assert_memory_equal(frame, MAC_B, 6);
	assert_int_equal(be16(frame + 12), 0x0800);
	assert_int_equal(be16(frame + 16), 31);
	assert_int_equal(sum(frame + 14, 20, 0), 0xffff);
	assert_int_equal(be16(frame + 38), 11);
	assert_int_equal(sum(frame + 34, 11, sum(frame + 26, 8, 17 + 11)), 0xffff);
	for (size_t i = 45; i < FRAME_LEAST; i++)
		assert_int_equal(frame[i], 0);
}

static void
test_ipv6_tcp(void **state)
{
	uint8_t frame[FRAME_MAX];
	uint32_t octets;
	struct datagram d = datagram("2001:db8::1", "2001:db8::2", FRAME_TCP);

	(void)state;
	d.vlan = 30;
	d.tcp_flags = FRAME_TCP_SYN;
	assert_int_equal(frame_ip(&d, frame, &octets), 18 + 40 + 32);
	assert_int_equal(octets, 72);
	assert_int_equal(be32(frame + 12), 0x8100001e);
	assert_int_equal(be16(frame + 16), 0x86dd);
	assert_int_equal(be16(frame + 22), 32);
	assert_int_equal(frame[58 + 12] >> 4, 8);
	assert_int_equal(be16(frame + 58 + 22), FRAME_MSS_IPV6);
	assert_int_equal(sum(frame + 58, 32, sum(frame + 26, 32, 6 + 32)), 0xffff);
}

static void
test_arp_and_echo(void **state)
{
	uint8_t frame[FRAME_MAX];
	uint32_t octets;
	struct datagram d = datagram("192.0.2.1", "192.0.2.2", FRAME_ICMP);

	(void)state;
	d.icmp_type = 8;
	assert_int_equal(frame_ip(&d, frame, &octets), FRAME_LEAST);
	assert_int_equal(octets, 28);
	assert_int_equal(sum(frame + 34, 8, 0), 0xffff);
	assert_int_equal(frame_arp(&d, 1, frame), FRAME_LEAST);
	assert_int_equal(frame[0], 0xff);
	assert_int_equal(be16(frame + 12), 0x0806);
	assert_int_equal(be16(frame + 20), 1);
	assert_memory_equal(frame + 28, d.source.octets + 12, 4);
	assert_int_equal(frame[32], 0);
}

/* Packets queued in any order come out by time, those of one time in the order of queueing. */
static void
test_order(void **state)
{
	char path[] = "/tmp/simulation-XXXXXX";
	int file = mkstemp(path);
	struct capture *capture;
	struct truth *truth = truth_new();
	struct simulation *s;
	struct datagram d = datagram("192.0.2.1", "192.0.2.2", FRAME_UDP);
	uint8_t octets[24 + 200 * 76 + 1];
	FILE *in;
	nsec_t last = -1;

	(void)state;
	assert_true(file >= 0);
	(void)close(file);
	assert_int_equal(capture_open(path, CAPTURE_PCAP_NSEC, "", &capture, NULL), ERR_OK);
	s = simulation_new(1, capture, truth);
	for (unsigned i = 0; i < 200; i++) {
		d.ip_id = (uint16_t)i;
		simulation_ip(s, (nsec_t)(i * 7 % 50) * NSEC_PER_SEC + 999, &d);
		if (i == 150)
			simulation_advance(s, NSEC_PER_SEC);
	}
	simulation_free(s);
	assert_int_equal(capture_close(capture, NULL), ERR_OK);
	in = fopen(path, "rb");
	assert_non_null(in);
	assert_int_equal(fread(octets, 1, sizeof octets, in), sizeof octets - 1);
	assert_int_equal(fclose(in), 0);
	(void)unlink(path);
	assert_int_equal(le32(octets), 0xa1b23c4d);
	for (size_t i = 0; i < 200; i++) {
		const uint8_t *record = octets + 24 + i * 76;
		nsec_t time = le32(record);
		/* One that came too late to be in order is written as soon as it can be. */
		assert_true(time >= last || time == 0);
		assert_int_equal(le32(record + 4), 0); /* cut to microseconds */
		if (time == last)
			assert_true(be16(record + 16 + 18) > be16(record - 76 + 16 + 18));
		last = time > last ? time : last;
	}
	truth_free(truth);
}

static json_int_t
number(const json_t *json, const char *a, const char *b, const char *c)
{
	const json_t *found = json_object_get(json_object_get(json, a), b);

	if (c != NULL)
		found = json_object_get(found, c);
	assert_true(json_is_integer(found));
	return json_integer_value(found);
}

static void
note(struct truth *t, nsec_t seconds, const char *from, const char *to, uint16_t port)
{
	struct truth_note n = { .time = seconds * NSEC_PER_SEC,
		.frame_size = 114,
		.octets = 100,
		.vlan = 10,
		.source = address(from),
		.destination = address(to),
		.source_port = port,
		.destination_port = 443,
		.protocol = 6 };

	if (port == 443) {
		n.source_port = 443;
		n.destination_port = 50000;
	}
	truth_frame(t, &n);
}

static void
test_truth(void **state)
{
	struct truth *t = truth_new();
	struct prefix own;
	json_t *json;

	(void)state;
	assert_int_equal(prefix_parse("192.0.2.0/24", &own, NULL), ERR_OK);
	truth_begin(t, 0, NSEC_PER_SEC, &own, 1);
	note(t, 0, "192.0.2.1", "198.51.100.1", 50000);
	note(t, 1, "198.51.100.1", "192.0.2.1", 443);
	note(t, 40, "192.0.2.1", "198.51.100.1", 50000);
	note(t, 200, "192.0.2.1", "198.51.100.1", 50000); /* silent for 160 s: another record */
	for (nsec_t i = 1; i <= 8; i++)
		note(t, 200 + i * 39, "192.0.2.1", "198.51.100.1", 50000); /* the last: 312 s old */
	json = truth_json(t);
	assert_int_equal(number(json, "totals", "packets", NULL), 12);
	assert_int_equal(number(json, "totals", "octets", NULL), 1200);
	assert_int_equal(number(json, "flows", "records", NULL), 3);
	assert_int_equal(number(json, "flows", "one_way_records", NULL), 4);
	assert_int_equal(number(json, "flows", "ambiguous", NULL), 0);
	assert_int_equal(number(json, "ports", "tcp/443", "flows"), 3);
	assert_int_equal(number(json, "directions", "in", "packets"), 1);
	assert_int_equal(number(json, "directions", "out", "packets"), 11);
	assert_int_equal(number(json, "vlans", "10", NULL), 12);
	json_decref(json);
	note(t, 513 + 60, "192.0.2.1", "198.51.100.1", 50000);
	json = truth_json(t);
	assert_int_equal(number(json, "flows", "ambiguous", NULL), 1);
	json_decref(json);
	truth_free(t);
	truth_free(NULL);
}

static void
test_times(void **state)
{
	static const char *const bad[] = { "", "2026-01-05", "2026-01-05T00:00:00",
		"2026-01-05 00:00:00Z", "2026-13-05T00:00:00Z", "2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z", "2026-00-05T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-01-05T24:00:00Z", "1969-12-31T23:59:59Z", "2106-01-01T00:00:00Z",
		"2026-01-05T00:00:00Zx", "aaaa-01-05T00:00:00Z" };
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-02-29T12:00:00Z", 951825600 },
		{ "2026-01-05T00:00:00Z", 1767571200 },
		{ "2105-12-31T23:59:59Z", 4291747199 },
	};
	nsec_t time;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (simulation_time(bad[i], &time, NULL) != ERR_CONFIG)
			fail_msg("\"%s\" was accepted", bad[i]);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(simulation_time(good[i].text, &time, NULL), ERR_OK);
		assert_true(time == good[i].seconds * NSEC_PER_SEC);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4_udp),
		cmocka_unit_test(test_ipv6_tcp),
		cmocka_unit_test(test_arp_and_echo),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
