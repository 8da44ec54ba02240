/* SPDX-License-Identifier: ISC */
/*
 * Counters by small key: a hash table of (64-bit key, four sums) for analyses that count exactly.
 *
 * It grows up to a cap; beyond it new keys are refused and the caller folds them.  Iteration is by
 * sorted key, so that nothing printed depends on the secret.
 */
#ifndef YAGURA_ANALYSIS_CELLS_H
#define YAGURA_ANALYSIS_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define CELL_SUMS  4
#define CELL_EMPTY UINT64_MAX /* no key has this value */

struct cell {
	uint64_t key; /* CELL_EMPTY marks a free place */
	uint64_t sums[CELL_SUMS];
};

struct cells {
	struct cell *places; /* owned */
	size_t mask;
	size_t count;
	size_t most; /* the cap */
	uint64_t secret;
};

void cells_init(struct cells *cells, size_t most, const struct hash_secret *secret);
void cells_release(struct cells *cells);
/* Back to no keys.  A table that is far larger than what was in it shrinks again. */
void cells_clear(struct cells *cells);

/* Makes a place for a key that is not there; NULL at the cap. */
struct cell *cells_add(struct cells *cells, uint64_t key);

/* The sums of a key, made when new; NULL when it is new and the table is at its cap. */
static inline struct cell *
cells_at(struct cells *cells, uint64_t key)
{
	for (size_t i = hash_mix64(key ^ cells->secret) & cells->mask;; i = (i + 1) & cells->mask) {
		if (cells->places[i].key == key)
			return &cells->places[i];
		if (cells->places[i].key == CELL_EMPTY)
			return cells_add(cells, key);
	}
}

/* Adds all of `from`; what does not fit is added to the cell of key `fold`. */
void cells_merge(struct cells *into, const struct cells *from, uint64_t fold);

/* The cells in order of their keys: a new array (free it) of cells->count pointers. */
const struct cell **cells_sorted(const struct cells *cells);

#endif
