/* SPDX-License-Identifier: ISC */
/* The table of contacts; see scan_contacts.h. */
#include "analysis/security/scan_contacts.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define LIGHT          2    /* contacts of a source that says little */
#define FLOODED        256  /* such sources that make a flood of a host, in a shard */
#define FLOODED_IN_ALL 2048 /* the same over all shards */
#define SATURATED      UINT16_MAX
#define LEVEL_MOST     24

#define SLOTS (1U << SCAN_SLOTS_BITS)

/*
 * Counts of sources and hosts while the table is full, by a hash without a secret: two that fall
 * together count as one, which at worst keeps a contact that might have gone, or thins one source
 * more than it would need.
 */
struct scan_scratch {
	uint16_t contacts[SLOTS];   /* of a source */
	uint16_t failing[SLOTS];    /* of a source: evidence */
	uint16_t light[SLOTS];      /* of a host: evidence of light sources */
	uint64_t hosts[SLOTS / 64]; /* a bit each: was flooded at the last look */
	uint8_t seen[SLOTS]; /* contacts of a source, then or since; of slots of their own, so that
				those who pass are as many of each slot of `contacts` */
};

static uint16_t
slot_of(const struct address *a)
{
	return (uint16_t)(hash_mix_words(a->words, 2) >> (64 - SCAN_SLOTS_BITS));
}

static uint16_t
seen_slot_of(const struct address *a)
{
	return (uint16_t)(hash_mix_words(a->words, 2) >> (48 - SCAN_SLOTS_BITS));
}

static void
count_up(uint16_t *counter)
{
	*counter += *counter < SATURATED;
}

void
scan_contacts_init(struct scan_contacts *t, const struct hash_secret *secret)
{
	*t = (struct scan_contacts){ .hash = hash_linear_new(secret) };
}

static void
free_memory(struct scan_contacts *t)
{
	free(t->list);
	free(t->links);
	free(t->heads);
	t->list = NULL;
	t->links = NULL;
	t->heads = NULL;
	t->capacity = t->mask = 0;
}

void
scan_contacts_release(struct scan_contacts *t)
{
	free_memory(t);
	free(t->scratch);
	free(t->levels);
	t->scratch = NULL;
	t->levels = NULL;
	t->count = 0;
}

void
scan_contacts_clear(struct scan_contacts *t)
{
	if (t->capacity > SCAN_CONTACTS_MOST)
		free_memory(t);
	else if (t->count > 0)
		memset(t->heads, 0, ((size_t)t->mask + 1) * sizeof *t->heads);
	t->count = 0;
	if (t->thinned)
		memset(t->levels, 0, SLOTS);
	t->thinned = false;
	t->flooded = false;
	t->flood = t->clean = t->light = 0;
}

static void
link_all(struct scan_contacts *t)
{
	memset(t->heads, 0, ((size_t)t->mask + 1) * sizeof *t->heads);
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t *head = &t->heads[t->links[i].hash & t->mask];
		t->links[i].next = *head;
		*head = i + 1;
	}
}

/* Memory of the kernel is zero and takes no room until it is touched. */
static void
make_room(struct scan_contacts *t, uint32_t capacity)
{
	struct scan_contact *list = xcalloc(capacity, sizeof *list);
	struct scan_link *links = xcalloc(capacity, sizeof *links);
	size_t heads = 1;

	while (heads < capacity)
		heads *= 2;
	if (t->count > 0) {
		memcpy(list, t->list, t->count * sizeof *list);
		memcpy(links, t->links, t->count * sizeof *links);
	}
	free_memory(t);
	t->list = list;
	t->links = links;
	t->heads = xcalloc(heads, sizeof *t->heads);
	t->mask = (uint32_t)heads - 1;
	t->capacity = capacity;
	link_all(t);
}

/* ------------------------------------------------------------------ thinning */

