/* SPDX-License-Identifier: ISC */
/*
 * What several commands share: configuration, inputs into a store, the log on standard error.
 */
#ifndef YAGURA_CMD_COMMON_H
#define YAGURA_CMD_COMMON_H

#include <stdbool.h>

#include "cmd/command.h"
#include "pipeline/config.h"
#include "pipeline/ingest.h"
#include "pipeline/review.h"
#include "store/store.h"

/* Options that several commands have, to be put into their tables. */
#define OPT_CONFIG                                                                    \
	{                                                                             \
		"config", 'c', "FILE", "read settings from this file (default: none)" \
	}
#define OPT_STORE                                             \
	{                                                     \
		"store", 0, "URL", "mem: or duckdb:DIRECTORY" \
	}
#define OPT_THREADS                                                         \
	{                                                                   \
		"threads", 'j', "N", "worker threads (default: every core)" \
	}
#define OPT_WITHOUT                                                                          \
	{ "only", 0, "NAME",                                                                 \
		"run only this analysis, or those of this chapter (dns, traffic, …), and " \
		"quality; may be repeated" },                                                \
	{                                                                                    \
		"without", 0, "NAME", "leave an analysis or a chapter out; may be repeated"  \
	}
#define OPT_DNS_STATE                                                                       \
	{                                                                                   \
		"dns-state", 0, "FILE",                                                     \
		    "DNS queries that wait at the end are kept here for the next run, and " \
		    "read from here at the start"                                           \
	}
#define OPT_OUTPUT                                                                              \
	{                                                                                       \
		"output", 'o', "FILE", "write the review as HTML here (\"-\": standard output)" \
	}
#define OPT_JSON                                                                            \
	{                                                                                   \
		"json", 0, "FILE", "write the review as JSON here (\"-\": standard output)" \
	}
#define OPT_QUIET                                              \
	{                                                      \
		"quiet", 'q', NULL, "no progress, only errors" \
	}
#define OPT_END                     \
	{                           \
		NULL, 0, NULL, NULL \
	}

/* Prints "yagura COMMAND: text" to standard error and returns `status`. */
int common_fail(const char *command, int status, const char *text);

/* Defaults, then --config, then --threads, --only and --without. */
MUST_CHECK enum err
common_config(const struct opt_values *values, struct config *config, struct err_info *info);

/* Leaves out every analysis that is not of this chapter or of quality: no other section will be
 * made, and nothing is kept. */
void common_keep_chapter(struct config *config, const char *chapter);

/* What a run over inputs did. */
struct common_outcome {
	size_t failed;               /* inputs that could not be read, or not to the end */
	struct review_failure *list; /* owned: those that could not be read at all */
	size_t list_count;
};

void common_outcome_release(struct common_outcome *outcome);

/* Reads the operands of a command into an open store, reporting each input. */
MUST_CHECK enum err common_ingest(const struct opt_values *values, const struct config *config,
    struct store *store, bool keep_flows, struct common_outcome *outcome, struct err_info *info);

/* Builds the review of a store and writes --output and --json. */
MUST_CHECK enum err common_review(const struct opt_values *values, const struct config *config,
    struct store *store, const struct review_options *options, struct err_info *info);

#endif
