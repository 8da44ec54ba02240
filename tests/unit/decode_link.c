/* SPDX-License-Identifier: ISC */
/* Link layers: each carries the same datagram, is cut at every length, and is spoilt in its own
 * ways. */
#include "decode_run.h"

/* A header as octets, in front of the IPv4 or IPv6 datagram. */
struct header_case {
	const char *name;
	const char *octets;
	size_t size;
	uint16_t link_type;
	uint8_t version;
	uint16_t ether_type;
};

#define HEADER(octets) (octets), sizeof(octets) - 1
#define MAC_24         "\x01\x02\x03\x04\x05\x06\x01\x02\x03\x04\x05\x06\x01\x02\x03\x04\x05\x06\x10\x00"
#define SNAP           "\xaa\xaa\x03\x00\x00\x00"
#define ADDRESS_8      "\x02\x00\x00\x00\x00\x01\x00\x00"

static const struct header_case GOOD[] = {
	{ "null, little-endian", HEADER("\x02\0\0\0"), LINK_NULL, 4, 0 },
	{ "null, big-endian", HEADER("\0\0\0\x02"), LINK_NULL, 4, 0 },
	{ "null, Linux", HEADER("\x0a\0\0\0"), LINK_NULL, 6, 0 },
	{ "null, NetBSD", HEADER("\x18\0\0\0"), LINK_NULL, 6, 0 },
	{ "null, FreeBSD", HEADER("\x1c\0\0\0"), LINK_NULL, 6, 0 },
	{ "null, Darwin", HEADER("\x1e\0\0\0"), LINK_NULL, 6, 0 },
	{ "null, Darwin, big-endian", HEADER("\0\0\0\x1e"), LINK_NULL, 6, 0 },
	{ "loop", HEADER("\0\0\0\x02"), LINK_LOOP, 4, 0 },
	{ "loop", HEADER("\0\0\0\x18"), LINK_LOOP, 6, 0 },
	{ "loop, little-endian", HEADER("\x18\0\0\0"), LINK_LOOP, 6, 0 },
	{ "raw", HEADER(""), LINK_RAW, 4, 0 },
	{ "raw", HEADER(""), LINK_RAW, 6, 0 },
	{ "raw, old", HEADER(""), LINK_RAW_OLD, 4, 0 },
	{ "raw, OpenBSD", HEADER(""), LINK_RAW_OPENBSD, 6, 0 },
	{ "IPv4", HEADER(""), LINK_IPV4, 4, 0 },
	{ "IPv6", HEADER(""), LINK_IPV6, 6, 0 },
	{ "PPP", HEADER("\x00\x21"), LINK_PPP, 4, 0 },
	{ "PPP", HEADER("\x00\x57"), LINK_PPP, 6, 0 },
	{ "PPP, framed", HEADER("\xff\x03\x00\x21"), LINK_PPP, 4, 0 },
	{ "PPP, short protocol", HEADER("\x21"), LINK_PPP, 4, 0 },
	{ "PPP, framed, short protocol", HEADER("\xff\x03\x57"), LINK_PPP, 6, 0 },
	{ "PPP, MPLS", HEADER("\xff\x03\x02\x81\x00\x01\x01\x40"), LINK_PPP, 4, 0 },
	{ "HDLC, PPP", HEADER("\xff\x03\x00\x21"), LINK_PPP_HDLC, 4, 0 },
	{ "HDLC, Cisco", HEADER("\x0f\x00\x08\x00"), LINK_PPP_HDLC, 4, 0x0800 },
	{ "HDLC, Cisco, multicast", HEADER("\x8f\x00\x86\xdd"), LINK_PPP_HDLC, 6, 0x86dd },
	{ "Cisco HDLC", HEADER("\x0f\x00\x08\x00"), LINK_C_HDLC, 4, 0x0800 },
	{ "cooked", HEADER("\0\0\0\x01\0\x06" ADDRESS_8 "\x08\x00"), LINK_LINUX_SLL, 4, 0x0800 },
	{ "cooked, VLAN", HEADER("\0\0\0\x01\0\x06" ADDRESS_8 "\x81\x00\x0f\xff\x86\xdd"),
	    LINK_LINUX_SLL, 6, 0x86dd },
	{ "cooked, LLC", HEADER("\0\0\0\x01\0\x06" ADDRESS_8 "\x00\x04" SNAP "\x08\x00"),
	    LINK_LINUX_SLL, 4, 0x0800 },
	{ "cooked, GRE", HEADER("\0\0\x03\x0a\0\x04" ADDRESS_8 "\x86\xdd"), LINK_LINUX_SLL, 6,
	    0x86dd },
	{ "cooked, radiotap",
	    HEADER("\0\0\x03\x23\0\x06" ADDRESS_8 "\x00\x04\x00\x00\x08\x00\x00\x00\x00\x00\x08\x01"
		   "\0\0" MAC_24 SNAP "\x08\x00"),
	    LINK_LINUX_SLL, 4, 0x0800 },
	{ "cooked 2", HEADER("\x08\x00\0\0\0\0\0\x02\0\x01\0\x06" ADDRESS_8), LINK_LINUX_SLL2, 4,
	    0x0800 },
	{ "cooked 2", HEADER("\x86\xdd\0\0\0\0\0\x02\0\x01\0\x06" ADDRESS_8), LINK_LINUX_SLL2, 6,
	    0x86dd },
	{ "802.11", HEADER("\x08\x01\0\0" MAC_24 SNAP "\x08\x00"), LINK_IEEE802_11, 4, 0x0800 },
	{ "802.11, from DS", HEADER("\x08\x02\0\0" MAC_24 SNAP "\x86\xdd"), LINK_IEEE802_11, 6,
	    0x86dd },
	{ "802.11, four addresses",
	    HEADER("\x08\x03\0\0" MAC_24 "\x01\x02\x03\x04\x05\x06" SNAP "\x08\x00"),
	    LINK_IEEE802_11, 4, 0x0800 },
	{ "802.11, QoS", HEADER("\x88\x01\0\0" MAC_24 "\0\0" SNAP "\x08\x00"), LINK_IEEE802_11, 4,
	    0x0800 },
	{ "802.11, QoS, HT", HEADER("\x88\x81\0\0" MAC_24 "\0\0\0\0\0\0" SNAP "\x08\x00"),
	    LINK_IEEE802_11, 4, 0x0800 },
	{ "802.11, QoS, HT, four addresses",
	    HEADER("\x88\x83\0\0" MAC_24 "\x01\x02\x03\x04\x05\x06\0\0\0\0\0\0" SNAP "\x08\x00"),
	    LINK_IEEE802_11, 4, 0x0800 },
	{ "802.11, bridge tunnel", HEADER("\x08\x01\0\0" MAC_24 "\xaa\xaa\x03\x00\x00\xf8\x08\x00"),
	    LINK_IEEE802_11, 4, 0x0800 },
	{ "radiotap", HEADER("\0\0\x08\0\0\0\0\0\x08\x01\0\0" MAC_24 SNAP "\x08\x00"),
	    LINK_IEEE802_11_RADIOTAP, 4, 0x0800 },
	{ "radiotap, padded QoS",
	    HEADER("\0\0\x09\0\x02\0\0\0\x20\x88\x01\0\0" MAC_24 "\0\0\0\0" SNAP "\x08\x00"),
	    LINK_IEEE802_11_RADIOTAP, 4, 0x0800 },
	{ "radiotap, two words, clock, padded QoS",
	    HEADER("\0\0\x19\0\x03\0\0\x80\0\0\0\0\0\0\0\0\x01\x02\x03\x04\x05\x06\x07\x08\x20"
		   "\x88\x01\0\0" MAC_24 "\0\0\0\0" SNAP "\x08\x00"),
	    LINK_IEEE802_11_RADIOTAP, 4, 0x0800 },
	{ "Ethernet", HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x08\x00"), LINK_ETHERNET, 4, 0x0800 },
	{ "Ethernet", HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x86\xdd"), LINK_ETHERNET, 6, 0x86dd },
	{ "802.3, SNAP", HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x00\x28" SNAP "\x08\x00"), LINK_ETHERNET,
	    4, 0x0800 },
	{ "802.3, LLC", HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x00\x23\x06\x06\x03"), LINK_ETHERNET, 4,
	    0x0800 },
	{ "MPLS", HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x88\x47\0\x02\0\x40\0\x01\x01\x40"),
	    LINK_ETHERNET, 4, 0x8847 },
	{ "MPLS, upstream", HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x88\x48\0\x01\x01\x40"), LINK_ETHERNET,
	    6, 0x8848 },
};

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
		const struct header_case *c = &GOOD[i];
		struct frame f;
		struct decoded d;

		if (c->version == 4)
			build_datagram(&f);
		else
			build_datagram6(&f);
		build_push(&f, c->octets, c->size);
		d = run_all(&f, c->link_type, 0);
		run_expect_drop(&d, NO_DROP);
		run_expect_datagram(&d);
		assert_int_equal(d.p.ip_version, c->version);
		assert_int_equal(d.p.ether_type, c->ether_type);
		assert_int_equal(d.p.l3_offset, c->size);
	}
}

