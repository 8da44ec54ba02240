/* SPDX-License-Identifier: ISC */
/* Messages that a dissector reads as what they are; see payload.h. */
#include "simulate/payload.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

static uint8_t *
take(struct payload *p, size_t size)
{
	uint8_t *at = p->data + p->size;

	assert(size <= sizeof p->data - p->size);
	p->size += size;
	return at;
}

static void
put8(struct payload *p, unsigned v)
{
	*take(p, 1) = (uint8_t)v;
}

static void
put16(struct payload *p, unsigned v)
{
	put_be16(take(p, 2), (uint16_t)v);
}

static void
put32(struct payload *p, uint32_t v)
{
	put_be32(take(p, 4), v);
}

static void
put_random(struct payload *p, struct random *r, size_t size)
{
	random_fill(r, take(p, size), size);
}

static void
put_octets(struct payload *p, const void *data, size_t size)
{
	memcpy(take(p, size), data, size);
}

/* Writes into `at` how much was put after it and the `width` octets of the length itself. */
static void
close_length(struct payload *p, size_t at, size_t width)
{
	size_t length = p->size - at - width;

	for (size_t i = width; i > 0; i--, length >>= 8)
		p->data[at + i - 1] = (uint8_t)length;
}

static void
put_name(struct payload *p, const char *name)
{
	while (*name != '\0') {
		size_t size = strcspn(name, ".");
		put8(p, (unsigned)size);
		put_octets(p, name, size);
		name += size + (name[size] == '.');
	}
	put8(p, 0);
}

static void
put_answer(struct payload *p, const struct payload_dns *dns)
{
	size_t at;

	put16(p, 0xc00c); /* the question's name */
	put16(p, dns->type);
	put16(p, 1);
	put32(p, 300);
	at = p->size;
	put16(p, 0);
	if (dns->type == PAYLOAD_DNS_A)
		put_octets(p, dns->answer.octets + 12, 4);
	else if (dns->type == PAYLOAD_DNS_AAAA)
		put_octets(p, dns->answer.octets, 16);
	for (size_t left = dns->type == PAYLOAD_DNS_TXT ? dns->text_size : 0; left > 0;) {
		size_t size = left < 255 ? left : 255;
		put8(p, (unsigned)size);
		memset(take(p, size), 'x', size);
		left -= size;
	}
	close_length(p, at, 2);
}

void
payload_dns(struct payload *p, const struct payload_dns *dns)
{
	bool answered = dns->response && !dns->truncated && !dns->unknown;
	size_t at = p->size;

	if (dns->tcp)
		put16(p, 0);
	put16(p, dns->id);
	put16(p, (dns->response ? 0x8180U : 0x0100U) | (dns->truncated ? 0x0200U : 0) |
		     (dns->unknown ? 3U : 0));
	put16(p, 1);
	put16(p, answered);
	put32(p, 0);
	put_name(p, dns->name);
	put16(p, dns->type);
	put16(p, 1);
	if (answered)
		put_answer(p, dns);
	if (dns->tcp)
		close_length(p, at, 2);
}

/* Seconds since 1900 and a 32-bit fraction (RFC 5905, section 6). */
static void
put_ntp_time(struct payload *p, nsec_t time)
{
	put32(p, (uint32_t)(time / NSEC_PER_SEC + INT64_C(2208988800)));
	put32(p, (uint32_t)(((uint64_t)(time % NSEC_PER_SEC) << 32) / (uint64_t)NSEC_PER_SEC));
}

void
payload_ntp(struct payload *p, bool server, nsec_t now, nsec_t asked)
{
	static const uint8_t zeros[24] = { 0 };

	put8(p, server ? 0x24 : 0x23);
	put8(p, server ? 2 : 0);
	put8(p, 10);
	put8(p, 0xe8);
	put32(p, server ? 0x00000100 : 0); /* root delay, dispersion: seconds in 16.16 */
	put32(p, server ? 0x00000200 : 0);
	put32(p, server ? 0xc0000201 : 0);
	if (!server) {
		put_octets(p, zeros, sizeof zeros);
	} else {
		put_ntp_time(p, now - 64 * NSEC_PER_SEC);
		put_ntp_time(p, asked);
		put_ntp_time(p, now);
	}
	put_ntp_time(p, now);
}

void
payload_text(struct payload *p, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf((char *)p->data + p->size, sizeof p->data - p->size, format, args);
	va_end(args);
	assert(size >= 0 && (size_t)size < sizeof p->data - p->size);
	p->size += (size_t)size;
}

static void
put_extension_key(struct payload *p, struct random *r, bool client)
{
	put16(p, 0x0033); /* key_share: x25519 */
	put16(p, client ? 38 : 36);
	if (client)
		put16(p, 36);
	put16(p, 0x001d);
	put16(p, 32);
	put_random(p, r, 32);
}

