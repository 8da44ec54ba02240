/* SPDX-License-Identifier: ISC */
/* Compressed captures: every codec, several members, cuts, flips and garbage. */
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "source_build.h"

typedef void (*compress_fn)(struct bytes *to, const void *data, size_t size);

static void
compress_gzip(struct bytes *to, const void *data, size_t size)
{
	uint8_t *out = xmalloc(size + size / 100 + 1000);
	z_stream z = { .next_in = (z_const Bytef *)data, .avail_in = (uInt)size };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = out;
	z.avail_out = (uInt)(size + size / 100 + 1000);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	bytes_raw(to, out, z.total_out);
	(void)deflateEnd(&z);
	free(out);
}

static void
compress_zstd(struct bytes *to, const void *data, size_t size)
{
	size_t room = ZSTD_compressBound(size);
	uint8_t *out = xmalloc(room);
	ZSTD_CCtx *context = ZSTD_createCCtx();

	assert_int_equal(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)), 0);
	room = ZSTD_compress2(context, out, room, data, size);
	assert_false(ZSTD_isError(room));
	bytes_raw(to, out, room);
	(void)ZSTD_freeCCtx(context);
	free(out);
}

static void
compress_xz(struct bytes *to, const void *data, size_t size)
{
	size_t room = lzma_stream_buffer_bound(size), used = 0;
	uint8_t *out = xmalloc(room);

	assert_int_equal(
	    lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, data, size, out, &used, room),
	    LZMA_OK);
	bytes_raw(to, out, used);
	free(out);
}

static const struct {
	const char *kind;
	compress_fn compress;
	const char *name;
} codecs[] = {
	{ "pcap.gz", compress_gzip, "gzip" },
	{ "pcap.zst", compress_zstd, "zstd" },
	{ "pcap.xz", compress_xz, "xz" },
};

#define CODEC_COUNT (sizeof codecs / sizeof codecs[0])

static void
make_capture(struct bytes *b, size_t count, uint32_t size)
{
	pcap_header(b, 0xa1b2c3d4, 4, 1);
	for (size_t i = 0; i < count; i++)
		pcap_record(b, (uint32_t)i, 0, (unsigned)i, size + i % 5);
}

static void
test_members(void **state)
{
	struct bytes plain = { 0 };

	(void)state;
	make_capture(&plain, 3000, 700);
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		/* One member; then the same in three, cut in the middle of records. */
		for (size_t members = 1; members <= 3; members += 2) {
			struct bytes b = { 0 };
			struct reading r;
			size_t step = plain.size / members;

			for (size_t j = 0; j < members; j++)
				codecs[i].compress(&b, plain.data + j * step,
				    j + 1 < members ? step : plain.size - j * step);
			/* An empty member is legal as well. */
			codecs[i].compress(&b, "", 0);
			reading_make(&r, b.data, b.size);
			assert_int_equal(r.end, ERR_END);
			assert_string_equal(r.kind, codecs[i].kind);
			assert_int_equal(r.count, 3000);
			for (size_t k = 0; k < r.count; k++)
				assert_pattern(&r, k, (unsigned)k, 700 + k % 5);
			assert_int_equal(
			    r.packets[2999].input_offset, plain.size - 16 - 700 - 2999 % 5);
			reading_release(&r);
			bytes_clear(&b);
		}
	}
	bytes_clear(&plain);
}

static void
test_padding_and_skippable_frames(void **state)
{
	struct bytes plain = { 0 }, b = { 0 };
	struct reading r;

	(void)state;
	make_capture(&plain, 10, 50);
	/* gzip: zeros behind a member; xz: stream padding. */
	compress_gzip(&b, plain.data, plain.size);
	bytes_uint(&b, 0, 5);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 10);
	reading_release(&r);
	bytes_clear(&b);
	compress_xz(&b, plain.data, plain.size);
	bytes_uint(&b, 0, 8);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 10);
	reading_release(&r);
	bytes_clear(&b);
	/* zstd: a frame of somebody else's data first. */
	bytes_uint(&b, 0x184d2a57, 4);
	bytes_uint(&b, 3, 4);
	bytes_raw(&b, "abc", 3);
	compress_zstd(&b, plain.data, plain.size);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 10);
	reading_release(&r);
	bytes_clear(&b);
	bytes_clear(&plain);
}

static void
test_cut_at_every_octet(void **state)
{
	struct bytes plain = { 0 };

	(void)state;
	make_capture(&plain, 20, 40);
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		struct bytes b = { 0 };
		size_t last = 0;

		codecs[i].compress(&b, plain.data, plain.size / 2);
		codecs[i].compress(&b, plain.data + plain.size / 2, plain.size - plain.size / 2);
		for (size_t size = 0; size < b.size; size++) {
			struct reading r;

			reading_make(&r, b.data, size);
			if (r.open == ERR_OK) {
				/* Between the members the stream is whole, the capture is not. */
				assert_int_equal(r.end, ERR_TRUNC);
				assert_true(r.info.damaged_octets > 0);
				assert_true(r.count >= last);
				last = r.count;
				for (size_t k = 0; k < r.count; k++)
					assert_pattern(&r, k, (unsigned)k, 40 + k % 5);
			} else {
				assert_true(r.open == ERR_TRUNC || r.open == ERR_FORMAT);
			}
			reading_release(&r);
		}
		assert_true(last >= 9);
		bytes_clear(&b);
	}
	bytes_clear(&plain);
}

