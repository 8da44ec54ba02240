/* SPDX-License-Identifier: ISC */
/* Sums by user; see users_table.h. */
#include "analysis/traffic/users_table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xmalloc.h"

#define FIRST_PLACES 256
#define KEPT_PLACES  16384 /* of an empty table, at most */

static_assert(sizeof(struct users_entry) == 48, "memory of a window is reckoned with this");

static void
make_places(struct users_table *t, size_t places)
{
	t->places = xcalloc(places, sizeof *t->places);
	t->mask = places - 1;
}

void
users_table_init(struct users_table *t, size_t most, const struct hash_secret *secret)
{
	*t = (struct users_table){ .most = most, .secret = secret->k0 ^ secret->k1 };
	make_places(t, FIRST_PLACES);
}

void
users_table_release(struct users_table *t)
{
	free(t->places);
	t->places = NULL;
}

void
users_table_clear(struct users_table *t)
{
	size_t places = t->mask + 1;

	if (t->count == 0)
		return;
	/* Large tables start small again: a window's states are not all full at once. */
	while (places > FIRST_PLACES && (places > t->count * 4 || places > KEPT_PLACES))
		places /= 2;
	free(t->places);
	make_places(t, places);
	t->count = 0;
}

static bool
same_key(const struct users_entry *a, const struct users_entry *b)
{
	return a->user == b->user && a->sampling == b->sampling && a->day == b->day &&
	       a->service == b->service && a->ip_version == b->ip_version &&
	       a->direction == b->direction;
}

static void
grow(struct users_table *t)
{
	struct users_entry *old = t->places;
	size_t places = t->mask + 1;

	make_places(t, places * 2);
	for (size_t i = 0; i < places; i++) {
		size_t at;
		if (old[i].ip_version == 0)
			continue;
		at = users_table_hash(t, &old[i]) & t->mask;
		while (t->places[at].ip_version != 0)
			at = (at + 1) & t->mask;
		t->places[at] = old[i];
	}
	free(old);
}

bool
users_table_add(struct users_table *t, uint64_t hash, const struct users_entry *entry)
{
	size_t at = hash & t->mask;

	for (; t->places[at].ip_version != 0; at = (at + 1) & t->mask) {
		struct users_entry *e = &t->places[at];
		if (!same_key(e, entry))
			continue;
		e->packets += entry->packets;
		e->octets += entry->octets;
		e->squares += entry->squares;
		return true;
	}
	if (t->count >= t->most)
		return false;
	t->places[at] = *entry;
	t->count++;
	if (t->count * 4 > t->mask * 3)
		grow(t);
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct users_entry *x = *(const struct users_entry *const *)a;
	const struct users_entry *y = *(const struct users_entry *const *)b;

	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->service != y->service)
		return x->service < y->service ? -1 : 1;
	if (x->ip_version != y->ip_version)
		return x->ip_version < y->ip_version ? -1 : 1;
	if (x->direction != y->direction)
		return x->direction < y->direction ? -1 : 1;
	return x->sampling < y->sampling ? -1 : x->sampling > y->sampling;
}

const struct users_entry **
users_table_sorted(const struct users_table *t)
{
	const struct users_entry **list = xcalloc(t->count + 1, sizeof *list);
	size_t count = 0;

	for (size_t i = 0; i <= t->mask; i++)
		if (t->places[i].ip_version != 0)
			list[count++] = &t->places[i];
	qsort(list, count, sizeof *list, compare);
	return list;
}
