/* SPDX-License-Identifier: ISC */
/*
 * The users of a period, out of the store.
 *
 * Days count when they are whole: when each of their hours has records.  Users are read in parts,
 * by the rest of their pseudonym, so that neither the engine nor the answer grows with their
 * number.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/users.h"
#include "base/xmalloc.h"
#include "base/zone.h"
#include "net/subscribers.h"

#define HOUR          (3600 * NSEC_PER_SEC)
#define ROWS_PER_PART 1000000
#define MOST_DAYS     4000
#define MOST_SERVICES 64

static uint64_t
ms_of(nsec_t time)
{
	return time > 0 ? (uint64_t)(time / NSEC_PER_MS) : 0;
}

/* ------------------------------------------------------------------ days */

struct hours {
	uint64_t *list; /* owned; sorted, hours since 1970 */
	size_t count;
};

static enum err
read_hours(const struct section_context *c, nsec_t begin, nsec_t end, struct hours *h,
    struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT hour, count(*) AS n FROM traffic_user_totals WHERE window_begin >= %llu AND "
	    "window_begin < %llu GROUP BY hour ORDER BY hour",
	    analysis_ms(begin), analysis_ms(end));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		if ((h->count & (h->count - 1)) == 0)
			h->list = xrealloc_array(
			    h->list, h->count != 0 ? 2 * h->count : 1, sizeof *h->list);
		h->list[h->count++] = result_u64(r, 0) / 3600000;
	}
	result_free(r);
	return ERR_OK;
}

static int
compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
has_hours(const struct hours *h, nsec_t begin, nsec_t end)
{
	for (nsec_t t = begin; t < end; t += HOUR) {
		uint64_t hour = (uint64_t)(t / HOUR);
		if (bsearch(&hour, h->list, h->count, sizeof hour, compare_u64) == NULL)
			return false;
	}
	return true;
}

/* The whole days, or all there is as one. */
static void
find_days(const struct zone *zone, const struct hours *h, struct users_period *p)
{
	int64_t at, begin, end;
	nsec_t last = ((nsec_t)h->list[h->count - 1] + 1) * HOUR;

	p->days = xcalloc(MOST_DAYS + 1, sizeof *p->days);
	at = (int64_t)h->list[0] * 3600;
	while (at * NSEC_PER_SEC < last && p->day_count < MOST_DAYS) {
		zone_day(zone, at, &begin, &end);
		at = end;
		if (begin * NSEC_PER_SEC < p->begin || end * NSEC_PER_SEC > p->end ||
		    !has_hours(h, begin * NSEC_PER_SEC, end * NSEC_PER_SEC))
			continue;
		p->days[p->day_count].begin = begin * NSEC_PER_SEC;
		p->days[p->day_count++].end = end * NSEC_PER_SEC;
	}
	p->whole = p->day_count != 0;
	if (p->whole)
		return;
	zone_day(zone, (int64_t)h->list[0] * 3600, &begin, &end);
	p->days[0].begin = begin * NSEC_PER_SEC;
	zone_day(zone, (int64_t)h->list[h->count - 1] * 3600, &begin, &end);
	p->days[0].end = end * NSEC_PER_SEC;
	p->day_count = 1;
}

static char *
date_of(const struct zone *zone, nsec_t time, char *text, size_t size)
{
	(void)zone_format(zone, time, 0, text, size);
	if (strlen(text) > 10)
		text[10] = '\0';
	return text;
}

static void
name_period(const struct zone *zone, const struct hours *h, struct users_period *p)
{
	char first[64], last[64];
	nsec_t begin = p->whole ? p->days[0].begin : (nsec_t)h->list[0] * HOUR;
	nsec_t end =
	    p->whole ? p->days[p->day_count - 1].end : ((nsec_t)h->list[h->count - 1] + 1) * HOUR;

	(void)date_of(zone, begin, first, sizeof first);
	(void)date_of(zone, end - 1, last, sizeof last);
	if (strcmp(first, last) == 0)
		(void)snprintf(p->name, sizeof p->name, "%.20s", first);
	else
		(void)snprintf(p->name, sizeof p->name, "%.20s – %.20s", first, last);
}

