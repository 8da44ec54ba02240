/* SPDX-License-Identifier: ISC */
/*
 * Command-line options from a const table.
 *
 *	static const struct opt OPTIONS[] = {
 *		{ "output", 'o', "FILE", "write the review here (default review.html)" },
 *		{ "csv", 0, NULL, "comma-separated values" },
 *		{ NULL, 0, NULL, NULL },
 *	};
 *
 * `--name VALUE`, `--name=VALUE`, `-o VALUE`, `-oVALUE`; options and operands mix; `--` ends the
 * options; `-` is an operand. Options may be repeated: opt_value gives the last, opt_each all.
 */
#ifndef YAGURA_BASE_OPT_H
#define YAGURA_BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

struct opt {
	const char *name;     /* long name without dashes; NULL ends the table */
	char letter;          /* short form, or 0 */
	const char *argument; /* "FILE", or NULL for a switch */
	const char *help;     /* one line */
};

#define OPT_MAX_OPERANDS 65536

struct opt_values {
	const struct opt *options; /* borrowed */
	const char **given;        /* owned: pairs of name and value (or NULL) in order */
	size_t given_count;
	const char **operands; /* owned array of borrowed strings */
	size_t operand_count;
};

/* Parses argv[0…argc-1] (without the command's name).  ERR_USAGE with a sentence for the user. */
MUST_CHECK enum err opt_parse(const struct opt *options, int argc, char *const *argv,
    struct opt_values *ret_values, struct err_info *info);
void opt_release(struct opt_values *values);

/* The last value of an option, or NULL. */
const char *opt_value(const struct opt_values *values, const char *name);
/* Whether an option was given. */
bool opt_given(const struct opt_values *values, const char *name);
/* Value number `index` of a repeated option, or NULL. */
const char *opt_each(const struct opt_values *values, const char *name, size_t index);

/* Prints the options, aligned, to `out`. */
void opt_help(const struct opt *options, FILE *out);

#endif
