/* SPDX-License-Identifier: ISC */
/* Rows of JSON behind the interface of a query's answer; see json_rows.h. */
#include "cmd/json_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "cmd/rows.h"

struct cursor_result {
	struct result base;
	const struct json_rows *rows; /* borrowed */
	size_t next;                  /* the row after the current one */
	char number[40];
};

static const struct cursor_result *
self(const struct result *r)
{
	return (const struct cursor_result *)r;
}

static const json_t *
cell(const struct result *r, size_t column)
{
	return json_array_get(json_array_get(self(r)->rows->rows, self(r)->next - 1), column);
}

static bool
next(struct result *r)
{
	struct cursor_result *c = (struct cursor_result *)r;

	return c->next++ < json_array_size(c->rows->rows);
}

static size_t
column_count(const struct result *r)
{
	return self(r)->rows->count;
}

static const char *
column_name(const struct result *r, size_t column)
{
	return self(r)->rows->columns[column].name;
}

static enum column_type
column_type(const struct result *r, size_t column)
{
	return self(r)->rows->columns[column].type;
}

static uint64_t
get_u64(const struct result *r, size_t column)
{
	return (uint64_t)json_integer_value(cell(r, column));
}

static int64_t
get_i64(const struct result *r, size_t column)
{
	return json_integer_value(cell(r, column));
}

static double
get_f64(const struct result *r, size_t column)
{
	return json_number_value(cell(r, column));
}

static const char *
get_octets(const struct result *r, size_t column, size_t *ret_size)
{
	struct cursor_result *c = (struct cursor_result *)r;
	const json_t *value = cell(r, column);

	c->number[0] = '\0';
	if (json_is_string(value)) {
		*ret_size = json_string_length(value);
		return json_string_value(value);
	}
	if (json_is_integer(value))
		(void)snprintf(
		    c->number, sizeof c->number, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		(void)snprintf(c->number, sizeof c->number, "%.15g", json_real_value(value));
	*ret_size = strlen(c->number);
	return c->number;
}

static bool
is_null(const struct result *r, size_t column)
{
	const json_t *value = cell(r, column);

	return value == NULL || json_is_null(value);
}

static void
release(struct result *r)
{
	(void)r;
}

enum err
json_rows_print(
    const struct json_rows *rows, const struct opt_values *values, FILE *out, struct err_info *info)
{
	static const struct query_ops OPS = {
		.next = next,
		.column_count = column_count,
		.column_name = column_name,
		.column_type = column_type,
		.u64 = get_u64,
		.i64 = get_i64,
		.f64 = get_f64,
		.octets = get_octets,
		.null = is_null,
		.free = release,
	};
	struct cursor_result r = { .base = { .ops = &OPS }, .rows = rows };
	uint64_t count;
	enum err e;

	if (opt_given(values, "csv"))
		e = rows_print_csv(&r.base, out, &count, info);
	else if (opt_given(values, "json"))
		e = rows_print_json(&r.base, out, &count, info);
	else
		e = rows_print_table(&r.base, out, &count, info);
	return e == ERR_END ? ERR_OK : e;
}
