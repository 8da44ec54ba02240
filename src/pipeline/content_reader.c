/* SPDX-License-Identifier: ISC */
/* From inputs to what they say of requests, logins and contacts; see content_reader.h. */
#include "pipeline/content_reader.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "decode/decode.h"
#include "flow/fragment.h"
#include "obs/observed.h"
#include "pipeline/content_stage.h"
#include "source/source.h"

struct content_reader {
	struct content_reader_options options;
	struct drop_counters drops;
	struct content_stage *stage;            /* owned; NULL: only logs are wanted */
	struct fragment_reassembly *reassembly; /* owned */
	struct chunk chunk;
};

static void
take_packet(struct content_reader *reader, const struct packet *p)
{
	const struct packet *list[1] = { p };

	if (reader->stage != NULL)
		content_stage_packets(reader->stage, list, 1);
}

static void
take_datagram(void *context, const struct packet *packet)
{
	struct content_reader *reader = context;
	struct packet whole = *packet;

	decode_transport(&whole, &reader->drops);
	take_packet(reader, &whole);
}

static void
take_observed(struct content_reader *reader, const struct packet *p)
{
	static const enum obs_type TYPES[OBSERVED_KINDS] = {
		[OBSERVED_HTTP] = OBS_HTTP,
		[OBSERVED_LOGIN] = OBS_LOGIN,
		[OBSERVED_CONTACT] = OBS_CONTACT,
		[OBSERVED_WATCH] = OBS_WATCH,
	};
	const struct observed *o = (const void *)p->data;
	const void *list[1] = { &o->http };
	struct batch batch = { .type = TYPES[o->kind], .count = 1, .observed = list };

	if ((reader->options.consumed & batch.type) != 0)
		reader->options.deliver(reader->options.context, &batch);
}

struct content_reader *
content_reader_new(const struct content_reader_options *options)
{
	const struct settings *meter = options->config->meter;
	struct content_reader *reader = xcalloc(1, sizeof *reader);
	struct content_stage_options stage = {
		.config = options->config,
		.secret = options->secret,
		.drops = &reader->drops,
		.consumed = options->consumed,
		.deliver = options->deliver,
		.context = options->context,
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

	reader->options = *options;
	reader->stage = content_stage_new(&stage);
	reader->reassembly = fragment_reassembly_new(&fragments);
	chunk_init(&reader->chunk);
	return reader;
}

void
content_reader_free(struct content_reader *reader)
{
	if (reader == NULL)
		return;
	content_stage_free(reader->stage);
	fragment_reassembly_free(reader->reassembly);
	chunk_release(&reader->chunk);
	free(reader);
}

static void
take_chunk(struct content_reader *reader)
{
	for (size_t i = 0; i < reader->chunk.count; i++) {
		struct packet *p = &reader->chunk.packets[i];

		if (p->link_type == LINK_OBSERVED) {
			take_observed(reader, p);
			continue;
		}
		decode_packet(p, &reader->drops);
		if (p->flags & PACKET_FRAGMENT)
			fragment_reassemble(reader->reassembly, p);
		else
			take_packet(reader, p);
	}
	for (int i = 0; i < DROP_COUNT; i++) {
		reader->drops.count[i] += reader->chunk.drops.count[i];
		reader->chunk.drops.count[i] = 0;
	}
}

enum err
content_reader_read(struct content_reader *reader, const char *path, struct err_info *info)
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
content_reader_finish(struct content_reader *reader)
{
	fragment_reassembly_finish(reader->reassembly);
	if (reader->stage != NULL)
		content_stage_end(reader->stage);
}

const struct drop_counters *
content_reader_drops(const struct content_reader *reader)
{
	return &reader->drops;
}
