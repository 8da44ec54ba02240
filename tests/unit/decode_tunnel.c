/* SPDX-License-Identifier: ISC */
/* Tunnels: every kind, nested to one more than is opened, spoilt, fragmented, and carrying no IP.
 */
#include "decode_run.h"

/* Expects the inner datagram, measured in a tunnel of that kind. */
static void
expect_inner(const struct decoded *d, uint8_t tunnel, uint8_t depth)
{
	run_expect_datagram(d);
	assert_true((d->p.flags & PACKET_TUNNELED) != 0);
	assert_int_equal(d->p.tunnel, tunnel);
	assert_int_equal(d->p.tunnel_depth, depth);
}

/* Expects that the outer packet was measured and the counter raised. */
static void
expect_outer(const struct decoded *d, uint8_t protocol, unsigned which)
{
	assert_int_equal(d->p.kind, PACKET_IP);
	assert_int_equal(d->p.protocol, protocol);
	assert_int_equal(d->p.flags & PACKET_TUNNELED, 0);
	run_expect_drop(d, which);
}

static struct decoded
run_outer(struct frame *f, uint8_t protocol)
{
	build_ip4(f, protocol);
	build_ether(f, 0x0800);
	return run_all(f, LINK_ETHERNET, 0);
}

static void
test_ip_in_ip(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool inner6 = (i & 1) != 0, outer6 = (i & 2) != 0;
		uint8_t protocol = inner6 ? IP_PROTOCOL_IPV6 : IP_PROTOCOL_IPIP;
		struct frame f;
		struct decoded d;

		if (inner6)
			build_datagram6(&f);
		else
			build_datagram(&f);
		if (outer6)
			build_ip6(&f, protocol);
		else
			build_ip4(&f, protocol);
		build_ether(&f, outer6 ? 0x86dd : 0x0800);
		d = run_all(&f, LINK_ETHERNET, 0);
		run_expect_drop(&d, NO_DROP);
		expect_inner(&d, TUNNEL_IPIP, 1);
		assert_int_equal(d.p.ip_version, inner6 ? 6 : 4);
		assert_int_equal(d.p.outer_protocol, protocol);
		assert_int_equal(d.p.outer_l3_offset, 14);
		assert_int_equal(d.p.l3_offset, outer6 ? 54 : 34);
		assert_int_equal(d.p.ether_type, outer6 ? 0x86dd : 0x0800);
	}
}

static void
test_gre_flags(void **state)
{
	static const uint16_t optional[] = { 0x8000, 0x2000, 0x1000 };

	(void)state;
	for (unsigned set = 0; set < 8; set++) {
		uint16_t flags = 0;
		struct frame f;
		struct decoded d;

		for (unsigned i = 0; i < 3; i++)
			flags |= (set >> i & 1) != 0 ? optional[i] : 0;
		build_datagram(&f);
		build_gre(&f, flags, 0x0800);
		d = run_outer(&f, IP_PROTOCOL_GRE);
		run_expect_drop(&d, NO_DROP);
		expect_inner(&d, TUNNEL_GRE, 1);
		assert_int_equal(d.p.outer_protocol, IP_PROTOCOL_GRE);
	}
}

static void
test_gre_payloads(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram6(&f);
	build_gre(&f, 0, 0x86dd);
	d = run_outer(&f, IP_PROTOCOL_GRE);
	expect_inner(&d, TUNNEL_GRE, 1);

	build_datagram(&f);
	build_ether(&f, 0x0800);
	build_gre(&f, 0x2000, 0x6558);
	d = run_outer(&f, IP_PROTOCOL_GRE);
	expect_inner(&d, TUNNEL_GRE, 1);

	build_datagram(&f);
	build_mpls(&f, 2);
	build_gre(&f, 0, 0x8847);
	d = run_outer(&f, IP_PROTOCOL_GRE);
	expect_inner(&d, TUNNEL_GRE, 1);

	/* ERSPAN type I, then II. */
	build_datagram(&f);
	build_ether(&f, 0x0800);
	build_gre(&f, 0, 0x88be);
	d = run_outer(&f, IP_PROTOCOL_GRE);
	expect_inner(&d, TUNNEL_GRE, 1);
	build_datagram(&f);
	build_ether(&f, 0x0800);
	build_push(&f, "\x10\x05\0\0\0\0\0\0", 8);
	build_gre(&f, 0x1000, 0x88be);
	d = run_outer(&f, IP_PROTOCOL_GRE);
	expect_inner(&d, TUNNEL_GRE, 1);
	f.octets[14 + 20 + 8] = 0x20;
	d = run(&f, LINK_ETHERNET);
	expect_outer(&d, IP_PROTOCOL_GRE, DROP_TUNNEL_INNER);
}

