/* SPDX-License-Identifier: ISC */
/*
 * What the files of dns/countermeasures share.
 *
 *	countermeasures.c          the analysis: messages, rows
 *	rate_limit.[ch]            response rate limiting, tried on what was seen
 *	countermeasures_section.c  the nine items, from its own and the other analyses' tables
 */
#ifndef YAGURA_ANALYSIS_DNS_COUNTERMEASURES_H
#define YAGURA_ANALYSIS_DNS_COUNTERMEASURES_H

#include "analysis/analysis.h"

enum countermeasures_table {
	COUNTERMEASURES_RATES = 0,
	COUNTERMEASURES_SERVERS,
	COUNTERMEASURES_SOURCES,
	COUNTERMEASURES_FACTS,
	COUNTERMEASURES_TABLES,
};

#define COUNTERMEASURES_PRECISION 10 /* of the sketch of sources */

/* How a source broke the rules of source validation (BCP 38, BCP 84). */
enum source_fault {
	SOURCE_FOREIGN = 0, /* neither end is own: it left, or crosses, the own network */
	SOURCE_SPECIAL,     /* an address that no packet on the Internet may come from */
	SOURCE_NEAR,        /* an outside source that was at most one hop away */
	SOURCE_FAULTS,
};

/* "foreign", "special", "near" */
const char *source_fault_name(enum source_fault fault);

enum err countermeasures_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