/* Headers that are wrong, or right and not of IP. */
static const struct {
	const char *octets;
	size_t size;
	uint16_t link_type;
	unsigned drop;
	uint8_t kind;
} BAD[] = {
	{ HEADER(""), 147, DROP_LINK_UNKNOWN, PACKET_UNDECODED },
	{ HEADER("\x07\0\0\0"), LINK_NULL, DROP_ETHER_UNKNOWN, PACKET_NOT_IP },
	{ HEADER("\x0a\0\0\0"), LINK_NULL, DROP_IP6_VERSION, PACKET_UNDECODED },
	{ HEADER("\x50"), LINK_RAW, DROP_IP_VERSION, PACKET_UNDECODED },
	{ HEADER("\x60"), LINK_IPV4, DROP_IP4_VERSION, PACKET_UNDECODED },
	{ HEADER("\x40"), LINK_IPV6, DROP_IP6_VERSION, PACKET_UNDECODED },
	{ HEADER("\xc0\x21"), LINK_PPP, DROP_ETHER_UNKNOWN, PACKET_NOT_IP },
	{ HEADER("\x00\x2d"), LINK_PPP, DROP_ETHER_UNKNOWN, PACKET_NOT_IP },
	{ HEADER("\xff\x03\x80\x21"), LINK_PPP_HDLC, DROP_ETHER_UNKNOWN, PACKET_NOT_IP },
	{ HEADER("\x0f\x00\x00\x42"), LINK_PPP_HDLC, DROP_ETHER_UNKNOWN, PACKET_NOT_IP },
	{ HEADER("\xff\x03\x00\x21"), LINK_C_HDLC, DROP_LINK_MALFORMED, PACKET_UNDECODED },
	{ HEADER("\0\0\0\x01\0\x06" ADDRESS_8 "\0\x01"), LINK_LINUX_SLL, DROP_ETHER_UNKNOWN,
	    PACKET_NOT_IP },
	{ HEADER("\0\0\x03\x38\0\0" ADDRESS_8 "\x08\x00"), LINK_LINUX_SLL, DROP_ETHER_UNKNOWN,
	    PACKET_NOT_IP },
	{ HEADER("\x09\x01\0\0" MAC_24), LINK_IEEE802_11, DROP_LINK_MALFORMED, PACKET_UNDECODED },
	{ HEADER("\x80\x00\0\0" MAC_24), LINK_IEEE802_11, DROP_LINK_NOT_DATA, PACKET_NOT_IP },
	{ HEADER("\xd4\x00\0\0\1\2\3\4\5\6"), LINK_IEEE802_11, DROP_LINK_NOT_DATA, PACKET_NOT_IP },
	{ HEADER("\x48\x01\0\0" MAC_24), LINK_IEEE802_11, DROP_LINK_NOT_DATA, PACKET_NOT_IP },
	{ HEADER("\xc8\x01\0\0" MAC_24), LINK_IEEE802_11, DROP_LINK_NOT_DATA, PACKET_NOT_IP },
	{ HEADER("\x08\x41\0\0" MAC_24), LINK_IEEE802_11, DROP_LINK_NOT_DATA, PACKET_NOT_IP },
	{ HEADER("\x08\x01\0\0\1\2\3\4\5\6\1\2\3\4\5\6\1\2\3\4\5\6\x11\x00"), LINK_IEEE802_11,
	    DROP_LINK_FRAGMENT, PACKET_NOT_IP },
	{ HEADER("\x88\x01\0\0" MAC_24 "\x80\0" SNAP "\x08\x00"), LINK_IEEE802_11,
	    DROP_LINK_AGGREGATE, PACKET_NOT_IP },
	{ HEADER("\x88\x83\0\0" MAC_24 "\x01\x02\x03\x04\x05\x06\x80\0\0\0\0\0"), LINK_IEEE802_11,
	    DROP_LINK_AGGREGATE, PACKET_NOT_IP },
	{ HEADER("\x01\0\x08\0\0\0\0\0"), LINK_IEEE802_11_RADIOTAP, DROP_LINK_MALFORMED,
	    PACKET_UNDECODED },
	{ HEADER("\0\0\x07\0\0\0\0\0"), LINK_IEEE802_11_RADIOTAP, DROP_LINK_MALFORMED,
	    PACKET_UNDECODED },
	{ HEADER("\0\0\xff\xff\0\0\0\0"), LINK_IEEE802_11_RADIOTAP, DROP_LINK_TRUNCATED,
	    PACKET_UNDECODED },
	{ HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x88\xcc"), LINK_ETHERNET, DROP_ETHER_UNKNOWN,
	    PACKET_NOT_IP },
	{ HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x05\xdd"), LINK_ETHERNET, DROP_ETHER_UNKNOWN,
	    PACKET_NOT_IP },
	{ HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x00\x20\x42\x42\x03"), LINK_ETHERNET, DROP_ETHER_UNKNOWN,
	    PACKET_NOT_IP },
	{ HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x00\x20\xaa\xaa\x03\x00\x00\x0c\x20\x00"), LINK_ETHERNET,
	    DROP_ETHER_UNKNOWN, PACKET_NOT_IP },
	{ HEADER("\1\2\3\4\5\6\1\2\3\4\5\6\x88\x47\0\x01\x01\x40\0\0\0\0"), LINK_ETHERNET,
	    DROP_MPLS_UNKNOWN, PACKET_NOT_IP },
	/* A pseudowire's destination address that looks like IPv4, and neither length nor checksum
	 * agrees. */
	{ HEADER(
	      "\1\2\3\4\5\6\1\2\3\4\5\6\x88\x47\0\x01\x01\x40\x45\x00\xff\xff\0\0\1\2\3\4\5\6\x08\0"
	      "\0\0\0\0"),
	    LINK_ETHERNET, DROP_MPLS_UNKNOWN, PACKET_NOT_IP },
};

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
		struct frame f;
		struct decoded d;

		build_datagram(&f);
		build_push(&f, BAD[i].octets, BAD[i].size);
		d = run(&f, BAD[i].link_type);
		run_expect_drop(&d, BAD[i].drop);
		assert_int_equal(d.p.kind, BAD[i].kind);
		d = run_cut(&f, BAD[i].link_type, 0, 0);
		free(d.copy);
	}
}

