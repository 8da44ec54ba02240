/* SPDX-License-Identifier: ISC */
/*
 * TLS and DTLS as they are seen from outside: hellos, and exchanges of heartbeats (RFC 6520).
 */
#ifndef YAGURA_OBS_TLS_H
#define YAGURA_OBS_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"
#include "obs/octets.h"

enum tls_event_kind {
	TLS_CLIENT_HELLO,
	TLS_SERVER_HELLO,
	TLS_HEARTBEAT, /* an exchange is over: a request and all that answered it */
};

/* The heartbeat extension of a hello (15). */
enum tls_heartbeat_mode {
	TLS_HEARTBEAT_ABSENT = 0,
	TLS_HEARTBEAT_ALLOWED = 1,
	TLS_HEARTBEAT_FORBIDDEN = 2,
};

/* How long an answer is waited for. */
#define TLS_HEARTBEAT_WAIT (5 * NSEC_PER_SEC)

/* One request for a heartbeat and its answers. */
struct tls_heartbeat {
	nsec_t begin, end;       /* of the request, of the last record that belongs to it */
	nsec_t age;              /* of the connection at the request, from its first hello */
	bool encrypted;          /* sent after ChangeCipherSpec: only lengths are known */
	bool by_server;          /* the server asked the client */
	bool odd;                /* the request breaks the rules of RFC 6520: too short for what it
				    claims, or for any legal message under this cipher */
	bool before_data;        /* no application data had been sent */
	bool alert;              /* answered by an alert */
	bool closed;             /* the connection ended before the wait for an answer was over
				    (TLS_HEARTBEAT_WAIT), or the other side was never heard */
	bool unsure;             /* the connection was joined in the middle: whether it is
				    encrypted is a guess */
	bool unasked;            /* a plain answer whose request was not seen */
	uint32_t request_octets; /* length of the request's record; 0: unasked */
	uint32_t least_octets; /* encrypted: the shortest legal request's record under this cipher;
				  0 not known */
	uint32_t claimed, carried; /* plain: payload_length, and the octets that followed it: the
				      payload and the padding there were */
	uint32_t answer_records;
	uint64_t answer_octets; /* content of the records that answered */
	uint64_t answer_offset; /* where the first of them is in the input, when there is one */
	uint64_t leaked;        /* octets that were not the requester's own; encrypted: how much
				   longer the answer was */
	uint64_t leaked_least;  /* the same, as many as can be shown; plain: equal */
	uint32_t unanswered;    /* requests before this one in the connection without an answer */
};

struct tls_event {
	nsec_t time;
	uint8_t kind;                  /* enum tls_event_kind */
	bool datagram;                 /* DTLS */
	struct address client, server; /* by the hellos, else by the stream's opinion */
	uint16_t client_port, server_port;
	uint16_t version; /* of the server hello (supported_versions heeded), else of the record */
	uint16_t cipher;  /* 0: not known */
	uint8_t client_mode, server_mode; /* enum tls_heartbeat_mode */
	bool encrypt_then_mac;
	struct octets server_name;      /* SNI */
	struct tls_heartbeat heartbeat; /* of TLS_HEARTBEAT */
	uint64_t input_offset;
};

#endif
