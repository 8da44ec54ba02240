/* SPDX-License-Identifier: ISC */
/* Records by key, the light ones give way; see heavy.h. */
#include "analysis/dns/heavy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "base/xmalloc.h"

#define FIRST_CAPACITY 16

void
heavy_init(struct heavy *t, size_t record_size, size_t key_words, size_t most,
    heavy_weight_fn weight, const struct hash_secret *secret)
{
	assert(key_words <= HEAVY_KEY_MOST && record_size % sizeof(uint64_t) == 0);
	*t = (struct heavy){
		.record_size = record_size,
		.key_words = key_words,
		.most = most > FIRST_CAPACITY ? most : FIRST_CAPACITY,
		.weight = weight,
		.hash = hash_linear_new(secret),
	};
	t->limit = t->most;
}

void
heavy_release(struct heavy *t)
{
	free(t->records);
	free(t->index);
	t->records = NULL;
	t->index = NULL;
	t->count = t->capacity = t->mask = 0;
}

void
heavy_clear(struct heavy *t)
{
	t->limit = t->most;
	t->evicted = 0;
	if (t->capacity > FIRST_CAPACITY && t->capacity > t->count * 8)
		heavy_release(t);
	else if (t->count != 0)
		memset(t->index, 0, (t->mask + 1) * sizeof *t->index);
	t->count = 0;
}

/* Where the key stands in the index, or the free place for it. */
static size_t
place_of(const struct heavy *t, const uint64_t *key)
{
	size_t at = hash_linear(&t->hash, key, t->key_words) & t->mask;

	while (t->index[at] != 0 &&
	       memcmp(heavy_record(t, t->index[at] - 1), key, t->key_words * sizeof *key) != 0)
		at = (at + 1) & t->mask;
	return at;
}

void *
heavy_find(const struct heavy *t, const uint64_t *key)
{
	size_t at;

	if (t->count == 0)
		return NULL;
	at = place_of(t, key);
	return t->index[at] != 0 ? heavy_record(t, t->index[at] - 1) : NULL;
}

static void
reindex(struct heavy *t)
{
	memset(t->index, 0, (t->mask + 1) * sizeof *t->index);
	for (size_t i = 0; i < t->count; i++)
		t->index[place_of(t, heavy_record(t, i))] = (uint32_t)i + 1;
}

static void
grow(struct heavy *t)
{
	size_t capacity = t->capacity == 0 ? FIRST_CAPACITY : t->capacity * 2;

	if (capacity > t->limit)
		capacity = t->limit;
	t->records = xrealloc_array(t->records, capacity, t->record_size);
	t->capacity = capacity;
	t->mask = (size_t)2 * FIRST_CAPACITY;
	while (t->mask < 2 * capacity)
		t->mask *= 2;
	free(t->index);
	t->index = xcalloc(t->mask, sizeof *t->index);
	t->mask--;
	reindex(t);
}

/* A record while the lighter half is chosen. */
struct weighed {
	uint64_t weight;
	const uint64_t *key;
	size_t key_words;
	size_t number;
};

static int
compare_weights(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return memcmp(x->key, y->key, x->key_words * sizeof *x->key);
}

/* Throws the lighter half out. */
static void
prune(struct heavy *t)
{
	struct weighed *list = xcalloc(t->count, sizeof *list);
	size_t kept = t->count / 2;
	char *records = xmalloc(t->capacity * t->record_size);

	for (size_t i = 0; i < t->count; i++) {
		const void *record = heavy_record(t, i);

		list[i] = (struct weighed){ t->weight(record), record, t->key_words, i };
	}
	qsort(list, t->count, sizeof *list, compare_weights);
	for (size_t i = 0; i < t->count; i++) {
		const void *record = heavy_record(t, list[i].number);

		if (i < kept)
			memcpy(records + i * t->record_size, record, t->record_size);
		else if (t->evict != NULL)
			t->evict(t->evict_context, record);
	}
	t->evicted += t->count - kept;
	t->count = kept;
	free(t->records);
	t->records = records;
	free(list);
	reindex(t);
}

void *
heavy_at(struct heavy *t, const uint64_t *key)
{
	void *record = heavy_find(t, key);

	if (record != NULL)
		return record;
	if (t->count >= t->limit)
		prune(t);
	else if (t->count == t->capacity)
		grow(t);
	record = heavy_record(t, t->count++);
	memset(record, 0, t->record_size);
	memcpy(record, key, t->key_words * sizeof *key);
	t->index[place_of(t, key)] = (uint32_t)t->count;
	return record;
}

void
heavy_widen(struct heavy *into, const struct heavy *from)
{
	into->limit = into->most * ANALYSIS_SHARDS;
	into->evicted += from->evicted;
}

const void **
heavy_sorted(const struct heavy *t, int (*compare)(const void *, const void *))
{
	const void **list = xcalloc(t->count + 1, sizeof *list);

	for (size_t i = 0; i < t->count; i++)
		list[i] = heavy_record(t, i);
	qsort(list, t->count, sizeof *list, compare);
	return list;
}
