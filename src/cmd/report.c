/* SPDX-License-Identifier: ISC */
/* yagura report: the review of what a store holds. */
#include "base/clock.h"
#include "cmd/common.h"

static const struct opt OPTIONS[] = {
	OPT_STORE,
	{ "from", 0, "TIME",
	    "only windows that begin at or after this time (2026-01-31 or 2026-01-31T12:00:00Z)" },
	{ "to", 0, "TIME", "only windows that begin before this time" },
	OPT_OUTPUT,
	OPT_JSON,
	OPT_CONFIG,
	OPT_WITHOUT,
	{ "simulated", 0, NULL, "say in the review that the traffic was made by yagura simulate" },
	OPT_QUIET,
	OPT_END,
};

static enum err
read_period(const struct opt_values *values, struct review_options *options, struct err_info *info)
{
	const char *from = opt_value(values, "from"), *to = opt_value(values, "to");

	if (from != NULL && clock_parse(from, &options->from) != ERR_OK)
		return err_set(info, ERR_USAGE,
		    "--from %s is not a time such as 2026-01-31 or 2026-01-31T12:00:00Z", from);
	if (to != NULL && clock_parse(to, &options->to) != ERR_OK)
		return err_set(info, ERR_USAGE,
		    "--to %s is not a time such as 2026-01-31 or 2026-01-31T12:00:00Z", to);
	if (options->from >= options->to)
		return err_set(info, ERR_USAGE, "--from is not before --to");
	return ERR_OK;
}

static enum err
make_report(const struct opt_values *values, const struct config *config, const char *url,
    struct err_info *info)
{
	struct review_options review = {
		.from = 0, .to = INT64_MAX, .simulated = opt_given(values, "simulated")
	};
	struct store_options options = { .mode = STORE_READ,
		.memory_limit = settings_size(config->store, "memory_limit") };
	struct store *store;
	enum err e = read_period(values, &review, info);

	if (e == ERR_OK && strcmp(url, "mem:") == 0)
		e = err_set(
		    info, ERR_USAGE, "a store that lasts is needed: --store duckdb:DIRECTORY");
	if (e == ERR_OK)
		e = store_open(url, &options, &store, info);
	if (e != ERR_OK)
		return e;
	e = common_review(values, config, store, &review, info);
	store_close(store);
	return e;
}

static int
run(const struct opt_values *values)
{
	const char *url = opt_value(values, "store");
	struct err_info why = { .text = "" };
	struct config config;
	enum err e;

	if (values->operand_count != 0)
		return common_fail("report", EXIT_USAGE, "it takes no input; `yagura review` does");
	e = common_config(values, &config, &why);
	if (e == ERR_OK) {
		e = make_report(
		    values, &config, url != NULL ? url : settings_text(config.store, "url"), &why);
		config_release(&config);
	}
	if (e != ERR_OK)
		return common_fail("report", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	return EXIT_DONE;
}

const struct command command_report = {
	.name = "report",
	.summary = "write the review of what a store holds",
	.operands = "",
	.options = OPTIONS,
	.run = run,
};
