/* SPDX-License-Identifier: ISC */
/*
 * HTTP/1.x (RFC 9112): the requests of a TCP connection, each with its response.
 *
 *	request-line CRLF *( header CRLF ) CRLF [ body ]
 *	status-line  CRLF *( header CRLF ) CRLF [ body ]
 *
 * Who asks is told by what is said, not by ports.  Each direction is read on its own, line by line
 * and body by body; requests wait in a list, and responses go to them in order.  Bodies beyond what
 * is kept are counted without being copied.
 *
 * Where octets are missing, a body of known length is counted on; otherwise the direction is lost
 * until a segment begins with a message.  After that the latest request is the one that is
 *answered: a client that does not wait for answers (pipelining) is rarer than lost packets.  A
 *connection that becomes something else (CONNECT, Upgrade, HTTP/2) is followed no further.
 *
 * libhtp would do much of this; doc/design/http.md says what was measured of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "decode/http_internal.h"

/* Requests that wait for their responses at once; browsers that pipelined sent up to 8. */
#define WAITING_MOST 32
/* A line that is longer is cut; a target or a cookie may be as long as what is kept of it. */
#define LINE_MOST (HTTP_TEXT_KEPT + 1024)
/* A line's room that is given back after use. */
#define LINE_ROOM_KEPT 4096

enum phase {
	PHASE_START, /* a message's first line, or empty lines before it */
	PHASE_HEADERS,
	PHASE_BODY,       /* `left` octets of it */
	PHASE_BODY_CLOSE, /* until the connection closes */
	PHASE_CHUNK_SIZE,
	PHASE_CHUNK,     /* `left` octets of it */
	PHASE_CHUNK_END, /* the empty line behind it */
	PHASE_TRAILERS,
	PHASE_LOST,    /* until a segment begins with a message */
	PHASE_STOPPED, /* no longer HTTP/1 */
};

/* One direction. */
struct side {
	uint8_t phase;      /* enum phase */
	bool begun;         /* octets of the message at hand were seen */
	bool line_cut;      /* the line at hand is longer than is kept */
	bool lost_messages; /* some may be missing here */
	nsec_t begin;       /* of the message at hand */
	uint64_t input_offset;
	uint64_t left;
	struct http_framing framing;
	uint8_t *line; /* owned: a line that is not whole yet */
	uint32_t line_size, line_room;
	struct http_transaction *message; /* whose octets these are; NULL: none, or given up */
};

enum { CLIENT, SERVER, UNKNOWN };

struct http_connection {
	const struct content_sink *sink; /* of the event at hand */
	nsec_t now;                      /* its time */
	struct address ends[2];          /* by direction */
	uint16_t ports[2];
	uint8_t client; /* the direction of requests, or UNKNOWN */
	struct side sides[2];
	struct http_transaction *first, **end; /* owned: those that are not delivered, in order */
	unsigned waiting;
	unsigned silent; /* responses to come whose requests were delivered without them */
};

/* What is left of an event. */
struct input {
	const uint8_t *at, *end;
	const struct stream_event *event;
};

/* ------------------------------------------------------------------ recognition */

#define METHODS_MOST 24

/* Methods by their first letters: of RFC 9110, WebDAV and its relatives, and what scanners send. */
static const char *const METHODS[26] = {
	['A' - 'A'] = "ACL ",
	['B' - 'A'] = "BIND BPROPFIND BCOPY BDELETE BMOVE BASELINE-CONTROL ",
	['C' - 'A'] = "CONNECT COPY CHECKOUT CHECKIN ",
	['D' - 'A'] = "DELETE DEBUG ",
	['G' - 'A'] = "GET ",
	['H' - 'A'] = "HEAD ",
	['I' - 'A'] = "INDEX ",
	['L' - 'A'] = "LOCK LINK LABEL ",
	['M' - 'A'] = "MKCOL MOVE MERGE MKACTIVITY MKCALENDAR MKWORKSPACE M-SEARCH ",
	['N' - 'A'] = "NOTIFY ",
	['O' - 'A'] = "OPTIONS ORDERPATCH ",
	['P' - 'A'] = "POST PUT PATCH PROPFIND PROPPATCH PURGE POLL PRI ",
	['Q' - 'A'] = "QUERY ",
	['R' - 'A'] = "REPORT REBIND RPC_IN_DATA RPC_OUT_DATA ",
	['S' - 'A'] = "SEARCH SUBSCRIBE SOURCE ",
	['T' - 'A'] = "TRACE TRACK ",
	['U' - 'A'] = "UNLOCK UNLINK UNBIND UNSUBSCRIBE UPDATE UNCHECKOUT ",
	['V' - 'A'] = "VERSION-CONTROL ",
};

