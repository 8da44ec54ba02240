/* SPDX-License-Identifier: ISC */
/* Declared tables; see tables.h. */
#include "store/tables.h"

#include <inttypes.h>

#include "base/xmalloc.h"
#include "store/rollup.h"
#include "store/utf8.h"

#define FRONT 2 /* columns the store adds: input, window_begin */

struct tables_entry {
	char *name;              /* owned */
	enum column_type *types; /* owned: of all columns, in the store's order */
	size_t *sources;         /* owned: which declared column fills each; SIZE_MAX: none */
	size_t column_count;
	struct writer writer; /* opened with the first row */
	char *mended;         /* owned: texts that were not UTF-8, until they are handed over */
	size_t mended_size, mended_capacity;
	struct rollup rollup;
};

static const struct column FRONT_COLUMNS[FRONT] = {
	{ "input", COLUMN_U64, "" },
	{ "window_begin", COLUMN_TIME, "ms" },
};

static struct tables_entry *
find(struct tables *tables, const char *name)
{
	for (size_t i = 0; i < tables->count; i++)
		if (strcmp(tables->entries[i].name, name) == 0)
			return &tables->entries[i];
	return NULL;
}

/* --- declaring -------------------------------------------------------------------------------- */

static const struct column *
column_at(const struct table *t, size_t index)
{
	return index < FRONT ? &FRONT_COLUMNS[index] : &t->columns[index - FRONT];
}

static char *
create_sql(const struct table *t)
{
	char *name = engine_quote(t->name, '"');
	char *sql = xasprintf("CREATE TABLE %s (", name);

	for (size_t i = 0; i < t->column_count + FRONT; i++) {
		const struct column *c = column_at(t, i);
		char *quoted = engine_quote(c->name, '"');
		char *longer = xasprintf(
		    "%s%s%s %s", sql, i > 0 ? ", " : "", quoted, writer_sql_type(c->type));
		free(quoted);
		free(sql);
		sql = longer;
	}
	char *whole = xasprintf("%s)", sql);
	free(sql);
	free(name);
	return whole;
}

static void
add_column(struct tables_entry *entry, enum column_type type, size_t source)
{
	size_t count = entry->column_count + 1;

	entry->types = xrealloc_array(entry->types, count, sizeof *entry->types);
	entry->sources = xrealloc_array(entry->sources, count, sizeof *entry->sources);
	entry->types[entry->column_count] = type;
	entry->sources[entry->column_count] = source;
	entry->column_count = count;
}

/* The column type whose SQL type is `sql`, preferring `wanted` among those that share it. */
static bool
type_of_sql(const char *sql, enum column_type wanted, enum column_type *ret_type)
{
	for (int i = -1; i <= COLUMN_U32; i++) {
		enum column_type type = i < 0 ? wanted : (enum column_type)i;
		const char *full = writer_sql_type(type);
		size_t size = strcspn(full, " ");

		if (strlen(sql) == size && memcmp(sql, full, size) == 0) {
			*ret_type = type;
			return true;
		}
	}
	return false;
}

static size_t
find_column(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->column_count + FRONT; i++)
		if (strcmp(column_at(t, i)->name, name) == 0)
			return i;
	return SIZE_MAX;
}

/* One column that the table has in the store already. */
static enum err
take_stored_column(struct tables_entry *entry, const struct table *t, const struct result *r,
    struct err_info *info)
{
	char *name = xstrdup(result_text(r, 0));
	size_t index = find_column(t, name);
	enum column_type wanted = index == SIZE_MAX ? COLUMN_U64 : column_at(t, index)->type;
	enum column_type type;
	enum err e = ERR_OK;

	if (!type_of_sql(result_text(r, 1), wanted, &type) ||
	    (index != SIZE_MAX && writer_type(type) != writer_type(wanted)))
		e = err_set(info, ERR_UNSUPPORTED,
		    "table %s of the store has a column %s of type %.40s: it was made by another "
		    "version",
		    t->name, name, result_text(r, 1));
	else
		add_column(entry, type, index);
	free(name);
	return e;
}

