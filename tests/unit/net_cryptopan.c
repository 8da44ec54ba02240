/* SPDX-License-Identifier: ISC */
/* Crypto-PAn against its authors' published sample, and its property against random addresses. */
#include <stdlib.h>
#include <string.h>

#include "net/cryptopan.h"
#include "test.h"

/* Key and sample of the reference implementation, Crypto-PAn 1.0. */
static const uint8_t KEY[CRYPTOPAN_KEY_SIZE] = { 21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22,
	73, 144, 125, 16, 216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2 };

static const struct {
	const char *from, *to;
} SAMPLE[] = {
	{ "128.11.68.132", "135.242.180.132" },
	{ "129.118.74.4", "134.136.186.123" },
	{ "130.132.252.244", "133.68.164.234" },
	{ "141.223.7.43", "141.167.8.160" },
	{ "141.233.145.108", "141.129.237.235" },
	{ "152.163.225.39", "151.140.114.167" },
	{ "156.29.3.236", "147.225.12.42" },
	{ "165.247.96.84", "162.9.99.234" },
	{ "166.107.77.190", "160.132.178.185" },
	{ "192.102.249.13", "252.138.62.131" },
	{ "192.215.32.125", "252.43.47.189" },
	{ "192.233.80.103", "252.25.108.8" },
	{ "192.41.57.43", "252.222.221.184" },
	{ "193.150.244.223", "253.169.52.216" },
	{ "195.205.63.100", "255.186.223.5" },
	{ "198.200.171.101", "249.199.68.213" },
	{ "198.26.132.101", "249.36.123.202" },
	{ "198.36.213.5", "249.7.21.132" },
	{ "198.51.77.238", "249.18.186.254" },
	{ "199.217.79.101", "248.38.184.213" },
	{ "202.49.198.20", "245.206.7.234" },
	{ "203.12.160.252", "244.248.163.4" },
	{ "204.184.162.189", "243.192.77.90" },
	{ "204.202.136.230", "243.178.4.198" },
	{ "204.29.20.4", "243.33.20.123" },
	{ "205.178.38.67", "242.108.198.51" },
	{ "205.188.147.153", "242.96.16.101" },
	{ "205.188.248.25", "242.96.88.27" },
	{ "205.245.121.43", "242.21.121.163" },
	{ "207.105.49.5", "241.118.205.138" },
};

static void
test_published_sample(void **state)
{
	struct cryptopan *c = cryptopan_new(KEY);

	(void)state;
	for (size_t i = 0; i < sizeof SAMPLE / sizeof SAMPLE[0]; i++) {
		char text[ADDRESS_TEXT_SIZE];
		struct address a, b;
		assert_int_equal(address_parse(SAMPLE[i].from, &a), ERR_OK);
		b = cryptopan_address(c, &a);
		assert_string_equal(address_format(&b, text), SAMPLE[i].to);
	}
	cryptopan_free(c);
}

static unsigned
common_bits(const struct address *a, const struct address *b)
{
	unsigned bits = 0;

	while (
	    bits < 128 && ((a->octets[bits / 8] ^ b->octets[bits / 8]) & (0x80 >> bits % 8)) == 0)
		bits++;
	return bits;
}

/* Shared prefixes keep their length, and no more, in both families. */
static void
test_prefixes_are_preserved(void **state)
{
	struct cryptopan *c = cryptopan_new(KEY);
	unsigned seed = 7;

	(void)state;
	for (int i = 0; i < 500; i++) {
		unsigned begin = i % 2 != 0 ? 96 : 0;
		struct address a, b, pa, pb;
		assert_int_equal(
		    address_parse(begin != 0 ? "192.0.2.1" : "2001:db8::1", &a), ERR_OK);
		for (unsigned k = begin / 8; k < 16; k++)
			a.octets[k] = (uint8_t)rand_r(&seed);
		b = a;
		unsigned from = begin + (unsigned)rand_r(&seed) % (128 - begin);
		b.octets[from / 8] ^= (uint8_t)(0x80 >> from % 8);
		for (unsigned k = from / 8 + 1; k < 16; k++)
			b.octets[k] = (uint8_t)rand_r(&seed);
		pa = cryptopan_address(c, &a);
		pb = cryptopan_address(c, &b);
		assert_int_equal(common_bits(&pa, &pb), from);
		assert_int_equal(address_is_ipv4(&pa), address_is_ipv4(&a));
	}
	cryptopan_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_sample),
		cmocka_unit_test(test_prefixes_are_preserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
