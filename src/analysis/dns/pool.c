/* SPDX-License-Identifier: ISC */
/* The bounded table of analyses of the DNS; see pool.h. */
#include "analysis/dns/pool.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "stat/select.h"

void
dns_pool_init(
    struct dns_pool *pool, const struct dns_pool_shape *shape, const struct hash_secret *secret)
{
	assert(shape->key_words <= DNS_POOL_KEY_WORDS && shape->entry_size % 8 == 0);
	*pool = (struct dns_pool){ .shape = shape, .hash = hash_linear_new(secret) };
}

static void
free_memory(struct dns_pool *pool)
{
	free(pool->entries);
	free(pool->heads);
	free(pool->links);
	free(pool->weights);
	pool->entries = NULL;
	pool->heads = NULL;
	pool->links = NULL;
	pool->weights = NULL;
	pool->capacity = pool->mask = 0;
}

void
dns_pool_release(struct dns_pool *pool)
{
	free_memory(pool);
	pool->count = 0;
}

void
dns_pool_clear(struct dns_pool *pool)
{
	if (pool->capacity > pool->shape->most)
		free_memory(pool);
	else if (pool->count > 0)
		memset(pool->heads, 0, ((size_t)pool->mask + 1) * sizeof *pool->heads);
	pool->count = 0;
	pool->now = pool->evicted = pool->evicted_weight = 0;
}

/* Enters all entries into the chains anew; their hashes are in the links. */
static void
link_all(struct dns_pool *pool)
{
	memset(pool->heads, 0, ((size_t)pool->mask + 1) * sizeof *pool->heads);
	for (uint32_t i = 0; i < pool->count; i++) {
		uint32_t *head = &pool->heads[pool->links[i].hash & pool->mask];
		pool->links[i].next = *head;
		*head = i + 1;
	}
}

/* Room for `capacity` entries.  Fresh memory of the kernel is zero and takes no room until it is
 * used, so the first is as large as it ever gets without a merge. */
static void
make_room(struct dns_pool *pool, uint32_t capacity)
{
	size_t size = pool->shape->entry_size, heads = 1;
	uint8_t *entries = xcalloc(capacity, size);
	struct dns_pool_link *links = xcalloc(capacity, sizeof *links);

	while (heads < capacity + (size_t)capacity / 2)
		heads *= 2;
	if (pool->count > 0) {
		memcpy(entries, pool->entries, pool->count * size);
		memcpy(links, pool->links, pool->count * sizeof *links);
	}
	free_memory(pool);
	pool->entries = entries;
	pool->links = links;
	pool->heads = xcalloc(heads, sizeof *pool->heads);
	pool->weights = xcalloc(capacity, sizeof *pool->weights);
	pool->mask = (uint32_t)heads - 1;
	pool->capacity = capacity;
	if (pool->count > 0)
		link_all(pool);
}

static void
purge(struct dns_pool *pool)
{
	size_t size = pool->shape->entry_size;
	uint64_t limit;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pool->count; i++)
		pool->weights[i] = pool->shape->weight(pool, dns_pool_entry(pool, i));
	limit = select_rank(pool->weights, pool->count, pool->count / 2);
	for (uint32_t i = 0; i < pool->count; i++) {
		const uint8_t *entry = dns_pool_entry(pool, i);
		uint64_t weight = pool->shape->weight(pool, entry);
		if (weight <= limit) {
			pool->evicted++;
			pool->evicted_weight += weight;
		} else if (kept++ != i) {
			memcpy(dns_pool_entry(pool, kept - 1), entry, size);
			pool->links[kept - 1].hash = pool->links[i].hash;
		}
	}
	pool->count = kept;
	link_all(pool);
}

static bool
is_key(const uint64_t *entry, const uint64_t *key, uint32_t words)
{
	uint64_t different = 0;

	for (uint32_t i = 0; i < words; i++)
		different |= entry[i] ^ key[i];
	return different == 0;
}

void *
dns_pool_find_hash(const struct dns_pool *pool, const uint64_t *key, uint32_t hash)
{
	if (pool->count == 0)
		return NULL;
	for (uint32_t i = pool->heads[hash & pool->mask]; i != 0; i = pool->links[i - 1].next) {
		void *entry = dns_pool_entry(pool, i - 1);
		if (pool->links[i - 1].hash == hash && is_key(entry, key, pool->shape->key_words))
			return entry;
	}
	return NULL;
}

void *
dns_pool_find(const struct dns_pool *pool, const uint64_t *key)
{
	return dns_pool_find_hash(pool, key, dns_pool_hash(pool, key));
}

static void *
add_entry(struct dns_pool *pool, const uint64_t *key, uint32_t hash)
{
	uint32_t *head = &pool->heads[hash & pool->mask];
	uint8_t *entry = dns_pool_entry(pool, pool->count);

	memset(entry, 0, pool->shape->entry_size);
	memcpy(entry, key, pool->shape->key_words * sizeof *key);
	pool->links[pool->count] = (struct dns_pool_link){ hash, *head };
	*head = ++pool->count;
	return entry;
}

void *
dns_pool_at_hash(struct dns_pool *pool, const uint64_t *key, uint32_t hash)
{
	void *entry = dns_pool_find_hash(pool, key, hash);

	if (entry != NULL)
		return entry;
	if (pool->capacity == 0)
		make_room(pool, pool->shape->most);
	if (pool->count == pool->capacity)
		purge(pool);
	return add_entry(pool, key, hash);
}

void *
dns_pool_at(struct dns_pool *pool, const uint64_t *key)
{
	return dns_pool_at_hash(pool, key, dns_pool_hash(pool, key));
}

void
dns_pool_merge(
    struct dns_pool *into, const struct dns_pool *from, void (*add)(void *into, const void *from))
{
	if (from->count == 0 && from->evicted == 0)
		return;
	if (into->count + from->count > into->capacity)
		make_room(into, into->count + from->count > into->shape->most
				    ? into->count + from->count
				    : into->shape->most);
	for (uint32_t i = 0; i < from->count; i++) {
		const uint64_t *theirs = dns_pool_entry(from, i);
		uint32_t hash = dns_pool_hash(into, theirs);
		void *ours = dns_pool_find_hash(into, theirs, hash);
		add(ours != NULL ? ours : add_entry(into, theirs, hash), theirs);
	}
	into->evicted += from->evicted;
	into->evicted_weight += from->evicted_weight;
	if (into->now < from->now)
		into->now = from->now;
}

/* qsort has no context: each pointer goes with its number of words. */
struct sorted {
	const uint64_t *key;
	size_t words;
};

static int
compare(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	for (size_t i = 0; i < x->words; i++)
		if (x->key[i] != y->key[i])
			return x->key[i] < y->key[i] ? -1 : 1;
	return 0;
}

const void **
dns_pool_sorted(const struct dns_pool *pool)
{
	struct sorted *sorted = xcalloc(pool->count + (size_t)1, sizeof *sorted);
	const void **list = xcalloc(pool->count + (size_t)1, sizeof *list);

	for (uint32_t i = 0; i < pool->count; i++)
		sorted[i] = (struct sorted){ dns_pool_entry(pool, i), pool->shape->key_words };
	if (pool->count > 0)
		qsort(sorted, pool->count, sizeof *sorted, compare);
	for (uint32_t i = 0; i < pool->count; i++)
		list[i] = sorted[i].key;
	free(sorted);
	return list;
}
