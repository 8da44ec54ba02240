/* SPDX-License-Identifier: ISC */
/*
 * The week's profile and the mean days of traffic/services.
 *
 * Hours of the period are folded onto the 168 hours of a local week, and onto 24 hours of a mean
 * weekday and a mean day of the weekend.  Rates are means over the hours of the period that fall
 * onto a place, those without traffic included.  Sums are whole numbers, so that the order in which
 * the store gives rows does not matter.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/traffic/attribution.h"
#include "analysis/traffic/services_section.h"
#include "base/xmalloc.h"
#include "base/zone.h"

#define WEEK_HOURS   168
#define DAY_HOURS    24
#define MONDAY_HOURS 72 /* 1970-01-01 was a Thursday: its week had begun so many hours before */
#define FRIDAY_END   120
#define MOST_HOURS   (INT64_C(24) * 366 * 20)
#define DIRECTIONS   2

/* An estimate: the sum of N B, and the sum of N (N - 1) Q. */
struct estimate {
	uint64_t octets;
	__uint128_t variance;
};

struct panel {
	const char *id, *name;
	double scale;                                  /* users of whom each stands for so many */
	struct estimate week[WEEK_HOURS][GROUP_COUNT]; /* out */
	struct estimate day[2][DAY_HOURS][DIRECTIONS]; /* weekday, weekend; in, out */
};

struct profile {
	const struct section_context *c;
	const struct services_period *period;
	struct zone *zone;               /* owned; NULL is UTC */
	unsigned week_hours[WEEK_HOURS]; /* hours of the period on each place */
	unsigned day_hours[2][DAY_HOURS];
	uint64_t monday; /* ms: when the first week of the period began */
	double top;      /* octets per hour: the maximum of out, of everybody */
	struct panel all, client;
};

/* The place of an hour in the local week, Monday's first being 0. */
static unsigned
place_of(const struct profile *f, int64_t hour)
{
	int64_t local = floor_div(hour * 3600 + zone_at(f->zone, hour * 3600).east, 3600);
	int64_t place = (local + MONDAY_HOURS) % WEEK_HOURS;

	return (unsigned)(place < 0 ? place + WEEK_HOURS : place);
}

static void
add(struct estimate *e, uint64_t sampling, uint64_t octets, uint64_t squares)
{
	e->octets += (sampling != 0 ? sampling : 1) * octets;
	if (sampling > 1)
		e->variance += (__uint128_t)sampling * (sampling - 1) * squares;
}

/* One row: hour, class, direction, rate, octets, squares. */
static void
take_row(const struct profile *f, struct panel *panel, const struct result *r, size_t column)
{
	int64_t hour = (int64_t)(result_u64(r, column) / 3600000);
	uint64_t class = result_u64(r, column + 1), n = result_u64(r, column + 3);
	bool in = strcmp(result_text(r, column + 2), "in") == 0;
	uint64_t octets = result_u64(r, column + 4), squares = result_u64(r, column + 5);
	unsigned place = place_of(f, hour);

	if (class >= SERVICE_CLASS_COUNT || SERVICE_CLASSES[class].name == NULL)
		return;
	add(&panel->day[place >= FRIDAY_END][place % DAY_HOURS][!in], n, octets, squares);
	if (!in)
		add(&panel->week[place][SERVICE_CLASSES[class].group], n, octets, squares);
}

static enum err
read_all(struct profile *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(f->c->store, &r, info,
	    "SELECT hour AS h, service_class AS class, direction AS d, sampling AS n, "
	    "sum(octets) AS o, sum(squares) AS q FROM traffic_services WHERE" SERVICES_PERIOD_SQL
	    "AND direction <> 'unmatched' GROUP BY h, class, d, n ORDER BY h, class, d, n",
	    SERVICES_PERIOD_ARGS(f->period));

	if (e != ERR_OK)
		return e;
	while (result_next(r))
		take_row(f, &f->all, r, 0);
	result_free(r);
	return ERR_OK;
}

static enum err
read_clients(struct profile *f, struct err_info *info)
{
	struct result *r;
	uint64_t parts;
	enum err e;

	if (f->period->client.member_count == 0)
		return ERR_OK;
	e = services_count_parts(f->c, f->period, &parts, info);
	for (uint64_t part = 0; e == ERR_OK && part < parts; part++) {
		e = query_run(f->c->store, &r, info,
		    "SELECT \"user\" AS u, hour AS h, service_class AS class, direction AS d, "
		    "sampling AS n, octets AS o, squares AS q FROM traffic_user_ports "
		    "WHERE" SERVICES_PERIOD_SQL SERVICES_PART_SQL,
		    SERVICES_PERIOD_ARGS(f->period), services_part_first(part, parts),
		    services_part_last(part, parts));
		if (e != ERR_OK)
			break;
		while (result_next(r))
			if (!services_is_other(f->period, result_u64(r, 0)))
				take_row(f, &f->client, r, 1);
		result_free(r);
	}
	return e;
}

