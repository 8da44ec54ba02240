/* SPDX-License-Identifier: ISC */
/* Encoded messages octet by octet; fragments of a datagram. */
#include "base/bytes.h"
#include "simulate/dns_wire.h"
#include "simulate/frame.h"
#include "test.h"

static struct address
address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), ERR_OK);
	return a;
}

static void
test_question(void **state)
{
	static const uint8_t expected[] = { 0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'W',
		'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0, 0, 28, 0, 1 };
	struct dns_wire w;

	(void)state;
	dns_wire_begin(&w, 0x1234, DNS_WIRE_RD);
	dns_wire_question(&w, "Www.example.com", DNS_WIRE_AAAA);
	assert_int_equal(w.size, sizeof expected);
	assert_memory_equal(w.data, expected, sizeof expected);
	assert_int_equal(w.type, DNS_WIRE_AAAA);
	assert_int_equal(dns_wire_bits(&w), DNS_WIRE_RD);
}

static void
test_root(void **state)
{
	struct dns_wire w;

	(void)state;
	dns_wire_begin(&w, 1, 0);
	dns_wire_question(&w, ".", DNS_WIRE_NS);
	assert_int_equal(w.size, 12 + 1 + 4);
	assert_int_equal(w.data[12], 0);
}

/* Names point to earlier ones, whatever their letters' case; data of SRV and RRSIG do not. */
static void
test_compression(void **state)
{
	struct address a = address("192.0.2.7");
	struct random r;
	struct dns_wire query, w;
	size_t at;

	(void)state;
	random_seed(&r, 1);
	dns_wire_begin(&query, 7, 0);
	dns_wire_question(&query, "wWw.eXample.com", DNS_WIRE_A);
	dns_wire_reply(&w, &query, DNS_WIRE_QR);
	assert_int_equal(be16(w.data), 7);
	assert_memory_equal(w.data + 12, query.data + 12, query.size - 12);
	at = w.size;
	dns_wire_address(&w, DNS_WIRE_ANSWER, "www.example.com", 60, &a);
	assert_int_equal(be16(w.data + at), 0xc00c);
	assert_int_equal(be16(w.data + at + 10), 4);
	assert_memory_equal(w.data + at + 12, a.octets + 12, 4);
	at = w.size;
	dns_wire_pointer(&w, DNS_WIRE_ANSWER, "example.com", DNS_WIRE_NS, 60, "ns1.example.com");
	assert_int_equal(be16(w.data + at), 0xc010);
	assert_int_equal(be16(w.data + at + 10), 6); /* ns1 and a pointer */
	at = w.size;
	dns_wire_srv(&w, "example.com", 60, 389, "example.com");
	assert_int_equal(be16(w.data + at + 10), 6 + 13);
	at = w.size;
	dns_wire_rrsig(&w, DNS_WIRE_ANSWER, "www.example.com", DNS_WIRE_A, "example.com", &r);
	assert_int_equal(be16(w.data + at + 10), 18 + 13 + 64);
	assert_int_equal(w.data[at + 12 + 3], 3); /* labels of the owner */
	assert_int_equal(be16(w.data + 6), 4);
}

static void
test_options(void **state)
{
	struct dns_wire_opt opt = { .size = 1232, .dnssec = true };
	struct dns_wire w;
	size_t at;

	(void)state;
	opt.has_client_cookie = opt.has_server_cookie = true;
	opt.subnet = address("2001:db8::");
	opt.subnet_source = 44;
	opt.has_ede = true;
	opt.ede = 15;
	opt.ede_text = "no";
	dns_wire_begin(&w, 7, DNS_WIRE_QR);
	at = w.size;
	dns_wire_opt(&w, &opt);
	assert_int_equal(w.data[at], 0);
	assert_int_equal(be16(w.data + at + 1), DNS_WIRE_OPT);
	assert_int_equal(be16(w.data + at + 3), 1232);
	assert_int_equal(be32(w.data + at + 5), 0x8000);
	assert_int_equal(be16(w.data + at + 9), (4 + 24) + (4 + 4 + 6) + (4 + 2 + 2));
	assert_int_equal(w.size, at + 11 + 50);
	assert_int_equal(be16(w.data + 10), 1);
	assert_true(w.edns && w.dnssec && w.cookie && w.subnet && w.ede);
}

static void
test_text(void **state)
{
	struct dns_wire w;
	size_t at;

	(void)state;
	dns_wire_begin(&w, 7, DNS_WIRE_QR);
	at = w.size;
	dns_wire_txt(&w, "", 60, "ab", 300);
	assert_int_equal(be16(w.data + at + 9), 302);
	assert_int_equal(w.data[at + 11], 255);
	assert_int_equal(w.data[at + 11 + 256], 45);
	assert_int_equal(w.data[at + 11 + 257], 'b');
}

/* The parts of a datagram make the whole again; IPv6 has a header for them. */
static void
test_fragments(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	uint8_t payload[2000], l4[2100], frame[FRAME_MAX];
	uint32_t octets;
	struct datagram d = { .source_mac = mac,
		.destination_mac = mac,
		.vlan = FRAME_VLAN_NONE,
		.source = address("192.0.2.1"),
		.destination = address("192.0.2.2"),
		.protocol = FRAME_UDP,
		.ip_id = 77,
		.fragment_id = 77,
		.payload = payload,
		.payload_size = sizeof payload };

	(void)state;
	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)i;
	assert_int_equal(frame_l4(&d, l4), 2008);
	d.fragment = true;
	d.fragment_offset = 1480;
	d.payload = l4 + 1480;
	d.payload_size = 528;
	(void)frame_ip(&d, frame, &octets);
	assert_int_equal(octets, 548);
	assert_int_equal(be16(frame + 14 + 6), 1480 / 8);
	assert_memory_equal(frame + 34, l4 + 1480, 528);
	d.source = address("2001:db8::1");
	d.destination = address("2001:db8::2");
	d.fragment_offset = 0;
	d.more_fragments = true;
	d.payload_size = 80;
	(void)frame_ip(&d, frame, &octets);
	assert_int_equal(octets, 40 + 8 + 80);
	assert_int_equal(frame[14 + 6], 44);
	assert_int_equal(frame[54], FRAME_UDP);
	assert_int_equal(be16(frame + 56), 1);
	assert_int_equal(be32(frame + 58), 77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_compression),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_fragments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
