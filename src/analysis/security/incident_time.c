/* SPDX-License-Identifier: ISC */
/* Dates of incidents with their precision; see incident_time.h. */
#include "analysis/security/incident_time.h"

#include <string.h>

#include "base/clock.h"

#define DAY_SECONDS INT64_C(86400)

/* What is left of the text. */
struct reader {
	const char *at;
};

int
incident_days_in(int year, int month)
{
	static const int DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return DAYS[month - 1] + (month == 2 && leap);
}

/* Years begin in March, so that the leap day is the last of its year. */
int64_t
incident_days(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) +
	       (153 * m + 2) / 5 + day - 1 - 719468;
}

/* The date of a day since 1970 (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static void
date_of(int64_t days, struct incident_time *t)
{
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t in_era = z - era * 146097;
	int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * in_year + 2) / 153;

	t->day = (int)(in_year - (153 * m + 2) / 5 + 1);
	t->month = (int)(m < 10 ? m + 3 : m - 9);
	t->year = (int)(y + era * 400 + (t->month <= 2));
}

/* Exactly `count` digits; -1 when they are not there. */
static int
take(struct reader *r, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (r->at[i] < '0' || r->at[i] > '9')
			return -1;
		value = value * 10 + (r->at[i] - '0');
	}
	r->at += count;
	return value;
}

static bool
skip(struct reader *r, const char *any)
{
	if (*r->at == '\0' || strchr(any, *r->at) == NULL)
		return false;
	r->at++;
	return true;
}

/* "-MM-DD" after the year, or nothing, or "-MM". */
static bool
read_day(struct reader *r, struct incident_time *t)
{
	if (*r->at != '-')
		return true;
	r->at++;
	t->month = take(r, 2);
	if (t->month < 1 || t->month > 12)
		return false;
	if (*r->at != '-')
		return true;
	r->at++;
	t->day = take(r, 2);
	return t->day >= 1 && t->day <= incident_days_in(t->year != 0 ? t->year : 2000, t->month);
}

/* "Z", "+09:00", "-0330" or nothing; `ret_given` says whether there was one. */
static bool
read_offset(struct reader *r, int *ret_east, bool *ret_given)
{
	int sign, hours, minutes = 0;

	*ret_given = true;
	*ret_east = 0;
	if (skip(r, "Zz"))
		return true;
	*ret_given = *r->at == '+' || *r->at == '-';
	if (!*ret_given)
		return true;
	sign = *r->at++ == '-' ? -1 : 1;
	hours = take(r, 2);
	(void)skip(r, ":");
	if (*r->at != '\0')
		minutes = take(r, 2);
	*ret_east = sign * (hours * 3600 + minutes * 60);
	return hours >= 0 && hours <= 14 && minutes >= 0 && minutes < 60;
}

/* "09:15", "09:15:30", "09:15:30.123", then the offset. */
static bool
read_clock(struct reader *r, const struct zone *zone, struct incident_time *t)
{
	int hour = take(r, 2), minute, second = 0, east;
	int64_t local;
	bool given;

	if (hour < 0 || hour > 23 || !skip(r, ":"))
		return false;
	minute = take(r, 2);
	if (minute < 0 || minute > 59)
		return false;
	if (skip(r, ":")) {
		second = take(r, 2);
		if (second < 0 || second > 60)
			return false;
		if (skip(r, ".,"))
			r->at += strspn(r->at, "0123456789");
	}
	(void)skip(r, " ");
	if (!read_offset(r, &east, &given))
		return false;
	local = incident_days(t->year, t->month, t->day) * DAY_SECONDS +
		((int64_t)hour * 60 + minute) * 60 + second;
	t->timed = true;
	t->seconds = given ? local - east : incident_time_wall(zone, local);
	return true;
}

enum err
incident_time_parse(const char *text, const struct zone *zone, struct incident_time *ret_time,
    struct err_info *info)
{
	struct reader r = { text };
	struct incident_time t = { 0 };
	bool good;

	if (strncmp(text, "--", 2) == 0) {
		r.at++;
		good = read_day(&r, &t) && t.day != 0;
	} else {
		t.year = take(&r, 4);
		good = t.year >= INCIDENT_YEAR_FIRST && t.year <= INCIDENT_YEAR_LAST &&
		       read_day(&r, &t);
		if (good && t.day != 0 && skip(&r, "T "))
			good = read_clock(&r, zone, &t);
	}
	if (!good || *r.at != '\0')
		return err_set(info, ERR_FORMAT,
		    "\"%.60s\" is no date: 2013, 2013-09, 2013-09-18, 2013-09-18T09:15+09:00, or "
		    "--09-18 for every year",
		    text);
	*ret_time = t;
	return ERR_OK;
}

struct incident_time
incident_time_local(const struct incident_time *time, const struct zone *zone)
{
	struct incident_time local = *time;

	if (time->timed)
		date_of(floor_div(time->seconds + zone_at(zone, time->seconds).east, DAY_SECONDS),
		    &local);
	return local;
}

int64_t
incident_time_begin(const struct incident_time *time, const struct zone *zone)
{
	int month = time->month != 0 ? time->month : 1, day = time->day != 0 ? time->day : 1;

	if (time->timed)
		return time->seconds;
	return incident_time_wall(zone, incident_days(time->year, month, day) * DAY_SECONDS);
}

int64_t
incident_time_wall(const struct zone *zone, int64_t local_seconds)
{
	int64_t before = local_seconds - zone_at(zone, local_seconds - DAY_SECONDS).east;
	int64_t seconds = local_seconds - zone_at(zone, before).east;

	/* The offset in force at the answer must be the one that gave it; else the clock jumped. */
	return zone_at(zone, seconds).east == local_seconds - seconds ? seconds : before;
}
