/* SPDX-License-Identifier: ISC */
/* One connection that asks for a heartbeat; see heartbleed_probe.h. */
#include "cmd/heartbleed_probe.h"

#include <math.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "cmd/heartbleed_line.h"
#include "decode/tls_hello.h"
#include "obs/tls.h"

#define RECORD_HEADER  5
#define RECORD_MOST    18432
#define MESSAGE_HEADER 4
#define HELLO_SIZE     512
#define NAME_MOST      255
#define HANDSHAKE_MOST (256U << 10) /* octets a server may send before it wants an answer */
#define BODY_MOST      RECORD_MOST

#define CLAIMED 0x4000
#define SENT    19 /* octets of payload that are there */
#define HEAD    3  /* type and length of a heartbeat */
#define PADDING 16
/* As many octets of an answer show a leak: more than what was sent, and its padding. */
#define ENOUGH (HEAD + SENT + PADDING + 1)

enum {
	TYPE_ALERT = 21,
	TYPE_HANDSHAKE = 22,
	TYPE_HEARTBEAT = 24,
	MESSAGE_SERVER_HELLO = 2,
	MESSAGE_DONE = 14,
};

/* What an old server may choose, and a new one. */
static const uint16_t CIPHERS[] = { 0xc02f, 0xc02b, 0xc030, 0xc02c, 0xc013, 0xc014, 0xc009, 0xc00a,
	0xc011, 0xc012, 0x009c, 0x009d, 0x002f, 0x0035, 0x003c, 0x003d, 0x0033, 0x0039, 0x0016,
	0x000a, 0x0005, 0x0004, 0x00ff };
#define CIPHER_COUNT (sizeof CIPHERS / sizeof CIPHERS[0])

static const char PAYLOAD[SENT + 1] = "yagura heartbeat 01";

static const char *const NAMES[HEARTBLEED_RESULTS] = {
	[HEARTBLEED_UNREACHABLE] = "unreachable",
	[HEARTBLEED_SERVICE_ERROR] = "service-error",
	[HEARTBLEED_VERSION_REFUSED] = "version-refused",
	[HEARTBLEED_NO_EXTENSION] = "no-extension",
	[HEARTBLEED_ALERTED] = "alert",
	[HEARTBLEED_SILENT] = "silent",
	[HEARTBLEED_CLOSED] = "closed",
	[HEARTBLEED_ECHOED] = "echo",
	[HEARTBLEED_UNFINISHED] = "unfinished",
	[HEARTBLEED_LEAKS] = "leaks",
};

const char *
heartbleed_result_name(enum heartbleed_result result)
{
	return NAMES[result];
}

bool
heartbleed_starttls_port(const char *protocol, uint16_t *ret_port)
{
	uint16_t port = starttls_port(protocol);

	if (port == 0)
		return false;
	*ret_port = port;
	return true;
}

/* ------------------------------------------------------------------ what is sent */

struct builder {
	uint8_t octets[HELLO_SIZE];
	size_t size;
};

static void
put(struct builder *b, const void *data, size_t size)
{
	if (size > sizeof b->octets - b->size)
		return;
	memcpy(b->octets + b->size, data, size);
	b->size += size;
}

static void
put16(struct builder *b, size_t value)
{
	uint8_t octets[2];

	put_be16(octets, (uint16_t)value);
	put(b, octets, sizeof octets);
}

static void
put8(struct builder *b, unsigned value)
{
	uint8_t octet = (uint8_t)value;

	put(b, &octet, 1);
}

/* An extension of literal octets. */
static void
put_extension(struct builder *b, unsigned type, const void *data, size_t size)
{
	put16(b, type);
	put16(b, size);
	put(b, data, size);
}

