/* SPDX-License-Identifier: ISC */
/* What the parts of the collector share: private to src/pipeline/collect*.c. */
#ifndef YAGURA_PIPELINE_COLLECT_INTERNAL_H
#define YAGURA_PIPELINE_COLLECT_INTERNAL_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "pipeline/alerts.h"
#include "pipeline/collect.h"
#include "pipeline/collect_board.h"
#include "pipeline/retention.h"
#include "pipeline/runner.h"
#include "pipeline/window_rows.h"
#include "source/live.h"
#include "store/store.h"

/* The state directory: locked by one collector at a time. */
struct collect_state {
	char *directory; /* owned */
	int lock;        /* owned, or -1 */
};

/* What a run leaves behind when it cannot say goodbye. */
struct collect_note {
	uint64_t input;   /* in the store's registry */
	nsec_t started;   /* when the run began */
	nsec_t committed; /* up to where windows are in the store; 0: none */
	nsec_t seen;      /* when the note was last written */
	uint64_t open;    /* messages of windows that are not in the store */
	long pid;
};

struct collect {
	const struct collect_options *options; /* borrowed */
	struct config *config;                 /* owned; in force */
	struct config *next;                   /* owned: takes its place soon; under `mutex` */
	struct runner *next_runner;            /* owned: made for it; the same */
	pthread_mutex_t mutex;                 /* `next`, and the store while flows come */
	struct collect_state state;
	struct collect_board board;
	struct store *store;      /* owned */
	struct source *source;    /* owned */
	struct runner *runner;    /* owned */
	struct window_rows *rows; /* owned */
	struct alerts *alerts;    /* owned; NULL: nobody is told.  Under `mutex` */
	struct retention retention;
	struct store_input input;
	char settings[CONFIG_FINGERPRINT_SIZE];
	uint64_t records_before; /* of runners before this one */
	nsec_t started;
	_Atomic nsec_t committed; /* end of the last committed window */
	_Atomic bool save;        /* the exports are to be saved when that is possible */
	_Atomic bool end;         /* the collector ends after this run of the runner */
	struct err_info why;      /* of a failure inside a hook */
	char *memory_text;        /* owned: the parts of memory that are known from the start */
	pthread_t control;
	bool controlled;   /* that thread runs */
	int signal_fd;     /* owned */
	int socket_fd;     /* owned: the control socket */
	char *socket_path; /* owned */
};

/* One sentence for the log. */
void collect_say(const struct collect *collect, const char *format, ...) PRINTF_LIKE(2, 3);

/* The options of the listeners that a configuration asks for; `ret_exporters` is owned by the
 * caller and borrowed by the options. */
void collect_live_options(
    const struct config *config, struct live_options *ret_options, struct prefix **ret_exporters);

/* Reads the configuration again and goes over to it, or says why not. */
void collect_reload(struct collect *collect);

/* The state directory.  ERR_BUSY when another collector has it. */
MUST_CHECK enum err
state_open(struct collect_state *state, const char *directory, struct err_info *info);
void state_close(struct collect_state *state);

/* The note of the run before; false when it said goodbye, or there was none. */
bool state_read_note(const struct collect_state *state, struct collect_note *ret_note);
MUST_CHECK enum err state_write_note(
    const struct collect_state *state, const struct collect_note *note, struct err_info *info);
void state_remove_note(const struct collect_state *state);

/* What exporters said of themselves, out of a file and into it. */
MUST_CHECK enum err state_load_exports(
    const struct collect_state *state, struct exports *exports, struct err_info *info);
MUST_CHECK enum err state_save_exports(
    const struct collect_state *state, const struct exports *exports, struct err_info *info);

/* Who the configuration wants the collector to be. */
struct identity {
	bool change; /* false: stay who we are */
	uid_t user;
	gid_t group;
	char *name; /* owned */
};

MUST_CHECK enum err
identity_find(const struct config *config, struct identity *ret_identity, struct err_info *info);
void identity_release(struct identity *identity);
/* Makes a directory if it is missing, and gives it to the identity then. */
MUST_CHECK enum err
identity_make_directory(const struct identity *identity, const char *path, struct err_info *info);
/* Becomes the identity for good: nothing that is executed gets more again. */
MUST_CHECK enum err identity_become(const struct identity *identity, struct err_info *info);

/* Holds the process to a number of octets of memory, checking first that what is certain to be
 * needed fits. */
MUST_CHECK enum err memory_limit(uint64_t cap, uint64_t needed_still, struct err_info *info);
/* Octets of the process that are resident, and that it has as data. */
void memory_used(uint64_t *ret_resident, uint64_t *ret_data);

/* Signals are taken by the control thread alone: to be called before any thread is made. */
MUST_CHECK enum err control_block_signals(struct collect *collect, struct err_info *info);
MUST_CHECK enum err control_start(struct collect *collect, struct err_info *info);
void control_stop(struct collect *collect);

/* The status document. */
json_t *collect_describe(struct collect *collect);

#endif
