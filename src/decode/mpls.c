/* SPDX-License-Identifier: ISC */
/*
 * MPLS (RFC 3032): a stack of labels, each label 20 bits, class 3, bottom of stack 1, TTL 8.
 *
 * Nothing says what follows the stack.  Routers look at the first nibble, 4 or 6 for IP, and that
 * is why a pseudowire's control word begins with 0 (RFC 4928, section 3).  A pseudowire without
 * control word may begin with any octet of a MAC address, so that we ask for a second witness: a
 * length that fits the frame or, for IPv4, a header checksum that is right.  Everything else stays
 * unknown.
 */
#include "decode/decode.h"
#include "decode/internal.h"

#define LABEL_SIZE   4
#define LABEL_BOTTOM 0x100
#define IP4_SIZE     20
#define IP6_SIZE     40

/* The checksum of the IPv4 header at the start of the layer is right (RFC 1071). */
static bool
is_checksum_right(const struct layer *l, size_t size)
{
	const uint8_t *h = layer_peek(l, size);
	uint32_t sum = 0;

	if (h == NULL)
		return false;
	for (size_t i = 0; i < size; i += 2)
		sum += be16(h + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum + (sum >> 16) == 0xffff;
}

/* Whether an IP header of the version that the first octet claims begins here. */
static bool
looks_like_ip(const struct layer *l)
{
	const uint8_t *h = layer_peek(l, 6);
	size_t size;

	if (h == NULL)
		return false;
	if (h[0] >> 4 == 6)
		return (uint64_t)be16(h + 4) + IP6_SIZE <= layer_wire(l);
	size = (size_t)(h[0] & 0x0f) * 4;
	if (h[0] >> 4 != 4 || size < IP4_SIZE || be16(h + 2) < size)
		return false;
	return be16(h + 2) <= layer_wire(l) || is_checksum_right(l, size);
}

int
decode_mpls(struct decoding *d, struct layer l)
{
	const uint8_t *label;
	unsigned depth = 0;

	do {
		if (depth++ == DECODE_MPLS_MAX)
			return DROP_MPLS_DEPTH;
		label = layer_take(&l, LABEL_SIZE);
		if (label == NULL)
			return layer_short(&l, LABEL_SIZE, DROP_MPLS_TRUNCATED);
	} while ((be32(label) & LABEL_BOTTOM) == 0);

	if (looks_like_ip(&l))
		return decode_ip(d, l);
	if (layer_peek(&l, 6) == NULL && layer_snapped(&l, 6))
		return DROP_FRAME_SNAPPED;
	return DROP_MPLS_UNKNOWN;
}
