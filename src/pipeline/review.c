/* SPDX-License-Identifier: ISC */
/* The review document, made from what a store holds; see review.h. */
#include "pipeline/review.h"

#include <string.h>

#include "analysis/analysis.h"
#include "obs/drop.h"
#include "pipeline/publish.h"

/* Titles of chapters, in the words of DESIGN: the part of an analysis's name before the slash. */
static const struct {
	const char *id;
	const char *title;
} CHAPTERS[] = {
	{ "security", "Infrastructure security" },
	{ "traffic", "Traffic" },
	{ "dns", "Domain names" },
	{ "network", "Network" },
	{ "quality", "Quality" },
};

struct build {
	struct query_source query;
	const struct config *config;
	const struct review_options *options;
	const struct review_wanted *wanted; /* may be NULL */
	nsec_t first, last;                 /* of the records in the period; both 0 without any */
	json_t *review;                     /* owned until handed over */
	json_t *findings;                   /* owned until they are in the review */
	json_t *paths;                      /* owned: of the store's inputs, by their ids as text */
};

static json_t *
time_json(nsec_t time)
{
	char text[40];

	return time != 0 ? json_string(clock_format(time, 3, text, sizeof text)) : json_null();
}

/* A time that the store kept in milliseconds. */
static nsec_t
from_ms(uint64_t ms)
{
	return (nsec_t)ms * NSEC_PER_MS;
}

/* Text from outside: a file name need not be UTF-8. */
static json_t *
text_json(const char *text)
{
	return json_text(text, strlen(text));
}

static json_t *
input_json(const struct result *r)
{
	json_t *input = json_object();
	const char *damage = result_text(r, 7);

	json_object_set_new(input, "path", text_json(result_text(r, 0)));
	json_object_set_new(input, "kind", json_string(result_text(r, 1)));
	json_object_set_new(input, "fingerprint", json_string(result_text(r, 2)));
	json_object_set_new(input, "begin", time_json(from_ms(result_u64(r, 3))));
	json_object_set_new(input, "end", time_json(from_ms(result_u64(r, 4))));
	json_object_set_new(input, "records", json_integer((json_int_t)result_u64(r, 5)));
	json_object_set_new(input, "octets", json_integer((json_int_t)result_u64(r, 6)));
	if (damage[0] != '\0')
		json_object_set_new(
		    input, "damage", json_pack("[{s:o}]", "reason", text_json(damage)));
	return input;
}

static json_t *
failure_json(const struct review_failure *failure)
{
	return json_pack("{s:o, s:s, s:s, s:n, s:n, s:i, s:i, s:[{s:o}]}", "path",
	    text_json(failure->path), "kind", "unknown", "fingerprint", "", "begin", "end",
	    "records", 0, "octets", 0, "damage", "reason", text_json(failure->reason));
}

/* The inputs whose records fall into the period; also finds the first and last record time. */
static enum err
add_inputs(struct build *b, struct err_info *info)
{
	json_t *inputs = json_array();
	struct result *r;
	enum err e = query_run(&b->query, &r, info,
	    "SELECT path, kind, fingerprint, begin_time, end_time, records, octets, damage, id "
	    "FROM "
	    "inputs "
	    "ORDER BY begin_time, path, fingerprint");

	json_object_set_new(b->review, "inputs", inputs);
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		nsec_t begin = from_ms(result_u64(r, 3)), end = from_ms(result_u64(r, 4));
		bool empty = result_u64(r, 5) == 0;
		char id[24];
		(void)snprintf(id, sizeof id, "%llu", (unsigned long long)result_u64(r, 8));
		json_object_set_new(b->paths, id, text_json(result_text(r, 0)));
		if (!empty && (end < b->options->from || begin >= b->options->to))
			continue;
		json_array_append_new(inputs, input_json(r));
		if (empty)
			continue;
		if (b->first == 0 || begin < b->first)
			b->first = begin;
		if (b->last == 0 || end > b->last)
			b->last = end;
	}
	result_free(r);
	for (size_t i = 0; i < b->options->failure_count; i++)
		json_array_append_new(inputs, failure_json(&b->options->failures[i]));
	if (b->first < b->options->from && b->first != 0)
		b->first = b->options->from;
	if (b->last > b->options->to)
		b->last = b->options->to;
	return ERR_OK;
}

