/* SPDX-License-Identifier: ISC */
/*
 * gzip (RFC 1952), zstd (RFC 8878) and xz through their libraries.
 *
 * All three allow several members one after the other, as `cat a.gz b.gz` makes them; they are read
 * as one stream.  Memory is bounded: zlib needs 32 KiB, zstd refuses windows above 128 MiB by
 * itself, and xz gets the same limit here.
 */
#include "source/codec.h"

#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bytes.h"

#define XZ_MEMORY_MAX (128ULL << 20)

/* zlib counts in unsigned int. */
#define ZLIB_STEP_MAX (1U << 30)

static void *gzip_begin(void);
static bool gzip_recognise(const uint8_t *head, size_t size);
static bool gzip_run(void *state, struct codec_step *step);
static bool gzip_complete(const void *state);
static void gzip_end(void *state);
static void *zstd_begin(void);
static bool zstd_recognise(const uint8_t *head, size_t size);
static bool zstd_run(void *state, struct codec_step *step);
static bool zstd_complete(const void *state);
static void zstd_end(void *state);
static void *xz_begin(void);
static bool xz_recognise(const uint8_t *head, size_t size);
static bool xz_run(void *state, struct codec_step *step);
static bool xz_complete(const void *state);
static void xz_end(void *state);

static const struct codec codecs[] = {
	{ "gzip", ".gz", gzip_recognise, gzip_begin, gzip_run, gzip_complete, gzip_end },
	{ "zstd", ".zst", zstd_recognise, zstd_begin, zstd_run, zstd_complete, zstd_end },
	{ "xz", ".xz", xz_recognise, xz_begin, xz_run, xz_complete, xz_end },
};

const struct codec *
codec_find(const uint8_t *head, size_t size)
{
	for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
		if (codecs[i].recognise(head, size))
			return &codecs[i];
	}
	return NULL;
}

/* gzip */

struct gzip {
	z_stream z;
	bool complete;
};

static bool
gzip_recognise(const uint8_t *head, size_t size)
{
	/* RFC 1952 section 2.3.1: ID1, ID2, and CM 8 is the only method. */
	return size >= 3 && memcmp(head, "\x1f\x8b\x08", 3) == 0;
}

static void *
gzip_begin(void)
{
	struct gzip *g = calloc(1, sizeof *g);

	if (g != NULL && inflateInit2(&g->z, MAX_WBITS + 16) != Z_OK) {
		free(g);
		return NULL;
	}
	return g;
}

static bool
gzip_run(void *state, struct codec_step *step)
{
	struct gzip *g = state;
	uInt in_size = step->in_size < ZLIB_STEP_MAX ? (uInt)step->in_size : ZLIB_STEP_MAX;
	uInt out_size = step->out_size < ZLIB_STEP_MAX ? (uInt)step->out_size : ZLIB_STEP_MAX;
	int code;

	if (g->complete) {
		/* Members may be padded with zeros, as gzip(1) accepts. */
		while (step->in_size > 0 && *step->in == 0) {
			step->in++;
			step->in_size--;
		}
		if (step->in_size == 0)
			return true;
		in_size = step->in_size < ZLIB_STEP_MAX ? (uInt)step->in_size : ZLIB_STEP_MAX;
		(void)inflateReset(&g->z);
		g->complete = false;
	}
	g->z.next_in = (z_const Bytef *)step->in;
	g->z.avail_in = in_size;
	g->z.next_out = step->out;
	g->z.avail_out = out_size;
	code = inflate(&g->z, Z_NO_FLUSH);
	step->in += in_size - g->z.avail_in;
	step->in_size -= in_size - g->z.avail_in;
	step->out += out_size - g->z.avail_out;
	step->out_size -= out_size - g->z.avail_out;
	g->complete = code == Z_STREAM_END;
	if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR)
		return true;
	step->reason = g->z.msg != NULL ? g->z.msg : zError(code);
	return false;
}

static bool
gzip_complete(const void *state)
{
	return ((const struct gzip *)state)->complete;
}