static bool
has_source(const struct tables_entry *entry, size_t source)
{
	for (size_t i = 0; i < entry->column_count; i++)
		if (entry->sources[i] == source)
			return true;
	return false;
}

static enum err
add_new_columns(
    struct tables_entry *entry, struct engine *engine, const struct table *t, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < t->column_count + FRONT && e == ERR_OK; i++) {
		const struct column *c = column_at(t, i);
		if (has_source(entry, i))
			continue;
		char *table = engine_quote(t->name, '"');
		char *name = engine_quote(c->name, '"');
		e = engine_run(engine, engine->writer, info, "ALTER TABLE %s ADD COLUMN %s %s",
		    table, name, writer_sql_type(c->type));
		free(table);
		free(name);
		add_column(entry, c->type, i);
	}
	return e;
}

static enum err
create_table(
    struct tables_entry *entry, struct engine *engine, const struct table *t, struct err_info *info)
{
	char *sql = create_sql(t);
	enum err e = engine_run(engine, engine->writer, info, "%s", sql);

	free(sql);
	for (size_t i = 0; i < t->column_count + FRONT; i++)
		add_column(entry, column_at(t, i)->type, i);
	return e;
}

/* Whether the store has the table.  (duckdb_columns() would tell all at once, but it looks into the
 * engine's own views first and takes 17 ms.) */
static enum err
is_there(struct engine *engine, const struct table *t, bool *ret_there, struct err_info *info)
{
	char *name = engine_quote(t->name, '\'');
	uint64_t count = 0;
	enum err e = engine_number(engine, engine->writer, &count, info,
	    "SELECT count(*) FROM duckdb_tables() WHERE table_name = %s AND database_name = "
	    "current_database()",
	    name);

	free(name);
	*ret_there = count > 0;
	return e;
}

/* Makes the table, or learns its columns and adds what is new. */
static enum err
declare_one(struct tables_entry *entry, struct engine *engine, const struct table *t, bool fresh,
    struct err_info *info)
{
	struct result *r = NULL;
	bool there = false;
	enum err e = fresh ? ERR_OK : is_there(engine, t, &there, info);
	char *name;

	if (e == ERR_OK && !there)
		return create_table(entry, engine, t, info);
	if (e != ERR_OK)
		return e;
	name = engine_quote(t->name, '\'');
	e = engine_select(engine, engine->writer, &r, info,
	    "SELECT name, type FROM pragma_table_info(%s) ORDER BY cid", name);
	free(name);
	while (e == ERR_OK && result_next(r))
		e = take_stored_column(entry, t, r, info);
	result_free(r);
	return e != ERR_OK ? e : add_new_columns(entry, engine, t, info);
}

enum err
tables_declare(struct tables *tables, struct engine *engine, const struct table *declared,
    size_t count, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < count && e == ERR_OK; i++) {
		if (find(tables, declared[i].name) != NULL)
			continue;
		tables->entries =
		    xrealloc_array(tables->entries, tables->count + 1, sizeof *tables->entries);
		struct tables_entry *entry = &tables->entries[tables->count++];
		*entry = (struct tables_entry){ .name = xstrdup(declared[i].name) };
		e = declare_one(entry, engine, &declared[i], tables->fresh, info);
	}
	return e;
}

/* Whether the store has a column that the declaration does not know. */
static bool
has_strangers(const struct tables_entry *entry)
{
	return has_source(entry, SIZE_MAX);
}

enum err
tables_declare_sums(struct tables *tables, struct engine *engine, const struct table_sums *sums,
    size_t count, struct err_info *info)
{
	enum err e = count != 0 ? rollup_create(engine, info) : ERR_OK;

	for (size_t i = 0; i < count && e == ERR_OK; i++) {
		struct tables_entry *entry = find(tables, sums[i].table->name);
		if (entry == NULL)
			return err_set(info, ERR_USAGE, "table %s was not declared to the store",
			    sums[i].table->name);
		/* Rows that a newer version keeps apart are left as they are. */
		if (entry->rollup.name != NULL || has_strangers(entry))
			continue;
		rollup_declare(&entry->rollup, &sums[i]);
		e = rollup_rest(&entry->rollup, engine, false, info);
	}
	return e;
}

