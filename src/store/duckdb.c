/* SPDX-License-Identifier: ISC */
/*
 * The backends `mem:` and `duckdb:DIR`: one engine, in memory or over a directory.
 *
 * A commit puts every row into the open transactions, commits the days, then summary.duckdb with
 * the number of the commit.  When any step fails nothing of this window counts, and the store must
 * be opened again: that removes what the days may hold too much.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "store/ask.h"
#include "store/duck.h"
#include "store/export.h"
#include "store/flows.h"
#include "store/functions.h"
#include "store/transactions.h"

/* What this program writes.  A store with a higher number was made by a newer version. */
#define SCHEMA_VERSION 1

static const struct raw_set *const SETS[DUCK_SETS] = {
	[DUCK_FLOWS] = &flows_raw,
	[DUCK_DNS] = &dns_raw,
};

/* Where raw rows of a kind go. */
static const struct {
	enum duck_set set;
	size_t table;
} KINDS[] = {
	[STORE_FLOWS] = { DUCK_FLOWS, FLOWS_METERED },
	[STORE_RECORDS] = { DUCK_FLOWS, FLOWS_EXPORTED },
	[STORE_TRANSACTIONS] = { DUCK_DNS, 0 },
};

static bool
in_memory(const struct duck *d)
{
	return d->engine.directory == NULL;
}

/* --- opening ---------------------------------------------------------------------------------- */

static enum err
make_directory(const char *path, struct err_info *info)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return err_set(info, errno == ENOSPC || errno == EDQUOT ? ERR_NO_SPACE : ERR_IO,
		    "cannot make the directory %.300s: %s", path, strerror(errno));
	return ERR_OK;
}

/* Removes a summary.duckdb that a crash left only begun, in a store that has no raw rows either. */
static void
remove_embryo(const struct duck *d)
{
	bool empty = true;
	struct stat st;

	if (stat(d->path, &st) != 0 || st.st_size >= ENGINE_LEAST_FILE)
		return;
	for (size_t i = 0; i < DUCK_SETS; i++) {
		char *path = xasprintf("%s/%s", d->engine.directory, SETS[i]->directory);
		/* rmdir succeeds on an empty directory only. */
		empty = (rmdir(path) == 0 || errno == ENOENT) && empty;
		free(path);
	}
	if (empty)
		(void)unlink(d->path);
}

/* Makes DIR, DIR/flows, DIR/dns and DIR/scratch when writing, and finds the absolute name. */
static enum err
find_directory(
    struct duck *d, const char *place, const struct store_options *options, struct err_info *info)
{
	static const char *const PARTS[] = { "flows", "dns", "scratch" };
	char absolute[PATH_MAX];
	enum err e = ERR_OK;

	if (place[0] == '\0')
		return err_set(info, ERR_USAGE, "duckdb: needs a directory: duckdb:DIRECTORY");
	if (options->mode == STORE_WRITE)
		e = make_directory(place, info);
	if (e != ERR_OK)
		return e;
	if (realpath(place, absolute) == NULL)
		return err_set(
		    info, ERR_IO, "there is no store in %.300s: %s", place, strerror(errno));
	d->engine.directory = xstrdup(absolute);
	free(d->path);
	d->path = xasprintf("%s/summary.duckdb", absolute);
	if (options->mode == STORE_WRITE)
		remove_embryo(d);
	for (size_t i = 0; i < 3 && e == ERR_OK && options->mode == STORE_WRITE; i++) {
		char *part = xasprintf("%s/%s", absolute, PARTS[i]);
		e = make_directory(part, info);
		free(part);
	}
	if (e == ERR_OK && options->mode == STORE_READ && access(d->path, F_OK) != 0)
		e = err_set(
		    info, ERR_IO, "there is no store in %.300s: it has no summary.duckdb", place);
	return e;
}

