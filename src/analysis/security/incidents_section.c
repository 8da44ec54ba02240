/* SPDX-License-Identifier: ISC */
/*
 * Calendars, shares and counts of the incidents of a period; see incidents_section.h.
 *
 * Whole months are shown: where the review's period was not given, those that its records touch.
 * An incident counts once, in the month of the day it began on; days are those of the site's zone.
 * What recurs stands on its day of each year (February 29 in leap years only, as RFC 5545 section
 * 3.3.10 has it for dates that do not exist).
 */
#include "analysis/security/incidents_section.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define SOURCES_MOST 64

/* One line of the chronology: an incident, or one year's return of it. */
struct item {
	const struct incident *incident;
	int month; /* counted from year 0; year * 12 when only the year is known */
	int day;   /* 0 when not known */
	bool whole_year;
};

struct book {
	const struct section_context *context;
	const struct zone *zone;
	struct section *section;
	struct item *items; /* owned */
	size_t count, capacity;
	int first, last; /* months shown */
	bool bounded;    /* the period was asked for */
	nsec_t begin, end;
	size_t waiting; /* not approved, in the period */
};

static void find_period(struct book *b, const struct incident_list *list);
static void gather(struct book *b, const struct incident_list *list);
static void say_summary(struct book *b);
static void add_calendars(struct book *b);
static void add_shares(struct book *b);
static void add_months(struct book *b);
static void add_chronology(struct book *b);
static void add_sources(struct book *b);
static void define(struct book *b);

enum err
incidents_section_make(const struct section_context *context, struct incident_list *list,
    const struct zone *zone, struct section *section)
{
	struct book b = { .context = context, .zone = zone, .section = section };

	incident_list_sort(list);
	find_period(&b, list);
	gather(&b, list);
	if (b.count == 0 && b.waiting == 0) {
		free(b.items);
		return ERR_END;
	}
	say_summary(&b);
	if (b.count != 0) {
		add_shares(&b);
		add_months(&b);
		add_calendars(&b);
		add_chronology(&b);
		add_sources(&b);
	}
	define(&b);
	free(b.items);
	return ERR_OK;
}

/* --- the period ------------------------------------------------------------------------------- */

static int
month_of(const struct book *b, nsec_t time)
{
	struct incident_time moment = { .timed = true, .seconds = floor_div(time, NSEC_PER_SEC) };
	struct incident_time local = incident_time_local(&moment, b->zone);

	return local.year * 12 + local.month - 1;
}

/* The months from the first approved incident to the last. */
static void
find_own_months(struct book *b, const struct incident_list *list)
{
	bool found = false;

	for (size_t i = 0; i < list->count; i++) {
		struct incident_time at = incident_time_local(&list->items[i].begin, b->zone);
		int month = at.year * 12 + (at.month != 0 ? at.month - 1 : 0);
		if (list->items[i].recurs || !list->items[i].approved)
			continue;
		if (!found || month < b->first)
			b->first = month;
		if (!found || month + (at.month == 0 ? 11 : 0) > b->last)
			b->last = month + (at.month == 0 ? 11 : 0);
		found = true;
	}
	if (!found) { /* nothing but days of every year: no year to show them in */
		b->first = 1;
		b->last = 0;
	}
}

static void
find_period(struct book *b, const struct incident_list *list)
{
	const struct section_context *c = b->context;

	b->bounded = c->begin > 0 && c->end < INT64_MAX;
	b->begin = b->bounded ? c->begin : INT64_MIN;
	b->end = b->bounded ? c->end : INT64_MAX;
	if (b->bounded) {
		b->first = month_of(b, c->begin);
		b->last = month_of(b, c->end - 1);
	} else if (c->first != 0) {
		b->first = month_of(b, c->first);
		b->last = month_of(b, c->last);
	} else {
		find_own_months(b, list);
	}
}

/* --- which incidents are in it -----------------------------------------------------------------
 */

/* Whether a day, or a moment, lies in the period that was asked for; what has no day is in it when
 * its month is. */
static bool
in_period(const struct book *b, const struct incident_time *at, int month, int day)
{
	int64_t begin;
	nsec_t time;

	if (month < b->first || month > b->last)
		return false;
	if (!b->bounded || day == 0)
		return true;
	begin = at->timed ? at->seconds
			  : incident_time_wall(
				b->zone, incident_days(month / 12, month % 12 + 1, day) * 86400);
	time = begin * NSEC_PER_SEC;
	return time >= b->begin && time < b->end;
}

