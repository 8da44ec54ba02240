/* SPDX-License-Identifier: ISC */
/*
 * Messages that wait to be delivered: a bounded queue in a directory, which survives restarts.
 *
 * Each output has a position of its own: how far it has come.  A message is kept until every output
 * has it, or until the queue is too large and the oldest go; these are counted.
 *
 *	e = spool_open("/var/lib/yagura/alerts", NAMES, 2, 16 << 20, &spool, &why);
 *	e = spool_put(spool, "id", text, &why);         // not twice while a message with the id
 *waits text = spool_next(spool, 0, 1000, &number);     // waits so many milliseconds; NULL: nothing
 *	spool_done(spool, 0, number);
 *	spool_close(spool);
 *
 * Any thread may call; a message's text has one line.
 */
#ifndef YAGURA_ALERT_SPOOL_H
#define YAGURA_ALERT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SPOOL_OUTPUTS 4

struct spool;

/* ERR_BUSY when another process has the directory open; ERR_IO. */
MUST_CHECK enum err spool_open(const char *directory, const char *const *outputs, size_t count,
    size_t most_octets, struct spool **ret_spool, struct err_info *info);
void spool_close(struct spool *spool);

/* Puts a message in, on the disk too.  One with an id that waits already, or that lay in the file
 * when the queue was opened, is not put in again. */
MUST_CHECK enum err
spool_put(struct spool *spool, const char *id, const char *text, struct err_info *info);

/* The next message for an output, waiting for one as long as allowed or until spool_wake; the
 * caller frees it. */
char *spool_next(struct spool *spool, size_t output, unsigned wait_ms, uint64_t *ret_number);

/* An output has this message, and all before it. */
void spool_done(struct spool *spool, size_t output, uint64_t number);

/* Ends all waiting, now and later. */
void spool_wake(struct spool *spool);

struct spool_counts {
	uint64_t waiting; /* messages that some output lacks */
	uint64_t dropped; /* that went because the queue was full */
};

struct spool_counts spool_count(struct spool *spool);

#endif