static void
test_gre_refused(void **state)
{
	static const struct {
		uint16_t flags, type;
		unsigned drop;
	} cases[] = {
		{ 0x4000, 0x0800, DROP_GRE_MALFORMED }, /* routing */
		{ 0x0002, 0x0800, DROP_GRE_UNKNOWN },   /* version 2 */
		{ 0x0000, 0x880b, DROP_GRE_UNKNOWN },   /* PPP in version 0 */
		{ 0x0000, 0x22eb, DROP_GRE_UNKNOWN },   /* ERSPAN type III */
		{ 0x0000, 0x0000, DROP_GRE_UNKNOWN },   /* keepalive */
		{ 0x1001, 0x880b, DROP_GRE_MALFORMED }, /* version 1 without key */
		{ 0x3001, 0x0800, DROP_GRE_MALFORMED }, /* version 1 without PPP */
		{ 0xb001, 0x880b, DROP_GRE_MALFORMED }, /* version 1 with checksum */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct frame f;
		struct decoded d;

		build_datagram(&f);
		build_gre(&f, cases[i].flags, cases[i].type);
		d = run_outer(&f, IP_PROTOCOL_GRE);
		expect_outer(&d, IP_PROTOCOL_GRE, cases[i].drop);
		assert_int_equal(d.p.l4_offset, 34);
	}
}

/* A payload size, a call, a sequence number and an acknowledgement. */
static void
build_pptp(struct frame *f, bool acknowledged)
{
	uint16_t size = (uint16_t)f->size;

	if (acknowledged)
		build_push(f, "\0\0\0\1", 4);
	build_push(f, "\0\0\0\2", 4);
	build_be16(f, 7);
	build_be16(f, size);
	build_push(f, acknowledged ? "\x30\x81\x88\x0b" : "\x30\x01\x88\x0b", 4);
}

static void
test_pptp(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	for (unsigned acknowledged = 0; acknowledged < 2; acknowledged++) {
		build_datagram(&f);
		build_push(&f, "\xff\x03\x00\x21", 4);
		build_pptp(&f, acknowledged != 0);
		d = run_outer(&f, IP_PROTOCOL_GRE);
		run_expect_drop(&d, NO_DROP);
		expect_inner(&d, TUNNEL_GRE, 1);
	}
	f.octets[34 + 5]++; /* one octet more than there are */
	d = run(&f, LINK_ETHERNET);
	expect_outer(&d, IP_PROTOCOL_GRE, DROP_GRE_MALFORMED);
	/* An acknowledgement carries nothing, and LCP no IP. */
	build_start(&f, "\x20\x81\x88\x0b\0\0\0\7\0\0\0\1", 12);
	d = run_outer(&f, IP_PROTOCOL_GRE);
	expect_outer(&d, IP_PROTOCOL_GRE, NO_DROP);
	build_start(&f, "\xc0\x21\1\1\0\4", 6);
	build_pptp(&f, false);
	d = run_outer(&f, IP_PROTOCOL_GRE);
	expect_outer(&d, IP_PROTOCOL_GRE, DROP_TUNNEL_NOT_IP);
}

static void
test_vxlan(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	build_vlan(&f, 7, 0x0800);
	build_ether(&f, 0x8100);
	build_vxlan(&f);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	run_expect_drop(&d, NO_DROP);
	expect_inner(&d, TUNNEL_VXLAN, 1);
	assert_int_equal(d.p.outer_protocol, IP_PROTOCOL_UDP);
	assert_int_equal(d.p.vlan, 7);
	assert_int_equal(d.p.ether_type, 0x0800);
	f.octets[34 + 8] = 0;
	d = run(&f, LINK_ETHERNET);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_VXLAN_MALFORMED);

	build_start(&f, "\x08\0\0\0\0\0\0", 7);
	build_udp_to(&f, 4789);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_VXLAN_TRUNCATED);
	assert_int_equal(d.p.destination_port, 4789);

	/* The answer to a resolver that asked from that port. */
	build_start(&f, "\x08\0\0\0\0\0\0", 7);
	build_udp_to(&f, 4789);
	put_be16(f.octets, 53);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.destination_port, 4789);
}

/* What the inner packet is not: the packet around it is whole again. */
static void
test_inner_fails(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, "\0\1\x08\0\6\4\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 28);
	build_ether(&f, 0x0806);
	build_vxlan(&f);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_TUNNEL_NOT_IP);
	assert_int_equal(d.p.octets, 20 + 8 + 8 + 14 + 28);
	assert_int_equal(d.p.payload_size, 8 + 14 + 28);
	assert_int_equal(d.p.destination_port, 4789);
	assert_int_equal(d.p.flags, PACKET_HAS_PORTS);

	build_datagram(&f);
	f.octets[0] = 0x41;
	build_ip4(&f, IP_PROTOCOL_IPIP);
	d = run(&f, LINK_RAW);
	expect_outer(&d, IP_PROTOCOL_IPIP, DROP_TUNNEL_INNER);
	build_datagram(&f);
	build_ip4(&f, IP_PROTOCOL_IPV6);
	d = run(&f, LINK_RAW);
	expect_outer(&d, IP_PROTOCOL_IPV6, DROP_TUNNEL_INNER);
}

