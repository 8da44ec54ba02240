/* SPDX-License-Identifier: ISC */
/*
 * TLS records over TCP (RFC 5246 section 6.2.1, RFC 8446 section 5.1):
 *
 *	 0      1          3          5                5 + length
 *	+------+----------+----------+----------------+
 *	| type | version  | length   | fragment       |
 *	+------+----------+----------+----------------+
 *
 * Each direction goes from header to header.  Of a fragment is read: of a handshake record, until
 * the hello of that side was seen, everything; of a heartbeat its first three octets; else nothing.
 * Where octets are missing beyond the record at hand, or no record begins where one should, the
 * next segment that begins like a record is sought.
 *
 * Inside TLS 1.3 everything after the hellos has the type of application data: heartbeats there
 * cannot be seen.
 */
#include "decode/tls.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "decode/tls_hello.h"
#include "decode/tls_internal.h"

#define HEADER_SIZE    5
#define MESSAGE_HEADER 4
#define HELLO_MOST     16384 /* octets of a hello that is put together */
#define HELLO_LEAST    38    /* version, random, session, cipher */
#define SNIFF_LEAST    6     /* octets that a hello is known by */
#define HELLO_REQUEST  0

/* ------------------------------------------------------------------ sniffing */

bool
tls_begins_hello(const uint8_t *p, size_t size)
{
	uint32_t record, message;

	if (size < SNIFF_LEAST || p[0] != TLS_HANDSHAKE || !tls_is_header(p) ||
	    (p[5] != TLS_HANDSHAKE_CLIENT_HELLO && p[5] != TLS_HANDSHAKE_SERVER_HELLO))
		return false;
	record = be16(p + 3);
	if (record < MESSAGE_HEADER + HELLO_LEAST || size < HEADER_SIZE + MESSAGE_HEADER + 2)
		return record >= MESSAGE_HEADER + HELLO_LEAST;
	message = be32(p + 5) & 0xffffff;
	return message >= HELLO_LEAST && message <= HELLO_MOST && p[9] == 3 && p[10] <= 4;
}

/* A record of a heartbeat that ends with the octets, or before another record. */
static bool
is_heartbeat(const uint8_t *p, size_t size)
{
	size_t end;

	if (size < HEADER_SIZE + TLS_HEAD_SIZE || p[0] != TLS_HEARTBEAT_RECORD || !tls_is_header(p))
		return false;
	end = (size_t)HEADER_SIZE + be16(p + 3);
	if (end == size)
		return true;
	return end >= HEADER_SIZE + TLS_HEAD_SIZE && size >= end + HEADER_SIZE &&
	       tls_is_header(p + end) && p[end + 2] == p[2];
}

static bool
sniff(const struct packet *packet, const uint8_t *payload, size_t size)
{
	(void)packet;
	/* Most segments are told apart here. */
	if (payload[0] == TLS_HANDSHAKE)
		return tls_begins_hello(payload, size);
	return payload[0] == TLS_HEARTBEAT_RECORD && is_heartbeat(payload, size);
}

static bool
takes_over(const uint8_t *payload, size_t size)
{
	return tls_begins_hello(payload, size);
}

/* ------------------------------------------------------------------ hellos */

static void
drop_pieces(struct tls_direction *d, const struct content_sink *sink)
{
	if (d->pieces.octets != NULL && sink != NULL)
		*sink->memory -= d->pieces.wanted;
	free(d->pieces.octets);
	d->pieces = (struct tls_pieces){ 0 };
}

/* A whole handshake message, with its header. */
static void
take_message(struct tls_connection *c, const struct content_sink *sink,
    const struct stream_event *e, const uint8_t *message, size_t size, uint64_t input_offset)
{
	struct tls_direction *d = &c->directions[e->direction];
	struct tls_message m = {
		.time = e->time,
		.input_offset = input_offset,
		.body = message + MESSAGE_HEADER,
		.size = size - MESSAGE_HEADER,
		.direction = e->direction,
		.type = message[0],
	};

	if (m.type == HELLO_REQUEST)
		return;
	d->is_past_hello = true;
	if (m.type == TLS_HANDSHAKE_CLIENT_HELLO || m.type == TLS_HANDSHAKE_SERVER_HELLO)
		tls_session_hello(&c->session, sink, &m);
	/* After a HelloRetryRequest comes another hello of both. */
	if (m.type == TLS_HANDSHAKE_SERVER_HELLO && !c->session.has_hello[1])
		d->is_past_hello = false;
}

/* The size of the message that begins here, with its header. */
static size_t
message_size(const uint8_t *p)
{
	return MESSAGE_HEADER + (be32(p) & 0xffffff);
}

