/* SPDX-License-Identifier: ISC */
/*
 * What the parts of dns/passive share: records as they were answered, by name, type and data.
 */
#ifndef YAGURA_ANALYSIS_DNS_PASSIVE_H
#define YAGURA_ANALYSIS_DNS_PASSIVE_H

#include "analysis/analysis.h"

enum {
	PASSIVE_RECORDS,
	PASSIVE_TOTALS,
	PASSIVE_TABLES,
};

/* Columns of dns_passive. */
enum {
	PR_RRNAME,
	PR_RRTYPE,
	PR_RDATA,
	PR_BAILIWICK,
	PR_FIRST,
	PR_LAST,
	PR_ANSWERS,
	PR_COLUMNS,
};

/* Columns of dns_passive_totals. */
enum {
	PT_MESSAGES,  /* whose records were taken */
	PT_UNMATCHED, /* authoritative answers that no query was waiting for */
	PT_OUTSIDE,   /* records that their server has no say over */
	PT_SUSPECT,   /* records of domains that somebody tried to forge answers for */
	PT_UNFIT,     /* records too long to keep, or whose data do not read */
	PT_REFUSED,   /* records for which there was no room */
	PT_COLUMNS,
};

extern const struct table passive_tables[PASSIVE_TABLES];

enum err passive_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
