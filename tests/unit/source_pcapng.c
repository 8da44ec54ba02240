/* SPDX-License-Identifier: ISC */
/* The pcapng format, feature by feature, then damaged in every place. */
#include "base/clock.h"
#include "source_build.h"

static void
test_both_byte_orders(void **state)
{
	(void)state;
	for (unsigned big = 0; big < 2; big++) {
		struct bytes b = { .big = big };
		const uint64_t time = 1340954905298858; /* above 2^32 units */
		struct reading r;

		section(&b);
		interface(&b, 1, 0);
		enhanced(&b, 0, time, 1, 61);
		enhanced(&b, 0, time - 1, 2, 0);
		reading_make(&r, b.data, b.size);
		assert_int_equal(r.end, ERR_END);
		assert_string_equal(r.kind, "pcapng");
		assert_int_equal(r.count, 2);
		assert_pattern(&r, 0, 1, 61);
		assert_pattern(&r, 1, 2, 0);
		assert_int_equal(r.packets[0].time, time * 1000);
		assert_int_equal(r.packets[0].frame_size, 65);
		assert_int_equal(r.packets[0].input_offset, 28 + 20);
		assert_int_equal(r.packets[1].input_offset, 28 + 20 + 96);
		assert_int_equal(r.info.begin, (time - 1) * 1000);
		assert_int_equal(r.info.end, time * 1000);
		assert_int_equal(r.info.interface_drops, 0);
		reading_release(&r);
		bytes_clear(&b);
	}
}

static void
test_sections_and_interfaces(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	section(&b);
	interface(&b, 1, 0);
	interface_time(&b, 9, 0);
	enhanced(&b, 1, 77, 1, 10);
	enhanced(&b, 0, 77, 2, 10);
	interface(&b, 276, 0);
	enhanced(&b, 2, 78, 3, 10);
	/* A new section, of the other byte order, knows only its own interfaces. */
	b.big = true;
	section(&b);
	interface(&b, 113, 0);
	enhanced(&b, 0, 79, 4, 10);
	enhanced(&b, 1, 80, 5, 10);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_FORMAT);
	assert_non_null(strstr(r.why.text, "interface that was not described"));
	assert_int_equal(r.info.damaged_octets, 44);
	assert_int_equal(r.count, 4);
	assert_int_equal(r.packets[0].time, 77);
	assert_int_equal(r.packets[1].time, 77000);
	assert_int_equal(r.packets[0].link_type, 1);
	assert_int_equal(r.packets[2].link_type, 276);
	assert_int_equal(r.packets[3].link_type, 113);
	reading_release(&r);
	bytes_clear(&b);
}

/* floor(units / base^power seconds) in nanoseconds, by a way of its own: bit by bit. */
static uint64_t
nanoseconds(uint64_t units, unsigned base, unsigned power)
{
	long double exact = (long double)units * 1e9L;

	for (unsigned i = 0; i < power; i++)
		exact /= base;
	return (uint64_t)exact;
}

static void
test_every_resolution(void **state)
{
	(void)state;
	for (unsigned resolution = 0; resolution < 256; resolution++) {
		struct bytes b = { 0 };
		struct reading r;
		unsigned power = resolution & 0x7f, base = resolution & 0x80 ? 2 : 10;
		/* A number of units that is 1.5 seconds, where it fits; exact in long double. */
		uint64_t units = resolution == (base == 2 ? 128 : 0) ? 2 : 3;

		if (power > 0 && power < (base == 2 ? 62 : 19)) {
			for (unsigned i = 1; i < power; i++)
				units *= base;
			units *= base / 2;
		}
		section(&b);
		interface_time(&b, (uint8_t)resolution, 0);
		enhanced(&b, 0, units, 1, 4);
		enhanced(&b, 0, UINT64_MAX, 1, 4);
		enhanced(&b, 0, 0, 1, 4);
		reading_make(&r, b.data, b.size);
		assert_int_equal(r.end, ERR_END);
		assert_int_equal(r.packets[0].time, nanoseconds(units, base, power));
		/* The largest time there is: held at the end of the range. */
		if (base == 10 ? power < 10 : power < 31)
			assert_int_equal(r.packets[1].time, INT64_MAX);
		else
			assert_true(r.packets[1].time >= 0 && r.packets[1].time < INT64_MAX);
		assert_int_equal(r.packets[2].time, 0);
		reading_release(&r);
		bytes_clear(&b);
	}
}

