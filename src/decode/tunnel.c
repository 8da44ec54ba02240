/* SPDX-License-Identifier: ISC */
/*
 * Tunnels: what the header says is inside.
 *
 * A tunnel that is found is noted in the decoding; decode.c opens it when the packet around it has
 * been decoded.  UDP tunnels go by the destination port: answers to it (GTP echo) go back to the
 * sender's, and carry no packets.
 */
#include "decode/decode.h"
#include "decode/internal.h"

#define GRE_SIZE        4
#define GRE_WORD        4
#define ERSPAN_II_SIZE  8
#define VXLAN_SIZE      8
#define GENEVE_SIZE     8
#define GTP_SIZE        8
#define GTP_OPTION_SIZE 4

/* GRE flags: RFC 2784 with RFC 2890, RFC 1701 for routing, RFC 2637 for version 1. */
enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACKNOWLEDGEMENT = 0x0080,
	GRE_VERSION = 0x0007,
};

enum {
	VXLAN_VALID = 0x08, /* the network identifier is valid: RFC 7348, section 5 */
	GENEVE_VERSION = 0xc0,
	GENEVE_OPTIONS = 0x3f, /* in words of 4 octets: RFC 8926, section 3.4 */
};

/* GTPv1-U: 3GPP TS 29.281, section 5.1. */
enum {
	PORT_DNS = 53,
	GTP_VERSION = 0xe0,
	GTP_VERSION_1 = 0x20,
	GTP_NOT_PRIME = 0x10,
	GTP_EXTENSION = 0x04,
	GTP_OPTIONS = 0x07, /* extension, sequence number, N-PDU number: one of them brings all */
	GTP_DATA = 255,
};

/* Notes the tunnel, unless it may not be opened. */
static void
found(struct decoding *d, const struct layer *l, uint8_t tunnel, decode_fn *inner)
{
	d->tunnel = tunnel;
	d->inner = inner;
	d->inner_layer = *l;
}

/* Whether a tunnel that begins here may be looked into. */
static bool
may_enter(struct decoding *d)
{
	if (d->closed)
		return false;
	if ((d->p->flags & PACKET_FRAGMENT) != 0) {
		drop(d->drops, DROP_TUNNEL_FRAGMENT);
		return false;
	}
	if (d->p->tunnel_depth == DECODE_TUNNEL_MAX) {
		drop(d->drops, DROP_TUNNEL_DEPTH);
		return false;
	}
	return true;
}

void
decode_ip_in_ip(struct decoding *d, struct layer l, decode_fn *inner)
{
	if (may_enter(d))
		found(d, &l, TUNNEL_IPIP, inner);
}

/* ERSPAN type I has no header, type II (version 1) one of 8 octets, and GRE's sequence number tells
 * them apart; type III is another protocol number. */
static int
decode_erspan(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_take(&l, ERSPAN_II_SIZE);

	if (h == NULL)
		return layer_short(&l, ERSPAN_II_SIZE, DROP_GRE_TRUNCATED);
	if (h[0] >> 4 != 1)
		return DROP_LINK_MALFORMED;
	return decode_ethernet(d, l);
}

static decode_fn *
gre_payload(uint16_t type, uint16_t flags)
{
	switch (type) {
	case ETHER_IP4: return decode_ip4;
	case ETHER_IP6: return decode_ip6;
	case ETHER_TRANSPARENT: return decode_ethernet;
	case ETHER_MPLS:
	case ETHER_MPLS_UPSTREAM: return decode_mpls;
	case ETHER_ERSPAN: return (flags & GRE_SEQUENCE) != 0 ? decode_erspan : decode_ethernet;
	default: return NULL;
	}
}

/* flags and version 2, type 2, [checksum 2, offset 2], [key 4], [sequence number 4] */
static void
decode_gre_v0(struct decoding *d, struct layer l, uint16_t flags, uint16_t type)
{
	decode_fn *inner = gre_payload(type, flags);
	size_t options = 0;

	if ((flags & GRE_ROUTING) != 0) {
		drop(d->drops, DROP_GRE_MALFORMED);
		return;
	}
	options += (flags & GRE_CHECKSUM) != 0 ? GRE_WORD : 0;
	options += (flags & GRE_KEY) != 0 ? GRE_WORD : 0;
	options += (flags & GRE_SEQUENCE) != 0 ? GRE_WORD : 0;
	if (layer_take(&l, options) == NULL) {
		decode_short(d, &l, options, DROP_GRE_TRUNCATED);
		return;
	}
	if (inner == NULL)
		drop(d->drops, DROP_GRE_UNKNOWN);
	else
		found(d, &l, TUNNEL_GRE, inner);
}

/* PPTP: flags and version 2, type 2, payload size 2, call 2, [sequence number 4],
 * [acknowledgement 4].  Without a sequence number there is no payload. */
static void
decode_gre_v1(struct decoding *d, struct layer l, uint16_t flags, uint16_t type)
{
	size_t options = GRE_WORD;
	const uint8_t *h;

	if (type != ETHER_PPP || (flags & GRE_KEY) == 0 ||
	    (flags & (GRE_CHECKSUM | GRE_ROUTING)) != 0) {
		drop(d->drops, DROP_GRE_MALFORMED);
		return;
	}
	options += (flags & GRE_SEQUENCE) != 0 ? GRE_WORD : 0;
	options += (flags & GRE_ACKNOWLEDGEMENT) != 0 ? GRE_WORD : 0;
	h = layer_take(&l, options);
	if (h == NULL) {
		decode_short(d, &l, options, DROP_GRE_TRUNCATED);
		return;
	}
	if ((flags & GRE_SEQUENCE) == 0)
		return;
	if (!layer_limit(&l, be16(h)))
		drop(d->drops, DROP_GRE_MALFORMED);
	else
		found(d, &l, TUNNEL_GRE, decode_ppp);
}

