/* SPDX-License-Identifier: ISC */
/*
 * Comma-separated values (RFC 4180), row by row.
 *
 * Fields may be quoted; a quoted field may hold commas, line ends and doubled quotes.  Rows end
 * with LF or CRLF, empty lines and a byte order mark are passed over.  A row that breaks the format
 * is refused with its line, and reading goes on with the line after the one where it began, so a
 * forgotten quote costs one row and not the rest of the file.
 *
 *	struct csv *csv;
 *	e = csv_open("users.csv", &csv, &why);
 *	while ((e = csv_next(csv, &row, &why)) != ERR_END) {
 *		if (e == ERR_IO)
 *			break;                    // why.text
 *		if (e != ERR_OK)
 *			continue;                 // a bad row: why.text names file and line
 *		use(row.fields[0], row.count, row.line);
 *	}
 *	csv_close(csv);
 *
 * Memory is bounded by CSV_MAX_ROW whatever the file holds.
 */
#ifndef YAGURA_BASE_CSV_H
#define YAGURA_BASE_CSV_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define CSV_MAX_ROW          ((size_t)1 << 16) /* octets of a row */
#define CSV_MAX_FIELDS       64
#define CSV_FINGERPRINT_SIZE 33

struct csv;

/* A row: terminated texts, borrowed until the next call. */
struct csv_row {
	char *fields[CSV_MAX_FIELDS];
	size_t count;  /* at least 1 */
	uint64_t line; /* where it begins, counted from 1 */
};

/* Opens a file for reading; ERR_IO. */
MUST_CHECK enum err csv_open(const char *path, struct csv **ret_csv, struct err_info *info);

/* Reads from a stream, which is closed with the reader; `name` stands before errors. */
struct csv *csv_from(FILE *file, const char *name);

void csv_close(struct csv *csv);

/* The next row.  ERR_END after the last one; ERR_FORMAT or ERR_LIMIT for a row that is refused
 * (the next call goes on after it); ERR_IO when the file cannot be read further. */
MUST_CHECK enum err csv_next(struct csv *csv, struct csv_row *ret_row, struct err_info *info);

/* The name it was made with. */
const char *csv_name(const struct csv *csv);

/* Which field of a heading row has the name, letter case aside; -1 when none. */
int csv_column(const struct csv_row *heading, const char *name);

/* A fingerprint (XXH3-128, hex) of the octets read so far: after ERR_END, of the whole file. */
void csv_fingerprint(const struct csv *csv, char ret_text[CSV_FINGERPRINT_SIZE]);

#endif
