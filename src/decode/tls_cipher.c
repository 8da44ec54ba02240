/* SPDX-License-Identifier: ISC */
/*
 * Cipher suites by what their records are made of; see tls_cipher.h.
 *
 * The table holds the suites of the IANA registry "TLS Cipher Suites" up to TLS 1.2 whose
 * protection is one of the shapes below, by ranges of numbers.
 */
#include "decode/tls_cipher.h"

#include <stddef.h>

#define HEARTBEAT_LEAST 19 /* type, length, no payload, 16 octets of padding (RFC 6520) */

/* Octets of a MAC. */
enum {
	MD5 = 16,
	SHA1 = 20,
	SHA256 = 32,
	SHA384 = 48,
	ALTERNATE = 0xff, /* SHA256 and SHA384 in turn, beginning with SHA256 */
};

enum shape {
	STREAM,        /* RC4 or NULL, and a MAC */
	BLOCK,         /* CBC, and a MAC */
	AEAD_EXPLICIT, /* GCM, CCM: an explicit nonce of 8 octets, and a tag */
	AEAD,          /* ChaCha20-Poly1305: a tag (RFC 7905) */
};

static const struct suites {
	uint16_t first, last;
	uint8_t shape;
	uint8_t block;
	uint8_t mac; /* octets of the MAC or tag */
} SUITES[] = {
	{ 0x0001, 0x0001, STREAM, 0, MD5 },
	{ 0x0002, 0x0002, STREAM, 0, SHA1 },
	{ 0x0003, 0x0004, STREAM, 0, MD5 },
	{ 0x0005, 0x0005, STREAM, 0, SHA1 },
	{ 0x0006, 0x0006, BLOCK, 8, MD5 },
	{ 0x0007, 0x0016, BLOCK, 8, SHA1 },
	{ 0x0017, 0x0018, STREAM, 0, MD5 },
	{ 0x0019, 0x001b, BLOCK, 8, SHA1 },
	{ 0x001c, 0x001c, STREAM, 0, SHA1 },
	{ 0x001e, 0x001f, BLOCK, 8, SHA1 },
	{ 0x0020, 0x0020, STREAM, 0, SHA1 },
	{ 0x0021, 0x0021, BLOCK, 8, SHA1 },
	{ 0x0022, 0x0023, BLOCK, 8, MD5 },
	{ 0x0024, 0x0024, STREAM, 0, MD5 },
	{ 0x0025, 0x0025, BLOCK, 8, MD5 },
	{ 0x0026, 0x0027, BLOCK, 8, SHA1 },
	{ 0x0028, 0x0028, STREAM, 0, SHA1 },
	{ 0x0029, 0x002a, BLOCK, 8, MD5 },
	{ 0x002b, 0x002b, STREAM, 0, MD5 },
	{ 0x002c, 0x002e, STREAM, 0, SHA1 },
	{ 0x002f, 0x003a, BLOCK, 16, SHA1 },
	{ 0x003b, 0x003b, STREAM, 0, SHA256 },
	{ 0x003c, 0x0040, BLOCK, 16, SHA256 },
	{ 0x0041, 0x0046, BLOCK, 16, SHA1 },
	{ 0x0060, 0x0060, STREAM, 0, MD5 },
	{ 0x0061, 0x0061, BLOCK, 8, MD5 },
	{ 0x0062, 0x0063, BLOCK, 8, SHA1 },
	{ 0x0064, 0x0066, STREAM, 0, SHA1 },
	{ 0x0067, 0x006d, BLOCK, 16, SHA256 },
	{ 0x0084, 0x0089, BLOCK, 16, SHA1 },
	{ 0x008a, 0x008a, STREAM, 0, SHA1 },
	{ 0x008b, 0x008b, BLOCK, 8, SHA1 },
	{ 0x008c, 0x008d, BLOCK, 16, SHA1 },
	{ 0x008e, 0x008e, STREAM, 0, SHA1 },
	{ 0x008f, 0x008f, BLOCK, 8, SHA1 },
	{ 0x0090, 0x0091, BLOCK, 16, SHA1 },
	{ 0x0092, 0x0092, STREAM, 0, SHA1 },
	{ 0x0093, 0x0093, BLOCK, 8, SHA1 },
	{ 0x0094, 0x009b, BLOCK, 16, SHA1 },
	{ 0x009c, 0x00ad, AEAD_EXPLICIT, 0, 16 },
	{ 0x00ae, 0x00af, BLOCK, 16, ALTERNATE },
	{ 0x00b0, 0x00b0, STREAM, 0, SHA256 },
	{ 0x00b1, 0x00b1, STREAM, 0, SHA384 },
	{ 0x00b2, 0x00b3, BLOCK, 16, ALTERNATE },
	{ 0x00b4, 0x00b4, STREAM, 0, SHA256 },
	{ 0x00b5, 0x00b5, STREAM, 0, SHA384 },
	{ 0x00b6, 0x00b7, BLOCK, 16, ALTERNATE },
	{ 0x00b8, 0x00b8, STREAM, 0, SHA256 },
	{ 0x00b9, 0x00b9, STREAM, 0, SHA384 },
	{ 0x00ba, 0x00c5, BLOCK, 16, SHA256 },
	{ 0xc001, 0xc002, STREAM, 0, SHA1 },
	{ 0xc003, 0xc003, BLOCK, 8, SHA1 },
	{ 0xc004, 0xc005, BLOCK, 16, SHA1 },
	{ 0xc006, 0xc007, STREAM, 0, SHA1 },
	{ 0xc008, 0xc008, BLOCK, 8, SHA1 },
	{ 0xc009, 0xc00a, BLOCK, 16, SHA1 },
	{ 0xc00b, 0xc00c, STREAM, 0, SHA1 },
	{ 0xc00d, 0xc00d, BLOCK, 8, SHA1 },
	{ 0xc00e, 0xc00f, BLOCK, 16, SHA1 },
	{ 0xc010, 0xc011, STREAM, 0, SHA1 },
	{ 0xc012, 0xc012, BLOCK, 8, SHA1 },
	{ 0xc013, 0xc014, BLOCK, 16, SHA1 },
	{ 0xc015, 0xc016, STREAM, 0, SHA1 },
	{ 0xc017, 0xc017, BLOCK, 8, SHA1 },
	{ 0xc018, 0xc019, BLOCK, 16, SHA1 },
	{ 0xc01a, 0xc01c, BLOCK, 8, SHA1 },
	{ 0xc01d, 0xc022, BLOCK, 16, SHA1 },
	{ 0xc023, 0xc02a, BLOCK, 16, ALTERNATE },
	{ 0xc02b, 0xc032, AEAD_EXPLICIT, 0, 16 },
	{ 0xc033, 0xc033, STREAM, 0, SHA1 },
	{ 0xc034, 0xc034, BLOCK, 8, SHA1 },
	{ 0xc035, 0xc036, BLOCK, 16, SHA1 },
	{ 0xc037, 0xc038, BLOCK, 16, ALTERNATE },
	{ 0xc039, 0xc039, STREAM, 0, SHA1 },
	{ 0xc03a, 0xc03a, STREAM, 0, SHA256 },
	{ 0xc03b, 0xc03b, STREAM, 0, SHA384 },
	{ 0xc03c, 0xc04f, BLOCK, 16, ALTERNATE },
	{ 0xc050, 0xc063, AEAD_EXPLICIT, 0, 16 },
	{ 0xc064, 0xc069, BLOCK, 16, ALTERNATE },
	{ 0xc06a, 0xc06f, AEAD_EXPLICIT, 0, 16 },
	{ 0xc070, 0xc079, BLOCK, 16, ALTERNATE },
	{ 0xc07a, 0xc093, AEAD_EXPLICIT, 0, 16 },
	{ 0xc094, 0xc09b, BLOCK, 16, ALTERNATE },
	{ 0xc09c, 0xc09f, AEAD_EXPLICIT, 0, 16 },
	{ 0xc0a0, 0xc0a3, AEAD_EXPLICIT, 0, 8 },
	{ 0xc0a4, 0xc0a7, AEAD_EXPLICIT, 0, 16 },
	{ 0xc0a8, 0xc0ab, AEAD_EXPLICIT, 0, 8 },
	{ 0xc0ac, 0xc0ad, AEAD_EXPLICIT, 0, 16 },
	{ 0xc0ae, 0xc0af, AEAD_EXPLICIT, 0, 8 },
	{ 0xc0b0, 0xc0b3, AEAD_EXPLICIT, 0, 16 },
	{ 0xc0ff, 0xc0ff, AEAD_EXPLICIT, 0, 8 },
	{ 0xcc13, 0xcc15, AEAD, 0, 16 },
	{ 0xcca8, 0xccae, AEAD, 0, 16 },
	{ 0xd001, 0xd002, AEAD_EXPLICIT, 0, 16 },
	{ 0xd003, 0xd003, AEAD_EXPLICIT, 0, 8 },
	{ 0xd005, 0xd005, AEAD_EXPLICIT, 0, 16 },
};
#define SUITES_COUNT (sizeof SUITES / sizeof SUITES[0])

