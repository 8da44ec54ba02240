/* SPDX-License-Identifier: ISC */
/*
 * TLS connections put aside: those whose handshake is over and where application data flows.
 *
 * Half of a network's packets are of such, and all they are followed for is a heartbeat that may
 * come.  Of each is kept what a verdict needs and, by direction, the sequence number where the next
 * record begins: 32 octets, one look-up a segment.  A segment that ends before that is passed over;
 * else its records are stepped over by their lengths.  A heartbeat, or a header that the segment
 * cuts, wakes the connection: its stream is followed again from there, with what was kept.
 *
 * Where octets are missing the next segment that begins with a record is where it goes on; records
 * are not put in order.  So a heartbeat is missed only if it begins in the middle of a segment that
 * comes behind a hole.
 *
 * The table is as large as it ever gets, and the one heard of longest ago of four makes room.  Its
 * hash has no secret, so that the same input gives the same result; whoever makes connections
 * collide wins that theirs are known less well.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/xmalloc.h"
#include "decode/tls.h"
#include "decode/tls_internal.h"

#define SETS 4096 /* a power of two */
#define WAYS 4
#define FAR  (1 << 20) /* no record begins so far ahead */

enum entry_flag {
	KNOWN_0 = 1 << 0, /* next[0] is where a record begins */
	KNOWN_1 = 1 << 1,
	CLIENT_IS_HIGH = 1 << 2, /* the client is the higher end */
	ENCRYPT_THEN_MAC = 1 << 3,
	CLIENT_ALLOWS = 1 << 4,
	SERVER_ALLOWS = 1 << 5,
};

struct entry {
	uint64_t tag;     /* of the two ends; 0: free */
	uint32_t next[2]; /* by the lower and the higher end */
	uint32_t last;    /* seconds */
	uint32_t begun;   /* seconds */
	uint16_t version, cipher;
	uint8_t flags;
	uint8_t record_version; /* its lower octet */
};

static_assert(sizeof(struct entry) == 32, "four are two cache lines");

struct aside {
	struct entry sets[SETS][WAYS];
	struct entry woken; /* of the packet at hand */
	uint32_t woken_skip;
};

/* ------------------------------------------------------------------ finding */

static bool
is_low(const struct packet *p)
{
	int order = address_compare(&p->source, &p->destination);

	return order < 0 || (order == 0 && p->source_port <= p->destination_port);
}

static uint64_t
make_tag(const struct packet *p)
{
	bool low = is_low(p);
	const struct address *a = low ? &p->source : &p->destination;
	const struct address *b = low ? &p->destination : &p->source;
	uint64_t first = low ? p->source_port : p->destination_port;
	uint64_t second = low ? p->destination_port : p->source_port;
	uint64_t words[4] = { a->words[0] ^ hash_rotl(b->words[0], 32), a->words[1], b->words[1],
		first << 16 | second };

	return hash_mix_words(words, 4) | 1;
}

static struct entry *
find(struct aside *t, uint64_t tag)
{
	struct entry *set = t->sets[tag >> 32 & (SETS - 1)];

	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].tag == tag)
			return &set[i];
	return NULL;
}

/* A free place, or that of the one heard of longest ago. */
static struct entry *
make_room(struct aside *t, uint64_t tag)
{
	struct entry *set = t->sets[tag >> 32 & (SETS - 1)], *oldest = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].tag == 0)
			return &set[i];
		if (set[i].last < oldest->last)
			oldest = &set[i];
	}
	return oldest;
}

static uint64_t
fetch(const void *state, const struct packet *p)
{
	const struct aside *t = state;
	uint64_t tag = make_tag(p);
	const struct entry *set = t->sets[tag >> 32 & (SETS - 1)];

	__builtin_prefetch(set, 1);
	__builtin_prefetch(set + 2, 1);
	return tag;
}

/* ------------------------------------------------------------------ passing */

static bool
is_record(const struct entry *e, const uint8_t *p)
{
	return tls_is_header(p) && p[2] == e->record_version;
}

static enum content_passing
wake_at(struct aside *t, struct entry *e, size_t at)
{
	t->woken = *e;
	t->woken_skip = (uint32_t)at;
	e->tag = 0;
	return CONTENT_WAKES;
}

/* Steps over the records from `at` on. */
static enum content_passing
walk(struct aside *t, struct entry *e, const struct packet *p, size_t at, uint8_t side)
{
	const uint8_t *payload = p->data + p->payload_offset;
	uint32_t sequence = be32(p->data + p->l4_offset + 4);
	size_t size = p->payload_size;

	while (at < size) {
		if (size - at < TLS_HEADER_SIZE)
			return wake_at(t, e, at);
		if (!is_record(e, payload + at)) {
			e->flags &= (uint8_t) ~(KNOWN_0 << side);
			return CONTENT_PASSES;
		}
		if (payload[at] == TLS_HEARTBEAT_RECORD)
			return wake_at(t, e, at);
		at += (size_t)TLS_HEADER_SIZE + be16(payload + at + 3);
	}
	e->next[side] = sequence + (uint32_t)at;
	e->flags |= (uint8_t)(KNOWN_0 << side);
	return CONTENT_PASSES;
}

