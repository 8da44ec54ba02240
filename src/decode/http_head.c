/* SPDX-License-Identifier: ISC */
/*
 * Heads of messages: the few headers that are kept, and those that say how long a body is
 * (RFC 9112, sections 5 and 6).
 *
 * A head may be of any length: each line is looked at once and forgotten unless it is of a kind
 * that is kept, and of those there are few.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xmalloc.h"
#include "decode/http_internal.h"

/* Of all texts of a request and its response: one target and one cookie as long as can be. */
#define TEXTS_MOST (2 * HTTP_TEXT_KEPT)

enum header_kind {
	HEADER_TEXT,
	HEADER_LENGTH,
	HEADER_TRANSFER,
	HEADER_CODING,
};

struct header {
	const char *name;
	enum header_kind kind;
	enum http_text text;
	const char *join; /* between values of headers that may come more than once */
};

static const struct header OF_REQUEST[] = {
	{ "host", HEADER_TEXT, HTTP_HOST, NULL },
	{ "user-agent", HEADER_TEXT, HTTP_USER_AGENT, NULL },
	{ "referer", HEADER_TEXT, HTTP_REFERER, NULL },
	{ "cookie", HEADER_TEXT, HTTP_COOKIE, "; " },
	{ "content-type", HEADER_TEXT, HTTP_CONTENT_TYPE, NULL },
	{ "authorization", HEADER_TEXT, HTTP_AUTHORIZATION, NULL },
	{ "x-forwarded-for", HEADER_TEXT, HTTP_FORWARDED_FOR, ", " },
	{ "content-length", HEADER_LENGTH, HTTP_TEXTS, NULL },
	{ "transfer-encoding", HEADER_TRANSFER, HTTP_TEXTS, NULL },
	{ "content-encoding", HEADER_CODING, HTTP_TEXTS, NULL },
	{ NULL, HEADER_TEXT, HTTP_TEXTS, NULL },
};

static const struct header OF_RESPONSE[] = {
	{ "content-length", HEADER_LENGTH, HTTP_TEXTS, NULL },
	{ "content-type", HEADER_TEXT, HTTP_RESPONSE_TYPE, NULL },
	{ "location", HEADER_TEXT, HTTP_LOCATION, NULL },
	{ "transfer-encoding", HEADER_TRANSFER, HTTP_TEXTS, NULL },
	{ "content-encoding", HEADER_CODING, HTTP_TEXTS, NULL },
	{ NULL, HEADER_TEXT, HTTP_TEXTS, NULL },
};

bool
http_charge(const struct content_sink *sink, uint64_t more)
{
	if (sink == NULL)
		return false;
	if (*sink->memory + more > sink->memory_limit) {
		drop(sink->drops, DROP_HTTP_MEMORY);
		return false;
	}
	*sink->memory += more;
	return true;
}

void
http_discharge(const struct content_sink *sink, uint64_t less)
{
	if (sink == NULL)
		return;
	*sink->memory -= less;
}

bool
http_grow(const struct content_sink *sink, uint8_t **data, uint32_t *room, size_t size)
{
	size_t wanted = *room == 0 ? 256 : *room;

	if (size <= *room)
		return true;
	while (wanted < size)
		wanted *= 2;
	if (!http_charge(sink, wanted - *room))
		return false;
	*data = xrealloc_array(*data, wanted, 1);
	*room = (uint32_t)wanted;
	return true;
}

struct octets
http_kept(const struct http_transaction *t, enum http_text which)
{
	if (t->texts[which].size == 0)
		return (struct octets){ NULL, 0 };
	return (struct octets){ t->text + t->texts[which].at, t->texts[which].size };
}

/* Adds octets to the last text; what is too much is cut off. */
static void
append(struct http_transaction *t, const struct content_sink *sink, enum http_text which,
    struct octets more)
{
	size_t left = TEXTS_MOST - t->text_size;

	if (left > HTTP_TEXT_KEPT - t->texts[which].size)
		left = HTTP_TEXT_KEPT - t->texts[which].size;
	if (more.size > left) {
		more.size = left;
		t->flags |= HTTP_CUT;
	}
	if (more.size == 0)
		return;
	if (!http_grow(sink, &t->text, &t->text_room, t->text_size + more.size)) {
		t->flags |= HTTP_CUT;
		return;
	}
	memcpy(t->text + t->text_size, more.data, more.size);
	t->text_size += (uint32_t)more.size;
	t->texts[which].size += (uint32_t)more.size;
}

/* Makes a text the last one, so that something can be added to it. */
static void
move_to_end(struct http_transaction *t, const struct content_sink *sink, enum http_text which)
{
	uint32_t at = t->texts[which].at, size = t->texts[which].size;

	if (at + size == t->text_size)
		return;
	if (t->text_size + size > TEXTS_MOST ||
	    !http_grow(sink, &t->text, &t->text_room, t->text_size + size))
		return;
	memcpy(t->text + t->text_size, t->text + at, size);
	t->texts[which].at = t->text_size;
	t->text_size += size;
}

