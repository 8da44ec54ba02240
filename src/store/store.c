/* SPDX-License-Identifier: ISC */
/* The store's door: finds the backend that a URL names and passes every call on; see store.h. */
#include "store/store.h"

#include "store/backend.h"

enum err
store_open(const char *url, const struct store_options *options, struct store **ret_store,
    struct err_info *info)
{
	const char *colon = strchr(url, ':');

	for (const struct store_backend *const *b = STORES; colon != NULL && *b != NULL; b++)
		if (strlen((*b)->scheme) == (size_t)(colon - url) &&
		    memcmp((*b)->scheme, url, (size_t)(colon - url)) == 0)
			return (*b)->open(colon + 1, options, ret_store, info);
	return err_set(
	    info, ERR_USAGE, "\"%.200s\" is no store: `mem:` and `duckdb:DIRECTORY` are", url);
}

void
store_close(struct store *store)
{
	if (store != NULL)
		store->backend->close(store);
}

enum err
store_declare(struct store *store, const struct table *tables, size_t count, struct err_info *info)
{
	return store->backend->declare(store, tables, count, info);
}

enum err
store_declare_sums(
    struct store *store, const struct table_sums *sums, size_t count, struct err_info *info)
{
	return store->backend->declare_sums(store, sums, count, info);
}

enum err
store_append(struct store *store, uint64_t input, nsec_t window_begin, const struct rows *rows,
    struct err_info *info)
{
	return store->backend->append(store, input, window_begin, rows, info);
}

enum err
store_append_flows(struct store *store, uint64_t input, nsec_t window_begin,
    const struct flow *flows, size_t count, struct err_info *info)
{
	struct store_raw all = { STORE_FLOWS, input, window_begin, flows, NULL, count };

	return store->backend->append_raw(store, &all, info);
}

enum err
store_append_records(struct store *store, uint64_t input, nsec_t window_begin,
    const struct flow_record *const *records, size_t count, struct err_info *info)
{
	struct store_raw all = { STORE_RECORDS, input, window_begin, records, NULL, count };

	return store->backend->append_raw(store, &all, info);
}

enum err
store_append_transactions(
    struct store *store, const struct store_transactions *transactions, struct err_info *info)
{
	const struct store_transactions *t = transactions;
	struct store_raw all = { STORE_TRANSACTIONS, t->input, t->window_begin, t->all, &t->privacy,
		t->count };

	return store->backend->append_raw(store, &all, info);
}

enum err
store_input_begin(struct store *store, struct store_input *input, store_fingerprint_fn fingerprint,
    enum store_input_state *ret_state, uint64_t *ret_resume_windows, struct err_info *info)
{
	return store->backend->input_begin(
	    store, input, fingerprint, ret_state, ret_resume_windows, info);
}

enum err
store_input_update(struct store *store, const struct store_input *input, struct err_info *info)
{
	return store->backend->input_update(store, input, info);
}

enum err
store_commit(struct store *store, struct err_info *info)
{
	return store->backend->commit(store, info);
}

void
store_rollback(struct store *store)
{
	store->backend->rollback(store);
}

struct query_source
store_query(struct store *store)
{
	return store->backend->query(store, false);
}

struct query_source
store_stream(struct store *store)
{
	return store->backend->query(store, true);
}

enum err
store_drop_before(struct store *store, nsec_t time, struct err_info *info)
{
	return store->backend->drop_before(store, time, info);
}

enum err
store_drop_flows_before(struct store *store, nsec_t time, struct err_info *info)
{
	return store->backend->drop_raw_before(store, false, time, info);
}

enum err
store_retain(
    struct store *store, const struct store_retention *retention, nsec_t now, struct err_info *info)
{
	enum err e = ERR_OK;

	if (retention->windows != 0 && now > retention->windows)
		e = store->backend->drop_rows_before(store, now - retention->windows, info);
	if (e == ERR_OK && retention->flows != 0 && now > retention->flows)
		e = store->backend->drop_raw_before(store, false, now - retention->flows, info);
	if (e == ERR_OK && retention->transactions != 0 && now > retention->transactions)
		e = store->backend->drop_raw_before(
		    store, true, now - retention->transactions, info);
	return e;
}

enum err
store_export(struct store *store, const char *sql, const char *format, const char *path,
    struct err_info *info)
{
	return store->backend->export(store, sql, format, path, info);
}

enum err
store_check(struct store *store, struct err_info *info)
{
	return store->backend->check(store, info);
}

enum err
store_stats(struct store *store, struct store_stats *ret_stats, struct err_info *info)
{
	return store->backend->stats(store, ret_stats, info);
}
