/* SPDX-License-Identifier: ISC */
/*
 * yagura query: answers from a store on the terminal, as CSV, JSON or Parquet.
 *
 * The operand is one SELECT, or one of the words `flows`, `dns` and `dns passive` with filters,
 * from which a SELECT is made here, or `findings`, which sections of the review make. The store is
 * opened for reading, and what the SELECT may reach is the store's concern (doc/design/store.md).
 */
#include <inttypes.h>
#include <signal.h>

#include "base/xmalloc.h"
#include "cmd/cof.h"
#include "cmd/common.h"
#include "cmd/query_dns.h"
#include "cmd/query_findings.h"
#include "cmd/query_flows.h"
#include "cmd/rows.h"

static const struct opt OPTIONS[] = {
	OPT_STORE,
	{ "csv", 0, NULL, "print comma-separated values" },
	{ "json", 0, NULL, "print a JSON array of objects" },
	{ "parquet", 0, "FILE", "write a Parquet file" },
	QUERY_FLOWS_OPTIONS,
	QUERY_DNS_OPTIONS,
	QUERY_FINDINGS_OPTIONS,
	{ "skip-damaged", 0, NULL,
	    "leave out days of flows and transactions whose file does not read" },
	OPT_CONFIG,
	OPT_END,
};

/* --- answering -------------------------------------------------------------------------------- */

/* How rows are printed, and for whom. */
struct form {
	const struct opt_values *values;
	const char *sensor; /* of --cof */
	uint64_t limit;     /* what people get */
};

static enum err
print_answer(struct store *store, const char *sql, const struct form *form, struct err_info *info)
{
	const struct opt_values *values = form->values;
	uint64_t limit = form->limit;
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
	else if (opt_given(values, "cof"))
		e = cof_print(r, stdout, form->sensor, info);
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
		    "yagura query: the first %" PRIu64 " rows; --limit 0 gives all\n", limit);
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
answer_from(struct store *store, const struct form *form, const struct query_flows *q,
    struct err_info *info)
{
	const struct opt_values *values = form->values;
	const char *sql;
	enum err e = choose_sql(store, q, &sql, info);

	if (e != ERR_OK)
		return e;
	return opt_given(values, "parquet")
		   ? store_export(store, sql, "parquet", opt_value(values, "parquet"), info)
		   : print_answer(store, sql, form, info);
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
	const char *site = config->site.name;
	struct form form = { values, site != NULL ? site : "yagura", q->limit };
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
	e = q->sql == NULL ? query_findings_print(values, config, store, info)
			   : answer_from(store, &form, q, info);
	store_close(store);
	return e;
}

/* What the operands ask for. */
enum subject {
	SUBJECT_SQL,
	SUBJECT_FINDINGS,
	SUBJECT_FLOWS,
	SUBJECT_DNS,
	SUBJECT_PASSIVE,
};

static enum subject
subject_of(const struct opt_values *values)
{
	const char *first = values->operand_count > 0 ? values->operands[0] : "";

	if (values->operand_count == 2 && strcmp(first, "dns") == 0 &&
	    strcmp(values->operands[1], "passive") == 0)
		return SUBJECT_PASSIVE;
	if (strcmp(first, "flows") == 0)
		return SUBJECT_FLOWS;
	if (strcmp(first, "findings") == 0)
		return SUBJECT_FINDINGS;
	return strcmp(first, "dns") == 0 ? SUBJECT_DNS : SUBJECT_SQL;
}

/* Whether an option means something for the subject. */
static bool
belongs(enum subject subject, const char *name)
{
	bool shared = query_dns_shares(name);
	bool period = strcmp(name, "from") == 0 || strcmp(name, "to") == 0;

	if (query_findings_option(name) || (subject == SUBJECT_FINDINGS && period))
		return subject == SUBJECT_FINDINGS;
	if (query_flows_option(name) && !(shared && subject >= SUBJECT_DNS))
		return subject == SUBJECT_FLOWS;
	return !query_dns_option(name) || subject >= SUBJECT_DNS;
}

/* What cannot be meant. */
static enum err
check_usage(const struct opt_values *values, enum subject subject, struct err_info *info)
{
	if (values->operand_count != (subject == SUBJECT_PASSIVE ? 2 : 1))
		return err_set(info, ERR_USAGE,
		    "it takes one SELECT in quotes, or the words flows, findings, dns, dns "
		    "passive");
	if (opt_given(values, "csv") + opt_given(values, "json") + opt_given(values, "parquet") +
		opt_given(values, "cof") >
	    1)
		return err_set(
		    info, ERR_USAGE, "--csv, --json, --parquet and --cof exclude each other");
	for (const struct opt *o = OPTIONS; o->name != NULL; o++)
		if (!belongs(subject, o->name) && opt_given(values, o->name))
			return err_set(info, ERR_USAGE, "--%s belongs to `yagura query %s`",
			    o->name,
			    query_findings_option(o->name) ? "findings"
			    : query_flows_option(o->name)  ? "flows"
							   : "dns");
	if (subject == SUBJECT_FINDINGS && opt_given(values, "parquet"))
		return err_set(info, ERR_USAGE, "findings are printed as a table, CSV or JSON");
	return query_findings_check(values, info);
}

static enum err
make_query(const struct opt_values *values, enum subject subject, struct query_flows *q,
    struct err_info *info)
{
	switch (subject) {
	case SUBJECT_FINDINGS: return ERR_OK; /* they are made, not selected */
	case SUBJECT_FLOWS: return query_flows_make(values, q, info);
	case SUBJECT_DNS: return query_dns_make(values, &q->sql, &q->limit, info);
	case SUBJECT_PASSIVE: return query_passive_make(values, &q->sql, &q->limit, info);
	default: q->sql = xstrdup(values->operands[0]); return ERR_OK;
	}
}

static int
run(const struct opt_values *values)
{
	enum subject subject = subject_of(values);
	struct err_info why = { .text = "" };
	struct config config;
	struct query_flows q = { NULL, NULL, NULL, 0 };
	enum err e = check_usage(values, subject, &why);

	/* `yagura query … | head` must still leave the store in good order. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (e == ERR_OK)
		e = make_query(values, subject, &q, &why);
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
	.operands = "SQL | flows | findings | dns [passive]",
	.options = OPTIONS,
	.run = run,
};
