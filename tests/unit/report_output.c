/* SPDX-License-Identifier: ISC */
/* Files appear whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "report/output.h"
#include "report/review.h"
#include "test.h"

static char directory[] = "/tmp/yagura-output-XXXXXX";

static int
enter(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL || chdir(directory) != 0;
}

static int
leave(void **state)
{
	(void)state;
	return chdir("/") != 0 || rmdir(directory) != 0;
}

static void
expect(const char *path, const char *content)
{
	char text[64] = "";
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	assert_int_equal(fread(text, 1, sizeof text - 1, in), strlen(content));
	assert_string_equal(text, content);
	assert_int_equal(fclose(in), 0);
}

static void
write_file(const char *path, const char *content)
{
	struct err_info why = { 0 };
	struct output o;

	assert_int_equal(output_open(path, &o, &why), ERR_OK);
	(void)fputs(content, o.file);
	assert_int_equal(output_close(&o, &why), ERR_OK);
}

static void
test_replaces(void **state)
{
	struct err_info why = { 0 };
	struct output o;

	(void)state;
	write_file("file", "old");
	assert_int_equal(output_open("file", &o, &why), ERR_OK);
	(void)fputs("new", o.file);
	(void)fflush(o.file);
	expect("file", "old");
	assert_int_equal(output_close(&o, &why), ERR_OK);
	expect("file", "new");
	assert_int_equal(unlink("file"), 0);
}

static void
test_follows_a_link(void **state)
{
	struct stat status;

	(void)state;
	write_file("target", "old");
	assert_int_equal(symlink("target", "link"), 0);
	write_file("link", "new");
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	expect("target", "new");
	assert_int_equal(unlink("link"), 0);
	assert_int_equal(unlink("target"), 0);
}

static void
test_mode_is_the_usual_one(void **state)
{
	mode_t old = umask(027);
	struct stat status;

	(void)state;
	write_file("file", "x");
	(void)umask(old);
	assert_int_equal(stat("file", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_int_equal(unlink("file"), 0);
}

static void
test_refusals(void **state)
{
	struct err_info why = { 0 };
	struct output o = { 0 };

	(void)state;
	assert_int_equal(output_open("no/such/place", &o, &why), ERR_IO);
	assert_non_null(strstr(why.text, "no/such/place"));
	assert_int_equal(output_open(".", &o, &why), ERR_IO);
	assert_null(o.file);
}

/* /dev/full takes no octet: the error comes at the end and has its own code. */
static void
test_full_disk(void **state)
{
	struct err_info why = { 0 };
	json_t *review = json_pack("{s:s}", "schema", "yagura.review/1");

	(void)state;
	if (access("/dev/full", W_OK) != 0) {
		json_decref(review);
		skip();
	}
	assert_int_equal(review_write_json(review, "/dev/full", &why), ERR_NO_SPACE);
	assert_non_null(strstr(why.text, "/dev/full"));
	assert_int_equal(review_write_html(review, "/dev/full", &why), ERR_NO_SPACE);
	assert_int_equal(review_write_json(review, "/dev/null", &why), ERR_OK);
	json_decref(review);
}

static void
test_keeps_the_old_one_when_the_disk_fills(void **state)
{
	struct err_info why = { 0 };
	struct output o;
	int full;

	(void)state;
	full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	if (full < 0)
		skip();
	write_file("file", "old");
	assert_int_equal(output_open("file", &o, &why), ERR_OK);
	/* As if the file system had filled up under the open file. */
	assert_true(dup2(full, fileno(o.file)) >= 0);
	(void)fputs("new", o.file);
	assert_int_equal(output_close(&o, &why), ERR_NO_SPACE);
	expect("file", "old");
	assert_int_equal(close(full), 0);
	assert_int_equal(unlink("file"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaces),
		cmocka_unit_test(test_follows_a_link),
		cmocka_unit_test(test_mode_is_the_usual_one),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_keeps_the_old_one_when_the_disk_fills),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
