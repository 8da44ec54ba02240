/* SPDX-License-Identifier: ISC */
/* Queries: what is refused, which types come out, the functions of ours, exports. */
#include <sys/socket.h>

#include "store/guard.h"
#include "store_test.h"

static const char *const REFUSED[] = {
	"",
	";",
	"SELECT 1; SELECT 2",
	"CREATE TABLE x (a INTEGER)",
	"CREATE TEMP TABLE x (a INTEGER)",
	"INSERT INTO inputs SELECT * FROM inputs",
	"UPDATE inputs SET id = 1",
	"DELETE FROM inputs",
	"DROP TABLE inputs",
	"TRUNCATE inputs",
	"COPY inputs TO '/tmp/yagura-must-not-be'",
	"COPY (SELECT 1) TO '/tmp/yagura-must-not-be' (FORMAT parquet)",
	"EXPORT DATABASE '/tmp/yagura-must-not-be'",
	"ATTACH '/tmp/yagura-must-not-be' AS x",
	"DETACH flows",
	"INSTALL httpfs",
	"LOAD json",
	"SET memory_limit = '1TB'",
	"RESET threads",
	"SET enable_external_access = true",
	"PRAGMA database_list",
	"CALL pragma_version()",
	"BEGIN",
	"COMMIT",
	"CHECKPOINT",
	"VACUUM",
	"PREPARE x AS SELECT 1",
	"EXPLAIN ANALYZE DELETE FROM inputs",
	"SELECT * FROM read_csv('/etc/passwd')",
	"SELECT * FROM \"read_csv\" /* so */ ('/etc/passwd')",
	"SELECT * FROM Read_Text -- what\n('/etc/passwd')",
	"SELECT * FROM '/etc/passwd.csv'",
	"SELECT * FROM glob('/etc/*')",
	"SELECT * FROM arrow_scan(1, 2, 3)",
	"SELECT * FROM enable_logging('QueryLog', storage_path = '/tmp/yagura-must-not-be')",
	"SELECT * FROM query('SELECT * FROM read_csv(''/etc/passwd'')')",
	"SELECT * FROM u&\"read\\005fcsv\"('/etc/passwd')",
	"SELECT e'\\'' || * FROM read_text('/etc/passwd') --'",
	"SELECT $$ ' $$ || * FROM read_text('/etc/passwd') --'",
	"SELECT $1",
	"SELECT no_such_column",
	"SELECT (",
};

static void
refuses_what_is_no_question(void **state)
{
	struct store *store = test_open(NULL, STORE_WRITE);

	(void)state;
	for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
		struct err_info why = { .text = "" };
		uint64_t number;
		if (test_try_ask(store, REFUSED[i], &number, &why) != ERR_USAGE)
			fail_msg("%s was answered, or %s", REFUSED[i], why.text);
		assert_string_not_equal(why.text, "");
	}
	assert_int_not_equal(access("/tmp/yagura-must-not-be", F_OK), 0);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM inputs"), 0);
	store_close(store);
}

/* Every table function of the engine is either refused or one of these, which were looked at: they
 * only compute or describe. */
