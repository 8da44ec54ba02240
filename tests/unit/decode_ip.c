/* SPDX-License-Identifier: ISC */
/* IPv4 and IPv6: options, lengths that lie, fragments, extension headers, jumbograms. */
#include "decode_run.h"

/* Where the IPv4 or IPv6 header begins in an Ethernet frame. */
#define L3 14

static void
as_ether(struct frame *f, unsigned version)
{
	build_ether(f, version == 4 ? 0x0800 : 0x86dd);
}

static struct decoded
run_ether(struct frame *f, unsigned version)
{
	as_ether(f, version);
	return run(f, LINK_ETHERNET);
}

static void
test_fields(void **state)
{
	char text[ADDRESS_TEXT_SIZE];
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	d = run_ether(&f, 4);
	assert_int_equal(d.p.tos, 0x28);
	assert_int_equal(d.p.ttl, 63);
	assert_int_equal(d.p.fragment_id, 0x1234);
	assert_string_equal(address_format(&d.p.destination, text), "198.51.100.2");
	build_datagram6(&f);
	d = run_ether(&f, 6);
	assert_int_equal(d.p.tos, 0x28);
	assert_int_equal(d.p.ttl, 62);
	assert_int_equal(d.p.fragment_id, 0);
	assert_string_equal(address_format(&d.p.destination, text), "2001:db8::2");
}

static void
test_ip4_options(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_udp(&f);
	build_ip4_with(&f, 17, 0, 10);
	as_ether(&f, 4);
	d = run_all(&f, LINK_ETHERNET, 0);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.octets, 72);
	assert_int_equal(d.p.l4_offset, L3 + 60);
	assert_int_equal(d.p.payload_size, 4);
	/* Addresses and length are there although the options are not. */
	d = run_cut(&f, LINK_ETHERNET, L3 + 30, f.size);
	assert_int_equal(d.p.kind, PACKET_IP);
	assert_int_equal(d.p.octets, 72);
	assert_int_equal(d.p.flags, PACKET_SNAPPED);
	free(d.copy);
}

static void
test_ip4_header_that_lies(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	as_ether(&f, 4);
	f.octets[L3] = 0x44;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP4_HEADER_LENGTH);
	f.octets[L3] = 0x4f; /* 60 octets of header in a packet of 32 */
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP4_HEADER_LENGTH);
	f.octets[L3] = 0x65;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP4_VERSION);
	f.octets[L3] = 0x45;
	put_be16(f.octets + L3 + 2, 19);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP4_HEADER_LENGTH);
	/* 40 octets of header that the frame does not have. */
	f.octets[L3] = 0x4a;
	put_be16(f.octets + L3 + 2, 1000);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP4_TRUNCATED);
}

static void
test_ip4_length_that_lies(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	as_ether(&f, 4);
	put_be16(f.octets + L3 + 2, 33);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP4_LENGTH_BEYOND);
	assert_int_equal(d.p.octets, 33);
	assert_int_equal(d.p.payload_size, 4);
	put_be16(f.octets + L3 + 2, 65535);
	d = run(&f, LINK_ETHERNET);
	assert_int_equal(d.p.octets, 65535);
	put_be16(f.octets + L3 + 2, 0);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP4_LENGTH_ZERO);
	assert_int_equal(d.p.octets, 32);
	assert_int_equal(d.p.payload_size, 4);
	d = run_cut(&f, LINK_ETHERNET, f.size, f.size + 60000);
	run_expect_drop(&d, DROP_IP4_LENGTH_ZERO);
	assert_int_equal(d.p.octets, 60032);
	free(d.copy);
}

static void
test_ip6_length_that_lies(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram6(&f);
	as_ether(&f, 6);
	put_be16(f.octets + L3 + 4, 13);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP6_LENGTH_BEYOND);
	assert_int_equal(d.p.octets, 53);
	put_be16(f.octets + L3 + 4, 0);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP6_LENGTH_ZERO);
	assert_int_equal(d.p.octets, 52);
	assert_int_equal(d.p.payload_size, 4);
	/* Nothing follows and the length says so. */
	f.octets[L3 + 6] = IP_PROTOCOL_NONE;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.octets, 40);
	assert_int_equal(d.p.payload_size, 0);
	f.octets[L3] = 0x45;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP6_VERSION);
}

