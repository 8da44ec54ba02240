/* SPDX-License-Identifier: ISC */
/* Rows that add up are put together: sums stay, rows become few, whatever happens in between. */
#include "store/rollup.h"
#include "store_test.h"

#define HOUR     (NSEC_PER_SEC * 3600)
#define WINDOW   (NSEC_PER_SEC * 300)
#define DAY      INT64_C(16000)
#define WINDOWS  288 /* a day */
#define SUM(bit) (UINT64_C(1) << (bit))

static const struct column COLUMNS[] = { { "user", COLUMN_U64, "" }, { "day", COLUMN_TIME, "" },
	{ "service", COLUMN_TEXT, "" }, { "octets", COLUMN_U64, "octets" },
	{ "flows", COLUMN_U32, "" } };
static const struct table TABLE = { "test_users", "Octets of users", COLUMNS, 5 };
static const struct table_sums SUMS = { &TABLE, SUM(3) | SUM(4), 86400, 0, 0 };

#define ALL_SUMS                                                                                 \
	"SELECT CAST(sum(hash(user, day, service) % 1000003 * octets) + sum(flows) AS UBIGINT) " \
	"FROM test_users"

static void
declare(struct store *store)
{
	OK(store_declare(store, &TABLE, 1, &why));
	OK(store_declare_sums(store, &SUMS, 1, &why));
}

static uint64_t
register_input(struct store *store, const char *path)
{
	struct store_input input = {
		.path = path, .kind = "pcap", .octets = 1000, .settings = "a", .damage = ""
	};
	enum store_input_state state;
	uint64_t resume;

	OK(store_input_begin(store, &input, NULL, &state, &resume, &why));
	return input.id;
}

static void
complete(struct store *store, uint64_t id, const char *path)
{
	struct store_input input = { .id = id,
		.path = path,
		.kind = "pcap",
		.octets = 1000,
		.settings = "a",
		.damage = "",
		.complete = true };

	(void)snprintf(input.fingerprint, sizeof input.fingerprint, "%032d", (int)id);
	OK(store_input_update(store, &input, &why));
	OK(store_commit(store, &why));
}

/* One window: a row for each user, of the day in a zone nine hours east. */
static void
window(struct store *store, uint64_t input, nsec_t begin, unsigned users)
{
	struct rows *rows = rows_new(&TABLE);
	nsec_t local = begin + 9 * HOUR;

	for (unsigned u = 0; u < users; u++) {
		rows_u64(rows, 0, u);
		rows_time(rows, 1, local - local % DAY_NS - 9 * HOUR);
		rows_text(rows, 2, u % 3 == 0 ? "fibre" : "");
		rows_u64(rows, 3, u * 1000 + (uint64_t)(begin / WINDOW % 97));
		rows_u64(rows, 4, 1);
		rows_next(rows);
	}
	OK(store_append(store, input, begin, rows, &why));
	rows_free(rows);
}

static void
day_of_windows(struct store *store, uint64_t input, nsec_t day, unsigned users)
{
	for (int i = 0; i < WINDOWS; i++)
		window(store, input, day * DAY_NS + i * WINDOW, users);
}

/* What a review asks: sums of a whole local day, by the period and by the key. */
#define DAY_SUM(what)                                                            \
	"SELECT CAST(sum(octets) AS UBIGINT) FROM test_users WHERE " what " >= " \
	"1382454000000 AND " what " < 1382540400000" /* 2013-10-23 in Tokyo */

static void
sums_stay_and_rows_become_few(void **state)
{
	char *directory = test_directory();

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct store *store = test_open(i == 0 ? NULL : directory, STORE_WRITE);
		uint64_t id, all, by_key, by_period;

		declare(store);
		id = register_input(store, "a");
		for (nsec_t day = DAY; day < DAY + 3; day++)
			day_of_windows(store, id, day, 100);
		OK(store_commit(store, &why));
		assert_int_equal(
		    test_ask(store, "SELECT count(*) FROM test_users"), 3 * WINDOWS * 100);
		all = test_ask(store, ALL_SUMS);
		by_key = test_ask(store, DAY_SUM("day"));
		by_period = test_ask(store, DAY_SUM("window_begin"));
		assert_int_equal(by_key, by_period);
		complete(store, id, "a");
		/* Two local days begin in each of three days. */
		assert_int_equal(test_ask(store, "SELECT count(*) FROM test_users"), 600);
		assert_int_equal(test_ask(store, "SELECT count(*) FROM rollups"), 0);
		assert_int_equal(test_ask(store, ALL_SUMS), all);
		assert_int_equal(test_ask(store, DAY_SUM("day")), by_key);
		assert_int_equal(test_ask(store, DAY_SUM("window_begin")), by_period);
		store_close(store);
	}
	/* Opened again: nothing is left to do, and nothing changes. */
	struct store *store = test_open(directory, STORE_WRITE);
	declare(store);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM test_users"), 600);
	store_close(store);
	test_remove(directory);
}

