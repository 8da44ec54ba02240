/* SPDX-License-Identifier: ISC */
/*
 * Frames with right lengths and checksums: Ethernet, an 802.1Q tag, ARP, IPv4, IPv6, TCP, UDP,
 * ICMP and ICMPv6 echo.
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
	uint8_t icmp_type; /* code 0 */
	uint16_t icmp_id, icmp_sequence;
	const uint8_t *payload; /* borrowed */
	size_t payload_size;
};

/* Builds the frame; a SYN carries MSS, SACK-permitted and a window scale of 7.  Returns its size
 * and, in *ret_octets, the size of the IP packet. */
size_t frame_ip(const struct datagram *d, uint8_t frame[FRAME_MAX], uint32_t *ret_octets);

/* Builds an ARP request (operation 1, to all) or reply (2).  Returns the frame's size. */
size_t frame_arp(const struct datagram *d, uint16_t operation, uint8_t frame[FRAME_MAX]);

#endif
