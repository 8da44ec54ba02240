/* SPDX-License-Identifier: ISC */
/* yagura ingest: read and analyse inputs into a store, no review. */
#include "cmd/common.h"

static const struct opt OPTIONS[] = {
	OPT_STORE,
	{ "no-flows", 0, NULL, "keep the analyses' rows only, not every flow and DNS transaction" },
	OPT_CONFIG,
	OPT_THREADS,
	OPT_WITHOUT,
	OPT_DNS_STATE,
	OPT_QUIET,
	OPT_END,
};

static int
run(const struct opt_values *values)
{
	struct store_options options = { .mode = STORE_WRITE };
	struct common_outcome outcome = { 0 };
	const char *url = opt_value(values, "store");
	struct err_info why = { .text = "" };
	struct config config;
	struct store *store = NULL;
	enum err e;

	if (values->operand_count == 0)
		return common_fail("ingest", EXIT_USAGE,
		    "no input named; `yagura ingest -h` describes the command");
	e = common_config(values, &config, &why);
	if (e != ERR_OK)
		return common_fail("ingest", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	if (url == NULL)
		url = settings_text(config.store, "url");
	options.memory_limit = settings_size(config.store, "memory_limit");
	if (strcmp(url, "mem:") == 0)
		e = err_set(
		    &why, ERR_USAGE, "a store that lasts is needed: --store duckdb:DIRECTORY");
	else
		e = store_open(url, &options, &store, &why);
	if (e == ERR_OK) {
		e = common_ingest(
		    values, &config, store, !opt_given(values, "no-flows"), &outcome, &why);
		store_close(store);
	}
	common_outcome_release(&outcome);
	config_release(&config);
	if (e != ERR_OK)
		return common_fail("ingest", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	return outcome.failed != 0 ? EXIT_FAILED : EXIT_DONE;
}

const struct command command_ingest = {
	.name = "ingest",
	.summary = "read and analyse inputs into a store, no review",
	.operands = "INPUT…",
	.options = OPTIONS,
	.run = run,
};
