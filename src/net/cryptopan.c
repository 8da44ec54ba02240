/* SPDX-License-Identifier: ISC */
/* One AES-128 block an address bit, from libcrypto; see cryptopan.h. */
#include "net/cryptopan.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/xmalloc.h"

#define BLOCK 16

struct cryptopan {
	EVP_CIPHER_CTX *cipher; /* owned */
	uint8_t pad[BLOCK];
};

static void
encrypt(const struct cryptopan *c, const uint8_t *in, uint8_t *out)
{
	int size = 0;
	int done = EVP_EncryptUpdate(c->cipher, out, &size, in, BLOCK);

	assert(done == 1 && size == BLOCK);
	(void)done;
}

struct cryptopan *
cryptopan_new(const uint8_t key[CRYPTOPAN_KEY_SIZE])
{
	struct cryptopan *c = xcalloc(1, sizeof *c);
	int ready;

	c->cipher = EVP_CIPHER_CTX_new();
	if (c->cipher == NULL)
		abort(); /* out of memory, as in xmalloc */
	ready = EVP_EncryptInit_ex(c->cipher, EVP_aes_128_ecb(), NULL, key, NULL);
	assert(ready == 1);
	(void)ready;
	(void)EVP_CIPHER_CTX_set_padding(c->cipher, 0);
	encrypt(c, key + BLOCK, c->pad);
	return c;
}

void
cryptopan_free(struct cryptopan *c)
{
	if (c == NULL)
		return;
	EVP_CIPHER_CTX_free(c->cipher);
	free(c);
}

/*
 * Bit i of the answer is bit i of the address, turned over when the first bit of the encryption of
 * (the address's bits before i, then the padding's from i on) is set.
 */
static void
transform(const struct cryptopan *c, const uint8_t *address, unsigned bits, uint8_t *ret_octets)
{
	uint8_t input[BLOCK], output[BLOCK];

	memcpy(input, c->pad, BLOCK);
	for (unsigned i = 0; i < bits; i++) {
		uint8_t mark = (uint8_t)(0x80 >> i % 8);
		encrypt(c, input, output);
		ret_octets[i / 8] &= (uint8_t)~mark;
		if (((address[i / 8] & mark) != 0) != (output[0] >> 7 != 0))
			ret_octets[i / 8] |= mark;
		input[i / 8] = (uint8_t)((input[i / 8] & ~mark) | (address[i / 8] & mark));
	}
}

struct address
cryptopan_address(const struct cryptopan *c, const struct address *a)
{
	struct address answer = *a;

	if (address_is_ipv4(a))
		transform(c, a->octets + 12, 32, answer.octets + 12);
	else
		transform(c, a->octets, 128, answer.octets);
	return answer;
}
