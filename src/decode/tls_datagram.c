/* SPDX-License-Identifier: ISC */
/*
 * DTLS 1.0 and 1.2 over UDP (RFC 6347 section 4.1): a datagram holds whole records:
 *
 *	 0      1          3         5             11         13
 *	+------+----------+---------+-------------+----------+----------+
 *	| type | version  | epoch   | sequence    | length   | fragment |
 *	+------+----------+---------+-------------+----------+----------+
 *
 * An epoch above 0 is encrypted.  Sessions are kept by their two ends; hellos and heartbeats begin
 * one, other records only belong to one.  A record that comes twice counts once (its sequence
 * number is known); a hello that is sent again is no second one.  A new ClientHello with another
 * random, after the first was answered, begins another session between the same ends.
 *
 * DTLS 1.3 hides its records' types: only its hellos are seen.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/xmalloc.h"
#include "decode/tls.h"
#include "decode/tls_hello.h"
#include "decode/tls_session.h"

#define HEADER_SIZE    13
#define MESSAGE_HEADER 12 /* type, length, sequence, offset and length of the fragment */
#define RANDOM_AT      2  /* of a hello */
#define SESSIONS_MOST  4096
#define BUCKETS        4096 /* a power of two */
#define KEY_WORDS      5
#define IDLE           ((nsec_t)300 * NSEC_PER_SEC)

/* Which heartbeats of a direction were seen: the highest number and the 64 up to it. */
struct seen {
	uint64_t highest, bits;
};

struct entry {
	struct tls_session session;
	uint64_t key[KEY_WORDS];
	struct entry *chain;         /* of its bucket */
	struct entry *older, *newer; /* by when they were heard of */
	nsec_t last;
	uint64_t random; /* of the ClientHello, its first octets */
	struct seen seen[2];
	uint32_t bucket;
};

struct sessions {
	struct hash_secret secret;
	struct entry *buckets[BUCKETS];
	struct entry *oldest, *newest;
	size_t count;
	nsec_t now; /* of the last datagram */
};

/* One record of a datagram. */
struct record {
	uint8_t type;
	uint16_t version;
	uint64_t number; /* epoch and sequence */
	const uint8_t *fragment;
	uint16_t size;
};

/* ------------------------------------------------------------------ records */

static bool
is_header(const uint8_t *p, size_t size)
{
	return size >= HEADER_SIZE && p[0] >= TLS_CHANGE_CIPHER_SPEC &&
	       p[0] <= TLS_HEARTBEAT_RECORD && p[1] == 0xfe && (p[2] == 0xff || p[2] == 0xfd) &&
	       be16(p + 11) <= size - HEADER_SIZE;
}

bool
tls_datagram_sniff(const struct packet *packet, const uint8_t *payload, size_t size)
{
	(void)packet;
	return is_header(payload, size);
}

static bool
next_record(struct cursor *c, struct record *ret_record)
{
	const uint8_t *p = c->at;

	if (!is_header(p, cursor_left(c)))
		return false;
	*ret_record = (struct record){
		.type = p[0],
		.version = be16(p + 1),
		.number = be64(p + 3),
		.fragment = p + HEADER_SIZE,
		.size = be16(p + 11),
	};
	return cursor_skip(c, (size_t)HEADER_SIZE + ret_record->size);
}

static bool
is_encrypted(const struct record *r)
{
	return r->number >> 48 != 0;
}

/* ------------------------------------------------------------------ sessions */

static void
unlink_entry(struct sessions *s, struct entry *e)
{
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		s->oldest = e->newer;
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		s->newest = e->older;
}

static void
append_entry(struct sessions *s, struct entry *e)
{
	e->newer = NULL;
	e->older = s->newest;
	if (s->newest != NULL)
		s->newest->newer = e;
	else
		s->oldest = e;
	s->newest = e;
}

