/* SPDX-License-Identifier: ISC */
/*
 * A bounded table of entries by key, whose content never depends on the hash.
 *
 * An entry begins with its key, `key_words` words; the rest is the caller's, zero when new. Entries
 * lie in order of their coming, and a keyed hash beside them holds numbers only.  When a new key
 * finds the pool full, every entry goes whose weight (by the caller's function) is at most the
 * median: a rule of contents alone, so the same input leaves the same entries in every process, and
 * an entry that grows is not pushed out by a flood of small ones.  What went is counted.  A purge
 * costs one pass and is paid by the half of the pool that it frees.
 *
 * Memory is taken at the first entry and touched as entries come; only merging makes a pool larger
 * than `most`.
 *
 *	static const struct dns_pool_shape SHAPE = { 4, sizeof(struct cell), 8192, weight };
 *	dns_pool_init(&pool, &SHAPE, &secret);
 *	struct cell *cell = dns_pool_at(&pool, key);
 */
#ifndef YAGURA_ANALYSIS_DNS_POOL_H
#define YAGURA_ANALYSIS_DNS_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define DNS_POOL_KEY_WORDS HASH_LINEAR_WORDS /* at most */

struct dns_pool;

struct dns_pool_shape {
	uint32_t key_words;
	uint32_t entry_size; /* a multiple of 8 */
	uint32_t most;       /* entries */
	/* What an entry is worth. */
	uint64_t (*weight)(const struct dns_pool *pool, const void *entry);
};

/* Beside each entry: its hash, and number + 1 of the next one of its chain. */
struct dns_pool_link {
	uint32_t hash, next;
};

struct dns_pool {
	const struct dns_pool_shape *shape;
	struct hash_linear hash;
	uint8_t *entries;            /* owned */
	uint32_t *heads;             /* owned: number + 1 of the first entry of a chain */
	struct dns_pool_link *links; /* owned */
	uint64_t *weights;           /* owned: for purges */
	uint32_t count, capacity, mask;
	uint64_t now; /* the caller's own, for weights */
	uint64_t evicted, evicted_weight;
};

void dns_pool_init(
    struct dns_pool *pool, const struct dns_pool_shape *shape, const struct hash_secret *secret);
void dns_pool_release(struct dns_pool *pool);
/* Back to no entries; a pool that merging made larger gives its memory back. */
void dns_pool_clear(struct dns_pool *pool);

static inline uint32_t
dns_pool_hash(const struct dns_pool *pool, const uint64_t *key)
{
	return hash_linear(&pool->hash, key, pool->shape->key_words);
}

/* Brings what a look-up of this hash will touch nearer; first the head, then the entry. */
static inline void
dns_pool_prefetch_head(const struct dns_pool *pool, uint32_t hash)
{
	if (pool->count != 0)
		__builtin_prefetch(&pool->heads[hash & pool->mask]);
}

static inline void
dns_pool_prefetch_entry(const struct dns_pool *pool, uint32_t hash)
{
	const uint8_t *entry;
	uint32_t first;

	if (pool->count == 0 || (first = pool->heads[hash & pool->mask]) == 0)
		return;
	entry = pool->entries + (size_t)(first - 1) * pool->shape->entry_size;
	__builtin_prefetch(&pool->links[first - 1]);
	__builtin_prefetch(entry);
	__builtin_prefetch(entry + 64);
}

/* The entry of a key, or NULL. */
void *dns_pool_find(const struct dns_pool *pool, const uint64_t *key);
/* The same, made when there is none.  Pointers to other entries become invalid. */
void *dns_pool_at(struct dns_pool *pool, const uint64_t *key);
/* The same two with the key's hash. */
void *dns_pool_find_hash(const struct dns_pool *pool, const uint64_t *key, uint32_t hash);
void *dns_pool_at_hash(struct dns_pool *pool, const uint64_t *key, uint32_t hash);

/* Entry number `index` (0…count-1) in order of coming. */
static inline void *
dns_pool_entry(const struct dns_pool *pool, uint32_t index)
{
	return pool->entries + (size_t)index * pool->shape->entry_size;
}

/* For each entry of `from` calls `add` with the entry of that key in `into`; refuses nothing. */
void dns_pool_merge(
    struct dns_pool *into, const struct dns_pool *from, void (*add)(void *into, const void *from));

/* All entries in the order of their keys (as words): a new array (free it), of pool->count. */
const void **dns_pool_sorted(const struct dns_pool *pool);

#endif
