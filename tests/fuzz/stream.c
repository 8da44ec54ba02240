/* SPDX-License-Identifier: ISC */
/*
 * Stream reassembly on any sequence of packets.  The input is a header of limits, then packets of
 * twelve octets each, all between two hosts on a few ports with small numbers, so that they meet.
 *
 * Whatever comes: a connection opens once and closes once, offsets follow each other without a hole
 * in each direction, memory and connections stay below their caps, and the events do not depend on
 * the hash's secret.
 */
#include "flow/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 4, RECORD = 12, LIVE_MOST = 16, PAYLOAD_MOST = 255 };

struct live {
	uint64_t id; /* 0: free */
	uint64_t offset[2];
};

struct watch {
	struct live live[LIVE_MOST];
	uint64_t digest;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static struct live *
find(struct watch *w, uint64_t id)
{
	for (size_t i = 0; i < LIVE_MOST; i++) {
		if (w->live[i].id == id)
			return &w->live[i];
	}
	return NULL;
}

static void
deliver(void *context, const struct stream_event *e)
{
	struct watch *w = context;
	uint64_t words[] = { w->digest, e->id, e->kind, e->direction, e->offset, e->size,
		e->input_offset, e->source_port };
	struct live *live = find(w, e->kind == STREAM_OPEN ? 0 : e->id);

	w->digest = hash_mix_words(words, sizeof words / sizeof *words);
	must(live != NULL && e->id != 0 && e->direction < 2);
	switch (e->kind) {
	case STREAM_OPEN:
		must(find(w, e->id) == NULL);
		*live = (struct live){ .id = e->id };
		break;
	case STREAM_DATA:
	case STREAM_GAP:
		must(e->size != 0 && e->offset == live->offset[e->direction]);
		must((e->kind == STREAM_DATA) == (e->data != NULL));
		live->offset[e->direction] += e->size;
		for (size_t i = 0; e->kind == STREAM_DATA && i < e->size; i++)
			w->digest += e->data[i]; /* reads all of it */
		break;
	default: live->id = 0;
	}
}

static struct stream_options
options_of(const uint8_t *header, struct watch *w, struct drop_counters *drops, uint64_t secret)
{
	return (struct stream_options){
		.connections = 1 + header[0] % 8,
		.memory = header[1] * 16U,
		.memory_per_stream = header[2] * 8U,
		.idle = header[3] * NSEC_PER_SEC,
		.secret = { secret, secret * 7 },
		.drops = drops,
		.deliver = deliver,
		.context = w,
	};
}

static void
take(struct stream_table *table, const uint8_t *record, uint64_t number, nsec_t *clock)
{
	uint8_t frame[40 + PAYLOAD_MOST] = { 0 };
	bool back = (record[0] & 1) != 0;
	uint16_t port = (uint16_t)(79 + (record[0] >> 1 & 7));
	uint32_t size = record[10], kept = record[11] < size ? record[11] : size;
	struct packet p = {
		.data = frame,
		.input_offset = number,
		.captured_size = 40 + (record[0] & 0x40 ? kept : size),
		.frame_size = 40 + (record[0] & 0x80 ? kept : size),
		.octets = 40 + size,
		.flags = PACKET_HAS_PORTS,
		.kind = PACKET_IP,
		.protocol = IP_PROTOCOL_TCP,
		.l4_offset = 20,
		.source = address_from_ipv4((const uint8_t[]){ 10, 0, 0, 1 + back }),
		.destination = address_from_ipv4((const uint8_t[]){ 10, 0, 0, 2 - back }),
		.source_port = back ? 80 : port,
		.destination_port = back ? port : 80,
	};

	*clock += (nsec_t)(int8_t)record[2] * NSEC_PER_SEC / 8;
	p.time = *clock;
	put_be32(
	    frame + 24, (uint32_t)(int32_t)(int16_t)be16(record + 4) * (record[3] & 1 ? 65537 : 1));
	put_be32(
	    frame + 28, (uint32_t)(int32_t)(int16_t)be16(record + 6) * (record[3] & 2 ? 65537 : 1));
	frame[32] = record[3] & 0xf0 ? (uint8_t)(record[3] & 0xf0) : 5 << 4;
	frame[33] = record[1] & 0x3f;
	memcpy(frame + 34, record + 8, 2);
	memset(frame + 40, (int)number, PAYLOAD_MOST);
	stream_table_packet(table, &p);
}

static uint64_t
run(const uint8_t *data, size_t size, uint64_t secret)
{
	struct watch w = { 0 };
	struct drop_counters drops = { 0 };
	struct stream_options options = options_of(data, &w, &drops, secret);
	struct stream_table *table = stream_table_new(&options);
	nsec_t clock = 0;
	uint64_t number = 0;

	for (size_t at = HEADER; size - at >= RECORD; at += RECORD) {
		struct stream_usage usage;
		take(table, data + at, ++number, &clock);
		usage = stream_table_usage(table);
		must(usage.memory <= options.memory && usage.connections <= options.connections);
	}
	if (size % 2 == 0)
		stream_table_finish(table);
	must(size % 2 != 0 || stream_table_usage(table).memory == 0);
	for (size_t i = 0; size % 2 == 0 && i < LIVE_MOST; i++)
		must(w.live[i].id == 0);
	stream_table_free(table);
	return w.digest;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEADER)
		return 0;
	must(run(data, size, 1) == run(data, size, 2));
	return 0;
}
