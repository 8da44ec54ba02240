/* SPDX-License-Identifier: ISC */
/* The section of traffic/remote: the largest networks and countries of the other end, with errors.
 */
#include "analysis/traffic/remote_section.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/exports.h"
#include "base/clock.h"
#include "base/xmalloc.h"
#include "net/geo.h"

#define MOST_ROWS   50
#define NAME_SIZE   32
#define SIGNIFICANT 2

/* Which way the octets went: to users, from them. */
enum way { WAY_DOWN, WAY_UP, WAYS };

struct sum {
	double octets, variance;
};

struct entry {
	char name[NAME_SIZE];
	struct sum ways[2][WAYS]; /* of the period, of the earlier one */
	uint64_t crowds;
};

/* All names of a kind. */
struct list {
	struct entry *all; /* owned; the largest first, once sorted */
	size_t count, capacity;
	struct sum totals[2][WAYS];
};

static struct entry *
last_entry(struct list *l, const char *name)
{
	if (l->count > 0 && strcmp(l->all[l->count - 1].name, name) == 0)
		return &l->all[l->count - 1];
	if (l->count == l->capacity) {
		l->capacity = l->capacity > 0 ? 2 * l->capacity : 256;
		l->all = xrealloc_array(l->all, l->capacity, sizeof *l->all);
	}
	l->all[l->count] = (struct entry){ 0 };
	(void)snprintf(l->all[l->count].name, NAME_SIZE, "%s", name);
	return &l->all[l->count++];
}

/* Whether a row is of the earlier period is told by a column of the query. */
static void
take_row(struct list *l, const struct result *r)
{
	struct entry *entry = last_entry(l, result_text(r, 0));
	unsigned when = result_u64(r, 2) != 0;
	double n = result_u64(r, 3) > 1 ? (double)result_u64(r, 3) : 1;
	enum way way = strcmp(result_text(r, 1), "in") == 0 ? WAY_UP : WAY_DOWN;
	struct sum one = { n * result_f64(r, 4), n * (n - 1) * result_f64(r, 5) };

	entry->ways[when][way].octets += one.octets;
	entry->ways[when][way].variance += one.variance;
	l->totals[when][way].octets += one.octets;
	l->totals[when][way].variance += one.variance;
	entry->crowds += when == 0 ? result_u64(r, 6) : 0;
}

static struct sum
both_ways(const struct sum ways[WAYS])
{
	return (struct sum){ ways[WAY_DOWN].octets + ways[WAY_UP].octets,
		ways[WAY_DOWN].variance + ways[WAY_UP].variance };
}

/* Names that say nothing come last. */
static int
is_rest(const struct entry *e)
{
	return strcmp(e->name, REMOTE_OTHERS) == 0 || strcmp(e->name, REMOTE_UNKNOWN) == 0;
}

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	double left = both_ways(x->ways[0]).octets, right = both_ways(y->ways[0]).octets;

	if (is_rest(x) != is_rest(y))
		return is_rest(x) - is_rest(y);
	if (left != right)
		return left > right ? -1 : 1;
	return strcmp(x->name, y->name);
}

static enum err
read_list(const struct section_context *c, const char *kind, struct list *l, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT name AS t, direction AS d, CASE WHEN" PERIOD_SQL
	    "THEN 0 ELSE 1 END AS w, sampling AS n, sum(octets) AS o, sum(squares) AS q, "
	    "sum(crowds) AS c FROM traffic_remote WHERE kind = '%s' AND ((" PERIOD_SQL
	    ") OR (" PERIOD_SQL ")) GROUP BY t, d, w, n ORDER BY t, d, w, n",
	    PERIOD_ARGS(c), kind, PERIOD_ARGS(c), COMPARE_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r))
		take_row(l, r);
	result_free(r);
	if (l->count > 0)
		qsort(l->all, l->count, sizeof *l->all, compare);
	return ERR_OK;
}

/* The share of a part and its standard error by sampling (spec of shares: traffic-services.md). */
static double
share(struct sum part, struct sum all, double *ret_error)
{
	double s = all.octets > 0 ? part.octets / all.octets : 0;

	*ret_error = all.octets > 0 ? sqrt((1 - s) * (1 - s) * part.variance +
					   s * s * fmax(0, all.variance - part.variance)) /
					  all.octets
				    : 0;
	return s;
}

