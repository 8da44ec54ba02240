/* SPDX-License-Identifier: ISC */
/*
 * A packet: what a source yields and a decoder fills.
 *
 * `data` is a slice of the batch's buffer, borrowed for the life of the batch.  Where tunnels are
 * nested, everything from `source` down describes the innermost packet that decoded, and `outer_*`
 * the outermost IP header.
 *
 * Lengths: `frame_size` is the frame on the wire (L2), `captured_size` how much of it was kept,
 * `octets` the packet at L3 from its own IP header (0 for what is not IP).  An offset counts from
 * `data`.
 */
#ifndef YAGURA_OBS_PACKET_H
#define YAGURA_OBS_PACKET_H

#include <assert.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

/* What the frame turned out to be. */
enum packet_kind {
	PACKET_UNDECODED = 0, /* dropped: a `frame` counter says why */
	PACKET_NOT_IP,        /* a good frame of something else (ARP has its own kind) */
	PACKET_ARP,
	PACKET_DNS,      /* a DNS message without its packet (obs/dns_record.h): no traffic */
	PACKET_OBSERVED, /* an observation made whole (obs/observed.h): no traffic */
	PACKET_IP,       /* IPv4 or IPv6, with or without a usable transport header */
};

enum packet_flag {
	PACKET_SNAPPED =
	    1 << 0, /* the capture kept less than the headers or payload we would have read */
	PACKET_FRAGMENT = 1 << 1,       /* any IP fragment */
	PACKET_FRAGMENT_FIRST = 1 << 2, /* the one at offset 0 */
	PACKET_FRAGMENT_LAST = 1 << 3,  /* more-fragments is clear */
	PACKET_TUNNELED = 1 << 4,       /* outer_* are set */
	PACKET_HAS_PORTS =
	    1 << 5, /* source_port, destination_port are real (TCP, UDP, UDP-Lite, SCTP) */
	PACKET_HAS_QUOTE =
	    1 << 6, /* an ICMP error whose quoted packet decoded: quote_offset is its IP header */
	PACKET_REASSEMBLED = 1 << 7, /* a datagram put together from fragments: already counted,
					data is the reassembly */
	PACKET_DUPLICATE =
	    1 << 8, /* the same octets as one of the last few packets (mirror port) */
};

enum packet_tunnel {
	TUNNEL_NONE = 0,
	TUNNEL_IPIP, /* IPv4 or IPv6 in IPv4 or IPv6 */
	TUNNEL_GRE,
	TUNNEL_VXLAN,
	TUNNEL_GENEVE,
	TUNNEL_GTPU,
};

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
};

enum ip_protocol {
	IP_PROTOCOL_HOPOPT = 0,
	IP_PROTOCOL_ICMP = 1,
	IP_PROTOCOL_IPIP = 4,
	IP_PROTOCOL_TCP = 6,
	IP_PROTOCOL_UDP = 17,
	IP_PROTOCOL_IPV6 = 41,
	IP_PROTOCOL_ROUTING = 43,
	IP_PROTOCOL_FRAGMENT = 44,
	IP_PROTOCOL_GRE = 47,
	IP_PROTOCOL_ESP = 50,
	IP_PROTOCOL_AH = 51,
	IP_PROTOCOL_ICMPV6 = 58,
	IP_PROTOCOL_NONE = 59,
	IP_PROTOCOL_DSTOPTS = 60,
	IP_PROTOCOL_SCTP = 132,
	IP_PROTOCOL_MOBILITY = 135,
	IP_PROTOCOL_UDPLITE = 136,
	IP_PROTOCOL_HIP = 139,
	IP_PROTOCOL_SHIM6 = 140,
};

#define VLAN_NONE 0xffff

struct packet {
	/* From the source. */
	nsec_t time;
	const uint8_t *data;    /* borrowed */
	uint64_t input_offset;  /* of the record in its (uncompressed) input: evidence */
	uint32_t captured_size; /* octets at data */
	uint32_t frame_size;    /* octets on the wire, at L2 */
	uint16_t link_type;     /* LINKTYPE_* of the interface */

	/* From the decoder. */
	uint16_t flags;          /* enum packet_flag */
	uint32_t octets;         /* L3 length of the measured packet */
	uint32_t fragment_id;    /* IPv4 identification or IPv6 fragment identification */
	uint16_t ether_type;     /* after VLAN tags; 0 when the link has none */
	uint16_t vlan;           /* outermost VLAN id, or VLAN_NONE */
	uint32_t l3_offset;      /* IP header of the measured packet */
	uint32_t l4_offset;      /* its transport header, all fixed octets of which are in the
				    capture; 0 when there is none to read */
	uint32_t payload_offset; /* transport payload */
	uint32_t payload_size;   /* its octets that are in the capture */
	struct address source, destination;
	uint16_t source_port, destination_port; /* ICMP: type in the source's place 0, and type << 8
						   | code in the destination's */
	uint16_t fragment_offset;               /* in octets */
	uint8_t kind;                           /* enum packet_kind */
	uint8_t ip_version;                     /* 4, 6, or 0 */
	uint8_t protocol;                       /* enum ip_protocol: the last header reached */
	uint8_t ttl;                            /* TTL or hop limit */
	uint8_t tos;                            /* DSCP and ECN */
	uint8_t tcp_flags;
	uint8_t tunnel;       /* enum packet_tunnel: the innermost one */
	uint8_t tunnel_depth; /* how many were opened */
	uint8_t shard;        /* which logical shard owns its flow */
	uint8_t icmp_type, icmp_code;
	uint8_t outer_protocol;    /* of the outermost IP header, when tunneled */
	uint8_t fragment_protocol; /* fragments: what the fragmented part begins with, the same in
				      all fragments of a datagram (`protocol` of the first may be a
				      later header) */
	uint32_t fragment_data;    /* fragments: where this one's part of the datagram begins; it
				      ends with the payload */
	uint32_t outer_l3_offset;  /* outermost IP header, when tunneled: addresses and lengths are
				      read from there */
	uint32_t quote_offset;     /* IP header quoted by an ICMP error */
};

static_assert(sizeof(struct packet) == 128, "packets are written once per frame: two cache lines");

#endif
