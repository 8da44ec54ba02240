/* SPDX-License-Identifier: ISC */
/* The pcap format: every variant, every lie, every length of a cut. */
#include "base/clock.h"
#include "source_build.h"

#define MAGIC_USEC 0xa1b2c3d4
#define MAGIC_NSEC 0xa1b23c4d

static void
test_both_units_and_byte_orders(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct bytes b = { .big = i & 1 };
		bool nano = i & 2;
		struct reading r;

		pcap_header(&b, nano ? MAGIC_NSEC : MAGIC_USEC, 4, 113);
		pcap_record(&b, 1000, 5, 1, 60);
		pcap_record(&b, 999, 999999, 2, 0);
		pcap_record(&b, UINT32_MAX, 7, 3, 1500);
		reading_make(&r, b.data, b.size);
		assert_int_equal(r.end, ERR_END);
		assert_string_equal(r.kind, "pcap");
		assert_int_equal(r.count, 3);
		assert_pattern(&r, 0, 1, 60);
		assert_pattern(&r, 1, 2, 0);
		assert_pattern(&r, 2, 3, 1500);
		assert_int_equal(r.packets[0].time, 1000 * NSEC_PER_SEC + (nano ? 5 : 5000));
		assert_int_equal(
		    r.packets[1].time, 999 * NSEC_PER_SEC + (nano ? 999999 : 999999000));
		/* Seconds are unsigned: the year 2106. */
		assert_int_equal(r.packets[2].time, UINT32_MAX * NSEC_PER_SEC + (nano ? 7 : 7000));
		assert_int_equal(r.packets[0].input_offset, 24);
		assert_int_equal(r.packets[1].input_offset, 24 + 76);
		assert_int_equal(r.packets[2].input_offset, 24 + 76 + 16);
		assert_int_equal(r.packets[2].frame_size, 1504);
		assert_int_equal(r.packets[2].link_type, 113);
		assert_int_equal(r.info.begin, r.packets[1].time);
		assert_int_equal(r.info.end, r.packets[2].time);
		reading_release(&r);
		bytes_clear(&b);
	}
}

static void
expect_refusal(struct bytes *b, enum err code, const char *words)
{
	struct reading r;

	reading_make(&r, b->data, b->size);
	assert_int_equal(r.open, code);
	if (strstr(r.why.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", r.why.text, words);
	reading_release(&r);
	bytes_clear(b);
}

static void
test_variants_are_refused_by_name(void **state)
{
	static const struct {
		uint32_t magic;
		const char *name;
	} variants[] = {
		{ 0xa1b2cd34, "Kuznetzov" },
		{ 0xa1b234cd, "Mesquita" },
		{ 0xa12b3c4d, "Navtel" },
		{ 0x1c0001ac, "IXIA hardware" },
		{ 0x1c0001ab, "IXIA software" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof variants / sizeof variants[0]; i++) {
		struct bytes b = { .big = i & 1 };

		pcap_header(&b, variants[i / 2].magic, 4, 1);
		expect_refusal(&b, ERR_UNSUPPORTED, variants[i / 2].name);
	}
}

static void
test_other_formats_are_refused_by_name(void **state)
{
	static const struct {
		const char *begin;
		size_t size;
		const char *words;
	} formats[] = {
		{ "snoop\0\0\0\0\0\0\2\0\0\0\4", 16, "snoop" },
		{ "BZh91AY&SY", 10, "bzip2" },
		{ "PK\3\4\24\0\0\0\10\0", 10, "zip" },
		{ "\x04\x22\x4d\x18\x64\x40", 6, "lz4" },
	};
	struct bytes b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		bytes_raw(&b, formats[i].begin, formats[i].size);
		expect_refusal(&b, ERR_UNSUPPORTED, formats[i].words);
	}
	bytes_raw(&b, "Nov 22 03:16:35 host smtpd[1]: helo\n", 36);
	expect_refusal(&b, ERR_FORMAT, "not a capture");
	bytes_raw(&b, "\xd4\xc3\xb2", 3);
	expect_refusal(&b, ERR_FORMAT, "not a capture");
	expect_refusal(&b, ERR_FORMAT, "empty");
}

static void
test_versions(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	pcap_header(&b, MAGIC_USEC, 4, 1);
	b.data[4] = 1;
	expect_refusal(&b, ERR_UNSUPPORTED, "version 1.4");
	pcap_header(&b, MAGIC_USEC, 2, 6);
	expect_refusal(&b, ERR_UNSUPPORTED, "AIX");

	/* Before 2.4 the lengths may come in either order. */
	pcap_header(&b, MAGIC_USEC, 3, 1);
	pcap_record(&b, 1, 0, 1, 20);
	bytes_uint(&b, 2, 8);
	bytes_uint(&b, 90, 4);
	bytes_uint(&b, 30, 4);
	bytes_pattern(&b, 2, 30);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 2);
	assert_pattern(&r, 1, 2, 30);
	assert_int_equal(r.packets[1].frame_size, 90);
	reading_release(&r);

	/* No version above 2.4 exists; files that claim one are of 2.4. */
	b.data[6] = 5;
	b.size = 24 + 36;
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 1);
	reading_release(&r);
	bytes_clear(&b);
}

