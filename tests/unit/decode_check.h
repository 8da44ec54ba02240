/* SPDX-License-Identifier: ISC */
/*
 * What holds for every decoded packet, whatever the frame.  Unit tests and the fuzz target share
 * it; CHECK(condition) is theirs to define.
 */
#ifndef YAGURA_TESTS_UNIT_DECODE_CHECK_H
#define YAGURA_TESTS_UNIT_DECODE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decode/decode.h"
#include "decode/internal.h"

/* Octets of a transport header that must be in the capture when l4_offset says there is one. */
static inline uint32_t
check_header_size(uint8_t protocol)
{
	switch (protocol) {
	case IP_PROTOCOL_TCP: return 20;
	case IP_PROTOCOL_SCTP: return 12;
	case IP_PROTOCOL_GRE: return 4;
	default: return 8;
	}
}

static inline void
check_not_ip(const struct packet *p)
{
	CHECK((p->flags & ~PACKET_SNAPPED) == 0);
	CHECK(p->octets == 0 && p->ip_version == 0 && p->protocol == 0 && p->l3_offset == 0);
	CHECK(p->l4_offset == 0 && p->payload_offset == 0 && p->payload_size == 0);
	CHECK(p->source_port == 0 && p->destination_port == 0 && p->tcp_flags == 0);
}

static inline void
check_l4(const struct packet *p)
{
	if (p->l4_offset == 0)
		return;
	CHECK(p->l4_offset >= p->l3_offset + (p->ip_version == 4 ? 20 : 40));
	CHECK(p->l4_offset + check_header_size(p->protocol) <= p->captured_size);
	CHECK(p->payload_offset >= p->l4_offset);
}

static inline void
check_ports(const struct packet *p)
{
	bool ports = p->protocol == IP_PROTOCOL_TCP || p->protocol == IP_PROTOCOL_UDP ||
		     p->protocol == IP_PROTOCOL_UDPLITE || p->protocol == IP_PROTOCOL_SCTP;
	bool icmp = p->protocol == IP_PROTOCOL_ICMP || p->protocol == IP_PROTOCOL_ICMPV6;

	CHECK((p->flags & PACKET_HAS_PORTS) == 0 || ports);
	if ((p->flags & PACKET_HAS_PORTS) == 0)
		CHECK(p->source_port == 0 && (icmp || p->destination_port == 0));
}

static inline void
check_transport(const struct packet *p)
{
	bool icmp = p->protocol == IP_PROTOCOL_ICMP || p->protocol == IP_PROTOCOL_ICMPV6;

	check_ports(p);
	check_l4(p);
	CHECK(p->tcp_flags == 0 || p->protocol == IP_PROTOCOL_TCP);
	if (icmp)
		CHECK(p->destination_port == (p->icmp_type << 8 | p->icmp_code));
	else
		CHECK(p->icmp_type == 0 && p->icmp_code == 0);
}

static inline void
check_fragment_fields(const struct packet *p)
{
	bool first = (p->flags & PACKET_FRAGMENT_FIRST) != 0;
	bool last = (p->flags & PACKET_FRAGMENT_LAST) != 0;

	if ((p->flags & PACKET_FRAGMENT) == 0) {
		CHECK(!first && !last && p->fragment_offset == 0 && p->fragment_data == 0);
		return;
	}
	CHECK(first == (p->fragment_offset == 0));
	CHECK(!first || !last);
	CHECK(p->fragment_offset % 8 == 0);
	CHECK(p->fragment_data <= p->captured_size);
	CHECK(first || p->l4_offset == 0);
	if (!first && p->fragment_data != 0)
		CHECK(p->payload_offset == p->fragment_data);
}