/* The engine's words for a store that somebody else holds, in ours. */
static enum err
explain_busy(const struct duck *d, struct err_info *info)
{
	const char *pid = strstr(info->text, "PID ");
	unsigned long number = pid != NULL ? strtoul(pid + 4, NULL, 10) : 0;

	if (number == 0)
		return err_set(info, ERR_BUSY, "the store %.300s is in use by another process",
		    d->engine.directory);
	return err_set(info, ERR_BUSY, "the store %.300s is in use by another process (pid %lu)",
	    d->engine.directory, number);
}

static enum err
create_state(struct duck *d, struct err_info *info)
{
	enum err e;

	if (d->engine.read_only)
		return err_set(info, ERR_IO,
		    "the store %.300s holds nothing yet: the run that made it ended too early",
		    d->engine.directory);
	/* All or nothing: a crash in between must not leave half a store. */
	e = engine_run(&d->engine, d->engine.writer, info,
	    "BEGIN TRANSACTION; CREATE TABLE store_state (schema_version UBIGINT, commit_number "
	    "UBIGINT, "
	    "last_input UBIGINT, made_by VARCHAR); "
	    "INSERT INTO store_state VALUES (%d, 0, 0, 'yagura " YAGURA_VERSION "')",
	    SCHEMA_VERSION);
	if (e == ERR_OK)
		e = registry_create(d, info);
	return e != ERR_OK ? e : engine_run(&d->engine, d->engine.writer, info, "COMMIT");
}

/* Makes a new store's own tables, or checks those that are there. */
static enum err
read_state(struct duck *d, struct err_info *info)
{
	struct engine *engine = &d->engine;
	uint64_t tables = 0;
	uint64_t version = 0;
	uint64_t number = 0;
	enum err e = ERR_OK;

	if (!in_memory(d))
		e = engine_number(engine, engine->writer, &tables, info,
		    "SELECT count(*) * 2 - count_if(table_name = 'store_state') FROM "
		    "duckdb_tables() WHERE database_name = current_database()");
	if (e != ERR_OK)
		return e;
	d->tables.fresh = tables == 0;
	if (tables == 0)
		e = create_state(d, info);
	if (e == ERR_OK && tables > 0 && tables % 2 == 0)
		return err_set(info, ERR_DAMAGED, "%.300s is not a store of this program", d->path);
	if (e == ERR_OK)
		e = engine_number(engine, engine->writer, &version, info,
		    "SELECT schema_version FROM store_state");
	if (e == ERR_OK && version > SCHEMA_VERSION)
		return err_set(info, ERR_UNSUPPORTED,
		    "the store %.300s was made by a newer version (schema %" PRIu64
		    ", this program knows %d)",
		    d->path, version, SCHEMA_VERSION);
	if (e == ERR_OK)
		e = engine_number(
		    engine, engine->writer, &number, info, "SELECT commit_number FROM store_state");
	d->number = number + 1;
	return e;
}

/* The tables of a set in memory and the views over them. */
static enum err
create_raw(struct duck *d, const struct raw_set *set, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < set->table_count && e == ERR_OK; i++) {
		char *sql = raw_create_sql(set, i, NULL);
		e = engine_run(&d->engine, d->engine.writer, info, "%s", sql);
		free(sql);
	}
	for (size_t view = 0; view < RAW_VIEWS && e == ERR_OK; view++) {
		char *sql = raw_view_sql(set, 0, view, set->tables[0].name);
		for (size_t i = 1; i < set->table_count; i++) {
			char *select = raw_view_sql(set, i, view, set->tables[i].name);
			char *longer = xasprintf("%s UNION ALL %s", sql, select);
			free(select);
			free(sql);
			sql = longer;
		}
		e = engine_run(&d->engine, d->engine.writer, info, "CREATE VIEW %s AS %s",
		    set->views[view], sql);
		free(sql);
	}
	return e;
}

/* What a set needs in an opened store; a store of an earlier version may not have its registry. */
static enum err
prepare_set(struct duck *d, enum duck_set set, struct err_info *info)
{
	enum err e;

	days_init(&d->days[set], &d->engine, SETS[set]);
	if (d->engine.read_only)
		return ERR_OK;
	e = engine_run(&d->engine, d->engine.writer, info,
	    "CREATE TABLE IF NOT EXISTS %s (day VARCHAR, input_id UBIGINT)", SETS[set]->registry);
	if (e != ERR_OK)
		return e;
	return in_memory(d) ? create_raw(d, SETS[set], info)
			    : days_clean(&d->days[set], d->number - 1, info);
}

