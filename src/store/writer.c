/* SPDX-License-Identifier: ISC */
/* Rows into the engine; see writer.h. */
#include "store/writer.h"

#include "base/xmalloc.h"

static const struct {
	duckdb_type type;
	const char *sql;
} TYPES[] = {
	[COLUMN_U64] = { DUCKDB_TYPE_UBIGINT, "UBIGINT DEFAULT 0" },
	[COLUMN_I64] = { DUCKDB_TYPE_BIGINT, "BIGINT DEFAULT 0" },
	[COLUMN_F64] = { DUCKDB_TYPE_DOUBLE, "DOUBLE DEFAULT 0" },
	[COLUMN_TEXT] = { DUCKDB_TYPE_VARCHAR, "VARCHAR DEFAULT ''" },
	[COLUMN_TIME] = { DUCKDB_TYPE_UBIGINT, "UBIGINT DEFAULT 0" },
	[COLUMN_ADDRESS] = { DUCKDB_TYPE_BLOB,
	    "BLOB DEFAULT '\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
	    "\\x00\\x00'::BLOB" },
	[COLUMN_BLOB] = { DUCKDB_TYPE_BLOB, "BLOB DEFAULT ''::BLOB" },
	[COLUMN_U8] = { DUCKDB_TYPE_UTINYINT, "UTINYINT DEFAULT 0" },
	[COLUMN_U16] = { DUCKDB_TYPE_USMALLINT, "USMALLINT DEFAULT 0" },
	[COLUMN_U32] = { DUCKDB_TYPE_UINTEGER, "UINTEGER DEFAULT 0" },
};

duckdb_type
writer_type(enum column_type type)
{
	return TYPES[type].type;
}

const char *
writer_sql_type(enum column_type type)
{
	return TYPES[type].sql;
}

static void
make_chunk(struct writer *w, const enum column_type *types, size_t count, const char **fields)
{
	const struct duckdb_api *api = &w->engine->api;
	duckdb_logical_type *logical = xcalloc(count, sizeof(duckdb_logical_type));

	for (size_t i = 0; i < count; i++)
		logical[i] = api->create_logical_type(writer_type(types[i]));
	if (fields != NULL) {
		duckdb_logical_type whole = api->create_struct_type(logical, fields, count);
		w->chunk = api->create_data_chunk(&whole, 1);
		api->destroy_logical_type(&whole);
	} else {
		w->chunk = api->create_data_chunk(logical, count);
	}
	for (size_t i = 0; i < count; i++)
		api->destroy_logical_type(&logical[i]);
	free(logical);
}

enum err
writer_open(struct writer *ret_writer, struct engine *engine, const struct writer_place *place,
    const enum column_type *types, size_t count, struct err_info *info)
{
	struct writer w = { .engine = engine, .where = place->where };

	if (engine->api.appender_create_ext(place->connection, place->catalog, NULL, place->table,
		&w.appender) != DuckDBSuccess) {
		enum err e =
		    engine_error(info, place->where, engine->api.appender_error(w.appender));
		engine->api.appender_destroy(&w.appender);
		return e;
	}
	make_chunk(&w, types, count, place->fields);
	w.is_struct = place->fields != NULL;
	w.capacity = engine->api.vector_size();
	*ret_writer = w;
	return ERR_OK;
}

void
writer_close(struct writer *writer)
{
	if (writer->appender != NULL)
		(void)writer->engine->api.appender_destroy(&writer->appender);
	if (writer->chunk != NULL)
		writer->engine->api.destroy_data_chunk(&writer->chunk);
	*writer = (struct writer){ 0 };
}

enum err
writer_append(struct writer *writer, size_t count, struct err_info *info)
{
	const struct duckdb_api *api = &writer->engine->api;

	if (count == 0)
		return ERR_OK;
	api->data_chunk_set_size(writer->chunk, count);
	writer->dirty = true;
	if (api->append_data_chunk(writer->appender, writer->chunk) != DuckDBSuccess)
		return engine_error(info, writer->where, api->appender_error(writer->appender));
	api->data_chunk_reset(writer->chunk);
	return ERR_OK;
}

enum err
writer_flush(struct writer *writer, struct err_info *info)
{
	if (!writer->dirty)
		return ERR_OK;
	if (writer->engine->api.appender_flush(writer->appender) != DuckDBSuccess)
		return engine_error(
		    info, writer->where, writer->engine->api.appender_error(writer->appender));
	writer->dirty = false;
	return ERR_OK;
}
