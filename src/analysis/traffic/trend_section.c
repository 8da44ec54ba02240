/* SPDX-License-Identifier: ISC */
/* The section of traffic/trend: the figure over months, what is marked in it, and growth. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/trend.h"
#include "base/xmalloc.h"

enum normal_mode {
	NORMAL_NONE,
	NORMAL_MAX,    /* each series to its greatest month */
	NORMAL_LATEST, /* OUT of the latest month is 1 */
	NORMAL_MONTH,  /* OUT of a given month is 1 */
};

struct normal {
	enum normal_mode mode;
	int month;        /* of NORMAL_LATEST and NORMAL_MONTH */
	double reference; /* bps that stand for 1 */
};

static const char *const DIRECTIONS[] = { [TREND_IN] = "IN", [TREND_OUT] = "OUT" };

static double
rate(const struct trend_month *m)
{
	return m->seconds > 0 ? m->octets * 8 / m->seconds : NAN;
}

/* Relative standard error of a month, 0 where it is no estimate. */
static double
relative_error(const struct trend_month *m)
{
	return m->octets > 0 ? sqrt(m->variance) / m->octets : 0;
}

static const struct trend_month *
find_month(const struct trend_series *s, int month)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->months[i].month == month && s->months[i].seconds > 0)
			return &s->months[i];
	return NULL;
}

static const struct trend_month *
last_month(const struct trend_series *s)
{
	return s->count != 0 ? &s->months[s->count - 1] : NULL;
}

static struct normal
read_normal(const struct section_context *c, const struct trend *trend)
{
	const char *text = settings_text(c->settings, "normalise");
	struct normal n = { .mode = NORMAL_NONE };
	unsigned year = 0, month = 0;

	if (strcmp(text, "max") == 0)
		n.mode = NORMAL_MAX;
	else if (strcmp(text, "latest-out") == 0 || (strcmp(text, "none") == 0 && c->publish))
		n.mode = NORMAL_LATEST;
	else if (sscanf(text, "%4u-%2u", &year, &month) == 2) /* NOLINT(cert-err34-c) */
		n = (struct normal){ .mode = NORMAL_MONTH, .month = (int)(12 * year + month - 1) };
	for (size_t i = 0; n.mode == NORMAL_LATEST && i < trend->count; i++) {
		const struct trend_month *m = last_month(&trend->series[i]);
		if (m != NULL && m->month > n.month)
			n.month = m->month;
	}
	/* All services of a month together, so that their lines can be compared. */
	for (size_t i = 0; i < trend->count; i++) {
		const struct trend_month *m = find_month(&trend->series[i], n.month);
		if (trend->series[i].direction == TREND_OUT && m != NULL)
			n.reference += rate(m);
	}
	return n;
}

/* What a month is divided by; 0 when there is nothing to divide by, and it is not shown. */
static double
divisor(const struct normal *n, const struct trend_series *s)
{
	double most = 0;

	if (n->mode == NORMAL_NONE)
		return 1;
	if (n->mode != NORMAL_MAX)
		return n->reference;
	for (size_t i = 0; i < s->count; i++)
		if (rate(&s->months[i]) > most)
			most = rate(&s->months[i]);
	return most;
}

static const char *
normal_text(const struct normal *n, char *text, size_t size)
{
	if (n->mode == NORMAL_NONE)
		return "Mean rates of the months.";
	if (n->mode == NORMAL_MAX)
		return "Mean rates of the months; the greatest month of each line is 1.";
	(void)snprintf(text, size,
	    "Mean rates of the months; OUT of %04d-%02d, all services together, is 1.",
	    n->month / 12, n->month % 12 + 1);
	return text;
}

