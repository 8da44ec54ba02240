/* SPDX-License-Identifier: ISC */
/*
 * What content protocols and logs say of inputs one after the other, without shards and windows:
 * for listings and tests.
 */
#ifndef YAGURA_PIPELINE_CONTENT_READER_H
#define YAGURA_PIPELINE_CONTENT_READER_H

#include "base/hash.h"
#include "obs/batch.h"
#include "pipeline/config.h"

struct content_reader;

struct content_reader_options {
	const struct config *config; /* borrowed */
	struct hash_secret secret;
	unsigned consumed; /* set of enum obs_type: of content_stage.h, and of logs */
	void (*deliver)(void *context, const struct batch *batch);
	void *context; /* borrowed */
};

struct content_reader *content_reader_new(const struct content_reader_options *options);
void content_reader_free(struct content_reader *reader);

/* Reads an input to its end; what of it was read before a failure is delivered. */
MUST_CHECK enum err
content_reader_read(struct content_reader *reader, const char *path, struct err_info *info);

/* The last input was read: what is open is delivered. */
void content_reader_finish(struct content_reader *reader);

/* What was dropped or odd so far. */
const struct drop_counters *content_reader_drops(const struct content_reader *reader);

#endif