static void
knows_every_table_function(void **state)
{
	static const char *const HARMLESS[] = { "range", "generate_series", "unnest", "repeat",
		"repeat_row", "summary", "json_each", "json_tree", "icu_calendar_names",
		"pg_timezone_names", "histogram", "histogram_values", "pragma_collations",
		"pragma_database_size", "pragma_metadata_info", "pragma_platform", "pragma_show",
		"pragma_storage_info", "pragma_table_info", "pragma_user_agent", "pragma_version",
		"duckdb_approx_database_count", "duckdb_columns", "duckdb_connection_count",
		"duckdb_constraints", "duckdb_coordinate_systems", "duckdb_databases",
		"duckdb_dependencies", "duckdb_extensions", "duckdb_functions", "duckdb_indexes",
		"duckdb_keywords", "duckdb_memory", "duckdb_optimizers",
		"duckdb_prepared_statements", "duckdb_profiling_settings", "duckdb_schemas",
		"duckdb_secret_types", "duckdb_sequences", "duckdb_settings", "duckdb_table_sample",
		"duckdb_tables", "duckdb_temporary_files", "duckdb_types", "duckdb_variables",
		"duckdb_views" };
	struct store *store = test_open(NULL, STORE_WRITE);
	struct query_source q = store_query(store);
	struct result *r = NULL;
	size_t count = 0;

	(void)state;
	OK(query_run(&q, &r, &why,
	    "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN "
	    "('table', 'table_macro')"));
	for (; result_next(r); count++) {
		bool known = guard_refuses(result_text(r, 0));
		for (size_t i = 0; i < sizeof HARMLESS / sizeof HARMLESS[0] && !known; i++)
			known = strcmp(HARMLESS[i], result_text(r, 0)) == 0;
		if (!known)
			fail_msg("nobody decided about the table function %s", result_text(r, 0));
	}
	assert_true(count > 50);
	result_free(r);
	store_close(store);
}

static void
types_come_out(void **state)
{
	struct store *store = test_open(NULL, STORE_WRITE);
	struct query_source q = store_query(store);
	struct result *r = NULL;
	size_t size;

	(void)state;
	OK(query_run(&q, &r, &why,
	    "SELECT sum(x) AS fits, sum(-x) AS low, sum(x) * 1000000000000000000 AS beyond, 1.25 "
	    "AS dec, "
	    "TIMESTAMP '2014-06-01 00:00:00' AS at, [1, 2] AS list, NULL AS nothing, true AS yes, "
	    "1::TINYINT AS tiny, "
	    "'a,b' AS a, 'again' AS a FROM (SELECT 9000000000000000000::UBIGINT::HUGEINT AS x "
	    "UNION ALL SELECT 7); "));
	assert_int_equal(result_column_type(r, 0), COLUMN_U64);
	assert_int_equal(result_column_type(r, 1), COLUMN_I64);
	assert_int_equal(result_column_type(r, 2), COLUMN_F64);
	assert_int_equal(result_column_type(r, 4), COLUMN_TEXT);
	assert_true(result_next(r));
	assert_true(result_u64(r, 0) == UINT64_C(9000000000000000007));
	assert_true(result_i64(r, 1) == -INT64_C(9000000000000000007));
	assert_int_equal(result_u64(r, 1), 0);
	assert_true(result_f64(r, 2) == 9.000000000000000007e36);
	assert_true(result_u64(r, 2) == UINT64_MAX);
	assert_string_equal(result_text(r, 2), "9000000000000000007000000000000000000");
	assert_true(result_f64(r, 3) == 1.25);
	assert_string_equal(result_text(r, 3), "1.25");
	assert_string_equal(result_text(r, 4), "2014-06-01 00:00:00");
	assert_string_equal(result_text(r, 5), "[1, 2]");
	assert_true(result_null(r, 6));
	assert_false(result_null(r, 7));
	assert_int_equal(result_u64(r, 7), 1);
	assert_int_equal(result_i64(r, 8), 1);
	assert_string_equal(result_column_name(r, 9), "a");
	assert_string_equal(result_blob(r, 10, &size), "again");
	assert_false(result_next(r));
	assert_false(result_next(r));
	result_free(r);
	store_close(store);
}

