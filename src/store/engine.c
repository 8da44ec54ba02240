/* SPDX-License-Identifier: ISC */
/* Opens and runs DuckDB; see engine.h. */
#include "store/engine.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "store/ask.h"
#include "store/utf8.h"

#define DEFAULT_MEMORY  (UINT64_C(1) << 30)
#define MAX_TEMP_OCTETS (UINT64_C(64) << 30) /* of spilled intermediate results */

/* What DuckDB says, and what it means to us; the first match wins. */
static const struct {
	const char *part;
	enum err code;
} MEANINGS[] = {
	{ "No space left on device", ERR_NO_SPACE },
	{ "Disk quota exceeded", ERR_NO_SPACE },
	{ "File too large", ERR_NO_SPACE },
	{ "Could not set lock on file", ERR_BUSY },
	{ "Conflicting lock is held", ERR_BUSY },
	{ "we can only read versions between", ERR_UNSUPPORTED },
	{ "newer version of DuckDB", ERR_UNSUPPORTED },
	{ "not a valid DuckDB database file", ERR_DAMAGED },
	{ "Corrupt", ERR_DAMAGED },
	{ "corrupt", ERR_DAMAGED },
	{ "checksum", ERR_DAMAGED },
	{ "Failed to deserialize", ERR_DAMAGED },
	{ "Serialization Error", ERR_DAMAGED },
	{ "Failure while replaying WAL", ERR_DAMAGED },
	{ "Could not read enough bytes", ERR_DAMAGED },
	{ "INTERNAL Error", ERR_DAMAGED },
	{ "database has been invalidated", ERR_IO },
	{ "IO Error", ERR_IO },
	{ "Cannot open file", ERR_IO },
	{ "max_temp_directory_size", ERR_LIMIT },
	{ "Out of Memory", ERR_LIMIT },
};

enum err
engine_error(struct err_info *info, const char *what, const char *message)
{
	enum err code = ERR_USAGE;
	char line[sizeof info->text];
	size_t size = 0;

	if (message == NULL)
		message = "the engine gave no reason";
	for (size_t i = 0; i < sizeof MEANINGS / sizeof MEANINGS[0]; i++) {
		if (strstr(message, MEANINGS[i].part) != NULL) {
			code = MEANINGS[i].code;
			break;
		}
	}
	/* The first line says it; the next ones quote the statement or advise how to use the
	 * engine's own shell. */
	while (message[size] != '\0' && message[size] != '\n' && size < sizeof line - 1) {
		line[size] = message[size];
		size++;
	}
	line[size] = '\0';
	return err_set(info, code, "%.120s: %.380s", what, line);
}

/* Sets one option of the configuration; every name is known to the versions we accept. */
static void
set_option(const struct engine *engine, duckdb_config config, const char *name, const char *value)
{
	(void)engine->api.set_config(config, name, value);
}

static enum err
make_scratch(struct engine *engine, struct err_info *info)
{
	const char *temporary = getenv("TMPDIR");

	if (engine->directory != NULL && !engine->read_only) {
		engine->scratch = xasprintf("%s/scratch", engine->directory);
		return ERR_OK;
	}
	engine->scratch = xasprintf(
	    "%s/yagura-XXXXXX", temporary != NULL && temporary[0] == '/' ? temporary : "/tmp");
	if (mkdtemp(engine->scratch) == NULL) {
		enum err e = err_set(info, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO,
		    "cannot make the scratch directory %.200s: %s", engine->scratch,
		    strerror(errno));
		free(engine->scratch);
		engine->scratch = NULL;
		return e;
	}
	return ERR_OK;
}

static enum err
open_database(struct engine *engine, const char *path, const struct store_options *options,
    struct err_info *info)
{
	uint64_t memory = options->memory_limit != 0 ? options->memory_limit : DEFAULT_MEMORY;
	duckdb_config config;
	char number[32];
	char *message = NULL;
	enum err e = ERR_OK;

	if (engine->api.create_config(&config) != DuckDBSuccess)
		return err_set(info, ERR_IO, "the engine has no memory for its configuration");
	(void)snprintf(number, sizeof number, "%u", options->threads != 0 ? options->threads : 1);
	set_option(engine, config, "threads", number);
	(void)snprintf(number, sizeof number, "%lluB", (unsigned long long)memory);
	set_option(engine, config, "memory_limit", number);
	(void)snprintf(number, sizeof number, "%lluB", (unsigned long long)MAX_TEMP_OCTETS);
	set_option(engine, config, "max_temp_directory_size", number);
	set_option(engine, config, "temp_directory", engine->scratch);
	set_option(engine, config, "storage_compatibility_version", ENGINE_STORAGE_VERSION);
	set_option(engine, config, "autoinstall_known_extensions", "false");
	set_option(engine, config, "autoload_known_extensions", "false");
	set_option(engine, config, "access_mode", engine->read_only ? "read_only" : "automatic");
	if (engine->api.open_ext(path, &engine->database, config, &message) != DuckDBSuccess)
		e = engine_error(info, path != NULL ? path : "mem:", message);
	engine->api.free(message);
	engine->api.destroy_config(&config);
	return e;
}