/* Whatever single octet is damaged: no crash, and no packet that was not there. */
static void
test_damage_at_every_octet(void **state)
{
	struct bytes plain = { 0 };

	(void)state;
	make_capture(&plain, 20, 40);
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		struct bytes b = { 0 };
		size_t noticed = 0;

		codecs[i].compress(&b, plain.data, plain.size);
		for (size_t at = 0; at < b.size; at++) {
			struct reading r;

			b.data[at] ^= 0x55;
			reading_make(&r, b.data, b.size);
			noticed += r.end != ERR_END;
			assert_true(r.count <= plain.size / 16);
			reading_release(&r);
			b.data[at] ^= 0x55;
		}
		/* Only what gzip says about its file (name, time) is not under a checksum. */
		assert_true(noticed >= b.size - 10);
		bytes_clear(&b);
	}
	bytes_clear(&plain);
}

static void
test_garbage_behind(void **state)
{
	struct bytes plain = { 0 };

	(void)state;
	make_capture(&plain, 20, 40);
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		struct bytes b = { 0 };
		struct reading r;

		codecs[i].compress(&b, plain.data, plain.size);
		bytes_raw(&b, "this is not compressed, nor is it a capture", 43);
		reading_make(&r, b.data, b.size);
		assert_int_equal(r.end, ERR_FORMAT);
		assert_int_equal(r.count, 20);
		assert_int_equal(r.info.damaged_offset, plain.size);
		assert_in_range(r.info.damaged_octets, 1, 43);
		assert_non_null(strstr(r.why.text, codecs[i].name));
		assert_non_null(strstr(r.why.text, "(uncompressed)"));
		reading_release(&r);
		bytes_clear(&b);
	}
	bytes_clear(&plain);
}

/* A wrong checksum comes to light only after everything was delivered. */
static void
test_wrong_checksum(void **state)
{
	struct bytes plain = { 0 }, b = { 0 };
	struct reading r;

	(void)state;
	make_capture(&plain, 20, 40);
	compress_gzip(&b, plain.data, plain.size);
	b.data[b.size - 8] ^= 1;
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_FORMAT);
	assert_int_equal(r.count, 20);
	assert_non_null(strstr(r.why.text, "incorrect data check"));
	reading_release(&r);
	bytes_clear(&b);
	bytes_clear(&plain);
}

static void
test_compressed_twice(void **state)
{
	struct bytes plain = { 0 }, once = { 0 }, twice = { 0 };
	struct reading r;

	(void)state;
	make_capture(&plain, 20, 40);
	compress_gzip(&once, plain.data, plain.size);
	compress_xz(&twice, once.data, once.size);
	reading_make(&r, twice.data, twice.size);
	assert_int_equal(r.open, ERR_UNSUPPORTED);
	assert_non_null(strstr(r.why.text, "more than once"));
	reading_release(&r);
	bytes_clear(&plain);
	bytes_clear(&once);
	bytes_clear(&twice);
}

/* A compressed pipe gives what has come, while the writer still lives. */
static void
test_pipe(void **state)
{
	struct bytes plain = { 0 };

	(void)state;
	make_capture(&plain, 20, 40);
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		struct bytes b = { 0 };
		struct source *source;
		struct chunk chunk;
		int ends[2];

		codecs[i].compress(&b, plain.data, plain.size);
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], b.data, b.size), b.size);
		assert_int_equal(source_open_fd(ends[0], "pipe", &source, NULL), ERR_OK);
		chunk_init(&chunk);
		assert_int_equal(source_read(source, &chunk, NULL), ERR_OK);
		assert_int_equal(chunk.count, 20);
		assert_int_equal(close(ends[1]), 0);
		assert_int_equal(source_read(source, &chunk, NULL), ERR_END);
		chunk_release(&chunk);
		source_close(source);
		bytes_clear(&b);
	}
	bytes_clear(&plain);
}

/* A window larger than the 128 MiB that a decoder may take. */
static void
test_memory_limit(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	/* RFC 8878: magic, descriptor without a content size, window of 2^(10 + 21). */
	bytes_raw(&b, "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.open, ERR_FORMAT);
	assert_non_null(strstr(r.why.text, "too much memory"));
	reading_release(&r);
	bytes_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_padding_and_skippable_frames),
		cmocka_unit_test(test_cut_at_every_octet),
		cmocka_unit_test(test_damage_at_every_octet),
		cmocka_unit_test(test_garbage_behind),
		cmocka_unit_test(test_wrong_checksum),
		cmocka_unit_test(test_compressed_twice),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_memory_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