static void
forget(struct sessions *s, struct entry *e, const struct content_sink *sink, nsec_t time)
{
	struct entry **at = &s->buckets[e->bucket];

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	unlink_entry(s, e);
	s->count--;
	tls_session_end(&e->session, sink, time);
	free(e);
}

/* The two ends in order; returns which of them sent the packet. */
static uint8_t
make_key(const struct packet *p, uint64_t key[KEY_WORDS])
{
	int order = address_compare(&p->source, &p->destination);
	bool low = order < 0 || (order == 0 && p->source_port <= p->destination_port);
	const struct address *a = low ? &p->source : &p->destination;
	const struct address *b = low ? &p->destination : &p->source;
	uint32_t first = low ? p->source_port : p->destination_port;
	uint32_t second = low ? p->destination_port : p->source_port;

	memcpy(key, a->words, sizeof a->words);
	memcpy(key + 2, b->words, sizeof b->words);
	key[4] = first << 16 | second;
	return low ? 0 : 1;
}

static struct entry *
find_entry(const struct sessions *s, const uint64_t key[KEY_WORDS], uint32_t bucket)
{
	struct entry *e = s->buckets[bucket];

	while (e != NULL && memcmp(e->key, key, sizeof e->key) != 0)
		e = e->chain;
	return e;
}

static void
begin_session(struct entry *e, const struct packet *p, uint8_t sender)
{
	struct tls_session *t = &e->session;

	*t = (struct tls_session){ .datagram = true, .begun = p->time };
	t->ends[sender] = p->source;
	t->ends[!sender] = p->destination;
	t->ports[sender] = p->source_port;
	t->ports[!sender] = p->destination_port;
	/* Until a hello says it: clients have the higher port. */
	t->client = t->ports[0] == t->ports[1] ? sender : t->ports[1] > t->ports[0];
	e->random = 0;
	e->seen[0] = e->seen[1] = (struct seen){ 0 };
}

static struct entry *
add_entry(struct sessions *s, const struct content_sink *sink, const struct packet *p,
    const uint64_t key[KEY_WORDS], uint32_t bucket)
{
	struct entry *e;

	if (s->count == SESSIONS_MOST) {
		drop(sink->drops, DROP_TLS_EVICTED);
		forget(s, s->oldest, sink, p->time);
	}
	e = xcalloc(1, sizeof *e);
	memcpy(e->key, key, sizeof e->key);
	e->bucket = bucket;
	e->chain = s->buckets[bucket];
	s->buckets[bucket] = e;
	s->count++;
	append_entry(s, e);
	return e;
}

/* ------------------------------------------------------------------ what records say */

/* Whether the number is new; it is noted. */
static bool
is_new(struct seen *s, uint64_t number)
{
	uint64_t n = number + 1, behind;

	if (n > s->highest) {
		uint64_t step = n - s->highest;
		s->bits = step < 64 ? s->bits << step | 1 : 1;
		s->highest = n;
		return true;
	}
	behind = s->highest - n;
	if (behind >= 64 || (s->bits >> behind & 1) != 0)
		return false;
	s->bits |= UINT64_C(1) << behind;
	return true;
}

static void
take_heartbeat(struct entry *e, const struct content_sink *sink, const struct packet *p,
    uint8_t sender, const struct record *r)
{
	struct tls_heartbeat_record h = {
		.time = p->time,
		.input_offset = p->input_offset,
		.length = r->size,
		.seen = r->size,
		.version = r->version,
		.direction = sender,
		.encrypted = is_encrypted(r),
		.head_size = r->size < TLS_HEAD_SIZE ? (uint8_t)r->size : TLS_HEAD_SIZE,
	};

	if (!is_new(&e->seen[sender], r->number))
		return;
	memcpy(h.head, r->fragment, h.head_size);
	tls_session_heartbeat(&e->session, sink, &h);
}

