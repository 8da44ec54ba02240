/* SPDX-License-Identifier: ISC */
/*
 * The store: where rows live.
 *
 *	store_open(url)          "mem:" (the engine in memory) or "duckdb:DIR" (DIR/summary.duckdb,
 * DIR/flows/YYYY-MM-DD.duckdb, DIR/dns/YYYY-MM-DD.duckdb) store_declare(tables)    creates what is
 *missing; adds columns that are new store_append(rows)       into the open transaction store_commit
 *everything appended since the last commit, or nothing store_query              SQL of the portable
 *subset (doc/design/store.md) over all tables, and `flows` over all days
 *
 * Addresses are 16 octets, times UInt64 milliseconds, no NULLs.  One process writes; a second one
 * that opens the same directory gets ERR_BUSY with a clear sentence.
 *
 * Registry.  `inputs` holds one row per input file: id, path, kind, fingerprint, octets, records,
 * begin, end, and how far it was committed.  An input is added once: store_input_begin tells
 *whether it is new, complete (nothing to do) or was interrupted.  Analysis is deterministic, so an
 * interrupted input is read again from its start and the windows that are already committed are
 * passed over (`resume_windows`).
 */
#ifndef YAGURA_STORE_STORE_H
#define YAGURA_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "obs/dns.h"
#include "obs/flow.h"
#include "obs/record.h"
#include "obs/table.h"

struct store;

enum store_mode {
	STORE_WRITE, /* create when missing */
	STORE_READ,  /* must exist; several readers may share it */
};

struct store_options {
	enum store_mode mode;
	uint64_t memory_limit; /* octets for the engine; 0: 1 GiB */
	unsigned threads;      /* of the engine; 0: 1 */
	bool skip_damaged;     /* queries of flows leave out days that do not read */
};

MUST_CHECK enum err store_open(const char *url, const struct store_options *options,
    struct store **ret_store, struct err_info *info);

/* Closes; what was not committed is gone.  NULL is fine. */
void store_close(struct store *store);

/* Makes sure the tables exist with these columns (and `input`, `window_begin` in front). */
MUST_CHECK enum err
store_declare(struct store *store, const struct table *tables, size_t count, struct err_info *info);

/* Rows of these declared tables add up: the store puts them together as they become many (see
 * struct table_sums and doc/design/store.md), and what an earlier run left now. */
MUST_CHECK enum err store_declare_sums(
    struct store *store, const struct table_sums *sums, size_t count, struct err_info *info);

/* Appends rows of a declared table for one input and window. */
MUST_CHECK enum err store_append(struct store *store, uint64_t input, nsec_t window_begin,
    const struct rows *rows, struct err_info *info);

/* Appends flows (table `flows`, one file a day by the flow's end).  `input` and `window_begin` as
 * above. */
MUST_CHECK enum err store_append_flows(struct store *store, uint64_t input, nsec_t window_begin,
    const struct flow *flows, size_t count, struct err_info *info);

/* Appends flow records to the same table: their counts unscaled, sampling rate, exporter,
 * interfaces and AS numbers beside them. */
MUST_CHECK enum err store_append_records(struct store *store, uint64_t input, nsec_t window_begin,
    const struct flow_record *const *records, size_t count, struct err_info *info);

/* How many bits of addresses are kept of those who ask: the clients of DNS transactions, and their
 * networks in the client subnet option. */
struct store_privacy {
	uint8_t ipv4_length, ipv6_length; /* 32 and 128: all */
};

/* What IIJ says it keeps of its resolvers' clients (iij.ad.jp/privacy/dns). */
#define STORE_PRIVACY_IIJ2020 ((struct store_privacy){ 22, 40 })
#define STORE_PRIVACY_NONE    ((struct store_privacy){ 32, 128 })

struct store_transactions {
	uint64_t input;
	nsec_t window_begin;
	struct store_privacy privacy;
	const struct dns_transaction *all; /* borrowed */
	size_t count;
};

/* Appends DNS transactions (table `dns`, one file a day by the time of the query).  What privacy
 * masks is nowhere in the store. */