static json_t *
value_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static void
series_name(const struct trend *trend, const struct trend_series *s, char *text, size_t size)
{
	bool plain = strcmp(s->service, "all") == 0;

	for (size_t i = 0; i < trend->count; i++)
		plain = plain && strcmp(trend->series[i].source, s->source) == 0;
	if (plain)
		(void)snprintf(text, size, "%s", DIRECTIONS[s->direction]);
	else
		(void)snprintf(
		    text, size, "%s, %s (%s)", DIRECTIONS[s->direction], s->service, s->source);
}

/* A point a month; months that are not known are gaps. */
static void
plot_series(struct section_figure *f, const struct trend *trend, const struct trend_series *s,
    const struct normal *normal)
{
	double by = divisor(normal, s);
	char name[2 * TREND_NAME_SIZE];
	json_t *points;

	if (s->count == 0 || by <= 0)
		return;
	series_name(trend, s, name, sizeof name);
	points = section_series(f, name);
	for (int month = s->months[0].month; month <= s->months[s->count - 1].month; month++) {
		const struct trend_month *m = find_month(s, month);
		json_int_t at = trend_month_begin(trend->zone, month) * 1000;
		double value = m != NULL ? rate(m) / by : NAN;
		double error = m != NULL ? 1.96 * relative_error(m) * value : 0;
		json_t *point = json_array();
		json_array_append_new(point, json_integer(at));
		json_array_append_new(point, value_or_null(value));
		if (error > 0) {
			json_array_append_new(point, json_real(value - error));
			json_array_append_new(point, json_real(value + error));
		}
		json_array_append_new(points, point);
	}
}

static void
rate_figure(struct section *section, const struct trend *trend, const struct normal *normal)
{
	struct section_figure *f =
	    section_figure(section, FIGURE_TIME_SERIES, "months", "Monthly trend");
	char text[128];

	section_axis(f, 'x', "month", "time", "ms");
	if (normal->mode == NORMAL_NONE)
		section_axis(f, 'y', "mean rate", "linear", "bps");
	else
		section_axis(f, 'y', "mean rate, normalised", "linear", "");
	section_caption(f, "%s IN is from users, OUT to users. Months that are not known are gaps.",
	    normal_text(normal, text, sizeof text));
	for (size_t i = 0; i < trend->count; i++)
		plot_series(f, trend, &trend->series[i], normal);
	for (size_t i = 0; i < trend->event_count; i++)
		section_mark(f, trend->events[i].time, trend->events[i].label);
}

/* Growth over the 12 months before, where both ends are known. */
static bool
growth(const struct trend_series *s, int month, double *ret_growth, double *ret_error)
{
	const struct trend_month *now = find_month(s, month), *then = find_month(s, month - 12);
	double ratio;

	if (now == NULL || then == NULL || !(rate(then) > 0))
		return false;
	ratio = rate(now) / rate(then);
	*ret_growth = ratio - 1;
	*ret_error = ratio * hypot(relative_error(now), relative_error(then));
	return true;
}

static void
growth_figure(struct section *section, const struct trend *trend)
{
	struct section_figure *f = NULL;
	double value, error;

	for (size_t i = 0; i < trend->count; i++) {
		const struct trend_series *s = &trend->series[i];
		json_t *points = NULL;
		char name[2 * TREND_NAME_SIZE];
		series_name(trend, s, name, sizeof name);
		for (size_t k = 0; k < s->count; k++) {
			if (!growth(s, s->months[k].month, &value, &error))
				continue;
			if (f == NULL) {
				f = section_figure(
				    section, FIGURE_TIME_SERIES, "growth", "Growth over 12 months");
				section_axis(f, 'x', "month", "time", "ms");
				section_axis(f, 'y', "growth", "linear", "%");
				section_caption(f, "A month over the same month a year before.");
			}
			if (points == NULL)
				points = section_series(f, name);
			json_array_append_new(points,
			    json_pack("[I,f]",
				(json_int_t)trend_month_begin(trend->zone, s->months[k].month) *
				    1000,
				100 * value));
		}
	}
}

