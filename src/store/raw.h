/* SPDX-License-Identifier: ISC */
/*
 * Raw rows: what is stored of every flow and of every DNS transaction, in columns.
 *
 * Raw rows are too many for tables that people query: a set of them (`flows_raw`, `dns_raw`) has
 * one or more tables, whose rows are one STRUCT of packed fields (writer.h says why), and views
 * that show what the fields stand for.  In a directory each set has a file a day (days.h), in
 * `mem:` all of it is in the one database.  The first three fields of every table are the same:
 * commit_number, input and window_begin.
 *
 * Rows are gathered into whole chunks across calls, so a caller may hand over as few at a time as
 * it likes.
 */
#ifndef YAGURA_STORE_RAW_H
#define YAGURA_STORE_RAW_H

#include "store/backend.h"
#include "store/writer.h"

#define RAW_TABLES 2 /* at most, of a set */
#define RAW_VIEWS  2 /* addresses as octets; addresses as two numbers: grouping these is faster */

/* Octets that the text and blob cells of one row may take together. */
#define RAW_TEXT_MOST 1200

/* What a fill function gets. */
struct raw_fill {
	const void *items; /* borrowed */
	size_t count;
	const void *options; /* borrowed: of the call */
	char **heap;         /* text of cells: taken from its front, stays until handed over */
};

struct raw_column {
	const char *name;
	enum column_type type;
	size_t cell_size;
	void (*fill)(void *cells, const struct raw_fill *fill);
};

/* The columns in front of every table, which raw.c fills itself. */
#define RAW_FRONT_COLUMNS                                                           \
	{ "commit_number", COLUMN_U64, 8, NULL }, { "input", COLUMN_U64, 8, NULL }, \
	    { "window_begin", COLUMN_TIME, 8, NULL },

struct raw_table {
	const char *name;
	const struct raw_column *columns;
	size_t column_count; /* at most RAW_COLUMNS */
	bool has_text;
};

#define RAW_COLUMNS 48

/* What the views show of each table: an expression, or NULL for the field of the same name.  Of an
 * address: what its two fields begin with, or "" for no address. */
struct raw_view_column {
	const char *name;
	const char *expressions[RAW_TABLES];
	bool is_address;
};

struct raw_set {
	const char *directory; /* of its files, and what their catalogs begin with */
	const char *registry;  /* the table that says which input has rows in which day */
	const char *field;     /* the one column of every table, a STRUCT */
	const char *time;      /* the field by which rows are filed and grow old */
	const char *views[RAW_VIEWS];
	const struct raw_table *tables;
	size_t table_count;
	const struct raw_view_column *columns;
	size_t column_count;
	nsec_t (*time_of[RAW_TABLES])(const void *items, size_t at);
	size_t stride[RAW_TABLES]; /* octets from item to item */
};

/* Rows to be appended to one table. */
struct raw_rows {
	const struct raw_set *set;
	size_t table; /* its number in the set */
	uint64_t input;
	nsec_t window_begin;
	const void *items;   /* borrowed */
	const void *options; /* borrowed, for the fill functions */
	size_t count;
};

struct raw_writer {
	struct writer writer;
	const struct raw_table *table; /* borrowed */
	size_t filled;                 /* rows of the chunk so far */
	char *heap;                    /* owned: text of those rows; NULL in tables without */
	size_t heap_size;
};

/* The SELECT of a view from a table or what has its columns; owned by the caller. */
char *raw_view_sql(const struct raw_set *set, size_t table, size_t view, const char *from);
/* "CREATE TABLE IF NOT EXISTS <catalog.>flow_rows (…)"; owned by the caller. */
char *raw_create_sql(const struct raw_set *set, size_t table, const char *catalog);
/* A SELECT with the columns of the view and no rows; owned by the caller. */
char *raw_nothing_sql(const struct raw_set *set, size_t view);

/* The table is there; place.table need not be set. */
MUST_CHECK enum err raw_open(struct raw_writer *ret_writer, struct engine *engine,
    const struct raw_table *table, const struct writer_place *place, struct err_info *info);
/* A zeroed writer is closed already. */
void raw_close(struct raw_writer *writer);
bool raw_is_open(const struct raw_writer *writer);

/* Appends rows of the writer's table; `number` is that of the commit which will hold them. */
MUST_CHECK enum err raw_append(
    struct raw_writer *writer, const struct raw_rows *rows, uint64_t number, struct err_info *info);
MUST_CHECK enum err raw_flush(struct raw_writer *writer, struct err_info *info);

#endif
