/* SPDX-License-Identifier: ISC */
/* Transport headers, ICMP with its quotations, ESP and AH, and reassembled datagrams. */
#include "decode_run.h"

#define L4 34 /* in Ethernet with IPv4 */

static struct decoded
run_ip4(struct frame *f, uint8_t protocol)
{
	build_ip4(f, protocol);
	build_ether(f, 0x0800);
	return run_all(f, LINK_ETHERNET, 0);
}

static void
test_tcp(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_tcp(&f, TCP_SYN | TCP_ACK | 0xc0, 3);
	d = run_ip4(&f, IP_PROTOCOL_TCP);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.flags, PACKET_HAS_PORTS);
	assert_int_equal(d.p.source_port, BUILD_SOURCE_PORT);
	assert_int_equal(d.p.destination_port, BUILD_PORT);
	assert_int_equal(d.p.tcp_flags, TCP_SYN | TCP_ACK | 0xc0);
	assert_int_equal(d.p.l4_offset, L4);
	assert_int_equal(d.p.payload_offset, L4 + 32);
	assert_int_equal(d.p.payload_size, 4);
	/* Ports and flags are read from as much as there is. */
	d = run_cut(&f, LINK_ETHERNET, L4 + 4, f.size);
	assert_int_equal(d.p.flags, PACKET_HAS_PORTS | PACKET_SNAPPED);
	assert_int_equal(d.p.l4_offset, 0);
	free(d.copy);
	d = run_cut(&f, LINK_ETHERNET, L4 + 14, f.size);
	assert_int_equal(d.p.tcp_flags, TCP_SYN | TCP_ACK | 0xc0);
	assert_int_equal(d.p.l4_offset, 0);
	free(d.copy);
	d = run_cut(&f, LINK_ETHERNET, L4 + 20, f.size);
	assert_int_equal(d.p.l4_offset, L4);
	assert_int_equal(d.p.payload_size, 0);
	free(d.copy);
}

static void
test_tcp_malformed(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_tcp(&f, TCP_RST, 0);
	d = run_ip4(&f, IP_PROTOCOL_TCP);
	f.octets[L4 + 12] = 0x40;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_TCP_HEADER_LENGTH);
	assert_int_equal(d.p.flags, PACKET_HAS_PORTS);
	assert_int_equal(d.p.tcp_flags, TCP_RST);
	assert_int_equal(d.p.payload_size, 0);
	f.octets[L4 + 12] = 0x70;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_TCP_HEADER_LENGTH);
	f.octets[L4 + 12] = 0x00; /* not the capture's doing, even when it is cut */
	d = run_cut(&f, LINK_ETHERNET, f.size - 1, f.size);
	run_expect_drop(&d, DROP_TCP_HEADER_LENGTH);
	free(d.copy);

	build_start(&f, BUILD_PAYLOAD, 4);
	d = run_ip4(&f, IP_PROTOCOL_TCP);
	run_expect_drop(&d, DROP_TCP_TRUNCATED);
	assert_int_equal(d.p.flags, PACKET_HAS_PORTS);
}

static void
test_udp(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD "beyond", 10);
	build_udp(&f);
	put_be16(f.octets + 4, 12); /* the rest is surplus, which is allowed (RFC 9868) */
	d = run_ip4(&f, IP_PROTOCOL_UDP);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.payload_size, 4);
	put_be16(f.octets + L4 + 4, 7);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_UDP_LENGTH);
	assert_int_equal(d.p.payload_size, 10);
	put_be16(f.octets + L4 + 4, 19);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_UDP_LENGTH);
	assert_int_equal(d.p.payload_size, 10);
	put_be16(f.octets + L4 + 4, 0);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_UDP_LENGTH);

	build_start(&f, "\0\1\0\2\0\3\0", 7);
	d = run_ip4(&f, IP_PROTOCOL_UDP);
	run_expect_drop(&d, DROP_UDP_TRUNCATED);
	assert_int_equal(d.p.destination_port, 2);
}