void
payload_tls_client_hello(struct payload *p, struct random *r, const char *server_name)
{
	static const uint8_t rest[] = { 0x00, 0x0a, 0, 4, 0, 2, 0x00, 0x1d, /* groups */
		0x00, 0x0d, 0, 4, 0, 2, 0x04, 0x03,                         /* signatures */
		0x00, 0x2b, 0, 3, 2, 0x03, 0x04 };                          /* versions */
	static const uint8_t suites[] = { 0, 6, 0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 1, 0 };
	size_t record, handshake, extensions, name = strlen(server_name);

	put8(p, 22);
	put16(p, 0x0301);
	record = p->size;
	put16(p, 0);
	put8(p, 1);
	handshake = p->size;
	put_octets(p, "\0\0", 3);
	put16(p, 0x0303);
	put_random(p, r, 32);
	put8(p, 32);
	put_random(p, r, 32);
	put_octets(p, suites, sizeof suites);
	extensions = p->size;
	put16(p, 0);
	put16(p, 0); /* server_name */
	put16(p, (unsigned)name + 5);
	put16(p, (unsigned)name + 3);
	put8(p, 0);
	put16(p, (unsigned)name);
	put_octets(p, server_name, name);
	put_octets(p, rest, sizeof rest);
	put_extension_key(p, r, true);
	close_length(p, extensions, 2);
	close_length(p, handshake, 3);
	close_length(p, record, 2);
}

void
payload_tls_server_hello(struct payload *p, struct random *r)
{
	static const uint8_t version[] = { 0x00, 0x2b, 0, 2, 0x03, 0x04 };
	static const uint8_t change_cipher[] = { 20, 3, 3, 0, 1, 1 };
	size_t record, handshake, extensions;

	put8(p, 22);
	put16(p, 0x0303);
	record = p->size;
	put16(p, 0);
	put8(p, 2);
	handshake = p->size;
	put_octets(p, "\0\0", 3);
	put16(p, 0x0303);
	put_random(p, r, 32);
	put8(p, 32);
	put_random(p, r, 32);
	put16(p, 0x1301);
	put8(p, 0);
	extensions = p->size;
	put16(p, 0);
	put_octets(p, version, sizeof version);
	put_extension_key(p, r, false);
	close_length(p, extensions, 2);
	close_length(p, handshake, 3);
	close_length(p, record, 2);
	put_octets(p, change_cipher, sizeof change_cipher);
}

static void
put_string(struct payload *p, const char *text)
{
	put32(p, (uint32_t)strlen(text));
	put_octets(p, text, strlen(text));
}

/* A random string of SSH, as keys and signatures are. */
static void
put_blob(struct payload *p, struct random *r, size_t size)
{
	put32(p, (uint32_t)size);
	put_random(p, r, size);
}

static void
put_ssh_kexinit(struct payload *p, struct random *r)
{
	static const char *const lists[] = { "curve25519-sha256", "ssh-rsa", "aes128-ctr",
		"aes128-ctr", "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", "" };

	put_random(p, r, 16);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		put_string(p, lists[i]);
	put8(p, 0);
	put32(p, 0);
}

static void
put_ssh_reply(struct payload *p, struct random *r)
{
	static const uint8_t exponent[7] = { 0, 0, 0, 3, 1, 0, 1 };

	put32(p, 11 + sizeof exponent + 260); /* host key */
	put_string(p, "ssh-rsa");
	put_octets(p, exponent, sizeof exponent);
	put_blob(p, r, 256);
	put_blob(p, r, 32);
	put32(p, 11 + 260); /* signature */
	put_string(p, "ssh-rsa");
	put_blob(p, r, 256);
}

/* The binary packet of RFC 4253, section 6, around what `message` holds. */
void
payload_ssh(struct payload *p, struct random *r, unsigned message)
{
	size_t packet = p->size, padding;

	put32(p, 0);
	put8(p, 0);
	put8(p, message);
	if (message == 20)
		put_ssh_kexinit(p, r);
	else if (message == 30)
		put_blob(p, r, 32);
	else if (message == 31)
		put_ssh_reply(p, r);
	padding = 8 - (p->size - packet) % 8;
	padding += padding < 4 ? 8 : 0;
	put_random(p, r, padding);
	p->data[packet + 4] = (uint8_t)padding;
	close_length(p, packet, 4);
	if (message == 31)
		payload_ssh(p, r, 21);
}

void
payload_quic(struct payload *p, struct random *r, uint64_t connection, size_t size)
{
	size_t at = p->size;

	put_random(p, r, size);
	p->data[at] = (uint8_t)((p->data[at] & 0x3f) | 0x40);
	memcpy(p->data + at + 1, &connection, sizeof connection);
	p->data[at + 1] |= 0x80; /* or dissectors may guess it to be ISO transport (ISO 8602) */
}
