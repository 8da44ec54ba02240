/* SPDX-License-Identifier: ISC */
/*
 * A query's answer: DuckDB's chunks behind the `struct result` of obs/table.h.
 *
 *	DuckDB                          here
 *	unsigned integers, BOOLEAN      COLUMN_U8, U16, U32, U64
 *	signed integers                 COLUMN_I64
 *	HUGEINT (what sum() gives)      COLUMN_U64, else COLUMN_I64, else COLUMN_F64: the first that
 *	                                holds every value of a complete answer; in a stream
 * COLUMN_U64, and what does not fit is cut off at its ends FLOAT, DOUBLE, DECIMAL COLUMN_F64 BLOB
 * named *address*            COLUMN_ADDRESS BLOB                            COLUMN_BLOB anything
 * else                   COLUMN_TEXT, as DuckDB writes it
 *
 * The text of a number (`octets`) is always exact.
 */
#ifndef YAGURA_STORE_ANSWER_H
#define YAGURA_STORE_ANSWER_H

#include "obs/table.h"
#include "store/engine.h"

/* A query of our own, complete in memory. */
MUST_CHECK enum err answer_own(struct engine *engine, duckdb_connection connection, const char *sql,
    struct result **ret_result, struct err_info *info);

/*
 * A query of somebody else: one SELECT, in a transaction that cannot write, on the engine's reader.
 * With `streaming` rows are made as they are asked for, and no other query runs until the result
 * is freed (ERR_BUSY).
 */
MUST_CHECK enum err answer_foreign(struct engine *engine, const char *sql, bool streaming,
    struct result **ret_result, struct err_info *info);

/* Writes the answer of somebody else's query to `target`, which is what COPY takes after TO;
 * addresses become text. */
MUST_CHECK enum err
answer_copy(struct engine *engine, const char *sql, const char *target, struct err_info *info);

#endif
