/* SPDX-License-Identifier: ISC */
/* yagura version: the version, on one line. */
#include <stdio.h>

#include "cmd/command.h"

static int
run(const struct opt_values *values)
{
	(void)values;
	(void)printf("yagura %s\n", YAGURA_VERSION);
	return EXIT_DONE;
}

static const struct opt OPTIONS[] = {
	{ NULL, 0, NULL, NULL },
};

const struct command command_version = {
	.name = "version",
	.summary = "print the version",
	.operands = "",
	.options = OPTIONS,
	.run = run,
};
