/* SPDX-License-Identifier: ISC */
/* Escaping; see markup.h. */
#include "report/markup.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Code points that are shown as their code. */
static const struct {
	uint32_t first, last;
} HIDDEN[] = {
	{ 0x00, 0x1f },       /* C0 controls, line ends among them: a name has one line */
	{ 0x7f, 0x9f },       /* DEL and C1 controls */
	{ 0xad, 0xad },       /* soft hyphen */
	{ 0x61c, 0x61c },     /* Arabic letter mark */
	{ 0x180e, 0x180e },   /* Mongolian vowel separator */
	{ 0x200b, 0x200b },   /* zero width space; the joiners after it are part of real words */
	{ 0x200e, 0x200f },   /* directional marks */
	{ 0x2028, 0x202e },   /* separators, embeddings and overrides */
	{ 0x2060, 0x206f },   /* word joiner, invisible operators, isolates */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xfff0, 0xfffb },   /* specials, annotations; U+FFFD stays */
	{ 0xfffe, 0xffff },   /* noncharacters */
	{ 0xe0000, 0xe0fff }, /* tags and variation selectors that carry hidden text */
};

/* The code point at `p`, whose size goes to `ret_size`.  jansson only holds valid UTF-8; an octet
 * that is none all the same counts as a control. */
static uint32_t
decode(const unsigned char *p, size_t left, size_t *ret_size)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t code;

	*ret_size = 1;
	if (n == 1)
		return p[0];
	if (n == 0 || n > left)
		return 0x80;
	code = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++)
		code = code << 6 | (p[i] & 0x3fu);
	*ret_size = n;
	return code;
}

static bool
is_hidden(uint32_t code)
{
	for (size_t i = 0; i < sizeof HIDDEN / sizeof HIDDEN[0]; i++)
		if (code <= HIDDEN[i].last)
			return code >= HIDDEN[i].first;
	return false;
}

static const char *
entity(uint32_t code)
{
	switch (code) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

/* `before` and `after` go around a code that must be seen. */
static void
escape(FILE *out, const char *text, size_t size, const char *before, const char *after)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n;

	for (size_t i = 0; i < size; i += n) {
		uint32_t code = decode(p + i, size - i, &n);
		const char *name = entity(code);

		if (name != NULL)
			(void)fputs(name, out);
		else if (is_hidden(code))
			(void)fprintf(out, "%sU+%04X%s", before, code, after);
		else
			(void)fwrite(p + i, 1, n, out);
	}
}

void
markup_text(FILE *out, const char *text, size_t size)
{
	escape(out, text, size, "<span class=\"code\">", "</span>");
}

void
markup_attribute(FILE *out, const char *text, size_t size)
{
	escape(out, text, size, "[", "]");
}

void
markup_member(FILE *out, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_string(value))
		markup_text(out, json_string_value(value), json_string_length(value));
}

void
markup_bdi(FILE *out, const json_t *object, const char *key)
{
	(void)fputs("<bdi>", out);
	markup_member(out, object, key);
	(void)fputs("</bdi>", out);
}

void
markup_member_attribute(FILE *out, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_string(value))
		markup_attribute(out, json_string_value(value), json_string_length(value));
}

void
markup_id(FILE *out, const char *text)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	for (; text != NULL && *text != '\0'; text++)
		(void)fputc(strchr(plain, *text) != NULL ? *text : '-', out);
}