/* Memory and disk are bounded while an input that never ends is read. */
static void
many_rows_are_put_together_early(void **state)
{
	enum { USERS = 2000 };
	struct store *store = test_open(NULL, STORE_WRITE);
	uint64_t most = 0;
	uint64_t id;

	(void)state;
	declare(store);
	id = register_input(store, "a");
	for (int i = 0; i < 2 * WINDOWS; i++) {
		uint64_t rows;
		window(store, id, DAY * DAY_NS + i * WINDOW, USERS);
		OK(store_commit(store, &why));
		rows = test_ask(store, "SELECT count(*) FROM test_users");
		most = rows > most ? rows : most;
	}
	assert_true(most < ROLLUP_LEAST + 5 * USERS);
	assert_int_equal(test_ask(store, "SELECT sum(flows) FROM test_users"), 2 * WINDOWS * USERS);
	complete(store, id, "a");
	assert_int_equal(test_ask(store, "SELECT count(*) FROM test_users"), 4 * USERS);
	assert_int_equal(test_ask(store, "SELECT sum(flows) FROM test_users"), 2 * WINDOWS * USERS);
	store_close(store);
}

/* A run that died: what it left is put together when the store is opened for writing; readers see
 * the same sums before. */
static void
the_next_run_does_what_is_left(void **state)
{
	char *directory = test_directory();
	struct store *store = test_open(directory, STORE_WRITE);
	uint64_t all, a, b;

	(void)state;
	declare(store);
	a = register_input(store, "a");
	day_of_windows(store, a, DAY, 10);
	OK(store_commit(store, &why));
	b = register_input(store, "b");
	day_of_windows(store, b, DAY, 10);
	OK(store_commit(store, &why));
	day_of_windows(store, b, DAY + 1, 10);
	store_rollback(store);
	store_close(store);
	store = test_open(directory, STORE_READ);
	declare(store);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM test_users"), 2 * WINDOWS * 10);
	all = test_ask(store, ALL_SUMS);
	store_close(store);
	store = test_open(directory, STORE_WRITE);
	declare(store);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM test_users"), 2 * 20);
	assert_int_equal(test_ask(store, ALL_SUMS), all);
	/* And goes on: late rows join the others. */
	window(store, b, DAY * DAY_NS + WINDOW, 10);
	window(store, b, (DAY + 1) * DAY_NS, 10);
	complete(store, b, "b");
	assert_int_equal(test_ask(store, "SELECT count(*) FROM test_users"), 2 * 20 + 10);
	assert_int_equal(
	    test_ask(store, "SELECT sum(flows) FROM test_users"), 2 * WINDOWS * 10 + 20);
	store_close(store);
	test_remove(directory);
}

static void
absurd_sums_do_not_stop_it(void **state)
{
	struct store *store = test_open(NULL, STORE_WRITE);
	struct rows *rows = rows_new(&TABLE);
	uint64_t id;

	(void)state;
	declare(store);
	id = register_input(store, "a");
	rows_u64(rows, 0, 1);
	rows_time(rows, 1, 0);
	rows_text(rows, 2, "it's");
	rows_u64(rows, 3, UINT64_MAX);
	rows_u64(rows, 4, UINT32_MAX);
	rows_next(rows);
	for (int i = 0; i < 3; i++)
		OK(store_append(store, id, i * WINDOW, rows, &why));
	complete(store, id, "a");
	assert_int_equal(test_ask(store, "SELECT count(*) FROM test_users"), 1);
	assert_true(test_ask(store, "SELECT octets FROM test_users") == UINT64_MAX);
	assert_true(test_ask(store, "SELECT flows FROM test_users") == UINT32_MAX);
	rows_free(rows);
	store_close(store);
}

/* A row may stand for windows after the time before which rows are dropped: whole stretches go. */
static void
dropping_keeps_whole_stretches(void **state)
{
	struct store *store = test_open(NULL, STORE_WRITE);
	uint64_t id;

	(void)state;
	declare(store);
	id = register_input(store, "a");
	for (nsec_t day = DAY; day < DAY + 3; day++)
		day_of_windows(store, id, day, 1);
	complete(store, id, "a");
	OK(store_drop_before(store, (DAY + 1) * DAY_NS + 12 * HOUR, &why));
	assert_int_equal(test_ask(store, "SELECT sum(flows) FROM test_users"), 2 * WINDOWS);
	store_close(store);
}

/* A newer version may have added a column that keeps rows apart. */
static void
unknown_columns_keep_rows_apart(void **state)
{
	static const struct column FEWER_COLUMNS[] = { { "user", COLUMN_U64, "" },
		{ "octets", COLUMN_U64, "octets" } };
	static const struct table FEWER = { "test_users", "Octets of users", FEWER_COLUMNS, 2 };
	static const struct table_sums FEWER_SUMS = { &FEWER, SUM(1), 86400, 0, 0 };
	char *directory = test_directory();
	struct store *store = test_open(directory, STORE_WRITE);
	uint64_t id;

	(void)state;
	declare(store);
	id = register_input(store, "a");
	window(store, id, DAY * DAY_NS, 10);
	window(store, id, DAY * DAY_NS + 20 * HOUR, 10);
	OK(store_commit(store, &why));
	store_close(store);
	store = test_open(directory, STORE_WRITE);
	OK(store_declare(store, &FEWER, 1, &why));
	OK(store_declare_sums(store, &FEWER_SUMS, 1, &why));
	complete(store, id, "a");
	assert_int_equal(test_ask(store, "SELECT count(*) FROM test_users"), 20);
	store_close(store);
	test_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_stay_and_rows_become_few),
		cmocka_unit_test(many_rows_are_put_together_early),
		cmocka_unit_test(the_next_run_does_what_is_left),
		cmocka_unit_test(absurd_sums_do_not_stop_it),
		cmocka_unit_test(dropping_keeps_whole_stretches),
		cmocka_unit_test(unknown_columns_keep_rows_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
