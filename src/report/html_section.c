/* SPDX-License-Identifier: ISC */
/*
 * A section of the review as HTML: its summary, figures, tables, definition and what it rests on.
 *
 * A figure is here a title, a caption and a table of its points: the bundle draws the picture above
 * the table and folds the table away, and a reader without scripts has the table.
 */
#include <stdbool.h>
#include <string.h>

#include "obs/section.h"
#include "report/html.h"
#include "report/markup.h"

#define POINT_VALUES      5   /* of one point, at most */
#define FIGURE_ROWS_SHOWN 200 /* points of a figure printed as a table; all are in the JSON */

static void paragraphs(struct page *p, const json_t *texts);
static void folded(struct page *p, const char *title, const json_t *texts);
static void figure(struct page *p, const json_t *figure, const char *section_id, const char *place);
static void
table_part(struct page *p, const json_t *table, size_t begin, size_t end, const char *caption_id);
static void figure_data(struct page *p, const json_t *figure);

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

void
html_section(struct page *p, const json_t *section, size_t chapter, size_t index)
{
	const char *id = text_of(section, "id");
	char place[96];
	json_t *item;
	size_t i;

	(void)fputs("<section class=\"section\" id=\"section-", p->out);
	markup_id(p->out, id);
	(void)fputs("\">\n<h3>", p->out);
	markup_bdi(p->out, section, "title");
	(void)fputs("</h3>\n", p->out);
	if (json_array_size(json_object_get(section, "warnings")) != 0) {
		(void)fputs("<div class=\"warning\" role=\"note\">\n", p->out);
		paragraphs(p, json_object_get(section, "warnings"));
		(void)fputs("</div>\n", p->out);
	}
	(void)fputs("<div class=\"summary\">\n", p->out);
	paragraphs(p, json_object_get(section, "summary"));
	(void)fputs("</div>\n", p->out);
	json_array_foreach (json_object_get(section, "figures"), i, item) {
		(void)snprintf(place, sizeof place, "%zu.%zu.%zu", chapter, index, i);
		figure(p, item, id, place);
	}
	json_array_foreach (json_object_get(section, "tables"), i, item) {
		(void)snprintf(place, sizeof place, "%zu.%zu.%zu", chapter, index, i);
		html_table(p, item, place);
	}
	folded(p, "Definition", json_object_get(section, "definition"));
	folded(p, "What this rests on", json_object_get(section, "quality"));
	(void)fputs("</section>\n", p->out);
}

/* One string, or an array of them, a paragraph each. */
static void
paragraphs(struct page *p, const json_t *texts)
{
	json_t *text;
	size_t i;

	if (json_is_string(texts)) {
		(void)fputs("<p>", p->out);
		markup_text(p->out, json_string_value(texts), json_string_length(texts));
		(void)fputs("</p>\n", p->out);
	}
	json_array_foreach (texts, i, text)
		if (json_is_string(text))
			paragraphs(p, text);
}

static void
folded(struct page *p, const char *title, const json_t *texts)
{
	if (json_array_size(texts) == 0 && !json_is_string(texts))
		return;
	(void)fprintf(p->out, "<details class=\"fold\"><summary>%s</summary>\n", title);
	paragraphs(p, texts);
	(void)fputs("</details>\n", p->out);
}

void
html_table(struct page *p, const json_t *table, const char *place)
{
	size_t count = json_array_size(json_object_get(table, "rows"));
	size_t shown = count <= HTML_ROWS_SHOWN + 5 ? count : HTML_ROWS_SHOWN;
	const json_t *notes = json_object_get(table, "notes");
	char caption[32], number[32];
	unsigned own = ++p->table_count;

	(void)snprintf(caption, sizeof caption, "table-%u", own);
	(void)fprintf(
	    p->out, "<div class=\"table\" id=\"%s\" data-table=\"%s\">\n", caption, place);
	(void)fprintf(p->out,
	    "<p class=\"title\" id=\"%s-title\"><span class=\"number\">Table %u</span> ", caption,
	    own);
	markup_bdi(p->out, table, "title");
	(void)fputs("</p>\n", p->out);
	table_part(p, table, 0, shown, caption);
	if (shown < count) {
		(void)fprintf(p->out, "<details class=\"more\"><summary>%s more rows</summary>\n",
		    text_count(count - shown, number, sizeof number));
		table_part(p, table, shown, count, caption);
		(void)fputs("</details>\n", p->out);
	}
	if (json_array_size(notes) > 0) {
		(void)fputs("<div class=\"notes\">\n", p->out);
		paragraphs(p, notes);
		(void)fputs("</div>\n", p->out);
	}
	(void)fputs("</div>\n", p->out);
}

/* Rates, durations and times carry their unit in each cell; "Octets" needs no "octets". */
static bool
heading_needs_unit(const char *type, const char *title, const char *unit)
{
	return unit[0] != '\0' && strcmp(type, "rate") != 0 && strcmp(type, "duration") != 0 &&
	       strcmp(type, "time") != 0 && strcasestr(title, unit) == NULL;
}

