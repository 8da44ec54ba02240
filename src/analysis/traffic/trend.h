/* SPDX-License-Identifier: ISC */
/*
 * Monthly means over years: the model between the inputs of traffic/trend and its section.
 *
 * A series is what one service sent in one direction, from one source of data; a month of it is a
 * mean rate over the time that is known.  IN is from users (upload), OUT to them (download).
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_TREND_H
#define YAGURA_ANALYSIS_TRAFFIC_TREND_H

#include "analysis/analysis.h"
#include "base/zone.h"

#define TREND_SERIES_MOST 64
#define TREND_NAME_SIZE   64

enum trend_direction {
	TREND_IN,
	TREND_OUT,
};

struct trend_month {
	int month;       /* 12 × year + month of the year from 0 */
	double octets;   /* in the time that is known */
	double seconds;  /* how long that is */
	double variance; /* of the octets, where they are an estimate */
};

struct trend_series {
	char service[TREND_NAME_SIZE];
	uint8_t direction;          /* enum trend_direction */
	const char *source;         /* "file", "rrd", "interfaces", "store" */
	struct trend_month *months; /* owned; in order once trend_sort was called */
	size_t count, room;
};

struct trend_event {
	nsec_t time;
	char *label; /* owned */
	char *url;   /* owned, or NULL */
};

struct trend {
	const struct zone *zone; /* borrowed */
	struct trend_series series[TREND_SERIES_MOST];
	size_t count;
	struct trend_event *events; /* owned */
	size_t event_count;
	char **remarks; /* owned: what could not be used, for the section's quality notes */
	size_t remark_count;
};

void trend_release(struct trend *trend);

/* Adds octets of so many seconds to a month; a new series when there is none.  Without room the
 * data are left out with a remark. */
void trend_add(struct trend *trend, const char *service, enum trend_direction direction,
    const char *source, const struct trend_month *month);
/* Adds all months of `from`, which were measured at the same time as those that are there: octets
 * add up, and as much time is known as of the one that knows most. */
void trend_join(struct trend *trend, const struct trend *from);
void trend_remark(struct trend *trend, const char *format, ...) PRINTF_LIKE(2, 3);

/* Series by service and direction, months by time. */
void trend_sort(struct trend *trend);

/* The month a time lies in, by the zone's clock, and when a month begins. */
int trend_month_of(const struct zone *zone, int64_t seconds);
int64_t trend_month_begin(const struct zone *zone, int month);

/* Inputs (trend_input.c); what is wrong with a file becomes remarks with file and line. */
void trend_read_csv(struct trend *trend, const char *path);
void trend_read_events(struct trend *trend, const char *path);
void trend_read_rrd(struct trend *trend, const char *map_path, const char *program);
/* What the store holds (trend_store.c). */
void trend_read_store(struct trend *trend, const struct section_context *context);
void trend_read_interfaces(
    struct trend *trend, const struct section_context *context, const char *interfaces);

/* The section (trend_section.c). */
MUST_CHECK enum err trend_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