static void
put_item(struct book *b, const struct incident *i, int month, int day, bool whole_year)
{
	if (!i->approved) {
		b->waiting++;
		return;
	}
	if (b->count == b->capacity) {
		b->capacity = b->capacity == 0 ? 64 : 2 * b->capacity;
		b->items = xrealloc_array(b->items, b->capacity, sizeof *b->items);
	}
	b->items[b->count++] = (struct item){ i, month, day, whole_year };
}

static void
gather_recurring(struct book *b, const struct incident *i)
{
	for (int year = b->first / 12; year <= b->last / 12; year++) {
		int month = year * 12 + i->begin.month - 1;
		if (year >= i->begin.year &&
		    i->begin.day <= incident_days_in(year, i->begin.month) &&
		    in_period(b, &i->begin, month, i->begin.day))
			put_item(b, i, month, i->begin.day, false);
	}
}

/* A year without a month belongs to a period that holds some of it. */
static void
gather_one(struct book *b, const struct incident *i)
{
	struct incident_time at = incident_time_local(&i->begin, b->zone);
	int month = at.year * 12 + at.month - 1;

	if (at.month == 0) {
		if (at.year >= b->first / 12 && at.year <= b->last / 12 && b->first <= b->last)
			put_item(b, i, at.year * 12, 0, true);
		return;
	}
	if (in_period(b, &i->begin, month, at.day))
		put_item(b, i, month, at.day, false);
}

static int
compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order;

	if (x->month != y->month)
		return x->month < y->month ? -1 : 1;
	if (x->whole_year != y->whole_year)
		return x->whole_year ? -1 : 1;
	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->incident->category != y->incident->category)
		return x->incident->category < y->incident->category ? -1 : 1;
	if (x->incident->begin.seconds != y->incident->begin.seconds)
		return x->incident->begin.seconds < y->incident->begin.seconds ? -1 : 1;
	order = strcmp(incident_text(x->incident, "title"), incident_text(y->incident, "title"));
	return order != 0
		   ? order
		   : strcmp(incident_text(x->incident, "id"), incident_text(y->incident, "id"));
}

static void
gather(struct book *b, const struct incident_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].recurs)
			gather_recurring(b, &list->items[i]);
		else
			gather_one(b, &list->items[i]);
	}
	if (b->count != 0)
		qsort(b->items, b->count, sizeof *b->items, compare_items);
}

/* --- text ------------------------------------------------------------------------------------- */

/* A title for one line: blanks for line ends, cut at so many characters.  The caller frees it. */
static char *
line_of(const struct book *b, const struct incident *i, size_t most)
{
	const char *title = incident_text(i, "title");
	const char *plain = incident_text(i, "public_title");
	size_t at = 0, left = most;
	char *text;

	if (b->context->publish && plain[0] != '\0')
		title = plain;
	for (; title[at] != '\0'; at++)
		if (((unsigned char)title[at] & 0xc0) != 0x80 && left-- == 0)
			break;
	if (title[at] != '\0') { /* the last character gives its place to the mark */
		at--;
		while (((unsigned char)title[at] & 0xc0) == 0x80)
			at--;
	}
	text = xasprintf("%.*s%s", (int)at, title, title[at] != '\0' ? "\u2026" : "");
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			*c = ' ';
	return text;
}

static char *
month_text(int month, char text[16])
{
	(void)snprintf(
	    text, 16, "%04u-%02u", (unsigned)month / 12 % 10000, (unsigned)month % 12 + 1);
	return text;
}

static json_t *
string(const char *text)
{
	return json_text(text, strlen(text));
}

static void
count_categories(const struct book *b, size_t counts[INCIDENT_CATEGORIES])
{
	for (size_t i = 0; i < INCIDENT_CATEGORIES; i++)
		counts[i] = 0;
	for (size_t i = 0; i < b->count; i++)
		counts[b->items[i].incident->category]++;
}

