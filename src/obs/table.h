/* SPDX-License-Identifier: ISC */
/*
 * Tables and rows: what analyses yield, the store keeps and the review shows.
 *
 * A table is declared once; its column names are the same in the store, the CSV, the JSON and the
 * documentation.  There are no NULLs.  Rows are gathered by column:
 *
 *	rows_time(rows, 0, window->begin);
 *	rows_u64(rows, 1, packets);
 *	rows_text(rows, 2, "tcp/443");
 *	rows_next(rows);                        // every column has been set
 *
 * The store adds two columns of its own in front: `input` (u64, which input the row came from; see
 * the table `inputs`) and `window_begin` (time_ms).
 */
#ifndef YAGURA_OBS_TABLE_H
#define YAGURA_OBS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

enum column_type {
	COLUMN_U64,     /* unsigned 64 bit */
	COLUMN_I64,     /* signed 64 bit */
	COLUMN_F64,     /* double */
	COLUMN_TEXT,    /* UTF-8 */
	COLUMN_TIME,    /* milliseconds since 1970 as u64 */
	COLUMN_ADDRESS, /* 16 octets, IPv4 as v4-mapped */
	COLUMN_BLOB,    /* octets: sketches that merge */
	COLUMN_U8,      /* small numbers of wide tables */
	COLUMN_U16,
	COLUMN_U32,
};

struct column {
	const char *name; /* snake case, IPFIX element names where there is one */
	enum column_type type;
	const char *unit; /* "packets", "octets", "s", "" */
};

struct table {
	const char *name;  /* "traffic_volume" */
	const char *title; /* one line for people */
	const struct column *columns;
	size_t column_count;
};

/*
 * Says that rows of a table add up: rows of one input that agree in every other column may be put
 * together, adding these columns (unsigned numbers), where their windows began in the same stretch
 * of time.  The row that is left has the smallest of their window_begin.  So sums over whole
 * stretches, and over whole values of a TIME column among the others, stay what they were.
 */
struct table_sums {
	const struct table *table; /* at most 64 columns */
	uint64_t columns;          /* a set of 1 << index */
	uint32_t seconds;          /* a stretch begins at each multiple of these */
	/* Columns of which the least or the greatest is kept instead: when something was seen first
	 * and last.  Sets as above. */
	uint64_t least, greatest;
};

/* Rows of one table, by column, growing.  Owned by whoever made it. */
struct rows {
	const struct table *table;
	size_t count;    /* whole rows */
	size_t capacity; /* rows there is room for */
	void **columns;  /* owned; one array a column: uint64_t, int64_t, double, struct address,
			    struct slice, uint8_t … */
	char *octets;    /* owned; text and blobs lie here */
	size_t octets_size, octets_capacity;
};

/* Where a text or blob lies in rows.octets. */
struct slice {
	uint64_t offset;
	uint64_t size;
};

struct rows *rows_new(const struct table *table);
void rows_free(struct rows *rows);
/* Back to no rows, memory kept. */
void rows_clear(struct rows *rows);

/* Each sets one cell of the row being built; the column's type must match (asserted). */
void rows_u64(struct rows *rows, size_t column, uint64_t value);
void rows_i64(struct rows *rows, size_t column, int64_t value);
void rows_f64(struct rows *rows, size_t column, double value);
void rows_time(struct rows *rows, size_t column,
    nsec_t time); /* rounded down to milliseconds; before 1970 becomes 0 */
void rows_address(struct rows *rows, size_t column, const struct address *address);
void rows_text(struct rows *rows, size_t column, const char *text);
void rows_blob(struct rows *rows, size_t column, const void *data, size_t size);
/* Ends the row. */
void rows_next(struct rows *rows);

/*
 * The answer to a query, as the store gives it: a result set read row by row.  Analyses use it to
 * build their section.
 *
 *	struct result *r;
 *	e = query_run(q, &r, &why, "SELECT protocol, sum(octets) AS total FROM traffic_volume GROUP
 * BY protocol ORDER BY protocol"); while (result_next(r)) use(result_text(r, 0), result_u64(r, 1));
 *	result_free(r);
 */
struct result;
struct query_ops;

/* Something that answers queries: the store, through its own functions. */
struct query_source {
	const struct query_ops *ops;
	void *context; /* borrowed */
};

struct query_ops {
	enum err (*run)(
	    void *context, const char *sql, struct result **ret_result, struct err_info *info);
	bool (*next)(struct result *r);
	size_t (*column_count)(const struct result *r);
	const char *(*column_name)(const struct result *r, size_t column);
	enum column_type (*column_type)(const struct result *r, size_t column);
	uint64_t (*u64)(const struct result *r, size_t column);
	int64_t (*i64)(const struct result *r, size_t column);
	double (*f64)(const struct result *r, size_t column);
	/* Octets of a text, blob or address, and the text of anything else; borrowed until the next
	 * call of `next` or of this for the same column; text is also terminated. */
	const char *(*octets)(const struct result *r, size_t column, size_t *ret_size);
	/* Whether the cell holds nothing (a sum over no rows); the others then give 0 or "". */
	bool (*null)(const struct result *r, size_t column);
	void (*free)(struct result *r);
};

/* Every result begins with its ops, so that these need no switch. */
struct result {
	const struct query_ops *ops;
};

/* Formats and runs a query.  Only the portable subset: see doc/design/store.md. */
MUST_CHECK enum err query_run(const struct query_source *q, struct result **ret_result,
    struct err_info *info, const char *format, ...) PRINTF_LIKE(4, 5);

static inline bool
result_next(struct result *r)
{
	return r->ops->next(r);
}

static inline uint64_t
result_u64(const struct result *r, size_t column)
{
	return r->ops->u64(r, column);
}

static inline int64_t
result_i64(const struct result *r, size_t column)
{
	return r->ops->i64(r, column);
}

static inline double
result_f64(const struct result *r, size_t column)
{
	return r->ops->f64(r, column);
}

static inline const char *
result_text(const struct result *r, size_t column)
{
	size_t size;
	return r->ops->octets(r, column, &size);
}

static inline const char *
result_blob(const struct result *r, size_t column, size_t *ret_size)
{
	return r->ops->octets(r, column, ret_size);
}

static inline bool
result_null(const struct result *r, size_t column)
{
	return r->ops->null(r, column);
}

static inline size_t
result_column_count(const struct result *r)
{
	return r->ops->column_count(r);
}

static inline const char *
result_column_name(const struct result *r, size_t column)
{
	return r->ops->column_name(r, column);
}

static inline enum column_type
result_column_type(const struct result *r, size_t column)
{
	return r->ops->column_type(r, column);
}

/* An address column; zeros when the cell is not 16 octets. */
struct address result_address(const struct result *r, size_t column);

/* Frees a result; NULL is fine. */
void result_free(struct result *r);

#endif
