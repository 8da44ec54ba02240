/* SPDX-License-Identifier: ISC */
/*
 * Messages of exporters, octet by octet: what is expected is written out by hand from the
 * documents (Cisco's for v5, RFC 3954, RFC 7011, sFlow version 5).
 */
#include <string.h>

#include "simulate/export.h"
#include "test.h"

/* 2014-05-26T00:00:05.250Z = 0x53828405 s; the exporter has been up for 5.25 s. */
#define BOOT ((nsec_t)1401062400 * NSEC_PER_SEC)
#define NOW  (BOOT + 5250 * NSEC_PER_MS)

static struct address
address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), ERR_OK);
	return a;
}

static struct export_stream
make_stream(size_t samplers)
{
	struct export_stream s = {
		.exporter = address("192.0.2.1"),
		.domain = 0x0102,
		.boot = BOOT,
		.sequence = 0x01020304,
		.samplers = { { .rate = 8192, .random = true }, { .rate = 4096, .random = true } },
		.sampler_count = samplers,
	};

	return s;
}

static struct export_item
make_item(const char *source, const char *destination)
{
	return (struct export_item){
		.first = BOOT + 1000 * NSEC_PER_MS,
		.last = BOOT + 4001 * NSEC_PER_MS,
		.source = address(source),
		.destination = address(destination),
		.source_port = 443,
		.destination_port = 50000,
		.protocol = 6,
		.tos = 0x28,
		.tcp_flags = 0x18,
		.source_mask = 24,
		.destination_mask = 10,
		.octets = 1480,
		.packets = 2,
		.input = 10,
		.output = 1,
		.source_as = 64500,
		.destination_as = 64511,
	};
}

/* Compares with hexadecimal text; blanks do not count. */
static void
assert_octets(const uint8_t *data, size_t size, const char *hex)
{
	size_t at = 0;

	for (const char *p = hex; *p != '\0'; p++) {
		unsigned high, low;
		if (*p == ' ')
			continue;
		assert_true(at < size);
		high = (unsigned)(p[0] <= '9' ? p[0] - '0' : p[0] - 'a' + 10);
		low = (unsigned)(p[1] <= '9' ? p[1] - '0' : p[1] - 'a' + 10);
		if (data[at] != (high << 4 | low))
			fail_msg("octet %zu is %02x, not %x%x", at, data[at], high, low);
		at++;
		p++;
	}
	assert_int_equal(at, size);
}

static void
test_netflow5(void **state)
{
	struct export_stream s = make_stream(1);
	struct export_item item = make_item("198.18.0.1", "100.64.0.9");

	(void)state;
	export_netflow5.begin(&s, NOW);
	assert_true(export_netflow5.add(&s, &item));
	assert_int_equal(export_netflow5.end(&s), 72);
	assert_octets(s.message, s.size,
	    "0005 0001 00001482 53828405 0ee6b280 01020304 0102 a000"
	    "c6120001 64400009 00000000 000a 0001 00000002 000005c8 000003e8 00000fa1"
	    "01bb c350 00 18 06 28 fbf4 fbff 18 0a 0000");
	assert_int_equal(s.sequence, 0x01020305);
	/* Thirty and no more. */
	export_netflow5.begin(&s, NOW);
	for (int i = 0; i < 30; i++)
		assert_true(export_netflow5.add(&s, &item));
	assert_false(export_netflow5.add(&s, &item));
	assert_int_equal(export_netflow5.end(&s), 24 + 30 * 48);
	assert_int_equal(s.sequence, 0x01020305 + 30);
	/* Count-based, and none. */
	s.samplers[0].random = false;
	export_netflow5.begin(&s, NOW);
	assert_octets(s.message + 22, 2, "6000");
	s.samplers[0].rate = 1;
	export_netflow5.begin(&s, NOW);
	assert_octets(s.message + 22, 2, "0000");
	/* The uptime wraps after 2^32 ms. */
	s.boot = NOW - ((nsec_t)1 << 32) * NSEC_PER_MS - 7 * NSEC_PER_MS;
	export_netflow5.begin(&s, NOW);
	assert_octets(s.message + 4, 4, "00000007");
}