static void
say_summary(struct book *b)
{
	size_t counts[INCIDENT_CATEGORIES];
	char text[600] = "", number[32], first[16], last[16];
	const char *zone = b->context->site->time_zone;

	count_categories(b, counts);
	for (size_t i = 0; i < INCIDENT_CATEGORIES; i++) {
		size_t used = strlen(text);
		if (counts[i] != 0)
			(void)snprintf(text + used, sizeof text - used, "%s%s %s",
			    used != 0 ? ", " : "", INCIDENT_CATEGORY[i].title,
			    text_count(counts[i], number, sizeof number));
	}
	if (b->count != 0)
		section_say(b->section, "%s incidents from %s to %s: %s.",
		    text_count(b->count, number, sizeof number), month_text(b->first, first),
		    month_text(b->last, last), text);
	else
		section_say(b->section, "Nothing of this period is approved to be shown.");
	section_quality(b->section,
	    "Days and months are those of %s; a date that names no time of day stays the day its "
	    "source wrote.",
	    zone != NULL ? zone : "UTC");
	if (b->waiting != 0)
		section_quality(b->section,
		    "%s more of the period wait for approval (yagura incidents approve) and are "
		    "neither shown nor counted.",
		    text_count(b->waiting, number, sizeof number));
}

/* --- shares and counts ---------------------------------------------------------------------------
 */

static void
add_shares(struct book *b)
{
	static const struct section_column COLUMNS[] = {
		{ "category", "Category", "text", "" },
		{ "tag", "Tag", "text", "" },
		{ "incidents", "Incidents", "count", "" },
		{ "share", "Share", "share", "" },
	};
	size_t counts[INCIDENT_CATEGORIES];
	struct section_figure *f =
	    section_figure(b->section, FIGURE_BARS, "categories", "Incidents by category");
	struct section_table *t = section_table(
	    b->section, "categories", "Incidents by category", COLUMNS, ARRAY_COUNT(COLUMNS));
	json_t *points = section_series(f, "incidents");

	count_categories(b, counts);
	section_axis(f, 'x', "category", "category", "");
	section_axis(f, 'y', "share", "linear", "");
	section_caption(f, "Share of each category in all incidents of the period; the categories "
			   "are defined beneath the table.");
	for (size_t i = 0; i < INCIDENT_CATEGORIES; i++) {
		const struct incident_category_text *c = &INCIDENT_CATEGORY[i];
		double share = (double)counts[i] / (double)b->count;
		json_array_append_new(points, json_pack("[s,f]", c->title, share));
		section_row(t, json_string(c->title), json_pack("s%", &c->letter, (size_t)1),
		    json_integer((json_int_t)counts[i]), json_real(share), NULL);
		section_table_note(t, "%c, %s: %s.", c->letter, c->title, c->definition);
	}
}

static const struct section_column MONTH_COLUMNS[] = {
	{ "month", "Month", "text", "" },
	{ "vulnerabilities", "V", "count", "" },
	{ "political", "P", "count", "" },
	{ "history", "H", "count", "" },
	{ "security", "S", "count", "" },
	{ "other", "O", "count", "" },
	{ "incidents", "All", "count", "" },
};

/* How many of the items [from, to) are of each category. */
static void
month_row(const struct book *b, struct section_table *t, const char *name, size_t from, size_t to)
{
	json_int_t counts[INCIDENT_CATEGORIES] = { 0 };

	for (size_t i = from; i < to; i++)
		counts[b->items[i].incident->category]++;
	section_row(t, json_string(name), json_integer(counts[0]), json_integer(counts[1]),
	    json_integer(counts[2]), json_integer(counts[3]), json_integer(counts[4]),
	    json_integer((json_int_t)(to - from)), NULL);
}

/* Where the items of a month (or of a year without month) end. */
static size_t
month_end(const struct book *b, size_t from, int month, bool whole_year)
{
	while (from < b->count && b->items[from].month == month &&
	       b->items[from].whole_year == whole_year)
		from++;
	return from;
}

