/* SPDX-License-Identifier: ISC */
/* The values of a request, and their codings; see sql_request.h. */
#include "analysis/security/sql_request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analysis/security/sql_body.h"
#include "analysis/security/sql_decode.h"
#include "base/bytes.h"
#include "base/xmalloc.h"

#define BUFFER_SIZE HTTP_TEXT_KEPT
/* NOLINTNEXTLINE(misc-redundant-expression): the two are the same only today */
_Static_assert(HTTP_BODY_KEPT <= BUFFER_SIZE, "a body fits into a buffer");

void
sql_reader_init(struct sql_reader *r, const struct hash_secret *secret)
{
	*r = (struct sql_reader){ .secret = *secret };
	for (unsigned i = 0; i < SQL_BUFFERS; i++)
		r->buffers[i] = xmalloc(BUFFER_SIZE);
	r->seen = xcalloc(SQL_SEEN, sizeof *r->seen);
}

void
sql_reader_release(struct sql_reader *r)
{
	for (unsigned i = 0; i < SQL_BUFFERS; i++)
		free(r->buffers[i]);
	free(r->seen);
	*r = (struct sql_reader){ .seen = NULL };
}

const char *
sql_place_name(enum sql_place place)
{
	static const char *const NAMES[SQL_PLACES] = { "query", "path", "cookie", "form", "json",
		"multipart", "xml", "referer", "user-agent", "x-forwarded-for", "authorization" };

	return NAMES[place < SQL_PLACES ? place : SQL_IN_QUERY];
}

/* ------------------------------------------------------------------ one value */

/* What an octet of a value means before it is decoded. */
enum raw {
	RAW_SIGN = 1,    /* a space, a sign, something coded: must be looked at */
	RAW_NOT_64 = 2,  /* never in base64 */
	RAW_PERCENT = 4, /* a percent sign, or an octet beyond ASCII */
};

/* By octet, 32 a line: '0' and a set of enum raw. */
/* clang-format off */
static const char RAW[257] =
	"33333333333333333333333333333333"
	"33332733333120200000000000233133"
	"30000000000000000000000000033330"
	"30000000000000000000000000033323"
	"77777777777777777777777777777777"
	"77777777777777777777777777777777"
	"77777777777777777777777777777777"
	"77777777777777777777777777777777";
/* clang-format on */

static unsigned
raw_of(const uint8_t *text, size_t size)
{
	unsigned raw = 0;

	for (size_t i = 0; i < size; i++)
		raw |= (unsigned char)RAW[text[i]];
	return raw & 7;
}

/* Judges a decoded text, and keeps it when it is the worst. */
static void
judge(struct sql_reader *r, const uint8_t *text, size_t size, unsigned codings)
{
	struct sql_verdict v = sql_judge(text, size);
	struct sql_hit *hit = r->hit;

	if (v.score > r->cap)
		v.score = r->cap;
	if (v.score > r->worst)
		r->worst = v.score;
	if (v.score > r->highest)
		r->highest = v.score;
	if (v.score < SQL_SUSPICIOUS || v.score <= hit->verdict.score)
		return;
	r->kept = true;
	hit->verdict = v;
	hit->codings = (uint8_t)codings;
	hit->payload_whole = (uint32_t)size;
	hit->payload_size = (uint16_t)(size < SQL_PAYLOAD_KEPT ? size : SQL_PAYLOAD_KEPT);
	memcpy(hit->payload, text, hit->payload_size);
}

/* Entities and base64 of a text whose percent signs are gone; uses the last two buffers. */
static void
judge_codings(struct sql_reader *r, const uint8_t *text, size_t size, unsigned codings)
{
	size_t decoded;

	judge(r, text, size, codings);
	if (size > BUFFER_SIZE)
		size = BUFFER_SIZE;
	if (sql_has_entities(text, size)) {
		decoded = sql_decode_entities(text, size, r->buffers[2]);
		judge(r, r->buffers[2], decoded, codings | SQL_ENTITIES);
	}
	decoded = size >= SQL_BASE64_LEAST ? sql_decode_base64(text, size, r->buffers[2]) : 0;
	if (decoded > 0 && sql_has_percent(r->buffers[2], decoded)) {
		decoded = sql_decode_percent(r->buffers[2], decoded, true, r->buffers[3]);
		judge(r, r->buffers[3], decoded, codings | SQL_BASE64 | SQL_PERCENT_TWICE);
	} else if (decoded > 0) {
		judge(r, r->buffers[2], decoded, codings | SQL_BASE64);
	}
}

