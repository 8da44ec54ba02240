/* SPDX-License-Identifier: ISC */
/* Raw rows into columns, and the SQL of their tables and views; see raw.h. */
#include "store/raw.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* The columns in front, which fill_front knows. */
enum {
	NUMBER, /* of the commit: what a crash left behind is found by it (days.h) */
	INPUT,
	WINDOW_BEGIN,
	FIRST_OF_ITEM,
};

/* --- SQL -------------------------------------------------------------------------------------- */

/* "<expression> AS <name>" of one column, or of an address as two numbers. */
static char *
view_column(const struct raw_set *set, size_t column, size_t table, size_t view)
{
	const char *name = set->columns[column].name;
	const char *expression = set->columns[column].expressions[table];
	const char *field = set->field;
	bool none = expression != NULL && expression[0] == '\0';

	if (!set->columns[column].is_address)
		return expression != NULL ? xasprintf("%s AS %s", expression, name)
					  : xasprintf("%s.%s AS %s", field, name, name);
	if (view != 0 && none)
		return xasprintf("0::UBIGINT AS %s_high, 0::UBIGINT AS %s_low", name, name);
	if (view != 0)
		return xasprintf("%s.%s_high AS %s_high, %s.%s_low AS %s_low", field, expression,
		    name, field, expression, name);
	return none ? xasprintf("yagura_address(0, 0) AS %s", name)
		    : xasprintf("yagura_address(%s.%s_high, %s.%s_low) AS %s", field, expression,
			  field, expression, name);
}

char *
raw_view_sql(const struct raw_set *set, size_t table, size_t view, const char *from)
{
	char *sql = xstrdup("SELECT ");

	for (size_t i = 0; i < set->column_count; i++) {
		char *column = view_column(set, i, table, view);
		char *longer = xasprintf("%s%s%s", sql, i > 0 ? ", " : "", column);
		free(column);
		free(sql);
		sql = longer;
	}
	char *whole = xasprintf("%s FROM %s", sql, from);
	free(sql);
	return whole;
}

/* What stands for "nothing" of each type in a STRUCT that nobody sees. */
static const char *
nothing_of(enum column_type type)
{
	return type == COLUMN_TEXT || type == COLUMN_BLOB ? "''" : "0";
}

/* The fields as CREATE TABLE declares them, or as a STRUCT of nothing. */
static char *
list_fields(const struct raw_table *table, bool declare)
{
	char *sql = xstrdup("");

	for (size_t i = 0; i < table->column_count; i++) {
		const struct raw_column *c = &table->columns[i];
		const char *type = writer_sql_type(c->type);
		const char *comma = i > 0 ? ", " : "";
		int size = (int)strcspn(type, " ");
		char *longer = declare ? xasprintf("%s%s%s %.*s", sql, comma, c->name, size, type)
				       : xasprintf("%s%s'%s': CAST(%s AS %.*s)", sql, comma,
					     c->name, nothing_of(c->type), size, type);
		free(sql);
		sql = longer;
	}
	return sql;
}

char *
raw_create_sql(const struct raw_set *set, size_t table, const char *catalog)
{
	char *fields = list_fields(&set->tables[table], true);
	char *sql = xasprintf("CREATE TABLE IF NOT EXISTS %s%s%s (%s STRUCT(%s))",
	    catalog != NULL ? catalog : "", catalog != NULL ? "." : "", set->tables[table].name,
	    set->field, fields);

	free(fields);
	return sql;
}

char *
raw_nothing_sql(const struct raw_set *set, size_t view)
{
	char *fields = list_fields(&set->tables[0], false);
	char *from = xasprintf("(SELECT {%s} AS %s) WHERE false", fields, set->field);
	char *sql = raw_view_sql(set, 0, view, from);

	free(from);
	free(fields);
	return sql;
}

/* --- appending -------------------------------------------------------------------------------- */

enum err
raw_open(struct raw_writer *ret_writer, struct engine *engine, const struct raw_table *table,
    const struct writer_place *place, struct err_info *info)
{
	enum column_type types[RAW_COLUMNS];
	const char *names[RAW_COLUMNS];
	struct writer_place with_fields = *place;
	struct raw_writer w = { .table = table };
	enum err e;

	for (size_t i = 0; i < table->column_count; i++) {
		types[i] = table->columns[i].type;
		names[i] = table->columns[i].name;
	}
	with_fields.table = table->name;
	with_fields.fields = names;
	e = writer_open(&w.writer, engine, &with_fields, types, table->column_count, info);
	if (e != ERR_OK)
		return e;
	/* Pages that no text reaches cost nothing. */
	if (table->has_text)
		w.heap = xmalloc(w.writer.capacity * RAW_TEXT_MOST);
	*ret_writer = w;
	return ERR_OK;
}

void
raw_close(struct raw_writer *writer)
{
	writer_close(&writer->writer);
	free(writer->heap);
	writer->heap = NULL;
	writer->filled = 0;
	writer->heap_size = 0;
}

bool
raw_is_open(const struct raw_writer *writer)
{
	return writer->writer.appender != NULL;
}

static void
fill_front(struct raw_writer *w, const struct raw_rows *rows, uint64_t number, size_t count)
{
	uint64_t *numbers = (uint64_t *)writer_cells(&w->writer, NUMBER) + w->filled;
	uint64_t *inputs = (uint64_t *)writer_cells(&w->writer, INPUT) + w->filled;
	uint64_t *windows = (uint64_t *)writer_cells(&w->writer, WINDOW_BEGIN) + w->filled;
	uint64_t begin = rows->window_begin > 0 ? (uint64_t)(rows->window_begin / NSEC_PER_MS) : 0;

	for (size_t i = 0; i < count; i++) {
		numbers[i] = number;
		inputs[i] = rows->input;
		windows[i] = begin;
	}
}

static enum err
hand_over(struct raw_writer *w, struct err_info *info)
{
	size_t count = w->filled;

	w->filled = 0;
	w->heap_size = 0;
	return writer_append(&w->writer, count, info);
}

static void
fill_rows(struct raw_writer *w, const struct raw_rows *rows, size_t at, size_t count)
{
	char *heap = w->heap != NULL ? w->heap + w->heap_size : NULL;
	struct raw_fill fill = {
		.items = (const char *)rows->items + at * rows->set->stride[rows->table],
		.count = count,
		.options = rows->options,
		.heap = &heap,
	};

	for (size_t i = FIRST_OF_ITEM; i < w->table->column_count; i++) {
		const struct raw_column *c = &w->table->columns[i];
		char *cells = writer_cells(&w->writer, i);
		c->fill(cells + w->filled * c->cell_size, &fill);
	}
	if (w->heap != NULL)
		w->heap_size = (size_t)(heap - w->heap);
	w->filled += count;
}

enum err
raw_append(
    struct raw_writer *writer, const struct raw_rows *rows, uint64_t number, struct err_info *info)
{
	for (size_t at = 0; at < rows->count;) {
		size_t room = writer->writer.capacity - writer->filled;
		size_t count = rows->count - at < room ? rows->count - at : room;
		enum err e = ERR_OK;

		fill_front(writer, rows, number, count);
		fill_rows(writer, rows, at, count);
		at += count;
		if (writer->filled == writer->writer.capacity)
			e = hand_over(writer, info);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

enum err
raw_flush(struct raw_writer *writer, struct err_info *info)
{
	enum err e = hand_over(writer, info);

	return e != ERR_OK ? e : writer_flush(&writer->writer, info);
}
