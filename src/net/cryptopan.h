/* SPDX-License-Identifier: ISC */
/*
 * Crypto-PAn: addresses under a key, so that two which share a prefix still share one of that
 * length, and no more is told.
 *
 * J. Xu, J. Fan, M. Ammar, S. Moon, "Prefix-preserving IP address anonymization: measurement-based
 * security evaluation and a new cryptography-based scheme", ICNP 2002; RFC 6235, section 4.1.1.4.
 * IPv6 addresses go through the same construction over 128 bits.
 */
#ifndef YAGURA_NET_CRYPTOPAN_H
#define YAGURA_NET_CRYPTOPAN_H

#include "net/address.h"

#define CRYPTOPAN_KEY_SIZE 32

struct cryptopan;

/* The first half of the key is the cipher's, the second is encrypted to become the padding. */
struct cryptopan *cryptopan_new(const uint8_t key[CRYPTOPAN_KEY_SIZE]);
void cryptopan_free(struct cryptopan *cryptopan);

/* The address that stands for `a`; of the same family. */
struct address cryptopan_address(const struct cryptopan *cryptopan, const struct address *a);

#endif
