/* SPDX-License-Identifier: ISC */
/*
 * `yagura query dns`: a SELECT over the stored DNS transactions, made from options; and what is
 * known of names from them, `yagura query dns passive`.
 */
#ifndef YAGURA_CMD_QUERY_DNS_H
#define YAGURA_CMD_QUERY_DNS_H

#include "cmd/command.h"

/* What only means something for `dns`; from, to, limit, top and by are those of `flows` too. */
#define QUERY_DNS_OPTIONS                                                                          \
	{ "name", 0, "NAME",                                                                       \
		"dns: this name; *.NAME: those below it; .NAME: it and those below it" },          \
	    { "client", 0, "PREFIX", "dns: clients in this prefix, as far as they are stored" },   \
	    { "server", 0, "PREFIX", "dns: servers in this prefix" },                              \
	    { "type", 0, "TYPE", "dns: a type of records by name or number (AAAA, TYPE65, 65)" },  \
	    { "rcode", 0, "RCODE", "dns: a result by name or number (NXDOMAIN, 3)" },              \
	    { "unanswered", 0, NULL, "dns: queries without an answer" },                           \
	    { "view", 0, "VIEW", "dns: where it was seen (wire, client, resolver, ...)" },         \
	    { "rdata", 0, "TEXT", "dns passive: this data of records" },                           \
	{                                                                                          \
		"cof", 0, NULL, "dns passive: in the common output format, one JSON object a line" \
	}

/* Whether an option's name is one of the above, or one that dns shares with flows. */
bool query_dns_option(const char *name);
bool query_dns_shares(const char *name);

/* Makes the SELECT (owned by the caller); `*ret_limit` is the number of rows people get without
 * --limit, 0 for all.  ERR_USAGE when an option is no good. */
MUST_CHECK enum err query_dns_make(
    const struct opt_values *values, char **ret_sql, uint64_t *ret_limit, struct err_info *info);

/* The same over the records of dns/passive. */
MUST_CHECK enum err query_passive_make(
    const struct opt_values *values, char **ret_sql, uint64_t *ret_limit, struct err_info *info);

#endif