void
http_keep_text(struct http_transaction *t, const struct content_sink *sink, enum http_text which,
    struct octets text, const char *join)
{
	if (t->texts[which].size == 0) {
		t->texts[which].at = t->text_size;
	} else if (join == NULL) {
		/* Two that should be one (RFC 9110, section 5.3): servers differ in which counts.
		 */
		t->flags |= HTTP_MALFORMED;
		t->last = HTTP_TEXTS;
		return;
	} else {
		move_to_end(t, sink, which);
		if (t->texts[which].at + t->texts[which].size != t->text_size) {
			t->flags |= HTTP_CUT;
			t->last = HTTP_TEXTS;
			return;
		}
		append(t, sink, which, (struct octets){ (const uint8_t *)join, strlen(join) });
	}
	append(t, sink, which, text);
	t->last = (uint8_t)which;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct octets
trimmed(struct octets text)
{
	while (text.size != 0 && is_blank(text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size != 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	return text;
}

static bool
is_word(struct octets text, const char *word)
{
	return text.size == strlen(word) &&
	       strncasecmp((const char *)text.data, word, text.size) == 0;
}

static void
take_length(struct http_framing *framing, struct octets value)
{
	uint64_t length = 0;

	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] < '0' || value.data[i] > '9' || length > UINT64_MAX / 16) {
			framing->wrong = true;
			return;
		}
		length = 10 * length + (uint64_t)(value.data[i] - '0');
	}
	framing->wrong |= value.size == 0 || (framing->has_length && framing->length != length);
	if (!framing->has_length)
		framing->length = length;
	framing->has_length = true;
}

/* The last coding decides whether there are chunks (RFC 9112, section 6.3). */
static void
take_transfer(struct http_framing *framing, struct octets value)
{
	const uint8_t *comma = memrchr(value.data, ',', value.size);
	struct octets last = value;

	if (comma != NULL)
		last = trimmed(
		    (struct octets){ comma + 1, (size_t)(value.data + value.size - comma - 1) });
	framing->chunked = is_word(last, "chunked");
	framing->wrong |= !framing->chunked && !is_word(last, "identity");
}

static uint8_t
coding_of(struct octets value)
{
	if (value.size == 0 || is_word(value, "identity"))
		return HTTP_IDENTITY;
	if (is_word(value, "gzip") || is_word(value, "x-gzip"))
		return HTTP_GZIP;
	return is_word(value, "deflate") ? HTTP_DEFLATE : HTTP_CODING_UNKNOWN;
}

static const struct header *
header_of(struct octets name, bool response)
{
	const struct header *h = response ? OF_RESPONSE : OF_REQUEST;

	for (; h->name != NULL; h++)
		if ((name.data[0] | 0x20) == h->name[0] && is_word(name, h->name))
			return h;
	return NULL;
}

/* A line that goes on with the one before it (RFC 9112, section 5.2). */
static void
take_folded(struct http_transaction *t, const struct content_sink *sink, struct octets line)
{
	t->flags |= HTTP_MALFORMED;
	if (t->last == HTTP_TEXTS || t->texts[t->last].size == 0)
		return;
	append(t, sink, t->last, (struct octets){ (const uint8_t *)" ", 1 });
	append(t, sink, t->last, trimmed(line));
}

void
http_header(struct http_transaction *t, const struct content_sink *sink,
    struct http_framing *framing, struct octets line, bool response)
{
	const uint8_t *colon = memchr(line.data, ':', line.size);
	struct octets name = { line.data, colon != NULL ? (size_t)(colon - line.data) : 0 }, value;
	const struct header *h;

	if (is_blank(line.data[0])) {
		take_folded(t, sink, line);
		return;
	}
	t->last = HTTP_TEXTS;
	while (name.size != 0 && is_blank(name.data[name.size - 1])) {
		name.size--;
		t->flags |= HTTP_MALFORMED;
	}
	if (name.size == 0) {
		t->flags |= HTTP_MALFORMED;
		return;
	}
	h = header_of(name, response);
	if (h == NULL)
		return;
	value = trimmed((struct octets){ colon + 1, (size_t)(line.data + line.size - colon - 1) });
	switch (h->kind) {
	case HEADER_TEXT: http_keep_text(t, sink, h->text, value, h->join); break;
	case HEADER_LENGTH: take_length(framing, value); break;
	case HEADER_TRANSFER: take_transfer(framing, value); break;
	case HEADER_CODING:
		(response ? &t->response : &t->request)->coding = coding_of(value);
		break;
	}
}
