/* SPDX-License-Identifier: ISC */
/*
 * Raw sums by user, hour, class, direction and sampling rate, for traffic/services.
 *
 * A table that grows up to a cap; beyond it new keys are refused and their octets counted, so that
 * the review can say what is missing.  Merging never refuses: which keys find room depends on the
 * order of the input alone.
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_SERVICES_CELLS_H
#define YAGURA_ANALYSIS_TRAFFIC_SERVICES_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct services_key {
	uint64_t user;     /* pseudonym; 0 for everybody */
	int32_t hour;      /* since 1970, UTC */
	uint32_t sampling; /* 0 unknown */
	uint8_t class;     /* service_classes.h */
	uint8_t direction; /* enum user_direction */
};

struct services_sums {
	uint64_t packets, octets, squares;
};

struct services_cell {
	struct services_key key;
	bool used;
	struct services_sums sums;
};

struct services_cells {
	struct services_cell *places; /* owned */
	size_t mask, count, most;
	struct services_sums refused;
	struct hash_secret secret;
	uint64_t salts[2];
};

void
services_cells_init(struct services_cells *cells, size_t most, const struct hash_secret *secret);
void services_cells_release(struct services_cells *cells);
void services_cells_clear(struct services_cells *cells);

/* Adds to a key's sums, or to what was refused. */
void services_cells_add(
    struct services_cells *cells, const struct services_key *key, const struct services_sums *sums);

void services_cells_merge(struct services_cells *into, const struct services_cells *from);

/* The cells by key: a new array (free it) of cells->count pointers. */
const struct services_cell **services_cells_sorted(const struct services_cells *cells);

#endif
