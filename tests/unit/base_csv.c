/* SPDX-License-Identifier: ISC */
/* RFC 4180's own examples, rows that break it, and rows at the limits. */
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "test.h"

/* Reads everything into one text: fields in brackets, rows behind their lines, refusals by name. */
static char *
read_all(const char *data, size_t size, char *out, size_t out_size)
{
	char *copy = malloc(size + 1);
	struct csv *csv;
	struct csv_row row;
	enum err e;
	size_t n = 0;

	memcpy(copy, data, size);
	csv = csv_from(size > 0 ? fmemopen(copy, size, "r") : fopen("/dev/null", "r"), "t.csv");
	out[0] = '\0';
	for (;;) {
		struct err_info why = { 0 };
		e = csv_next(csv, &row, &why);
		if (e == ERR_END)
			break;
		if (e != ERR_OK) {
			const char *line = strchr(why.text, ':');
			assert_non_null(line);
			n += (size_t)snprintf(out + n, out_size - n, "%s%.2s;", err_name(e), line);
			continue;
		}
		n += (size_t)snprintf(out + n, out_size - n, "%llu", (unsigned long long)row.line);
		for (size_t i = 0; i < row.count; i++)
			n += (size_t)snprintf(out + n, out_size - n, "[%.60s]", row.fields[i]);
		n += (size_t)snprintf(out + n, out_size - n, ";");
		assert_true(n < out_size);
	}
	assert_int_equal(csv_next(csv, &row, NULL), ERR_END);
	csv_close(csv);
	free(copy);
	return out;
}

static void
test_rows(void **state)
{
	static const struct {
		const char *data, *rows;
	} cases[] = {
		{ "", "" },
		{ "\n\r\n\n", "" },
		{ "a", "1[a];" },
		{ "a,b\r\nc,d\r\n", "1[a][b];2[c][d];" },
		{ "a,b\nc,d", "1[a][b];2[c][d];" },
		{ ",\n", "1[][];" },
		{ "\"\"\n", "1[];" },
		{ "\"a,b\",\"c\"\"d\"\r\n", "1[a,b][c\"d];" },
		{ "\"\"\"\",\"\"\"\"\n", "1[\"][\"];" },
		{ "\"a\nb\",c\nd\n", "1[a\nb][c];3[d];" },
		{ "\"a\r\nb\",\"\"\nd,\n", "1[a\r\nb][];3[d][];" },
		{ "\xef\xbb\xbfprefix,user\n", "1[prefix][user];" },
		{ " a , b \n", "1[ a ][ b ];" },
		{ "a\rb,c\n", "1[a\rb][c];" },
		{ "\n\nx\n", "3[x];" },
		/* What breaks the format costs its line, and no more. */
		{ "a\"b,c\nd\n", "format:1;2[d];" },
		{ "\"a\"b,c\nd\n", "format:1;2[d];" },
		{ "\"a\nb,c\nd\n", "format:1;2[b][c];3[d];" },
		{ "x\n\"a", "1[x];format:2;" },
		{ "\"a\"\r", "format:1;" },
	};
	char out[512];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(
		    read_all(cases[i].data, strlen(cases[i].data), out, sizeof out), cases[i].rows);
	assert_string_equal(read_all("a\0b\nc\n", 6, out, sizeof out), "format:1;2[c];");
}

static void
test_limits(void **state)
{
	size_t size = 3 * CSV_MAX_ROW;
	char *data = malloc(size + 16), out[2048];
	char *p;

	(void)state;
	/* As long as a row may be, with either line end, and one octet more. */
	memset(data, 'x', size);
	memcpy(data + CSV_MAX_ROW, "\r\ny\n", 4);
	assert_string_equal(read_all(data, CSV_MAX_ROW + 4, out, sizeof out),
	    "1[xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx];2[y];");
	memset(data, 'x', size);
	memcpy(data + CSV_MAX_ROW + 1, "\ny\n", 3);
	assert_string_equal(read_all(data, CSV_MAX_ROW + 4, out, sizeof out), "limit:1;2[y];");
	/* A line longer than any buffer. */
	data = realloc(data, 20 * CSV_MAX_ROW + 2);
	memset(data, 'x', 20 * CSV_MAX_ROW);
	memcpy(data + 20 * CSV_MAX_ROW - 1, "\nz\n", 3);
	assert_string_equal(read_all(data, 20 * CSV_MAX_ROW + 2, out, sizeof out), "limit:1;2[z];");
	/* A quote that is never closed, far before the end. */
	memset(data, 'x', size);
	data[0] = '"';
	for (size_t i = 99; i < size; i += 100)
		data[i] = '\n';
	memcpy(data + 100, "\"q\"\n", 4);
	p = read_all(data, 300, out, sizeof out);
	assert_memory_equal(p, "format:1;2[q];3[", 16);
	/* Fields. */
	memset(data, ',', CSV_MAX_FIELDS);
	data[CSV_MAX_FIELDS] = '\n';
	assert_string_equal(read_all(data, CSV_MAX_FIELDS + 1, out, sizeof out), "limit:1;");
	assert_int_equal(read_all(data + 1, CSV_MAX_FIELDS, out, sizeof out)[0], '1');
	free(data);
}

static void
test_fingerprint(void **state)
{
	char text[CSV_FINGERPRINT_SIZE], empty[CSV_FINGERPRINT_SIZE];
	char data[] = "a,b\nc,d\n";
	struct csv *csv = csv_from(fmemopen(data, 8, "r"), "t.csv");
	struct csv_row row;

	(void)state;
	csv_fingerprint(csv, empty);
	/* xxhsum -H2 of nothing. */
	assert_string_equal(empty, "99aa06d3014798d86001c324468d497f");
	while (csv_next(csv, &row, NULL) == ERR_OK)
		;
	csv_fingerprint(csv, text);
	assert_string_not_equal(text, empty);
	assert_int_equal(csv_column(&row, "C"), 0);
	assert_int_equal(csv_column(&row, "x"), -1);
	csv_close(csv);
}

static void
test_files(void **state)
{
	struct csv *csv = NULL;
	struct csv_row row;
	struct err_info why = { 0 };

	(void)state;
	assert_int_equal(csv_open("/nonexistent.csv", &csv, &why), ERR_IO);
	assert_int_equal(csv_open("/", &csv, &why), ERR_OK);
	assert_int_equal(csv_next(csv, &row, &why), ERR_IO);
	csv_close(csv);
	csv_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