static void
close_raw(struct duck *d)
{
	for (size_t i = 0; i < DUCK_SETS; i++)
		for (size_t k = 0; k < RAW_TABLES; k++)
			raw_close(&d->raw_writers[i][k]);
}

static enum err
open_all(
    struct duck *d, const char *place, const struct store_options *options, struct err_info *info)
{
	enum err e = ERR_OK;

	if (d->base.backend->scheme[0] == 'd')
		e = find_directory(d, place, options, info);
	if (e != ERR_OK)
		return e;
	e = engine_open(&d->engine, in_memory(d) ? NULL : d->path, options, info);
	if (e == ERR_BUSY)
		return explain_busy(d, info);
	if (e == ERR_OK)
		e = read_state(d, info);
	if (e == ERR_OK)
		e = functions_register(&d->engine, info);
	for (enum duck_set i = 0; i < DUCK_SETS && e == ERR_OK; i++) {
		e = prepare_set(d, i, info);
		d->days[i].skip_damaged = options->skip_damaged;
	}
	return e;
}

static void
duck_close(struct store *store)
{
	struct duck *d = (struct duck *)store;

	store->backend->rollback(store);
	tables_release(&d->tables);
	close_raw(d);
	for (size_t i = 0; i < DUCK_SETS; i++)
		days_release(&d->days[i]);
	engine_close(&d->engine);
	free(d->path);
	free(d);
}

