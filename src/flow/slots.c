/* SPDX-License-Identifier: ISC */
/* Slots found by key and kept in order of age; see slots.h. */
#include "flow/slots.h"

#include <stdlib.h>

#include "base/xmalloc.h"

#define SLOTS_MAX (UINT32_C(1) << 28)

void
slots_init(struct slots *s, size_t capacity, const struct hash_secret *secret)
{
	uint32_t buckets = 1;

	*s = (struct slots){ .linear = hash_linear_new(secret), .unused = SLOT_NONE };
	s->capacity = capacity > SLOTS_MAX ? SLOTS_MAX : (uint32_t)capacity;
	if (s->capacity == 0)
		s->capacity = 1;
	while (buckets < s->capacity)
		buckets <<= 1;
	s->mask = buckets - 1;
	s->entries = xmap(s->capacity * sizeof *s->entries);
	s->buckets = xcalloc(buckets, sizeof *s->buckets);
	for (size_t i = 0; i < SLOTS_LISTS; i++) {
		s->list[i].oldest = SLOT_NONE;
		s->list[i].newest = SLOT_NONE;
	}
}

void
slots_release(struct slots *s)
{
	xunmap(s->entries, s->capacity * sizeof *s->entries);
	free(s->buckets);
	*s = (struct slots){ 0 };
}

static uint32_t
bucket_of(const struct slots *s, const struct slots_key *key)
{
	return hash_linear(&s->linear, key->words, 5) & s->mask;
}

static bool
same_key(const struct slots_key *a, const struct slots_key *b)
{
	uint64_t different = 0;

	for (size_t i = 0; i < sizeof a->words / sizeof a->words[0]; i++)
		different |= a->words[i] ^ b->words[i];
	return different == 0;
}

uint32_t
slots_find(const struct slots *s, const struct slots_key *key)
{
	uint32_t at = s->buckets[bucket_of(s, key)];

	while (at != 0) {
		const struct slots_entry *e = &s->entries[at - 1];
		if (same_key(&e->key, key))
			return at - 1;
		at = e->chain;
	}
	return SLOT_NONE;
}

uint32_t
slots_fetch_bucket(const struct slots *s, const struct slots_key *key)
{
	uint32_t bucket = bucket_of(s, key);

	__builtin_prefetch(&s->buckets[bucket]);
	return bucket;
}

uint32_t
slots_fetch_entry(const struct slots *s, uint32_t bucket)
{
	uint32_t slot = slots_first(s, bucket);

	if (slot != SLOT_NONE)
		__builtin_prefetch(&s->entries[slot], 1);
	return slot;
}

static void
list_remove(struct slots *s, const struct slots_entry *e)
{
	if (e->older != SLOT_NONE)
		s->entries[e->older].newer = e->newer;
	else
		s->list[e->list].oldest = e->newer;
	if (e->newer != SLOT_NONE)
		s->entries[e->newer].older = e->older;
	else
		s->list[e->list].newest = e->older;
	s->list[e->list].count--;
}

static void
list_append(struct slots *s, uint32_t slot, unsigned list)
{
	struct slots_entry *e = &s->entries[slot];

	e->list = (uint8_t)list;
	e->older = s->list[list].newest;
	e->newer = SLOT_NONE;
	if (e->older != SLOT_NONE)
		s->entries[e->older].newer = slot;
	else
		s->list[list].oldest = slot;
	s->list[list].newest = slot;
	s->list[list].count++;
}

uint32_t
slots_take(struct slots *s, const struct slots_key *key, unsigned list)
{
	struct slots_entry *e;
	uint32_t slot = s->unused;

	if (slot != SLOT_NONE)
		s->unused = s->entries[slot].chain;
	else if (s->fresh < s->capacity)
		slot = s->fresh++;
	else
		return SLOT_NONE;
	e = &s->entries[slot];
	e->key = *key;
	e->bucket = bucket_of(s, key);
	e->chain = s->buckets[e->bucket];
	s->buckets[e->bucket] = slot + 1;
	list_append(s, slot, list);
	return slot;
}

void
slots_give(struct slots *s, uint32_t slot)
{
	struct slots_entry *e = &s->entries[slot];
	uint32_t *link = &s->buckets[e->bucket];

	while (*link != slot + 1)
		link = &s->entries[*link - 1].chain;
	*link = e->chain;
	list_remove(s, e);
	e->chain = s->unused;
	s->unused = slot;
}

void
slots_move(struct slots *s, uint32_t slot, unsigned list)
{
	const struct slots_entry *e = &s->entries[slot];

	if (e->list == list && e->newer == SLOT_NONE)
		return;
	list_remove(s, e);
	list_append(s, slot, list);
}
