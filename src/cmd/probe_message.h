/* SPDX-License-Identifier: ISC */
/*
 * Messages of a probe: questions, the tiny authoritative server's answers, and what an answer says
 * about who gave it.
 */
#ifndef YAGURA_CMD_PROBE_MESSAGE_H
#define YAGURA_CMD_PROBE_MESSAGE_H

#include "cmd/probe_name.h"
#include "obs/dns.h"

#define PROBE_MESSAGE_SIZE 512 /* of what we send, at most */
#define PROBE_EDNS_SIZE    1232
#define PROBE_EDNS_LARGE   4096 /* for measuring what an attacker would get */

struct probe_question {
	const uint8_t *name; /* wire format */
	size_t name_size;
	uint16_t type, class;
	uint16_t edns_size;
};

/* A query with RD and an OPT record; returns its size. */
size_t probe_query_write(
    uint8_t message[PROBE_MESSAGE_SIZE], uint16_t id, const struct probe_question *question);

/* Our server's answer to a parsed query: an A record to a name of ours, a denial to other names of
 * the zone, REFUSED to the rest.  Never more than 64 octets larger than the query.  0: none. */
size_t probe_reply_write(const struct probe_names *names, const struct dns_message *query,
    uint8_t message[PROBE_MESSAGE_SIZE]);

enum probe_class {
	PROBE_SILENT,     /* nothing came */
	PROBE_UNANSWERED, /* our server was asked, but no answer came */
	PROBE_REFUSED,
	PROBE_AUTHORITATIVE_ONLY, /* it answers, but does not resolve */
	PROBE_FAILING,            /* it resolves for strangers, without success */
	PROBE_MANIPULATED,        /* the answer is not ours */
	PROBE_OPEN_RECURSIVE,     /* it asked our server itself */
	PROBE_OPEN_FORWARDER,     /* somebody else asked for it */
	PROBE_TRANSPARENT,        /* the answer came from another address */
	PROBE_CLASSES,
};

const char *probe_class_name(enum probe_class class);
/* Whether strangers get answers through it. */
bool probe_class_is_open(enum probe_class class);

/* What a response says; `from` is who sent it, `egress` who asked our server (zeros: nobody yet).
 */
enum probe_class probe_classify(const struct probe_names *names, const struct dns_message *response,
    const struct address *target, const struct address *from, const struct address *egress);

#endif