static void
test_netflow9_data(void **state)
{
	struct export_stream s = make_stream(1);
	struct export_item ipv4 = make_item("198.18.0.1", "100.64.0.9");
	struct export_item ipv6 = make_item("2001:db8:8000::1", "2001:db8::5");

	(void)state;
	export_netflow9.begin(&s, NOW);
	assert_true(export_netflow9.add(&s, &ipv4));
	assert_true(export_netflow9.add(&s, &ipv6));
	assert_int_equal(export_netflow9.end(&s), 20 + 56 + 80);
	assert_octets(s.message, s.size,
	    "0009 0002 00001482 53828405 01020304 00000102"
	    "0100 0038 c6120001 64400009 000003e8 00000fa1 000005c8 00000002 0000000a 00000001"
	    "0000fbf4 0000fbff 01bb c350 06 28 18 00 18 0a 0000"
	    "0101 0050 20010db8800000000000000000000001 20010db8000000000000000000000005"
	    "000003e8 00000fa1 000005c8 00000002 0000000a 00000001"
	    "0000fbf4 0000fbff 01bb c350 06 28 18 00 18 0a 0000");
	assert_int_equal(s.sequence, 0x01020305);
}

static void
test_netflow9_full(void **state)
{
	struct export_stream s = make_stream(2);
	struct export_item item = make_item("2001:db8:8000::1", "2001:db8::5");
	size_t count = 0;

	(void)state;
	item.sampler = 1;
	export_netflow9.begin(&s, NOW);
	while (export_netflow9.add(&s, &item))
		count++;
	assert_int_equal(count, 19); /* (1472 - 24) / 75 */
	assert_int_equal(export_netflow9.end(&s), 1452);
	assert_octets(s.message + 24 + 74, 1, "02"); /* the sampler */
}

static void
test_netflow9_templates(void **state)
{
	struct export_stream s = make_stream(1);

	(void)state;
	assert_int_equal(export_netflow9.templates(&s, NOW), 20 + 4 + 2 * 76);
	assert_octets(s.message, s.size,
	    "0009 0002 00001482 53828405 01020304 00000102 0000 009c"
	    "0100 0012 00080004 000c0004 00160004 00150004 00010004 00020004 000a0004 000e0004"
	    "00100004 00110004 00070002 000b0002 00040001 00050001 00060001 003d0001"
	    "00090001 000d0001"
	    "0101 0012 001b0010 001c0010 00160004 00150004 00010004 00020004 000a0004 000e0004"
	    "00100004 00110004 00070002 000b0002 00040001 00050001 00060001 003d0001"
	    "001d0001 001e0001");
	assert_int_equal(export_netflow9.options(&s, NOW), 20 + 24 + 16);
	assert_octets(s.message, s.size,
	    "0009 0002 00001482 53828405 01020305 00000102"
	    "0001 0018 0102 0004 0008 0001 0004 0022 0004 0023 0001 0000"
	    "0102 0010 c0000201 00002000 02 000000");
	assert_int_equal(s.sequence, 0x01020306);
}

static void
test_netflow9_two_samplers(void **state)
{
	struct export_stream s = make_stream(2);

	(void)state;
	assert_int_equal(export_netflow9.templates(&s, NOW), 20 + 4 + 2 * 80);
	assert_octets(s.message + 24, 4, "0100 0013");
	assert_octets(s.message + 24 + 76, 4, "0030 0001");
	assert_int_equal(export_netflow9.options(&s, NOW), 20 + 28 + 24);
	assert_octets(s.message, s.size,
	    "0009 0003 00001482 53828405 01020305 00000102"
	    "0001 001c 0102 0004 000c 0001 0004 0030 0001 0031 0001 0032 0004 0000"
	    "0102 0018 c0000201 01 02 00002000 c0000201 02 02 00001000");
}

