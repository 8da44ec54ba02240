/* SPDX-License-Identifier: ISC */
/*
 * The page: one file that needs nothing else.  Text and tables are HTML; the document itself
 * follows as JSON in a data block, and the bundle draws the figures from it.  The policy in the
 * head allows that one script and that one style sheet, by their hashes, and nothing else: no
 * network, no frame, no form.
 */
#include "report/html.h"

#include <stdbool.h>
#include <string.h>

#include "base/xmalloc.h"
#include "obs/section.h"
#include "report/assets.h"
#include "report/markup.h"
#include "report/output.h"
#include "report/review.h"

static void head(struct page *p, const json_t *review);
static void masthead(struct page *p, const json_t *review);
static void contents(struct page *p, const json_t *review);
static void brief(struct page *p, const json_t *review);
static void chapters(struct page *p, const json_t *review);
static void provenance(struct page *p, const json_t *review);
static void data_block(struct page *p, const json_t *review);

enum err
review_write_html(const json_t *review, const char *path, struct err_info *info)
{
	const char *name =
	    json_string_value(json_object_get(json_object_get(review, "site"), "time_zone"));
	struct page p = { 0 };
	struct zone *zone = NULL;
	struct output o;
	enum err e;

	if (name != NULL && zone_open(name, &zone, NULL) != ERR_OK)
		zone = NULL; /* UTC, and every time says so */
	e = output_open(path, &o, info);
	if (e != ERR_OK) {
		zone_close(zone);
		return e;
	}
	p.out = o.file;
	p.zone = zone;
	head(&p, review);
	masthead(&p, review);
	contents(&p, review);
	(void)fputs("<main id=\"main\" tabindex=\"-1\">\n", p.out);
	brief(&p, review);
	html_findings(&p, json_object_get(review, "findings"));
	chapters(&p, review);
	provenance(&p, review);
	(void)fputs("</main>\n", p.out);
	data_block(&p, review);
	zone_close(zone);
	return output_close(&o, info);
}

static void
head(struct page *p, const json_t *review)
{
	const json_t *site = json_object_get(review, "site");

	(void)fprintf(p->out,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
	    report_policy);
	if (json_is_string(json_object_get(site, "name"))) {
		markup_member_attribute(p->out, site, "name");
		(void)fputs(" \u2013 ", p->out);
	}
	(void)fputs("Internet infrastructure review</title>\n<style>", p->out);
	(void)fwrite(report_style, 1, report_style_size, p->out);
	(void)fputs(
	    "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the review</a>\n",
	    p->out);
}

static void
masthead(struct page *p, const json_t *review)
{
	const json_t *site = json_object_get(review, "site");
	const json_t *period = json_object_get(review, "period");
	const json_t *generator = json_object_get(review, "generator");

	(void)fputs("<header class=\"masthead\">\n", p->out);
	if (json_is_string(json_object_get(site, "name"))) {
		(void)fputs("<p class=\"kicker\">Internet infrastructure review</p>\n<h1>", p->out);
		markup_bdi(p->out, site, "name");
	} else {
		(void)fputs("<h1>Internet infrastructure review", p->out);
	}
	(void)fputs("</h1>\n<p class=\"period\">", p->out);
	if (json_is_string(json_object_get(period, "begin"))) {
		html_iso_time(p, json_object_get(period, "begin"));
		(void)fputs(" to ", p->out);
		html_iso_time(p, json_object_get(period, "end"));
	} else {
		(void)fputs("No record was read", p->out);
	}
	(void)fputs("</p>\n", p->out);
	if (json_is_true(json_object_get(review, "simulated")))
		(void)fputs(
		    "<p class=\"simulated\" role=\"note\"><strong>Simulated traffic.</strong> "
		    "This review is of generated data and describes no real network.</p>\n",
		    p->out);
	(void)fputs("<p class=\"colophon\">Times are in <bdi>", p->out);
	if (p->zone != NULL)
		markup_member(p->out, site, "time_zone");
	else
		(void)fputs("UTC", p->out);
	(void)fputs("</bdi>. Made by ", p->out);
	markup_bdi(p->out, generator, "name");
	(void)fputs(" ", p->out);
	markup_bdi(p->out, generator, "version");
	(void)fputs(".</p>\n</header>\n", p->out);
}

