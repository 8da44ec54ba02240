/* SPDX-License-Identifier: ISC */
/*
 * The monthly trend over years, as a Broadband Traffic Report begins with it.
 *
 * Nothing is observed: the months come from what the store holds already (daily volumes of users,
 * else traffic by direction, else interface counters), from a CSV of months, and from round robin
 * databases by way of `rrdtool xport`.  So years from before yagura stand beside its own.
 */
#include "analysis/traffic/trend.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define MOST_REMARKS 20

static const struct setting SETTINGS[] = {
	{ "csv", SETTING_TEXT, "", NULL, NULL,
	    "months from before: month,service,direction,bytes or avg_bps" },
	{ "rrd", SETTING_TEXT, "", NULL, NULL,
	    "a map of round robin databases: path,ds_in,ds_out,group,scale" },
	{ "rrdtool", SETTING_TEXT, "rrdtool", NULL, NULL, "the program that reads them" },
	{ "events", SETTING_TEXT, "", NULL, NULL, "what is marked in the figure: date,event,url" },
	{ "interfaces", SETTING_TEXT, "", NULL, NULL,
	    "interfaces towards users whose counters are used: 192.0.2.1/3,192.0.2.1/4" },
	{ "store", SETTING_BOOL, "true", NULL, NULL, "whether what the store holds is shown" },
	{ "normalise", SETTING_TEXT, "none", NULL, NULL,
	    "none, max (each series to its greatest), latest-out, or YYYY-MM-out" },
};

static enum err
trend_init(void *state, const struct analysis_context *context, struct err_info *info)
{
	const char *mode = settings_text(context->settings, "normalise");
	unsigned year, month;
	int used = 0;

	(void)state;
	if (strcmp(mode, "none") == 0 || strcmp(mode, "max") == 0 ||
	    strcmp(mode, "latest-out") == 0)
		return ERR_OK;
	/* NOLINTNEXTLINE(cert-err34-c): what does not convert shows in the count */
	if (sscanf(mode, "%4u-%2u-out%n", &year, &month, &used) == 2 && used > 0 &&
	    mode[used] == '\0' && month >= 1 && month <= 12)
		return ERR_OK;
	return err_set(info, ERR_CONFIG,
	    "traffic/trend: normalise: \"%.40s\" is none of none, max, latest-out, YYYY-MM-out",
	    mode);
}

static void
trend_nothing(void *state)
{
	(void)state;
}

static void
trend_observe(void *state, const struct batch *batch)
{
	(void)state;
	(void)batch;
}

static void
trend_merge(void *into, const void *from)
{
	(void)into;
	(void)from;
}

static void
trend_finish(void *state, const struct window *window, const struct row_sink *sink)
{
	(void)state;
	(void)window;
	(void)sink;
}

const struct analysis analysis_traffic_trend = {
	.name = "traffic/trend",
	.title = "Monthly trend",
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.state_size = 1,
	.publishes = true,
	.init = trend_init,
	.release = trend_nothing,
	.clear = trend_nothing,
	.observe = trend_observe,
	.merge = trend_merge,
	.finish = trend_finish,
	.section = trend_section,
};

void
trend_release(struct trend *trend)
{
	for (size_t i = 0; i < trend->count; i++)
		free(trend->series[i].months);
	for (size_t i = 0; i < trend->event_count; i++) {
		free(trend->events[i].label);
		free(trend->events[i].url);
	}
	for (size_t i = 0; i < trend->remark_count; i++)
		free(trend->remarks[i]);
	free(trend->events);
	free(trend->remarks);
	*trend = (struct trend){ 0 };
}

void
trend_remark(struct trend *trend, const char *format, ...)
{
	char text[512];
	va_list arguments;

	if (trend->remark_count == MOST_REMARKS)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	trend->remarks =
	    xrealloc_array(trend->remarks, trend->remark_count + 1, sizeof trend->remarks[0]);
	trend->remarks[trend->remark_count] = xstrdup(
	    trend->remark_count + 1 == MOST_REMARKS ? "Further remarks are left out." : text);
	trend->remark_count++;
}

