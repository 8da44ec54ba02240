/* SPDX-License-Identifier: ISC */
/*
 * The information elements that are read, and where each goes.
 *
 * NetFlow v9's field types are the first elements of the IANA registry (RFC 7012, 4.1), so one
 * table serves both.  An element goes to the record itself, to its extra, or to a scratch area from
 * which export_finish.c works out what no single field says.  Several elements may have one target:
 * the one of lowest rank that is not zero wins.
 */
#ifndef YAGURA_DECODE_EXPORT_FIELD_H
#define YAGURA_DECODE_EXPORT_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/address.h"

enum field_kind {
	FIELD_IGNORED = 0, /* known, of no use here */
	FIELD_U8,          /* an unsigned integer of 1 to 8 octets, into so many bits */
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_ONE,     /* true if the integer is 1 */
	FIELD_VLAN,    /* 12 bits of it, unless they are zero */
	FIELD_IP4,     /* 4 octets */
	FIELD_IP6,     /* 16 octets */
	FIELD_MAC,     /* 6 octets */
	FIELD_LABEL,   /* 3 octets into 32 bits */
	FIELD_SECONDS, /* since 1970, 4 octets */
	FIELD_MILLISECONDS,
	FIELD_NTP,         /* RFC 7011, 6.1.9 and 6.1.10: seconds since 1900 and their fraction */
	FIELD_BEFORE,      /* microseconds before the export time, 4 octets */
	FIELD_UPTIME,      /* milliseconds of sysUpTime, 4 octets */
	FIELD_FLOAT,       /* into a double */
	FIELD_USER,        /* text into RECORD_USER_SIZE octets */
	FIELD_NAME,        /* text into RECORD_VRF_SIZE octets */
	FIELD_APPLICATION, /* RFC 6759, 4.1: engine, then the selector */
	FIELD_SECTION,     /* octets of a packet, left where they are */
};

enum field_base {
	FIELD_RECORD, /* struct flow_record */
	FIELD_EXTRA,  /* struct record_extra */
	FIELD_SCRATCH,
	FIELD_BASES,
};

/* What export_finish.c has to do after the fields of a record are loaded. */
enum field_flag {
	FIELD_NEEDS_RATE = 1 << 0,     /* a sampling rate */
	FIELD_NEEDS_SELECTOR = 1 << 1, /* a sampler's identifier */
	FIELD_NEEDS_ICMP = 1 << 2,
	FIELD_NEEDS_DURATION = 1 << 3,
	FIELD_NEEDS_UPTIME = 1 << 4, /* times that count from systemInitTimeMilliseconds */
	FIELD_NEEDS_SECTION = 1 << 5,
	FIELD_NEEDS_LABELS = 1 << 6,
	FIELD_NEEDS_EXPORTER = 1 << 7,
	FIELD_IS_ADDRESS4 = 1 << 8, /* source or destination */
	FIELD_IS_ADDRESS6 = 1 << 9,
	FIELD_IS_COUNT = 1 << 10,
	FIELD_IS_REVERSE = 1 << 11, /* something of the other direction */
	FIELD_IS_INTERFACE = 1 << 12,
	FIELD_IS_VERSION = 1 << 13,
	FIELD_IS_START = 1 << 14,
	FIELD_IS_END = 1 << 15,
	FIELD_NEEDS_INIT = 1 << 16, /* systemInitTimeMilliseconds itself */
};

#define FIELD_NOWHERE UINT16_MAX

struct element {
	uint16_t id;
	uint8_t kind;     /* enum field_kind */
	uint8_t base;     /* enum field_base */
	uint16_t target;  /* offset in the base */
	uint16_t reverse; /* the same of the other direction (RFC 5103), or FIELD_NOWHERE */
	uint8_t rank;
	uint32_t flags; /* enum field_flag */
};

/* What a record says that has no place of its own. */
struct export_scratch {
	uint64_t interval;           /* samplingInterval (34) */
	uint64_t random_interval;    /* samplerRandomInterval (50) */
	uint64_t taken, left;        /* samplingPacketInterval (305) and -Space (306) */
	uint64_t sample, population; /* samplingSize (309) and -Population (310) */
	double probability;          /* samplingProbability (311) */
	uint64_t system_init;        /* systemInitTimeMilliseconds (160) */
	uint64_t duration_ms;        /* flowDurationMilliseconds (161) */
	uint64_t duration_us;        /* flowDurationMicroseconds (162) */
	struct address exporter;     /* 130, 131 */
	struct record_extra *extra;  /* borrowed: of the record */
	const uint8_t *section;      /* borrowed from the message */
	uint32_t section_size;
	uint32_t section_element;     /* which element it was */
	uint32_t section_offset;      /* sectionOffset (409) */
	uint32_t section_exported;    /* sectionExportedOctets (410) */
	uint32_t frame_size;          /* dataLinkFrameSize (312) */
	uint32_t frame_type;          /* dataLinkFrameType (408) */
	uint32_t algorithm;           /* selectorAlgorithm (304) */
	uint32_t selector;            /* samplerId (48), selectorId (302) */
	uint32_t scope_interface;     /* of options: 10, 14, 252, 253, or NetFlow v9's scope */
	uint32_t scope_domain;        /* observationDomainId (149) */
	uint32_t scope_template;      /* templateId (145), or NetFlow v9's scope */
	uint32_t scope_card;          /* lineCardId (141), or NetFlow v9's scope */
	uint32_t uptime[2];           /* flowStartSysUpTime (22), flowEndSysUpTime (21) */
	uint16_t icmp;                /* icmpTypeCodeIPv4 (32), icmpTypeCodeIPv6 (139) */
	uint8_t icmp_type, icmp_code; /* 176 to 179 */
};

/* The entries of an element: those with its identifier, which stand together; `ret_count` of them.
 * NULL when it is unknown. */
const struct element *export_element(uint16_t id, size_t *ret_count);

/* Whether a field of this kind can be so many octets long. */
bool export_field_fits(enum field_kind kind, uint16_t size);

#endif