static void
contents(struct page *p, const json_t *review)
{
	const json_t *chapter, *section;
	size_t i, k;

	(void)fputs(
	    "<nav class=\"contents\" aria-label=\"Contents\">\n<h2>Contents</h2>\n<ol>\n", p->out);
	if (json_array_size(json_object_get(review, "findings")) > 0)
		(void)fprintf(p->out, "<li><a href=\"#findings\">Findings (%zu)</a></li>\n",
		    json_array_size(json_object_get(review, "findings")));
	json_array_foreach (json_object_get(review, "chapters"), i, chapter) {
		(void)fputs("<li><a href=\"#chapter-", p->out);
		markup_id(p->out, json_string_value(json_object_get(chapter, "id")));
		(void)fputs("\">", p->out);
		markup_bdi(p->out, chapter, "title");
		(void)fputs("</a>\n<ol>\n", p->out);
		json_array_foreach (json_object_get(chapter, "sections"), k, section) {
			(void)fputs("<li><a href=\"#section-", p->out);
			markup_id(p->out, json_string_value(json_object_get(section, "id")));
			(void)fputs("\">", p->out);
			markup_bdi(p->out, section, "title");
			(void)fputs("</a></li>\n", p->out);
		}
		(void)fputs("</ol></li>\n", p->out);
	}
	(void)fputs("<li><a href=\"#provenance\">What was read</a></li>\n</ol>\n</nav>\n", p->out);
}

/* The first paragraph of each section: what a reader in a hurry needs. */
static void
brief(struct page *p, const json_t *review)
{
	const json_t *chapter, *section, *text;
	size_t i, k, count = 0;

	json_array_foreach (json_object_get(review, "chapters"), i, chapter)
		count += json_array_size(json_object_get(chapter, "sections"));
	if (count < 2)
		return;
	(void)fputs("<section class=\"brief\" id=\"brief\">\n<h2>In brief</h2>\n<dl>\n", p->out);
	json_array_foreach (json_object_get(review, "chapters"), i, chapter) {
		json_array_foreach (json_object_get(chapter, "sections"), k, section) {
			text = json_array_get(json_object_get(section, "summary"), 0);
			if (!json_is_string(text))
				continue;
			(void)fputs("<div><dt><a href=\"#section-", p->out);
			markup_id(p->out, json_string_value(json_object_get(section, "id")));
			(void)fputs("\">", p->out);
			markup_bdi(p->out, section, "title");
			(void)fputs("</a></dt><dd>", p->out);
			markup_text(p->out, json_string_value(text), json_string_length(text));
			(void)fputs("</dd></div>\n", p->out);
		}
	}
	(void)fputs("</dl>\n</section>\n", p->out);
}

static void
chapters(struct page *p, const json_t *review)
{
	const json_t *chapter, *section;
	size_t i, k;

	json_array_foreach (json_object_get(review, "chapters"), i, chapter) {
		(void)fputs("<section class=\"chapter\" id=\"chapter-", p->out);
		markup_id(p->out, json_string_value(json_object_get(chapter, "id")));
		(void)fputs("\">\n<h2>", p->out);
		markup_bdi(p->out, chapter, "title");
		(void)fputs("</h2>\n", p->out);
		json_array_foreach (json_object_get(chapter, "sections"), k, section)
			html_section(p, section, i, k);
		(void)fputs("</section>\n", p->out);
	}
}

/* Named counters that are not zero. */
static void
counters(struct page *p, const char *title, json_t *object)
{
	static const struct html_column columns[] = {
		{ "name", "Counter", "text", "" },
		{ "count", "Count", "count", "" },
	};
	json_t *list = json_array();
	const char *key;
	json_t *value;

	json_object_foreach (object, key, value)
		if (!json_is_integer(value) || json_integer_value(value) != 0)
			(void)json_array_append_new(
			    list, json_pack("{s:s, s:O}", "name", key, "count", value));
	if (json_array_size(list) > 0)
		html_objects(p, title, list, columns, ARRAY_COUNT(columns));
	json_decref(list);
}

