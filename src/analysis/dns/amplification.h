/* SPDX-License-Identifier: ISC */
/*
 * What the parts of dns/amplification share: counters of ten seconds, and the settings.
 *
 * Reflector side: one cell per server, prefix of the victim and slot.  Victim side: one cell per
 * victim, question (or all of them together) and slot.
 */
#ifndef YAGURA_ANALYSIS_DNS_AMPLIFICATION_H
#define YAGURA_ANALYSIS_DNS_AMPLIFICATION_H

#include "analysis/analysis.h"
#include "analysis/dns/pool.h"
#include "analysis/dns/suspect.h"
#include "stat/hll.h"

#define AMPLIFICATION_SLOT      ((nsec_t)10 * NSEC_PER_SEC)
#define AMPLIFICATION_MINUTE    ((nsec_t)60 * NSEC_PER_SEC) /* slots of flow records */
#define AMPLIFICATION_QUESTIONS 3                           /* held per cell */
#define AMPLIFICATION_PRECISION 10                          /* of the sketches of reflectors */

/* The tables, in order. */
enum {
	AMPLIFICATION_TOTALS,
	AMPLIFICATION_SERVERS,
	AMPLIFICATION_SLOTS,
	AMPLIFICATION_VICTIMS,
	AMPLIFICATION_SUSPECTS,
	AMPLIFICATION_BASELINE,
	AMPLIFICATION_TABLES,
};

/* A server and whom its answers go to, in one slot. */
struct reflector_cell {
	uint64_t key[4]; /* server, prefix of the client (one word of it), slot */
	uint32_t queries, responses;
	uint64_t query_octets, response_octets; /* UDP payload */
	uint64_t query_wire, response_wire;     /* with IP and UDP headers, all fragments */
	uint32_t packets_in, packets_out;
	uint32_t truncated, any, tcp;
	int32_t cookies;  /* queries with a server's cookie, less those told that it is bad */
	uint32_t created; /* when, within the slot, in units of 4 ns */
	uint16_t first_ms, last_ms; /* within the slot */
	uint32_t prints[AMPLIFICATION_QUESTIONS];
	uint32_t counts[AMPLIFICATION_QUESTIONS];
};

static_assert(sizeof(struct reflector_cell) == 128, "a cell is two cache lines");

/* A server, all its traffic. */
struct server_cell {
	uint64_t key[2];
	uint64_t queries, responses, query_octets, response_octets; /* UDP */
	uint64_t truncated, any, tcp;
};

#define VICTIM_ALL  UINT64_C(0) /* every question together */
#define VICTIM_FLOW UINT64_MAX  /* from flow records, in slots of a minute */

/* An address that gets answers it did not ask for, in one slot. */
struct victim_cell {
	uint64_t key[4]; /* victim, question (print, or one of the above), slot */
	uint64_t responses, fragmented, packets;
	uint64_t octets, wire, query_octets;
	uint64_t asked; /* of flow records: packets to port 53 */
	nsec_t first, last;
	uint8_t reflectors[HLL_SIZE(AMPLIFICATION_PRECISION)];
};

struct amplification_totals {
	uint64_t messages, records;
	uint64_t queries, responses, query_octets, response_octets; /* UDP, of servers looked at */
	uint64_t unsolicited, unsolicited_octets;
	uint64_t matched; /* responses whose query was seen */
};

/* Thresholds of one slot. */
struct amplification_limits {
	uint64_t queries, octets;
	double factor, question_share, tcp_share;
	uint64_t question_reflectors, reflectors;
	double victim_bps, baseline_factor;
};

struct amplification_limits amplification_limits(const struct settings *settings);

/* A victim's prefix in one word: the first eight octets of an IPv6 address, or those of
 * ::ffff:0:0/96 that hold an IPv4 one, cut to the length in force. */
struct address amplification_victim(uint64_t prefix);

/* The best held question of a cell; 0 when none. */
uint32_t amplification_question(const struct reflector_cell *cell, uint32_t *ret_count);

void amplification_finish_servers(const struct dns_pool *servers, const struct row_sink *sink);
void amplification_finish_reflectors(const struct dns_pool *cells, const struct dns_pool *suspects,
    const struct amplification_limits *limits, const unsigned lengths[2],
    const struct row_sink *sink, uint64_t *ret_dropped);
void amplification_finish_victims(const struct dns_pool *cells, const struct dns_pool *suspects,
    const struct amplification_limits *limits, const struct row_sink *sink, uint64_t *ret_dropped);
void amplification_finish_suspects(const struct dns_pool *suspects, const struct row_sink *sink);

enum err amplification_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
