/* SPDX-License-Identifier: ISC */
/*
 * Functions for queries, computed here chunk by chunk; see functions.h.
 *
 * A callback gets no context of ours, only a handle from which the engine gives what was left with
 * it, and the function that does so is in a library that is found at run time: hence one lookup of
 * that function for each chunk.
 */
#include "store/functions.h"

#include <dlfcn.h>

#include "net/address.h"
#include "net/dns.h"
#include "store/writer.h"

static const struct duckdb_api *
api_of(duckdb_function_info handle)
{
	__typeof__(duckdb_scalar_function_get_extra_info) *get;

	*(void **)&get = dlsym(RTLD_DEFAULT, "duckdb_scalar_function_get_extra_info");
	return get(handle);
}

/* The octets of a cell of text or blob. */
static const char *
cell_octets(const duckdb_string_t *cell, size_t *ret_size)
{
	*ret_size = cell->value.inlined.length;
	return *ret_size <= sizeof cell->value.inlined.inlined ? cell->value.inlined.inlined
							       : cell->value.pointer.ptr;
}

static void
make_address(duckdb_function_info handle, duckdb_data_chunk input, duckdb_vector output)
{
	const struct duckdb_api *api = api_of(handle);
	const uint64_t *high = api->vector_get_data(api->data_chunk_get_vector(input, 0));
	const uint64_t *low = api->vector_get_data(api->data_chunk_get_vector(input, 1));
	size_t count = api->data_chunk_get_size(input);

	for (size_t i = 0; i < count; i++) {
		uint64_t octets[2] = { __builtin_bswap64(high[i]), __builtin_bswap64(low[i]) };
		api->vector_assign_string_element_len(
		    output, i, (const char *)octets, sizeof octets);
	}
}

static void
address_text(duckdb_function_info handle, duckdb_data_chunk input, duckdb_vector output)
{
	const struct duckdb_api *api = api_of(handle);
	const duckdb_string_t *cells = api->vector_get_data(api->data_chunk_get_vector(input, 0));
	size_t count = api->data_chunk_get_size(input);

	for (size_t i = 0; i < count; i++) {
		char text[ADDRESS_TEXT_SIZE] = "";
		struct address a;
		size_t size;
		const char *octets = cell_octets(&cells[i], &size);

		if (size == sizeof a.octets) {
			memcpy(a.octets, octets, size);
			address_format(&a, text);
		}
		api->vector_assign_string_element_len(output, i, text, strlen(text));
	}
}

static void
parse_address(duckdb_function_info handle, duckdb_data_chunk input, duckdb_vector output)
{
	const struct duckdb_api *api = api_of(handle);
	const duckdb_string_t *cells = api->vector_get_data(api->data_chunk_get_vector(input, 0));
	size_t count = api->data_chunk_get_size(input);

	for (size_t i = 0; i < count; i++) {
		char text[ADDRESS_TEXT_SIZE] = "";
		struct address a;
		size_t size;
		const char *octets = cell_octets(&cells[i], &size);
		bool found = false;

		if (size < sizeof text) {
			memcpy(text, octets, size);
			text[size] = '\0';
			found = strlen(text) == size && address_parse(text, &a) == ERR_OK;
		}
		api->vector_assign_string_element_len(
		    output, i, found ? (const char *)a.octets : "", found ? sizeof a.octets : 0);
	}
}

/* The last labels of a domain name's text, in which a backslash takes the sense of what follows it
 * (RFC 1035, section 5.1). */
static const char *
last_labels(const char *text, size_t size, uint64_t labels)
{
	uint64_t seen = 1, skip;

	for (size_t i = 0; i < size; i++) {
		seen += text[i] == '.' && i + 1 < size;
		i += text[i] == '\\';
	}
	skip = seen > labels ? seen - labels : 0;
	for (size_t i = 0; i < size && skip > 0 && labels > 0; i++) {
		if (text[i] == '.' && --skip == 0)
			return text + i + 1;
		i += text[i] == '\\';
	}
	return text;
}

