/* SPDX-License-Identifier: ISC */
/*
 * Messages that a dissector reads as what they are: DNS, NTP, HTTP, TLS hellos, SMTP, SSH, QUIC's
 * outside.  Each function appends to a payload.
 */
#ifndef YAGURA_SIMULATE_PAYLOAD_H
#define YAGURA_SIMULATE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/address.h"
#include "simulate/random.h"

#define PAYLOAD_MAX 4096

struct payload {
	uint8_t data[PAYLOAD_MAX];
	size_t size;
};

enum {
	PAYLOAD_DNS_A = 1,
	PAYLOAD_DNS_TXT = 16,
	PAYLOAD_DNS_AAAA = 28,
};

/* One question and, in a response, its answer. */
struct payload_dns {
	uint16_t id;
	uint16_t type;
	const char *name;      /* "www1.example.com" */
	bool response;         /* with one answer, unless truncated or unknown */
	bool truncated;        /* TC is set, no answer */
	bool unknown;          /* NXDOMAIN */
	bool tcp;              /* with the two octets of length before it */
	struct address answer; /* A, AAAA */
	size_t text_size;      /* TXT: octets of text */
};

void payload_dns(struct payload *p, const struct payload_dns *dns);

/* NTP (RFC 5905): mode 3 from a client, mode 4 from a server. */
void payload_ntp(struct payload *p, bool server, nsec_t now, nsec_t asked);

void payload_text(struct payload *p, const char *format, ...) PRINTF_LIKE(2, 3);

/* TLS 1.3 (RFC 8446): hellos that differ only in their random parts and name. */
void payload_tls_client_hello(struct payload *p, struct random *r, const char *server_name);
void payload_tls_server_hello(struct payload *p, struct random *r);

/* SSH (RFC 4253): the packets before encryption begins, by message number: 20 KEXINIT, 30
 * ECDH_INIT, 31 ECDH_REPLY with 21 NEWKEYS. */
void payload_ssh(struct payload *p, struct random *r, unsigned message);

/* `size` octets (at least 9) that look like QUIC under way: a short header (RFC 9000, section 17.3)
 * with a connection's identifier, the rest as good as random.  Long headers are left out, since a
 * dissector would take them for a real handshake and fail to decrypt it. */
void payload_quic(struct payload *p, struct random *r, uint64_t connection, size_t size);

#endif
