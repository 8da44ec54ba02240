/* SPDX-License-Identifier: ISC */
/* The parser of DNS messages: what it takes from good ones, and one verdict for each bad one. */
#include <stdlib.h>

#include "decode/dns.h"
#include "dns_build.h"
#include "test.h"

struct parsed {
	struct dns_message m;
	uint8_t name[DNS_NAME_MAX];
};

/* Parses a copy that ends where memory ends, so that a sanitizer sees each octet read too far. */
static struct parsed *
parse_sent(const uint8_t *octets, size_t size, size_t sent)
{
	static struct parsed parsed;
	static uint8_t *copy;

	free(copy);
	copy = malloc(size != 0 ? size : 1);
	assert_non_null(copy);
	memcpy(copy, octets, size);
	memset(&parsed, 0xa5, sizeof parsed);
	parsed.m.flags = DNS_REASSEMBLED;
	dns_parse(copy, size, sent, NULL, parsed.name, &parsed.m);
	assert_true(parsed.m.flags & DNS_REASSEMBLED);
	return &parsed;
}

static struct dns_message *
parse(const struct dns_build *b)
{
	return &parse_sent(b->octets, b->size, b->size)->m;
}

static void
build_query(struct dns_build *b, const char *name, uint16_t type)
{
	build_header(b, DNS_RD, (uint16_t[]){ 1, 0, 0, 0 });
	build_question(b, name, type);
}

static void
build_opt(struct dns_build *b, uint16_t size, uint32_t ttl)
{
	build_u8(b, 0);
	build_begin(b, DNS_TYPE_OPT, size, ttl);
}

/* A response that has something of everything. */
static void
build_response(struct dns_build *b)
{
	static const uint8_t address[] = { 192, 0, 2, 1 };
	static const uint8_t address6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };

	build_header(b, 0x8000 | DNS_RD | DNS_RA | 3, (uint16_t[]){ 1, 3, 2, 2 });
	build_question(b, "wWw.Example.com", DNS_TYPE_A);
	build_pointer(b, 12);
	build_begin(b, DNS_TYPE_CNAME, DNS_CLASS_IN, 300);
	build_name(b, "a.example.net");
	build_end(b);
	build_pointer(b, 45);
	build_begin(b, DNS_TYPE_A, DNS_CLASS_IN, 60);
	build_octets(b, address, 4);
	build_end(b);
	build_record(b, 12, DNS_TYPE_AAAA, 90, address6, 16);
	build_name(b, "example.com");
	build_begin(b, DNS_TYPE_SOA, DNS_CLASS_IN, 900);
	build_name(b, "ns.example.com");
	build_name(b, "root.example.com");
	for (uint32_t i = 0; i < 5; i++)
		build_u32(b, i);
	build_end(b);
	build_u8(b, 0);
	build_begin(b, DNS_TYPE_NS, DNS_CLASS_IN, 900);
	build_name(b, "a.root-servers.net");
	build_end(b);
	build_record(b, 12, DNS_TYPE_RRSIG, 5, "signature", 9);
	build_opt(b, 1232, 1U << 24 | 0x8000);
	build_u16(b, 8); /* ECS 198.51.100.0/24 */
	build_u16(b, 7);
	build_octets(b, (const uint8_t[]){ 0, 1, 24, 16, 198, 51, 100 }, 7);
	build_u16(b, 15);
	build_u16(b, 2);
	build_u16(b, 22);
	build_u16(b, 10);
	build_u16(b, 24);
	build_octets(b, "clientxxserverxxserverxx", 24);
	build_u16(b, 3);
	build_u16(b, 0);
	build_end(b);
}

static void
test_query(void **state)
{
	static struct dns_build b;
	const struct dns_message *m;
	size_t size;

	(void)state;
	build_query(&b, "WWW.example.COM", DNS_TYPE_AAAA);
	m = parse(&b);
	assert_int_equal(m->verdict, DNS_OK);
	assert_int_equal(m->flags, DNS_REASSEMBLED | DNS_QUESTION | DNS_CASE_MIXED);
	assert_int_equal(m->id, 0x1234);
	assert_int_equal(m->bits, DNS_RD);
	assert_int_equal(m->counts[0], 1);
	assert_int_equal(m->opcode, DNS_OPCODE_QUERY);
	assert_int_equal(m->rcode, 0);
	assert_int_equal(m->labels, 3);
	assert_int_equal(m->name_size, 17);
	assert_memory_equal(m->name, "\3www\7example\3com", 17);
	assert_int_equal(m->tld_offset, 12);
	assert_int_equal(m->site_offset, 4);
	assert_int_equal(m->type, DNS_TYPE_AAAA);
	assert_int_equal(m->class, DNS_CLASS_IN);
	assert_int_equal(m->name_hash, dns_hash(m->name, 17));
	assert_int_equal(m->site_hash, dns_hash(m->name + 4, 13));
	assert_ptr_equal(dns_site(m, &size), m->name + 4);
	assert_int_equal(size, 13);
	assert_int_equal(m->answers_at, b.size);
	assert_int_equal(m->authority_at, b.size);
	assert_int_equal(m->message_size, b.size);
	assert_int_equal(m->ttl_least, UINT32_MAX);
	assert_int_equal(m->answers_digest, 0);
}

