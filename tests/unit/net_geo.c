/* SPDX-License-Identifier: ISC */
/* Lookups in MaxMind DB files that the test writes itself. */
#include <stdlib.h>
#include <unistd.h>

#include "mmdb_write.h"
#include "net/geo.h"

static const char *
text_of(const struct geo *geo, const char *address)
{
	static char text[GEO_TEXT_SIZE];
	struct address a;

	assert_int_equal(address_parse(address, &a), ERR_OK);
	return geo_text(geo, &a, text) ? text : "nothing";
}

static uint32_t
number_of(const struct geo *geo, const char *address)
{
	uint32_t number;
	struct address a;

	assert_int_equal(address_parse(address, &a), ERR_OK);
	return geo_number(geo, &a, &number) ? number : 0;
}

static void
test_lookups(void **state)
{
	struct mmdb *db = calloc(1, sizeof *db);
	char path[] = "/tmp/yagura-test-XXXXXX";
	int fd = mkstemp(path);
	struct geo *geo = NULL;
	struct err_info why = { 0 };

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	mmdb_begin(db);
	mmdb_add(db, "192.0.2.0/24", mmdb_country(db, "JP"));
	mmdb_add(db, "198.51.100.128/25", mmdb_country(db, "A-LONG-NAME"));
	mmdb_add(db, "2001:db8::/32", mmdb_country(db, "US"));
	mmdb_add(db, "203.0.113.0/24", mmdb_asn(db, 4200000001));
	mmdb_write(db, path);

	assert_int_equal(geo_open(path, "country_code", &geo, &why), ERR_OK);
	assert_string_equal(text_of(geo, "192.0.2.255"), "JP");
	assert_string_equal(text_of(geo, "::ffff:192.0.2.1"), "JP");
	assert_string_equal(text_of(geo, "192.0.3.0"), "nothing");
	assert_string_equal(text_of(geo, "198.51.100.129"), "A-LONG-NAME");
	assert_string_equal(text_of(geo, "198.51.100.1"), "nothing");
	assert_string_equal(text_of(geo, "2001:db8:ffff::1"), "US");
	assert_string_equal(text_of(geo, "2001:db9::1"), "nothing");
	assert_string_equal(text_of(geo, "203.0.113.1"), "nothing");
	assert_int_equal(number_of(geo, "192.0.2.1"), 0);
	assert_int_equal(geo_epoch(geo), 1401062400);
	geo_close(geo);
	assert_int_equal(geo_open(path, "country.iso_code", &geo, &why), ERR_OK);
	assert_string_equal(text_of(geo, "192.0.2.255"), "JP");
	geo_close(geo);
	assert_int_equal(geo_open(path, "country.iso_code.deeper", &geo, &why), ERR_OK);
	assert_string_equal(text_of(geo, "192.0.2.255"), "nothing");
	geo_close(geo);
	assert_int_equal(geo_open(path, "country", &geo, &why), ERR_OK);
	assert_string_equal(text_of(geo, "192.0.2.255"), "nothing");
	geo_close(geo);
	assert_int_equal(geo_open(path, "autonomous_system_number", &geo, &why), ERR_OK);
	assert_int_equal(number_of(geo, "203.0.113.1"), 4200000001);
	geo_close(geo);

	assert_int_equal(geo_open(path, "", &geo, &why), ERR_CONFIG);
	assert_int_equal(geo_open(path, "a..b", &geo, &why), ERR_CONFIG);
	assert_int_equal(geo_open(path, "a.b.c.d.e.f.g.h", &geo, &why), ERR_CONFIG);
	assert_int_equal(geo_open("/nonexistent.mmdb", "a", &geo, &why), ERR_IO);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(geo_open(path, "a", &geo, &why), ERR_FORMAT);
	geo_close(NULL);
	(void)unlink(path);
	free(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