static void
test_geneve(void **state)
{
	static const uint8_t words[] = { 0, 1, 63 };
	struct frame f;
	struct decoded d;

	(void)state;
	for (size_t i = 0; i < sizeof words; i++) {
		build_datagram(&f);
		build_ether(&f, 0x0800);
		build_geneve(&f, 0x6558, words[i]);
		d = run_outer(&f, IP_PROTOCOL_UDP);
		run_expect_drop(&d, NO_DROP);
		expect_inner(&d, TUNNEL_GENEVE, 1);
	}
	build_datagram6(&f);
	build_geneve(&f, 0x86dd, 2);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	expect_inner(&d, TUNNEL_GENEVE, 1);
	f.octets[34 + 8] |= 0x40;
	d = run(&f, LINK_ETHERNET);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_GENEVE_UNKNOWN);
	f.octets[34 + 8] = 63;
	d = run(&f, LINK_ETHERNET);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_GENEVE_TRUNCATED);
	build_datagram6(&f);
	build_geneve(&f, 0x88be, 0);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_GENEVE_UNKNOWN);
}

static void
test_gtpu(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	build_gtpu(&f, 0, 255);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	run_expect_drop(&d, NO_DROP);
	expect_inner(&d, TUNNEL_GTPU, 1);

	build_datagram6(
	    &f); /* sequence number and N-PDU number, no extension whatever the octet says */
	build_push(&f, "\0\1\2\x85", 4);
	build_gtpu(&f, 3, 255);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	run_expect_drop(&d, NO_DROP);
	expect_inner(&d, TUNNEL_GTPU, 1);

	build_datagram(&f); /* two extension headers */
	build_push(&f, "\0\0\0\x85\1\0\0\x40\2\0\0\0\0\0\0\0", 16);
	build_gtpu(&f, 4, 255);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	run_expect_drop(&d, NO_DROP);
	expect_inner(&d, TUNNEL_GTPU, 1);
	f.octets[34 + 8 + 8 + 4] = 0; /* an extension header of no octets */
	d = run(&f, LINK_ETHERNET);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_GTP_MALFORMED);
	f.octets[34 + 8 + 8 + 4] = 0xff;
	d = run(&f, LINK_ETHERNET);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_GTP_TRUNCATED);
}

static void
test_gtpu_refused(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_start(&f, "\0\1\0\0", 4); /* an echo request is no tunnel */
	build_gtpu(&f, 2, 1);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	expect_outer(&d, IP_PROTOCOL_UDP, NO_DROP);
	build_datagram(&f);
	build_gtpu(&f, 0, 255);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	f.octets[42] = 0x50; /* version 2 */
	d = run(&f, LINK_ETHERNET);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_GTP_MALFORMED);
	f.octets[42] = 0x20; /* GTP' */
	d = run(&f, LINK_ETHERNET);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_GTP_MALFORMED);
	f.octets[42] = 0x30;
	f.octets[45]++;
	d = run(&f, LINK_ETHERNET);
	run_expect_drop(&d, DROP_GTP_LENGTH);
	expect_inner(&d, TUNNEL_GTPU, 1);
	f.octets[45]--;
	f.octets[50] = 0x05; /* neither IPv4 nor IPv6: PPP, Ethernet, anything */
	d = run(&f, LINK_ETHERNET);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_TUNNEL_INNER);
}

/* One counter a chain of extension headers, however long. */
static void
test_gtpu_endless(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	for (unsigned i = 0; i < DECODE_EXTENSION_MAX + 1; i++)
		build_push(&f, "\1\0\0\x85", 4);
	build_push(&f, "\0\0\0\x85", 4);
	build_gtpu(&f, 4, 255);
	d = run_outer(&f, IP_PROTOCOL_UDP);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_GTP_MALFORMED);
}

static void
wrap(struct frame *f, unsigned kind)
{
	switch (kind % 4) {
	case 0: build_ip4(f, IP_PROTOCOL_IPIP); break;
	case 1:
		build_gre(f, 0x2000, 0x0800);
		build_ip4(f, IP_PROTOCOL_GRE);
		break;
	case 2:
		build_ether(f, 0x0800);
		build_vxlan(f);
		build_ip4(f, IP_PROTOCOL_UDP);
		break;
	default:
		build_gtpu(f, 0, 255);
		build_ip4(f, IP_PROTOCOL_UDP);
		break;
	}
}