/* How long the known method in front is, with its blank; 0 when there is none. */
static size_t
method_size(const uint8_t *data, size_t size)
{
	const char *known = METHODS[data[0] - 'A'];
	const uint8_t *blank = memchr(data, ' ', size < METHODS_MOST ? size : METHODS_MOST);
	size_t length = blank != NULL ? (size_t)(blank - data) + 1 : 0;

	while (known != NULL && *known != '\0' && length != 0) {
		const char *next = strchr(known, ' ') + 1;

		if ((size_t)(next - known) == length && memcmp(known, data, length) == 0)
			return length;
		known = next;
	}
	return 0;
}

static bool
begins_response(const uint8_t *data, size_t size)
{
	return size >= 12 && memcmp(data, "HTTP/1.", 7) == 0 && data[8] == ' ' && data[9] >= '1' &&
	       data[9] <= '9';
}

/* A known method, and a target that only HTTP has. */
static bool
begins_request(const uint8_t *data, size_t size)
{
	size_t at;

	if (size < 5 || data[0] < 'A' || data[0] > 'V')
		return false;
	at = method_size(data, size);
	if (at == 0 || at == size)
		return false;
	if (data[at] == '/' || (data[at] == '*' && size - at >= 7))
		return data[at] == '/' || memcmp(data + at, "* HTTP/", 7) == 0;
	if (size - at >= 4 &&
	    (memcmp(data + at, "http", 4) == 0 || memcmp(data + at, "HTTP", 4) == 0))
		return true;
	return *data == 'C' && at == 8 && data[1] == 'O' && data[2] == 'N' && data[at] > ' ' &&
	       data[at] < 0x7f;
}

static bool
sniff(const struct packet *packet, const uint8_t *payload, size_t size)
{
	(void)packet;
	/* Most payloads are told by their first octet: TLS begins with 0x14 to 0x18. */
	if (size < 5 || *payload < 'A' || *payload > 'V')
		return false;
	return *payload == 'H' && payload[1] == 'T' ? begins_response(payload, size)
						    : begins_request(payload, size);
}

/* ------------------------------------------------------------------ connections */

static void *
open_connection(const struct content_sink *sink, const struct stream_event *event)
{
	struct http_connection *c = xcalloc(1, sizeof *c);

	c->ends[0] = event->source;
	c->ends[1] = event->destination;
	c->ports[0] = event->source_port;
	c->ports[1] = event->destination_port;
	c->client = UNKNOWN;
	c->end = &c->first;
	c->sink = sink;
	/* Not refused: the table of connections is bounded. */
	*sink->memory += sizeof *c;
	return c;
}

static void
release_transaction(struct http_connection *c, struct http_transaction *t)
{
	for (unsigned i = 0; i < 2; i++)
		if (c->sides[i].message == t) {
			c->sides[i].message = NULL;
			c->sides[i].phase = PHASE_LOST;
			c->sides[i].begun = c->sides[i].line_cut = false;
			c->sides[i].line_size = 0;
		}
	http_body_release(&t->request, c->sink);
	http_body_release(&t->response, c->sink);
	http_discharge(c->sink, sizeof *t + t->text_room);
	free(t->text);
	free(t);
}