/* From here on no statement reaches a file outside the store, and none can change that. */
static enum err
shut_outside(struct engine *engine, struct err_info *info)
{
	char *scratch = engine_quote(engine->scratch, '\'');
	char *directory =
	    engine_quote(engine->directory != NULL ? engine->directory : engine->scratch, '\'');
	struct err_info ignored;
	enum err e = engine_run(
	    engine, engine->writer, info, "SET allowed_directories=[%s,%s]", directory, scratch);

	/* ALTER TABLE sets this for itself in versions since 1.5, even when the rest is locked;
	 * older ones have no such list and no such need. */
	if (engine_run(engine, engine->writer, &ignored,
		"SET allowed_configs=['current_transaction_invalidation_policy']") != ERR_OK)
		ignored.text[0] = '\0';
	if (e == ERR_OK)
		e = engine_run(engine, engine->writer, info,
		    "SET enable_external_access=false; SET lock_configuration=true");
	free(scratch);
	free(directory);
	return e;
}

enum err
engine_open(struct engine *engine, const char *path, const struct store_options *options,
    struct err_info *info)
{
	enum err e = duckdb_api_load(&engine->api, info);

	if (e != ERR_OK)
		return e;
	engine->read_only = options->mode == STORE_READ && path != NULL;
	e = make_scratch(engine, info);
	if (e == ERR_OK)
		e = open_database(engine, path, options, info);
	if (e != ERR_OK)
		return e;
	if (engine->api.connect(engine->database, &engine->writer) != DuckDBSuccess ||
	    engine->api.connect(engine->database, &engine->reader) != DuckDBSuccess ||
	    engine->api.connect(engine->database, &engine->attacher) != DuckDBSuccess)
		return err_set(info, ERR_IO, "the engine refuses a connection");
	return shut_outside(engine, info);
}

void
engine_close(struct engine *engine)
{
	if (engine->reader != NULL)
		engine->api.disconnect(&engine->reader);
	if (engine->attacher != NULL)
		engine->api.disconnect(&engine->attacher);
	if (engine->writer != NULL)
		engine->api.disconnect(&engine->writer);
	if (engine->database != NULL)
		engine->api.close(&engine->database);
	if (engine->scratch != NULL)
		(void)rmdir(engine->scratch);
	free(engine->scratch);
	free(engine->directory);
	*engine = (struct engine){ 0 };
}

static char *
format_sql(const char *format, va_list args)
{
	char *sql = NULL;

	if (vasprintf(&sql, format, args) < 0)
		abort();
	return sql;
}

enum err
engine_run(struct engine *engine, duckdb_connection connection, struct err_info *info,
    const char *format, ...)
{
	enum err e = ERR_OK;
	duckdb_result result;
	va_list args;
	char *sql;

	va_start(args, format);
	sql = format_sql(format, args);
	va_end(args);
	if (engine->api.query(connection, sql, &result) != DuckDBSuccess)
		e = engine_error(info, engine->directory != NULL ? engine->directory : "mem:",
		    engine->api.result_error(&result));
	engine->api.destroy_result(&result);
	free(sql);
	return e;
}

void
engine_rollback(struct engine *engine, duckdb_connection connection)
{
	duckdb_result ignored;

	(void)engine->api.query(connection, "ROLLBACK", &ignored);
	engine->api.destroy_result(&ignored);
}

enum err
engine_select(struct engine *engine, duckdb_connection connection, struct result **ret_result,
    struct err_info *info, const char *format, ...)
{
	va_list args;
	char *sql;
	enum err e;

	va_start(args, format);
	sql = format_sql(format, args);
	va_end(args);
	e = ask_own(engine, connection, sql, ret_result, info);
	free(sql);
	return e;
}

enum err
engine_number(struct engine *engine, duckdb_connection connection, uint64_t *ret_number,
    struct err_info *info, const char *format, ...)
{
	struct result *r;
	va_list args;
	char *sql;
	enum err e;

	va_start(args, format);
	sql = format_sql(format, args);
	va_end(args);
	e = ask_own(engine, connection, sql, &r, info);
	free(sql);
	if (e != ERR_OK)
		return e;
	*ret_number = result_next(r) ? result_u64(r, 0) : 0;
	result_free(r);
	return ERR_OK;
}

char *
engine_quote(const char *text, char quote)
{
	size_t size = strlen(text);
	/* Three octets for each that is not UTF-8, two for each quote, and the ends. */
	char *quoted = xmalloc(size * UTF8_GROWTH + 3);
	char *clean = xmalloc(size * UTF8_GROWTH + 1);
	size_t used = 0;

	size = utf8_clean(text, size, clean);
	quoted[used++] = quote;
	for (size_t i = 0; i < size; i++) {
		if (clean[i] == quote)
			quoted[used++] = quote;
		quoted[used++] = clean[i];
	}
	quoted[used++] = quote;
	quoted[used] = '\0';
	free(clean);
	return quoted;
}
