/* SPDX-License-Identifier: ISC */
/*
 * A store backend: one line in store/LIST, one struct of functions.
 *
 * The functions are those of store.h; `store` is what `open` made, and begins with a struct store.
 */
#ifndef YAGURA_STORE_BACKEND_H
#define YAGURA_STORE_BACKEND_H

#include "store/store.h"

struct store_raw;

struct store_backend {
	const char *scheme; /* the part of the URL before the colon */
	/* `place` is the part after the colon. */
	enum err (*open)(const char *place, const struct store_options *options,
	    struct store **ret_store, struct err_info *info);
	void (*close)(struct store *store);
	enum err (*declare)(
	    struct store *store, const struct table *tables, size_t count, struct err_info *info);
	enum err (*declare_sums)(struct store *store, const struct table_sums *sums, size_t count,
	    struct err_info *info);
	enum err (*append)(struct store *store, uint64_t input, nsec_t window_begin,
	    const struct rows *rows, struct err_info *info);
	enum err (*append_raw)(
	    struct store *store, const struct store_raw *rows, struct err_info *info);
	enum err (*input_begin)(struct store *store, struct store_input *input,
	    store_fingerprint_fn fingerprint, enum store_input_state *ret_state,
	    uint64_t *ret_resume_windows, struct err_info *info);
	enum err (*input_update)(
	    struct store *store, const struct store_input *input, struct err_info *info);
	enum err (*commit)(struct store *store, struct err_info *info);
	void (*rollback)(struct store *store);
	struct query_source (*query)(struct store *store, bool streaming);
	enum err (*drop_before)(struct store *store, nsec_t time, struct err_info *info);
	enum err (*drop_rows_before)(struct store *store, nsec_t time, struct err_info *info);
	/* Raw rows of flows, or of DNS transactions. */
	enum err (*drop_raw_before)(
	    struct store *store, bool dns, nsec_t time, struct err_info *info);
	enum err (*export)(struct store *store, const char *sql, const char *format,
	    const char *path, struct err_info *info);
	enum err (*check)(struct store *store, struct err_info *info);
	enum err (*stats)(
	    struct store *store, struct store_stats *ret_stats, struct err_info *info);
};

enum store_raw_kind {
	STORE_FLOWS,        /* items are struct flow */
	STORE_RECORDS,      /* items are pointers to struct flow_record */
	STORE_TRANSACTIONS, /* items are struct dns_transaction, options struct store_privacy */
};

/* The raw rows of one call of store_append_flows, store_append_records or
 * store_append_transactions. */
struct store_raw {
	enum store_raw_kind kind;
	uint64_t input;
	nsec_t window_begin;
	const void *items;   /* borrowed */
	const void *options; /* borrowed */
	size_t count;
};

struct store {
	const struct store_backend *backend;
};

/* Every backend of store/LIST; ends with NULL. */
extern const struct store_backend *const STORES[];

#endif