/* A request as it is delivered, but for bodies. */
static void
describe(const struct http_connection *c, const struct http_transaction *t, struct http_request *r)
{
	unsigned client = c->client == 1, server = !client;

	*r = (struct http_request){
		.time = t->begin,
		.client = c->ends[client],
		.server = c->ends[server],
		.client_port = c->ports[client],
		.server_port = c->ports[server],
		.origin = HTTP_FROM_PACKETS,
		.flags = t->flags,
		.status = t->status,
		.duration = HTTP_UNKNOWN,
		.request_octets = (t->flags & HTTP_NO_REQUEST) ? HTTP_UNKNOWN : t->request.octets,
		.response_octets = t->has_response ? t->response.octets : HTTP_UNKNOWN,
		.method = http_kept(t, HTTP_METHOD),
		.target = http_kept(t, HTTP_TARGET),
		.protocol = http_kept(t, HTTP_PROTOCOL),
		.host = http_kept(t, HTTP_HOST),
		.user_agent = http_kept(t, HTTP_USER_AGENT),
		.referer = http_kept(t, HTTP_REFERER),
		.cookie = http_kept(t, HTTP_COOKIE),
		.content_type = http_kept(t, HTTP_CONTENT_TYPE),
		.authorization = http_kept(t, HTTP_AUTHORIZATION),
		.forwarded_for = http_kept(t, HTTP_FORWARDED_FOR),
		.location = http_kept(t, HTTP_LOCATION),
		.response_type = http_kept(t, HTTP_RESPONSE_TYPE),
		.input_offset = t->input_offset,
	};
	if (t->has_response && !(t->flags & HTTP_NO_REQUEST))
		r->duration = t->answered > t->asked ? (uint64_t)(t->answered - t->asked) : 0;
	if (r->host.size == 0)
		r->host = http_authority(r);
}

static void
deliver(struct http_connection *c, const struct http_transaction *t)
{
	const struct content_sink *sink = c->sink;
	struct http_request request;
	const struct http_request *list[1] = { &request };
	const struct batch batch = { .type = OBS_HTTP, .count = 1, .http = list };
	uint8_t *bodies[2];

	if (sink == NULL || t->silent)
		return;
	describe(c, t, &request);
	request.body =
	    http_body_content(&t->request, HTTP_BODY_KEPT, &request.flags, &bodies[0], sink->drops);
	request.answer = http_body_content(
	    &t->response, HTTP_ANSWER_KEPT, &request.flags, &bodies[1], sink->drops);
	sink->deliver(sink->context, &batch);
	free(bodies[0]);
	free(bodies[1]);
}

/* Delivers the first that waits, and forgets it. */
static void
deliver_first(struct http_connection *c)
{
	struct http_transaction *t = c->first;

	c->first = t->next;
	if (c->first == NULL)
		c->end = &c->first;
	c->waiting--;
	deliver(c, t);
	release_transaction(c, t);
}

/* Delivers those at the front of which nothing more will come. */
static void
deliver_done(struct http_connection *c)
{
	while (c->first != NULL && c->first->request_done && c->first->response_done)
		deliver_first(c);
}

/* A message of a direction begins that belongs to none that waits; `first`: it goes before them. */
static struct http_transaction *
add_transaction(struct http_connection *c, const struct side *s, bool first)
{
	struct http_transaction *t = xcalloc(1, sizeof *t);

	*c->sink->memory += sizeof *t; /* not refused: they are few */
	t->begin = s->begin;
	t->asked = c->now;
	t->input_offset = s->input_offset;
	t->last = HTTP_TEXTS;
	if (first) {
		t->next = c->first;
		c->first = t;
	} else {
		*c->end = t;
	}
	if (t->next == NULL)
		c->end = &t->next;
	c->waiting++;
	return t;
}

static void
stop(struct http_connection *c, enum drop why)
{
	drop(c->sink->drops, why);
	c->sides[0].phase = c->sides[1].phase = PHASE_STOPPED;
}