static void
test_padding_never_counts(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	build_ether(&f, 0x0800);
	build_trailer(&f, 60);
	d = run_all(&f, LINK_ETHERNET, 60);
	run_expect_drop(&d, NO_DROP);
	run_expect_datagram(&d);
	/* A capture that kept all but the padding is whole. */
	d = run_cut(&f, LINK_ETHERNET, f.size - 60, f.size);
	assert_int_equal(d.p.flags & PACKET_SNAPPED, 0);
	free(d.copy);
}

static void
test_vlan(void **state)
{
	static const uint16_t types[] = { 0x8100, 0x88a8, 0x9100 };

	(void)state;
	for (unsigned tags = 1; tags <= DECODE_VLAN_MAX + 1; tags++) {
		for (unsigned t = 0; t < 3; t++) {
			struct frame f;
			struct decoded d;

			build_datagram(&f);
			for (unsigned i = tags; i > 0; i--)
				build_vlan(&f, (uint16_t)(0xe000 | (100 + i)),
				    i == tags ? 0x0800 : types[t]);
			build_ether(&f, types[t]);
			d = run_all(&f, LINK_ETHERNET, 0);
			assert_int_equal(d.p.vlan, 101);
			run_expect_drop(&d, tags > DECODE_VLAN_MAX ? DROP_VLAN_DEPTH : NO_DROP);
			if (tags <= DECODE_VLAN_MAX) {
				run_expect_datagram(&d);
				assert_int_equal(d.p.ether_type, 0x0800);
			}
		}
	}
}

