/* SPDX-License-Identifier: ISC */
/*
 * What the files of the DuckDB backend share: one open store.
 *
 *	mem:         one database in memory: all tables, flow_rows and record_rows
 *	duckdb:DIR   DIR/summary.duckdb: all tables; DIR/flows/YYYY-MM-DD.duckdb: flow_rows and
 *	             record_rows of the flows that ended that day (UTC), see days.h;
 *	             DIR/dns/YYYY-MM-DD.duckdb: dns_rows of the transactions that began that day
 *
 * Everything is written by one connection (engine.writer) in one transaction that begins with the
 * first change and ends with store_commit; flows of a directory have a connection for each day.
 */
#ifndef YAGURA_STORE_DUCK_H
#define YAGURA_STORE_DUCK_H

#include "store/days.h"
#include "store/tables.h"

extern const struct store_backend store_mem, store_duckdb;

/* The sets of raw rows. */
enum duck_set {
	DUCK_FLOWS,
	DUCK_DNS,
	DUCK_SETS,
};

struct duck {
	struct store base;
	struct engine engine;
	char *path;      /* owned: summary.duckdb, or "mem:" */
	bool writing;    /* a transaction is open */
	bool failed;     /* a commit failed: what is stored is good, this object is not */
	bool completed;  /* the open transaction completes an input */
	bool garbage;    /* an input was deleted whose raw rows are still in the days */
	uint64_t number; /* of the commit being prepared; the last one in the store is one less */
	struct tables tables;
	struct days days[DUCK_SETS];                          /* duckdb: */
	struct raw_writer raw_writers[DUCK_SETS][RAW_TABLES]; /* mem: */
};

/* A query for the tables whose rows have `input` and `window_begin`: all but the store's own. */
#define DUCK_ROW_TABLES                                                                         \
	"SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND "  \
	"table_name NOT IN ('store_state', 'inputs', 'flow_days', 'flow_rows', 'record_rows', " \
	"'dns_days', 'dns_rows', 'rollups') "                                                   \
	"ORDER BY table_name"

/* Opens the transaction when there is none.  ERR_IO after a failed commit. */
MUST_CHECK enum err duck_begin(struct duck *d, struct err_info *info);

/* registry.c: the functions of store_backend, and what an opened store needs. */
enum err registry_create(struct duck *d, struct err_info *info);
enum err registry_input_begin(struct store *store, struct store_input *input,
    store_fingerprint_fn fingerprint, enum store_input_state *ret_state,
    uint64_t *ret_resume_windows, struct err_info *info);
enum err
registry_input_update(struct store *store, const struct store_input *input, struct err_info *info);

#endif
