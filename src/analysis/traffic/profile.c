/* SPDX-License-Identifier: ISC */
/*
 * The week profile of a series: what an hour of the week usually carries.
 *
 * Nothing is observed: a CSV of measurements at even distances (from any other system) is read when
 * the review is made, each value is counted for the hour of the week in which it lies, and the
 * profile is the mean of each hour with its standard error.  Weeks differ, so the error is that of
 * the mean over weeks.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "base/csv.h"
#include "base/xmalloc.h"

#define HOURS        168
#define COLUMNS_MOST 8
#define HOUR_MS      INT64_C(3600000)
/* 1970-01-01 was a Thursday; a week begins on Monday. */
#define MONDAY_HOURS INT64_C(72)

/* Sums of the values that fell into an hour. */
struct hour {
	double count, sum, squares;
};

struct series {
	char name[80];
	struct hour week[HOURS];
	struct hour day[24], weekday[24], weekend[24];
	struct hour days[7]; /* from Monday */
	size_t values, missing;
};

struct profile {
	struct series series[COLUMNS_MOST];
	size_t count;
	nsec_t first, last; /* times of rows, as the file's clock shows them */
	nsec_t step;        /* between the first two rows */
	size_t rows, bad_rows;
	char first_bad[256];
};

static const struct setting SETTINGS[] = {
	{ "series", SETTING_TEXT, "", NULL, NULL,
	    "a CSV: time (the file's own clock), then columns of values" },
	{ "unit", SETTING_TEXT, "bits", NULL, NULL,
	    "what a value is: bits or octets of its interval, or bps" },
};

static enum err
profile_init(void *state, const struct analysis_context *context, struct err_info *info)
{
	const char *unit = settings_text(context->settings, "unit");

	(void)state;
	if (strcmp(unit, "bits") == 0 || strcmp(unit, "octets") == 0 || strcmp(unit, "bps") == 0)
		return ERR_OK;
	return err_set(info, ERR_CONFIG,
	    "traffic/profile: unit: \"%.40s\" is none of bits, octets, bps", unit);
}

static void
profile_nothing(void *state)
{
	(void)state;
}

static void
profile_observe(void *state, const struct batch *batch)
{
	(void)state;
	(void)batch;
}

static void
profile_merge(void *into, const void *from)
{
	(void)into;
	(void)from;
}

static void
profile_finish(void *state, const struct window *window, const struct row_sink *sink)
{
	(void)state;
	(void)window;
	(void)sink;
}

static void
hour_add(struct hour *h, double value)
{
	h->count++;
	h->sum += value;
	h->squares += value * value;
}

static double
hour_mean(const struct hour *h)
{
	return h->count > 0 ? h->sum / h->count : NAN;
}

/* Standard error of the mean; not a number below two values. */
static double
hour_error(const struct hour *h)
{
	double mean = hour_mean(h);
	double variance = h->count > 1 ? (h->squares - h->sum * mean) / (h->count - 1) : NAN;

	return sqrt(fmax(variance, 0) / h->count);
}

static void
note_bad(struct profile *p, const char *text)
{
	if (p->bad_rows++ == 0)
		(void)snprintf(p->first_bad, sizeof p->first_bad, "%.250s", text);
}

static void
take_value(struct profile *p, size_t column, nsec_t time, const char *text)
{
	int64_t hour = floor_div(time, HOUR_MS * NSEC_PER_MS);
	unsigned of_week = (unsigned)((hour + MONDAY_HOURS) % HOURS);
	struct series *s = &p->series[column];
	char *end;
	double value = strtod(text, &end);

	if (text[0] == '\0' || *end != '\0' || !isfinite(value) || value < 0) {
		s->missing++;
		return;
	}
	s->values++;
	hour_add(&s->week[of_week], value);
	hour_add(&s->day[of_week % 24], value);
	hour_add(&s->days[of_week / 24], value);
	hour_add(of_week < 5 * 24 ? &s->weekday[of_week % 24] : &s->weekend[of_week % 24], value);
}

static void
take_row(struct profile *p, const char *path, const struct csv_row *row)
{
	char text[256];
	nsec_t time;

	if (clock_parse(row->fields[0], &time) != ERR_OK || time < 0) {
		(void)snprintf(text, sizeof text, "%s:%llu: \"%.40s\" is no time", path,
		    (unsigned long long)row->line, row->fields[0]);
		note_bad(p, text);
		return;
	}
	if (p->rows == 0)
		p->first = time;
	else if (p->rows == 1)
		p->step = time - p->first;
	p->last = time;
	p->rows++;
	for (size_t i = 0; i < p->count; i++)
		take_value(p, i, time, i + 1 < row->count ? row->fields[i + 1] : "");
}

