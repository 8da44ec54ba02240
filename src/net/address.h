/* SPDX-License-Identifier: ISC */
/*
 * IP addresses.
 *
 * Every address is 16 octets in network order; IPv4 is held as v4-mapped IPv6 (::ffff:a.b.c.d), as
 * the store keeps it. It prints in its shortest form, IPv4 never as v4-mapped.  A prefix length
 * counts from the family's own start: 24 for an IPv4 /24 (120 inside the 16 octets).
 */
#ifndef YAGURA_NET_ADDRESS_H
#define YAGURA_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

#define ADDRESS_TEXT_SIZE 46 /* longest text of an address, with its terminator */
#define PREFIX_TEXT_SIZE  50

struct address {
	union {
		uint8_t octets[16];
		uint64_t words[2]; /* the same octets as two native loads: for hashing and equality
				      only */
	};
};

struct prefix {
	struct address address; /* bits beyond the length are zero */
	uint8_t length;         /* 0…32 for IPv4, 0…128 for IPv6 */
};

/* From four octets in network order. */
static inline struct address
address_from_ipv4(const uint8_t *octets)
{
	struct address a = { .words = { 0, 0 } };

	a.octets[10] = 0xff;
	a.octets[11] = 0xff;
	memcpy(a.octets + 12, octets, 4);
	return a;
}

/* From sixteen octets in network order. */
static inline struct address
address_from_ipv6(const uint8_t *octets)
{
	struct address a;

	memcpy(a.octets, octets, 16);
	return a;
}

static inline bool
address_is_ipv4(const struct address *a)
{
	uint32_t mark;

	memcpy(&mark, a->octets + 8, sizeof mark);
	return a->words[0] == 0 && mark == 0xffff0000U;
}

static inline bool
address_equal(const struct address *a, const struct address *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1];
}

/* Order of the octets, as memcmp: IPv4 sorts among itself as numbers. */
static inline int
address_compare(const struct address *a, const struct address *b)
{
	return memcmp(a->octets, b->octets, 16);
}

/* The address with everything after `length` bits (of its own family) cleared. */
struct address address_mask(const struct address *a, unsigned length);

/* Shortest text (RFC 5952); returns `text`, which has room for ADDRESS_TEXT_SIZE. */
char *address_format(const struct address *a, char *text);

/* "192.0.2.0/24"; returns `text`, which has room for PREFIX_TEXT_SIZE. */
char *prefix_format(const struct prefix *p, char *text);

/* Reads an address; v4-mapped text becomes IPv4.  ERR_FORMAT when it is not one. */
MUST_CHECK enum err address_parse(const char *text, struct address *ret_address);

/* Reads "address/length", or an address alone as a host prefix.  Host bits that are set are an
 * error. */
MUST_CHECK enum err
prefix_parse(const char *text, struct prefix *ret_prefix, struct err_info *info);

/* Whether `a` lies in `p`; false across families. */
bool prefix_contains(const struct prefix *p, const struct address *a);

#endif
