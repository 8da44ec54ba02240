/* SPDX-License-Identifier: ISC */
/* A store in a directory: days of flows, several processes, damage, other versions. */
#include <sys/wait.h>

#include "store_test.h"

#define DAY 16000

static const char *program; /* of this test, which runs itself as another process */

static uint64_t
register_input(struct store *store, const char *path)
{
	struct store_input input = {
		.path = path, .kind = "pcap", .octets = UINT64_MAX, .settings = "a", .damage = ""
	};
	enum store_input_state state;
	uint64_t resume;

	OK(store_input_begin(store, &input, NULL, &state, &resume, &why));
	return input.id;
}

/* An input with ten flows in each of `days` days. */
static void
fill(const char *directory, unsigned days)
{
	struct store *store = test_open(directory, STORE_WRITE);
	uint64_t id = register_input(store, "-");

	for (unsigned i = 0; i < days; i++) {
		struct flow *flows = test_flows(10, (DAY + i) * DAY_NS + i * NSEC_PER_SEC, 100);
		OK(store_append_flows(store, id, (DAY + i) * DAY_NS, flows, 10, &why));
		OK(store_commit(store, &why));
		free(flows);
	}
	store_close(store);
}

static char *
day_path(const char *directory, const char *day)
{
	return xasprintf("%s/flows/%s.duckdb", directory, day);
}

static void
flows_lie_by_day(void **state)
{
	char *directory = test_directory();
	char *second = day_path(directory, "2013-10-23");
	struct store_stats stats;
	struct store *store;

	(void)state;
	fill(directory, 12);
	assert_int_equal(access(second, F_OK), 0);
	store = test_open(directory, STORE_READ);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 120);
	assert_int_equal(test_ask(store, "SELECT sum(octet_delta_count) FROM flows"), 12 * 1045);
	assert_int_equal(
	    test_ask(store, "SELECT count(DISTINCT flow_end_milliseconds) FROM flows"), 12);
	OK(store_stats(store, &stats, &why));
	assert_int_equal(stats.rows, 121);
	assert_true(stats.octets > 12 * 4096);
	store_close(store);

	store = test_open(directory, STORE_WRITE);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 120);
	OK(store_drop_before(store, (DAY + 2) * DAY_NS, &why));
	assert_int_not_equal(access(second, F_OK), 0);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 100);
	assert_int_equal(test_ask(store, "SELECT count(DISTINCT day) FROM flow_days"), 10);
	store_close(store);
	free(second);
	test_remove(directory);
}

/* One commit with flows of many days makes a bounded number of files. */
static void
a_wild_clock_is_bounded(void **state)
{
	char *directory = test_directory();
	char *other = day_path(directory, "other");
	struct store *store = test_open(directory, STORE_WRITE);
	uint64_t id = register_input(store, "-");

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct flow *flows = test_flows(2, (DAY + i * 100) * DAY_NS, i);
		OK(store_append_flows(store, id, 0, flows, 2, &why));
		free(flows);
	}
	OK(store_commit(store, &why));
	assert_int_equal(access(other, F_OK), 0);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 80);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flow_days"), 33);
	store_close(store);
	store = test_open(directory, STORE_WRITE);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 80);
	OK(store_drop_before(store, (DAY + 3801) * DAY_NS, &why));
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 2);
	store_close(store);
	free(other);
	test_remove(directory);
}

static void
rows_are_dropped_by_window(void **state)
{
	struct store *store = test_open(NULL, STORE_WRITE);
	struct rows *rows = rows_new(test_table());

	(void)state;
	OK(store_declare(store, test_table(), 1, &why));
	rows_u64(rows, 0, 1);
	rows_text(rows, 1, "x");
	rows_next(rows);
	for (int i = 0; i < 10; i++)
		OK(store_append(store, 1, i * NSEC_PER_SEC, rows, &why));
	OK(store_commit(store, &why));
	OK(store_drop_before(store, 4 * NSEC_PER_SEC, &why));
	assert_int_equal(test_ask(store, "SELECT count(*) FROM test_rows"), 6);
	assert_int_equal(test_ask(store, "SELECT min(window_begin) FROM test_rows"), 4000);
	rows_free(rows);
	store_close(store);
}