static void
add_months(struct book *b)
{
	struct section_figure *f =
	    section_figure(b->section, FIGURE_BARS, "months", "Incidents a month");
	struct section_table *t = section_table(
	    b->section, "months", "Incidents a month", MONTH_COLUMNS, ARRAY_COUNT(MONTH_COLUMNS));
	json_t *series[INCIDENT_CATEGORIES];
	size_t totals[INCIDENT_CATEGORIES];
	char name[32];
	size_t at = 0;

	section_axis(f, 'x', "month", "category", "");
	section_axis(f, 'y', "incidents", "linear", "");
	section_caption(f, "Incidents by the month they began in.");
	count_categories(b, totals);
	for (size_t c = 0; c < INCIDENT_CATEGORIES; c++)
		series[c] = totals[c] != 0 ? section_series(f, INCIDENT_CATEGORY[c].title) : NULL;
	/* A year without month sorts with its January, which may lie before the period. */
	for (int month = b->first / 12 * 12; month <= b->last; month++) {
		size_t end = month_end(b, at, month, true);
		if (end > at) {
			(void)snprintf(name, sizeof name, "%04d, month not known", month / 12);
			month_row(b, t, name, at, end);
		}
		at = end;
		end = month_end(b, at, month, false);
		if (month >= b->first)
			month_row(b, t, month_text(month, name), at, end);
		for (size_t c = 0; month >= b->first && c < INCIDENT_CATEGORIES; c++) {
			json_int_t n = 0;
			for (size_t i = at; i < end; i++)
				n += b->items[i].incident->category == c;
			if (series[c] != NULL)
				json_array_append_new(series[c], json_pack("[s,I]", name, n));
		}
		at = end;
	}
}

/* --- calendars ----------------------------------------------------------------------------------
 */

static const struct section_column CALENDAR_COLUMNS[] = {
	{ "day", "Day", "text", "" },
	{ "incidents", "Incidents", "items", "" },
	{ "more", "More", "count", "" },
};

/* "13 Wed"; the first of 1970 was a Thursday. */
static void
day_text(int month, int day, char *text, size_t size)
{
	static const char *const NAMES[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	int64_t days = incident_days(month / 12, month % 12 + 1, day);
	int64_t weekday = days - 7 * floor_div(days, 7);

	(void)snprintf(text, size, "%d %s", day, NAMES[weekday]);
}

/* The items of a day as lines "V title", as many as are asked for. */
static void
day_row(const struct book *b, struct section_table *t, const char *day, size_t from, size_t to)
{
	size_t most = settings_u64(b->context->settings, "items_per_day");
	size_t length = settings_u64(b->context->settings, "title_length");
	size_t shown = to - from <= most ? to - from : most;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = from; i < from + shown; i++) {
		char *line = line_of(b, b->items[i].incident, length - 2);
		(void)fprintf(out, "%s%c %s", i > from ? "\n" : "",
		    INCIDENT_CATEGORY[b->items[i].incident->category].letter, line);
		free(line);
	}
	(void)fclose(out);
	section_row(t, json_string(day), shown != 0 ? json_text(text, size) : json_null(),
	    to - from > shown ? json_integer((json_int_t)(to - from - shown)) : json_null(), NULL);
	free(text);
}

/* All days of a month, and what has none before them. */
static size_t
add_calendar(struct book *b, int month, size_t at)
{
	struct section_table *t;
	char name[16], id[40], title[40], day[16];
	size_t end = month_end(b, at, month, false), from = at;

	(void)snprintf(id, sizeof id, "calendar-%s", month_text(month, name));
	(void)snprintf(title, sizeof title, "Incidents of %s", name);
	t = section_table(b->section, id, title, CALENDAR_COLUMNS, ARRAY_COUNT(CALENDAR_COLUMNS));
	while (from < end && b->items[from].day == 0)
		from++;
	if (from > at)
		day_row(b, t, "day not known", at, from);
	for (int d = 1; d <= incident_days_in(month / 12, month % 12 + 1); d++) {
		at = from;
		while (from < end && b->items[from].day == d)
			from++;
		day_text(month, d, day, sizeof day);
		day_row(b, t, day, at, from);
	}
	section_table_note(t, "V vulnerabilities, P political and social situations, H history, S "
			      "security incidents, O other.");
	return end;
}

static void
add_calendars(struct book *b)
{
	int most = (int)settings_u64(b->context->settings, "calendars");
	int from = b->last - most + 1 > b->first ? b->last - most + 1 : b->first;
	size_t at = 0;

	if (from > b->first)
		section_quality(b->section, "Of %d months the last %d have a calendar.",
		    b->last - b->first + 1, most);
	for (int month = b->first / 12 * 12; month <= b->last; month++) {
		at = month_end(b, at, month, true);
		at = month >= from ? add_calendar(b, month, at) : month_end(b, at, month, false);
	}
}

