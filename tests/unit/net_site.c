/* SPDX-License-Identifier: ISC */
/* Longest match against a brute-force search, and directions. */
#include <stdlib.h>

#include "base/hash.h"
#include "net/site.h"
#include "test.h"

static uint64_t
next(uint64_t *seed)
{
	*seed += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix64(*seed);
}

/* Addresses crowd together, so that prefixes nest and lookups hit. */
static struct address
random_address(uint64_t *seed)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint64_t a = next(seed), b = next(seed);

	if (a & 1) {
		uint8_t v4[4] = { (uint8_t)(a >> 8) & 0x81, (uint8_t)(a >> 16) & 0xc3,
			(uint8_t)(a >> 24), (uint8_t)(a >> 32) };
		return address_from_ipv4(v4);
	}
	octets[0] = (a & 2) ? 0x20 : (uint8_t)(a >> 40);
	octets[5] = (uint8_t)(a >> 8) & 3;
	octets[8] = (uint8_t)(a >> 16) & 1;
	octets[14] = (uint8_t)b & 3;
	octets[15] = (uint8_t)(b >> 8);
	return address_from_ipv6(octets);
}

static long
brute_force(const struct prefix *prefixes, size_t count, const struct address *a)
{
	long best = -1;

	for (size_t i = 0; i < count; i++)
		if (prefix_contains(&prefixes[i], a) &&
		    (best < 0 || prefixes[i].length > prefixes[best].length))
			best = (long)i;
	return best;
}

static void
fill(struct prefix *prefixes, size_t count, uint64_t *seed)
{
	for (size_t i = 0; i < count; i++) {
		struct address a = random_address(seed);
		unsigned most = address_is_ipv4(&a) ? 32 : 128;
		unsigned length = (unsigned)(next(seed) % (most + 1));
		prefixes[i].length = (uint8_t)length;
		prefixes[i].address = address_mask(&a, length);
		/* Masking may make ::ffff:0:0/x of an IPv6 address: not here, the crowd avoids it.
		 */
	}
}

static void
test_against_brute_force(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 7, 40, 600 };
	uint64_t seed = 7;

	(void)state;
	for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
		struct prefix *prefixes = calloc(sizes[n] + 1, sizeof *prefixes);
		struct prefix_set *set;

		assert_non_null(prefixes);
		fill(prefixes, sizes[n], &seed);
		set = prefix_set_new(prefixes, sizes[n]);
		for (size_t i = 0; i < 5000; i++) {
			struct address a = random_address(&seed);
			assert_int_equal(
			    prefix_set_find(set, &a), brute_force(prefixes, sizes[n], &a));
		}
		/* First and last address of each prefix, and their neighbours outside. */
		for (size_t i = 0; i < sizes[n]; i++) {
			struct address a = prefixes[i].address;
			assert_int_equal(
			    prefix_set_find(set, &a), brute_force(prefixes, sizes[n], &a));
			a.octets[15] ^= 1;
			assert_int_equal(
			    prefix_set_find(set, &a), brute_force(prefixes, sizes[n], &a));
		}
		prefix_set_free(set);
		free(prefixes);
	}
	prefix_set_free(NULL);
}

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p, NULL), ERR_OK);
	return p;
}

static struct address
address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), ERR_OK);
	return a;
}

static long
find(const struct prefix_set *set, const char *text)
{
	struct address a = address(text);

	return prefix_set_find(set, &a);
}

static void
test_edges(void **state)
{
	const struct prefix prefixes[] = { prefix("0.0.0.0/0"), prefix("255.255.255.255/32"),
		prefix("255.0.0.0/8"), prefix("ffff::/16"), prefix("192.0.2.0/24"),
		prefix("192.0.2.0/24"), prefix("192.0.2.0/32"), prefix("::/128") };
	struct prefix_set *set = prefix_set_new(prefixes, sizeof prefixes / sizeof prefixes[0]);

	(void)state;
	assert_int_equal(find(set, "0.0.0.0"), 0);
	assert_int_equal(find(set, "255.255.255.255"), 1);
	assert_int_equal(find(set, "255.255.255.254"), 2);
	assert_int_equal(find(set, "254.255.255.255"), 0);
	assert_int_equal(find(set, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 3);
	assert_int_equal(find(set, "fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), -1);
	assert_int_equal(find(set, "192.0.2.0"), 6);
	assert_int_equal(find(set, "192.0.2.1"), 4); /* of two equal ones the first */
	assert_int_equal(find(set, "192.0.3.0"), 0);
	assert_int_equal(find(set, "::"), 7);
	assert_int_equal(find(set, "::1"), -1); /* 0.0.0.0/0 holds IPv4 only */
	prefix_set_free(set);
}

static void
test_many(void **state)
{
	enum { COUNT = 100000 };
	struct prefix *prefixes = calloc(COUNT, sizeof *prefixes);
	struct prefix_set *set;

	(void)state;
	assert_non_null(prefixes);
	for (uint32_t i = 0; i < COUNT; i++) {
		uint8_t v4[4] = { (uint8_t)(1 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i, 0 };
		prefixes[i] = (struct prefix){ address_from_ipv4(v4), 24 };
	}
	set = prefix_set_new(prefixes, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct address a = prefixes[i].address;
		a.octets[15] = (uint8_t)i;
		assert_int_equal(prefix_set_find(set, &a), i);
	}
	assert_int_equal(find(set, "0.255.255.255"), -1);
	assert_int_equal(find(set, "200.0.0.1"), -1);
	prefix_set_free(set);
	free(prefixes);
}

static void
test_directions(void **state)
{
	struct site site;
	struct address in = address("192.0.2.7"), out = address("203.0.113.9");
	struct address in6 = address("2001:db8::1");

	(void)state;
	site_init(&site);
	assert_string_equal(site.time_zone, "UTC");
	assert_false(site_is_own(&site, &in));
	assert_int_equal(site_direction(&site, &in, &out), SITE_UNKNOWN);
	site.own_prefixes = calloc(2, sizeof *site.own_prefixes);
	assert_non_null(site.own_prefixes);
	site.own_prefixes[0] = prefix("192.0.2.0/24");
	site.own_prefixes[1] = prefix("2001:db8::/32");
	site.own_prefix_count = 2;
	site_index(&site);
	assert_true(site_is_own(&site, &in));
	assert_true(site_is_own(&site, &in6));
	assert_false(site_is_own(&site, &out));
	assert_int_equal(site_direction(&site, &in, &out), SITE_OUT);
	assert_int_equal(site_direction(&site, &out, &in), SITE_IN);
	assert_int_equal(site_direction(&site, &in, &in6), SITE_INTERNAL);
	assert_int_equal(site_direction(&site, &out, &out), SITE_TRANSIT);
	assert_string_equal(site_direction_name(SITE_TRANSIT), "transit");
	site_release(&site);
	site_release(&site);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_brute_force),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_directions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
