/* SPDX-License-Identifier: ISC */
/*
 * CBOR (RFC 8949, section 3): every value begins with an octet of three bits major type and five
 * bits that are the argument, or say how many octets of it follow.
 *
 *	0…23  the argument    24 25 26 27  in 1, 2, 4, 8 octets    31  indefinite, or the end
 */
#include "source/cbor.h"

#define FOLLOWS_1  24
#define FOLLOWS_8  27
#define INDEFINITE 31
#define BREAK      0xff

struct head {
	enum cbor_major major;
	uint64_t argument;
	bool indefinite;
};

static bool
read_head(struct cursor *c, struct head *ret)
{
	uint8_t first = cursor_u8(c);
	unsigned low = first & 0x1f;

	*ret = (struct head){ .major = (enum cbor_major)(first >> 5), .argument = low };
	if (low == FOLLOWS_1)
		ret->argument = cursor_u8(c);
	else if (low == FOLLOWS_1 + 1)
		ret->argument = cursor_be16(c);
	else if (low == FOLLOWS_1 + 2)
		ret->argument = cursor_be32(c);
	else if (low == FOLLOWS_8)
		ret->argument = cursor_be64(c);
	ret->indefinite = low == INDEFINITE;
	return !c->failed && (low <= FOLLOWS_8 || low == INDEFINITE);
}

/* The same past any tags, which say nothing that C-DNS needs. */
static bool
read_value(struct cursor *c, struct head *ret)
{
	do {
		if (!read_head(c, ret))
			return false;
	} while (ret->major == CBOR_TAG);
	return true;
}

bool
cbor_enter(struct cursor *c, enum cbor_major major, struct cbor_list *ret_list)
{
	struct head head;

	if (!read_value(c, &head) || head.major != major)
		return false;
	*ret_list = (struct cbor_list){ .left = head.argument, .indefinite = head.indefinite };
	return true;
}

bool
cbor_next(struct cursor *c, struct cbor_list *list)
{
	if (!list->indefinite)
		return !c->failed && list->left != 0 && list->left-- != 0;
	if (c->failed || cursor_left(c) == 0) {
		c->failed = true;
		return false;
	}
	if (*c->at != BREAK)
		return true;
	(void)cursor_skip(c, 1);
	return false;
}

bool
cbor_u64(struct cursor *c, uint64_t *ret_value)
{
	struct head head;

	if (!read_value(c, &head) || head.major != CBOR_UNSIGNED || head.indefinite)
		return false;
	*ret_value = head.argument;
	return true;
}

bool
cbor_i64(struct cursor *c, int64_t *ret_value)
{
	struct head head;

	if (!read_value(c, &head) || head.major > CBOR_NEGATIVE || head.indefinite ||
	    head.argument > INT64_MAX)
		return false;
	*ret_value =
	    head.major == CBOR_UNSIGNED ? (int64_t)head.argument : -1 - (int64_t)head.argument;
	return true;
}

bool
cbor_string(struct cursor *c, enum cbor_major major, struct cursor *ret_octets)
{
	struct head head;
	const uint8_t *octets;

	if (!read_value(c, &head) || head.major != major || head.indefinite)
		return false;
	if (head.argument > cursor_left(c)) {
		c->failed = true;
		return false;
	}
	octets = cursor_take(c, (size_t)head.argument);
	*ret_octets = cursor_over(octets, (size_t)head.argument);
	return true;
}

bool
cbor_key(struct cursor *c, uint64_t *ret_key)
{
	struct head head;

	if (!read_value(c, &head) || head.major > CBOR_NEGATIVE || head.indefinite)
		return false;
	*ret_key = head.major == CBOR_UNSIGNED ? head.argument : UINT64_MAX;
	return true;
}

/* How many values follow a head that belong to it; strings are passed over here. */
static bool
skip_one(struct cursor *c, struct cbor_list *ret_inside)
{
	struct head head;

	*ret_inside = (struct cbor_list){ 0 };
	if (!read_head(c, &head))
		return false;
	switch (head.major) {
	case CBOR_BYTES:
	case CBOR_TEXT:
		if (head.indefinite)
			*ret_inside = (struct cbor_list){ .indefinite = true };
		else if (head.argument > cursor_left(c))
			c->failed = true;
		else
			(void)cursor_skip(c, (size_t)head.argument);
		break;
	case CBOR_ARRAY:
		*ret_inside =
		    (struct cbor_list){ .left = head.argument, .indefinite = head.indefinite };
		break;
	case CBOR_MAP:
		if (!head.indefinite && head.argument > UINT64_MAX / 2)
			return false;
		*ret_inside =
		    (struct cbor_list){ .left = 2 * head.argument, .indefinite = head.indefinite };
		break;
	case CBOR_TAG: ret_inside->left = 1; break;
	case CBOR_SIMPLE: /* an end where none can be is no value */
	default:
		if (head.indefinite)
			return false;
	}
	return !c->failed;
}

bool
cbor_skip(struct cursor *c)
{
	struct cbor_list open[CBOR_DEPTH];
	size_t depth = 0;

	do {
		struct cbor_list inside;

		if (!skip_one(c, &inside))
			return false;
		if (inside.left != 0 || inside.indefinite) {
			if (depth == CBOR_DEPTH)
				return false;
			open[depth++] = inside;
		}
		while (depth > 0 && !cbor_next(c, &open[depth - 1]))
			depth--;
		if (c->failed)
			return false;
	} while (depth > 0);
	return true;
}
