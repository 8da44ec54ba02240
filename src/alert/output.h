/* SPDX-License-Identifier: ISC */
/* One place that messages are delivered to; private to src/alert. */
#ifndef YAGURA_ALERT_OUTPUT_H
#define YAGURA_ALERT_OUTPUT_H

#include <curl/curl.h>

#include "alert/peer.h"
#include "alert/sender.h"

enum output_kind {
	OUTPUT_SYSLOG,
	OUTPUT_FILE,
	OUTPUT_SOCKET,
	OUTPUT_WEBHOOK,
	OUTPUT_KINDS,
};

/* "syslog" and so on. */
extern const char *const OUTPUT_NAMES[OUTPUT_KINDS];

struct alert_output {
	enum output_kind kind;
	struct peer peer;
	unsigned facility;
	char *target;               /* owned: of a file or webhook */
	CURL *curl;                 /* owned */
	struct curl_slist *headers; /* owned */
	char *ca;                   /* owned */
	unsigned timeout_ms;
};

MUST_CHECK enum err output_prepare(struct alert_output *output, enum output_kind kind,
    const struct sender_options *options, struct err_info *info);
void output_release(struct alert_output *output);

/* Delivers one message, a line of JSON.  ERR_IO: try again; ERR_FORMAT: it will never be taken. */
MUST_CHECK enum err
output_deliver(struct alert_output *output, const char *text, struct err_info *info);

#endif