static void
test_root_and_lower_case(void **state)
{
	static struct dns_build b;
	const struct dns_message *m;

	(void)state;
	build_query(&b, ".", DNS_TYPE_NS);
	m = parse(&b);
	assert_int_equal(m->verdict, DNS_OK);
	assert_int_equal(m->name_size, 1);
	assert_int_equal(m->labels, 0);
	assert_int_equal(m->tld_offset, 0);
	assert_int_equal(m->site_offset, SUFFIX_NONE);
	build_query(&b, "_ldap._tcp.@[`{~.zz.aa.local", DNS_TYPE_SRV);
	m = parse(&b);
	assert_int_equal(m->flags, DNS_REASSEMBLED | DNS_QUESTION);
	assert_memory_equal(m->name, "\5_ldap\4_tcp\5@[`{~\2zz\2aa\5local", m->name_size);
}

static void
test_response(void **state)
{
	static struct dns_build b;
	const struct dns_message *m;

	(void)state;
	build_response(&b);
	m = parse(&b);
	assert_int_equal(m->verdict, DNS_OK);
	assert_int_equal(m->flags, DNS_REASSEMBLED | DNS_RESPONSE | DNS_QUESTION | DNS_CASE_MIXED |
				       DNS_EDNS | DNS_DO | DNS_ECS | DNS_NSID | DNS_COOKIE_SERVER |
				       DNS_NS_ROOT);
	assert_int_equal(m->rcode, 0x13);
	assert_int_equal(m->bits & 0xf, 3);
	assert_int_equal(m->address_count, 2);
	assert_int_equal(m->addresses_size[0], 4);
	assert_memory_equal(m->data + m->addresses_at[0], "\300\0\2\1", 4);
	assert_int_equal(m->addresses_size[1], 16);
	assert_int_equal(m->data[m->addresses_at[1] + 15], 1);
	assert_int_equal(m->cname_count, 1);
	assert_int_equal(m->signature_count, 1);
	assert_int_equal(m->ttl_least, 60);
	assert_int_equal(m->soa_at, m->authority_at);
	assert_memory_equal(m->data + m->soa_at, "\7example\3com", 13);
	assert_int_equal(m->edns_size, 1232);
	assert_int_equal(m->edns_version, 0);
	assert_int_equal(m->ecs_family, 1);
	assert_int_equal(m->ecs_source, 24);
	assert_int_equal(m->ecs_scope, 16);
	assert_memory_equal(m->data + m->ecs_at, "\306\63\144", 3);
	assert_int_equal(m->ede_count, 1);
	assert_int_equal(m->ede[0], 22);
}

/* Every beginning of a good message: snapped if more was sent, else one framing error. */
static void
test_truncated(void **state)
{
	static struct dns_build b;

	(void)state;
	build_response(&b);
	for (size_t size = 0; size < b.size; size++) {
		const struct dns_message *m = &parse_sent(b.octets, size, b.size)->m;
		assert_int_equal(m->verdict, DNS_SNAPPED);
		assert_int_equal(m->message_size, b.size);
		assert_int_equal(m->size, size);
		assert_int_equal(m->name_size, size >= 33 ? 17 : 0);
		m = &parse_sent(b.octets, size, size)->m;
		if (size < 12)
			assert_int_equal(m->verdict, DNS_BAD_HEADER);
		else if (m->verdict != DNS_BAD_RDLENGTH)
			assert_int_equal(m->verdict, DNS_BAD_COUNT);
	}
	assert_int_equal(parse_sent(b.octets, b.size, b.size + 1)->m.verdict, DNS_OK_TRAILING);
}

/* One octet changed, in every way: no crash, and a snapped message is never called malformed
 * because it ends. */
static void
test_changed(void **state)
{
	static struct dns_build b;

	(void)state;
	build_response(&b);
	for (size_t at = 0; at < b.size; at++) {
		uint8_t saved = b.octets[at];
		for (unsigned value = 0; value < 256; value++) {
			b.octets[at] = (uint8_t)value;
			assert_true(parse(&b)->verdict < DNS_VERDICT_COUNT);
		}
		b.octets[at] = saved;
	}
}

