/* SPDX-License-Identifier: ISC */
/*
 * A TLS ClientHello (RFC 8446, section 4.1.2) and its JA3 digest.
 *
 *	record: type 22, version, length | handshake: type 1, length (3) | version, random (32),
 *	session id <0..32>, cipher suites <2..2^16-2>, compression methods <1..255>, extensions
 *
 * JA3 (J. Althouse, J. Atkinson, J. Atkins, 2017): the decimal numbers of version, cipher suites,
 * extensions, groups and point formats, those of GREASE (RFC 8701) left out, "771,4865-4866,0-10,
 * 29-23,0", and the MD5 of that text.  A hello may be cut into several records; their contents are
 * put together here, up to what the sensor keeps.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "sensor/payload.h"

#define RECORD_HEADER 5
#define HELLO_MAX     4096
#define TEXT_MAX      4096

enum extension {
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_GROUPS = 10,
	EXTENSION_FORMATS = 11,
	EXTENSION_ALPN = 16,
};

struct text {
	char octets[TEXT_MAX];
	size_t size;
	bool full;
};

/* A hello while it is read. */
struct hello {
	struct text ciphers, extensions, groups, formats, alpn;
	unsigned version;
	struct cursor server_name;
	bool whole;
};

static void
put(struct text *t, const char *between, unsigned number)
{
	int n = snprintf(t->octets + t->size, sizeof t->octets - t->size, "%s%u",
	    t->size != 0 ? between : "", number);

	if (n < 0 || (size_t)n >= sizeof t->octets - t->size)
		t->full = true;
	else
		t->size += (size_t)n;
}

/* RFC 8701: 0x0a0a, 0x1a1a, … 0xfafa. */
static bool
is_grease(unsigned number)
{
	return (number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff);
}

static void
put_numbers(struct text *t, struct cursor list)
{
	while (cursor_left(&list) >= 2) {
		unsigned number = cursor_be16(&list);

		if (!is_grease(number))
			put(t, "-", number);
	}
}

/* Names of protocols, each with its length before it (RFC 7301, section 3.1). */
static void
put_alpn(struct text *t, struct cursor list)
{
	while (cursor_left(&list) != 0) {
		size_t size = cursor_u8(&list);
		const uint8_t *name = cursor_take(&list, size);

		if (name == NULL || size + 1 > PAYLOAD_VALUE_MAX - t->size)
			return;
		if (t->size != 0)
			t->octets[t->size++] = ',';
		for (size_t i = 0; i < size; i++)
			t->octets[t->size++] = (char)(name[i] != 0 ? name[i] : '?');
	}
}

static void
read_extension(struct hello *h, unsigned type, struct cursor body)
{
	switch (type) {
	case EXTENSION_SERVER_NAME:
		/* A list of names, of which only host_name (0) exists: RFC 6066, section 3. */
		(void)cursor_skip(&body, 2);
		if (cursor_u8(&body) == 0)
			h->server_name = cursor_sub(&body, cursor_be16(&body));
		break;
	case EXTENSION_GROUPS:
		put_numbers(&h->groups, cursor_sub(&body, cursor_be16(&body)));
		break;
	case EXTENSION_FORMATS:
		body = cursor_sub(&body, cursor_u8(&body));
		while (cursor_left(&body) != 0)
			put(&h->formats, "-", cursor_u8(&body));
		break;
	case EXTENSION_ALPN: put_alpn(&h->alpn, cursor_sub(&body, cursor_be16(&body))); break;
	default: break;
	}
}

static void
read_hello(struct hello *h, struct cursor c)
{
	struct cursor extensions;

	h->version = cursor_be16(&c);
	(void)cursor_skip(&c, 32);
	(void)cursor_skip(&c, cursor_u8(&c));
	put_numbers(&h->ciphers, cursor_sub(&c, cursor_be16(&c)));
	(void)cursor_skip(&c, cursor_u8(&c));
	if (c.failed)
		return;
	/* SSL 3 and TLS 1.0 may have none. */
	extensions = cursor_left(&c) != 0 ? cursor_sub(&c, cursor_be16(&c)) : c;
	h->whole = !c.failed;
	while (cursor_left(&extensions) != 0) {
		unsigned type = cursor_be16(&extensions);
		struct cursor body = cursor_sub(&extensions, cursor_be16(&extensions));

		if (extensions.failed) {
			h->whole = false;
			return;
		}
		if (!is_grease(type))
			put(&h->extensions, "-", type);
		read_extension(h, type, body);
	}
}

