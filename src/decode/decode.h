/* SPDX-License-Identifier: ISC */
/*
 * From a frame to a packet: link layer, tags, tunnels, IP, transport.
 *
 * decode_packet fills the decoder's part of `struct packet` from its data, without copying.  It
 * never fails: what cannot be used is counted by name (obs/drop.h) and the packet's kind says how
 * far it got.  A header that ends where the capture was cut (captured_size < frame_size) is
 * "snapped", never malformed.
 *
 * Lengths.  `octets` is the IPv4 total length or 40 + the IPv6 payload length (or the jumbo
 * length), as the header says; a header that claims more than the frame is counted and believed; a
 * header that says 0 is counted and the frame's own length is used.  Trailing link padding never
 * counts.
 *
 * Tunnels (GRE, IP in IP, VXLAN, Geneve, GTP-U) are opened up to DECODE_TUNNEL_MAX deep.  The
 * innermost packet that decodes is measured; when what is inside does not decode as a packet, the
 * packet around it is measured instead.
 */
#ifndef YAGURA_DECODE_DECODE_H
#define YAGURA_DECODE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "obs/drop.h"
#include "obs/packet.h"

#define DECODE_TUNNEL_MAX    4
#define DECODE_VLAN_MAX      4
#define DECODE_MPLS_MAX      16
#define DECODE_EXTENSION_MAX 16

/* LINKTYPE_ numbers that are decoded (https://www.tcpdump.org/linktypes.html). */
enum link_type {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_PPP_HDLC = 50, /* PPP or Cisco HDLC: the first octet says which */
	LINK_PPPOE = 51,
	LINK_RAW_OLD = 12, /* DLT_RAW as some systems wrote it; 14 on OpenBSD */
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_C_HDLC = 104,
	LINK_IEEE802_11 = 105,
	LINK_LOOP = 108,
	LINK_LINUX_SLL = 113,
	LINK_IEEE802_11_RADIOTAP = 127,
	LINK_MPLS = 219, /* a label stack */
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_LINUX_SLL2 = 276,
};

/* Decodes one packet whose source part is set. */
void decode_packet(struct packet *p, struct drop_counters *drops);

/* The same, but tunnels stay closed: the outermost IP packet is measured, as routers do. */
void decode_packet_outermost(struct packet *p, struct drop_counters *drops);

/* The same as decode_packet for `count` packets of a batch, fetching the next headers while it
 * decodes the last. */
void decode_packets(struct packet *packets, size_t count, struct drop_counters *drops);

/*
 * Decodes the transport layer of a reassembled datagram: `p` has addresses, protocol and
 * PACKET_REASSEMBLED set, and data/captured_size are the reassembled payload that follows the IP
 * header(s).  Sets ports, payload, flags.
 */
void decode_transport(struct packet *p, struct drop_counters *drops);

/* The packet quoted by an ICMP error (PACKET_HAS_QUOTE): fills `ret_quoted` as far as the quotation
 * goes. */
void decode_quote(const struct packet *p, struct packet *ret_quoted);

#endif
