/* SPDX-License-Identifier: ISC */
/* From inputs to DNS messages; see dns_reader.h. */
#include "pipeline/dns_reader.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "decode/decode.h"
#include "flow/fragment.h"
#include "flow/stream.h"
#include "obs/dns_record.h"
#include "pipeline/dns_stage.h"
#include "source/source.h"

struct dns_reader {
	struct drop_counters drops;
	struct dns_stage *stage;                /* owned */
	struct fragment_reassembly *reassembly; /* owned */
	struct stream_table *streams;           /* owned */
	struct chunk chunk;
	nsec_t latest;
	void (*packet)(void *context, const struct packet *packet);
	void *context;
};

static void
take_stream(void *context, const struct stream_event *event)
{
	struct dns_reader *reader = context;

	dns_stage_stream(reader->stage, event);
}

static void
take_packet(struct dns_reader *reader, const struct packet *p)
{
	const struct packet *list[1] = { p };

	dns_stage_packets(reader->stage, list, 1);
	if (p->protocol == IP_PROTOCOL_TCP && dns_stage_wants_stream(reader->stage, p))
		stream_table_packet(reader->streams, p);
}

static void
take_datagram(void *context, const struct packet *packet)
{
	struct dns_reader *reader = context;
	struct packet whole = *packet;

	decode_transport(&whole, &reader->drops);
	take_packet(reader, &whole);
}

enum err
dns_reader_new(
    const struct dns_reader_options *options, struct dns_reader **ret_reader, struct err_info *info)
{
	const struct settings *meter = options->config->meter;
	struct dns_reader *reader = xcalloc(1, sizeof *reader);
	struct dns_stage_options stage = {
		.config = options->config,
		.secret = options->secret,
		.drops = &reader->drops,
		.deliver = options->deliver,
		.context = options->context,
	};
	struct stream_options streams = {
		.connections = settings_u64(meter, "stream_capacity"),
		.memory = settings_size(meter, "stream_memory"),
		.memory_per_stream = settings_size(meter, "stream_hold"),
		.idle = settings_duration(meter, "stream_idle"),
		.secret = options->secret,
		.drops = &reader->drops,
		.deliver = take_stream,
		.context = reader,
	};
	struct fragment_options fragments = {
		.datagrams = settings_u64(meter, "fragment_capacity"),
		.memory = settings_size(meter, "fragment_memory"),
		.timeout = settings_duration(meter, "fragment_timeout"),
		.secret = options->secret,
		.drops = &reader->drops,
		.release = take_datagram,
		.context = reader,
	};
	enum err e = dns_stage_new(&stage, &reader->stage, info);

	if (e != ERR_OK) {
		free(reader);
		return e;
	}
	reader->packet = options->packet;
	reader->context = options->context;
	reader->streams = stream_table_new(&streams);
	reader->reassembly = fragment_reassembly_new(&fragments);
	chunk_init(&reader->chunk);
	*ret_reader = reader;
	return ERR_OK;
}

void
dns_reader_free(struct dns_reader *reader)
{
	if (reader == NULL)
		return;
	dns_stage_free(reader->stage);
	stream_table_free(reader->streams);
	fragment_reassembly_free(reader->reassembly);
	chunk_release(&reader->chunk);
	free(reader);
}

static void
take_chunk(struct dns_reader *reader)
{
	for (size_t i = 0; i < reader->chunk.count; i++) {
		struct packet *p = &reader->chunk.packets[i];
		if (p->link_type == LINK_DNS_MESSAGE)
			p->kind = PACKET_DNS;
		else
			decode_packet(p, &reader->drops);
		reader->latest = p->time;
		if (reader->packet != NULL && p->kind != PACKET_DNS)
			reader->packet(reader->context, p);
		if (p->flags & PACKET_FRAGMENT)
			fragment_reassemble(reader->reassembly, p);
		else
			take_packet(reader, p);
	}
}

enum err
dns_reader_read(struct dns_reader *reader, const char *path, struct err_info *info)
{
	struct source *source;
	enum err e = source_open(path, &source, info);

	if (e != ERR_OK)
		return e;
	while ((e = source_read(source, &reader->chunk, info)) == ERR_OK)
		take_chunk(reader);
	source_close(source);
	return e == ERR_END ? ERR_OK : e;
}

void
dns_reader_finish(struct dns_reader *reader)
{
	fragment_reassembly_finish(reader->reassembly);
	stream_table_finish(reader->streams);
	dns_stage_end(reader->stage, reader->latest);
}

const struct drop_counters *
dns_reader_drops(const struct dns_reader *reader)
{
	return &reader->drops;
}