static void
table_head(struct page *p, const json_t *columns)
{
	const json_t *column;
	size_t i;

	(void)fputs("<thead><tr>", p->out);
	json_array_foreach (columns, i, column) {
		const char *unit = text_of(column, "unit");

		(void)fprintf(p->out, "<th scope=\"col\"%s>",
		    html_is_numeric(text_of(column, "type")) ? " class=\"n\"" : "");
		markup_bdi(p->out, column, "title");
		if (heading_needs_unit(text_of(column, "type"), text_of(column, "title"), unit)) {
			(void)fputs(" <span class=\"unit\">", p->out);
			markup_bdi(p->out, column, "unit");
			(void)fputs("</span>", p->out);
		}
		(void)fputs("</th>", p->out);
	}
	(void)fputs("</tr></thead>\n", p->out);
}

static void
table_row(struct page *p, const json_t *columns, const json_t *row)
{
	const json_t *column;
	size_t i;

	(void)fputs("<tr>", p->out);
	json_array_foreach (columns, i, column) {
		const char *type = text_of(column, "type");
		int numeric = html_is_numeric(type);

		(void)fputs(numeric  ? "<td class=\"n\">"
			    : i == 0 ? "<th scope=\"row\">"
				     : "<td>",
		    p->out);
		html_value(p, json_array_get(row, i), type, text_of(column, "unit"));
		(void)fputs(numeric || i > 0 ? "</td>" : "</th>", p->out);
	}
	(void)fputs("</tr>\n", p->out);
}

/* Rows [begin, end) in a box that scrolls by itself. */
static void
table_part(struct page *p, const json_t *table, size_t begin, size_t end, const char *caption_id)
{
	const json_t *columns = json_object_get(table, "columns");
	const json_t *rows = json_object_get(table, "rows");

	(void)fprintf(p->out,
	    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"%s-title\">\n"
	    "<table><caption class=\"hidden\">",
	    caption_id);
	markup_bdi(p->out, table, "title");
	(void)fputs(begin > 0 ? ", continued</caption>\n" : "</caption>\n", p->out);
	table_head(p, columns);
	(void)fputs("<tbody>\n", p->out);
	for (size_t i = begin; i < end; i++)
		table_row(p, columns, json_array_get(rows, i));
	(void)fputs("</tbody></table></div>\n", p->out);
}

void
html_objects(struct page *p, const char *title, const json_t *objects,
    const struct html_column *columns, size_t column_count)
{
	json_t *table = json_pack("{s:s, s:[], s:[]}", "title", title, "columns", "rows");
	json_t *object;
	size_t index;

	for (size_t i = 0; i < column_count; i++)
		(void)json_array_append_new(json_object_get(table, "columns"),
		    json_pack("{s:s, s:s, s:s}", "title", columns[i].title, "type", columns[i].type,
			"unit", columns[i].unit));
	json_array_foreach (objects, index, object) {
		json_t *row = json_array();
		for (size_t i = 0; i < column_count; i++) {
			json_t *cell = json_object_get(object, columns[i].name);
			(void)json_array_append_new(
			    row, cell != NULL ? json_incref(cell) : json_null());
		}
		(void)json_array_append_new(json_object_get(table, "rows"), row);
	}
	html_table(p, table, "");
	json_decref(table);
}

static void
figure(struct page *p, const json_t *figure, const char *section_id, const char *place)
{
	unsigned own = ++p->figure_count;

	(void)fprintf(p->out, "<figure class=\"figure\" data-figure=\"%s\" id=\"figure-", place);
	markup_id(p->out, section_id);
	(void)fputs("-", p->out);
	markup_id(p->out, text_of(figure, "id"));
	(void)fprintf(p->out,
	    "\" aria-labelledby=\"figure-%u-title\">\n<figcaption id=\"figure-%u-title\">"
	    "<span class=\"number\">Figure %u</span> ",
	    own, own, own);
	markup_bdi(p->out, figure, "title");
	(void)fprintf(
	    p->out, "</figcaption>\n<div class=\"plot\" id=\"figure-%u-plot\"></div>\n", own);
	if (text_of(figure, "caption")[0] != '\0') {
		(void)fputs("<p class=\"caption\">", p->out);
		markup_member(p->out, figure, "caption");
		(void)fputs("</p>\n", p->out);
	}
	figure_data(p, figure);
	(void)fputs("</figure>\n", p->out);
}

/* Shares read as per cent. */
static const char *
number_type(const json_t *axis)
{
	bool is_share = strncasecmp(text_of(axis, "label"), "share", 5) == 0 &&
			text_of(axis, "unit")[0] == '\0';

	return is_share ? "share" : "number";
}

