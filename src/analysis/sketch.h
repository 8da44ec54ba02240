/* SPDX-License-Identifier: ISC */
/*
 * HyperLogLog sketches in rows: written by finish(), added up by section().
 */
#ifndef YAGURA_ANALYSIS_SKETCH_H
#define YAGURA_ANALYSIS_SKETCH_H

#include <stdbool.h>

#include "obs/table.h"
#include "stat/hll.h"

/* Writes a sketch into a cell of type COLUMN_BLOB. */
void sketch_put(struct rows *rows, size_t column, const uint8_t *registers, unsigned precision);

/* Adds what such a cell holds into `registers`; false, and nothing added, when it does not read. */
bool sketch_add(uint8_t *registers, unsigned precision, const struct result *r, size_t column);

#endif
