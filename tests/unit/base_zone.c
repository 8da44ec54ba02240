/* SPDX-License-Identifier: ISC */
/* Local time, against the C library's own reading of the same zoneinfo files. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/zone.h"
#include "base/zone_rule.h"
#include "test.h"

static const char *const ZONES[] = { "Asia/Tokyo", "Europe/Berlin", "America/New_York",
	"Australia/Lord_Howe", "America/Sao_Paulo", "Europe/Dublin", "Asia/Kathmandu",
	"Africa/Casablanca", "America/Nuuk", "Pacific/Apia", "Asia/Gaza", "Etc/UTC" };

/* The witness: setting TZ is fine in a test program. */
static void
compare(const struct zone *zone, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	struct zone_offset offset = zone_at(zone, seconds);
	const char *name = offset.abbreviation;

	assert_non_null(localtime_r(&t, &tm));
	assert_int_equal(offset.east, tm.tm_gmtoff);
	if (strncmp(name, "UTC", 3) == 0 && name[3] != '\0')
		name += 3;
	assert_string_equal(name, tm.tm_zone);
}

static void
test_against_the_c_library(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ZONES / sizeof ZONES[0]; i++) {
		struct err_info why = { 0 };
		struct zone *zone = NULL;

		if (zone_open(ZONES[i], &zone, &why) != ERR_OK) {
			print_message("skipped %s: %s\n", ZONES[i], why.text);
			continue;
		}
		assert_int_equal(setenv("TZ", ZONES[i], 1), 0);
		tzset();
		/* 1960 to 2100 in steps that meet every hour of the day and day of the year. */
		for (int64_t t = -315619200; t < 4102444800; t += 40903)
			compare(zone, t);
		zone_close(zone);
	}
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

/* Days tile time, hold what they were asked for, and begin at local midnight but where there is
 * none. */
static void
test_days(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ZONES / sizeof ZONES[0]; i++) {
		struct zone *zone = NULL;
		int64_t begin, end, next, after, odd = 0;

		if (zone_open(ZONES[i], &zone, NULL) != ERR_OK)
			continue;
		zone_day(zone, 315532800, &begin, &end);
		for (unsigned day = 0; day < 20000; day++) {
			assert_true(end > begin && end - begin <= 2 * 86400);
			odd += (begin + zone_at(zone, begin).east) % 86400 != 0;
			zone_day(zone, end, &next, &after);
			assert_int_equal(next, end);
			zone_day(zone, begin + (end - begin) / 2, &next, &after);
			assert_true(next == begin && after == end);
			zone_day(zone, end - 1, &next, &after);
			assert_true(next == begin && after == end);
			zone_day(zone, end, &begin, &end);
		}
		/* São Paulo and Gaza have skipped midnight about once a year. */
		assert_in_range(odd, 0, 60);
		zone_close(zone);
	}
	int64_t begin, end;
	zone_day(NULL, -1, &begin, &end);
	assert_true(begin == -86400 && end == 0);
}

static void
test_names(void **state)
{
	static const char *const bad[] = { "", "/etc/passwd", "../../../etc/passwd", "Asia/../UTC",
		"No/Where", "Asia", "a b", "\x1b[31m" };
	struct zone *zone = NULL;
	struct err_info why;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		why = (struct err_info){ 0 };
		assert_int_equal(zone_open(bad[i], &zone, &why), ERR_CONFIG);
		assert_true(why.text[0] != '\0');
		assert_null(zone);
	}
	assert_int_equal(zone_open("UTC", &zone, &why), ERR_OK);
	zone_close(zone);
}

static void
test_format(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(zone_format(NULL, 1401580805123456789, 3, text, sizeof text),
	    "2014-06-01 00:00:05.123 UTC");
	assert_string_equal(
	    zone_format(NULL, -1, 9, text, sizeof text), "1969-12-31 23:59:59.999999999 UTC");
	assert_string_equal(zone_format(NULL, 0, 0, text, 11), "1970-01-01");
}

/* A file of our own: version 2, two types, one transition, and a rule. */
static size_t
make_file(uint8_t *file, const char *rule)
{
	static const char letters[] = "AAA\0-03";
	uint8_t *p = file;

	memset(file, 0, 512);
	memcpy(p, "TZif2", 5);
	put_be32(p + 36, 1);
	put_be32(p + 40, 4);
	p += 44 + 6 + 4;
	memcpy(p, "TZif2", 5);
	put_be32(p + 32, 1);
	put_be32(p + 36, 2);
	put_be32(p + 40, sizeof letters);
	p += 44;
	put_be32(p + 4, 1000);
	p += 8;
	*p++ = 1;
	put_be32(p, 3600);
	put_be32(p + 6, (uint32_t)-10800);
	p[11] = 4;
	p += 12;
	memcpy(p, letters, sizeof letters);
	p += sizeof letters;
	return (size_t)(p - file) + (size_t)snprintf((char *)p, 64, "\n%s\n", rule);
}

static void
test_own_file_and_truncation(void **state)
{
	uint8_t file[512];
	size_t size = make_file(file, "<-03>3");
	struct zone *zone = NULL;

	(void)state;
	assert_int_equal(zone_parse(file, size, &zone, NULL), ERR_OK);
	assert_int_equal(zone_at(zone, 999).east, 3600);
	assert_string_equal(zone_at(zone, 999).abbreviation, "AAA");
	assert_string_equal(zone_at(zone, 1000).abbreviation, "UTC-03");
	assert_int_equal(zone_at(zone, 1000).east, -10800);
	zone_close(zone);
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *copy = malloc(cut + 1);
		memcpy(copy, file, cut);
		zone = NULL;
		assert_int_equal(zone_parse(copy, cut, &zone, NULL), ERR_FORMAT);
		free(copy);
	}
	/* Every octet damaged in turn: refused or read, never beyond its memory. */
	for (size_t i = 0; i < size * 4; i++) {
		static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0xff };
		uint8_t *copy = malloc(size);
		memcpy(copy, file, size);
		copy[i / 4] = values[i % 4];
		zone = NULL;
		if (zone_parse(copy, size, &zone, NULL) == ERR_OK) {
			(void)zone_at(zone, 0);
			(void)zone_at(zone, 1LL << 40);
			zone_close(zone);
		}
		free(copy);
	}
}

static void
test_rules(void **state)
{
	static const char *const good[] = { "UTC0", "JST-9", "CET-1CEST,M3.5.0,M10.5.0/3",
		"EST5EDT,M3.2.0,M11.1.0", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
		"IST-1GMT0,M10.5.0,M3.5.0/1", "AAA3:30:15BBB,J60,J300/26", "AAA3BBB,0,365/167" };
	static const char *const bad[] = { "", "AA3", "JST", "JST-25", "CET-1CEST",
		"CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J366", "<AAA3", "JST-9 ",
		"AAAAAAAAAAAAAAAAAAAAAAAA3", "JST-9:60" };
	struct zone_rule rule;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(zone_rule_parse(good[i], strlen(good[i]), &rule));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(zone_rule_parse(bad[i], strlen(bad[i]), &rule));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_the_c_library),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_own_file_and_truncation),
		cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