/* Counts how often each place of the week and of the days came by. */
static void
count_hours(struct profile *f)
{
	int64_t first = f->period->first_hour, last = f->period->last_hour;

	if (last - first > MOST_HOURS)
		first = last - MOST_HOURS;
	for (int64_t hour = first; hour <= last; hour++) {
		unsigned place = place_of(f, hour);
		f->week_hours[place]++;
		f->day_hours[place >= FRIDAY_END][place % DAY_HOURS]++;
	}
	f->monday = (uint64_t)((first - place_of(f, first)) * 3600000);
}

/* The mean rate of an estimate over so many hours, in octets an hour, and its standard error. */
static double
rate(const struct panel *panel, const struct estimate *e, unsigned hours, double *ret_error)
{
	double n = hours != 0 ? hours : 1;

	*ret_error = panel->scale * sqrt((double)e->variance) / n;
	return panel->scale * (double)e->octets / n;
}

static struct estimate
sum_groups(const struct estimate *groups)
{
	struct estimate sum = { 0, 0 };

	for (unsigned g = 0; g < GROUP_COUNT; g++) {
		sum.octets += groups[g].octets;
		sum.variance += groups[g].variance;
	}
	return sum;
}

/* The greatest hour of everybody's download. */
static void
find_top(struct profile *f)
{
	for (unsigned i = 0; i < WEEK_HOURS; i++) {
		struct estimate sum = sum_groups(f->all.week[i]);
		double error, value = rate(&f->all, &sum, f->week_hours[i], &error);
		f->top = value > f->top ? value : f->top;
	}
}

static json_int_t
place_ms(const struct profile *f, unsigned place)
{
	return (json_int_t)f->monday + (json_int_t)place * 3600000;
}

static struct section_figure *
week_figure(struct section *section, enum figure_kind kind, const char *id, const char *title)
{
	struct section_figure *figure = section_figure(section, kind, id, title);

	section_axis(figure, 'x', "hour of the week", "time", "ms");
	section_axis(figure, 'y', "share of the week's maximum", "linear", "share");
	return figure;
}

static void
stacked_week(const struct profile *f, const struct panel *panel, struct section *section)
{
	char id[32], title[96];
	struct section_figure *figure;

	(void)snprintf(id, sizeof id, "week-%s", panel->id);
	(void)snprintf(title, sizeof title, "Download in the week, %s", panel->name);
	figure = week_figure(section, FIGURE_STACKED_AREA, id, title);
	section_caption(figure,
	    "Mean download of each hour of the local week, Monday first; 1 is the greatest hour of "
	    "everybody.");
	for (unsigned g = 0; g < GROUP_COUNT; g++) {
		json_t *points = section_series(figure, service_group_name((enum service_group)g));
		for (unsigned i = 0; i < WEEK_HOURS; i++) {
			double error,
			    value = rate(panel, &panel->week[i][g], f->week_hours[i], &error);
			if (f->week_hours[i] != 0)
				json_array_append_new(
				    points, json_pack("[I,f]", place_ms(f, i), value / f->top));
		}
	}
}

static void
band_points(const struct profile *f, const struct panel *panel, json_t *points, int group)
{
	for (unsigned i = 0; i < WEEK_HOURS; i++) {
		struct estimate e = group < 0 ? sum_groups(panel->week[i]) : panel->week[i][group];
		double error, value = rate(panel, &e, f->week_hours[i], &error);
		if (f->week_hours[i] != 0)
			json_array_append_new(points,
			    json_pack("[I,f,f,f]", place_ms(f, i), value / f->top,
				fmax(0, value - 2 * error) / f->top, (value + 2 * error) / f->top));
	}
}

