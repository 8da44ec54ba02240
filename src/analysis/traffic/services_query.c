/* SPDX-License-Identifier: ISC */
/*
 * The port table's figures from stored rows: everybody's sums by class, and the panel's users one
 * by one, who are sorted into client-type and others; see services_section.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/services_section.h"
#include "base/xmalloc.h"
#include "base/zone.h"

#define ROWS_PER_PART 2000000 /* each part reads the table once: about 100 MB */

static enum err
read_facts(const struct section_context *c, struct services_period *p, struct err_info *info)
{
	struct section_context period = *c;
	struct result *r;
	enum err e;

	period.begin = p->begin;
	period.end = p->end;
	e = export_facts_read(&period, "traffic_services_facts", &p->facts, info);
	if (e == ERR_OK && p->facts.records == 0)
		e = ERR_END;
	if (e == ERR_OK)
		e = query_run(c->store, &r, info,
		    "SELECT min(panel) AS s, sum(refused_user_octets) AS u, sum(refused_octets) AS "
		    "o FROM traffic_services_facts WHERE" SERVICES_PERIOD_SQL,
		    SERVICES_PERIOD_ARGS(p));
	if (e != ERR_OK)
		return e;
	if (result_next(r)) {
		p->panel = result_f64(r, 0);
		p->refused = result_u64(r, 1);
		p->refused_totals = result_u64(r, 2);
	}
	result_free(r);
	return ERR_OK;
}

/* Hours with data, and how many local days they make. */
static enum err
read_hours(const struct section_context *c, struct services_period *p, struct err_info *info)
{
	struct zone *zone = NULL;
	int64_t day = INT64_MIN;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT hour AS h, count(*) AS n FROM traffic_services WHERE" SERVICES_PERIOD_SQL
	    "AND direction <> 'unmatched' GROUP BY h ORDER BY h",
	    SERVICES_PERIOD_ARGS(p));

	if (e != ERR_OK)
		return e;
	if (zone_open(c->site->time_zone, &zone, NULL) != ERR_OK)
		zone = NULL; /* UTC */
	p->first_hour = INT64_MAX;
	while (result_next(r)) {
		int64_t seconds = (int64_t)(result_u64(r, 0) / 1000);
		int64_t local = floor_div(seconds + zone_at(zone, seconds).east, 86400);
		p->first_hour = p->first_hour == INT64_MAX ? seconds / 3600 : p->first_hour;
		p->last_hour = seconds / 3600;
		p->days += local != day;
		day = local;
	}
	zone_close(zone);
	result_free(r);
	return p->days != 0 ? ERR_OK : ERR_END;
}

enum err
services_read_totals(
    const struct section_context *c, struct services_period *p, struct err_info *info)
{
	struct result *r;
	enum err e = read_facts(c, p, info);

	if (e == ERR_OK)
		e = read_hours(c, p, info);
	if (e == ERR_OK)
		e = query_run(c->store, &r, info,
		    "SELECT service_class AS class, direction AS d, sampling AS n, sum(octets) AS "
		    "o, sum(squares) AS q FROM traffic_services WHERE" SERVICES_PERIOD_SQL
		    "GROUP BY class, d, n ORDER BY class, d, n",
		    SERVICES_PERIOD_ARGS(p));
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		uint64_t class = result_u64(r, 0), n = result_u64(r, 2);
		double octets = (double)(n != 0 ? n : 1) * result_f64(r, 3);
		if (class >= SERVICE_CLASS_COUNT)
			continue;
		if (strcmp(result_text(r, 1), "unmatched") == 0) {
			p->unmatched += octets;
			continue;
		}
		p->classes[class] += octets;
		p->class_variance[class] += services_variance(n, result_f64(r, 4));
	}
	result_free(r);
	return ERR_OK;
}

/* Rows of the classes' sums, for the column of everybody. */
static void
fill_all(const struct services_rows *rows, struct services_period *p)
{
	struct services_column *all = &p->all;

	all->chosen = 1;
	for (unsigned k = 0; k < SERVICE_CLASS_COUNT; k++) {
		all->total += p->classes[k];
		all->total_variance += p->class_variance[k];
		for (size_t i = 0; i < rows->count; i++) {
			if (!rows->list[i].members[k])
				continue;
			all->octets[i] += p->classes[k];
			all->variance[i] += p->class_variance[k];
		}
	}
}

/* What one user did. */
struct user_sums {
	uint64_t user;
	bool begun;
	double in, in_variance; /* upload */
	double octets[SERVICES_MOST_ROWS], variance[SERVICES_MOST_ROWS];
	double total, total_variance;
};