static void
test_ip4_fragments(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD "more", 8);
	build_udp(&f);
	build_ip4_with(&f, 17, 0x2000, 0);
	as_ether(&f, 4);
	d = run_all(&f, LINK_ETHERNET, 0);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.flags, PACKET_FRAGMENT | PACKET_FRAGMENT_FIRST | PACKET_HAS_PORTS);
	assert_int_equal(d.p.source_port, BUILD_SOURCE_PORT);
	assert_int_equal(d.p.fragment_data, L3 + 20);
	assert_int_equal(d.p.fragment_protocol, 17);
	assert_int_equal(d.p.payload_size, 8);

	build_start(&f, BUILD_PAYLOAD, 4);
	build_ip4_with(&f, 17, 0x0002, 0);
	as_ether(&f, 4);
	d = run_all(&f, LINK_ETHERNET, 0);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.flags, PACKET_FRAGMENT | PACKET_FRAGMENT_LAST);
	assert_int_equal(d.p.fragment_offset, 16);
	assert_int_equal(d.p.l4_offset, 0);
	assert_int_equal(d.p.fragment_data, L3 + 20);
	assert_int_equal(d.p.payload_offset, L3 + 20);
	assert_int_equal(d.p.payload_size, 4);
}

/* The first fragment's UDP length is the whole datagram's, and no lie. */
static void
test_first_fragment_udp_length(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD "more", 8);
	build_udp(&f);
	put_be16(f.octets + 4, 3000);
	build_ip4_with(&f, 17, 0x2000, 0);
	d = run_ether(&f, 4);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.payload_size, 8);
}

static void
test_fragments_that_cannot_be(void **state)
{
	static const struct {
		size_t size;
		uint16_t word;
		unsigned drop;
	} cases[] = {
		{ 0, 0x2001, DROP_FRAGMENT_MALFORMED },  /* nothing in it */
		{ 7, 0x2001, DROP_FRAGMENT_MALFORMED },  /* not the last, not a multiple of 8 */
		{ 16, 0x1fff, DROP_FRAGMENT_MALFORMED }, /* ends at 65544 */
		{ 7, 0x1fff, NO_DROP },                  /* ends at 65535 */
		{ 8, 0x2000, NO_DROP },
		{ 4, 0x0001, NO_DROP },
	};
	static const uint8_t zero[16];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct frame f;
		struct decoded d;

		build_start(&f, zero, cases[i].size);
		build_ip4_with(&f, 99, cases[i].word, 0);
		d = run_ether(&f, 4);
		run_expect_drop(&d, cases[i].drop);
		assert_int_equal(d.p.kind, PACKET_IP);
	}
}

static void
test_tiny_first_fragment(void **state)
{
	static const uint8_t protocols[] = { IP_PROTOCOL_TCP, IP_PROTOCOL_SCTP, IP_PROTOCOL_AH,
		IP_PROTOCOL_GRE };
	struct frame f;
	struct decoded d;

	(void)state;
	for (size_t i = 0; i < sizeof protocols; i++) {
		build_start(
		    &f, "\x03\xe8\x07\xd0\0\0\0\0", protocols[i] == IP_PROTOCOL_GRE ? 0 : 8);
		build_ip4_with(&f, protocols[i], 0x2000, 0);
		d = run_ether(&f, 4);
		assert_int_equal(d.drops.count[DROP_FRAGMENT_TINY], 1);
		assert_int_equal(d.p.l4_offset, 0);
	}
}

/* One of each extension header, in front of UDP. */
static void
build_chain(struct frame *f)
{
	build_start(f, BUILD_PAYLOAD, 4);
	build_udp(f);
	build_extension(f, IP_PROTOCOL_UDP, 0);
	build_extension(f, IP_PROTOCOL_SHIM6, 1);
	build_extension(f, IP_PROTOCOL_HIP, 2);
	build_extension(f, IP_PROTOCOL_MOBILITY, 0);
	build_push(f, "\x3c\x01\0\0\0\0\0\1\0\0\0\1", 12); /* AH, next destination options */
	build_extension(f, IP_PROTOCOL_AH, 3);
	build_extension(f, IP_PROTOCOL_ROUTING, 0);
	build_ip6(f, IP_PROTOCOL_HOPOPT);
}

static void
test_extension_headers(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_chain(&f);
	as_ether(&f, 6);
	d = run_all(&f, LINK_ETHERNET, 0);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.protocol, IP_PROTOCOL_UDP);
	assert_int_equal(d.p.source_port, BUILD_SOURCE_PORT);
	assert_int_equal(d.p.payload_size, 4);
	assert_int_equal(d.p.octets, f.size - L3);
	/* Cut in the routing header: that is the last one reached. */
	d = run_cut(&f, LINK_ETHERNET, L3 + 40 + 8 + 4, f.size);
	assert_int_equal(d.p.protocol, IP_PROTOCOL_ROUTING);
	assert_int_equal(d.p.flags, PACKET_SNAPPED);
	free(d.copy);
}

