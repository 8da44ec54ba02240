/* SPDX-License-Identifier: ISC */
/*
 * The packet decoder: a short path for the commonest packets, the general path for all, and the
 * opening of tunnels.
 *
 * The short path takes whole, unfragmented TCP and UDP over option-less IPv4 or IPv6 in Ethernet
 * with at most two VLAN tags, whose lengths agree, and gives the rest to the general path.  It must
 * fill a packet exactly as the general path does: tests/unit/decode_packet.c and the fuzz target
 * compare them.
 */
#include "decode/decode.h"

#include "decode/internal.h"

#define ETHERNET_SIZE 14
#define VLAN_TAG_SIZE 4
#define SHORT_VLANS   2
#define IP4_SIZE      20
#define IP6_SIZE      40
#define TCP_SIZE      20
#define UDP_SIZE      8
#define SHORT_MIN     (ETHERNET_SIZE + IP4_SIZE + UDP_SIZE)

#define PREFETCH_AHEAD 6 /* packets; measured: 2 is too near, from 4 to 12 alike */

/* Empties the decoder's part of a packet. */
static void
clear(struct packet *p)
{
	struct packet source = { .time = p->time,
		.data = p->data,
		.input_offset = p->input_offset,
		.captured_size = p->captured_size,
		.frame_size = p->frame_size,
		.link_type = p->link_type,
		.vlan = VLAN_NONE };

	*p = source;
}

/* Sets what kind of packet a verdict makes, and counts it. */
static void
settle(struct decoding *d, int verdict)
{
	struct packet *p = d->p;

	if (verdict < DROP_COUNT) {
		drop(d->drops, (enum drop)verdict);
		p->kind = drop_is_note((enum drop)verdict) ? PACKET_NOT_IP : PACKET_UNDECODED;
	} else if (verdict == VERDICT_IP) {
		p->kind = PACKET_IP;
	} else {
		p->kind = verdict == VERDICT_ARP ? PACKET_ARP : PACKET_NOT_IP;
	}
	if (p->kind != PACKET_IP && p->kind != PACKET_ARP && p->captured_size < p->frame_size)
		p->flags |= PACKET_SNAPPED;
}

/* Whether the verdict on what is inside a tunnel says that it is something other than IP. */
static bool
is_other(int verdict)
{
	return verdict >= DROP_COUNT || drop_is_note((enum drop)verdict);
}

/*
 * Decodes what is inside the tunnel just found into the same packet; on failure the packet around
 * it is put back and the tunnel stays closed.
 */
static bool
open_tunnel(struct decoding *d)
{
	struct packet *p = d->p;
	struct packet outer = *p;
	bool outermost = (p->flags & PACKET_TUNNELED) == 0;
	int verdict;

	clear(p);
	p->ether_type = outer.ether_type;
	p->vlan = outer.vlan;
	p->kind = PACKET_IP;
	p->flags = PACKET_TUNNELED;
	p->tunnel = d->tunnel;
	p->tunnel_depth = (uint8_t)(outer.tunnel_depth + 1);
	p->outer_protocol = outermost ? outer.protocol : outer.outer_protocol;
	p->outer_l3_offset = outermost ? outer.l3_offset : outer.outer_l3_offset;
	d->tunnel = TUNNEL_NONE;
	d->vlan_tags = 0;
	verdict = d->inner(d, d->inner_layer);
	if (verdict == VERDICT_IP)
		return true;
	*p = outer;
	if (verdict != DROP_FRAME_SNAPPED)
		drop(d->drops, is_other(verdict) ? DROP_TUNNEL_NOT_IP : DROP_TUNNEL_INNER);
	return false;
}

static void
decode_frame(struct decoding *d)
{
	struct packet *p = d->p;
	struct layer frame = { .octets = cursor_over(p->data, p->captured_size),
		.missing =
		    p->frame_size > p->captured_size ? p->frame_size - p->captured_size : 0 };

	clear(p);
	settle(d, decode_link(d, frame));
}

void
decode_packet_slowly(struct packet *p, struct drop_counters *drops)
{
	struct decoding d = { .p = p, .drops = drops };

	decode_frame(&d);
	while (d.tunnel != TUNNEL_NONE && open_tunnel(&d))
		;
}

/* What the short path found between Ethernet and transport. */
struct short_ip {
	uint32_t l3;     /* offset of the IP header */
	uint32_t octets; /* L3 length */
	uint32_t header; /* of the IP header */
	uint32_t fragment_id;
	uint16_t ether_type, vlan;
	uint8_t version, protocol, ttl, tos;
};

static inline bool
is_tunnel_port(uint16_t port)
{
	return port == PORT_VXLAN || port == PORT_GENEVE || port == PORT_GTPU;
}

/*
 * Fills all of the decoder's part of the packet.  The addresses are already there.  False, with
 * other fields perhaps written, when the transport header needs the general path.
 */
