/* SPDX-License-Identifier: ISC */
/*
 * Lines of query logs of BIND and Unbound as DNS messages.
 *
 * Only what a line says is made: header, question, and of BIND's flags an OPT record.  A line of
 * Unbound's log-replies is a response without records.  Times without a zone are UTC.
 */
#ifndef YAGURA_SOURCE_QUERY_LOG_H
#define YAGURA_SOURCE_QUERY_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

/* Header, name, type and class, OPT with a cookie. */
#define QUERY_LOG_MESSAGE_MAX (12 + 255 + 4 + 11 + 4 + 16)

enum query_log_kind {
	QUERY_LOG_MESSAGE,
	QUERY_LOG_OTHER, /* a line about something else */
	QUERY_LOG_BAD,   /* it begins like one about a query; `why` says what is wrong */
};

struct query_log_line {
	nsec_t time;
	nsec_t query_time; /* responses: when it was asked; else 0 */
	struct address client, server;
	uint16_t client_port;
	uint16_t sent_size; /* responses; 0: not known */
	uint8_t transport;  /* enum dns_transport */
	size_t size;
	uint8_t message[QUERY_LOG_MESSAGE_MAX];
	const char *why; /* of QUERY_LOG_BAD */
};

/* A line without its end. */
enum query_log_kind
query_log_read(const uint8_t *line, size_t size, struct query_log_line *ret_line);

#endif
