/* SPDX-License-Identifier: ISC */
/* What the tests of the store share: directories that go away, questions with one number, flows. */
#ifndef YAGURA_TESTS_UNIT_STORE_TEST_H
#define YAGURA_TESTS_UNIT_STORE_TEST_H

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "store/store.h"
#include "test.h"

#define DAY_NS (NSEC_PER_SEC * 86400)
#define OK(call)                                                                    \
	do {                                                                        \
		struct err_info why = { .text = "" };                               \
		enum err outcome = (call);                                          \
		if (outcome != ERR_OK)                                              \
			fail_msg("%s: %s: %s", #call, err_name(outcome), why.text); \
	} while (0)

static inline char *
test_directory(void)
{
	char *path = xstrdup("/tmp/yagura-test-XXXXXX");

	assert_non_null(mkdtemp(path));
	return path;
}

static inline int
test_remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

/* Removes a directory of test_directory with all that is in it. */
static inline void
test_remove(char *path)
{
	(void)nftw(path, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}

static inline enum err
test_try_open(
    const char *directory, enum store_mode mode, struct store **ret_store, struct err_info *why)
{
	struct store_options options = { .mode = mode };
	char *url = directory != NULL ? xasprintf("duckdb:%s", directory) : xstrdup("mem:");
	enum err e = store_open(url, &options, ret_store, why);

	free(url);
	return e;
}

/* A directory of NULL is memory. */
static inline struct store *
test_open(const char *directory, enum store_mode mode)
{
	struct err_info why = { .text = "" };
	struct store *store = NULL;

	if (test_try_open(directory, mode, &store, &why) != ERR_OK)
		fail_msg("%s", why.text);
	return store;
}

static inline enum err
test_try_ask(struct store *store, const char *sql, uint64_t *ret_number, struct err_info *why)
{
	struct query_source q = store_query(store);
	struct result *r = NULL;
	enum err e = query_run(&q, &r, why, "%s", sql);

	if (e != ERR_OK)
		return e;
	*ret_number = result_next(r) ? result_u64(r, 0) : 0;
	result_free(r);
	return ERR_OK;
}

static inline uint64_t
test_ask(struct store *store, const char *sql)
{
	struct err_info why = { .text = "" };
	uint64_t number = 0;

	if (test_try_ask(store, sql, &number, &why) != ERR_OK)
		fail_msg("%s: %s", sql, why.text);
	return number;
}

static inline const struct table *
test_table(void)
{
	static const struct column COLUMNS[] = { { "number", COLUMN_U64, "" },
		{ "name", COLUMN_TEXT, "" } };
	static const struct table TABLE = { "test_rows", "Rows of a test", COLUMNS, 2 };

	return &TABLE;
}

/* `count` flows that end at `end`, each recognisable by its octets. */
static inline struct flow *
test_flows(size_t count, nsec_t end, uint64_t first_octets)
{
	struct flow *flows = xcalloc(count, sizeof *flows);

	for (size_t i = 0; i < count; i++) {
		uint8_t address[4] = { 192, 0, 2, (uint8_t)i };
		flows[i].source = address_from_ipv4(address);
		address[2] = (uint8_t)(i >> 8);
		flows[i].destination = address_from_ipv4(address);
		flows[i].first[0] = end - NSEC_PER_SEC;
		flows[i].last[0] = end;
		flows[i].packets[0] = 1;
		flows[i].octets[0] = first_octets + i;
		flows[i].ip_version = 4;
	}
	return flows;
}

#endif
