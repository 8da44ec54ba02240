/* SPDX-License-Identifier: ISC */
/* The section of security/sql-injection: findings, statistics by day and country, campaigns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/daily.h"
#include "analysis/security/sql_injection.h"
#include "analysis/security/sql_report.h"
#include "base/xmalloc.h"

#define SHOWN      50 /* rows of a table */
#define COUNTRIES  8  /* with a colour of their own in the figure */
#define CODES      ((size_t)26 * 26)
#define MANY       10 /* requests from which on it is no single try */
#define CONFIDENCE 0.99

static const char METHOD[] = "doc/analyses/security-sql-injection.md";

/* ------------------------------------------------------------------ texts */

static json_t *
host_of(const struct sql_row *row)
{
	return row->host[0] != '\0' ? json_text(row->host, strlen(row->host)) : json_null();
}

static json_t *
list_of(uint64_t set, unsigned count, const char *(*name)(unsigned))
{
	json_t *list = json_array();

	for (unsigned i = 0; i < count; i++)
		if ((set >> i & 1) != 0)
			json_array_append_new(list, json_string(name(i)));
	return list;
}

static const char *
tool_name(unsigned i)
{
	return SQL_TOOL_NAMES[i];
}

static const char *
place_name(unsigned i)
{
	return sql_place_name((enum sql_place)i);
}

static const char *
technique_name(unsigned i)
{
	return sql_technique_name((enum sql_technique)i);
}

static uint64_t
techniques_of(const struct sql_sums *sums)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < SQL_TECHNIQUES; i++)
		set |= (uint64_t)(sums->techniques[i] > 0) << i;
	return set;
}

/* "union, time": for cells of tables. */
static json_t *
words_of(uint64_t set, unsigned count, const char *(*name)(unsigned))
{
	char text[256];
	size_t size = 0;

	for (unsigned i = 0; i < count; i++)
		if ((set >> i & 1) != 0 && size + 2 < sizeof text)
			size += (size_t)snprintf(
			    text + size, sizeof text - size, "%s%s", size > 0 ? ", " : "", name(i));
	return size > 0 ? json_text(text, size < sizeof text ? size : sizeof text - 1)
			: json_null();
}

static json_t *
parameters_of(const struct sql_report *p, const struct sql_story *s)
{
	json_t *list = json_array();
	struct sql_attack all = { .parameter_count = 0 };

	for (size_t i = s->begin; i < s->begin + s->count; i++)
		for (uint64_t k = 0; k < p->rows[i].parameter_count; k++)
			sql_attack_parameter(&all, p->rows[i].parameters[k]);
	for (uint64_t k = 0; k < all.parameter_count; k++)
		json_array_append_new(
		    list, json_text(all.parameters[k], strnlen(all.parameters[k], SQL_NAME_KEPT)));
	return list;
}

/* ------------------------------------------------------------------ findings */

static const char *
severity_of(const struct sql_story *s)
{
	if (sql_story_successes(s) > 0)
		return "high";
	return s->sums.requests >= MANY ? "medium" : "low";
}

/* A score of 5 is an attack with three in four; signs of success leave little doubt. */
static double
confidence_of(const struct sql_story *s)
{
	double confidence = 0.5;

	if (s->samples->count > 0)
		confidence += 0.05 * s->samples->list[0].score;
	if (sql_story_successes(s) > 0)
		confidence += 0.1;
	return fmin(confidence, CONFIDENCE);
}