static const struct section_column TABLE[] = {
	{ "service", "Service", "text", "" },
	{ "source", "From", "text", "" },
	{ "direction", "Direction", "text", "" },
	{ "first_month", "First month", "text", "" },
	{ "last_month", "Last month", "text", "" },
	{ "months", "Months known", "count", "months" },
	{ "missing", "Missing", "count", "months" },
	{ "known_share", "Of the last month known", "share", "" },
	{ "growth_12", "Growth over 12 months", "share", "" },
	{ "growth_12_error", "± 2 se", "share", "" },
	{ "cagr", "Growth a year since the start", "share", "" },
	{ "ratio", "Ratio to the start", "number", "" },
};

/* How much of a month is known, 0 to 1. */
static double
known_share(const struct trend *trend, const struct trend_month *m)
{
	int64_t length =
	    trend_month_begin(trend->zone, m->month + 1) - trend_month_begin(trend->zone, m->month);

	return fmin(1, m->seconds / (double)length);
}

/* A remark on a month of which a part is missing: a few days are no month. */
static const char *
known_text(const struct trend *trend, const struct trend_month *m, char *text, size_t size)
{
	double share = known_share(trend, m);

	text[0] = '\0';
	if (share < 0.95)
		(void)snprintf(text, size, " (%.0f %% of it known)", 100 * share);
	return text;
}

static json_t *
month_text(int month)
{
	return json_sprintf("%04d-%02d", month / 12, month % 12 + 1);
}

/* Compound growth a year between the first month and the last that is whole years later, so that
 * both are the same month of the year. */
static double
compound(const struct trend_series *s)
{
	const struct trend_month *first = &s->months[0];

	for (int years = (s->months[s->count - 1].month - first->month) / 12; years >= 1; years--) {
		const struct trend_month *m = find_month(s, first->month + 12 * years);
		if (m != NULL && rate(first) > 0)
			return pow(rate(m) / rate(first), 1.0 / years) - 1;
	}
	return NAN;
}

static void
table_row(struct section_table *t, const struct trend *trend, const struct trend_series *s)
{
	const struct trend_month *first = &s->months[0], *last = last_month(s);
	int span = last->month - first->month + 1;
	double value = NAN, error = NAN;
	size_t known = 0;

	for (size_t i = 0; i < s->count; i++)
		known += s->months[i].seconds > 0;
	(void)growth(s, last->month, &value, &error);
	section_row(t, json_text(s->service, strlen(s->service)), json_string(s->source),
	    json_string(DIRECTIONS[s->direction]), month_text(first->month),
	    month_text(last->month), json_integer((json_int_t)known),
	    json_integer(span - (json_int_t)known), json_real(known_share(trend, last)),
	    value_or_null(value), value_or_null(error > 0 ? 2 * error : NAN),
	    value_or_null(compound(s)), value_or_null(rate(last) / rate(first)), NULL);
}

static void
tables(struct section *section, const struct trend *trend)
{
	static const struct section_column events[] = {
		{ "date", "Date", "time", "ms" },
		{ "event", "Event", "text", "" },
		{ "url", "Source", "text", "" },
	};
	struct section_table *t =
	    section_table(section, "growth", "Growth", TABLE, ARRAY_COUNT(TABLE));

	for (size_t i = 0; i < trend->count; i++)
		if (trend->series[i].count != 0)
			table_row(t, trend, &trend->series[i]);
	if (trend->event_count == 0)
		return;
	t = section_table(section, "events", "What is marked", events, ARRAY_COUNT(events));
	for (size_t i = 0; i < trend->event_count; i++) {
		const struct trend_event *e = &trend->events[i];
		section_row(t, json_integer((json_int_t)(e->time / NSEC_PER_MS)),
		    json_text(e->label, strlen(e->label)),
		    e->url != NULL ? json_text(e->url, strlen(e->url)) : json_null(), NULL);
	}
}

