/* SPDX-License-Identifier: ISC */
/* DNS messages for tests, put together piece by piece. */
#ifndef YAGURA_TESTS_UNIT_DNS_BUILD_H
#define YAGURA_TESTS_UNIT_DNS_BUILD_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "net/dns.h"

struct dns_build {
	uint8_t octets[65535];
	size_t size;
	size_t opened; /* where the RDLENGTH of the record at hand is */
};

static inline void
build_octets(struct dns_build *b, const void *octets, size_t size)
{
	assert(b->size + size <= sizeof b->octets);
	memcpy(b->octets + b->size, octets, size);
	b->size += size;
}

static inline void
build_u8(struct dns_build *b, uint8_t value)
{
	build_octets(b, &value, 1);
}

static inline void
build_u16(struct dns_build *b, uint16_t value)
{
	uint8_t octets[2];

	put_be16(octets, value);
	build_octets(b, octets, 2);
}

static inline void
build_u32(struct dns_build *b, uint32_t value)
{
	uint8_t octets[4];

	put_be32(octets, value);
	build_octets(b, octets, 4);
}

static inline void
build_header(struct dns_build *b, uint16_t bits, const uint16_t counts[4])
{
	b->size = 0;
	build_u16(b, 0x1234);
	build_u16(b, bits);
	for (int i = 0; i < 4; i++)
		build_u16(b, counts[i]);
}

/* A name without compression, its letters as given; no escapes. */
static inline void
build_name(struct dns_build *b, const char *name)
{
	while (*name != '\0' && strcmp(name, ".") != 0) {
		size_t length = strcspn(name, ".");
		build_u8(b, (uint8_t)length);
		build_octets(b, name, length);
		name += length + (name[length] == '.');
	}
	build_u8(b, 0);
}

static inline void
build_pointer(struct dns_build *b, uint16_t to)
{
	build_u16(b, (uint16_t)(0xc000 | to));
}

static inline void
build_question(struct dns_build *b, const char *name, uint16_t type)
{
	build_name(b, name);
	build_u16(b, type);
	build_u16(b, DNS_CLASS_IN);
}

/* Behind its owner's name: the fixed part of a record; its data follow until build_end. */
static inline void
build_begin(struct dns_build *b, uint16_t type, uint16_t class, uint32_t ttl)
{
	build_u16(b, type);
	build_u16(b, class);
	build_u32(b, ttl);
	b->opened = b->size;
	build_u16(b, 0);
}

static inline void
build_end(struct dns_build *b)
{
	put_be16(b->octets + b->opened, (uint16_t)(b->size - b->opened - 2));
}

static inline void
build_record(
    struct dns_build *b, uint16_t owner, uint16_t type, uint32_t ttl, const void *data, size_t size)
{
	build_pointer(b, owner);
	build_begin(b, type, DNS_CLASS_IN, ttl);
	build_octets(b, data, size);
	build_end(b);
}

#endif
