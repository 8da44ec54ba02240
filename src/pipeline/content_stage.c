/* SPDX-License-Identifier: ISC */
/* From packets to what protocols say; see content_stage.h. */
#include "pipeline/content_stage.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "flow/stream.h"

#define MOST_PROTOCOLS 8
#define AHEAD          ((size_t)6) /* segments between two steps of fetching */

#define STATE_AHEAD 256 /* octets of a protocol's state that are fetched */

/* A connection that is followed: what stream_event.user points to. */
struct followed {
	const struct content_protocol *protocol; /* NULL: none knows it */
	void *state;
	struct followed *next, *previous;
};

struct content_stage {
	struct content_stage_options options;
	struct content_sink sink;
	uint64_t memory;
	const struct content_protocol *protocols[MOST_PROTOCOLS]; /* those somebody consumes */
	void *datagrams[MOST_PROTOCOLS];                          /* their state over datagrams */
	size_t protocol_count;
	bool has_datagrams;
	struct stream_table *streams;           /* owned */
	struct followed *connections;           /* owned: all of them */
	const struct content_protocol *sniffed; /* which the packet at hand begins */
	const struct content_protocol *resting; /* whose connections are put aside; NULL: none */
	void *aside;                            /* owned: its connections */
	const struct packet *packet;            /* the one at hand … */
	bool wakes;                             /* … brings a connection back, */
	bool rests;                             /* puts its connection aside */
	bool has_rested;                        /* one of the batch did */
};

static const struct content_protocol *
sniff(const struct content_stage *s, const struct packet *p)
{
	const uint8_t *payload = p->data + p->payload_offset;

	for (size_t i = 0; i < s->protocol_count; i++)
		if (s->protocols[i]->sniff(p, payload, p->payload_size))
			return s->protocols[i];
	return NULL;
}

/* The protocol that begins with these octets of a known connection. */
static const struct content_protocol *
takes_over(const struct content_stage *s, const struct stream_event *e)
{
	for (size_t i = 0; i < s->protocol_count; i++)
		if (s->protocols[i]->takes_over != NULL &&
		    s->protocols[i]->takes_over(e->data, e->size))
			return s->protocols[i];
	return NULL;
}

static struct followed *
follow(struct content_stage *s, const struct stream_event *e)
{
	struct followed *f = xcalloc(1, sizeof *f);

	f->next = s->connections;
	if (f->next != NULL)
		f->next->previous = f;
	s->connections = f;
	*e->user = f;
	return f;
}

static void
unfollow(struct content_stage *s, struct followed *f)
{
	if (f->previous != NULL)
		f->previous->next = f->next;
	else
		s->connections = f->next;
	if (f->next != NULL)
		f->next->previous = f->previous;
	free(f);
}

/* Begins, or changes, the protocol of a connection. */
static void
choose(struct content_stage *s, struct followed *f, const struct stream_event *e)
{
	const struct content_protocol *next;

	if (f->protocol != NULL)
		next = takes_over(s, e);
	else
		next = s->sniffed != NULL ? s->sniffed : takes_over(s, e);
	if (next == NULL || next == f->protocol)
		return;
	if (f->protocol != NULL)
		f->protocol->close(f->state, &s->sink, e->time);
	f->protocol = next;
	f->state = next->open(&s->sink, e);
	if (s->wakes)
		next->aside->wake(s->aside, s->packet, f->state);
	s->wakes = false;
}

static void
take_stream(void *context, const struct stream_event *e)
{
	struct content_stage *s = context;
	struct followed *f = *e->user;

	if (e->kind == STREAM_CLOSE) {
		if (f == NULL)
			return;
		if (f->protocol != NULL)
			f->protocol->close(f->state, &s->sink, e->time);
		*e->user = NULL;
		unfollow(s, f);
		return;
	}
	if (e->kind == STREAM_OPEN)
		return;
	if (f == NULL)
		f = follow(s, e);
	if (e->kind == STREAM_DATA)
		choose(s, f, e);
	if (f->protocol == NULL)
		return;
	f->protocol->event(f->state, &s->sink, e);
	if (f->protocol == s->resting && s->packet != NULL && !s->rests)
		s->rests = s->resting->aside->rests(&s->aside, f->state, s->packet);
}