static void
say(struct section *section, const struct trend *trend)
{
	for (size_t i = 0; i < trend->count; i++) {
		const struct trend_series *s = &trend->series[i];
		double value, error;
		char name[2 * TREND_NAME_SIZE], bounds[48] = "", then[40], now[40];
		int month = s->count != 0 ? last_month(s)->month : 0;
		if (s->count == 0)
			continue;
		series_name(trend, s, name, sizeof name);
		if (!growth(s, month, &value, &error)) {
			section_say(section,
			    "%s: %zu months are known, up to %04d-%02d; there is no month a year "
			    "before it to compare with.",
			    name, s->count, month / 12, month % 12 + 1);
			continue;
		}
		if (error > 0)
			(void)snprintf(
			    bounds, sizeof bounds, " ± %.2g points (2 se, sampling)", 200 * error);
		section_say(section, "%s: %+.1f %%%s from %04d-%02d%s to %04d-%02d%s.", name,
		    100 * value, bounds, (month - 12) / 12, (month - 12) % 12 + 1,
		    known_text(trend, find_month(s, month - 12), then, sizeof then), month / 12,
		    month % 12 + 1, known_text(trend, last_month(s), now, sizeof now));
	}
}

static void
define(struct section *section)
{
	section_define(section,
	    "A month is the mean rate over the time that is known of it, in the site's time zone; "
	    "IN "
	    "is from users, OUT to users, seen from the provider. Growth over 12 months compares a "
	    "month with the same one a year before; growth a year since the start is compound, "
	    "over "
	    "whole years from the first month known.");
	section_define(section,
	    "From: file (months given by the operator), rrd (rrdtool xport), counters (interface "
	    "counters that exporters sent), users (volumes of subscribers in this store), traffic "
	    "(all "
	    "traffic by direction in this store). Estimates from sampled records have their "
	    "standard "
	    "error; the others are as given.");
}

/* One month of what the store holds is no trend. */
static bool
is_trend(const struct trend *trend)
{
	if (trend->remark_count != 0)
		return true;
	for (size_t i = 0; i < trend->count; i++) {
		const struct trend_series *s = &trend->series[i];
		bool stored = strcmp(s->source, "users") == 0 || strcmp(s->source, "traffic") == 0;
		if (s->count > 1 || (s->count == 1 && !stored))
			return true;
	}
	return false;
}

/* Everything that the settings name. */
static void
read_all(struct trend *trend, const struct section_context *c)
{
	const char *csv = settings_text(c->settings, "csv");
	const char *rrd = settings_text(c->settings, "rrd");
	const char *events = settings_text(c->settings, "events");

	if (csv[0] != '\0')
		trend_read_csv(trend, csv);
	if (rrd[0] != '\0')
		trend_read_rrd(trend, rrd, settings_text(c->settings, "rrdtool"));
	if (events[0] != '\0')
		trend_read_events(trend, events);
	if (settings_bool(c->settings, "store"))
		trend_read_store(trend, c);
	trend_read_interfaces(trend, c, settings_text(c->settings, "interfaces"));
}

static void
build(struct section *section, const struct section_context *c, struct trend *trend)
{
	struct normal normal;

	trend_sort(trend);
	normal = read_normal(c, trend);
	say(section, trend);
	define(section);
	if (trend->count != 0) {
		rate_figure(section, trend, &normal);
		growth_figure(section, trend);
		tables(section, trend);
	}
	for (size_t i = 0; i < trend->remark_count; i++)
		section_quality(section, "%s", trend->remarks[i]);
}

enum err
trend_section(const struct section_context *context, struct section *section, struct err_info *info)
{
	struct trend *trend = xcalloc(1, sizeof *trend);
	struct zone *zone = NULL;
	enum err e = zone_open(context->site->time_zone, &zone, info);

	trend->zone = zone;
	if (e == ERR_OK)
		read_all(trend, context);
	if (e == ERR_OK && !is_trend(trend))
		e = ERR_END;
	if (e == ERR_OK)
		build(section, context, trend);
	trend_release(trend);
	zone_close(zone);
	free(trend);
	return e;
}
