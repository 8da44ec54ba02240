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
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "decode/http_internal.h"

/* A line that is longer is cut; a target or a cookie may be as long as what is kept of it. */
#define LINE_MOST (HTTP_TEXT_KEPT + 1024)
/* A line's room that is given back after use. */
#define LINE_ROOM_KEPT 4096

/* What is left of an event. */
struct input {
	const uint8_t *at, *end;
	const struct stream_event *event;
};

static void
stop(struct http_connection *c, enum drop why)
{
	drop(c->sink->drops, why);
	c->sides[0].phase = c->sides[1].phase = HTTP_PHASE_STOPPED;
}

/* ------------------------------------------------------------------ messages */

/* The message at hand of a direction is over; `lost`: it was not whole. */
static void
end_message(struct http_connection *c, struct http_side *s, bool lost)
{
	struct http_transaction *t = s->message;
	bool response = c->client == HTTP_NOBODY || s != &c->sides[c->client];

	s->phase = lost ? HTTP_PHASE_LOST : HTTP_PHASE_START;
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
	http_deliver_done(c);
}

/* What follows a head. */
static void
begin_body(struct http_connection *c, struct http_side *s, bool response)
{
	const struct http_framing *f = &s->framing;

	assert(s->message != NULL);
	if (f->wrong || (f->chunked && f->has_length)) {
		s->message->flags |= HTTP_MALFORMED;
		drop(c->sink->drops, DROP_HTTP_LENGTH);
	}
	s->left = f->length;
	if (f->chunked)
		s->phase = HTTP_PHASE_CHUNK_SIZE;
	else if (f->has_length && f->length != 0)
		s->phase = HTTP_PHASE_BODY;
	else if (response && !f->has_length)
		s->phase = HTTP_PHASE_BODY_CLOSE;
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
end_response_head(struct http_connection *c, struct http_side *s)
{
	struct http_transaction *t = s->message;
	bool tunnel;

	assert(t != NULL);
	tunnel = t->status == 101 || (is_method(t, "CONNECT") && t->status / 100 == 2);

	if (t->status / 100 == 1 && !tunnel) {
		/* An interim response: the final one is yet to come (RFC 9110, section 15.2). */
		t->status = 0;
		t->has_response = false;
		s->message = NULL;
		s->phase = HTTP_PHASE_START;
		s->begun = false;
		if (t->flags & HTTP_NO_REQUEST) {
			c->silent += t->silent;
			t->silent = t->response_done = true;
			http_deliver_done(c);
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
		return http_begins_request(line.data, line.size);
	return parts->protocol.size >= 5 && memcmp(parts->protocol.data, "HTTP/", 5) == 0;
}

static void
begin_request(struct http_connection *c, struct http_side *s, struct octets line)
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
	if (c->waiting == HTTP_WAITING_MOST) {
		drop(c->sink->drops, DROP_HTTP_WAITING);
		/* Where the server was heard, its answer to this one is still to come. */
		c->silent += c->sides[!c->client].begin != 0 && !c->first->has_response;
		http_deliver_first(c);
	}
	t = http_add_transaction(c, s, false);
	s->message = t;
	s->framing = (struct http_framing){ 0 };
	s->phase = HTTP_PHASE_HEADERS;
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
answered(struct http_connection *c, struct http_side *s)
{
	struct http_transaction *t;

	if (c->silent != 0) {
		c->silent--;
		t = http_add_transaction(c, s, true);
		t->flags |= HTTP_NO_REQUEST;
		t->request_done = t->silent = true;
		return t;
	}
	if (c->first != NULL && c->first->response_done)
		http_deliver_first(c); /* its request never ended */
	while (s->lost_messages && c->first != NULL && c->first->next != NULL) {
		c->first->flags |= HTTP_GAP;
		http_deliver_first(c);
	}
	s->lost_messages = false;
	if (c->first != NULL)
		return c->first;
	t = http_add_transaction(c, s, false);
	t->flags |= HTTP_NO_REQUEST;
	t->request_done = true;
	return t;
}

static void
begin_response(struct http_connection *c, struct http_side *s, struct octets line)
{
	struct http_transaction *t;
	unsigned status = 0;

	if (!http_begins_response(line.data, line.size)) {
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
	s->phase = HTTP_PHASE_HEADERS;
}

/* A message's first line. */
static void
begin_message(struct http_connection *c, struct http_side *s, struct octets line)
{
	unsigned direction = s == &c->sides[1];

	if (line.size == 0) { /* there was no memory for it */
		end_message(c, s, true);
		return;
	}
	if (c->client == HTTP_NOBODY && http_begins_response(line.data, line.size))
		c->client = !direction;
	else if (c->client == HTTP_NOBODY && http_begins_request(line.data, line.size))
		c->client = (uint8_t)direction;
	if (c->client == HTTP_NOBODY)
		end_message(c, s, true);
	else if (direction == c->client)
		begin_request(c, s, line);
	else
		begin_response(c, s, line);
}

/* ------------------------------------------------------------------ lines and bodies */

static void
release_line(struct http_connection *c, struct http_side *s)
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
keep_part(struct http_connection *c, struct http_side *s, const struct input *in, size_t size)
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
next_line(struct http_connection *c, struct http_side *s, struct input *in, struct octets *ret_line)
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
take_start(struct http_connection *c, struct http_side *s, struct input *in)
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
take_header(struct http_connection *c, struct http_side *s, struct input *in)
{
	bool response = s != &c->sides[c->client];
	struct octets line;

	assert(s->message != NULL);
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
take_chunk_line(struct http_connection *c, struct http_side *s, struct input *in)
{
	struct octets line;

	assert(s->message != NULL);
	if (!next_line(c, s, in, &line))
		return;
	if (s->phase == HTTP_PHASE_CHUNK_END) {
		s->phase = HTTP_PHASE_CHUNK_SIZE;
		if (line.size != 0)
			s->message->flags |= HTTP_MALFORMED;
	} else if (s->phase == HTTP_PHASE_TRAILERS) {
		if (line.size == 0 && !s->line_cut)
			end_message(c, s, false);
	} else if (http_chunk_size(line, &s->left)) {
		s->phase = s->left != 0 ? HTTP_PHASE_CHUNK : HTTP_PHASE_TRAILERS;
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
is_body_skipped(const struct http_connection *c, const struct http_side *s, const struct input *in)
{
	return s == &c->sides[c->client] && s->message->response_done &&
	       in->at == in->event->data && http_begins_request(in->at, (size_t)(in->end - in->at));
}

static void
take_body(struct http_connection *c, struct http_side *s, struct input *in)
{
	struct http_transaction *t = s->message;
	bool response = s != &c->sides[c->client];
	size_t size = (size_t)(in->end - in->at);

	assert(s->message != NULL);
	if (is_body_skipped(c, s, in)) {
		end_message(c, s, false);
		return;
	}
	if (s->phase != HTTP_PHASE_BODY_CLOSE && size > s->left)
		size = (size_t)s->left;
	http_body_take(response ? &t->response : &t->request, c->sink, in->at, size,
	    response ? HTTP_ANSWER_KEPT : HTTP_BODY_KEPT);
	in->at += size;
	if (s->phase == HTTP_PHASE_BODY_CLOSE)
		return;
	s->left -= size;
	if (s->left != 0)
		return;
	if (s->phase == HTTP_PHASE_CHUNK)
		s->phase = HTTP_PHASE_CHUNK_END;
	else
		end_message(c, s, false);
}

/* Looks for a message at the beginning of a segment. */
static void
take_lost(struct http_connection *c, struct http_side *s, struct input *in)
{
	unsigned direction = s == &c->sides[1];
	size_t size = (size_t)(in->end - in->at);
	bool found;

	if (c->client == HTTP_NOBODY)
		found = http_begins_request(in->at, size) || http_begins_response(in->at, size);
	else
		found = direction == c->client ? http_begins_request(in->at, size)
					       : http_begins_response(in->at, size);
	if (found && in->at == in->event->data)
		s->phase = HTTP_PHASE_START;
	else
		in->at = in->end;
}

static void
take(struct http_connection *c, struct http_side *s, struct input *in)
{
	switch ((enum http_phase)s->phase) {
	case HTTP_PHASE_START: take_start(c, s, in); break;
	case HTTP_PHASE_HEADERS: take_header(c, s, in); break;
	case HTTP_PHASE_BODY:
	case HTTP_PHASE_BODY_CLOSE:
	case HTTP_PHASE_CHUNK: take_body(c, s, in); break;
	case HTTP_PHASE_CHUNK_SIZE:
	case HTTP_PHASE_CHUNK_END:
	case HTTP_PHASE_TRAILERS: take_chunk_line(c, s, in); break;
	case HTTP_PHASE_LOST: take_lost(c, s, in); break;
	case HTTP_PHASE_STOPPED: in->at = in->end; break;
	}
}

/* Octets that were never seen. */
static void
take_gap(struct http_connection *c, struct http_side *s, uint64_t size)
{
	struct http_transaction *t = s->message;
	bool response = c->client == HTTP_NOBODY || s != &c->sides[c->client];
	bool bounded = s->phase == HTTP_PHASE_BODY || s->phase == HTTP_PHASE_CHUNK;

	if (s->phase == HTTP_PHASE_LOST || s->phase == HTTP_PHASE_STOPPED)
		return;
	if (t != NULL)
		t->flags |= HTTP_GAP;
	if (t == NULL || !(bounded || s->phase == HTTP_PHASE_BODY_CLOSE)) {
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
	if (s->left == 0 && s->phase == HTTP_PHASE_CHUNK)
		s->phase = HTTP_PHASE_CHUNK_END;
	else if (s->left == 0)
		end_message(c, s, false);
}

static void *
open_connection(const struct content_sink *sink, const struct stream_event *event)
{
	return http_connection_new(sink, event);
}

static void
take_event(void *connection, const struct content_sink *sink, const struct stream_event *event)
{
	struct http_connection *c = connection;
	struct http_side *s = &c->sides[event->direction];
	struct input in;

	c->sink = sink;
	c->now = event->time;
	if (event->kind == STREAM_GAP) {
		take_gap(c, s, event->size);
		return;
	}
	in = (struct input){ event->data, event->data + event->size, event };
	while (in.at < in.end) {
		if (s->message != NULL && c->client == event->direction)
			s->message->asked = event->time;
		take(c, s, &in);
	}
}

/* What is not whole at the end of a connection lacks octets, but for a body that ends with it. */
static void
close_side(struct http_connection *c, struct http_side *s)
{
	if (s->message != NULL && s->phase != HTTP_PHASE_BODY_CLOSE)
		s->message->flags |= HTTP_GAP;
	else if (s->message == NULL && s->begun && s->phase == HTTP_PHASE_START)
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
	http_connection_free(c);
}

const struct content_protocol content_http = {
	.name = "http",
	.yields = OBS_HTTP,
	.sniff = http_sniff,
	.open = open_connection,
	.event = take_event,
	.close = close_connection,
};
