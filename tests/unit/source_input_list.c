/* SPDX-License-Identifier: ISC */
/* What INPUT arguments stand for: a tree on disk with everything in it that directories can hold.
 */
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "source_build.h"

struct tree {
	char top[32];
};

static void
write_at(const struct tree *tree, const char *name, const void *data, size_t size)
{
	char *path = xasprintf("%s/%s", tree->top, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	assert_int_equal(close(fd), 0);
	free(path);
}

static void
capture_at(const struct tree *tree, const char *name, uint32_t seconds, size_t count)
{
	struct bytes b = { 0 };

	pcap_header(&b, 0xa1b2c3d4, 4, 1);
	for (size_t i = 0; i < count; i++)
		pcap_record(&b, seconds - (uint32_t)i, 0, 1, 60);
	write_at(tree, name, b.data, b.size);
	bytes_clear(&b);
}

static void
directory_at(const struct tree *tree, const char *name)
{
	char *path = xasprintf("%s/%s", tree->top, name);

	assert_int_equal(mkdir(path, 0700), 0);
	free(path);
}

static int
make_tree(void **state)
{
	struct tree *tree = xcalloc(1, sizeof *tree);
	char *path;

	(void)snprintf(tree->top, sizeof tree->top, "/tmp/yagura-input-XXXXXX");
	if (mkdtemp(tree->top) == NULL)
		return -1;
	directory_at(tree, "a");
	directory_at(tree, "a/deep");
	directory_at(tree, ".hidden");
	capture_at(tree, "late.pcap", 3000, 1);
	capture_at(tree, "a/early.pcap", 1000, 1);
	/* The first packet counts, not the earliest. */
	capture_at(tree, "a/deep/middle", 2000, 1500);
	capture_at(tree, "z-none.pcap", 0, 0);
	capture_at(tree, "same-time.pcap", 3000, 1);
	capture_at(tree, ".dot.pcap", 1, 1);
	capture_at(tree, ".hidden/x.pcap", 1, 1);
	write_at(tree, "notes.txt", "some words\n", 11);
	write_at(tree, "a/empty", "", 0);
	write_at(tree, "a/x.bz2", "BZh91AY&SY", 10);
	write_at(tree, "cut.pcap", "\xd4\xc3\xb2\xa1\2\0", 6);
	path = xasprintf("%s/pipe", tree->top);
	assert_int_equal(mkfifo(path, 0600), 0);
	free(path);
	path = xasprintf("%s/a/loop", tree->top);
	assert_int_equal(symlink("..", path), 0);
	free(path);
	path = xasprintf("%s/a/gone", tree->top);
	assert_int_equal(symlink("nowhere", path), 0);
	free(path);
	path = xasprintf("%s/a/link.pcap", tree->top);
	assert_int_equal(symlink("../late.pcap", path), 0);
	free(path);
	*state = tree;
	return 0;
}

static int
remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

static int
remove_tree(void **state)
{
	struct tree *tree = *state;
	int result = nftw(tree->top, remove_entry, 8, FTW_DEPTH | FTW_PHYS);

	free(tree);
	return result;
}

static void
assert_path(const struct tree *tree, const char *path, const char *name)
{
	assert_memory_equal(path, tree->top, strlen(tree->top));
	assert_string_equal(path + strlen(tree->top) + 1, name);
}

static void
test_walk(void **state)
{
	static const char *const expected[] = { "a/early.pcap", "a/deep/middle", "a/link.pcap",
		"late.pcap", "same-time.pcap", "cut.pcap", "z-none.pcap" };
	static const char *const skipped[] = {
		"a/empty: empty, no capture",
		"a/gone: No such file or directory",
		"a/loop: a symbolic link to a directory",
		"a/x.bz2: a bzip2 file is not read",
		"notes.txt: not a capture that yagura knows",
		"pipe: not a regular file",
	};
	const struct tree *tree = *state;
	const char *top = tree->top;
	struct input_list list;

	assert_int_equal(input_list_make(&top, 1, &list, NULL), ERR_OK);
	assert_int_equal(list.count, sizeof expected / sizeof expected[0]);
	for (size_t i = 0; i < list.count; i++)
		assert_path(tree, list.paths[i], expected[i]);
	assert_int_equal(list.skipped_count, sizeof skipped / sizeof skipped[0]);
	for (size_t i = 0; i < list.skipped_count; i++) {
		const char *end = strstr(list.skipped[i], " (passed over)");

		assert_non_null(end);
		list.skipped[i][end - list.skipped[i]] = '\0';
		assert_path(tree, list.skipped[i], skipped[i]);
	}
	input_list_release(&list);
	assert_int_equal(list.count, 0);
}

static void
test_named_outright(void **state)
{
	const struct tree *tree = *state;
	char *slash = xasprintf("%s/a/deep/", tree->top);
	char *text = xasprintf("%s/notes.txt", tree->top);
	const char *arguments[] = { "-", text, slash, "/nonexistent/file" };
	struct input_list list;

	assert_int_equal(input_list_make(arguments, 4, &list, NULL), ERR_OK);
	assert_int_equal(list.count, 4);
	assert_string_equal(list.paths[0], "-");
	assert_string_equal(list.paths[1], text);
	assert_path(tree, list.paths[2], "a/deep/middle");
	assert_string_equal(list.paths[3], "/nonexistent/file");
	assert_int_equal(list.skipped_count, 0);
	input_list_release(&list);
	input_list_release(NULL);
	free(slash);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_walk, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(test_named_outright, make_tree, remove_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