struct content_stage *
content_stage_new(const struct content_stage_options *options)
{
	const struct settings *meter = options->config->meter;
	struct stream_options streams = {
		.connections = settings_u64(meter, "stream_capacity") / ANALYSIS_SHARDS,
		.memory = settings_size(meter, "stream_memory") / ANALYSIS_SHARDS,
		.memory_per_stream = settings_size(meter, "stream_hold"),
		.idle = settings_duration(meter, "stream_idle"),
		.secret = options->secret,
		.drops = options->drops,
		.deliver = take_stream,
	};
	struct content_stage *s = xcalloc(1, sizeof *s);

	for (size_t i = 0; CONTENT_LIST[i] != NULL && s->protocol_count < MOST_PROTOCOLS; i++) {
		if ((CONTENT_LIST[i]->yields & options->consumed) == 0)
			continue;
		s->has_datagrams |= CONTENT_LIST[i]->datagram != NULL;
		if (CONTENT_LIST[i]->aside != NULL)
			s->resting = CONTENT_LIST[i];
		s->protocols[s->protocol_count++] = CONTENT_LIST[i];
	}
	if (s->protocol_count == 0) {
		free(s);
		return NULL;
	}
	s->options = *options;
	s->sink = (struct content_sink){
		.deliver = options->deliver,
		.context = options->context,
		.drops = options->drops,
		.consumed = options->consumed,
		.memory = &s->memory,
		.memory_limit = streams.memory,
	};
	streams.context = s;
	s->streams = stream_table_new(&streams);
	return s;
}

void
content_stage_free(struct content_stage *s)
{
	if (s == NULL)
		return;
	while (s->connections != NULL) {
		if (s->connections->protocol != NULL)
			s->connections->protocol->close(s->connections->state, NULL, 0);
		unfollow(s, s->connections);
	}
	for (size_t i = 0; i < s->protocol_count; i++)
		if (s->datagrams[i] != NULL)
			s->protocols[i]->end_datagrams(&s->datagrams[i], NULL);
	if (s->resting != NULL)
		s->resting->aside->free(s->aside);
	stream_table_free(s->streams);
	free(s);
}

/* Whether a segment can change anything: one without octets, SYN, FIN and RST says what has arrived
 * at its sender, which matters when something is missing. */
static bool
says_something(const struct content_stage *s, const struct packet *p)
{
	return p->payload_size != 0 || (p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) != 0 ||
	       (p->flags & PACKET_SNAPPED) != 0 || stream_table_holds(s->streams);
}

static enum content_passing
pass(struct content_stage *s, const struct packet *p)
{
	const struct content_aside *aside = s->resting->aside;

	return aside->passes(s->aside, aside->fetch(s->aside, p), p);
}

static void
take_segment(struct content_stage *s, const struct packet *p)
{
	if (!says_something(s, p))
		return;
	/* Its connection may have been put aside by a packet of the same batch. */
	if (s->has_rested && !s->wakes && p->payload_size != 0) {
		enum content_passing passing = pass(s, p);
		s->wakes = passing == CONTENT_WAKES;
		if (passing == CONTENT_PASSES)
			return;
	}
	s->packet = p;
	s->sniffed = s->wakes ? s->resting : p->payload_size != 0 ? sniff(s, p) : NULL;
	if (s->sniffed != NULL)
		stream_table_packet(s->streams, p);
	else
		stream_table_follow(s->streams, p);
	if (s->rests) {
		stream_table_forget(s->streams, p);
		s->has_rested = true;
	}
	s->packet = NULL;
	s->sniffed = NULL;
	s->rests = s->wakes = false;
}

