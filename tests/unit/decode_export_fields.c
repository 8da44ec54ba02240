/* SPDX-License-Identifier: ISC */
/* What the fields of NetFlow and IPFIX records come to. */
#include "export_build.h"

static struct build built; /* large */

static void
begin(unsigned version)
{
	if (version == 9)
		build_v9(&built, BUILD_UPTIME, BUILD_TIME, 0, 7);
	else
		build_ipfix(&built, BUILD_TIME, 0, 7);
}

/* Sends a template and one record of it whose octets are given. */
static struct flow_record
one(struct collector *c, unsigned version, const uint16_t *pairs, size_t count,
    const uint8_t *octets, size_t size)
{
	begin(version);
	build_template_set(&built, 256, pairs, count);
	build_set(&built, 256);
	build_octets(&built, octets, size);
	build_set_end(&built);
	collector_send(c, &built);
	assert_int_equal(c->sink.record_count, 1);
	return c->sink.records[0];
}

#define ONE(c, version, pairs, ...)                                   \
	one((c), (version), (pairs), sizeof(pairs) / sizeof *(pairs), \
	    (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void
expect_address(const struct address *a, const char *text)
{
	char ours[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_format(a, ours), text);
}

static void
ordinary(void **state)
{
	static const uint16_t FIELDS[] = { 8, 4, 12, 4, 15, 4, 10, 2, 14, 4, 2, 8, 1, 8, 7, 2, 11,
		2, 6, 2, 4, 1, 5, 1, 16, 2, 17, 4, 9, 1, 13, 1, 61, 1, 136, 1, 58, 2, 52, 1, 53,
		1 };
	struct collector c;
	struct flow_record r;

	(void)state;
	collector_init(&c);
	c.message.input_offset = 4711;
	r = ONE(&c, 9, FIELDS, 192, 0, 2, 1, 198, 51, 100, 2, 203, 0, 113, 3, 0, 9, 0, 1, 0, 2, 0,
	    0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 0x9c, 0x40, 1, 0xbb, 1, 0x1b, 6, 0xb8,
	    0xfd, 0xe8, 0, 1, 0, 2, 24, 20, 1, 2, 0x60, 0x05, 60, 64);
	expect_address(&r.flow.source, "192.0.2.1");
	expect_address(&r.flow.destination, "198.51.100.2");
	expect_address(&r.next_hop, "203.0.113.3");
	expect_address(&r.exporter, "10.0.0.1");
	assert_int_equal(r.flow.ip_version, 4);
	assert_int_equal(r.ingress_interface, 9);
	assert_int_equal(r.egress_interface, 0x10002);
	assert_int_equal(r.flow.packets[0], 0x100000003);
	assert_int_equal(r.flow.octets[0], 0x0102030405060708);
	assert_int_equal(r.flow.source_port, 40000);
	assert_int_equal(r.flow.destination_port, 443);
	assert_int_equal(r.flow.tcp_flags[0], 0x1b);
	assert_int_equal(r.flow.protocol, 6);
	assert_int_equal(r.tos, 0xb8);
	assert_int_equal(r.source_as, 65000);
	assert_int_equal(r.destination_as, 0x10002);
	assert_int_equal(r.source_mask, 24);
	assert_int_equal(r.destination_mask, 20);
	assert_int_equal(r.direction, RECORD_EGRESS);
	assert_int_equal(r.flow.end_reason, FLOW_END_ACTIVE);
	assert_int_equal(r.flow.vlan, 5);
	assert_int_equal(r.flow.ttl_min[0], 60);
	assert_int_equal(r.flow.ttl_max[0], 64);
	assert_int_equal(r.domain, 7);
	assert_int_equal(r.protocol_version, EXPORT_NETFLOW9);
	assert_int_equal(r.input_offset, 4711);
	assert_int_equal(r.time, BUILD_TIME * NSEC_PER_SEC);
	assert_null(r.extra);
	collector_release(&c);
}

static void
integers_of_any_size(void **state)
{
	(void)state;
	for (uint16_t size = 1; size <= 8; size++) {
		const uint16_t fields[] = { 1, size, 16, size, 7, size, 5, size, 27, 16 };
		struct collector c;

		collector_init(&c);
		begin(10);
		BUILD_TEMPLATE(&built, 256, fields);
		build_set(&built, 256);
		for (unsigned i = 0; i < 4; i++)
			build_number(&built, UINT64_C(0x1122334455667788), size);
		build_number(&built, UINT64_C(0x20010db8), 4);
		build_number(&built, 1, 12);
		build_set_end(&built);
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, 1);
		assert_int_equal(c.sink.records[0].flow.octets[0],
		    UINT64_C(0x1122334455667788) & (UINT64_MAX >> (64 - 8 * size)));
		assert_int_equal(
		    c.sink.records[0].source_as, (uint32_t)c.sink.records[0].flow.octets[0]);
		assert_int_equal(
		    c.sink.records[0].flow.source_port, (uint16_t)c.sink.records[0].flow.octets[0]);
		assert_int_equal(c.sink.records[0].tos, 0x88);
		expect_address(&c.sink.records[0].flow.source, "2001:db8::1");
		assert_int_equal(c.sink.records[0].flow.ip_version, 6);
		collector_release(&c);
	}
}

/* Counts above 2^32 / N must not wrap when they are scaled. */
static void
large_counts_are_scaled(void **state)
{
	static const uint16_t FIELDS[] = { 8, 4, 1, 8, 2, 4, 34, 4 };
	struct collector c;
	struct flow_record r;

	(void)state;
	collector_init(&c);
	r = ONE(&c, 10, FIELDS, 192, 0, 2, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0x20, 0);
	assert_int_equal(r.flow.octets[0], UINT64_C(1) << 32);
	assert_int_equal(record_octets(&r), UINT64_C(8192) << 32);
	assert_int_equal(record_packets(&r), UINT64_C(8192) << 20);
	collector_release(&c);
}

/* Where several elements have one meaning, the better one counts unless it is zero. */
static void
elements_that_compete(void **state)
{
	static const uint16_t COUNTS[] = { 85, 4, 23, 4, 1, 4, 12, 4 };
	static const uint16_t TURNED[] = { 1, 4, 23, 4, 85, 4, 12, 4 };
	static const uint16_t BOTH[] = { 8, 4, 27, 16, 12, 4, 28, 16, 60, 1 };
	struct collector c;
	struct flow_record r;

	(void)state;
	collector_init(&c);
	r = ONE(&c, 9, COUNTS, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 1, 1, 1, 1, 1);
	assert_int_equal(r.flow.octets[0], 1);
	r = ONE(&c, 9, TURNED, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9, 1, 1, 1, 1);
	assert_int_equal(r.flow.octets[0], 1);
	r = ONE(&c, 9, TURNED, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9, 1, 1, 1, 1);
	assert_int_equal(r.flow.octets[0], 2);
	r = ONE(&c, 9, COUNTS, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1);
	assert_int_equal(r.flow.octets[0], 9);
	r = ONE(&c, 9, BOTH, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0,
	    2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9);
	expect_address(&r.flow.source, "192.0.2.1");
	expect_address(&r.flow.destination, "192.0.2.2");
	assert_int_equal(r.flow.ip_version, 4);
	r = ONE(&c, 9, BOTH, 0, 0, 0, 0, 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
	    0, 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0);
	expect_address(&r.flow.source, "2001::1");
	assert_int_equal(r.flow.ip_version, 6);
	collector_release(&c);
}

static void
icmp(void **state)
{
	static const uint16_t TYPE_CODE[] = { 4, 1, 7, 2, 11, 2, 32, 2, 8, 4 };
	static const uint16_t APART[] = { 178, 1, 179, 1, 4, 1, 27, 16 };
	struct collector c;
	struct flow_record r;

	(void)state;
	collector_init(&c);
	r = ONE(&c, 9, TYPE_CODE, 1, 0, 5, 0, 0, 8, 0, 192, 0, 2, 1);
	assert_int_equal(r.flow.source_port, 0);
	assert_int_equal(r.flow.destination_port, 0x0800);
	/* In the port's place only. */
	r = ONE(&c, 9, TYPE_CODE, 1, 0, 0, 3, 1, 0, 0, 192, 0, 2, 1);
	assert_int_equal(r.flow.destination_port, 0x0301);
	/* Not ICMP: whatever the exporter left in the field is nothing. */
	r = ONE(&c, 9, TYPE_CODE, 6, 0, 5, 0, 80, 8, 0, 192, 0, 2, 1);
	assert_int_equal(r.flow.destination_port, 80);
	r = ONE(&c, 10, APART, 129, 1, 58, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
	assert_int_equal(r.flow.destination_port, 129 << 8 | 1);
	collector_release(&c);
}

static void
extras(void **state)
{
	static const uint16_t FIELDS[] = { 56, 6, 80, 6, 57, 6, 81, 6, 59, 2, 70, 3, 71, 3, 89, 1,
		225, 4, 227, 2, 230, 1, 234, 4, 95, 4, 96, 4, 236, 4, 54, 2, 138, 1, 8, 4, 281,
		16 };
	static const uint16_t ONLY_POST[] = { 57, 6, 8, 4 };
	static const uint8_t MAC[6] = { 2, 0, 0, 0, 0, 3 };
	struct collector c;
	struct flow_record r;

	(void)state;
	collector_init(&c);
	r = ONE(&c, 9, FIELDS, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0,
	    4, 0, 9, 0, 1, 0x23, 0x45, 0x67, 0x81, 64, 203, 0, 113, 9, 0x30, 0x39, 4, 0, 0, 0, 5, 3,
	    0, 0, 80, 'h', 't', 't', 'p', 'b', 'l', 0, 'x', 1, 2, 77, 192, 0, 2, 1, 0, 0, 0, 0, 0,
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_non_null(r.extra);
	assert_int_equal(r.extra->source_mac[5], 1);
	assert_int_equal(r.extra->destination_mac[5], 2);
	assert_memory_equal(r.extra->post_destination_mac, MAC, 6);
	assert_int_equal(r.extra->post_source_mac[5], 4);
	assert_int_equal(r.extra->post_vlan, 9);
	assert_int_equal(r.extra->mpls_count, 2);
	assert_int_equal(r.extra->mpls[0], 0x000123);
	assert_int_equal(r.extra->mpls[1], 0x456781);
	assert_int_equal(r.extra->forwarding_status, 64);
	expect_address(&r.extra->post_nat_source, "203.0.113.9");
	assert_int_equal(r.extra->post_nat_source_port, 12345);
	assert_int_equal(r.extra->nat_event, 4);
	assert_int_equal(r.extra->ingress_vrf, 5);
	assert_int_equal(r.extra->application_engine, 3);
	assert_int_equal(r.extra->application_selector, 80);
	assert_string_equal(r.extra->application_name, "http");
	assert_string_equal(r.extra->vrf_name, "bl");
	assert_int_equal(r.extra->ip_id, 0x0102);
	assert_int_equal(r.extra->observation_point, 77);
	r = ONE(&c, 9, ONLY_POST, 2, 0, 0, 0, 0, 3, 192, 0, 2, 1);
	assert_memory_equal(r.extra->destination_mac, MAC, 6);
	assert_memory_equal(r.extra->post_destination_mac, MAC, 6);
	collector_release(&c);
}

/* More records with extras than a block holds: earlier ones stay where they are. */
static void
extras_do_not_move(void **state)
{
	static const uint16_t FIELDS[] = { 8, 4, 89, 1 };
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(9);
	BUILD_TEMPLATE(&built, 256, FIELDS);
	build_set(&built, 256);
	for (unsigned i = 0; i < 2000; i++) {
		build_number(&built, 0xc0000201, 4);
		build_number(&built, i, 1);
	}
	build_set_end(&built);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 2000);
	for (unsigned i = 0; i < 2000; i++)
		assert_int_equal(c.sink.records[i].extra->forwarding_status, (uint8_t)i);
	collector_release(&c);
}

/* Bidirectional: RFC 5103's reverse elements, and initiator and responder. */
static void
both_directions(void **state)
{
	static const uint16_t RESPONDER[] = { 231, 4, 232, 4, 298, 2, 299, 2, 8, 4 };
	struct collector c;
	struct flow_record r;

	(void)state;
	collector_init(&c);
	begin(10);
	build_set(&built, 2);
	build_number(&built, 256, 2);
	build_number(&built, 7, 2);
	build_number(&built, 8 << 16 | 4, 4);
	build_number(&built, 1 << 16 | 4, 4);
	build_number(&built, 152 << 16 | 8, 4);
	build_number(&built, 153 << 16 | 8, 4);
	for (unsigned i = 0; i < 3; i++) {
		static const uint16_t REVERSE[] = { 0x8001, 0x8002, 0x8000 + 152 };
		build_number(&built, REVERSE[i], 2);
		build_number(&built, i == 2 ? 8 : 4, 2);
		build_number(&built, 29305, 4);
	}
	build_set_end(&built);
	build_set(&built, 256);
	for (unsigned i = 0; i < 2; i++) {
		build_number(&built, 0xc0000201, 4);
		build_number(&built, 1000, 4);
		build_number(&built, (BUILD_TIME - 10) * 1000, 8);
		build_number(&built, (BUILD_TIME - 1) * 1000, 8);
		build_number(&built, i == 0 ? 2000 : 0, 4);
		build_number(&built, i == 0 ? 3 : 0, 4);
		build_number(&built, (BUILD_TIME - 9) * 1000, 8);
	}
	build_set_end(&built);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 2);
	r = c.sink.records[0];
	assert_int_equal(r.flow.octets[0], 1000);
	assert_int_equal(r.flow.octets[1], 2000);
	assert_int_equal(r.flow.packets[1], 3);
	assert_int_equal(r.flow.first[1], (BUILD_TIME - 9) * NSEC_PER_SEC);
	assert_int_equal(r.flow.last[1], (BUILD_TIME - 1) * NSEC_PER_SEC);
	assert_int_equal(c.sink.records[1].flow.first[1], 0);
	assert_int_equal(c.sink.records[1].flow.last[1], 0);
	r = ONE(&c, 9, RESPONDER, 0, 0, 0, 1, 0, 0, 0, 2, 0, 3, 0, 4, 192, 0, 2, 1);
	assert_int_equal(r.flow.octets[0], 1);
	assert_int_equal(r.flow.octets[1], 2);
	assert_int_equal(r.flow.packets[0], 3);
	assert_int_equal(r.flow.packets[1], 4);
	assert_int_equal(r.flow.last[1], r.flow.last[0]);
	collector_release(&c);
}

/* Other enterprises' elements, and unknown ones, are passed over and counted once a template. */
static void
unknown_elements(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(10);
	build_set(&built, 2);
	build_number(&built, 256, 2);
	build_number(&built, 4, 2);
	build_number(&built, 0x8001, 2);
	build_number(&built, 4, 2);
	build_number(&built, 12345, 4);
	build_number(&built, 0x8000 | 500, 2);
	build_number(&built, BUILD_VARIES, 2);
	build_number(&built, 9, 4);
	build_number(&built, 499, 2);
	build_number(&built, 3, 2);
	build_number(&built, 1, 2);
	build_number(&built, 4, 2);
	build_set_end(&built);
	build_set(&built, 256);
	for (unsigned i = 0; i < 2; i++) {
		build_number(&built, 0xffffffff, 4);
		build_number(&built, 5, 1);
		build_number(&built, 0, 5);
		build_number(&built, 0xffffff, 3);
		build_number(&built, 42 + i, 4);
	}
	build_set_end(&built);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 2);
	assert_int_equal(c.sink.records[0].flow.octets[0], 42);
	assert_int_equal(c.sink.records[1].flow.octets[0], 43);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_FIELD_ENTERPRISE), 2);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_FIELD_UNKNOWN), 1);
	collector_release(&c);
}

