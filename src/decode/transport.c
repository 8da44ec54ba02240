/* SPDX-License-Identifier: ISC */
/*
 * The transport header: TCP (RFC 9293), UDP (RFC 768), UDP-Lite (RFC 3828), SCTP (RFC 9260), ESP
 * (RFC 4303), and the way to ICMP and to tunnels.
 *
 * Ports stand in the first four octets of TCP, UDP, UDP-Lite and SCTP and are read even when the
 * rest of the header is not there, because captures and ICMP quotations are cut at odd places.
 */
#include "decode/internal.h"

#define PORTS_SIZE 4
#define TCP_SIZE   20
#define TCP_FLAGS  13
#define UDP_SIZE   8
#define SCTP_SIZE  12
#define ESP_SIZE   8

void
decode_short(struct decoding *d, const struct layer *l, size_t size, enum drop truncated)
{
	struct packet *p = d->p;

	if (layer_snapped(l, size)) {
		p->flags |= PACKET_SNAPPED;
		return;
	}
	drop(d->drops, is_last_fragment(p) ? truncated : DROP_FRAGMENT_TINY);
}

/* The header cannot be read whole, and nothing after it is payload. */
static void
no_header(struct decoding *d, struct layer l, size_t size, enum drop truncated)
{
	decode_short(d, &l, size, truncated);
	l.octets.at = l.octets.end;
	layer_is_payload(d, &l);
}

static void
read_ports(struct packet *p, const struct layer *l)
{
	const uint8_t *h = layer_peek(l, PORTS_SIZE);

	if (h == NULL)
		return;
	p->source_port = be16(h);
	p->destination_port = be16(h + 2);
	p->flags |= PACKET_HAS_PORTS;
}

static void
decode_tcp(struct decoding *d, struct layer l)
{
	struct packet *p = d->p;
	const uint8_t *h = layer_peek(&l, TCP_FLAGS + 1);
	size_t size;

	read_ports(p, &l);
	if (h != NULL)
		p->tcp_flags = h[TCP_FLAGS];
	if (layer_peek(&l, TCP_SIZE) == NULL) {
		no_header(d, l, TCP_SIZE, DROP_TCP_TRUNCATED);
		return;
	}
	p->l4_offset = layer_offset(d, &l);
	size = (size_t)(h[12] >> 4) * 4;
	if (size >= TCP_SIZE && layer_take(&l, size) != NULL)
		layer_is_payload(d, &l);
	else
		no_header(d, l, size < TCP_SIZE ? SIZE_MAX : size, DROP_TCP_HEADER_LENGTH);
}

/*
 * A length of 0 is right in a jumbogram (RFC 2675, section 4).  A fragment holds less than the
 * datagram's length, and so does a quotation.
 */
static bool
udp_length_lies(const struct decoding *d, const struct layer *l, uint16_t length)
{
	if (length == 0 && d->p->octets > UINT16_MAX)
		return false;
	if (length < UDP_SIZE)
		return true;
	return is_last_fragment(d->p) && !d->quoted && length > layer_claimed(l);
}

static void
decode_udp(struct decoding *d, struct layer l)
{
	struct packet *p = d->p;
	const uint8_t *h = layer_peek(&l, UDP_SIZE);
	uint16_t length;

	read_ports(p, &l);
	if (h == NULL) {
		no_header(d, l, UDP_SIZE, DROP_UDP_TRUNCATED);
		return;
	}
	p->l4_offset = layer_offset(d, &l);
	length = be16(h + 4);
	if (udp_length_lies(d, &l, length))
		drop(d->drops, DROP_UDP_LENGTH);
	else if (length != 0 && length <= layer_wire(&l))
		(void)layer_limit(&l, length);
	(void)layer_take(&l, UDP_SIZE);
	layer_is_payload(d, &l);
	decode_udp_tunnel(d, l);
}

/* UDP-Lite has the checksum's coverage in the place of UDP's length; 0 means all. */
static void
decode_udplite(struct decoding *d, struct layer l)
{
	struct packet *p = d->p;
	const uint8_t *h = layer_peek(&l, UDP_SIZE);
	uint16_t coverage;

	read_ports(p, &l);
	if (h == NULL) {
		no_header(d, l, UDP_SIZE, DROP_UDPLITE_TRUNCATED);
		return;
	}
	p->l4_offset = layer_offset(d, &l);
	coverage = be16(h + 4);
	if ((coverage > 0 && coverage < UDP_SIZE) ||
	    (is_last_fragment(p) && !d->quoted && coverage > layer_claimed(&l)))
		drop(d->drops, DROP_UDPLITE_COVERAGE);
	(void)layer_take(&l, UDP_SIZE);
	layer_is_payload(d, &l);
}

/* A header of fixed size that is only taken. */
static void
decode_fixed(struct decoding *d, struct layer l, size_t size, enum drop truncated)
{
	uint32_t offset = layer_offset(d, &l);

	if (layer_take(&l, size) == NULL) {
		no_header(d, l, size, truncated);
		return;
	}
	d->p->l4_offset = offset;
	layer_is_payload(d, &l);
}

void
decode_upper(struct decoding *d, struct layer l, uint8_t protocol)
{
	layer_is_payload(d, &l);
	switch (protocol) {
	case IP_PROTOCOL_TCP: decode_tcp(d, l); break;
	case IP_PROTOCOL_UDP: decode_udp(d, l); break;
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6: decode_icmp(d, l, protocol); break;
	case IP_PROTOCOL_UDPLITE: decode_udplite(d, l); break;
	case IP_PROTOCOL_SCTP:
		read_ports(d->p, &l);
		decode_fixed(d, l, SCTP_SIZE, DROP_SCTP_TRUNCATED);
		break;
	case IP_PROTOCOL_ESP: decode_fixed(d, l, ESP_SIZE, DROP_ESP_TRUNCATED); break;
	case IP_PROTOCOL_GRE: decode_gre(d, l); break;
	case IP_PROTOCOL_IPIP: decode_ip_in_ip(d, l, decode_ip4); break;
	case IP_PROTOCOL_IPV6: decode_ip_in_ip(d, l, decode_ip6); break;
	default: break;
	}
}
