/* SPDX-License-Identifier: ISC */
/* yagura review: read inputs, analyse them, write the review. */
#include "cmd/common.h"
#include "cmd/period.h"

static const struct opt OPTIONS[] = {
	OPT_OUTPUT,
	OPT_JSON,
	OPT_STORE,
	OPT_CONFIG,
	OPT_THREADS,
	OPT_WITHOUT,
	OPT_DNS_STATE,
	OPT_PERIOD,
	OPT_QUIET,
	OPT_END,
};

/* With an open store: ingest, build, write. */
static enum err
make_review(const struct opt_values *values, const struct config *config, struct store *store,
    size_t *ret_failed, struct err_info *info)
{
	struct common_outcome outcome = { 0 };
	struct review_options options = { .from = 0 };
	bool keep_flows = opt_given(values, "store");
	enum err e = period_read(values, config, &options, info);

	if (e == ERR_OK)
		e = common_ingest(values, config, store, keep_flows, &outcome, info);
	if (e == ERR_OK) {
		options.failures = outcome.list;
		options.failure_count = outcome.list_count;
		e = common_review(values, config, store, &options, info);
	}
	*ret_failed = outcome.failed;
	common_outcome_release(&outcome);
	return e;
}

static int
run(const struct opt_values *values)
{
	struct store_options options = { .mode = STORE_WRITE };
	const char *url = opt_value(values, "store");
	struct err_info why = { .text = "" };
	struct config config;
	struct store *store;
	size_t failed = 0;
	enum err e;

	if (values->operand_count == 0)
		return common_fail("review", EXIT_USAGE,
		    "no input named; `yagura review -h` describes the command");
	e = common_config(values, &config, &why);
	if (e != ERR_OK)
		return common_fail("review", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	if (url == NULL && opt_value(values, "chapter") != NULL)
		common_keep_chapter(&config, opt_value(values, "chapter"));
	options.memory_limit = settings_size(config.store, "memory_limit");
	e = store_open(url != NULL ? url : "mem:", &options, &store, &why);
	if (e == ERR_OK) {
		e = make_review(values, &config, store, &failed, &why);
		store_close(store);
	}
	config_release(&config);
	if (e != ERR_OK)
		return common_fail("review", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	return failed != 0 ? EXIT_FAILED : EXIT_DONE;
}

const struct command command_review = {
	.name = "review",
	.summary = "read inputs, analyse them, write the review",
	.operands = "INPUT…",
	.options = OPTIONS,
	.run = run,
};