static void
test_nested(void **state)
{
	static const uint8_t kinds[] = { TUNNEL_IPIP, TUNNEL_GRE, TUNNEL_VXLAN, TUNNEL_GTPU };
	struct frame f;
	struct decoded d;

	(void)state;
	for (unsigned depth = 1; depth <= DECODE_TUNNEL_MAX + 1; depth++) {
		build_datagram(&f);
		for (unsigned i = 0; i < depth; i++)
			wrap(&f, i);
		build_ether(&f, 0x0800);
		d = run_all(&f, LINK_ETHERNET, 0);
		assert_int_equal(d.p.outer_l3_offset, 14);
		if (depth <= DECODE_TUNNEL_MAX) {
			run_expect_drop(&d, NO_DROP);
			expect_inner(&d, kinds[0], (uint8_t)depth);
			continue;
		}
		run_expect_drop(&d, DROP_TUNNEL_DEPTH);
		assert_int_equal(d.p.tunnel_depth, DECODE_TUNNEL_MAX);
		assert_int_equal(d.p.tunnel, kinds[1]);
		assert_int_equal(d.p.protocol, IP_PROTOCOL_IPIP);
		assert_int_equal(d.p.octets, 52);
	}
}

/* The third packet is spoilt: the second is measured, with its own tunnel around it. */
static void
test_nested_fails(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	f.octets[0] = 0x42;
	build_ip4(&f, IP_PROTOCOL_IPIP);
	build_gre(&f, 0, 0x0800);
	build_ip4(&f, IP_PROTOCOL_GRE);
	d = run(&f, LINK_RAW);
	run_expect_drop(&d, DROP_TUNNEL_INNER);
	assert_int_equal(d.p.tunnel, TUNNEL_GRE);
	assert_int_equal(d.p.tunnel_depth, 1);
	assert_int_equal(d.p.protocol, IP_PROTOCOL_IPIP);
	assert_int_equal(d.p.outer_protocol, IP_PROTOCOL_GRE);
	assert_int_equal(d.p.outer_l3_offset, 0);
}

static void
test_fragmented(void **state)
{
	static const uint8_t protocols[] = { IP_PROTOCOL_IPIP, IP_PROTOCOL_IPV6, IP_PROTOCOL_GRE };
	struct frame f;
	struct decoded d;

	(void)state;
	for (size_t i = 0; i < sizeof protocols; i++) {
		build_datagram(&f);
		if (protocols[i] == IP_PROTOCOL_GRE)
			build_gre(&f, 0x2000, 0x0800);
		build_ip4_with(&f, protocols[i], 0x2000, 0);
		d = run(&f, LINK_RAW);
		expect_outer(&d, protocols[i], DROP_TUNNEL_FRAGMENT);
		put_be16(f.octets + 6, 0x2003);
		d = run(&f, LINK_RAW);
		expect_outer(&d, protocols[i], DROP_TUNNEL_FRAGMENT);
		assert_int_equal(d.p.payload_offset, 20);
	}
	build_datagram(&f);
	build_ether(&f, 0x0800);
	build_trailer(&f, 2);
	build_vxlan(&f);
	build_ip4_with(&f, IP_PROTOCOL_UDP, 0x2000, 0);
	d = run(&f, LINK_RAW);
	expect_outer(&d, IP_PROTOCOL_UDP, DROP_TUNNEL_FRAGMENT);
}

/* Cut inside the tunnel: while the inner header is there it is measured, then the outer one is. */
static void
test_snapped_inside(void **state)
{
	struct frame f;
	struct decoded d;

	(void)state;
	build_datagram(&f);
	build_ip4(&f, IP_PROTOCOL_IPIP);
	d = run_cut(&f, LINK_RAW, 40, f.size);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.tunnel_depth, 1);
	assert_int_equal(d.p.octets, 32);
	assert_int_equal(d.p.flags, PACKET_SNAPPED | PACKET_TUNNELED);
	free(d.copy);
	d = run_cut(&f, LINK_RAW, 39, f.size);
	run_expect_drop(&d, NO_DROP);
	assert_int_equal(d.p.tunnel_depth, 0);
	assert_int_equal(d.p.octets, 52);
	assert_int_equal(d.p.flags, PACKET_SNAPPED);
	free(d.copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip_in_ip),
		cmocka_unit_test(test_gre_flags),
		cmocka_unit_test(test_gre_payloads),
		cmocka_unit_test(test_gre_refused),
		cmocka_unit_test(test_pptp),
		cmocka_unit_test(test_vxlan),
		cmocka_unit_test(test_inner_fails),
		cmocka_unit_test(test_geneve),
		cmocka_unit_test(test_gtpu),
		cmocka_unit_test(test_gtpu_refused),
		cmocka_unit_test(test_gtpu_endless),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_nested_fails),
		cmocka_unit_test(test_fragmented),
		cmocka_unit_test(test_snapped_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
