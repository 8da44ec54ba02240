/* SPDX-License-Identifier: ISC */
/*
 * What is left when the writer dies or the disk is full: exactly the committed windows.
 *
 * The test runs itself as a writer that appends window after window and reports each commit, kills
 * it at a random moment, and looks at the store before and after the next writer opened it.
 */
#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "store_test.h"

#define DAY          16000
#define KILLS        20
#define FLOWS        5000 /* a window; half of them end in each of two days */
#define ROWS         20
#define FIRST_WINDOW 1

static const char *program;

static enum err
fingerprint(
    const char *path, uint64_t octets, char *ret_text, uint64_t *ret_octets, struct err_info *info)
{
	(void)path;
	(void)info;
	(void)snprintf(ret_text, 33, "%llu", (unsigned long long)octets);
	*ret_octets = octets;
	return ERR_OK;
}

/* Appends window `number` of the input and says in the registry that it is there. */
static enum err
write_window(struct store *store, struct store_input *input, uint64_t number, struct err_info *info)
{
	nsec_t begin = (nsec_t)number * NSEC_PER_SEC;
	struct rows *rows = rows_new(test_table());
	enum err e;

	for (uint64_t i = 0; i < ROWS; i++) {
		rows_u64(rows, 0, number);
		rows_text(rows, 1, "a row of a window");
		rows_next(rows);
	}
	e = store_append(store, input->id, begin, rows, info);
	rows_free(rows);
	for (int day = 0; day < 2 && e == ERR_OK; day++) {
		struct flow *flows =
		    test_flows(FLOWS / 2, (DAY + day) * DAY_NS + begin, number * 1000000);
		e = store_append_flows(store, input->id, begin, flows, FLOWS / 2, info);
		free(flows);
	}
	input->windows = number;
	input->octets = number * 100;
	(void)snprintf(input->fingerprint, sizeof input->fingerprint, "%llu",
	    (unsigned long long)input->octets);
	if (e == ERR_OK)
		e = store_input_update(store, input, info);
	return e == ERR_OK ? store_commit(store, info) : e;
}

/* The writer: goes on where the last one was interrupted, writes each committed number to standard
 * output, until it is killed or something fails. */
static int
write_windows(const char *directory)
{
	struct store_input input = {
		.path = "x.pcap", .kind = "pcap", .octets = 1U << 30, .settings = "s", .damage = ""
	};
	struct store *store = test_open(directory, STORE_WRITE);
	enum store_input_state state;
	struct err_info why = { .text = "" };
	uint64_t resume = 0;
	enum err e = store_declare(store, test_table(), 1, &why);

	if (e == ERR_OK)
		e = store_input_begin(store, &input, fingerprint, &state, &resume, &why);
	for (uint64_t w = resume + FIRST_WINDOW; e == ERR_OK; w++) {
		e = write_window(store, &input, w, &why);
		if (e == ERR_OK && write(1, &w, sizeof w) != sizeof w)
			break;
	}
	(void)fprintf(stderr, "%s\n", why.text);
	store_close(store);
	return -(int)e;
}

static pid_t
start_writer(const char *directory, int *ret_reports)
{
	int reports[2];
	pid_t child;

	assert_int_equal(pipe(reports), 0);
	child = fork();
	if (child == 0) {
		(void)dup2(reports[1], 1);
		(void)close(reports[0]);
		(void)close(reports[1]);
		(void)execl(program, program, "write", directory, (char *)NULL);
		_exit(127);
	}
	(void)close(reports[1]);
	*ret_reports = reports[0];
	return child;
}

