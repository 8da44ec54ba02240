/* SPDX-License-Identifier: ISC */
/* Control frames of Frame Streams; see frame_stream.h. */
#include "source/frame_stream.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cursor.h"

#define FIELD_CONTENT_TYPE 1

static const char CONTENT[] = "protobuf:dnstap.Dnstap";
#define CONTENT_SIZE (sizeof CONTENT - 1)

bool
frame_control_read(const uint8_t *data, size_t size, struct frame_control_read *ret_control)
{
	struct cursor c = cursor_over(data, size);
	struct frame_control_read control = { .type = (enum frame_control)cursor_be32(&c) };

	while (!c.failed && cursor_left(&c) != 0) {
		uint32_t type = cursor_be32(&c);
		uint32_t length = cursor_be32(&c);
		const uint8_t *octets = cursor_take(&c, length);

		if (octets == NULL || type != FIELD_CONTENT_TYPE)
			return false;
		control.has_content = true;
		control.is_dnstap |=
		    length == CONTENT_SIZE && memcmp(octets, CONTENT, CONTENT_SIZE) == 0;
	}
	control.is_dnstap |= !control.has_content;
	if (c.failed || control.type < FRAME_ACCEPT || control.type > FRAME_FINISH)
		return false;
	*ret_control = control;
	return true;
}

size_t
frame_control_write(enum frame_control type, bool content, uint8_t *ret_octets)
{
	uint32_t size = content ? 12 + CONTENT_SIZE : 4;

	put_be32(ret_octets, 0);
	put_be32(ret_octets + 4, size);
	put_be32(ret_octets + 8, (uint32_t)type);
	if (content) {
		put_be32(ret_octets + 12, FIELD_CONTENT_TYPE);
		put_be32(ret_octets + 16, CONTENT_SIZE);
		memcpy(ret_octets + 20, CONTENT, CONTENT_SIZE);
	}
	return CONTROL_HEAD_SIZE + size;
}
