/* SPDX-License-Identifier: ISC */
/* A message as a line of syslog (RFC 5424). */
#ifndef YAGURA_ALERT_SYSLOG_H
#define YAGURA_ALERT_SYSLOG_H

#include <jansson.h>

/* `message` is a yagura.alert/1; `facility` 0 to 23.  The caller frees the text. */
char *syslog_format(const json_t *message, unsigned facility);

#endif
