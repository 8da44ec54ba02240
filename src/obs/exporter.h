/* SPDX-License-Identifier: ISC */
/*
 * What is known of the exporters themselves: how much came, how much was lost on the way, how they
 * sample, and what their interfaces counted.
 *
 * A report is a difference: what has happened since the report before it.  The pipeline asks for
 * reports where a window ends, so a report belongs to one window.
 */
#ifndef YAGURA_OBS_EXPORTER_H
#define YAGURA_OBS_EXPORTER_H

#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"
#include "obs/record.h"

/* What a sequence number counts. */
enum sequence_unit {
	SEQUENCE_RECORDS,   /* NetFlow v5: flows; IPFIX: data records */
	SEQUENCE_MESSAGES,  /* NetFlow v9: export packets */
	SEQUENCE_DATAGRAMS, /* sFlow */
};

#define EXPORTER_RATES 8

/* Records seen with one sampling rate from one source of it. */
struct exporter_rate {
	uint32_t rate;  /* 0 unknown */
	uint8_t source; /* enum sampling_source */
	uint64_t records;
};

/* One exporter and observation domain in one stretch of time. */
struct exporter_report {
	struct address exporter;
	uint32_t domain;
	uint8_t protocol;          /* enum export_protocol */
	uint8_t unit;              /* enum sequence_unit, of lost and expected */
	uint64_t messages, octets; /* datagrams or IPFIX messages, and their octets */
	uint64_t records;          /* flow records (sFlow: flow samples) delivered */
	uint64_t options_records;  /* options data records; sFlow: counter samples */
	uint64_t templates;        /* template definitions read */
	uint64_t lost, expected;   /* by sequence numbers; expected includes what came */
	uint64_t restarts;         /* the exporter began to count anew */
	uint64_t reordered;        /* messages that came late, or twice */
	uint64_t no_template;      /* data sets whose template was not known when they came */
	uint64_t no_template_lost; /* of those, never decoded (so far) */
	uint64_t malformed;        /* messages or sets that could not be read to their end */
	uint64_t source_drops;     /* sFlow: what the agent says it dropped itself */
	struct exporter_rate
	    rates[EXPORTER_RATES]; /* the first so many; unused ones have records 0 */
	nsec_t first, last;        /* times of its messages */
};

/* How much an interface's counters went up between two readings (sFlow counter samples). */
struct interface_sample {
	struct address exporter;
	uint32_t interface; /* ifIndex */
	nsec_t begin, end;  /* of the two readings */
	uint64_t in_octets, out_octets;
	uint64_t in_packets, out_packets; /* unicast, multicast and broadcast */
	uint64_t speed;                   /* ifSpeed, bit/s */
};

#endif
