/* SPDX-License-Identifier: ISC */
/*
 * Flows as rows of a table.
 *
 * Every file of flows, and the memory of `mem:`, has up to two tables: `flow_rows` of the flows
 * that were metered here, and `record_rows` of what exporters said, which have more columns (and
 * whose cost the meter shall not pay).  Queries see the view `flows` made of both; what a metered
 * flow does not have is a constant there.  Names are IPFIX elements in snake case; `source` is the
 * initiator (RFC 5103) of a metered flow and the source of a record, and what begins with
 * `reverse_` is the other direction.  Times are milliseconds; a direction without packets has 0.
 *
 * Rows are gathered into whole chunks across calls, so a caller may hand over as few flows at a
 * time as it likes.
 */
#ifndef YAGURA_STORE_FLOWS_H
#define YAGURA_STORE_FLOWS_H

#include "store/backend.h"
#include "store/writer.h"

enum flows_kind {
	FLOWS_METERED,
	FLOWS_EXPORTED,
	FLOWS_KINDS,
};

/* The kind of what is appended. */
static inline enum flows_kind
flows_kind(const struct store_flows *flows)
{
	return flows->records != NULL ? FLOWS_EXPORTED : FLOWS_METERED;
}

struct flows_writer {
	struct writer writer;
	enum flows_kind kind;
	size_t filled; /* rows of the chunk so far */
};

/* The table's name. */
const char *flows_table(enum flows_kind kind);

/* What queries see.  Grouping by an address is several times as fast by its two numbers. */
enum flows_view {
	FLOWS_ADDRESSES, /* `flows` */
	FLOWS_NUMBERS,   /* `flow_numbers`: source_address_high, source_address_low … instead */
	FLOWS_VIEWS,
};

const char *flows_view_name(enum flows_view view);

/* The SELECT of a view from a kind's table or what has its columns; owned by the caller. */
char *flows_view_sql(enum flows_kind kind, enum flows_view view, const char *from);

/* "CREATE TABLE IF NOT EXISTS <catalog.>flow_rows (…)"; owned by the caller. */
char *flows_create_sql(enum flows_kind kind, const char *catalog);
/* A SELECT with the columns of the view and no rows; owned by the caller. */
char *flows_nothing_sql(enum flows_view view);

/* The table, of the given kind, is there; place.table need not be set. */
MUST_CHECK enum err flows_open(struct flows_writer *ret_writer, struct engine *engine,
    enum flows_kind kind, const struct writer_place *place, struct err_info *info);
/* A zeroed writer is closed already. */
void flows_close(struct flows_writer *writer);
bool flows_is_open(const struct flows_writer *writer);

/* Appends; `number` is that of the commit which will hold them. */
MUST_CHECK enum err flows_append(struct flows_writer *writer, const struct store_flows *flows,
    uint64_t number, struct err_info *info);
MUST_CHECK enum err flows_flush(struct flows_writer *writer, struct err_info *info);

#endif