/* The same lines with their errors, which areas cannot show. */
static void
banded_week(const struct profile *f, const struct panel *panel, struct section *section)
{
	char id[32], title[96];
	struct section_figure *figure;

	(void)snprintf(id, sizeof id, "week-%s-error", panel->id);
	(void)snprintf(title, sizeof title, "The same with its errors, %s", panel->name);
	figure = week_figure(section, FIGURE_TIME_SERIES, id, title);
	section_caption(figure, "Bands are ± 2 standard errors by sampling.");
	band_points(f, panel, section_series(figure, "total"), -1);
	for (int g = 0; g < GROUP_COUNT; g++)
		band_points(
		    f, panel, section_series(figure, service_group_name((enum service_group)g)), g);
}

/* What the y axis of the mean days shows: bits a second, or, published, shares of the maximum. */
static double
shown(const struct profile *f, double octets_an_hour)
{
	return f->c->publish ? octets_an_hour / f->top : octets_an_hour * 8 / 3600;
}

static void
mean_days(const struct profile *f, struct section *section)
{
	static const char *const names[2][DIRECTIONS] = { { "weekday, in", "weekday, out" },
		{ "weekend, in", "weekend, out" } };
	struct section_figure *figure =
	    section_figure(section, FIGURE_BARS, "day", "Mean weekday and mean day of the weekend");

	section_axis(figure, 'x', "hour of the day", "category", "");
	section_axis(figure, 'y', f->c->publish ? "share of the week's maximum" : "bit rate",
	    "linear", f->c->publish ? "share" : "bps");
	section_caption(figure, "Local time; Saturday and Sunday are the weekend. Rules are ± 2 "
				"standard errors by sampling.");
	for (unsigned k = 0; k < 2; k++)
		for (unsigned d = DIRECTIONS; d-- > 0;) {
			json_t *points = NULL;
			for (unsigned h = 0; h < DAY_HOURS; h++) {
				double error, value = rate(&f->all, &f->all.day[k][h][d],
						  f->day_hours[k][h], &error);
				char text[8];
				if (f->day_hours[k][h] == 0)
					continue;
				if (points == NULL)
					points = section_series(figure, names[k][d]);
				(void)snprintf(text, sizeof text, "%02u", h);
				json_array_append_new(
				    points, json_pack("[s,f,f,f]", text, shown(f, value),
						shown(f, fmax(0, value - 2 * error)),
						shown(f, value + 2 * error)));
			}
		}
}

static void
say_peak(const struct profile *f, struct section *section, unsigned kind)
{
	double top = -1, top_error = 0;
	unsigned at = 0;
	char text[32];

	for (unsigned h = 0; h < DAY_HOURS; h++) {
		double error,
		    value = rate(&f->all, &f->all.day[kind][h][1], f->day_hours[kind][h], &error);
		if (f->day_hours[kind][h] == 0 || value <= top)
			continue;
		top = value;
		top_error = error;
		at = h;
	}
	if (top <= 0)
		return;
	if (f->c->publish)
		(void)snprintf(text, sizeof text, "%.2f of the maximum", top / f->top);
	else
		(void)text_si(top * 8 / 3600, "bps", text, sizeof text);
	section_say(section,
	    "On the mean %s, download peaks from %02u:00 to %02u:00 at %s (± %.1f %%).",
	    kind == 0 ? "weekday" : "day of the weekend", at, (at + 1) % 24, text,
	    100 * 2 * top_error / top);
}

static void
draw(const struct profile *f, struct section *section)
{
	bool clients = f->period->client.member_count > 0 &&
		       (!f->c->publish || f->period->client.member_count >= PUBLISH_LEAST);

	for (unsigned kind = 0; kind < 2; kind++)
		say_peak(f, section, kind);
	stacked_week(f, &f->all, section);
	banded_week(f, &f->all, section);
	if (clients) {
		stacked_week(f, &f->client, section);
		banded_week(f, &f->client, section);
	}
	mean_days(f, section);
}

enum err
services_profile(const struct section_context *c, const struct services_period *period,
    struct section *section, struct err_info *info)
{
	struct profile *f = xcalloc(1, sizeof *f);
	enum err e;

	f->c = c;
	f->period = period;
	f->all = (struct panel){ .id = "all", .name = "all users", .scale = 1 };
	f->client = (struct panel){ .id = "client",
		.name = "client-type users",
		.scale = period->panel > 0 ? 1 / period->panel : 1 };
	if (zone_open(c->site->time_zone, &f->zone, NULL) != ERR_OK)
		f->zone = NULL; /* UTC */
	e = read_all(f, info);
	if (e == ERR_OK)
		e = read_clients(f, info);
	if (e == ERR_OK) {
		count_hours(f);
		find_top(f);
		if (f->top > 0)
			draw(f, section);
	}
	zone_close(f->zone);
	free(f);
	return e;
}
