/* SPDX-License-Identifier: ISC */
/*
 * How messages of HTTP begin.  Every payload of every TCP packet is shown to http_sniff(), so it
 * decides by the first octet where it can.
 */
#include <string.h>

#include "decode/http_internal.h"

#define METHODS_MOST 24

/* Methods by their first letters: of RFC 9110, WebDAV and its relatives, and what scanners send. */
static const char *const METHODS[26] = {
	['A' - 'A'] = "ACL ",
	['B' - 'A'] = "BIND BPROPFIND BCOPY BDELETE BMOVE BASELINE-CONTROL ",
	['C' - 'A'] = "CONNECT COPY CHECKOUT CHECKIN ",
	['D' - 'A'] = "DELETE DEBUG ",
	['G' - 'A'] = "GET ",
	['H' - 'A'] = "HEAD ",
	['I' - 'A'] = "INDEX ",
	['L' - 'A'] = "LOCK LINK LABEL ",
	['M' - 'A'] = "MKCOL MOVE MERGE MKACTIVITY MKCALENDAR MKWORKSPACE M-SEARCH ",
	['N' - 'A'] = "NOTIFY ",
	['O' - 'A'] = "OPTIONS ORDERPATCH ",
	['P' - 'A'] = "POST PUT PATCH PROPFIND PROPPATCH PURGE POLL PRI ",
	['Q' - 'A'] = "QUERY ",
	['R' - 'A'] = "REPORT REBIND RPC_IN_DATA RPC_OUT_DATA ",
	['S' - 'A'] = "SEARCH SUBSCRIBE SOURCE ",
	['T' - 'A'] = "TRACE TRACK ",
	['U' - 'A'] = "UNLOCK UNLINK UNBIND UNSUBSCRIBE UPDATE UNCHECKOUT ",
	['V' - 'A'] = "VERSION-CONTROL ",
};

/* Whether `size` octets, with the blank behind it, are a known method. */
static bool
is_method(const uint8_t *data, size_t size)
{
	const char *known = METHODS[data[0] - 'A'];

	while (known != NULL && *known != '\0') {
		const char *next = strchr(known, ' ') + 1;

		if ((size_t)(next - known) == size && memcmp(known, data, size) == 0)
			return true;
		known = next;
	}
	return false;
}

/* Whether octets are the beginning of a target that only HTTP has, behind such a method. */
static bool
is_target(const uint8_t *data, size_t size, const uint8_t *method)
{
	switch (*data) {
	case '/': return true;
	case '*': return size >= 7 && memcmp(data, "* HTTP/", 7) == 0;
	case 'h':
	case 'H':
		if (size >= 4 && (memcmp(data, "http", 4) == 0 || memcmp(data, "HTTP", 4) == 0))
			return true;
		break;
	default: break;
	}
	return *data > ' ' && *data < 0x7f && data - method == 8 &&
	       memcmp(method, "CONNECT", 7) == 0;
}

bool
http_begins_response(const uint8_t *data, size_t size)
{
	return size >= 12 && memcmp(data, "HTTP/1.", 7) == 0 && data[8] == ' ' && data[9] >= '1' &&
	       data[9] <= '9';
}

bool
http_begins_request(const uint8_t *data, size_t size)
{
	const uint8_t *blank;
	size_t at;

	if (size < 5 || data[0] < 'A' || data[0] > 'V')
		return false;
	blank = memchr(data, ' ', size < METHODS_MOST ? size : METHODS_MOST);
	if (blank == NULL)
		return false;
	at = (size_t)(blank - data) + 1;
	return at < size && is_target(data + at, size - at, data) && is_method(data, at);
}

bool
http_sniff(const struct packet *packet, const uint8_t *payload, size_t size)
{
	(void)packet;
	/* Most payloads are told by their first octet: TLS begins with 0x14 to 0x18. */
	if (size < 5 || *payload < 'A' || *payload > 'V')
		return false;
	return *payload == 'H' && payload[1] == 'T' ? http_begins_response(payload, size)
						    : http_begins_request(payload, size);
}
