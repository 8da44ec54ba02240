/* SPDX-License-Identifier: ISC */
/* yagura config: checks a configuration file, or prints the configuration that is in force. */
#include "pipeline/config.h"

#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "net/subscribers.h"

#define DEFAULT_PATH "yagura.yaml"

static const struct opt OPTIONS[] = {
	{ "config", 'c', "FILE", "the file to read (check: yagura.yaml; print: defaults alone)" },
	{ NULL, 0, NULL, NULL },
};

/* What came of reading the lists of subscribers. */
static void
print_lists(const struct site *site)
{
	const struct subscribers_report *r;

	if (!site->lists.given || site->subscribers == NULL)
		return;
	r = subscribers_report(site->subscribers);
	for (size_t i = 0; i < r->message_count; i++)
		(void)printf("%s\n", r->messages[i]);
	(void)printf("subscribers: %llu users, %llu prefixes, %llu sessions (%llu open), %llu rows "
		     "that cannot be used, %llu overlaps; pseudonyms are %s\n",
	    (unsigned long long)r->users, (unsigned long long)r->prefix_rows,
	    (unsigned long long)r->session_rows, (unsigned long long)r->open_sessions,
	    (unsigned long long)r->bad_rows, (unsigned long long)r->overlaps,
	    r->protected ? "protected" : "not protected (no key_file)");
}

static int
check(const char *path, struct config *config)
{
	struct err_info why = { 0 };

	if (config_read(path, config, &why) != ERR_OK) {
		(void)fprintf(stderr, "yagura config: %s\n", why.text);
		return EXIT_FAILED;
	}
	print_lists(&config->site);
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
