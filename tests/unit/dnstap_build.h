/* SPDX-License-Identifier: ISC */
/* dnstap frames and frame streams made octet by octet, for tests. */
#ifndef YAGURA_TESTS_UNIT_DNSTAP_BUILD_H
#define YAGURA_TESTS_UNIT_DNSTAP_BUILD_H

#include "source_build.h"

static inline void
pb_varint(struct bytes *b, uint64_t value)
{
	do {
		bytes_uint(b, (value & 0x7f) | (value > 0x7f ? 0x80 : 0), 1);
		value >>= 7;
	} while (value != 0);
}

static inline void
pb_number(struct bytes *b, unsigned field, uint64_t value)
{
	pb_varint(b, field << 3);
	pb_varint(b, value);
}

static inline void
pb_octets(struct bytes *b, unsigned field, const void *data, size_t size)
{
	pb_varint(b, (field << 3) | 2);
	pb_varint(b, size);
	bytes_raw(b, data, size);
}

static inline void
pb_fixed32(struct bytes *b, unsigned field, uint32_t value)
{
	pb_varint(b, (field << 3) | 5);
	for (unsigned i = 0; i < 4; i++)
		bytes_uint(b, (value >> (8 * i)) & 0xff, 1);
}

/* What a test wants in a frame; zeros are left out. */
struct tap {
	const char *identity, *version;
	unsigned type, family, protocol;
	const char *query_address, *response_address; /* as text */
	unsigned query_port, response_port;
	uint64_t query_sec, response_sec;
	uint32_t query_nsec, response_nsec;
	size_t query_size, response_size; /* of bytes_pattern(1) and (2) */
};

static inline void
tap_address(struct bytes *b, unsigned field, const char *text)
{
	struct address address;

	if (text == NULL)
		return;
	assert_int_equal(address_parse(text, &address), ERR_OK);
	if (address_is_ipv4(&address))
		pb_octets(b, field, address.octets + 12, 4);
	else
		pb_octets(b, field, address.octets, 16);
}

static inline void
tap_pattern(struct bytes *b, unsigned field, unsigned seed, size_t size)
{
	struct bytes octets = { 0 };

	if (size == 0)
		return;
	bytes_pattern(&octets, seed, size);
	pb_octets(b, field, octets.data, octets.size);
	bytes_clear(&octets);
}

/* The octets of a frame, without its length. */
static inline void
tap_write(struct bytes *b, const struct tap *t)
{
	struct bytes m = { 0 };

	if (t->identity != NULL)
		pb_octets(b, 1, t->identity, strlen(t->identity));
	if (t->version != NULL)
		pb_octets(b, 2, t->version, strlen(t->version));
	pb_number(&m, 1, t->type);
	if (t->family != 0)
		pb_number(&m, 2, t->family);
	if (t->protocol != 0)
		pb_number(&m, 3, t->protocol);
	tap_address(&m, 4, t->query_address);
	tap_address(&m, 5, t->response_address);
	if (t->query_port != 0)
		pb_number(&m, 6, t->query_port);
	if (t->response_port != 0)
		pb_number(&m, 7, t->response_port);
	if (t->query_sec != 0) {
		pb_number(&m, 8, t->query_sec);
		pb_fixed32(&m, 9, t->query_nsec);
	}
	tap_pattern(&m, 10, 1, t->query_size);
	if (t->response_sec != 0) {
		pb_number(&m, 12, t->response_sec);
		pb_fixed32(&m, 13, t->response_nsec);
	}
	tap_pattern(&m, 14, 2, t->response_size);
	pb_octets(b, 14, m.data, m.size);
	pb_number(b, 15, 1);
	bytes_clear(&m);
}

/* A data frame in a stream. */
static inline void
tap_frame(struct bytes *b, const struct tap *t)
{
	struct bytes frame = { 0 };

	tap_write(&frame, t);
	b->big = true;
	bytes_uint(b, frame.size, 4);
	bytes_raw(b, frame.data, frame.size);
	bytes_clear(&frame);
}

static inline void
tap_control(struct bytes *b, unsigned type, const char *content)
{
	b->big = true;
	bytes_uint(b, 0, 4);
	bytes_uint(b, content != NULL ? 12 + strlen(content) : 4, 4);
	bytes_uint(b, type, 4);
	if (content == NULL)
		return;
	bytes_uint(b, 1, 4);
	bytes_uint(b, strlen(content), 4);
	bytes_raw(b, content, strlen(content));
}

#define TAP_CONTENT "protobuf:dnstap.Dnstap"

#endif
