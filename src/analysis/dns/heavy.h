/* SPDX-License-Identifier: ISC */
/*
 * Records by key, in bounded memory: when the table is full, the lighter half gives way.
 *
 * A detector under attack meets more keys than it can hold, most of them seen once.  Throwing out
 * the light half, by weight and then by key, never depends on the hash secret, so the same input
 * leaves the same records in every process; a key that comes often outlives any number that come
 * seldom.  What was thrown out is counted.
 *
 * A record begins with its key, a number of 64-bit words; the rest is zeroed when it is new.
 * Records move when another is added: keep no pointers.
 *
 *	struct heavy t;
 *	heavy_init(&t, sizeof(struct race), 5, 512, weigh_race, secret);
 *	struct race *r = heavy_at(&t, key);
 */
#ifndef YAGURA_ANALYSIS_DNS_HEAVY_H
#define YAGURA_ANALYSIS_DNS_HEAVY_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define HEAVY_KEY_MOST HASH_LINEAR_WORDS

typedef uint64_t (*heavy_weight_fn)(const void *record);
typedef void (*heavy_record_fn)(void *context, const void *record);

struct heavy {
	char *records;   /* owned; `count` of them */
	uint32_t *index; /* owned; number + 1 of a record, 0: free */
	size_t record_size, key_words;
	size_t count, capacity, mask;
	size_t most;  /* records of one state */
	size_t limit; /* records now: more in the state that others are merged into */
	uint64_t evicted;
	heavy_weight_fn weight;
	heavy_record_fn evict; /* may be NULL: is told what is thrown out */
	void *evict_context;
	struct hash_linear hash;
};

void heavy_init(struct heavy *t, size_t record_size, size_t key_words, size_t most,
    heavy_weight_fn weight, const struct hash_secret *secret);
/* Accepts a zeroed table. */
void heavy_release(struct heavy *t);
/* Back to no records; the memory of an ordinary window is kept. */
void heavy_clear(struct heavy *t);

/* The record of a key, or NULL. */
void *heavy_find(const struct heavy *t, const uint64_t *key);
/* The record of a key, made when new. */
void *heavy_at(struct heavy *t, const uint64_t *key);
/* Lets `into` hold the records of all shards, before those of `from` are added one by one; takes
 * over from's count of evictions. */
void heavy_widen(struct heavy *into, const struct heavy *from);

static inline void *
heavy_record(const struct heavy *t, size_t number)
{
	return t->records + number * t->record_size;
}

/* Pointers to all records in order of `compare` (as for qsort, of pointers to pointers): a new
 * array; free it. */
const void **heavy_sorted(const struct heavy *t, int (*compare)(const void *, const void *));

#endif