static void
test_extension_header_ends_packet(void **state)
{
	static const uint8_t ends[] = { IP_PROTOCOL_MOBILITY, IP_PROTOCOL_HIP, IP_PROTOCOL_SHIM6 };
	struct frame f;
	struct decoded d;

	(void)state;
	for (size_t i = 0; i < sizeof ends; i++) {
		build_start(&f, "", 0);
		build_extension(&f, IP_PROTOCOL_NONE, 1);
		build_ip6(&f, ends[i]);
		d = run_ether(&f, 6);
		run_expect_drop(&d, NO_DROP);
		assert_int_equal(d.p.protocol, ends[i]);
		assert_int_equal(d.p.l4_offset, L3 + 40);
		assert_int_equal(d.p.payload_size, 0);
	}
	build_start(&f, "", 0);
	build_extension(&f, IP_PROTOCOL_NONE, 0);
	build_ip6(&f, IP_PROTOCOL_HOPOPT);
	d = run_ether(&f, 6);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.protocol, IP_PROTOCOL_NONE);
	assert_int_equal(d.p.l4_offset, 0);
}

static void
test_extension_chain_is_bounded(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	for (unsigned count = DECODE_EXTENSION_MAX; count <= DECODE_EXTENSION_MAX + 1; count++) {
		build_start(&f, BUILD_PAYLOAD, 4);
		build_udp(&f);
		for (unsigned i = 0; i < count; i++)
			build_extension(&f, i == 0 ? IP_PROTOCOL_UDP : IP_PROTOCOL_DSTOPTS, 0);
		build_ip6(&f, IP_PROTOCOL_DSTOPTS);
		d = run_ether(&f, 6);
		run_expect_drop(
		    &d, count > DECODE_EXTENSION_MAX ? DROP_IP6_EXTENSION_DEPTH : NO_DROP);
	}
	build_start(&f, "\x11\xff\0\0\0\0\0\0", 8);
	build_ip6(&f, IP_PROTOCOL_DSTOPTS);
	d = run_ether(&f, 6);
	run_expect_drop(&d, DROP_IP6_EXTENSION_TRUNCATED);
}

/* Extension headers are IPv6's: in IPv4 their numbers are protocols like any other. */
static void
test_no_extension_headers_in_ip4(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, "\x11\0\0\0\0\0\0\0", 8);
	build_ip4(&f, IP_PROTOCOL_DSTOPTS);
	d = run_ether(&f, 4);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.protocol, IP_PROTOCOL_DSTOPTS);
	assert_int_equal(d.p.payload_size, 8);
}

static void
test_ip6_fragments(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD "more", 8);
	build_udp(&f);
	build_extension(&f, IP_PROTOCOL_UDP, 0);
	build_fragment6(&f, IP_PROTOCOL_DSTOPTS, 0x0001);
	build_extension(&f, IP_PROTOCOL_FRAGMENT, 0);
	build_ip6(&f, IP_PROTOCOL_HOPOPT);
	as_ether(&f, 6);
	d = run_all(&f, LINK_ETHERNET, 0);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.flags, PACKET_FRAGMENT | PACKET_FRAGMENT_FIRST | PACKET_HAS_PORTS);
	assert_int_equal(d.p.protocol, IP_PROTOCOL_UDP);
	assert_int_equal(d.p.fragment_protocol, IP_PROTOCOL_DSTOPTS);
	assert_int_equal(d.p.fragment_data, L3 + 40 + 16);
	assert_int_equal(d.p.fragment_id, 0xdeadbeef);

	build_start(&f, BUILD_PAYLOAD, 4);
	build_fragment6(&f, IP_PROTOCOL_UDP, 1480);
	build_ip6(&f, IP_PROTOCOL_FRAGMENT);
	as_ether(&f, 6);
	d = run_all(&f, LINK_ETHERNET, 0);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.flags, PACKET_FRAGMENT | PACKET_FRAGMENT_LAST);
	assert_int_equal(d.p.protocol, IP_PROTOCOL_UDP);
	assert_int_equal(d.p.fragment_offset, 1480);
	assert_int_equal(d.p.payload_offset, L3 + 48);
}

/* RFC 6946: a fragment that is the whole datagram is none. */
static void
test_atomic_fragment(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_udp(&f);
	build_fragment6(&f, IP_PROTOCOL_UDP, 0);
	build_ip6(&f, IP_PROTOCOL_FRAGMENT);
	d = run_ether(&f, 6);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.flags, PACKET_HAS_PORTS);
	assert_int_equal(d.p.fragment_id, 0xdeadbeef);
	assert_int_equal(d.p.payload_size, 4);
}

