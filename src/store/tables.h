/* SPDX-License-Identifier: ISC */
/*
 * The declared tables of a store: making them, adding columns that are new, appending rows.
 *
 * In the store each table has `input` and `window_begin` in front of its own columns.
 */
#ifndef YAGURA_STORE_TABLES_H
#define YAGURA_STORE_TABLES_H

#include "store/writer.h"

struct tables {
	struct tables_entry *entries; /* owned */
	size_t count;
	bool fresh; /* the store was made just now: it has none of them */
};

/* Which rows are appended. */
struct tables_key {
	uint64_t input;
	nsec_t window_begin;
};

MUST_CHECK enum err tables_declare(struct tables *tables, struct engine *engine,
    const struct table *declared, size_t count, struct err_info *info);
/* Rows of these tables are put together; what an earlier run left, now. */
MUST_CHECK enum err tables_declare_sums(struct tables *tables, struct engine *engine,
    const struct table_sums *sums, size_t count, struct err_info *info);
MUST_CHECK enum err tables_append(struct tables *tables, struct engine *engine,
    struct tables_key key, const struct rows *rows, struct err_info *info);
/* Everything appended is then in the transaction. */
MUST_CHECK enum err
tables_flush(struct tables *tables, struct engine *engine, struct err_info *info);
/* After a commit, in transactions of its own: puts rows together where there are many, and what is
 * left of inputs that are complete when one became so. */
MUST_CHECK enum err
tables_roll_up(struct tables *tables, struct engine *engine, bool completed, struct err_info *info);
/* Deletes the rows of windows before `time` (ms) from one table, which need not be declared. */
MUST_CHECK enum err tables_delete_before(struct tables *tables, struct engine *engine,
    const char *name, uint64_t time, struct err_info *info);
/* Closes the writers, which a rollback must do first. */
void tables_reset(struct tables *tables);
void tables_release(struct tables *tables);

#endif
