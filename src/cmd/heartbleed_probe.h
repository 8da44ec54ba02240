/* SPDX-License-Identifier: ISC */
/*
 * One connection of `yagura heartbleed`: asks a TLS server for a heartbeat whose payload is longer
 * than it is, and sees whether anything comes back that was not sent.
 *
 * A server is said to leak only when it sends more payload than it was given; one that sends back
 * what it got, however it labels it, does not.  Of an answer no more is read than shows that: the
 * first octets of its first record.  What leaked is never kept: only how much was read, its entropy
 * and its SHA-256.
 */
#ifndef YAGURA_CMD_HEARTBLEED_PROBE_H
#define YAGURA_CMD_HEARTBLEED_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

enum heartbleed_result {
	HEARTBLEED_UNREACHABLE,     /* no connection */
	HEARTBLEED_SERVICE_ERROR,   /* what answers does not speak TLS, or not after STARTTLS */
	HEARTBLEED_VERSION_REFUSED, /* the server wants another version */
	HEARTBLEED_NO_EXTENSION,    /* it does not offer heartbeats */
	HEARTBLEED_ALERTED,         /* it answered with an alert */
	HEARTBLEED_SILENT,          /* it said nothing for the wait */
	HEARTBLEED_CLOSED,          /* it ended the connection */
	HEARTBLEED_ECHOED,          /* it answered, with nothing foreign: not as RFC 6520 has it */
	HEARTBLEED_UNFINISHED,      /* an answer began and did not go on: not known */
	HEARTBLEED_LEAKS,
	HEARTBLEED_RESULTS,
};

#define HEARTBLEED_TEXT 120

struct heartbleed_question {
	struct address address;
	uint16_t port;
	uint16_t version;     /* 0x0301 to 0x0303 */
	const char *name;     /* for SNI and STARTTLS; NULL: none */
	const char *starttls; /* NULL: TLS at once */
	nsec_t wait;
};

struct heartbleed_answer {
	enum heartbleed_result result;
	uint16_t version, cipher;   /* of the ServerHello; 0: none */
	uint8_t mode;               /* its heartbeat extension */
	uint8_t alert;              /* description of the alert that ended it; 0: none */
	uint32_t record_octets;     /* length of the record that answered */
	uint32_t claimed;           /* payload_length of the answer */
	uint32_t foreign;           /* octets of it that were read and were not ours */
	double entropy;             /* of these, bits an octet */
	char sha256[65];            /* of these */
	char text[HEARTBLEED_TEXT]; /* what went wrong, for people */
};

/* "leaks" and so on. */
const char *heartbleed_result_name(enum heartbleed_result result);

/* Whether a protocol of --starttls is known, and its usual port. */
bool heartbleed_starttls_port(const char *protocol, uint16_t *ret_port);

void
heartbleed_ask(const struct heartbleed_question *question, struct heartbleed_answer *ret_answer);

#endif