/* Begins to put a message together, or goes on; returns how many octets it took. */
static size_t
gather(struct tls_connection *c, const struct content_sink *sink, const struct stream_event *e,
    const uint8_t *data, size_t size)
{
	struct tls_direction *d = &c->directions[e->direction];
	struct tls_pieces *p = &d->pieces;
	size_t step;

	if (p->octets == NULL) {
		*p = (struct tls_pieces){ .wanted = MESSAGE_HEADER,
			.input_offset = d->input_offset };
		p->octets = xmalloc(MESSAGE_HEADER);
		*sink->memory += p->wanted;
	}
	step = p->wanted - p->size < size ? p->wanted - p->size : size;
	memcpy(p->octets + p->size, data, step);
	p->size += step;
	if (p->size < p->wanted)
		return step;
	if (p->wanted == MESSAGE_HEADER && message_size(p->octets) > MESSAGE_HEADER) {
		size_t wanted = message_size(p->octets);
		if (wanted > HELLO_MOST || *sink->memory + wanted > sink->memory_limit) {
			drop(sink->drops, DROP_TLS_HELLO_SIZE);
			d->is_past_hello = true;
			drop_pieces(d, sink);
			return size;
		}
		p->octets = xrealloc_array(p->octets, wanted, 1);
		*sink->memory += wanted - p->wanted;
		p->wanted = wanted;
		return step;
	}
	take_message(c, sink, e, p->octets, p->size, p->input_offset);
	drop_pieces(d, sink);
	return step;
}

/* Octets of a handshake record: messages follow each other without regard to records. */
static void
take_handshake(struct tls_connection *c, const struct content_sink *sink,
    const struct stream_event *e, const uint8_t *data, size_t size)
{
	struct tls_direction *d = &c->directions[e->direction];
	size_t step;

	while (size > 0 && !d->is_past_hello) {
		if (d->pieces.octets == NULL && size >= MESSAGE_HEADER &&
		    size >= message_size(data)) {
			step = message_size(data);
			take_message(c, sink, e, data, step, d->input_offset);
		} else {
			step = gather(c, sink, e, data, size);
		}
		data += step;
		size -= step;
	}
}

/* ------------------------------------------------------------------ records */

/* Heartbeats and alerts, when their record is over; `missing` octets of it did not come. */
static void
end_record(struct tls_connection *c, const struct content_sink *sink, const struct tls_direction *d,
    uint8_t direction, nsec_t time)
{
	struct tls_heartbeat_record r = {
		.time = time,
		.input_offset = d->input_offset,
		.length = d->length,
		.seen = d->length - d->left,
		.version = be16(d->header + 1),
		.direction = direction,
		.encrypted = c->session.encrypted[direction],
		.head_size = d->head_size,
	};

	if (d->type == TLS_ALERT) {
		tls_session_alert(&c->session, sink, direction, time);
		return;
	}
	memcpy(r.head, d->head, sizeof r.head);
	tls_session_heartbeat(&c->session, sink, &r);
}

static void
begin_record(struct tls_connection *c, struct tls_direction *d, const struct stream_event *e)
{
	d->type = d->header[0];
	d->length = d->left = be16(d->header + 3);
	d->head_size = 0;
	d->input_offset = e->input_offset;
	if (c->session.record_version == 0)
		c->session.record_version = be16(d->header + 1);
	if (d->type == TLS_APPLICATION_DATA) {
		c->session.data = d->has_data = true;
		c->data_version = be16(d->header + 1);
	} else if (d->type == TLS_CHANGE_CIPHER_SPEC) {
		c->session.encrypted[e->direction] = true;
	}
}

/* Whether anybody wants to know what is in the record, or that it is over. */
static bool
is_read(const struct tls_direction *d)
{
	return d->type == TLS_HEARTBEAT_RECORD || d->type == TLS_ALERT ||
	       (d->type == TLS_HANDSHAKE && !d->is_past_hello);
}

/* Octets of the fragment at hand. */
static void
read_fragment(struct tls_connection *c, const struct content_sink *sink,
    const struct stream_event *e, const uint8_t *data, size_t size)
{
	struct tls_direction *d = &c->directions[e->direction];

	if (d->type == TLS_HANDSHAKE) {
		if (c->session.encrypted[e->direction])
			d->is_past_hello = true;
		take_handshake(c, sink, e, data, size);
		return;
	}
	for (size_t i = 0; i < size && d->head_size < TLS_HEAD_SIZE; i++)
		d->head[d->head_size++] = data[i];
}

/* Looks for a record at the beginning of a segment: false when there is none. */
static bool
find_again(
    const struct tls_connection *c, struct tls_direction *d, const uint8_t *data, size_t size)
{
	uint16_t known = c->session.record_version, version;
	size_t end;

	if (size < HEADER_SIZE || !tls_is_header(data))
		return false;
	/* Records of TLS 1.3 say 1.2. */
	version = be16(data + 1);
	if (known != 0 && version != known && version != c->session.version &&
	    version != TLS_VERSION_1_2)
		return false;
	end = (size_t)HEADER_SIZE + be16(data + 3);
	if (end + HEADER_SIZE <= size && !tls_is_header(data + end))
		return false;
	d->is_lost = false;
	d->header_size = 0;
	d->left = 0;
	return true;
}