/* ------------------------------------------------------------------ messages */

/* The message at hand of a direction is over; `lost`: it was not whole. */
static void
end_message(struct http_connection *c, struct side *s, bool lost)
{
	struct http_transaction *t = s->message;
	bool response = c->client == UNKNOWN || s != &c->sides[c->client];

	s->phase = lost ? PHASE_LOST : PHASE_START;
	s->begun = s->line_cut = false;
	s->line_size = 0;
	s->message = NULL;
	if (lost) {
		s->lost_messages = true;
		drop(c->sink->drops, DROP_HTTP_LOST);
	}
	if (t == NULL)
		return;
	if (response)
		t->response_done = true;
	else
		t->request_done = true;
	deliver_done(c);
}

/* What follows a head. */
static void
begin_body(struct http_connection *c, struct side *s, bool response)
{
	const struct http_framing *f = &s->framing;

	if (f->wrong || (f->chunked && f->has_length)) {
		s->message->flags |= HTTP_MALFORMED;
		drop(c->sink->drops, DROP_HTTP_LENGTH);
	}
	s->left = f->length;
	if (f->chunked)
		s->phase = PHASE_CHUNK_SIZE;
	else if (f->has_length && f->length != 0)
		s->phase = PHASE_BODY;
	else if (response && !f->has_length)
		s->phase = PHASE_BODY_CLOSE;
	else
		end_message(c, s, false);
}

static bool
is_method(const struct http_transaction *t, const char *method)
{
	struct octets kept = http_kept(t, HTTP_METHOD);

	return kept.size == strlen(method) && memcmp(kept.data, method, kept.size) == 0;
}

static void
end_response_head(struct http_connection *c, struct side *s)
{
	struct http_transaction *t = s->message;
	bool tunnel = t->status == 101 || (is_method(t, "CONNECT") && t->status / 100 == 2);

	if (t->status / 100 == 1 && !tunnel) {
		/* An interim response: the final one is yet to come (RFC 9110, section 15.2). */
		t->status = 0;
		t->has_response = false;
		s->message = NULL;
		s->phase = PHASE_START;
		s->begun = false;
		if (t->flags & HTTP_NO_REQUEST) {
			c->silent += t->silent;
			t->silent = t->response_done = true;
			deliver_done(c);
		}
		return;
	}
	if (tunnel) {
		t->request_done = true;
		end_message(c, s, false);
		stop(c, DROP_HTTP_UPGRADED);
	} else if (is_method(t, "HEAD") || t->status == 204 || t->status == 304) {
		end_message(c, s, false);
	} else {
		begin_body(c, s, true);
	}
}

/* HTTP/0.9 does not say that it is: what begins with a known method is taken for it. */
static bool
is_http(const struct http_request *parts, struct octets line)
{
	if (parts->protocol.size == 0)
		return begins_request(line.data, line.size);
	return parts->protocol.size >= 5 && memcmp(parts->protocol.data, "HTTP/", 5) == 0;
}

static void
begin_request(struct http_connection *c, struct side *s, struct octets line)
{
	struct http_request parts = { 0 };
	struct http_transaction *t;

	if (!http_split_request(line, &parts) || !is_http(&parts, line)) {
		end_message(c, s, true);
		return;
	}
	if (parts.protocol.size == 8 && memcmp(parts.protocol.data, "HTTP/2.0", 8) == 0 &&
	    parts.method.size == 3 && memcmp(parts.method.data, "PRI", 3) == 0) {
		stop(c, DROP_HTTP_TWO);
		return;
	}
	if (c->waiting == WAITING_MOST) {
		drop(c->sink->drops, DROP_HTTP_WAITING);
		/* Where the server was heard, its answer to this one is still to come. */
		c->silent += c->sides[!c->client].begin != 0 && !c->first->has_response;
		deliver_first(c);
	}
	t = add_transaction(c, s, false);
	s->message = t;
	s->framing = (struct http_framing){ 0 };
	s->phase = PHASE_HEADERS;
	http_keep_text(t, c->sink, HTTP_METHOD, parts.method, NULL);
	http_keep_text(t, c->sink, HTTP_TARGET, parts.target, NULL);
	http_keep_text(t, c->sink, HTTP_PROTOCOL, parts.protocol, NULL);
	t->last = HTTP_TEXTS;
	if (s->line_cut)
		t->flags |= HTTP_CUT;
	else if (parts.protocol.size == 0 || parts.target.size == 0)
		t->flags |= HTTP_MALFORMED;
}

