/* SPDX-License-Identifier: ISC */
/*
 * What DNS messages are made of: numbers and their names, names and their text, records.
 *
 * Numbers: IANA "Domain Name System (DNS) Parameters".  Wire format: RFC 1035, section 4; text:
 * section 5.1 with RFC 4343 (\DDD for what is not printable).
 */
#ifndef YAGURA_NET_DNS_H
#define YAGURA_NET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_NULL = 10,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_NAPTR = 35,
	DNS_TYPE_DNAME = 39,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_DS = 43,
	DNS_TYPE_RRSIG = 46,
	DNS_TYPE_NSEC = 47,
	DNS_TYPE_DNSKEY = 48,
	DNS_TYPE_NSEC3 = 50,
	DNS_TYPE_SVCB = 64,
	DNS_TYPE_HTTPS = 65,
	DNS_TYPE_ANY = 255,

	DNS_CLASS_IN = 1,
	DNS_CLASS_CH = 3,
	DNS_CLASS_NONE = 254,
	DNS_CLASS_ANY = 255,

	DNS_OPCODE_QUERY = 0,
	DNS_OPCODE_NOTIFY = 4,
	DNS_OPCODE_UPDATE = 5,

	DNS_RCODE_NOERROR = 0,
	DNS_RCODE_FORMERR = 1,
	DNS_RCODE_SERVFAIL = 2,
	DNS_RCODE_NXDOMAIN = 3,
	DNS_RCODE_NOTIMP = 4,
	DNS_RCODE_REFUSED = 5,
	DNS_RCODE_BADVERS = 16,
	DNS_RCODE_BADCOOKIE = 23,
};

#define DNS_NUMBER_TEXT_SIZE 12
#define DNS_NAME_TEXT_SIZE   1025 /* 255 octets, each as \DDD, and a terminator */

/* "AAAA"; "TYPE65280" (RFC 3597) for what has no name.  Each returns `text` or a constant. */
const char *dns_type_name(uint16_t type, char text[DNS_NUMBER_TEXT_SIZE]);
/* "IN", "CLASS5" */
const char *dns_class_name(uint16_t class, char text[DNS_NUMBER_TEXT_SIZE]);
/* "NXDOMAIN", "RCODE3841" */
const char *dns_rcode_name(uint16_t rcode, char text[DNS_NUMBER_TEXT_SIZE]);
/* "QUERY", "OPCODE7" */
const char *dns_opcode_name(uint8_t opcode, char text[DNS_NUMBER_TEXT_SIZE]);
/* The number of a type named as above, in any case; false when it is none. */
bool dns_type_number(const char *name, uint16_t *ret_type);

/* The text of an uncompressed name: "www.example.com", "." for the root; no final dot else. */
char *dns_name_text(const uint8_t *name, size_t size, char text[DNS_NAME_TEXT_SIZE]);

/* The wire form, in lower case, of a name as text, with or without a final dot.  ERR_FORMAT when
 * a label is empty or above 63 octets, or the name above 255. */
MUST_CHECK enum err
dns_name_parse(const char *text, uint8_t ret_name[255], size_t *ret_size, struct err_info *info);

/* Labels of an uncompressed name, the root not counted. */
unsigned dns_name_labels(const uint8_t *name, size_t size);

/* Whether `name` is `zone` or lies below it; both uncompressed, lower case. */
bool dns_name_below(const uint8_t *name, size_t size, const uint8_t *zone, size_t zone_size);

/* Expands the name at `at` of a message in lower case; returns its size, 0 when it is malformed.
 * `*ret_end` (may be NULL) is where the next field begins. */
size_t dns_name_expand(
    const uint8_t *message, size_t size, size_t at, uint8_t ret_name[255], size_t *ret_end);

enum dns_section {
	DNS_ANSWER = 1,
	DNS_AUTHORITY,
	DNS_ADDITIONAL,
};

/* A walk over the records of a message that has been parsed before; safe on any octets. */
struct dns_walk {
	const uint8_t *message;
	size_t size, at;
	uint16_t left[4]; /* records of each section still to come */
};

struct dns_rr {
	enum dns_section section;
	size_t owner_at; /* for dns_name_expand */
	uint16_t type, class;
	uint32_t ttl;
	uint16_t data_size;
	size_t data_at;
};

/* Starts behind the question section. */
void dns_walk_init(struct dns_walk *walk, const uint8_t *message, size_t size);
/* The next record, OPT included; false at the end or at the first that does not fit. */
bool dns_walk_next(struct dns_walk *walk, struct dns_rr *ret_rr);

/* The record's data as text in the presentation format of its type (names in lower case with their
 * final dot, "\# n hex" of RFC 3597 for types not known); returns the length needed, as snprintf.
 * `type` 0 gives RFC 3597 form. */
size_t dns_rdata_text(
    const uint8_t *message, size_t size, const struct dns_rr *rr, char *text, size_t text_size);

/* The whole message for people, in dig's order, lines ended by \n; returns the length needed, as
 * snprintf. */
size_t dns_message_text(const uint8_t *message, size_t size, char *text, size_t text_size);

#endif