/* The series; made when new, NULL without room. */
static struct trend_series *
find_series(
    struct trend *trend, const char *service, enum trend_direction direction, const char *source)
{
	struct trend_series *s;

	for (size_t i = 0; i < trend->count; i++) {
		s = &trend->series[i];
		if (s->direction == direction && strcmp(s->service, service) == 0 &&
		    strcmp(s->source, source) == 0)
			return s;
	}
	if (trend->count == TREND_SERIES_MOST)
		return NULL;
	s = &trend->series[trend->count++];
	*s = (struct trend_series){ .direction = (uint8_t)direction, .source = source };
	(void)snprintf(s->service, sizeof s->service, "%s", service);
	return s;
}

void
trend_add(struct trend *trend, const char *service, enum trend_direction direction,
    const char *source, const struct trend_month *month)
{
	struct trend_series *s = find_series(trend, service, direction, source);

	if (s == NULL) {
		trend_remark(trend, "There are more than %d series; \"%s\" is left out.",
		    TREND_SERIES_MOST, service);
		return;
	}
	for (size_t i = s->count; i-- > 0;) {
		struct trend_month *m = &s->months[i];
		if (m->month != month->month)
			continue;
		m->octets += month->octets;
		m->seconds += month->seconds;
		m->variance += month->variance;
		return;
	}
	if (s->count == s->room) {
		s->room = s->room != 0 ? 2 * s->room : 16;
		s->months = xrealloc_array(s->months, s->room, sizeof s->months[0]);
	}
	s->months[s->count++] = *month;
}

void
trend_join(struct trend *trend, const struct trend *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct trend_series *f = &from->series[i];
		struct trend_series *s =
		    find_series(trend, f->service, (enum trend_direction)f->direction, f->source);
		for (size_t k = 0; k < f->count; k++) {
			struct trend_month m = f->months[k];
			for (size_t n = 0; s != NULL && n < s->count; n++) {
				if (s->months[n].month != m.month)
					continue;
				double known = s->months[n].seconds;
				m.seconds = m.seconds > known ? m.seconds - known : 0;
			}
			trend_add(
			    trend, f->service, (enum trend_direction)f->direction, f->source, &m);
		}
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct trend_series *x = a, *y = b;
	int order = strcmp(x->service, y->service);

	if (order == 0)
		order = strcmp(x->source, y->source);
	return order != 0 ? order : (int)x->direction - (int)y->direction;
}

static int
by_month(const void *a, const void *b)
{
	const struct trend_month *x = a, *y = b;

	return (x->month > y->month) - (x->month < y->month);
}

void
trend_sort(struct trend *trend)
{
	qsort(trend->series, trend->count, sizeof trend->series[0], by_name);
	for (size_t i = 0; i < trend->count; i++)
		qsort(trend->series[i].months, trend->series[i].count,
		    sizeof trend->series[i].months[0], by_month);
}

/* Days since 1970 of a date of the Gregorian calendar (H. Hinnant, "chrono-compatible low-level
 * date algorithms"). */
static int64_t
days_of(int64_t year, unsigned month)
{
	int64_t y = year - (month < 2);
	int64_t era = floor_div(y, 400);
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 1 ? -2 : 10)) + 2) / 5;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t
trend_month_begin(const struct zone *zone, int month)
{
	int64_t local =
	    days_of(floor_div(month, 12), (unsigned)(month - 12 * floor_div(month, 12))) * 86400;
	int64_t guess = local - zone_at(zone, local).east;

	return local - zone_at(zone, guess).east;
}

int
trend_month_of(const struct zone *zone, int64_t seconds)
{
	/* A month is 30.44 days: the estimate is off by one at most. */
	int month = (int)(INT64_C(1970) * 12 + floor_div(seconds, 2629746));

	while (trend_month_begin(zone, month) > seconds)
		month--;
	while (trend_month_begin(zone, month + 1) <= seconds)
		month++;
	return month;
}
