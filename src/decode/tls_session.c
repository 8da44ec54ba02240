/* SPDX-License-Identifier: ISC */
/*
 * One TLS or DTLS connection: hellos and exchanges of heartbeats; see tls_session.h.
 *
 * A heartbeat (RFC 6520 section 4):
 *
 *	 0        1                 3                       3 + payload_length
 *	+--------+-----------------+----------------------+------------------+
 *	| type   | payload_length  | payload              | padding, 16 …    |
 *	+--------+-----------------+----------------------+------------------+
 *
 * A message whose payload_length + 19 passes its record must be dropped in silence.  OpenSSL 1.0.1
 * to 1.0.1f answered it with payload_length octets from its memory (CVE-2014-0160).
 */
#include "decode/tls_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "decode/tls_cipher.h"
#include "decode/tls_hello.h"

#define PADDING        16
#define HEAD           TLS_HEAD_SIZE
#define FRAGMENT_USUAL 16384
#define BLOCK_USUAL    16
/* No cipher makes a legal heartbeat shorter: 19 octets and a MAC or tag of 8 and a nonce. */
#define ENCRYPTED_LEAST 35

enum heartbeat_type {
	HEARTBEAT_REQUEST = 1,
	HEARTBEAT_RESPONSE = 2,
};

/* ------------------------------------------------------------------ events */

static struct tls_event
make_event(const struct tls_session *s, enum tls_event_kind kind, nsec_t time, uint64_t offset)
{
	uint16_t version = s->version != 0 ? s->version : s->record_version;

	return (struct tls_event){
		.time = time,
		.kind = (uint8_t)kind,
		.datagram = s->datagram,
		.client = s->ends[s->client],
		.server = s->ends[!s->client],
		.client_port = s->ports[s->client],
		.server_port = s->ports[!s->client],
		.version = version,
		.cipher = s->cipher,
		.client_mode = s->modes[0],
		.server_mode = s->modes[1],
		.encrypt_then_mac = s->encrypt_then_mac,
		.input_offset = offset,
	};
}

static void
deliver(const struct content_sink *sink, const struct tls_event *event)
{
	struct batch batch = { .type = OBS_TLS, .count = 1, .tls = event };

	sink->deliver(sink->context, &batch);
}

void
tls_session_hello(
    struct tls_session *s, const struct content_sink *sink, const struct tls_message *m)
{
	bool is_server = m->type == TLS_HANDSHAKE_SERVER_HELLO;
	struct tls_hello hello;
	struct tls_event event;

	if (s->has_hello[is_server])
		return;
	/* Who says it is who it is, unless the other has said so before. */
	if (!s->has_hello[!is_server])
		s->client = m->direction ^ is_server;
	else if (s->client != (m->direction ^ is_server))
		return;
	if (!tls_hello_read(m->body, m->size, m->type, s->datagram, &hello)) {
		drop(sink->drops, DROP_TLS_HELLO);
		return;
	}
	if (hello.retry)
		return;
	if (!s->has_hello[!is_server])
		s->begun = m->time;
	s->has_hello[is_server] = true;
	s->modes[is_server] = hello.heartbeat_mode;
	if (is_server) {
		s->version = hello.chosen_version;
		s->cipher = hello.cipher;
		s->encrypt_then_mac = hello.encrypt_then_mac;
	}
	event = make_event(
	    s, is_server ? TLS_SERVER_HELLO : TLS_CLIENT_HELLO, m->time, m->input_offset);
	if (!is_server)
		event.version = hello.version;
	event.server_name = hello.server_name;
	deliver(sink, &event);
}

/* ------------------------------------------------------------------ the end of an exchange */

/* What the answer to a plain request held that was not in the request. */
static uint64_t
plain_leak(const struct tls_exchange *x)
{
	const struct tls_heartbeat *h = &x->heartbeat;
	uint64_t after_head = h->answer_octets > HEAD ? h->answer_octets - HEAD : 0;
	uint64_t payload = after_head < x->answer_claimed ? after_head : x->answer_claimed;
	uint64_t leaked = payload > h->carried ? payload - h->carried : 0;

	/* An answer that does not hold what it promises may end with its padding. */
	if (after_head < x->answer_claimed && leaked <= PADDING)
		return 0;
	return leaked;
}

/* How much longer an encrypted answer is than its request, when that means something. */
static void
encrypted_leak(const struct tls_session *s, struct tls_exchange *x)
{
	struct tls_heartbeat *h = &x->heartbeat;
	struct tls_cipher cipher;
	uint32_t least, most, block = BLOCK_USUAL;
	uint64_t more =
	    h->answer_octets > h->request_octets ? h->answer_octets - h->request_octets : 0;

	if (!tls_cipher_find(s->cipher, &cipher)) {
		h->leaked = more > block ? more : 0;
		return;
	}
	/* A legal request may be padded otherwise than its answer. */
	if (!h->odd && more <= (cipher.block != 0 ? cipher.block : block))
		return;
	tls_cipher_content(&cipher, tls_version_of(s->version), h->request_octets, &least, &most);
	most = most > HEAD ? most : HEAD;
	h->leaked = more;
	if (x->answer_least > most + PADDING)
		h->leaked_least = x->answer_least - most - PADDING;
	if (h->leaked_least > h->leaked)
		h->leaked_least = h->leaked;
}