static void
test_vlan_truncated(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, "\0\1\2", 3);
	build_ether(&f, 0x8100);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_VLAN_TRUNCATED);
	d = run_cut(&f, LINK_ETHERNET, f.size, f.size + 1);
	run_expect_drop(&d, DROP_FRAME_SNAPPED);
	free(d.copy);
}

/* Tags inside SNAP inside tags: the limit holds over all of them. */
static void
test_vlan_and_snap(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	build_snap(&f, 0x0800);
	for (unsigned i = 0; i < 100; i++) {
		build_vlan(&f, 5, (uint16_t)f.size);
		build_snap(&f, 0x8100);
	}
	build_ether(&f, (uint16_t)f.size);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_VLAN_DEPTH);
}

static void
test_length_field_beyond_frame(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	build_snap(&f, 0x0800);
	build_ether(&f, (uint16_t)(f.size + 1));
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_ETHER_LENGTH);
	run_expect_datagram(&d);
}

static void
test_mpls(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram6(&f);
	build_mpls(&f, DECODE_MPLS_MAX);
	build_ether(&f, 0x8847);
	d = run_all(&f, LINK_ETHERNET, 0);
	run_expect_drop(&d, NO_DROP);
	run_expect_datagram(&d);

	build_datagram6(&f);
	build_mpls(&f, DECODE_MPLS_MAX + 1);
	build_ether(&f, 0x8847);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_MPLS_DEPTH);

	build_start(&f, "\0\1\0", 3);
	build_ether(&f, 0x8847);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_MPLS_TRUNCATED);
}