/* The handshake's octets out of their records; returns how many of them there are. */
static size_t
join_records(struct cursor c, uint8_t *room)
{
	size_t used = 0;

	while (cursor_left(&c) > RECORD_HEADER && c.at[0] == 22) {
		const uint8_t *header = cursor_take(&c, RECORD_HEADER);
		size_t size = be16(header + 3), left = cursor_left(&c);

		size = size < left ? size : left;
		size = size < HELLO_MAX - used ? size : HELLO_MAX - used;
		memcpy(room + used, c.at, size);
		used += size;
		c.at += size;
	}
	return used;
}

static void
add_digest(const struct hello *h, struct payload_facts *facts)
{
	const struct text *const parts[] = { &h->ciphers, &h->extensions, &h->groups, &h->formats };
	static const char HEX[] = "0123456789abcdef";
	EVP_MD_CTX *md5 = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE];
	char text[PAYLOAD_DIGEST_HEX] = "", version[8];
	int n = snprintf(version, sizeof version, "%u", h->version);
	bool good = md5 != NULL && EVP_DigestInit_ex(md5, EVP_md5(), NULL) == 1 &&
		    EVP_DigestUpdate(md5, version, (size_t)n) == 1;

	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && good; i++)
		good = !parts[i]->full && EVP_DigestUpdate(md5, ",", 1) == 1 &&
		       EVP_DigestUpdate(md5, parts[i]->octets, parts[i]->size) == 1;
	if (good && EVP_DigestFinal_ex(md5, digest, NULL) == 1) {
		for (size_t i = 0; i < 16; i++) {
			text[2 * i] = HEX[digest[i] >> 4];
			text[2 * i + 1] = HEX[digest[i] & 15];
		}
		text[PAYLOAD_DIGEST_HEX - 1] = '\0';
		payload_add_made(facts, "ja3", text);
	}
	EVP_MD_CTX_free(md5);
}

void
payload_prepare(void)
{
	static const struct hello NOTHING = { 0 };
	struct payload_facts facts = { 0 };

	add_digest(&NOTHING, &facts);
}

bool
payload_tls(struct cursor c, struct payload_facts *facts)
{
	struct hello hello = { 0 };
	uint8_t room[HELLO_MAX];
	struct cursor handshake;
	char version[8];
	size_t size;

	if (cursor_left(&c) < RECORD_HEADER + 1 || c.at[0] != 22 || c.at[1] != 3 || c.at[5] != 1)
		return false;
	facts->kind = PAYLOAD_TLS;
	handshake = cursor_over(room, join_records(c, room));
	(void)cursor_u8(&handshake);
	size = (size_t)cursor_u8(&handshake) << 16;
	size |= cursor_be16(&handshake);
	if (handshake.failed || size > cursor_left(&handshake))
		return true; /* the rest has not come, or is longer than what is kept */
	read_hello(&hello, cursor_sub(&handshake, size));
	facts->whole = hello.whole;
	if (!hello.whole)
		return true;
	(void)snprintf(version, sizeof version, "%04x", hello.version);
	payload_add_made(facts, "version", version);
	add_digest(&hello, facts);
	if (cursor_left(&hello.server_name) != 0) {
		/* It lies in `room`: made text, in which a zero would end it. */
		char name[PAYLOAD_VALUE_MAX + 1];
		size_t n = cursor_left(&hello.server_name);

		n = n < PAYLOAD_VALUE_MAX ? n : PAYLOAD_VALUE_MAX;
		for (size_t i = 0; i < n; i++)
			name[i] =
			    (char)(hello.server_name.at[i] != 0 ? hello.server_name.at[i] : '?');
		name[n] = '\0';
		payload_add_made(facts, "server_name", name);
	}
	hello.alpn.octets[hello.alpn.size] = '\0';
	payload_add_made(facts, "alpn", hello.alpn.octets);
	return true;
}