/* An IPv4 UDP packet with 4 octets of data. */
#define PACKET                                                                                     \
	0x45, 0x10, 0, 32, 0, 1, 0, 0, 63, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2, 0x30, 0x39, 0, \
	    53, 0, 12, 0, 0, 1, 2, 3, 4
#define MACS 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2

static void
expect_packet(const struct flow_record *r)
{
	expect_address(&r->flow.source, "192.0.2.1");
	expect_address(&r->flow.destination, "198.51.100.2");
	assert_int_equal(r->flow.protocol, 17);
	assert_int_equal(r->flow.source_port, 12345);
	assert_int_equal(r->flow.destination_port, 53);
	assert_int_equal(r->flow.octets[0], 32);
	assert_int_equal(r->flow.packets[0], 1);
	assert_int_equal(r->flow.ttl_max[0], 63);
	assert_int_equal(r->tos, 0x10);
}

/* Packet sections go through the packet decoder. */
static void
packet_sections(void **state)
{
	static const uint16_t HEADER[] = { 313, 32 };
	static const uint16_t FRAME[] = { 312, 2, 315, 46, 309, 4, 310, 4 };
	static const uint16_t VARIES[] = { 410, 2, 315, BUILD_VARIES };
	static const uint16_t CISCO[] = { 103, 2, 104, 46 };
	static const uint16_t PAYLOAD[] = { 8, 4, 12, 4, 4, 1, 314, 12 };
	struct collector c;
	struct flow_record r;

	(void)state;
	collector_init(&c);
	r = ONE(&c, 10, HEADER, PACKET);
	expect_packet(&r);
	r = ONE(&c, 10, FRAME, 0, 46, MACS, 8, 0, PACKET, 0, 0, 0, 1, 0, 0, 1, 0);
	expect_packet(&r);
	assert_int_equal(r.sampling, 256);
	r = ONE(&c, 10, VARIES, 0, 46, 46, MACS, 8, 0, PACKET);
	expect_packet(&r);
	r = ONE(&c, 9, CISCO, 0, 46, MACS, 8, 0, PACKET);
	expect_packet(&r);
	r = ONE(&c, 10, PAYLOAD, 192, 0, 2, 1, 198, 51, 100, 2, 17, 0x30, 0x39, 0, 53, 0, 12, 0, 0,
	    1, 2, 3, 4);
	assert_int_equal(r.flow.source_port, 12345);
	assert_int_equal(r.flow.destination_port, 53);
	/* Only so many octets of the section are the packet's. */
	r = ONE(&c, 10, VARIES, 0, 10, 46, MACS, 8, 0, PACKET);
	assert_int_equal(r.flow.protocol, 0);
	collector_release(&c);
}

