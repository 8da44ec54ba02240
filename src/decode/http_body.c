/* SPDX-License-Identifier: ISC */
/*
 * Bodies: their beginnings are kept as they were sent, and a content coding is undone when the
 * request is delivered.
 *
 * So a connection holds no inflater, and a body that inflates a thousandfold costs what any other
 * does: no more octets are made than are kept.  Almost nothing is lost by it: data that
 * do not compress grow by 5 octets in 64 KiB (RFC 1951, section 3.2.4).
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/xmalloc.h"
#include "decode/http_internal.h"

#define GZIP_WINDOW 31 /* the largest window, behind a gzip header */
#define ZLIB_WINDOW 15
#define RAW_WINDOW  (-15)

void
http_body_take(struct http_body *body, const struct content_sink *sink, const uint8_t *data,
    size_t size, size_t most)
{
	size_t wanted = most - body->size < size ? most - body->size : size;

	body->octets += size;
	if (body->closed) {
		body->cut = true;
		return;
	}
	if (wanted != 0 && http_grow(sink, &body->data, &body->room, body->size + wanted)) {
		memcpy(body->data + body->size, data, wanted);
		body->size += (uint32_t)wanted;
	} else {
		wanted = 0;
	}
	body->closed = body->cut = wanted < size;
}

void
http_body_skip(struct http_body *body, uint64_t size)
{
	body->octets += size;
	body->closed = body->cut = true;
}

void
http_body_release(struct http_body *body, const struct content_sink *sink)
{
	http_discharge(sink, body->room);
	free(body->data);
}

/* "deflate" is a zlib stream (RFC 9110, section 8.4.1.2), but some send the raw one. */
static int
window_of(const struct http_body *body)
{
	if (body->coding == HTTP_GZIP)
		return GZIP_WINDOW;
	if (body->size >= 2 && (body->data[0] & 0x0f) == Z_DEFLATED &&
	    (256U * body->data[0] + body->data[1]) % 31 == 0)
		return ZLIB_WINDOW;
	return RAW_WINDOW;
}

/* How many octets were made before the end, damage, or the room's end. */
static size_t
undo(const struct http_body *body, uint8_t *to, size_t most, uint16_t *flags)
{
	z_stream z = { .next_in = body->data, .avail_in = body->size };
	int result;

	z.next_out = to;
	z.avail_out = (uInt)most;
	if (inflateInit2(&z, window_of(body)) != Z_OK)
		return 0;
	result = inflate(&z, Z_SYNC_FLUSH);
	if (result == Z_OK && z.avail_out == 0)
		*flags |= HTTP_CUT;
	else if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		*flags |= HTTP_MALFORMED;
	(void)inflateEnd(&z);
	return most - z.avail_out;
}

struct octets
http_body_content(const struct http_body *body, size_t most, uint16_t *flags, uint8_t **ret_made,
    struct drop_counters *drops)
{
	size_t size;

	*ret_made = NULL;
	if (body->cut)
		*flags |= HTTP_CUT;
	if (body->size == 0)
		return (struct octets){ NULL, 0 };
	if (body->coding == HTTP_GZIP || body->coding == HTTP_DEFLATE) {
		*ret_made = xmalloc(most);
		size = undo(body, *ret_made, most, flags);
		if (size != 0)
			return (struct octets){ *ret_made, size };
		drop(drops, DROP_HTTP_CODING);
	}
	if (body->coding != HTTP_IDENTITY)
		*flags |= HTTP_BODY_CODED;
	return (struct octets){ body->data, body->size };
}

bool
http_chunk_size(struct octets line, uint64_t *ret_size)
{
	uint64_t size = 0;
	size_t i;

	for (i = 0; i < line.size; i++) {
		uint8_t c = line.data[i] | 0x20;

		if (line.data[i] >= '0' && line.data[i] <= '9')
			size = 16 * size + (uint64_t)(line.data[i] - '0');
		else if (c >= 'a' && c <= 'f')
			size = 16 * size + (uint64_t)(c - 'a') + 10;
		else
			break;
		if (size > UINT64_MAX / 32)
			return false;
	}
	*ret_size = size;
	return i != 0 && (i == line.size || line.data[i] == ';' || line.data[i] == ' ' ||
			     line.data[i] == '\t');
}
