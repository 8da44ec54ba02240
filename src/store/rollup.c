/* SPDX-License-Identifier: ISC */
/* Rows that add up are put together; see rollup.h. */
#include "store/rollup.h"

#include <assert.h>
#include <inttypes.h>

#include "base/xmalloc.h"
#include "store/writer.h"

enum err
rollup_create(struct engine *engine, struct err_info *info)
{
	return engine_run(engine, engine->writer, info,
	    "CREATE TABLE IF NOT EXISTS " ROLLUP_TABLE
	    " (table_name VARCHAR, input_id UBIGINT, begin_time UBIGINT)");
}

/* "<before>, <addition>"; `before` is freed. */
static char *
append_list(char *before, char *addition)
{
	char *longer = xasprintf("%s, %s", before, addition);

	free(before);
	free(addition);
	return longer;
}

/* A sum that does not fit its column is the column's largest number: no exporter, however absurd
 * its counts, may stop the store. */
static char *
sum_sql(const struct column *c)
{
	static const uint64_t MOST[] = { [COLUMN_U64] = UINT64_MAX,
		[COLUMN_U8] = UINT8_MAX,
		[COLUMN_U16] = UINT16_MAX,
		[COLUMN_U32] = UINT32_MAX };
	char *name = engine_quote(c->name, '"');
	const char *type = writer_sql_type(c->type);
	char *sql;

	assert((size_t)c->type < sizeof MOST / sizeof MOST[0] && MOST[c->type] != 0);
	sql = xasprintf("CAST(least(sum(%s), %" PRIu64 ") AS %.*s) AS %s", name, MOST[c->type],
	    (int)strcspn(type, " "), type, name);
	free(name);
	return sql;
}

/* How a column of rows that become one is made: "…", or NULL when they must agree in it. */
static char *
column_sql(const struct table_sums *sums, size_t column)
{
	uint64_t bit = UINT64_C(1) << column;
	char *name, *sql;

	if ((sums->columns & bit) != 0)
		return sum_sql(&sums->table->columns[column]);
	if (((sums->least | sums->greatest) & bit) == 0)
		return NULL;
	name = engine_quote(sums->table->columns[column].name, '"');
	sql = xasprintf("%s(%s) AS %s", (sums->least & bit) != 0 ? "min" : "max", name, name);
	free(name);
	return sql;
}

void
rollup_declare(struct rollup *rollup, const struct table_sums *sums)
{
	const struct table *t = sums->table;
	uint64_t stretch = (uint64_t)sums->seconds * 1000;
	char *select = xstrdup("input, min(window_begin) AS window_begin");
	char *groups = xasprintf("input, window_begin // %" PRIu64, stretch);

	for (size_t i = 0; i < t->column_count; i++) {
		const struct column *c = &t->columns[i];
		char *made = column_sql(sums, i);
		if (made == NULL)
			groups = append_list(groups, engine_quote(c->name, '"'));
		select = append_list(select, made != NULL ? made : engine_quote(c->name, '"'));
	}
	*rollup = (struct rollup){
		.name = xstrdup(t->name), .select = select, .groups = groups, .stretch = stretch
	};
}

void
rollup_release(struct rollup *rollup)
{
	free(rollup->name);
	free(rollup->select);
	free(rollup->groups);
	*rollup = (struct rollup){ 0 };
}

/* --- what is left to do ----------------------------------------------------------------------- */

void
rollup_appended(struct rollup *rollup, uint64_t input, uint64_t window_begin, size_t count)
{
	uint64_t begin = rollup_floor(rollup, window_begin);

	if (rollup->name == NULL || count == 0)
		return;
	if (rollup->input != input) {
		rollup->kept = rollup->fresh = 0;
		rollup->begin = UINT64_MAX;
		rollup->input = input;
	}
	if (begin < rollup->begin) {
		rollup->begin = begin;
		rollup->noted = false;
	}
	rollup->fresh += count;
}

enum err
rollup_note(struct rollup *rollup, struct engine *engine, struct err_info *info)
{
	enum err e;

	if (rollup->fresh == 0 || rollup->noted)
		return ERR_OK;
	e = engine_run(engine, engine->writer, info,
	    "INSERT INTO " ROLLUP_TABLE " VALUES ('%s', %" PRIu64 ", %" PRIu64 ")", rollup->name,
	    rollup->input, rollup->begin);
	rollup->noted = e == ERR_OK;
	return e;
}