/* Behind a proxy the exporter is who options say, if that is trusted. */
static void
exporter_of_options(void **state)
{
	static const uint16_t OPTIONS[] = { 149, 4, 130, 4 };

	(void)state;
	for (unsigned trust = 0; trust < 2; trust++) {
		struct collector c;
		struct exporter_report r;

		collector_init(&c);
		c.options.trust_agent = trust != 0;
		collector_restart(&c);
		begin(10);
		BUILD_OPTIONS(&built, 400, 1, OPTIONS);
		BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
		build_set(&built, 400);
		build_number(&built, 7, 4);
		build_number(&built, 0xc0000263, 4);
		build_set_end(&built);
		build_flows(&built, 256, 1);
		collector_send(&c, &built);
		expect_address(&c.sink.records[0].exporter, trust != 0 ? "192.0.2.99" : "10.0.0.1");
		r = collector_report(&c);
		expect_address(&r.exporter, trust != 0 ? "192.0.2.99" : "10.0.0.1");
		collector_release(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary),
		cmocka_unit_test(integers_of_any_size),
		cmocka_unit_test(large_counts_are_scaled),
		cmocka_unit_test(elements_that_compete),
		cmocka_unit_test(icmp),
		cmocka_unit_test(extras),
		cmocka_unit_test(extras_do_not_move),
		cmocka_unit_test(both_directions),
		cmocka_unit_test(unknown_elements),
		cmocka_unit_test(packet_sections),
		cmocka_unit_test(exporter_of_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
