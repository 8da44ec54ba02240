/* SPDX-License-Identifier: ISC */
/* The table of information elements (IANA registry "IPFIX Information Elements"); see
 * export_field.h. */
#include "decode/export_field.h"

#include <stddef.h>

#include "obs/record.h"

#define R(field) FIELD_RECORD, offsetof(struct flow_record, field), FIELD_NOWHERE
/* Of both directions: the second element lies behind the first. */
#define B(field)                                           \
	FIELD_RECORD, offsetof(struct flow_record, field), \
	    offsetof(struct flow_record, field) +          \
		sizeof(((const struct flow_record *)NULL)->field) / 2
#define X(field) FIELD_EXTRA, offsetof(struct record_extra, field), FIELD_NOWHERE
#define S(field) FIELD_SCRATCH, offsetof(struct export_scratch, field), FIELD_NOWHERE
#define NOTHING(n)                                                                   \
	{                                                                            \
		(n), FIELD_IGNORED, FIELD_RECORD, FIELD_NOWHERE, FIELD_NOWHERE, 0, 0 \
	}

#define OTHER_WAY FIELD_IS_REVERSE
#define COUNT     FIELD_IS_COUNT

/* clang-format off: one line each */
/* In order of the identifiers. */
static const struct element ELEMENTS[] = {
	{ 1, FIELD_U64, B(flow.octets), 0, COUNT },                     /* octetDeltaCount */
	{ 2, FIELD_U64, B(flow.packets), 0, COUNT },                    /* packetDeltaCount */
	NOTHING(3),                                                     /* deltaFlowCount */
	{ 4, FIELD_U8, R(flow.protocol), 0, 0 },                        /* protocolIdentifier */
	{ 5, FIELD_U8, R(tos), 0, 0 },                                  /* ipClassOfService */
	{ 6, FIELD_U8, B(flow.tcp_flags), 0, 0 },                       /* tcpControlBits */
	{ 7, FIELD_U16, R(flow.source_port), 0, 0 },                    /* sourceTransportPort */
	{ 8, FIELD_IP4, R(flow.source), 1, FIELD_IS_ADDRESS4 },         /* sourceIPv4Address */
	{ 9, FIELD_U8, R(source_mask), 0, 0 },                          /* sourceIPv4PrefixLength */
	{ 10, FIELD_U32, R(ingress_interface), 0, FIELD_IS_INTERFACE }, /* ingressInterface */
	{ 11, FIELD_U16, R(flow.destination_port), 0, 0 },            /* destinationTransportPort */
	{ 12, FIELD_IP4, R(flow.destination), 1, FIELD_IS_ADDRESS4 }, /* destinationIPv4Address */
	{ 13, FIELD_U8, R(destination_mask), 0, 0 }, /* destinationIPv4PrefixLength */
	{ 14, FIELD_U32, R(egress_interface), 0, FIELD_IS_INTERFACE }, /* egressInterface */
	{ 15, FIELD_IP4, R(next_hop), 1, 0 },                          /* ipNextHopIPv4Address */
	{ 16, FIELD_U32, R(source_as), 0, 0 },                         /* bgpSourceAsNumber */
	{ 17, FIELD_U32, R(destination_as), 0, 0 },                    /* bgpDestinationAsNumber */
	{ 18, FIELD_IP4, R(next_hop), 3, 0 },                          /* bgpNextHopIPv4Address */
	{ 21, FIELD_UPTIME, B(flow.last), 3, FIELD_IS_END },           /* flowEndSysUpTime */
	{ 22, FIELD_UPTIME, B(flow.first), 3, FIELD_IS_START },        /* flowStartSysUpTime */
	{ 23, FIELD_U64, B(flow.octets), 2, COUNT },                   /* postOctetDeltaCount */
	{ 24, FIELD_U64, B(flow.packets), 2, COUNT },                  /* postPacketDeltaCount */
	{ 27, FIELD_IP6, R(flow.source), 0, FIELD_IS_ADDRESS6 },       /* sourceIPv6Address */
	{ 28, FIELD_IP6, R(flow.destination), 0, FIELD_IS_ADDRESS6 },  /* destinationIPv6Address */
	{ 29, FIELD_U8, R(source_mask), 1, 0 },                        /* sourceIPv6PrefixLength */
	{ 30, FIELD_U8, R(destination_mask), 1, 0 },             /* destinationIPv6PrefixLength */
	{ 32, FIELD_U16, S(icmp), 0, FIELD_NEEDS_ICMP },         /* icmpTypeCodeIPv4 */
	{ 34, FIELD_U64, S(interval), 0, FIELD_NEEDS_RATE },     /* samplingInterval */
	NOTHING(35),                                             /* samplingAlgorithm */
	{ 48, FIELD_U32, S(selector), 0, FIELD_NEEDS_SELECTOR }, /* samplerId */
	NOTHING(49),                                             /* samplerMode */
	{ 50, FIELD_U64, S(random_interval), 0, FIELD_NEEDS_RATE }, /* samplerRandomInterval */
	{ 52, FIELD_U8, B(flow.ttl_min), 0, 0 },                    /* minimumTTL */
	{ 53, FIELD_U8, B(flow.ttl_max), 0, 0 },                    /* maximumTTL */
	{ 54, FIELD_U32, X(ip_id), 0, 0 },                          /* fragmentIdentification */
	{ 56, FIELD_MAC, X(source_mac), 0, 0 },                     /* sourceMacAddress */
	{ 57, FIELD_MAC, X(post_destination_mac), 0, 0 },           /* postDestinationMacAddress */
	{ 57, FIELD_MAC, X(destination_mac), 1, 0 },
	{ 58, FIELD_VLAN, R(flow.vlan), 0, 0 },                    /* vlanId */
	{ 59, FIELD_U16, X(post_vlan), 0, 0 },                     /* postVlanId */
	{ 60, FIELD_U8, R(flow.ip_version), 0, FIELD_IS_VERSION }, /* ipVersion */
	{ 61, FIELD_ONE, R(direction), 0, 0 },                     /* flowDirection */
	{ 62, FIELD_IP6, R(next_hop), 0, 0 },                      /* ipNextHopIPv6Address */
	{ 63, FIELD_IP6, R(next_hop), 2, 0 },                      /* bgpNextHopIPv6Address */
	{ 70, FIELD_LABEL, X(mpls[0]), 0, FIELD_NEEDS_LABELS },    /* mplsTopLabelStackSection */
	{ 71, FIELD_LABEL, X(mpls[1]), 0, FIELD_NEEDS_LABELS }, /* mplsLabelStackSection2 … 10 */
	{ 72, FIELD_LABEL, X(mpls[2]), 0, FIELD_NEEDS_LABELS },
	{ 73, FIELD_LABEL, X(mpls[3]), 0, FIELD_NEEDS_LABELS },
	{ 74, FIELD_LABEL, X(mpls[4]), 0, FIELD_NEEDS_LABELS },
	{ 75, FIELD_LABEL, X(mpls[5]), 0, FIELD_NEEDS_LABELS },
	{ 76, FIELD_LABEL, X(mpls[6]), 0, FIELD_NEEDS_LABELS },
	{ 77, FIELD_LABEL, X(mpls[7]), 0, FIELD_NEEDS_LABELS },
	{ 78, FIELD_LABEL, X(mpls[8]), 0, FIELD_NEEDS_LABELS },
	{ 79, FIELD_LABEL, X(mpls[9]), 0, FIELD_NEEDS_LABELS },
	{ 80, FIELD_MAC, X(destination_mac), 0, 0 },                /* destinationMacAddress */
	{ 81, FIELD_MAC, X(post_source_mac), 0, 0 },                /* postSourceMacAddress */
	NOTHING(82),                                                /* interfaceName */
	NOTHING(83),                                                /* interfaceDescription */
	NOTHING(84),                                                /* samplerName */
	{ 85, FIELD_U64, B(flow.octets), 3, COUNT },                /* octetTotalCount */
	{ 86, FIELD_U64, B(flow.packets), 3, COUNT },               /* packetTotalCount */
	{ 89, FIELD_U8, X(forwarding_status), 0, 0 },               /* forwardingStatus */
	NOTHING(94),                                                /* applicationDescription */
	{ 95, FIELD_APPLICATION, X(application_engine), 0, 0 },     /* applicationId */
	{ 96, FIELD_NAME, X(application_name), 0, 0 },              /* applicationName */
	{ 104, FIELD_SECTION, S(section), 3, FIELD_NEEDS_SECTION }, /* layer2packetSectionData */
	{ 128, FIELD_U32, R(destination_as), 1, 0 },                /* bgpNextAdjacentAsNumber */
	{ 129, FIELD_U32, R(source_as), 1, 0 },                     /* bgpPrevAdjacentAsNumber */
	{ 130, FIELD_IP4, S(exporter), 1, FIELD_NEEDS_EXPORTER },   /* exporterIPv4Address */
	{ 131, FIELD_IP6, S(exporter), 0, FIELD_NEEDS_EXPORTER },   /* exporterIPv6Address */
	{ 136, FIELD_U8, R(flow.end_reason), 0, 0 },                /* flowEndReason */
	{ 138, FIELD_U64, X(observation_point), 0, 0 },             /* observationPointId */
	{ 139, FIELD_U16, S(icmp), 1, FIELD_NEEDS_ICMP },           /* icmpTypeCodeIPv6 */
	{ 141, FIELD_U32, S(scope_card), 0, 0 },                    /* lineCardId */
	NOTHING(143),                                               /* meteringProcessId */
	NOTHING(144),                                               /* exportingProcessId */
	{ 145, FIELD_U32, S(scope_template), 0, 0 },                /* templateId */
	NOTHING(148),                                               /* flowId */
	{ 149, FIELD_U32, S(scope_domain), 0, 0 },                  /* observationDomainId */
	{ 150, FIELD_SECONDS, B(flow.first), 4, FIELD_IS_START },   /* flowStartSeconds … */
	{ 151, FIELD_SECONDS, B(flow.last), 4, FIELD_IS_END },
	{ 152, FIELD_MILLISECONDS, B(flow.first), 2, FIELD_IS_START },
	{ 153, FIELD_MILLISECONDS, B(flow.last), 2, FIELD_IS_END },
	{ 154, FIELD_NTP, B(flow.first), 1, FIELD_IS_START },
	{ 155, FIELD_NTP, B(flow.last), 1, FIELD_IS_END },
	{ 156, FIELD_NTP, B(flow.first), 0, FIELD_IS_START },
	{ 157, FIELD_NTP, B(flow.last), 0, FIELD_IS_END },
	{ 158, FIELD_BEFORE, B(flow.first), 5, FIELD_IS_START }, /* flowStartDeltaMicroseconds */
	{ 159, FIELD_BEFORE, B(flow.last), 5, FIELD_IS_END },
	{ 160, FIELD_U64, S(system_init), 0, FIELD_NEEDS_INIT }, /* systemInitTimeMilliseconds */
	{ 161, FIELD_U64, S(duration_ms), 0, FIELD_NEEDS_DURATION }, /* flowDurationMilliseconds */
	{ 162, FIELD_U64, S(duration_us), 0, FIELD_NEEDS_DURATION }, /* flowDurationMicroseconds */
	{ 176, FIELD_U8, S(icmp_type), 0, FIELD_NEEDS_ICMP },        /* icmpTypeIPv4 … */
	{ 177, FIELD_U8, S(icmp_code), 0, FIELD_NEEDS_ICMP },
	{ 178, FIELD_U8, S(icmp_type), 1, FIELD_NEEDS_ICMP },
	{ 179, FIELD_U8, S(icmp_code), 1, FIELD_NEEDS_ICMP },
	{ 192, FIELD_U8, B(flow.ttl_min), 1, 0 }, /* ipTTL */
	{ 192, FIELD_U8, B(flow.ttl_max), 1, 0 },
	NOTHING(210),                                 /* paddingOctets */
	{ 225, FIELD_IP4, X(post_nat_source), 1, 0 }, /* postNATSourceIPv4Address … */
	{ 226, FIELD_IP4, X(post_nat_destination), 1, 0 },
	{ 227, FIELD_U16, X(post_nat_source_port), 0, 0 }, /* postNAPTSourceTransportPort … */
	{ 228, FIELD_U16, X(post_nat_destination_port), 0, 0 },
	{ 230, FIELD_U8, X(nat_event), 0, 0 },                       /* natEvent */
	{ 231, FIELD_U64, R(flow.octets[0]), 1, COUNT },             /* initiatorOctets */
	{ 232, FIELD_U64, R(flow.octets[1]), 1, COUNT | OTHER_WAY }, /* responderOctets */
	{ 234, FIELD_U32, X(ingress_vrf), 0, 0 },                    /* ingressVRFID */
	{ 235, FIELD_U32, X(egress_vrf), 0, 0 },                     /* egressVRFID */
	{ 236, FIELD_NAME, X(vrf_name), 0, 0 },                      /* VRFname */
	NOTHING(239),                                                /* biflowDirection */
	{ 243, FIELD_VLAN, R(flow.vlan), 1, 0 },                     /* dot1qVlanId */
	{ 252, FIELD_U32, R(ingress_interface), 1,
	    FIELD_IS_INTERFACE }, /* ingressPhysicalInterface */
	{ 253, FIELD_U32, R(egress_interface), 1,
	    FIELD_IS_INTERFACE },                     /* egressPhysicalInterface */
	{ 254, FIELD_U16, X(post_vlan), 1, 0 },       /* postDot1qVlanId */
	{ 281, FIELD_IP6, X(post_nat_source), 0, 0 }, /* postNATSourceIPv6Address … */
	{ 282, FIELD_IP6, X(post_nat_destination), 0, 0 },
	{ 298, FIELD_U64, R(flow.packets[0]), 1, COUNT },             /* initiatorPackets */
	{ 299, FIELD_U64, R(flow.packets[1]), 1, COUNT | OTHER_WAY }, /* responderPackets */
	{ 302, FIELD_U32, S(selector), 1, FIELD_NEEDS_SELECTOR },     /* selectorId */
	{ 304, FIELD_U32, S(algorithm), 0, 0 },                       /* selectorAlgorithm */
	{ 305, FIELD_U64, S(taken), 0, FIELD_NEEDS_RATE },            /* samplingPacketInterval */
	{ 306, FIELD_U64, S(left), 0, FIELD_NEEDS_RATE },             /* samplingPacketSpace */
	{ 309, FIELD_U64, S(sample), 0, FIELD_NEEDS_RATE },           /* samplingSize */
	{ 310, FIELD_U64, S(population), 0, FIELD_NEEDS_RATE },       /* samplingPopulation */
	{ 311, FIELD_FLOAT, S(probability), 0, FIELD_NEEDS_RATE },    /* samplingProbability */
	{ 312, FIELD_U32, S(frame_size), 0, 0 },                      /* dataLinkFrameSize */
	{ 313, FIELD_SECTION, S(section), 0, FIELD_NEEDS_SECTION },   /* ipHeaderPacketSection */
	{ 314, FIELD_SECTION, S(section), 2, FIELD_NEEDS_SECTION },   /* ipPayloadPacketSection */
	{ 315, FIELD_SECTION, S(section), 1, FIELD_NEEDS_SECTION },   /* dataLinkFrameSection */
	{ 322, FIELD_SECONDS, B(flow.first), 9, FIELD_IS_START }, /* observationTimeSeconds … */
	{ 322, FIELD_SECONDS, B(flow.last), 9, FIELD_IS_END },
	{ 323, FIELD_MILLISECONDS, B(flow.first), 8, FIELD_IS_START },
	{ 323, FIELD_MILLISECONDS, B(flow.last), 8, FIELD_IS_END },
	{ 324, FIELD_NTP, B(flow.first), 7, FIELD_IS_START },
	{ 324, FIELD_NTP, B(flow.last), 7, FIELD_IS_END },
	{ 325, FIELD_NTP, B(flow.first), 6, FIELD_IS_START },
	{ 325, FIELD_NTP, B(flow.last), 6, FIELD_IS_END },
	{ 371, FIELD_USER, X(user_name), 0, 0 },       /* userName */
	{ 408, FIELD_U32, S(frame_type), 0, 0 },       /* dataLinkFrameType */
	{ 409, FIELD_U32, S(section_offset), 0, 0 },   /* sectionOffset */
	{ 410, FIELD_U32, S(section_exported), 0, 0 }, /* sectionExportedOctets */
	/* Cisco ASA in NetFlow v9 (in IPFIX these identifiers are an enterprise's). */
	{ 40000, FIELD_USER, X(user_name), 1, 0 },
	{ 40001, FIELD_IP4, X(post_nat_source), 2, 0 },
	{ 40002, FIELD_IP4, X(post_nat_destination), 2, 0 },
	{ 40003, FIELD_U16, X(post_nat_source_port), 1, 0 },
	{ 40004, FIELD_U16, X(post_nat_destination_port), 1, 0 },
};
/* clang-format on */

