/* SPDX-License-Identifier: ISC */
/* One shard's path from packets through fragments, meter and streams to the analyses; see shard.h.
 */
#include "pipeline/shard.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "decode/decode.h"
#include "obs/observed.h"
#include "pipeline/content_stage.h"
#include "pipeline/dns_stage.h"
#include "pipeline/transactions.h"

#define KEPT_FLOWS 4096 /* handed to the sink at once */

#define DNS_TYPES (OBS_DNS | OBS_DNS_LOCAL | OBS_DNS_BAD | OBS_DNS_QUOTED | OBS_DNS_PENDING)

static void
observe(struct shard *s, const struct batch *batch)
{
	for (size_t i = 0; ANALYSES[i] != NULL; i++)
		if (s->states[i] != NULL && (ANALYSES[i]->consumes & batch->type) != 0)
			ANALYSES[i]->observe(s->states[i], batch);
}

static void
pour_flows(struct shard *s)
{
	if (s->kept_count != 0 && s->failed == ERR_OK)
		s->failed = s->sink.take(s->sink.context, s->kept, s->kept_count);
	s->kept_count = 0;
}

static void
take_flows(void *context, const struct flow *flows, size_t count)
{
	struct shard *s = context;
	struct batch batch = { .type = OBS_FLOW, .count = count, .flows = flows };

	observe(s, &batch);
	if (s->kept == NULL)
		return;
	if (s->kept_count + count > KEPT_FLOWS)
		pour_flows(s);
	memcpy(s->kept + s->kept_count, flows, count * sizeof *flows);
	s->kept_count += count;
}

/* A fragment that waited for its first one. */
static void
take_held_fragment(void *context, const struct packet *packet)
{
	struct shard *s = context;

	meter_packets(s->meter, &packet, 1);
}

/* Whether a packet's TCP connection is reassembled: all are, or those of DNS. */
static bool
wants_stream(const struct shard *s, const struct packet *p)
{
	return p->protocol == IP_PROTOCOL_TCP && s->streams != NULL &&
	       ((s->consumed & OBS_STREAM) != 0 || dns_stage_wants_stream(s->dns, p));
}

static void
take_datagram(void *context, const struct packet *packet)
{
	struct shard *s = context;
	struct packet whole = *packet;
	const struct packet *list[1] = { &whole };
	struct batch batch = { .type = OBS_DATAGRAM, .count = 1, .packets = list };

	decode_transport(&whole, &s->counters.drops);
	if ((s->consumed & OBS_DATAGRAM) != 0)
		observe(s, &batch);
	if (s->dns != NULL)
		dns_stage_packets(s->dns, list, 1);
	if (s->content != NULL)
		content_stage_packets(s->content, list, 1);
	if (wants_stream(s, &whole))
		stream_table_packet(s->streams, &whole);
}

static void
take_stream(void *context, const struct stream_event *event)
{
	struct shard *s = context;
	struct batch batch = { .type = OBS_STREAM, .count = 1, .streams = event };

	if ((s->consumed & OBS_STREAM) != 0)
		observe(s, &batch);
	if (s->dns != NULL)
		dns_stage_stream(s->dns, event);
}

static void
take_dns(void *context, const struct batch *batch)
{
	struct shard *s = context;

	observe(s, batch);
	if (s->transactions != NULL && s->failed == ERR_OK)
		s->failed = transactions_batch(s->transactions, batch);
}

static enum err
make_dns(struct shard *s, struct hash_secret secret, struct err_info *info)
{
	struct dns_stage_options options = {
		.config = s->config,
		.secret = secret,
		.drops = &s->counters.drops,
		.deliver = take_dns,
		.context = s,
	};

	return (s->consumed & DNS_TYPES) != 0 ? dns_stage_new(&options, &s->dns, info) : ERR_OK;
}

static void
take_content(void *context, const struct batch *batch)
{
	observe(context, batch);
}

static void
make_content(struct shard *s, struct hash_secret secret)
{
	struct content_stage_options options = {
		.config = s->config,
		.secret = secret,
		.drops = &s->counters.drops,
		.consumed = s->consumed,
		.deliver = take_content,
		.context = s,
	};

	s->content = content_stage_new(&options);
}

static void
make_streams(struct shard *s, struct hash_secret secret)
{
	const struct settings *meter = s->config->meter;
	struct stream_options options = {
		.connections = settings_u64(meter, "stream_capacity") / ANALYSIS_SHARDS,
		.memory = settings_size(meter, "stream_memory") / ANALYSIS_SHARDS,
		.memory_per_stream = settings_size(meter, "stream_hold"),
		.idle = settings_duration(meter, "stream_idle"),
		.secret = secret,
		.drops = &s->counters.drops,
		.deliver = take_stream,
		.context = s,
	};

	s->streams = stream_table_new(&options);
}

