/* SPDX-License-Identifier: ISC */
/*
 * Ingest: inputs through the runner into a store.
 *
 * Each input file is a unit: its flows end with it, and the store's registry knows it by its
 * octets, so that reading it twice changes nothing.  Rows are committed window by window (several
 * small windows together); a run that dies loses what was not committed, and the next run over the
 * same file completes it.
 */
#ifndef YAGURA_PIPELINE_INGEST_H
#define YAGURA_PIPELINE_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline/config.h"
#include "store/store.h"

/* What happened to one input, for the log and for the review. */
enum ingest_outcome {
	INGEST_DONE,
	INGEST_KNOWN,   /* the same octets were in the store already */
	INGEST_RESUMED, /* a run that died had begun it; it is complete now */
	INGEST_DAMAGED, /* read up to the damage */
	INGEST_FAILED,  /* nothing could be read */
};

struct ingest_event {
	enum ingest_outcome outcome;
	const char *path;
	const char *text; /* why, for DAMAGED and FAILED; else "" */
	uint64_t records;
};

struct ingest_options {
	bool keep_flows;       /* flows go to the store too */
	const char *dns_state; /* file of DNS queries that wait, read and then written; NULL: none
				*/
	/* Called after each input. */
	void (*report)(void *context, const struct ingest_event *event);
	/* What alerts have to say, from any thread; may be NULL. */
	void (*say)(void *context, const char *text);
	void *context;
};

/*
 * Reads every path.  An input that fails is reported and the next is read; ERR_OK even then.  A
 * failure of the store ends the run and is returned; what was committed stays.
 */
MUST_CHECK enum err
ingest_run(const struct config *config, struct store *store, const char *const *paths, size_t count,
    const struct ingest_options *options, struct err_info *info);

/* Declares every analysis's tables. */
MUST_CHECK enum err ingest_declare(struct store *store, struct err_info *info);

#endif
