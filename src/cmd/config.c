/* SPDX-License-Identifier: ISC */
/* yagura config: checks a configuration file, or prints the configuration that is in force. */
#include "pipeline/config.h"

#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

#define DEFAULT_PATH "yagura.yaml"

static const struct opt OPTIONS[] = {
	{ "config", 'c', "FILE", "the file to read (check: yagura.yaml; print: defaults alone)" },
	{ NULL, 0, NULL, NULL },
};

static int
check(const char *path, struct config *config)
{
	struct err_info why = { 0 };

	if (config_read(path, config, &why) != ERR_OK) {
		(void)fprintf(stderr, "yagura config: %s\n", why.text);
		return EXIT_FAILED;
	}
	(void)printf("%s: good\n", path);
	return EXIT_DONE;
}

static int
print(const char *path, struct config *config)
{
	struct err_info why = { 0 };

	if (path != NULL && config_read(path, config, &why) != ERR_OK) {
		(void)fprintf(stderr, "yagura config: %s\n", why.text);
		return EXIT_FAILED;
	}
	config_print(config, stdout);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int
run(const struct opt_values *values)
{
	const char *verb = values->operand_count > 0 ? values->operands[0] : "";
	const char *path = opt_value(values, "config");
	bool checks = strcmp(verb, "check") == 0;
	struct config config;
	int status;

	if ((!checks && strcmp(verb, "print") != 0) || values->operand_count > 2) {
		(void)fprintf(stderr, "usage: yagura config check|print [-c FILE | FILE]\n");
		return EXIT_USAGE;
	}
	if (values->operand_count == 2)
		path = values->operands[1];
	config_init(&config);
	if (checks)
		status = check(path != NULL ? path : DEFAULT_PATH, &config);
	else
		status = print(path, &config);
	config_release(&config);
	return status;
}

const struct command command_config = {
	.name = "config",
	.summary = "check a configuration file, or print the configuration in force",
	.operands = "check|print [FILE]",
	.options = OPTIONS,
	.run = run,
};