static void
finish(struct tls_session *s, const struct content_sink *sink, unsigned index, nsec_t now)
{
	struct tls_exchanges *all = s->exchanges;
	struct tls_exchange *x = &all->list[index];
	struct tls_heartbeat *h = &x->heartbeat;

	if (h->answer_records == 0) {
		h->closed = now - h->begin < TLS_HEARTBEAT_WAIT || !s->heard[!x->direction];
		if (!h->alert)
			all->unanswered++;
	} else if (h->encrypted) {
		encrypted_leak(s, x);
	} else if (!h->unasked) {
		h->leaked = h->leaked_least = plain_leak(x);
	}
	if (sink != NULL) {
		struct tls_event event = make_event(s, TLS_HEARTBEAT, now, x->input_offset);
		event.heartbeat = *h;
		deliver(sink, &event);
	}
	all->count--;
	memmove(&all->list[index], &all->list[index + 1], (all->count - index) * sizeof *all->list);
}

/* Ends those whose answer can be waited for no longer: nothing has come for so long. */
static void
expire(struct tls_session *s, const struct content_sink *sink, nsec_t now)
{
	for (unsigned i = 0; i < s->exchanges->count;) {
		if (now - s->exchanges->list[i].touched > TLS_HEARTBEAT_WAIT)
			finish(s, sink, i, now);
		else
			i++;
	}
}

/* ------------------------------------------------------------------ requests */

static struct tls_exchange *
add_exchange(
    struct tls_session *s, const struct content_sink *sink, const struct tls_heartbeat_record *r)
{
	struct tls_exchanges *all = s->exchanges;
	struct tls_exchange *x;

	if (all->count == TLS_EXCHANGES)
		finish(s, sink, 0, r->time);
	x = &all->list[all->count++];
	*x = (struct tls_exchange){
		.input_offset = r->input_offset,
		.touched = r->time,
		.direction = r->direction,
		.heartbeat = {
			.begin = r->time,
			.end = r->time,
			.age = r->time - s->begun,
			.encrypted = r->encrypted,
			.by_server = r->direction != s->client,
			.before_data = !s->data,
			.unsure = !s->has_hello[0] && !s->has_hello[1],
			.request_octets = r->length,
			.unanswered = all->unanswered,
		},
	};
	return x;
}

static void
take_plain_request(
    struct tls_session *s, const struct content_sink *sink, const struct tls_heartbeat_record *r)
{
	struct tls_heartbeat *h = &add_exchange(s, sink, r)->heartbeat;

	h->claimed = r->head_size == HEAD ? be16(r->head + 1) : 0;
	h->carried = r->length > HEAD ? r->length - HEAD : 0;
	h->odd = h->claimed + HEAD + PADDING > r->length;
}

static void
take_encrypted_request(
    struct tls_session *s, const struct content_sink *sink, const struct tls_heartbeat_record *r)
{
	struct tls_heartbeat *h = &add_exchange(s, sink, r)->heartbeat;
	uint16_t version = tls_version_of(s->version != 0 ? s->version : r->version);

	h->least_octets = tls_cipher_least_heartbeat(s->cipher, version, s->encrypt_then_mac);
	h->odd = r->length < (h->least_octets != 0 ? h->least_octets : ENCRYPTED_LEAST);
}

/* ------------------------------------------------------------------ answers */

static void
add_answer(
    const struct tls_session *s, struct tls_exchange *x, const struct tls_heartbeat_record *r)
{
	struct tls_heartbeat *h = &x->heartbeat;
	struct tls_cipher cipher;
	uint32_t least, most;

	if (h->answer_records++ == 0)
		h->answer_offset = r->input_offset;
	h->answer_octets += r->seen;
	h->end = x->touched = r->time;
	if (!r->encrypted || !tls_cipher_find(s->cipher, &cipher))
		return;
	tls_cipher_content(&cipher, tls_version_of(s->version), r->seen, &least, &most);
	x->answer_least += least;
}

/* The oldest request of the other side that is answered, or is not; -1: there is none. */
static int
find(const struct tls_session *s, uint8_t direction, bool encrypted, bool answered)
{
	for (unsigned i = 0; i < s->exchanges->count; i++) {
		const struct tls_exchange *x = &s->exchanges->list[i];
		if (x->direction != direction && x->heartbeat.encrypted == encrypted &&
		    (x->heartbeat.answer_records != 0) == answered)
			return (int)i;
	}
	return -1;
}

static bool
is_covered(const struct tls_exchange *x)
{
	return x->heartbeat.answer_octets >= (uint64_t)x->answer_claimed + HEAD + PADDING;
}