/* What the values of a point are, from the kind of the figure (obs/section.h). */
static size_t
point_columns(const json_t *figure, struct html_column columns[POINT_VALUES])
{
	const json_t *x = json_object_get(figure, "x");
	const json_t *y = json_object_get(figure, "y");
	const char *kind = text_of(figure, "kind");
	const char *x_type = strcmp(text_of(x, "type"), "time") == 0 ? "time" : number_type(x);
	struct html_column value = { "", text_of(y, "label"), number_type(y), text_of(y, "unit") };
	size_t n = 0;

	if (strcmp(kind, "log-histogram") == 0) {
		columns[n++] = (struct html_column){ "", "From", "number", text_of(x, "unit") };
		columns[n++] = (struct html_column){ "", "to", "number", text_of(x, "unit") };
		columns[n++] = value;
	} else if (strcmp(kind, "histogram-2d") == 0) {
		columns[n++] =
		    (struct html_column){ "", text_of(x, "label"), "number", text_of(x, "unit") };
		columns[n++] = (struct html_column){ "", "to", "number", text_of(x, "unit") };
		columns[n++] = value;
		columns[n++] = (struct html_column){ "", "to", "number", value.unit };
		columns[n++] = (struct html_column){ "", "Count", "number", "" };
	} else if (strcmp(kind, "timeline") == 0) {
		columns[n++] = (struct html_column){ "", "Begin", "time", "" };
		columns[n++] = (struct html_column){ "", "End", "time", "" };
		columns[n++] = (struct html_column){ "", "What", "text", "" };
	} else {
		columns[n++] = (struct html_column){ "", text_of(x, "label"), x_type,
			strcmp(x_type, "time") == 0 ? "" : text_of(x, "unit") };
		columns[n++] = value;
		columns[n++] = (struct html_column){ "", "Low", "number", value.unit };
		columns[n++] = (struct html_column){ "", "High", "number", value.unit };
	}
	return n;
}

static size_t
longest_point(const json_t *figure)
{
	const json_t *series, *point;
	size_t longest = 0, i, k;

	json_array_foreach (json_object_get(figure, "series"), i, series)
		json_array_foreach (json_object_get(series, "points"), k, point)
			if (json_array_size(point) > longest)
				longest = json_array_size(point);
	return longest;
}

/* One row a point: the series, then the point's values. */
static void
figure_rows(struct page *p, const json_t *figure, const struct html_column *columns, size_t count)
{
	const json_t *series, *point;
	size_t left = FIGURE_ROWS_SHOWN, i, k;

	json_array_foreach (json_object_get(figure, "series"), i, series) {
		json_array_foreach (json_object_get(series, "points"), k, point) {
			if (left-- == 0)
				return;
			(void)fputs("<tr><th scope=\"row\">", p->out);
			markup_bdi(p->out, series, "name");
			(void)fputs("</th>", p->out);
			for (size_t c = 0; c < count; c++) {
				(void)fputs(
				    html_is_numeric(columns[c].type) ? "<td class=\"n\">" : "<td>",
				    p->out);
				html_value(
				    p, json_array_get(point, c), columns[c].type, columns[c].unit);
				(void)fputs("</td>", p->out);
			}
			(void)fputs("</tr>\n", p->out);
		}
	}
}

static void
figure_data(struct page *p, const json_t *figure)
{
	struct html_column columns[POINT_VALUES];
	size_t count = point_columns(figure, columns);
	size_t longest = longest_point(figure);
	size_t points = 0, i;
	const json_t *series;
	char number[32], shown[32];

	json_array_foreach (json_object_get(figure, "series"), i, series)
		points += json_array_size(json_object_get(series, "points"));
	if (points == 0)
		return;
	if (count > longest)
		count = longest;
	(void)fprintf(p->out,
	    "<details class=\"data\" open><summary>Data of figure %u: %s points</summary>\n"
	    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
	    "aria-labelledby=\"figure-%u-title\">"
	    "<table>\n<thead><tr><th scope=\"col\">Series</th>",
	    p->figure_count, text_count(points, number, sizeof number), p->figure_count);
	for (size_t c = 0; c < count; c++) {
		(void)fprintf(p->out, "<th scope=\"col\"%s>",
		    html_is_numeric(columns[c].type) ? " class=\"n\"" : "");
		markup_text(p->out, columns[c].title, strlen(columns[c].title));
		(void)fputs(" <span class=\"unit\">", p->out);
		markup_text(p->out, columns[c].unit, strlen(columns[c].unit));
		(void)fputs("</span></th>", p->out);
	}
	(void)fputs("</tr></thead>\n<tbody>\n", p->out);
	figure_rows(p, figure, columns, count);
	(void)fputs("</tbody></table></div>\n", p->out);
	if (points > FIGURE_ROWS_SHOWN)
		(void)fprintf(p->out,
		    "<p class=\"notes\">The first %s of %s points; the JSON has all.</p>\n",
		    text_count(FIGURE_ROWS_SHOWN, shown, sizeof shown), number);
	(void)fputs("</details>\n", p->out);
}
