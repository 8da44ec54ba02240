/* SPDX-License-Identifier: ISC */
/*
 * Time as records tell it: signed nanoseconds since 1970-01-01T00:00:00Z, good for the years 1678
 * to 2262. Analyses never ask the wall clock.
 */
#ifndef YAGURA_BASE_CLOCK_H
#define YAGURA_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

typedef int64_t nsec_t;

#define NSEC_PER_SEC ((nsec_t)1000000000)
#define NSEC_PER_MS  ((nsec_t)1000000)
#define NSEC_PER_US  ((nsec_t)1000)

/* Division that rounds towards minus infinity, so that bins before 1970 are as wide as the others.
 */
static inline int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Writes `time` in UTC as "2014-06-01T00:00:00.000000000Z" shortened to `digits` (0…9) fraction
 * digits; returns `text`. */
char *clock_format(nsec_t time, int digits, char *text, size_t size);

/* Reads a time in UTC: "2026-01-31", "2026-01-31 12:00:00" or "2026-01-31T12:00:00Z"; else
 * ERR_FORMAT. */
MUST_CHECK enum err clock_parse(const char *text, nsec_t *ret_time);

/* The same of `size` characters, fast, for tables: a date, 'T' or a blank, a time, and perhaps a
 * fraction and 'Z'; or seconds since 1970 with or without a fraction. */
MUST_CHECK enum err clock_read(const char *text, size_t size, nsec_t *ret_time);

#endif