static enum err
duck_open(const struct store_backend *backend, const char *place,
    const struct store_options *options, struct store **ret_store, struct err_info *info)
{
	struct duck *d = xcalloc(1, sizeof *d);
	enum err e;

	d->base.backend = backend;
	d->path = xstrdup("mem:");
	e = open_all(d, place, options, info);
	if (e != ERR_OK) {
		duck_close(&d->base);
		return e;
	}
	*ret_store = &d->base;
	return ERR_OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

enum err
duck_begin(struct duck *d, struct err_info *info)
{
	enum err e;

	if (d->failed)
		return err_set(info, ERR_IO,
		    "%.300s: a commit failed before; the store must be opened again", d->path);
	if (d->engine.read_only)
		return err_set(info, ERR_USAGE, "%.300s was opened for reading", d->path);
	if (d->writing)
		return ERR_OK;
	e = engine_run(&d->engine, d->engine.writer, info, "BEGIN TRANSACTION");
	d->writing = e == ERR_OK;
	return e;
}

static enum err
duck_declare(struct store *store, const struct table *tables, size_t count, struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	enum err e;

	if (d->engine.read_only)
		return ERR_OK;
	if (d->writing)
		return err_set(
		    info, ERR_USAGE, "tables are declared before the first row is appended");
	e = duck_begin(d, info);
	if (e == ERR_OK)
		e = tables_declare(&d->tables, &d->engine, tables, count, info);
	if (e == ERR_OK)
		return store->backend->commit(store, info);
	store->backend->rollback(store);
	return e;
}

static enum err
duck_declare_sums(
    struct store *store, const struct table_sums *sums, size_t count, struct err_info *info)
{
	struct duck *d = (struct duck *)store;

	if (d->engine.read_only)
		return ERR_OK;
	if (d->writing)
		return err_set(
		    info, ERR_USAGE, "tables are declared before the first row is appended");
	return tables_declare_sums(&d->tables, &d->engine, sums, count, info);
}

static enum err
duck_append(struct store *store, uint64_t input, nsec_t window_begin, const struct rows *rows,
    struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	struct tables_key key = { input, window_begin };
	enum err e = rows->count == 0 ? ERR_OK : duck_begin(d, info);

	if (e != ERR_OK || rows->count == 0)
		return e;
	return tables_append(&d->tables, &d->engine, key, rows, info);
}

static enum err
duck_append_raw(struct store *store, const struct store_raw *raw, struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	enum duck_set set = KINDS[raw->kind].set;
	size_t table = KINDS[raw->kind].table;
	struct raw_rows rows = { SETS[set], table, raw->input, raw->window_begin, raw->items,
		raw->options, raw->count };
	struct raw_writer *w = &d->raw_writers[set][table];
	struct writer_place place = { d->engine.writer, NULL, NULL, "mem:", NULL };
	enum err e = raw->count == 0 ? ERR_OK : duck_begin(d, info);

	if (e != ERR_OK || raw->count == 0)
		return e;
	if (!in_memory(d))
		return days_append(&d->days[set], &rows, d->number, info);
	if (!raw_is_open(w))
		e = raw_open(w, &d->engine, &SETS[set]->tables[table], &place, info);
	return e != ERR_OK ? e : raw_append(w, &rows, d->number, info);
}

/* Raw rows come before the summary, which says that they count. */
static enum err
commit_raw(struct duck *d, enum duck_set set, struct err_info *info)
{
	enum err e = ERR_OK;

	if (!in_memory(d))
		return days_commit(&d->days[set], info);
	for (size_t i = 0; i < RAW_TABLES && e == ERR_OK; i++)
		if (raw_is_open(&d->raw_writers[set][i]))
			e = raw_flush(&d->raw_writers[set][i], info);
	return e;
}

static enum err
commit_all(struct duck *d, struct err_info *info)
{
	enum err e = tables_flush(&d->tables, &d->engine, info);

	for (enum duck_set i = 0; i < DUCK_SETS && e == ERR_OK; i++)
		e = commit_raw(d, i, info);
	if (e == ERR_OK)
		e = engine_run(&d->engine, d->engine.writer, info,
		    "UPDATE store_state SET commit_number = %" PRIu64, d->number);
	if (e == ERR_OK)
		e = engine_run(&d->engine, d->engine.writer, info, "COMMIT");
	return e;
}

static enum err
duck_commit(struct store *store, struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	enum err e;

	if (!d->writing && !d->failed)
		return ERR_OK;
	e = duck_begin(d, info);
	if (e != ERR_OK)
		return e;
	e = commit_all(d, info);
	if (e != ERR_OK) {
		store->backend->rollback(store);
		d->failed = true;
		return e;
	}
	d->writing = false;
	d->number++;
	e = tables_roll_up(&d->tables, &d->engine, d->completed, info);
	d->completed = false;
	if (e != ERR_OK || !d->garbage || in_memory(d))
		return e;
	d->garbage = false;
	for (size_t i = 0; i < DUCK_SETS && e == ERR_OK; i++)
		e = days_clean(&d->days[i], d->number - 1, info);
	return e;
}

static void
duck_rollback(struct store *store)
{
	struct duck *d = (struct duck *)store;
	struct err_info ignored;

	if (!d->writing)
		return;
	/* The writers first: closing one hands over what it still holds, into the transaction that
	 * is then given up. */
	tables_reset(&d->tables);
	close_raw(d);
	for (size_t i = 0; i < DUCK_SETS; i++)
		days_rollback(&d->days[i]);
	if (engine_run(&d->engine, d->engine.writer, &ignored, "ROLLBACK") != ERR_OK)
		d->failed = true;
	d->writing = false;
	d->garbage = false;
	d->completed = false;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Every table of summary.duckdb, or of the memory. */
static enum err
check_tables(struct duck *d, struct err_info *info)
{
	struct engine *engine = &d->engine;
	struct result *r;
	uint64_t ignored;
	enum err e = engine_select(engine, engine->attacher, &r, info,
	    "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()");

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r)) {
		char *name = engine_quote(result_text(r, 0), '"');
		e = engine_number(engine, engine->attacher, &ignored, info,
		    "SELECT bit_xor(hash(rows)) FROM %s AS rows", name);
		free(name);
	}
	result_free(r);
	if (e != ERR_OK && strstr(info->text, d->path) == NULL) {
		char reason[sizeof info->text];
		(void)snprintf(reason, sizeof reason, "%s", info->text);
		return err_set(info, e, "%.200s: %.300s", d->path, reason);
	}
	return e;
}

