/* SPDX-License-Identifier: ISC */
/* Pieces of text; see dns_text.h. */
#include "net/dns_text.h"

#include <stdarg.h>
#include <stdio.h>

#include "net/dns.h"

void
dns_text_init(struct dns_text *t, char *text, size_t room)
{
	*t = (struct dns_text){ .text = text, .room = room };
	if (room != 0)
		text[0] = '\0';
}

void
dns_text_add(struct dns_text *t, const char *format, ...)
{
	size_t room = t->length < t->room ? t->room - t->length : 0;
	va_list args;
	int added;

	va_start(args, format);
	added = vsnprintf(room != 0 ? t->text + t->length : NULL, room, format, args);
	va_end(args);
	t->length += added > 0 ? (size_t)added : 0;
}

static void
add_char(struct dns_text *t, char c)
{
	if (t->length + 1 < t->room) {
		t->text[t->length] = c;
		t->text[t->length + 1] = '\0';
	}
	t->length++;
}

void
dns_text_hex(struct dns_text *t, const uint8_t *octets, size_t size)
{
	static const char DIGITS[] = "0123456789ABCDEF";

	for (size_t i = 0; i < size; i++) {
		add_char(t, DIGITS[octets[i] >> 4]);
		add_char(t, DIGITS[octets[i] & 0xf]);
	}
}

/* RFC 4648: groups of `bits` from the left, zeros behind the last octet. */
static void
add_digits(
    struct dns_text *t, const char *digits, unsigned bits, const uint8_t *octets, size_t size)
{
	unsigned held = 0, count = 0;

	for (size_t i = 0; i < size; i++) {
		held = (held << 8 | octets[i]) & 0xffff;
		for (count += 8; count >= bits; count -= bits)
			add_char(t, digits[held >> (count - bits) & ((1U << bits) - 1)]);
	}
	if (count != 0)
		add_char(t, digits[held << (bits - count) & ((1U << bits) - 1)]);
}

void
dns_text_base64(struct dns_text *t, const uint8_t *octets, size_t size)
{
	add_digits(
	    t, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6, octets, size);
	for (size_t i = size; i % 3 != 0; i++)
		add_char(t, '=');
}

void
dns_text_base32(struct dns_text *t, const uint8_t *octets, size_t size)
{
	add_digits(t, "0123456789ABCDEFGHIJKLMNOPQRSTUV", 5, octets, size);
}

void
dns_text_quoted(struct dns_text *t, const uint8_t *octets, size_t size)
{
	add_char(t, '"');
	for (size_t i = 0; i < size; i++) {
		uint8_t c = octets[i];
		if (c < 0x20 || c >= 0x7f) {
			dns_text_add(t, "\\%03u", c);
			continue;
		}
		if (c == '"' || c == '\\')
			add_char(t, '\\');
		add_char(t, (char)c);
	}
	add_char(t, '"');
}

void
dns_text_name(struct dns_text *t, const uint8_t *name, size_t size)
{
	char text[DNS_NAME_TEXT_SIZE];

	dns_text_add(t, "%s%s", dns_name_text(name, size, text), size > 1 ? "." : "");
}
