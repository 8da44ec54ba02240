/* SPDX-License-Identifier: ISC */
/*
 * Files that traffic/trend reads: months, events, round robin databases.
 *
 * A row that cannot be used becomes a remark with file and line, and the next is read.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/trend.h"
#include "base/csv.h"
#include "base/spawn.h"
#include "base/xmalloc.h"

#define RRD_STEP    86400
#define RRD_YEARS   30
#define RRD_MOST    ((size_t)64 << 20)
#define RRD_TIMEOUT (60 * NSEC_PER_SEC)
#define DAY         86400

/* Calls `take` for every row with the heading; rows that do not read become remarks. */
static void
each_row(struct trend *trend, const char *path,
    void (*take)(struct trend *, const char *, const struct csv_row *, const int *, void *),
    const char *const *names, size_t required, void *context)
{
	struct err_info why = { .text = "" };
	int columns[8] = { -1, -1, -1, -1, -1, -1, -1, -1 };
	struct csv_row row;
	struct csv *csv;
	bool heading = true;
	enum err e = csv_open(path, &csv, &why);

	if (e != ERR_OK) {
		trend_remark(trend, "%s", why.text);
		return;
	}
	while ((e = csv_next(csv, &row, &why)) != ERR_END && e != ERR_IO) {
		if (e != ERR_OK) {
			trend_remark(trend, "%s", why.text);
			continue;
		}
		if (!heading) {
			take(trend, path, &row, columns, context);
			continue;
		}
		heading = false;
		for (size_t i = 0; names[i] != NULL; i++) {
			columns[i] = csv_column(&row, names[i]);
			if (i < required && columns[i] < 0) {
				trend_remark(trend, "%s:%llu: the heading has no column \"%s\"",
				    path, (unsigned long long)row.line, names[i]);
				csv_close(csv);
				return;
			}
		}
	}
	if (e == ERR_IO)
		trend_remark(trend, "%s", why.text);
	csv_close(csv);
}

/* A field; "" when the row or the heading does not have it. */
static const char *
field(const struct csv_row *row, int column)
{
	return column >= 0 && (size_t)column < row->count ? row->fields[column] : "";
}

static bool
read_number(const char *text, double *ret_value)
{
	char *end;

	errno = 0;
	*ret_value = strtod(text, &end);
	return end != text && *end == '\0' && errno == 0 && isfinite(*ret_value) && *ret_value >= 0;
}

/* "2014-05", also with a day. */
static bool
read_month(const char *text, int *ret_month)
{
	unsigned year, month;
	int used = 0;

	/* NOLINTNEXTLINE(cert-err34-c): what does not convert shows in the count */
	if (sscanf(text, "%4u-%2u%n", &year, &month, &used) != 2 || month < 1 || month > 12 ||
	    year < 1970 || (text[used] != '\0' && text[used] != '-'))
		return false;
	*ret_month = (int)(12 * year + month - 1);
	return true;
}

static bool
read_direction(const char *text, enum trend_direction *ret_direction)
{
	bool in = strcasecmp(text, "in") == 0 || strcasecmp(text, "upload") == 0;
	bool out = strcasecmp(text, "out") == 0 || strcasecmp(text, "download") == 0;

	*ret_direction = in ? TREND_IN : TREND_OUT;
	return in || out;
}

enum {
	CSV_MONTH,
	CSV_DIRECTION,
	CSV_SERVICE,
	CSV_OCTETS,
	CSV_RATE,
};

static void
take_month(struct trend *trend, const char *path, const struct csv_row *row, const int *columns,
    void *context)
{
	const char *octets = field(row, columns[CSV_OCTETS]);
	const char *rate = field(row, columns[CSV_RATE]);
	const char *service = field(row, columns[CSV_SERVICE]);
	struct trend_month month = { 0 };
	enum trend_direction direction;
	const char *wrong = NULL;
	double value = 0;

	(void)context;
	if (!read_month(field(row, columns[CSV_MONTH]), &month.month))
		wrong = "the month is not YYYY-MM";
	else if (!read_direction(field(row, columns[CSV_DIRECTION]), &direction))
		wrong = "the direction is neither in nor out";
	else if (!read_number(octets[0] != '\0' ? octets : rate, &value))
		wrong = "neither bytes nor avg_bps is a number";
	if (wrong != NULL) {
		trend_remark(trend, "%s:%llu: %s", path, (unsigned long long)row->line, wrong);
		return;
	}
	month.seconds = (double)(trend_month_begin(trend->zone, month.month + 1) -
				 trend_month_begin(trend->zone, month.month));
	month.octets = octets[0] != '\0' ? value : value / 8 * month.seconds;
	trend_add(trend, service[0] != '\0' ? service : "all", direction, "file", &month);
}

void
trend_read_csv(struct trend *trend, const char *path)
{
	static const char *const names[] = { [CSV_MONTH] = "month",
		[CSV_DIRECTION] = "direction",
		[CSV_SERVICE] = "service",
		[CSV_OCTETS] = "bytes",
		[CSV_RATE] = "avg_bps",
		NULL };

	each_row(trend, path, take_month, names, 2, NULL);
}

static void
take_event(struct trend *trend, const char *path, const struct csv_row *row, const int *columns,
    void *context)
{
	const char *date = field(row, columns[0]), *url = field(row, columns[2]);
	struct trend_event event = { 0 };

	(void)context;
	if (clock_parse(date, &event.time) != ERR_OK) {
		trend_remark(trend, "%s:%llu: \"%.40s\" is no date", path,
		    (unsigned long long)row->line, date);
		return;
	}
	event.label = xstrdup(field(row, columns[1]));
	event.url = url[0] != '\0' ? xstrdup(url) : NULL;
	trend->events =
	    xrealloc_array(trend->events, trend->event_count + 1, sizeof trend->events[0]);
	trend->events[trend->event_count++] = event;
}

