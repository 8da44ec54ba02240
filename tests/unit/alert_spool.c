/* SPDX-License-Identifier: ISC */
/* The queue of alerts: order, positions, restarts, bounds, files that a crash left. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert/spool.h"
#include "base/xmalloc.h"
#include "test.h"

static const char *const NAMES[] = { "one", "two" };

static char *
make_directory(void)
{
	char *path = xstrdup("/tmp/yagura-spool-XXXXXX");

	assert_non_null(mkdtemp(path));
	return path;
}

static void
remove_directory(char *path)
{
	static const char *const FILES[] = { "queue", "lock", "one.position", "two.position" };

	for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
		char *file = xasprintf("%s/%s", path, FILES[i]);
		(void)unlink(file);
		free(file);
	}
	assert_int_equal(rmdir(path), 0);
	free(path);
}

static struct spool *
open_spool(const char *path, size_t most)
{
	struct err_info why = { .text = "" };
	struct spool *spool = NULL;

	if (spool_open(path, NAMES, 2, most, &spool, &why) != ERR_OK)
		fail_msg("%s", why.text);
	return spool;
}

static void
put(struct spool *spool, const char *id, const char *text)
{
	struct err_info why = { .text = "" };

	if (spool_put(spool, id, text, &why) != ERR_OK)
		fail_msg("%s", why.text);
}

/* The next message of an output is this one, and is delivered. */
static void
expect(struct spool *spool, size_t output, const char *text)
{
	uint64_t number = 0;
	char *next = spool_next(spool, output, 0, &number);

	if (text == NULL) {
		assert_null(next);
		return;
	}
	assert_non_null(next);
	assert_string_equal(next, text);
	free(next);
	spool_done(spool, output, number);
}

static void
test_each_output_gets_all(void **state)
{
	char *path = make_directory();
	struct spool *spool = open_spool(path, 1 << 20);

	(void)state;
	put(spool, "a", "{\"first\": 1}");
	put(spool, "b", "second");
	put(spool, "a", "not again");
	expect(spool, 0, "{\"first\": 1}");
	expect(spool, 0, "second");
	expect(spool, 0, NULL);
	assert_int_equal(spool_count(spool).waiting, 2);
	expect(spool, 1, "{\"first\": 1}");
	expect(spool, 1, "second");
	assert_int_equal(spool_count(spool).waiting, 0);
	spool_close(spool);
	remove_directory(path);
}

static void
test_a_restart_goes_on(void **state)
{
	char *path = make_directory();
	struct spool *spool = open_spool(path, 1 << 20);

	(void)state;
	put(spool, "a", "first");
	put(spool, "b", "second");
	expect(spool, 0, "first");
	spool_close(spool);
	spool = open_spool(path, 1 << 20);
	put(spool, "b", "not again");
	put(spool, "a", "nor this, which is delivered but in the file");
	put(spool, "c", "third");
	expect(spool, 0, "second");
	expect(spool, 0, "third");
	expect(spool, 1, "first");
	expect(spool, 1, "second");
	expect(spool, 1, "third");
	spool_close(spool);
	/* Numbers go on where they were, so that nothing new looks delivered. */
	spool = open_spool(path, 1 << 20);
	put(spool, "d", "fourth");
	expect(spool, 0, "fourth");
	expect(spool, 1, "fourth");
	expect(spool, 1, NULL);
	spool_close(spool);
	remove_directory(path);
}

static void
test_the_oldest_go(void **state)
{
	char *path = make_directory();
	struct spool *spool = open_spool(path, 1000);
	struct spool_counts counts;
	uint64_t number;
	char *text;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char id[16], message[64];
		(void)snprintf(id, sizeof id, "%d", i);
		(void)snprintf(message, sizeof message, "message %d", i);
		put(spool, id, message);
	}
	counts = spool_count(spool);
	assert_in_range(counts.waiting, 10, 30);
	assert_int_equal(counts.waiting + counts.dropped, 100);
	text = spool_next(spool, 0, 0, &number);
	assert_int_equal(number, counts.dropped + 1);
	free(text);
	spool_close(spool);
	spool = open_spool(path, 1000);
	put(spool, "last", "last");
	assert_in_range(spool_count(spool).waiting, 10, 30);
	spool_close(spool);
	remove_directory(path);
}

/* Any beginning of a queue is read up to where it was cut, and goes on. */
static void
test_every_cut(void **state)
{
	static const char WHOLE[] = "1 a first\n2 b second\n3 c third\n";
	char *path = make_directory(), *file = xasprintf("%s/queue", path);

	(void)state;
	for (size_t size = 0; size < sizeof WHOLE; size++) {
		FILE *out = fopen(file, "we");
		struct spool *spool;
		size_t lines = 0;

		assert_int_equal(fwrite(WHOLE, 1, size, out), size);
		(void)fclose(out);
		for (size_t i = 0; i < size; i++)
			lines += WHOLE[i] == '\n';
		spool = open_spool(path, 1 << 20);
		assert_int_equal(spool_count(spool).waiting, lines);
		put(spool, "d", "fourth");
		spool_close(spool);
		spool = open_spool(path, 1 << 20);
		assert_int_equal(spool_count(spool).waiting, lines + 1);
		spool_close(spool);
	}
	free(file);
	remove_directory(path);
}

static void
test_one_process(void **state)
{
	char *path = make_directory();
	struct spool *spool = open_spool(path, 1 << 20), *other;
	struct err_info why = { .text = "" };

	(void)state;
	assert_int_equal(spool_open(path, NAMES, 2, 1 << 20, &other, &why), ERR_BUSY);
	assert_non_null(strstr(why.text, "another process"));
	spool_close(spool);
	spool_close(open_spool(path, 1 << 20));
	remove_directory(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_output_gets_all),
		cmocka_unit_test(test_a_restart_goes_on),
		cmocka_unit_test(test_the_oldest_go),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_one_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
