/* SPDX-License-Identifier: ISC */
/*
 * The stored rows of security/sql-injection put together again: attacks, stories (attacks of one
 * source on one host that are at most ten minutes apart: a finding each), and campaigns.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SQL_REPORT_H
#define YAGURA_ANALYSIS_SECURITY_SQL_REPORT_H

#include "analysis/security/sql_injection.h"

#define SQL_ATTACKS_READ 200000 /* rows of a period that are put together */
#define SQL_CAMPAIGN     ((nsec_t)86400 * NSEC_PER_SEC)

struct sql_row {
	struct address source, server;
	uint64_t host_hash;
	nsec_t slot, first, last;
	struct sql_sums sums;
	uint64_t large; /* answers that are large */
	uint64_t tools, places;
	uint64_t shape_count, parameter_count;
	uint64_t shapes[SQL_SHAPES];
	char host[SQL_HOST_KEPT];
	char parameters[SQL_PARAMETERS][SQL_NAME_KEPT];
	char country[3]; /* "" when nobody knows */
	bool more;       /* the same attack as the row before: of another input or window */
};

/* Rows begin … begin + count - 1 of the report. */
struct sql_story {
	size_t begin, count;
	nsec_t first, last;
	struct sql_sums sums;
	uint64_t attacks, large, tools, places;
	size_t campaign;             /* number of the story that stands for its campaign */
	bool chosen;                 /* has a finding */
	struct sql_samples *samples; /* owned; of chosen ones */
};

struct sql_report {
	const struct section_context *context; /* borrowed */
	struct sql_row *rows;                  /* owned; by source, host, time */
	size_t row_count, row_capacity;
	uint64_t rows_left_out;
	struct sql_story *stories; /* owned; in that order */
	size_t story_count;
	uint64_t totals[ST_COLUMNS];
	uint64_t windows;
};

MUST_CHECK enum err sql_report_read(
    struct sql_report *report, const struct section_context *context, struct err_info *info);
void sql_report_release(struct sql_report *report);

/* Requests of a story that are known to have worked. */
uint64_t sql_story_successes(const struct sql_story *story);
/* What most of its requests were for, besides finding out. */
enum sql_purpose sql_story_purpose(const struct sql_sums *sums);

#endif
