/* SPDX-License-Identifier: ISC */
/* Numbers, names, records and messages of the DNS as text. */
#include <stdio.h>
#include <stdlib.h>

#include "dns_build.h"
#include "net/dns.h"
#include "test.h"

static void
test_numbers(void **state)
{
	char text[DNS_NUMBER_TEXT_SIZE];
	uint16_t type;

	(void)state;
	assert_string_equal(dns_type_name(1, text), "A");
	assert_string_equal(dns_type_name(54, text), "TYPE54");
	assert_string_equal(dns_type_name(65535, text), "TYPE65535");
	assert_string_equal(dns_type_name(32769, text), "DLV");
	assert_string_equal(dns_type_name(51, text), "NSEC3PARAM");
	assert_string_equal(dns_type_name(61, text), "OPENPGPKEY");
	assert_string_equal(dns_class_name(1, text), "IN");
	assert_string_equal(dns_class_name(65535, text), "CLASS65535");
	assert_string_equal(dns_rcode_name(23, text), "BADCOOKIE");
	assert_string_equal(dns_rcode_name(3841, text), "RCODE3841");
	assert_string_equal(dns_opcode_name(5, text), "UPDATE");
	assert_string_equal(dns_opcode_name(15, text), "OPCODE15");
	/* Every number comes back from its name. */
	for (unsigned i = 0; i <= UINT16_MAX; i++) {
		assert_true(dns_type_number(dns_type_name((uint16_t)i, text), &type));
		assert_int_equal(type, i);
	}
	assert_true(dns_type_number("aaaa", &type));
	assert_int_equal(type, DNS_TYPE_AAAA);
	assert_true(dns_type_number("type1", &type));
	assert_false(dns_type_number("TYPE", &type));
	assert_false(dns_type_number("TYPE65536", &type));
	assert_false(dns_type_number("TYPE99999999999999999999", &type));
	assert_false(dns_type_number("TYPE1x", &type));
	assert_false(dns_type_number("AAAAA", &type));
	assert_false(dns_type_number("", &type));
}

static void
check_name(const char *text, const char *want)
{
	char again[DNS_NAME_TEXT_SIZE];
	uint8_t name[255], same[255];
	size_t size, same_size;

	assert_int_equal(dns_name_parse(text, name, &size, NULL), ERR_OK);
	assert_string_equal(dns_name_text(name, size, again), want);
	assert_int_equal(dns_name_parse(again, same, &same_size, NULL), ERR_OK);
	assert_int_equal(same_size, size);
	assert_memory_equal(same, name, size);
}

static void
check_no_name(const char *text)
{
	struct err_info why = { 0 };
	uint8_t name[255];
	size_t size;

	assert_int_equal(dns_name_parse(text, name, &size, &why), ERR_FORMAT);
	assert_true(why.text[0] != '\0');
}

#define LABEL63 "aaaaaaaaabaaaaaaaaabaaaaaaaaabaaaaaaaaabaaaaaaaaabaaaaaaaaabaaa"

static void
test_names(void **state)
{
	(void)state;
	check_name(".", ".");
	check_name("WWW.Example.COM.", "www.example.com");
	check_name("a\\.b.c\\000\\\"\\032", "a\\.b.c\\000\\\"\\032");
	check_name("\xff.x", "\\255.x");
	check_name(LABEL63 "." LABEL63 "." LABEL63 ".aaaaaaaaabaaaaaaaaabaaaaaaaaabaaaaaaaaab"
			   "aaaaaaaaabaaaaaaaaaba",
	    LABEL63 "." LABEL63 "." LABEL63 ".aaaaaaaaabaaaaaaaaabaaaaaaaaabaaaaaaaaab"
		    "aaaaaaaaabaaaaaaaaaba");
	check_no_name(LABEL63 "." LABEL63 "." LABEL63 "." LABEL63);
	check_no_name(LABEL63 "a");
	check_no_name("");
	check_no_name("a..b");
	check_no_name(".a");
	check_no_name("..");
	check_no_name("a\\");
	check_no_name("a\\25");
	check_no_name("a\\256");
}

static void
test_below(void **state)
{
	static const uint8_t name[] = "\1a\7example\3com";
	static const uint8_t zone[] = "\7example\3com", other[] = "\6xample\3com";

	(void)state;
	assert_true(dns_name_below(name, sizeof name, zone, sizeof zone));
	assert_true(dns_name_below(zone, sizeof zone, zone, sizeof zone));
	assert_false(dns_name_below(zone, sizeof zone, name, sizeof name));
	assert_false(dns_name_below(name, sizeof name, other, sizeof other));
	assert_true(dns_name_below(name, sizeof name, (const uint8_t *)"", 1));
	assert_int_equal(dns_name_labels(name, sizeof name), 3);
	assert_int_equal(dns_name_labels((const uint8_t *)"", 1), 0);
	/* The octets of a zone inside a label are no zone. */
	assert_false(dns_name_below((const uint8_t *)"\4x\1b\0", 6, (const uint8_t *)"\1b", 3));
}

