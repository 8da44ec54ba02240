/* SPDX-License-Identifier: ISC */
/*
 * Local time in a named IANA time zone, without touching the process's TZ.
 *
 * A review prints times in the site's zone, which need not be the machine's, from any thread; the C
 * library can only do that by setting an environment variable for the whole process.  So the
 * system's zoneinfo files (RFC 8536) are read here.
 *
 *	struct zone *zone;
 *	e = zone_open("Asia/Tokyo", &zone, &why);
 *	zone_format(zone, time, 0, text, sizeof text);      // "2014-06-01 09:00:05 JST"
 *	zone_close(zone);
 *
 * A NULL zone is UTC everywhere.  Zones are constant once opened: several threads may share one.
 */
#ifndef YAGURA_BASE_ZONE_H
#define YAGURA_BASE_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

#define ZONE_ABBREVIATION_SIZE 16

struct zone;

/* What a clock in the zone shows. */
struct zone_offset {
	int32_t east;                              /* seconds to add to UTC */
	char abbreviation[ZONE_ABBREVIATION_SIZE]; /* "JST"; "UTC-03" where the zone has no letters
						    */
};

/* Reads a zone by its IANA name ("UTC" needs no file).  ERR_CONFIG when there is no such zone. */
MUST_CHECK enum err zone_open(const char *name, struct zone **ret_zone, struct err_info *info);

/* The same from the octets of a zoneinfo file.  ERR_FORMAT when they are not one. */
MUST_CHECK enum err
zone_parse(const uint8_t *data, size_t size, struct zone **ret_zone, struct err_info *info);

void zone_close(struct zone *zone);

/* The offset in force at `seconds` since 1970. */
struct zone_offset zone_at(const struct zone *zone, int64_t seconds);

/* The local day that holds `seconds`: its first instant and that of the day after. */
void zone_day(const struct zone *zone, int64_t seconds, int64_t *ret_begin, int64_t *ret_end);

/* "2014-06-01 09:00:05 JST", with `digits` (0…9) fraction digits; returns `text`. */
char *zone_format(const struct zone *zone, nsec_t time, int digits, char *text, size_t size);

#endif