static void
judge_value(struct sql_reader *r, const uint8_t *value, size_t size, bool plus)
{
	unsigned raw = raw_of(value, size);
	size_t decoded;

	if ((raw & RAW_SIGN) == 0 && ((raw & RAW_NOT_64) != 0 || size < SQL_BASE64_LEAST))
		return;
	if (size > BUFFER_SIZE)
		size = BUFFER_SIZE;
	/* Base64 uses '+' itself. */
	if ((raw & RAW_NOT_64) == 0 && size >= SQL_BASE64_LEAST)
		judge_codings(r, value, size, 0);
	if ((raw & RAW_SIGN) == 0)
		return;
	decoded = sql_decode_percent(value, size, plus, r->buffers[0]);
	judge_codings(r, r->buffers[0], decoded, (raw & RAW_PERCENT) != 0 ? SQL_PERCENT : 0);
	if ((raw & RAW_PERCENT) != 0 && sql_has_percent(r->buffers[0], decoded)) {
		decoded = sql_decode_percent(r->buffers[0], decoded, plus, r->buffers[1]);
		judge_codings(r, r->buffers[1], decoded, SQL_PERCENT | SQL_PERCENT_TWICE);
	}
}

bool
sql_value_judge(
    struct sql_reader *r, const uint8_t *value, size_t size, bool plus, struct sql_hit *ret_hit)
{
	*ret_hit = (struct sql_hit){ .values = 0 };
	r->hit = ret_hit;
	r->cap = UINT8_MAX;
	judge_value(r, value, size, plus);
	return ret_hit->verdict.score >= SQL_SUSPICIOUS;
}

/* ------------------------------------------------------------------ values of a request */

void
sql_reader_value(struct sql_reader *r, enum sql_place place, const struct octets *name,
    const struct octets *value, bool plus)
{
	struct sql_hit *hit = r->hit;

	r->worst = 0;
	r->kept = false;
	judge_value(r, value->data, value->size, plus);
	if (r->worst >= SQL_ATTACK && hit->values < UINT16_MAX)
		hit->values++;
	if (!r->kept)
		return;
	hit->place = (uint8_t)place;
	hit->name_size = (uint8_t)(name->size < SQL_NAME_KEPT ? name->size : SQL_NAME_KEPT);
	if (hit->name_size > 0)
		memcpy(hit->name, name->data, hit->name_size);
}

static const uint8_t *
find(const uint8_t *from, const uint8_t *end, int octet)
{
	const uint8_t *at = from < end ? memchr(from, octet, (size_t)(end - from)) : NULL;

	return at != NULL ? at : end;
}

/* Whether a name has what a mere name has not: then the payload may lie in it. */
static bool
is_odd(const uint8_t *name, const uint8_t *end)
{
	return (raw_of(name, (size_t)(end - name)) & RAW_SIGN) != 0;
}

static void
read_pair(struct sql_reader *r, enum sql_place place, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *sign = find(at, end, '=');
	bool plus = place != SQL_IN_COOKIE;
	struct octets name = { at, (size_t)(sign - at) }, value = { sign, 0 };

	if (sign < end)
		value = (struct octets){ sign + 1, (size_t)(end - sign - 1) };
	else
		value = name;
	sql_reader_value(r, place, &name, &value, plus);
	if (sign < end && is_odd(at, sign))
		sql_reader_value(r, place, &name, &(struct octets){ at, (size_t)(end - at) }, plus);
}

void
sql_reader_pairs(
    struct sql_reader *r, enum sql_place place, const struct octets *text, int separator)
{
	const uint8_t *at = text->data, *end = text->data + text->size;

	while (at < end) {
		const uint8_t *next = find(at, end, separator);
		while (at < next && *at == ' ')
			at++;
		read_pair(r, place, at, next);
		at = next + 1;
	}
}

/* ------------------------------------------------------------------ the request line */

static void
read_path(struct sql_reader *r, enum sql_place place, const uint8_t *at, const uint8_t *end)
{
	struct octets name = { at, 0 }, whole = { at, (size_t)(end - at) };
	unsigned signs = 0;

	while (at < end) {
		const uint8_t *next = find(at, end, '/');
		struct octets segment = { at, (size_t)(next - at) };
		if ((raw_of(at, segment.size) & RAW_SIGN) != 0) {
			sql_reader_value(r, place, &name, &segment, false);
			signs++;
		}
		at = next + 1;
	}
	/* A comment between stars falls into segments. */
	if (signs > 1)
		sql_reader_value(r, place, &name, &whole, false);
}

/* A target or an address: its path and its query. */
static void
read_target(
    struct sql_reader *r, const struct octets *target, enum sql_place path, enum sql_place query)
{
	const uint8_t *at = target->data, *end = at + target->size;
	const uint8_t *mark = find(at, end, '?'), *colon = find(at, mark, ':');

