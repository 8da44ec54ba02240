/* SPDX-License-Identifier: ISC */
/* Findings as HTML: what, whom, when, how much, by which thresholds, on what evidence, and what to
 * do. */
#include <stdbool.h>
#include <string.h>

#include "base/xmalloc.h"
#include "obs/section.h"
#include "report/html.h"
#include "report/markup.h"

#define FINDINGS_SHOWN 50 /* in full; the others are in the overview and folded away */
#define EVIDENCE_SHOWN 20

static const char *
severity_class(const json_t *finding)
{
	static const char *const known[] = { "info", "low", "medium", "high", "critical" };
	const char *severity = json_string_value(json_object_get(finding, "severity"));

	for (size_t i = 0; severity != NULL && i < ARRAY_COUNT(known); i++)
		if (strcmp(severity, known[i]) == 0)
			return known[i];
	return "info";
}

/* The member that is `name` with `end` after it. */
static json_t *
beside(const json_t *object, const char *name, const char *end)
{
	char *key = xasprintf("%s%s", name, end);
	json_t *value = json_object_get(object, key);

	free(key);
	return value;
}

/* "x_low" and "x_high" are printed with x. */
static bool
is_interval(const json_t *object, const char *key)
{
	size_t size = strlen(key);
	size_t end = size > 4 && strcmp(key + size - 4, "_low") == 0    ? 4
		     : size > 5 && strcmp(key + size - 5, "_high") == 0 ? 5
									: 0;
	char *base;
	bool found;

	if (end == 0)
		return false;
	base = xstrdup(key);
	base[size - end] = '\0';
	found = json_object_get(object, base) != NULL;
	free(base);
	return found;
}

/* Objects in an array, a line each. */
static void
items(struct page *p, const json_t *list, const char *name)
{
	json_t *item;
	size_t i;

	(void)fputs("<ul>", p->out);
	json_array_foreach (list, i, item) {
		(void)fputs("<li>", p->out);
		html_any(p, item, name, 0);
		(void)fputs("</li>", p->out);
	}
	(void)fputs("</ul>", p->out);
}

/* Members of an object as terms and their values. */
static void
terms(struct page *p, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach (object, key, value) {
		json_t *low = beside(object, key, "_low");
		json_t *high = beside(object, key, "_high");
		bool is_wide = json_is_object(json_array_get(value, 0));

		if (is_interval(object, key))
			continue;
		(void)fprintf(p->out, "<div%s><dt>", is_wide ? " class=\"wide\"" : "");
		html_label(p, key);
		(void)fputs("</dt><dd>", p->out);
		if (is_wide)
			items(p, value, key);
		else
			html_any(p, value, key, 0);
		if (low != NULL && high != NULL) {
			(void)fputs(" <span class=\"unit\">(95\u2009%: ", p->out);
			html_any(p, low, key, 0);
			(void)fputs(" to ", p->out);
			html_any(p, high, key, 0);
			(void)fputs(")</span>", p->out);
		}
		(void)fputs("</dd></div>\n", p->out);
	}
}

static void
evidence(struct page *p, const json_t *list)
{
	json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	(void)fputs("<h4>Evidence</h4>\n<ul class=\"evidence\">\n", p->out);
	json_array_foreach (list, i, item) {
		if (i == EVIDENCE_SHOWN) {
			char number[32];
			(void)fprintf(p->out, "<li>and %s more</li>\n",
			    text_count(json_array_size(list) - i, number, sizeof number));
			break;
		}
		(void)fputs("<li>", p->out);
		html_any(p, item, "", 0);
		(void)fputs("</li>\n", p->out);
	}
	(void)fputs("</ul>\n", p->out);
}

static void
thresholds(struct page *p, const json_t *list)
{
	json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	(void)fputs("<h4>Thresholds</h4>\n<ul class=\"thresholds\">\n", p->out);
	json_array_foreach (list, i, item) {
		(void)fputs("<li>", p->out);
		markup_bdi(p->out, item, "name");
		(void)fputs(": ", p->out);
		html_any(p, json_object_get(item, "value"), "", 0);
		(void)fputs(" <span class=\"unit\">", p->out);
		markup_bdi(p->out, item, "source");
		(void)fputs("</span></li>\n", p->out);
	}
	(void)fputs("</ul>\n", p->out);
}

