/* SPDX-License-Identifier: ISC */
/* Printing of record times; see clock.h. */
#include "base/clock.h"

#include <stdio.h>
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
