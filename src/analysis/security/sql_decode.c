/* SPDX-License-Identifier: ISC */
/* Codings of payloads; see sql_decode.h. */
#include "analysis/security/sql_decode.h"

#include <string.h>
#include <strings.h>

/* The value of a hexadecimal digit, or -1. */
static int
digit_of(uint8_t octet)
{
	if (octet >= '0' && octet <= '9')
		return octet - '0';
	octet |= 0x20;
	return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* `count` hexadecimal digits at `in`, which must be there; -1 when they are not. */
static int32_t
hex_of(const uint8_t *in, unsigned count)
{
	int32_t value = 0;

	for (unsigned i = 0; i < count; i++) {
		int digit = digit_of(in[i]);
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* ASCII for characters that databases and frameworks fold to it. */
static uint32_t
fold_character(uint32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e)
		return c - 0xff01 + '!';
	switch (c) {
	case 0x02b9:
	case 0x02bc:
	case 0x02c8:
	case 0x2018:
	case 0x2019:
	case 0x2032: return '\'';
	case 0x02ba:
	case 0x201c:
	case 0x201d:
	case 0x2033: return '"';
	default: return c;
	}
}

/* As UTF-8, in at most three octets (characters of the first plane). */
static size_t
put_character(uint32_t c, uint8_t *out)
{
	c = fold_character(c);
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	out[0] = (uint8_t)(0xe0 | c >> 12);
	out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c & 0x3f));
	return 3;
}

/* Folds the characters of UTF-8 that stand for ASCII, in place. */
static size_t
fold_text(uint8_t *text, size_t size)
{
	size_t to = 0;

	for (size_t i = 0; i < size;) {
		uint8_t c = text[i];
		if ((c == 0xc0 || c == 0xc1) && i + 1 < size && (text[i + 1] & 0xc0) == 0x80) {
			text[to++] = (uint8_t)((c & 3) << 6 | (text[i + 1] & 0x3f)); /* overlong */
			i += 2;
		} else if ((c & 0xe0) == 0xc0 && i + 1 < size && (text[i + 1] & 0xc0) == 0x80) {
			uint32_t wide = (uint32_t)(c & 0x1f) << 6 | (text[i + 1] & 0x3f);
			to += put_character(wide, text + to);
			i += 2;
		} else if ((c & 0xf0) == 0xe0 && i + 2 < size && (text[i + 1] & 0xc0) == 0x80 &&
			   (text[i + 2] & 0xc0) == 0x80) {
			uint32_t wide = (uint32_t)(c & 0xf) << 12 |
					(uint32_t)(text[i + 1] & 0x3f) << 6 | (text[i + 2] & 0x3f);
			to += put_character(wide, text + to);
			i += 3;
		} else {
			text[to++] = c;
			i++;
		}
	}
	return to;
}

size_t
sql_decode_percent(const uint8_t *in, size_t size, bool plus, uint8_t *out)
{
	size_t to = 0;
	uint8_t high = 0;

	for (size_t i = 0; i < size;) {
		int32_t value = -1;
		if (in[i] == '%' && size - i > 2)
			value = hex_of(in + i + 1, 2);
		if (value >= 0) {
			out[to] = (uint8_t)value;
			i += 3;
		} else if (in[i] == '%' && size - i > 5 && (in[i + 1] | 0x20) == 'u' &&
			   (value = hex_of(in + i + 2, 4)) >= 0) {
			to += put_character((uint32_t)value, out + to);
			i += 6;
			continue;
		} else {
			out[to] = plus && in[i] == '+' ? ' ' : in[i];
			i++;
		}
		high |= out[to++];
	}
	return (high & 0x80) != 0 ? fold_text(out, to) : to;
}

/* ------------------------------------------------------------------ entities */

static const struct {
	char name[8];
	uint8_t value;
} ENTITIES[] = {
	{ "quot", '"' },
	{ "apos", '\'' },
	{ "lt", '<' },
	{ "gt", '>' },
	{ "amp", '&' },
	{ "nbsp", ' ' },
	{ "lpar", '(' },
	{ "rpar", ')' },
	{ "num", '#' },
	{ "equals", '=' },
	{ "Tab", '\t' },
};

/* The number behind "&#"; the octets it takes into `ret_used`, 0 when there is none. */
static uint32_t
read_number(const uint8_t *in, size_t size, size_t *ret_used)
{
	bool hex = size > 0 && (in[0] | 0x20) == 'x';
	size_t at = hex, digits;
	uint32_t value = 0;

	for (; at < size && at < 10; at++) {
		int digit = digit_of(in[at]);
		if (digit < 0 || (!hex && digit > 9))
			break;
		value = value * (hex ? 16 : 10) + (uint32_t)digit;
	}
	digits = at - hex;
	*ret_used = digits == 0 || value == 0 || value > 0xffff ? 0 : at;
	return value;
}

