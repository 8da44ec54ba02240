/* SPDX-License-Identifier: ISC */
/* Messages out of packets, records out of messages, records to shards; see export_stage.h. */
#include "pipeline/export_stage.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "decode/decode.h"
#include "flow/fragment.h"
#include "flow/key.h"
#include "flow/stream.h"
#include "obs/dns_record.h"
#include "pipeline/export_tcp.h"
#include "pipeline/twice.h"

/* Packets looked at when an input begins. */
#define LOOK_AT 256

enum exports_mode {
	EXPORTS_AUTO,
	EXPORTS_ALWAYS,
	EXPORTS_NEVER,
};

struct export_stage {
	enum exports_mode mode;
	struct exports *exports;                /* owned */
	struct fragment_reassembly *reassembly; /* owned */
	struct export_tcp *tcp;                 /* owned */
	struct twice *twice;                    /* owned */
	struct prefix_set *own;                 /* owned; NULL without own prefixes or pools */
	struct drop_counters drops;             /* of everything here, until the segment ends */
	struct export_sink *sink;               /* of the call at hand */
};

static void take_datagram(void *context, const struct packet *packet);

static enum err
read_mode(const struct config *config, enum exports_mode *ret_mode, struct err_info *info)
{
	static const char *const words[] = { "auto", "always", "never" };
	const char *text = settings_text(config->run, "exports");

	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i], text) == 0) {
			*ret_mode = (enum exports_mode)i;
			return ERR_OK;
		}
	}
	return err_set(
	    info, ERR_CONFIG, "run.exports: \"%.40s\" is none of auto, always, never", text);
}

/* Own prefixes and customer pools: the side by which records are dealt. */
static struct prefix_set *
own_side(const struct site *site)
{
	size_t count = site->own_prefix_count + site->pool_count;
	struct prefix *prefixes = xcalloc(count + 1, sizeof *prefixes);
	struct prefix_set *set = NULL;

	for (size_t i = 0; i < site->own_prefix_count; i++)
		prefixes[i] = site->own_prefixes[i];
	for (size_t i = 0; i < site->pool_count; i++)
		prefixes[site->own_prefix_count + i] = site->pools[i].prefix;
	if (count != 0)
		set = prefix_set_new(prefixes, count);
	free(prefixes);
	return set;
}

enum err
export_stage_new(const struct config *config, struct hash_secret secret,
    struct export_stage **ret_stage, struct err_info *info)
{
	struct export_stage *stage;
	struct export_options options;
	enum exports_mode mode = EXPORTS_AUTO;
	enum err e = read_mode(config, &mode, info);

	if (e != ERR_OK)
		return e;
	stage = xcalloc(1, sizeof *stage);
	e = twice_new(settings_text(config->run, "metering"), &secret, &stage->twice, info);
	if (e != ERR_OK) {
		free(stage);
		return e;
	}
	stage->mode = mode;
	export_options_init(&options);
	options.default_sampling = (uint32_t)settings_u64(config->run, "default_sampling");
	options.force_sampling = (uint32_t)settings_u64(config->run, "force_sampling");
	options.trust_agent = settings_bool(config->run, "trust_agent");
	options.secret = secret;
	options.drops = &stage->drops;
	stage->exports = exports_new(&options);
	struct fragment_options fragments = {
		.datagrams = 4096,
		.memory = (size_t)16 << 20,
		.timeout = settings_duration(config->meter, "fragment_timeout"),
		.secret = secret,
		.drops = &stage->drops,
		.release = take_datagram,
		.context = stage,
	};
	stage->reassembly = fragment_reassembly_new(&fragments);
	stage->tcp = export_tcp_new(secret, &stage->drops, stage->exports);
	stage->own = own_side(&config->site);
	*ret_stage = stage;
	return ERR_OK;
}

void
export_stage_free(struct export_stage *stage)
{
	if (stage == NULL)
		return;
	export_tcp_free(stage->tcp);
	twice_free(stage->twice);
	exports_free(stage->exports);
	fragment_reassembly_free(stage->reassembly);
	prefix_set_free(stage->own);
	free(stage);
}

struct exports *
export_stage_exports(struct export_stage *stage)
{
	return stage->exports;
}

static bool
is_datagram(const struct packet *p)
{
	return p->kind == PACKET_IP && p->protocol == IP_PROTOCOL_UDP && p->payload_size != 0 &&
	       (p->flags & PACKET_HAS_PORTS) != 0;
}

bool
export_stage_wants(
    struct export_stage *stage, const struct source_info *info, const struct chunk *chunk)
{
	struct drop_counters ignored = { 0 };
	size_t packets = chunk->count < LOOK_AT ? chunk->count : LOOK_AT;
	size_t seen = 0, exports = 0;

	if (info->exports || info->live)
		return true;
	if (stage->mode != EXPORTS_AUTO)
		return stage->mode == EXPORTS_ALWAYS;
	for (size_t i = 0; i < packets; i++) {
		struct packet p = chunk->packets[i];
		bool tcp, yes = false;
		decode_packet(&p, &ignored);
		tcp = p.kind == PACKET_IP && p.protocol == IP_PROTOCOL_TCP && p.payload_size != 0;
		if (is_datagram(&p))
			yes = exports_recognise(p.data + p.payload_offset, p.payload_size);
		else if (tcp)
			yes = export_tcp_is_port(p.destination_port);
		seen += is_datagram(&p) || tcp;
		exports += yes;
	}
	return exports * 2 > seen;
}

void
export_stage_begin(struct export_stage *stage)
{
	exports_new_input(stage->exports);
	export_tcp_clear(stage->tcp);
}

void
export_batch_release(struct export_batch *batch)
{
	export_sink_release(&batch->sink);
	free(batch->marks);
	free(batch->members);
	*batch = (struct export_batch){ 0 };
}

