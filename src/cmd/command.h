/* SPDX-License-Identifier: ISC */
/*
 * A subcommand: one file in src/cmd, one line in cmd/LIST.
 *
 * main() finds it by name and parses its options, which base/opt.h describes; `yagura <command>
 * -h`, the completion and the manual's SYNOPSIS all come from the same table.
 */
#ifndef YAGURA_CMD_COMMAND_H
#define YAGURA_CMD_COMMAND_H

#include "base/opt.h"

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* some input or step failed; the rest was done */
	EXIT_USAGE = 2,
};

struct command {
	const char *name;
	const char *summary;       /* one line for `yagura help` */
	const char *operands;      /* "INPUT…", "SCENARIO", or "" */
	const struct opt *options; /* ends with an entry whose name is NULL */
	int (*run)(const struct opt_values *values);
	/* Of a group such as `yagura dns probe`, ending with NULL; their names are the second word.
	 * A group has no options of its own and is not run. */
	const struct command *const *subcommands;
};

extern const struct command *const COMMANDS[];

#endif
