/* SPDX-License-Identifier: ISC */
/* Records of TLS as octets, a connection that plays them, and the events that come of it. */
#ifndef YAGURA_TESTS_UNIT_TLS_BUILD_H
#define YAGURA_TESTS_UNIT_TLS_BUILD_H

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "decode/tls.h"
#include "decode/tls_hello.h"
#include "test.h"

#define TLS_OCTETS 200000
#define TLS_EVENTS 64

struct tls_octets {
	size_t size;
	uint8_t octets[TLS_OCTETS];
};

static void
tls_put(struct tls_octets *o, const void *data, size_t size)
{
	assert_true(size <= sizeof o->octets - o->size);
	memcpy(o->octets + o->size, data, size);
	o->size += size;
}

static void
tls_put8(struct tls_octets *o, unsigned value)
{
	uint8_t octet = (uint8_t)value;

	tls_put(o, &octet, 1);
}

static void
tls_put16(struct tls_octets *o, unsigned value)
{
	tls_put8(o, value >> 8);
	tls_put8(o, value & 0xff);
}

static void
tls_fill(struct tls_octets *o, unsigned value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		tls_put8(o, value);
}

/* A record of `size` octets of one value. */
static void
tls_record(struct tls_octets *o, unsigned type, unsigned version, unsigned value, size_t size)
{
	tls_put8(o, type);
	tls_put16(o, version);
	tls_put16(o, (unsigned)size);
	tls_fill(o, value, size);
}

struct tls_choice {
	unsigned type; /* TLS_HANDSHAKE_… */
	unsigned version, cipher;
	int mode; /* of the heartbeat extension; -1: none */
	bool encrypt_then_mac;
	unsigned chosen; /* supported_versions; 0: none */
};

/* The body of a hello, which begins at the end of `o`. */
static void
tls_hello_body(struct tls_octets *o, const struct tls_choice *c, bool datagram)
{
	size_t at;

	tls_put16(o, c->version);
	tls_fill(o, 0x77, 32);
	tls_put8(o, 0);
	if (c->type == TLS_HANDSHAKE_CLIENT_HELLO) {
		if (datagram)
			tls_put8(o, 0);
		tls_put16(o, 4);
		tls_put16(o, 0xc02f);
		tls_put16(o, c->cipher);
		tls_put16(o, 0x0100);
	} else {
		tls_put16(o, c->cipher);
		tls_put8(o, 0);
	}
	at = o->size;
	tls_put16(o, 0);
	if (c->type == TLS_HANDSHAKE_CLIENT_HELLO)
		tls_put(o, "\0\0\0\x0c\0\x0a\0\0\x07www.org", 16);
	if (c->mode >= 0)
		tls_put(o, (uint8_t[]){ 0, 15, 0, 1, (uint8_t)c->mode }, 5);
	if (c->encrypt_then_mac)
		tls_put(o, "\0\x16\0\0", 4);
	if (c->chosen != 0) {
		tls_put(o, "\0\x2b\0\2", 4);
		tls_put16(o, c->chosen);
	}
	put_be16(o->octets + at, (uint16_t)(o->size - at - 2));
}

static void
tls_hello(struct tls_octets *o, const struct tls_choice *c)
{
	size_t at = o->size;

	tls_put(o, "\x16\3\1\0\0", 5);
	tls_put(o, (uint8_t[]){ (uint8_t)c->type, 0, 0, 0 }, 4);
	tls_hello_body(o, c, false);
	put_be16(o->octets + at + 3, (uint16_t)(o->size - at - 5));
	put_be16(o->octets + at + 7, (uint16_t)(o->size - at - 9));
}

/* A plain heartbeat in a record of its own, of `size` octets after its header. */
static void
tls_beat(struct tls_octets *o, unsigned type, unsigned claimed, unsigned value, size_t size)
{
	tls_put(o, "\x18\3\3", 3);
	tls_put16(o, (unsigned)size + 3);
	tls_put8(o, type);
	tls_put16(o, claimed);
	tls_fill(o, value, size);
}

