/* SPDX-License-Identifier: ISC */
/* A finding and its evidence for people, or as JSON (yagura.explain/1, doc/explain.md). */
#ifndef YAGURA_CMD_EXPLAIN_PRINT_H
#define YAGURA_CMD_EXPLAIN_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "pipeline/evidence.h"

/* What --pcap wrote. */
struct explain_cut {
	const char *file; /* NULL: nothing was asked for */
	uint64_t most;    /* packets besides the evidence; 0: all */
	uint64_t evidence, subject, left_out;
};

struct explain {
	const json_t *review, *finding; /* borrowed */
	const struct evidence *evidence;
	const struct explain_cut *cut;
};

MUST_CHECK enum err explain_print_text(const struct explain *x, FILE *out, struct err_info *info);
MUST_CHECK enum err explain_print_json(const struct explain *x, FILE *out, struct err_info *info);

#endif
