/* SPDX-License-Identifier: ISC */
/* Raw sums by user, hour, class, direction and rate; see services_cells.h. */
#include "analysis/traffic/services_cells.h"

#include <stdlib.h>

#include "base/xmalloc.h"

#define FIRST_PLACES 256

static void
make_places(struct services_cells *cells, size_t places)
{
	cells->places = xcalloc(places, sizeof *cells->places);
	cells->mask = places - 1;
}

void
services_cells_init(struct services_cells *cells, size_t most, const struct hash_secret *secret)
{
	const uint64_t numbers[2] = { 1, 2 };

	*cells = (struct services_cells){ .most = most, .secret = *secret };
	for (size_t i = 0; i < 2; i++)
		cells->salts[i] = hash_words(secret, &numbers[i], 1) | 1;
	make_places(cells, FIRST_PLACES);
}

void
services_cells_release(struct services_cells *cells)
{
	free(cells->places);
	cells->places = NULL;
}

void
services_cells_clear(struct services_cells *cells)
{
	cells->refused = (struct services_sums){ 0 };
	if (cells->count == 0)
		return;
	/* A table that is far larger than what was in it shrinks again. */
	if (cells->mask + 1 > FIRST_PLACES && cells->mask + 1 > cells->count * 8) {
		free(cells->places);
		make_places(cells, FIRST_PLACES);
	} else {
		for (size_t i = 0; i <= cells->mask; i++)
			cells->places[i].used = false;
	}
	cells->count = 0;
}

static bool
same(const struct services_key *a, const struct services_key *b)
{
	return a->user == b->user && a->hour == b->hour && a->sampling == b->sampling &&
	       a->class == b->class && a->direction == b->direction;
}

/* Users are pseudonyms already; rates and hours come from outside, so the numbers they are mixed
 * with are secret. */
static size_t
slot_of(const struct services_cells *cells, const struct services_key *key)
{
	uint64_t h = key->user ^ (uint64_t)key->class << 8 ^ key->direction;

	h = hash_mix64(h ^ cells->salts[0]);
	h ^= ((uint64_t)key->sampling << 32 | (uint32_t)key->hour) * cells->salts[1];
	return hash_mix64(h) & cells->mask;
}

/* The place of a key: its own, or the free one where it would go. */
static struct services_cell *
place_for(const struct services_cells *cells, const struct services_key *key)
{
	size_t i = slot_of(cells, key);

	while (cells->places[i].used && !same(&cells->places[i].key, key))
		i = (i + 1) & cells->mask;
	return &cells->places[i];
}

static void
grow(struct services_cells *cells)
{
	struct services_cell *old = cells->places;
	size_t places = cells->mask + 1;

	make_places(cells, places * 2);
	for (size_t i = 0; i < places; i++)
		if (old[i].used)
			*place_for(cells, &old[i].key) = old[i];
	free(old);
}

static void
add_sums(struct services_sums *to, const struct services_sums *sums)
{
	to->packets += sums->packets;
	to->octets += sums->octets;
	to->squares += sums->squares;
}

static void
add(struct services_cells *cells, const struct services_key *key, const struct services_sums *sums,
    size_t most)
{
	struct services_cell *cell = place_for(cells, key);

	if (!cell->used) {
		if (cells->count >= most) {
			add_sums(&cells->refused, sums);
			return;
		}
		if (cells->count * 2 > cells->mask) {
			grow(cells);
			cell = place_for(cells, key);
		}
		*cell = (struct services_cell){ .key = *key, .used = true };
		cells->count++;
	}
	add_sums(&cell->sums, sums);
}

void
services_cells_add(
    struct services_cells *cells, const struct services_key *key, const struct services_sums *sums)
{
	add(cells, key, sums, cells->most);
}

void
services_cells_merge(struct services_cells *into, const struct services_cells *from)
{
	add_sums(&into->refused, &from->refused);
	for (size_t i = 0; from->count != 0 && i <= from->mask; i++)
		if (from->places[i].used)
			add(into, &from->places[i].key, &from->places[i].sums, SIZE_MAX);
}

static int
compare(const void *a, const void *b)
{
	const struct services_key *x = &(*(const struct services_cell *const *)a)->key;
	const struct services_key *y = &(*(const struct services_cell *const *)b)->key;

	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->hour != y->hour)
		return x->hour < y->hour ? -1 : 1;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	if (x->direction != y->direction)
		return x->direction < y->direction ? -1 : 1;
	return (x->sampling > y->sampling) - (x->sampling < y->sampling);
}

const struct services_cell **
services_cells_sorted(const struct services_cells *cells)
{
	const struct services_cell **list = xcalloc(cells->count + 1, sizeof *list);
	size_t count = 0;

	for (size_t i = 0; cells->count != 0 && i <= cells->mask; i++)
		if (cells->places[i].used)
			list[count++] = &cells->places[i];
	qsort(list, count, sizeof *list, compare);
	return list;
}
