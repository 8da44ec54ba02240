/* SPDX-License-Identifier: ISC */
/* Rows by column: growth, every type, texts that stay where they are told. */
#include "obs/table.h"
#include "test.h"

static const struct column COLUMNS[] = {
	{ "u64", COLUMN_U64, "" },
	{ "i64", COLUMN_I64, "" },
	{ "f64", COLUMN_F64, "" },
	{ "text", COLUMN_TEXT, "" },
	{ "time", COLUMN_TIME, "ms" },
	{ "address", COLUMN_ADDRESS, "" },
	{ "blob", COLUMN_BLOB, "" },
	{ "u8", COLUMN_U8, "" },
	{ "u16", COLUMN_U16, "" },
	{ "u32", COLUMN_U32, "" },
};

static const struct table TABLE = { "all", "Every type", COLUMNS,
	sizeof COLUMNS / sizeof COLUMNS[0] };

static void
add_row(struct rows *rows, uint64_t n)
{
	struct address a = { .words = { n, ~n } };
	char text[32];

	(void)snprintf(text, sizeof text, "row %llu", (unsigned long long)n);
	rows_u64(rows, 0, n);
	rows_i64(rows, 1, -(int64_t)n);
	rows_f64(rows, 2, (double)n / 8);
	rows_text(rows, 3, text);
	rows_time(rows, 4, (nsec_t)n * NSEC_PER_MS + 999999);
	rows_address(rows, 5, &a);
	rows_blob(rows, 6, text, n % 3);
	rows_u64(rows, 7, n & UINT8_MAX);
	rows_u64(rows, 8, n & UINT16_MAX);
	rows_u64(rows, 9, n & UINT32_MAX);
	rows_next(rows);
}

static void
check_row(const struct rows *rows, size_t at, uint64_t n)
{
	const struct slice *text = (const struct slice *)rows->columns[3] + at;
	const struct slice *blob = (const struct slice *)rows->columns[6] + at;
	const struct address *a = (const struct address *)rows->columns[5] + at;
	char expected[32];

	(void)snprintf(expected, sizeof expected, "row %llu", (unsigned long long)n);
	assert_true(((const uint64_t *)rows->columns[0])[at] == n);
	assert_true(((const int64_t *)rows->columns[1])[at] == -(int64_t)n);
	assert_true(((const double *)rows->columns[2])[at] == (double)n / 8);
	assert_string_equal(rows->octets + text->offset, expected);
	assert_int_equal(text->size, strlen(expected));
	assert_true(((const uint64_t *)rows->columns[4])[at] == n);
	assert_true(a->words[0] == n && a->words[1] == ~n);
	assert_int_equal(blob->size, n % 3);
	assert_memory_equal(rows->octets + blob->offset, expected, blob->size);
	assert_int_equal(((const uint8_t *)rows->columns[7])[at], n & UINT8_MAX);
	assert_int_equal(((const uint16_t *)rows->columns[8])[at], n & UINT16_MAX);
	assert_true(((const uint32_t *)rows->columns[9])[at] == (n & UINT32_MAX));
}

static void
rows_grow_and_clear(void **state)
{
	struct rows *rows = rows_new(&TABLE);

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (uint64_t n = 0; n < 5000; n++)
			add_row(rows, n * 977);
		assert_int_equal(rows->count, 5000);
		for (size_t at = 0; at < 5000; at++)
			check_row(rows, at, at * 977);
		rows_clear(rows);
		assert_int_equal(rows->count, 0);
	}
	rows_free(rows);
	rows_free(NULL);
}

static void
a_time_before_1970_is_0(void **state)
{
	static const struct column COLUMN[] = { { "time", COLUMN_TIME, "ms" } };
	static const struct table TIMES = { "times", "Times", COLUMN, 1 };
	struct rows *rows = rows_new(&TIMES);
	const uint64_t *times;

	(void)state;
	rows_time(rows, 0, INT64_MIN);
	rows_next(rows);
	rows_time(rows, 0, -1);
	rows_next(rows);
	rows_time(rows, 0, INT64_MAX);
	rows_next(rows);
	times = rows->columns[0];
	assert_int_equal(times[0], 0);
	assert_int_equal(times[1], 0);
	assert_true(times[2] == INT64_MAX / 1000000);
	rows_free(rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_grow_and_clear),
		cmocka_unit_test(a_time_before_1970_is_0),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
