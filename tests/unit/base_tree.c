/* SPDX-License-Identifier: ISC */
/* The YAML tree: places, what is refused, bounds. */
#include <stdio.h>
#include <stdlib.h>

#include "base/tree.h"
#include "base/xmalloc.h"
#include "test.h"

static struct tree *
parse(const char *text)
{
	struct err_info why = { 0 };
	struct tree *root = NULL;

	if (tree_parse(text, strlen(text), "t", &root, &why) != ERR_OK)
		fail_msg("%s", why.text);
	return root;
}

static void
refuse(const char *text, size_t size, enum err code, const char *sentence)
{
	struct err_info why = { 0 };
	struct tree *root = NULL;

	assert_int_equal(tree_parse(text, size, "t", &root, &why), code);
	assert_null(root);
	if (strncmp(why.text, sentence, strlen(sentence)) != 0)
		fail_msg("\"%s\" is not \"%s\"", why.text, sentence);
}

#define REFUSE(text, code, sentence) refuse(text, sizeof(text) - 1, code, sentence)

static void
test_places(void **state)
{
	struct tree *root = parse("# comment\na:\n  b: [1, \"two\"]\n  c:\n櫓: {x: 'y'}\n");
	const struct tree *a = root->first, *b = a->first, *c = b->next;

	(void)state;
	assert_int_equal(root->kind, TREE_MAP);
	assert_string_equal(a->key, "a");
	assert_int_equal(a->key_at.line, 2);
	assert_int_equal(a->key_at.column, 1);
	assert_int_equal(b->kind, TREE_LIST);
	assert_int_equal(b->key_at.line, 3);
	assert_int_equal(b->key_at.column, 3);
	assert_string_equal(b->first->text, "1");
	assert_string_equal(b->first->next->text, "two");
	assert_int_equal(b->first->next->at.column, 10);
	assert_int_equal(c->kind, TREE_EMPTY);
	assert_string_equal(a->next->key, "櫓");
	assert_int_equal(a->next->first->key_at.column, 5);
	assert_null(a->next->next);
	tree_free(root);
	tree_free(NULL);
}

static void
test_empty(void **state)
{
	static const char *const texts[] = { "", "# nothing\n", "---\n", "--- # x\n...\n" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct tree *root = parse(texts[i]);
		assert_int_equal(root->kind, TREE_EMPTY);
		assert_null(root->first);
		tree_free(root);
	}
}

static void
test_refusals(void **state)
{
	(void)state;
	REFUSE("a: [1\n", ERR_CONFIG, "t:2:1: not YAML: ");
	REFUSE("a: b: c\n", ERR_CONFIG, "t:1:5: not YAML: ");
	REFUSE("a:\n\tb: 1\n", ERR_CONFIG, "t:2:1: not YAML: ");
	REFUSE("a: 1\nb: \xff\n", ERR_CONFIG, "t:2:4: not YAML: ");
	REFUSE("a: &x 1\n", ERR_CONFIG, "t:1:4: an anchor: ");
	REFUSE("a: &x [*x]\n", ERR_CONFIG, "t:1:4: an anchor: ");
	REFUSE("a: *x\n", ERR_CONFIG, "t:1:4: an alias: ");
	REFUSE("*x : 1\n", ERR_CONFIG, "t:1:1: a key is a word");
	REFUSE("a: !!int 1\n", ERR_CONFIG, "t:1:4: a tag: ");
	REFUSE("? [a]\n: 1\n", ERR_CONFIG, "t:1:3: a key is a word");
	REFUSE("a: 1\n---\nb: 2\n", ERR_CONFIG, "t:3:1: a second document");
	REFUSE("a: \"x\\0y\"\n", ERR_CONFIG, "t:1:4: a text may not hold a NUL");
	REFUSE("\"a\\0\": 1\n", ERR_CONFIG, "t:1:1: a text may not hold a NUL");
	REFUSE("[[[[[[[[[1]]]]]]]]]", ERR_LIMIT, "t:1:10: nested more than 8 deep");
	REFUSE("\xff\xfe a", ERR_CONFIG, "t:1:1: not YAML: ");
}

/* Hostile sizes end quickly, with a limit or a place. */
static void
test_bounds(void **state)
{
	enum { SIZE = 1 << 20 };
	char *text = xmalloc(SIZE);
	struct err_info why = { 0 };
	struct tree *root;

	(void)state;
	memset(text, '[', SIZE);
	refuse(text, SIZE, ERR_LIMIT, "t:1:10: nested more than 8 deep");
	memset(text, '{', SIZE);
	refuse(text, SIZE, ERR_CONFIG, "t:1:");
	text[0] = '[';
	for (size_t i = 1; i < SIZE; i++)
		text[i] = i % 2 ? '1' : ',';
	refuse(text, SIZE, ERR_LIMIT, "t:1:524288: more than 262144 values");
	for (size_t i = 0; i < SIZE; i++)
		text[i] = "key: 12\n"[i % 8];
	assert_int_equal(tree_parse(text, SIZE, "t", &root, &why), ERR_OK);
	tree_free(root);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
