/* SPDX-License-Identifier: ISC */
/* Counts by day and by country; see scans_section.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/scans_section.h"
#include "base/xmalloc.h"
#include "base/zone.h"

#define DAYS_MOST      4000
#define COUNTRIES_MOST 300
#define SHOWN          25
#define UNKNOWN        "unknown"

/* ------------------------------------------------------------------ days */

struct day {
	int64_t begin; /* seconds since 1970 */
	uint64_t counts[SCAN_SERIES_MOST];
};

struct scan_days {
	struct zone *zone;
	struct day *list; /* owned; in order */
	size_t count, capacity;
};

struct scan_days *
scan_days_new(const struct section_context *context)
{
	struct scan_days *days = xcalloc(1, sizeof *days);

	if (zone_open(context->site->time_zone, &days->zone, NULL) != ERR_OK)
		days->zone = NULL; /* UTC */
	return days;
}

static struct day *
day_at(struct scan_days *days, int64_t begin)
{
	size_t at = days->count;

	while (at > 0 && days->list[at - 1].begin > begin)
		at--;
	if (at > 0 && days->list[at - 1].begin == begin)
		return &days->list[at - 1];
	if (days->count == days->capacity) {
		days->capacity = days->capacity > 0 ? 2 * days->capacity : 32;
		days->list = xrealloc_array(days->list, days->capacity, sizeof *days->list);
	}
	memmove(&days->list[at + 1], &days->list[at], (days->count - at) * sizeof *days->list);
	days->list[at] = (struct day){ .begin = begin };
	days->count++;
	return &days->list[at];
}

void
scan_days_add(struct scan_days *days, unsigned series, nsec_t time, uint64_t count)
{
	int64_t begin, end;

	assert(series < SCAN_SERIES_MOST);
	zone_day(days->zone, time / NSEC_PER_SEC, &begin, &end);
	day_at(days, begin)->counts[series] += count;
}

/* Enters the days between, so that quiet ones show. */
static void
fill(struct scan_days *days)
{
	int64_t last = days->list[days->count - 1].begin, begin = days->list[0].begin, end;

	for (unsigned i = 0; i < DAYS_MOST && begin < last; i++) {
		zone_day(days->zone, begin, &begin, &end);
		(void)day_at(days, begin);
		begin = end;
	}
}

static json_t *
date_of(const struct scan_days *days, int64_t begin)
{
	char text[64];

	(void)zone_format(days->zone, begin * NSEC_PER_SEC, 0, text, sizeof text);
	return json_text(text, strcspn(text, " "));
}

void
scan_days_finish(struct scan_days *days, struct section_figure *figure, const char *const *names,
    unsigned name_count)
{
	if (days->count > 0)
		fill(days);
	for (unsigned s = 0; s < name_count; s++) {
		json_t *points = section_series(figure, names[s]);
		for (size_t i = 0; i < days->count; i++) {
			json_t *point = json_array();
			json_array_append_new(point, date_of(days, days->list[i].begin));
			json_array_append_new(point, json_count(days->list[i].counts[s]));
			json_array_append_new(points, point);
		}
	}
	scan_days_free(days);
}

void
scan_days_free(struct scan_days *days)
{
	if (days == NULL)
		return;
	zone_close(days->zone);
	free(days->list);
	free(days);
}

/* ------------------------------------------------------------------ countries */

struct counted_source {
	struct address address;
	uint64_t attempts;
};

struct scan_countries {
	const struct geo *geo;
	struct dns_pool sources; /* of struct counted_source */
};

struct country {
	char name[8];
	uint64_t sources, attempts;
};

static uint64_t
weigh_source(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct counted_source *)entry)->attempts;
}

static const struct dns_pool_shape SOURCES = { 2, sizeof(struct counted_source), 65536,
	weigh_source };

struct scan_countries *
scan_countries_new(const struct section_context *context)
{
	struct scan_countries *c = xcalloc(1, sizeof *c);
	struct hash_secret secret = hash_secret_new();

	c->geo = context->countries;
	dns_pool_init(&c->sources, &SOURCES, &secret);
	return c;
}

void
scan_countries_add(
    struct scan_countries *countries, const struct address *source, uint64_t attempts)
{
	struct counted_source *s = dns_pool_at(&countries->sources, source->words);

	s->attempts += attempts;
}

/* The country of a name, made when new; the last one takes what finds no room. */
static struct country *
country_at(struct country *list, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	if (*count < COUNTRIES_MOST)
		++*count;
	(void)snprintf(list[*count - 1].name, sizeof list->name, "%s", name);
	return &list[*count - 1];
}

static int
by_sources(const void *a, const void *b)
{
	const struct country *x = a, *y = b;

	if (x->sources != y->sources)
		return x->sources > y->sources ? -1 : 1;
	return strcmp(x->name, y->name);
}

static size_t
gather(const struct scan_countries *c, struct country *list)
{
	size_t count = 0;

	for (uint32_t i = 0; i < c->sources.count; i++) {
		const struct counted_source *s = dns_pool_entry(&c->sources, i);
		char text[GEO_TEXT_SIZE];
		bool known =
		    geo_text(c->geo, &s->address, text) && strlen(text) < sizeof list->name;
		struct country *at = country_at(list, &count, known ? text : UNKNOWN);
		at->sources++;
		at->attempts += s->attempts;
	}
	return count;
}

static void
put_table(
    const struct scan_countries *c, struct section *section, const char *id, const char *title)
{
	static const struct section_column COLUMNS[] = {
		{ "country", "Country", "text", "" },
		{ "sources", "Sources", "count", "" },
		{ "share", "Share", "share", "" },
		{ "attempts", "Attempts", "count", "" },
	};
	struct country *list = xcalloc(COUNTRIES_MOST, sizeof *list);
	struct section_table *t = section_table(section, id, title, COLUMNS, ARRAY_COUNT(COLUMNS));
	size_t count = gather(c, list);
	uint64_t unknown = 0;

	qsort(list, count, sizeof *list, by_sources);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].name, UNKNOWN) == 0)
			unknown = list[i].sources;
		if (i < SHOWN)
			section_row(t, json_string(list[i].name), json_count(list[i].sources),
			    json_real((double)list[i].sources / c->sources.count),
			    json_count(list[i].attempts), NULL);
	}
	section_table_note(t,
	    "By the country to which a source's address is registered; of %.1f %% it is unknown.",
	    100 * (double)unknown / c->sources.count);
	free(list);
}

void
scan_countries_finish(
    struct scan_countries *countries, struct section *section, const char *id, const char *title)
{
	if (countries->geo != NULL && countries->sources.count > 0)
		put_table(countries, section, id, title);
	scan_countries_free(countries);
}

void
scan_countries_free(struct scan_countries *countries)
{
	if (countries == NULL)
		return;
	dns_pool_release(&countries->sources);
	free(countries);
}
