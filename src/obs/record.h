/* SPDX-License-Identifier: ISC */
/*
 * A flow record: what an exporter (NetFlow, IPFIX, sFlow) says of a flow, as a decoder delivers it.
 *
 * `flow` holds the key, the times and the counts.  Counts are those of the record, unscaled: of the
 * sampled packets only, where the exporter samples.  Whoever needs an estimate multiplies by
 * `sampling` (record_octets, record_packets) and owes its reader the variance; see
 * doc/analyses/sampling.md.  An sFlow sample is a record of one packet.
 *
 * `source` of the flow is the record's source address: nobody knows the initiator.  A biflow record
 * (RFC 5103, PEN 29305) has its reverse direction in index 1.
 */
#ifndef YAGURA_OBS_RECORD_H
#define YAGURA_OBS_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"
#include "obs/flow.h"

enum export_protocol {
	EXPORT_NETFLOW5 = 5,
	EXPORT_NETFLOW9 = 9,
	EXPORT_IPFIX = 10,
	EXPORT_SFLOW5 = 15, /* sFlow version 5 */
	EXPORT_TEXT = 16,   /* a table of flows made by another collector */
};

/* Where the sampling rate of a record came from, in the order in which they are asked. */
enum sampling_source {
	SAMPLING_UNKNOWN = 0, /* nobody said: `sampling` is 0 */
	SAMPLING_FORCED,      /* the operator's configuration overrules */
	SAMPLING_RECORD,      /* in the record itself: 34, 50, 305/306, 309/310 */
	SAMPLING_SELECTOR,    /* its samplerId or selectorId, looked up in the options */
	SAMPLING_INTERFACE,   /* options scoped to its interface */
	SAMPLING_OPTIONS,     /* options of the whole exporter or domain */
	SAMPLING_HEADER,      /* the low 14 bits of NetFlow v5's header */
	SAMPLING_MEASURED,    /* sFlow: sample pool over samples */
	SAMPLING_CONFIGURED,  /* the operator's default */
};

enum record_direction {
	RECORD_INGRESS = 0, /* flowDirection (61) 0, also when it is not there */
	RECORD_EGRESS = 1,
};

#define RECORD_MPLS_LABELS 10
#define RECORD_USER_SIZE   72
#define RECORD_VRF_SIZE    32

/* What few records have.  A field that was not in the record is zero. */
struct record_extra {
	uint8_t source_mac[6];      /* sourceMacAddress (56); postSourceMacAddress is 81 */
	uint8_t destination_mac[6]; /* destinationMacAddress (80), or 57 */
	uint8_t post_source_mac[6], post_destination_mac[6];
	uint16_t post_vlan;                /* postVlanId (59), postDot1qVlanId (254) */
	uint8_t mpls_count;                /* labels that were there */
	uint32_t mpls[RECORD_MPLS_LABELS]; /* mplsTopLabelStackSection…: 24 bits each, top first */
	struct address post_nat_source, post_nat_destination;     /* 225/281, 226/282 */
	uint16_t post_nat_source_port, post_nat_destination_port; /* 227, 228 */
	uint8_t nat_event;                                        /* natEvent (230) */
	uint8_t forwarding_status;                                /* forwardingStatus (89) */
	uint32_t ingress_vrf, egress_vrf; /* ingressVRFID (234), egressVRFID (235) */
	uint8_t application_engine; /* applicationId (95): classification engine and selector */
	uint32_t application_selector;
	char application_name[RECORD_VRF_SIZE]; /* applicationName (96); terminated */
	char vrf_name[RECORD_VRF_SIZE];         /* VRFname (236), terminated */
	char user_name[RECORD_USER_SIZE];       /* userName (371), terminated, cut if longer */
	uint32_t ip_id;                         /* fragmentIdentification (54) */
	uint64_t observation_point;             /* observationPointId (138) */
};

struct flow_record {
	struct flow flow; /* ttl, rtt_us and tunnel are 0 unless the record says them */

	struct address exporter; /* who sent it: the datagram's source, or what options or an agent
				    address say where that is configured */
	uint32_t domain;         /* observation domain, source ID, engine type and id, sub-agent */
	uint32_t sampling;       /* one in so many packets: 1 all of them, 0 unknown */
	uint32_t ingress_interface, egress_interface; /* 10, 14 (or 252, 253); 0 not said */
	uint32_t source_as, destination_as;           /* 16, 17 */
	struct address next_hop;                      /* 15, 62; or 18, 63; zeros not said */
	uint8_t source_mask, destination_mask;        /* 9, 13, 29, 30 */
	uint8_t tos;                                  /* ipClassOfService (5) */
	uint8_t direction;                            /* enum record_direction */
	uint8_t protocol_version;                     /* enum export_protocol */
	uint8_t sampling_source;                      /* enum sampling_source */
	uint16_t selector; /* samplerId (48) or selectorId (302), low bits; 0 not said */
	bool twice; /* its exporter tells of the same packets in another record (pipeline/twice.h):
		       kept in the store, not given to analyses */
	const struct record_extra *extra; /* borrowed like the record itself; NULL: nothing more */
	nsec_t time;           /* when its message came (or was exported, in files of messages) */
	uint64_t input_offset; /* of that message in its input: evidence */
};

/* The rate to multiply by: an unknown one counts as 1. */
static inline uint64_t
record_sampling(const struct flow_record *r)
{
	return r->sampling != 0 ? r->sampling : 1;
}

/* Estimated octets and packets, both directions together. */
static inline uint64_t
record_octets(const struct flow_record *r)
{
	return (r->flow.octets[0] + r->flow.octets[1]) * record_sampling(r);
}

static inline uint64_t
record_packets(const struct flow_record *r)
{
	return (r->flow.packets[0] + r->flow.packets[1]) * record_sampling(r);
}

/* The octets that a record of so many octets and packets adds to the sum of squared packet sizes,
 * at least: B squared over k, exact when k is 1.  The variance of an estimate is N (N - 1) times
 * the sum (spec of the estimator: doc/analyses/sampling.md). */
static inline uint64_t
record_squares(uint64_t octets, uint64_t packets)
{
	if (packets == 0)
		return 0;
	/* The usual case without a long division. */
	if (octets <= UINT32_MAX)
		return octets * octets / packets;
	return (uint64_t)((__uint128_t)octets * octets / packets);
}

#endif