bool
tls_cipher_find(uint16_t number, struct tls_cipher *ret_cipher)
{
	size_t low = 0, high = SUITES_COUNT;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct suites *s = &SUITES[middle];
		if (number > s->last) {
			low = middle + 1;
		} else if (number < s->first) {
			high = middle;
		} else {
			uint8_t mac = s->mac;
			if (mac == ALTERNATE)
				mac = (number - s->first) % 2 == 0 ? SHA256 : SHA384;
			*ret_cipher = (struct tls_cipher){
				.is_aead = s->shape == AEAD || s->shape == AEAD_EXPLICIT,
				.nonce = s->shape == AEAD_EXPLICIT ? 8 : 0,
				.block = s->block,
				.mac = mac,
			};
			return true;
		}
	}
	return false;
}

/* Whether records of a version have an initialisation vector of their own: TLS 1.1 on, DTLS. */
static bool
has_vector(uint16_t version)
{
	return version >= 0x0302;
}

uint32_t
tls_cipher_record(
    const struct tls_cipher *c, uint16_t version, bool encrypt_then_mac, uint32_t size)
{
	uint32_t vector, inside;

	if (c->block == 0)
		return size + c->nonce + c->mac;
	vector = has_vector(version) ? c->block : 0;
	inside = size + 1 + (encrypt_then_mac ? 0 : c->mac);
	inside = (inside + c->block - 1) / c->block * c->block;
	return inside + vector + (encrypt_then_mac ? c->mac : 0);
}

uint32_t
tls_cipher_least_heartbeat(uint16_t number, uint16_t version, bool encrypt_then_mac)
{
	struct tls_cipher c;

	if (!tls_cipher_find(number, &c))
		return 0;
	return tls_cipher_record(&c, version, encrypt_then_mac, HEARTBEAT_LEAST);
}

void
tls_cipher_content(const struct tls_cipher *c, uint16_t version, uint32_t record,
    uint32_t *ret_least, uint32_t *ret_most)
{
	uint32_t vector = c->block != 0 && has_vector(version) ? c->block : 0;
	uint32_t least = c->nonce + c->mac + vector + (c->block != 0 ? 1 : 0);
	uint32_t spare = c->block != 0 ? c->block - 1U : 0;
	uint32_t most = record > least ? record - least : 0;

	*ret_most = most;
	*ret_least = most > spare ? most - spare : 0;
}
