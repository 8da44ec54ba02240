/* SPDX-License-Identifier: ISC */
/*
 * Frames with right lengths and checksums: Ethernet, an 802.1Q tag, ARP, IPv4, IPv6, TCP, UDP,
 * ICMP and ICMPv6; whole datagrams or fragments of one.
 *
 * Short frames are padded to Ethernet's least size, as a mirror port shows them; so a reader that
 * counts octets from the frame instead of the IP header is found out.
 */
#ifndef YAGURA_SIMULATE_FRAME_H
#define YAGURA_SIMULATE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "net/address.h"

#define FRAME_MAX       1518 /* with one tag, without the check sequence */
#define FRAME_LEAST     60
#define FRAME_VLAN_NONE 0xffff
#define FRAME_MSS_IPV4  1460
#define FRAME_MSS_IPV6  1440

enum {
	FRAME_TCP_FIN = 0x01,
	FRAME_TCP_SYN = 0x02,
	FRAME_TCP_RST = 0x04,
	FRAME_TCP_PSH = 0x08,
	FRAME_TCP_ACK = 0x10,
};

enum {
	FRAME_ICMP = 1,
	FRAME_TCP = 6,
	FRAME_UDP = 17,
	FRAME_ICMPV6 = 58,
};

struct datagram {
	const uint8_t *source_mac;      /* borrowed */
	const uint8_t *destination_mac; /* borrowed */
	uint16_t vlan;                  /* or FRAME_VLAN_NONE */
	struct address source, destination;
	uint8_t protocol;
	uint8_t ttl;
	uint16_t ip_id; /* IPv4 */
	uint16_t source_port, destination_port;
	uint32_t sequence, acknowledgement; /* TCP */
	uint16_t window;                    /* TCP, as sent */
	uint8_t tcp_flags;
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_id, icmp_sequence; /* of an echo; else what follows the checksum */
	const uint8_t *payload;          /* borrowed */
	size_t payload_size;

	/* A fragment (RFC 791, section 3.2; RFC 8200, section 4.5): the payload is then a part of
	 * what frame_l4 made, from `fragment_offset` on. */
	bool fragment, more_fragments;
	uint16_t fragment_offset; /* octets */
	uint32_t fragment_id;     /* IPv6; IPv4 has ip_id */
};

/* Builds the frame; a SYN carries MSS, SACK-permitted and a window scale of 7.  Returns its size
 * and, in *ret_octets, the size of the IP packet. */
size_t frame_ip(const struct datagram *d, uint8_t frame[FRAME_MAX], uint32_t *ret_octets);

/* Builds what follows the IP header of a whole datagram: L4 header, checksum, payload.  `l4` has
 * room for 20 octets more than the payload.  Returns its size. */
size_t frame_l4(const struct datagram *d, uint8_t *l4);

/* Builds an ARP request (operation 1, to all) or reply (2).  Returns the frame's size. */
size_t frame_arp(const struct datagram *d, uint16_t operation, uint8_t frame[FRAME_MAX]);

#endif