static const char *
chapter_title(const char *id)
{
	for (size_t i = 0; i < ARRAY_COUNT(CHAPTERS); i++)
		if (strcmp(CHAPTERS[i].id, id) == 0)
			return CHAPTERS[i].title;
	return id;
}

/* The sections of the chapter an analysis belongs to; the chapter is made when it is the first. */
static json_t *
chapter_sections(json_t *chapters, const char *name)
{
	size_t size = strcspn(name, "/");
	char id[32];
	json_t *chapter;
	size_t i;

	(void)snprintf(id, sizeof id, "%.*s", (int)size, name);
	json_array_foreach (chapters, i, chapter) {
		if (strcmp(json_string_value(json_object_get(chapter, "id")), id) == 0)
			return json_object_get(chapter, "sections");
	}
	chapter = json_pack("{s:s, s:s, s:[]}", "id", id, "title", chapter_title(id), "sections");
	json_array_append_new(chapters, chapter);
	return json_object_get(chapter, "sections");
}

/* Whether the store has all tables of an analysis: one made by an older version need not. */
static bool
has_tables(const struct build *b, const struct analysis *a)
{
	struct err_info why;
	struct result *r;

	for (size_t i = 0; i < a->table_count; i++) {
		if (query_run(&b->query, &r, &why, "SELECT window_begin FROM %s LIMIT 0",
			a->tables[i].name) != ERR_OK)
			return false;
		result_free(r);
	}
	return true;
}

/* Whether an analysis belongs to the chapter asked for; what the data rest on is never left out. */
static bool
is_wanted(const struct build *b, const char *name)
{
	const char *chapter = b->options->chapter;
	size_t size = strcspn(name, "/");

	return chapter == NULL || strncmp(name, "quality", 7) == 0 ||
	       (strlen(chapter) == size && strncmp(name, chapter, size) == 0);
}

static enum err
add_chapters(struct build *b, struct err_info *info)
{
	json_t *chapters = json_array();

	json_object_set_new(b->review, "chapters", chapters);
	for (size_t i = 0; ANALYSES[i] != NULL; i++) {
		struct section_context context = {
			.store = &b->query,
			.settings = b->config->analyses[i],
			.site = &b->config->site,
			.suffixes = b->config->suffixes,
			.countries = b->config->countries,
			.systems = b->config->systems,
			.begin = b->options->from,
			.end = b->options->to,
			.first = b->first,
			.last = b->last,
			.compare_begin = b->options->compare_from,
			.compare_end = b->options->compare_to,
			.publish = b->options->publish,
		};
		if (b->wanted != NULL && !b->wanted->is(b->wanted->context, ANALYSES[i]))
			continue;
		if (!b->config->enabled[i] || !is_wanted(b, ANALYSES[i]->name) ||
		    !has_tables(b, ANALYSES[i]))
			continue;
		struct section *section = section_new(ANALYSES[i]->name, ANALYSES[i]->title);
		enum err e = ANALYSES[i]->section(&context, section, info);
		json_t *findings = section_findings(section);
		json_t *json = section_finish(section);
		if (e == ERR_OK)
			json_array_extend(b->findings, findings);
		json_decref(findings);
		if (e == ERR_OK)
			json_array_append(chapter_sections(chapters, ANALYSES[i]->name), json);
		json_decref(json);
		if (e != ERR_OK && e != ERR_END)
			return e;
	}
	return ERR_OK;
}

static bool
is_eviction(const char *name)
{
	size_t size = strlen(name);

	return size > 8 && strcmp(name + size - 8, ".evicted") == 0;
}

/* Counts of ordinary packets stand in the section, not here. */
static bool
is_irregular(const char *name)
{
	return strncmp(name, "packets.", 8) != 0 || strcmp(name, "packets.snapped") == 0 ||
	       strcmp(name, "packets.duplicates") == 0;
}