/* The request that a response answers: the first that waits, unless some were lost. */
static struct http_transaction *
answered(struct http_connection *c, struct side *s)
{
	struct http_transaction *t;

	if (c->silent != 0) {
		c->silent--;
		t = add_transaction(c, s, true);
		t->flags |= HTTP_NO_REQUEST;
		t->request_done = t->silent = true;
		return t;
	}
	if (c->first != NULL && c->first->response_done)
		deliver_first(c); /* its request never ended */
	while (s->lost_messages && c->waiting > 1) {
		c->first->flags |= HTTP_GAP;
		deliver_first(c);
	}
	s->lost_messages = false;
	if (c->first != NULL)
		return c->first;
	t = add_transaction(c, s, false);
	t->flags |= HTTP_NO_REQUEST;
	t->request_done = true;
	return t;
}

static void
begin_response(struct http_connection *c, struct side *s, struct octets line)
{
	struct http_transaction *t;
	unsigned status = 0;

	if (!begins_response(line.data, line.size)) {
		end_message(c, s, true);
		return;
	}
	for (size_t i = 9; i < 12; i++)
		status = 10 * status + (unsigned)(line.data[i] - '0');
	t = answered(c, s);
	t->has_response = true;
	t->status = status >= 100 && status <= 999 ? (uint16_t)status : 0;
	t->answered = s->begin;
	t->last = HTTP_TEXTS;
	t->response.coding = HTTP_IDENTITY;
	if (t->status == 0)
		t->flags |= HTTP_MALFORMED;
	s->message = t;
	s->framing = (struct http_framing){ 0 };
	s->phase = PHASE_HEADERS;
}

/* A message's first line. */
static void
begin_message(struct http_connection *c, struct side *s, struct octets line)
{
	unsigned direction = s == &c->sides[1];

	if (c->client == UNKNOWN && begins_response(line.data, line.size))
		c->client = !direction;
	else if (c->client == UNKNOWN && begins_request(line.data, line.size))
		c->client = (uint8_t)direction;
	if (c->client == UNKNOWN)
		end_message(c, s, true);
	else if (direction == c->client)
		begin_request(c, s, line);
	else
		begin_response(c, s, line);
}

/* ------------------------------------------------------------------ lines and bodies */

static void
release_line(struct http_connection *c, struct side *s)
{
	s->line_size = 0;
	if (s->line_room <= LINE_ROOM_KEPT)
		return;
	http_discharge(c->sink, s->line_room);
	free(s->line);
	s->line = NULL;
	s->line_room = 0;
}

/* Keeps a part of a line. */
static void
keep_part(struct http_connection *c, struct side *s, const struct input *in, size_t size)
{
	size_t left = LINE_MOST - s->line_size;

	if (size > left) {
		if (!s->line_cut)
			drop(c->sink->drops, DROP_HTTP_LONG);
		s->line_cut = true;
		size = left;
	}
	if (size == 0)
		return;
	if (!http_grow(c->sink, &s->line, &s->line_room, s->line_size + size)) {
		s->line_cut = true;
		return;
	}
	memcpy(s->line + s->line_size, in->at, size);
	s->line_size += (uint32_t)size;
}

