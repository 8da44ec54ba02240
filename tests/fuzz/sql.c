/* SPDX-License-Identifier: ISC */
/*
 * The SQL injection engine: tokens, rules, codings, and the values of a request whose parts are the
 * input's.  The first octet says what kind of body it is.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/security/sql_decode.h"
#include "analysis/security/sql_request.h"
#include "analysis/security/sql_tokens.h"
#include "base/xmalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

/* A copy that ends where its allocation ends, so that sanitizers see each octet too many. */
static uint8_t *
copy_of(const uint8_t *data, size_t size)
{
	uint8_t *copy = xmalloc(size > 0 ? size : 1);

	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

/* Tokens lie in the text, in order, and do not overlap. */
static void
read_tokens(const uint8_t *text, size_t size)
{
	for (unsigned k = 0; k < 6; k++) {
		struct sql_token t = { 0 };
		uint8_t quote = k / 2 == 1 ? '\'' : k / 2 == 2 ? '"' : 0;
		struct sql_lexer l = sql_lexer_new(text, size, k % 2, quote, &t);
		uint32_t at = quote != 0 ? t.end : 0;
		for (t = sql_lexer_next(&l); t.type != SQL_END; t = sql_lexer_next(&l)) {
			require(t.begin >= at && t.end > t.begin && t.end <= size);
			at = t.end;
		}
	}
}

static void
decode(const uint8_t *text, size_t size)
{
	uint8_t *room = xmalloc(size > 0 ? size : 1);

	require(sql_decode_percent(text, size, true, room) <= size);
	require(sql_decode_entities(text, size, room) <= size);
	require(sql_decode_json(text, size, room) <= size);
	require(sql_decode_base64(text, size, room) <= size);
	free(room);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const TYPES[] = { "application/x-www-form-urlencoded",
		"application/json", "text/xml", "multipart/form-data; boundary=x", "" };
	static struct sql_reader reader; /* its buffers are large */
	struct hash_secret secret = { 1, 2 };
	struct sql_hit hit;
	struct http_request q = { .time = 0 };
	const char *type;
	uint8_t *copy;

	if (size == 0 || size > HTTP_TEXT_KEPT)
		return 0;
	type = TYPES[data[0] % 5];
	copy = copy_of(data + 1, --size);
	read_tokens(copy, size);
	decode(copy, size);
	require(sql_judge(copy, size).score <= 10);
	q.target = q.cookie = q.user_agent = q.referer = q.forwarded_for = q.body =
	    (struct octets){ copy, size };
	q.authorization = (struct octets){ copy, size };
	q.content_type = (struct octets){ (const uint8_t *)type, strlen(type) };
	if (reader.seen == NULL)
		sql_reader_init(&reader, &secret);
	require(sql_request_judge(&reader, &q, &hit) == (hit.verdict.score >= SQL_SUSPICIOUS));
	free(copy);
	return 0;
}
