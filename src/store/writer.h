/* SPDX-License-Identifier: ISC */
/*
 * Puts rows into one table of the engine, by data chunks.
 *
 * A chunk holds engine->api.vector_size() rows; the caller fills its columns' arrays and hands it
 * over.  (Row by row the engine's appender costs 1.6 times as much, see doc/design/store.md.)  Rows
 * are in the table, and in the connection's transaction, after writer_flush.
 */
#ifndef YAGURA_STORE_WRITER_H
#define YAGURA_STORE_WRITER_H

#include "store/engine.h"

struct writer {
	struct engine *engine; /* borrowed */
	duckdb_appender appender;
	duckdb_data_chunk chunk;
	const char *where; /* borrowed: the file, for errors */
	size_t capacity;   /* rows of a chunk */
	bool is_struct;    /* one column, with fields */
	bool dirty;        /* something was handed over since the last flush */
};

/* Where the table is; a `catalog` of NULL is the database that was opened.  With `fields` the table
 * has one column, a STRUCT with these names: every column of its own would get the engine's
 * distinct counts, which cost a fifth of appending and which nothing here uses. */
struct writer_place {
	duckdb_connection connection;
	const char *catalog;
	const char *table;
	const char *where; /* the file, for errors; outlives the writer */
	const char **fields;
};

/* The engine's type of a column. */
duckdb_type writer_type(enum column_type type);
/* Its name in SQL, with the default that stands for "nothing". */
const char *writer_sql_type(enum column_type type);

/* The table has exactly these columns, in this order. */
MUST_CHECK enum err
writer_open(struct writer *ret_writer, struct engine *engine, const struct writer_place *place,
    const enum column_type *types, size_t count, struct err_info *info);
/* Forgets what was not flushed when the caller rolls back afterwards. */
void writer_close(struct writer *writer);

/* The array of a column, or field, of the chunk being filled. */
static inline void *
writer_cells(const struct writer *writer, size_t column)
{
	const struct duckdb_api *api = &writer->engine->api;
	duckdb_vector vector =
	    api->data_chunk_get_vector(writer->chunk, writer->is_struct ? 0 : column);

	if (writer->is_struct)
		vector = api->struct_vector_get_child(vector, column);
	return api->vector_get_data(vector);
}

/* Hands over the first `count` rows of the chunk; it can be filled anew. */
MUST_CHECK enum err writer_append(struct writer *writer, size_t count, struct err_info *info);
MUST_CHECK enum err writer_flush(struct writer *writer, struct err_info *info);

/* A text or blob cell that points to octets which stay in place until writer_append. */
static inline duckdb_string_t
writer_string(const void *octets, size_t size)
{
	duckdb_string_t s;

	if (size <= sizeof s.value.inlined.inlined) {
		s = (duckdb_string_t){ 0 };
		s.value.inlined.length = (uint32_t)size;
		if (size != 0)
			memcpy(s.value.inlined.inlined, octets, size);
		return s;
	}
	s.value.pointer.length = (uint32_t)size;
	memcpy(s.value.pointer.prefix, octets, sizeof s.value.pointer.prefix);
	s.value.pointer.ptr = (char *)octets;
	return s;
}

#endif