static void
put_measures(const struct sql_report *p, const struct sql_story *s, struct finding *f)
{
	const struct sql_row *row = &p->rows[s->begin];

	finding_measure(f, "requests", json_count(s->sums.requests));
	finding_measure(f, "attacks", json_count(s->attacks));
	finding_measure(f, "suspicious", json_count(s->sums.suspicious));
	for (unsigned i = 0; i < SQL_PURPOSES; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "requests_%s", sql_purpose_name(i));
		finding_measure(f, name, json_count(s->sums.purposes[i]));
	}
	finding_measure(
	    f, "techniques", list_of(techniques_of(&s->sums), SQL_TECHNIQUES, technique_name));
	finding_measure(f, "parameters", parameters_of(p, s));
	finding_measure(f, "places", list_of(s->places, SQL_PLACES, place_name));
	finding_measure(f, "successes", json_count(sql_story_successes(s)));
	finding_measure(f, "answers_with_database_errors", json_count(s->sums.errors));
	finding_measure(f, "answers_delayed_as_asked", json_count(s->sums.delays));
	finding_measure(f, "answers_large", json_count(s->large));
	finding_measure(f, "answers_2xx", json_count(s->sums.answered));
	finding_measure(f, "answers_5xx", json_count(s->sums.failed));
	finding_measure(f, "tools", list_of(s->tools, SQL_TOOLS, tool_name));
	finding_measure(f, "server", json_address(&row->server));
	if (row->country[0] != '\0')
		finding_measure(f, "country", json_string(row->country));
}

static void
put_advice(const struct sql_story *s, struct finding *f)
{
	enum sql_purpose purpose = sql_story_purpose(&s->sums);

	if (sql_story_successes(s) > 0)
		finding_advise(f,
		    "There are signs that it worked. Look at the answers to the requests in the "
		    "evidence and at the database's own log, %s, and change the application to "
		    "prepared statements; take it off the net until then.",
		    purpose == SQL_REWRITE    ? "compare tables with a backup"
		    : purpose == SQL_OVERLOAD ? "limit the time a statement may take"
					      : "assume that what the account may read was read");
	else
		finding_advise(f,
		    "Nothing says that it worked. See that the application passes these parameters "
		    "to the database by prepared statements, that its account has no rights it "
		    "does "
		    "not need, and that errors are not shown; blocking the source alone changes "
		    "nothing.");
}

static void
put_finding(const struct sql_report *p, const struct sql_story *s, struct section *section)
{
	const struct section_context *c = p->context;
	const struct sql_row *row = &p->rows[s->begin];
	struct finding *f = section_finding(section, sql_purpose_name(sql_story_purpose(&s->sums)),
	    severity_of(s), confidence_of(s), s->first, s->last);

	finding_subject(f, "source", json_address(&row->source));
	finding_subject(f, "host", host_of(row));
	put_measures(p, s, f);
	finding_threshold(f, "score of a request (0 to 10)", json_integer(SQL_ATTACK), METHOD);
	finding_threshold(f, "large answer, times the median of harmless ones of its path",
	    json_real(settings_f64(c->settings, "large_answer")), METHOD);
	finding_threshold(f, "delayed answer, share of the time asked for", json_real(0.9), METHOD);
	sql_samples_evidence(s->samples, f);
	put_advice(s, f);
}

/* ------------------------------------------------------------------ by day */

static void
put_purposes(const struct sql_report *p, const struct zone *zone, struct section *section)
{
	static const char *const NAMES[] = { "other", "steal", "overload", "rewrite" };
	struct daily d;
	struct section_figure *f;

	daily_init(&d, zone, p->context->first, p->context->last, SQL_PURPOSES);
	for (size_t i = 0; i < p->row_count; i++)
		for (unsigned k = 0; k < SQL_PURPOSES; k++)
			daily_add(&d, k, p->rows[i].first, (double)p->rows[i].sums.purposes[k]);
	f = daily_put(
	    &d, section, "purposes", "Malicious requests by day and purpose", NAMES, "requests");
	section_caption(f, "A request has one purpose: rewrite before overload before steal before "
			   "other. Days are "
			   "the site's.");
	daily_release(&d);
}

/* What came from one country. */
struct country {
	char code[4]; /* "" for those that nobody knows */
	uint64_t requests, attacks, sources;
};

