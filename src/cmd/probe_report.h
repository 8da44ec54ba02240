/* SPDX-License-Identifier: ISC */
/* What a probe found, for people, as CSV and as JSON; and what changed since an earlier run. */
#ifndef YAGURA_CMD_PROBE_REPORT_H
#define YAGURA_CMD_PROBE_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "cmd/probe_run.h"

struct probe_report {
	const struct probe_plan *plan;
	const struct probe_options *options;
	const struct probe_outcome *outcome;
	const char *zone;
	nsec_t begin, end; /* wall clock */
};

/* The run as JSON (schema yagura.probe/1): addresses that are not silent, in order. */
json_t *probe_report_json(const struct probe_report *report);

/* Compares with an earlier run's JSON and adds "difference" to `now`: of the addresses that both
 * runs asked which opened, closed, changed their class.  ERR_FORMAT when it is not such a file. */
MUST_CHECK enum err probe_report_compare(json_t *now, const char *path, struct err_info *info);

void probe_report_print(const json_t *run, FILE *out);
void probe_report_print_csv(const json_t *run, FILE *out);

#endif
