/* SPDX-License-Identifier: ISC */
/* Pieces of a line of a web log; see web_text.h. */
#include "source/web_text.h"

#include <string.h>

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool
web_word(struct web_text *t, struct web_text *ret_word)
{
	while (t->at < t->end && is_blank(*t->at))
		t->at++;
	ret_word->at = t->at;
	while (t->at < t->end && !is_blank(*t->at))
		t->at++;
	ret_word->end = t->at;
	return ret_word->at < ret_word->end;
}

bool
web_number(const struct web_text *t, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (web_left(t) == 0 || web_left(t) > 19)
		return false;
	for (const uint8_t *p = t->at; p < t->end; p++) {
		if (!is_digit(*p))
			return false;
		number = 10 * number + (uint64_t)(*p - '0');
	}
	*ret_number = number;
	return true;
}

bool
web_seconds(const struct web_text *t, uint64_t *ret_duration)
{
	const uint8_t *point = web_left(t) != 0 ? memchr(t->at, '.', web_left(t)) : NULL;
	struct web_text whole = { t->at, point != NULL ? point : t->end };
	uint64_t seconds, fraction = 0, unit = (uint64_t)NSEC_PER_SEC;

	if (!web_number(&whole, &seconds) || seconds > 1000000000)
		return false;
	if (point != NULL) {
		struct web_text digits = { point + 1, t->end };

		if (web_left(&digits) > 9 || !web_number(&digits, &fraction))
			return false;
		for (size_t i = 0; i < web_left(&digits); i++)
			unit /= 10;
		fraction *= unit;
	}
	*ret_duration = seconds * (uint64_t)NSEC_PER_SEC + fraction;
	return true;
}

/* "192.0.2.1" and nothing else; the usual case, so done here. */
static bool
read_ipv4(const struct web_text *t, struct address *ret_address)
{
	uint8_t octets[4];
	const uint8_t *p = t->at;

	for (unsigned i = 0; i < 4; i++) {
		unsigned number = 0, digits = 0;

		for (; p < t->end && is_digit(*p) && digits < 3; p++, digits++)
			number = 10 * number + (unsigned)(*p - '0');
		if (digits == 0 || number > 255 || (i < 3 && (p == t->end || *p++ != '.')))
			return false;
		octets[i] = (uint8_t)number;
	}
	if (p != t->end)
		return false;
	*ret_address = address_from_ipv4(octets);
	return true;
}

static bool
read_ipv6(const struct web_text *t, struct address *ret_address)
{
	char text[ADDRESS_TEXT_SIZE];
	const uint8_t *zone = memchr(t->at, '%', web_left(t));
	size_t size = zone != NULL ? (size_t)(zone - t->at) : web_left(t);

	if (size < 2 || size >= sizeof text || memchr(t->at, ':', size) == NULL)
		return false;
	memcpy(text, t->at, size);
	text[size] = '\0';
	return address_parse(text, ret_address) == ERR_OK;
}

static bool
read_port(struct web_text digits, uint16_t *ret_port)
{
	uint64_t number;

	if (!web_number(&digits, &number) || number > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)number;
	return true;
}

bool
web_address(const struct web_text *t, struct address *ret_address, uint16_t *ret_port)
{
	struct web_text inner = *t;
	const uint8_t *colon;

	*ret_port = 0;
	if (web_left(t) == 0 || read_ipv4(t, ret_address))
		return web_left(t) != 0;
	if (*t->at == '[') {
		const uint8_t *close = memchr(t->at, ']', web_left(t));

		if (close == NULL || (close + 1 < t->end && close[1] != ':'))
			return false;
		inner = (struct web_text){ t->at + 1, close };
		return web_left(&inner) != 0 && read_ipv6(&inner, ret_address) &&
		       (close + 1 == t->end ||
			   read_port((struct web_text){ close + 2, t->end }, ret_port));
	}
	if (read_ipv6(t, ret_address))
		return true;
	colon = memchr(t->at, ':', web_left(t));
	if (colon == NULL)
		return false;
	inner.end = colon;
	return read_ipv4(&inner, ret_address) &&
	       read_port((struct web_text){ colon + 1, t->end }, ret_port);
}

void
web_client(const struct web_text *word, struct http_request *request)
{
	if (web_is_nothing(word) || web_address(word, &request->client, &request->client_port))
		return;
	request->flags |= HTTP_CLIENT_NAMED;
	request->client_name = web_octets(word);
}

static int
hex_digit(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * What Apache and nginx write for octets that they do not write as they are: \" \\ \n \xHH.  A
 * backslash before anything else was not written by them, and is one.
 */
static uint8_t
unescape_one(const uint8_t **p, const uint8_t *end)
{
	static const char NAMES[] = "n\nr\rt\tb\bv\vf\f\"\"\\\\";
	const uint8_t *at = *p + 1;
	int high, low;

	*p = at;
	if (at == end)
		return '\\';
	if (*at == 'x' && end - at >= 3) {
		high = hex_digit(at[1]);
		low = hex_digit(at[2]);
		if (high >= 0 && low >= 0) {
			*p = at + 3;
			return (uint8_t)(16 * high + low);
		}
	}
	for (size_t i = 0; i < sizeof NAMES - 1; i += 2)
		if (*at == (uint8_t)NAMES[i]) {
			*p = at + 1;
			return (uint8_t)NAMES[i + 1];
		}
	return '\\';
}

struct octets
web_unescape(const struct web_text *quoted, struct log_line *line)
{
	uint8_t *to = line->room + line->room_used, *begin = to;

	if (web_is_nothing(quoted) || memchr(quoted->at, '\\', web_left(quoted)) == NULL)
		return web_octets(quoted);
	for (const uint8_t *p = quoted->at; p < quoted->end;) {
		if (*p == '\\')
			*to++ = unescape_one(&p, quoted->end);
		else
			*to++ = *p++;
	}
	line->room_used += (size_t)(to - begin);
	return (struct octets){ begin, (size_t)(to - begin) };
}
