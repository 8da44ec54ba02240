/* SPDX-License-Identifier: ISC */
/*
 * The board: what a running collector knows of its exporters and windows, for `yagura status`.
 *
 * The thread that reads writes to it, another one answers questions from it; one mutex, taken once
 * a chunk.
 */
#ifndef YAGURA_PIPELINE_COLLECT_BOARD_H
#define YAGURA_PIPELINE_COLLECT_BOARD_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>

#include "analysis/analysis.h"
#include "obs/drop.h"
#include "obs/exporter.h"

#define BOARD_ENTRIES 65536 /* exporters and domains that are told apart */

struct board_entry {
	struct exporter_report total; /* since the collector began */
	uint64_t window_records;      /* since the last window ended */
	uint64_t last_records;        /* in the last window */
};

struct collect_board {
	pthread_mutex_t mutex;
	struct board_entry *entries; /* owned; in order of address, domain, protocol */
	size_t count, room;
	uint64_t unlisted;           /* reports of exporters beyond BOARD_ENTRIES */
	struct drop_counters drops;  /* since the collector began */
	uint64_t messages, records;  /* decoded since the collector began */
	uint64_t committed_messages; /* of them, in windows that are in the store */
	uint64_t windows;            /* committed */
	struct window last;          /* the last one committed */
	nsec_t commit_time;          /* how long its rows and the commit took */
	nsec_t first, latest;        /* times of messages */
};

void board_init(struct collect_board *board);
void board_release(struct collect_board *board);

/* Adds what a chunk told. */
void board_add(struct collect_board *board, const struct exporter_report *reports, size_t count,
    const struct drop_counters *drops);

/* A window is in the store; `messages` is what board_messages said when it ended. */
void board_commit(
    struct collect_board *board, const struct window *window, nsec_t took, uint64_t messages);

/* Messages decoded so far, and of them those whose window is not committed. */
uint64_t board_messages(struct collect_board *board, uint64_t *ret_open);

/* Adds "window", "exporters", "totals" and "drops" to a JSON object. */
void board_describe(struct collect_board *board, json_t *into);

#endif
