/* SPDX-License-Identifier: ISC */
/*
 * yagura query: answers from a store on the terminal, as CSV, JSON or Parquet.
 *
 * The operand is one SELECT, or the word `flows` with filters, from which a SELECT is made here.
 * The store is opened for reading, and what the SELECT may reach is the store's concern
 * (doc/design/store.md).
 */
#include <inttypes.h>
#include <signal.h>

#include "base/xmalloc.h"
#include "cmd/common.h"
#include "cmd/query_flows.h"
#include "cmd/rows.h"

static const struct opt OPTIONS[] = {
	OPT_STORE,
	{ "csv", 0, NULL, "print comma-separated values" },
	{ "json", 0, NULL, "print a JSON array of objects" },
	{ "parquet", 0, "FILE", "write a Parquet file" },
	QUERY_FLOWS_OPTIONS,
	{ "skip-damaged", 0, NULL, "leave out days of flows whose file does not read" },
	OPT_CONFIG,
	OPT_END,
};

/* --- answering -------------------------------------------------------------------------------- */

static enum err
print_answer(struct store *store, const char *sql, const struct opt_values *values, uint64_t limit,
    struct err_info *info)
{
	struct query_source source = store_stream(store);
	struct result *r;
	uint64_t count = 0;
	enum err e = query_run(&source, &r, info, "%s", sql);

	if (e != ERR_OK)
		return e;
	if (opt_given(values, "csv"))
		e = rows_print_csv(r, stdout, &count, info);
	else if (opt_given(values, "json"))
		e = rows_print_json(r, stdout, &count, info);
	else
		e = rows_print_table(r, stdout, &count, info);
	if (e == ERR_END) {
		e = ERR_OK; /* whoever reads has seen enough */
		limit = 0;
	} else if (e == ERR_OK && store_result_error(r) != NULL) {
		struct err_info damage = { .text = "" };
		bool damaged = store_check(store, &damage) == ERR_DAMAGED;
		e = err_set(info, damaged ? ERR_DAMAGED : ERR_IO, "the answer ends early: %.400s",
		    damaged ? damage.text : store_result_error(r));
	}
	result_free(r);
	if (e == ERR_OK && limit != 0 && count == limit && !opt_given(values, "limit"))
		(void)fprintf(stderr,
		    "yagura query: the first %" PRIu64 " flows; --limit 0 gives all\n", limit);
	return e;
}

/* The SELECT that answers: the quicker one where it will do. */
static enum err
choose_sql(
    struct store *store, const struct query_flows *q, const char **ret_sql, struct err_info *info)
{
	struct query_source source = store_query(store);
	struct result *r;
	enum err e;

	*ret_sql = q->sql;
	if (q->probe == NULL)
		return ERR_OK;
	e = query_run(&source, &r, info, "%s", q->probe);
	if (e != ERR_OK)
		return e;
	if (result_next(r) && result_u64(r, 0) == 1)
		*ret_sql = q->uniform;
	result_free(r);
	return ERR_OK;
}

static enum err
answer_from(struct store *store, const struct opt_values *values, const struct query_flows *q,
    struct err_info *info)
{
	const char *sql;
	enum err e = choose_sql(store, q, &sql, info);

	if (e != ERR_OK)
		return e;
	return opt_given(values, "parquet")
		   ? store_export(store, sql, "parquet", opt_value(values, "parquet"), info)
		   : print_answer(store, sql, values, q->limit, info);
}

static enum err
answer(const struct opt_values *values, const struct config *config, const struct query_flows *q,
    struct err_info *info)
{
	const char *url = opt_value(values, "store");
	struct store_options options = {
		.mode = STORE_READ,
		.memory_limit = settings_size(config->store, "memory_limit"),
		.skip_damaged = opt_given(values, "skip-damaged"),
	};
	struct store *store;
	enum err e;

	if (url == NULL)
		url = settings_text(config->store, "url");
	if (strcmp(url, "mem:") == 0)
		return err_set(
		    info, ERR_USAGE, "a store that lasts is needed: --store duckdb:DIRECTORY");
	e = store_open(url, &options, &store, info);
	if (e != ERR_OK)
		return e;
	e = answer_from(store, values, q, info);
	store_close(store);
	return e;
}

/* What cannot be meant. */
static enum err
check_usage(const struct opt_values *values, bool flows, struct err_info *info)
{
	if (values->operand_count != 1)
		return err_set(info, ERR_USAGE, "it takes one SELECT in quotes, or the word flows");
	if (opt_given(values, "csv") + opt_given(values, "json") + opt_given(values, "parquet") > 1)
		return err_set(info, ERR_USAGE, "--csv, --json and --parquet exclude each other");
	for (const struct opt *o = OPTIONS; o->name != NULL && !flows; o++)
		if (query_flows_option(o->name) && opt_given(values, o->name))
			return err_set(
			    info, ERR_USAGE, "--%s belongs to `yagura query flows`", o->name);
	return ERR_OK;
}

static int
run(const struct opt_values *values)
{
	bool flows = values->operand_count > 0 && strcmp(values->operands[0], "flows") == 0;
	struct err_info why = { .text = "" };
	struct config config;
	struct query_flows q = { NULL, NULL, NULL, 0 };
	enum err e = check_usage(values, flows, &why);

	/* `yagura query … | head` must still leave the store in good order. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (e == ERR_OK && flows)
		e = query_flows_make(values, &q, &why);
	else if (e == ERR_OK)
		q.sql = xstrdup(values->operands[0]);
	if (e == ERR_OK)
		e = common_config(values, &config, &why);
	if (e == ERR_OK) {
		e = answer(values, &config, &q, &why);
		config_release(&config);
	}
	query_flows_release(&q);
	if (e != ERR_OK)
		return common_fail("query", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	return EXIT_DONE;
}

const struct command command_query = {
	.name = "query",
	.summary = "answer questions about what a store holds",
	.operands = "SQL | flows",
	.options = OPTIONS,
	.run = run,
};
