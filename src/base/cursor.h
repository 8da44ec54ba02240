/* SPDX-License-Identifier: ISC */
/*
 * A bounded reader over bytes that nobody has checked.
 *
 * Reads past the end give zero and set `failed`; the cursor then stays failed and at its end, so
 * that a run of reads needs one test.  A TLV gets its own fence with cursor_sub().  Fixed-size
 * records are taken whole and loaded in place:
 *
 *	const uint8_t *r = cursor_take(&c, NETFLOW5_RECORD_SIZE);
 *	if (r == NULL)
 *		return ERR_TRUNC;
 *	f->source = be32(r + 0);
 *
 * The bytes are borrowed; a cursor owns nothing and may be copied freely.
 */
#ifndef YAGURA_BASE_CURSOR_H
#define YAGURA_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct cursor {
	const uint8_t *at;  /* borrowed; next octet to read */
	const uint8_t *end; /* borrowed; one past the last octet */
	bool failed;        /* some read went past `end` */
};

/* A cursor over `size` octets at `data`. */
static inline struct cursor
cursor_over(const uint8_t *data, size_t size)
{
	return (struct cursor){ .at = data, .end = data + size, .failed = false };
}

/* Octets not read yet. */
static inline size_t
cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* Takes `size` octets whole: a pointer to them, or NULL (and `failed`) when fewer are left. */
static inline const uint8_t *
cursor_take(struct cursor *c, size_t size)
{
	const uint8_t *p = c->at;

	if (__builtin_expect(size > cursor_left(c), 0)) {
		c->failed = true;
		c->at = c->end;
		return NULL;
	}
	c->at += size;
	return p;
}

/* Passes over `size` octets; true when they were there. */
static inline bool
cursor_skip(struct cursor *c, size_t size)
{
	return cursor_take(c, size) != NULL;
}

static inline uint8_t
cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);
	return p != NULL ? *p : 0;
}

static inline uint16_t
cursor_be16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);
	return p != NULL ? be16(p) : 0;
}

static inline uint32_t
cursor_be32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);
	return p != NULL ? be32(p) : 0;
}

static inline uint64_t
cursor_be64(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 8);
	return p != NULL ? be64(p) : 0;
}

/* A cursor over the next `size` octets, which are passed over here; failed and empty when they are
 * not all there. */
static inline struct cursor
cursor_sub(struct cursor *c, size_t size)
{
	const uint8_t *p = cursor_take(c, size);

	if (p == NULL)
		return (struct cursor){ .at = c->end, .end = c->end, .failed = true };
	return cursor_over(p, size);
}

#endif
