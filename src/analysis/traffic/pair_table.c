/* SPDX-License-Identifier: ISC */
/* The bounded table of prefix pairs and its roll-up; see pair_table.h. */
#include "analysis/traffic/pair_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/marked.h"
#include "base/xmalloc.h"
#include "stat/select.h"

static_assert(PAIR_TABLE_MOST < PAIR_NUMBER_MASK, "item numbers fit in a slot");

static const uint8_t STEPS_IPV4[] = { 0, 8, 16, 24, 32 };
static const uint8_t STEPS_IPV6[] = { 0, 16, 32, 48, 64, 128 };
static const uint8_t LATTICE_IPV4[] = { 0, 8, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
	29, 30, 31, 32 };
static const uint8_t LATTICE_IPV6[] = { 0, 16, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
	45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 128 };

const struct pair_lengths PAIR_LENGTHS_STEPS = { STEPS_IPV4, STEPS_IPV6, sizeof STEPS_IPV4,
	sizeof STEPS_IPV6 };
const struct pair_lengths PAIR_LENGTHS_LATTICE = { LATTICE_IPV4, LATTICE_IPV6, sizeof LATTICE_IPV4,
	sizeof LATTICE_IPV6 };

void
pair_table_init(
    struct pair_table *t, uint32_t capacity, uint64_t divisor, const struct hash_secret *secret)
{
	uint32_t slots = 2 * PAIR_TABLE_LEAST;

	assert(capacity >= PAIR_TABLE_LEAST && capacity <= PAIR_TABLE_MOST && divisor >= 1);
	while (slots < 2 * capacity)
		slots *= 2;
	*t = (struct pair_table){ .capacity = capacity,
		.slot_mask = slots - 1,
		.slot_shift = (unsigned)__builtin_clz(slots) + 1,
		.divisor_first = divisor,
		.divisor = divisor };
	address_hash_init(&t->hash, secret);
	t->items = aligned_alloc(64, ((size_t)capacity + 1) * sizeof *t->items);
	if (t->items == NULL)
		abort();
	t->slots = xcalloc(slots, sizeof *t->slots);
}

void
pair_table_release(struct pair_table *t)
{
	free(t->items);
	free(t->slots);
	marked_free(t->marked);
	*t = (struct pair_table){ 0 };
}

void
pair_table_clear(struct pair_table *t)
{
	if (t->count > t->slot_mask / 32 || t->marked != NULL) {
		memset(t->slots, 0, ((size_t)t->slot_mask + 1) * sizeof *t->slots);
	} else {
		for (uint32_t i = 0; i < t->count; i++) {
			/* Its chain may be broken already, so walk over empty slots too. */
			uint32_t at = t->items[i].hash >> t->slot_shift;
			while ((t->slots[at] & PAIR_NUMBER_MASK) != i + 1)
				at = (at + 1) & t->slot_mask;
			t->slots[at] = 0;
		}
	}
	marked_free(t->marked);
	t->marked = NULL;
	t->count = 0;
	t->octets = t->packets = 0;
	t->unseen_octets = t->unseen_packets = 0;
	t->divisor = t->divisor_first;
}

/* ------------------------------------------------------------------ the hash table */

static inline bool
same_key(const struct pair_item *a, const struct pair_item *b)
{
	return address_equal(&a->source, &b->source) &&
	       address_equal(&a->destination, &b->destination) &&
	       a->source_length == b->source_length &&
	       a->destination_length == b->destination_length;
}

/* The slot of a key, or the empty one where it would go. */
static inline uint32_t
find_slot(const struct pair_table *t, const struct pair_item *key)
{
	uint32_t at = key->hash >> t->slot_shift;

	for (;; at = (at + 1) & t->slot_mask) {
		uint32_t slot = t->slots[at];
		if (slot == 0)
			return at;
		if ((slot ^ key->hash << PAIR_NUMBER_BITS) <= PAIR_NUMBER_MASK &&
		    same_key(&t->items[(slot & PAIR_NUMBER_MASK) - 1], key))
			return at;
	}
}

