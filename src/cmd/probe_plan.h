/* SPDX-License-Identifier: ISC */
/*
 * Which addresses `yagura dns probe` asks, and in which order.
 *
 * Only addresses inside the site's own prefixes: a prefix that is not wholly inside is refused, as
 * is one with more addresses than anybody could ask.  The order is a random permutation, so that
 * no network gets its packets in a row: a Feistel cipher over the indices, walked until it falls
 * into the range ("cycle walking": J. Black, P. Rogaway, "Ciphers with arbitrary finite domains",
 * CT-RSA 2002).  It needs no memory, whatever the number of addresses.
 */
#ifndef YAGURA_CMD_PROBE_PLAN_H
#define YAGURA_CMD_PROBE_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "net/site.h"

#define PROBE_ADDRESSES_MOST (UINT64_C(1) << 24)

struct probe_plan {
	struct prefix *prefixes; /* owned */
	uint64_t *starts;        /* owned: index of the first address of each prefix */
	size_t prefix_count;
	uint64_t count; /* addresses */
	unsigned half_bits;
	struct hash_secret secret;
};

/* Reads the prefixes.  ERR_USAGE with a sentence when one is no prefix, is not inside
 * `site.own_prefixes`, overlaps another, or when they have too many addresses. */
MUST_CHECK enum err probe_plan_make(const struct site *site, const char *const *texts, size_t count,
    const struct hash_secret *secret, struct probe_plan *ret_plan, struct err_info *info);
void probe_plan_release(struct probe_plan *plan);

/* Address number `index` in the order of asking; each address once. */
struct address probe_plan_address(const struct probe_plan *plan, uint64_t index);

#endif