MUST_CHECK enum err store_append_transactions(
    struct store *store, const struct store_transactions *transactions, struct err_info *info);

/* What is known of one input. */
struct store_input {
	uint64_t id;          /* given by the store */
	const char *path;     /* borrowed */
	const char *kind;     /* borrowed */
	char fingerprint[33]; /* of the octets read at the last commit; of the whole file when
				 complete */
	uint64_t octets;      /* how many octets that fingerprint covers */
	uint64_t records;
	nsec_t begin, end;
	uint64_t windows; /* windows committed so far */
	bool complete;
	const char *settings; /* borrowed: fingerprint of program version and settings that shaped
				 its rows */
	const char *damage;   /* borrowed: why it was not read to its end, or "" */
};

enum store_input_state {
	STORE_INPUT_NEW,
	STORE_INPUT_COMPLETE,    /* the same octets were ingested before */
	STORE_INPUT_INTERRUPTED, /* a run died: resume_windows of it are committed */
};

/* A function that gives the fingerprint of the first `octets` octets of the input at hand
 * (source_fingerprint). */
typedef enum err (*store_fingerprint_fn)(
    const char *path, uint64_t octets, char *ret_text, uint64_t *ret_octets, struct err_info *info);

/*
 * Registers an input about to be read.  `input->path`, `kind`, `settings` are set, and `octets` is
 * the file's size (UINT64_MAX when unknown: standard input).  `fingerprint` is asked only when the
 * registry holds a candidate. On STORE_INPUT_INTERRUPTED with other settings than now, its rows are
 * deleted in the open transaction and resume_windows is 0.
 */
MUST_CHECK enum err
store_input_begin(struct store *store, struct store_input *input, store_fingerprint_fn fingerprint,
    enum store_input_state *ret_state, uint64_t *ret_resume_windows, struct err_info *info);

/* Writes the registry row (progress or, with `complete`, the end) into the open transaction.  When
 * a complete input turns out to be known already (standard input read a second time), returns
 * ERR_BUSY and the caller rolls back. */
MUST_CHECK enum err
store_input_update(struct store *store, const struct store_input *input, struct err_info *info);

MUST_CHECK enum err store_commit(struct store *store, struct err_info *info);
void store_rollback(struct store *store);

/* Answers queries; read-only: anything that writes is refused.  Valid until store_close. */
struct query_source store_query(struct store *store);

/* The same for large answers: rows are made as they are read.  One at a time: no other query runs
 * until its result is freed.  store_result_error tells whether the rows ended too early. */
struct query_source store_stream(struct store *store);
const char *store_result_error(const struct result *result);

/* Deletes rows whose window began before `time`, and whole days of flows and transactions. */
MUST_CHECK enum err store_drop_before(struct store *store, nsec_t time, struct err_info *info);

/* Deletes the flows that ended before `time`: exactly those, for queries; their octets leave the
 * disk when the file of their day is removed, which is when all of its day lies before `time`. */
MUST_CHECK enum err
store_drop_flows_before(struct store *store, nsec_t time, struct err_info *info);

/* How long rows are kept after the latest time that the store knows of; 0: for ever. */
struct store_retention {
	nsec_t windows; /* rows of windows, in whole stretches where rows add up */
	nsec_t flows;
	nsec_t transactions;
};

/* Deletes what is older, as store_drop_flows_before and, for window rows, store_drop_before do.
 * `now` is that latest time; the caller makes sure that it is believable.  Between commits. */
MUST_CHECK enum err store_retain(struct store *store, const struct store_retention *retention,
    nsec_t now, struct err_info *info);

/* Exports the answer of a query to a file; format is "parquet", "csv" or "json". */
MUST_CHECK enum err store_export(struct store *store, const char *sql, const char *format,
    const char *path, struct err_info *info);

/* Reads everything; ERR_DAMAGED names the first file that does not read. */
MUST_CHECK enum err store_check(struct store *store, struct err_info *info);

struct store_stats {
	uint64_t rows;   /* over all tables */
	uint64_t octets; /* on disk */
};
MUST_CHECK enum err
store_stats(struct store *store, struct store_stats *ret_stats, struct err_info *info);

#endif
