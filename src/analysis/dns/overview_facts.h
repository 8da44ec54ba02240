/* SPDX-License-Identifier: ISC */
/* What the parts of the section of dns/overview share: sums of the period, by view. */
#ifndef YAGURA_ANALYSIS_DNS_OVERVIEW_FACTS_H
#define YAGURA_ANALYSIS_DNS_OVERVIEW_FACTS_H

#include "analysis/dns/overview.h"
#include "obs/dns.h"

/* One view: what its messages were. */
struct view_facts {
	uint64_t kinds[OVERVIEW_KINDS];
	uint64_t octets;                   /* of queries and responses */
	uint64_t matches[DNS_MATCH_COUNT]; /* of responses */
	uint64_t query_flags, query_flag[16];
	uint64_t response_flags, response_flag[16];
	nsec_t granularity; /* of the coarsest clock of a producer; 0: fine or not known */
};

struct overview_facts {
	struct view_facts views[DNS_VIEW_COUNT];
	struct view_facts all;
	unsigned view_count; /* with queries or responses */
	uint64_t width;      /* of a figure's bin, s */
	uint64_t top;        /* rows of a table */
};

/* The number of a view by its name. */
unsigned overview_view(const char *name);

/* "udp" when there is one view alone, else "wire udp". */
const char *overview_series(
    const struct overview_facts *f, const char *view, const char *name, char *text, size_t size);

enum err overview_facts_read(
    const struct section_context *context, struct overview_facts *ret_facts, struct err_info *info);

/* The latency of a view and transport, DELAY_BINS counts in microseconds, added to `bins`. */
enum err overview_latency_read(const struct section_context *context, const char *view,
    const char *transport, uint64_t *bins, struct err_info *info);

enum err overview_figures(const struct section_context *context, const struct overview_facts *facts,
    struct section *section, struct err_info *info);
enum err overview_tables_of(const struct section_context *context,
    const struct overview_facts *facts, struct section *section, struct err_info *info);
enum err overview_hitters(const struct section_context *context, const struct overview_facts *facts,
    struct section *section, struct err_info *info);

static inline double
overview_share(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (double)part / (double)whole : 0;
}

static inline json_t *
overview_count(uint64_t count)
{
	return json_integer(count < INT64_MAX ? (json_int_t)count : INT64_MAX);
}

#endif
