/* SPDX-License-Identifier: ISC */
/* Counters by small key; see cells.h. */
#include "analysis/cells.h"

#include <stdlib.h>

#include "base/xmalloc.h"

#define FIRST_PLACES 64

static void
make_places(struct cells *cells, size_t places)
{
	cells->places = xmalloc(places * sizeof *cells->places);
	cells->mask = places - 1;
	for (size_t i = 0; i < places; i++)
		cells->places[i].key = CELL_EMPTY;
}

void
cells_init(struct cells *cells, size_t most, const struct hash_secret *secret)
{
	*cells = (struct cells){ .most = most, .secret = secret->k0 ^ secret->k1 };
	make_places(cells, FIRST_PLACES);
}

void
cells_release(struct cells *cells)
{
	free(cells->places);
	cells->places = NULL;
}

void
cells_clear(struct cells *cells)
{
	if (cells->count == 0)
		return;
	if (cells->mask + 1 > FIRST_PLACES && cells->mask + 1 > cells->count * 8) {
		free(cells->places);
		make_places(cells, FIRST_PLACES);
	} else {
		for (size_t i = 0; i <= cells->mask; i++)
			cells->places[i].key = CELL_EMPTY;
	}
	cells->count = 0;
}

static struct cell *
place_for(struct cells *cells, uint64_t key)
{
	size_t i = hash_mix64(key ^ cells->secret) & cells->mask;

	while (cells->places[i].key != CELL_EMPTY)
		i = (i + 1) & cells->mask;
	return &cells->places[i];
}

static void
grow(struct cells *cells)
{
	struct cell *old = cells->places;
	size_t old_places = cells->mask + 1;

	make_places(cells, old_places * 2);
	for (size_t i = 0; i < old_places; i++)
		if (old[i].key != CELL_EMPTY)
			*place_for(cells, old[i].key) = old[i];
	free(old);
}

struct cell *
cells_add(struct cells *cells, uint64_t key)
{
	struct cell *cell;

	if (cells->count >= cells->most)
		return NULL;
	if (cells->count * 2 > cells->mask)
		grow(cells);
	cell = place_for(cells, key);
	*cell = (struct cell){ .key = key };
	cells->count++;
	return cell;
}

void
cells_merge(struct cells *into, const struct cells *from, uint64_t fold)
{
	if (from->count == 0)
		return;
	for (size_t i = 0; i <= from->mask; i++) {
		const struct cell *cell = &from->places[i];
		if (cell->key == CELL_EMPTY)
			continue;
		struct cell *target = cells_at(into, cell->key);
		if (target == NULL)
			target = cells_at(into, fold);
		for (int k = 0; target != NULL && k < CELL_SUMS; k++)
			target->sums[k] += cell->sums[k];
	}
}

static int
compare(const void *a, const void *b)
{
	uint64_t left = (*(const struct cell *const *)a)->key;
	uint64_t right = (*(const struct cell *const *)b)->key;

	return (left > right) - (left < right);
}

const struct cell **
cells_sorted(const struct cells *cells)
{
	const struct cell **list = xcalloc(cells->count + 1, sizeof *list);
	size_t count = 0;

	for (size_t i = 0; cells->count != 0 && i <= cells->mask; i++)
		if (cells->places[i].key != CELL_EMPTY)
			list[count++] = &cells->places[i];
	qsort(list, count, sizeof *list, compare);
	return list;
}
