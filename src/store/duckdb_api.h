/* SPDX-License-Identifier: ISC */
/*
 * The functions of libduckdb that the store uses, found at run time.
 *
 * libduckdb is 70 MB and most commands need no store, so it is loaded when a store is opened, from
 * the first of these that is there:
 *
 *	$YAGURA_DUCKDB                          a file, and nothing else is tried
 *	libduckdb.so                            where the system's loader looks
 *	/usr/lib/yagura/libduckdb.so            where the package puts it
 *	ROOT/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so
 *
 * where ROOT is the directory of the running program or one of the two above it (build/yagura,
 * build/tests/unit-x).  A function that a library lacks is named in the error.
 */
#ifndef YAGURA_STORE_DUCKDB_API_H
#define YAGURA_STORE_DUCKDB_API_H

#include <duckdb.h>

#include "base/err.h"

#define DUCKDB_API_LIST(X)                  \
	X(append_data_chunk)                \
	X(appender_create_ext)              \
	X(appender_destroy)                 \
	X(appender_error)                   \
	X(appender_flush)                   \
	X(close)                            \
	X(column_count)                     \
	X(column_logical_type)              \
	X(column_name)                      \
	X(column_type)                      \
	X(connect)                          \
	X(create_config)                    \
	X(create_data_chunk)                \
	X(create_logical_type)              \
	X(create_scalar_function)           \
	X(create_struct_type)               \
	X(data_chunk_get_size)              \
	X(data_chunk_get_vector)            \
	X(data_chunk_reset)                 \
	X(data_chunk_set_size)              \
	X(decimal_internal_type)            \
	X(decimal_scale)                    \
	X(destroy_config)                   \
	X(destroy_data_chunk)               \
	X(destroy_extracted)                \
	X(destroy_logical_type)             \
	X(destroy_prepare)                  \
	X(destroy_result)                   \
	X(destroy_scalar_function)          \
	X(disconnect)                       \
	X(execute_prepared)                 \
	X(execute_prepared_streaming)       \
	X(extract_statements)               \
	X(extract_statements_error)         \
	X(fetch_chunk)                      \
	X(free)                             \
	X(library_version)                  \
	X(open_ext)                         \
	X(prepare)                          \
	X(prepare_error)                    \
	X(prepare_extracted_statement)      \
	X(prepared_statement_column_count)  \
	X(prepared_statement_column_name)   \
	X(prepared_statement_column_type)   \
	X(prepared_statement_type)          \
	X(query)                            \
	X(register_scalar_function)         \
	X(result_chunk_count)               \
	X(result_error)                     \
	X(result_get_chunk)                 \
	X(scalar_function_add_parameter)    \
	X(scalar_function_get_extra_info)   \
	X(scalar_function_set_extra_info)   \
	X(scalar_function_set_function)     \
	X(scalar_function_set_name)         \
	X(scalar_function_set_return_type)  \
	X(set_config)                       \
	X(struct_vector_get_child)          \
	X(vector_assign_string_element_len) \
	X(vector_get_data)                  \
	X(vector_get_validity)              \
	X(vector_size)

struct duckdb_api {
#define X(name) __typeof__(duckdb_##name) *(name);
	DUCKDB_API_LIST(X)
#undef X
};

/*
 * Loads the library and finds every function.  ERR_IO when there is no library, ERR_UNSUPPORTED
 * when it lacks something.  The library stays loaded until the program ends.
 */
MUST_CHECK enum err duckdb_api_load(struct duckdb_api *ret_api, struct err_info *info);

#endif
