/* SPDX-License-Identifier: ISC */
/*
 * Flows as rows of a table.
 *
 * Every file of flows, and the memory of `mem:`, has a table `flow_rows`; queries see the view
 * `flows` made of it.  Names are IPFIX elements in snake case; `source` is the initiator (RFC
 * 5103), and what begins with `reverse_` is the other direction.  Times are milliseconds; a
 * direction without packets has 0.
 *
 * Rows are gathered into whole chunks across calls, so a caller may hand over as few flows at a
 * time as it likes.
 */
#ifndef YAGURA_STORE_FLOWS_H
#define YAGURA_STORE_FLOWS_H

#include "store/backend.h"
#include "store/writer.h"

#define FLOWS_TABLE "flow_rows"

struct flows_writer {
	struct writer writer;
	size_t filled; /* rows of the chunk so far */
};

/* The SELECT of the view `flows` from "flow_rows" or what has its columns; owned by the caller. */
char *flows_view_sql(const char *from);

/* "CREATE TABLE IF NOT EXISTS <catalog.>flow_rows (…)"; owned by the caller. */
char *flows_create_sql(const char *catalog);
/* A SELECT with the columns of the view and no rows; owned by the caller. */
char *flows_nothing_sql(void);

MUST_CHECK enum err flows_open(struct flows_writer *ret_writer, struct engine *engine,
    const struct writer_place *place, struct err_info *info);
/* A zeroed writer is closed already. */
void flows_close(struct flows_writer *writer);
bool flows_is_open(const struct flows_writer *writer);

/* Appends; `number` is that of the commit which will hold them. */
MUST_CHECK enum err flows_append(struct flows_writer *writer, const struct store_flows *flows,
    uint64_t number, struct err_info *info);
MUST_CHECK enum err flows_flush(struct flows_writer *writer, struct err_info *info);

#endif
