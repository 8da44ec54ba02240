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

/* Whether a column of this type needs no cast to text. */
bool answer_is_plain(duckdb_type type);

/* What is to be run. */
struct answer_order {
	duckdb_connection connection;
	duckdb_prepared_statement statement;
	bool streaming; /* rows are made as they are read, and freeing ends the connection's
			   transaction */
};

MUST_CHECK enum err answer_execute(struct engine *engine, struct answer_order order,
    struct result **ret_result, struct err_info *info);

#endif