/* The entity at `in`, behind its '&': writes it and gives the octets it took, 0: none. */
static size_t
read_entity(const uint8_t *in, size_t size, uint8_t *out, size_t *ret_written)
{
	size_t used = 0;

	*ret_written = 1;
	if (size > 1 && in[0] == '#') {
		uint32_t value = read_number(in + 1, size - 1, &used);
		if (used == 0)
			return 0;
		/* "&#1" is four octets at least where three are written. */
		*ret_written = put_character(value, out);
		used++;
		return used + (used < size && in[used] == ';');
	}
	for (size_t i = 0; i < sizeof ENTITIES / sizeof ENTITIES[0]; i++) {
		size_t length = strlen(ENTITIES[i].name);
		if (length < size && memcmp(in, ENTITIES[i].name, length) == 0 &&
		    in[length] == ';') {
			out[0] = ENTITIES[i].value;
			return length + 1;
		}
	}
	return 0;
}

size_t
sql_decode_entities(const uint8_t *in, size_t size, uint8_t *out)
{
	size_t to = 0;

	for (size_t i = 0; i < size;) {
		size_t used = 0, written = 1;
		if (in[i] == '&')
			used = read_entity(in + i + 1, size - i - 1, out + to, &written);
		if (used == 0)
			out[to] = in[i];
		i += used + 1;
		to += used == 0 ? 1 : written;
	}
	return to;
}

/* ------------------------------------------------------------------ JSON */

size_t
sql_decode_json(const uint8_t *in, size_t size, uint8_t *out)
{
	static const char FROM[] = "nrtbf", TO[] = "\n\r\t\b\f";
	size_t to = 0;

	for (size_t i = 0; i < size; i++) {
		const char *known;
		int32_t value;
		if (in[i] != '\\' || i + 1 == size) {
			out[to++] = in[i];
			continue;
		}
		i++;
		if (in[i] == 'u' && size - i > 4 && (value = hex_of(in + i + 1, 4)) >= 0) {
			to += put_character((uint32_t)value, out + to);
			i += 4;
			continue;
		}
		known = in[i] != '\0' ? strchr(FROM, in[i]) : NULL;
		out[to++] = known != NULL ? (uint8_t)TO[known - FROM] : in[i];
	}
	return to;
}

/* ------------------------------------------------------------------ base64 */

static int
sextet_of(uint8_t octet)
{
	if (octet >= 'A' && octet <= 'Z')
		return octet - 'A';
	if (octet >= 'a' && octet <= 'z')
		return octet - 'a' + 26;
	if (octet >= '0' && octet <= '9')
		return octet - '0' + 52;
	if (octet == '+' || octet == '-' || octet == ' ')
		return 62;
	return octet == '/' || octet == '_' ? 63 : -1;
}

size_t
sql_decode_base64(const uint8_t *in, size_t size, uint8_t *out)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t to = 0;

	while (size > 0 && in[size - 1] == '=')
		size--;
	if (size < SQL_BASE64_LEAST || size % 4 == 1)
		return 0;
	for (size_t i = 0; i < size; i++) {
		int sextet = sextet_of(in[i]);
		uint8_t octet;
		if (sextet < 0)
			return 0;
		bits = bits << 6 | (uint32_t)sextet;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		octet = (uint8_t)(bits >> held);
		/* Anything that is no text ends it: most tokens leave at their first octets. */
		if (octet >= 0x7f ||
		    (octet < 0x20 && octet != '\t' && octet != '\n' && octet != '\r'))
			return 0;
		out[to++] = octet;
	}
	return to;
}

/* ------------------------------------------------------------------ what is there */

bool
sql_has_percent(const uint8_t *in, size_t size)
{
	for (size_t i = 0; i + 2 < size; i++)
		if (in[i] == '%' && (hex_of(in + i + 1, 2) >= 0 || (in[i + 1] | 0x20) == 'u'))
			return true;
	return false;
}

bool
sql_has_entities(const uint8_t *in, size_t size)
{
	uint8_t text[4];
	size_t written;

	for (size_t i = 0; i + 2 < size; i++)
		if (in[i] == '&' && read_entity(in + i + 1, size - i - 1, text, &written) != 0)
			return true;
	return false;
}