unsigned
scan_contacts_level(const struct scan_contacts *t, const struct address *source)
{
	return t->thinned ? t->levels[slot_of(source)] : 0;
}

static void
set_level(struct scan_contacts *t, uint32_t slot, unsigned level)
{
	if (t->levels == NULL)
		t->levels = xcalloc(SLOTS, sizeof *t->levels);
	if (t->levels[slot] < level)
		t->levels[slot] = (uint8_t)level;
	t->thinned = true;
}

/* By target and port alone, so that shards and windows keep the same ones. */
bool
scan_contacts_keeps(const struct scan_contact *c, unsigned level)
{
	uint64_t hash = hash_mix_words(c->key + 2, 3);

	return (hash & ((UINT64_C(1) << level) - 1)) == 0;
}

static void
raise_levels(struct scan_contacts *t, uint32_t most)
{
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		uint32_t left = t->scratch->contacts[slot];
		unsigned level = t->thinned ? t->levels[slot] : 0;
		if (left <= most)
			continue;
		for (; left > most && level < LEVEL_MOST; left /= 2)
			level++;
		set_level(t, slot, level);
	}
}

/* ------------------------------------------------------------------ giving up */

/* The rules.  Each is asked with the contact, where it lies, and a number. */
typedef bool (*gives_up_fn)(const struct scan_contacts *t, uint32_t at, uint32_t limit);

static bool
is_flood(const struct scan_contacts *t, uint32_t at, uint32_t limit)
{
	return t->scratch->contacts[t->links[at].source] <= LIGHT &&
	       t->scratch->light[t->links[at].target] >= limit &&
	       scan_is_evidence(t->list[at].marks);
}

static bool
is_clean(const struct scan_contacts *t, uint32_t at, uint32_t limit)
{
	return t->scratch->failing[t->links[at].source] <= limit;
}

static bool
is_thinned(const struct scan_contacts *t, uint32_t at, uint32_t limit)
{
	unsigned level = t->thinned ? t->levels[t->links[at].source] : 0;

	(void)limit;
	return level > 0 && !scan_contacts_keeps(&t->list[at], level);
}

/* Keeps what the rule does not give up, in its order; the chains are not valid afterwards. */
static uint64_t
give_up(struct scan_contacts *t, gives_up_fn rule, uint32_t limit)
{
	uint32_t kept = 0, before = t->count;

	for (uint32_t i = 0; i < before; i++) {
		if (rule(t, i, limit))
			continue;
		if (kept != i) {
			t->list[kept] = t->list[i];
			t->links[kept] = t->links[i];
		}
		kept++;
	}
	t->count = kept;
	return before - kept;
}

static void
count_all(struct scan_contacts *t)
{
	struct scan_scratch *n = t->scratch;

	if (n == NULL)
		n = t->scratch = xcalloc(1, sizeof *n);
	memset(n->contacts, 0, sizeof n->contacts);
	memset(n->failing, 0, sizeof n->failing);
	memset(n->light, 0, sizeof n->light);
	for (uint32_t i = 0; i < t->count; i++) {
		count_up(&n->contacts[t->links[i].source]);
		if (scan_is_evidence(t->list[i].marks))
			count_up(&n->failing[t->links[i].source]);
	}
	for (uint32_t i = 0; i < t->count; i++)
		if (n->contacts[t->links[i].source] <= LIGHT && scan_is_evidence(t->list[i].marks))
			count_up(&n->light[t->links[i].target]);
}

/* The contacts that are left when no source has more than `most`. */
static uint32_t
left_with(const struct scan_contacts *t, uint32_t most)
{
	uint32_t left = 0;

	for (uint32_t slot = 0; slot < SLOTS; slot++)
		left += t->scratch->contacts[slot] < most ? t->scratch->contacts[slot] : most;
	return left;
}

/* Rule 3: no more than `most` contacts of a source, or fewer, but not fewer than `least`, where
 * that is needed for half of the table to be free. */