static void
add_user(
    const struct services_rows *rows, struct services_column *column, const struct user_sums *u)
{
	column->member_count++;
	column->total += u->total;
	column->total_variance += u->total_variance;
	column->xx += u->total * u->total;
	for (size_t i = 0; i < rows->count; i++) {
		column->octets[i] += u->octets[i];
		column->variance[i] += u->variance[i];
		column->users[i] += u->octets[i] > 0;
		column->yy[i] += u->octets[i] * u->octets[i];
		column->xy[i] += u->octets[i] * u->total;
	}
}

/* Sorts a user into client-type or not. */
static void
end_user(const struct services_rows *rows, struct services_period *p, const struct user_sums *u,
    double limit)
{
	double day = u->in / p->days, sd = sqrt(u->in_variance) / p->days;

	if (!u->begun)
		return;
	p->all.member_count++;
	for (size_t i = 0; i < rows->count; i++)
		p->all.users[i] += u->octets[i] > 0;
	p->near_limit += sd > 0 && fabs(day - limit) < 2 * sd;
	if (day < limit) {
		add_user(rows, &p->client, u);
		return;
	}
	if (p->other_count == p->other_capacity) {
		p->other_capacity = p->other_capacity > 0 ? 2 * p->other_capacity : 256;
		p->others = xrealloc_array(p->others, p->other_capacity, sizeof *p->others);
	}
	p->others[p->other_count++] = u->user;
}

static void
take_row(const struct services_rows *rows, const struct result *r, struct user_sums *u)
{
	uint64_t class = result_u64(r, 1), n = result_u64(r, 3);
	double octets = (double)(n != 0 ? n : 1) * result_f64(r, 4);
	double variance = services_variance(n, result_f64(r, 5));

	if (class >= SERVICE_CLASS_COUNT)
		return;
	u->total += octets;
	u->total_variance += variance;
	for (size_t i = 0; i < rows->count; i++) {
		if (!rows->list[i].members[class])
			continue;
		u->octets[i] += octets;
		u->variance[i] += variance;
	}
	if (strcmp(result_text(r, 2), "in") == 0) {
		u->in += octets;
		u->in_variance += variance;
	}
}

enum err
services_count_parts(const struct section_context *c, const struct services_period *p,
    uint64_t *ret_parts, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS n FROM traffic_user_ports WHERE" SERVICES_PERIOD_SQL,
	    SERVICES_PERIOD_ARGS(p));

	if (e != ERR_OK)
		return e;
	*ret_parts = 1 + (result_next(r) ? result_u64(r, 0) / ROWS_PER_PART : 0);
	result_free(r);
	return ERR_OK;
}

/* All rows of a user are in one part. */
static void
take_users(
    const struct services_rows *rows, struct services_period *p, struct result *r, double limit)
{
	struct user_sums u = { 0 };

	while (result_next(r)) {
		if (!u.begun || u.user != result_u64(r, 0)) {
			end_user(rows, p, &u, limit);
			u = (struct user_sums){ .user = result_u64(r, 0), .begun = true };
		}
		take_row(rows, r, &u);
	}
	end_user(rows, p, &u, limit);
}

enum err
services_read_users(const struct section_context *c, const struct services_rows *rows,
    struct services_period *p, struct err_info *info)
{
	double limit = (double)settings_size(c->settings, "client_limit");
	uint64_t parts;
	struct result *r;
	enum err e;

	fill_all(rows, p);
	p->client.chosen = p->panel;
	if (p->panel <= 0)
		return ERR_OK;
	e = services_count_parts(c, p, &parts, info);
	for (uint64_t part = 0; e == ERR_OK && part < parts; part++) {
		e = query_run(c->store, &r, info,
		    "SELECT \"user\" AS u, service_class AS class, direction AS d, sampling AS n, "
		    "sum(octets) AS o, sum(squares) AS q FROM traffic_user_ports "
		    "WHERE" SERVICES_PERIOD_SQL SERVICES_PART_SQL
		    "GROUP BY u, class, d, n ORDER BY u, class, d, n",
		    SERVICES_PERIOD_ARGS(p), services_part_first(part, parts),
		    services_part_last(part, parts));
		if (e != ERR_OK)
			break;
		take_users(rows, p, r, limit);
		result_free(r);
	}
	return e;
}

void
services_period_release(struct services_period *p)
{
	free(p->others);
	p->others = NULL;
}

bool
services_is_other(const struct services_period *p, uint64_t user)
{
	size_t low = 0, high = p->other_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (p->others[middle] < user)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->other_count && p->others[low] == user;
}

static struct services_row *
add_row(struct services_rows *rows, const char *name)
{
	struct services_row *row = &rows->list[rows->count++];

	*row = (struct services_row){ 0 };
	(void)snprintf(row->name, sizeof row->name, "%s", name);
	return row;
}

