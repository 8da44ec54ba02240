/* SPDX-License-Identifier: ISC */
/*
 * dnstap in connections: frame streams (frame_stream.h) of one direction or both.
 *
 *	producer                 we
 *	READY(dnstap)  ------->
 *	               <-------  ACCEPT(dnstap)
 *	START(dnstap)  ------->                     in one direction it begins here
 *	frames         ------->
 *	STOP           ------->
 *	               <-------  FINISH             only in both directions
 *
 * Frames are not looked into: whole ones that came together go into the ring in one piece.  Nobody
 * waits for the ring, because a producer that waits throws messages away without telling.  What is
 * no frame stream, or one of something else, closes the connection.
 */
#include <sys/socket.h>

#include "base/bytes.h"
#include "source/frame_stream.h"
#include "source/live_connection.h"

/* Octets of a frame with its length: two DNS messages of the largest size and much to spare. */
#define TAP_FRAME_MAX (256U << 10)

enum tap_state {
	TAP_BEGIN = 0, /* READY or START is to come */
	TAP_READY,     /* ACCEPT was sent, START is to come */
	TAP_STREAM,    /* of one direction */
	TAP_STREAM_BOTH,
	TAP_END,
};

static bool
is_streaming(const struct live_connection *c)
{
	return c->state == TAP_STREAM || c->state == TAP_STREAM_BOTH;
}

/* A few octets, which always fit a socket that nothing else was written to. */
static bool
answer(const struct live_connection *c, enum frame_control type, bool content)
{
	uint8_t octets[FRAME_CONTROL_ROOM];
	size_t size = frame_control_write(type, content, octets);

	return send(c->fd, octets, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}

/* One control frame; false when it cannot come here. */
static bool
take_control(struct live_connection *c, const uint8_t *data, size_t size)
{
	struct frame_control_read control;

	if (!frame_control_read(data, size, &control) || !control.is_dnstap)
		return false;
	if (control.type == FRAME_READY && c->state == TAP_BEGIN) {
		c->state = TAP_READY;
		return answer(c, FRAME_ACCEPT, control.has_content);
	}
	if (control.type == FRAME_START && c->state <= TAP_READY) {
		c->state = c->state == TAP_READY ? TAP_STREAM_BOTH : TAP_STREAM;
		c->talked = true; /* it may have nothing to say for long */
		return true;
	}
	if (control.type != FRAME_STOP || !is_streaming(c))
		return false;
	if (c->state == TAP_STREAM_BOTH)
		(void)answer(c, FRAME_FINISH, false);
	c->state = TAP_END;
	return true;
}

/* Puts `count` whole frames into the ring, or loses them. */
static void
put_frames(struct live_connections *all, struct live_connection *c, const uint8_t *data,
    size_t size, size_t count)
{
	if (count == 0)
		return;
	live_talked(all, c);
	c->record.time = live_now();
	if (!live_put(all->reader, &c->record, data, size)) {
		live_count(all->reader, COUNT_QUEUE_DROPS, count);
		return;
	}
	live_count(all->reader, COUNT_RECEIVED, count);
	live_count(all->reader, COUNT_OCTETS, size);
}

/* Counts the whole data frames that the octets begin with; `ret_size` is theirs. */
static size_t
whole_frames(const uint8_t *data, size_t have, size_t *ret_size)
{
	size_t at = 0, count = 0;

	while (have - at >= FRAME_HEAD_SIZE) {
		uint32_t size = be32(data + at);

		if (size == 0 || size > have - at - FRAME_HEAD_SIZE)
			break;
		at += FRAME_HEAD_SIZE + (size_t)size;
		count++;
	}
	*ret_size = at;
	return count;
}

/* What is behind the data frames: 0 when it is not whole yet, its size when it is a control frame
 * that was taken; `ret_bad` when it is neither. */
static size_t
take_next(struct live_connection *c, const uint8_t *data, size_t have, bool *ret_bad)
{
	uint32_t size;

	if (have < FRAME_HEAD_SIZE)
		return 0;
	size = be32(data);
	if (size != 0) {
		*ret_bad = !is_streaming(c) || size > TAP_FRAME_MAX - FRAME_HEAD_SIZE;
		return 0;
	}
	if (have < CONTROL_HEAD_SIZE)
		return 0;
	size = be32(data + FRAME_HEAD_SIZE);
	*ret_bad = size > CONTROL_SIZE_MAX;
	if (*ret_bad || have - CONTROL_HEAD_SIZE < size)
		return 0;
	*ret_bad = !take_control(c, data + CONTROL_HEAD_SIZE, size);
	return *ret_bad ? 0 : CONTROL_HEAD_SIZE + (size_t)size;
}

static void
take(struct live_connections *all, struct live_connection *c)
{
	size_t at = 0, size;
	bool bad = false;

	do {
		if (is_streaming(c)) {
			size_t count = whole_frames(c->data + at, c->have - at, &size);

			put_frames(all, c, c->data + at, size, count);
			at += size;
		}
		size = take_next(c, c->data + at, c->have - at, &bad);
		at += size;
	} while (size != 0 && c->state != TAP_END);
	live_used(c, at);
	if (bad || c->state == TAP_END)
		live_shut(all, c, bad ? COUNT_MALFORMED : COUNTS);
}

static bool
is_held(const struct live_connection *c)
{
	(void)c;
	return false;
}

/* Producers that are ended often just close; what is cut is a frame. */
static bool
is_over(const struct live_connection *c)
{
	return c->have == 0;
}

const struct live_speech live_speech_dnstap = {
	.room = TAP_FRAME_MAX,
	.idles = true,
	.take = take,
	.is_held = is_held,
	.is_over = is_over,
};