static void
make_tables(struct shard *s, struct hash_secret secret)
{
	const struct settings *meter = s->config->meter;
	struct meter_options metering = {
		.capacity = settings_u64(meter, "capacity") / ANALYSIS_SHARDS,
		.active = settings_duration(meter, "active_timeout"),
		.idle = settings_duration(meter, "idle_timeout"),
		.vlan_key = settings_bool(meter, "vlan_key"),
		.secret = secret,
		.drops = &s->counters.drops,
		.deliver = take_flows,
		.context = s,
	};
	struct fragment_options fragments = {
		.datagrams = settings_u64(meter, "fragment_capacity") / ANALYSIS_SHARDS,
		.memory = settings_size(meter, "fragment_memory") / ANALYSIS_SHARDS,
		.timeout = settings_duration(meter, "fragment_timeout"),
		.secret = secret,
		.drops = &s->counters.drops,
		.release = take_held_fragment,
		.context = s,
	};

	if ((s->consumed & OBS_FLOW) != 0 || s->sink.take != NULL) {
		s->meter = meter_new(&metering);
		s->ports = fragment_ports_new(&fragments);
	}
	fragments.release = take_datagram;
	make_content(s, secret);
	if ((s->consumed & (OBS_DATAGRAM | OBS_STREAM | DNS_TYPES)) != 0 || s->content != NULL)
		s->reassembly = fragment_reassembly_new(&fragments);
	if ((s->consumed & (OBS_STREAM | DNS_TYPES)) != 0)
		make_streams(s, secret);
}

