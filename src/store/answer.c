/* SPDX-License-Identifier: ISC */
/* Reads DuckDB's answers chunk by chunk; see answer.h. */
#include "store/answer.h"

#include <inttypes.h>

#include "base/xmalloc.h"

__extension__ typedef unsigned __int128 uint128;

struct answer_column {
	char *name; /* owned */
	enum column_type type;
	duckdb_type stored;          /* as it lies in the vector; DECIMAL: its integer */
	bool beyond_u64, beyond_i64; /* HUGEINT: some value needs more */
	double scale;                /* of DECIMAL: what its integer is divided by */
	const void *data;            /* of the chunk */
	const uint64_t *valid;       /* bits, or NULL when every cell is there */
	char *text;                  /* owned: what `octets` gave */
	size_t text_capacity;
};

struct answer {
	struct result base;
	struct engine *engine; /* borrowed */
	duckdb_connection connection;
	duckdb_result result;
	duckdb_data_chunk chunk;
	size_t chunk_rows;
	size_t row; /* of the chunk; the current one */
	size_t column_count;
	struct answer_column *columns; /* owned */
	bool streaming;                /* holds the reader's transaction */
	char *error;                   /* owned */
};

static const struct query_ops OPS;

static const struct answer *
answer_of(const struct result *r)
{
	return (const struct answer *)r;
}

/* --- cells ------------------------------------------------------------------------------------ */

static bool
is_valid(const struct answer_column *c, size_t row)
{
	return c->valid == NULL || (c->valid[row / 64] >> (row % 64) & 1) != 0;
}

static uint64_t
hugeint_u64(duckdb_hugeint v)
{
	if (v.upper < 0)
		return 0;
	return v.upper > 0 ? UINT64_MAX : v.lower;
}

static int64_t
hugeint_i64(duckdb_hugeint v)
{
	if (v.upper > 0 || (v.upper == 0 && v.lower > INT64_MAX))
		return INT64_MAX;
	if (v.upper < -1 || (v.upper == -1 && v.lower < (uint64_t)INT64_MIN))
		return INT64_MIN;
	return (int64_t)v.lower;
}

static double
hugeint_f64(duckdb_hugeint v)
{
	return (double)v.upper * 18446744073709551616.0 + (double)v.lower;
}

static uint64_t
f64_u64(double v)
{
	if (!(v > 0))
		return 0;
	return v >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)v;
}

static int64_t
f64_i64(double v)
{
	if (v != v)
		return 0;
	if (v >= 9223372036854775808.0)
		return INT64_MAX;
	return v <= -9223372036854775808.0 ? INT64_MIN : (int64_t)v;
}

/* One number in the three forms that callers ask for. */
struct number {
	uint64_t u64;
	int64_t i64;
	double f64;
};

static struct number
from_unsigned(uint64_t v)
{
	return (struct number){ v, v > INT64_MAX ? INT64_MAX : (int64_t)v, (double)v };
}

static struct number
from_signed(int64_t v)
{
	return (struct number){ v > 0 ? (uint64_t)v : 0, v, (double)v };
}

static struct number
from_double(double v)
{
	return (struct number){ f64_u64(v), f64_i64(v), v };
}

static struct number
from_hugeint(duckdb_hugeint v)
{
	return (struct number){ hugeint_u64(v), hugeint_i64(v), hugeint_f64(v) };
}

static struct number
load_number(const struct answer_column *c, size_t row)
{
	switch (c->stored) {
	case DUCKDB_TYPE_BOOLEAN: return from_unsigned(((const bool *)c->data)[row]);
	case DUCKDB_TYPE_UTINYINT: return from_unsigned(((const uint8_t *)c->data)[row]);
	case DUCKDB_TYPE_USMALLINT: return from_unsigned(((const uint16_t *)c->data)[row]);
	case DUCKDB_TYPE_UINTEGER: return from_unsigned(((const uint32_t *)c->data)[row]);
	case DUCKDB_TYPE_UBIGINT: return from_unsigned(((const uint64_t *)c->data)[row]);
	case DUCKDB_TYPE_TINYINT: return from_signed(((const int8_t *)c->data)[row]);
	case DUCKDB_TYPE_SMALLINT: return from_signed(((const int16_t *)c->data)[row]);
	case DUCKDB_TYPE_INTEGER: return from_signed(((const int32_t *)c->data)[row]);
	case DUCKDB_TYPE_BIGINT: return from_signed(((const int64_t *)c->data)[row]);
	case DUCKDB_TYPE_HUGEINT: return from_hugeint(((const duckdb_hugeint *)c->data)[row]);
	case DUCKDB_TYPE_FLOAT: return from_double((double)((const float *)c->data)[row]);
	case DUCKDB_TYPE_DOUBLE: return from_double(((const double *)c->data)[row]);
	default: return from_unsigned(0);
	}
}