struct ranked {
	unsigned class;
	double octets;
};

/* Larger first; of equals the smaller port. */
static int
compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->octets != y->octets)
		return x->octets > y->octets ? -1 : 1;
	return (SERVICE_CLASSES[x->class].port > SERVICE_CLASSES[y->class].port) -
	       (SERVICE_CLASSES[x->class].port < SERVICE_CLASSES[y->class].port);
}

/* A block's rows by name: its total, and what its largest ports leave. */
struct block_rows {
	enum service_block block;
	const char *total, *rest;
	size_t top; /* ports with a row of their own */
};

/* The rows of a block: its total, its largest ports, and what is left. */
static void
add_block(const struct services_period *p, const struct services_period *earlier,
    const struct block_rows *b, struct services_rows *rows)
{
	struct ranked list[SERVICE_CLASS_COUNT];
	struct services_row *total = add_row(rows, b->total), *rest;
	size_t count = 0;

	total->total = true;
	for (unsigned k = 0; k < SERVICE_CLASS_COUNT; k++) {
		double octets = p->classes[k] + (earlier != NULL ? earlier->classes[k] : 0);
		if (SERVICE_CLASSES[k].name == NULL || SERVICE_CLASSES[k].block != b->block)
			continue;
		total->members[k] = true;
		if (SERVICE_CLASSES[k].port != 0 && octets > 0)
			list[count++] = (struct ranked){ k, octets };
	}
	qsort(list, count, sizeof *list, compare_ranked);
	count = count < b->top ? count : b->top;
	for (size_t i = 0; i < count; i++)
		add_row(rows, SERVICE_CLASSES[list[i].class].name)->members[list[i].class] = true;
	rest = add_row(rows, b->rest);
	memcpy(rest->members, total->members, sizeof rest->members);
	for (size_t i = 0; i < count; i++)
		rest->members[list[i].class] = false;
}

static void
add_transport(struct services_rows *rows, const char *name, uint8_t protocol)
{
	struct services_row *row = add_row(rows, name);

	row->total = true;
	for (unsigned k = 0; k < SERVICE_CLASS_COUNT; k++)
		row->members[k] = SERVICE_CLASSES[k].name != NULL &&
				  SERVICE_CLASSES[k].protocol == protocol &&
				  SERVICE_CLASSES[k].block != BLOCK_PROTOCOL;
}

void
services_choose_rows(const struct services_period *period, const struct services_period *earlier,
    struct services_rows *ret_rows)
{
	struct services_rows *rows = ret_rows;
	static const struct block_rows blocks[2][2] = {
		{ { BLOCK_TCP_KNOWN, "tcp below 1024", "tcp below 1024, others",
		      SERVICES_TOP_KNOWN },
		    { BLOCK_TCP_DYNAMIC, "tcp 1024 and above", "tcp 1024 and above, others",
			SERVICES_TOP_HIGH } },
		{ { BLOCK_UDP_KNOWN, "udp below 1024", "udp below 1024, others",
		      SERVICES_TOP_HIGH },
		    { BLOCK_UDP_DYNAMIC, "udp 1024 and above", "udp 1024 and above, others",
			SERVICES_TOP_HIGH } },
	};

	rows->count = 0;
	for (unsigned udp = 0; udp < 2; udp++) {
		add_transport(rows, udp ? "UDP" : "TCP", udp ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP);
		for (unsigned i = 0; i < 2; i++)
			add_block(period, earlier, &blocks[udp][i], rows);
	}
	for (unsigned k = 0; k < SERVICE_CLASS_COUNT; k++)
		if (SERVICE_CLASSES[k].name != NULL && SERVICE_CLASSES[k].block == BLOCK_PROTOCOL)
			add_row(rows, SERVICE_CLASSES[k].name)->members[k] = true;
}

double
services_share(const struct services_column *column, size_t row, double *ret_error)
{
	double s, variance, n = (double)column->member_count;

	*ret_error = 0;
	if (column->total <= 0)
		return 0;
	s = column->octets[row] / column->total;
	/* Sampling of packets: the two parts are independent (spec 7.6). */
	variance = ((1 - s) * (1 - s) * column->variance[row] +
		       s * s * fmax(0, column->total_variance - column->variance[row])) /
		   (column->total * column->total);
	/* Choice of users: a ratio of two sums over a random sample of users, of which the share
	 * `chosen` was taken (W. G. Cochran, "Sampling Techniques", 1977, section 6.4). */
	if (column->chosen < 1 && n > 1)
		variance +=
		    (1 - column->chosen) * n / (n - 1) *
		    fmax(0, column->yy[row] - 2 * s * column->xy[row] + s * s * column->xx) /
		    (column->total * column->total);
	*ret_error = sqrt(variance);
	return s;
}
