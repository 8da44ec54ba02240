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
print_command(const struct command *c, const char *group, FILE *out)
{
	(void)fprintf(out, "usage: yagura %s%s%s%s%s%s\n\n%s\n", group, group[0] != '\0' ? " " : "",
	    c->name, c->options->name != NULL ? " [options]" : "",
	    c->operands[0] != '\0' ? " " : "", c->operands, c->summary);
	if (c->options->name != NULL) {
		(void)fputc('\n', out);
		opt_help(c->options, out);
	}
	if (c->subcommands == NULL)
		return;
	(void)fputc('\n', out);
	for (const struct command *const *sub = c->subcommands; *sub != NULL; sub++)
		(void)fprintf(out, "  %-10s %s\n", (*sub)->name, (*sub)->summary);
}

static const struct command *
find_command(const struct command *const *list, const char *name)
{
	for (const struct command *const *c = list; *c != NULL; c++)
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

/* A group that was called without one of its subcommands. */
static int
fail_group(const struct command *c, const struct opt_values *values)
{
	if (values->operand_count > 0)
		(void)fprintf(stderr, "yagura %s: there is no subcommand \"%s\"\n", c->name,
		    values->operands[0]);
	print_command(c, "", stderr);
	return EXIT_USAGE;
}

/* Runs a command whose own words begin at argv[0]. */
static int
run_command(const struct command *c, const char *group, int argc, char *const *argv)
{
	struct err_info why = { 0 };
	struct opt_values values;
	const struct command *sub;
	int status;

	if (c->subcommands != NULL && argc > 0 &&
	    (sub = find_command(c->subcommands, argv[0])) != NULL)
		return run_command(sub, c->name, argc - 1, argv + 1);
	if (asks_help(argc, argv)) {
		print_command(c, group, stdout);
		return EXIT_DONE;
	}
	if (opt_parse(c->options, argc, argv, &values, &why) != ERR_OK) {
		(void)fprintf(stderr, "yagura %s%s%s: %s\n", group, group[0] != '\0' ? " " : "",
		    c->name, why.text);
		print_command(c, group, stderr);
		return EXIT_USAGE;
	}
	status = c->subcommands != NULL ? fail_group(c, &values) : c->run(&values);
	opt_release(&values);
	return status;
}

int
main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_commands(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_commands(stdout);
		return EXIT_DONE;
	}
	command = find_command(COMMANDS, strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
	if (command == NULL) {
		(void)fprintf(stderr,
		    "yagura: there is no command \"%s\"; `yagura help` lists them\n", argv[1]);
		return EXIT_USAGE;
	}
	return run_command(command, "", argc - 2, argv + 2);
}
