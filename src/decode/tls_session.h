/* SPDX-License-Identifier: ISC */
/*
 * What is known of one TLS or DTLS connection, whatever carries its records: its hellos, and who
 * asked whom for heartbeats (RFC 6520).
 *
 * A request and all records that answer it are one exchange, delivered when it is over: the answer
 * is whole, an alert came, nothing came for TLS_HEARTBEAT_WAIT and something else does, or the
 * connection ends.  Exchanges of one connection wait in order; at most TLS_EXCHANGES do.
 *
 *	plain       an answer begins with its header; the records after it, up to the length that
 *	            the header promises, begin with payload: where memory leaks, with anything
 *	encrypted   records of the other side are the answer until the requester asks again
 *
 * For tls.c (records over TCP) and tls_datagram.c (DTLS).
 */
#ifndef YAGURA_DECODE_TLS_SESSION_H
#define YAGURA_DECODE_TLS_SESSION_H

#include "decode/content.h"
#include "obs/tls.h"

#define TLS_EXCHANGES 8

enum tls_record_type {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
	TLS_HEARTBEAT_RECORD = 24,
};

#define TLS_RECORD_MOST 18432 /* RFC 5246 section 6.2.3: 2^14 + 2048 */
#define TLS_HEAD_SIZE   3     /* of a heartbeat: type, payload_length */

struct tls_exchange {
	struct tls_heartbeat heartbeat;
	uint64_t input_offset; /* of the request's record */
	nsec_t touched;
	uint32_t answer_claimed; /* payload_length of the answer */
	uint64_t answer_least;   /* encrypted: what the answer's records hold at least */
	uint8_t direction;       /* of the request */
	bool covered;            /* encrypted: the last record was not full */
};

struct tls_exchanges {
	struct tls_exchange list[TLS_EXCHANGES]; /* the oldest first */
	unsigned count;
	uint32_t unanswered;
};

struct tls_session {
	struct address ends[2]; /* 0: of whom the stream takes for the client */
	uint16_t ports[2];
	uint16_t version, record_version, cipher;
	uint8_t client; /* which of the two is the client */
	uint8_t modes[2];
	bool datagram, has_hello[2]; /* client's, server's */
	bool encrypt_then_mac;
	bool encrypted[2], heard[2]; /* by direction */
	bool data;                   /* application data was sent */
	nsec_t begun;
	struct tls_exchanges *exchanges; /* owned; NULL: no heartbeat yet */
};

/* A heartbeat record as it went by. */
struct tls_heartbeat_record {
	nsec_t time;
	uint64_t input_offset;
	uint32_t length; /* as its header says */
	uint32_t seen;   /* octets of it that came: fewer when the connection ends in it */
	uint16_t version;
	uint8_t direction;
	bool encrypted;
	uint8_t head_size;
	uint8_t head[TLS_HEAD_SIZE];
};

/* A handshake message that is a hello, without its header. */
struct tls_message {
	nsec_t time;
	uint64_t input_offset;
	const uint8_t *body;
	size_t size;
	uint8_t direction;
	uint8_t type;
};

/* Reads it, and delivers it when it is the first of its kind. */
void tls_session_hello(
    struct tls_session *s, const struct content_sink *sink, const struct tls_message *message);

void tls_session_alert(
    struct tls_session *s, const struct content_sink *sink, uint8_t direction, nsec_t time);

void tls_session_heartbeat(
    struct tls_session *s, const struct content_sink *sink, const struct tls_heartbeat_record *r);

/* Delivers what is open when `sink` is not NULL, and frees what the session owns. */
void tls_session_end(struct tls_session *s, const struct content_sink *sink, nsec_t time);

#endif
