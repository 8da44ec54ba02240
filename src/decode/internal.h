/* SPDX-License-Identifier: ISC */
/*
 * What the files of src/decode share: the layer being read, the verdict of a decoder, and who calls
 * whom.
 *
 *	decode.c ── link.c ── ether.c ──┬── ip4.c ──┬── extension.c ── transport.c ── icmp.c
 *	   │          ├── ieee80211.c   ├── ip6.c ──┘                       │
 *	   │          └── ppp.c         ├── mpls.c                          │
 *	   │                            └── arp.c                       tunnel.c
 *	   └────────── opens, one at a time, what tunnel.c found ──────────┘
 *
 * Down to the IP header a decoder returns a verdict; from there on the packet is measured whatever
 * comes, so that decoders return nothing, count what is odd, and leave fields at zero.
 */
#ifndef YAGURA_DECODE_INTERNAL_H
#define YAGURA_DECODE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "obs/drop.h"
#include "obs/packet.h"

enum {
	ETHER_TYPE_MIN = 0x0600, /* IEEE 802.3, 3.2.6: below are lengths and nothing */
	ETHER_IP4 = 0x0800,
	ETHER_ARP = 0x0806,
	ETHER_TRANSPARENT = 0x6558, /* Ethernet inside GRE or Geneve */
	ETHER_VLAN = 0x8100,
	ETHER_IP6 = 0x86dd,
	ETHER_PPP = 0x880b,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_UPSTREAM = 0x8848,
	ETHER_PPPOE_DISCOVERY = 0x8863,
	ETHER_PPPOE_SESSION = 0x8864,
	ETHER_QINQ = 0x88a8,
	ETHER_ERSPAN = 0x88be,
	ETHER_QINQ_OLD = 0x9100,
};

enum {
	PORT_GTPU = 2152,
	PORT_VXLAN = 4789,
	PORT_GENEVE = 6081,
};

/*
 * The octets the current layer may read: those captured, then `missing` octets that were on the
 * wire and not kept, then `absent` octets that a length field promises and the frame never had.
 * Whoever asks for more than is captured learns from where the request ends whether that is the
 * capture's doing (snapped) or the packet's (truncated).
 */
struct layer {
	struct cursor octets;
	uint32_t missing;
	uint32_t absent;
};

/*
 * How far down to an IP header a decoder came.  A value below DROP_COUNT is the counter to raise: a
 * frame counter means the packet could not be decoded, a note that it is something other than IP.
 */
enum {
	VERDICT_IP = DROP_COUNT, /* the packet's fields are filled */
	VERDICT_ARP,
	VERDICT_NOT_IP, /* a good frame of something known */
};

struct decoding;

typedef int decode_fn(struct decoding *d, struct layer l);

/* A packet being decoded. */
struct decoding {
	struct packet *p;            /* borrowed */
	struct drop_counters *drops; /* borrowed */
	bool closed;                 /* tunnels are left alone: quotations, reassembled datagrams */
	bool quoted;                 /* in an ICMP error: lengths cannot be checked */
	uint8_t vlan_tags;           /* met since the frame, or the tunnel, began */
	uint8_t tunnel;              /* enum packet_tunnel: found, to be opened next */
	decode_fn *inner;            /* decodes what is inside it */
	struct layer inner_layer;
};

/* Octets of the layer that were on the wire. */
static inline uint64_t
layer_wire(const struct layer *l)
{
	return (uint64_t)cursor_left(&l->octets) + l->missing;
}

/* Octets of the layer that its length fields promise. */
static inline uint64_t
layer_claimed(const struct layer *l)
{
	return layer_wire(l) + l->absent;
}

/* Takes `size` octets, or returns NULL and leaves the layer as it is. */
static inline const uint8_t *
layer_take(struct layer *l, size_t size)
{
	if (size > cursor_left(&l->octets))
		return NULL;
	return cursor_take(&l->octets, size);
}

/* The next `size` octets, left where they are; NULL when they are not all there. */
static inline const uint8_t *
layer_peek(const struct layer *l, size_t size)
{
	struct layer copy = *l;

	return layer_take(&copy, size);
}