static struct number
cell(const struct result *r, size_t column)
{
	const struct answer *a = answer_of(r);
	const struct answer_column *c = &a->columns[column];

	if (!is_valid(c, a->row))
		return from_unsigned(0);
	struct number n = load_number(c, a->row);
	return c->scale > 1 ? from_double(n.f64 / c->scale) : n;
}

static uint64_t
answer_u64(const struct result *r, size_t column)
{
	return cell(r, column).u64;
}

static int64_t
answer_i64(const struct result *r, size_t column)
{
	return cell(r, column).i64;
}

static double
answer_f64(const struct result *r, size_t column)
{
	return cell(r, column).f64;
}

static bool
answer_null(const struct result *r, size_t column)
{
	return !is_valid(&answer_of(r)->columns[column], answer_of(r)->row);
}

/* --- text ------------------------------------------------------------------------------------- */

static char *
text_room(struct answer_column *c, size_t size)
{
	if (c->text_capacity < size) {
		c->text_capacity = size * 2;
		c->text = xrealloc_array(c->text, c->text_capacity, 1);
	}
	return c->text;
}

/* The decimal digits of 128 bits, from the right, by division through 10. */
static size_t
hugeint_text(duckdb_hugeint v, char *text)
{
	uint128 n = (uint128)v.upper << 64 | v.lower;
	char digits[48];
	size_t count = 0;
	size_t size = 0;

	if (v.upper < 0) {
		n = -n;
		text[size++] = '-';
	}
	do {
		digits[count++] = (char)('0' + (int)(n % 10));
		n /= 10;
	} while (n != 0);
	while (count > 0)
		text[size++] = digits[--count];
	text[size] = '\0';
	return size;
}

