/* SPDX-License-Identifier: ISC */
/*
 * The section of traffic/users, in four parts: users_read.c gets the users of a period out of the
 * store, users_measure.c computes what is said of them, users_tables.c and users_figures.c say it.
 * users_section.c puts them together.
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_USERS_H
#define YAGURA_ANALYSIS_TRAFFIC_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "analysis/traffic/users_table.h"
#include "stat/log_mode.h"
#include "stat/order_statistics.h"
#include "stat/volume_fit.h"

#define USERS_MEASURABLE                                                                         \
	10                  /* sampled packets of a user whose volume is known within about 32 % \
			     */
#define USERS_PRECISE   100 /* the same within about 10 % */
#define USERS_TOPS      4
#define USERS_QUANTILES 5
#define USERS_TOTALS    4
#define USERS_RATES     8

/* One user over a period; arrays by direction. */
struct user_volume {
	uint64_t user;
	double volume[USERS_DIRECTIONS];    /* estimated octets */
	uint32_t packets[USERS_DIRECTIONS]; /* sampled; at most UINT32_MAX */
	float octets[USERS_DIRECTIONS];     /* sampled */
	float variance[USERS_DIRECTIONS];   /* of volume, relative to its square */
	float rate[USERS_DIRECTIONS];       /* effective: Σ N k / Σ k */
	float squares[USERS_DIRECTIONS];    /* sampled */
};

/* What is known of one direction; volumes are octets a day. */
struct users_measure {
	double *sorted; /* owned; of the users with packets, upwards */
	size_t seen, measurable, precise;
	double total, mean, mean_error, mean_sampling_error;
	double naive_sigma;
	double counts[LOG_MODE_BINS];
	bool has_mode[2]; /* by enum log_mode_density */
	struct log_mode mode[2];
	struct order_estimate top[USERS_TOPS], gini, tail;
	double tail_begin;
	bool has_fit, has_two;
	bool two_chosen; /* the two components have the better BIC */
	bool inactive;   /* more listed users without traffic than the fit can be */
	struct volume_fit one, two;
	double active, active_error; /* users, with those of whom nothing was seen */
};

struct users_service {
	char name[32];
	unsigned ip_version;
	uint64_t users;
	double octets[USERS_DIRECTIONS], variance[USERS_DIRECTIONS]; /* estimates, a day */
};

struct users_rate {
	uint64_t sampling; /* 0: unknown */
	double packets;    /* sampled */
};

/* One of the two periods. */
struct users_period {
	char name[64];
	nsec_t begin, end;
	struct {
		nsec_t begin, end;
	} * days; /* owned; those that count */
	size_t day_count;
	bool whole;                /* they are whole days; otherwise all there is counts as one */
	double listed;             /* users that the lists name, 0: not known */
	struct user_volume *users; /* owned; sorted by user */
	size_t count;
	double
	    totals[USERS_TOTALS]; /* estimated octets: matched, user to user, unmatched, refused */
	double unknown_rate;      /* octets whose sampling rate nobody said */
	struct users_rate rates[USERS_RATES];
	size_t rate_count;
	struct users_service *services; /* owned */
	size_t service_count;
	char exporters[512]; /* who sent the records, sorted; empty: not known */
	struct users_measure measures[USERS_DIRECTIONS];
	uint64_t client, near_client, heavy;
	double heavy_share;
};

/* How volumes are told: in octets, or in the median OUT of the earlier period. */
struct users_scale {
	bool publish;
	double unit; /* octets that count as 1 */
	const char *type, *name;
};

struct users_report {
	const struct section_context *context;
	struct section *section;
	struct users_period periods[2]; /* the review's, then the one that it is compared with */
	size_t period_count;
	struct users_scale scale;
	double client_line, heavy_line; /* octets a day */
};

extern const double USERS_TOP_SHARES[USERS_TOPS];
extern const double USERS_QUANTILE_SHARES[USERS_QUANTILES];

/* Reads a period.  ERR_END when it has no rows. */
enum err users_read(const struct section_context *c, nsec_t begin, nsec_t end,
    struct users_period *ret_period, struct err_info *info);
void users_period_release(struct users_period *period);

/* Fills the measures of a period that was read. */
void users_measure(struct users_period *period, double client_line, double heavy_line);
void users_measure_release(struct users_measure *measure);

/* The fit that is to be believed. */
const struct volume_fit *users_fit(const struct users_measure *measure);

/* ln of the ratio of a quantile in the first period to that in the second, and its standard error;
 * false when it cannot be told.  Users who are in both make it more certain. */
bool users_ratio(const struct users_report *report, unsigned direction, double p, bool corrected,
    double *ret_log, double *ret_error);
/* How many users are in both periods. */
size_t users_paired(const struct users_report *report, unsigned direction);

/* "IN", "OUT". */
const char *users_direction_name(unsigned direction);

/* A number for a cell or a point: rounded to six digits; null when it is not finite. */
json_t *users_number(double value);
/* Octets as the scale tells them. */
json_t *users_volume(const struct users_scale *scale, double octets);
/* A count of users; null when it must not be published. */
json_t *users_count(const struct users_scale *scale, double count);

void users_tables(struct users_report *report);
void users_figures(struct users_report *report);

enum err users_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