static void
gzip_end(void *state)
{
	struct gzip *g = state;

	(void)inflateEnd(&g->z);
	free(g);
}

/* zstd */

struct zstd {
	ZSTD_DStream *stream; /* owned */
	bool complete;
};

static bool
zstd_recognise(const uint8_t *head, size_t size)
{
	/* RFC 8878 sections 3.1.1 and 3.1.2: a frame, or a skippable frame before it. */
	return size >= 4 && (le32(head) == 0xfd2fb528 || (le32(head) & 0xfffffff0) == 0x184d2a50);
}

static void *
zstd_begin(void)
{
	struct zstd *z = calloc(1, sizeof *z);

	if (z == NULL)
		return NULL;
	z->stream = ZSTD_createDStream();
	if (z->stream == NULL) {
		free(z);
		return NULL;
	}
	return z;
}

static bool
zstd_run(void *state, struct codec_step *step)
{
	struct zstd *z = state;
	ZSTD_inBuffer in = { .src = step->in, .size = step->in_size, .pos = 0 };
	ZSTD_outBuffer out = { .dst = step->out, .size = step->out_size, .pos = 0 };
	size_t hint;

	/* Between frames, a call without input would open a new frame for nothing. */
	if (z->complete && step->in_size == 0)
		return true;
	hint = ZSTD_decompressStream(z->stream, &out, &in);
	step->in += in.pos;
	step->in_size -= in.pos;
	step->out += out.pos;
	step->out_size -= out.pos;
	z->complete = hint == 0;
	if (!ZSTD_isError(hint))
		return true;
	step->reason = ZSTD_getErrorName(hint);
	return false;
}

static bool
zstd_complete(const void *state)
{
	return ((const struct zstd *)state)->complete;
}

static void
zstd_end(void *state)
{
	struct zstd *z = state;

	(void)ZSTD_freeDStream(z->stream);
	free(z);
}

/* xz */

struct xz {
	lzma_stream lzma;
	bool complete;
};

static bool
xz_recognise(const uint8_t *head, size_t size)
{
	/* The .xz File Format 1.2.0, section 2.1.1.1: Header Magic Bytes. */
	return size >= 6 && memcmp(head,
				"\xfd"
				"7zXZ\0",
				6) == 0;
}

static void *
xz_begin(void)
{
	struct xz *x = calloc(1, sizeof *x);

	if (x == NULL)
		return NULL;
	x->lzma = (lzma_stream)LZMA_STREAM_INIT;
	if (lzma_stream_decoder(&x->lzma, XZ_MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK) {
		free(x);
		return NULL;
	}
	return x;
}

static const char *
xz_reason(lzma_ret code)
{
	switch (code) {
	case LZMA_MEM_ERROR: return "out of memory";
	case LZMA_MEMLIMIT_ERROR: return "its dictionary needs more than 128 MiB";
	case LZMA_FORMAT_ERROR: return "not in the xz format";
	case LZMA_OPTIONS_ERROR: return "unknown options";
	default: return "damaged data";
	}
}

static bool
xz_run(void *state, struct codec_step *step)
{
	struct xz *x = state;
	lzma_ret code;

	if (x->complete)
		return true;
	x->lzma.next_in = step->in;
	x->lzma.avail_in = step->in_size;
	x->lzma.next_out = step->out;
	x->lzma.avail_out = step->out_size;
	code = lzma_code(&x->lzma, step->last ? LZMA_FINISH : LZMA_RUN);
	step->in = x->lzma.next_in;
	step->in_size = x->lzma.avail_in;
	step->out = x->lzma.next_out;
	step->out_size = x->lzma.avail_out;
	x->complete = code == LZMA_STREAM_END;
	if (code == LZMA_OK || code == LZMA_STREAM_END || code == LZMA_BUF_ERROR)
		return true;
	step->reason = xz_reason(code);
	return false;
}

static bool
xz_complete(const void *state)
{
	return ((const struct xz *)state)->complete;
}

static void
xz_end(void *state)
{
	struct xz *x = state;

	lzma_end(&x->lzma);
	free(x);
}
