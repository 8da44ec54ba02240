/* SPDX-License-Identifier: ISC */
/*
 * The rule that a zoneinfo file ends with: a POSIX TZ string such as "CET-1CEST,M3.5.0,M10.5.0/3",
 * which governs all times after the file's last transition (RFC 8536 section 3.3).
 */
#ifndef YAGURA_BASE_ZONE_RULE_H
#define YAGURA_BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"

/* When in a year the clock changes. */
struct zone_change {
	enum { ZONE_MONTH_WEEK_DAY, ZONE_JULIAN, ZONE_DAY } kind;
	int month, week; /* of ZONE_MONTH_WEEK_DAY: 1…12, 1…5 (5 is the last) */
	int day;         /* weekday 0…6, day 1…365 that skips 29 February, or day 0…365 */
	int32_t time;    /* seconds after local midnight; may be negative or beyond a day */
};

struct zone_rule {
	struct zone_offset standard, summer;
	bool has_summer;
	struct zone_change begin, end; /* of summer time */
};

/* Reads a whole TZ string; false when it is not one. */
bool zone_rule_parse(const char *text, size_t size, struct zone_rule *ret_rule);

struct zone_offset zone_rule_at(const struct zone_rule *rule, int64_t seconds);

#endif
