/* SPDX-License-Identifier: ISC */
/* What tls.c and tls_aside.c share: records over TCP, and the state of a connection. */
#ifndef YAGURA_DECODE_TLS_INTERNAL_H
#define YAGURA_DECODE_TLS_INTERNAL_H

#include "base/bytes.h"
#include "decode/tls_session.h"

#define TLS_HEADER_SIZE 5

/* A handshake message that came in pieces. */
struct tls_pieces {
	uint8_t *octets; /* owned */
	size_t size, wanted;
	uint64_t input_offset; /* of its first octet */
};

struct tls_direction {
	uint8_t header[TLS_HEADER_SIZE];
	uint8_t header_size; /* octets of it that are there, when it came in pieces */
	uint8_t type;        /* of the record at hand */
	uint8_t head_size;
	uint8_t head[TLS_HEAD_SIZE];
	bool is_lost;       /* no record is known to begin */
	bool is_past_hello; /* handshake records are of no more interest */
	bool has_data;      /* application data was sent */
	uint32_t left;      /* octets of the record to come */
	uint32_t length;
	uint64_t input_offset; /* of the record's header */
	struct tls_pieces pieces;
};

struct tls_connection {
	struct tls_session session;
	uint16_t data_version; /* of records of application data */
	struct tls_direction directions[2];
};

/* Whether five octets are a record's header. */
static inline bool
tls_is_header(const uint8_t *p)
{
	return p[0] >= TLS_CHANGE_CIPHER_SPEC && p[0] <= TLS_HEARTBEAT_RECORD && p[1] == 3 &&
	       p[2] <= 4 && be16(p + 3) <= TLS_RECORD_MOST;
}

/* Whether octets begin with a handshake record that begins with a hello. */
bool tls_begins_hello(const uint8_t *octets, size_t size);

/* Whether application data flows both ways and nothing is open. */
bool tls_connection_may_rest(const struct tls_connection *connection);

/* The connection goes on in `direction` after `skip` octets; the other one is to be found again. */
void tls_connection_wake(struct tls_connection *connection, uint8_t direction, uint32_t skip);

extern const struct content_aside tls_aside;

#endif