static json_t *
address_json(const struct result *r, size_t column)
{
	struct address a = result_address(r, column);
	char text[ADDRESS_TEXT_SIZE];

	return json_string(address_format(&a, text));
}

/* How exporters sample, and what of their messages was lost. */
static enum err
add_exporters(struct build *b, json_t *sampling, json_t *loss, struct err_info *info)
{
	struct section_context period = { .begin = b->options->from, .end = b->options->to };
	struct result *r;
	enum err e;

	if (!has_tables(b, analysis_find("quality/exporters")))
		return ERR_OK;
	e = query_run(&b->query, &r, info,
	    "SELECT exporter AS x, domain AS d, sampling AS rate, source AS s, sum(records) AS n "
	    "FROM exporter_rates WHERE" PERIOD_SQL "GROUP BY x, d, rate, s ORDER BY x, d, rate, s",
	    PERIOD_ARGS(&period));
	if (e != ERR_OK)
		return e;
	while (result_next(r))
		json_array_append_new(sampling,
		    json_pack("{s:o, s:o, s:o, s:s, s:o}", "exporter", address_json(r, 0), "domain",
			json_count(result_u64(r, 1)), "rate", json_count(result_u64(r, 2)),
			"source", result_text(r, 3), "records", json_count(result_u64(r, 4))));
	result_free(r);
	e = query_run(&b->query, &r, info,
	    "SELECT exporter AS x, domain AS d, unit AS u, sum(lost) AS l, sum(expected) AS n "
	    "FROM exporters WHERE" PERIOD_SQL "GROUP BY x, d, u ORDER BY x, d, u",
	    PERIOD_ARGS(&period));
	if (e != ERR_OK)
		return e;
	while (result_next(r))
		json_array_append_new(loss,
		    json_pack("{s:o, s:o, s:o, s:s, s:o}", "exporter", address_json(r, 0), "domain",
			json_count(result_u64(r, 1)), "lost", json_count(result_u64(r, 3)), "unit",
			result_text(r, 2), "expected", json_count(result_u64(r, 4))));
	result_free(r);
	return ERR_OK;
}

static enum err
add_counters(struct build *b, json_t *quality, struct err_info *info)
{
	struct section_context period = { .begin = b->options->from, .end = b->options->to };
	json_t *drops = json_object_get(quality, "drops");
	json_t *evictions = json_object_get(quality, "evictions");
	uint64_t read = 0, lost = 0;
	struct result *r;
	enum err e;

	if (!has_tables(b, analysis_find("quality")))
		return ERR_OK;
	e = query_run(&b->query, &r, info,
	    "SELECT name AS counter, sum(value) AS total FROM quality_counters WHERE" PERIOD_SQL
	    "GROUP BY counter ORDER BY counter",
	    PERIOD_ARGS(&period));
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		const char *name = result_text(r, 0);
		if (strcmp(name, "packets.read") == 0)
			read = result_u64(r, 1);
		if (strcmp(name, drop_name(DROP_CAPTURE_LOST)) == 0)
			lost = result_u64(r, 1);
		if (!is_irregular(name))
			continue;
		json_object_set_new(is_eviction(name) ? evictions : drops, name,
		    json_integer((json_int_t)result_u64(r, 1)));
	}
	result_free(r);
	if (lost != 0)
		json_array_append_new(json_object_get(quality, "loss"),
		    json_pack("{s:s, s:i, s:I, s:s, s:I}", "exporter", "captures", "domain", 0,
			"lost", (json_int_t)lost, "unit", "packets", "expected",
			(json_int_t)read + (json_int_t)lost));
	return ERR_OK;
}

static enum err
add_quality(struct build *b, struct err_info *info)
{
	json_t *quality =
	    json_pack("{s:{}, s:{}, s:[], s:[]}", "drops", "evictions", "sampling", "loss");
	enum err e;

	json_object_set_new(b->review, "quality", quality);
	e = add_counters(b, quality, info);
	if (e != ERR_OK)
		return e;
	return add_exporters(
	    b, json_object_get(quality, "sampling"), json_object_get(quality, "loss"), info);
}

