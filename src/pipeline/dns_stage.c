/* SPDX-License-Identifier: ISC */
/* From packets to DNS messages; see dns_stage.h. */
#include "pipeline/dns_stage.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "decode/decode.h"
#include "decode/dns.h"
#include "flow/dns_framer.h"
#include "flow/dns_match.h"
#include "obs/dns_record.h"

#define BATCH          256 /* messages at once: their structures and names stay in the cache */
#define PORTS_MAX      16
#define PORT_MULTICAST 5353
#define PORT_LLMNR     5355
#define UDP_HEADER     8
#define DNS_HEADER     12
#define AHEAD          6 /* messages whose table entries are fetched early */
#define HELD_MAX       256

/* A message and the room for its name. */
struct room {
	struct dns_message message;
	uint8_t name[DNS_NAME_MAX + 1];
};

/* A response that waits for its query, with all its octets. */
struct held {
	struct room room;
	uint64_t hash;
	uint8_t *data; /* owned */
};

/* Messages by the type they are delivered as. */
struct list {
	enum obs_type type;
	size_t count;
	const struct dns_message *messages[BATCH];
};

enum list_name {
	LIST_DNS,
	LIST_LOCAL,
	LIST_BAD,
	LIST_QUOTED,
	LIST_COUNT,
};

struct dns_stage {
	struct dns_stage_options options;
	uint64_t ports[65536 / 64]; /* a bit for each DNS port */
	bool has_site;              /* own prefixes are known */
	nsec_t skew;
	struct dns_names names;
	struct dns_matcher *matcher; /* owned */
	struct dns_framer *framer;   /* owned */
	size_t count;
	struct room rooms[BATCH];
	uint64_t hashes[BATCH];
	struct list lists[LIST_COUNT];
	size_t pending_count;
	struct dns_pending pending[BATCH];
	/* Responses that came before their query: a ring, oldest first. */
	size_t held_first, held_count;
	struct held *held; /* owned; HELD_MAX of them */
};

static void take_expired(void *context, const struct dns_pending *pending);
static void
take_framed(void *context, const struct stream_event *event, const uint8_t *data, size_t size);
static enum err read_ports(struct dns_stage *stage, struct err_info *info);

enum err
dns_stage_new(
    const struct dns_stage_options *options, struct dns_stage **ret_stage, struct err_info *info)
{
	static const enum obs_type types[] = {
		[LIST_DNS] = OBS_DNS,
		[LIST_LOCAL] = OBS_DNS_LOCAL,
		[LIST_BAD] = OBS_DNS_BAD,
		[LIST_QUOTED] = OBS_DNS_QUOTED,
	};
	const struct settings *settings = options->config->dns;
	struct dns_stage *stage = xcalloc(1, sizeof *stage);
	struct dns_matcher_options matching = {
		.capacity = settings_u64(settings, "transactions") / ANALYSIS_SHARDS,
		.timeout = settings_duration(settings, "query_timeout"),
		.secret = options->secret,
		.drops = options->drops,
		.expired = take_expired,
		.context = stage,
	};
	struct dns_framer_options framing = {
		.connections =
		    settings_u64(options->config->meter, "stream_capacity") / ANALYSIS_SHARDS,
		.memory = settings_size(settings, "stream_memory") / ANALYSIS_SHARDS,
		.secret = options->secret,
		.drops = options->drops,
		.deliver = take_framed,
		.context = stage,
	};
	enum err e;

	stage->options = *options;
	stage->names.suffixes = options->config->suffixes;
	stage->has_site = options->config->site.own_prefix_count != 0;
	stage->skew = settings_duration(settings, "skew");
	for (size_t i = 0; i < LIST_COUNT; i++)
		stage->lists[i].type = types[i];
	e = read_ports(stage, info);
	if (e != ERR_OK) {
		free(stage);
		return e;
	}
	stage->matcher = dns_matcher_new(&matching);
	stage->framer = dns_framer_new(&framing);
	stage->held = xcalloc(HELD_MAX, sizeof *stage->held);
	*ret_stage = stage;
	return ERR_OK;
}

void
dns_stage_free(struct dns_stage *stage)
{
	if (stage == NULL)
		return;
	dns_matcher_free(stage->matcher);
	dns_framer_free(stage->framer);
	for (size_t i = 0; i < stage->held_count; i++)
		free(stage->held[(stage->held_first + i) % HELD_MAX].data);
	free(stage->held);
	free(stage);
}

struct dns_matcher *
dns_stage_matcher(struct dns_stage *stage)
{
	return stage->matcher;
}

static void
set_port(struct dns_stage *stage, uint16_t port)
{
	stage->ports[port / 64] |= UINT64_C(1) << (port % 64);
}

