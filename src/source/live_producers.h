/* SPDX-License-Identifier: ISC */
/*
 * Producers of dnstap, and their frames made into packets: private to src/source/live*.c, under the
 * mutex of the source.
 */
#ifndef YAGURA_SOURCE_LIVE_PRODUCERS_H
#define YAGURA_SOURCE_LIVE_PRODUCERS_H

#include "source/capture.h"
#include "source/live_reader.h"

struct live_producers;

/* Whole frames as a reader put them into its ring. */
struct live_frames {
	const struct live_reader *reader;
	const struct live_record *record;
	const uint8_t *data; /* borrowed */
	size_t size;
	size_t at; /* octets taken so far */
};

struct live_producers *live_producers_new(void);
void live_producers_free(struct live_producers *producers);

/* Takes frames for as long as the run has room for what they hold; false when some are left. */
bool live_producers_take(
    struct live_producers *producers, struct live_frames *frames, struct capture_run *run);

size_t live_producers_list(
    const struct live_producers *producers, struct live_producer *ret_producers, size_t room);

#endif
