/* SPDX-License-Identifier: ISC */
/*
 * What the files of sFlow share: sflow.c walks datagrams and samples, sflow_record.c reads what a
 * flow sample says of its packet, sflow_agent.c remembers agents, their data sources and
 * interfaces.
 */
#ifndef YAGURA_DECODE_SFLOW_INTERNAL_H
#define YAGURA_DECODE_SFLOW_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"
#include "decode/export_internal.h"

/* A datagram being read. */
struct sflow_reading {
	struct exports *x;
	struct export_domain *domain;
	struct sflow_agent *agent;
	const struct export_message *message;
	struct export_sink *sink;
};

/* The interface of a sample: `format` says what `value` means. */
enum sflow_interface_format {
	SFLOW_INTERFACE_SINGLE = 0,   /* ifIndex; 0 unknown */
	SFLOW_INTERFACE_DISCARD = 1,  /* dropped: why */
	SFLOW_INTERFACE_MULTIPLE = 2, /* sent to so many; 0: unknown how many */
};

#define SFLOW_INTERFACE_INTERNAL 0x3fffffff /* from, or to, the device itself */

struct sflow_interface {
	uint32_t format, value;
};

/* The fixed part of a flow sample, compact or expanded. */
struct sflow_sample {
	uint64_t source; /* data source: type << 32 | index */
	uint32_t sequence, rate, pool, drops;
	struct sflow_interface input, output;
	uint32_t records;
};

/* Reads the records of a flow sample and appends a flow record to the sink; false when the sample
 * has no IP packet in it. */
bool sflow_record_read(
    const struct sflow_reading *s, const struct sflow_sample *sample, struct cursor records);

/* An address as XDR has it: a type, then 4 or 16 octets, or none when it is unknown. */
struct address sflow_address(struct cursor *c);

/* The agent of a datagram, made if it is new; one domain may have several agents. */
struct sflow_agent *
sflow_agent_find(struct exports *x, struct export_domain *d, const struct address *address);

/* A datagram with this number and uptime came. */
void sflow_agent_see(struct sflow_agent *agent, uint32_t sequence, uint32_t uptime);

/* A sampling rate and who said it. */
struct sflow_rate {
	uint32_t rate;
	enum sampling_source source;
};

/* Follows a data source and gives the rate that holds for this sample. */
struct sflow_rate
sflow_agent_rate(const struct sflow_reading *s, const struct sflow_sample *sample);

/* A reading of an interface's counters (if_counters). */
struct sflow_counters {
	uint64_t speed;
	uint64_t octets[2];     /* in, out */
	uint32_t packets[2][3]; /* unicast, multicast, broadcast; all ones: not counted */
};

/* Appends how much the counters of `interface` went up since the reading before. */
void sflow_agent_counters(
    const struct sflow_reading *s, uint32_t interface, const struct sflow_counters *counters);

#endif
