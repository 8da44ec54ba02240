/* SPDX-License-Identifier: ISC */
/*
 * One value as HTML.  Numbers are printed for people and carry their exact value in <data>, times
 * in the site's zone and carry UTC in <time>.
 */
#include <math.h>
#include <string.h>

#include "base/xmalloc.h"
#include "obs/section.h"
#include "report/html.h"
#include "report/markup.h"

#define DASH      "<span class=\"none\">\u2013</span>"
#define DEPTH_MAX 4

static void write_time(struct page *p, nsec_t time, int digits);
static void write_items(struct page *p, const char *text);

/* "-1,234.5": grouped, with `digits` fraction digits. */
static void
grouped(double value, int digits, char *text, size_t size)
{
	char plain[400]; /* the largest double has 309 digits */
	char whole[32];
	char *point;

	(void)snprintf(plain, sizeof plain, "%.*f", digits, fabs(value));
	if (fabs(value) >= 1e19) {
		(void)snprintf(text, size, "%.6g", value);
		return;
	}
	point = strchr(plain, '.');
	(void)text_count((uint64_t)strtoull(plain, NULL, 10), whole, sizeof whole);
	(void)snprintf(
	    text, size, "%s%s%s", value < 0 ? "\u2212" : "", whole, point != NULL ? point : "");
}

static void
format_integer(json_int_t value, char *text, size_t size)
{
	char digits[32];
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	(void)text_count(magnitude, digits, sizeof digits);
	(void)snprintf(text, size, "%s%s", value < 0 ? "\u2212" : "", digits);
}

/* Whole numbers whole, others with up to six significant digits. */
static void
format_number(const json_t *value, char *text, size_t size)
{
	double real = json_number_value(value);
	double magnitude = fabs(real);
	int digits;

	if (json_is_integer(value)) {
		format_integer(json_integer_value(value), text, size);
		return;
	}
	if (magnitude >= 1e15 || (magnitude > 0 && magnitude < 1e-4)) {
		(void)snprintf(text, size, "%.4g", real);
		return;
	}
	digits = magnitude >= 1e5 ? 0 : magnitude >= 100 ? 2 : magnitude >= 1 ? 3 : 5;
	grouped(real, digits, text, size);
	if (strchr(text, '.') != NULL) {
		size_t len = strlen(text);
		while (text[len - 1] == '0')
			text[--len] = '\0';
		if (text[len - 1] == '.')
			text[--len] = '\0';
	}
}

static void
format_share(double share, char *text, size_t size)
{
	double percent = share * 100;

	if (percent > 0 && percent < 0.01)
		(void)snprintf(text, size,
		    "<\u2009"
		    "0.01\u2009%%");
	else
		(void)snprintf(
		    text, size, "%.*f\u2009%%", percent < 10 && percent != 0 ? 2 : 1, percent);
}

/* "1 d 02:03:04", "02:03:04", "12.3 s", "4.5 ms". */
static void
format_duration(double seconds, char *text, size_t size)
{
	double rounded = round(seconds);

	if (seconds < 60 || seconds > 1e12) {
		(void)text_si(seconds, "s", text, size);
		return;
	}
	if (rounded < 86400)
		(void)snprintf(text, size, "%02d:%02d:%02d", (int)(rounded / 3600),
		    (int)(fmod(rounded, 3600) / 60), (int)fmod(rounded, 60));
	else
		(void)snprintf(text, size, "%.0f\u2009d %02d:%02d:%02d", floor(rounded / 86400),
		    (int)(fmod(rounded, 86400) / 3600), (int)(fmod(rounded, 3600) / 60),
		    (int)fmod(rounded, 60));
}