/* The inputs with their damage as sentences. */
static json_t *
inputs_for_reading(const json_t *inputs)
{
	json_t *list = json_array();
	json_t *input, *damage;
	size_t i, k;

	json_array_foreach (inputs, i, input) {
		json_t *copy = json_copy(input);
		json_t *texts = json_array();

		json_array_foreach (json_object_get(input, "damage"), k, damage) {
			char number[32];
			json_int_t offset = json_integer_value(json_object_get(damage, "offset"));
			const char *reason = json_string_value(json_object_get(damage, "reason"));
			char *text = xasprintf("%s%s%s%s", offset > 0 ? "at octet " : "",
			    offset > 0 ? text_count((uint64_t)offset, number, sizeof number) : "",
			    offset > 0 ? ": " : "", reason != NULL ? reason : "unknown");
			(void)json_array_append_new(texts, json_text(text, strlen(text)));
			free(text);
		}
		if (json_array_size(texts) > 0)
			(void)json_object_set_new(copy, "damage", texts);
		else
			json_decref(texts);
		(void)json_array_append_new(list, copy);
	}
	return list;
}

/* True when a chapter of the review is about quality: it explains the counters itself. */
static bool
has_quality(const json_t *review)
{
	const json_t *chapter;
	size_t i;

	json_array_foreach (json_object_get(review, "chapters"), i, chapter) {
		const char *id = json_string_value(json_object_get(chapter, "id"));
		if (id != NULL && strcmp(id, "quality") == 0)
			return true;
	}
	return false;
}

/* Inputs, and what the figures rest on. */
static void
provenance(struct page *p, const json_t *review)
{
	static const struct html_column inputs[] = {
		{ "path", "Input", "text", "" },
		{ "kind", "Kind", "text", "" },
		{ "begin", "First record", "iso", "" },
		{ "end", "Last record", "iso", "" },
		{ "records", "Records", "count", "" },
		{ "octets", "Octets", "octets", "octets" },
		{ "damage", "Damage", "text", "" },
		{ "fingerprint", "Fingerprint", "text", "" },
	};
	static const struct html_column sampling[] = {
		{ "exporter", "Exporter", "text", "" },
		{ "domain", "Domain", "number", "" },
		{ "rate", "Rate", "number", "" },
		{ "source", "Source", "text", "" },
		{ "records", "Records", "count", "" },
	};
	static const struct html_column loss[] = {
		{ "exporter", "Exporter", "text", "" },
		{ "domain", "Domain", "number", "" },
		{ "lost", "Lost", "count", "" },
		{ "expected", "Expected", "count", "" },
		{ "unit", "Unit", "text", "" },
	};
	const json_t *quality = json_object_get(review, "quality");
	json_t *list = inputs_for_reading(json_object_get(review, "inputs"));

	(void)fputs(
	    "<section class=\"chapter\" id=\"provenance\">\n<h2>What was read</h2>\n", p->out);
	html_objects(p, "Inputs", list, inputs, ARRAY_COUNT(inputs));
	json_decref(list);
	if (!has_quality(review)) {
		counters(p, "Not measured, or with a remark", json_object_get(quality, "drops"));
		counters(p, "Evictions", json_object_get(quality, "evictions"));
	}
	if (json_array_size(json_object_get(quality, "sampling")) > 0)
		html_objects(p, "Sampling", json_object_get(quality, "sampling"), sampling,
		    ARRAY_COUNT(sampling));
	if (json_array_size(json_object_get(quality, "loss")) > 0)
		html_objects(p, "Loss", json_object_get(quality, "loss"), loss, ARRAY_COUNT(loss));
	(void)fputs("</section>\n", p->out);
}

/* JSON that cannot end its element or open a comment: ASCII, and the characters of markup escaped.
 */
static int
write_escaped(const char *text, size_t size, void *context)
{
	FILE *out = context;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '<' || text[i] == '>' || text[i] == '&')
			(void)fprintf(out, "\\u%04x", (unsigned)text[i]);
		else
			(void)fputc(text[i], out);
	}
	return 0;
}

static void
data_block(struct page *p, const json_t *review)
{
	(void)fputs("<script type=\"application/json\" id=\"review-data\">", p->out);
	(void)json_dump_callback(review, write_escaped, p->out,
	    JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
	(void)fputs("</script>\n", p->out);
	if (report_script_size > 0) {
		(void)fputs("<script>", p->out);
		(void)fwrite(report_script, 1, report_script_size, p->out);
		(void)fputs("</script>\n", p->out);
	}
	(void)fputs("</body>\n</html>\n", p->out);
}
