/* SPDX-License-Identifier: ISC */
/*
 * A bidirectional flow (RFC 5103) as the meter exports it.
 *
 * `source` is the initiator: the sender of the SYN, else of the first packet seen.  Index 0 of the
 * paired fields is the direction from the initiator, index 1 the reverse.  Octets are L3.  Field
 * meanings are those of the IPFIX elements named beside them.
 */
#ifndef YAGURA_OBS_FLOW_H
#define YAGURA_OBS_FLOW_H

#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

/* flowEndReason, RFC 5102. */
enum flow_end {
	FLOW_END_IDLE = 1,      /* idle timeout */
	FLOW_END_ACTIVE = 2,    /* active timeout: the flow goes on in another record */
	FLOW_END_DETECTED = 3,  /* TCP FIN both ways or RST */
	FLOW_END_FORCED = 4,    /* the input ended, or its clock jumped */
	FLOW_END_RESOURCES = 5, /* the table was full */
};

enum {
	FLOW_FORWARD = 0,
	FLOW_REVERSE = 1,
};

struct flow {
	struct address source;      /* sourceIPv4Address, sourceIPv6Address: the initiator */
	struct address destination; /* destinationIPv4Address, destinationIPv6Address */
	uint16_t source_port;       /* sourceTransportPort; 0 for ICMP and port-less protocols */
	uint16_t destination_port;  /* destinationTransportPort; ICMP: type << 8 | code
				       (icmpTypeCodeIPv4, icmpTypeCodeIPv6) */
	uint16_t vlan; /* vlanId of the outermost tag when it is part of the key, else VLAN_NONE */
	uint8_t protocol;   /* protocolIdentifier */
	uint8_t ip_version; /* ipVersion */
	nsec_t
	    first[2];   /* flowStartNanoseconds per direction; 0 when the direction has no packet */
	nsec_t last[2]; /* flowEndNanoseconds per direction */
	uint64_t octets[2];   /* octetDeltaCount, reverseOctetDeltaCount */
	uint64_t packets[2];  /* packetDeltaCount, reversePacketDeltaCount */
	uint32_t rtt_us;      /* TCP handshake: SYN to SYN-ACK as seen here; 0 when not measured */
	uint8_t tcp_flags[2]; /* tcpControlBits: union */
	uint8_t ttl_min[2];   /* minimumTTL */
	uint8_t ttl_max[2];   /* maximumTTL */
	uint8_t end_reason;   /* flowEndReason */
	uint8_t tunnel;       /* enum packet_tunnel of its first packet */
};

/* First and last packet in either direction. */
static inline nsec_t
flow_begin(const struct flow *f)
{
	if (f->packets[1] == 0)
		return f->first[0];
	return f->packets[0] == 0 || f->first[1] < f->first[0] ? f->first[1] : f->first[0];
}

static inline nsec_t
flow_finish(const struct flow *f)
{
	if (f->packets[1] == 0)
		return f->last[0];
	return f->packets[0] == 0 || f->last[1] > f->last[0] ? f->last[1] : f->last[0];
}

#endif