static void
add_head(struct build *b)
{
	const struct site *site = &b->config->site;
	json_t *about = json_pack("{s:s}", "time_zone", site->time_zone);

	if (site->name != NULL)
		json_object_set_new(about, "name", text_json(site->name));
	json_object_set_new(b->review, "schema", json_string("yagura.review/1"));
	json_object_set_new(b->review, "generator",
	    json_pack("{s:s, s:s}", "name", "yagura", "version", YAGURA_VERSION));
	json_object_set_new(b->review, "site", about);
	/* Its place in the document is here; the times are known later. */
	json_object_set_new(b->review, "period", json_object());
	json_object_set_new(b->review, "simulated", json_boolean(b->options->simulated));
}

/* ERR_USAGE when there is no such chapter. */
static enum err
check_chapter(const struct review_options *options, struct err_info *info)
{
	if (options->chapter == NULL)
		return ERR_OK;
	for (size_t i = 0; i < ARRAY_COUNT(CHAPTERS); i++)
		if (strcmp(CHAPTERS[i].id, options->chapter) == 0)
			return ERR_OK;
	return err_set(info, ERR_USAGE,
	    "there is no chapter \"%.40s\"; they are security, traffic, dns, network, quality",
	    options->chapter);
}

/* The document's periods: that of the records, and the one beside it. */
static void
set_periods(struct build *b)
{
	json_object_set_new(b->review, "period",
	    json_pack("{s:o, s:o}", "begin", time_json(b->first), "end", time_json(b->last)));
	if (b->options->compare_from != b->options->compare_to)
		json_object_set_new(b->review, "compare",
		    json_pack("{s:o, s:o}", "begin", time_json(b->options->compare_from), "end",
			time_json(b->options->compare_to)));
}

/* Evidence names its input by path; sections knew the store's ids. */
static void
name_inputs(struct build *b)
{
	json_t *finding, *evidence, *path;
	size_t i, k;
	char id[24];

	json_array_foreach (b->findings, i, finding) {
		json_array_foreach (json_object_get(finding, "evidence"), k, evidence) {
			(void)snprintf(id, sizeof id, "%lld",
			    json_integer_value(json_object_get(evidence, "input")));
			path = json_object_get(b->paths, id);
			json_object_set_new(
			    evidence, "input", path != NULL ? json_copy(path) : json_string(""));
		}
	}
}

enum err
review_build(struct store *store, const struct config *config, const struct review_options *options,
    json_t **ret_review, struct err_info *info)
{
	struct build b = { .query = store_query(store),
		.config = config,
		.options = options,
		.review = json_object(),
		.findings = json_array(),
		.paths = json_object() };
	enum err e;

	add_head(&b);
	e = check_chapter(options, info);
	if (e == ERR_OK)
		e = add_inputs(&b, info);
	if (e == ERR_OK) {
		set_periods(&b);
		e = add_chapters(&b, info);
	}
	name_inputs(&b);
	json_object_set_new(b.review, "findings", b.findings);
	json_decref(b.paths);
	if (e == ERR_OK)
		e = add_quality(&b, info);
	if (e == ERR_OK && options->publish)
		e = publish_review(b.review, config, info);
	if (e != ERR_OK) {
		json_decref(b.review);
		return e;
	}
	*ret_review = b.review;
	return ERR_OK;
}

enum err
review_findings(struct store *store, const struct config *config,
    const struct review_options *options, const struct review_wanted *wanted, json_t **ret_findings,
    struct err_info *info)
{
	struct build b = { .query = store_query(store),
		.config = config,
		.options = options,
		.wanted = wanted,
		.review = json_object(),
		.findings = json_array(),
		.paths = json_object() };
	enum err e = add_inputs(&b, info);

	if (e == ERR_OK)
		e = add_chapters(&b, info);
	name_inputs(&b);
	json_decref(b.paths);
	json_decref(b.review);
	if (e != ERR_OK) {
		json_decref(b.findings);
		return e;
	}
	*ret_findings = b.findings;
	return ERR_OK;
}
