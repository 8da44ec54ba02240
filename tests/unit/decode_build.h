/* SPDX-License-Identifier: ISC */
/*
 * Builds frames from the inside out: start with the payload, then put header after header in front
 * of it.  Lengths are those of what is there already.
 */
#ifndef YAGURA_TESTS_UNIT_DECODE_BUILD_H
#define YAGURA_TESTS_UNIT_DECODE_BUILD_H

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

#define BUILD_MAX 2048

struct frame {
	uint8_t octets[BUILD_MAX];
	size_t size;
};

/* The innermost packet of most tests: UDP from port 1000 to port 2000, four octets of payload. */
#define BUILD_PAYLOAD     "data"
#define BUILD_SOURCE_PORT 1000
#define BUILD_PORT        2000

static inline void
build_push(struct frame *f, const void *header, size_t size)
{
	assert_true(f->size + size <= BUILD_MAX);
	memmove(f->octets + size, f->octets, f->size);
	memcpy(f->octets, header, size);
	f->size += size;
}

static inline void
build_start(struct frame *f, const void *payload, size_t size)
{
	f->size = 0;
	build_push(f, payload, size);
}

static inline void
build_trailer(struct frame *f, size_t size)
{
	assert_true(f->size + size <= BUILD_MAX);
	memset(f->octets + f->size, 0xee, size);
	f->size += size;
}

static inline void
build_ports(struct frame *f, uint8_t *h, size_t size)
{
	put_be16(h, BUILD_SOURCE_PORT);
	put_be16(h + 2, BUILD_PORT);
	build_push(f, h, size);
}

static inline void
build_tcp(struct frame *f, uint8_t flags, unsigned option_words)
{
	uint8_t h[60] = { 0 };

	h[12] = (uint8_t)((5 + option_words) << 4);
	h[13] = flags;
	build_ports(f, h, 20 + (size_t)option_words * 4);
}

static inline void
build_udp_to(struct frame *f, uint16_t port)
{
	uint8_t h[8] = { 0 };

	put_be16(h, BUILD_SOURCE_PORT);
	put_be16(h + 2, port);
	put_be16(h + 4, (uint16_t)(f->size + 8));
	build_push(f, h, sizeof h);
}

static inline void
build_udp(struct frame *f)
{
	build_udp_to(f, BUILD_PORT);
}

static inline void
build_icmp(struct frame *f, uint8_t type, uint8_t code, uint32_t rest)
{
	uint8_t h[8] = { type, code };

	put_be32(h + 4, rest);
	build_push(f, h, sizeof h);
}

/* From 192.0.2.1 to 198.51.100.2; `fragment` is the word of flags and offset. */
static inline void
build_ip4_with(struct frame *f, uint8_t protocol, uint16_t fragment, unsigned option_words)
{
	uint8_t h[60] = { 0x45, 0x28, 0, 0, 0x12, 0x34, 0, 0, 63, protocol, 0, 0, 192, 0, 2, 1, 198,
		51, 100, 2 };
	size_t size = 20 + (size_t)option_words * 4;
	uint32_t sum = 0;

	h[0] = (uint8_t)(0x40 | (5 + option_words));
	put_be16(h + 2, (uint16_t)(f->size + size));
	put_be16(h + 6, fragment);
	for (size_t i = 0; i < size; i += 2)
		sum += be16(h + i);
	sum = (sum & 0xffff) + (sum >> 16);
	put_be16(h + 10, (uint16_t) ~(sum + (sum >> 16)));
	build_push(f, h, size);
}

static inline void
build_ip4(struct frame *f, uint8_t protocol)
{
	build_ip4_with(f, protocol, 0, 0);
}

/* From 2001:db8::1 to 2001:db8::2. */
static inline void
build_ip6(struct frame *f, uint8_t protocol)
{
	uint8_t h[40] = { 0x62, 0x80, 0, 0, 0, 0, protocol, 62, 0x20, 0x01, 0x0d, 0xb8 };

	put_be16(h + 4, (uint16_t)f->size);
	h[23] = 1;
	memcpy(h + 24, h + 8, 16);
	h[39] = 2;
	build_push(f, h, sizeof h);
}

/* An IPv6 extension header of 8 + 8 * `more` octets, filled with Pad1 options. */
static inline void
build_extension(struct frame *f, uint8_t next, uint8_t more)
{
	uint8_t h[8 + 8 * 255] = { next, more };

	build_push(f, h, 8 + 8 * (size_t)more);
}

/* `word` is the offset in octets with the more-fragments bit. */
static inline void
build_fragment6(struct frame *f, uint8_t next, uint16_t word)
{
	uint8_t h[8] = { next, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef };

	put_be16(h + 2, word);
	build_push(f, h, sizeof h);
}

static inline void
build_be16(struct frame *f, uint16_t value)
{
	uint8_t h[2];

	put_be16(h, value);
	build_push(f, h, sizeof h);
}

static inline void
build_ether(struct frame *f, uint16_t type)
{
	build_be16(f, type);
	build_push(f, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
}

static inline void
build_vlan(struct frame *f, uint16_t tag, uint16_t type)
{
	build_be16(f, type);
	build_be16(f, tag);
}

static inline void
build_snap(struct frame *f, uint16_t type)
{
	build_be16(f, type);
	build_push(f, "\xaa\xaa\x03\x00\x00\x00", 6);
}

static inline void
build_mpls(struct frame *f, unsigned labels)
{
	for (unsigned i = 0; i < labels; i++)
		build_push(f, i == 0 ? "\x00\x01\x01\x40" : "\x00\x02\x00\x40", 4);
}

static inline void
build_pppoe(struct frame *f, uint8_t code)
{
	build_be16(f, (uint16_t)f->size);
	build_push(f, "\x11\x00\x12\x34", 4);
	f->octets[1] = code;
}

static inline void
build_gre(struct frame *f, uint16_t flags, uint16_t type)
{
	static const uint16_t optional[] = { 0x1000, 0x2000, 0x8000 };

	for (unsigned i = 0; i < 3; i++)
		if ((flags & optional[i]) != 0)
			build_push(f, "\x01\x02\x03\x04", 4);
	build_be16(f, type);
	build_be16(f, flags);
}

static inline void
build_vxlan(struct frame *f)
{
	build_push(f, "\x08\x00\x00\x00\x00\x00\x2a\x00", 8);
	build_udp_to(f, 4789);
}

static inline void
build_geneve(struct frame *f, uint16_t type, uint8_t option_words)
{
	static const uint8_t options[252];

	build_push(f, options, (size_t)option_words * 4);
	build_push(f, "\x00\x00\x2a\x00", 4);
	build_be16(f, type);
	build_push(f, "\x00\x00", 2);
	f->octets[0] = option_words;
	build_udp_to(f, 6081);
}

/* `flags` beside version 1 and PT; what they call for is already in front of the payload. */
static inline void
build_gtpu(struct frame *f, uint8_t flags, uint8_t type)
{
	uint8_t h[8] = { (uint8_t)(0x30 | flags), type, 0, 0, 0, 0, 0, 9 };

	put_be16(h + 2, (uint16_t)f->size);
	build_push(f, h, sizeof h);
	build_udp_to(f, 2152);
}

/* The packet that most tests wrap. */
static inline void
build_datagram(struct frame *f)
{
	build_start(f, BUILD_PAYLOAD, 4);
	build_udp(f);
	build_ip4(f, 17);
}

static inline void
build_datagram6(struct frame *f)
{
	build_start(f, BUILD_PAYLOAD, 4);
	build_udp(f);
	build_ip6(f, 17);
}

#endif
