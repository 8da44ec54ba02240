/* SPDX-License-Identifier: ISC */
/* yagura incidents list, export: what the file holds, for people and for other programs. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "cmd/incidents.h"
#include "cmd/json_rows.h"
#include "obs/section.h"
#include "report/output.h"

static const struct opt LIST_OPTIONS[] = {
	OPT_INCIDENTS_FILE,
	{ "from", 0, "DATE", "only those that began on or after this day" },
	{ "to", 0, "DATE", "only those that began before this day" },
	{ "category", 0, "LETTER", "only V, P, H, S or O" },
	{ "proposals", 0, NULL, "only those that wait for approval" },
	{ "approved", 0, NULL, "only those that are approved" },
	{ "months", 0, NULL, "how many of each category began in each month" },
	{ "csv", 0, NULL, "print comma-separated values" },
	{ "json", 0, NULL, "print a JSON array of objects" },
	OPT_CONFIG,
	OPT_END,
};

static const struct column LIST_COLUMNS[] = {
	{ "id", COLUMN_TEXT, "" },
	{ "day", COLUMN_TEXT, "" },
	{ "category", COLUMN_TEXT, "" },
	{ "approved", COLUMN_TEXT, "" },
	{ "source", COLUMN_TEXT, "" },
	{ "title", COLUMN_TEXT, "" },
};

static const struct column MONTH_COLUMNS[] = {
	{ "month", COLUMN_TEXT, "" },
	{ "vulnerabilities", COLUMN_U64, "" },
	{ "political", COLUMN_U64, "" },
	{ "history", COLUMN_U64, "" },
	{ "security", COLUMN_U64, "" },
	{ "other", COLUMN_U64, "" },
	{ "incidents", COLUMN_U64, "" },
};

/* What is listed. */
struct choice {
	int64_t from, to; /* seconds since 1970 */
	int category;     /* -1: any */
	bool proposals, approved;
};

/* The first second of a day that an option names. */
static enum err
read_bound(const struct incidents_run *r, const char *option, int64_t *bound, struct err_info *info)
{
	const char *text = opt_value(r->values, option);
	struct incident_time time;
	enum err e;

	if (text == NULL)
		return ERR_OK;
	e = incident_time_parse(text, r->zone, &time, info);
	if (e != ERR_OK || time.year == 0)
		return ERR_USAGE;
	*bound = incident_time_begin(&time, r->zone);
	return ERR_OK;
}

static enum err
read_choice(const struct incidents_run *r, struct choice *c, struct err_info *info)
{
	const char *category = opt_value(r->values, "category");
	enum err e;

	*c = (struct choice){ .from = INT64_MIN, .to = INT64_MAX, .category = -1 };
	c->proposals = opt_given(r->values, "proposals");
	c->approved = opt_given(r->values, "approved");
	if (category != NULL && (c->category = incident_category_of(category)) < 0)
		return err_set(
		    info, ERR_USAGE, "a category is V, P, H, S or O, not \"%.40s\"", category);
	e = read_bound(r, "from", &c->from, info);
	return e == ERR_OK ? read_bound(r, "to", &c->to, info) : e;
}

/* Days of every year are in every period. */
static bool
is_chosen(const struct incidents_run *r, const struct choice *c, const struct incident *i)
{
	int64_t begin = i->begin.year != 0 ? incident_time_begin(&i->begin, r->zone) : 0;

	if (c->category >= 0 && (int)i->category != c->category)
		return false;
	if ((c->proposals && i->approved) || (c->approved && !i->approved))
		return false;
	return i->recurs || (begin >= c->from && begin < c->to);
}

/* "2013-09-18" in the site's zone, or as much of it as is known. */
static void
day_text(const struct incidents_run *r, const struct incident *i, char text[40])
{
	struct incident_time t = incident_time_local(&i->begin, r->zone);

	if (t.year == 0)
		(void)snprintf(text, 40, "--%02d-%02d", t.month, t.day);
	else if (t.month == 0)
		(void)snprintf(text, 40, "%04d", t.year);
	else if (t.day == 0)
		(void)snprintf(text, 40, "%04d-%02d", t.year, t.month);
	else
		(void)snprintf(text, 40, "%04d-%02d-%02d", t.year, t.month, t.day);
}

