/* SPDX-License-Identifier: ISC */
/*
 * The hash of names.  Values come from a SipHash-1-3 of its own in Python that gives what the
 * interpreter's own hash of bytes gives under the key 0 (PYTHONHASHSEED=0), here under our key.
 */
#include <stdlib.h>
#include <string.h>

#include "obs/dns.h"
#include "test.h"

static void
test_hash(void **state)
{
	static const struct {
		size_t size; /* octets 0, 1, 2, … */
		uint64_t hash;
	} VALUES[] = {
		{ 0, UINT64_C(0x5c8ffc931bae0b42) },
		{ 1, UINT64_C(0xba986536965996af) },
		{ 2, UINT64_C(0x0c31b6234f1659ef) },
		{ 3, UINT64_C(0xc0ed41e9bc974423) },
		{ 4, UINT64_C(0xde9b7cefd978434c) },
		{ 5, UINT64_C(0x84388d4535eb74fa) },
		{ 6, UINT64_C(0xfd14300078cf08bb) },
		{ 7, UINT64_C(0xaf72491d4785e29b) },
		{ 8, UINT64_C(0xae5276acb0c4bc40) },
		{ 9, UINT64_C(0xbcccda1b5e990e84) },
		{ 15, UINT64_C(0x6e02478043cbd195) },
		{ 16, UINT64_C(0xfc53a001ccb507a5) },
		{ 17, UINT64_C(0x25c08d27f47009ef) },
		{ 31, UINT64_C(0x81e5889ee7766f87) },
		{ 255, UINT64_C(0xbfda2908019c101f) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
		/* The octets end where memory does. */
		uint8_t *octets = malloc(VALUES[i].size + 1);
		assert_non_null(octets);
		for (size_t j = 0; j < VALUES[i].size; j++)
			octets[1 + j] = (uint8_t)j;
		assert_int_equal(dns_hash(octets + 1, VALUES[i].size), VALUES[i].hash);
		free(octets);
	}
}

static void
test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DNS_VERDICT_COUNT; i++)
		assert_non_null(dns_verdict_name((enum dns_verdict)i));
	for (unsigned i = 0; i < DNS_TRANSPORT_COUNT; i++)
		assert_non_null(dns_transport_name((enum dns_transport)i));
	for (unsigned i = 0; i < DNS_VIEW_COUNT; i++)
		assert_non_null(dns_view_name((enum dns_view)i));
	for (unsigned i = 0; i < DNS_MATCH_COUNT; i++)
		assert_non_null(dns_match_name((enum dns_match)i));
	assert_string_equal(dns_verdict_name(DNS_BAD_RDLENGTH), "bad-rdlength");
	assert_string_equal(dns_view_name(DNS_VIEW_AUTHORITATIVE), "authoritative");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