static void
build_two_answers(struct dns_build *b, bool swapped, uint32_t ttl)
{
	static const uint8_t addresses[2][4] = { { 192, 0, 2, 1 }, { 192, 0, 2, 2 } };

	build_header(b, 0x8000, (uint16_t[]){ 1, 3, 0, 0 });
	build_question(b, "a.example", DNS_TYPE_A);
	build_record(b, 12, DNS_TYPE_A, ttl, addresses[swapped], 4);
	build_pointer(b, 12);
	build_begin(b, DNS_TYPE_MX, DNS_CLASS_IN, ttl);
	build_u16(b, 10);
	if (swapped)
		build_name(b, "A.Example");
	else
		build_pointer(b, 12);
	build_end(b);
	build_record(b, 12, DNS_TYPE_A, ttl, addresses[!swapped], 4);
}

static void
test_digest(void **state)
{
	static struct dns_build b;
	uint32_t digest;

	(void)state;
	build_two_answers(&b, false, 60);
	digest = parse(&b)->answers_digest;
	assert_int_equal(parse(&b)->verdict, DNS_OK);
	build_two_answers(&b, true, 61);
	assert_int_equal(parse(&b)->verdict, DNS_OK);
	assert_int_equal(parse(&b)->answers_digest, digest);
	b.octets[b.size - 1] ^= 1;
	assert_int_not_equal(parse(&b)->answers_digest, digest);
}

static void
check_verdict(const void *octets, size_t size, enum dns_verdict want)
{
	const struct dns_message *m = &parse_sent(octets, size, size)->m;

	assert_string_equal(dns_verdict_name(m->verdict), dns_verdict_name(want));
}

#define CHECK_VERDICT(text, want) check_verdict(text, sizeof(text) - 1, want)
#define ONE_QUESTION              "\x12\x34\1\0\0\1\0\0\0\0\0\0"

static void
test_bad_names(void **state)
{
	(void)state;
	CHECK_VERDICT(ONE_QUESTION "\100aaaa\0\0\1\0\1", DNS_BAD_NAME);
	CHECK_VERDICT(ONE_QUESTION "\200aaaa\0\0\1\0\1", DNS_BAD_NAME);
	CHECK_VERDICT(ONE_QUESTION "\300\14\0\1\0\1", DNS_BAD_POINTER);
	CHECK_VERDICT(ONE_QUESTION "\1a\300\16\0\1\0\1", DNS_BAD_POINTER);
	CHECK_VERDICT(ONE_QUESTION "\1a\300\14\0\1\0\1", DNS_BAD_POINTER);
	CHECK_VERDICT(ONE_QUESTION "\300\40\0\1\0\1", DNS_BAD_POINTER);
	CHECK_VERDICT(ONE_QUESTION "\5aa", DNS_BAD_COUNT);
	CHECK_VERDICT(ONE_QUESTION "\1a\0\0\1\0", DNS_BAD_COUNT);
	CHECK_VERDICT(ONE_QUESTION "\300", DNS_BAD_COUNT);
}

static void
test_name_size(void **state)
{
	static struct dns_build b;
	const struct dns_message *m;

	(void)state;
	for (unsigned last = 60; last <= 63; last++) {
		build_header(&b, 0, (uint16_t[]){ 1, 0, 0, 0 });
		for (unsigned i = 0; i < 4; i++) {
			uint8_t length = (uint8_t)(i < 3 ? 63 : last);
			build_u8(&b, length);
			for (unsigned j = 0; j < length; j++)
				build_u8(&b, 'x');
		}
		build_u8(&b, 0);
		build_u32(&b, 0x10001);
		m = parse(&b);
		assert_int_equal(m->verdict, last <= 61 ? DNS_OK : DNS_BAD_NAME);
		assert_int_equal(m->name_size, last <= 61 ? 194 + last : 0);
	}
	/* Through a pointer that was followed before, too. */
	for (unsigned length = 40; length <= 60; length++) {
		build_header(&b, 0x8000, (uint16_t[]){ 1, 1, 0, 0 });
		for (unsigned i = 0; i < 4; i++) {
			build_u8(&b, 50);
			for (unsigned j = 0; j < 50; j++)
				build_u8(&b, 'x');
		}
		build_u8(&b, 0);
		build_u32(&b, 0x10001);
		build_u8(&b, (uint8_t)length);
		for (unsigned j = 0; j < length; j++)
			build_u8(&b, 'y');
		build_pointer(&b, 12);
		build_begin(&b, DNS_TYPE_NULL, DNS_CLASS_IN, 0);
		build_end(&b);
		assert_int_equal(parse(&b)->verdict, length <= 49 ? DNS_OK : DNS_BAD_NAME);
	}
}

static void
test_label_count(void **state)
{
	static struct dns_build b;

	(void)state;
	build_header(&b, 0, (uint16_t[]){ 1, 0, 0, 0 });
	for (unsigned i = 0; i < 127; i++)
		build_octets(&b, "\1A", 2);
	build_u8(&b, 0);
	build_u32(&b, 0x10001);
	assert_int_equal(parse(&b)->verdict, DNS_OK);
	assert_int_equal(parse(&b)->labels, 127);
	assert_int_equal(parse(&b)->tld_offset, 252);
	assert_int_equal(parse(&b)->site_offset, 250);
}