static void
test_time_offsets(void **state)
{
	static const struct {
		uint8_t resolution;
		int64_t offset;
		uint64_t units;
		nsec_t time;
	} cases[] = {
		{ 6, 1000, 5, 1000 * NSEC_PER_SEC + 5000 },
		{ 6, -1000, 5, -1000 * NSEC_PER_SEC + 5000 },
		{ 12, 1000, 5999, 1000 * NSEC_PER_SEC + 5 },
		{ 0x80 | 20, -1, 1 << 19, -NSEC_PER_SEC / 2 },
		/* Offsets that cancel a time that does not fit by itself. */
		{ 0, -10000000000, 10000000007, 7 * NSEC_PER_SEC },
		{ 6, INT64_MAX, 5, INT64_MAX },
		{ 6, INT64_MIN, 5, INT64_MIN },
		{ 9, (int64_t)1 << 32, ((uint64_t)1 << 32) * 1000000000 - 1,
		    ((nsec_t)1 << 33) * NSEC_PER_SEC - 1 },
		{ 9, 0, ((uint64_t)1 << 32) * 1000000000, ((nsec_t)1 << 32) * NSEC_PER_SEC },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bytes b = { .big = i & 1 };
		struct reading r;

		section(&b);
		interface_time(&b, cases[i].resolution, cases[i].offset);
		enhanced(&b, 0, cases[i].units, 1, 4);
		reading_make(&r, b.data, b.size);
		assert_int_equal(r.end, ERR_END);
		assert_int_equal(r.packets[0].time, cases[i].time);
		reading_release(&r);
		bytes_clear(&b);
	}
}

static void
simple(struct bytes *b, uint32_t original, unsigned seed, size_t size)
{
	size_t block = block_begin(b, 3);

	bytes_uint(b, original, 4);
	bytes_pattern(b, seed, size);
	block_end(b, block);
}

static void
test_simple_packets(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	section(&b);
	interface(&b, 1, 32);
	simple(&b, 13, 1, 13); /* three octets of padding are no data */
	enhanced(&b, 0, 5, 2, 100);
	simple(&b, 1000, 3, 32);
	simple(&b, 1000, 4, 64); /* snaplen says that the rest is none */
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 4);
	assert_pattern(&r, 0, 1, 13);
	assert_pattern(&r, 2, 3, 32);
	assert_pattern(&r, 3, 4, 32);
	assert_int_equal(r.packets[0].frame_size, 13);
	assert_int_equal(r.packets[2].frame_size, 1000);
	/* The time of the packet before. */
	assert_int_equal(r.packets[0].time, 0);
	assert_int_equal(r.packets[2].time, 5000);
	assert_int_equal(r.packets[3].time, 5000);
	reading_release(&r);
	bytes_clear(&b);

	section(&b);
	simple(&b, 13, 1, 13);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_FORMAT);
	reading_release(&r);
	bytes_clear(&b);
}

static void
test_obsolete_packets(void **state)
{
	struct bytes b = { .big = true };
	struct reading r;
	size_t block;

	(void)state;
	section(&b);
	interface(&b, 1, 0);
	interface(&b, 9, 0);
	block = block_begin(&b, 2);
	bytes_uint(&b, 1, 2);  /* interface */
	bytes_uint(&b, 40, 2); /* drops */
	bytes_uint(&b, 1, 4);
	bytes_uint(&b, 2, 4);
	bytes_uint(&b, 30, 4);
	bytes_uint(&b, 90, 4);
	bytes_pattern(&b, 1, 30);
	block_end(&b, block);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 1);
	assert_pattern(&r, 0, 1, 30);
	assert_int_equal(r.packets[0].link_type, 9);
	assert_int_equal(r.packets[0].frame_size, 90);
	assert_int_equal(r.packets[0].time, (((int64_t)1 << 32) + 2) * 1000);
	reading_release(&r);
	bytes_clear(&b);
}

static void
statistics(struct bytes *b, uint32_t id, unsigned code, uint64_t drops)
{
	size_t block = block_begin(b, 5);

	bytes_uint(b, id, 4);
	bytes_uint(b, 0, 8);
	option_u64(b, 4, 1000);
	option_u64(b, code, drops);
	bytes_uint(b, 0, 4);
	block_end(b, block);
}

static void
test_statistics(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	section(&b);
	interface(&b, 1, 0);
	interface(&b, 1, 0);
	statistics(&b, 0, 5, 3);
	statistics(&b, 1, 7, 20);
	/* Counters run on: the last one counts. */
	statistics(&b, 0, 5, 7);
	statistics(&b, 0, 5, UINT64_MAX); /* not known */
	statistics(&b, 1, 8, 999);        /* delivered, not lost */
	section(&b);
	interface(&b, 1, 0);
	statistics(&b, 0, 5, 100);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 0);
	assert_int_equal(r.info.interface_drops, 127);
	assert_int_equal(r.info.begin, 0);
	assert_int_equal(r.info.end, 0);
	reading_release(&r);
	bytes_clear(&b);
}