static void
new_columns_are_added(void **state)
{
	static const struct column COLUMNS[] = { { "name", COLUMN_TEXT, "" },
		{ "extra_address", COLUMN_ADDRESS, "" } };
	static const struct table NEWER = { "test_rows", "Rows of a test", COLUMNS, 2 };
	static const struct column BAD[] = { { "name", COLUMN_F64, "" } };
	static const struct table OTHER = { "test_rows", "Rows of a test", BAD, 1 };
	char *directory = test_directory();
	struct store *store = test_open(directory, STORE_WRITE);
	struct rows *rows = rows_new(&NEWER);
	struct address a = { .words = { 1, 2 } };
	struct err_info unsupported = { .text = "" };

	(void)state;
	OK(store_declare(store, test_table(), 1, &why));
	store_close(store);
	store = test_open(directory, STORE_WRITE);
	OK(store_declare(store, &NEWER, 1, &why));
	rows_text(rows, 0, "new");
	rows_address(rows, 1, &a);
	rows_next(rows);
	OK(store_append(store, 1, 0, rows, &why));
	OK(store_commit(store, &why));
	assert_int_equal(
	    test_ask(store, "SELECT count(*) FROM test_rows WHERE number = 0 AND name = 'new'"), 1);
	store_close(store);
	store = test_open(directory, STORE_WRITE);
	assert_int_equal(store_declare(store, &OTHER, 1, &unsupported), ERR_UNSUPPORTED);
	assert_non_null(strstr(unsupported.text, "test_rows"));
	store_close(store);
	rows_free(rows);
	test_remove(directory);
}

/* Another process that opens the store and holds it until its standard input ends. */
static pid_t
hold(const char *directory, const char *mode, int *ret_control)
{
	int control[2];
	int answer[2];
	char octet;
	pid_t child;

	assert_int_equal(pipe(control), 0);
	assert_int_equal(pipe(answer), 0);
	child = fork();
	if (child == 0) {
		(void)dup2(control[0], 0);
		(void)dup2(answer[1], 1);
		(void)close(control[0]);
		(void)close(control[1]);
		(void)close(answer[0]);
		(void)close(answer[1]);
		(void)execl(program, program, "hold", directory, mode, (char *)NULL);
		_exit(127);
	}
	(void)close(control[0]);
	(void)close(answer[1]);
	assert_int_equal(read(answer[0], &octet, 1), 1);
	(void)close(answer[0]);
	*ret_control = control[1];
	return child;
}

static int
held(const char *directory, const char *mode)
{
	struct store *store;
	struct err_info why;
	char octet = 'x';

	if (test_try_open(directory, mode[0] == 'w' ? STORE_WRITE : STORE_READ, &store, &why) !=
	    ERR_OK)
		return 1;
	if (write(1, &octet, 1) != 1 || read(0, &octet, 1) != 0)
		return 1;
	store_close(store);
	return 0;
}

static void
let_go(pid_t child, int control)
{
	int status;

	(void)close(control);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
one_writes_or_many_read(void **state)
{
	char *directory = test_directory();
	struct err_info why = { .text = "" };
	struct store *store = NULL;
	char pid[32];
	int control;
	pid_t child;

	(void)state;
	fill(directory, 1);
	child = hold(directory, "write", &control);
	(void)snprintf(pid, sizeof pid, "(pid %ld)", (long)child);
	for (int mode = STORE_WRITE; mode <= STORE_READ; mode++) {
		assert_int_equal(
		    test_try_open(directory, (enum store_mode)mode, &store, &why), ERR_BUSY);
		assert_non_null(strstr(why.text, directory));
		assert_non_null(strstr(why.text, pid));
	}
	let_go(child, control);

	child = hold(directory, "read", &control);
	store = test_open(directory, STORE_READ);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 10);
	store_close(store);
	assert_int_equal(test_try_open(directory, STORE_WRITE, &store, &why), ERR_BUSY);
	let_go(child, control);
	test_remove(directory);
}

static void
damage(const char *path, long offset)
{
	FILE *file = fopen(path, access(path, F_OK) == 0 ? "r+" : "w");

	assert_non_null(file);
	assert_int_equal(fseek(file, offset, SEEK_SET), 0);
	for (int i = 0; i < 4096; i++)
		(void)fputc(0xa5, file);
	assert_int_equal(fclose(file), 0);
}