static void
thin(struct scan_contacts *t, uint32_t most, uint32_t least)
{
	if (t->count <= t->capacity / 2)
		return;
	count_all(t);
	while (most > least && left_with(t, most) > t->capacity / 2)
		most /= 2;
	raise_levels(t, most);
	(void)give_up(t, is_thinned, 0);
}

/* Rule 4: sources with up to `most` failures, those with the fewest first, the same. */
static void
drop_light(struct scan_contacts *t, uint32_t least, uint32_t most)
{
	if (t->count <= t->capacity / 2)
		return;
	count_all(t);
	for (; t->count > t->capacity / 2 && least <= most; least *= 2)
		t->light += give_up(t, is_clean, least);
}

/* Remembers which hosts are flooded, and who is known. */
static void
note_floods(struct scan_contacts *t)
{
	struct scan_scratch *n = t->scratch;

	t->flooded = false;
	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t bit = UINT64_C(1) << i % 64;
		if (n->light[i] >= FLOODED) {
			n->hosts[i / 64] |= bit;
			t->flooded = true;
		} else {
			n->hosts[i / 64] &= ~bit;
		}
	}
	memset(n->seen, 0, sizeof n->seen);
	for (uint32_t i = 0; i < t->count && t->flooded; i++) {
		uint8_t *seen = &n->seen[seen_slot_of(&t->list[i].source)];
		*seen += *seen < UINT8_MAX;
	}
}

/* Whether a contact, whose source is of that slot, comes to a flooded host without being known. */
static bool
is_turned_away(struct scan_contacts *t, const struct scan_contact *c, uint32_t source)
{
	struct scan_scratch *n = t->scratch;
	uint32_t host = slot_of(&c->target);

	if ((n->hosts[host / 64] >> host % 64 & 1) == 0 || !scan_is_evidence(c->marks) ||
	    n->seen[source] >= LIGHT)
		return false;
	n->seen[source]++;
	t->flood++;
	return true;
}

/* Makes half of the table free. */
static void
purge(struct scan_contacts *t)
{
	count_all(t);
	note_floods(t);
	t->flood += give_up(t, is_flood, FLOODED);
	if (t->count > t->capacity / 2)
		t->clean += give_up(t, is_clean, 0);
	thin(t, SCAN_SOURCE_MOST, SCAN_SOURCE_MOST / 4);
	drop_light(t, 1, 1);
	thin(t, SCAN_SOURCE_MOST / 8, SCAN_SOURCE_LEAST);
	drop_light(t, 2, SCAN_CONTACTS_MOST);
	link_all(t);
}

/* ------------------------------------------------------------------ adding */

static bool
is_key(const struct scan_contact *a, const struct scan_contact *b)
{
	uint64_t different = 0;

	for (unsigned i = 0; i < SCAN_KEY_WORDS; i++)
		different |= a->key[i] ^ b->key[i];
	return different == 0;
}

static struct scan_contact *
find(const struct scan_contacts *t, const struct scan_contact *like, uint32_t hash)
{
	if (t->count == 0)
		return NULL;
	for (uint32_t i = t->heads[hash & t->mask]; i != 0; i = t->links[i - 1].next)
		if (t->links[i - 1].hash == hash && is_key(&t->list[i - 1], like))
			return &t->list[i - 1];
	return NULL;
}

struct scan_contact *
scan_contacts_find(const struct scan_contacts *t, const struct scan_contact *like)
{
	return find(t, like, hash_linear(&t->hash, like->key, SCAN_KEY_WORDS));
}

static void
join(struct scan_contact *into, const struct scan_contact *c)
{
	if (c->first < into->first)
		into->first = c->first;
	if (c->last > into->last)
		into->last = c->last;
	into->flows = into->flows > UINT32_MAX - c->flows ? UINT32_MAX : into->flows + c->flows;
	into->marks |= c->marks;
}