static enum err
read_ports(struct dns_stage *stage, struct err_info *info)
{
	const char *text = settings_text(stage->options.config->dns, "ports");
	unsigned count = 0;

	for (const char *at = text; *(at += strspn(at, " ,")) != '\0'; count++) {
		char *end;
		unsigned long port = strtoul(at, &end, 10);
		if (end == at || port == 0 || port > UINT16_MAX || count == PORTS_MAX ||
		    strchr(" ,", *end) == NULL)
			return err_set(info, ERR_CONFIG,
			    "dns.ports: \"%.60s\" is no list of 1 to %d ports", text, PORTS_MAX);
		set_port(stage, (uint16_t)port);
		at = end;
	}
	if (count == 0)
		return err_set(info, ERR_CONFIG, "dns.ports: no port is given");
	set_port(stage, PORT_MULTICAST);
	set_port(stage, PORT_LLMNR);
	return ERR_OK;
}

static bool
is_port(const struct dns_stage *stage, uint16_t port)
{
	return (stage->ports[port / 64] >> (port % 64) & 1) != 0;
}

static bool
is_local_port(uint16_t port)
{
	return port == PORT_MULTICAST || port == PORT_LLMNR;
}

/* The service that a pair of ports stands for.  A resolver may ask a name server from the port of
 * multicast DNS, too (RFC 5452, section 9.2). */
static enum dns_service
service_of(const struct dns_stage *stage, uint16_t a, uint16_t b)
{
	bool a_local = is_local_port(a), b_local = is_local_port(b);

	if ((!a_local && is_port(stage, a)) || (!b_local && is_port(stage, b)))
		return DNS_UNICAST;
	if (a == PORT_MULTICAST || b == PORT_MULTICAST)
		return DNS_MULTICAST;
	return a_local || b_local ? DNS_LLMNR : DNS_UNICAST;
}

bool
dns_stage_wants_stream(const struct dns_stage *stage, const struct packet *p)
{
	return is_port(stage, p->source_port) || is_port(stage, p->destination_port);
}

/* Hands over the lists and empties them. */
static void
deliver(struct dns_stage *stage)
{
	for (size_t i = 0; i < LIST_COUNT; i++) {
		struct list *list = &stage->lists[i];
		struct batch batch = {
			.type = list->type, .count = list->count, .dns = list->messages
		};
		if (batch.count != 0)
			stage->options.deliver(stage->options.context, &batch);
		list->count = 0;
	}
}

static void
deliver_pending(struct dns_stage *stage)
{
	struct batch batch = {
		.type = OBS_DNS_PENDING, .count = stage->pending_count, .pending = stage->pending
	};

	if (stage->pending_count != 0)
		stage->options.deliver(stage->options.context, &batch);
	stage->pending_count = 0;
}

static void
take_expired(void *context, const struct dns_pending *pending)
{
	struct dns_stage *stage = context;

	if (stage->pending_count == BATCH)
		deliver_pending(stage);
	stage->pending[stage->pending_count++] = *pending;
}

static void
add(struct dns_stage *stage, enum list_name name, const struct dns_message *m)
{
	struct list *list = &stage->lists[name];

	list->messages[list->count++] = m;
}

/* Which ends are the site's own. */
static void
find_own(const struct dns_stage *stage, struct dns_message *m)
{
	const struct site *site = &stage->options.config->site;

	if (site_is_own(site, &m->client))
		m->flags |= DNS_CLIENT_OWN;
	if (site_is_own(site, &m->server))
		m->flags |= DNS_SERVER_OWN;
}

/* Sets client and server: the client is who sent, or is sent an answer to, the query. */
static void
set_ends(struct dns_message *m, const struct packet *p)
{
	bool response = (m->flags & DNS_RESPONSE) != 0;

	m->client = response ? p->destination : p->source;
	m->server = response ? p->source : p->destination;
	m->client_port = response ? p->destination_port : p->source_port;
	m->server_port = response ? p->source_port : p->destination_port;
}

/* The oldest of the held. */
static struct held *
held_at(struct dns_stage *stage, size_t i)
{
	return &stage->held[(stage->held_first + i) % HELD_MAX];
}

/* Lets the oldest held response go, to be delivered with the next batch that is. */
static void
release_held(struct dns_stage *stage)
{
	struct held *h = held_at(stage, 0);
	const struct dns_message *one[1] = { &h->room.message };
	struct batch batch = { .type = OBS_DNS, .count = 1, .dns = one };

	stage->options.deliver(stage->options.context, &batch);
	free(h->data);
	h->data = NULL;
	stage->held_first = (stage->held_first + 1) % HELD_MAX;
	stage->held_count--;
}