void
export_batch_clear(struct export_batch *batch)
{
	export_sink_clear(&batch->sink);
	batch->segment_count = 0;
}

/* The payload of a datagram, from a frame, a reassembly or a source that has messages. */
static void
give_message(struct export_stage *stage, const struct packet *p, const uint8_t *data, size_t size)
{
	struct export_message message = {
		.exporter = p->source,
		.listener = p->destination_port,
		.time = p->time,
		.data = data,
		.size = size,
		.input_offset = p->input_offset,
	};

	exports_message(stage->exports, &message, stage->sink);
}

static void
take_datagram(void *context, const struct packet *packet)
{
	struct export_stage *stage = context;
	struct packet whole = *packet;

	decode_transport(&whole, &stage->drops);
	if (is_datagram(&whole))
		give_message(stage, &whole, whole.data + whole.payload_offset, whole.payload_size);
}

/* A message or lines of text as the source gave them. */
static void
take_message(struct export_stage *stage, const struct packet *p)
{
	struct export_message message = {
		.exporter = p->source,
		.listener = p->destination_port,
		.stream = p->fragment_id,
		.time = p->time,
		.data = p->data,
		.size = p->captured_size,
		.input_offset = p->input_offset,
	};

	if (p->captured_size == 0)
		exports_close_stream(stage->exports, p->fragment_id);
	else if (p->link_type == LINK_EXPORT_TEXT)
		exports_text(stage->exports, &message, stage->sink);
	else
		exports_message(stage->exports, &message, stage->sink);
}

static void
take_packet(struct export_stage *stage, struct packet *p)
{
	if (p->link_type == LINK_EXPORT_MESSAGE || p->link_type == LINK_EXPORT_TEXT) {
		take_message(stage, p);
		return;
	}
	if (p->link_type == LINK_DNS_MESSAGE)
		return; /* the DNS stage's */
	decode_packet(p, &stage->drops);
	if (p->kind == PACKET_IP && (p->flags & PACKET_FRAGMENT) != 0)
		fragment_reassemble(stage->reassembly, p);
	else if (is_datagram(p) && (p->flags & PACKET_SNAPPED) == 0)
		give_message(stage, p, p->data + p->payload_offset, p->payload_size);
	else if (p->kind == PACKET_IP && p->protocol == IP_PROTOCOL_TCP)
		export_tcp_packet(stage->tcp, p, stage->sink);
	else
		drop(&stage->drops, DROP_EXPORT_OTHER_PACKET);
}

static void
end_segment(struct export_batch *batch)
{
	if (batch->segment_count == batch->mark_room) {
		batch->mark_room = batch->mark_room != 0 ? 2 * batch->mark_room : 16;
		batch->marks = xrealloc_array(batch->marks, batch->mark_room, sizeof *batch->marks);
	}
	batch->marks[batch->segment_count++] = (struct export_mark){
		.records = batch->sink.record_count,
		.interfaces = batch->sink.interface_count,
		.reports = batch->sink.report_count,
	};
}

void
export_stage_take(
    struct export_stage *stage, struct packet *packets, size_t count, struct export_sink *sink)
{
	size_t before = sink->record_count;

	stage->sink = sink;
	for (size_t i = 0; i < count; i++)
		take_packet(stage, &packets[i]);
	twice_mark(
	    stage->twice, sink->records + before, sink->record_count - before, &stage->drops);
}

void
export_stage_count(struct export_stage *stage, struct drop_counters *drops)
{
	for (size_t i = 0; i < DROP_COUNT; i++)
		drops->count[i] += stage->drops.count[i];
	stage->drops = (struct drop_counters){ 0 };
}

void
export_stage_decode(struct export_stage *stage, struct packet *packets, size_t count,
    struct drop_counters *drops, struct export_batch *batch)
{
	export_stage_take(stage, packets, count, &batch->sink);
	exports_report(stage->exports, &batch->sink);
	end_segment(batch);
	export_stage_count(stage, drops);
}

/* The shard of a record: that of its own side, so that a user is counted in one place; that of the
 * pair of addresses when both or none are own. */
static unsigned
shard_of(const struct export_stage *stage, const struct flow_record *r)
{
	const struct address *a = &r->flow.source, *b = &r->flow.destination;

	if (stage->own != NULL) {
		bool a_own = prefix_set_find(stage->own, a) >= 0;
		bool b_own = prefix_set_find(stage->own, b) >= 0;
		if (a_own && !b_own)
			b = a;
		else if (b_own && !a_own)
			a = b;
	}
	return flow_shard(a, b, ANALYSIS_SHARDS);
}

void
export_stage_deal(const struct export_stage *stage, struct export_batch *batch, size_t segment)
{
	size_t from = segment > 0 ? batch->marks[segment - 1].records : 0;
	size_t to = batch->marks[segment].records, count = to - from;
	size_t next[ANALYSIS_SHARDS] = { 0 };
	uint8_t *shards = xmalloc(count + 1);

	if (count > batch->member_room) {
		batch->member_room = count + count / 2;
		batch->members =
		    xrealloc_array(batch->members, batch->member_room, sizeof *batch->members);
	}
	for (size_t i = 0; i < count; i++) {
		shards[i] = (uint8_t)shard_of(stage, &batch->sink.records[from + i]);
		next[shards[i]]++;
	}
	batch->first[0] = 0;
	for (size_t s = 0; s < ANALYSIS_SHARDS; s++) {
		batch->first[s + 1] = batch->first[s] + next[s];
		next[s] = batch->first[s];
	}
	for (size_t i = 0; i < count; i++)
		batch->members[next[shards[i]]++] = &batch->sink.records[from + i];
	free(shards);
}
