/* SPDX-License-Identifier: ISC */
/*
 * Looks for calls of refused functions; see guard.h.
 *
 * A call is a name, bare or in double quotes, and an opening parenthesis, with nothing but white
 * space and comments between.  Names inside strings and comments do not count.
 */
#include "store/guard.h"

#include <ctype.h>
#include <strings.h>

/* In the order of strcasecmp, for nobody but the reader.  tests/unit/store_query.c compares this
 * with what the engine has. */
static const char *const REFUSED[] = {
	"arrow_scan",
	"arrow_scan_dumb",
	"check_peg_parser",
	"checkpoint",
	"disable_logging",
	"disable_peg_parser",
	"disable_profiling",
	"duckdb_external_file_cache",
	"duckdb_log_contexts",
	"duckdb_logs",
	"duckdb_logs_parsed",
	"duckdb_secrets",
	"enable_logging",
	"enable_peg_parser",
	"enable_profiling",
	"force_checkpoint",
	"glob",
	"json_execute_serialized_sql",
	"nextval",
	"parquet_bloom_probe",
	"parquet_file_metadata",
	"parquet_full_metadata",
	"parquet_kv_metadata",
	"parquet_metadata",
	"parquet_scan",
	"parquet_schema",
	"query",
	"query_table",
	"read_blob",
	"read_csv",
	"read_csv_auto",
	"read_duckdb",
	"read_json",
	"read_json_auto",
	"read_json_objects",
	"read_json_objects_auto",
	"read_ndjson",
	"read_ndjson_auto",
	"read_ndjson_objects",
	"read_parquet",
	"read_text",
	"seq_scan",
	"sniff_csv",
	"sql_auto_complete",
	"test_all_types",
	"test_vector_types",
	"truncate_duckdb_logs",
	"which_secret",
	"write_log",
};

bool
guard_refuses(const char *name)
{
	for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++)
		if (strcasecmp(name, REFUSED[i]) == 0)
			return true;
	return false;
}

/* After a string or quoted name that begins at `p`, with doubled quotes inside. */
static const char *
skip_quoted(const char *p)
{
	char quote = *p++;

	while (*p != '\0') {
		if (*p == quote && p[1] != quote)
			return p + 1;
		p += *p == quote ? 2 : 1;
	}
	return p;
}

/* After a comment that begins at `p`; block comments nest. */
static const char *
skip_comment(const char *p)
{
	int depth = 0;

	if (p[0] == '-') {
		while (*p != '\0' && *p != '\n' && *p != '\r')
			p++;
		return p;
	}
	while (*p != '\0') {
		if (p[0] == '/' && p[1] == '*') {
			depth++;
			p += 2;
		} else if (p[0] == '*' && p[1] == '/') {
			p += 2;
			if (--depth == 0)
				return p;
		} else {
			p++;
		}
	}
	return p;
}

static bool
at_comment(const char *p)
{
	return (p[0] == '-' && p[1] == '-') || (p[0] == '/' && p[1] == '*');
}

static const char *
skip_blank(const char *p)
{
	for (;;) {
		if (isspace((unsigned char)*p))
			p++;
		else if (at_comment(p))
			p = skip_comment(p);
		else
			return p;
	}
}

static bool
in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* The name of `size` octets at `start` is called when a parenthesis follows it. */
static enum err
check_name(const char *start, size_t size, const char *after, struct err_info *info)
{
	char name[64];

	if (size >= sizeof name || *skip_blank(after) != '(')
		return ERR_OK;
	memcpy(name, start, size);
	name[size] = '\0';
	if (guard_refuses(name))
		return err_set(info, ERR_USAGE, "queries may not use %s()", name);
	return ERR_OK;
}

/* Strings whose escapes would let a reader and the engine disagree about where they end. */
static bool
is_odd_string(const char *start, size_t size, const char *p)
{
	return (size == 1 && strchr("eE", *start) != NULL && *p == '\'') ||
	       (size == 1 && strchr("uU", *start) != NULL && *p == '&' &&
		   (p[1] == '"' || p[1] == '\''));
}

/* Some of what begins otherwise would turn into a SELECT inside the engine (PRAGMA). */
static enum err
check_first_word(const char *sql, struct err_info *info)
{
	static const char *const WORDS[] = { "SELECT", "WITH", "FROM", "VALUES", "SHOW", "DESCRIBE",
		"SUMMARIZE" };
	const char *p = skip_blank(sql);
	size_t size = 0;

	while (*p == '(')
		p = skip_blank(p + 1);
	while (in_name(p[size]))
		size++;
	for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
		if (strlen(WORDS[i]) == size && strncasecmp(WORDS[i], p, size) == 0)
			return ERR_OK;
	return err_set(info, ERR_USAGE, "only SELECT is answered here");
}

enum err
guard_check(const char *sql, struct err_info *info)
{
	const char *p = sql;
	enum err e = check_first_word(sql, info);

	while (*p != '\0' && e == ERR_OK) {
		const char *start = p;

		if (at_comment(p)) {
			p = skip_comment(p);
		} else if (*p == '\'') {
			p = skip_quoted(p);
		} else if (*p == '"') {
			p = skip_quoted(p);
			e = check_name(start + 1, (size_t)(p - start) - 2, p, info);
		} else if (*p == '$') {
			e = err_set(info, ERR_USAGE, "queries may not use $ outside of a string");
		} else if (in_name(*p)) {
			while (in_name(*p))
				p++;
			if (is_odd_string(start, (size_t)(p - start), p))
				e = err_set(
				    info, ERR_USAGE, "queries may not use strings with escapes");
			else
				e = check_name(start, (size_t)(p - start), p, info);
		} else {
			p++;
		}
	}
	return e;
}
