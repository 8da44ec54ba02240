/* SPDX-License-Identifier: ISC */
/*
 * An analysis: one file, one line in analysis/LIST.
 *
 * It declares what it consumes, its settings, the tables it yields, and seven functions.  The
 * pipeline makes one state per logical shard (ANALYSIS_SHARDS of them, whatever the number of
 * threads), feeds each with the batches of its shard in input order, and at a window's end merges
 * the states in shard order and asks for rows:
 *
 *	init → (clear, observe…, merge…, finish)… → release        per window, in the worker
 *	section                                                    when a review is made, from
 * stored rows only
 *
 * Laws that tests/contract checks for every analysis in the list: nothing in, no rows out; one
 * worker and four give the same rows; the same input gives the same bytes; defaults are valid;
 * doc/analyses/<name>.md and tests/golden/<name>/ exist.  So an analysis never looks at the wall
 * clock, at addresses of objects, or at keyed hashes for anything it prints.
 *
 * No allocation per observation: tables are sized in init.
 */
#ifndef YAGURA_ANALYSIS_ANALYSIS_H
#define YAGURA_ANALYSIS_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/settings.h"
#include "net/geo.h"
#include "net/site.h"
#include "net/suffix.h"
#include "obs/batch.h"
#include "obs/section.h"
#include "obs/table.h"

#define ANALYSIS_SHARDS 8

/* What init gets; all of it outlives the state. */
struct analysis_context {
	const struct settings *settings;
	const struct site *site;
	struct hash_secret secret;          /* for hash tables */
	const struct suffix_list *suffixes; /* public suffixes; may be NULL */
	const struct geo *countries;        /* ISO 3166 codes by address (geo_text); may be NULL */
	const struct geo *systems;          /* AS numbers (geo_number); may be NULL */
};

struct window {
	nsec_t begin; /* a multiple of the window length since 1970 */
	nsec_t end;
};

/* Where finish puts its rows: one `struct rows` per declared table, in declaration order. */
struct row_sink {
	struct rows *const *tables;
};

/* What section gets. */
struct section_context {
	const struct query_source *store;
	const struct settings *settings;
	const struct site *site;
	const struct suffix_list *suffixes; /* public suffixes; may be NULL */
	const struct geo *countries;        /* as in analysis_context */
	const struct geo *systems;
	nsec_t begin, end;  /* the review's period: rows with begin <= window_begin < end count */
	nsec_t first, last; /* times of the first and last packet in the period */
	nsec_t compare_begin, compare_end; /* the period it is compared with; both 0: none */
	bool publish; /* the review will be published: no absolute volumes, no cell with fewer than
			 PUBLISH_LEAST users */
};

#define PUBLISH_LEAST 10

/* Two sightings of one subject that are further apart are two findings. */
#define FINDING_GAP ((nsec_t)600 * NSEC_PER_SEC)

/* The condition that keeps rows of the review's period, for a query's WHERE: "… WHERE" PERIOD_SQL,
 * PERIOD_ARGS(c). */
#define PERIOD_SQL      " window_begin >= %llu AND window_begin < %llu "
#define PERIOD_ARGS(c)  analysis_ms((c)->begin), analysis_ms((c)->end)
#define COMPARE_ARGS(c) analysis_ms((c)->compare_begin), analysis_ms((c)->compare_end)

static inline unsigned long long
analysis_ms(nsec_t time)
{
	return time > 0 ? (unsigned long long)(time / NSEC_PER_MS) : 0;
}

struct analysis {
	const char *name;  /* "traffic/volume"; the part before the slash is the chapter */
	const char *title; /* the section's heading */
	unsigned consumes; /* set of enum obs_type */
	const struct setting *settings;
	size_t setting_count;
	const struct table *tables;
	size_t table_count;
	const struct table_sums
	    *sums; /* those of the tables whose rows the store may put together */
	size_t sum_count;
	size_t state_size;
	bool publishes; /* section() itself obeys context->publish */

	/* Prepares a zeroed state.  ERR_CONFIG when settings contradict each other. */
	enum err (*init)(
	    void *state, const struct analysis_context *context, struct err_info *info);
	/* Frees what the state owns; accepts a zeroed state. */
	void (*release)(void *state);
	/* Back to empty, for the next window.  Costs what the window touched, not what the state
	 * could hold. */
	void (*clear)(void *state);
	/* Takes one batch of a consumed type. */
	void (*observe)(void *state, const struct batch *batch);
	/* Adds `from` into `into`; `from` is cleared by the caller afterwards. */
	void (*merge)(void *into, const void *from);
	/* Yields the rows of a window; none when nothing was observed. */
	void (*finish)(void *state, const struct window *window, const struct row_sink *sink);
	/* Builds the section from stored rows.  Returns ERR_END when there is nothing to say (the
	 * section is left out). */
	enum err (*section)(
	    const struct section_context *context, struct section *section, struct err_info *info);
};

/* Every analysis of analysis/LIST, in its order: the order of the review.  Ends with NULL. */
extern const struct analysis *const ANALYSES[];

/* By name; NULL when there is none. */
const struct analysis *analysis_find(const char *name);

#endif
