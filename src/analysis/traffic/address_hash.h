/* SPDX-License-Identifier: ISC */
/*
 * A cheap keyed hash of addresses, for tables whose order never shows.
 *
 * The 32-bit pieces of a key are multiplied with secret 64-bit numbers and added up; before the
 * mixer the upper half of that sum is strongly universal (M. Thorup, "High speed hashing for
 * integers and strings", arXiv:1504.06804, section 3.4): whoever does not know the secret cannot
 * choose keys that collide more often than chance.  That holds for senders who never see a hash
 * value, which is so here, and costs a tenth of SipHash, which makes the secret numbers.  The end
 * is one to one; it breaks up runs of neighbouring keys for linear probing.  Bits below 32 of the
 * result are poor.
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_ADDRESS_HASH_H
#define YAGURA_ANALYSIS_TRAFFIC_ADDRESS_HASH_H

#include <stdint.h>

#include "base/hash.h"
#include "net/address.h"

struct address_hash {
	uint64_t source[4];
	uint64_t destination[4];
	uint64_t lengths;
	uint64_t offset;
};

/* Makes the secret numbers. */
static inline void
address_hash_init(struct address_hash *h, const struct hash_secret *secret)
{
	uint64_t *numbers[10] = { &h->source[0], &h->source[1], &h->source[2], &h->source[3],
		&h->destination[0], &h->destination[1], &h->destination[2], &h->destination[3],
		&h->lengths, &h->offset };

	for (uint64_t i = 0; i < 10; i++)
		*numbers[i] = hash_words(secret, &i, 1);
}

static inline uint64_t
address_hash_sum(const uint64_t numbers[4], const struct address *a)
{
	uint64_t sum = numbers[0] * (uint32_t)a->words[1] + numbers[1] * (a->words[1] >> 32);

	if (a->words[0] != 0)
		sum += numbers[2] * (uint32_t)a->words[0] + numbers[3] * (a->words[0] >> 32);
	return sum;
}

/* From sums to a hash. */
static inline uint64_t
address_hash_end(const struct address_hash *h, uint64_t sum)
{
	sum += h->offset;
	return (sum ^ sum >> 32) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Of one address or masked prefix. */
static inline uint64_t
address_hash_one(const struct address_hash *h, const struct address *a)
{
	return address_hash_end(h, address_hash_sum(h->source, a));
}

/* Of an ordered pair of prefixes. */
static inline uint64_t
address_hash_pair(const struct address_hash *h, const struct address *source,
    const struct address *destination, unsigned source_length, unsigned destination_length)
{
	return address_hash_end(h, address_hash_sum(h->source, source) +
				       address_hash_sum(h->destination, destination) +
				       h->lengths * (source_length << 8 | destination_length));
}

#endif