void
trend_read_events(struct trend *trend, const char *path)
{
	static const char *const names[] = { "date", "event", "url", NULL };

	each_row(trend, path, take_event, names, 2, NULL);
}

/* The value of an export's row: null stands for what is not known. */
static void
/* NOLINTNEXTLINE(readability-function-size): its arguments are one row */
add_day(struct trend *trend, const char *group, enum trend_direction direction, int64_t end,
    int64_t step, double scale, const json_t *value)
{
	struct trend_month month = { .month = trend_month_of(trend->zone, end - 1),
		.seconds = (double)step };

	if (!json_is_number(value))
		return;
	month.octets = json_number_value(value) * scale / 8 * (double)step;
	trend_add(trend, group, direction, "rrd", &month);
}

static bool
add_export(struct trend *trend, const char *group, double scale, json_t *export)
{
	struct trend one = { .zone = trend->zone };
	int64_t step = json_integer_value(json_object_get(json_object_get(export, "meta"), "step"));
	json_t *rows = json_object_get(export, "data"), *row;
	size_t i;

	if (step <= 0 || !json_is_array(rows))
		return false;
	json_array_foreach (rows, i, row) {
		const json_t *at = json_array_get(row, 0);
		int64_t end = json_is_string(at) ? strtoll(json_string_value(at), NULL, 10)
						 : json_integer_value(at);
		add_day(&one, group, TREND_IN, end, step, scale, json_array_get(row, 1));
		add_day(&one, group, TREND_OUT, end, step, scale, json_array_get(row, 2));
	}
	trend_join(trend, &one);
	trend_release(&one);
	return true;
}

/* A name inside a DEF: rrdtool takes a backslash before what means something to it. */
static char *
escape(const char *text)
{
	char *copy = xmalloc(2 * strlen(text) + 1), *to = copy;

	for (; *text != '\0'; text++) {
		if (*text == ':' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	*to = '\0';
	return copy;
}

/* `rrdtool last`: when the database was written last. */
static enum err
last_update(const char *program, const char *path, int64_t *ret_time, struct err_info *info)
{
	const char *argv[] = { program, "last", "--", path, NULL };
	char *output;
	size_t size;
	enum err e = spawn_read(argv, 4096, RRD_TIMEOUT, &output, &size, info);

	if (e != ERR_OK)
		return e;
	*ret_time = strtoll(output, NULL, 10);
	free(output);
	return *ret_time > 0 ? ERR_OK : err_set(info, ERR_FORMAT, "%s: never updated", path);
}

static enum err
export_rrd(const char *program, const struct csv_row *row, const int *columns, char **ret_output,
    size_t *ret_size, struct err_info *info)
{
	const char *path = row->fields[columns[0]];
	int64_t last = 0;
	enum err e = last_update(program, path, &last, info);

	if (e != ERR_OK)
		return e;
	char *name = escape(path);
	char *begin = xasprintf("%lld", (long long)(last - (int64_t)RRD_YEARS * 366 * DAY));
	char *end = xasprintf("%lld", (long long)last);
	char *in = xasprintf("DEF:i=%s:%s:AVERAGE", name, field(row, columns[1]));
	char *out = xasprintf("DEF:o=%s:%s:AVERAGE", name, field(row, columns[2]));
	char *step = xasprintf("%d", RRD_STEP);
	const char *argv[] = { program, "xport", "--json", "-t", "-m", "20000", "-s", begin, "-e",
		end, "--step", step, in, out, "XPORT:i:in", "XPORT:o:out", NULL };
	e = spawn_read(argv, RRD_MOST, RRD_TIMEOUT, ret_output, ret_size, info);
	free(name);
	free(begin);
	free(end);
	free(in);
	free(out);
	free(step);
	return e;
}

static void
take_rrd(struct trend *trend, const char *path, const struct csv_row *row, const int *columns,
    void *context)
{
	const char *program = context;
	const char *group = field(row, columns[3]), *factor = field(row, columns[4]);
	struct err_info why = { .text = "it is not what rrdtool xport gives" };
	json_t *export;
	char *output;
	size_t size;
	double scale = 8;

	if (field(row, columns[0])[0] == '\0' ||
	    (factor[0] != '\0' && !read_number(factor, &scale))) {
		trend_remark(trend, "%s:%llu: no path, or a scale that is no number", path,
		    (unsigned long long)row->line);
		return;
	}
	if (export_rrd(program, row, columns, &output, &size, &why) != ERR_OK) {
		trend_remark(trend, "%s:%llu: %s", path, (unsigned long long)row->line, why.text);
		return;
	}
	export = json_loadb(output, size, 0, NULL);
	free(output);
	if (!add_export(trend, group[0] != '\0' ? group : "all", scale, export))
		trend_remark(trend, "%s:%llu: %s", path, (unsigned long long)row->line, why.text);
	json_decref(export);
}

void
trend_read_rrd(struct trend *trend, const char *map_path, const char *program)
{
	static const char *const names[] = { "path", "ds_in", "ds_out", "group", "scale", NULL };
	/* The callback's context is not changed. */
	void *context = (void *)(uintptr_t)program;

	each_row(trend, map_path, take_rrd, names, 3, context);
}