/* A block of `size` octets of body between two packets. */
static void
expect_passed_over(uint32_t type, size_t size)
{
	struct bytes b = { 0 };
	struct reading r;
	size_t block;

	section(&b);
	interface(&b, 1, 0);
	enhanced(&b, 0, 1, 1, 10);
	block = block_begin(&b, type);
	bytes_pattern(&b, 1, size);
	block_end(&b, block);
	enhanced(&b, 0, 2, 2, 10);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 2);
	assert_pattern(&r, 1, 2, 10);
	reading_release(&r);
	bytes_clear(&b);
}

static void
test_other_blocks_are_passed_over(void **state)
{
	/* Name resolution, journal, decryption secrets, custom (both), reserved, local use. */
	static const uint32_t types[] = { 4, 9, 10, 0xbad, 0x40000bad, 0, 7, 0x80000001,
		UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		expect_passed_over(types[i], 0);
		expect_passed_over(types[i], 50);
	}
	/* Larger than a chunk, and the largest that is believed. */
	expect_passed_over(4, CHUNK_SIZE + 5);
	expect_passed_over(10, SOURCE_RECORD_MAX - 12);
}

static void
test_packet_options_are_passed_over(void **state)
{
	struct bytes b = { 0 };
	struct reading r;
	size_t block;

	(void)state;
	section(&b);
	interface(&b, 1, 0);
	block = block_begin(&b, 6);
	bytes_uint(&b, 0, 4);
	bytes_uint(&b, 0, 4);
	bytes_uint(&b, 9, 4);
	bytes_uint(&b, 6, 4);
	bytes_uint(&b, 6, 4);
	bytes_pattern(&b, 1, 6);
	bytes_uint(&b, 0, 2);
	option(&b, 1, "a comment", 9);
	option(&b, 2, "\1\0\0\0", 4);
	bytes_uint(&b, 0xffffffff, 4); /* an option that overruns: nobody reads it */
	block_end(&b, block);
	enhanced(&b, 0, 10, 2, 5);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 2);
	assert_pattern(&r, 0, 1, 6);
	assert_pattern(&r, 1, 2, 5);
	reading_release(&r);
	bytes_clear(&b);
}

static void
test_length_without_padding(void **state)
{
	struct bytes b = { 0 };
	struct reading r;
	size_t begin;

	(void)state;
	section(&b);
	interface(&b, 1, 0);
	begin = b.size;
	enhanced(&b, 0, 9, 1, 5);
	enhanced(&b, 0, 10, 2, 5);
	/* The first packet's block is 40 octets with 3 of padding. */
	b.data[begin + 4] = b.data[begin + 36] = 37;
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 2);
	assert_pattern(&r, 1, 2, 5);
	reading_release(&r);
	bytes_clear(&b);
}