static void
begin_plain_answer(struct tls_session *s, const struct content_sink *sink, int index,
    const struct tls_heartbeat_record *r)
{
	struct tls_exchange *x = &s->exchanges->list[index];

	x->answer_claimed = be16(r->head + 1);
	add_answer(s, x, r);
	if (is_covered(x))
		finish(s, sink, (unsigned)index, r->time);
}

/* An answer to what was not seen: its request was lost, or came another way. */
static void
take_unasked(
    struct tls_session *s, const struct content_sink *sink, const struct tls_heartbeat_record *r)
{
	struct tls_exchange *x = add_exchange(s, sink, r);
	struct tls_heartbeat *h = &x->heartbeat;

	x->direction = !r->direction;
	h->by_server = x->direction != s->client;
	h->unasked = true;
	h->request_octets = 0;
	h->claimed = be16(r->head + 1);
	begin_plain_answer(s, sink, (int)s->exchanges->count - 1, r);
}

static void
take_plain(
    struct tls_session *s, const struct content_sink *sink, const struct tls_heartbeat_record *r)
{
	int current = find(s, r->direction, false, true);
	int next = find(s, r->direction, false, false);
	bool answers = r->head_size == HEAD && r->head[0] == HEARTBEAT_RESPONSE;

	if (current >= 0 && next >= 0 && answers &&
	    be16(r->head + 1) == s->exchanges->list[next].heartbeat.claimed) {
		/* The one before stays short of what it promised. */
		finish(s, sink, (unsigned)current, r->time);
		begin_plain_answer(s, sink, find(s, r->direction, false, false), r);
	} else if (current >= 0) {
		struct tls_exchange *x = &s->exchanges->list[current];
		add_answer(s, x, r);
		if (is_covered(x))
			finish(s, sink, (unsigned)current, r->time);
	} else if (answers && next >= 0) {
		begin_plain_answer(s, sink, next, r);
	} else if (answers) {
		take_unasked(s, sink, r);
	} else if (r->head_size != 0 && r->head[0] == HEARTBEAT_REQUEST) {
		take_plain_request(s, sink, r);
	}
}

/*
 * Nobody can read which it is.  While the other side's request is open it is the answer; one of
 * the request's length that is the only one is a whole answer.  The next request is answered when
 * the last record of the one before was not full.
 */
static void
take_encrypted(
    struct tls_session *s, const struct content_sink *sink, const struct tls_heartbeat_record *r)
{
	int current = find(s, r->direction, true, true);
	int next = find(s, r->direction, true, false);
	struct tls_exchange *x;

	if (current >= 0 && next >= 0 && s->exchanges->list[current].covered) {
		finish(s, sink, (unsigned)current, r->time);
		current = -1;
		next = find(s, r->direction, true, false);
	}
	if (current < 0)
		current = next;
	if (current < 0) {
		take_encrypted_request(s, sink, r);
		return;
	}
	x = &s->exchanges->list[current];
	add_answer(s, x, r);
	x->covered = r->length < FRAGMENT_USUAL;
	if (!x->heartbeat.odd && x->heartbeat.answer_records == 1 &&
	    x->heartbeat.answer_octets == x->heartbeat.request_octets)
		finish(s, sink, (unsigned)current, r->time);
}

/* In a connection joined in the middle a message that is one, or too short for any cipher, is
 * plain. */
static bool
looks_plain(const struct tls_heartbeat_record *r)
{
	if (r->head_size < HEAD ||
	    (r->head[0] != HEARTBEAT_REQUEST && r->head[0] != HEARTBEAT_RESPONSE))
		return false;
	return r->length < ENCRYPTED_LEAST || be16(r->head + 1) + HEAD + PADDING <= (int)r->length;
}

void
tls_session_heartbeat(
    struct tls_session *s, const struct content_sink *sink, const struct tls_heartbeat_record *r)
{
	struct tls_heartbeat_record record = *r;

	if (s->exchanges == NULL)
		s->exchanges = xcalloc(1, sizeof *s->exchanges);
	if (s->record_version == 0)
		s->record_version = r->version;
	expire(s, sink, r->time);
	if (!s->has_hello[0] && !s->has_hello[1] && !s->encrypted[0] && !s->encrypted[1])
		record.encrypted = s->data || !looks_plain(r);
	if (record.encrypted)
		take_encrypted(s, sink, &record);
	else
		take_plain(s, sink, &record);
}

void
tls_session_alert(
    struct tls_session *s, const struct content_sink *sink, uint8_t direction, nsec_t time)
{
	if (s->exchanges == NULL)
		return;
	for (unsigned i = 0; i < s->exchanges->count;) {
		struct tls_exchange *x = &s->exchanges->list[i];
		if (x->direction == direction || x->heartbeat.answer_records != 0) {
			i++;
			continue;
		}
		x->heartbeat.alert = true;
		x->heartbeat.end = time;
		finish(s, sink, i, time);
	}
}

void
tls_session_end(struct tls_session *s, const struct content_sink *sink, nsec_t time)
{
	if (s->exchanges == NULL)
		return;
	while (s->exchanges->count != 0)
		finish(s, sink, 0, time);
	free(s->exchanges);
	s->exchanges = NULL;
}