static void
test_fragment_of_fragment(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_udp(&f);
	build_trailer(&f, 4);
	build_fragment6(&f, IP_PROTOCOL_UDP, 0x0001);
	build_fragment6(&f, IP_PROTOCOL_FRAGMENT, 0x0001);
	build_ip6(&f, IP_PROTOCOL_FRAGMENT);
	d = run_ether(&f, 6);
	run_expect_drop(&d, DROP_FRAGMENT_MALFORMED);
	assert_int_equal(d.p.protocol, IP_PROTOCOL_FRAGMENT);
}

/* A hop-by-hop header with a jumbo payload option of that length in front of UDP. */
static void
build_jumbo(struct frame *f, uint32_t length)
{
	uint8_t h[8] = { IP_PROTOCOL_UDP, 0, 0xc2, 4 };

	build_start(f, BUILD_PAYLOAD, 4);
	build_udp(f);
	put_be16(f->octets + 4, 0); /* RFC 2675, section 4 */
	put_be32(h + 4, length);
	build_push(f, h, sizeof h);
	build_ip6(f, IP_PROTOCOL_HOPOPT);
	put_be16(f->octets + 4, 0);
}

static void
test_jumbogram(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_jumbo(&f, 70000);
	d = run_cut(&f, LINK_RAW, f.size, 40 + 70000);
	run_expect_drop(&d, DROP_IP6_JUMBOGRAM);
	assert_int_equal(d.p.octets, 70040);
	assert_int_equal(d.p.flags, PACKET_SNAPPED | PACKET_HAS_PORTS);
	assert_int_equal(d.p.payload_size, 4);
	free(d.copy);
	d = run(&f, LINK_RAW);
	assert_int_equal(d.drops.count[DROP_IP6_JUMBOGRAM], 1);
	assert_int_equal(d.drops.count[DROP_IP6_LENGTH_BEYOND], 1);
	build_jumbo(&f, UINT32_MAX);
	d = run(&f, LINK_RAW);
	assert_true(d.p.octets == UINT32_MAX);
}

/* Other options before it are passed over. */
static void
test_jumbo_after_padding(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_udp(&f);
	build_push(&f, "\x11\x01\x01\x04\0\0\0\0\0\0\xc2\x04\0\1\0\0", 16);
	build_ip6(&f, IP_PROTOCOL_HOPOPT);
	put_be16(f.octets + 4, 0);
	d = run_cut(&f, LINK_RAW, f.size, 40 + 65536);
	run_expect_drop(&d, DROP_IP6_JUMBOGRAM);
	assert_int_equal(d.p.octets, 40 + 65536);
	free(d.copy);
}

static void
test_jumbo_malformed(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_jumbo(&f, 65535); /* too small for a jumbogram */
	d = run(&f, LINK_RAW);
	assert_int_equal(d.drops.count[DROP_IP6_JUMBO_MALFORMED], 1);
	assert_int_equal(d.drops.count[DROP_IP6_JUMBOGRAM], 0);
	assert_int_equal(d.p.octets, f.size);
	build_jumbo(&f, 70000); /* beside a payload length */
	put_be16(f.octets + 4, (uint16_t)(f.size - 40));
	d = run(&f, LINK_RAW);
	assert_int_equal(d.drops.count[DROP_IP6_JUMBO_MALFORMED], 1);
	assert_int_equal(d.p.octets, f.size);
	build_jumbo(&f, 70000); /* an option that ends beyond its header */
	f.octets[43] = 5;
	d = run(&f, LINK_RAW);
	assert_int_equal(d.drops.count[DROP_IP6_JUMBO_MALFORMED], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_ip4_options),
		cmocka_unit_test(test_ip4_header_that_lies),
		cmocka_unit_test(test_ip4_length_that_lies),
		cmocka_unit_test(test_ip6_length_that_lies),
		cmocka_unit_test(test_ip4_fragments),
		cmocka_unit_test(test_first_fragment_udp_length),
		cmocka_unit_test(test_fragments_that_cannot_be),
		cmocka_unit_test(test_tiny_first_fragment),
		cmocka_unit_test(test_extension_headers),
		cmocka_unit_test(test_extension_header_ends_packet),
		cmocka_unit_test(test_extension_chain_is_bounded),
		cmocka_unit_test(test_no_extension_headers_in_ip4),
		cmocka_unit_test(test_ip6_fragments),
		cmocka_unit_test(test_atomic_fragment),
		cmocka_unit_test(test_fragment_of_fragment),
		cmocka_unit_test(test_jumbogram),
		cmocka_unit_test(test_jumbo_after_padding),
		cmocka_unit_test(test_jumbo_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