/* Takes away the segments of connections that are put aside; those that bring theirs back are taken
 * at once.  Returns how many are left. */
static size_t
pass_over(struct content_stage *s, const struct packet **list, size_t count)
{
	const struct content_aside *aside = s->resting->aside;
	uint64_t fetched[BATCH_MAX];
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		fetched[i] = list[i]->payload_size != 0 ? aside->fetch(s->aside, list[i]) : 0;
	for (size_t i = 0; i < count; i++) {
		enum content_passing passing = CONTENT_OTHER;
		if (list[i]->payload_size != 0)
			passing = aside->passes(s->aside, fetched[i], list[i]);
		s->wakes = passing == CONTENT_WAKES;
		if (s->wakes)
			take_segment(s, list[i]);
		else if (passing == CONTENT_OTHER)
			list[left++] = list[i];
	}
	return left;
}

static void
fetch_state(const struct content_stage *s, uint32_t place)
{
	const struct followed *f = stream_table_user_at(s->streams, place);

	if (f == NULL)
		return;
	for (size_t i = 0; i < STATE_AHEAD; i += 64)
		__builtin_prefetch((const char *)f->state + i, 1);
}

static void
fetch_followed(const struct content_stage *s, uint32_t place)
{
	__builtin_prefetch(stream_table_user_at(s->streams, place));
}

/* Takes segments in their order, with what they need fetched ahead, a step of a few segments for
 * each line that names the next. */
static void
take_segments(struct content_stage *s, const struct packet **list, size_t count)
{
	uint32_t places[BATCH_MAX];

	s->has_rested = false;
	if (s->aside != NULL)
		count = pass_over(s, list, count);

	for (size_t i = 0; i < count + 4 * AHEAD; i++) {
		if (i < count)
			places[i] = stream_table_fetch_place(s->streams, list[i]);
		if (i >= AHEAD && i - AHEAD < count)
			stream_table_fetch_connection(s->streams, places[i - AHEAD]);
		if (i >= 2 * AHEAD && i - 2 * AHEAD < count)
			fetch_followed(s, places[i - 2 * AHEAD]);
		if (i >= 3 * AHEAD && i - 3 * AHEAD < count)
			fetch_state(s, places[i - 3 * AHEAD]);
		if (i >= 4 * AHEAD)
			take_segment(s, list[i - 4 * AHEAD]);
	}
}

static void
take_datagram(struct content_stage *s, const struct packet *p)
{
	const uint8_t *payload = p->data + p->payload_offset;

	for (size_t i = 0; i < s->protocol_count; i++) {
		const struct content_protocol *c = s->protocols[i];
		if (c->datagram != NULL && c->sniff_datagram(p, payload, p->payload_size)) {
			c->datagram(&s->datagrams[i], &s->sink, p, payload, p->payload_size);
			return;
		}
	}
}

void
content_stage_packets(struct content_stage *s, const struct packet *const *packets, size_t count)
{
	const struct packet *segments[BATCH_MAX];
	size_t segment_count = 0;

	for (size_t i = 0; i < count; i++) {
		const struct packet *p = packets[i];
		if (p->kind != PACKET_IP ||
		    (p->flags & (PACKET_HAS_PORTS | PACKET_FRAGMENT)) != PACKET_HAS_PORTS)
			continue;
		if (p->protocol == IP_PROTOCOL_TCP)
			segments[segment_count++] = p;
		else if (s->has_datagrams && p->protocol == IP_PROTOCOL_UDP && p->payload_size != 0)
			take_datagram(s, p);
	}
	take_segments(s, segments, segment_count);
}

void
content_stage_end(struct content_stage *s)
{
	stream_table_finish(s->streams);
	for (size_t i = 0; i < s->protocol_count; i++)
		if (s->datagrams[i] != NULL)
			s->protocols[i]->end_datagrams(&s->datagrams[i], &s->sink);
}