/* A good packet, then `damage`, which is no block, then another good packet that is lost. */
static void
expect_damage(const struct bytes *damage, const char *words)
{
	struct bytes b = { .big = damage->big };
	struct reading r;
	size_t at;

	section(&b);
	interface(&b, 1, 0);
	enhanced(&b, 0, 1, 1, 10);
	at = b.size;
	bytes_raw(&b, damage->data, damage->size);
	enhanced(&b, 0, 2, 2, 10);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_FORMAT);
	if (strstr(r.why.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", r.why.text, words);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.info.damaged_offset, at);
	assert_int_equal(r.info.damaged_octets, b.size - at);
	reading_release(&r);
	bytes_clear(&b);
}

static void
damage_words(struct bytes *b, const uint32_t *words, size_t count)
{
	b->size = 0;
	for (size_t i = 0; i < count; i++)
		bytes_uint(b, words[i], 4);
}

#define EXPECT_DAMAGE(b, text, ...)                                          \
	do {                                                                 \
		const uint32_t words_[] = { __VA_ARGS__ };                   \
                                                                             \
		damage_words((b), words_, sizeof words_ / sizeof words_[0]); \
		expect_damage((b), (text));                                  \
	} while (0)

static void
test_damage(void **state)
{
	struct bytes b = { .big = true };

	(void)state;
	EXPECT_DAMAGE(&b, "below 12", 6, 8, 8);
	EXPECT_DAMAGE(&b, "below 12", 6, 0, 0);
	EXPECT_DAMAGE(&b, "above 16 MiB", 6, SOURCE_RECORD_MAX + 4, 0);
	EXPECT_DAMAGE(&b, "above 16 MiB", 6, UINT32_MAX, 0);
	EXPECT_DAMAGE(&b, "lengths differ", 6, 12, 16);
	EXPECT_DAMAGE(&b, "packet block that is too short", 6, 12, 12);
	EXPECT_DAMAGE(&b, "simple packet block that is too short", 3, 12, 12);
	EXPECT_DAMAGE(&b, "description that is too short", 1, 16, 0, 16);
	EXPECT_DAMAGE(&b, "statistics that are too short", 5, 20, 0, 0, 20);
	EXPECT_DAMAGE(&b, "not described", 5, 24, 1, 0, 0, 24);
	EXPECT_DAMAGE(&b, "overruns", 5, 28, 0, 0, 0, 0x00050008, 28);
	EXPECT_DAMAGE(&b, "malformed counter", 5, 32, 0, 0, 0, 0x00050004, 0, 32);
	EXPECT_DAMAGE(&b, "malformed time resolution", 1, 28, 0, 0, 0x00090002, 0, 28);
	EXPECT_DAMAGE(&b, "malformed time offset", 1, 28, 0, 0, 0x000e0004, 0, 28);
	EXPECT_DAMAGE(&b, "overruns", 1, 28, 0, 0, 0x00020005, 0, 28);
	EXPECT_DAMAGE(&b, "captured length that overruns", 6, 32, 0, 0, 0, 1, 1, 32);
	EXPECT_DAMAGE(&b, "captured length that overruns", 6, 32, 0, 0, 0, UINT32_MAX, 1, 32);
	EXPECT_DAMAGE(&b, "not described", 6, 32, UINT32_MAX, 0, 0, 0, 0, 32);
	EXPECT_DAMAGE(&b, "byte-order magic", 0x0a0d0d0a, 28, 0x1a2b3c4e, 0x10000, 0, 0, 28);
	EXPECT_DAMAGE(
	    &b, "version", 0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00020000, UINT32_MAX, UINT32_MAX, 28);
	EXPECT_DAMAGE(&b, "too short", 0x0a0d0d0a, 20, 0x1a2b3c4d, 0x10000, 20);
	bytes_clear(&b);
}

static void
test_too_many_interfaces(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	section(&b);
	for (unsigned i = 0; i < 65537; i++)
		interface(&b, 1, 0);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_FORMAT);
	assert_int_equal(r.info.damaged_octets, 20);
	reading_release(&r);
	bytes_clear(&b);
}

static void
test_cut_at_every_octet(void **state)
{
	struct bytes b = { 0 };
	size_t ends[6];

	(void)state;
	section(&b);
	ends[0] = b.size;
	interface_time(&b, 9, 5);
	ends[1] = b.size;
	enhanced(&b, 0, 1, 1, 10);
	ends[2] = b.size;
	statistics(&b, 0, 5, 1);
	ends[3] = b.size;
	b.big = true;
	section(&b);
	ends[4] = b.size;
	interface(&b, 1, 0);
	ends[5] = b.size;
	for (size_t size = 0; size <= b.size; size++) {
		struct reading r;
		size_t whole = 0;

		reading_make(&r, b.data, size);
		if (size < 28) {
			assert_int_equal(r.open, size < 4 ? ERR_FORMAT : ERR_TRUNC);
			continue;
		}
		while (whole < 5 && ends[whole + 1] <= size)
			whole++;
		assert_int_equal(r.count, whole >= 2);
		assert_int_equal(r.end, size == ends[whole] ? ERR_END : ERR_TRUNC);
		assert_int_equal(r.info.damaged_octets, size - ends[whole]);
		reading_release(&r);
	}
	bytes_clear(&b);
}

static void
expect_refusal(const struct bytes *b, enum err code, const char *words)
{
	struct reading r;

	reading_make(&r, b->data, b->size);
	assert_int_equal(r.open, code);
	assert_non_null(strstr(r.why.text, words));
	reading_release(&r);
}

static void
test_headers_that_are_refused(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	section(&b);
	b.data[12] = 2;
	expect_refusal(&b, ERR_UNSUPPORTED, "version 2.0");
	b.data[12] = 1;
	b.data[14] = 1;
	expect_refusal(&b, ERR_UNSUPPORTED, "version 1.1");
	b.data[8] = 0;
	expect_refusal(&b, ERR_FORMAT, "byte-order magic");
	bytes_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_byte_orders),
		cmocka_unit_test(test_sections_and_interfaces),
		cmocka_unit_test(test_every_resolution),
		cmocka_unit_test(test_time_offsets),
		cmocka_unit_test(test_simple_packets),
		cmocka_unit_test(test_obsolete_packets),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_other_blocks_are_passed_over),
		cmocka_unit_test(test_packet_options_are_passed_over),
		cmocka_unit_test(test_length_without_padding),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_too_many_interfaces),
		cmocka_unit_test(test_cut_at_every_octet),
		cmocka_unit_test(test_headers_that_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