/* The lie is the IP header's; UDP agrees with it and is counted as no second one. */
static void
test_udp_agrees_with_lying_ip(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_trailer(&f, 100);
	build_udp(&f);
	build_ip4(&f, IP_PROTOCOL_UDP);
	build_ether(&f, 0x0800);
	d = run_cut(&f, LINK_ETHERNET, f.size - 50, f.size - 50);
	run_expect_drop(&d, DROP_IP4_LENGTH_BEYOND);
	assert_int_equal(d.p.payload_size, 54);
	free(d.copy);
}

static void
test_udplite(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_udp(&f);
	put_be16(f.octets + 4, 8);
	d = run_ip4(&f, IP_PROTOCOL_UDPLITE);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.flags, PACKET_HAS_PORTS);
	assert_int_equal(d.p.payload_size, 4);
	put_be16(f.octets + L4 + 4, 0);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, NO_DROP);
	put_be16(f.octets + L4 + 4, 7);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_UDPLITE_COVERAGE);
	put_be16(f.octets + L4 + 4, 13);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_UDPLITE_COVERAGE);

	build_start(&f, BUILD_PAYLOAD, 4);
	d = run_ip4(&f, IP_PROTOCOL_UDPLITE);
	run_expect_drop(&d, DROP_UDPLITE_TRUNCATED);
}

static void
test_fixed_headers(void **state)
{
	static const struct {
		uint8_t protocol;
		uint32_t size;
		unsigned truncated;
	} cases[] = {
		{ IP_PROTOCOL_SCTP, 12, DROP_SCTP_TRUNCATED },
		{ IP_PROTOCOL_ESP, 8, DROP_ESP_TRUNCATED },
	};
	static const uint8_t octets[16] = { 0x03, 0xe8, 0x07, 0xd0 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct frame f;
		struct decoded d;

		build_start(&f, octets, sizeof octets);
		d = run_ip4(&f, cases[i].protocol);
		run_expect_drop(&d, NO_DROP);
		assert_int_equal(d.p.l4_offset, L4);
		assert_int_equal(d.p.payload_offset, L4 + cases[i].size);
		assert_int_equal(d.p.payload_size, 16 - cases[i].size);
		assert_int_equal(d.p.source_port, i == 0 ? BUILD_SOURCE_PORT : 0);
		build_start(&f, octets, cases[i].size - 1);
		d = run_ip4(&f, cases[i].protocol);
		run_expect_drop(&d, cases[i].truncated);
	}
}

static void
test_unknown_protocol(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	d = run_ip4(&f, 89);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.protocol, 89);
	assert_int_equal(d.p.l4_offset, 0);
	assert_int_equal(d.p.payload_size, 4);
}

static void
test_ah(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_udp(&f);
	build_push(&f, "\x11\x04\0\0\0\0\0\1\0\0\0\1\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c", 24);
	d = run_ip4(&f, IP_PROTOCOL_AH);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.protocol, IP_PROTOCOL_UDP);
	assert_int_equal(d.p.source_port, BUILD_SOURCE_PORT);
	assert_int_equal(d.p.octets, 20 + 24 + 12);
	f.octets[L4 + 1] = 0xff;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_AH_TRUNCATED);
	assert_int_equal(d.p.protocol, IP_PROTOCOL_AH);
}

static void
test_icmp(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_icmp(&f, 8, 0, 0x00010002);
	d = run_ip4(&f, IP_PROTOCOL_ICMP);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.flags, 0);
	assert_int_equal(d.p.source_port, 0);
	assert_int_equal(d.p.destination_port, 8 << 8);
	assert_int_equal(d.p.payload_size, 4);

	build_start(&f, "\3\1\0\0\0\0\0", 7);
	d = run_ip4(&f, IP_PROTOCOL_ICMP);
	run_expect_drop(&d, DROP_ICMP_TRUNCATED);
	assert_int_equal(d.p.icmp_type, 3);
	assert_int_equal(d.p.destination_port, 3 << 8 | 1);
	build_start(&f, "\3", 1);
	d = run_ip4(&f, IP_PROTOCOL_ICMP);
	run_expect_drop(&d, DROP_ICMP_TRUNCATED);
	assert_int_equal(d.p.destination_port, 0);
}

