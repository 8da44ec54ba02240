/* SPDX-License-Identifier: ISC */
/* What the parts of the section of traffic/services share. */
#ifndef YAGURA_ANALYSIS_TRAFFIC_SERVICES_SECTION_H
#define YAGURA_ANALYSIS_TRAFFIC_SERVICES_SECTION_H

#include "analysis/exports.h"
#include "analysis/traffic/service_classes.h"

#define SERVICES_MOST_ROWS 48
#define SERVICES_TOP_KNOWN 8 /* well-known ports with a row of their own */
#define SERVICES_TOP_HIGH  5 /* and ports from 1024 on */

/* A row of the port table: some classes together. */
struct services_row {
	char name[48];
	bool total; /* adds up rows of others */
	bool members[SERVICE_CLASS_COUNT];
};

struct services_rows {
	struct services_row list[SERVICES_MOST_ROWS];
	size_t count;
};

/* Estimates of one column of the port table. */
struct services_column {
	double octets[SERVICES_MOST_ROWS];
	double variance[SERVICES_MOST_ROWS]; /* of the octets, by sampling */
	uint64_t users[SERVICES_MOST_ROWS];  /* of the panel, with that service */
	double total, total_variance;
	uint64_t member_count; /* users of the panel in the column */
	/* Sums over users of y², xy and x², where y is a user's octets of the row and x of all. */
	double yy[SERVICES_MOST_ROWS], xy[SERVICES_MOST_ROWS], xx;
	double chosen; /* share of users that these are; 1: all of them */
};

/* One of the two periods that are compared. */
struct services_period {
	nsec_t begin, end; /* of the query */
	double classes[SERVICE_CLASS_COUNT], class_variance[SERVICE_CLASS_COUNT];
	struct services_column all, client;
	double unmatched; /* octets of nobody's */
	double panel;     /* share of users in the panel; 0: users are not known */
	uint64_t refused; /* octets, raw, of users who found no room */
	uint64_t refused_totals;
	struct export_facts facts;
	int64_t first_hour, last_hour; /* since 1970, UTC, that it has data for */
	unsigned days;                 /* local days of these */
	uint64_t near_limit;           /* users within two standard deviations of the client line */
	uint64_t *others; /* owned: users above the line, ascending; all else are clients */
	size_t other_count, other_capacity;
};

/* Condition of a period, for a query's WHERE. */
#define SERVICES_PERIOD_SQL     " window_begin >= %llu AND window_begin < %llu "
#define SERVICES_PERIOD_ARGS(p) analysis_ms((p)->begin), analysis_ms((p)->end)

/*
 * Rows of single users are read in parts, by pseudonym, so that neither the engine nor an answer
 * grows with their number: how many parts a period has, and the condition for one of them, with
 * services_part_first and _last for its numbers.
 */
#define SERVICES_PART_SQL " AND \"user\" BETWEEN %llu AND %llu "
MUST_CHECK enum err services_count_parts(const struct section_context *c,
    const struct services_period *period, uint64_t *ret_parts, struct err_info *info);

static inline unsigned long long
services_part_first(uint64_t part, uint64_t parts)
{
	return UINT64_MAX / parts * part;
}

static inline unsigned long long
services_part_last(uint64_t part, uint64_t parts)
{
	return part + 1 == parts ? UINT64_MAX : UINT64_MAX / parts * (part + 1) - 1;
}

/* Reads the sums by class of a period; ERR_END when there are none. */
MUST_CHECK enum err services_read_totals(
    const struct section_context *c, struct services_period *period, struct err_info *info);

/* Reads the panel's users, and sorts everything into rows. */
MUST_CHECK enum err services_read_users(const struct section_context *c,
    const struct services_rows *rows, struct services_period *period, struct err_info *info);

void services_period_release(struct services_period *period);

/* Which rows the table has: the largest ports of both periods (`earlier` may be NULL). */
void services_choose_rows(const struct services_period *period,
    const struct services_period *earlier, struct services_rows *ret_rows);

/* The share of a row in a column; its standard error. */
double services_share(const struct services_column *column, size_t row, double *ret_error);

/* The variance of so many octets, sampled one in so many. */
static inline double
services_variance(uint64_t sampling, double squares)
{
	return sampling > 1 ? (double)sampling * ((double)sampling - 1) * squares : 0;
}

/* Whether a user of the panel is above the client line. */
bool services_is_other(const struct services_period *period, uint64_t user);

/* The figures of the week and of the mean days, of the review's own period. */
MUST_CHECK enum err services_profile(const struct section_context *c,
    const struct services_period *period, struct section *section, struct err_info *info);

enum err
services_section(const struct section_context *c, struct section *section, struct err_info *info);

#endif
