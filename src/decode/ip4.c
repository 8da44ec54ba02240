/* SPDX-License-Identifier: ISC */
/*
 * IPv4 (RFC 791).
 *
 *	version 4 bits, header words 4 bits, TOS 1, total length 2, identification 2,
 *	flags 3 bits, fragment offset 13 bits, TTL 1, protocol 1, checksum 2, source 4, destination
 *4
 */
#include "decode/internal.h"

#define IP4_SIZE 20

#define FRAGMENT_MORE   0x2000
#define FRAGMENT_OFFSET 0x1fff

int
decode_ip(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_peek(&l, 1);

	if (h == NULL)
		return layer_short(&l, 1, DROP_IP4_TRUNCATED);
	switch (h[0] >> 4) {
	case 4: return decode_ip4(d, l);
	case 6: return decode_ip6(d, l);
	default: return DROP_IP_VERSION;
	}
}

/* The total length, after which the layer ends; a verdict other than VERDICT_IP when it cannot be.
 */
static int
limit_to_total_length(
    struct decoding *d, struct layer *l, const uint8_t *h, uint32_t *ret_total_length)
{
	uint32_t header = (h[0] & 0x0f) * 4u;
	uint32_t total = be16(h + 2);

	if (header < IP4_SIZE || (total != 0 && total < header))
		return DROP_IP4_HEADER_LENGTH;
	if (header > layer_wire(l))
		return DROP_IP4_TRUNCATED;
	if (total == 0) {
		uint64_t wire = d->quoted ? cursor_left(&l->octets) : layer_wire(l);
		drop(d->drops, DROP_IP4_LENGTH_ZERO);
		total = wire < UINT32_MAX ? (uint32_t)wire : UINT32_MAX;
	}
	if (!layer_limit(l, total))
		drop(d->drops, DROP_IP4_LENGTH_BEYOND);
	*ret_total_length = total;
	return VERDICT_IP;
}

static void
read_fragment(struct packet *p, const uint8_t *h)
{
	uint16_t word = be16(h + 6);

	p->fragment_id = be16(h + 4);
	if ((word & (FRAGMENT_MORE | FRAGMENT_OFFSET)) == 0)
		return;
	p->fragment_offset = (uint16_t)((word & FRAGMENT_OFFSET) * 8);
	p->flags |= PACKET_FRAGMENT;
	if (p->fragment_offset == 0)
		p->flags |= PACKET_FRAGMENT_FIRST;
	if ((word & FRAGMENT_MORE) == 0)
		p->flags |= PACKET_FRAGMENT_LAST;
}

static void
read_fields(struct packet *p, const uint8_t *h)
{
	p->ip_version = 4;
	p->tos = h[1];
	p->ttl = h[8];
	p->protocol = h[9];
	p->source = address_from_ipv4(h + 12);
	p->destination = address_from_ipv4(h + 16);
	read_fragment(p, h);
}

int
decode_ip4(struct decoding *d, struct layer l)
{
	struct packet *p = d->p;
	const uint8_t *h = layer_peek(&l, 1);
	uint32_t header, total;
	int verdict;

	if (h != NULL && h[0] >> 4 != 4)
		return DROP_IP4_VERSION;
	h = layer_peek(&l, IP4_SIZE);
	if (h == NULL)
		return layer_short(&l, IP4_SIZE, DROP_IP4_TRUNCATED);
	verdict = limit_to_total_length(d, &l, h, &total);
	if (verdict != VERDICT_IP)
		return verdict;

	p->l3_offset = layer_offset(d, &l);
	p->octets = total;
	read_fields(p, h);
	if (l.missing > 0)
		p->flags |= PACKET_SNAPPED;
	header = (h[0] & 0x0f) * 4u;
	if (layer_take(&l, header) != NULL)
		decode_ip_payload(d, l, p->protocol);
	return VERDICT_IP;
}
