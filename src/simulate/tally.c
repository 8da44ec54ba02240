/* SPDX-License-Identifier: ISC */
/* Exact counters by key; see tally.h.  Open addressing, at most half full. */
#include "simulate/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"

#define LEAST_SIZE 1024

void
tally_release(struct tally *tally)
{
	free(tally->entries);
	*tally = (struct tally){ 0 };
}

static struct tally_entry *
find(const struct tally *tally, const uint64_t *key)
{
	size_t at = hash_mix_words(key, TALLY_KEY_WORDS) & (tally->size - 1);

	while (tally->entries[at].used &&
	       memcmp(tally->entries[at].key, key, sizeof tally->entries[at].key) != 0)
		at = (at + 1) & (tally->size - 1);
	return &tally->entries[at];
}

static void
grow(struct tally *tally)
{
	struct tally bigger = { .size = tally->size != 0 ? tally->size * 2 : LEAST_SIZE };

	bigger.entries = xcalloc(bigger.size, sizeof *bigger.entries);
	for (size_t i = 0; i < tally->size; i++)
		if (tally->entries[i].used)
			*find(&bigger, tally->entries[i].key) = tally->entries[i];
	free(tally->entries);
	tally->entries = bigger.entries;
	tally->size = bigger.size;
}

struct tally_entry *
tally_at(struct tally *tally, const uint64_t key[TALLY_KEY_WORDS])
{
	struct tally_entry *entry;

	if (tally->count * 2 >= tally->size)
		grow(tally);
	entry = find(tally, key);
	if (!entry->used) {
		entry->used = true;
		memcpy(entry->key, key, sizeof entry->key);
		tally->count++;
	}
	return entry;
}

static int
compare(const void *a, const void *b)
{
	const struct tally_entry *x = a, *y = b;

	return memcmp(x->key, y->key, sizeof x->key);
}

struct tally_entry *
tally_sorted(const struct tally *tally)
{
	struct tally_entry *sorted = xcalloc(tally->count + 1, sizeof *sorted);
	size_t count = 0;

	for (size_t i = 0; i < tally->size; i++)
		if (tally->entries[i].used)
			sorted[count++] = tally->entries[i];
	qsort(sorted, count, sizeof *sorted, compare);
	return sorted;
}
