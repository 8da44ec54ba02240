/* SPDX-License-Identifier: ISC */
/*
 * Bodies of requests: forms, JSON (RFC 8259), multipart (RFC 7578), XML.
 *
 * Nothing is validated: an application may be more lenient than any parser, so every string and
 * every text is a value, wherever it stands.
 */
#include "analysis/security/sql_body.h"

#include <string.h>

#include "analysis/security/sql_decode.h"

#define BOUNDARY_MOST 70  /* RFC 2046 section 5.1.1 */
#define PARTS_MOST    256 /* of a multipart body */
#define STRINGS_MOST  4096

static bool
contains(const struct octets *text, const char *word)
{
	return text->size > 0 && memmem(text->data, text->size, word, strlen(word)) != NULL;
}

/* ------------------------------------------------------------------ JSON */

/* Where the string ends that begins behind a quote at `at`. */
static const uint8_t *
end_of_string(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at != '"')
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	return at;
}

static void
read_json(struct sql_reader *r, const struct octets *text)
{
	const uint8_t *at = text->data, *end = at + text->size;
	struct octets name = { at, 0 };

	for (unsigned k = 0; at < end && k < STRINGS_MOST; k++) {
		const uint8_t *begin = memchr(at, '"', (size_t)(end - at)), *next;
		struct octets value;
		if (begin == NULL)
			break;
		at = end_of_string(++begin, end);
		value = (struct octets){ begin, (size_t)(at - begin) };
		for (next = at < end ? at + 1 : end; next < end && *next <= ' ';)
			next++;
		if (next < end && *next == ':') {
			name = value;
		} else {
			value.data = r->buffers[4];
			value.size = sql_decode_json(begin, value.size, r->buffers[4]);
			sql_reader_value(r, SQL_IN_JSON, &name, &value, false);
		}
		at = at < end ? at + 1 : end;
	}
}

/* ------------------------------------------------------------------ multipart */

/* The value of name="…" in the headers of a part. */
static struct octets
name_of(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *name = memmem(at, (size_t)(end - at), "name=\"", 6), *quote;

	if (name == NULL)
		return (struct octets){ at, 0 };
	name += 6;
	quote = memchr(name, '"', (size_t)(end - name));
	return (struct octets){ name, (size_t)((quote != NULL ? quote : end) - name) };
}

static void
read_part(struct sql_reader *r, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *blank = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
	struct octets headers, name, value;

	if (blank == NULL)
		return;
	headers = (struct octets){ at, (size_t)(blank - at) };
	name = name_of(at, blank);
	value = (struct octets){ blank + 4, (size_t)(end - blank - 4) };
	while (value.size > 0 &&
	       (value.data[value.size - 1] == '\n' || value.data[value.size - 1] == '\r'))
		value.size--;
	sql_reader_value(r, SQL_IN_MULTIPART, &name, &name, false);
	/* A file's content goes to no statement; its name may. */
	if (contains(&headers, "filename=\"")) {
		const uint8_t *file = memmem(at, headers.size, "filename=\"", 10);
		value = name_of(file, blank);
	}
	sql_reader_value(r, SQL_IN_MULTIPART, &name, &value, false);
}

/* The boundary with its leading dashes; 0 when the content type has none. */
static size_t
read_boundary(const struct octets *type, uint8_t ret_boundary[BOUNDARY_MOST + 2])
{
	const uint8_t *at = memmem(type->data, type->size, "boundary=", 9);
	const uint8_t *end = type->data + type->size;
	size_t size = 2;

	if (at == NULL)
		return 0;
	at += 9;
	at += at < end && *at == '"';
	ret_boundary[0] = ret_boundary[1] = '-';
	while (at < end && *at != '"' && *at != ';' && *at > ' ' && size < BOUNDARY_MOST + 2)
		ret_boundary[size++] = *at++;
	return size > 2 ? size : 0;
}