/* ------------------------------------------------------------------ playing */

struct tls_play {
	struct content_sink sink;
	struct drop_counters drops;
	uint64_t memory;
	void *connection;
	struct stream_event event;
	uint64_t offsets[2];
	size_t step; /* octets of an event at most; 0: any */
	struct tls_event events[TLS_EVENTS];
	size_t count;
};

static void
tls_take(void *context, const struct batch *batch)
{
	struct tls_play *p = context;

	assert_int_equal(batch->type, OBS_TLS);
	assert_int_equal(batch->count, 1);
	assert_true(p->count < TLS_EVENTS);
	p->events[p->count] = batch->tls[0];
	p->events[p->count++].server_name.data = NULL;
}

static void
tls_begin(struct tls_play *p, size_t step)
{
	*p = (struct tls_play){ .step = step };
	p->sink = (struct content_sink){ .deliver = tls_take,
		.context = p,
		.drops = &p->drops,
		.consumed = OBS_TLS,
		.memory = &p->memory,
		.memory_limit = 1 << 20 };
	p->event.source.octets[15] = 1;
	p->event.destination.octets[15] = 2;
	p->event.source_port = 40000;
	p->event.destination_port = 443;
	p->event.time = NSEC_PER_SEC;
}

static void
tls_feed(struct tls_play *p, uint8_t direction, const uint8_t *data, size_t size)
{
	p->event.kind = STREAM_DATA;
	p->event.direction = direction;
	while (size > 0) {
		size_t step = p->step != 0 && p->step < size ? p->step : size;
		/* A copy that ends where memory ends. */
		uint8_t *copy = malloc(step);
		assert_non_null(copy);
		memcpy(copy, data, step);
		p->event.data = copy;
		p->event.size = step;
		p->event.offset = p->offsets[direction];
		if (p->connection == NULL)
			p->connection = content_tls.open(&p->sink, &p->event);
		content_tls.event(p->connection, &p->sink, &p->event);
		p->offsets[direction] += step;
		data += step;
		size -= step;
		free(copy);
	}
}

static void
tls_gap(struct tls_play *p, uint8_t direction, size_t size)
{
	p->event.kind = STREAM_GAP;
	p->event.direction = direction;
	p->event.data = NULL;
	p->event.size = size;
	content_tls.event(p->connection, &p->sink, &p->event);
	p->offsets[direction] += size;
}

/* `seconds` later the connection is over. */
static void
tls_end(struct tls_play *p, unsigned seconds)
{
	p->event.time += (nsec_t)seconds * NSEC_PER_SEC;
	if (p->connection != NULL)
		content_tls.close(p->connection, &p->sink, p->event.time);
	p->connection = NULL;
	assert_int_equal(p->memory, 0);
}

/* What is built in `o` goes out, and `o` is empty again. */
static void
tls_say(struct tls_play *p, uint8_t direction, struct tls_octets *o)
{
	tls_feed(p, direction, o->octets, o->size);
	o->size = 0;
}

/* Both hellos; then, when `encrypted`, ChangeCipherSpec and application data. */
static void
tls_greet(struct tls_play *p, struct tls_octets *o, const struct tls_choice *server, bool encrypted)
{
	struct tls_choice client = { TLS_HANDSHAKE_CLIENT_HELLO, 0x0303, 0x002f, 1, false, 0 };

	tls_hello(o, &client);
	tls_say(p, 0, o);
	tls_hello(o, server);
	tls_record(o, 22, server->version, 0x0b, 3000);
	tls_say(p, 1, o);
	for (uint8_t side = 0; encrypted && side < 2; side++) {
		tls_record(o, 20, server->version, 1, 1);
		tls_record(o, 22, server->version, 0x55, 40);
		tls_record(o, 23, server->version, 0xaa, 500);
		tls_say(p, side, o);
	}
}

#endif
