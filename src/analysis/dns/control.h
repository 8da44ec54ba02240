/* SPDX-License-Identifier: ISC */
/*
 * Answers that somebody changed: how each way of changing them is known.
 */
#ifndef YAGURA_ANALYSIS_DNS_CONTROL_H
#define YAGURA_ANALYSIS_DNS_CONTROL_H

#include "analysis/analysis.h"
#include "obs/dns.h"

enum control_method {
	CONTROL_NONE = 0,
	CONTROL_BIND_RPZ,      /* the policy zone's SOA in the additional section */
	CONTROL_UNBOUND_RPZ,   /* AA with RA, denial without a SOA */
	CONTROL_UNBOUND_LOCAL, /* AA with RA and data: counts where the same resolver denies so */
	CONTROL_EDE,           /* RFC 8914: 4, 15, 16, 17, 18 */
	CONTROL_NULL_ADDRESS,  /* 0.0.0.0, ::, 127.0.0.0/8 for a public name */
	CONTROL_UNDELEGATED,   /* an address for a random word, as Chromium asks for */
	CONTROL_KNOWN_PAGE,    /* an address of a search page that is known */
	CONTROL_SEARCH_PAGE,   /* one address for many names, and no NXDOMAIN at all */
	CONTROL_METHOD_COUNT,
};

/* "bind-rpz", "unbound-rpz", "ede", … */
const char *control_method_name(enum control_method method);
/* Whether it is rewriting of what does not exist, rather than blocking. */
bool control_is_rewriting(enum control_method method);

/* How a response was changed, by itself; CONTROL_NONE for the most. */
enum control_method control_judge(const struct suffix_list *suffixes, const struct dns_message *m);

extern const struct table CONTROL_TABLES[];
enum {
	CONTROL_CHANGED,   /* by resolver and method */
	CONTROL_NAMES,     /* by resolver, method and name */
	CONTROL_ADDRESSES, /* addresses that answer for many domains */
	CONTROL_RESOLVERS, /* what each resolver answers */
	CONTROL_PROVIDERS, /* a panel of names: how their answers are steered */
	CONTROL_TOTALS,
	CONTROL_TABLE_COUNT,
};

#define CONTROL_PRECISION         8 /* sketches of names and clients: 6.5 % */
#define CONTROL_ADDRESS_PRECISION 6 /* of domains of an address: 13 % */

enum err control_section(const struct section_context *c, struct section *s, struct err_info *info);

#endif
