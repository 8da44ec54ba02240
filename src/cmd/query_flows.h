/* SPDX-License-Identifier: ISC */
/*
 * `yagura query flows`: a SELECT made from options.
 *
 * It reads the view `flow_numbers`, in which addresses are two numbers: comparing and grouping
 * these is several times as fast as the 16 octets of `flows`.  Addresses are put together in the
 * few rows that come out.
 */
#ifndef YAGURA_CMD_QUERY_FLOWS_H
#define YAGURA_CMD_QUERY_FLOWS_H

#include "cmd/command.h"

/* What only means something for `flows`. */
#define QUERY_FLOWS_OPTIONS                                                                      \
	{ "from", 0, "TIME", "flows, dns: those that begin at or after this time" },             \
	    { "to", 0, "TIME", "flows, dns: those that begin before this time" },                \
	    { "address", 0, "PREFIX", "flows: source or destination is in this prefix" },        \
	    { "port", 0, "N", "flows: source or destination port" },                             \
	    { "protocol", 0, "P", "flows: a protocol by number or name (tcp, udp, icmp, ...)" }, \
	    { "exporter", 0, "PREFIX", "flows: records of exporters in this prefix" },           \
	    { "interface", 0, "N", "flows: came in or went out by this interface (ifIndex)" },   \
	    { "as", 0, "N", "flows: source or destination AS number" },                          \
	    { "limit", 0, "N",                                                                   \
		    "flows, dns: at most so many, the earliest first (a table: 100; 0: all)" },  \
	    { "top", 0, "N",                                                                     \
		    "flows, dns: sums of those that agree in --by, the N largest (0: all)" },    \
	{                                                                                        \
		"by", 0, "COLUMN[,COLUMN...]",                                                   \
		    "flows, dns: what --top groups by (default: source_address; name)"           \
	}

/* An answer to be made. */
struct query_flows {
	char *sql;      /* owned */
	char *probe;    /* owned, or NULL: its one number says whether `uniform` will do */
	char *uniform;  /* owned, or NULL: the same answer where every flow was sampled alike */
	uint64_t limit; /* rows that people get without --limit; 0: all */
};

/* Whether an option's name is one of the above. */
bool query_flows_option(const char *name);

/* Makes the SELECT; ERR_USAGE when an option is no good. */
MUST_CHECK enum err query_flows_make(
    const struct opt_values *values, struct query_flows *ret_query, struct err_info *info);
void query_flows_release(struct query_flows *query);

#endif