/* Octets of a header; how many it took.  Sets is_lost when it is none. */
static size_t
take_header(struct tls_connection *c, const struct content_sink *sink, const struct stream_event *e,
    const uint8_t *data, size_t size)
{
	struct tls_direction *d = &c->directions[e->direction];
	size_t step = HEADER_SIZE - d->header_size;

	step = step < size ? step : size;
	memcpy(d->header + d->header_size, data, step);
	d->header_size = (uint8_t)(d->header_size + step);
	if (d->header_size < HEADER_SIZE)
		return step;
	d->header_size = 0;
	if (!tls_is_header(d->header)) {
		drop(sink->drops, DROP_TLS_RECORD);
		d->is_lost = true;
		d->is_past_hello = true;
		drop_pieces(d, sink);
		return size;
	}
	begin_record(c, d, e);
	return step;
}

static void
take_data(struct tls_connection *c, const struct content_sink *sink, const struct stream_event *e)
{
	struct tls_direction *d = &c->directions[e->direction];
	const uint8_t *data = e->data;
	size_t size = e->size;

	if (d->is_lost && !find_again(c, d, data, size))
		return;
	while (size > 0) {
		size_t step = size;
		if (d->left == 0) {
			step = take_header(c, sink, e, data, size);
		} else {
			step = d->left < size ? d->left : size;
			if (is_read(d))
				read_fragment(c, sink, e, data, step);
			d->left -= (uint32_t)step;
			if (d->left == 0 &&
			    (d->type == TLS_HEARTBEAT_RECORD || d->type == TLS_ALERT))
				end_record(c, sink, d, e->direction, e->time);
		}
		data += step;
		size -= step;
		if (d->is_lost)
			return;
	}
}

static void
take_gap(struct tls_connection *c, const struct content_sink *sink, const struct stream_event *e)
{
	struct tls_direction *d = &c->directions[e->direction];
	bool is_inside = d->header_size == 0 && e->size <= d->left;

	if (d->type == TLS_HANDSHAKE || !is_inside) {
		d->is_past_hello = true;
		drop_pieces(d, sink);
	}
	if (is_inside && !d->is_lost) {
		/* It was sent: its length counts. */
		d->left -= (uint32_t)e->size;
		if (d->head_size < TLS_HEAD_SIZE)
			d->type = d->type == TLS_HEARTBEAT_RECORD ? TLS_APPLICATION_DATA : d->type;
		if (d->left == 0 && (d->type == TLS_HEARTBEAT_RECORD || d->type == TLS_ALERT))
			end_record(c, sink, d, e->direction, e->time);
		return;
	}
	if (!d->is_lost)
		drop(sink->drops, DROP_TLS_GAP);
	d->is_lost = true;
}

/* ------------------------------------------------------------------ resting */

bool
tls_connection_may_rest(const struct tls_connection *c)
{
	/* Where there were heartbeats everything is followed. */
	if (!c->session.has_hello[0] || !c->session.has_hello[1] || c->session.exchanges != NULL)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		const struct tls_direction *d = &c->directions[i];
		if (!d->has_data || d->header_size != 0 ||
		    (d->type == TLS_HEARTBEAT_RECORD && d->left != 0))
			return false;
	}
	return true;
}

void
tls_connection_wake(struct tls_connection *c, uint8_t direction, uint32_t skip)
{
	for (unsigned i = 0; i < 2; i++)
		c->directions[i].is_past_hello = c->directions[i].has_data = true;
	c->data_version = c->session.record_version;
	c->directions[direction].type = TLS_APPLICATION_DATA;
	c->directions[direction].left = c->directions[direction].length = skip;
	c->directions[!direction].is_lost = true;
}

/* ------------------------------------------------------------------ the protocol */

static void *
open_connection(const struct content_sink *sink, const struct stream_event *e)
{
	struct tls_connection *c = xcalloc(1, sizeof *c);

	(void)sink;
	c->session.ends[0] = e->source;
	c->session.ends[1] = e->destination;
	c->session.ports[0] = e->source_port;
	c->session.ports[1] = e->destination_port;
	c->session.begun = e->time;
	return c;
}

static void
take_event(void *connection, const struct content_sink *sink, const struct stream_event *e)
{
	struct tls_connection *c = connection;

	if (e->kind == STREAM_DATA) {
		c->session.heard[e->direction] = true;
		take_data(c, sink, e);
	} else if (e->kind == STREAM_GAP) {
		c->session.heard[e->direction] = true;
		take_gap(c, sink, e);
	}
}

static void
close_connection(void *connection, const struct content_sink *sink, nsec_t time)
{
	struct tls_connection *c = connection;

	for (uint8_t i = 0; i < 2; i++) {
		struct tls_direction *d = &c->directions[i];
		if (sink != NULL && !d->is_lost && d->type == TLS_HEARTBEAT_RECORD &&
		    d->left != 0 && d->head_size == TLS_HEAD_SIZE)
			end_record(c, sink, d, i, time);
		drop_pieces(d, sink);
	}
	tls_session_end(&c->session, sink, time);
	free(c);
}

const struct content_protocol content_tls = {
	.name = "tls",
	.yields = OBS_TLS,
	.sniff = sniff,
	.takes_over = takes_over,
	.open = open_connection,
	.event = take_event,
	.close = close_connection,
	.aside = &tls_aside,
	.sniff_datagram = tls_datagram_sniff,
	.datagram = tls_datagram_take,
	.end_datagrams = tls_datagram_end,
};
