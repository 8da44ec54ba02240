/* SPDX-License-Identifier: ISC */
/* Rows by column, and the calls that reach a query's answer; see table.h. */
#include "obs/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define FIRST_CAPACITY 64

static const size_t CELL_SIZES[] = {
	[COLUMN_U64] = sizeof(uint64_t),
	[COLUMN_I64] = sizeof(int64_t),
	[COLUMN_F64] = sizeof(double),
	[COLUMN_TEXT] = sizeof(struct slice),
	[COLUMN_TIME] = sizeof(uint64_t),
	[COLUMN_ADDRESS] = sizeof(struct address),
	[COLUMN_BLOB] = sizeof(struct slice),
	[COLUMN_U8] = sizeof(uint8_t),
	[COLUMN_U16] = sizeof(uint16_t),
	[COLUMN_U32] = sizeof(uint32_t),
};

struct rows *
rows_new(const struct table *table)
{
	struct rows *rows = xcalloc(1, sizeof *rows);

	rows->table = table;
	rows->columns = xcalloc(table->column_count, sizeof *rows->columns);
	return rows;
}

void
rows_free(struct rows *rows)
{
	if (rows == NULL)
		return;
	for (size_t i = 0; i < rows->table->column_count; i++)
		free(rows->columns[i]);
	free(rows->columns);
	free(rows->octets);
	free(rows);
}

void
rows_clear(struct rows *rows)
{
	rows->count = 0;
	rows->octets_size = 0;
}

static void
grow(struct rows *rows)
{
	rows->capacity = rows->capacity != 0 ? rows->capacity * 2 : FIRST_CAPACITY;
	for (size_t i = 0; i < rows->table->column_count; i++)
		rows->columns[i] = xrealloc_array(
		    rows->columns[i], rows->capacity, CELL_SIZES[rows->table->columns[i].type]);
}

/* Room for the row being built, and the column's array. */
static void *
cells(struct rows *rows, size_t column)
{
	assert(column < rows->table->column_count);
	if (rows->count == rows->capacity)
		grow(rows);
	return rows->columns[column];
}

void
rows_u64(struct rows *rows, size_t column, uint64_t value)
{
	void *array = cells(rows, column);

	switch (rows->table->columns[column].type) {
	case COLUMN_U64: ((uint64_t *)array)[rows->count] = value; break;
	case COLUMN_U32: ((uint32_t *)array)[rows->count] = (uint32_t)value; break;
	case COLUMN_U16: ((uint16_t *)array)[rows->count] = (uint16_t)value; break;
	case COLUMN_U8: ((uint8_t *)array)[rows->count] = (uint8_t)value; break;
	default: assert(!"an unsigned value for a column of another type");
	}
}

void
rows_i64(struct rows *rows, size_t column, int64_t value)
{
	int64_t *array = cells(rows, column);

	assert(rows->table->columns[column].type == COLUMN_I64);
	array[rows->count] = value;
}

void
rows_f64(struct rows *rows, size_t column, double value)
{
	double *array = cells(rows, column);

	assert(rows->table->columns[column].type == COLUMN_F64);
	array[rows->count] = value;
}

void
rows_time(struct rows *rows, size_t column, nsec_t time)
{
	uint64_t *array = cells(rows, column);

	assert(rows->table->columns[column].type == COLUMN_TIME);
	array[rows->count] = time > 0 ? (uint64_t)(time / NSEC_PER_MS) : 0;
}

void
rows_address(struct rows *rows, size_t column, const struct address *address)
{
	struct address *array = cells(rows, column);

	assert(rows->table->columns[column].type == COLUMN_ADDRESS);
	array[rows->count] = *address;
}

static void
put_octets(struct rows *rows, size_t column, const void *data, size_t size)
{
	struct slice *array = cells(rows, column);

	if (rows->octets_capacity - rows->octets_size < size + 1) {
		rows->octets_capacity = (rows->octets_size + size + 1) * 2;
		rows->octets = xrealloc_array(rows->octets, rows->octets_capacity, 1);
	}
	array[rows->count] = (struct slice){ .offset = rows->octets_size, .size = size };
	if (size != 0)
		memcpy(rows->octets + rows->octets_size, data, size);
	rows->octets[rows->octets_size + size] = '\0';
	rows->octets_size += size + 1;
}

void
rows_text(struct rows *rows, size_t column, const char *text)
{
	assert(rows->table->columns[column].type == COLUMN_TEXT);
	put_octets(rows, column, text, strlen(text));
}

void
rows_blob(struct rows *rows, size_t column, const void *data, size_t size)
{
	assert(rows->table->columns[column].type == COLUMN_BLOB);
	put_octets(rows, column, data, size);
}

void
rows_next(struct rows *rows)
{
	rows->count++;
}

enum err
query_run(const struct query_source *q, struct result **ret_result, struct err_info *info,
    const char *format, ...)
{
	va_list args;
	char *sql = NULL;
	enum err e;

	va_start(args, format);
	if (vasprintf(&sql, format, args) < 0)
		abort();
	va_end(args);
	e = q->ops->run(q->context, sql, ret_result, info);
	free(sql);
	return e;
}

struct address
result_address(const struct result *r, size_t column)
{
	struct address a = { .words = { 0, 0 } };
	size_t size;
	const char *octets = r->ops->octets(r, column, &size);

	if (size == sizeof a.octets)
		memcpy(a.octets, octets, sizeof a.octets);
	return a;
}

void
result_free(struct result *r)
{
	if (r != NULL)
		r->ops->free(r);
}