static inline void
check_quote(const struct packet *p)
{
	struct packet quoted;

	memset(&quoted, 0x55, sizeof quoted);
	decode_quote(p, &quoted);
	if ((p->flags & PACKET_HAS_QUOTE) == 0) {
		CHECK(p->quote_offset == 0 && quoted.kind == PACKET_UNDECODED);
		return;
	}
	CHECK(p->protocol == IP_PROTOCOL_ICMP || p->protocol == IP_PROTOCOL_ICMPV6);
	CHECK(p->l4_offset != 0 && p->quote_offset == p->l4_offset + 8);
	CHECK(quoted.kind == PACKET_IP && quoted.l3_offset == p->quote_offset);
	CHECK(quoted.payload_offset + quoted.payload_size <= p->payload_offset + p->payload_size);
	CHECK((quoted.flags & (PACKET_HAS_QUOTE | PACKET_TUNNELED)) == 0);
	check_transport(&quoted);
	check_fragment_fields(&quoted);
}

static inline void
check_ip(const struct packet *p)
{
	uint32_t least = p->ip_version == 4 ? 20 : 40;

	CHECK(p->ip_version == 4 || p->ip_version == 6);
	CHECK(p->l3_offset + least <= p->captured_size);
	CHECK(p->data[p->l3_offset] >> 4 == p->ip_version);
	CHECK(p->octets >= least);
	CHECK((uint64_t)p->payload_offset + p->payload_size <= p->captured_size);
	CHECK(p->payload_size == 0 || p->payload_offset >= p->l3_offset + least);
	CHECK((uint64_t)p->payload_offset + p->payload_size <= (uint64_t)p->l3_offset + p->octets);
	check_transport(p);
	check_fragment_fields(p);
	check_quote(p);
}

static inline void
check_tunnel(const struct packet *p)
{
	bool tunneled = (p->flags & PACKET_TUNNELED) != 0;

	CHECK(tunneled == (p->tunnel != TUNNEL_NONE));
	CHECK(tunneled == (p->tunnel_depth > 0));
	CHECK(p->tunnel_depth <= DECODE_TUNNEL_MAX);
	if (tunneled)
		CHECK(p->kind == PACKET_IP && p->outer_l3_offset + 20 <= p->l3_offset);
	else
		CHECK(p->outer_protocol == 0 && p->outer_l3_offset == 0);
}

/* Frames that could not be decoded and frame counters are the same number. */
static inline void
check_counters(const struct packet *p, const struct drop_counters *drops)
{
	uint64_t failures = 0;

	for (unsigned i = 0; i < DROP_COUNT; i++) {
		if (!drop_is_note((enum drop)i))
			failures += drops->count[i];
	}
	CHECK(failures == (p->kind == PACKET_UNDECODED ? 1 : 0));
}

/* The same octets, but for the one hole in the structure. */
static inline bool
check_is_same(const struct packet *a, const struct packet *b)
{
	size_t hole = offsetof(struct packet, fragment_protocol) + 1;
	size_t rest = offsetof(struct packet, fragment_data);

	return memcmp(a, b, hole) == 0 &&
	       memcmp((const char *)a + rest, (const char *)b + rest, sizeof *a - rest) == 0;
}

/* Decodes `data` from exactly `captured_size` octets of memory, over the remains of another packet,
 * and checks what can be checked. */
static inline void
check_decode(struct packet *p, struct drop_counters *drops)
{
	struct packet slow = *p;
	struct drop_counters slow_drops = { .count = { 0 } };

	memset(drops, 0, sizeof *drops);
	decode_packet(p, drops);
	decode_packet_slowly(&slow, &slow_drops);
	CHECK(check_is_same(p, &slow));
	CHECK(memcmp(drops, &slow_drops, sizeof slow_drops) == 0);

	CHECK(p->kind <= PACKET_IP);
	CHECK((p->flags & (PACKET_DUPLICATE | PACKET_REASSEMBLED)) == 0 && p->shard == 0);
	CHECK((p->flags & PACKET_SNAPPED) == 0 || p->captured_size < p->frame_size);
	CHECK(drops->count[DROP_FRAME_SNAPPED] == 0 || p->captured_size < p->frame_size);
	check_counters(p, drops);
	check_tunnel(p);
	if (p->kind == PACKET_IP)
		check_ip(p);
	else
		check_not_ip(p);
}

#endif
