/* SPDX-License-Identifier: ISC */
/* Dates of incidents: precision, zones, leap days, daylight saving, what is no date. */
#include <string.h>

#include "analysis/security/incident_time.h"
#include "base/clock.h"
#include "test.h"

static struct incident_time
parse(const char *text, const struct zone *zone)
{
	struct incident_time t;
	struct err_info why = { .text = "" };

	if (incident_time_parse(text, zone, &t, &why) != ERR_OK)
		fail_msg("%s", why.text);
	return t;
}

static struct zone *
open_zone(const char *name)
{
	struct err_info why = { .text = "" };
	struct zone *zone;

	if (zone_open(name, &zone, &why) != ERR_OK)
		fail_msg("%s", why.text);
	return zone;
}

static void
test_precision(void **state)
{
	(void)state;
	assert_int_equal(parse("2013", NULL).month, 0);
	assert_int_equal(parse("2013-09", NULL).day, 0);
	assert_int_equal(parse("2012-02-29", NULL).day, 29);
	assert_int_equal(parse("2000-02-29", NULL).day, 29);
	assert_int_equal(parse("--02-29", NULL).year, 0);
	assert_false(parse("2012-02-29", NULL).timed);
	assert_true(parse("2012-02-29T16:30", NULL).timed);
}

static void
test_no_dates(void **state)
{
	static const char *const WRONG[] = { "", "13", "2013-", "2013-13", "2013-00", "2013-02-29",
		"1900-02-29", "2013-02-30", "2013-2-3", "2013-09-18T", "2013-09-18T24:00",
		"2013-09-18T10:60", "2013-09-18T10:00+15:00", "2013-09-18T10:00+09:0",
		"2013-09-18x", "--13-01", "--02", "--02-29T10:00", "0999-01-01", "2262-01-01",
		"2013-09-18T10:00 JST", "2013-09T10:00" };

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		struct incident_time t;
		struct err_info why = { .text = "" };
		if (incident_time_parse(WRONG[i], NULL, &t, &why) != ERR_FORMAT)
			fail_msg("\"%s\" was taken for a date", WRONG[i]);
		assert_non_null(strstr(why.text, "is no date"));
	}
}

/* Half past four in the afternoon of Greenwich's leap day is March 1 in Tokyo. */
static void
test_zones(void **state)
{
	struct zone *tokyo = open_zone("Asia/Tokyo"), *york = open_zone("America/New_York");
	struct incident_time t = parse("2012-02-29T16:30:00Z", tokyo);
	struct incident_time local = incident_time_local(&t, tokyo);

	(void)state;
	assert_int_equal(t.seconds, 1330533000);
	assert_int_equal(local.month, 3);
	assert_int_equal(local.day, 1);
	local = incident_time_local(&t, york);
	assert_int_equal(local.month, 2);
	assert_int_equal(local.day, 29);
	assert_int_equal(parse("2012-03-01T01:30", tokyo).seconds, t.seconds);
	assert_int_equal(parse("2012-02-29 11:30:00-05:00", tokyo).seconds, t.seconds);
	assert_int_equal(parse("2012-02-29T11:30-0500", tokyo).seconds, t.seconds);
	assert_int_equal(parse("2012-02-29T11:30:00.5", york).seconds, t.seconds);
	/* A day is a day: it does not move. */
	t = parse("2012-02-29", york);
	assert_int_equal(incident_time_local(&t, tokyo).day, 29);
	zone_close(tokyo);
	zone_close(york);
}

/* The clocks of New York went from 2 to 3 on 2012-03-11, and from 2 to 1 on 2012-11-04. */
static void
test_daylight_saving(void **state)
{
	struct zone *york = open_zone("America/New_York");

	(void)state;
	assert_int_equal(parse("2012-03-11T01:59", york).seconds, 1331449140);
	assert_int_equal(parse("2012-03-11T03:00", york).seconds, 1331449200);
	assert_int_equal(parse("2012-03-11T02:30", york).seconds, 1331451000);
	assert_int_equal(parse("2012-11-04T03:00", york).seconds, 1352016000);
	zone_close(york);
}

/* Every day of four centuries, there and back. */
static void
test_calendar(void **state)
{
	int64_t expected = incident_days(1800, 1, 1);

	(void)state;
	assert_int_equal(incident_days(1970, 1, 1), 0);
	for (int year = 1800; year < 2200; year++) {
		for (int month = 1; month <= 12; month++) {
			for (int day = 1; day <= incident_days_in(year, month); day++) {
				struct incident_time t = { .timed = true,
					.seconds = expected * 86400 };
				struct incident_time local = incident_time_local(&t, NULL);
				assert_int_equal(incident_days(year, month, day), expected);
				assert_true(
				    local.year == year && local.month == month && local.day == day);
				expected++;
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_precision),
		cmocka_unit_test(test_no_dates),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_daylight_saving),
		cmocka_unit_test(test_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