/* Exactly the windows 1…n, each whole, where n is what the registry says. */
static uint64_t
check_store(const char *directory, enum store_mode mode)
{
	struct store *store = test_open(directory, mode);
	uint64_t windows = test_ask(store, "SELECT coalesce(max(windows), 0) FROM inputs");

	if (windows > 0) {
		assert_int_equal(test_ask(store, "SELECT count(*) FROM test_rows"), windows * ROWS);
		assert_int_equal(
		    test_ask(store, "SELECT count(DISTINCT number) FROM test_rows"), windows);
		assert_int_equal(test_ask(store, "SELECT max(number) FROM test_rows"), windows);
	}
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), windows * FLOWS);
	assert_int_equal(test_ask(store, "SELECT count(DISTINCT octet_delta_count) FROM flows"),
	    windows * FLOWS / 2);
	assert_int_equal(
	    test_ask(store, "SELECT count(DISTINCT window_begin) FROM flows"), windows);
	store_close(store);
	return windows;
}

static void
kill_minus_nine(void **state)
{
	char *directory = test_directory();
	uint64_t reported = 0;
	unsigned seed = 20140601;

	(void)state;
	for (int i = 0; i < KILLS; i++) {
		uint64_t number;
		uint64_t windows;
		int reports;
		int status;
		pid_t child = start_writer(directory, &reports);

		/* Sometimes while it opens, mostly while it writes. */
		if (i % 4 != 0 && read(reports, &number, sizeof number) == sizeof number)
			reported = number;
		(void)usleep((useconds_t)(rand_r(&seed) % 300) * 1000);
		(void)kill(child, SIGKILL);
		while (read(reports, &number, sizeof number) == sizeof number)
			reported = number;
		(void)close(reports);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		windows = check_store(directory, i % 2 == 0 ? STORE_WRITE : STORE_READ);
		if (windows != reported && windows != reported + 1)
			fail_msg("%llu windows are there, %llu were reported",
			    (unsigned long long)windows, (unsigned long long)reported);
		reported = windows;
		assert_int_equal(check_store(directory, STORE_READ), windows);
	}
	assert_true(reported > KILLS / 2);
	test_remove(directory);
}

/* A file system of `size`, or a skipped test when this user may not mount one. */
static char *
small_disk(const char *size)
{
	char *directory = test_directory();
	char *options = xasprintf("size=%s", size);
	int mounted = mount("tmpfs", directory, "tmpfs", 0, options);

	free(options);
	if (mounted != 0) {
		print_message("skipped: only root mounts a small disk (%s)\n", strerror(errno));
		test_remove(directory);
		skip();
	}
	return directory;
}

/* The writer runs until the disk is full; which write fails first depends on the size. */
static void
fill_disk(const char *size)
{
	char *disk = small_disk(size);
	char *directory = xasprintf("%s/store", disk);
	char *ballast = xasprintf("%s/ballast", disk);
	uint64_t reported = 0;
	uint64_t number;
	int reports;
	int status;
	pid_t child;

	FILE *file = fopen(ballast, "w");
	assert_non_null(file);
	for (int i = 0; i < 8 * 1024; i++)
		assert_int_equal(
		    fwrite("ballast ballast ballast ballast ballast ballast ballast ballast "
			   "ballast ballast ballast ballast ballast ballast ballast ballast ",
			1, 128, file) == 128,
		    1);
	(void)fclose(file);

	child = start_writer(directory, &reports);
	while (read(reports, &number, sizeof number) == sizeof number)
		reported = number;
	(void)close(reports);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), -ERR_NO_SPACE);
	assert_int_equal(check_store(directory, STORE_READ), reported);

	/* With room again the store opens for writing and goes on. */
	assert_int_equal(unlink(ballast), 0);
	assert_int_equal(check_store(directory, STORE_WRITE), reported);
	free(directory);
	free(ballast);
	assert_int_equal(umount(disk), 0);
	test_remove(disk);
}

static void
disk_full(void **state)
{
	static const char *const SIZES[] = { "8m", "9m", "16m" };

	(void)state;
	for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++)
		fill_disk(SIZES[i]);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kill_minus_nine),
		cmocka_unit_test(disk_full),
	};

	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return write_windows(argv[2]);
	program = argv[0];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
