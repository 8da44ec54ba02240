/* SPDX-License-Identifier: ISC */
/* The per-process hash secret; see hash.h. */
#include "base/hash.h"

#include <stdlib.h>
#include <sys/random.h>

struct hash_secret
hash_secret_new(void)
{
	struct hash_secret secret;

	if (getrandom(&secret, sizeof secret, 0) != (ssize_t)sizeof secret)
		abort();
	return secret;
}
