/* SPDX-License-Identifier: ISC */
/*
 * What dns/overview counts of messages one by one: flat arrays by small numbers, one set for each
 * view, made when the view is first seen.
 *
 * A number above its array's end goes to a table of cells, and at that table's cap to the value
 * OVERVIEW_OTHER of its dimension.  Bits are counted together: one array by all bits of interest,
 * taken apart when rows are made, so that a message costs one addition for all of them.
 */
#ifndef YAGURA_ANALYSIS_DNS_OVERVIEW_COUNTS_H
#define YAGURA_ANALYSIS_DNS_OVERVIEW_COUNTS_H

#include <stdbool.h>

#include "analysis/cells.h"
#include "obs/dns.h"
#include "obs/table.h"
#include "stat/delay_histogram.h"
#include "stat/hll.h"

/* What a count is by.  Their names are those of the column `dimension`. */
enum overview_dimension {
	OVERVIEW_QUERY_TYPE,
	OVERVIEW_RESPONSE_TYPE,
	OVERVIEW_QUERY_CLASS,
	OVERVIEW_QUERY_OPCODE,
	OVERVIEW_RESPONSE_OPCODE,
	OVERVIEW_RCODE,
	OVERVIEW_QUERY_EDNS_VERSION, /* 0: none; else the version and 1 */
	OVERVIEW_QUERY_EDNS_SIZE,    /* of queries with EDNS */
	OVERVIEW_RESPONSE_EDNS_SIZE,
	OVERVIEW_QUERY_ECS, /* family << 8 | source prefix length */
	OVERVIEW_EDE,       /* codes of extended errors */
	OVERVIEW_QUERY_LABELS,
	OVERVIEW_QUERY_NAME_SIZE, /* octets on the wire, the root's included */
	OVERVIEW_QUERY_SIZE_UDP,  /* lower edges of overview_size_bin */
	OVERVIEW_QUERY_SIZE_STREAM,
	OVERVIEW_RESPONSE_SIZE_UDP,
	OVERVIEW_RESPONSE_SIZE_STREAM,
	OVERVIEW_MATCH,
	OVERVIEW_VERDICT,
	OVERVIEW_DIMENSIONS,
};

#define OVERVIEW_OTHER UINT32_MAX /* values that found no cell */

/* Bits of queries and of responses; names in overview_query_flags and overview_response_flags. */
enum {
	QUERY_EDNS,
	QUERY_DO,
	QUERY_COOKIE_CLIENT,
	QUERY_COOKIE_SERVER,
	QUERY_ECS,
	QUERY_NSID,
	QUERY_CD,
	QUERY_AD,
	QUERY_RD,
	QUERY_CASE_MIXED,
	QUERY_IPV6,
	QUERY_FLAGS,
};

enum {
	RESPONSE_EDNS,
	RESPONSE_DO,
	RESPONSE_COOKIE, /* of a server */
	RESPONSE_ECS,
	RESPONSE_CD,
	RESPONSE_AD,
	RESPONSE_RA,
	RESPONSE_TC,
	RESPONSE_AA,
	RESPONSE_SIGNED, /* RRSIGs are there */
	RESPONSE_IPV6,
	RESPONSE_FLAGS,
};

extern const char *const overview_query_flags[QUERY_FLAGS];
extern const char *const overview_response_flags[RESPONSE_FLAGS];
extern const char *const overview_dimensions[OVERVIEW_DIMENSIONS];

#define OVERVIEW_TYPES      300
#define OVERVIEW_CLASSES    5
#define OVERVIEW_RCODES     32
#define OVERVIEW_SIZES      64 /* bins of sizes: four an octave from 16 octets on */
#define OVERVIEW_PRECISION  12 /* of the sketches */
#define OVERVIEW_TRANSPORTS 2  /* sizes are of datagrams or of streams */

/* Things that are counted as distinct. */
enum {
	OVERVIEW_CLIENTS,
	OVERVIEW_SERVERS,
	OVERVIEW_NAMES,
	OVERVIEW_SITES,
	OVERVIEW_DISTINCT,
};

extern const char *const overview_distinct[OVERVIEW_DISTINCT];

struct overview_counts {
	uint64_t query_flags[1U << QUERY_FLAGS];
	uint64_t response_flags[1U << RESPONSE_FLAGS];
	uint64_t types[2][OVERVIEW_TYPES]; /* of queries, of responses */
	uint64_t classes[OVERVIEW_CLASSES];
	uint64_t opcodes[2][16];
	uint64_t rcodes[OVERVIEW_RCODES];
	uint64_t edns_versions[3];
	uint64_t ede[32];
	uint64_t labels[128];
	uint64_t name_sizes[256];
	uint64_t sizes[2][OVERVIEW_TRANSPORTS][OVERVIEW_SIZES];
	uint64_t matches[DNS_MATCH_COUNT];
	uint64_t verdicts[DNS_VERDICT_COUNT];
	uint8_t distinct[OVERVIEW_DISTINCT][HLL_SIZE(OVERVIEW_PRECISION)];
	uint64_t *latency[DNS_TRANSPORT_COUNT]; /* owned; DELAY_BINS each, NULL without any */
};

/* Four bins an octave from 16 octets on; bin 0 holds what is smaller. */
static inline unsigned
overview_size_bin(uint32_t octets)
{
	unsigned log2, bin;

	if (octets < 16)
		return 0;
	log2 = 31 - (unsigned)__builtin_clz(octets);
	bin = 1 + (log2 - 4) * 4 + (octets >> (log2 - 2) & 3);
	return bin < OVERVIEW_SIZES ? bin : OVERVIEW_SIZES - 1;
}

/* The smallest size of a bin. */
static inline uint32_t
overview_size_edge(unsigned bin)
{
	unsigned log2;

	if (bin == 0)
		return 0;
	log2 = 4 + (bin - 1) / 4;
	return (1U << log2) + ((bin - 1) % 4) * (1U << (log2 - 2));
}

/* An empty set for a view; `rest` gets its cells for what will find none. */
struct overview_counts *overview_counts_new(struct cells *rest, unsigned view);
void overview_counts_free(struct overview_counts *counts);
/* Back to zeros. */
void overview_counts_clear(struct overview_counts *counts);

/* Counts one message; rare values go to `rest`.  `view` is the message's. */
void overview_counts_add(
    struct overview_counts *counts, struct cells *rest, const struct dns_message *m);

void overview_counts_merge(struct overview_counts *into, const struct overview_counts *from);
/* Adds the rare values of all views; both tables have the views' cells for what finds none. */
void overview_rest_merge(struct cells *into, const struct cells *from);

/* Rows (view, dimension, value, name, messages) of all that was counted, `rest` of this view with
 * it. */
void overview_counts_yield(const struct overview_counts *counts, const struct cells *rest,
    unsigned view, struct rows *rows);

/* The text of a value of a dimension: "AAAA", "NXDOMAIN", "IPv4/24", "1232". */
const char *overview_value_name(enum overview_dimension d, uint64_t value, char *text, size_t size);

#endif
