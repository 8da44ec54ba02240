/* SPDX-License-Identifier: ISC */
/*
 * IPv6 (RFC 8200) and its jumbograms (RFC 2675).
 *
 *	version 4 bits, traffic class 8 bits, flow label 20 bits, payload length 2,
 *	next header 1, hop limit 1, source 16, destination 16
 */
#include "decode/internal.h"

#define IP6_SIZE     40
#define NEXT_HEADER  6
#define OPTION_PAD1  0x00
#define OPTION_JUMBO 0xc2

enum jumbo { JUMBO_ABSENT, JUMBO_PRESENT, JUMBO_MALFORMED };

/* Looks through the options of a hop-by-hop header for the jumbo payload length. */
static enum jumbo
find_jumbo(struct cursor options, uint32_t *ret_length)
{
	while (cursor_left(&options) > 0) {
		uint8_t type = cursor_u8(&options);
		struct cursor value;

		if (type == OPTION_PAD1)
			continue;
		value = cursor_sub(&options, cursor_u8(&options));
		if (type != OPTION_JUMBO)
			continue;
		if (options.failed || cursor_left(&value) != 4)
			return JUMBO_MALFORMED;
		*ret_length = cursor_be32(&value);
		return *ret_length > UINT16_MAX ? JUMBO_PRESENT : JUMBO_MALFORMED;
	}
	return JUMBO_ABSENT;
}

/* What the hop-by-hop header that `l` begins with says about jumbo length. */
static enum jumbo
read_jumbo(struct layer l, uint8_t protocol, uint32_t *ret_length)
{
	const uint8_t *h = layer_peek(&l, 2);
	size_t size;

	if (protocol != IP_PROTOCOL_HOPOPT || h == NULL)
		return JUMBO_ABSENT;
	size = ((size_t)h[1] + 1) * 8;
	h = layer_take(&l, size);
	return h != NULL ? find_jumbo(cursor_over(h + 2, size - 2), ret_length) : JUMBO_ABSENT;
}

/* Length of what follows the fixed header, from that header, the jumbo option or the frame; `l`
 * begins after the fixed header. */
static uint32_t
payload_length(struct decoding *d, const struct layer *l, const uint8_t *h)
{
	uint32_t length = be16(h + 4), jumbo_length = 0;
	enum jumbo jumbo = read_jumbo(*l, h[NEXT_HEADER], &jumbo_length);
	uint64_t wire = d->quoted ? cursor_left(&l->octets) : layer_wire(l);

	if (jumbo == JUMBO_PRESENT && length == 0) {
		drop(d->drops, DROP_IP6_JUMBOGRAM);
		return jumbo_length;
	}
	if (jumbo != JUMBO_ABSENT)
		drop(d->drops, DROP_IP6_JUMBO_MALFORMED);
	if (length != 0 || h[NEXT_HEADER] == IP_PROTOCOL_NONE)
		return length;
	if (jumbo == JUMBO_ABSENT)
		drop(d->drops, DROP_IP6_LENGTH_ZERO);
	return wire < UINT32_MAX ? (uint32_t)wire : UINT32_MAX;
}

int
decode_ip6(struct decoding *d, struct layer l)
{
	struct packet *p = d->p;
	const uint8_t *h = layer_peek(&l, 1);
	uint32_t length;

	if (h != NULL && h[0] >> 4 != 6)
		return DROP_IP6_VERSION;
	h = layer_take(&l, IP6_SIZE);
	if (h == NULL)
		return layer_short(&l, IP6_SIZE, DROP_IP6_TRUNCATED);

	length = payload_length(d, &l, h);
	if (!layer_limit(&l, length))
		drop(d->drops, DROP_IP6_LENGTH_BEYOND);
	p->l3_offset = (uint32_t)(h - p->data);
	p->octets = length < UINT32_MAX - IP6_SIZE ? length + IP6_SIZE : UINT32_MAX;
	p->ip_version = 6;
	p->tos = (uint8_t)(be16(h) >> 4);
	p->protocol = h[NEXT_HEADER];
	p->ttl = h[7];
	p->source = address_from_ipv6(h + 8);
	p->destination = address_from_ipv6(h + 24);
	if (l.missing > 0)
		p->flags |= PACKET_SNAPPED;
	decode_ip_payload(d, l, p->protocol);
	return VERDICT_IP;
}
