/* SPDX-License-Identifier: ISC */
/*
 * The review document, made from what a store holds.
 */
#ifndef YAGURA_PIPELINE_REVIEW_H
#define YAGURA_PIPELINE_REVIEW_H

#include <jansson.h>

#include "analysis/analysis.h"
#include "pipeline/config.h"
#include "store/store.h"

/* An input that could not be read at all, so that the store does not know it. */
struct review_failure {
	const char *path;
	const char *reason;
};

struct review_options {
	nsec_t from, to; /* only windows that begin in from…to-1; 0 and INT64_MAX for all */
	nsec_t compare_from, compare_to; /* the period beside it; both 0: none */
	const char *chapter;             /* only this one; NULL: all */
	bool publish;                    /* for the public: see pipeline/publish.h */
	bool simulated;                  /* the traffic was made by yagura simulate */
	const struct review_failure *failures;
	size_t failure_count;
};

/* Builds the document (doc/schema/review.schema.json); the caller owns the reference. */
MUST_CHECK enum err review_build(struct store *store, const struct config *config,
    const struct review_options *options, json_t **ret_review, struct err_info *info);

/* Which analyses are asked; NULL: all that are enabled. */
struct review_wanted {
	bool (*is)(void *context, const struct analysis *analysis);
	void *context;
};

/* The findings alone, as the review of the period has them. */
MUST_CHECK enum err review_findings(struct store *store, const struct config *config,
    const struct review_options *options, const struct review_wanted *wanted, json_t **ret_findings,
    struct err_info *info);

#endif
