/* SPDX-License-Identifier: ISC */
/* Stored counts; see sparse_counts.h. */
#include "stat/sparse_counts.h"

#include <stdbool.h>

static uint8_t *
put_number(uint8_t *to, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*to++ = (uint8_t)(number | 0x80);
	*to++ = (uint8_t)number;
	return to;
}

size_t
sparse_counts_encode(const uint64_t *counts, size_t count, uint8_t *ret_octets)
{
	uint8_t *to = ret_octets;
	size_t before = 0;

	for (size_t i = 0; i < count; i++) {
		if (counts[i] == 0)
			continue;
		to = put_number(to, i - before);
		to = put_number(to, counts[i]);
		before = i;
	}
	return (size_t)(to - ret_octets);
}

static bool
take_number(const uint8_t **from, const uint8_t *end, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (unsigned shift = 0; *from < end && shift < 64; shift += 7) {
		uint8_t octet = *(*from)++;
		number |= (uint64_t)(octet & 0x7f) << shift;
		if ((octet & 0x80) == 0) {
			*ret_number = number;
			return true;
		}
	}
	return false;
}

enum err
sparse_counts_add(uint64_t *into, size_t count, const void *octets, size_t size)
{
	const uint8_t *from = octets, *end = from + size;
	uint64_t at = 0, step, number;

	while (from < end) {
		if (!take_number(&from, end, &step) || !take_number(&from, end, &number) ||
		    step >= count - at)
			return ERR_DAMAGED;
		at += step;
		into[at] += number;
	}
	return ERR_OK;
}
