/* SPDX-License-Identifier: ISC */
/* ClientHello and ServerHello; see tls_hello.h. */
#include "decode/tls_hello.h"

#include <string.h>

#include "obs/tls.h"

enum extension {
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_GROUPS = 10,
	EXTENSION_POINT_FORMATS = 11,
	EXTENSION_HEARTBEAT = 15,
	EXTENSION_ENCRYPT_THEN_MAC = 22,
	EXTENSION_SUPPORTED_VERSIONS = 43,
};

#define RANDOM_SIZE 32

/* SHA-256 of "HelloRetryRequest" (RFC 8446 section 4.1.3). */
static const uint8_t RETRY[RANDOM_SIZE] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe,
	0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
	0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

uint16_t
tls_version_of(uint16_t version)
{
	switch (version) {
	case 0x0100: /* OpenSSL's before the RFC */
	case DTLS_VERSION_1_0: return TLS_VERSION_1_1;
	case DTLS_VERSION_1_2: return TLS_VERSION_1_2;
	case 0xfefc: return TLS_VERSION_1_3;
	default: return version;
	}
}

bool
tls_extension_next(struct cursor *list, uint16_t *ret_type, struct octets *ret_data)
{
	uint16_t type, size;
	const uint8_t *data;

	if (cursor_left(list) == 0)
		return false;
	type = cursor_be16(list);
	size = cursor_be16(list);
	data = cursor_take(list, size);
	if (data == NULL)
		return false;
	*ret_type = type;
	*ret_data = (struct octets){ data, size };
	return true;
}

/* A vector with its length in one or two octets before it. */
static struct octets
take_vector(struct cursor *c, unsigned prefix)
{
	size_t size = prefix == 1 ? cursor_u8(c) : cursor_be16(c);
	const uint8_t *data = cursor_take(c, size);

	return (struct octets){ data, data != NULL ? size : 0 };
}

static struct octets
vector_in(struct octets data, unsigned prefix)
{
	struct cursor c = cursor_over(data.data, data.size);

	return take_vector(&c, prefix);
}

/* RFC 6066 section 3: a list of names by type, of which host_name (0) is the only one. */
static struct octets
read_server_name(struct octets data)
{
	struct cursor c = cursor_over(data.data, data.size);
	uint16_t size = cursor_be16(&c);
	struct cursor list = cursor_sub(&c, size);

	if (cursor_u8(&list) != 0)
		return (struct octets){ NULL, 0 };
	return take_vector(&list, 2);
}

static void
read_extension(struct tls_hello *h, uint8_t side, uint16_t type, struct octets data)
{
	switch (type) {
	case EXTENSION_SERVER_NAME: h->server_name = read_server_name(data); break;
	case EXTENSION_GROUPS: h->groups = vector_in(data, 2); break;
	case EXTENSION_POINT_FORMATS: h->point_formats = vector_in(data, 1); break;
	case EXTENSION_HEARTBEAT:
		if (data.size == 1 && (data.data[0] == TLS_HEARTBEAT_ALLOWED ||
					  data.data[0] == TLS_HEARTBEAT_FORBIDDEN))
			h->heartbeat_mode = data.data[0];
		break;
	case EXTENSION_ENCRYPT_THEN_MAC: h->encrypt_then_mac = true; break;
	case EXTENSION_SUPPORTED_VERSIONS:
		if (side == TLS_HANDSHAKE_SERVER_HELLO && data.size == 2)
			h->chosen_version = be16(data.data);
		break;
	default: break;
	}
}

static bool
read_extensions(struct tls_hello *h, uint8_t side, struct cursor *c)
{
	struct octets list, data;
	struct cursor at;
	uint16_t type;

	/* Before RFC 3546 there were none. */
	if (cursor_left(c) == 0)
		return true;
	list = take_vector(c, 2);
	if (c->failed)
		return false;
	h->extensions = list;
	at = cursor_over(list.data, list.size);
	while (tls_extension_next(&at, &type, &data))
		read_extension(h, side, type, data);
	return !at.failed;
}

static void
read_client(struct cursor *c, bool datagram, struct tls_hello *h)
{
	(void)take_vector(c, 1); /* session */
	if (datagram)
		(void)take_vector(c, 1); /* cookie */
	h->ciphers = take_vector(c, 2);
	(void)take_vector(c, 1); /* compression methods */
}

static void
read_server(struct cursor *c, struct tls_hello *h)
{
	(void)take_vector(c, 1);
	h->cipher = cursor_be16(c);
	(void)cursor_u8(c); /* compression method */
}

bool
tls_hello_read(
    const uint8_t *body, size_t size, uint8_t type, bool datagram, struct tls_hello *ret_hello)
{
	struct cursor c = cursor_over(body, size);
	struct tls_hello h = { 0 };

	h.version = h.chosen_version = cursor_be16(&c);
	h.random = cursor_take(&c, RANDOM_SIZE);
	if (type == TLS_HANDSHAKE_CLIENT_HELLO)
		read_client(&c, datagram, &h);
	else
		read_server(&c, &h);
	if (c.failed || !read_extensions(&h, type, &c))
		return false;
	h.retry = type == TLS_HANDSHAKE_SERVER_HELLO && memcmp(h.random, RETRY, sizeof RETRY) == 0;
	*ret_hello = h;
	return true;
}
