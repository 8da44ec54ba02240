/* SPDX-License-Identifier: ISC */
/*
 * POSIX TZ strings (POSIX.1-2017 section 8.3, with the hours beyond a day of RFC 8536 section
 * 3.3.1):
 *
 *	std offset [ dst [ offset ] , date [ / time ] , date [ / time ] ]
 *
 * Offsets in the text count westwards; ours count eastwards.
 */
#include "base/zone_rule.h"

#include <stdio.h>
#include <string.h>

#include "base/cursor.h"

#define DAY 86400

static char peek(const struct cursor *c);
static bool take(struct cursor *c, char wanted);
static bool parse_name(struct cursor *c, char *name);
static bool parse_number(struct cursor *c, int low, int high, int *ret_number);
static bool parse_time(struct cursor *c, int max_hours, int32_t *ret_seconds);
static bool parse_change(struct cursor *c, struct zone_change *change);
static int64_t change_day(const struct zone_change *change, int64_t year);

bool
zone_rule_parse(const char *text, size_t size, struct zone_rule *ret_rule)
{
	struct cursor c = cursor_over((const uint8_t *)text, size);
	struct zone_rule r = { 0 };
	int32_t west;

	if (!parse_name(&c, r.standard.abbreviation) || !parse_time(&c, 24, &west))
		return false;
	r.standard.east = -west;
	if (cursor_left(&c) > 0) {
		if (!parse_name(&c, r.summer.abbreviation))
			return false;
		r.summer.east = r.standard.east + 3600;
		if (peek(&c) != ',') {
			if (!parse_time(&c, 24, &west))
				return false;
			r.summer.east = -west;
		}
		if (!take(&c, ',') || !parse_change(&c, &r.begin) || !take(&c, ',') ||
		    !parse_change(&c, &r.end) || cursor_left(&c) > 0)
			return false;
		r.has_summer = true;
	}
	*ret_rule = r;
	return true;
}

/* Days from 1970-01-01 to 1 January of `year` in the Gregorian calendar. */
static int64_t
year_begin(int64_t year)
{
	int64_t y = year - 1;

	return 365 * (year - 1970) + (floor_div(y, 4) - 492) - (floor_div(y, 100) - 19) +
	       (floor_div(y, 400) - 4);
}

static bool
is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

struct zone_offset
zone_rule_at(const struct zone_rule *rule, int64_t seconds)
{
	int64_t day = floor_div(seconds + rule->standard.east, DAY);
	int64_t year = 1970 + floor_div(day * 400, 146097);
	int64_t begin, end;
	bool summer;

	if (!rule->has_summer)
		return rule->standard;
	/* The estimate is off by at most one year. */
	while (year_begin(year) > day)
		year--;
	while (year_begin(year + 1) <= day)
		year++;
	begin = change_day(&rule->begin, year) * DAY + rule->begin.time - rule->standard.east;
	end = change_day(&rule->end, year) * DAY + rule->end.time - rule->summer.east;
	/* South of the equator summer spans the new year. */
	if (begin < end)
		summer = seconds >= begin && seconds < end;
	else
		summer = seconds >= begin || seconds < end;
	return summer ? rule->summer : rule->standard;
}

/* The day since 1970 on which the clock changes in `year`. */
static int64_t
change_day(const struct zone_change *change, int64_t year)
{
	static const int before[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	static const int length[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t first = year_begin(year);
	int month = change->month - 1;
	int day, last;

	if (change->kind == ZONE_DAY)
		return first + change->day;
	if (change->kind == ZONE_JULIAN)
		return first + change->day - 1 + (is_leap(year) && change->day >= 60);
	first += before[month] + (month >= 2 && is_leap(year));
	last = length[month] + (month == 1 && is_leap(year));
	/* 1970-01-01 was a Thursday, 4 when Sunday is 0. */
	day = (int)(((change->day - first - 4) % 7 + 7) % 7) + (change->week - 1) * 7;
	while (day >= last)
		day -= 7;
	return first + day;
}

static char
peek(const struct cursor *c)
{
	if (cursor_left(c) == 0)
		return '\0';
	return (char)*c->at;
}

static bool
take(struct cursor *c, char wanted)
{
	if (peek(c) != wanted || cursor_left(c) == 0)
		return false;
	return cursor_skip(c, 1);
}

/* "JST", or "<-03>" which becomes "UTC-03". */
static bool
parse_name(struct cursor *c, char *name)
{
	bool quoted = take(c, '<');
	char word[ZONE_ABBREVIATION_SIZE - 3];
	size_t len = 0;
	char ch = peek(c);

	while ((ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
	       (quoted && ((ch >= '0' && ch <= '9') || ch == '+' || ch == '-'))) {
		if (len + 1 == sizeof word)
			return false;
		word[len++] = ch;
		(void)cursor_skip(c, 1);
		ch = peek(c);
	}
	word[len] = '\0';
	if (len < 3 || (quoted && !take(c, '>')))
		return false;
	(void)snprintf(name, ZONE_ABBREVIATION_SIZE, "%s%s",
	    word[0] == '+' || word[0] == '-' ? "UTC" : "", word);
	return true;
}

static bool
parse_number(struct cursor *c, int low, int high, int *ret_number)
{
	int number = 0;
	size_t len = 0;

	while (peek(c) >= '0' && peek(c) <= '9' && len < 3) {
		number = number * 10 + (peek(c) - '0');
		(void)cursor_skip(c, 1);
		len++;
	}
	if (len == 0 || number < low || number > high)
		return false;
	*ret_number = number;
	return true;
}

/* [+-]hh[:mm[:ss]] */
static bool
parse_time(struct cursor *c, int max_hours, int32_t *ret_seconds)
{
	int hours, minutes = 0, seconds = 0;
	bool negative = take(c, '-');

	if (!negative)
		(void)take(c, '+');
	if (!parse_number(c, 0, max_hours, &hours))
		return false;
	if (take(c, ':')) {
		if (!parse_number(c, 0, 59, &minutes))
			return false;
		if (take(c, ':') && !parse_number(c, 0, 59, &seconds))
			return false;
	}
	*ret_seconds = (hours * 60 + minutes) * 60 + seconds;
	if (negative)
		*ret_seconds = -*ret_seconds;
	return true;
}

static bool
parse_change(struct cursor *c, struct zone_change *change)
{
	if (take(c, 'M')) {
		change->kind = ZONE_MONTH_WEEK_DAY;
		if (!parse_number(c, 1, 12, &change->month) || !take(c, '.') ||
		    !parse_number(c, 1, 5, &change->week) || !take(c, '.') ||
		    !parse_number(c, 0, 6, &change->day))
			return false;
	} else if (take(c, 'J')) {
		change->kind = ZONE_JULIAN;
		if (!parse_number(c, 1, 365, &change->day))
			return false;
	} else {
		change->kind = ZONE_DAY;
		if (!parse_number(c, 0, 365, &change->day))
			return false;
	}
	change->time = 2 * 3600;
	return !take(c, '/') || parse_time(c, 167, &change->time);
}