void
rollup_forget(struct rollup *rollup)
{
	rollup->fresh = 0;
	rollup->noted = false;
}

/* --- putting together ------------------------------------------------------------------------- */

/* The rows of one input since `begin`, in the open transaction. */
static enum err
put_together(const struct rollup *rollup, struct engine *engine, uint64_t input, uint64_t begin,
    struct err_info *info)
{
	char *table = engine_quote(rollup->name, '"');
	char *rows = xasprintf(
	    "%s WHERE input = %" PRIu64 " AND window_begin >= %" PRIu64, table, input, begin);
	uint64_t fewer = 0;
	enum err e = engine_run(engine, engine->writer, info,
	    "CREATE TEMP TABLE rolled_up AS SELECT %s FROM %s GROUP BY %s", rollup->select, rows,
	    rollup->groups);

	if (e == ERR_OK)
		e = engine_number(engine, engine->writer, &fewer, info,
		    "SELECT (SELECT count(*) FROM %s) - (SELECT count(*) FROM temp.rolled_up)",
		    rows);
	if (e == ERR_OK && fewer != 0)
		e = engine_run(engine, engine->writer, info,
		    "DELETE FROM %s; INSERT INTO %s BY NAME SELECT * FROM temp.rolled_up ORDER BY "
		    "ALL",
		    rows, table);
	if (e == ERR_OK)
		e = engine_run(engine, engine->writer, info,
		    "DROP TABLE temp.rolled_up; DELETE FROM " ROLLUP_TABLE
		    " WHERE table_name = '%s' AND input_id = %" PRIu64,
		    rollup->name, input);
	free(rows);
	free(table);
	return e;
}

/* The same in a transaction of its own. */
static enum err
put_and_commit(const struct rollup *rollup, struct engine *engine, uint64_t input, uint64_t begin,
    struct err_info *info)
{
	enum err e = engine_run(engine, engine->writer, info, "BEGIN TRANSACTION");

	if (e != ERR_OK)
		return e;
	e = put_together(rollup, engine, input, begin, info);
	if (e == ERR_OK)
		e = engine_run(engine, engine->writer, info, "COMMIT");
	if (e != ERR_OK)
		engine_rollback(engine, engine->writer);
	return e;
}

enum err
rollup_run(struct rollup *rollup, struct engine *engine, struct err_info *info)
{
	uint64_t last = 0;
	char *table;
	enum err e;

	if (rollup->fresh < ROLLUP_LEAST || rollup->fresh / ROLLUP_FACTOR < rollup->kept)
		return ERR_OK;
	e = put_and_commit(rollup, engine, rollup->input, rollup->begin, info);
	if (e != ERR_OK)
		return e;
	/* Rows to come may still fall into the last stretch. */
	table = engine_quote(rollup->name, '"');
	e = engine_number(engine, engine->writer, &last, info,
	    "SELECT max(window_begin) FROM %s WHERE input = %" PRIu64, table, rollup->input);
	rollup->begin = rollup_floor(rollup, last);
	if (e == ERR_OK)
		e = engine_number(engine, engine->writer, &rollup->kept, info,
		    "SELECT count(*) FROM %s WHERE input = %" PRIu64
		    " AND window_begin >= %" PRIu64,
		    table, rollup->input, rollup->begin);
	rollup->fresh = 0;
	rollup->noted = false;
	free(table);
	return e;
}

enum err
rollup_rest(struct rollup *rollup, struct engine *engine, bool complete, struct err_info *info)
{
	struct result *r;
	enum err e;

	if (rollup->name == NULL)
		return ERR_OK;
	e = engine_select(engine, engine->writer, &r, info,
	    "SELECT input_id, min(begin_time) FROM " ROLLUP_TABLE
	    " WHERE table_name = '%s' %s GROUP BY input_id ORDER BY input_id",
	    rollup->name,
	    complete ? "AND input_id IN (SELECT id FROM inputs WHERE complete = 1)" : "");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r)) {
		e = put_and_commit(rollup, engine, result_u64(r, 0), result_u64(r, 1), info);
		if (rollup->input == result_u64(r, 0))
			rollup->input = UINT64_MAX;
	}
	result_free(r);
	return e;
}
