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
MUST_CHECK enum err tables_append(struct tables *tables, struct engine *engine,
    struct tables_key key, const struct rows *rows, struct err_info *info);
/* Everything appended is then in the transaction. */
MUST_CHECK enum err tables_flush(struct tables *tables, struct err_info *info);
/* Closes the writers, which a rollback must do first. */
void tables_reset(struct tables *tables);
void tables_release(struct tables *tables);

#endif
