/* SPDX-License-Identifier: ISC */
/* The end of a run of octets that is hashed in words of eight. */
#ifndef YAGURA_BASE_TAIL_H
#define YAGURA_BASE_TAIL_H

#include <stddef.h>

#include "base/bytes.h"

/* The `size` octets at `p`, fewer than eight, as the low ones of a word. */
static inline uint64_t
le_tail(const uint8_t *p, size_t size)
{
	if (size >= 4) {
		uint64_t high = le32(p + size - 4);
		return le32(p) | high << (8 * (size - 4));
	}
	if (size == 0)
		return 0;
	return p[0] | (uint64_t)p[size / 2] << (8 * (size / 2)) |
	       (uint64_t)p[size - 1] << (8 * (size - 1));
}

#endif