static json_t *
list_rows(const struct incidents_run *r, const struct choice *c)
{
	json_t *rows = json_array();

	for (size_t k = 0; k < r->list->count; k++) {
		const struct incident *i = &r->list->items[k];
		char day[40];
		if (!is_chosen(r, c, i))
			continue;
		day_text(r, i, day);
		json_array_append_new(
		    rows, json_pack("[O, s, O, s, s, O]", json_object_get(i->entry, "id"), day,
			      json_object_get(i->entry, "category"), i->approved ? "yes" : "no",
			      incident_text(i, "source"), json_object_get(i->entry, "title")));
	}
	return rows;
}

static int
compare_rows(const void *a, const void *b)
{
	return strcmp(json_string_value(json_array_get(*(json_t *const *)a, 0)),
	    json_string_value(json_array_get(*(json_t *const *)b, 0)));
}

/* The values of an object, in the order of their first cells. */
static json_t *
sorted_rows(json_t *object)
{
	size_t count = json_object_size(object), at = 0;
	json_t **list = xcalloc(count + 1, sizeof *list), *rows = json_array(), *row;
	const char *name;

	json_object_foreach (object, name, row)
		list[at++] = row;
	if (count != 0)
		qsort(list, count, sizeof(json_t *), compare_rows);
	for (size_t i = 0; i < count; i++)
		json_array_append(rows, list[i]);
	free(list);
	return rows;
}

/* Months that hold an incident, in order; a year whose month is not known is one of them. */
static json_t *
month_rows(const struct incidents_run *r, const struct choice *c)
{
	json_t *months = json_object(), *rows, *row;

	for (size_t k = 0; k < r->list->count; k++) {
		const struct incident *i = &r->list->items[k];
		size_t column = 1 + (size_t)i->category;
		char day[40];
		if (!is_chosen(r, c, i) || i->recurs)
			continue;
		day_text(r, i, day);
		day[7] = '\0';
		row = json_object_get(months, day);
		if (row == NULL) {
			row = json_pack("[s, i, i, i, i, i, i]", day, 0, 0, 0, 0, 0, 0);
			json_object_set_new(months, day, row);
		}
		json_array_set_new(
		    row, column, json_integer(json_integer_value(json_array_get(row, column)) + 1));
		json_array_set_new(
		    row, 6, json_integer(json_integer_value(json_array_get(row, 6)) + 1));
	}
	rows = sorted_rows(months);
	json_decref(months);
	return rows;
}

static enum err
list(struct incidents_run *r, struct err_info *info)
{
	bool months = opt_given(r->values, "months");
	struct json_rows rows = { .columns = months ? MONTH_COLUMNS : LIST_COLUMNS,
		.count = months ? ARRAY_COUNT(MONTH_COLUMNS) : ARRAY_COUNT(LIST_COLUMNS) };
	struct choice choice;
	json_t *cells;
	enum err e = read_choice(r, &choice, info);

	if (e != ERR_OK)
		return e;
	incident_list_sort(r->list);
	cells = months ? month_rows(r, &choice) : list_rows(r, &choice);
	rows.rows = cells;
	e = json_rows_print(&rows, r->values, stdout, info);
	json_decref(cells);
	return e;
}

static int
run_list(const struct opt_values *values)
{
	struct incidents_run r;
	struct err_info why = { .text = "" };
	enum err e = incidents_open(&r, values, false, &why);

	(void)signal(SIGPIPE, SIG_IGN);
	if (e == ERR_OK && values->operand_count != 0)
		e = err_set(&why, ERR_USAGE, "it takes no operand");
	if (e == ERR_OK)
		e = list(&r, &why);
	return incidents_end(&r, "list", e, why.text);
}

const struct command command_incidents_list = {
	.name = "list",
	.summary = "print incidents, or how many began in each month",
	.operands = "",
	.options = LIST_OPTIONS,
	.run = run_list,
};

/* --- export -------------------------------------------------------------------------------------
 */

