/* SPDX-License-Identifier: ISC */
/* The user's door: finds the subcommand, parses its options, and turns its answer into an exit
 * status. */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

static void
print_commands(FILE *out)
{
	(void)fputs("usage: yagura COMMAND [options] [operands]\n\n", out);
	for (const struct command *const *c = COMMANDS; *c != NULL; c++)
		(void)fprintf(out, "  %-10s %s\n", (*c)->name, (*c)->summary);
	(void)fputs("\n`yagura COMMAND -h` describes one of them; yagura(1) is the manual.\n", out);
}

static void
print_command(const struct command *c, FILE *out)
{
	(void)fprintf(out, "usage: yagura %s%s%s%s\n\n%s\n", c->name,
	    c->options->name != NULL ? " [options]" : "", c->operands[0] != '\0' ? " " : "",
	    c->operands, c->summary);
	if (c->options->name != NULL) {
		(void)fputc('\n', out);
		opt_help(c->options, out);
	}
}

static const struct command *
find_command(const char *name)
{
	for (const struct command *const *c = COMMANDS; *c != NULL; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

static bool
asks_help(int argc, char *const *argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	struct err_info why = { 0 };
	struct opt_values values;
	const struct command *command;
	int status;

	if (argc < 2) {
		print_commands(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_commands(stdout);
		return EXIT_DONE;
	}
	command = find_command(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
	if (command == NULL) {
		(void)fprintf(stderr,
		    "yagura: there is no command \"%s\"; `yagura help` lists them\n", argv[1]);
		return EXIT_USAGE;
	}
	if (asks_help(argc - 2, argv + 2)) {
		print_command(command, stdout);
		return EXIT_DONE;
	}
	if (opt_parse(command->options, argc - 2, argv + 2, &values, &why) != ERR_OK) {
		(void)fprintf(stderr, "yagura %s: %s\n", command->name, why.text);
		print_command(command, stderr);
		return EXIT_USAGE;
	}
	status = command->run(&values);
	opt_release(&values);
	return status;
}