/* The next line without its end; false when it is not whole yet, and is kept. */
static bool
next_line(struct http_connection *c, struct side *s, struct input *in, struct octets *ret_line)
{
	const uint8_t *end = memchr(in->at, '\n', (size_t)(in->end - in->at));
	size_t size = (size_t)((end != NULL ? end : in->end) - in->at);

	if (end == NULL || s->line_size != 0 || s->line_cut) {
		keep_part(c, s, in, size);
		*ret_line = (struct octets){ s->line, s->line_size };
	} else {
		*ret_line = (struct octets){ in->at, size };
	}
	in->at = end != NULL ? end + 1 : in->end;
	if (ret_line->size != 0 && ret_line->data[ret_line->size - 1] == '\r')
		ret_line->size--;
	return end != NULL;
}

static void
take_start(struct http_connection *c, struct side *s, struct input *in)
{
	struct octets line;

	while (!s->begun && in->at < in->end && (*in->at == '\r' || *in->at == '\n'))
		in->at++;
	if (in->at == in->end)
		return;
	if (!s->begun) {
		s->begun = true;
		s->begin = in->event->time;
		s->input_offset = in->event->input_offset;
	}
	if (!next_line(c, s, in, &line))
		return;
	begin_message(c, s, line);
	s->line_cut = false;
	release_line(c, s);
}

static void
take_header(struct http_connection *c, struct side *s, struct input *in)
{
	bool response = s != &c->sides[c->client];
	struct octets line;

	if (!next_line(c, s, in, &line))
		return;
	if (s->line_cut)
		s->message->flags |= HTTP_CUT;
	if (line.size != 0 || s->line_cut) {
		if (line.size != 0)
			http_header(s->message, c->sink, &s->framing, line, response);
	} else if (response) {
		end_response_head(c, s);
	} else {
		begin_body(c, s, false);
	}
	s->line_cut = false;
	release_line(c, s);
}

static void
take_chunk_line(struct http_connection *c, struct side *s, struct input *in)
{
	struct octets line;

	if (!next_line(c, s, in, &line))
		return;
	if (s->phase == PHASE_CHUNK_END) {
		s->phase = PHASE_CHUNK_SIZE;
		if (line.size != 0)
			s->message->flags |= HTTP_MALFORMED;
	} else if (s->phase == PHASE_TRAILERS) {
		if (line.size == 0 && !s->line_cut)
			end_message(c, s, false);
	} else if (http_chunk_size(line, &s->left)) {
		s->phase = s->left != 0 ? PHASE_CHUNK : PHASE_TRAILERS;
	} else {
		s->message->flags |= HTTP_MALFORMED;
		drop(c->sink->drops, DROP_HTTP_LENGTH);
		end_message(c, s, true);
	}
	s->line_cut = false;
	release_line(c, s);
}

/*
 * A request whose body did not come although its response did (Expect: 100-continue, refused): what
 * looks like a request is the next one.
 */
static bool
is_body_skipped(const struct http_connection *c, const struct side *s, const struct input *in)
{
	return s == &c->sides[c->client] && s->message->response_done &&
	       in->at == in->event->data && begins_request(in->at, (size_t)(in->end - in->at));
}

static void
take_body(struct http_connection *c, struct side *s, struct input *in)
{
	struct http_transaction *t = s->message;
	bool response = s != &c->sides[c->client];
	size_t size = (size_t)(in->end - in->at);

	if (is_body_skipped(c, s, in)) {
		end_message(c, s, false);
		return;
	}
	if (s->phase != PHASE_BODY_CLOSE && size > s->left)
		size = (size_t)s->left;
	http_body_take(response ? &t->response : &t->request, c->sink, in->at, size,
	    response ? HTTP_ANSWER_KEPT : HTTP_BODY_KEPT);
	in->at += size;
	if (s->phase == PHASE_BODY_CLOSE)
		return;
	s->left -= size;
	if (s->left != 0)
		return;
	if (s->phase == PHASE_CHUNK)
		s->phase = PHASE_CHUNK_END;
	else
		end_message(c, s, false);
}