static enum content_passing
passes(void *state, uint64_t tag, const struct packet *p)
{
	struct aside *t = state;
	struct entry *e = find(t, tag);
	const uint8_t *payload = p->data + p->payload_offset;
	uint8_t side;
	int64_t ahead;

	if (e == NULL)
		return CONTENT_OTHER;
	if (payload[0] == TLS_HANDSHAKE && tls_begins_hello(payload, p->payload_size)) {
		e->tag = 0; /* another connection between the same ends */
		return CONTENT_OTHER;
	}
	e->last = (uint32_t)(p->time / NSEC_PER_SEC);
	side = is_low(p) ? 0 : 1;
	if (e->flags & (KNOWN_0 << side)) {
		ahead = (int32_t)(e->next[side] - be32(p->data + p->l4_offset + 4));
		if (ahead >= (int64_t)p->payload_size && ahead < FAR)
			return CONTENT_PASSES;
		if (ahead >= 0 && ahead < (int64_t)p->payload_size)
			return walk(t, e, p, (size_t)ahead, side);
		e->flags &= (uint8_t) ~(KNOWN_0 << side);
	}
	if (p->payload_size >= TLS_HEADER_SIZE && is_record(e, payload))
		return walk(t, e, p, 0, side);
	return CONTENT_PASSES;
}

/* ------------------------------------------------------------------ resting and waking */

static bool
rests(void **state, void *connection, const struct packet *p)
{
	const struct tls_connection *c = connection;
	const struct tls_session *s = &c->session;
	struct aside *t = *state;
	bool source_is_client;
	struct entry *e;
	uint64_t tag;

	if (!tls_connection_may_rest(c))
		return false;
	if (t == NULL)
		t = *state = xcalloc(1, sizeof *t);
	tag = make_tag(p);
	e = make_room(t, tag);
	source_is_client =
	    address_equal(&p->source, &s->ends[s->client]) && p->source_port == s->ports[s->client];
	*e = (struct entry){
		.tag = tag,
		.last = (uint32_t)(p->time / NSEC_PER_SEC),
		.begun = (uint32_t)(s->begun / NSEC_PER_SEC),
		.version = s->version,
		.cipher = s->cipher,
		.flags = (uint8_t)((source_is_client != is_low(p) ? CLIENT_IS_HIGH : 0) |
				   (s->encrypt_then_mac ? ENCRYPT_THEN_MAC : 0) |
				   (s->modes[0] == TLS_HEARTBEAT_ALLOWED ? CLIENT_ALLOWS : 0) |
				   (s->modes[1] == TLS_HEARTBEAT_ALLOWED ? SERVER_ALLOWS : 0)),
		.record_version = (uint8_t)c->data_version,
	};
	return true;
}

static void
wake(void *state, const struct packet *p, void *connection)
{
	const struct aside *t = state;
	const struct entry *e = &t->woken;
	struct tls_connection *c = connection;
	struct tls_session *s = &c->session;
	bool source_is_client = is_low(p) == ((e->flags & CLIENT_IS_HIGH) == 0);
	bool source_is_first =
	    address_equal(&p->source, &s->ends[0]) && p->source_port == s->ports[0];

	s->client = source_is_client == source_is_first ? 0 : 1;
	s->version = e->version;
	s->cipher = e->cipher;
	s->record_version = (uint16_t)(0x0300 | e->record_version);
	s->encrypt_then_mac = (e->flags & ENCRYPT_THEN_MAC) != 0;
	s->modes[0] = (e->flags & CLIENT_ALLOWS) != 0 ? TLS_HEARTBEAT_ALLOWED : 0;
	s->modes[1] = (e->flags & SERVER_ALLOWS) != 0 ? TLS_HEARTBEAT_ALLOWED : 0;
	s->has_hello[0] = s->has_hello[1] = true;
	s->encrypted[0] = s->encrypted[1] = true;
	s->heard[0] = s->heard[1] = true;
	s->data = true;
	s->begun = (nsec_t)e->begun * NSEC_PER_SEC;
	tls_connection_wake(c, source_is_first ? 0 : 1, t->woken_skip);
}

const struct content_aside tls_aside = {
	.rests = rests,
	.fetch = fetch,
	.passes = passes,
	.wake = wake,
	.free = free,
};
