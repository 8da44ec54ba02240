/* SPDX-License-Identifier: ISC */
/* What the two halves of the section of security/scans share: counts by day and by country. */
#ifndef YAGURA_ANALYSIS_SECURITY_SCANS_SECTION_H
#define YAGURA_ANALYSIS_SECURITY_SCANS_SECTION_H

#include <inttypes.h>

#include "analysis/analysis.h"
#include "analysis/dns/pool.h"

#define SCAN_SERIES_MOST 16 /* series of a figure by day */

/* Counts by local day and series. */
struct scan_days;
struct scan_days *scan_days_new(const struct section_context *context);
void scan_days_add(struct scan_days *days, unsigned series, nsec_t time, uint64_t count);
/* Draws them, days without any included, and frees them. */
void scan_days_finish(struct scan_days *days, struct section_figure *figure,
    const char *const *names, unsigned name_count);

/* Frees what was not drawn; accepts NULL. */
void scan_days_free(struct scan_days *days);

/* Sources by country. */
struct scan_countries;
struct scan_countries *scan_countries_new(const struct section_context *context);
/* Each source counts once, its attempts each time. */
void scan_countries_add(
    struct scan_countries *countries, const struct address *source, uint64_t attempts);
/* Writes the table, with the unknown share, and frees them.  Nothing without a database. */
void scan_countries_finish(
    struct scan_countries *countries, struct section *section, const char *id, const char *title);
/* Frees what was not written; accepts NULL. */
void scan_countries_free(struct scan_countries *countries);

#endif
