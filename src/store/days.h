/* SPDX-License-Identifier: ISC */
/*
 * The files of raw rows of a directory store, by UTC day: flows/YYYY-MM-DD.duckdb by the day a flow
 * ended, dns/YYYY-MM-DD.duckdb by the day a transaction began.
 *
 * The engine cannot write two databases in one transaction, so a commit writes the days first and
 * summary.duckdb, which says that the commit happened, last.  Each row carries the number of its
 * commit; rows of commits that summary.duckdb never saw are what a crash left behind.  To find
 * them without opening every file, summary.duckdb has a table (`flow_days`, `dns_days`) with a row
 * for every day and input, committed before the first row of that input goes into that day.  What
 * may be left behind is then in the days of inputs that are not complete, and rows of inputs that
 * are no longer registered are garbage.
 *
 * A capture whose clock jumps about must not cost a file for every packet: one commit writes to no
 * more than DAYS_AT_ONCE days, one run makes no more than DAYS_NEW files, and what does not fit
 * goes to other.duckdb.  Queries see no difference.
 */
#ifndef YAGURA_STORE_DAYS_H
#define YAGURA_STORE_DAYS_H

#include "store/raw.h"

#define DAY_TEXT_SIZE 11 /* "2014-06-01" */
#define DAY_OTHER     UINT32_MAX
#define DAYS_AT_ONCE  32
#define DAYS_NEW      366

struct day {
	uint32_t number;          /* days since 1970-01-01, or DAY_OTHER */
	char name[DAY_TEXT_SIZE]; /* of the file */
	char catalog[24];         /* "flows_2014_06_01" */
	char *path;               /* owned */
	duckdb_connection connection;
	struct raw_writer writers[RAW_TABLES]; /* opened with the first row */
	bool attached;
	bool damaged;         /* known not to read */
	bool writing;         /* its transaction is open */
	uint64_t noted_input; /* the registry has this input for this day */
	uint64_t used;        /* number of the commit it was last used in */
};

struct days {
	struct engine *engine;     /* borrowed */
	const struct raw_set *set; /* borrowed */
	struct day *all;           /* owned */
	size_t count;
	size_t last;          /* where the last row went */
	size_t writing, made; /* days with an open transaction; files made by this run */
	bool viewed;          /* the views are up to date, and every day attached */
	bool skip_damaged;
};

void days_init(struct days *days, struct engine *engine, const struct raw_set *set);
void days_release(struct days *days);

MUST_CHECK enum err
days_append(struct days *days, const struct raw_rows *rows, uint64_t number, struct err_info *info);
MUST_CHECK enum err days_commit(struct days *days, struct err_info *info);
void days_rollback(struct days *days);

/* Deletes what a crash left behind and what belongs to inputs that are gone.  `last` is the number
 * of the last commit of summary.duckdb. */
MUST_CHECK enum err days_clean(struct days *days, uint64_t last, struct err_info *info);

/* Makes the views over every day for engine.reader. */
MUST_CHECK enum err days_view(struct days *days, uint64_t last, struct err_info *info);

/* Reads every row of every day; ERR_DAMAGED names the first file that does not read. */
MUST_CHECK enum err days_check(struct days *days, struct err_info *info);

/* Removes the files of days that ended before `time`; with `exactly`, also the rows before it from
 * the day it falls into. */
MUST_CHECK enum err
days_drop_before(struct days *days, nsec_t time, bool exactly, struct err_info *info);

/* Octets of all files. */
uint64_t days_octets(const struct days *days);

#endif
