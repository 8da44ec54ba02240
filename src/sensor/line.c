/* SPDX-License-Identifier: ISC */
/* Lines of the sensor's log; see line.h. */
#include "sensor/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char HEX[] = "0123456789abcdef";

static void
put(struct line *line, const char *text, size_t size)
{
	if (line->full || size > sizeof line->text - line->size) {
		line->full = true;
		return;
	}
	memcpy(line->text + line->size, text, size);
	line->size += size;
}

static void
put_string(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

static void
put_key(struct line *line, const char *key)
{
	if (!line->first)
		put(line, ",", 1);
	line->first = false;
	if (key == NULL)
		return;
	put(line, "\"", 1);
	put_string(line, key);
	put(line, "\":", 2);
}

static void
put_octet(struct line *line, uint8_t octet)
{
	char escaped[6] = { '\\', 'u', '0', '0', HEX[octet >> 4], HEX[octet & 15] };
	char plain[2] = { '\\', (char)octet };

	if (octet < ' ' || octet > '~')
		put(line, escaped, sizeof escaped);
	else if (octet == '"' || octet == '\\')
		put(line, plain, 2);
	else
		put(line, plain + 1, 1);
}

void
line_begin(struct line *line, const char *event, const char *sensor)
{
	line->size = 0;
	line->full = false;
	line->first = true;
	put(line, "{", 1);
	line_text(line, "schema", "yagura.sensor/1", strlen("yagura.sensor/1"));
	line_text(line, "event", event, strlen(event));
	line_text(line, "sensor", sensor, strlen(sensor));
}

void
line_end(struct line *line)
{
	put(line, "}\n", 2);
}

void
line_text(struct line *line, const char *key, const void *octets, size_t size)
{
	const uint8_t *at = octets;

	put_key(line, key);
	put(line, "\"", 1);
	for (size_t i = 0; i < size; i++)
		put_octet(line, at[i]);
	put(line, "\"", 1);
}

void
line_number(struct line *line, const char *key, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, number);
	put_key(line, key);
	put_string(line, text);
}

void
line_bool(struct line *line, const char *key, bool value)
{
	put_key(line, key);
	put_string(line, value ? "true" : "false");
}

void
line_time(struct line *line, const char *key, nsec_t time)
{
	char text[48];

	clock_format(time, 6, text, sizeof text);
	line_text(line, key, text, strlen(text));
}

void
line_address(struct line *line, const char *key, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text);
	line_text(line, key, text, strlen(text));
}

void
line_base64(struct line *line, const char *key, const uint8_t *octets, size_t size)
{
	static const char DIGITS[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	put_key(line, key);
	put(line, "\"", 1);
	for (size_t i = 0; i < size; i += 3) {
		uint32_t bits = (uint32_t)octets[i] << 16;
		char four[4];

		bits |= i + 1 < size ? (uint32_t)octets[i + 1] << 8 : 0;
		bits |= i + 2 < size ? octets[i + 2] : 0;
		four[0] = DIGITS[bits >> 18];
		four[1] = DIGITS[bits >> 12 & 63];
		four[2] = DIGITS[bits >> 6 & 63];
		four[3] = DIGITS[bits & 63];
		if (i + 2 >= size)
			four[3] = '=';
		if (i + 1 >= size)
			four[2] = '=';
		put(line, four, 4);
	}
	put(line, "\"", 1);
}

void
line_hex(struct line *line, const char *key, const uint8_t *octets, size_t size)
{
	put_key(line, key);
	put(line, "\"", 1);
	for (size_t i = 0; i < size; i++) {
		char two[2] = { HEX[octets[i] >> 4], HEX[octets[i] & 15] };

		put(line, two, 2);
	}
	put(line, "\"", 1);
}

void
line_open(struct line *line, const char *key, char bracket)
{
	put_key(line, key);
	put(line, &bracket, 1);
	line->first = true;
}

void
line_close(struct line *line, char bracket)
{
	put(line, &bracket, 1);
	line->first = false;
}
