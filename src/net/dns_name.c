/* SPDX-License-Identifier: ISC */
/* Domain names: wire form and text, expansion, suffixes; see dns.h. */
#include <string.h>

#include "net/dns.h"

#define MAX_NAME  255
#define MAX_LABEL 63
#define POINTER   0xc0

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* RFC 1035, 5.1: \DDD is the octet with that value, \X stands for X itself.  Returns what was read
 * of `text`, 0 when it is no escape. */
static size_t
read_escape(const char *text, uint8_t *ret_octet)
{
	unsigned value = 0;

	if (text[1] == '\0')
		return 0;
	if (text[1] < '0' || text[1] > '9') {
		*ret_octet = (uint8_t)text[1];
		return 2;
	}
	for (int i = 1; i <= 3; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*ret_octet = (uint8_t)value;
	return value <= 255 ? 4 : 0;
}

/* Reads one label up to a dot or the end; returns what was read of `text`, 0 when it is malformed.
 */
static size_t
read_label(const char *text, uint8_t label[MAX_LABEL], size_t *ret_size)
{
	size_t at = 0, size = 0;

	while (text[at] != '\0' && text[at] != '.') {
		uint8_t octet = (uint8_t)text[at];
		size_t step = 1;
		if (octet == '\\')
			step = read_escape(text + at, &octet);
		if (step == 0 || size == MAX_LABEL)
			return 0;
		label[size++] = lower(octet);
		at += step;
	}
	*ret_size = size;
	return size != 0 ? at : 0;
}

enum err
dns_name_parse(
    const char *text, uint8_t ret_name[MAX_NAME], size_t *ret_size, struct err_info *info)
{
	const char *at = text;
	size_t size = 0;

	if (strcmp(text, ".") == 0)
		at++;
	else if (text[0] == '\0')
		return err_set(info, ERR_FORMAT, "an empty text is no domain name");
	while (*at != '\0') {
		uint8_t label[MAX_LABEL];
		size_t label_size;
		size_t step = read_label(at, label, &label_size);
		if (step == 0)
			return err_set(info, ERR_FORMAT,
			    "\"%.80s\" has a label that is empty, above 63 octets or malformed",
			    text);
		if (size + 1 + label_size + 1 > MAX_NAME)
			return err_set(info, ERR_FORMAT, "\"%.80s\" is above 255 octets", text);
		ret_name[size] = (uint8_t)label_size;
		memcpy(ret_name + size + 1, label, label_size);
		size += 1 + label_size;
		at += step;
		at += *at == '.';
	}
	ret_name[size++] = 0;
	*ret_size = size;
	return ERR_OK;
}

/* One octet as RFC 4343 prints it; returns how many characters. */
static size_t
print_octet(uint8_t c, char *text)
{
	if (c == '.' || c == '\\' || c == '"' || c == '(' || c == ')' || c == ';' || c == '@' ||
	    c == '$') {
		text[0] = '\\';
		text[1] = (char)c;
		return 2;
	}
	if (c > 0x20 && c < 0x7f) {
		text[0] = (char)c;
		return 1;
	}
	text[0] = '\\';
	text[1] = (char)('0' + c / 100);
	text[2] = (char)('0' + c / 10 % 10);
	text[3] = (char)('0' + c % 10);
	return 4;
}

char *
dns_name_text(const uint8_t *name, size_t size, char text[DNS_NAME_TEXT_SIZE])
{
	size_t at = 0, out = 0;

	while (at < size && name[at] != 0 && name[at] <= size - at - 1) {
		size_t end = at + 1 + name[at];
		if (out != 0)
			text[out++] = '.';
		for (at++; at < end; at++)
			out += print_octet(name[at], text + out);
	}
	if (out == 0)
		text[out++] = '.';
	text[out] = '\0';
	return text;
}

unsigned
dns_name_labels(const uint8_t *name, size_t size)
{
	unsigned labels = 0;

	for (size_t at = 0; at < size && name[at] != 0; at += 1 + (size_t)name[at])
		labels++;
	return labels;
}

bool
dns_name_below(const uint8_t *name, size_t size, const uint8_t *zone, size_t zone_size)
{
	size_t at = 0;

	if (zone_size > size)
		return false;
	/* The zone's octets at the end are the zone only where a label begins there. */
	while (at < size - zone_size)
		at += 1 + (size_t)name[at];
	return at == size - zone_size && memcmp(name + at, zone, zone_size) == 0;
}

/* A pointer must go behind all that was read of its name: then no walk can loop. */
static bool
follow_pointer(const uint8_t *message, size_t size, size_t *at, size_t *least)
{
	if (size - *at < 2)
		return false;
	*at = (size_t)(message[*at] & 0x3f) << 8 | message[*at + 1];
	if (*at >= *least)
		return false;
	*least = *at;
	return true;
}

size_t
dns_name_expand(
    const uint8_t *message, size_t size, size_t at, uint8_t ret_name[MAX_NAME], size_t *ret_end)
{
	size_t out = 0, least = at, end = 0;

	while (at < size) {
		uint8_t length = message[at];
		if (length >= POINTER) {
			end = end != 0 ? end : at + 2;
			if (!follow_pointer(message, size, &at, &least))
				return 0;
			continue;
		}
		if (length > MAX_LABEL || length >= size - at || out + length + 1 > MAX_NAME)
			return 0;
		ret_name[out++] = length;
		for (size_t i = 1; i <= length; i++)
			ret_name[out++] = lower(message[at + i]);
		at += 1 + (size_t)length;
		if (length == 0) {
			if (ret_end != NULL)
				*ret_end = end != 0 ? end : at;
			return out;
		}
	}
	return 0;
}
