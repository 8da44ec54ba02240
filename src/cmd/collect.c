/* SPDX-License-Identifier: ISC */
/* yagura collect: takes flow exports from the network into a store until it is told to stop. */
#include "pipeline/collect.h"

#include "cmd/common.h"

#define DEFAULT_PATH "yagura.yaml"

static const struct opt OPTIONS[] = {
	{ "config", 'c', "FILE", "the configuration (default: yagura.yaml)" },
	OPT_STORE,
	OPT_QUIET,
	OPT_END,
};

/* Only what goes wrong is worth a line to somebody who asked for quiet, and that comes at the end.
 */
static void
say_nothing(void *context, const char *text)
{
	(void)context;
	(void)text;
}

static void
say(void *context, const char *text)
{
	(void)context;
	(void)fprintf(stderr, "yagura collect: %s\n", text);
}

static int
run(const struct opt_values *values)
{
	const char *path = opt_value(values, "config");
	struct collect_options options = {
		.path = path != NULL ? path : DEFAULT_PATH,
		.store = opt_value(values, "store"),
		.say = opt_given(values, "quiet") ? say_nothing : say,
	};
	struct err_info why = { .text = "" };

	if (values->operand_count != 0)
		return common_fail("collect", EXIT_USAGE,
		    "it takes no operand: listeners stand in the configuration");
	if (collect_run(&options, &why) != ERR_OK)
		return common_fail("collect", EXIT_FAILED, why.text);
	return EXIT_DONE;
}

const struct command command_collect = {
	.name = "collect",
	.summary = "take flow exports from the network into a store until told to stop",
	.operands = "",
	.options = OPTIONS,
	.run = run,
};