/* The length disagrees with the frame and the header checksum vouches for the packet. */
static void
test_mpls_checksum(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, BUILD_PAYLOAD, 4);
	build_trailer(&f, 100);
	build_udp(&f);
	build_ip4(&f, 17);
	f.size -= 50;
	build_mpls(&f, 2);
	build_ether(&f, 0x8847);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_IP4_LENGTH_BEYOND);
	assert_int_equal(d.p.octets, 132);
	f.octets[14 + 8 + 10] ^= 1;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_MPLS_UNKNOWN);
}

static void
test_pppoe(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	build_push(&f, "\x00\x21", 2);
	build_pppoe(&f, 0);
	d = run_all(&f, LINK_PPPOE, 0);
	run_expect_drop(&d, NO_DROP);
	run_expect_datagram(&d);
	build_ether(&f, 0x8864);
	build_trailer(&f, 9);
	d = run_all(&f, LINK_ETHERNET, 9);
	run_expect_drop(&d, NO_DROP);
	run_expect_datagram(&d);
	assert_int_equal(d.p.ether_type, 0x8864);

	f.octets[14 + 5] += 10;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_PPPOE_MALFORMED);
	f.octets[14 + 5] -= 10;
	f.octets[14] = 0x21;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_PPPOE_MALFORMED);
	f.octets[14] = 0x11;
	f.octets[15] = 0x09;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_PPPOE_MALFORMED);
}

static void
test_pppoe_discovery(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, "\x01\x01\x00\x00", 4);
	build_pppoe(&f, 0x09);
	d = run(&f, LINK_PPPOE);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.kind, PACKET_NOT_IP);
	build_ether(&f, 0x8863);
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.kind, PACKET_NOT_IP);
	f.octets[15] = 0;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_PPPOE_MALFORMED);
}

static void
test_arp(void **state)
{
	static const uint8_t message[] = { 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1,
		0, 0, 0, 0, 0, 0, 192, 0, 2, 2 };
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, message, sizeof message);
	build_ether(&f, 0x0806);
	build_trailer(&f, 18);
	d = run_all(&f, LINK_ETHERNET, 18);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.kind, PACKET_ARP);
	d = run_cut(&f, LINK_ETHERNET, 14 + 27, f.size);
	assert_int_equal(d.p.kind, PACKET_ARP);
	assert_int_equal(d.p.flags, PACKET_SNAPPED);
	free(d.copy);
	f.octets[14 + 4] = 5;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_ARP_MALFORMED);
	f.octets[14 + 4] = 6;
	f.octets[14 + 5] = 0;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_ARP_MALFORMED);
}

/* What is not decoded says whether the capture kept it whole. */
static void
test_unknown_is_snapped_too(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, "0123456789", 10);
	build_ether(&f, 0x88cc);
	d = run_cut(&f, LINK_ETHERNET, f.size - 1, f.size);
	assert_int_equal(d.p.flags, PACKET_SNAPPED);
	free(d.copy);
	/* A source that says less was on the wire than it kept is not believed. */
	build_datagram(&f);
	build_ether(&f, 0x0800);
	d = run_cut(&f, LINK_ETHERNET, f.size, 1);
	run_expect_drop(&d, NO_DROP);
	run_expect_datagram(&d);
	free(d.copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_padding_never_counts),
		cmocka_unit_test(test_vlan),
		cmocka_unit_test(test_vlan_truncated),
		cmocka_unit_test(test_vlan_and_snap),
		cmocka_unit_test(test_length_field_beyond_frame),
		cmocka_unit_test(test_mpls),
		cmocka_unit_test(test_mpls_checksum),
		cmocka_unit_test(test_pppoe),
		cmocka_unit_test(test_pppoe_discovery),
		cmocka_unit_test(test_arp),
		cmocka_unit_test(test_unknown_is_snapped_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