static void
expect_quote(const struct packet *p)
{
	struct packet quoted;
	char text[ADDRESS_TEXT_SIZE];

	assert_true((p->flags & PACKET_HAS_QUOTE) != 0);
	decode_quote(p, &quoted);
	assert_int_equal(quoted.kind, PACKET_IP);
	assert_int_equal(quoted.protocol, IP_PROTOCOL_UDP);
	assert_int_equal(quoted.source_port, BUILD_SOURCE_PORT);
	assert_int_equal(quoted.destination_port, BUILD_PORT);
	assert_string_equal(address_format(&quoted.source, text),
	    quoted.ip_version == 4 ? "192.0.2.1" : "2001:db8::1");
	assert_int_equal(quoted.octets, quoted.ip_version == 4 ? 32 : 52);
}

static void
test_quotes(void **state)
{
	static const uint8_t v4[] = { 3, 4, 5, 11, 12 };
	struct frame f;
	struct decoded d;

	(void)state;
	for (size_t i = 0; i < sizeof v4; i++) {
		build_datagram(&f);
		build_icmp(&f, v4[i], 1, 0);
		d = run_ip4(&f, IP_PROTOCOL_ICMP);
		run_expect_drop(&d, NO_DROP);
		assert_int_equal(d.p.quote_offset, L4 + 8);
		expect_quote(&d.p);
	}
	for (uint8_t type = 1; type <= 4; type++) {
		build_datagram6(&f);
		build_icmp(&f, type, 0, 0);
		build_ip6(&f, IP_PROTOCOL_ICMPV6);
		build_ether(&f, 0x86dd);
		d = run_all(&f, LINK_ETHERNET, 0);
		run_expect_drop(&d, NO_DROP);
		expect_quote(&d.p);
	}
}

/* Eight octets of transport header, as RFC 792 asks for: enough for the ports, and no malformed
 * packet. */
static void
test_quote_of_eight_octets(void **state)
{
	struct frame f;
	struct decoded d;
	struct packet quoted;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_tcp(&f, TCP_SYN, 0);
	build_ip4(&f, IP_PROTOCOL_TCP);
	f.size = 28;
	build_icmp(&f, 11, 0, 0);
	d = run_ip4(&f, IP_PROTOCOL_ICMP);
	run_expect_drop(&d, NO_DROP);
	decode_quote(&d.p, &quoted);
	assert_int_equal(quoted.flags, PACKET_HAS_PORTS | PACKET_SNAPPED);
	assert_int_equal(quoted.destination_port, BUILD_PORT);
	assert_int_equal(quoted.octets, 44);
	assert_int_equal(quoted.l4_offset, 0);
}

/* RFC 4884: extensions follow the quotation and are no payload of the packet quoted. */
static void
test_quote_before_extensions(void **state)
{
	struct frame f;
	struct decoded d;
	struct packet quoted;

	(void)state;
	build_datagram(&f);
	build_trailer(&f, 96);
	put_be16(f.octets + 2, 500);
	put_be16(f.octets + 24, 480);
	build_trailer(&f, 20); /* extensions */
	build_icmp(&f, 3, 3, 32u << 16);
	d = run_ip4(&f, IP_PROTOCOL_ICMP);
	decode_quote(&d.p, &quoted);
	assert_int_equal(quoted.payload_size, 128 - 28);
}

