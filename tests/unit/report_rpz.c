/* SPDX-License-Identifier: ISC */
/* Response policies: what is refused, how owners are written, holes under wildcards, hits. */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "report/rpz.h"
#include "test.h"

#define NOW (NSEC_PER_SEC * 1000000000)

static struct rpz *
make(const struct site *site)
{
	struct rpz_options options = { .site = site,
		.origin = "rpz.example.net",
		.ttl = 60,
		.below = true,
		.now = NOW,
		.keep = NSEC_PER_SEC };
	struct rpz *rpz;

	assert_int_equal(rpz_new(&options, &rpz, NULL), ERR_OK);
	return rpz;
}

static void
add(struct rpz *rpz, const char *indicator, enum rpz_action action)
{
	struct rpz_rule rule = rpz_rule_default(rpz, "test");
	struct err_info why = { .text = "" };

	rule.action = action;
	if (rpz_indicator(indicator, &rule, &why) == ERR_OK)
		rpz_add(rpz, &rule);
	else
		rpz_reject(rpz, indicator, "test", "%s", why.text);
}

/* The owners of all entries, in order, each ended by a blank; owned by the caller. */
static char *
owners(struct rpz *rpz)
{
	char *all = xstrdup("");

	rpz_sort(rpz);
	for (size_t i = 0; i < rpz->entry_count; i++) {
		char owner[RPZ_OWNER_SIZE];
		char *longer = xasprintf("%s%s ", all, rpz_owner(&rpz->entries[i], owner));
		free(all);
		all = longer;
	}
	return all;
}

static void
test_addresses(void **state)
{
	static const char *const CASES[][2] = {
		{ "192.0.2.7", "32.7.2.0.192.rpz-ip " },
		{ "192.0.0.0/16", "16.0.0.0.192.rpz-ip " },
		{ "2001:db8::1", "128.1.zz.db8.2001.rpz-ip " },
		{ "2001:db8::/32", "32.zz.db8.2001.rpz-ip " },
		{ "2001:db8:0:1::/64", "64.zz.1.0.db8.2001.rpz-ip " },
		{ "2001:0:0:1:0:0:0:1", "128.1.zz.1.0.0.2001.rpz-ip " },
		/* Of two runs alike, the one nearer to the host bits. */
		{ "2001:0:0:1:0:0:1:1", "128.1.1.zz.1.0.0.2001.rpz-ip " },
		{ "2001:1:2:3:4:5:6:7", "128.7.6.5.4.3.2.1.2001.rpz-ip " },
		{ "2001:1:2:3:4:5:0:7", "128.7.0.5.4.3.2.1.2001.rpz-ip " },
		{ "::ffff:192.0.2.7", "32.7.2.0.192.rpz-ip " },
	};
	struct site site;

	(void)state;
	site_init(&site);
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct rpz *rpz = make(&site);
		add(rpz, CASES[i][0], RPZ_NXDOMAIN);
		char *all = owners(rpz);
		assert_string_equal(all, CASES[i][1]);
		free(all);
		rpz_free(rpz);
	}
	site_release(&site);
}

static void
test_indicators(void **state)
{
	static const char *const CASES[][2] = {
		{ "Bad.Example.", "bad.example *.bad.example " },
		{ " hxxps://user@bad[.]example:8443/x?y#z ", "bad.example *.bad.example " },
		{ "http://[2001:db8::1]:80/", "128.1.zz.db8.2001.rpz-ip " },
		{ "192[.]0[.]2[.]1", "32.1.2.0.192.rpz-ip " },
		{ "*.bad.example", "*.bad.example " },
		{ "_x._tcp.bad.example", "_x._tcp.bad.example *._x._tcp.bad.example " },
		{ "b\xc3\xbc"
		  "cher.example",
		    "xn--bcher-kva.example *.xn--bcher-kva.example " },
		{ "", "" },
		{ "a b.example", "" },
		{ "a/b", "" },
		{ "bad..example", "" },
		{ "\xff\xfe.example", "" },
		{ "999.1.1.1/8", "" },
	};
	struct site site;

	(void)state;
	site_init(&site);
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct rpz *rpz = make(&site);
		add(rpz, CASES[i][0], RPZ_NXDOMAIN);
		char *all = owners(rpz);
		assert_string_equal(all, CASES[i][1]);
		assert_int_equal(rpz->reject_count, CASES[i][1][0] == '\0');
		free(all);
		rpz_free(rpz);
	}
	site_release(&site);
}

/* Without a list of suffixes every TLD counts as one. */
static void
test_suffixes(void **state)
{
	static const char *const REFUSED[] = { "com", "jp", "zz", "." };
	static const char *const TAKEN[] = { "corp", "local", "lan", "example.com" };
	struct site site;

	(void)state;
	site_init(&site);
	struct rpz *rpz = make(&site);
	for (size_t i = 0; i < 4; i++)
		add(rpz, REFUSED[i], RPZ_NODATA);
	assert_int_equal(rpz->entry_count, 0);
	assert_int_equal(rpz->reject_count, 4);
	for (size_t i = 0; i < 4; i++)
		add(rpz, TAKEN[i], RPZ_NODATA);
	assert_int_equal(rpz->entry_count, 8);
	add(rpz, "com", RPZ_PASSTHRU);
	assert_int_equal(rpz->entry_count, 10);
	rpz_free(rpz);
	site_release(&site);
}

