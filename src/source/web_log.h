/* SPDX-License-Identifier: ISC */
/*
 * Logs of web servers as HTTP requests: one line, one observation.
 *
 * Two families are read, told apart line by line:
 *
 *	[vhost:port] client ident user [time] "request" status size ["referer" "agent" [more…]]
 *	#Fields: date time c-ip cs-method …		W3C extended, and the lines after it
 *
 * The first is the common and the combined format of Apache httpd and nginx, with what people add
 * behind: a time it took and addresses of X-Forwarded-For are understood there, the rest is not.
 * A line may be wrapped in double quotes, or follow what syslog puts in front.
 */
#ifndef YAGURA_SOURCE_WEB_LOG_H
#define YAGURA_SOURCE_WEB_LOG_H

#include "source/log_lines.h"

#define WEB_LOG_COLUMNS 96

/* What the directives of a W3C log said. */
struct web_log_w3c {
	unsigned count;                   /* columns; 0: no #Fields was seen */
	uint8_t columns[WEB_LOG_COLUMNS]; /* what each of them is */
	bool milliseconds;                /* time-taken is in them, as Microsoft writes it */
	nsec_t date;                      /* of #Date, for lines that have none; 0: not said */
};

struct web_log {
	struct log_lines lines; /* log_lines.h wants it first */
	struct web_log_w3c w3c;
};

/* One line; `state` is a struct web_log. */
enum log_verdict web_log_read(void *state, struct log_line *line);

#endif
