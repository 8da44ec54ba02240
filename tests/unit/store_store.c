/* SPDX-License-Identifier: ISC */
/* The store: every type at its extremes, commits and rollbacks. */
#include "store/store.h"

#include "base/xmalloc.h"
#include "test.h"

static const struct column COLUMNS[] = {
	{ "count", COLUMN_U64, "count" },
	{ "change", COLUMN_I64, "" },
	{ "share", COLUMN_F64, "" },
	{ "name", COLUMN_TEXT, "" },
	{ "seen", COLUMN_TIME, "ms" },
	{ "source_address", COLUMN_ADDRESS, "" },
	{ "sketch", COLUMN_BLOB, "" },
	{ "tiny", COLUMN_U8, "" },
	{ "small", COLUMN_U16, "" },
	{ "medium", COLUMN_U32, "" },
};

static const struct table TABLE = { "test_types", "Every type", COLUMNS, 10 };

static struct store *
open_store(const char *url, enum store_mode mode)
{
	struct store_options options = { .mode = mode };
	struct err_info why = { 0 };
	struct store *store = NULL;

	if (store_open(url, &options, &store, &why) != ERR_OK)
		fail_msg("%s", why.text);
	return store;
}

static uint64_t
ask(struct store *store, const char *sql)
{
	struct query_source q = store_query(store);
	struct err_info why = { 0 };
	struct result *r = NULL;
	uint64_t number;

	if (query_run(&q, &r, &why, "%s", sql) != ERR_OK)
		fail_msg("%s: %s", sql, why.text);
	assert_true(result_next(r));
	number = result_u64(r, 0);
	result_free(r);
	return number;
}

static struct rows *
extremes(void)
{
	static const struct address HIGH = { .words = { UINT64_MAX, UINT64_MAX } };
	static const struct address LOW = { .words = { 0, 0 } };
	struct rows *rows = rows_new(&TABLE);

	rows_u64(rows, 0, UINT64_MAX);
	rows_i64(rows, 1, INT64_MIN);
	rows_f64(rows, 2, 1.7976931348623157e308);
	rows_text(rows, 3, "a text of more than twelve octets, with \xff and \xe2\x82\xac");
	rows_time(rows, 4, INT64_MAX);
	rows_address(rows, 5, &HIGH);
	rows_blob(rows, 6, "\0\xff\0some more octets\0", 20);
	rows_u64(rows, 7, UINT8_MAX);
	rows_u64(rows, 8, UINT16_MAX);
	rows_u64(rows, 9, UINT32_MAX);
	rows_next(rows);
	rows_u64(rows, 0, 0);
	rows_i64(rows, 1, INT64_MAX);
	rows_f64(rows, 2, -0.1);
	rows_text(rows, 3, "");
	rows_time(rows, 4, -1);
	rows_address(rows, 5, &LOW);
	rows_blob(rows, 6, "", 0);
	rows_u64(rows, 7, 0);
	rows_u64(rows, 8, 0);
	rows_u64(rows, 9, 0);
	rows_next(rows);
	return rows;
}

static void
check_extremes(struct store *store)
{
	struct query_source q = store_query(store);
	struct err_info why = { 0 };
	struct result *r = NULL;
	struct address a;
	size_t size;

	assert_int_equal(
	    query_run(&q, &r, &why, "SELECT * FROM test_types ORDER BY tiny DESC"), ERR_OK);
	assert_int_equal(result_column_count(r), 12);
	assert_string_equal(result_column_name(r, 1), "window_begin");
	assert_int_equal(result_column_type(r, 7), COLUMN_ADDRESS);
	assert_int_equal(result_column_type(r, 8), COLUMN_BLOB);
	assert_true(result_next(r));
	assert_int_equal(result_u64(r, 0), 7);
	assert_int_equal(result_u64(r, 1), 300000);
	assert_true(result_u64(r, 2) == UINT64_MAX);
	assert_true(result_i64(r, 3) == INT64_MIN);
	assert_true(result_f64(r, 4) == 1.7976931348623157e308);
	assert_string_equal(result_text(r, 5),
	    "a text of more than twelve octets, with \xef\xbf\xbd and \xe2\x82\xac");
	assert_true(result_u64(r, 6) == INT64_MAX / 1000000);
	a = result_address(r, 7);
	assert_true(a.words[0] == UINT64_MAX && a.words[1] == UINT64_MAX);
	assert_memory_equal(result_blob(r, 8, &size), "\0\xff\0some more octets\0", 20);
	assert_int_equal(size, 20);
	assert_int_equal(result_u64(r, 9), UINT8_MAX);
	assert_int_equal(result_u64(r, 10), UINT16_MAX);
	assert_int_equal(result_u64(r, 11), UINT32_MAX);
	assert_true(result_next(r));
	assert_true(result_i64(r, 3) == INT64_MAX);
	assert_true(result_f64(r, 4) == -0.1);
	assert_string_equal(result_text(r, 4), "-0.1");
	assert_string_equal(result_text(r, 5), "");
	assert_int_equal(result_u64(r, 6), 0);
	(void)result_blob(r, 8, &size);
	assert_int_equal(size, 0);
	assert_false(result_next(r));
	result_free(r);
}

static void
every_type_comes_back(void **state)
{
	struct store *store = open_store("mem:", STORE_WRITE);
	struct rows *rows = extremes();
	struct err_info why = { 0 };

	(void)state;
	assert_int_equal(store_declare(store, &TABLE, 1, &why), ERR_OK);
	assert_int_equal(store_append(store, 7, 300 * NSEC_PER_SEC, rows, &why), ERR_OK);
	assert_int_equal(ask(store, "SELECT count(*) FROM test_types"), 0);
	assert_int_equal(store_commit(store, &why), ERR_OK);
	check_extremes(store);
	rows_free(rows);
	store_close(store);
}

static void
rollback_forgets(void **state)
{
	struct store *store = open_store("mem:", STORE_WRITE);
	struct rows *rows = extremes();
	struct err_info why = { 0 };

	(void)state;
	assert_int_equal(store_declare(store, &TABLE, 1, &why), ERR_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(store_append(store, 7, 0, rows, &why), ERR_OK);
		store_rollback(store);
	}
	assert_int_equal(store_append(store, 7, 0, rows, &why), ERR_OK);
	assert_int_equal(store_commit(store, &why), ERR_OK);
	assert_int_equal(ask(store, "SELECT count(*) FROM test_types"), 2);
	rows_free(rows);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_comes_back),
		cmocka_unit_test(rollback_forgets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