static enum err
read_series(struct profile *p, const char *path, struct err_info *info)
{
	struct err_info why = { .text = "" };
	struct csv_row row;
	struct csv *csv;
	bool heading = true;
	enum err e = csv_open(path, &csv, info);

	if (e != ERR_OK)
		return e;
	while ((e = csv_next(csv, &row, &why)) != ERR_END && e != ERR_IO) {
		if (e != ERR_OK) {
			note_bad(p, why.text);
		} else if (heading) {
			heading = false;
			p->count = row.count - 1 < COLUMNS_MOST ? row.count - 1 : COLUMNS_MOST;
			for (size_t i = 0; i < p->count; i++)
				(void)snprintf(p->series[i].name, sizeof p->series[i].name, "%s",
				    row.fields[i + 1]);
		} else {
			take_row(p, path, &row);
		}
	}
	if (e == ERR_IO)
		*info = why;
	csv_close(csv);
	return e == ERR_IO ? e : ERR_OK;
}

/* What a value is multiplied by to be bit/s. */
static double
to_bps(const struct profile *p, const char *unit)
{
	double seconds = p->step > 0 ? (double)p->step / 1e9 : 3600;

	if (strcmp(unit, "bps") == 0)
		return 1;
	return (strcmp(unit, "octets") == 0 ? 8 : 1) / seconds;
}

/* What a published profile is divided by: its greatest hour. */
static double
greatest(const struct profile *p)
{
	double most = 0;

	for (size_t i = 0; i < p->count; i++)
		for (size_t h = 0; h < HOURS; h++)
			most = fmax(most, hour_mean(&p->series[i].week[h]));
	return most > 0 ? most : 1;
}

static json_t *
value_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static void
day_table(struct section *section, const struct profile *p, double scale, bool shares)
{
	const char *unit = shares ? "" : "bps", *type = shares ? "number" : "rate";
	const struct section_column columns[] = {
		{ "series", "Series", "text", "" },
		{ "hour", "Hour of the day", "count", "h" },
		{ "mean", "Mean", type, unit },
		{ "error", "± 2 se", type, unit },
		{ "weekday", "Monday to Friday", type, unit },
		{ "weekend", "Saturday, Sunday", type, unit },
		{ "values", "Values", "count", "" },
	};
	struct section_table *t =
	    section_table(section, "day", "Mean day", columns, ARRAY_COUNT(columns));

	for (size_t i = 0; i < p->count; i++) {
		const struct series *s = &p->series[i];
		for (unsigned h = 0; h < 24; h++)
			section_row(t, json_text(s->name, strlen(s->name)), json_integer(h),
			    value_json(hour_mean(&s->day[h]) * scale),
			    value_json(2 * hour_error(&s->day[h]) * scale),
			    value_json(hour_mean(&s->weekday[h]) * scale),
			    value_json(hour_mean(&s->weekend[h]) * scale),
			    json_integer((json_int_t)s->day[h].count), NULL);
	}
}

static void
days_table(struct section *section, const struct profile *p, double scale, bool shares)
{
	static const char *const names[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
		"Saturday", "Sunday" };
	const char *unit = shares ? "" : "bps", *type = shares ? "number" : "rate";
	const struct section_column columns[] = {
		{ "series", "Series", "text", "" },
		{ "day", "Day of the week", "text", "" },
		{ "mean", "Mean", type, unit },
		{ "values", "Values", "count", "" },
	};
	struct section_table *t =
	    section_table(section, "days", "Days of the week", columns, ARRAY_COUNT(columns));

	for (size_t i = 0; i < p->count; i++)
		for (unsigned d = 0; d < 7; d++)
			section_row(t, json_text(p->series[i].name, strlen(p->series[i].name)),
			    json_string(names[d]),
			    value_json(hour_mean(&p->series[i].days[d]) * scale),
			    json_integer((json_int_t)p->series[i].days[d].count), NULL);
}