/* The shortest decimal that reads back as the same double. */
static size_t
double_text(double v, char *text, size_t size)
{
	for (int digits = 1; digits < 17; digits++) {
		(void)snprintf(text, size, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			return strlen(text);
	}
	return (size_t)snprintf(text, size, "%.17g", v);
}

static const char *
number_text(struct answer_column *c, const struct result *r, size_t column, size_t *ret_size)
{
	struct number n = cell(r, column);
	char *text = text_room(c, 64);

	if (c->type == COLUMN_F64 && c->stored != DUCKDB_TYPE_HUGEINT)
		*ret_size = double_text(n.f64, text, 64);
	else if (c->stored == DUCKDB_TYPE_HUGEINT)
		*ret_size =
		    hugeint_text(((const duckdb_hugeint *)c->data)[answer_of(r)->row], text);
	else if (c->type == COLUMN_I64)
		*ret_size = (size_t)snprintf(text, 64, "%" PRId64, n.i64);
	else
		*ret_size = (size_t)snprintf(text, 64, "%" PRIu64, n.u64);
	return text;
}

static const char *
answer_octets(const struct result *r, size_t column, size_t *ret_size)
{
	const struct answer *a = answer_of(r);
	struct answer_column *c = &a->columns[column];
	const duckdb_string_t *s;
	char *text;

	if (!is_valid(c, a->row)) {
		*ret_size = 0;
		return "";
	}
	if (c->stored != DUCKDB_TYPE_VARCHAR)
		return number_text(c, r, column, ret_size);
	s = (const duckdb_string_t *)c->data + a->row;
	*ret_size = s->value.inlined.length;
	text = text_room(c, *ret_size + 1);
	memcpy(text,
	    *ret_size <= sizeof s->value.inlined.inlined ? s->value.inlined.inlined
							 : s->value.pointer.ptr,
	    *ret_size);
	text[*ret_size] = '\0';
	return text;
}

/* --- rows ------------------------------------------------------------------------------------- */

static void
drop_chunk(struct answer *a)
{
	if (a->chunk != NULL)
		a->engine->api.destroy_data_chunk(&a->chunk);
	a->chunk = NULL;
	a->chunk_rows = 0;
}

/* Fetches the next chunk that has rows. */
static bool
fetch(struct answer *a)
{
	const struct duckdb_api *api = &a->engine->api;

	drop_chunk(a);
	if (a->error != NULL)
		return false;
	a->chunk = api->fetch_chunk(a->result);
	if (a->chunk == NULL) {
		const char *message = api->result_error(&a->result);
		if (message != NULL && message[0] != '\0')
			a->error = xstrdup(message);
		return false;
	}
	a->chunk_rows = api->data_chunk_get_size(a->chunk);
	a->row = 0;
	for (size_t i = 0; i < a->column_count; i++) {
		duckdb_vector vector = api->data_chunk_get_vector(a->chunk, i);
		a->columns[i].data = api->vector_get_data(vector);
		a->columns[i].valid = api->vector_get_validity(vector);
	}
	return a->chunk_rows > 0;
}

static bool
answer_next(struct result *r)
{
	struct answer *a = (struct answer *)r;

	if (a->chunk != NULL && a->row + 1 < a->chunk_rows) {
		a->row++;
		return true;
	}
	return fetch(a);
}

static size_t
answer_column_count(const struct result *r)
{
	return answer_of(r)->column_count;
}

static const char *
answer_column_name(const struct result *r, size_t column)
{
	return answer_of(r)->columns[column].name;
}

static enum column_type
answer_column_type(const struct result *r, size_t column)
{
	return answer_of(r)->columns[column].type;
}

const char *
store_result_error(const struct result *r)
{
	return answer_of(r)->error;
}

static void
answer_free(struct result *r)
{
	struct answer *a = (struct answer *)r;

	drop_chunk(a);
	a->engine->api.destroy_result(&a->result);
	if (a->streaming) {
		engine_rollback(a->engine, a->connection);
		a->engine->streaming = false;
	}
	for (size_t i = 0; i < a->column_count; i++) {
		free(a->columns[i].name);
		free(a->columns[i].text);
	}
	free(a->columns);
	free(a->error);
	free(a);
}

static const struct query_ops OPS = {
	.next = answer_next,
	.column_count = answer_column_count,
	.column_name = answer_column_name,
	.column_type = answer_column_type,
	.u64 = answer_u64,
	.i64 = answer_i64,
	.f64 = answer_f64,
	.octets = answer_octets,
	.null = answer_null,
	.free = answer_free,
};

/* --- making ----------------------------------------------------------------------------------- */

/* How DuckDB's types are kept; what is not here is asked for as text (see plain_sql). */
static const struct {
	duckdb_type type;
	enum column_type column;
} PLAIN[] = {
	{ DUCKDB_TYPE_BOOLEAN, COLUMN_U8 },
	{ DUCKDB_TYPE_UTINYINT, COLUMN_U8 },
	{ DUCKDB_TYPE_USMALLINT, COLUMN_U16 },
	{ DUCKDB_TYPE_UINTEGER, COLUMN_U32 },
	{ DUCKDB_TYPE_UBIGINT, COLUMN_U64 },
	{ DUCKDB_TYPE_TINYINT, COLUMN_I64 },
	{ DUCKDB_TYPE_SMALLINT, COLUMN_I64 },
	{ DUCKDB_TYPE_INTEGER, COLUMN_I64 },
	{ DUCKDB_TYPE_BIGINT, COLUMN_I64 },
	{ DUCKDB_TYPE_HUGEINT, COLUMN_U64 },
	{ DUCKDB_TYPE_FLOAT, COLUMN_F64 },
	{ DUCKDB_TYPE_DOUBLE, COLUMN_F64 },
	{ DUCKDB_TYPE_DECIMAL, COLUMN_F64 },
	{ DUCKDB_TYPE_VARCHAR, COLUMN_TEXT },
	{ DUCKDB_TYPE_BLOB, COLUMN_BLOB },
};

static const enum column_type *
plain_type(duckdb_type type)
{
	for (size_t i = 0; i < sizeof PLAIN / sizeof PLAIN[0]; i++)
		if (PLAIN[i].type == type)
			return &PLAIN[i].column;
	return NULL;
}

bool
answer_is_plain(duckdb_type type)
{
	return plain_type(type) != NULL;
}

static void
set_decimal(struct answer *a, struct answer_column *c, size_t column)
{
	const struct duckdb_api *api = &a->engine->api;
	duckdb_logical_type type = api->column_logical_type(&a->result, column);

	c->stored = api->decimal_internal_type(type);
	for (uint8_t i = api->decimal_scale(type); i > 0; i--)
		c->scale *= 10;
	api->destroy_logical_type(&type);
}

static void
set_columns(struct answer *a)
{
	const struct duckdb_api *api = &a->engine->api;

	a->column_count = api->column_count(&a->result);
	a->columns = xcalloc(a->column_count, sizeof *a->columns);
	for (size_t i = 0; i < a->column_count; i++) {
		struct answer_column *c = &a->columns[i];
		const enum column_type *type = plain_type(api->column_type(&a->result, i));

		c->name = xstrdup(api->column_name(&a->result, i));
		c->scale = 1;
		c->type = type != NULL ? *type : COLUMN_TEXT;
		c->stored = api->column_type(&a->result, i);
		if (c->stored == DUCKDB_TYPE_DECIMAL)
			set_decimal(a, c, i);
		if (c->type == COLUMN_BLOB && strstr(c->name, "address") != NULL)
			c->type = COLUMN_ADDRESS;
		if (c->type == COLUMN_TEXT || c->type == COLUMN_BLOB || c->type == COLUMN_ADDRESS)
			c->stored = DUCKDB_TYPE_VARCHAR;
	}
}

/* Notes which types hold every value of a chunk's HUGEINT columns. */
static void
see_hugeints(struct answer *a, duckdb_data_chunk chunk)
{
	const struct duckdb_api *api = &a->engine->api;
	size_t rows = api->data_chunk_get_size(chunk);

	for (size_t i = 0; i < a->column_count; i++) {
		struct answer_column *c = &a->columns[i];
		duckdb_vector vector = api->data_chunk_get_vector(chunk, i);

		if (c->stored != DUCKDB_TYPE_HUGEINT)
			continue;
		c->data = api->vector_get_data(vector);
		c->valid = api->vector_get_validity(vector);
		for (size_t row = 0; row < rows; row++) {
			duckdb_hugeint v = ((const duckdb_hugeint *)c->data)[row];
			if (!is_valid(c, row))
				continue;
			c->beyond_u64 |= v.upper != 0;
			c->beyond_i64 |= v.upper != ((int64_t)v.lower < 0 ? -1 : 0);
		}
	}
}

/* Makes HUGEINT columns of a complete answer the first of U64, I64, F64 that holds all values. */
static void
settle_hugeints(struct answer *a)
{
	const struct duckdb_api *api = &a->engine->api;
	bool some = false;

	for (size_t i = 0; i < a->column_count; i++)
		some |= a->columns[i].stored == DUCKDB_TYPE_HUGEINT;
	for (idx_t i = 0; some && i < api->result_chunk_count(a->result); i++) {
		duckdb_data_chunk chunk = api->result_get_chunk(a->result, i);
		if (chunk == NULL)
			break;
		see_hugeints(a, chunk);
		api->destroy_data_chunk(&chunk);
	}
	for (size_t i = 0; i < a->column_count; i++)
		if (a->columns[i].beyond_u64)
			a->columns[i].type = a->columns[i].beyond_i64 ? COLUMN_F64 : COLUMN_I64;
}

static struct answer *
answer_new(struct engine *engine, duckdb_connection connection)
{
	struct answer *a = xcalloc(1, sizeof *a);

	a->base.ops = &OPS;
	a->engine = engine;
	a->connection = connection;
	return a;
}

enum err
answer_execute(struct engine *engine, struct answer_order order, struct result **ret_result,
    struct err_info *info)
{
	struct answer *a = answer_new(engine, order.connection);
	duckdb_state state =
	    order.streaming ? engine->api.execute_prepared_streaming(order.statement, &a->result)
			    : engine->api.execute_prepared(order.statement, &a->result);

	if (state != DuckDBSuccess) {
		enum err e = engine_error(info, "query", engine->api.result_error(&a->result));
		answer_free(&a->base);
		return e;
	}
	set_columns(a);
	if (!order.streaming)
		settle_hugeints(a);
	a->streaming = order.streaming;
	engine->streaming |= order.streaming;
	*ret_result = &a->base;
	return ERR_OK;
}