static enum err
duck_check(struct store *store, struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	enum err e = check_tables(d, info);

	for (size_t i = 0; i < DUCK_SETS && e == ERR_OK && !in_memory(d); i++)
		e = days_check(&d->days[i], info);
	return e;
}

/* A query found damage, and the engine did not always say where. */
static enum err
name_damage(struct duck *d, struct err_info *info)
{
	struct err_info found = { .text = "" };

	if (duck_check(&d->base, &found) == ERR_DAMAGED)
		*info = found;
	return ERR_DAMAGED;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Whether a query has `name` as a word of its own: analyses have tables whose names begin like the
 * views'. */
static bool
mentions(const char *sql, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = strcasestr(sql, name); at != NULL; at = strcasestr(at + 1, name))
		if (!is_word(at[size]) && (at == sql || !is_word(at[-1])))
			return true;
	return false;
}

/* Opening every day is left to the queries that look at raw rows. */
static enum err
view_raw(struct duck *d, const char *sql, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < DUCK_SETS && e == ERR_OK && !in_memory(d); i++)
		if (mentions(sql, SETS[i]->views[0]) || mentions(sql, SETS[i]->views[1]))
			e = days_view(&d->days[i], d->number - 1, info);
	return e;
}

static enum err
run(struct duck *d, const char *sql, bool streaming, struct result **ret_result,
    struct err_info *info)
{
	enum err e = view_raw(d, sql, info);

	if (e == ERR_OK)
		e = ask_foreign(&d->engine, sql, streaming, ret_result, info);
	return e == ERR_DAMAGED ? name_damage(d, info) : e;
}

static enum err
run_complete(void *context, const char *sql, struct result **ret_result, struct err_info *info)
{
	return run(context, sql, false, ret_result, info);
}

static enum err
run_streaming(void *context, const char *sql, struct result **ret_result, struct err_info *info)
{
	return run(context, sql, true, ret_result, info);
}

static const struct query_ops COMPLETE = { .run = run_complete };
static const struct query_ops STREAMING = { .run = run_streaming };

static struct query_source
duck_query(struct store *store, bool streaming)
{
	return (struct query_source){ streaming ? &STREAMING : &COMPLETE, store };
}

/* --- keeping ---------------------------------------------------------------------------------- */

/* Deletes the rows of windows before `begin` (in milliseconds) into the open transaction. */
static enum err
delete_before(struct duck *d, uint64_t begin, struct err_info *info)
{
	struct engine *engine = &d->engine;
	struct result *r;
	enum err e = engine_select(engine, engine->writer, &r, info, DUCK_ROW_TABLES);

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r))
		e = tables_delete_before(&d->tables, engine, result_text(r, 0), begin, info);
	result_free(r);
	return e;
}

/* Deletes raw rows in memory by one of their times, into the open transaction. */
static enum err
delete_raw(struct duck *d, const struct raw_set *set, const char *time, uint64_t before,
    struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < set->table_count && e == ERR_OK && in_memory(d); i++)
		e = engine_run(&d->engine, d->engine.writer, info,
		    "DELETE FROM %s WHERE %s.%s < %" PRIu64, set->tables[i].name, set->field, time,
		    before);
	return e;
}

static enum err
begin_drop(struct duck *d, struct err_info *info)
{
	if (d->writing)
		return err_set(info, ERR_USAGE, "rows are dropped between commits");
	return duck_begin(d, info);
}

/* Commits what was deleted, or gives it up. */
static enum err
end_drop(struct duck *d, enum err e, struct err_info *info)
{
	if (e == ERR_OK)
		return duck_commit(&d->base, info);
	duck_rollback(&d->base);
	return e;
}

static uint64_t
milliseconds(nsec_t time)
{
	return time > 0 ? (uint64_t)(time / NSEC_PER_MS) : 0;
}

static enum err
duck_drop_rows_before(struct store *store, nsec_t time, struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	enum err e = begin_drop(d, info);

	if (e != ERR_OK)
		return e;
	return end_drop(d, delete_before(d, milliseconds(time), info), info);
}