/* The mean week, drawn over the week of the first value. */
static void
week_figure(struct section *section, const struct profile *p, double scale, bool shares)
{
	struct section_figure *f = section_figure(section, FIGURE_TIME_SERIES, "week", "Mean week");
	int64_t hour = floor_div(p->first, HOUR_MS * NSEC_PER_MS);
	int64_t monday = hour - (hour + MONDAY_HOURS) % HOURS;

	section_axis(f, 'x', "hour of the week (the file's clock)", "time", "ms");
	section_axis(f, 'y', "mean rate", "linear", shares ? "" : "bps");
	section_caption(f, "Mean of each hour of the week, with ± 2 standard errors over weeks.%s",
	    shares ? " The greatest hour is 1." : "");
	for (size_t i = 0; i < p->count; i++) {
		json_t *points = section_series(f, p->series[i].name);
		for (unsigned h = 0; h < HOURS; h++) {
			const struct hour *sums = &p->series[i].week[h];
			double mean = hour_mean(sums) * scale;
			double error = 2 * hour_error(sums) * scale;
			json_t *point = json_array();
			json_array_append_new(point, json_integer((monday + h) * HOUR_MS));
			json_array_append_new(point, value_json(mean));
			if (isfinite(error)) {
				json_array_append_new(point, json_real(mean - error));
				json_array_append_new(point, json_real(mean + error));
			}
			json_array_append_new(points, point);
		}
	}
}

static unsigned
peak_of(const struct hour *hours)
{
	unsigned peak = 0;

	for (unsigned h = 1; h < 24; h++)
		if (hour_mean(&hours[h]) > hour_mean(&hours[peak]) ||
		    !isfinite(hour_mean(&hours[peak])))
			peak = h;
	return peak;
}

static void
say(struct section *section, const struct profile *p, double scale, bool shares)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct series *s = &p->series[i];
		unsigned peak = peak_of(s->day);
		char rate[32], text[32];
		if (s->values == 0)
			continue;
		if (shares)
			(void)snprintf(rate, sizeof rate, "%.2f of the greatest hour",
			    hour_mean(&s->day[peak]) * scale);
		else
			(void)text_si(hour_mean(&s->day[peak]) * scale, "bps", rate, sizeof rate);
		section_say(section,
		    "%.60s: the busiest hour of the mean day begins at %02u:00 (%s); Monday to "
		    "Friday at %02u:00, at the weekend at %02u:00. %s values.",
		    s->name, peak, rate, peak_of(s->weekday), peak_of(s->weekend),
		    text_count(s->values, text, sizeof text));
	}
}

static void
qualify(struct section *section, const struct profile *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->series[i].missing != 0)
			section_quality(section, "%.60s: %zu values are missing or no numbers.",
			    p->series[i].name, p->series[i].missing);
	if (p->bad_rows != 0)
		section_quality(section, "%zu rows could not be used; the first: %s", p->bad_rows,
		    p->first_bad);
}

static enum err
profile_section(
    const struct section_context *context, struct section *section, struct err_info *info)
{
	const char *path = settings_text(context->settings, "series");
	struct profile *p;
	double scale;
	enum err e;

	(void)info;
	if (path[0] == '\0')
		return ERR_END;
	p = xcalloc(1, sizeof *p);
	struct err_info why = { .text = "" };
	e = read_series(p, path, &why);
	section_define(section,
	    "A value counts for the hour of the week in which its time lies, by the clock of the "
	    "file "
	    "it comes from; an hour's mean is over the weeks, its error the standard error of that "
	    "mean.");
	if (e != ERR_OK || p->rows == 0) {
		section_say(section, "The series could not be read.");
		section_quality(section, "%s", e != ERR_OK ? why.text : "It has no rows.");
		qualify(section, p);
		free(p);
		return ERR_OK;
	}
	scale = context->publish ? 1 / greatest(p)
				 : to_bps(p, settings_text(context->settings, "unit"));
	say(section, p, scale, context->publish);
	week_figure(section, p, scale, context->publish);
	day_table(section, p, scale, context->publish);
	days_table(section, p, scale, context->publish);
	qualify(section, p);
	free(p);
	return ERR_OK;
}

const struct analysis analysis_traffic_profile = {
	.name = "traffic/profile",
	.title = "Week profile of a series",
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.state_size = 1,
	.publishes = true,
	.init = profile_init,
	.release = profile_nothing,
	.clear = profile_nothing,
	.observe = profile_observe,
	.merge = profile_merge,
	.finish = profile_finish,
	.section = profile_section,
};