/* --- appending -------------------------------------------------------------------------------- */

/* A text as it may be stored.  What had to be mended lies in memory that is sized once for the
 * chunk, because cells point to it. */
static duckdb_string_t
text_cell(struct tables_entry *entry, const char *text, size_t size)
{
	char *target;

	if (utf8_valid(text, size))
		return writer_string(text, size);
	target = entry->mended + entry->mended_size;
	size = utf8_clean(text, size, target);
	entry->mended_size += size;
	return writer_string(target, size);
}

/* Room for every text of `count` rows to need mending. */
static void
reserve_mended(struct tables_entry *entry, const struct rows *rows, size_t first, size_t count)
{
	size_t need = 0;

	for (size_t i = 0; i < rows->table->column_count; i++) {
		const struct slice *slices = (const struct slice *)rows->columns[i] + first;
		if (rows->table->columns[i].type != COLUMN_TEXT)
			continue;
		for (size_t j = 0; j < count; j++)
			if (!utf8_valid(rows->octets + slices[j].offset, slices[j].size))
				need += slices[j].size * UTF8_GROWTH;
	}
	entry->mended_size = 0;
	if (need > entry->mended_capacity) {
		entry->mended_capacity = need;
		entry->mended = xrealloc_array(entry->mended, need, 1);
	}
}

static void
fill_slices(struct tables_entry *entry, duckdb_string_t *cells, const struct rows *rows,
    size_t column, size_t first, size_t count)
{
	const struct slice *slices = (const struct slice *)rows->columns[column] + first;
	bool is_text = rows->table->columns[column].type == COLUMN_TEXT;

	for (size_t i = 0; i < count; i++) {
		const char *octets = rows->octets + slices[i].offset;
		cells[i] = is_text ? text_cell(entry, octets, slices[i].size)
				   : writer_string(octets, slices[i].size);
	}
}

static void
fill_addresses(duckdb_string_t *cells, const struct address *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cells[i] = writer_string(addresses[i].octets, sizeof addresses[i].octets);
}

static void
fill_declared(struct tables_entry *entry, void *cells, const struct rows *rows, size_t column,
    size_t first, size_t count)
{
	static const size_t SIZES[] = {
		[COLUMN_U64] = 8,
		[COLUMN_I64] = 8,
		[COLUMN_F64] = 8,
		[COLUMN_TIME] = 8,
		[COLUMN_U8] = 1,
		[COLUMN_U16] = 2,
		[COLUMN_U32] = 4,
	};
	enum column_type type = rows->table->columns[column].type;

	switch (type) {
	case COLUMN_TEXT:
	case COLUMN_BLOB: fill_slices(entry, cells, rows, column, first, count); break;
	case COLUMN_ADDRESS:
		fill_addresses(cells, (const struct address *)rows->columns[column] + first, count);
		break;
	default:
		memcpy(cells, (const char *)rows->columns[column] + first * SIZES[type],
		    count * SIZES[type]);
	}
}

/* A column the declaration does not know: zeros, or empty text. */
static void
fill_nothing(void *cells, enum column_type type, size_t count)
{
	static const struct address NOWHERE;

	for (size_t i = 0; i < count; i++) {
		switch (type) {
		case COLUMN_U8: ((uint8_t *)cells)[i] = 0; break;
		case COLUMN_U16: ((uint16_t *)cells)[i] = 0; break;
		case COLUMN_U32: ((uint32_t *)cells)[i] = 0; break;
		case COLUMN_TEXT:
		case COLUMN_BLOB: ((duckdb_string_t *)cells)[i] = writer_string("", 0); break;
		case COLUMN_ADDRESS:
			((duckdb_string_t *)cells)[i] =
			    writer_string(NOWHERE.octets, sizeof NOWHERE.octets);
			break;
		default: ((uint64_t *)cells)[i] = 0;
		}
	}
}