	if (mark - colon > 2 && colon[1] == '/' && colon[2] == '/')
		at = find(colon + 3, mark, '/');
	read_path(r, path, at, mark);
	if (mark < end)
		sql_reader_pairs(
		    r, query, &(struct octets){ mark + 1, (size_t)(end - mark - 1) }, '&');
}

/* ------------------------------------------------------------------ headers */

static uint64_t
hash_text(const struct sql_reader *r, enum sql_place place, const struct octets *text)
{
	uint64_t h = r->secret.k0 ^ place, words[2] = { 0, text->size };
	size_t i = 0;

	for (; i + 8 <= text->size; i += 8)
		h = hash_mix64(h ^ le64(text->data + i)) + r->secret.k1;
	if (i < text->size)
		memcpy(words, text->data + i, text->size - i);
	words[0] ^= h;
	return hash_words(&r->secret, words, 2) | 1;
}

/*
 * Whether this very text was seen and found ordinary: browsers send the same headers again and
 * again.  Remembering is no more than saving work; two texts that hash alike would be the only
 * harm.
 */
static bool
is_known(const struct sql_reader *r, uint64_t hash)
{
	return r->seen[hash >> 32 & (SQL_SEEN - 1)] == hash;
}

static void
read_header(struct sql_reader *r, enum sql_place place, const struct octets *text)
{
	struct octets name = { text->data, 0 };
	uint64_t hash;

	if (text->size == 0)
		return;
	hash = hash_text(r, place, text);
	if (is_known(r, hash))
		return;
	r->highest = 0;
	if (place == SQL_IN_REFERER)
		read_target(r, text, place, place);
	else
		sql_reader_value(r, place, &name, text, false);
	if (r->highest == 0)
		r->seen[hash >> 32 & (SQL_SEEN - 1)] = hash;
}

/*
 * Whether the Referer is an address of the same host, or nobody says which host this is.  The
 * payload in it then is that of the request before, told by the attacker's browser on its way
 * through the site: suspicious, but not another attack.
 */
static bool
is_own_page(const struct http_request *q)
{
	const uint8_t *at = q->referer.data, *end = at + q->referer.size, *name;
	size_t scheme = q->referer.size > 8 && strncasecmp((const char *)at, "http://", 7) == 0 ? 7
			: q->referer.size > 8 && strncasecmp((const char *)at, "https://", 8) == 0
			    ? 8
			    : 0;

	if (scheme == 0)
		return false;
	name = at + scheme;
	end = find(name, end, '/');
	return q->host.size == 0 ||
	       ((size_t)(end - name) == q->host.size &&
		   strncasecmp((const char *)name, (const char *)q->host.data, q->host.size) == 0);
}

/* "Basic" and base64 of "user:password". */
static void
read_authorization(struct sql_reader *r, const struct octets *text)
{
	static const struct octets USER = { (const uint8_t *)"user", 4 };
	static const struct octets PASSWORD = { (const uint8_t *)"password", 8 };
	uint8_t *out = r->buffers[4];
	const uint8_t *colon;
	size_t size;

	if (text->size < 7 || text->size > BUFFER_SIZE ||
	    strncasecmp((const char *)text->data, "basic ", 6) != 0)
		return;
	size = sql_decode_base64(text->data + 6, text->size - 6, out);
	colon = find(out, out + size, ':');
	sql_reader_value(
	    r, SQL_IN_AUTHORIZATION, &USER, &(struct octets){ out, (size_t)(colon - out) }, false);
	if (colon < out + size)
		sql_reader_value(r, SQL_IN_AUTHORIZATION, &PASSWORD,
		    &(struct octets){ colon + 1, (size_t)(out + size - colon - 1) }, false);
}

bool
sql_request_judge(struct sql_reader *r, const struct http_request *request, struct sql_hit *ret_hit)
{
	ret_hit->verdict = (struct sql_verdict){ .score = 0 };
	ret_hit->values = 0;
	r->hit = ret_hit;
	r->worst = 0;
	r->cap = UINT8_MAX;
	if (request->target.size > 0)
		read_target(r, &request->target, SQL_IN_PATH, SQL_IN_QUERY);
	if (request->cookie.size > 0)
		sql_reader_pairs(r, SQL_IN_COOKIE, &request->cookie, ';');
	if (request->body.size > 0 && (request->flags & HTTP_BODY_CODED) == 0)
		sql_body_read(r, request);
	if (is_own_page(request))
		r->cap = SQL_ATTACK - 1;
	read_header(r, SQL_IN_REFERER, &request->referer);
	r->cap = UINT8_MAX;
	read_header(r, SQL_IN_USER_AGENT, &request->user_agent);
	read_header(r, SQL_IN_FORWARDED, &request->forwarded_for);
	if (request->authorization.size > 0)
		read_authorization(r, &request->authorization);
	return ret_hit->verdict.score >= SQL_SUSPICIOUS;
}