static void
test_link_type_bits(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	/* Frames with a check sequence of 4 octets. */
	pcap_header(&b, MAGIC_USEC, 4, 0x54000000 | 276);
	pcap_record(&b, 1, 0, 1, 20);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.packets[0].link_type, 276);
	reading_release(&r);
	bytes_clear(&b);

	pcap_header(&b, MAGIC_USEC, 4, 0x00300001);
	expect_refusal(&b, ERR_FORMAT, "reserved");
	pcap_header(&b, MAGIC_USEC, 4, 0x08000001);
	expect_refusal(&b, ERR_FORMAT, "reserved");
}

static void
test_fractions_out_of_range_are_added(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	pcap_header(&b, MAGIC_USEC, 4, 1);
	pcap_record(&b, 1418145370, 1000000, 1, 4);
	pcap_record(&b, UINT32_MAX, UINT32_MAX, 2, 4);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.packets[0].time, 1418145371 * NSEC_PER_SEC);
	assert_int_equal(r.packets[1].time, UINT32_MAX * NSEC_PER_SEC + UINT32_MAX * NSEC_PER_US);
	reading_release(&r);
	bytes_clear(&b);
}

static void
test_lengths_that_lie(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	/* The header's snaplen is 65535. */
	pcap_header(&b, MAGIC_USEC, 4, 1);
	pcap_record(&b, 1, 0, 1, 100000);
	/* An original length below the captured one. */
	bytes_uint(&b, 2, 8);
	bytes_uint(&b, 40, 4);
	bytes_uint(&b, 0, 4);
	bytes_pattern(&b, 2, 40);
	/* The most that is believed, and one more. */
	pcap_record(&b, 3, 0, 3, SOURCE_RECORD_MAX);
	pcap_record(&b, 4, 0, 4, SOURCE_RECORD_MAX + 1);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_FORMAT);
	assert_int_equal(r.count, 3);
	assert_pattern(&r, 0, 1, 100000);
	assert_pattern(&r, 1, 2, 40);
	assert_int_equal(r.packets[1].frame_size, 40);
	assert_pattern(&r, 2, 3, SOURCE_RECORD_MAX);
	assert_int_equal(
	    r.info.damaged_offset, 24 + 16 + 100000 + 16 + 40 + 16 + SOURCE_RECORD_MAX);
	assert_int_equal(r.info.damaged_octets, 16 + SOURCE_RECORD_MAX + 1);
	assert_int_equal(r.why.offset, r.info.damaged_offset);
	assert_non_null(strstr(r.why.text, "above 16 MiB; 16777233 octets are not read"));
	reading_release(&r);
	bytes_clear(&b);
}

static void
test_cut_at_every_octet(void **state)
{
	static const size_t ends[] = { 24, 24 + 76, 24 + 76 + 16, 24 + 76 + 16 + 36 };
	struct bytes b = { .big = true };

	(void)state;
	pcap_header(&b, MAGIC_NSEC, 4, 1);
	pcap_record(&b, 1, 0, 1, 60);
	pcap_record(&b, 2, 0, 2, 0);
	pcap_record(&b, 3, 0, 3, 20);
	assert_int_equal(b.size, ends[3]);
	for (size_t size = 0; size <= b.size; size++) {
		struct reading r;
		size_t whole = 0;

		reading_make(&r, b.data, size);
		if (size < 24) {
			assert_int_equal(r.open, size < 4 ? ERR_FORMAT : ERR_TRUNC);
			continue;
		}
		while (whole < 3 && ends[whole + 1] <= size)
			whole++;
		assert_int_equal(r.count, whole);
		assert_int_equal(r.end, size == ends[whole] ? ERR_END : ERR_TRUNC);
		assert_int_equal(r.info.damaged_octets, size - ends[whole]);
		assert_int_equal(r.info.damaged_offset, size == ends[whole] ? 0 : ends[whole]);
		reading_release(&r);
	}
	bytes_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_units_and_byte_orders),
		cmocka_unit_test(test_variants_are_refused_by_name),
		cmocka_unit_test(test_other_formats_are_refused_by_name),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_link_type_bits),
		cmocka_unit_test(test_fractions_out_of_range_are_added),
		cmocka_unit_test(test_lengths_that_lie),
		cmocka_unit_test(test_cut_at_every_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
