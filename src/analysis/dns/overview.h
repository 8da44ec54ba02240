/* SPDX-License-Identifier: ISC */
/* The tables of dns/overview, which its section reads. */
#ifndef YAGURA_ANALYSIS_DNS_OVERVIEW_H
#define YAGURA_ANALYSIS_DNS_OVERVIEW_H

#include "analysis/analysis.h"

/* What a row of dns_messages counts: the column `kind`. */
enum overview_kind {
	OVERVIEW_QUERY,
	OVERVIEW_RESPONSE,   /* code: rcode, of those above 15 OVERVIEW_RCODE_HIGH */
	OVERVIEW_UNANSWERED, /* queries that were given up */
	OVERVIEW_MALFORMED,  /* code: enum dns_verdict */
	OVERVIEW_QUOTED,     /* in ICMP errors */
	OVERVIEW_MDNS,       /* code 0: query, 1: response */
	OVERVIEW_LLMNR,      /* the same */
	OVERVIEW_KINDS,
};

#define OVERVIEW_RCODE_HIGH 16

extern const char *const overview_kind_names[OVERVIEW_KINDS];

/* Tables, in this order. */
enum {
	OVERVIEW_MESSAGES_TABLE,
	OVERVIEW_COUNTS_TABLE,
	OVERVIEW_LATENCY_TABLE,
	OVERVIEW_DISTINCT_TABLE,
	OVERVIEW_NAMES_TABLE,
	OVERVIEW_CLIENTS_TABLE,
	OVERVIEW_SERVERS_TABLE,
	OVERVIEW_PORTS_TABLE,
	OVERVIEW_BOUNDS_TABLE,
	OVERVIEW_CLOCKS_TABLE,
	OVERVIEW_TABLES,
};

extern const struct table overview_tables[OVERVIEW_TABLES];

struct overview_keys;

/* Rows of the heavy hitters: names, clients, servers, ports, bounds; at most `most` of each kind
 * and metric. */
void
overview_keys_yield(const struct overview_keys *keys, uint64_t most, const struct row_sink *sink);

enum err overview_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
