/* SPDX-License-Identifier: ISC */
/* Command-line options from a const table; see opt.h. */
#include "base/opt.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

static const struct opt *
find_name(const struct opt *options, const char *name, size_t size)
{
	for (; options->name != NULL; options++)
		if (strlen(options->name) == size && memcmp(options->name, name, size) == 0)
			return options;
	return NULL;
}

static const struct opt *
find_letter(const struct opt *options, char letter)
{
	for (; options->name != NULL; options++)
		if (options->letter == letter)
			return options;
	return NULL;
}

static void
add_given(struct opt_values *values, const char *name, const char *value)
{
	values->given =
	    xrealloc_array(values->given, values->given_count + 2, sizeof *values->given);
	values->given[values->given_count++] = name;
	values->given[values->given_count++] = value;
}

static void
add_operand(struct opt_values *values, const char *operand)
{
	values->operands =
	    xrealloc_array(values->operands, values->operand_count + 1, sizeof *values->operands);
	values->operands[values->operand_count++] = operand;
}

/* Takes one option at argv[*at] and, where it wants one, its argument. */
static enum err
take_option(struct opt_values *values, int argc, char *const *argv, int *at, struct err_info *info)
{
	const char *word = argv[*at];
	const char *value = NULL;
	const struct opt *o;

	if (word[1] == '-') {
		const char *equals = strchr(word, '=');
		o = find_name(values->options, word + 2,
		    equals != NULL ? (size_t)(equals - word) - 2 : strlen(word + 2));
		value = equals != NULL ? equals + 1 : NULL;
	} else {
		o = find_letter(values->options, word[1]);
		value = word[2] != '\0' ? word + 2 : NULL;
	}
	if (o == NULL)
		return err_set(info, ERR_USAGE, "unknown option %s", word);
	if (o->argument == NULL && value != NULL)
		return err_set(info, ERR_USAGE, "--%s takes no argument", o->name);
	if (o->argument != NULL && value == NULL) {
		if (*at + 1 >= argc)
			return err_set(info, ERR_USAGE, "--%s needs %s", o->name, o->argument);
		value = argv[++*at];
	}
	add_given(values, o->name, value);
	return ERR_OK;
}

enum err
opt_parse(const struct opt *options, int argc, char *const *argv, struct opt_values *ret_values,
    struct err_info *info)
{
	struct opt_values values = { .options = options };
	bool ended = false;

	for (int i = 0; i < argc; i++) {
		if (!ended && strcmp(argv[i], "--") == 0) {
			ended = true;
			continue;
		}
		if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
			add_operand(&values, argv[i]);
			continue;
		}
		enum err e = take_option(&values, argc, argv, &i, info);
		if (e != ERR_OK) {
			opt_release(&values);
			return e;
		}
	}
	*ret_values = values;
	return ERR_OK;
}

void
opt_release(struct opt_values *values)
{
	free(values->given);
	free(values->operands);
	*values = (struct opt_values){ 0 };
}

const char *
opt_each(const struct opt_values *values, const char *name, size_t index)
{
	for (size_t i = 0; i < values->given_count; i += 2)
		if (strcmp(values->given[i], name) == 0 && index-- == 0)
			return values->given[i + 1];
	return NULL;
}

const char *
opt_value(const struct opt_values *values, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < values->given_count; i += 2)
		if (strcmp(values->given[i], name) == 0)
			value = values->given[i + 1];
	return value;
}

bool
opt_given(const struct opt_values *values, const char *name)
{
	for (size_t i = 0; i < values->given_count; i += 2)
		if (strcmp(values->given[i], name) == 0)
			return true;
	return false;
}

void
opt_help(const struct opt *options, FILE *out)
{
	for (; options->name != NULL; options++) {
		char left[64];
		const char *argument = options->argument != NULL ? options->argument : "";
		const char *space = options->argument != NULL ? " " : "";

		if (options->letter != 0)
			(void)snprintf(left, sizeof left, "-%c, --%s%s%s", options->letter,
			    options->name, space, argument);
		else
			(void)snprintf(
			    left, sizeof left, "    --%s%s%s", options->name, space, argument);
		(void)fprintf(out, "  %-28s %s\n", left, options->help);
	}
}