static enum err
make_states(struct shard *s, struct hash_secret secret, struct err_info *info)
{
	size_t count = 0;

	while (ANALYSES[count] != NULL)
		count++;
	s->states = xcalloc(count + 1, sizeof *s->states);
	for (size_t i = 0; i < count; i++) {
		struct analysis_context context = {
			.settings = s->config->analyses[i],
			.site = &s->config->site,
			.suffixes = s->config->suffixes,
			.countries = s->config->countries,
			.systems = s->config->systems,
			.secret = secret,
		};
		if (!s->config->enabled[i])
			continue;
		s->states[i] = xcalloc(1, ANALYSES[i]->state_size);
		s->consumed |= ANALYSES[i]->consumes;
		enum err e = ANALYSES[i]->init(s->states[i], &context, info);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

enum err
shard_init(struct shard *s, const struct config *config, struct hash_secret secret,
    const struct flow_sink *sink, struct err_info *info)
{
	enum err e;

	*s = (struct shard){ .config = config, .sink = *sink };
	e = make_states(s, secret, info);
	if (e != ERR_OK)
		return e;
	if (sink->take_dns != NULL) {
		s->consumed |= OBS_DNS | OBS_DNS_PENDING;
		s->transactions = transactions_new(sink->take_dns, sink->context);
	}
	make_tables(s, secret);
	e = make_dns(s, secret, info);
	if (e != ERR_OK)
		return e;
	if (sink->take != NULL)
		s->kept = xcalloc(KEPT_FLOWS, sizeof *s->kept);
	return ERR_OK;
}

void
shard_release(struct shard *s)
{
	for (size_t i = 0; s->states != NULL && ANALYSES[i] != NULL; i++) {
		if (s->states[i] != NULL)
			ANALYSES[i]->release(s->states[i]);
		free(s->states[i]);
	}
	free(s->states);
	dns_stage_free(s->dns);
	content_stage_free(s->content);
	transactions_free(s->transactions);
	meter_free(s->meter);
	fragment_ports_free(s->ports);
	fragment_reassembly_free(s->reassembly);
	stream_table_free(s->streams);
	free(s->kept);
	*s = (struct shard){ 0 };
}

/*
 * Meters packets; fragments first find their ports, or wait.  What is released while a fragment is
 * looked up comes after all packets before it, so the order of the input is kept.
 */
static void
meter(struct shard *s, const struct packet *const *packets, size_t count)
{
	const struct packet *ready[BATCH_MAX];
	size_t ready_count = 0;

	for (size_t i = 0; i < count; i++) {
		const struct packet *p = packets[i];
		if (__builtin_expect((p->flags & PACKET_FRAGMENT) != 0, 0)) {
			meter_packets(s->meter, ready, ready_count);
			ready_count = 0;
			struct packet fragment = *p;
			if (fragment_resolve(s->ports, &fragment))
				take_held_fragment(s, &fragment);
			continue;
		}
		ready[ready_count++] = p;
	}
	meter_packets(s->meter, ready, ready_count);
}

/* Puts fragments together and follows connections. */
static void
reassemble(struct shard *s, const struct packet *const *packets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct packet *p = packets[i];
		if (__builtin_expect((p->flags & PACKET_FRAGMENT) != 0, 0))
			fragment_reassemble(s->reassembly, p);
		else if (wants_stream(s, p))
			stream_table_packet(s->streams, p);
	}
}

/* What is traffic. */
static void
take_traffic(struct shard *s, const struct packet *const *packets, size_t count)
{
	struct batch batch = { .type = OBS_PACKET, .count = count, .packets = packets };

	if ((s->consumed & OBS_PACKET) != 0)
		observe(s, &batch);
	if (s->reassembly != NULL)
		reassemble(s, packets, count);
	if (s->content != NULL)
		content_stage_packets(s->content, packets, count);
	if (s->meter != NULL)
		meter(s, packets, count);
}

/* Observations made whole, one batch of each kind: their kinds do not mix in time's order. */
static void
take_observed(struct shard *s, const struct packet *const *packets, size_t count)
{
	static const enum obs_type types[OBSERVED_KINDS] = {
		[OBSERVED_HTTP] = OBS_HTTP,
		[OBSERVED_LOGIN] = OBS_LOGIN,
		[OBSERVED_CONTACT] = OBS_CONTACT,
		[OBSERVED_WATCH] = OBS_WATCH,
	};
	const void *list[BATCH_MAX];

	for (unsigned kind = 0; kind < OBSERVED_KINDS; kind++) {
		struct batch batch = { .type = types[kind], .observed = list };
		for (size_t i = 0; i < count; i++) {
			const struct observed *o = (const void *)packets[i]->data;
			if (o->kind == kind)
				list[batch.count++] = &o->http;
		}
		if (batch.count != 0)
			observe(s, &batch);
	}
}

void
shard_packets(struct shard *s, struct packet **packets, size_t count)
{
	const struct packet *const *list = (const struct packet *const *)packets;

	s->counters.records += count;
	s->latest = packets[count - 1]->time;
	if (s->dns != NULL)
		dns_stage_packets(s->dns, list, count);
	/* Messages without packets come alone or among the messages of exporters. */
	if (packets[0]->kind == PACKET_OBSERVED)
		take_observed(s, list, count);
	else if (packets[0]->kind != PACKET_DNS)
		take_traffic(s, list, count);
}

/* All that count once: what an exporter tells a second time is for the store alone. */
static void
observe_records(struct shard *s, const struct flow_record *const *records, size_t count)
{
	const struct flow_record *list[BATCH_MAX];
	struct batch batch = { .type = OBS_RECORD, .records = list };

	for (size_t i = 0; i < count; i++) {
		list[batch.count] = records[i];
		batch.count += !records[i]->twice;
		if (batch.count != 0 && (batch.count == BATCH_MAX || i + 1 == count)) {
			observe(s, &batch);
			batch.count = 0;
		}
	}
}

void
shard_records(struct shard *s, const struct flow_record *const *records, size_t count)
{
	s->counters.records += count;
	if (count != 0)
		s->latest = records[count - 1]->time;
	if ((s->consumed & OBS_RECORD) != 0)
		observe_records(s, records, count);
	if (s->kept != NULL && count != 0 && s->failed == ERR_OK)
		s->failed = s->sink.take_records(s->sink.context, records, count);
}

void
shard_exporters(struct shard *s, const struct exporter_report *reports, size_t count)
{
	struct batch batch = { .type = OBS_EXPORTER, .count = count, .exporters = reports };

	if (count != 0)
		observe(s, &batch);
}

void
shard_interfaces(struct shard *s, const struct interface_sample *samples, size_t count)
{
	struct batch batch = { .type = OBS_INTERFACE, .count = count, .interfaces = samples };

	if (count != 0)
		observe(s, &batch);
}

void
shard_end_window(struct shard *s)
{
	struct batch batch = { .type = OBS_COUNTERS, .count = 1, .counters = &s->counters };

	if (s->meter != NULL) {
		fragment_ports_advance(s->ports, s->latest);
		meter_flush(s->meter);
	}
	if (s->kept != NULL)
		pour_flows(s);
	observe(s, &batch);
	s->counters = (struct obs_counters){ 0 };
}

void
shard_end_input(struct shard *s, nsec_t latest)
{
	if (s->ports != NULL)
		fragment_ports_finish(s->ports);
	if (s->reassembly != NULL)
		fragment_reassembly_finish(s->reassembly);
	if (s->streams != NULL)
		stream_table_finish(s->streams);
	if (s->meter != NULL)
		meter_finish(s->meter);
	if (s->content != NULL)
		content_stage_end(s->content);
	if (s->dns != NULL)
		dns_stage_end(s->dns, latest > s->latest ? latest : s->latest);
}