static void
test_ipfix_data(void **state)
{
	struct export_stream s = make_stream(2);
	struct export_item ipv4 = make_item("198.18.0.1", "100.64.0.9");
	struct export_item ipv6 = make_item("2001:db8:8000::1", "2001:db8::5");

	(void)state;
	ipv6.sampler = 1;
	export_ipfix.begin(&s, NOW);
	assert_true(export_ipfix.add(&s, &ipv4));
	assert_true(export_ipfix.add(&s, &ipv6));
	assert_int_equal(export_ipfix.end(&s), 16 + 76 + 100);
	assert_octets(s.message, s.size,
	    "000a 00c0 53828405 01020304 00000102"
	    "0100 004c c6120001 64400009 0000014635d3a3e8 0000014635d3afa1 00000000000005c8"
	    "00000002 0000000a 00000001 0000fbf4 0000fbff 01bb c350 06 28 18 00 18 0a"
	    "0000000000000001 0000"
	    "0101 0064 20010db8800000000000000000000001 20010db8000000000000000000000005"
	    "0000014635d3a3e8 0000014635d3afa1 00000000000005c8"
	    "00000002 0000000a 00000001 0000fbf4 0000fbff 01bb c350 06 28 18 00 18 0a"
	    "0000000000000002 0000");
	assert_int_equal(s.sequence, 0x01020306); /* data records */
}

static void
test_ipfix_templates(void **state)
{
	struct export_stream s = make_stream(1);

	(void)state;
	assert_int_equal(export_ipfix.templates(&s, NOW), 16 + 4 + 2 * 76);
	assert_octets(s.message, s.size,
	    "000a 00ac 53828405 01020304 00000102 0002 009c"
	    "0100 0012 00080004 000c0004 00980008 00990008 00010008 00020004 000a0004 000e0004"
	    "00100004 00110004 00070002 000b0002 00040001 00050001 00060001 003d0001"
	    "00090001 000d0001"
	    "0101 0012 001b0010 001c0010 00980008 00990008 00010008 00020004 000a0004 000e0004"
	    "00100004 00110004 00070002 000b0002 00040001 00050001 00060001 003d0001"
	    "001d0001 001e0001");
	assert_int_equal(s.sequence, 0x01020304);
	assert_int_equal(export_ipfix.options(&s, NOW), 16 + 28 + 20);
	assert_octets(s.message, s.size,
	    "000a 0040 53828405 01020304 00000102"
	    "0003 001c 0102 0004 0001 0095 0004 0130 0002 0135 0004 0136 0004 0000"
	    "0102 0014 00000102 0003 00000001 00002000 0000");
	assert_int_equal(s.sequence, 0x01020305);
	/* Count-based: one packet, then a gap of N - 1. */
	s.samplers[0].random = false;
	assert_int_equal(export_ipfix.options(&s, NOW), 16 + 28 + 20);
	assert_octets(s.message + 16 + 10, 36,
	    "0095 0004 0130 0002 0131 0004 0132 0004 0000 0102 0014 00000102 0001 00000001"
	    "00001fff");
}

static void
test_ipfix_two_samplers(void **state)
{
	struct export_stream s = make_stream(2);

	(void)state;
	assert_int_equal(export_ipfix.templates(&s, NOW), 16 + 4 + 2 * 80);
	assert_octets(s.message + 20 + 76, 4, "012e 0008");
	assert_int_equal(export_ipfix.options(&s, NOW), 16 + 28 + 40);
	assert_octets(s.message + 16, 28 + 40,
	    "0003 001c 0102 0004 0001 012e 0008 0130 0002 0135 0004 0136 0004 0000"
	    "0102 0028 0000000000000001 0003 00000001 00002000"
	    "0000000000000002 0003 00000001 00001000");
	assert_int_equal(s.sequence, 0x01020306);
}

