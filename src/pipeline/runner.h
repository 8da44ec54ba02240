/* SPDX-License-Identifier: ISC */
/*
 * The runner: runs inputs through the shards with one or more threads.
 *
 * A ring of chunks is read in order by whichever thread is free, decoded by that thread, and then
 * worked on shard by shard: each shard takes the chunks in order, any thread may do it, none does
 * two at once. Where a window ends inside a chunk, the chunk is worked on in segments, and between
 * two segments all shards' states are merged in shard order and `window` is called.
 *
 *	 read (one at a time) -> decode (parallel) -> 8 shards (parallel, each in order) -> window
 * (one at a time)
 *
 * Nothing of the result depends on the number of threads.
 */
#ifndef YAGURA_PIPELINE_RUNNER_H
#define YAGURA_PIPELINE_RUNNER_H

#include <stdint.h>

#include "pipeline/shard.h"
#include "source/source.h"

struct exports;

/* What happens outside the runner; called by one thread at a time. */
struct runner_hooks {
	/* A window has ended.  `states` are merged, parallel to ANALYSES (NULL where disabled);
	 * `number` counts the input's windows from 0.  A failure ends the run. */
	enum err (*window)(
	    void *context, const struct window *window, uint64_t number, void *const *states);
	/* Live inputs: the next chunk will be decoded.  The collecting process may be saved now: it
	 * stands where the chunk before has left it.  May be NULL. */
	void (*ready)(void *context, const struct exports *exports);
	/* Live inputs: a chunk has been decoded, and here is what it told of exporters and what was
	 * dropped.  May be NULL. */
	void (*read)(void *context, const struct exporter_report *reports, size_t report_count,
	    const struct drop_counters *drops);
	/* Takes flows of the open window; may be NULL. */
	struct flow_sink flows;
	void *context; /* borrowed, for all but `flows` */
};

struct runner;

/* Makes a runner with all tables; the configuration is borrowed. */
MUST_CHECK enum err runner_new(const struct config *config, const struct runner_hooks *hooks,
    struct runner **ret_runner, struct err_info *info);
void runner_free(struct runner *runner);

/*
 * Runs one input from its start to its end; its last window is ended too.  Damage inside the input
 * is returned as ERR_TRUNC or ERR_FORMAT after everything before it has been processed; other
 * errors stop the run at once.
 */
MUST_CHECK enum err runner_run(struct runner *runner, struct source *source, struct err_info *info);

/* Whether the last input was one of flow exports, and how many records it gave. */
bool runner_exporting(const struct runner *runner, uint64_t *ret_records);

/* DNS queries that wait for their answers: read before the first input, written after the last, so
 * that consecutive runs over consecutive files find what each alone would not. */
MUST_CHECK enum err runner_read_dns(struct runner *runner, const char *path, struct err_info *info);
MUST_CHECK enum err
runner_write_dns(const struct runner *runner, const char *path, struct err_info *info);

/* The collecting process of inputs of exports: its templates outlive inputs.  Not to be touched
 * while an input runs. */
struct exports *runner_exports(struct runner *runner);

/* A fingerprint of the input's octets so far, and how many they are: never more than has been read.
 */
void runner_progress(struct runner *runner, char *ret_fingerprint, uint64_t *ret_octets);

/* The window that is open while flows are handed to the sink. */
struct window runner_window(const struct runner *runner);

#endif