static inline uint64_t
sum(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* Adds to the item of a slot, or puts a new one there; there is room. */
static inline void
put_item(struct pair_table *t, uint32_t at, const struct pair_item *item)
{
	uint32_t slot = t->slots[at];
	struct pair_item *held;

	if (slot == 0) {
		t->items[t->count] = *item;
		t->slots[at] = item->hash << PAIR_NUMBER_BITS | ++t->count;
		return;
	}
	held = &t->items[(slot & PAIR_NUMBER_MASK) - 1];
	held->octets = sum(held->octets, item->octets);
	held->packets = sum(held->packets, item->packets);
}

static inline uint32_t
hash_item(const struct pair_table *t, const struct pair_item *item)
{
	return (uint32_t)(address_hash_pair(&t->hash, &item->source, &item->destination,
			      item->source_length, item->destination_length) >>
			  32);
}

const struct pair_item *
pair_table_find(const struct pair_table *t, const struct pair_item *key)
{
	struct pair_item k = *key;
	uint32_t slot;

	k.hash = hash_item(t, &k);
	slot = t->slots[find_slot(t, &k)];
	return slot != 0 ? &t->items[(slot & PAIR_NUMBER_MASK) - 1] : NULL;
}

/* ------------------------------------------------------------------ rolling up */

/* The volumes above which an item is heavy, such that at most `keep` items are. */
static void
find_heavy(const struct pair_table *t, uint32_t keep, uint64_t *ret_octets, uint64_t *ret_packets)
{
	uint64_t *values = xcalloc(t->count, sizeof *values);
	uint32_t rank = keep / 2 < t->count ? t->count - keep / 2 - 1 : 0;

	for (uint32_t i = 0; i < t->count; i++)
		values[i] = t->items[i].octets;
	*ret_octets = select_rank(values, t->count, rank);
	for (uint32_t i = 0; i < t->count; i++)
		values[i] = t->items[i].packets;
	*ret_packets = select_rank(values, t->count, rank);
	free(values);
}

/* Puts `old` items back, the light ones coarser. */
static void
refill(struct pair_table *t, const struct pair_item *old, uint32_t old_count,
    const struct mark_lengths *lengths, const uint64_t heavy[2])
{
	memset(t->slots, 0, ((size_t)t->slot_mask + 1) * sizeof *t->slots);
	t->count = 0;
	for (uint32_t i = 0; i < old_count; i++) {
		struct pair_item item = old[i];
		if (item.octets <= heavy[0] && item.packets <= heavy[1]) {
			item.source_length = lengths[i].source;
			item.destination_length = lengths[i].destination;
			item.source = pair_mask(&item.source, item.source_length);
			item.destination = pair_mask(&item.destination, item.destination_length);
			item.hash = hash_item(t, &item);
		}
		put_item(t, find_slot(t, &item), &item);
	}
}

/* What new pairs must bring together for one of them to be admitted: worked out seldom, because
 * divisions are slow. */
static void
set_admission(struct pair_table *t)
{
	t->unseen_octets = t->unseen_packets = 0;
	t->admit_octets = t->octets / t->capacity * 4 + 1;
	t->admit_packets = t->packets / t->capacity * 4 + 1;
}

/* Out of line: it is called seldom from where speed counts. */
static __attribute__((noinline)) void
roll_up(struct pair_table *t, uint32_t most, uint32_t keep, const struct pair_lengths *lengths)
{
	uint32_t old_count = t->count;
	struct pair_item *old = xrealloc_array(NULL, old_count, sizeof *old);
	struct mark_lengths *marks = xcalloc(old_count, sizeof *marks);
	uint64_t heavy[2];

	memcpy(old, t->items, old_count * sizeof *old);
	find_heavy(t, keep, &heavy[0], &heavy[1]);
	for (;; t->divisor = t->divisor / 2 + (t->divisor == 1)) {
		marked_free(t->marked);
		t->marked = marked_new(&t->hash);
		marked_find(t->marked, old, old_count,
		    &(struct mark_rule){ .lengths = lengths,
			.octets = t->octets / t->divisor + 1,
			.packets = t->packets / t->divisor + 1 },
		    marks);
		refill(t, old, old_count, marks, heavy);
		if (t->count <= most)
			break;
		assert(t->divisor > 1);
	}
	set_admission(t);
	free(marks);
	free(old);
}

void
pair_table_reduce(struct pair_table *t, uint32_t most, const struct pair_lengths *lengths)
{
	assert(most >= 8);
	if (t->count > most) {
		t->divisor = t->divisor_first;
		roll_up(t, most, most / 2, lengths);
	}
}

/* Adds an item whether or not there is room. */
static inline void
force_item(struct pair_table *t, const struct pair_item *item)
{
	uint32_t at = find_slot(t, item);

	if (t->slots[at] == 0 && t->count == t->capacity) {
		roll_up(t, t->capacity / 2, t->capacity / 4, &PAIR_LENGTHS_STEPS);
		at = find_slot(t, item);
	}
	put_item(t, at, item);
}

void
pair_table_add(struct pair_table *t, const struct pair_item *item)
{
	struct pair_item mine = *item;

	mine.hash = hash_item(t, &mine);
	force_item(t, &mine);
	t->octets = sum(t->octets, item->octets);
	t->packets = sum(t->packets, item->packets);
}

/* Whether it is a new pair's turn to be admitted. */
static inline bool
is_admitted(struct pair_table *t, const uint64_t volume[2])
{
	t->unseen_octets = sum(t->unseen_octets, volume[0]);
	t->unseen_packets = sum(t->unseen_packets, volume[1]);
	if (t->unseen_octets < t->admit_octets && t->unseen_packets < t->admit_packets)
		return false;
	set_admission(t);
	return true;
}

/* New pairs that go to rolled-up items which are on their way from memory. */
struct waiting {
	struct pair_item items[PAIR_CHUNK];
	size_t count;
};

static void
put_waiting(struct pair_table *t, struct waiting *w)
{
	for (size_t i = 0; i < w->count; i++)
		pair_table_prefetch_item(t, w->items[i].hash);
	for (size_t i = 0; i < w->count; i++)
		put_item(t, find_slot(t, &w->items[i]), &w->items[i]);
	w->count = 0;
}

/* Counts a new pair in the item that it rolls up to.  It waits where nothing can tell the
 * difference: there is room for all that wait, so that nothing is rolled up between, and it is not
 * a whole pair, which the next of its kind would have to find. */
static inline void
observe_rolled(struct pair_table *t, struct waiting *w, const struct pair_traffic *p)
{
	uint8_t source_length = marked_longest(t->marked, MARKED_SOURCE, p->source);
	uint8_t destination_length = marked_longest(t->marked, MARKED_DESTINATION, p->destination);
	unsigned full = address_is_ipv4(p->source) ? 32 : 128;
	struct pair_item *item = &w->items[w->count];

	*item = (struct pair_item){ .source = pair_mask(p->source, source_length),
		.destination = pair_mask(p->destination, destination_length),
		.octets = p->volume[0],
		.packets = p->volume[1],
		.source_length = source_length,
		.destination_length = destination_length };
	item->hash = hash_item(t, item);
	if (t->count + w->count + 1 < t->capacity &&
	    (source_length != full || destination_length != full)) {
		pair_table_prefetch_slot(t, item->hash);
		w->count++;
	} else {
		struct pair_item now = *item;
		put_waiting(t, w);
		force_item(t, &now);
	}
}

/* The whole pair, if it is held. */
static inline struct pair_item *
find_pair(const struct pair_table *t, const struct pair_traffic *p, uint8_t length)
{
	uint32_t slot;

	for (uint32_t at = p->hash >> t->slot_shift; (slot = t->slots[at]) != 0;
	     at = (at + 1) & t->slot_mask) {
		struct pair_item *held = &t->items[(slot & PAIR_NUMBER_MASK) - 1];
		/* The tags agree where no bit above the number differs. */
		if ((slot ^ p->hash << PAIR_NUMBER_BITS) <= PAIR_NUMBER_MASK &&
		    address_equal(&held->source, p->source) &&
		    address_equal(&held->destination, p->destination) &&
		    held->source_length == length && held->destination_length == length)
			return held;
	}
	return NULL;
}

void
pair_table_observe(struct pair_table *t, const struct pair_traffic *list, size_t count)
{
	struct waiting waiting;

	assert(count <= PAIR_CHUNK);
	waiting.count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pair_traffic *p = &list[i];
		uint8_t length = address_is_ipv4(p->source) ? 32 : 128;
		struct pair_item *held = find_pair(t, p, length);
		t->octets = sum(t->octets, p->volume[0]);
		t->packets = sum(t->packets, p->volume[1]);
		if (held != NULL) {
			held->octets = sum(held->octets, p->volume[0]);
			held->packets = sum(held->packets, p->volume[1]);
		} else if (t->marked != NULL && !is_admitted(t, p->volume)) {
			observe_rolled(t, &waiting, p);
		} else {
			put_waiting(t, &waiting);
			force_item(t, &(struct pair_item){ .source = *p->source,
					  .destination = *p->destination,
					  .octets = p->volume[0],
					  .packets = p->volume[1],
					  .hash = p->hash,
					  .source_length = length,
					  .destination_length = length });
		}
	}
	put_waiting(t, &waiting);
}