static void
write_number(struct page *p, const json_t *value, const char *type, const char *unit)
{
	char text[512];
	char *exact = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	double real = json_number_value(value);

	if (strcmp(type, "share") == 0)
		format_share(real, text, sizeof text);
	else if (strcmp(type, "duration") == 0)
		format_duration(real, text, sizeof text);
	else if (strcmp(type, "rate") == 0)
		(void)text_si(real, unit, text, sizeof text);
	else
		format_number(value, text, sizeof text);
	(void)fprintf(p->out, "<data value=\"%s\">", exact != NULL ? exact : "");
	markup_text(p->out, text, strlen(text));
	(void)fputs("</data>", p->out);
	free(exact);
}

int
html_is_numeric(const char *type)
{
	static const char *const numeric[] = { "count", "number", "octets", "share", "duration",
		"rate" };

	for (size_t i = 0; i < ARRAY_COUNT(numeric); i++)
		if (strcmp(type, numeric[i]) == 0)
			return 1;
	return 0;
}

void
html_value(struct page *p, json_t *value, const char *type, const char *unit)
{
	json_int_t ms = json_integer_value(value);

	if (value == NULL || json_is_null(value))
		(void)fputs(DASH, p->out);
	else if (strcmp(type, "time") == 0 && json_is_integer(value) && ms > -9200000000000 &&
		 ms < 9200000000000)
		write_time(p, ms * NSEC_PER_MS, ms % 1000 != 0 ? 3 : 0);
	else if (strcmp(type, "iso") == 0)
		html_iso_time(p, value);
	else if (strcmp(type, "items") == 0 && json_is_string(value))
		write_items(p, json_string_value(value));
	else if (json_is_number(value))
		write_number(p, value, type, unit);
	else
		html_any(p, value, "", 0);
}

/* A list of lines "V text"; each text runs in its own direction, whatever its neighbours'. */
static void
write_items(struct page *p, const char *text)
{
	(void)fputs("<ul class=\"items\">", p->out);
	while (*text != '\0') {
		size_t size = strcspn(text, "\n");
		size_t tag = strcspn(text, " \n");

		(void)fputs("<li><span class=\"tag\">", p->out);
		markup_text(p->out, text, tag);
		(void)fputs("</span> <bdi>", p->out);
		if (tag < size)
			markup_text(p->out, text + tag + 1, size - tag - 1);
		(void)fputs("</bdi></li>", p->out);
		text += size + (text[size] == '\n');
	}
	(void)fputs("</ul>", p->out);
}

static void
write_time(struct page *p, nsec_t time, int digits)
{
	char utc[48], local[80];

	(void)clock_format(time, digits, utc, sizeof utc);
	(void)zone_format(p->zone, time, digits, local, sizeof local);
	(void)fprintf(p->out, "<time datetime=\"%s\">%s</time>", utc, local);
}

/* Days from 1970-01-01 of a Gregorian date. */
static int64_t
days(int year, int month, int day)
{
	static const int before[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int64_t y = month > 2 ? year : year - 1; /* leap days until the end of this February */

	return (int64_t)365 * (year - 1970) + before[month - 1] + day - 1 +
	       (y / 4 - y / 100 + y / 400) - 477;
}

/* The number of exactly `len` digits at `text`, moved on; -1 when they are not there. */
static int
take_digits(const char **text, size_t len)
{
	int number = 0;

	for (size_t i = 0; i < len; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		number = number * 10 + (**text - '0');
	}
	return number;
}

/* "YYYY-MM-DDThh:mm:ss[.fraction]Z" to time; returns the count of fraction digits, or -1. */
static int
parse_iso(const char *text, nsec_t *ret_time)
{
	static const struct {
		size_t len;
		int low, high;
		char after;
	} parts[] = { { 4, 1700, 2250, '-' }, { 2, 1, 12, '-' }, { 2, 1, 31, 'T' },
		{ 2, 0, 23, ':' }, { 2, 0, 59, ':' }, { 2, 0, 60, '\0' } };
	int v[ARRAY_COUNT(parts)];
	int digits = 0;
	nsec_t fraction = 0, unit = NSEC_PER_SEC;

	if (text == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		v[i] = take_digits(&text, parts[i].len);
		if (v[i] < parts[i].low || v[i] > parts[i].high)
			return -1;
		if (parts[i].after != '\0' && *text++ != parts[i].after)
			return -1;
	}
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9' && digits < 9; text++, digits++) {
			unit /= 10;
			fraction += (*text - '0') * unit;
		}
	if (strcmp(text, "Z") != 0)
		return -1;
	*ret_time = ((days(v[0], v[1], v[2]) * 24 + v[3]) * 60 + v[4]) * 60 * NSEC_PER_SEC +
		    v[5] * NSEC_PER_SEC + fraction;
	return digits;
}

