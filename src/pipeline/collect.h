/* SPDX-License-Identifier: ISC */
/*
 * Collect: listeners through the runner into a store, until told to stop.
 *
 * Every window is committed as it closes.  SIGTERM and SIGINT end the run after what has arrived is
 * in the store; SIGHUP reads the configuration again.  A state directory keeps what exporters said
 * of themselves (templates, sampling, sequence positions), so that a new run reads their data at
 * once, and a note of what is in the store, so that the run after a crash can say what is not.
 */
#ifndef YAGURA_PIPELINE_COLLECT_H
#define YAGURA_PIPELINE_COLLECT_H

#include "base/err.h"
#include "pipeline/config.h"

struct collect_options {
	const char *path;  /* borrowed: the configuration file */
	const char *store; /* borrowed: overrules store.url; may be NULL */
	/* One sentence for the log; may be called by several threads. */
	void (*say)(void *context, const char *text);
	void *context;
};

/* Runs until SIGTERM or SIGINT.  To be called while the process has one thread. */
MUST_CHECK enum err collect_run(const struct collect_options *options, struct err_info *info);

/* Where the control socket of a configuration is; the caller frees it. */
char *collect_socket_path(const struct config *config);

/* Asks the running collector for its status, a JSON document that the caller frees.  ERR_IO when
 * nobody answers there. */
MUST_CHECK enum err collect_ask(const char *path, char **ret_text, struct err_info *info);

#endif
