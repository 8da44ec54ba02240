/* SPDX-License-Identifier: ISC */
/*
 * ICMP (RFC 792) and ICMPv6 (RFC 4443): type 1, code 1, checksum 2, rest 4; errors then quote the
 * packet they are about.
 */
#include "decode/decode.h"
#include "decode/internal.h"

#define ICMP_SIZE 8
#define IP4_SIZE  20
#define IP6_SIZE  40

/* Types whose message quotes a packet. */
enum {
	ICMP_UNREACHABLE = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_TIME_EXCEEDED = 3, /* 2 is too big */
	ICMPV6_PARAMETER_PROBLEM = 4,
};

static bool
quotes(uint8_t protocol, uint8_t type)
{
	if (protocol == IP_PROTOCOL_ICMPV6)
		return type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER_PROBLEM;
	return (type >= ICMP_UNREACHABLE && type <= ICMP_REDIRECT) || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETER_PROBLEM;
}

/* Looks whether the payload begins with an IP header whose addresses can be read. */
static void
find_quote(struct decoding *d, const struct layer *l)
{
	struct packet *p = d->p;
	const uint8_t *h = layer_peek(l, 1);
	size_t size;

	if (h == NULL) {
		decode_short(d, l, 1, DROP_ICMP_QUOTE_TRUNCATED);
		return;
	}
	if (h[0] >> 4 != 6 && (h[0] < 0x45 || h[0] > 0x4f)) {
		drop(d->drops, DROP_ICMP_QUOTE_MALFORMED);
		return;
	}
	size = h[0] >> 4 == 6 ? IP6_SIZE : IP4_SIZE;
	if (layer_peek(l, size) == NULL) {
		decode_short(d, l, size, DROP_ICMP_QUOTE_TRUNCATED);
		return;
	}
	p->quote_offset = layer_offset(d, l);
	p->flags |= PACKET_HAS_QUOTE;
}

void
decode_icmp(struct decoding *d, struct layer l, uint8_t protocol)
{
	struct packet *p = d->p;
	const uint8_t *h = layer_peek(&l, 2);
	uint32_t offset = layer_offset(d, &l);

	if (h != NULL) {
		p->icmp_type = h[0];
		p->icmp_code = h[1];
		p->destination_port = be16(h);
	}
	if (layer_take(&l, ICMP_SIZE) == NULL) {
		decode_short(d, &l, ICMP_SIZE, DROP_ICMP_TRUNCATED);
		l.octets.at = l.octets.end;
		layer_is_payload(d, &l);
		return;
	}
	p->l4_offset = offset;
	layer_is_payload(d, &l);
	if (quotes(protocol, h[0]))
		find_quote(d, &l);
}

/*
 * Octets of the quotation.  Where extensions may follow it, an octet of the header says how long it
 * is: RFC 4884, section 4.
 */
static uint32_t
quote_size(const struct packet *p)
{
	uint32_t size = p->payload_size, said = 0;
	const uint8_t *h = p->data + p->l4_offset;

	if (p->protocol == IP_PROTOCOL_ICMPV6) {
		if (h[0] == ICMPV6_UNREACHABLE || h[0] == ICMPV6_TIME_EXCEEDED)
			said = h[4] * 8u;
	} else if (h[0] == ICMP_UNREACHABLE || h[0] == ICMP_TIME_EXCEEDED ||
		   h[0] == ICMP_PARAMETER_PROBLEM) {
		said = h[5] * 4u;
	}
	return said >= IP4_SIZE && said < size ? said : size;
}

void
decode_quote(const struct packet *p, struct packet *ret_quoted)
{
	struct drop_counters unused = { .count = { 0 } };
	struct packet quoted = { .time = p->time,
		.data = p->data,
		.input_offset = p->input_offset,
		.captured_size = p->captured_size,
		.frame_size = p->frame_size,
		.link_type = p->link_type,
		.vlan = p->vlan };
	struct decoding d = { .p = &quoted, .drops = &unused, .closed = true, .quoted = true };
	struct layer l;

	if ((p->flags & PACKET_HAS_QUOTE) != 0) {
		/* What the quotation lacks was on the wire once: cut, not malformed. */
		l = (struct layer){ .octets = cursor_over(p->data + p->quote_offset, quote_size(p)),
			.missing = UINT32_MAX };
		if (decode_ip(&d, l) == VERDICT_IP)
			quoted.kind = PACKET_IP;
	}
	*ret_quoted = quoted;
}