static void
test_sflow_samples(void **state)
{
	struct export_stream s = make_stream(2);
	struct export_item ipv4 = make_item("198.18.0.1", "100.64.0.9");
	struct export_item ipv6 = make_item("2001:db8:8000::1", "2001:db8::5");

	(void)state;
	ipv4.octets = 1420;
	ipv4.packets = 1;
	ipv6.octets = 60;
	ipv6.packets = 1;
	ipv6.protocol = 17;
	ipv6.sampler = 1;
	s.samplers[0].pool = 8000;
	s.samplers[1].pool = 0x100000001;
	export_sflow.begin(&s, NOW);
	assert_true(export_sflow.add(&s, &ipv4));
	assert_true(export_sflow.add(&s, &ipv6));
	assert_int_equal(export_sflow.end(&s), 28 + 2 * (8 + 32 + 8 + 16) + 80 + 76);
	assert_octets(s.message, 28 + 64 + 80,
	    "00000005 00000001 c0000201 00000102 01020304 00001482 00000002"
	    "00000001 00000088 00000001 00000001 00002000 00001f40 00000000 0000000a 00000001"
	    "00000001 00000001 00000060 00000001 0000059e 00000004 00000050"
	    "020000000001 020000000002 0800 45 28 058c 0000 4000 3c 06 0000 c6120001 64400009"
	    "01bb c350 00000000 00000000 50 18 0000 0000 0000"
	    "0000000000000000000000000000000000000000000000000000");
	assert_octets(s.message + 28 + 64 + 80, 64 + 76,
	    "00000001 00000084 00000001 00000002 00001000 00000001 00000000 0000000a 00000001"
	    "00000001 00000001 0000005c 00000001 0000004e 00000004 0000004a"
	    "020000000001 020000000002 86dd 62800000 0014 11 3c"
	    "20010db8800000000000000000000001 20010db8000000000000000000000005"
	    "01bb c350 0014 0000 000000000000000000000000 0000");
	assert_int_equal(s.sequence, 0x01020305);
}

static void
test_sflow_counters(void **state)
{
	struct export_stream s = make_stream(1);

	(void)state;
	s.interface_count = 1;
	s.interfaces[0] = (struct export_interface){
		.index = 10,
		.speed = UINT64_C(100000000000),
		.in_octets = UINT64_C(0x1122334455),
		.out_octets = 0x66,
		.in_packets = UINT64_C(0x100000007),
		.out_packets = 9,
	};
	assert_int_equal(export_sflow.options(&s, NOW), 28 + 8 + 12 + 8 + 88);
	assert_octets(s.message, s.size,
	    "00000005 00000001 c0000201 00000102 01020304 00001482 00000001"
	    "00000002 0000006c 00000001 0000000a 00000001 00000001 00000058"
	    "0000000a 00000006 000000174876e800 00000001 00000003"
	    "0000001122334455 00000007 00000000 00000000 00000000 00000000 00000000"
	    "0000000000000066 00000009 00000000 00000000 00000000 00000000 00000000");
}

/* No message is larger than a frame holds, whatever is added. */
static void
test_sizes(void **state)
{
	static const struct export_format *const formats[] = { &export_netflow5, &export_netflow9,
		&export_ipfix, &export_sflow };
	struct export_item items[2] = { make_item("198.18.0.1", "100.64.0.9"),
		make_item("2001:db8:8000::1", "2001:db8::5") };

	(void)state;
	for (size_t f = 0; f < 4; f++) {
		struct export_stream s = make_stream(formats[f]->two_samplers ? 2 : 1);
		size_t count = 0, kinds = formats[f]->ipv6 ? 2 : 1;
		formats[f]->begin(&s, NOW);
		while (formats[f]->add(&s, &items[count % kinds]))
			count++;
		assert_in_range(count, 8, 64);
		assert_in_range(formats[f]->end(&s), 1000, EXPORT_MESSAGE_SIZE);
		assert_ptr_equal(export_format_find(formats[f]->name), formats[f]);
	}
	assert_null(export_format_find("v7"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_netflow5),
		cmocka_unit_test(test_netflow9_data),
		cmocka_unit_test(test_netflow9_full),
		cmocka_unit_test(test_netflow9_templates),
		cmocka_unit_test(test_netflow9_two_samplers),
		cmocka_unit_test(test_ipfix_data),
		cmocka_unit_test(test_ipfix_templates),
		cmocka_unit_test(test_ipfix_two_samplers),
		cmocka_unit_test(test_sflow_samples),
		cmocka_unit_test(test_sflow_counters),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