static void
test_opt(void **state)
{
	static struct dns_build b;
	static const struct {
		uint16_t counts[4];
		unsigned opts;
		const char *option;
		size_t size;
		enum dns_verdict want;
	} CASES[] = {
		{ { 1, 0, 0, 1 }, 1, "", 0, DNS_OK },
		{ { 1, 0, 0, 2 }, 2, "", 0, DNS_BAD_RDATA },
		{ { 1, 1, 0, 0 }, 1, "", 0, DNS_BAD_RDATA },
		{ { 1, 0, 0, 1 }, 1, "\0\1\0\1", 4, DNS_BAD_RDATA },
		{ { 1, 0, 0, 1 }, 1, "\0\1\0\1x", 5, DNS_OK },
		{ { 1, 0, 0, 1 }, 1, "\0\1\0", 3, DNS_BAD_RDATA },
		{ { 1, 0, 0, 1 }, 1, "\0\10\0\4\0\1\41\0", 8, DNS_OK },
		{ { 1, 0, 0, 2 }, 1, "\0\1\0\1", 4, DNS_BAD_COUNT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		build_header(&b, 0, CASES[i].counts);
		build_question(&b, "example", DNS_TYPE_A);
		for (unsigned j = 0; j < CASES[i].opts; j++) {
			build_opt(&b, 512, 0);
			build_octets(&b, CASES[i].option, CASES[i].size);
			build_end(&b);
		}
		check_verdict(b.octets, b.size, CASES[i].want);
		assert_false(parse(&b)->flags & DNS_ECS);
	}
}

static void
test_update(void **state)
{
	static struct dns_build b;
	const struct dns_message *m;

	(void)state;
	build_header(&b, DNS_OPCODE_UPDATE << 11, (uint16_t[]){ 1, 1, 1, 0 });
	build_question(&b, "example", DNS_TYPE_SOA);
	build_pointer(&b, 12);
	build_begin(&b, DNS_TYPE_A, DNS_CLASS_ANY, 0);
	build_end(&b);
	build_pointer(&b, 12);
	build_begin(&b, DNS_TYPE_SOA, DNS_CLASS_NONE, 0);
	build_end(&b);
	m = parse(&b);
	assert_int_equal(m->verdict, DNS_OK);
	assert_int_equal(m->opcode, DNS_OPCODE_UPDATE);
	assert_int_equal(m->soa_at, 0);
	assert_int_equal(m->address_count, 0);
	assert_int_equal(m->ttl_least, UINT32_MAX);
}

static void
test_odd(void **state)
{
	(void)state;
	/* No question, two questions, octets behind. */
	CHECK_VERDICT("\0\1\200\1\0\0\0\0\0\0\0\0", DNS_OK);
	CHECK_VERDICT("\0\1\0\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1\300\14\0\1\0\1", DNS_OK);
	CHECK_VERDICT("\0\1\0\0\0\0\0\0\0\0\0\0\0", DNS_OK_TRAILING);
	/* A record longer than the message. */
	CHECK_VERDICT("\0\1\200\0\0\0\0\1\0\0\0\0\0\0\1\0\1\0\0\0\0\0\5\1\2\3\4", DNS_BAD_RDLENGTH);
	/* DNS Stateful Operations. */
	CHECK_VERDICT("\0\1\60\0\0\0\0\0\0\0\0\0\0\1\0\2ab", DNS_OK);
	CHECK_VERDICT("\0\1\60\0\0\0\0\0\0\0\0\0\0\1\0\3ab", DNS_BAD_RDLENGTH);
	/* An unassigned opcode alone, a wrong count alone, and both. */
	CHECK_VERDICT("\0\1\30\0\0\0\0\0\0\0\0\0", DNS_OK);
	CHECK_VERDICT("\0\1\0\0\1\0\0\0\0\0\0\0\1a\0\0\1\0\1", DNS_BAD_COUNT);
	CHECK_VERDICT("\0\1\30\0\1\0\0\0\0\0\0\0\1a\0\0\1\0\1", DNS_BAD_COUNT);
	CHECK_VERDICT("\0\1\30\0\100\0\0\0\0\0\0\0\1a\0\0\1\0\1", DNS_NOT_DNS);
	CHECK_VERDICT("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", DNS_NOT_DNS);
	CHECK_VERDICT("\0\1\0\0\x21\x12\xa4\x42ICE-ICE-ICE!", DNS_NOT_DNS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_root_and_lower_case),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_name_size),
		cmocka_unit_test(test_label_count),
		cmocka_unit_test(test_opt),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
