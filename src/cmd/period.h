/* SPDX-License-Identifier: ISC */
/*
 * Options that say what a review is about, for the commands that write one.
 */
#ifndef YAGURA_CMD_PERIOD_H
#define YAGURA_CMD_PERIOD_H

#include "cmd/command.h"
#include "pipeline/config.h"
#include "pipeline/review.h"

/* To be put into a command's table. */
#define OPT_PERIOD                                                                              \
	{ "from", 0, "TIME",                                                                    \
		"only windows that begin at or after this time (2026-01-31T12:00:00Z; a date "  \
		"alone: "                                                                       \
		"midnight of the site's time zone)" },                                          \
	    { "to", 0, "TIME", "only windows that begin before this time" },                    \
	    { "compare", 0, "TIME", "beside the period of the same length that begins here" },  \
	    { "chapter", 0, "NAME",                                                             \
		    "only this chapter: security, traffic, dns, network, quality" },            \
	    { "publish", 0, NULL,                                                               \
		    "for the public: addresses anonymised, volumes normalised, no cell of few " \
		    "users" },                                                                  \
	{                                                                                       \
		"simulated", 0, NULL,                                                           \
		    "say in the review that the traffic was made by yagura simulate"            \
	}

/* Reads them into `options`, whose other fields stay; texts are borrowed from `values`.  ERR_USAGE
 * with a sentence for the user. */
MUST_CHECK enum err period_read(const struct opt_values *values, const struct config *config,
    struct review_options *options, struct err_info *info);

#endif