static const struct opt EXPORT_OPTIONS[] = {
	OPT_INCIDENTS_FILE,
	{ "output", 'o', "FILE", "where to (default: standard output)" },
	{ "csv", 0, NULL, "comma-separated values instead of JSON" },
	OPT_CONFIG,
	OPT_END,
};

/* What the import of the operator's table reads back. */
static const struct column CSV_COLUMNS[] = {
	{ "id", COLUMN_TEXT, "" },
	{ "date", COLUMN_TEXT, "" },
	{ "end", COLUMN_TEXT, "" },
	{ "time_zone", COLUMN_TEXT, "" },
	{ "recurs", COLUMN_TEXT, "" },
	{ "category", COLUMN_TEXT, "" },
	{ "title", COLUMN_TEXT, "" },
	{ "text", COLUMN_TEXT, "" },
	{ "refs", COLUMN_TEXT, "" },
	{ "cve", COLUMN_TEXT, "" },
	{ "actors", COLUMN_TEXT, "" },
	{ "impact", COLUMN_TEXT, "" },
	{ "source", COLUMN_TEXT, "" },
	{ "source_id", COLUMN_TEXT, "" },
	{ "confidence", COLUMN_F64, "" },
	{ "approved", COLUMN_TEXT, "" },
};

/* Lists become text with semicolons. */
static json_t *
csv_cell(const json_t *value)
{
	char *text = NULL;
	size_t size = 0, i;
	FILE *out;
	const json_t *item;
	json_t *cell;

	if (json_is_boolean(value))
		return json_string(json_is_true(value) ? "true" : "false");
	if (!json_is_array(value))
		return value != NULL ? json_incref((json_t *)value) : json_string("");
	out = open_memstream(&text, &size);
	json_array_foreach (value, i, item)
		(void)fprintf(out, "%s%s", i > 0 ? "; " : "", json_string_value(item));
	(void)fclose(out);
	cell = json_stringn(text, size);
	free(text);
	return cell;
}

static enum err
export_csv(struct incidents_run *r, FILE *out, struct err_info *info)
{
	json_t *cells = json_array();
	struct json_rows rows = {
		.columns = CSV_COLUMNS, .count = ARRAY_COUNT(CSV_COLUMNS), .rows = cells
	};
	enum err e;

	incident_list_sort(r->list);
	for (size_t k = 0; k < r->list->count; k++) {
		json_t *row = json_array();
		for (size_t c = 0; c < ARRAY_COUNT(CSV_COLUMNS); c++) {
			const json_t *value =
			    json_object_get(r->list->items[k].entry, CSV_COLUMNS[c].name);
			json_array_append_new(row,
			    value == NULL && CSV_COLUMNS[c].type == COLUMN_F64 ? json_null()
									       : csv_cell(value));
		}
		json_array_append_new(cells, row);
	}
	e = json_rows_print(&rows, r->values, out, info);
	json_decref(cells);
	return e;
}

static enum err export(struct incidents_run *r, struct err_info *info) {
	const char *path = opt_value(r->values, "output"); struct output output;
	enum err e = output_open(path != NULL ? path : "-", &output, info);

	if (e != ERR_OK) return e;
	e = opt_given(r->values, "csv") ? export_csv(r, output.file, info)
					: incident_list_write(r->list, output.file, info);
	if (e == ERR_OK) return output_close(&output, info);
	output_abandon(&output);
	return e;
}

static int
run_export(const struct opt_values *values)
{
	struct incidents_run r;
	struct err_info why = { .text = "" };
	enum err e = incidents_open(&r, values, false, &why);

	(void)signal(SIGPIPE, SIG_IGN);
	if (e == ERR_OK && values->operand_count != 0)
		e = err_set(&why, ERR_USAGE, "it takes no operand");
	if (e == ERR_OK)
		e = export(&r, &why);
	return incidents_end(&r, "export", e, why.text);
}

const struct command command_incidents_export = {
	.name = "export",
	.summary = "write the list as JSON or CSV",
	.operands = "",
	.options = EXPORT_OPTIONS,
	.run = run_export,
};
