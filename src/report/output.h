/* SPDX-License-Identifier: ISC */
/*
 * A file that appears whole or not at all: written beside its target and renamed over it.
 *
 *	e = output_open("review.html", &o, &why);
 *	fputs("…", o.file);
 *	e = output_close(&o, &why);             // renames, or removes the half-written file
 *
 * "-" is standard output.  What is no ordinary file (a pipe, /dev/null) is written in place.
 */
#ifndef YAGURA_REPORT_OUTPUT_H
#define YAGURA_REPORT_OUTPUT_H

#include <stdio.h>

#include "base/err.h"

struct output {
	FILE *file;      /* owned, unless it is stdout */
	char *target;    /* owned; for messages */
	char *temporary; /* owned; NULL when written in place */
};

MUST_CHECK enum err output_open(const char *path, struct output *ret_output, struct err_info *info);

/* Ends the output.  ERR_NO_SPACE or ERR_IO when anything could not be written: the target is then
 * as it was. */
MUST_CHECK enum err output_close(struct output *o, struct err_info *info);

/* Ends the output without a file: the target is as it was. */
void output_abandon(struct output *o);

#endif