static void
test_expand(void **state)
{
	static const uint8_t message[] = "\1A\0\1B\300\0\300\3\1c\300\13";
	uint8_t name[255];
	size_t end;

	(void)state;
	assert_int_equal(dns_name_expand(message, sizeof message, 3, name, &end), 5);
	assert_memory_equal(name, "\1b\1a", 5);
	assert_int_equal(end, 7);
	assert_int_equal(dns_name_expand(message, sizeof message, 7, name, &end), 5);
	assert_int_equal(end, 9);
	assert_int_equal(dns_name_expand(message, sizeof message, 9, name, NULL), 0);
	assert_int_equal(dns_name_expand(message, 4, 3, name, NULL), 0);
	assert_int_equal(dns_name_expand(message, 6, 3, name, NULL), 0);
	assert_int_equal(dns_name_expand(message, 6, 6, name, NULL), 0);
}

/* One record of a type with these data behind the question example. */
static void
check_data(uint16_t type, const void *data, size_t size, const char *want)
{
	static struct dns_build b;
	char text[4096], shorter[64];
	struct dns_walk walk;
	struct dns_rr rr;
	uint8_t *copy;

	build_header(&b, 0x8000, (uint16_t[]){ 1, 1, 0, 0 });
	build_question(&b, "example", type);
	build_record(&b, 12, type, 60, data, size);
	copy = malloc(b.size);
	assert_non_null(copy);
	memcpy(copy, b.octets, b.size);
	dns_walk_init(&walk, copy, b.size);
	assert_true(dns_walk_next(&walk, &rr));
	assert_int_equal(rr.type, type);
	assert_int_equal(rr.data_size, size);
	assert_int_equal(dns_rdata_text(copy, b.size, &rr, text, sizeof text), strlen(want));
	assert_string_equal(text, want);
	assert_int_equal(dns_rdata_text(copy, b.size, &rr, NULL, 0), strlen(want));
	for (size_t room = 1; room < sizeof shorter; room++) {
		assert_int_equal(dns_rdata_text(copy, b.size, &rr, shorter, room), strlen(want));
		assert_true(strlen(shorter) < room);
		assert_memory_equal(shorter, want, strlen(shorter));
	}
	assert_false(dns_walk_next(&walk, &rr));
	free(copy);
}

#define CHECK_DATA(type, data, want) check_data(type, data, sizeof(data) - 1, want)

static void
test_data(void **state)
{
	(void)state;
	CHECK_DATA(1, "\300\0\2\1", "192.0.2.1");
	CHECK_DATA(1, "\300\0\2\1\0", "\\# 5 C000020100");
	CHECK_DATA(2, "\2NS\300\14", "ns.example.");
	CHECK_DATA(2, "\0", ".");
	CHECK_DATA(2, "\2NS\300\14x", "\\# 6 024E53C00C78");
	CHECK_DATA(6, "\300\14\1h\300\14\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\377\377\377\377",
	    "example. h.example. 1 2 3 4 4294967295");
	CHECK_DATA(15, "\0\12\1m\300\14", "10 m.example.");
	CHECK_DATA(16, "\3a b\2\"\\\0\1\n", "\"a b\" \"\\\"\\\\\" \"\" \"\\010\"");
	CHECK_DATA(16, "", "\\# 0");
	CHECK_DATA(16, "\3ab", "\\# 3 036162");
	CHECK_DATA(28, " \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1");
	CHECK_DATA(33, "\0\0\0\5\23\304\1s\0", "0 5 5060 s.");
	CHECK_DATA(35, "\0\144\0\62\1s\3SIP\0\0", "100 50 \"s\" \"SIP\" \"\" .");
	CHECK_DATA(43, "\0\5\10\2\253\315", "5 8 2 ABCD");
	CHECK_DATA(43, "\0\5\10\2", "\\# 4 00050802");
	CHECK_DATA(46, "\0\1\10\2\0\0\16\20\140\0\0\0\137\0\0\0\0\7\1z\0abcd",
	    "A 8 2 3600 20210114082536 20200704040520 7 z. YWJjZA==");
	CHECK_DATA(47, "\1b\0\0\1\100\1\1\100", "b. A CAA");
	CHECK_DATA(47, "\1b\0\1\1\100\0\1\200", "\\# 9 016200010140000180");
	CHECK_DATA(48, "\1\1\3\10abc", "257 3 8 YWJj");
	CHECK_DATA(50, "\1\0\0\12\2\252\273\5abcde\0\1\100", "1 0 10 AABB C5H66P35 A");
	CHECK_DATA(50, "\1\0\0\0\0\2ab", "1 0 0 - C5H0");
	CHECK_DATA(51, "\1\0\0\0\0", "1 0 0 -");
	CHECK_DATA(52, "\3\1\1\1\2", "3 1 1 0102");
	CHECK_DATA(44, "\4\2\1\2", "4 2 0102");
	CHECK_DATA(65, "\0\1\0\0\1\0\6\2h2\2,\\\0\2\0\0\0\3\0\2\1\273\0\4\0\4\300\0\2\1\0\52\0\1x",
	    "1 . alpn=\"h2,\\\\,\\\\\\\\\" no-default-alpn port=443 ipv4hint=192.0.2.1 "
	    "key42=\"x\"");
	CHECK_DATA(65, "\0\1\0\0\3\0\1\1", "\\# 8 0001000003000101");
	CHECK_DATA(65, "\0\0\300\14", "0 example.");
	CHECK_DATA(257, "\0\5issueca.example; x=\"y\"", "0 issue \"ca.example; x=\\\"y\\\"\"");
	CHECK_DATA(257, "\0\2i/x", "\\# 5 0002692F78");
	CHECK_DATA(65280, "\1\2\377", "\\# 3 0102FF");
}

