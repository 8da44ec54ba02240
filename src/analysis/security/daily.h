/* SPDX-License-Identifier: ISC */
/*
 * Values by local day and series, drawn one on the other: the figures of this chapter.
 *
 * A day is the site's; over a single day the figure is one of bars.  Values may be divided by
 * something of each day: by the sensors that were listening.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_DAILY_H
#define YAGURA_ANALYSIS_SECURITY_DAILY_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/zone.h"
#include "obs/section.h"

#define DAILY_DAYS_MOST 4000

struct daily {
	int64_t *begins; /* owned; of each day, and of the one after: seconds since 1970 */
	size_t days, series;
	double *values;   /* owned; series by series */
	double *divisors; /* owned; of each day, 1 by default; 0: the day has no value */
};

/* The days from `begin` to `end`, both times of observations; the last DAILY_DAYS_MOST of them. */
void daily_init(struct daily *d, const struct zone *zone, nsec_t begin, nsec_t end, size_t series);
void daily_release(struct daily *d);

/* Number of the day of a time; before the first it is the first, after the last the last. */
size_t daily_day(const struct daily *d, nsec_t time);

void daily_add(struct daily *d, size_t series, nsec_t time, double value);
double daily_sum(const struct daily *d, size_t series);

/* The figure; series without any value are left out. */
struct section_figure *daily_put(const struct daily *d, struct section *section, const char *id,
    const char *title, const char *const *names, const char *unit);

#endif
