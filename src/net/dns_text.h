/* SPDX-License-Identifier: ISC */
/*
 * Text into a buffer that may be too small, counted as snprintf does.
 *
 * For dns_rdata.c and dns_message.c alone.
 */
#ifndef YAGURA_NET_DNS_TEXT_H
#define YAGURA_NET_DNS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct dns_text {
	char *text;    /* borrowed; always ends with a terminator when there is room for one */
	size_t room;   /* of it */
	size_t length; /* of what was added, whether it fitted or not */
};

void dns_text_init(struct dns_text *t, char *text, size_t room);
void dns_text_add(struct dns_text *t, const char *format, ...) PRINTF_LIKE(2, 3);
void dns_text_hex(struct dns_text *t, const uint8_t *octets, size_t size);
void dns_text_base64(struct dns_text *t, const uint8_t *octets, size_t size);
/* Extended hex, without padding: as NSEC3 has it (RFC 4648, section 7). */
void dns_text_base32(struct dns_text *t, const uint8_t *octets, size_t size);
/* In quotes, `"` and `\` escaped, \DDD for what is not printable. */
void dns_text_quoted(struct dns_text *t, const uint8_t *octets, size_t size);
/* An uncompressed name with its final dot. */
void dns_text_name(struct dns_text *t, const uint8_t *name, size_t size);

#endif
