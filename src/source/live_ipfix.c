/* SPDX-License-Identifier: ISC */
/*
 * IPFIX in connections: RFC 7011, section 10.4.  Messages follow each other, and each says its
 * length.
 *
 *	 0                   1                   2                   3
 *	|  version = 10 (2)             |  length of the message (2)    |
 *
 * What does not begin so is no IPFIX, and nothing behind it could be found again: the connection is
 * closed.  While the ring is full nothing is read, so TCP makes the exporter wait and nothing is
 * lost.
 */
#include "base/bytes.h"
#include "source/live_connection.h"

#define HEAD_SIZE     4
#define MESSAGE_LEAST 16 /* the message header, RFC 7011 section 3.1 */
#define IPFIX_VERSION 10

/* The length of the message that the octets begin with; 0 when it is not known yet. */
static size_t
message_size(const uint8_t *data, size_t have, bool *ret_bad)
{
	*ret_bad = false;
	if (have < HEAD_SIZE)
		return 0;
	*ret_bad = be16(data) != IPFIX_VERSION || be16(data + 2) < MESSAGE_LEAST;
	return be16(data + 2);
}

/* While there is room in the ring. */
static void
take(struct live_connections *all, struct live_connection *c)
{
	size_t at = 0, size;
	bool bad;

	while ((size = message_size(c->data + at, c->have - at, &bad)) != 0 && !bad &&
	       size <= c->have - at) {
		c->record.time = live_now();
		if (!live_put(all->reader, &c->record, c->data + at, size)) {
			all->full = true;
			break;
		}
		live_count(all->reader, COUNT_RECEIVED, 1);
		live_count(all->reader, COUNT_OCTETS, size);
		live_talked(all, c);
		at += size;
	}
	live_used(c, at);
	if (bad)
		live_shut(all, c, COUNT_MALFORMED);
}

static bool
is_held(const struct live_connection *c)
{
	bool bad;
	size_t size = message_size(c->data, c->have, &bad);

	return size != 0 && !bad && size <= c->have;
}

/* A message cut short is counted like a bad one. */
static bool
is_over(const struct live_connection *c)
{
	return c->have == 0;
}

const struct live_speech live_speech_ipfix = {
	.room = MESSAGE_MAX,
	.ends = true,
	.take = take,
	.is_held = is_held,
	.is_over = is_over,
};
