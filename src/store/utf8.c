/* SPDX-License-Identifier: ISC */
/* Checks and mends UTF-8; see utf8.h. */
#include "store/utf8.h"

#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Octets of the character that begins at `p`, or 0 when it is not one (RFC 3629 section 4). */
static size_t
character_size(const uint8_t *p, size_t left)
{
	uint8_t least = 0x80;
	uint8_t most = 0xbf;
	size_t size;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	size = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < size)
		return 0;
	switch (p[0]) {
	case 0xe0: least = 0xa0; break; /* shorter forms exist */
	case 0xed: most = 0x9f; break;  /* surrogates */
	case 0xf0: least = 0x90; break; /* shorter forms exist */
	case 0xf4: most = 0x8f; break;  /* above U+10FFFF */
	default: break;
	}
	if (p[1] < least || p[1] > most)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

bool
utf8_valid(const char *text, size_t size)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t at = 0;

	while (at < size) {
		size_t step = character_size(p + at, size - at);
		if (step == 0)
			return false;
		at += step;
	}
	return true;
}

size_t
utf8_clean(const char *text, size_t size, char *target)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t written = 0;

	for (size_t at = 0; at < size;) {
		size_t step = character_size(p + at, size - at);
		if (step == 0) {
			memcpy(target + written, REPLACEMENT, sizeof REPLACEMENT - 1);
			written += sizeof REPLACEMENT - 1;
			at++;
			continue;
		}
		memcpy(target + written, text + at, step);
		written += step;
		at += step;
	}
	return written;
}