static enum err
duck_drop_before(struct store *store, nsec_t time, struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	enum err e = begin_drop(d, info);

	if (e != ERR_OK)
		return e;
	e = delete_before(d, milliseconds(time), info);
	for (size_t i = 0; i < DUCK_SETS && e == ERR_OK; i++)
		e = delete_raw(d, SETS[i], "window_begin", milliseconds(time), info);
	e = end_drop(d, e, info);
	for (size_t i = 0; i < DUCK_SETS && e == ERR_OK && !in_memory(d); i++)
		e = days_drop_before(&d->days[i], time, false, info);
	return e;
}

static enum err
duck_drop_raw_before(struct store *store, bool dns, nsec_t time, struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	enum duck_set set = dns ? DUCK_DNS : DUCK_FLOWS;
	enum err e = begin_drop(d, info);

	if (e != ERR_OK)
		return e;
	e = end_drop(d, delete_raw(d, SETS[set], SETS[set]->time, milliseconds(time), info), info);
	return e == ERR_OK && !in_memory(d) ? days_drop_before(&d->days[set], time, true, info) : e;
}

static uint64_t
file_size(const char *path, const char *suffix)
{
	char *name = xasprintf("%s%s", path, suffix);
	struct stat st;
	uint64_t size = stat(name, &st) == 0 ? (uint64_t)st.st_size : 0;

	free(name);
	return size;
}

static enum err
duck_stats(struct store *store, struct store_stats *ret_stats, struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	struct store_stats stats = { 0 };
	enum err e = ERR_OK;

	for (size_t i = 0; i < DUCK_SETS && e == ERR_OK && !in_memory(d); i++)
		e = days_view(&d->days[i], d->number - 1, info);
	if (e == ERR_OK)
		e = engine_number(&d->engine, d->engine.attacher, &stats.rows, info,
		    "SELECT CAST(coalesce(sum(estimated_size), 0) AS UBIGINT) FROM duckdb_tables() "
		    "WHERE table_name NOT IN ('store_state', 'flow_days', 'dns_days', 'rollups')");
	if (e != ERR_OK)
		return e;
	if (!in_memory(d))
		stats.octets = file_size(d->path, "") + file_size(d->path, ".wal") +
			       days_octets(&d->days[DUCK_FLOWS]) + days_octets(&d->days[DUCK_DNS]);
	*ret_stats = stats;
	return ERR_OK;
}

static enum err
duck_export(struct store *store, const char *sql, const char *format, const char *path,
    struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	enum err e = view_raw(d, sql, info);

	if (e == ERR_OK)
		e = export_query(&d->engine, sql, format, path, info);
	return e == ERR_DAMAGED ? name_damage(d, info) : e;
}

/* --- the two backends ------------------------------------------------------------------------- */

static enum err
open_mem(const char *place, const struct store_options *options, struct store **ret_store,
    struct err_info *info)
{
	if (place[0] != '\0')
		return err_set(info, ERR_USAGE, "mem: takes nothing after the colon");
	return duck_open(&store_mem, place, options, ret_store, info);
}

static enum err
open_directory(const char *place, const struct store_options *options, struct store **ret_store,
    struct err_info *info)
{
	return duck_open(&store_duckdb, place, options, ret_store, info);
}

#define FUNCTIONS                                                                                  \
	.close = duck_close, .declare = duck_declare, .declare_sums = duck_declare_sums,           \
	.append = duck_append, .append_raw = duck_append_raw, .input_begin = registry_input_begin, \
	.input_update = registry_input_update, .commit = duck_commit, .rollback = duck_rollback,   \
	.query = duck_query, .drop_before = duck_drop_before,                                      \
	.drop_rows_before = duck_drop_rows_before, .drop_raw_before = duck_drop_raw_before,        \
	.export = duck_export, .check = duck_check, .stats = duck_stats

const struct store_backend store_mem = { .scheme = "mem", .open = open_mem, FUNCTIONS };
const struct store_backend store_duckdb = { .scheme = "duckdb", .open = open_directory, FUNCTIONS };
