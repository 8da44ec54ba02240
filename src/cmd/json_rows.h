/* SPDX-License-Identifier: ISC */
/*
 * A list of JSON rows as a result, so that cmd/rows.h prints it like an answer of the store.
 *
 *	struct json_rows rows = { .columns = COLUMNS, .count = 3, .rows = array };  // [[…], …]
 *	e = json_rows_print(&rows, values, stdout, info);       // --csv, --json, or a table
 */
#ifndef YAGURA_CMD_JSON_ROWS_H
#define YAGURA_CMD_JSON_ROWS_H

#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "base/opt.h"
#include "obs/table.h"

struct json_rows {
	const struct column *columns; /* COLUMN_TEXT, COLUMN_U64 or COLUMN_F64 */
	size_t count;
	const json_t *rows; /* borrowed */
};

/* Prints as the options `csv` and `json` say.  ERR_IO; a reader that has gone is no failure. */
MUST_CHECK enum err json_rows_print(const struct json_rows *rows, const struct opt_values *values,
    FILE *out, struct err_info *info);

#endif