/* Messages of a handshake record; only those that are whole in it are read. */
static void
take_handshake(struct entry *e, const struct content_sink *sink, const struct packet *p,
    uint8_t sender, const struct record *r)
{
	struct cursor c = cursor_over(r->fragment, r->size);

	while (cursor_left(&c) >= MESSAGE_HEADER) {
		const uint8_t *h = cursor_take(&c, MESSAGE_HEADER);
		uint32_t size = be32(h) & 0xffffff, offset = be32(h + 5) & 0xffffff;
		uint32_t part = be32(h + 8) & 0xffffff;
		const uint8_t *body = cursor_take(&c, part);
		struct tls_message m = { p->time, p->input_offset, body, part, sender, h[0] };

		if (body == NULL)
			return;
		if (m.type != TLS_HANDSHAKE_CLIENT_HELLO && m.type != TLS_HANDSHAKE_SERVER_HELLO)
			continue;
		if (offset != 0 || part != size) {
			drop(sink->drops, DROP_TLS_HELLO_SIZE);
			continue;
		}
		if (m.type == TLS_HANDSHAKE_CLIENT_HELLO && part >= RANDOM_AT + 8) {
			uint64_t random = be64(body + RANDOM_AT);
			if (e->session.has_hello[1] && random != e->random) {
				tls_session_end(&e->session, sink, p->time);
				begin_session(e, p, sender);
			}
			e->random = random;
		}
		tls_session_hello(&e->session, sink, &m);
	}
}

static void
take_record(struct entry *e, const struct content_sink *sink, const struct packet *p,
    uint8_t sender, const struct record *r)
{
	struct tls_session *t = &e->session;

	t->heard[sender] = true;
	if (t->record_version == 0)
		t->record_version = r->version;
	if (is_encrypted(r))
		t->encrypted[sender] = true;
	switch (r->type) {
	case TLS_HEARTBEAT_RECORD: take_heartbeat(e, sink, p, sender, r); break;
	case TLS_HANDSHAKE:
		if (!is_encrypted(r))
			take_handshake(e, sink, p, sender, r);
		break;
	case TLS_ALERT: tls_session_alert(t, sink, sender, p->time); break;
	case TLS_APPLICATION_DATA: t->data = true; break;
	default: break;
	}
}

static void
expire(struct sessions *s, const struct content_sink *sink, nsec_t now)
{
	while (s->oldest != NULL && now - s->oldest->last > IDLE)
		forget(s, s->oldest, sink, now);
}

/* Whether a session is begun for it. */
static bool
begins(const uint8_t *payload)
{
	return payload[0] == TLS_HANDSHAKE || payload[0] == TLS_HEARTBEAT_RECORD;
}

void
tls_datagram_take(void **state, const struct content_sink *sink, const struct packet *p,
    const uint8_t *payload, size_t size)
{
	struct cursor c = cursor_over(payload, size);
	struct sessions *s = *state;
	uint64_t key[KEY_WORDS];
	struct record r;
	struct entry *e;
	uint32_t bucket;
	uint8_t sender;

	if (s == NULL) {
		s = *state = xcalloc(1, sizeof *s);
		s->secret = hash_secret_new();
	}
	s->now = p->time;
	expire(s, sink, p->time);
	sender = make_key(p, key);
	bucket = (uint32_t)hash_words(&s->secret, key, KEY_WORDS) & (BUCKETS - 1);
	e = find_entry(s, key, bucket);
	if (e == NULL) {
		if (!begins(payload))
			return;
		e = add_entry(s, sink, p, key, bucket);
		begin_session(e, p, sender);
	} else {
		unlink_entry(s, e);
		append_entry(s, e);
	}
	e->last = p->time;
	while (next_record(&c, &r))
		take_record(e, sink, p, sender, &r);
}

void
tls_datagram_end(void **state, const struct content_sink *sink)
{
	struct sessions *s = *state;

	if (s == NULL)
		return;
	while (s->oldest != NULL)
		forget(s, s->oldest, sink, s->now);
	free(s);
	*state = NULL;
}
