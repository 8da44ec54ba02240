/* SPDX-License-Identifier: ISC */
/*
 * One DuckDB instance as the store uses it: opened with every limit set and the outside world shut
 * off, one connection that writes and one that answers queries.
 *
 * The engine may read and write below the store's directory and its own scratch directory, nowhere
 * else, and its configuration is locked: what a query can reach is decided here and not by
 * looking at the query.
 */
#ifndef YAGURA_STORE_ENGINE_H
#define YAGURA_STORE_ENGINE_H

#include "obs/table.h"
#include "store/duckdb_api.h"
#include "store/store.h"

/* Written by this version and read by every engine since 1.4; see doc/design/store.md. */
#define ENGINE_STORAGE_VERSION "v1.4.0"

/* A database file is begun with three headers of 4096 octets: what is smaller holds nothing yet,
 * and is what a crash leaves of a file that was just being made. */
#define ENGINE_LEAST_FILE 12288

struct engine {
	struct duckdb_api api;
	duckdb_database database;
	duckdb_connection writer;
	duckdb_connection reader;
	duckdb_connection attacher; /* for what must not be part of the writer's transaction */
	char *directory;            /* owned; of the store, absolute; NULL for `mem:` */
	char *scratch;              /* owned; where the engine spills, removed at the end */
	bool read_only;
	bool streaming; /* the reader is busy with an answer that is made as it is read */
};

/* Opens the file `path` (NULL: memory).  `engine->directory` is set by the caller, the rest zero.
 * What was opened is released by engine_close in any case. */
MUST_CHECK enum err engine_open(struct engine *engine, const char *path,
    const struct store_options *options, struct err_info *info);
void engine_close(struct engine *engine);

/* Runs one statement whose answer does not matter. */
MUST_CHECK enum err engine_run(struct engine *engine, duckdb_connection connection,
    struct err_info *info, const char *format, ...) PRINTF_LIKE(4, 5);

/* Gives up the connection's transaction, if it has one. */
void engine_rollback(struct engine *engine, duckdb_connection connection);

/* Runs a query of our own; the answer is complete in memory. */
MUST_CHECK enum err engine_select(struct engine *engine, duckdb_connection connection,
    struct result **ret_result, struct err_info *info, const char *format, ...) PRINTF_LIKE(5, 6);

/* The first cell of a query of our own as a number; 0 when there are no rows. */
MUST_CHECK enum err engine_number(struct engine *engine, duckdb_connection connection,
    uint64_t *ret_number, struct err_info *info, const char *format, ...) PRINTF_LIKE(5, 6);

/* Sorts a message of DuckDB into our codes and stores it, on one line, after `what`. */
enum err engine_error(struct err_info *info, const char *what, const char *message);

/* `text` as an SQL string or, with quote '"', as an identifier; octets that are not UTF-8 become
 * U+FFFD.  Owned by the caller. */
char *engine_quote(const char *text, char quote);

#endif