/* Whether `size` octets that are not in the capture were on the wire. */
static inline bool
layer_snapped(const struct layer *l, size_t size)
{
	return size <= layer_wire(l);
}

/* The verdict when a header of `size` octets could not be taken. */
static inline int
layer_short(const struct layer *l, size_t size, enum drop truncated)
{
	return layer_snapped(l, size) ? (int)DROP_FRAME_SNAPPED : (int)truncated;
}

/* Ends the layer after `size` octets, as its own length field says; false when the frame is shorter
 * than that. */
static inline bool
layer_limit(struct layer *l, uint64_t size)
{
	uint64_t left = cursor_left(&l->octets);
	uint64_t wire = layer_wire(l);

	if (size > wire) {
		uint64_t absent = size - wire;
		l->absent = absent < UINT32_MAX ? (uint32_t)absent : UINT32_MAX;
		return false;
	}
	l->absent = 0;
	if (size > left) {
		l->missing = (uint32_t)(size - left);
	} else {
		l->missing = 0;
		l->octets.end = l->octets.at + size;
	}
	return true;
}

static inline uint32_t
layer_offset(const struct decoding *d, const struct layer *l)
{
	return (uint32_t)(l->octets.at - d->p->data);
}

/* What is left of the layer is the packet's payload. */
static inline void
layer_is_payload(struct decoding *d, const struct layer *l)
{
	d->p->payload_offset = layer_offset(d, l);
	d->p->payload_size = (uint32_t)cursor_left(&l->octets);
}

static inline bool
is_last_fragment(const struct packet *p)
{
	return (p->flags & PACKET_FRAGMENT_LAST) != 0 || (p->flags & PACKET_FRAGMENT) == 0;
}

/* link.c */
int decode_link(struct decoding *d, struct layer l);

/* ether.c */
int decode_ethernet(struct decoding *d, struct layer l);
int decode_llc(struct decoding *d, struct layer l);
int decode_ether_type(struct decoding *d, struct layer l, uint16_t type);

/* ieee80211.c */
int decode_ieee80211(struct decoding *d, struct layer l);
int decode_radiotap(struct decoding *d, struct layer l);

/* ppp.c */
int decode_ppp(struct decoding *d, struct layer l);
int decode_hdlc(struct decoding *d, struct layer l);
int decode_cisco_hdlc(struct decoding *d, struct layer l);
int decode_pppoe(struct decoding *d, struct layer l);
int decode_pppoe_discovery(struct decoding *d, struct layer l);

/* mpls.c */
int decode_mpls(struct decoding *d, struct layer l);

/* arp.c */
int decode_arp(struct decoding *d, struct layer l);

/* ip4.c: `decode_ip` chooses by the version field. */
int decode_ip(struct decoding *d, struct layer l);
int decode_ip4(struct decoding *d, struct layer l);

/* ip6.c */
int decode_ip6(struct decoding *d, struct layer l);

/* extension.c: what follows the IP header proper */
void decode_ip_payload(struct decoding *d, struct layer l, uint8_t protocol);

/* transport.c */
void decode_upper(struct decoding *d, struct layer l, uint8_t protocol);
/* Raises `truncated` when the packet itself, not the capture, ends inside a header of `size`
 * octets. */
void decode_short(struct decoding *d, const struct layer *l, size_t size, enum drop truncated);

/* icmp.c */
void decode_icmp(struct decoding *d, struct layer l, uint8_t protocol);

/* tunnel.c: each looks whether a tunnel begins here, and if so notes it in `d` for decode.c to
 * open.
 */
void decode_gre(struct decoding *d, struct layer l);
void decode_ip_in_ip(struct decoding *d, struct layer l, decode_fn *inner);
void decode_udp_tunnel(struct decoding *d, struct layer payload);

/* decode.c: everything by the general path, which decode_packet takes for all but the commonest
 * packets. */
void decode_packet_slowly(struct packet *p, struct drop_counters *drops);

#endif
