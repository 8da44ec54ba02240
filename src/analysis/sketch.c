/* SPDX-License-Identifier: ISC */
/* HyperLogLog sketches in rows; see sketch.h. */
#include "analysis/sketch.h"

#include <stdlib.h>

#include "base/xmalloc.h"

void
sketch_put(struct rows *rows, size_t column, const uint8_t *registers, unsigned precision)
{
	uint8_t *stored = xmalloc(HLL_ENCODED_SIZE(precision));

	rows_blob(rows, column, stored, hll_encode(registers, precision, stored));
	free(stored);
}

bool
sketch_add(uint8_t *registers, unsigned precision, const struct result *r, size_t column)
{
	size_t size;
	const char *stored = result_blob(r, column, &size);

	return hll_decode_into(registers, precision, stored, size) == ERR_OK;
}