/* A response whose query may still come: kept aside with its octets. */
static void
hold(struct dns_stage *stage, const struct dns_message *m, uint64_t hash)
{
	struct held *h;

	if (stage->held_count == HELD_MAX)
		release_held(stage);
	h = held_at(stage, stage->held_count++);
	h->hash = hash;
	h->room.message = *m;
	memcpy(h->room.name, m->name, m->name_size);
	h->room.message.name = h->room.name;
	h->data = xmalloc((size_t)m->size + 1);
	memcpy(h->data, m->data, m->size);
	h->room.message.data = h->data;
	h->room.message.identity_size = 0; /* it lies in the packet, which goes */
}

/* A query has come: does one of the held responses answer it?  It is matched in its place; where
 * it stands among the held it is delivered when its time is over, so order stays as it came. */
static void
match_held(struct dns_stage *stage, uint64_t hash, nsec_t now)
{
	for (size_t i = 0; i < stage->held_count; i++) {
		struct held *h = held_at(stage, i);
		if (h->hash != hash || h->room.message.match != DNS_UNSOLICITED ||
		    now - h->room.message.time > stage->skew)
			continue;
		dns_matcher_take(stage->matcher, &h->room.message, hash);
		if (h->room.message.match != DNS_UNSOLICITED)
			h->room.message.flags |= DNS_SKEWED;
	}
}

static void
release_old(struct dns_stage *stage, nsec_t now)
{
	while (stage->held_count != 0) {
		const struct dns_message *m = &held_at(stage, 0)->room.message;
		if (m->match == DNS_UNSOLICITED && now - m->time <= stage->skew && now >= m->time)
			return;
		release_held(stage);
	}
}

/* Puts one parsed message where it belongs; false when it was set aside. */
static void
sort_message(struct dns_stage *stage, struct dns_message *m, uint64_t hash)
{
	nsec_t said = m->latency; /* by the producer; -1: nothing */

	if (m->view == DNS_VIEW_LOG) {
		add(stage, LIST_DNS, m);
		return;
	}
	dns_matcher_take(stage->matcher, m, hash);
	if ((m->flags & DNS_RESPONSE) == 0) {
		if (stage->held_count != 0)
			match_held(stage, hash, m->time);
	} else if (said >= 0) {
		m->latency = said;
		if (m->match == DNS_UNSOLICITED)
			m->match = DNS_MATCHED;
	} else if (m->match == DNS_UNSOLICITED && stage->skew > 0) {
		hold(stage, m, hash);
		return;
	}
	add(stage, LIST_DNS, m);
}

/* Without a header nothing is known of a message, not even which way it went. */
static bool
is_readable(const struct dns_message *m)
{
	return m->verdict < DNS_SNAPPED || (m->verdict == DNS_SNAPPED && m->size >= DNS_HEADER);
}

static bool
is_ordinary(const struct dns_message *m)
{
	return is_readable(m) && m->service == DNS_UNICAST;
}

/* Matches and delivers what has been gathered. */
static void
flush(struct dns_stage *stage)
{
	nsec_t latest = 0;

	for (size_t i = 0; i < stage->count; i++) {
		struct dns_message *m = &stage->rooms[i].message;
		if (stage->has_site)
			find_own(stage, m);
		stage->hashes[i] = is_ordinary(m) ? dns_matcher_hash(stage->matcher, m) : 0;
	}
	for (size_t i = 0; i < stage->count && i < AHEAD; i++)
		dns_matcher_prefetch(stage->matcher, stage->hashes[i]);
	for (size_t i = 0; i < stage->count; i++) {
		struct dns_message *m = &stage->rooms[i].message;
		latest = m->time;
		if (i + AHEAD < stage->count)
			dns_matcher_prefetch(stage->matcher, stage->hashes[i + AHEAD]);
		if (!is_readable(m))
			add(stage, LIST_BAD, m);
		else if (m->service != DNS_UNICAST)
			add(stage, LIST_LOCAL, m);
		else
			sort_message(stage, m, stage->hashes[i]);
	}
	if (stage->count == 0)
		return;
	stage->count = 0;
	deliver(stage);
	release_old(stage, latest);
	dns_matcher_advance(stage->matcher, latest);
	deliver_pending(stage);
}

/* A new message in the batch, with everything at rest. */
static struct dns_message *
begin(struct dns_stage *stage, const struct packet *p)
{
	struct dns_message *m;

	if (stage->count == BATCH)
		flush(stage);
	m = &stage->rooms[stage->count].message;
	*m = (struct dns_message){
		.time = p->time,
		.ttl = p->ttl,
		.latency = -1,
		.input_offset = p->input_offset,
		.input_length = p->captured_size,
		.wire_size = p->octets,
	};
	return m;
}

static void
parse(struct dns_stage *stage, struct dns_message *m, const uint8_t *data, size_t size, size_t sent)
{
	dns_parse(data, size, sent, &stage->names, stage->rooms[stage->count].name, m);
}

