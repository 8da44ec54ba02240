/* SPDX-License-Identifier: ISC */
/* Streams into IPFIX messages; see export_tcp.h. */
#include "pipeline/export_tcp.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "flow/stream.h"

#define IPFIX_PORT        4739
#define IPFIX_HEADER_SIZE 16
#define CONNECTIONS       1024

/* The octets of one connection's exporter side that are no whole message yet. */
struct connection {
	uint64_t id;   /* of the stream; 0: free */
	bool broken;   /* octets are missing: no message can be found any more */
	uint8_t *data; /* owned; 65535 octets at most */
	size_t size;
};

struct export_tcp {
	struct stream_table *table; /* owned */
	struct exports *exports;
	struct export_sink *sink; /* of the call at hand; NULL while the input ends */
	struct drop_counters *drops;
	struct connection connections[CONNECTIONS];
};

static void take_event(void *context, const struct stream_event *event);

struct export_tcp *
export_tcp_new(struct hash_secret secret, struct drop_counters *drops, struct exports *exports)
{
	struct export_tcp *tcp = xcalloc(1, sizeof *tcp);
	struct stream_options options = {
		.connections = CONNECTIONS,
		.memory = (size_t)16 << 20,
		.memory_per_stream = (size_t)1 << 20,
		.idle = (nsec_t)3600 * NSEC_PER_SEC,
		.secret = secret,
		.drops = drops,
		.deliver = take_event,
		.context = tcp,
	};

	tcp->table = stream_table_new(&options);
	tcp->exports = exports;
	tcp->drops = drops;
	return tcp;
}

void
export_tcp_free(struct export_tcp *tcp)
{
	if (tcp == NULL)
		return;
	stream_table_free(tcp->table);
	for (size_t i = 0; i < CONNECTIONS; i++)
		free(tcp->connections[i].data);
	free(tcp);
}

void
export_tcp_clear(struct export_tcp *tcp)
{
	tcp->sink = NULL;
	stream_table_finish(tcp->table);
}

bool
export_tcp_is_port(uint16_t port)
{
	return port == IPFIX_PORT;
}

void
export_tcp_packet(struct export_tcp *tcp, const struct packet *packet, struct export_sink *sink)
{
	if (!export_tcp_is_port(packet->source_port) &&
	    !export_tcp_is_port(packet->destination_port)) {
		drop(tcp->drops, DROP_EXPORT_OTHER_PACKET);
		return;
	}
	tcp->sink = sink;
	stream_table_packet(tcp->table, packet);
}

/* The connection's place; a new one when it is not known, NULL when there is no room. */
static struct connection *
find(struct export_tcp *tcp, uint64_t id)
{
	struct connection *unused = NULL;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &tcp->connections[(id + i) % CONNECTIONS];
		if (c->id == id)
			return c;
		if (c->id == 0 && unused == NULL)
			unused = c;
	}
	if (unused != NULL) {
		unused->id = id;
		unused->broken = false;
		unused->size = 0;
	}
	return unused;
}

static void
give(struct export_tcp *tcp, const struct connection *c, const struct stream_event *event,
    size_t size)
{
	bool forward = event->direction == 0;
	struct export_message message = {
		.exporter = forward ? event->source : event->destination,
		.listener = forward ? event->destination_port : event->source_port,
		.stream = c->id,
		.time = event->time,
		.data = c->data,
		.size = size,
		.input_offset = event->input_offset,
	};

	exports_message(tcp->exports, &message, tcp->sink);
}

/* Takes octets, one message at a time: no more than a message ever waits. */
static void
take_data(struct export_tcp *tcp, struct connection *c, const struct stream_event *event)
{
	const uint8_t *data = event->data;
	size_t left = event->size;

	if (c->data == NULL)
		c->data = xmalloc(UINT16_MAX);
	while (left != 0 && !c->broken) {
		size_t want = c->size < IPFIX_HEADER_SIZE ? IPFIX_HEADER_SIZE : be16(c->data + 2);
		size_t take = want - c->size < left ? want - c->size : left;
		memcpy(c->data + c->size, data, take);
		c->size += take;
		data += take;
		left -= take;
		if (c->size == IPFIX_HEADER_SIZE &&
		    (be16(c->data) != EXPORT_IPFIX || be16(c->data + 2) < IPFIX_HEADER_SIZE)) {
			c->broken = true;
			drop(tcp->drops, DROP_EXPORT_STREAM_BROKEN);
		} else if (c->size >= IPFIX_HEADER_SIZE && c->size == be16(c->data + 2)) {
			give(tcp, c, event, c->size);
			c->size = 0;
		}
	}
}

static void
take_event(void *context, const struct stream_event *event)
{
	struct export_tcp *tcp = context;
	bool forward = event->direction == 0;
	struct connection *c;

	if (!export_tcp_is_port(forward ? event->destination_port : event->source_port) &&
	    event->kind != STREAM_CLOSE)
		return;
	c = find(tcp, event->id + 1);
	if (c == NULL) {
		drop(tcp->drops, DROP_STREAM_EVICTED);
		return;
	}
	switch (event->kind) {
	case STREAM_DATA:
		if (tcp->sink != NULL)
			take_data(tcp, c, event);
		break;
	case STREAM_GAP:
		if (!c->broken)
			drop(tcp->drops, DROP_EXPORT_STREAM_BROKEN);
		c->broken = true;
		break;
	case STREAM_CLOSE:
		exports_close_stream(tcp->exports, c->id);
		c->id = 0;
		break;
	default: break;
	}
}
