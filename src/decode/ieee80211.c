/* SPDX-License-Identifier: ISC */
/*
 * IEEE 802.11 data frames, with or without a radiotap header.
 *
 *	frame control 2, duration 2, addresses 6 6 6, sequence control 2,
 *	[address 6: to and from the distribution system], [QoS control 2], [HT control 4], LLC
 *
 * All fields are little-endian.  Frames without data, and data that is encrypted, are counted and
 * left alone.
 */
#include "decode/internal.h"

#define MAC_SIZE      24
#define ADDRESS_SIZE  6
#define QOS_SIZE      2
#define HT_SIZE       4
#define RADIOTAP_SIZE 8

/* Frame control, IEEE 802.11-2016, 9.2.4.1. */
enum {
	CONTROL_VERSION = 0x0003,
	CONTROL_TYPE = 0x000c,
	CONTROL_DATA = 0x0008,
	CONTROL_NO_DATA = 0x0040, /* subtypes "null": the data bit of the subtype is inverted */
	CONTROL_QOS = 0x0080,
	CONTROL_TO_DS = 0x0100,
	CONTROL_FROM_DS = 0x0200,
	CONTROL_PROTECTED = 0x4000,
	CONTROL_ORDER = 0x8000, /* in QoS data: an HT control field follows */
};

#define SEQUENCE_FRAGMENT 0x000f
#define QOS_AGGREGATE     0x0080

/* Radiotap: a bit in the first word for each field present; the first two fields matter here. */
enum {
	RADIOTAP_TSFT = 0x01,  /* 8 octets, aligned */
	RADIOTAP_FLAGS = 0x02, /* 1 octet */
	RADIOTAP_FLAG_PADDED = 0x20,
};

#define RADIOTAP_MORE 0x80000000U /* another word of bits follows */

static size_t
header_size(uint16_t control)
{
	size_t size = MAC_SIZE;

	if ((control & CONTROL_TO_DS) != 0 && (control & CONTROL_FROM_DS) != 0)
		size += ADDRESS_SIZE;
	if ((control & CONTROL_QOS) != 0) {
		size += QOS_SIZE;
		if ((control & CONTROL_ORDER) != 0)
			size += HT_SIZE;
	}
	return size;
}

static int
decode_mac(struct decoding *d, struct layer l, bool padded)
{
	const uint8_t *h = layer_peek(&l, 2);
	uint16_t control;
	size_t size, taken;

	if (h == NULL)
		return layer_short(&l, 2, DROP_LINK_TRUNCATED);
	control = le16(h);
	if ((control & CONTROL_VERSION) != 0)
		return DROP_LINK_MALFORMED;
	if ((control & CONTROL_TYPE) != CONTROL_DATA || (control & CONTROL_NO_DATA) != 0 ||
	    (control & CONTROL_PROTECTED) != 0)
		return DROP_LINK_NOT_DATA;

	size = header_size(control);
	taken = padded ? (size + 3) & ~(size_t)3 : size;
	h = layer_take(&l, taken);
	if (h == NULL)
		return layer_short(&l, taken, DROP_LINK_TRUNCATED);
	if ((le16(h + 22) & SEQUENCE_FRAGMENT) != 0)
		return DROP_LINK_FRAGMENT;
	if ((control & CONTROL_QOS) != 0) {
		size_t qos = size - QOS_SIZE - ((control & CONTROL_ORDER) != 0 ? HT_SIZE : 0);
		if ((le16(h + qos) & QOS_AGGREGATE) != 0)
			return DROP_LINK_AGGREGATE;
	}
	return decode_llc(d, l);
}

int
decode_ieee80211(struct decoding *d, struct layer l)
{
	return decode_mac(d, l, false);
}

/* A little-endian word; 0 past the end. */
static uint32_t
next_word(struct cursor *c)
{
	const uint8_t *word = cursor_take(c, 4);

	return word != NULL ? le32(word) : 0;
}

/* Whether the radiotap flags say that the 802.11 header is padded to whole words. */
static bool
is_padded(const uint8_t *header, size_t size)
{
	struct cursor c = cursor_over(header, size);
	uint32_t present;

	(void)cursor_skip(&c, 4);
	present = next_word(&c);
	for (uint32_t more = present; (more & RADIOTAP_MORE) != 0;)
		more = next_word(&c);
	if ((present & RADIOTAP_FLAGS) == 0)
		return false;
	if ((present & RADIOTAP_TSFT) != 0) {
		(void)cursor_skip(&c, (size_t)(-(c.at - header) & 7));
		(void)cursor_skip(&c, 8);
	}
	return (cursor_u8(&c) & RADIOTAP_FLAG_PADDED) != 0;
}

/* version 1, pad 1, length 2, present 4 or more, fields (https://www.radiotap.org). */
int
decode_radiotap(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_peek(&l, RADIOTAP_SIZE);
	size_t size;

	if (h == NULL)
		return layer_short(&l, RADIOTAP_SIZE, DROP_LINK_TRUNCATED);
	size = le16(h + 2);
	if (h[0] != 0 || size < RADIOTAP_SIZE)
		return DROP_LINK_MALFORMED;
	h = layer_take(&l, size);
	if (h == NULL)
		return layer_short(&l, size, DROP_LINK_TRUNCATED);
	return decode_mac(d, l, is_padded(h, size));
}