static void
append(struct scan_contacts *t, const struct scan_contact *c, uint32_t hash)
{
	uint32_t *head = &t->heads[hash & t->mask];

	t->list[t->count] = *c;
	t->links[t->count] =
	    (struct scan_link){ hash, *head, slot_of(&c->source), slot_of(&c->target) };
	*head = ++t->count;
}

static void
add(struct scan_contacts *t, const struct scan_contact *contact, uint32_t hash)
{
	struct scan_contact *known = find(t, contact, hash);

	if (known != NULL) {
		join(known, contact);
		return;
	}
	if (t->thinned) {
		unsigned level = scan_contacts_level(t, &contact->source);
		if (level > 0 && !scan_contacts_keeps(contact, level))
			return;
	}
	if (t->capacity == 0)
		make_room(t, SCAN_CONTACTS_MOST);
	if (t->count == t->capacity)
		purge(t);
	append(t, contact, hash);
}

void
scan_contacts_add(struct scan_contacts *t, const struct scan_contact *contact)
{
	if (!t->flooded || !is_turned_away(t, contact, seen_slot_of(&contact->source)))
		add(t, contact, hash_linear(&t->hash, contact->key, SCAN_KEY_WORDS));
}

/* Leaves out what is turned away; returns how many are left. */
static size_t
turn_away(struct scan_contacts *t, struct scan_contact *list, size_t count)
{
	uint16_t sources[SCAN_CHUNK];
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		sources[i] = seen_slot_of(&list[i].source);
		__builtin_prefetch(&t->scratch->seen[sources[i]], 1);
	}
	for (size_t i = 0; i < count; i++) {
		if (is_turned_away(t, &list[i], sources[i]))
			continue;
		if (kept != i)
			list[kept] = list[i];
		kept++;
	}
	return kept;
}

void
scan_contacts_add_all(struct scan_contacts *t, struct scan_contact *list, size_t count)
{
	uint32_t hashes[SCAN_CHUNK];

	assert(count <= SCAN_CHUNK);
	if (t->flooded)
		count = turn_away(t, list, count);
	for (size_t i = 0; i < count; i++) {
		hashes[i] = hash_linear(&t->hash, list[i].key, SCAN_KEY_WORDS);
		if (t->count > 0)
			__builtin_prefetch(&t->heads[hashes[i] & t->mask]);
	}
	for (size_t i = 0; i < count && t->count > 0; i++) {
		uint32_t first = t->heads[hashes[i] & t->mask];
		if (first != 0)
			__builtin_prefetch(&t->links[first - 1]);
	}
	for (size_t i = 0; i < count; i++)
		add(t, &list[i], hashes[i]);
}

void
scan_contacts_merge(struct scan_contacts *into, const struct scan_contacts *from)
{
	if (from->count > 0 && into->count + from->count > into->capacity) {
		uint32_t needed = into->count + from->count;
		make_room(into, needed > SCAN_CONTACTS_MOST ? needed : SCAN_CONTACTS_MOST);
	}
	for (uint32_t i = 0; i < from->count; i++) {
		uint32_t hash = hash_linear(&into->hash, from->list[i].key, SCAN_KEY_WORDS);
		struct scan_contact *known = find(into, &from->list[i], hash);
		if (known != NULL)
			join(known, &from->list[i]);
		else
			append(into, &from->list[i], hash);
	}
	for (uint32_t slot = 0; from->thinned && slot < SLOTS; slot++)
		if (from->levels[slot] > 0)
			set_level(into, slot, from->levels[slot]);
	into->flood += from->flood;
	into->clean += from->clean;
	into->light += from->light;
}

void
scan_contacts_settle(struct scan_contacts *t)
{
	if (t->count < FLOODED_IN_ALL && !t->thinned)
		return;
	count_all(t);
	t->flood += give_up(t, is_flood, FLOODED_IN_ALL);
	(void)give_up(t, is_thinned, 0);
	link_all(t);
}