/* "(day >= 1 AND day < 2 OR …)" with neighbours put together; to be freed. */
static char *
days_sql(const struct users_period *p)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0, next; i < p->day_count; i = next) {
		for (next = i + 1;
		     next < p->day_count && p->days[next].begin == p->days[next - 1].end; next++)
			;
		(void)fprintf(out, "%sday >= %" PRIu64 " AND day < %" PRIu64, i == 0 ? "(" : " OR ",
		    ms_of(p->days[i].begin), ms_of(p->days[next - 1].end));
	}
	(void)fputs(")", out);
	(void)fclose(out);
	return text;
}

/* ------------------------------------------------------------------ users */

/* Adds a row, all of one user and one rate: N (N − 1) Σb² is the variance of N Σb. */
static void
add_row(struct user_volume *u, const struct result *r)
{
	double n = fmax(result_f64(r, 1), 1);

	for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
		double packets = result_f64(r, 2 + 3 * d), octets = result_f64(r, 3 + 3 * d);
		double squares = result_f64(r, 4 + 3 * d), before = u->packets[d];
		u->volume[d] += n * octets;
		u->variance[d] += (float)(n * (n - 1) * squares);
		u->octets[d] += (float)octets;
		u->squares[d] += (float)squares;
		if (packets > 0)
			u->rate[d] = (float)(((double)u->rate[d] * before + n * packets) /
					     (before + packets));
		u->packets[d] = (uint32_t)fmin(before + packets, UINT32_MAX);
	}
}

static void
add_users(struct users_period *p, struct result *r, size_t *capacity)
{
	size_t first = p->count;

	while (result_next(r)) {
		uint64_t user = result_u64(r, 0);
		if (p->count == first || p->users[p->count - 1].user != user) {
			if (p->count == *capacity) {
				*capacity = *capacity != 0 ? *capacity + *capacity / 2 : 1024;
				p->users = xrealloc_array(p->users, *capacity, sizeof *p->users);
			}
			p->users[p->count++] = (struct user_volume){ .user = user };
		}
		add_row(&p->users[p->count - 1], r);
	}
}

static int
compare_users(const void *a, const void *b)
{
	const struct user_volume *x = a, *y = b;

	return x->user < y->user ? -1 : x->user > y->user;
}

static enum err
read_users(const struct section_context *c, const char *days, struct users_period *p,
    struct err_info *info)
{
	size_t capacity = 0;
	uint64_t parts = 1;
	struct result *r;
	enum err e =
	    query_run(c->store, &r, info, "SELECT count(*) AS n FROM traffic_users WHERE %s", days);

	if (e != ERR_OK)
		return e;
	if (result_next(r))
		parts = 1 + result_u64(r, 0) / ROWS_PER_PART;
	result_free(r);
	for (uint64_t part = 0; e == ERR_OK && part < parts; part++) {
#define SUMS_SQL(direction)                                                                   \
	"sum(CASE WHEN direction = '" direction "' THEN packets ELSE 0 END) AS k_" direction  \
	", sum(CASE WHEN direction = '" direction "' THEN octets ELSE 0 END) AS b_" direction \
	", sum(CASE WHEN direction = '" direction "' THEN squares ELSE 0 END) AS s_" direction
		e = query_run(c->store, &r, info,
		    "SELECT user, sampling, " SUMS_SQL("in") ", " SUMS_SQL(
			"out") " FROM traffic_users WHERE %s AND user %% %" PRIu64 " = %" PRIu64
			       " GROUP BY user, sampling ORDER BY user, sampling",
		    days, parts, part);
		if (e != ERR_OK)
			break;
		add_users(p, r, &capacity);
		result_free(r);
	}
	if (p->count != 0)
		qsort(p->users, p->count, sizeof *p->users, compare_users);
	/* From here on the variance is relative. */
	for (size_t i = 0; i < p->count; i++)
		for (unsigned d = 0; d < USERS_DIRECTIONS; d++)
			p->users[i].variance[d] =
			    p->users[i].volume[d] > 0
				? (float)((double)p->users[i].variance[d] /
					  (p->users[i].volume[d] * p->users[i].volume[d]))
				: 0;
	return e;
}

/* ------------------------------------------------------------------ the rest */