static void
names_the_damaged_file(void **state)
{
	static const long OFFSETS[] = { 0, 4096, 12288 };
	struct store_options skip = { .mode = STORE_READ, .skip_damaged = true };

	(void)state;
	for (size_t i = 0; i < sizeof OFFSETS / sizeof OFFSETS[0]; i++) {
		char *directory = test_directory();
		char *url = xasprintf("duckdb:%s", directory);
		char *path = day_path(directory, "2013-10-23");
		struct err_info why = { .text = "" };
		struct store *store;
		uint64_t number;

		fill(directory, 3);
		damage(path, OFFSETS[i]);
		store = test_open(directory, STORE_READ);
		if (test_try_ask(store, "SELECT sum(octet_delta_count) FROM flows", &number,
			&why) != ERR_DAMAGED)
			fail_msg("offset %ld: %s", OFFSETS[i], why.text);
		if (strstr(why.text, path) == NULL)
			fail_msg("offset %ld: %s", OFFSETS[i], why.text);
		assert_int_equal(test_ask(store, "SELECT count(*) FROM inputs"), 1);
		store_close(store);
		assert_int_equal(store_open(url, &skip, &store, &why), ERR_OK);
		assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 20);
		store_close(store);
		free(path);
		path = xasprintf("%s/summary.duckdb", directory);
		damage(path, OFFSETS[i] == 12288 ? 4096 : OFFSETS[i]);
		for (int mode = STORE_WRITE; mode <= STORE_READ; mode++) {
			if (test_try_open(directory, (enum store_mode)mode, &store, &why) !=
			    ERR_DAMAGED)
				fail_msg("%s", why.text);
			if (strstr(why.text, path) == NULL)
				fail_msg("%s", why.text);
		}
		free(path);
		free(url);
		test_remove(directory);
	}
}

static void
begins_again_what_was_only_begun(void **state)
{
	char *directory = test_directory();
	char *summary = xasprintf("%s/summary.duckdb", directory);
	char *day = day_path(directory, "2013-10-22");
	struct store *store;
	uint64_t id;

	(void)state;
	/* A crash while the store was made. */
	damage(summary, 0);
	store = test_open(directory, STORE_WRITE);
	id = register_input(store, "-");
	OK(store_commit(store, &why));
	store_close(store);

	/* A crash while the file of a day was made, by an input that is not complete. */
	store = test_open(directory, STORE_WRITE);
	struct flow *flows = test_flows(10, DAY * DAY_NS, 100);
	OK(store_append_flows(store, id, DAY * DAY_NS, flows, 10, &why));
	store_rollback(store);
	store_close(store);
	assert_int_equal(truncate(day, 4096), 0);
	store = test_open(directory, STORE_READ);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 0);
	store_close(store);
	store = test_open(directory, STORE_WRITE);
	OK(store_append_flows(store, id, DAY * DAY_NS, flows, 10, &why));
	OK(store_commit(store, &why));
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 10);
	store_close(store);
	free(flows);
	free(summary);
	free(day);
	test_remove(directory);
}

static void
refuses_what_it_cannot_open(void **state)
{
	char *directory = test_directory();
	char *file = xasprintf("%s/file", directory);
	char *below = xasprintf("%s/file/store", directory);
	char *newer = xasprintf("%s/newer", directory);
	struct store_options options = { .mode = STORE_WRITE };
	struct err_info why = { .text = "" };
	struct store *store = NULL;

	(void)state;
	(void)fclose(fopen(file, "w"));
	assert_int_equal(test_try_open(file, STORE_WRITE, &store, &why), ERR_IO);
	assert_int_equal(test_try_open(below, STORE_WRITE, &store, &why), ERR_IO);
	assert_non_null(strstr(why.text, below));
	assert_int_equal(test_try_open(newer, STORE_READ, &store, &why), ERR_IO);
	assert_int_equal(test_try_open(directory, STORE_READ, &store, &why), ERR_IO);
	assert_int_equal(store_open("sqlite:x", &options, &store, &why), ERR_USAGE);
	assert_int_equal(store_open("nothing", &options, &store, &why), ERR_USAGE);
	assert_int_equal(store_open("mem:x", &options, &store, &why), ERR_USAGE);
	assert_int_equal(store_open("duckdb:", &options, &store, &why), ERR_USAGE);
	free(file);
	free(below);
	free(newer);
	test_remove(directory);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_lie_by_day),
		cmocka_unit_test(a_wild_clock_is_bounded),
		cmocka_unit_test(rows_are_dropped_by_window),
		cmocka_unit_test(new_columns_are_added),
		cmocka_unit_test(one_writes_or_many_read),
		cmocka_unit_test(names_the_damaged_file),
		cmocka_unit_test(begins_again_what_was_only_begun),
		cmocka_unit_test(refuses_what_it_cannot_open),
	};

	if (argc == 4 && strcmp(argv[1], "hold") == 0)
		return held(argv[2], argv[3]);
	program = argv[0];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