static size_t
country_index(const char *code)
{
	if (code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z')
		return CODES;
	return (size_t)(code[0] - 'A') * 26 + (size_t)(code[1] - 'A');
}

static int
compare_countries(const void *a, const void *b)
{
	const struct country *x = a, *y = b;

	if (x->requests != y->requests)
		return x->requests > y->requests ? -1 : 1;
	return strcmp(x->code, y->code);
}

/* By country, the most first; the last of CODES + 1 before sorting is "unknown". */
static void
count_countries(const struct sql_report *p, struct country *list)
{
	for (size_t i = 0; i < p->row_count; i++) {
		const struct sql_row *row = &p->rows[i];
		struct country *c = &list[country_index(row->country)];
		bool again = i > 0 && address_equal(&p->rows[i - 1].source, &row->source);
		if (row->sums.requests == 0)
			continue;
		memcpy(c->code, row->country, sizeof row->country);
		c->requests += row->sums.requests;
		c->attacks += !row->more;
		c->sources += !again;
	}
	qsort(list, CODES + 1, sizeof *list, compare_countries);
}

/* Which series of the figure a country has: its rank, or "other countries". */
static size_t
series_of(const struct country *list, const char *code)
{
	for (size_t i = 0; i < COUNTRIES; i++)
		if (list[i].requests > 0 && strcmp(list[i].code, code) == 0)
			return i;
	return COUNTRIES;
}

static void
draw_countries(const struct sql_report *p, const struct country *list, const struct zone *zone,
    struct section *section)
{
	const char *names[COUNTRIES + 1];
	struct daily d;
	struct section_figure *f;

	for (size_t i = 0; i < COUNTRIES; i++)
		names[i] = list[i].code[0] != '\0' ? list[i].code : "unknown";
	names[COUNTRIES] = "others";
	daily_init(&d, zone, p->context->first, p->context->last, COUNTRIES + 1);
	for (size_t i = 0; i < p->row_count; i++)
		daily_add(&d, series_of(list, p->rows[i].country), p->rows[i].first,
		    (double)p->rows[i].sums.requests);
	f = daily_put(&d, section, "countries",
	    "Malicious requests by day and country of their source", names, "requests");
	section_caption(f,
	    "By the source address, with the country database in use; who hides behind proxies is "
	    "counted at the proxy.");
	daily_release(&d);
}

static void
put_countries(const struct sql_report *p, const struct zone *zone, struct section *section)
{
	static const struct section_column COLUMNS[] = {
		{ "country", "Country", "text", "" },
		{ "requests", "Malicious requests", "count", "" },
		{ "share", "Share", "share", "" },
		{ "attacks", "Attacks", "count", "" },
		{ "sources", "Sources", "count", "" },
	};
	struct country *list = xcalloc(CODES + 1, sizeof *list);
	uint64_t all = 0, unknown = 0;
	struct section_table *t;

	count_countries(p, list);
	for (size_t i = 0; i <= CODES; i++) {
		all += list[i].requests;
		unknown += list[i].code[0] == '\0' ? list[i].requests : 0;
	}
	draw_countries(p, list, zone, section);
	t = section_table(
	    section, "countries", "Where it came from", COLUMNS, ARRAY_COUNT(COLUMNS));
	for (size_t i = 0; i <= CODES && i < SHOWN && list[i].requests > 0; i++)
		section_row(t,
		    list[i].code[0] != '\0' ? json_string(list[i].code) : json_string("unknown"),
		    json_count(list[i].requests), json_real((double)list[i].requests / (double)all),
		    json_count(list[i].attacks), json_count(list[i].sources), NULL);
	section_table_note(t, "Of %.1f %% of the malicious requests the country is not known%s.",
	    all > 0 ? 100 * (double)unknown / (double)all : 0,
	    p->context->countries == NULL ? ": no country database is in use" : "");
	free(list);
}

/* ------------------------------------------------------------------ techniques */

static void
put_techniques(const struct sql_report *p, struct section *section)
{
	struct section_figure *f;
	struct sql_sums all = { .requests = 0 };
	json_t *points;

	for (size_t i = 0; i < p->row_count; i++)
		sql_sums_add(&all, &p->rows[i].sums);
	f = section_figure(section, FIGURE_BARS, "techniques", "Malicious requests by technique");
	section_axis(f, 'x', "", "category", "");
	section_axis(f, 'y', "requests", "linear", "requests");
	section_caption(
	    f, "The technique of the rule with the highest score; time before all others.");
	points = section_series(f, "");
	for (unsigned i = 0; i < SQL_TECHNIQUES; i++)
		json_array_append_new(points,
		    json_pack("[s, o]", sql_technique_name(i), json_count(all.techniques[i])));
}

/* ------------------------------------------------------------------ tables */

static int
compare_stories(const void *a, const void *b)
{
	const struct sql_story *x = *(const struct sql_story *const *)a;
	const struct sql_story *y = *(const struct sql_story *const *)b;

	if (x->sums.requests != y->sums.requests)
		return x->sums.requests > y->sums.requests ? -1 : 1;
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static void
put_attacks(const struct sql_report *p, struct section *section)
{
	static const struct section_column COLUMNS[] = {
		{ "source", "Source", "address", "" },
		{ "country", "Country", "text", "" },
		{ "host", "Host", "text", "" },
		{ "begin", "Begin", "time", "ms" },
		{ "end", "End", "time", "ms" },
		{ "requests", "Malicious requests", "count", "" },
		{ "purpose", "Purpose", "text", "" },
		{ "techniques", "Techniques", "text", "" },
		{ "successes", "Signs of success", "count", "" },
		{ "tools", "Tools", "text", "" },
	};
	const struct sql_story **list = xcalloc(p->story_count + 1, sizeof *list);
	struct section_table *t;

	for (size_t i = 0; i < p->story_count; i++)
		list[i] = &p->stories[i];
	qsort(list, p->story_count, sizeof(void *), compare_stories);
	t = section_table(section, "attacks", "Who attacked whom", COLUMNS, ARRAY_COUNT(COLUMNS));
	for (size_t i = 0; i < p->story_count && i < SHOWN && list[i]->sums.requests > 0; i++) {
		const struct sql_story *s = list[i];
		const struct sql_row *row = &p->rows[s->begin];
		section_row(t, json_address(&row->source),
		    row->country[0] != '\0' ? json_string(row->country) : json_null(), host_of(row),
		    json_integer((json_int_t)analysis_ms(s->first)),
		    json_integer((json_int_t)analysis_ms(s->last)), json_count(s->sums.requests),
		    json_string(sql_purpose_name(sql_story_purpose(&s->sums))),
		    words_of(techniques_of(&s->sums), SQL_TECHNIQUES, technique_name),
		    json_count(sql_story_successes(s)), words_of(s->tools, SQL_TOOLS, tool_name),
		    NULL);
	}
	if (p->story_count > SHOWN)
		section_table_note(t, "The %d with the most requests.", SHOWN);
	free(list);
}

/* What one host suffered. */
struct victim {
	const struct sql_row *row;
	struct sql_sums sums;
	uint64_t hash, attacks, sources, successes;
};

static int
compare_victims(const void *a, const void *b)
{
	const struct victim *x = a, *y = b;

	if (x->sums.requests != y->sums.requests)
		return x->sums.requests > y->sums.requests ? -1 : 1;
	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static int
compare_hashes(const void *a, const void *b)
{
	const struct victim *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* Stories by host, put together in place; gives how many hosts. */
static size_t
gather_victims(const struct sql_report *p, struct victim *list)
{
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < p->story_count; i++) {
		const struct sql_story *s = &p->stories[i];
		if (s->sums.requests == 0)
			continue;
		list[count++] = (struct victim){ .row = &p->rows[s->begin],
			.sums = s->sums,
			.hash = p->rows[s->begin].host_hash,
			.attacks = s->attacks,
			.sources = 1,
			.successes = sql_story_successes(s) };
	}
	qsort(list, count, sizeof *list, compare_hashes);
	for (size_t i = 0; i < count; i++) {
		struct victim *v = kept > 0 ? &list[kept - 1] : NULL;
		bool again = i > 0 && address_equal(&list[i].row->source, &list[i - 1].row->source);
		if (v == NULL || v->hash != list[i].hash) {
			list[kept++] = list[i];
			continue;
		}
		sql_sums_add(&v->sums, &list[i].sums);
		v->attacks += list[i].attacks;
		v->sources += !again;
		v->successes += list[i].successes;
	}
	qsort(list, kept, sizeof *list, compare_victims);
	return kept;
}

static void
put_victims(const struct sql_report *p, struct section *section)
{
	static const struct section_column COLUMNS[] = {
		{ "host", "Host", "text", "" },
		{ "server", "Server", "address", "" },
		{ "requests", "Malicious requests", "count", "" },
		{ "attacks", "Attacks", "count", "" },
		{ "sources", "Sources", "count", "" },
		{ "steal", "To steal", "count", "" },
		{ "overload", "To overload", "count", "" },
		{ "rewrite", "To rewrite", "count", "" },
		{ "successes", "Signs of success", "count", "" },
	};
	struct victim *list = xcalloc(p->story_count + 1, sizeof *list);
	size_t count = gather_victims(p, list);
	struct section_table *t;

	t = section_table(section, "victims", "Who was attacked", COLUMNS, ARRAY_COUNT(COLUMNS));
	for (size_t i = 0; i < count && i < SHOWN; i++) {
		const struct victim *v = &list[i];
		section_row(t, host_of(v->row), json_address(&v->row->server),
		    json_count(v->sums.requests), json_count(v->attacks), json_count(v->sources),
		    json_count(v->sums.purposes[SQL_STEAL]),
		    json_count(v->sums.purposes[SQL_OVERLOAD]),
		    json_count(v->sums.purposes[SQL_REWRITE]), json_count(v->successes), NULL);
	}
	section_table_note(t, "An attack is what one source did to one host in five minutes.");
	free(list);
}

/* ------------------------------------------------------------------ campaigns */

struct campaign {
	nsec_t first, last;
	struct sql_sums sums;
	uint64_t sources, stories, tools;
	size_t number;
	struct address source; /* of the first story */
};

static void
add_to_campaign(const struct sql_report *p, struct campaign *c, const struct sql_story *s,
    const struct sql_row *before)
{
	const struct sql_row *row = &p->rows[s->begin];

	if (c->stories == 0) {
		c->first = s->first;
		c->last = s->last;
		c->source = row->source;
	}
	c->first = s->first < c->first ? s->first : c->first;
	c->last = s->last > c->last ? s->last : c->last;
	c->stories++;
	c->tools |= s->tools;
	c->sources += before == NULL || !address_equal(&before->source, &row->source);
	sql_sums_add(&c->sums, &s->sums);
}

static int
compare_campaigns(const void *a, const void *b)
{
	const struct campaign *x = a, *y = b;

	if (x->sums.requests != y->sums.requests)
		return x->sums.requests > y->sums.requests ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Campaigns of several sources, the largest first; gives how many. */
static size_t
gather_campaigns(const struct sql_report *p, struct campaign *list)
{
	const struct sql_row **last = xcalloc(p->story_count + 1, sizeof *last);
	size_t kept = 0;

	for (size_t i = 0; i < p->story_count; i++) {
		const struct sql_story *s = &p->stories[i];
		if (s->sums.requests == 0)
			continue;
		list[s->campaign].number = s->campaign;
		add_to_campaign(p, &list[s->campaign], s, last[s->campaign]);
		last[s->campaign] = &p->rows[s->begin];
	}
	free(last);
	for (size_t i = 0; i < p->story_count; i++)
		if (list[i].sources > 1)
			list[kept++] = list[i];
	qsort(list, kept, sizeof *list, compare_campaigns);
	return kept;
}

static size_t
put_campaigns(const struct sql_report *p, struct section *section)
{
	static const struct section_column COLUMNS[] = {
		{ "first_source", "First source", "address", "" },
		{ "begin", "Begin", "time", "ms" },
		{ "end", "End", "time", "ms" },
		{ "sources", "Sources", "count", "" },
		{ "attacks", "Source and host", "count", "" },
		{ "requests", "Malicious requests", "count", "" },
		{ "purpose", "Purpose", "text", "" },
		{ "tools", "Tools", "text", "" },
	};
	struct campaign *list = xcalloc(p->story_count + 1, sizeof *list);
	size_t count = gather_campaigns(p, list);
	struct section_table *t;

	if (count > 0) {
		t = section_table(section, "campaigns", "Sources that belong together", COLUMNS,
		    ARRAY_COUNT(COLUMNS));
		for (size_t i = 0; i < count && i < SHOWN; i++)
			section_row(t, json_address(&list[i].source),
			    json_integer((json_int_t)analysis_ms(list[i].first)),
			    json_integer((json_int_t)analysis_ms(list[i].last)),
			    json_count(list[i].sources), json_count(list[i].stories),
			    json_count(list[i].sums.requests),
			    json_string(sql_purpose_name(sql_story_purpose(&list[i].sums))),
			    words_of(list[i].tools, SQL_TOOLS, tool_name), NULL);
		section_table_note(t,
		    "Linked are sources of one /24 (IPv6: /48), and sources that sent payloads of "
		    "the same shape, %d tokens or longer, within 24 hours. A shape may be that of "
		    "a tool many use.",
		    SQL_SHAPE_TOKENS);
	}
	free(list);
	return count;
}

/* ------------------------------------------------------------------ the text */

static void
say(const struct sql_report *p, size_t findings, size_t campaigns, struct section *section)
{
	char malicious[32], requests[32], suspicious[32];
	uint64_t attacks = 0, worked = 0;

	for (size_t i = 0; i < p->story_count; i++) {
		worked += sql_story_successes(&p->stories[i]) > 0;
		attacks += p->stories[i].attacks;
	}
	section_say(section,
	    "%s of %s requests tried to inject SQL, in %llu attack%s; %s more were suspicious and "
	    "are only counted.",
	    text_count(p->totals[ST_MALICIOUS], malicious, sizeof malicious),
	    text_count(p->totals[ST_REQUESTS], requests, sizeof requests),
	    (unsigned long long)attacks, attacks == 1 ? "" : "s",
	    text_count(p->totals[ST_SUSPICIOUS], suspicious, sizeof suspicious));
	if (findings > 0)
		section_say(section,
		    "%zu time%s a source attacked a host; signs of success were seen %llu time%s.",
		    findings, findings == 1 ? "" : "s", (unsigned long long)worked,
		    worked == 1 ? "" : "s");
	if (campaigns > 0)
		section_say(section, "%zu campaign%s of several sources.", campaigns,
		    campaigns == 1 ? "" : "s");
}

static void
define(const struct sql_report *p, struct section *section)
{
	const struct settings *settings = p->context->settings;

	section_define(section,
	    "A request is malicious when one of its values (query, path, cookies, form, JSON, "
	    "multipart, XML, Referer, User-Agent, X-Forwarded-For, Authorization) goes on an SQL "
	    "statement by the rules of its grammar with a score of %d or more of 10; 3 and 4 are "
	    "suspicious. A single quote, and a number with a comment behind it, are neither.",
	    SQL_ATTACK);
	section_define(section,
	    "An attack is what one source did to one host in five minutes; a finding is what a "
	    "source did to a host with pauses of at most ten minutes, named after what most of its "
	    "requests were for beyond finding out. Steal: UNION, subqueries, catalogues, files, "
	    "procedures; overload: SLEEP, BENCHMARK, WAITFOR, joined catalogues, SHUTDOWN; "
	    "rewrite: "
	    "INSERT, UPDATE, DELETE, DROP, EXEC, INTO OUTFILE.");
	section_define(section,
	    "Signs of success: an error message of a database in the answer; an answer that took "
	    "the time asked for, less a tenth; an answer that is more than %g times the median of "
	    "harmless answers of its path (of at least %llu). They are no proof, and without them "
	    "it may have worked all the same.",
	    settings_f64(settings, "large_answer"),
	    (unsigned long long)settings_u64(settings, "least_answers"));
	section_define(section, "The source is the address that the request came from; "
				"X-Forwarded-For is believed only "
				"of trusted_proxies.");
}

static void
tell_quality(const struct sql_report *p, size_t left_out, struct section *section)
{
	const uint64_t *t = p->totals;

	if (t[ST_LOGGED] > 0)
		section_quality(section,
		    "%llu of the requests are lines of logs, which hold no bodies and no cookies: "
		    "what came in those was not seen.",
		    (unsigned long long)t[ST_LOGGED]);
	if (t[ST_CUT] + t[ST_CODED] > 0)
		section_quality(section,
		    "%llu requests were longer than what is kept of them (64 KiB); the bodies of "
		    "%llu had a coding that was not undone.",
		    (unsigned long long)t[ST_CUT], (unsigned long long)t[ST_CODED]);
	if (t[ST_NAMED] > 0)
		section_quality(section,
		    "%llu lines name the client instead of its address; they count as one source "
		    "without an address.",
		    (unsigned long long)t[ST_NAMED]);
	if (t[ST_ATTACKS_EVICTED] + t[ST_EVIDENCE_EVICTED] + t[ST_PATHS_EVICTED] > 0)
		section_quality(section,
		    "More came than is held at once: %llu attacks with %llu malicious requests, "
		    "the "
		    "evidence of %llu, and the sizes of answers of %llu paths gave way.",
		    (unsigned long long)t[ST_ATTACKS_EVICTED],
		    (unsigned long long)t[ST_REQUESTS_EVICTED],
		    (unsigned long long)t[ST_EVIDENCE_EVICTED],
		    (unsigned long long)t[ST_PATHS_EVICTED]);
	if (p->rows_left_out > 0)
		section_warn(section,
		    "%llu attacks beyond the first %d of the period are in no table: review a "
		    "shorter period.",
		    (unsigned long long)p->rows_left_out, SQL_ATTACKS_READ);
	if (left_out > 0)
		section_warn(section,
		    "%zu more sources and hosts have no finding of their own (findings_most).",
		    left_out);
}

enum err
sql_injection_section(
    const struct section_context *c, struct section *section, struct err_info *info)
{
	struct sql_report p;
	struct zone *zone = NULL;
	size_t findings = 0, left_out = 0, campaigns = 0;
	enum err e = sql_report_read(&p, c, info);

	if (e == ERR_OK)
		e = zone_open(c->site->time_zone, &zone, info);
	if (e != ERR_OK) {
		sql_report_release(&p);
		return e;
	}
	for (size_t i = 0; i < p.story_count; i++) {
		if (p.stories[i].chosen)
			put_finding(&p, &p.stories[i], section);
		findings += p.stories[i].sums.requests > 0;
		left_out += p.stories[i].sums.requests > 0 && !p.stories[i].chosen;
	}
	if (findings > 0) {
		put_purposes(&p, zone, section);
		put_countries(&p, zone, section);
		put_techniques(&p, section);
		put_attacks(&p, section);
		put_victims(&p, section);
		campaigns = put_campaigns(&p, section);
	}
	say(&p, findings, campaigns, section);
	define(&p, section);
	tell_quality(&p, left_out, section);
	zone_close(zone);
	sql_report_release(&p);
	return ERR_OK;
}
