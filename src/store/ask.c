/* SPDX-License-Identifier: ISC */
/* Runs queries; see ask.h. */
#include "store/ask.h"

#include "base/xmalloc.h"
#include "store/answer.h"
#include "store/guard.h"

/* What a column of a query becomes: text before and after its position. */
struct wrapping {
	const char *before, *after;
};
typedef struct wrapping wrapping_fn(duckdb_type type, const char *name);

/* Types that have no plain form are asked for as text. */
static struct wrapping
wrap_odd(duckdb_type type, const char *name)
{
	(void)name;
	if (answer_is_plain(type))
		return (struct wrapping){ "", "" };
	return (struct wrapping){ "CAST(", " AS VARCHAR)" };
}

/* Files for others hold addresses as text. */
static struct wrapping
wrap_address(duckdb_type type, const char *name)
{
	if (type != DUCKDB_TYPE_BLOB || strstr(name, "address") == NULL)
		return (struct wrapping){ "", "" };
	return (struct wrapping){ "address_text(", ")" };
}

/*
 * `sql` with some columns wrapped, or NULL when no column needs it.  Columns are named by position,
 * so that equal names do no harm.
 */
static char *
wrap_sql(const struct duckdb_api *api, duckdb_prepared_statement statement, const char *sql,
    wrapping_fn *wrap)
{
	size_t count = api->prepared_statement_column_count(statement);
	char *list = xstrdup("");
	char *whole = NULL;
	bool needed = false;

	for (size_t i = 0; i < count; i++) {
		const char *name = api->prepared_statement_column_name(statement, i);
		struct wrapping w = wrap(
		    api->prepared_statement_column_type(statement, i), name != NULL ? name : "");
		char *quoted = engine_quote(name != NULL ? name : "", '"');
		char *longer = xasprintf("%s%s%s#%zu%s AS %s", list, i > 0 ? ", " : "", w.before,
		    i + 1, w.after, quoted);

		needed |= w.before[0] != '\0';
		free(quoted);
		free(list);
		list = longer;
		api->free((void *)name);
	}
	if (needed)
		whole = xasprintf("SELECT %s FROM (%s\n)", list, sql);
	free(list);
	return whole;
}

/* Runs a prepared statement, or the form of it whose columns all have a plain type. */
static enum err
run_plain(struct engine *engine, struct answer_order order, const char *sql,
    struct result **ret_result, struct err_info *info)
{
	const struct duckdb_api *api = &engine->api;
	char *plain = wrap_sql(api, order.statement, sql, wrap_odd);
	duckdb_prepared_statement other = NULL;
	enum err e;

	if (plain == NULL)
		return answer_execute(engine, order, ret_result, info);
	if (api->prepare(order.connection, plain, &other) != DuckDBSuccess) {
		e = engine_error(info, "query", api->prepare_error(other));
	} else {
		order.statement = other;
		e = answer_execute(engine, order, ret_result, info);
	}
	api->destroy_prepare(&other);
	free(plain);
	return e;
}

enum err
ask_own(struct engine *engine, duckdb_connection connection, const char *sql,
    struct result **ret_result, struct err_info *info)
{
	struct answer_order order = { .connection = connection };
	enum err e;

	if (engine->api.prepare(connection, sql, &order.statement) != DuckDBSuccess)
		e = engine_error(info, "query", engine->api.prepare_error(order.statement));
	else
		e = run_plain(engine, order, sql, ret_result, info);
	engine->api.destroy_prepare(&order.statement);
	return e;
}

/* Prepares `sql` when it is exactly one SELECT. */
static enum err
prepare_foreign(struct engine *engine, const char *sql, duckdb_prepared_statement *ret_statement,
    struct err_info *info)
{
	const struct duckdb_api *api = &engine->api;
	duckdb_extracted_statements parts = NULL;
	duckdb_prepared_statement statement = NULL;
	idx_t count = api->extract_statements(engine->reader, sql, &parts);
	enum err e = ERR_OK;

	if (count == 0)
		e = engine_error(info, "query", api->extract_statements_error(parts));
	else if (count != 1)
		e = err_set(info, ERR_USAGE, "query: one statement at a time");
	else if (api->prepare_extracted_statement(engine->reader, parts, 0, &statement) !=
		 DuckDBSuccess)
		e = engine_error(info, "query", api->prepare_error(statement));
	else if (api->prepared_statement_type(statement) != DUCKDB_STATEMENT_TYPE_SELECT)
		e = err_set(info, ERR_USAGE, "query: only SELECT is answered here");
	api->destroy_extracted(&parts);
	if (e != ERR_OK) {
		api->destroy_prepare(&statement);
		return e;
	}
	*ret_statement = statement;
	return ERR_OK;
}

/* A copy without the semicolon at the end, so that it can stand in parentheses. */
static char *
trim(const char *sql)
{
	size_t size = strlen(sql);

	while (size > 0 && strchr("; \t\r\n", sql[size - 1]) != NULL)
		size--;
	return xasprintf("%.*s", (int)size, sql);
}

/* Opens the reader's transaction, in which nothing can be written, and prepares one SELECT. */
static enum err
begin_foreign(struct engine *engine, const char *sql, duckdb_prepared_statement *ret_statement,
    struct err_info *info)
{
	enum err e = guard_check(sql, info);

	if (e == ERR_OK && engine->streaming)
		e = err_set(info, ERR_BUSY, "query: another answer is still being read");
	if (e == ERR_OK)
		e = engine_run(engine, engine->reader, info, "BEGIN TRANSACTION READ ONLY");
	if (e != ERR_OK)
		return e;
	e = prepare_foreign(engine, sql, ret_statement, info);
	if (e != ERR_OK)
		engine_rollback(engine, engine->reader);
	return e;
}

enum err
ask_foreign(struct engine *engine, const char *sql, bool streaming, struct result **ret_result,
    struct err_info *info)
{
	struct answer_order order = { .connection = engine->reader, .streaming = streaming };
	char *trimmed;
	enum err e = begin_foreign(engine, sql, &order.statement, info);

	if (e != ERR_OK)
		return e;
	trimmed = trim(sql);
	e = run_plain(engine, order, trimmed, ret_result, info);
	free(trimmed);
	engine->api.destroy_prepare(&order.statement);
	if (e != ERR_OK || !streaming)
		engine_rollback(engine, engine->reader);
	return e;
}

enum err
ask_copy(struct engine *engine, const char *sql, const char *target, struct err_info *info)
{
	duckdb_prepared_statement statement = NULL;
	char *trimmed;
	char *wrapped;
	enum err e = begin_foreign(engine, sql, &statement, info);

	if (e != ERR_OK)
		return e;
	trimmed = trim(sql);
	wrapped = wrap_sql(&engine->api, statement, trimmed, wrap_address);
	engine->api.destroy_prepare(&statement);
	e = engine_run(engine, engine->reader, info, "COPY (%s\n) TO %s",
	    wrapped != NULL ? wrapped : trimmed, target);
	free(trimmed);
	free(wrapped);
	engine_rollback(engine, engine->reader);
	return e;
}