/* Octets of UDP payload as sent, which may be more than the capture has. */
static size_t
udp_sent(const struct packet *p)
{
	size_t declared = p->l4_offset != 0 ? be16(p->data + p->l4_offset + 4) : 0;

	if (declared >= UDP_HEADER && declared - UDP_HEADER > p->payload_size)
		return declared - UDP_HEADER;
	return p->payload_size;
}

static void
take_datagram(struct dns_stage *stage, const struct packet *p)
{
	struct dns_message *m = begin(stage, p);

	m->service = service_of(stage, p->source_port, p->destination_port);
	if (p->flags & PACKET_REASSEMBLED)
		m->flags |= DNS_REASSEMBLED;
	parse(stage, m, p->data + p->payload_offset, p->payload_size, udp_sent(p));
	set_ends(m, p);
	stage->count++;
}

/* A message that came without its packet. */
static void
take_record(struct dns_stage *stage, const struct packet *p)
{
	struct dns_message *m = begin(stage, p);
	size_t size = p->captured_size - sizeof(struct dns_record);
	struct dns_record record;

	memcpy(&record, p->data, sizeof record);
	size -= record.identity_size;
	m->identity = p->data + sizeof record + size;
	m->identity_size = record.identity_size;
	m->input_length = record.input_length;
	m->transport = record.transport;
	m->view = record.view;
	m->ttl = record.ttl;
	m->producer = record.producer;
	m->wire_size = 0;
	parse(stage, m, p->data + sizeof record, size,
	    record.sent_size > size ? record.sent_size : size);
	if (record.sent_size != 0)
		m->message_size = record.sent_size;
	set_ends(m, p);
	if (record.query_time != 0 && (m->flags & DNS_RESPONSE) != 0)
		m->latency = p->time > record.query_time ? p->time - record.query_time : 0;
	stage->count++;
}

/* The packet that an ICMP error quotes, when it is UDP of a DNS port. */
static void
take_quote(struct dns_stage *stage, const struct packet *p)
{
	struct packet quoted;
	struct dns_message *m;

	decode_quote(p, &quoted);
	if (quoted.kind != PACKET_IP || quoted.protocol != IP_PROTOCOL_UDP ||
	    (quoted.flags & PACKET_HAS_PORTS) == 0 || !dns_stage_wants_stream(stage, &quoted) ||
	    service_of(stage, quoted.source_port, quoted.destination_port) != DNS_UNICAST)
		return;
	flush(stage);
	m = begin(stage, p);
	parse(
	    stage, m, quoted.data + quoted.payload_offset, quoted.payload_size, udp_sent(&quoted));
	set_ends(m, &quoted);
	if (stage->has_site)
		find_own(stage, m);
	add(stage, LIST_QUOTED, m);
	deliver(stage);
}

static bool
is_datagram(const struct dns_stage *stage, const struct packet *p)
{
	return p->protocol == IP_PROTOCOL_UDP && p->kind == PACKET_IP &&
	       (p->flags & (PACKET_HAS_PORTS | PACKET_FRAGMENT)) == PACKET_HAS_PORTS &&
	       (is_port(stage, p->destination_port) || is_port(stage, p->source_port));
}

void
dns_stage_packets(struct dns_stage *stage, const struct packet *const *packets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct packet *p = packets[i];
		if (is_datagram(stage, p))
			take_datagram(stage, p);
		else if (__builtin_expect((p->flags & PACKET_HAS_QUOTE) != 0, 0))
			take_quote(stage, p);
		else if (p->kind == PACKET_DNS)
			take_record(stage, p);
	}
	flush(stage);
}

static void
take_framed(void *context, const struct stream_event *event, const uint8_t *data, size_t size)
{
	struct dns_stage *stage = context;
	struct packet ends = {
		.time = event->time,
		.input_offset = event->input_offset,
		.source = event->direction == 0 ? event->source : event->destination,
		.destination = event->direction == 0 ? event->destination : event->source,
		.source_port = event->direction == 0 ? event->source_port : event->destination_port,
		.destination_port =
		    event->direction == 0 ? event->destination_port : event->source_port,
	};
	struct dns_message *m = begin(stage, &ends);

	m->transport = DNS_TCP;
	m->connection = event->id;
	m->service = service_of(stage, ends.source_port, ends.destination_port);
	m->input_length = (uint32_t)size;
	parse(stage, m, data, size, size);
	set_ends(m, &ends);
	stage->count++;
	flush(stage);
}

void
dns_stage_stream(struct dns_stage *stage, const struct stream_event *event)
{
	dns_framer_event(stage->framer, event);
}

void
dns_stage_end(struct dns_stage *stage, nsec_t latest)
{
	flush(stage);
	while (stage->held_count != 0)
		release_held(stage);
	stage->options.drops->count[DROP_DNS_TRANSACTION_OPEN] +=
	    dns_matcher_end(stage->matcher, latest);
	deliver_pending(stage);
}