void
decode_gre(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_peek(&l, GRE_SIZE);

	if (h == NULL) {
		decode_short(d, &l, GRE_SIZE, DROP_GRE_TRUNCATED);
		return;
	}
	d->p->l4_offset = layer_offset(d, &l);
	if (!may_enter(d))
		return;
	(void)layer_take(&l, GRE_SIZE);
	switch (be16(h) & GRE_VERSION) {
	case 0: decode_gre_v0(d, l, be16(h), be16(h + 2)); break;
	case 1: decode_gre_v1(d, l, be16(h), be16(h + 2)); break;
	default: drop(d->drops, DROP_GRE_UNKNOWN); break;
	}
}

/* flags 1, reserved 3, network identifier 3, reserved 1, then Ethernet */
static void
decode_vxlan(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_peek(&l, VXLAN_SIZE);

	if (h == NULL) {
		decode_short(d, &l, VXLAN_SIZE, DROP_VXLAN_TRUNCATED);
		return;
	}
	if ((h[0] & VXLAN_VALID) == 0) {
		drop(d->drops, DROP_VXLAN_MALFORMED);
		return;
	}
	(void)layer_take(&l, VXLAN_SIZE);
	found(d, &l, TUNNEL_VXLAN, decode_ethernet);
}

/* version 2 bits, option words 6 bits, flags 1, type 2, network identifier 3, reserved 1, options
 */
static void
decode_geneve(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_peek(&l, GENEVE_SIZE);
	decode_fn *inner;
	size_t size;

	if (h == NULL) {
		decode_short(d, &l, GENEVE_SIZE, DROP_GENEVE_TRUNCATED);
		return;
	}
	size = GENEVE_SIZE + (h[0] & GENEVE_OPTIONS) * 4u;
	inner = gre_payload(be16(h + 2), 0);
	if ((h[0] & GENEVE_VERSION) != 0 || inner == NULL || be16(h + 2) == ETHER_ERSPAN) {
		drop(d->drops, DROP_GENEVE_UNKNOWN);
		return;
	}
	if (layer_take(&l, size) == NULL)
		decode_short(d, &l, size, DROP_GENEVE_TRUNCATED);
	else
		found(d, &l, TUNNEL_GENEVE, inner);
}

/* Extension headers: size 1 in words of 4 octets, contents, next type 1; type 0 ends them. */
static bool
pass_gtp_extensions(struct decoding *d, struct layer *l, uint8_t next)
{
	for (unsigned count = 0; next != 0; count++) {
		const uint8_t *h = layer_peek(l, 1);
		size_t size = h != NULL ? h[0] * 4u : 1;

		if (size == 0 || count == DECODE_EXTENSION_MAX) {
			drop(d->drops, DROP_GTP_MALFORMED);
			return false;
		}
		h = layer_take(l, size);
		if (h == NULL) {
			decode_short(d, l, size, DROP_GTP_TRUNCATED);
			return false;
		}
		next = h[size - 1];
	}
	return true;
}

/* flags 1, type 1, length 2, tunnel 4, [sequence number 2, N-PDU 1, next extension 1] */
static void
decode_gtpu(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_peek(&l, GTP_SIZE);
	uint8_t next = 0;

	if (h == NULL) {
		decode_short(d, &l, GTP_SIZE, DROP_GTP_TRUNCATED);
		return;
	}
	if ((h[0] & GTP_VERSION) != GTP_VERSION_1 || (h[0] & GTP_NOT_PRIME) == 0) {
		drop(d->drops, DROP_GTP_MALFORMED);
		return;
	}
	(void)layer_take(&l, GTP_SIZE);
	if (h[1] != GTP_DATA)
		return;
	if (!layer_limit(&l, be16(h + 2)))
		drop(d->drops, DROP_GTP_LENGTH);
	if ((h[0] & GTP_OPTIONS) != 0) {
		const uint8_t *options = layer_take(&l, GTP_OPTION_SIZE);

		if (options == NULL) {
			decode_short(d, &l, GTP_OPTION_SIZE, DROP_GTP_TRUNCATED);
			return;
		}
		next = (h[0] & GTP_EXTENSION) != 0 ? options[3] : 0;
	}
	if (pass_gtp_extensions(d, &l, next))
		found(d, &l, TUNNEL_GTPU, decode_ip);
}

void
decode_udp_tunnel(struct decoding *d, struct layer payload)
{
	void (*decode)(struct decoding *, struct layer);

	/* An answer of a name server: resolvers ask from any port (RFC 5452, section 9.2). */
	if (d->p->source_port == PORT_DNS)
		return;
	switch (d->p->destination_port) {
	case PORT_VXLAN: decode = decode_vxlan; break;
	case PORT_GENEVE: decode = decode_geneve; break;
	case PORT_GTPU: decode = decode_gtpu; break;
	default: return;
	}
	if (may_enter(d))
		decode(d, payload);
}