static void
read_multipart(struct sql_reader *r, const struct octets *type, const struct octets *body)
{
	uint8_t boundary[BOUNDARY_MOST + 2];
	size_t size = read_boundary(type, boundary);
	const uint8_t *at, *end = body->data + body->size;

	if (size == 0)
		return;
	at = memmem(body->data, body->size, boundary, size);
	for (unsigned k = 0; at != NULL && k < PARTS_MOST; k++) {
		const uint8_t *next;
		at += size;
		next = memmem(at, (size_t)(end - at), boundary, size);
		read_part(r, at, next != NULL ? next : end);
		at = next;
	}
}

/* ------------------------------------------------------------------ XML */

/* The values of a tag's attributes. */
static void
read_attributes(struct sql_reader *r, const uint8_t *at, const uint8_t *end)
{
	struct octets name = { at, 0 };

	while (at < end) {
		const uint8_t *begin = at;
		struct octets value;
		while (begin < end && *begin != '"' && *begin != '\'')
			begin++;
		if (begin == end)
			return;
		at = memchr(begin + 1, *begin, (size_t)(end - begin - 1));
		if (at == NULL)
			at = end;
		value = (struct octets){ begin + 1, (size_t)(at - begin - 1) };
		sql_reader_value(r, SQL_IN_XML, &name, &value, false);
		at = at < end ? at + 1 : end;
	}
}

/* Where the tag ends that begins at `at`: quotes may hold its sign. */
static const uint8_t *
end_of_tag(const uint8_t *at, const uint8_t *end)
{
	uint8_t quote = 0;

	for (; at < end && (quote != 0 || *at != '>'); at++) {
		if (quote == 0 && (*at == '"' || *at == '\''))
			quote = *at;
		else if (*at == quote)
			quote = 0;
	}
	return at;
}

static void
read_xml(struct sql_reader *r, const struct octets *text)
{
	static const char CDATA[] = "<![CDATA[";
	const uint8_t *at = text->data, *end = at + text->size;
	struct octets name = { at, 0 };

	for (unsigned k = 0; at < end && k < STRINGS_MOST; k++) {
		const uint8_t *tag = memchr(at, '<', (size_t)(end - at)), *next;
		if (tag == NULL)
			tag = end;
		if (tag > at) {
			struct octets value = { at, (size_t)(tag - at) };
			sql_reader_value(r, SQL_IN_XML, &name, &value, false);
		}
		if (tag == end)
			return;
		if ((size_t)(end - tag) > sizeof CDATA &&
		    memcmp(tag, CDATA, sizeof CDATA - 1) == 0) {
			struct octets value = { tag + sizeof CDATA - 1, 0 };
			next = memmem(value.data, (size_t)(end - value.data), "]]>", 3);
			value.size = (size_t)((next != NULL ? next : end) - value.data);
			sql_reader_value(r, SQL_IN_XML, &name, &value, false);
			at = next != NULL ? next + 3 : end;
			continue;
		}
		next = end_of_tag(tag, end);
		name = (struct octets){ tag + 1, (size_t)(next - tag - 1) };
		read_attributes(r, tag, next);
		at = next < end ? next + 1 : end;
	}
}

/* ------------------------------------------------------------------ the body */

void
sql_body_read(struct sql_reader *r, const struct http_request *request)
{
	const struct octets *type = &request->content_type;
	struct octets body = request->body;

	if (body.size > HTTP_BODY_KEPT)
		body.size = HTTP_BODY_KEPT;
	if (contains(type, "multipart/"))
		read_multipart(r, type, &body);
	else if (contains(type, "json") || body.data[0] == '{' || body.data[0] == '[')
		read_json(r, &body);
	else if (contains(type, "xml") || body.data[0] == '<')
		read_xml(r, &body);
	else if (type->size == 0 || contains(type, "urlencoded") || contains(type, "text/plain"))
		sql_reader_pairs(r, SQL_IN_FORM, &body, '&');
}