static void
test_quotes_that_are_none(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	f.size = 19;
	build_icmp(&f, 3, 1, 0);
	d = run_ip4(&f, IP_PROTOCOL_ICMP);
	run_expect_drop(&d, DROP_ICMP_QUOTE_TRUNCATED);
	build_start(&f, "", 0);
	build_icmp(&f, 3, 1, 0);
	d = run_ip4(&f, IP_PROTOCOL_ICMP);
	run_expect_drop(&d, DROP_ICMP_QUOTE_TRUNCATED);
	build_start(&f, "0123456789012345678901234567890123456789", 40);
	build_icmp(&f, 3, 1, 0);
	d = run_ip4(&f, IP_PROTOCOL_ICMP);
	run_expect_drop(&d, DROP_ICMP_QUOTE_MALFORMED);
	/* Redirects of ICMPv6 quote in an option, echoes nothing. */
	build_datagram6(&f);
	build_icmp(&f, 137, 0, 0);
	build_ip6(&f, IP_PROTOCOL_ICMPV6);
	d = run(&f, LINK_RAW);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.flags, 0);
}

/* Errors about errors, to the end of the packet: only the first is read. */
static void
test_quotes_do_not_nest(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	for (unsigned i = 0; i < 60; i++) {
		build_icmp(&f, 3, 1, 0);
		build_ip4(&f, IP_PROTOCOL_ICMP);
	}
	d = run(&f, LINK_RAW);
	run_expect_drop(&d, NO_DROP);
	assert_true((d.p.flags & PACKET_HAS_QUOTE) != 0);
}

static void
test_reassembled(void **state)
{
	struct drop_counters drops = { .count = { 0 } };
	struct packet p;
	struct decoded d;
	struct frame f;

	(void)state;
	build_start(&f, BUILD_PAYLOAD "more", 8);
	build_udp(&f);
	build_ip4_with(&f, 17, 0x2000, 0);
	d = run(&f, LINK_RAW);
	p = d.p;

	build_start(&f, BUILD_PAYLOAD, 4);
	build_trailer(&f, 1500);
	build_udp(&f);
	p.data = f.octets;
	p.captured_size = (uint32_t)f.size;
	p.frame_size = (uint32_t)f.size;
	p.flags |= PACKET_REASSEMBLED;
	p.octets = (uint32_t)f.size + 20;
	decode_transport(&p, &drops);
	assert_int_equal(p.flags, PACKET_REASSEMBLED | PACKET_HAS_PORTS);
	assert_int_equal(p.payload_offset, 8);
	assert_int_equal(p.payload_size, 1504);
	assert_int_equal(p.source_port, BUILD_SOURCE_PORT);
	assert_int_equal(drops.count[DROP_UDP_LENGTH], 0);
}

/* With extension headers in front, and with a tunnel inside that stays closed. */
static void
test_reassembled_chain(void **state)
{
	struct drop_counters drops = { .count = { 0 } };
	struct packet p = { .ip_version = 6, .flags = PACKET_REASSEMBLED, .vlan = VLAN_NONE };
	struct frame f;

	(void)state;
	build_datagram(&f);
	build_gre(&f, 0, 0x0800);
	build_extension(&f, IP_PROTOCOL_GRE, 0);
	p.protocol = IP_PROTOCOL_DSTOPTS;
	p.data = f.octets;
	p.captured_size = (uint32_t)f.size;
	p.frame_size = (uint32_t)f.size;
	decode_transport(&p, &drops);
	assert_int_equal(p.protocol, IP_PROTOCOL_GRE);
	assert_int_equal(p.l4_offset, 8);
	assert_int_equal(p.tunnel, TUNNEL_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_malformed),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_udp_agrees_with_lying_ip),
		cmocka_unit_test(test_udplite),
		cmocka_unit_test(test_fixed_headers),
		cmocka_unit_test(test_unknown_protocol),
		cmocka_unit_test(test_ah),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_quote_of_eight_octets),
		cmocka_unit_test(test_quote_before_extensions),
		cmocka_unit_test(test_quotes_that_are_none),
		cmocka_unit_test(test_quotes_do_not_nest),
		cmocka_unit_test(test_reassembled),
		cmocka_unit_test(test_reassembled_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
