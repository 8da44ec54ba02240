/* SPDX-License-Identifier: ISC */
/* The registry of inputs: every way a file can come back, in memory and in a directory. */
#include "store_test.h"

#define DAY 16000

/* Files are imagined: the content of a path is a number, and the fingerprint of a prefix says which
 * content and how long. */
static unsigned
content_of(const char *path)
{
	return strstr(path, "other") != NULL ? 2 : 1;
}

static void
print_fingerprint(char *text, unsigned content, uint64_t octets)
{
	(void)snprintf(text, 33, "%u-%llu", content, (unsigned long long)octets);
}

static enum err
fingerprint(
    const char *path, uint64_t octets, char *ret_text, uint64_t *ret_octets, struct err_info *info)
{
	(void)info;
	print_fingerprint(ret_text, content_of(path), octets);
	*ret_octets = octets;
	return ERR_OK;
}

struct answer {
	enum store_input_state state;
	uint64_t resume_windows;
	uint64_t id;
};

static struct answer
begin(struct store *store, const char *path, uint64_t size, const char *settings)
{
	struct store_input input = {
		.path = path, .kind = "pcap", .octets = size, .settings = settings
	};
	struct answer a = { .resume_windows = 99 };

	OK(store_input_begin(store, &input, fingerprint, &a.state, &a.resume_windows, &why));
	a.id = input.id;
	return a;
}

static enum err
update(struct store *store, uint64_t id, const char *path, uint64_t octets, uint64_t windows,
    bool complete)
{
	struct store_input input = { .id = id,
		.path = path,
		.kind = "pcap",
		.octets = octets,
		.records = windows * 10,
		.begin = NSEC_PER_SEC,
		.end = 2 * NSEC_PER_SEC,
		.windows = windows,
		.complete = complete,
		.settings = "a",
		.damage = "it's \xff cut" };
	struct err_info why;

	print_fingerprint(input.fingerprint, content_of(path), octets);
	return store_input_update(store, &input, &why);
}

/* One window of an input: a row and three flows in each of two days. */
static void
append_window(struct store *store, uint64_t id, uint64_t window)
{
	struct rows *rows = rows_new(test_table());

	rows_u64(rows, 0, window);
	rows_text(rows, 1, "x");
	rows_next(rows);
	OK(store_append(store, id, (nsec_t)window * NSEC_PER_SEC, rows, &why));
	rows_free(rows);
	for (int day = 0; day < 2; day++) {
		struct flow *flows = test_flows(3, (DAY + day) * DAY_NS + NSEC_PER_SEC, window);
		OK(store_append_flows(store, id, (nsec_t)window * NSEC_PER_SEC, flows, 3, &why));
		free(flows);
	}
}

static void
run_windows(struct store *store, struct answer a, const char *path, uint64_t first, uint64_t last)
{
	for (uint64_t w = first; w <= last; w++) {
		append_window(store, a.id, w);
		assert_int_equal(update(store, a.id, path, w * 100, w, false), ERR_OK);
		OK(store_commit(store, &why));
	}
}

static void
check_counts(struct store *store, uint64_t rows)
{
	assert_int_equal(test_ask(store, "SELECT count(*) FROM test_rows"), rows);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), rows * 6);
}

/* Through all states; `directory` NULL is memory. */
static void
walk(const char *directory)
{
	struct store *store = test_open(directory, STORE_WRITE);
	struct answer a;
	struct answer again;

	OK(store_declare(store, test_table(), 1, &why));
	a = begin(store, "a.pcap", 1000, "a");
	assert_int_equal(a.state, STORE_INPUT_NEW);
	assert_int_equal(a.resume_windows, 0);
	run_windows(store, a, "a.pcap", 1, 3);
	check_counts(store, 3);

	/* A window that was not committed does not count. */
	append_window(store, a.id, 4);
	store_rollback(store);
	check_counts(store, 3);

	/* Interrupted: goes on, even under another name; another file does not. */
	again = begin(store, "renamed.pcap", 1000, "a");
	assert_int_equal(again.state, STORE_INPUT_INTERRUPTED);
	assert_int_equal(again.resume_windows, 3);
	assert_int_equal(again.id, a.id);
	again = begin(store, "other.pcap", 1000, "a");
	assert_int_equal(again.state, STORE_INPUT_NEW);
	assert_int_not_equal(again.id, a.id);
	store_rollback(store);

	/* With other settings it begins anew and its rows are gone. */
	again = begin(store, "a.pcap", 1000, "b");
	assert_int_equal(again.state, STORE_INPUT_INTERRUPTED);
	assert_int_equal(again.resume_windows, 0);
	run_windows(store, again, "a.pcap", 1, 2);
	check_counts(store, 2);

	/* Complete: nothing to do, whatever its name and the settings. */
	assert_int_equal(update(store, again.id, "a.pcap", 1000, 2, true), ERR_OK);
	OK(store_commit(store, &why));
	assert_int_equal(begin(store, "b.pcap", 1000, "c").state, STORE_INPUT_COMPLETE);
	store_rollback(store);
	check_counts(store, 2);

	/* A file that has grown replaces what it was; a longer one of another name is new. */
	assert_int_equal(begin(store, "b.pcap", 2000, "a").state, STORE_INPUT_NEW);
	store_rollback(store);
	again = begin(store, "a.pcap", 2000, "a");
	assert_int_equal(again.state, STORE_INPUT_INTERRUPTED);
	assert_int_equal(again.resume_windows, 0);
	run_windows(store, again, "a.pcap", 1, 1);
	check_counts(store, 1);
	assert_int_equal(update(store, again.id, "a.pcap", 2000, 1, true), ERR_OK);
	OK(store_commit(store, &why));

	/* Standard input is known only at its end. */
	again = begin(store, "-", UINT64_MAX, "a");
	assert_int_equal(again.state, STORE_INPUT_NEW);
	append_window(store, again.id, 1);
	assert_int_equal(update(store, again.id, "-", 2000, 1, true), ERR_BUSY);
	store_rollback(store);
	check_counts(store, 1);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM inputs"), 1);
	store_close(store);
}

static void
walks_in_memory(void **state)
{
	(void)state;
	walk(NULL);
}

static void
walks_in_a_directory(void **state)
{
	char *directory = test_directory();
	struct store *store;

	(void)state;
	walk(directory);
	store = test_open(directory, STORE_READ);
	check_counts(store, 1);
	assert_int_equal(test_ask(store, "SELECT end_time FROM inputs"), 2000);
	store_close(store);
	test_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_in_memory),
		cmocka_unit_test(walks_in_a_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
