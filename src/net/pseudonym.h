/* SPDX-License-Identifier: ISC */
/*
 * Pseudonyms: who a user is, without saying who.
 *
 * A pseudonym is the first 64 bits of HMAC-SHA-256(key, identity) (RFC 2104).  With the key of an
 * operator they tell nothing to whoever has not the key, and the same user has the same pseudonym
 * in every period that was read with the same key.  Without a key of one's own a fixed one serves,
 * which protects nobody: identities can be tried.
 *
 * A pseudonymizer is constant once made and may be used by several threads.
 */
#ifndef YAGURA_NET_PSEUDONYM_H
#define YAGURA_NET_PSEUDONYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PSEUDONYM_KEY_SIZE 32

struct pseudonymizer;

/* Takes the key from a file of 64 hexadecimal digits, which is made, with a key from the kernel
 * and mode 0600, when it does not exist.  A NULL path gives the fixed key.  ERR_IO, ERR_CONFIG. */
MUST_CHECK enum err pseudonymizer_open(
    const char *key_file, struct pseudonymizer **ret_pseudonymizer, struct err_info *info);
void pseudonymizer_free(struct pseudonymizer *pseudonymizer);

/* Whether the key is the operator's own. */
bool pseudonymizer_is_protected(const struct pseudonymizer *pseudonymizer);

/* Whether others than its owner may read the key's file, as it was when opened. */
bool pseudonymizer_is_exposed(const struct pseudonymizer *pseudonymizer);

uint64_t pseudonym_of(const struct pseudonymizer *pseudonymizer, const void *identity, size_t size);

#endif