#define COUNT_OF_ELEMENTS (sizeof ELEMENTS / sizeof *ELEMENTS)

const struct element *
export_element(uint16_t id, size_t *ret_count)
{
	size_t low = 0, high = COUNT_OF_ELEMENTS, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ELEMENTS[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < COUNT_OF_ELEMENTS && ELEMENTS[end].id == id; end++)
		continue;
	if (end == low)
		return NULL;
	*ret_count = end - low;
	return &ELEMENTS[low];
}

/* Least and most octets of each kind (RFC 7011, 6.2: integers may be sent shorter). */
static const struct {
	uint16_t least, most;
} SIZES[] = {
	[FIELD_IGNORED] = { 0, UINT16_MAX },
	[FIELD_U8] = { 1, 8 },
	[FIELD_U16] = { 1, 8 },
	[FIELD_U32] = { 1, 8 },
	[FIELD_U64] = { 1, 8 },
	[FIELD_ONE] = { 1, 8 },
	[FIELD_VLAN] = { 1, 8 },
	[FIELD_IP4] = { 4, 4 },
	[FIELD_IP6] = { 16, 16 },
	[FIELD_MAC] = { 6, 6 },
	[FIELD_LABEL] = { 3, 3 },
	[FIELD_SECONDS] = { 4, 4 },
	[FIELD_MILLISECONDS] = { 8, 8 },
	[FIELD_NTP] = { 8, 8 },
	[FIELD_BEFORE] = { 4, 4 },
	[FIELD_UPTIME] = { 4, 4 },
	[FIELD_FLOAT] = { 4, 8 },
	[FIELD_USER] = { 1, UINT16_MAX },
	[FIELD_NAME] = { 1, UINT16_MAX },
	[FIELD_APPLICATION] = { 1, UINT16_MAX },
	[FIELD_SECTION] = { 1, UINT16_MAX },
};

bool
export_field_fits(enum field_kind kind, uint16_t size)
{
	return size >= SIZES[kind].least && size <= SIZES[kind].most;
}
