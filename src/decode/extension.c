/* SPDX-License-Identifier: ISC */
/*
 * From the IP header to the transport header: fragments, IPv6 extension headers (RFC 8200, section
 * 4) and the authentication header (RFC 4302).
 *
 * Extension headers are next header 1, size 1, and so on: the size counts units of 8 octets after
 * the first 8, in AH units of 4 after the first 8.  Mobility (RFC 6275), HIP (RFC 7401) and Shim6
 * (RFC 5533) headers have the same form; they are the end of the chain when nothing follows them,
 * which is what the first two require and the third's control messages do.
 */
#include "decode/decode.h"
#include "decode/internal.h"

#define EXTENSION_SIZE 8
#define FRAGMENT_SIZE  8
#define AH_SIZE        12

/* What to do after one extension header. */
enum step { STEP_ON, STEP_TRANSPORT, STEP_STOP };

static bool
is_extension(uint8_t protocol)
{
	switch (protocol) {
	case IP_PROTOCOL_HOPOPT:
	case IP_PROTOCOL_ROUTING:
	case IP_PROTOCOL_DSTOPTS:
	case IP_PROTOCOL_MOBILITY:
	case IP_PROTOCOL_HIP:
	case IP_PROTOCOL_SHIM6: return true;
	default: return false;
	}
}

static bool
ends_chain(uint8_t protocol)
{
	return protocol == IP_PROTOCOL_MOBILITY || protocol == IP_PROTOCOL_HIP ||
	       protocol == IP_PROTOCOL_SHIM6;
}

/* Takes a header of `size` octets and goes on to the next; a header that ends the chain stays the
 * packet's transport. */
static enum step
pass_header(struct decoding *d, struct layer *l, size_t size, enum drop truncated)
{
	struct packet *p = d->p;
	uint32_t offset = layer_offset(d, l);
	const uint8_t *h = layer_take(l, size);

	if (h == NULL) {
		decode_short(d, l, size, truncated);
		return STEP_STOP;
	}
	if (h[0] == IP_PROTOCOL_NONE && ends_chain(p->protocol)) {
		p->l4_offset = offset;
		layer_is_payload(d, l);
		return STEP_STOP;
	}
	p->protocol = h[0];
	return STEP_ON;
}

static enum step
pass_sized(struct decoding *d, struct layer *l)
{
	bool ah = d->p->protocol == IP_PROTOCOL_AH;
	enum drop truncated = ah ? DROP_AH_TRUNCATED : DROP_IP6_EXTENSION_TRUNCATED;
	size_t least = ah ? AH_SIZE : EXTENSION_SIZE;
	const uint8_t *h = layer_peek(l, least);
	size_t size;

	if (h == NULL) {
		decode_short(d, l, least, truncated);
		return STEP_STOP;
	}
	size = ah ? (h[1] + 2u) * 4 : (h[1] + 1u) * 8;
	return pass_header(d, l, size < least ? least : size, truncated);
}

/* Counts a fragment that cannot be one. */
static void
check_fragment(struct decoding *d, const struct layer *l)
{
	const struct packet *p = d->p;
	uint64_t size = layer_claimed(l);

	if (size == 0 || p->fragment_offset + size > UINT16_MAX ||
	    (!is_last_fragment(p) && size % 8 != 0))
		drop(d->drops, DROP_FRAGMENT_MALFORMED);
}

/* Notes where a fragment's part of the datagram lies; STEP_ON when headers can be read there. */
static enum step
enter_fragment(struct decoding *d, const struct layer *l)
{
	struct packet *p = d->p;

	p->fragment_protocol = p->protocol;
	p->fragment_data = layer_offset(d, l);
	check_fragment(d, l);
	if ((p->flags & PACKET_FRAGMENT_FIRST) != 0)
		return STEP_ON;
	layer_is_payload(d, l);
	if (!d->closed && (p->protocol == IP_PROTOCOL_GRE || p->protocol == IP_PROTOCOL_IPIP ||
			      p->protocol == IP_PROTOCOL_IPV6))
		drop(d->drops, DROP_TUNNEL_FRAGMENT);
	return STEP_STOP;
}

/*
 * next header 1, reserved 1, offset 13 bits, reserved 2 bits, more 1 bit, identification 4.  A
 * datagram whole in one "fragment" is processed as if it were none (RFC 6946).
 */
static enum step
pass_fragment_header(struct decoding *d, struct layer *l)
{
	struct packet *p = d->p;
	const uint8_t *h = layer_take(l, FRAGMENT_SIZE);
	uint16_t word;

	if (h == NULL) {
		decode_short(d, l, FRAGMENT_SIZE, DROP_IP6_EXTENSION_TRUNCATED);
		return STEP_STOP;
	}
	if ((p->flags & (PACKET_FRAGMENT | PACKET_REASSEMBLED)) != 0) {
		drop(d->drops, DROP_FRAGMENT_MALFORMED);
		return STEP_STOP;
	}
	word = be16(h + 2);
	p->fragment_id = be32(h + 4);
	p->protocol = h[0];
	if ((word & 0xfff9) == 0)
		return STEP_ON;
	p->fragment_offset = word & 0xfff8;
	p->flags |= PACKET_FRAGMENT;
	if (p->fragment_offset == 0)
		p->flags |= PACKET_FRAGMENT_FIRST;
	if ((word & 1) == 0)
		p->flags |= PACKET_FRAGMENT_LAST;
	return enter_fragment(d, l);
}

static enum step
pass_extension(struct decoding *d, struct layer *l)
{
	uint8_t protocol = d->p->protocol;

	if (protocol == IP_PROTOCOL_AH)
		return pass_sized(d, l);
	if (d->p->ip_version != 6)
		return STEP_TRANSPORT;
	if (protocol == IP_PROTOCOL_FRAGMENT)
		return pass_fragment_header(d, l);
	return is_extension(protocol) ? pass_sized(d, l) : STEP_TRANSPORT;
}

void
decode_ip_payload(struct decoding *d, struct layer l, uint8_t protocol)
{
	d->p->protocol = protocol;
	layer_is_payload(d, &l);
	if ((d->p->flags & PACKET_FRAGMENT) != 0 && enter_fragment(d, &l) == STEP_STOP)
		return;
	for (unsigned count = 0;; count++) {
		enum step step = pass_extension(d, &l);

		if (step == STEP_STOP)
			return;
		if (step == STEP_TRANSPORT)
			break;
		layer_is_payload(d, &l);
		if (count == DECODE_EXTENSION_MAX) {
			drop(d->drops, DROP_IP6_EXTENSION_DEPTH);
			return;
		}
	}
	decode_upper(d, l, d->p->protocol);
}