/* The longest owner there may be, and one octet more. */
static void
test_lengths(void **state)
{
	/* rpz.example.net takes 17 octets with the root label, *. takes 2: 238 are left, of which
	 * one is the root label. */
	char name[256];
	struct site site;

	(void)state;
	site_init(&site);
	struct rpz *rpz = make(&site);
	memset(name, 'a', sizeof name);
	name[63] = name[127] = name[191] = '.';
	name[235] = '\0';
	add(rpz, name, RPZ_NXDOMAIN);
	assert_int_equal(rpz->entry_count, 2);
	name[235] = 'a';
	name[236] = '\0';
	add(rpz, name, RPZ_NXDOMAIN);
	assert_int_equal(rpz->entry_count, 2);
	assert_string_equal(rpz->rejects[0].reason, "with the zone's name it is above 255 octets");
	rpz_free(rpz);
	site_release(&site);
}

/* What is there twice, what contradicts, what is past its time. */
static void
test_twice(void **state)
{
	struct site site;
	struct rpz_rule rule;

	(void)state;
	site_init(&site);
	struct rpz *rpz = make(&site);
	add(rpz, "bad.example", RPZ_NXDOMAIN);
	add(rpz, "bad.example", RPZ_NODATA);
	assert_int_equal(rpz->entry_count, 2);
	assert_int_equal(rpz->reject_count, 2);
	assert_string_equal(rpz->rejects[0].reason, "test says nxdomain already");
	assert_true(rpz->entries[0].expires == NOW + NSEC_PER_SEC);
	rule = rpz_rule_default(rpz, "later");
	rule.expires = 0;
	assert_int_equal(rpz_indicator("bad.example", &rule, NULL), ERR_OK);
	rpz_add(rpz, &rule);
	assert_int_equal(rpz->reject_count, 2);
	assert_true(rpz->entries[0].expires == 0);
	rule.expires = NOW;
	rpz_add(rpz, &rule);
	assert_int_equal(rpz->expired, 1);
	rpz_free(rpz);
	site_release(&site);
}

/* A name under a wildcard leaves no hole beside it. */
static void
test_holes(void **state)
{
	struct site site;

	(void)state;
	site_init(&site);
	struct rpz *rpz = make(&site);
	rpz->options.below = false;
	add(rpz, "*.bad.example", RPZ_NODATA);
	add(rpz, "a.b.bad.example", RPZ_PASSTHRU);
	add(rpz, "else.example", RPZ_NXDOMAIN);
	rpz_close_holes(rpz);
	char *all = owners(rpz);
	assert_string_equal(all, "a.b.bad.example *.a.b.bad.example b.bad.example *.b.bad.example "
				 "*.bad.example else.example ");
	assert_int_equal(rpz->entries[0].action, RPZ_PASSTHRU);
	for (size_t i = 1; i < 5; i++)
		assert_int_equal(rpz->entries[i].action, RPZ_NODATA);
	free(all);
	rpz_free(rpz);
	site_release(&site);
}

/* Many names, so that the index grows; each is found again. */
static void
test_many(void **state)
{
	struct site site;
	struct rpz_traffic row = { .client_length = 128, .queries = 2 };

	(void)state;
	site_init(&site);
	struct rpz *rpz = make(&site);
	for (int i = 0; i < 5000; i++) {
		char *name = xasprintf("n%d.example", i);
		add(rpz, name, RPZ_NXDOMAIN);
		free(name);
	}
	assert_int_equal(rpz->entry_count, 10000);
	rpz_close_holes(rpz);
	rpz_sort(rpz);
	assert_int_equal(rpz->entry_count, 10000);
	rpz_hit_begin(rpz);
	for (int i = 0; i < 5000; i++) {
		char *name = xasprintf("x.y.n%d.example", i);
		row.name = name;
		rpz_hit(rpz, &row);
		free(name);
	}
	for (size_t i = 0; i < rpz->entry_count; i++)
		assert_int_equal(rpz->entries[i].queries, rpz->entries[i].wildcard ? 2 : 0);
	assert_int_equal(rpz->clients, 1);
	rpz_free(rpz);
	site_release(&site);
}

static void
test_serials(void **state)
{
	(void)state;
	assert_int_equal(rpz_next_serial(5, 1), 6);
	assert_int_equal(rpz_next_serial(5, 100), 100);
	assert_int_equal(rpz_next_serial(UINT32_MAX, 0), 0);
	assert_int_equal(rpz_next_serial(UINT32_MAX, 7), 7);
	assert_int_equal(rpz_next_serial(100, 0x80000060), 0x80000060);
	assert_int_equal(rpz_next_serial(100, 0x80000070), 101);
}

static void
test_records(void **state)
{
	static const char *const GOOD[][2] = {
		{ "A 192.0.2.1", "192.0.2.1" },
		{ "aaaa  2001:DB8:0::1", "2001:db8::1" },
		{ "CNAME Walled.Example", "walled.example." },
	};
	static const char *const BAD[] = { "", "A", "A 2001:db8::1", "AAAA 192.0.2.1", "CNAME .",
		"CNAME *.", "CNAME rpz-drop.", "MX 10 a.example", "A 192.0.2.1 x", "CNAME a..b" };
	struct rpz_records records = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
		assert_int_equal(rpz_record_parse(GOOD[i][0], &records, NULL), ERR_OK);
		assert_string_equal(records.all[i].data, GOOD[i][1]);
	}
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
		if (rpz_record_parse(BAD[i], &records, NULL) == ERR_OK)
			fail_msg("%s", BAD[i]);
	rpz_records_release(&records);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_indicators),
		cmocka_unit_test(test_suffixes),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
