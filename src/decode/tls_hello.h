/* SPDX-License-Identifier: ISC */
/*
 * ClientHello and ServerHello (RFC 5246 section 7.4.1, RFC 8446 section 4.1, RFC 6347 section 4.2):
 * pure functions over the octets of one handshake message.
 *
 *	struct tls_hello hello;
 *	if (tls_hello_read(body, size, TLS_HANDSHAKE_CLIENT_HELLO, false, &hello))
 *		use(hello.server_name, hello.ciphers);
 *
 * What a hello holds is borrowed from it.  Digests such as JA3 are made from `version`, `ciphers`,
 * the types of `extensions` (tls_extension_next), `groups` and `point_formats`.
 */
#ifndef YAGURA_DECODE_TLS_HELLO_H
#define YAGURA_DECODE_TLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "obs/octets.h"

enum {
	TLS_HANDSHAKE_CLIENT_HELLO = 1,
	TLS_HANDSHAKE_SERVER_HELLO = 2,
};

enum {
	TLS_VERSION_1_0 = 0x0301,
	TLS_VERSION_1_1 = 0x0302,
	TLS_VERSION_1_2 = 0x0303,
	TLS_VERSION_1_3 = 0x0304,
	DTLS_VERSION_1_0 = 0xfeff,
	DTLS_VERSION_1_2 = 0xfefd,
};

struct tls_hello {
	uint16_t version;            /* its legacy field */
	uint16_t chosen_version;     /* of a server: supported_versions heeded; else as above */
	uint16_t cipher;             /* of a server: what it chose */
	uint8_t heartbeat_mode;      /* enum tls_heartbeat_mode */
	bool encrypt_then_mac;       /* extension 22 is there */
	bool retry;                  /* a HelloRetryRequest (RFC 8446 section 4.1.3) */
	const uint8_t *random;       /* 32 octets */
	struct octets ciphers;       /* of a client: two octets each */
	struct octets extensions;    /* the whole list: tls_extension_next */
	struct octets server_name;   /* of a client: SNI's host name (RFC 6066) */
	struct octets groups;        /* supported_groups: two octets each */
	struct octets point_formats; /* ec_point_formats: one octet each */
};

/* Reads the body of a handshake message of `type`; `datagram`: a DTLS ClientHello has a cookie.
 * False when it is malformed.  One that ends with its compression methods has no extensions. */
bool tls_hello_read(
    const uint8_t *body, size_t size, uint8_t type, bool datagram, struct tls_hello *ret_hello);

/* The next extension of a list; false at its end. */
bool tls_extension_next(struct cursor *list, uint16_t *ret_type, struct octets *ret_data);

/* The TLS version a DTLS version is made from; others are themselves. */
uint16_t tls_version_of(uint16_t version);

#endif