static void
put_extensions(struct builder *b, const struct heartbleed_question *q)
{
	static const uint8_t GROUPS[] = { 0, 8, 0, 29, 0, 23, 0, 24, 0, 25 };
	static const uint8_t FORMATS[] = { 1, 0 };
	static const uint8_t SIGNATURES[] = { 0, 14, 4, 3, 8, 4, 4, 1, 5, 3, 5, 1, 2, 3, 2, 1 };
	static const uint8_t ALLOWED[] = { TLS_HEARTBEAT_ALLOWED };
	size_t at = b->size, name = q->name != NULL ? strlen(q->name) : 0;

	put16(b, 0);
	if (name != 0 && name <= NAME_MOST) {
		put16(b, 0);
		put16(b, name + 5);
		put16(b, name + 3);
		put8(b, 0);
		put16(b, name);
		put(b, q->name, name);
	}
	put_extension(b, 10, GROUPS, sizeof GROUPS);
	put_extension(b, 11, FORMATS, sizeof FORMATS);
	if (q->version >= TLS_VERSION_1_2)
		put_extension(b, 13, SIGNATURES, sizeof SIGNATURES);
	put_extension(b, 15, ALLOWED, sizeof ALLOWED);
	put_be16(b->octets + at, (uint16_t)(b->size - at - 2));
}

static void
make_hello(struct builder *b, const struct heartbleed_question *q)
{
	uint8_t random[32];

	if (RAND_bytes(random, sizeof random) != 1)
		memset(random, 0x59, sizeof random);
	*b = (struct builder){ .size = 0 };
	put8(b, TYPE_HANDSHAKE);
	put16(b, TLS_VERSION_1_0); /* RFC 5246 appendix E.1: what any server reads */
	put16(b, 0);
	put8(b, TLS_HANDSHAKE_CLIENT_HELLO);
	put8(b, 0);
	put16(b, 0);
	put16(b, q->version);
	put(b, random, sizeof random);
	put8(b, 0);
	put16(b, 2 * CIPHER_COUNT);
	for (size_t i = 0; i < CIPHER_COUNT; i++)
		put16(b, CIPHERS[i]);
	put8(b, 1);
	put8(b, 0);
	put_extensions(b, q);
	put_be16(b->octets + 3, (uint16_t)(b->size - RECORD_HEADER));
	put_be16(b->octets + 7, (uint16_t)(b->size - RECORD_HEADER - MESSAGE_HEADER));
}

static bool
send_heartbeat(struct heartbleed_line *line, uint16_t version)
{
	struct builder b = { .size = 0 };

	put8(&b, TYPE_HEARTBEAT);
	put16(&b, version);
	put16(&b, HEAD + SENT);
	put8(&b, 1);
	put16(&b, CLAIMED);
	put(&b, PAYLOAD, SENT);
	return heartbleed_line_send(line, b.octets, b.size);
}

/* ------------------------------------------------------------------ what comes */

struct record {
	uint8_t type;
	uint16_t version;
	uint32_t length;
};

static void
fail(struct heartbleed_answer *a, enum heartbleed_result result, const char *text)
{
	a->result = result;
	(void)snprintf(a->text, sizeof a->text, "%s", text);
}

/* The header of the next record; false, and the result told, when there is none. */
static bool
take_header(struct heartbleed_line *line, struct heartbleed_answer *a, struct record *ret_record)
{
	uint8_t p[RECORD_HEADER];
	size_t taken;

	if (!heartbleed_line_take(line, p, sizeof p, &taken)) {
		bool is_slow = line->state == LINE_TIMEOUT;
		if (taken != 0 && p[0] == TYPE_HEARTBEAT)
			fail(a, HEARTBLEED_UNFINISHED, "an answer began and did not go on");
		else if (taken != 0 && (p[0] < 20 || p[0] > 24))
			fail(a, HEARTBLEED_SERVICE_ERROR, "the server does not answer with TLS");
		else
			fail(a, is_slow ? HEARTBLEED_SILENT : HEARTBLEED_CLOSED, "");
		return false;
	}
	*ret_record = (struct record){ p[0], be16(p + 1), be16(p + 3) };
	if (p[0] < 20 || p[0] > 24 || p[1] != 3 || p[2] > 4 || ret_record->length > RECORD_MOST) {
		fail(a, HEARTBLEED_SERVICE_ERROR, "the server does not answer with TLS");
		return false;
	}
	return true;
}

static void
read_alert(struct heartbleed_line *line, struct heartbleed_answer *a, uint32_t length)
{
	uint8_t alert[2] = { 0, 0 };

	if (length >= sizeof alert)
		(void)heartbleed_line_take(line, alert, sizeof alert, NULL);
	a->alert = alert[1];
	(void)snprintf(a->text, sizeof a->text, "alert %u", alert[1]);
}

/* Handshake messages across records, of which the first is to be the ServerHello. */
struct handshake {
	uint8_t octets[BODY_MOST];
	uint8_t header[MESSAGE_HEADER];
	size_t header_size;
	uint32_t left, size; /* of the message at hand: to come; that were kept */
	bool has_hello, is_done, is_bad;
};

