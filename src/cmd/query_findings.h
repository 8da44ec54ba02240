/* SPDX-License-Identifier: ISC */
/* `yagura query findings`: those of a store's reviews, chosen by options. */
#ifndef YAGURA_CMD_QUERY_FINDINGS_H
#define YAGURA_CMD_QUERY_FINDINGS_H

#include "cmd/command.h"
#include "pipeline/config.h"
#include "store/store.h"

/* What only means something for `findings`. */
#define QUERY_FINDINGS_OPTIONS                                                                    \
	{ "severity", 0, "LEVEL", "findings: at least this: info, low, medium, high, critical" }, \
	{                                                                                         \
		"analysis", 0, "NAME", "findings: of this analysis, or of those of a chapter"     \
	}

/* Whether an option's name is one of the above. */
bool query_findings_option(const char *name);

/* ERR_USAGE for options that cannot be meant. */
MUST_CHECK enum err query_findings_check(const struct opt_values *values, struct err_info *info);

/* Makes the findings of the period (--from, --to) and prints them as a table, CSV or JSON. */
MUST_CHECK enum err query_findings_print(const struct opt_values *values,
    const struct config *config, struct store *store, struct err_info *info);

#endif