void
html_iso_time(struct page *p, json_t *value)
{
	nsec_t time;
	int digits = parse_iso(json_string_value(value), &time);

	if (digits >= 0)
		write_time(p, time, digits > 3 ? 3 : digits);
	else
		html_any(p, value, "", 0);
}

/* What a member is, from its name: findings use the same names everywhere. */
static const char *
type_of(const char *name, const char **ret_unit)
{
	static const struct {
		const char *end, *type, *unit;
	} ends[] = {
		{ "_s", "duration", "s" },
		{ "bps", "rate", "bps" },
		{ "pps", "rate", "pps" },
		{ "qps", "rate", "qps" },
		{ "bps_low", "rate", "bps" },
		{ "bps_high", "rate", "bps" },
		{ "pps_low", "rate", "pps" },
		{ "pps_high", "rate", "pps" },
		{ "share", "share", "" },
		{ "share_packets", "share", "" },
		{ "share_octets", "share", "" },
	};
	size_t size = strlen(name);

	for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
		size_t end = strlen(ends[i].end);
		if (size >= end && strcmp(name + size - end, ends[i].end) == 0) {
			*ret_unit = ends[i].unit;
			return ends[i].type;
		}
	}
	*ret_unit = "";
	return "number";
}

void
html_label(struct page *p, const char *name)
{
	char *text = xstrdup(name);
	size_t size = strlen(text);

	if (size > 2 && strcmp(text + size - 2, "_s") == 0)
		text[size - 2] = '\0';
	for (char *c = text; *c != '\0'; c++)
		if (*c == '_')
			*c = ' ';
	markup_text(p->out, text, strlen(text));
	free(text);
}

static void
any_array(struct page *p, json_t *array, const char *name, int depth)
{
	const char *separator = "";
	json_t *item;
	size_t index;

	json_array_foreach (array, index, item) {
		(void)fputs(separator, p->out);
		html_any(p, item, name, depth + 1);
		separator = json_is_object(item) ? "; " : ", ";
	}
}

static void
any_object(struct page *p, json_t *object, int depth)
{
	const char *separator = "";
	const char *key;
	json_t *item;

	json_object_foreach (object, key, item) {
		(void)fprintf(p->out, "%s<span class=\"key\">", separator);
		html_label(p, key);
		(void)fputs("</span> ", p->out);
		html_any(p, item, key, depth + 1);
		separator = ", ";
	}
}

void
html_any(struct page *p, json_t *value, const char *name, int depth)
{
	const char *unit;
	const char *type = type_of(name, &unit);

	if (json_is_string(value)) {
		(void)fputs("<bdi>", p->out);
		markup_text(p->out, json_string_value(value), json_string_length(value));
		(void)fputs("</bdi>", p->out);
	} else if (json_is_number(value)) {
		write_number(p, value, type, unit);
	} else if (json_is_boolean(value)) {
		(void)fputs(json_is_true(value) ? "yes" : "no", p->out);
	} else if (value == NULL || json_is_null(value)) {
		(void)fputs(DASH, p->out);
	} else if (depth == DEPTH_MAX) {
		(void)fputs("\u2026", p->out);
	} else if (json_is_array(value)) {
		any_array(p, value, name, depth);
	} else {
		any_object(p, value, depth);
	}
}
