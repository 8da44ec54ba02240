/* SPDX-License-Identifier: ISC */
/*
 * When an incident was, as exactly as its source knew: a year, a month, a day, or a moment.
 *
 * A date without a time of day is a day of the calendar and stays that day in whatever zone the
 * review is printed; a moment is converted to the site's zone, which decides its day and month.
 *
 *	2013   2013-09   2013-09-18   2013-09-18T09:15   2013-09-18 09:15:30.5+09:00   …Z
 *	--02-29                       a day of every year (RFC 3339's ancestor, ISO 8601, truncated)
 */
#ifndef YAGURA_ANALYSIS_SECURITY_INCIDENT_TIME_H
#define YAGURA_ANALYSIS_SECURITY_INCIDENT_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/zone.h"

struct incident_time {
	int year;        /* 0 of a day of every year */
	int month, day;  /* from 1; 0 where the source did not know */
	bool timed;      /* `seconds` is known; year, month and day are then of its own zone */
	int64_t seconds; /* since 1970, UTC */
};

/* Reads a date; `zone` is that of a time of day that names none.  ERR_FORMAT with the reason. */
MUST_CHECK enum err incident_time_parse(const char *text, const struct zone *zone,
    struct incident_time *ret_time, struct err_info *info);

/* The same, as a clock and a calendar in `zone` show it. */
struct incident_time incident_time_local(const struct incident_time *time, const struct zone *zone);

/* The time's first second, midnight of the first day where no time of day is known. */
int64_t incident_time_begin(const struct incident_time *time, const struct zone *zone);

/* Seconds since 1970 of a wall clock in a zone; a time that daylight saving leaves out is taken as
 * if the clock had not been changed yet. */
int64_t incident_time_wall(const struct zone *zone, int64_t local_seconds);

/* Days of the Gregorian calendar since 1970-01-01, and how many a month has. */
int64_t incident_days(int year, int month, int day);
int incident_days_in(int year, int month);

/* Years that are understood. */
#define INCIDENT_YEAR_FIRST 1000
#define INCIDENT_YEAR_LAST  2261

#endif