static void
functions_of_ours(void **state)
{
	static const char *const ADDRESSES[] = { "0.0.0.0", "255.255.255.255", "192.0.2.1",
		"::", "::1", "1::", "2001:db8::1", "2001:db8:0:0:1::", "1:0:0:2::3", "::1.2.3.4",
		"fe80::ffff:1", "1:2:3:4:5:6:7:8" };
	struct store *store = test_open(NULL, STORE_WRITE);
	struct query_source q = store_query(store);
	struct result *r = NULL;

	(void)state;
	assert_int_equal(test_ask(store, "SELECT intDiv(7, 2)"), 3);
	for (size_t i = 0; i < sizeof ADDRESSES / sizeof ADDRESSES[0]; i++) {
		char expected[ADDRESS_TEXT_SIZE];
		struct address a;
		assert_int_equal(address_parse(ADDRESSES[i], &a), ERR_OK);
		OK(query_run(&q, &r, &why,
		    "SELECT address('%s') AS address, address_text(address('%s'))", ADDRESSES[i],
		    ADDRESSES[i]));
		assert_true(result_next(r));
		struct address got = result_address(r, 0);
		assert_true(address_equal(&got, &a));
		assert_string_equal(result_text(r, 1), address_format(&a, expected));
		result_free(r);
	}
	OK(query_run(&q, &r, &why,
	    "SELECT address_text('\\x01'::BLOB), octet_length(address('nonsense')), "
	    "address_text(NULL), "
	    "octet_length(address('1.2.3.4' || chr(0)))"));
	assert_true(result_next(r));
	assert_string_equal(result_text(r, 0), "");
	assert_int_equal(result_u64(r, 1), 0);
	assert_true(result_null(r, 2));
	assert_int_equal(result_u64(r, 3), 0);
	result_free(r);
	store_close(store);
}

static void
streams_one_at_a_time(void **state)
{
	struct store *store = test_open(NULL, STORE_WRITE);
	struct query_source stream = store_stream(store);
	struct query_source q = store_query(store);
	struct err_info busy = { .text = "" };
	struct result *r = NULL;
	struct result *other = NULL;
	uint64_t sum = 0;

	(void)state;
	OK(query_run(&stream, &r, &why, "SELECT range AS n FROM range(100000)"));
	assert_int_equal(query_run(&q, &other, &busy, "SELECT 1"), ERR_BUSY);
	while (result_next(r))
		sum += result_u64(r, 0);
	assert_null(store_result_error(r));
	assert_int_equal(sum, UINT64_C(4999950000));
	result_free(r);
	assert_int_equal(test_ask(store, "SELECT 1"), 1);

	/* An error in the middle ends the rows and is told. */
	OK(query_run(&stream, &r, &why,
	    "SELECT CAST(if(range = 4900000, 'x', '1') AS INTEGER) FROM range(5000000)"));
	while (result_next(r))
		sum++;
	assert_non_null(store_result_error(r));
	result_free(r);
	assert_int_equal(test_ask(store, "SELECT 2"), 2);
	store_close(store);
}

static void
exports_files(void **state)
{
	char *directory = test_directory();
	struct store *store = test_open(NULL, STORE_WRITE);
	char *path = xasprintf("%s/it's.csv", directory);
	char text[256] = "";
	struct err_info bad = { .text = "" };
	FILE *file;

	(void)state;
	OK(store_export(store,
	    "SELECT address('192.0.2.1') AS source_address, 'a,\"b' AS name, 1 AS n;", "csv", path,
	    &why));
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof text - 1, file) > 0);
	(void)fclose(file);
	assert_string_equal(text, "source_address,name,n\n192.0.2.1,\"a,\"\"b\",1\n");
	assert_int_equal(store_export(store, "SELECT 1", "xls", path, &bad), ERR_USAGE);
	assert_int_equal(store_export(store, "DROP TABLE inputs", "csv", path, &bad), ERR_USAGE);
	assert_int_equal(store_export(store, "SELECT 1", "csv", "/nowhere/x", &bad), ERR_IO);
	assert_non_null(strstr(bad.text, "/nowhere/x"));
	free(path);
	test_remove(directory);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_no_question),
		cmocka_unit_test(knows_every_table_function),
		cmocka_unit_test(types_come_out),
		cmocka_unit_test(functions_of_ours),
		cmocka_unit_test(streams_one_at_a_time),
		cmocka_unit_test(exports_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
