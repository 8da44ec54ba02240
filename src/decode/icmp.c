/* SPDX-License-Identifier: ISC */
/*
 * ICMP (RFC 792) and ICMPv6 (RFC 4443): type 1, code 1, checksum 2, rest 4; errors then quote the
 * packet they are about.
 */
#include "decode/decode.h"
#include "decode/internal.h"

#define ICMP_SIZE 8
#define IP4_SIZE  20

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

/* Reads the quotation, whose place `p` already holds; a verdict. */
static int
read_quote(const struct packet *p, struct packet *ret_quoted)
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
	/* What the quotation lacks was on the wire once: cut, not malformed. */
	struct layer l = { .octets = cursor_over(p->data + p->quote_offset, quote_size(p)),
		.missing = UINT32_MAX };
	int verdict = decode_ip(&d, l);

	if (verdict == VERDICT_IP) {
		quoted.kind = PACKET_IP;
		*ret_quoted = quoted;
	}
	return verdict;
}

/* Looks whether the payload is a packet as far as it goes.  A quotation inside it is left alone. */
static void
find_quote(struct decoding *d, const struct layer *l)
{
	struct packet *p = d->p;
	struct packet quoted;
	int verdict;

	p->quote_offset = layer_offset(d, l);
	verdict = read_quote(p, &quoted);
	if (verdict == VERDICT_IP) {
		p->flags |= PACKET_HAS_QUOTE;
		return;
	}
	p->quote_offset = 0;
	if (verdict != DROP_FRAME_SNAPPED)
		drop(d->drops, DROP_ICMP_QUOTE_MALFORMED);
	else if (l->missing == 0)
		drop(d->drops, DROP_ICMP_QUOTE_TRUNCATED);
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
	if (!d->quoted && quotes(protocol, h[0]))
		find_quote(d, &l);
}

void
decode_quote(const struct packet *p, struct packet *ret_quoted)
{
	struct packet none = { .vlan = VLAN_NONE };

	if ((p->flags & PACKET_HAS_QUOTE) == 0 || read_quote(p, ret_quoted) != VERDICT_IP)
		*ret_quoted = none;
}
