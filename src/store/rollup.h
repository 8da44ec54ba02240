/* SPDX-License-Identifier: ISC */
/*
 * Rows of many windows put together, where they add up.
 *
 * A table of sums by user grows with every window, though what people ask of it is a day's total.
 * For a table whose sums are declared, rows of one input that agree in every other column and began
 * in the same stretch of time become one row with the smallest window_begin of them, so every sum
 * over whole stretches stays what it was.  Doing it twice changes nothing.
 *
 * That happens in a transaction of its own after a commit: when much more was appended than is
 * there already (so that each row is put together a bounded number of times), when the input is
 * complete, and when a store is opened whose last writer did not get to it.  The table `rollups` of
 * the store says which input has rows left to put together, and since when; it is written in the
 * transaction that appends the first of them.
 */
#ifndef YAGURA_STORE_ROLLUP_H
#define YAGURA_STORE_ROLLUP_H

#include "store/engine.h"

#define ROLLUP_TABLE "rollups"
/* So many rows are left lying at least. */
#define ROLLUP_LEAST 262144
/* And so many for each that was put together. */
#define ROLLUP_FACTOR 4

/* One table; all zero when it has no sums. */
struct rollup {
	char *name;       /* owned: of the table, as it is */
	char *select;     /* owned: how rows become one, without the condition */
	char *groups;     /* owned */
	uint64_t stretch; /* ms */
	uint64_t input;   /* whose rows came last */
	uint64_t begin;   /* ms: its rows before are done */
	uint64_t fresh;   /* rows appended since then */
	uint64_t kept;    /* rows beside them that were put together before */
	bool noted;       /* ROLLUP_TABLE says so */
};

/* Makes ROLLUP_TABLE when it is missing. */
MUST_CHECK enum err rollup_create(struct engine *engine, struct err_info *info);

/* Learns how a table is put together; `rollup` is zeroed. */
void rollup_declare(struct rollup *rollup, const struct table_sums *sums);
void rollup_release(struct rollup *rollup);

/* Rows were appended, in the open transaction. */
void rollup_appended(struct rollup *rollup, uint64_t input, uint64_t window_begin, size_t count);
/* Before a commit: writes down what is left to do. */
MUST_CHECK enum err
rollup_note(struct rollup *rollup, struct engine *engine, struct err_info *info);
/* The transaction was given up; what it had appended is not there. */
void rollup_forget(struct rollup *rollup);

/* After a commit: puts rows together when there are many. */
MUST_CHECK enum err rollup_run(struct rollup *rollup, struct engine *engine, struct err_info *info);
/* Puts together what is left of inputs that are complete, or of all. */
MUST_CHECK enum err
rollup_rest(struct rollup *rollup, struct engine *engine, bool complete, struct err_info *info);

/* The time, in ms, before which whole stretches lie before `time`. */
static inline uint64_t
rollup_floor(const struct rollup *rollup, uint64_t time)
{
	return rollup->stretch != 0 ? time - time % rollup->stretch : time;
}

#endif
