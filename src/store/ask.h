/* SPDX-License-Identifier: ISC */
/*
 * Asking: queries of our own, and queries of somebody else.
 *
 * The latter are one SELECT, without the functions that guard.h refuses, in a transaction that
 * cannot write, on the engine's reader; the engine itself keeps them from files (engine.h).
 */
#ifndef YAGURA_STORE_ASK_H
#define YAGURA_STORE_ASK_H

#include "store/engine.h"

/* A query of our own, complete in memory. */
MUST_CHECK enum err ask_own(struct engine *engine, duckdb_connection connection, const char *sql,
    struct result **ret_result, struct err_info *info);

/*
 * A query of somebody else.  With `streaming` rows are made as they are asked for, and no other
 * query runs until the result is freed (ERR_BUSY).
 */
MUST_CHECK enum err ask_foreign(struct engine *engine, const char *sql, bool streaming,
    struct result **ret_result, struct err_info *info);

/* Writes the answer of somebody else's query to `target`, which is what COPY takes after TO;
 * addresses become text. */
MUST_CHECK enum err
ask_copy(struct engine *engine, const char *sql, const char *target, struct err_info *info);

#endif