static void
end_message(struct handshake *h, struct heartbleed_answer *a)
{
	struct tls_hello hello;

	if (h->header[0] == MESSAGE_DONE)
		h->is_done = true;
	if (h->header[0] != MESSAGE_SERVER_HELLO || h->has_hello)
		return;
	if (!tls_hello_read(h->octets, h->size, TLS_HANDSHAKE_SERVER_HELLO, false, &hello)) {
		h->is_bad = true;
		return;
	}
	h->has_hello = true;
	a->version = hello.chosen_version;
	a->cipher = hello.cipher;
	a->mode = hello.heartbeat_mode;
}

static void
take_messages(struct handshake *h, struct heartbleed_answer *a, const uint8_t *data, size_t size)
{
	while (size > 0 && !h->is_bad) {
		size_t step;
		if (h->header_size < MESSAGE_HEADER) {
			h->header[h->header_size++] = *data;
			step = 1;
			if (h->header_size == MESSAGE_HEADER) {
				h->left = be32(h->header) & 0xffffff;
				h->size = 0;
			}
		} else {
			step = h->left < size ? h->left : size;
			for (size_t i = 0; i < step && h->size < BODY_MOST; i++)
				h->octets[h->size++] = data[i];
			h->left -= (uint32_t)step;
		}
		if (h->header_size == MESSAGE_HEADER && h->left == 0) {
			end_message(h, a);
			h->header_size = 0;
		}
		data += step;
		size -= step;
	}
}

/* Reads what the server says until it wants an answer; false, and the result told, when that is the
 * end. */
static bool
take_handshake(struct heartbleed_line *line, struct heartbleed_answer *a)
{
	struct handshake h;
	uint8_t body[BODY_MOST];
	struct record r;

	h.header_size = h.left = h.size = 0;
	h.has_hello = h.is_done = h.is_bad = false;
	while (!h.is_done) {
		if (line->taken > HANDSHAKE_MOST) {
			fail(a, HEARTBLEED_SERVICE_ERROR, "the handshake has no end");
			return false;
		}
		if (!take_header(line, a, &r)) {
			/* One that waits for something else has said hello all the same. */
			if (a->result == HEARTBLEED_SILENT && h.has_hello)
				break;
			if (a->result == HEARTBLEED_SILENT || a->result == HEARTBLEED_CLOSED)
				fail(a, HEARTBLEED_SERVICE_ERROR,
				    a->result == HEARTBLEED_SILENT
					? "no answer to the ClientHello"
					: "the connection was closed at the ClientHello");
			return false;
		}
		if (r.type == TYPE_ALERT) {
			read_alert(line, a, r.length);
			a->result = HEARTBLEED_VERSION_REFUSED;
			return false;
		}
		if (r.type != TYPE_HANDSHAKE || !heartbleed_line_take(line, body, r.length, NULL)) {
			fail(a, HEARTBLEED_SERVICE_ERROR, "the handshake breaks off");
			return false;
		}
		take_messages(&h, a, body, r.length);
		if (h.is_bad) {
			fail(a, HEARTBLEED_SERVICE_ERROR, "the ServerHello is malformed");
			return false;
		}
	}
	return true;
}

/* ------------------------------------------------------------------ what it means */

/* Shannon's, of the octets' own frequencies. */
static double
entropy_of(const uint8_t *data, size_t size)
{
	unsigned counts[256] = { 0 };
	double sum = 0;

	for (size_t i = 0; i < size; i++)
		counts[data[i]]++;
	for (unsigned i = 0; i < 256; i++) {
		double share = (double)counts[i] / (double)size;
		if (counts[i] != 0)
			sum -= share * log2(share);
	}
	return sum;
}

static void
describe(struct heartbleed_answer *a, const uint8_t *data, size_t size)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_size = 0;

	a->foreign = (uint32_t)size;
	a->entropy = entropy_of(data, size);
	if (EVP_Digest(data, size, digest, &digest_size, EVP_sha256(), NULL) != 1)
		return;
	for (unsigned i = 0; i < digest_size && i < 32; i++)
		(void)snprintf(a->sha256 + 2 * (size_t)i, 3, "%02x", digest[i]);
}