static uint64_t
window_ms(nsec_t window_begin)
{
	return window_begin > 0 ? (uint64_t)(window_begin / NSEC_PER_MS) : 0;
}

static enum err
append_part(struct tables_entry *entry, struct tables_key key, const struct rows *rows,
    size_t first, struct err_info *info)
{
	size_t left = rows->count - first;
	size_t count = left < entry->writer.capacity ? left : entry->writer.capacity;
	uint64_t begin = window_ms(key.window_begin);

	reserve_mended(entry, rows, first, count);
	for (size_t i = 0; i < entry->column_count; i++) {
		void *cells = writer_cells(&entry->writer, i);
		size_t source = entry->sources[i];

		if (source == SIZE_MAX)
			fill_nothing(cells, entry->types[i], count);
		else if (source >= FRONT)
			fill_declared(entry, cells, rows, source - FRONT, first, count);
		else
			for (size_t j = 0; j < count; j++)
				((uint64_t *)cells)[j] = source == 0 ? key.input : begin;
	}
	return writer_append(&entry->writer, count, info);
}

enum err
tables_append(struct tables *tables, struct engine *engine, struct tables_key key,
    const struct rows *rows, struct err_info *info)
{
	struct tables_entry *entry = find(tables, rows->table->name);
	enum err e = ERR_OK;

	if (entry == NULL)
		return err_set(
		    info, ERR_USAGE, "table %s was not declared to the store", rows->table->name);
	if (entry->writer.appender == NULL) {
		struct writer_place place = { engine->writer, NULL, entry->name, "summary", NULL };
		e = writer_open(
		    &entry->writer, engine, &place, entry->types, entry->column_count, info);
	}
	for (size_t at = 0; at < rows->count && e == ERR_OK; at += entry->writer.capacity)
		e = append_part(entry, key, rows, at, info);
	rollup_appended(&entry->rollup, key.input, window_ms(key.window_begin), rows->count);
	return e;
}

enum err
tables_flush(struct tables *tables, struct engine *engine, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < tables->count && e == ERR_OK; i++) {
		e = writer_flush(&tables->entries[i].writer, info);
		if (e == ERR_OK)
			e = rollup_note(&tables->entries[i].rollup, engine, info);
	}
	return e;
}

enum err
tables_roll_up(struct tables *tables, struct engine *engine, bool completed, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < tables->count && e == ERR_OK; i++) {
		struct rollup *rollup = &tables->entries[i].rollup;
		e = completed ? rollup_rest(rollup, engine, true, info)
			      : rollup_run(rollup, engine, info);
	}
	return e;
}

enum err
tables_delete_before(struct tables *tables, struct engine *engine, const char *name, uint64_t time,
    struct err_info *info)
{
	const struct tables_entry *entry = find(tables, name);
	char *quoted = engine_quote(name, '"');
	enum err e;

	if (entry != NULL)
		time = rollup_floor(&entry->rollup, time);
	e = engine_run(engine, engine->writer, info, "DELETE FROM %s WHERE window_begin < %" PRIu64,
	    quoted, time);
	free(quoted);
	return e;
}

void
tables_reset(struct tables *tables)
{
	for (size_t i = 0; i < tables->count; i++) {
		writer_close(&tables->entries[i].writer);
		rollup_forget(&tables->entries[i].rollup);
	}
}

void
tables_release(struct tables *tables)
{
	tables_reset(tables);
	for (size_t i = 0; i < tables->count; i++) {
		free(tables->entries[i].name);
		free(tables->entries[i].types);
		free(tables->entries[i].sources);
		free(tables->entries[i].mended);
		rollup_release(&tables->entries[i].rollup);
	}
	free(tables->entries);
	*tables = (struct tables){ 0 };
}
