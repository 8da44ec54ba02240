/* SPDX-License-Identifier: ISC */
/* Printing of record times; see clock.h. */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

char *
clock_format(nsec_t time, int digits, char *text, size_t size)
{
	time_t seconds = (time_t)floor_div(time, NSEC_PER_SEC);
	int64_t fraction = time - (int64_t)seconds * NSEC_PER_SEC;
	struct tm tm;
	char date[40];

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
		(void)snprintf(text, size, "?");
		return text;
	}
	if (digits <= 0) {
		(void)snprintf(text, size, "%sZ", date);
		return text;
	}
	for (int i = 9; i > digits; i--)
		fraction /= 10;
	(void)snprintf(text, size, "%s.%0*lldZ", date, digits, (long long)fraction);
	return text;
}

enum err
clock_parse(const char *text, nsec_t *ret_time)
{
	static const char *const FORMATS[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S",
		"%Y-%m-%d" };

	for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, FORMATS[i], &tm);
		if (end == NULL || *end != '\0')
			continue;
		*ret_time = (nsec_t)timegm(&tm) * NSEC_PER_SEC;
		return ERR_OK;
	}
	return ERR_FORMAT;
}

/* `count` digits; -1 when they are not all digits. */
static int64_t
digits(const char *text, size_t count)
{
	int64_t value = 0;

	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar: years begin in March, so that the leap
 * day is the last of its year. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* ".123456" as nanoseconds; an empty text is 0. */
static bool
read_fraction(const char *text, size_t size, nsec_t *ret_fraction)
{
	int64_t fraction;

	*ret_fraction = 0;
	if (size == 0)
		return true;
	if (text[0] != '.' || size < 2 || size > 10)
		return false;
	fraction = digits(text + 1, size - 1);
	for (size_t i = size; i < 10; i++)
		fraction *= 10;
	*ret_fraction = fraction;
	return fraction >= 0;
}

/* "1739267516.123" */
static enum err
read_seconds(const char *text, size_t size, nsec_t *ret_time)
{
	const char *point = memchr(text, '.', size);
	size_t whole = point != NULL ? (size_t)(point - text) : size;
	int64_t seconds = whole > 0 && whole <= 10 ? digits(text, whole) : -1;
	nsec_t fraction;

	if (seconds < 0 || seconds > INT64_MAX / NSEC_PER_SEC - 1 ||
	    !read_fraction(text + whole, size - whole, &fraction))
		return ERR_FORMAT;
	*ret_time = seconds * NSEC_PER_SEC + fraction;
	return ERR_OK;
}

enum err
clock_read(const char *text, size_t size, nsec_t *ret_time)
{
	int64_t year, month, day, hour, minute, second;
	nsec_t fraction;

	if (size < 19 || text[4] != '-')
		return read_seconds(text, size, ret_time);
	year = digits(text, 4);
	month = digits(text + 5, 2);
	day = digits(text + 8, 2);
	hour = digits(text + 11, 2);
	minute = digits(text + 14, 2);
	second = digits(text + 17, 2);
	if (text[7] != '-' || (text[10] != ' ' && text[10] != 'T') || text[13] != ':' ||
	    text[16] != ':' || year < 1970 || year > 2261 || month < 1 || month > 12 || day < 1 ||
	    day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
	    second > 60)
		return ERR_FORMAT;
	if (text[size - 1] == 'Z')
		size--;
	if (size < 19 || !read_fraction(text + 19, size - 19, &fraction))
		return ERR_FORMAT;
	*ret_time = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 * NSEC_PER_SEC +
		    second * NSEC_PER_SEC + fraction;
	return ERR_OK;
}
