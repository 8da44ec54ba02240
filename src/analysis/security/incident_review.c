/* SPDX-License-Identifier: ISC */
/*
 * Proposals for the chronology from the findings of a review (yagura.review/1): what a reader of
 *the chronology would want to know of, never more than a proposal until a person approves it.
 *
 *	security/ddos         the attacks at or above the 99th percentile of the review's own by
 *packets or by bits a second (so at least the largest) security/heartbleed   leaks others findings
 *whose severity is high or critical
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/incident_import.h"
#include "base/xmalloc.h"

#define PERCENTILE 99

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static double
measure(const json_t *finding, const char *name)
{
	return json_number_value(json_object_get(json_object_get(finding, "measures"), name));
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The 99th percentile (nearest rank) of a measure over the attacks. */
static double
threshold(const json_t *findings, const char *name)
{
	double *values = xcalloc(json_array_size(findings) + 1, sizeof *values), result;
	json_t *finding;
	size_t count = 0, i, rank;

	json_array_foreach (findings, i, finding)
		if (strcmp(text_of(finding, "analysis"), "security/ddos") == 0)
			values[count++] = measure(finding, name);
	qsort(values, count, sizeof *values, compare);
	rank = (PERCENTILE * count + 99) / 100;
	result = count == 0 ? 0 : values[rank - 1];
	free(values);
	return result;
}

static bool
is_worth(const json_t *finding, double pps, double bps)
{
	const char *analysis = text_of(finding, "analysis");
	const char *severity = text_of(finding, "severity");

	if (strcmp(analysis, "security/ddos") == 0)
		return (pps > 0 && measure(finding, "peak_pps") >= pps) ||
		       (bps > 0 && measure(finding, "peak_bps") >= bps);
	if (strcmp(analysis, "security/heartbleed") == 0)
		return strcmp(text_of(finding, "kind"), "leak") == 0;
	return strcmp(severity, "high") == 0 || strcmp(severity, "critical") == 0;
}

/* "dns/random-subdomain attack: example.com" */
static char *
title_of(const json_t *finding)
{
	char *title = xasprintf("%s %s", text_of(finding, "analysis"), text_of(finding, "kind"));
	const char *key, *separator = ": ";
	json_t *value;

	json_object_foreach (json_object_get(finding, "subject"), key, value) {
		char *longer;
		if (!json_is_string(value))
			continue;
		longer = xasprintf("%s%s%s", title, separator, json_string_value(value));
		free(title);
		title = longer;
		separator = ", ";
	}
	return title;
}

static void
propose(struct incident_import *import, const json_t *finding, const char *place)
{
	json_t *entry = json_object();
	char *title = title_of(finding);
	char *plain = xasprintf("%s %s", text_of(finding, "analysis"), text_of(finding, "kind"));

	incident_put(entry, "source_id", text_of(finding, "id"), 250);
	incident_put(entry, "date", text_of(finding, "begin"), 64);
	incident_put(entry, "end", text_of(finding, "end"), 64);
	incident_put(entry, "title", title, 300);
	incident_put(entry, "public_title", plain, 300);
	incident_put(entry, "text", text_of(finding, "advice"), 8000);
	incident_append(entry, "linked", text_of(finding, "id"));
	if (json_is_number(json_object_get(finding, "confidence")))
		json_object_set(entry, "confidence", json_object_get(finding, "confidence"));
	json_object_set_new(entry, "approved", json_false());
	free(title);
	free(plain);
	incident_import_entry(import, entry, "review", place);
}

void
incident_import_review(struct incident_import *import, const json_t *review)
{
	const json_t *findings = json_object_get(review, "findings");
	double pps = threshold(findings, "peak_pps"), bps = threshold(findings, "peak_bps");
	json_t *finding;
	char place[64];
	size_t i;

	json_array_foreach (findings, i, finding) {
		(void)snprintf(place, sizeof place, "findings[%zu]", i);
		if (is_worth(finding, pps, bps))
			propose(import, finding, place);
		else
			import->passed_over++;
	}
}
