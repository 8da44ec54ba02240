/* SPDX-License-Identifier: ISC */
/* Formats that are recognised only to be refused by name, so that a person knows what to convert.
 */
#include <string.h>

#include "source/capture.h"

static const struct {
	const char *magic;
	size_t size;
	const char *name;
} refused[] = {
	{ "snoop\0\0\0", 8, "a snoop capture" },
	{ "btsnoop\0", 8, "a btsnoop capture" },
	{ "iptrace 1.0", 11, "an AIX iptrace capture" },
	{ "iptrace 2.0", 11, "an AIX iptrace capture" },
	{ "RTSS", 4, "a Microsoft Network Monitor 1 capture" },
	{ "GMBU", 4, "a Microsoft Network Monitor 2 capture" },
	{ "TRSNIFF data    \x1a", 17, "a Network General Sniffer capture" },
	{ "XCP\0", 4, "a NetXRay capture" },
	{ "\x7fver", 4, "an OmniPeek capture" },
	{ "\x05VNF", 4, "a Visual Networks capture" },
	{ "\xa1\xb2\xc3\xcb", 4, "a BPF filter savefile" },
	{ "\xcb\xc3\xb2\xa1", 4, "a BPF filter savefile" },
	{ "BZh", 3, "a bzip2 file" },
	{ "\x04\x22\x4d\x18", 4, "an lz4 file" },
	{ "LZIP", 4, "an lzip file" },
	{ "\x1f\x9d", 2, "a compress(1) file" },
	{ "PK\3\4", 4, "a zip file" },
	{ "7z\xbc\xaf\x27\x1c", 6, "a 7z file" },
	{ "alert.category,events", 21, "a table of T-Pot's events without sources and times" },
	{ "alert.severity,events", 21, "a table of T-Pot's events without sources and times" },
	{ "geoip.as_org,events", 19, "a table of T-Pot's events without sources and times" },
	{ "\x1f\x8b\x08", 3, "compressed more than once (gzip)" },
	{ "\x28\xb5\x2f\xfd", 4, "compressed more than once (zstd)" },
	{ "\xfd"
	  "7zXZ\0",
	    6, "compressed more than once (xz)" },
};

/* Logs of web servers about other things than requests, by how a line begins: 9 is a digit, a is a
 * letter. */
static const struct {
	const char *shape, *name;
} refused_lines[] = {
	{ "[aaa aaa 99 99:99:99", "an error log of Apache httpd" },
	{ "9999/99/99 99:99:99 [a", "an error log of nginx" },
};

static bool
has_shape(const uint8_t *head, size_t size, const char *shape)
{
	for (; *shape != '\0'; shape++, head++, size--) {
		if (size == 0)
			return false;
		if (*shape == '9'   ? *head < '0' || *head > '9'
		    : *shape == 'a' ? (*head | 0x20) < 'a' || (*head | 0x20) > 'z'
				    : *head != (uint8_t)*shape)
			return false;
	}
	return true;
}

const char *
capture_refused(const uint8_t *head, size_t size)
{
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		if (size >= refused[i].size && memcmp(head, refused[i].magic, refused[i].size) == 0)
			return refused[i].name;
	}
	for (size_t i = 0; i < sizeof refused_lines / sizeof refused_lines[0]; i++)
		if (has_shape(head, size, refused_lines[i].shape))
			return refused_lines[i].name;
	return NULL;
}