static void
test_message(void **state)
{
	static const char want[] =
	    ";; opcode: QUERY, status: BADVERS, id: 4660\n"
	    ";; flags: qr aa rd; QUESTION: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1\n"
	    ";; QUESTION SECTION:\n"
	    ";example. IN TXT\n"
	    ";; ANSWER SECTION:\n"
	    "example. 60 IN TXT \"hi\"\n"
	    ";; ADDITIONAL SECTION:\n"
	    "; EDNS: version: 0, flags: do; udp: 1232\n"
	    "; CLIENT-SUBNET: 198.51.100.0/24/0\n"
	    "; EDE: 22 \"no\"\n"
	    "; NSID: 6162\n"
	    ";; 1 octets behind the message\n";
	static struct dns_build b;
	char text[2048];
	size_t length;

	(void)state;
	build_header(&b, 0x8500, (uint16_t[]){ 1, 1, 0, 1 });
	build_question(&b, "example", DNS_TYPE_TXT);
	build_record(&b, 12, DNS_TYPE_TXT, 60, "\2hi", 3);
	build_u8(&b, 0);
	build_begin(&b, DNS_TYPE_OPT, 1232, 0x1008000);
	build_octets(&b, "\0\10\0\7\0\1\30\0\306\63\144", 11);
	build_octets(&b, "\0\17\0\4\0\26no", 8);
	build_octets(&b, "\0\3\0\2ab", 6);
	build_end(&b);
	build_u8(&b, 0);
	length = dns_message_text(b.octets, b.size, text, sizeof text);
	assert_string_equal(text, want);
	assert_int_equal(length, strlen(want));
	/* Cut anywhere, into any room. */
	for (size_t size = 0; size <= b.size; size++) {
		uint8_t *copy = malloc(size + 1);
		assert_non_null(copy);
		memcpy(copy, b.octets, size);
		length = dns_message_text(copy, size, text, sizeof text);
		assert_int_equal(strlen(text), length);
		assert_int_equal(dns_message_text(copy, size, text, 50), length);
		assert_true(strlen(text) < 50);
		free(copy);
	}
}

static void
test_walk(void **state)
{
	static struct dns_build b;
	struct dns_walk walk;
	struct dns_rr rr;

	(void)state;
	build_header(&b, 0x8000, (uint16_t[]){ 2, 1, 1, 1 });
	build_question(&b, "example", DNS_TYPE_A);
	build_question(&b, "other", DNS_TYPE_A);
	for (uint16_t i = 0; i < 3; i++)
		build_record(&b, 12, (uint16_t)(100 + i), 60, "", 0);
	dns_walk_init(&walk, b.octets, b.size);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(dns_walk_next(&walk, &rr));
		assert_int_equal(rr.section, DNS_ANSWER + i);
		assert_int_equal(rr.type, 100 + i);
		assert_int_equal(rr.ttl, 60);
	}
	assert_false(dns_walk_next(&walk, &rr));
	assert_int_equal(walk.at, b.size);
	dns_walk_init(&walk, b.octets, b.size - 1);
	assert_true(dns_walk_next(&walk, &rr));
	assert_true(dns_walk_next(&walk, &rr));
	assert_false(dns_walk_next(&walk, &rr));
	assert_false(dns_walk_next(&walk, &rr));
	dns_walk_init(&walk, b.octets, 20);
	assert_false(dns_walk_next(&walk, &rr));
	dns_walk_init(&walk, b.octets, 3);
	assert_false(dns_walk_next(&walk, &rr));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
