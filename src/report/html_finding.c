/* SPDX-License-Identifier: ISC */
/* Findings as HTML: what, whom, when, how much, by which thresholds, on what evidence, and what to
 * do. */
#include <string.h>

#include "obs/section.h"
#include "report/html.h"
#include "report/markup.h"

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

/* Members of an object as terms and their values. */
static void
terms(struct page *p, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		(void)fputs("<div><dt>", p->out);
		markup_text(p->out, key, strlen(key));
		(void)fputs("</dt><dd>", p->out);
		html_any(p, value, key, 0);
		(void)fputs("</dd></div>\n", p->out);
	}
}

static void
evidence(struct page *p, const json_t *list)
{
	const json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	(void)fputs("<h4>Evidence</h4>\n<ul class=\"evidence\">\n", p->out);
	json_array_foreach(list, i, item)
	{
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
	const json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	(void)fputs("<h4>Thresholds</h4>\n<ul class=\"thresholds\">\n", p->out);
	json_array_foreach(list, i, item)
	{
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

void
html_findings(struct page *p, const json_t *findings)
{
	const json_t *item;
	size_t i;

	if (json_array_size(findings) == 0)
		return;
	(void)fputs("<section class=\"chapter\" id=\"findings\">\n<h2>Findings</h2>\n", p->out);
	json_array_foreach(findings, i, item) finding(p, item);
	(void)fputs("</section>\n", p->out);
}