/* --- the chronology and its sources
 * ----------------------------------------------------------------- */

static json_t *
list_text(const struct incident *i, const char *member)
{
	const json_t *list = json_object_get(i->entry, member), *item;
	char *text = NULL;
	size_t size = 0, k;
	FILE *out = open_memstream(&text, &size);
	json_t *result;

	json_array_foreach (list, k, item)
		(void)fprintf(out, "%s%s", k > 0 ? " " : "", json_string_value(item));
	(void)fclose(out);
	result = size != 0 ? json_text(text, size) : json_null();
	free(text);
	return result;
}

static void
add_chronology(struct book *b)
{
	static const struct section_column COLUMNS[] = {
		{ "date", "Date", "text", "" },
		{ "end", "Until", "text", "" },
		{ "tag", "Tag", "text", "" },
		{ "title", "Incident", "text", "" },
		{ "cve", "CVE", "text", "" },
		{ "refs", "References", "text", "" },
		{ "source", "Source", "text", "" },
		{ "confidence", "Confidence", "number", "" },
		{ "id", "Id", "text", "" },
	};
	struct section_table *t =
	    section_table(b->section, "chronology", "All incidents", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (size_t k = 0; k < b->count; k++) {
		const struct incident *i = b->items[k].incident;
		const json_t *confidence = json_object_get(i->entry, "confidence");
		const char *end = incident_text(i, "end"),
			   *plain = incident_text(i, "public_title");
		bool hidden = b->context->publish && plain[0] != '\0';
		char date[40], name[16];
		if (b->items[k].day != 0)
			(void)snprintf(date, sizeof date, "%s-%02d",
			    month_text(b->items[k].month, name), b->items[k].day);
		else
			(void)snprintf(date, sizeof date, "%.*s", b->items[k].whole_year ? 4 : 7,
			    month_text(b->items[k].month, name));
		section_row(t, json_string(date), end[0] != '\0' ? string(end) : json_null(),
		    json_pack("s%", &INCIDENT_CATEGORY[i->category].letter, (size_t)1),
		    string(hidden ? plain : incident_text(i, "title")), list_text(i, "cve"),
		    list_text(i, "refs"), string(incident_text(i, "source")),
		    confidence != NULL ? json_incref((json_t *)confidence) : json_null(),
		    string(incident_text(i, "id")), NULL);
	}
}

static int
compare_sources(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
add_sources(struct book *b)
{
	static const struct section_column COLUMNS[] = {
		{ "source", "Source", "text", "" },
		{ "incidents", "Incidents", "count", "" },
	};
	const char **sources = xcalloc(b->count, sizeof *sources);
	struct section_table *t =
	    section_table(b->section, "sources", "Who told of them", COLUMNS, ARRAY_COUNT(COLUMNS));
	size_t from = 0;

	for (size_t i = 0; i < b->count; i++)
		sources[i] = incident_text(b->items[i].incident, "source");
	qsort(sources, b->count, sizeof *sources, compare_sources);
	for (size_t i = 1; i <= b->count; i++) {
		if (i < b->count && strcmp(sources[i], sources[from]) == 0)
			continue;
		section_row(t, sources[from][0] != '\0' ? string(sources[from]) : json_null(),
		    json_integer((json_int_t)(i - from)), NULL);
		from = i;
	}
	section_table_note(t, "\"kev+nvd\": told by several, and joined into one.");
	free(sources);
}

static void
define(struct book *b)
{
	section_define(b->section,
	    "An incident counts once, in the month of the day on which it began, with the category "
	    "its author or source gave it. Entries that tell of one thing (the same number at the "
	    "same source, the same CVEs, the same references, or the same title on the same day, "
	    "within a category) are joined before they are counted.");
	section_define(b->section,
	    "An incident of which only the year is known is counted in the year and in no month; "
	    "one of which only the month is known has no day. Days of history return every year, "
	    "that of February 29 in leap years.");
	for (size_t i = 0; i < INCIDENT_CATEGORIES; i++)
		section_define(b->section, "%s (%c): %s.", INCIDENT_CATEGORY[i].title,
		    INCIDENT_CATEGORY[i].letter, INCIDENT_CATEGORY[i].definition);
}