static void
finding(struct page *p, const json_t *finding)
{
	const char *id = json_string_value(json_object_get(finding, "id"));

	(void)fprintf(p->out, "<article class=\"finding severity-%s\" id=\"finding-",
	    severity_class(finding));
	markup_id(p->out, id);
	(void)fputs("\">\n<h3><span class=\"severity\">", p->out);
	markup_bdi(p->out, finding, "severity");
	(void)fputs("</span> ", p->out);
	markup_bdi(p->out, finding, "analysis");
	(void)fputs(": ", p->out);
	markup_bdi(p->out, finding, "kind");
	(void)fputs("</h3>\n<dl class=\"terms\">\n", p->out);
	terms(p, json_object_get(finding, "subject"));
	(void)fputs("<div><dt>begin</dt><dd>", p->out);
	html_iso_time(p, json_object_get(finding, "begin"));
	(void)fputs("</dd></div>\n<div><dt>end</dt><dd>", p->out);
	html_iso_time(p, json_object_get(finding, "end"));
	(void)fputs("</dd></div>\n<div><dt>confidence</dt><dd>", p->out);
	html_value(p, json_object_get(finding, "confidence"), "share", "");
	(void)fputs("</dd></div>\n", p->out);
	terms(p, json_object_get(finding, "measures"));
	(void)fputs("</dl>\n", p->out);
	if (json_is_string(json_object_get(finding, "advice"))) {
		(void)fputs("<p class=\"advice\">", p->out);
		markup_member(p->out, finding, "advice");
		(void)fputs("</p>\n", p->out);
	}
	(void)fputs("<details class=\"fold\"><summary>Thresholds and evidence</summary>\n", p->out);
	thresholds(p, json_object_get(finding, "thresholds"));
	evidence(p, json_object_get(finding, "evidence"));
	(void)fputs("<p class=\"unit\">Finding ", p->out);
	markup_bdi(p->out, finding, "id");
	(void)fputs("</p></details>\n</article>\n", p->out);
}

/* One line a finding, each leading to the whole. */
static void
overview(struct page *p, const json_t *findings)
{
	json_t *item;
	size_t i;

	(void)fputs(
	    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Findings\">\n"
	    "<table class=\"overview\"><caption class=\"hidden\">Findings</caption>\n"
	    "<thead><tr><th scope=\"col\">Severity</th><th scope=\"col\">Finding</th>"
	    "<th scope=\"col\">Subject</th><th scope=\"col\">Begin</th></tr></thead>\n<tbody>\n",
	    p->out);
	json_array_foreach (findings, i, item) {
		(void)fprintf(p->out, "<tr><th scope=\"row\"><span class=\"severity severity-%s\">",
		    severity_class(item));
		markup_bdi(p->out, item, "severity");
		(void)fputs("</span></th><td><a href=\"#finding-", p->out);
		markup_id(p->out, json_string_value(json_object_get(item, "id")));
		(void)fputs("\">", p->out);
		markup_bdi(p->out, item, "analysis");
		(void)fputs(": ", p->out);
		markup_bdi(p->out, item, "kind");
		(void)fputs("</a></td><td>", p->out);
		html_any(p, json_object_get(item, "subject"), "", 0);
		(void)fputs("</td><td>", p->out);
		html_iso_time(p, json_object_get(item, "begin"));
		(void)fputs("</td></tr>\n", p->out);
	}
	(void)fputs("</tbody></table></div>\n", p->out);
}

void
html_findings(struct page *p, const json_t *findings)
{
	size_t count = json_array_size(findings);
	char number[32];

	if (count == 0)
		return;
	(void)fputs("<section class=\"chapter\" id=\"findings\">\n<h2>Findings</h2>\n", p->out);
	overview(p, findings);
	for (size_t i = 0; i < count; i++) {
		if (i == FINDINGS_SHOWN)
			(void)fprintf(p->out,
			    "<details class=\"more\"><summary>%s more findings in full</summary>\n",
			    text_count(count - i, number, sizeof number));
		finding(p, json_array_get(findings, i));
	}
	if (count > FINDINGS_SHOWN)
		(void)fputs("</details>\n", p->out);
	(void)fputs("</section>\n", p->out);
}
