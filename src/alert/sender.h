/* SPDX-License-Identifier: ISC */
/*
 * Findings told to others: to syslog, a file of JSON lines, a socket, a webhook.
 *
 * Messages (yagura.alert/1, doc/alerts.md) go into a spool on disk (alert/spool.h); a thread for
 * each output takes them from there, in order, and tries again with growing pauses until the output
 * has taken one.  So whoever tells never waits, and a restart loses nothing.
 *
 *	struct sender_options options = { .directory = …, .webhook = "https://…", … };
 *	e = sender_start(&options, &sender, &why);
 *	e = sender_tell(sender, "id", message, &why);
 *	sender_stop(sender, 5000);          // up to so many ms for what still waits
 */
#ifndef YAGURA_ALERT_SENDER_H
#define YAGURA_ALERT_SENDER_H

#include <jansson.h>
#include <stddef.h>

#include "alert/spool.h"

struct sender_options {
	const char *directory; /* all texts are borrowed until sender_start returns */
	const char *syslog;    /* a peer (alert/peer.h); "" here and below: no such output */
	unsigned facility;     /* 0 to 23 */
	const char *file;      /* JSON lines */
	const char *socket;    /* a peer that takes JSON lines */
	const char *webhook;   /* http:// or https:// */
	const char *webhook_header_file; /* header lines, one a line: what is secret */
	const char *webhook_ca;          /* PEM; "": the system's */
	size_t spool;                    /* octets */
	unsigned timeout_ms, retry_ms, retry_most_ms;
	/* A sentence for the log; from any thread. */
	void (*say)(void *context, const char *text);
	void *context;
};

struct sender;

/* Whether any output is asked for. */
bool sender_wanted(const struct sender_options *options);

/* ERR_CONFIG for an output that cannot be meant, ERR_IO for the directory. */
MUST_CHECK enum err sender_start(
    const struct sender_options *options, struct sender **ret_sender, struct err_info *info);

/* On the disk when it returns; delivered later. */
MUST_CHECK enum err
sender_tell(struct sender *sender, const char *id, const json_t *message, struct err_info *info);

struct spool_counts sender_count(struct sender *sender);

/* Ends: what is not delivered within `wait_ms` stays in the spool.  NULL is fine. */
void sender_stop(struct sender *sender, unsigned wait_ms);

#endif
