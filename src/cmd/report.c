/* SPDX-License-Identifier: ISC */
/* yagura report: the review of what a store holds. */
#include <string.h>

#include "cmd/common.h"
#include "cmd/period.h"

static const struct opt OPTIONS[] = {
	OPT_STORE,
	OPT_PERIOD,
	OPT_OUTPUT,
	OPT_JSON,
	OPT_CONFIG,
	OPT_WITHOUT,
	OPT_QUIET,
	OPT_END,
};

static enum err
make_report(const struct opt_values *values, const struct config *config, const char *url,
    struct err_info *info)
{
	struct review_options review = { .from = 0 };
	struct store_options options = { .mode = STORE_READ,
		.memory_limit = settings_size(config->store, "memory_limit") };
	struct store *store;
	enum err e = period_read(values, config, &review, info);

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