static enum err
read_totals(const struct section_context *c, struct users_period *p, struct err_info *info)
{
	static const char *const KINDS[USERS_TOTALS] = { "matched", "user_to_user", "unmatched",
		"not_attributed" };
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT kind, sampling, sum(octets) AS o, sum(packets) AS k FROM traffic_user_totals "
	    "WHERE hour >= %" PRIu64 " AND hour < %" PRIu64
	    " GROUP BY kind, sampling ORDER BY sampling, kind",
	    ms_of(p->days[0].begin), ms_of(p->days[p->day_count - 1].end));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		uint64_t sampling = result_u64(r, 1);
		for (unsigned k = 0; k < USERS_TOTALS; k++)
			if (strcmp(KINDS[k], result_text(r, 0)) == 0)
				p->totals[k] += fmax((double)sampling, 1) * result_f64(r, 2);
		if (sampling == 0)
			p->unknown_rate += result_f64(r, 2);
		if (p->rate_count == 0 || p->rates[p->rate_count - 1].sampling != sampling) {
			if (p->rate_count == USERS_RATES)
				continue;
			p->rates[p->rate_count++] = (struct users_rate){ .sampling = sampling };
		}
		p->rates[p->rate_count - 1].packets += result_f64(r, 3);
	}
	result_free(r);
	return ERR_OK;
}

static enum err
read_services(const struct section_context *c, const char *days, struct users_period *p,
    struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT service, ip_version, direction, sampling, sum(octets) AS o, sum(squares) AS s "
	    "FROM traffic_users WHERE %s GROUP BY service, ip_version, direction, sampling "
	    "ORDER BY service, ip_version, direction, sampling",
	    days);

	if (e != ERR_OK)
		return e;
	p->services = xcalloc(MOST_SERVICES, sizeof *p->services);
	while (result_next(r)) {
		unsigned d = strcmp(result_text(r, 2), "in") == 0 ? USERS_IN : USERS_OUT;
		double n = fmax(result_f64(r, 3), 1);
		struct users_service *s = &p->services[p->service_count - 1];
		if (p->service_count == 0 || s->ip_version != result_u64(r, 1) ||
		    strncmp(s->name, result_text(r, 0), sizeof s->name - 1) != 0) {
			if (p->service_count == MOST_SERVICES)
				continue;
			s = &p->services[p->service_count++];
			s->ip_version = (unsigned)result_u64(r, 1);
			(void)snprintf(s->name, sizeof s->name, "%s", result_text(r, 0));
		}
		s->octets[d] += n * result_f64(r, 4) / (double)p->day_count;
		s->variance[d] +=
		    n * (n - 1) * result_f64(r, 5) / ((double)p->day_count * (double)p->day_count);
	}
	result_free(r);
	e = query_run(c->store, &r, info,
	    "SELECT service, ip_version, count(DISTINCT user) AS n FROM traffic_users WHERE %s "
	    "GROUP BY service, ip_version ORDER BY service, ip_version",
	    days);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < p->service_count && result_next(r); i++)
		p->services[i].users = result_u64(r, 2);
	result_free(r);
	return ERR_OK;
}

enum err
users_read(const struct section_context *c, nsec_t begin, nsec_t end,
    struct users_period *ret_period, struct err_info *info)
{
	struct users_period *p = ret_period;
	struct hours hours = { 0 };
	struct zone *zone = NULL;
	char *days = NULL;
	enum err e;

	*p = (struct users_period){ .begin = begin, .end = end };
	if (c->site->subscribers != NULL)
		p->listed = (double)subscribers_listed(c->site->subscribers);
	e = zone_open(c->site->time_zone, &zone, info);
	if (e == ERR_OK)
		e = read_hours(c, begin, end, &hours, info);
	if (e == ERR_OK && hours.count == 0)
		e = ERR_END;
	if (e == ERR_OK) {
		find_days(zone, &hours, p);
		name_period(zone, &hours, p);
		days = days_sql(p);
		e = read_users(c, days, p, info);
	}
	if (e == ERR_OK)
		e = read_totals(c, p, info);
	if (e == ERR_OK)
		e = read_services(c, days, p, info);
	free(days);
	free(hours.list);
	zone_close(zone);
	return e;
}

void
users_period_release(struct users_period *p)
{
	for (unsigned d = 0; d < USERS_DIRECTIONS; d++)
		users_measure_release(&p->measures[d]);
	free(p->days);
	free(p->users);
	free(p->services);
}