static inline bool
finish_shortly(struct packet *p, const struct short_ip *ip)
{
	uint32_t l4 = ip->l3 + ip->header;
	uint32_t end = ip->l3 + ip->octets;
	uint32_t kept = end < p->captured_size ? end : p->captured_size;
	const uint8_t *h = p->data + l4;
	uint32_t payload;

	if (ip->protocol == IP_PROTOCOL_TCP) {
		if (kept < l4 + TCP_SIZE)
			return false;
		payload = l4 + (h[12] >> 4) * 4u;
		if (payload < l4 + TCP_SIZE || payload > kept)
			return false;
		p->tcp_flags = h[13];
	} else if (ip->protocol == IP_PROTOCOL_UDP) {
		uint32_t length;

		if (kept < l4 + UDP_SIZE)
			return false;
		length = be16(h + 4);
		if (length < UDP_SIZE || l4 + length > end || is_tunnel_port(be16(h + 2)))
			return false;
		payload = l4 + UDP_SIZE;
		kept = l4 + length < kept ? l4 + length : kept;
		p->tcp_flags = 0;
	} else {
		return false;
	}
	p->flags = PACKET_HAS_PORTS | (end > p->captured_size ? PACKET_SNAPPED : 0);
	p->octets = ip->octets;
	p->fragment_id = ip->fragment_id;
	p->ether_type = ip->ether_type;
	p->vlan = ip->vlan;
	p->l3_offset = ip->l3;
	p->l4_offset = l4;
	p->payload_offset = payload;
	p->payload_size = kept - payload;
	p->source_port = be16(h);
	p->destination_port = be16(h + 2);
	p->fragment_offset = 0;
	p->kind = PACKET_IP;
	p->ip_version = ip->version;
	p->protocol = ip->protocol;
	p->ttl = ip->ttl;
	p->tos = ip->tos;
	p->tunnel = TUNNEL_NONE;
	p->tunnel_depth = 0;
	p->shard = 0;
	p->icmp_type = 0;
	p->icmp_code = 0;
	p->outer_protocol = 0;
	p->fragment_protocol = 0;
	p->fragment_data = 0;
	p->outer_l3_offset = 0;
	p->quote_offset = 0;
	return true;
}

static inline bool
ip4_shortly(struct packet *p, struct short_ip *ip)
{
	const uint8_t *h = p->data + ip->l3;

	ip->octets = be16(h + 2);
	ip->header = IP4_SIZE;
	ip->fragment_id = be16(h + 4);
	ip->version = 4;
	ip->protocol = h[9];
	ip->ttl = h[8];
	ip->tos = h[1];
	if (h[0] != 0x45 || (be16(h + 6) & 0x3fff) != 0 || ip->octets < IP4_SIZE ||
	    ip->octets > p->frame_size - ip->l3)
		return false;
	p->source = address_from_ipv4(h + 12);
	p->destination = address_from_ipv4(h + 16);
	return finish_shortly(p, ip);
}

static inline bool
ip6_shortly(struct packet *p, struct short_ip *ip)
{
	const uint8_t *h = p->data + ip->l3;

	ip->octets = be16(h + 4) + IP6_SIZE;
	ip->header = IP6_SIZE;
	ip->fragment_id = 0;
	ip->version = 6;
	ip->protocol = h[6];
	ip->ttl = h[7];
	ip->tos = (uint8_t)(be16(h) >> 4);
	if (h[0] >> 4 != 6 || ip->octets == IP6_SIZE || ip->octets > p->frame_size - ip->l3)
		return false;
	p->source = address_from_ipv6(h + 8);
	p->destination = address_from_ipv6(h + 24);
	return finish_shortly(p, ip);
}

static inline bool
is_vlan(uint16_t type)
{
	return type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD;
}

/* The short path: false, with fields perhaps written, when the packet needs the general one. */
static inline bool
decode_shortly(struct packet *p)
{
	struct short_ip ip = { .l3 = ETHERNET_SIZE, .vlan = VLAN_NONE };

	if (p->link_type != LINK_ETHERNET || p->captured_size < SHORT_MIN ||
	    p->frame_size < p->captured_size)
		return false;
	ip.ether_type = be16(p->data + ETHERNET_SIZE - 2);
	for (unsigned tags = 0; tags < SHORT_VLANS && is_vlan(ip.ether_type); tags++) {
		if (ip.vlan == VLAN_NONE)
			ip.vlan = be16(p->data + ip.l3) & 0x0fff;
		ip.ether_type = be16(p->data + ip.l3 + 2);
		ip.l3 += VLAN_TAG_SIZE;
	}
	if (ip.ether_type == ETHER_IP4 && p->captured_size >= ip.l3 + IP4_SIZE)
		return ip4_shortly(p, &ip);
	if (ip.ether_type == ETHER_IP6 && p->captured_size >= ip.l3 + IP6_SIZE)
		return ip6_shortly(p, &ip);
	return false;
}

void
decode_packet(struct packet *p, struct drop_counters *drops)
{
	if (!decode_shortly(p))
		decode_packet_slowly(p, drops);
}

void
decode_packet_outermost(struct packet *p, struct drop_counters *drops)
{
	struct decoding d = { .p = p, .drops = drops, .closed = true };

	if (!decode_shortly(p))
		decode_frame(&d);
}

void
decode_packets(struct packet *packets, size_t count, struct drop_counters *drops)
{
	for (size_t i = 0; i < count; i++) {
		if (i + PREFETCH_AHEAD < count)
			__builtin_prefetch(packets[i + PREFETCH_AHEAD].data);
		if (!decode_shortly(&packets[i]))
			decode_packet_slowly(&packets[i], drops);
	}
}

void
decode_transport(struct packet *p, struct drop_counters *drops)
{
	struct decoding d = { .p = p, .drops = drops, .closed = true };
	struct layer l = { .octets = cursor_over(p->data, p->captured_size) };

	p->flags &= (uint16_t) ~(PACKET_FRAGMENT | PACKET_FRAGMENT_FIRST | PACKET_FRAGMENT_LAST |
				 PACKET_HAS_PORTS | PACKET_HAS_QUOTE | PACKET_SNAPPED);
	p->l4_offset = 0;
	p->source_port = 0;
	p->destination_port = 0;
	p->tcp_flags = 0;
	p->icmp_type = 0;
	p->icmp_code = 0;
	p->quote_offset = 0;
	decode_ip_payload(&d, l, p->protocol);
}