/* Looks for a message at the beginning of a segment. */
static void
take_lost(struct http_connection *c, struct side *s, struct input *in)
{
	unsigned direction = s == &c->sides[1];
	size_t size = (size_t)(in->end - in->at);
	bool found;

	if (c->client == UNKNOWN)
		found = begins_request(in->at, size) || begins_response(in->at, size);
	else
		found = direction == c->client ? begins_request(in->at, size)
					       : begins_response(in->at, size);
	if (found && in->at == in->event->data)
		s->phase = PHASE_START;
	else
		in->at = in->end;
}

static void
take(struct http_connection *c, struct side *s, struct input *in)
{
	switch ((enum phase)s->phase) {
	case PHASE_START: take_start(c, s, in); break;
	case PHASE_HEADERS: take_header(c, s, in); break;
	case PHASE_BODY:
	case PHASE_BODY_CLOSE:
	case PHASE_CHUNK: take_body(c, s, in); break;
	case PHASE_CHUNK_SIZE:
	case PHASE_CHUNK_END:
	case PHASE_TRAILERS: take_chunk_line(c, s, in); break;
	case PHASE_LOST: take_lost(c, s, in); break;
	case PHASE_STOPPED: in->at = in->end; break;
	}
}

/* Octets that were never seen. */
static void
take_gap(struct http_connection *c, struct side *s, uint64_t size)
{
	struct http_transaction *t = s->message;
	bool response = c->client == UNKNOWN || s != &c->sides[c->client];
	bool bounded = s->phase == PHASE_BODY || s->phase == PHASE_CHUNK;

	if (s->phase == PHASE_LOST || s->phase == PHASE_STOPPED)
		return;
	if (t != NULL)
		t->flags |= HTTP_GAP;
	if (t == NULL || !(bounded || s->phase == PHASE_BODY_CLOSE)) {
		end_message(c, s, true);
		return;
	}
	if (bounded && size > s->left) {
		end_message(c, s, true);
		return;
	}
	http_body_skip(response ? &t->response : &t->request, size);
	if (!bounded)
		return;
	s->left -= size;
	if (s->left == 0 && s->phase == PHASE_CHUNK)
		s->phase = PHASE_CHUNK_END;
	else if (s->left == 0)
		end_message(c, s, false);
}

static void
take_event(void *connection, const struct content_sink *sink, const struct stream_event *event)
{
	struct http_connection *c = connection;
	struct side *s = &c->sides[event->direction];
	struct input in = { event->data, event->data + event->size, event };

	c->sink = sink;
	c->now = event->time;
	if (event->kind == STREAM_GAP) {
		take_gap(c, s, event->size);
		return;
	}
	while (in.at < in.end) {
		if (s->message != NULL && c->client == event->direction)
			s->message->asked = event->time;
		take(c, s, &in);
	}
}

/* What is not whole at the end of a connection lacks octets, but for a body that ends with it. */
static void
close_side(struct http_connection *c, struct side *s)
{
	if (s->message != NULL && s->phase != PHASE_BODY_CLOSE)
		s->message->flags |= HTTP_GAP;
	else if (s->message == NULL && s->begun && s->phase == PHASE_START)
		drop(c->sink->drops, DROP_HTTP_UNFINISHED);
}

static void
close_connection(void *connection, const struct content_sink *sink, nsec_t time)
{
	struct http_connection *c = connection;

	(void)time;
	c->sink = sink;
	for (unsigned i = 0; i < 2 && sink != NULL; i++)
		close_side(c, &c->sides[i]);
	while (c->first != NULL)
		deliver_first(c);
	for (unsigned i = 0; i < 2; i++) {
		http_discharge(c->sink, c->sides[i].line_room);
		free(c->sides[i].line);
	}
	if (sink != NULL)
		*sink->memory -= sizeof *c;
	free(c);
}

const struct content_protocol content_http = {
	.name = "http",
	.yields = OBS_HTTP,
	.sniff = sniff,
	.open = open_connection,
	.event = take_event,
	.close = close_connection,
};
