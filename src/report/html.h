/* SPDX-License-Identifier: ISC */
/*
 * The page being written, shared by the files that write its parts: html.c (the frame),
 * html_section.c (text, tables, figures), html_finding.c, html_value.c (one value).
 *
 * Every part takes the document as it comes: a member that is absent or of another type is left
 * out, so that a damaged document still gives a page and never markup of its own.
 */
#ifndef YAGURA_REPORT_HTML_H
#define YAGURA_REPORT_HTML_H

#include <jansson.h>
#include <stdio.h>

#include "base/zone.h"

#define HTML_ROWS_SHOWN 50 /* rows of a table before the rest is folded away */

struct page {
	FILE *out;               /* borrowed */
	const struct zone *zone; /* borrowed; NULL is UTC */
	unsigned table_count;    /* numbers of tables and figures given so far */
	unsigned figure_count;
};

/* A column of a table of the page's own, as struct section_column. */
struct html_column {
	const char *name, *title, *type, *unit;
};

/* html_value.c */

/* One value of a column type of obs/section.h (or "iso", a time as html_iso_time takes it); null is
 * a dash; a value that does not fit its type is printed as text. */
void html_value(struct page *p, json_t *value, const char *type, const char *unit);
/* 1 when values of the type stand to the right. */
int html_is_numeric(const char *type);
/* A document-level time: ISO 8601 text in UTC, printed in the page's zone. */
void html_iso_time(struct page *p, json_t *value);
/* The name of a member for people: "peak_bps" as "peak bps", "duration_s" as "duration". */
void html_label(struct page *p, const char *name);
/* Any JSON: members as "name: value", items with commas. */
void html_any(struct page *p, json_t *value, const char *name, int depth);

/* html_section.c */

void html_section(struct page *p, const json_t *section, size_t chapter, size_t index);
/* A table of the document's shape; `place` is what the bundle and the tests find it by. */
void html_table(struct page *p, const json_t *table, const char *place);
/* A table of the page's own from an array of objects. */
void html_objects(struct page *p, const char *title, const json_t *objects,
    const struct html_column *columns, size_t column_count);

/* html_finding.c */

void html_findings(struct page *p, const json_t *findings);

#endif
