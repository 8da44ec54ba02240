/* SPDX-License-Identifier: ISC */
/*
 * A bounded reader of CBOR (RFC 8949), as much as C-DNS needs.
 *
 *	struct cbor_list map;
 *	uint64_t key;
 *	if (!cbor_enter(&c, CBOR_MAP, &map))
 *		return false;
 *	while (cbor_next(&c, &map))
 *		if (!cbor_key(&c, &key) || !(key == 3 ? cbor_u64(&c, &value) : cbor_skip(&c)))
 *			return false;
 *	if (c.failed) …
 *
 * Reads past the end set `failed` of the cursor; a value of another type than asked for is false
 * without that, so that an input cut short and one that is wrong are told apart.  Strings of
 * indefinite length are not read.
 */
#ifndef YAGURA_SOURCE_CBOR_H
#define YAGURA_SOURCE_CBOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"

enum cbor_major {
	CBOR_UNSIGNED = 0,
	CBOR_NEGATIVE = 1,
	CBOR_BYTES = 2,
	CBOR_TEXT = 3,
	CBOR_ARRAY = 4,
	CBOR_MAP = 5,
	CBOR_TAG = 6,
	CBOR_SIMPLE = 7,
};

#define CBOR_DEPTH 16 /* of nested values that are passed over */

/* The elements of an array or the pairs of a map that are still to come. */
struct cbor_list {
	uint64_t left;
	bool indefinite;
};

bool cbor_enter(struct cursor *c, enum cbor_major major, struct cbor_list *ret_list);
/* Whether there is another element or pair; passes over the end of an indefinite list. */
bool cbor_next(struct cursor *c, struct cbor_list *list);

bool cbor_u64(struct cursor *c, uint64_t *ret_value);
/* Of either sign; false beyond 63 bits. */
bool cbor_i64(struct cursor *c, int64_t *ret_value);
/* A byte string, or a text when `major` says so; the octets are borrowed. */
bool cbor_string(struct cursor *c, enum cbor_major major, struct cursor *ret_octets);
/* The key of a pair: an integer; private (negative) keys come as UINT64_MAX. */
bool cbor_key(struct cursor *c, uint64_t *ret_key);
/* One value of any kind, with all that it holds. */
bool cbor_skip(struct cursor *c);

#endif
