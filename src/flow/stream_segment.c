/* SPDX-License-Identifier: ISC */
/* Reading a TCP segment (RFC 9293 section 3.1); see stream_segment.h. */
#include "flow/stream_segment.h"

#include "base/cursor.h"

/* RFC 7323 section 2.2: kind 3, length 3, shift count of at most 14. */
static uint8_t
window_scale(struct cursor options)
{
	while (cursor_left(&options) != 0) {
		uint8_t kind = cursor_u8(&options);
		uint8_t length;

		if (kind == 0)
			break;
		if (kind == 1)
			continue;
		length = cursor_u8(&options);
		if (kind == 3 && length == 3) {
			uint8_t shift = cursor_u8(&options);
			return shift < 14 ? shift : 14;
		}
		if (length < 2 || !cursor_skip(&options, length - 2U))
			break;
	}
	return 0;
}

bool
segment_read(const struct packet *p, struct segment *ret_segment)
{
	struct segment s = { 0 };
	struct cursor c;
	const uint8_t *tcp;
	uint32_t header;

	if (p->kind != PACKET_IP || p->protocol != IP_PROTOCOL_TCP || p->data == NULL ||
	    !(p->flags & PACKET_HAS_PORTS) || p->l4_offset > p->captured_size)
		return false;
	/* Fragments come here once they are put together; a whole packet in one (RFC 6946) may. */
	if ((p->flags & PACKET_FRAGMENT) &&
	    !((p->flags & PACKET_FRAGMENT_FIRST) && (p->flags & PACKET_FRAGMENT_LAST)))
		return false;
	c = cursor_over(p->data + p->l4_offset, p->captured_size - p->l4_offset);
	tcp = cursor_take(&c, 20);
	if (tcp == NULL)
		return false;
	header = (tcp[12] >> 4) * 4U;
	if (header < 20)
		return false;
	s.seq = be32(tcp + 4);
	s.ack = be32(tcp + 8);
	s.flags = tcp[13];
	s.window = be16(tcp + 14);
	if (s.flags & TCP_SYN) {
		size_t options = header - 20;
		s.scale = window_scale(
		    cursor_over(c.at, options < cursor_left(&c) ? options : cursor_left(&c)));
	}
	/* What the IP header says there is, and how much of it was kept. */
	if (!(p->flags & PACKET_REASSEMBLED)) {
		uint32_t before = p->l4_offset - p->l3_offset + header;
		if (p->octets < before)
			return false;
		s.declared = p->octets - before;
	} else if (p->captured_size - p->l4_offset >= header) {
		s.declared = p->captured_size - p->l4_offset - header;
	}
	if (cursor_skip(&c, header - 20)) {
		s.data = c.at;
		s.size = cursor_left(&c) < s.declared ? (uint32_t)cursor_left(&c) : s.declared;
	}
	/* A length beyond a frame that was captured whole is a lie: hosts drop such a packet. */
	if (s.size < s.declared && p->captured_size >= p->frame_size)
		return false;
	*ret_segment = s;
	return true;
}