static void
cut_name(duckdb_function_info handle, duckdb_data_chunk input, duckdb_vector output)
{
	const struct duckdb_api *api = api_of(handle);
	const duckdb_string_t *cells = api->vector_get_data(api->data_chunk_get_vector(input, 0));
	const uint64_t *labels = api->vector_get_data(api->data_chunk_get_vector(input, 1));
	size_t count = api->data_chunk_get_size(input);

	for (size_t i = 0; i < count; i++) {
		size_t size;
		const char *octets = cell_octets(&cells[i], &size);
		const char *from = last_labels(octets, size, labels[i]);
		api->vector_assign_string_element_len(
		    output, i, from, size - (size_t)(from - octets));
	}
}

/* The names of numbers. */
static void
name_numbers(duckdb_function_info handle, duckdb_data_chunk input, duckdb_vector output,
    const char *(*name)(uint16_t, char *))
{
	const struct duckdb_api *api = api_of(handle);
	const uint64_t *numbers = api->vector_get_data(api->data_chunk_get_vector(input, 0));
	size_t count = api->data_chunk_get_size(input);

	for (size_t i = 0; i < count; i++) {
		char text[DNS_NUMBER_TEXT_SIZE];
		const char *name_text =
		    numbers[i] <= UINT16_MAX ? name((uint16_t)numbers[i], text) : "";
		api->vector_assign_string_element_len(output, i, name_text, strlen(name_text));
	}
}

static void
name_type(duckdb_function_info handle, duckdb_data_chunk input, duckdb_vector output)
{
	name_numbers(handle, input, output, dns_type_name);
}

static void
name_rcode(duckdb_function_info handle, duckdb_data_chunk input, duckdb_vector output)
{
	name_numbers(handle, input, output, dns_rcode_name);
}

static const struct function {
	const char *name;
	size_t parameter_count;
	enum column_type parameters[2], answer;
	duckdb_scalar_function_t call;
} FUNCTIONS[] = {
	{ "yagura_address", 2, { COLUMN_U64, COLUMN_U64 }, COLUMN_BLOB, make_address },
	{ "yagura_last_labels", 2, { COLUMN_TEXT, COLUMN_U64 }, COLUMN_TEXT, cut_name },
	{ "address_text", 1, { COLUMN_BLOB }, COLUMN_TEXT, address_text },
	{ "address", 1, { COLUMN_TEXT }, COLUMN_BLOB, parse_address },
	{ "dns_type_text", 1, { COLUMN_U64 }, COLUMN_TEXT, name_type },
	{ "dns_rcode_text", 1, { COLUMN_U64 }, COLUMN_TEXT, name_rcode },
};

static enum err
register_one(struct engine *engine, const struct function *f, struct err_info *info)
{
	const struct duckdb_api *api = &engine->api;
	duckdb_scalar_function function = api->create_scalar_function();
	duckdb_logical_type answer = api->create_logical_type(writer_type(f->answer));
	duckdb_state state;

	api->scalar_function_set_name(function, f->name);
	for (size_t i = 0; i < f->parameter_count; i++) {
		duckdb_logical_type parameter =
		    api->create_logical_type(writer_type(f->parameters[i]));
		api->scalar_function_add_parameter(function, parameter);
		api->destroy_logical_type(&parameter);
	}
	api->scalar_function_set_return_type(function, answer);
	api->scalar_function_set_extra_info(function, &engine->api, NULL);
	api->scalar_function_set_function(function, f->call);
	state = api->register_scalar_function(engine->attacher, function);
	api->destroy_logical_type(&answer);
	api->destroy_scalar_function(&function);
	if (state != DuckDBSuccess)
		return err_set(
		    info, ERR_UNSUPPORTED, "the engine refuses the function %s", f->name);
	return ERR_OK;
}

enum err
functions_register(struct engine *engine, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0] && e == ERR_OK; i++)
		e = register_one(engine, &FUNCTIONS[i], info);
	/* A temporary object: a store that is opened read-only takes it as well. */
	return e != ERR_OK ? e
			   : engine_run(engine, engine->reader, info,
				 "CREATE TEMP MACRO intDiv(a, b) AS a // b");
}
