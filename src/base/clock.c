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