static const struct section_column COLUMNS[] = {
	{ "name", "", "text", "" },
	{ "share", "Share", "share", "" },
	{ "share_error", "± 2 se", "share", "" },
	{ "out_share", "Share of download", "share", "" },
	{ "out_share_error", "± 2 se", "share", "" },
	{ "in_share", "Share of upload", "share", "" },
	{ "in_share_error", "± 2 se", "share", "" },
	{ "earlier_share", "Earlier share", "share", "" },
	{ "earlier_share_error", "± 2 se", "share", "" },
	{ "change_points", "Change (points)", "number", "" },
	{ "change_significant", "Significant", "text", "" },
};

#define ONE_PERIOD 7 /* of COLUMNS */

static void
put_row(struct section_table *t, const struct list *l, const struct entry *e, bool compared)
{
	struct sum both[2] = { both_ways(e->ways[0]), both_ways(e->ways[1]) };
	struct sum all[2] = { both_ways(l->totals[0]), both_ways(l->totals[1]) };
	double se[2], down_se, up_se;
	double now = share(both[0], all[0], &se[0]), before = share(both[1], all[1], &se[1]);
	double down = share(e->ways[0][WAY_DOWN], l->totals[0][WAY_DOWN], &down_se);
	double up = share(e->ways[0][WAY_UP], l->totals[0][WAY_UP], &up_se);
	double change_se = sqrt(se[0] * se[0] + se[1] * se[1]);
	json_t *cells[ONE_PERIOD] = { json_text(e->name, strlen(e->name)), json_real(now),
		json_real(SIGNIFICANT * se[0]), json_real(down), json_real(SIGNIFICANT * down_se),
		json_real(up), json_real(SIGNIFICANT * up_se) };

	if (!compared) {
		section_row(
		    t, cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], NULL);
		return;
	}
	section_row(t, cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6],
	    json_real(before), json_real(SIGNIFICANT * se[1]), json_real(100 * (now - before)),
	    json_string(
		now == before || fabs(now - before) < SIGNIFICANT * change_se ? "n.s." : "yes"),
	    NULL);
}

/* How much a name must have for a row of its own; published, ten users must have used it. */
static bool
has_row(const struct section_context *c, const struct list *l, const struct entry *e)
{
	double all = both_ways(l->totals[0]).octets;

	if (is_rest(e) || (c->publish && e->crowds == 0))
		return false;
	return both_ways(e->ways[0]).octets >= settings_f64(c->settings, "threshold") * all;
}

static void
add_entry(struct entry *to, const struct entry *e)
{
	for (unsigned when = 0; when < 2; when++)
		for (unsigned way = 0; way < WAYS; way++) {
			to->ways[when][way].octets += e->ways[when][way].octets;
			to->ways[when][way].variance += e->ways[when][way].variance;
		}
}

static void
put_table(const struct section_context *c, struct section *section, const struct list *l,
    const char *id, const char *title, const char *heading)
{
	struct section_column columns[ARRAY_COUNT(COLUMNS)];
	bool compared = both_ways(l->totals[1]).octets > 0;
	struct entry others = { .name = REMOTE_OTHERS };
	struct section_table *t;
	size_t shown = 0, left = 0;

	memcpy(columns, COLUMNS, sizeof columns);
	columns[0].title = heading;
	t = section_table(
	    section, id, title, columns, compared ? ARRAY_COUNT(columns) : ONE_PERIOD);
	for (size_t i = 0; i < l->count; i++) {
		const struct entry *e = &l->all[i];
		if (has_row(c, l, e) && shown < MOST_ROWS) {
			put_row(t, l, e, compared);
			shown++;
		} else if (strcmp(e->name, REMOTE_UNKNOWN) != 0) {
			add_entry(&others, e);
			left += !is_rest(e);
		}
	}
	if (both_ways(others.ways[0]).octets + both_ways(others.ways[1]).octets > 0)
		put_row(t, l, &others, compared);
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->all[i].name, REMOTE_UNKNOWN) == 0)
			put_row(t, l, &l->all[i], compared);
	section_table_note(t,
	    "At least %.3g %% of the octets for a row of its own%s; \"others\" are %zu names.",
	    100 * settings_f64(c->settings, "threshold"),
	    c->publish ? ", and at least 10 users in one window" : "", left);
}

