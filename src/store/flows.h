/* SPDX-License-Identifier: ISC */
/*
 * Flows as rows of a table.
 *
 * Every file of flows, and the memory of `mem:`, has a table `flow_rows`; queries see the view
 * `flows`, which has the same columns.  Rows are gathered into whole chunks across calls, so a
 * caller may hand over as few flows at a time as it likes.
 */
#ifndef YAGURA_STORE_FLOWS_H
#define YAGURA_STORE_FLOWS_H

#include "store/backend.h"
#include "store/writer.h"

#define FLOWS_TABLE "flow_rows"

struct flows_writer {
	struct writer writer;
	struct address *addresses; /* owned: where the chunk's address cells point */
	size_t filled;             /* rows of the chunk so far */
};

/* "CREATE TABLE IF NOT EXISTS <catalog.>flow_rows (…)"; owned by the caller. */
char *flows_create_sql(const char *catalog);
/* The columns that queries see, with commas between; owned by the caller. */
char *flows_columns_sql(void);
/* The same columns for a view that has no day yet: "0::UBIGINT AS input, …". */
char *flows_nothing_sql(void);

MUST_CHECK enum err flows_open(struct flows_writer *ret_writer, struct engine *engine,
    const struct writer_place *place, struct err_info *info);
void flows_close(struct flows_writer *writer);

/* Appends; `number` is that of the commit which will hold them. */
MUST_CHECK enum err flows_append(struct flows_writer *writer, const struct store_flows *flows,
    uint64_t number, struct err_info *info);
MUST_CHECK enum err flows_flush(struct flows_writer *writer, struct err_info *info);

#endif
