/* SPDX-License-Identifier: ISC */
/*
 * Loads and stores of fixed-width integers in either byte order, at any alignment.
 *
 * They are for records whose size has been checked already (cursor_take, or a length test);
 * everything else goes through base/cursor.h.
 */
#ifndef YAGURA_BASE_BYTES_H
#define YAGURA_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t
be16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap16(v);
}

static inline uint32_t
be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap32(v);
}

static inline uint64_t
be64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap64(v);
}

static inline uint16_t
le16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint32_t
le32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint64_t
le64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline void
put_be16(uint8_t *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof v);
}

static inline void
put_be32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof v);
}

static inline void
put_le16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof v);
}

static inline void
put_le32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof v);
}

static inline void
put_le64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof v);
}

_Static_assert(
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "yagura supports little-endian machines only");

#endif