static double
unknown_share(const struct list *l)
{
	double se;

	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->all[i].name, REMOTE_UNKNOWN) == 0)
			return share(both_ways(l->all[i].ways[0]), both_ways(l->totals[0]), &se);
	return 0;
}

static void
say_first(const struct section_context *c, struct section *section, const struct list *l,
    const char *what)
{
	double se, s;

	if (l->count == 0 || !has_row(c, l, &l->all[0]))
		return;
	s = share(both_ways(l->all[0].ways[0]), both_ways(l->totals[0]), &se);
	section_say(section,
	    "%s is the largest %s of the other end: %.1f %% (± %.1f) of the octets.",
	    l->all[0].name, what, 100 * s, 100 * SIGNIFICANT * se);
}

static void
put_map(const struct section_context *c, struct section *section, const struct list *l)
{
	struct section_figure *f =
	    section_figure(section, FIGURE_WORLD_MAP, "countries", "Countries of the other end");
	json_t *points = section_series(f, "share of octets");

	section_axis(f, 'x', "country", "category", "");
	section_axis(f, 'y', "share of octets", "linear", "share");
	section_caption(f, "Share of all octets in and out.");
	for (size_t i = 0; i < l->count; i++) {
		double se, s = share(both_ways(l->all[i].ways[0]), both_ways(l->totals[0]), &se);
		if (!is_rest(&l->all[i]) && (!c->publish || l->all[i].crowds > 0) && s > 0)
			json_array_append_new(points, json_pack("[s,f]", l->all[i].name, s));
	}
}

/* Where the countries are from, by name: such data are often wrong in part. */
static void
attribute(const struct section_context *c, struct section *section)
{
	char path[PATH_MAX], made[40];
	const char *from = remote_country_path(c->settings, path, sizeof path);
	struct geo *geo = NULL;

	if (from[0] == '\0') {
		section_quality(section, "There is no database of countries (country_database).");
		return;
	}
	if (geo_open(from, settings_text(c->settings, "country_key"), &geo, NULL) != ERR_OK)
		return;
	(void)clock_format((nsec_t)geo_epoch(geo) * NSEC_PER_SEC, 0, made, sizeof made);
	geo_close(geo);
	if (strcmp(settings_text(c->settings, "country_database"), REMOTE_PACKAGED) == 0)
		section_quality(section,
		    "Countries are those of iptoasn.com (public domain, PDDL 1.0) as packaged by "
		    "ip-location-db, made %.10s. Its packagers say that data from npm may be wrong "
		    "and will not be renewed: for a report of record, set country_database.",
		    made);
	else
		section_quality(section, "Countries are those of %s, made %.10s.",
		    strrchr(from, '/') != NULL ? strrchr(from, '/') + 1 : from, made);
}

static void
define(struct section *section, const struct list *asns, const struct list *countries)
{
	section_define(section,
	    "The other end of a record of which exactly one end is a customer's. Traffic between "
	    "two customers, and of nobody's, is not here. The AS is what the exporter says "
	    "(bgpSourceAsNumber, bgpDestinationAsNumber), else that of asn_database.");
	section_define(section, "Errors are ± 2 standard errors by sampling, as in "
				"traffic/services.");
	section_quality(
	    section, "The AS of %.1f %% of the octets is unknown.", 100 * unknown_share(asns));
	if (countries->count > 0)
		section_quality(section, "The country of %.1f %% of the octets is unknown.",
		    100 * unknown_share(countries));
}

enum err
remote_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct list asns = { 0 }, countries = { 0 };
	struct export_facts facts = { 0 };
	enum err e = read_list(c, "asn", &asns, info);

	if (e == ERR_OK && both_ways(asns.totals[0]).octets <= 0)
		e = ERR_END;
	if (e == ERR_OK)
		e = read_list(c, "country", &countries, info);
	if (e == ERR_OK)
		e = export_facts_read(c, "traffic_remote_facts", &facts, info);
	if (e == ERR_OK) {
		say_first(c, section, &asns, "autonomous system");
		say_first(c, section, &countries, "country");
		put_table(c, section, &asns, "asn", "Autonomous systems", "AS");
		if (countries.count > 0) {
			put_table(c, section, &countries, "country", "Countries", "Country");
			put_map(c, section, &countries);
		}
		define(section, &asns, &countries);
		attribute(c, section);
		export_facts_qualify(c, &facts, section);
	}
	free(asns.all);
	free(countries.all);
	return e;
}
