/* SPDX-License-Identifier: ISC */
/*
 * How long a TLS record is under a cipher: what can be said of a message nobody can read.
 *
 * The lengths follow from RFC 5246 section 6.2.3 (stream, block, AEAD), RFC 7366 (encrypt-then-MAC)
 * and RFC 7905 (ChaCha20-Poly1305).  The least legal heartbeat has 19 octets; a record of type
 * heartbeat that is shorter than these make it lies about its payload.  Computed, not listed: Zeek
 * lists 27 lengths, which these reproduce.
 */
#ifndef YAGURA_DECODE_TLS_CIPHER_H
#define YAGURA_DECODE_TLS_CIPHER_H

#include <stdbool.h>
#include <stdint.h>

struct tls_cipher {
	bool is_aead;
	uint8_t nonce; /* octets of the explicit nonce */
	uint8_t block; /* octets of a block; 0: none */
	uint8_t mac;   /* octets of the MAC or tag */
};

/* What is known of a suite; false for TLS 1.3's and those nobody listed. */
bool tls_cipher_find(uint16_t number, struct tls_cipher *ret_cipher);

/* The shortest record, without its header, that holds `size` octets.  `version` is 0x0301 for
 * TLS 1.0; DTLS counts as the TLS it is made from. */
uint32_t tls_cipher_record(
    const struct tls_cipher *cipher, uint16_t version, bool encrypt_then_mac, uint32_t size);

/* The shortest record of a legal heartbeat; 0 when the suite is not known. */
uint32_t tls_cipher_least_heartbeat(uint16_t number, uint16_t version, bool encrypt_then_mac);

/* The other way: how many octets a record of `record` octets holds, when it is padded no more than
 * it must be. */
void tls_cipher_content(const struct tls_cipher *cipher, uint16_t version, uint32_t record,
    uint32_t *ret_least, uint32_t *ret_most);

#endif