/*
 * The answer.  Its record may be cut into small ones: octets are taken until there are enough.  A
 * record that is not of a heartbeat says that the answer is over.
 */
static void
take_answer(struct heartbleed_line *line, struct heartbleed_answer *a, uint32_t length)
{
	uint8_t octets[ENOUGH] = { 0 };
	size_t taken = 0, step, got;
	struct record r = { .type = TYPE_HEARTBEAT, .length = length };

	a->record_octets = length;
	while (taken < ENOUGH) {
		step = ENOUGH - taken < r.length ? ENOUGH - taken : r.length;
		(void)heartbleed_line_take(line, octets + taken, step, &got);
		taken += got;
		if (taken >= HEAD && be16(octets + 1) + HEAD <= (int)taken && taken < ENOUGH)
			break;
		if (got < step || taken == ENOUGH || !take_header(line, a, &r) ||
		    r.type != TYPE_HEARTBEAT)
			break;
		a->record_octets += r.length;
	}
	if (taken >= HEAD)
		a->claimed = be16(octets + 1);
	a->text[0] = '\0';
	if (taken == ENOUGH && a->claimed > SENT) {
		/* Ours stands first where it stands at all. */
		bool is_ours = memcmp(octets + HEAD, PAYLOAD, SENT) == 0;
		size_t from = is_ours ? HEAD + SENT : HEAD;
		size_t end = (size_t)HEAD + a->claimed < taken ? (size_t)HEAD + a->claimed : taken;
		a->result = HEARTBLEED_LEAKS;
		describe(a, octets + from, end - from);
	} else if (taken >= HEAD + SENT || (taken >= HEAD && a->claimed <= taken - HEAD)) {
		a->result = HEARTBLEED_ECHOED;
	} else {
		fail(a, HEARTBLEED_UNFINISHED, "an answer began and did not go on");
	}
	explicit_bzero(octets, sizeof octets);
}

static void
take_answers(struct heartbleed_line *line, struct heartbleed_answer *a)
{
	struct record r;

	while (take_header(line, a, &r)) {
		if (r.type == TYPE_HEARTBEAT) {
			take_answer(line, a, r.length);
			return;
		}
		if (r.type == TYPE_ALERT) {
			read_alert(line, a, r.length);
			a->result = HEARTBLEED_ALERTED;
			return;
		}
		if (line->taken > (uint64_t)2 * HANDSHAKE_MOST ||
		    !heartbleed_line_pass(line, r.length)) {
			fail(a, line->state == LINE_TIMEOUT ? HEARTBLEED_SILENT : HEARTBLEED_CLOSED,
			    "");
			return;
		}
	}
}

static void
ask(struct heartbleed_line *line, const struct heartbleed_question *q, struct heartbleed_answer *a)
{
	struct builder hello;

	heartbleed_line_wait(line, q->wait);
	if (q->starttls != NULL &&
	    !starttls_talk(line, q->starttls, q->name, a->text, sizeof a->text)) {
		a->result = HEARTBLEED_SERVICE_ERROR;
		return;
	}
	make_hello(&hello, q);
	heartbleed_line_wait(line, q->wait);
	if (!heartbleed_line_send(line, hello.octets, hello.size)) {
		fail(a, HEARTBLEED_SERVICE_ERROR, "the connection was closed at the ClientHello");
		return;
	}
	if (!take_handshake(line, a))
		return;
	if (a->mode != TLS_HEARTBEAT_ALLOWED) {
		fail(a, HEARTBLEED_NO_EXTENSION, "");
		return;
	}
	heartbleed_line_wait(line, q->wait);
	if (!send_heartbeat(line, a->version)) {
		fail(a, HEARTBLEED_CLOSED, "");
		return;
	}
	take_answers(line, a);
}

void
heartbleed_ask(const struct heartbleed_question *q, struct heartbleed_answer *ret_answer)
{
	struct heartbleed_line line;

	*ret_answer = (struct heartbleed_answer){ .result = HEARTBLEED_UNREACHABLE };
	if (!heartbleed_line_open(&line, &q->address, q->port, q->wait)) {
		(void)snprintf(ret_answer->text, sizeof ret_answer->text, "%s",
		    line.state == LINE_TIMEOUT ? "no answer to the connection" : "no connection");
		return;
	}
	ask(&line, q, ret_answer);
	heartbleed_line_close(&line);
}
