/* SPDX-License-Identifier: ISC */
/*
 * HTTP of connections, event by event.  Requests are written as text when they are delivered:
 *
 *	GET /a 200 0/5		method, target, status, octets of both bodies ("-": not known)
 *	… {body} [answer] !gap	what is kept of bodies, flags
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/xmalloc.h"
#include "decode/content.h"
#include "test.h"

struct bench {
	struct content_sink sink;
	struct drop_counters drops;
	uint64_t memory;
	void *connection;
	char log[8192];
	size_t length;
	nsec_t now;
	uint64_t record;
	nsec_t begin, latest_duration; /* of the last request */
	char client[ADDRESS_TEXT_SIZE];
};

static void
put(struct bench *b, const char *format, uint64_t number, struct octets text)
{
	int n = snprintf(b->log + b->length, sizeof b->log - b->length, format,
	    (unsigned long long)number, (int)text.size, (const char *)text.data);

	assert_true(n >= 0 && (size_t)n < sizeof b->log - b->length);
	b->length += (size_t)n;
}

static void
put_text(struct bench *b, const char *format, struct octets text)
{
	int n = snprintf(b->log + b->length, sizeof b->log - b->length, format, (int)text.size,
	    (const char *)text.data);

	assert_true(n >= 0 && (size_t)n < sizeof b->log - b->length);
	b->length += (size_t)n;
}

static void
put_count(struct bench *b, uint64_t count, const char *before)
{
	struct octets none = { (const uint8_t *)"", 0 };

	put_text(b, "%.*s", (struct octets){ (const uint8_t *)before, strlen(before) });
	if (count == HTTP_UNKNOWN)
		put_text(b, "-%.*s", none);
	else
		put(b, "%llu%.*s", count, none);
}

static void
deliver(void *context, const struct batch *batch)
{
	static const char *const FLAGS[] = { "cut", "malformed", "gap", "no-request", "coded" };
	struct bench *b = context;
	const struct http_request *r = batch->http[0];

	assert_int_equal(batch->type, OBS_HTTP);
	assert_int_equal(batch->count, 1);
	if (b->length != 0)
		put_text(b, "|%.*s", (struct octets){ (const uint8_t *)"", 0 });
	put_text(b, "%.*s ", r->method);
	put_text(b, "%.*s ", r->target);
	put_count(b, r->status, "");
	put_count(b, r->request_octets, " ");
	put_count(b, r->response_octets, "/");
	if (r->body.size != 0)
		put_text(b, " {%.*s}", r->body);
	if (r->answer.size != 0)
		put_text(b, " [%.*s]", r->answer);
	for (size_t i = 0; i < sizeof FLAGS / sizeof FLAGS[0]; i++)
		if ((r->flags & 1U << i) != 0)
			put_text(b, " !%.*s",
			    (struct octets){ (const uint8_t *)FLAGS[i], strlen(FLAGS[i]) });
	b->begin = r->time;
	b->latest_duration = (nsec_t)r->duration;
	(void)address_format(&r->client, b->client);
}

static void
begin(struct bench *b)
{
	*b = (struct bench){ .now = 1000 };
	b->sink = (struct content_sink){
		.deliver = deliver,
		.context = b,
		.drops = &b->drops,
		.consumed = OBS_HTTP,
		.memory = &b->memory,
		.memory_limit = 8U << 20,
	};
}

static void
event(struct bench *b, unsigned direction, enum stream_kind kind, const void *data, size_t size)
{
	uint8_t *copy = xmalloc(size + 1);
	struct stream_event e = {
		.kind = (uint8_t)kind,
		.direction = (uint8_t)direction,
		.time = b->now,
		.source = address_from_ipv4((const uint8_t[]){ 192, 0, 2, 1 }),
		.destination = address_from_ipv4((const uint8_t[]){ 192, 0, 2, 2 }),
		.source_port = 40000,
		.destination_port = 80,
		.size = size,
		.input_offset = b->record++,
	};

	if (kind == STREAM_DATA) {
		copy = xrealloc_array(copy, size, 1); /* just as large, for the sanitizer */
		memcpy(copy, data, size);
		e.data = copy;
	}
	if (b->connection == NULL)
		b->connection = content_http.open(&b->sink, &e);
	content_http.event(b->connection, &b->sink, &e);
	b->now += 1000;
	free(copy);
}

/* Text of a side; the others are "client" and "server" by direction. */
static void
say(struct bench *b, unsigned direction, const char *text)
{
	event(b, direction, STREAM_DATA, text, strlen(text));
}

static void
lose(struct bench *b, unsigned direction, size_t size)
{
	event(b, direction, STREAM_GAP, NULL, size);
}

/* Closes, and holds what was delivered to what was expected; nothing is held afterwards. */
static void
finish(struct bench *b, const char *expected)
{
	if (b->connection != NULL)
		content_http.close(b->connection, &b->sink, b->now);
	b->connection = NULL;
	assert_string_equal(b->log, expected);
	assert_int_equal(b->memory, 0);
}

/* ------------------------------------------------------------------ conversations */

struct part {
	unsigned direction;
	const char *text;
};

#define MOST_PARTS 12

struct conversation {
	struct part parts[MOST_PARTS];
	const char *expected;
};

#define C              0
#define S              1
#define GET(target)    "GET " target " HTTP/1.1\r\nHost: h\r\n\r\n"
#define OK(size, body) "HTTP/1.1 200 OK\r\nContent-Length: " size "\r\n\r\n" body

static const struct conversation CONVERSATIONS[] = {
	{ { { C, GET("/a") }, { S, OK("2", "ab") }, { C, GET("/b") }, { S, OK("0", "") } },
	    "GET /a 200 0/2 [ab]|GET /b 200 0/0" },
	/* pipelined */
	{ { { C, GET("/a") GET("/b") GET("/c") }, { S, OK("1", "a") OK("1", "b") OK("1", "c") } },
	    "GET /a 200 0/1 [a]|GET /b 200 0/1 [b]|GET /c 200 0/1 [c]" },
	/* bodies of requests, chunks with extensions and trailers */
	{ { { C, "POST /p HTTP/1.1\r\nContent-Length: 3\r\n\r\nx=1" GET("/q") },
	      { S, OK("0", "") OK("0", "") } },
	    "POST /p 200 3/0 {x=1}|GET /q 200 0/0" },
	{ { { C, "POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;e=1\r\nx\r\n2 \r\n=1\r\n0"
		 "\r\nA: b\r\n\r\n" GET("/q") },
	      { S, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, CHUNKED\r\n\r\nA\r\n0123456789\r\n"
		   "0\r\n\r\n" OK("1", "z") } },
	    "POST /p 200 3/10 {x=1} [0123456789]|GET /q 200 0/1 [z]" },
	/* until the connection closes; HTTP/1.0 */
	{ { { C, "GET /a HTTP/1.0\r\n\r\n" }, { S, "HTTP/1.0 200 OK\r\n\r\nab\r\n\r\ncd" } },
	    "GET /a 200 0/8 [ab\r\n\r\ncd]" },
	/* without bodies whatever their heads say */
	{ { { C, "HEAD /a HTTP/1.1\r\n\r\n" GET("/b") GET("/c") GET("/d") },
	      { S, OK("9", "") "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"
			       "HTTP/1.1 204 None\r\n\r\n" OK("1", "d") } },
	    "HEAD /a 200 0/0|GET /b 304 0/0|GET /c 204 0/0|GET /d 200 0/1 [d]" },
	/* 100-continue */
	{ { { C, "PUT /p HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n" },
	      { S, "HTTP/1.1 100 Continue\r\n\r\n" }, { C, "ab" }, { S, OK("1", "d") } },
	    "PUT /p 200 2/1 {ab} [d]" },
	/* empty lines before messages, bare LF */
	{ { { C, "\r\n\r\n" GET("/a") "\n\nGET /b HTTP/1.1\nHost: h\n\n" },
	      { S, "\r\n" OK("0", "") "HTTP/1.1 200 OK\nContent-Length: 1\n\nb" } },
	    "GET /a 200 0/0|GET /b 200 0/1 [b]" },
	/* what follows is something else */
	{ { { C, "CONNECT a:443 HTTP/1.1\r\n\r\n" }, { S, "HTTP/1.1 200 OK\r\n\r\n" },
	      { C, "GET /inside HTTP/1.1\r\n\r\n" }, { S, "\x16\x03\x01" } },
	    "CONNECT a:443 200 0/0" },
	{ { { C, "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n" },
	      { S, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05Hello" },
	      { C, "GET /inside HTTP/1.1\r\n\r\n" } },
	    "GET /ws 101 0/0" },
	{ { { C, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }, { S, OK("0", "") } }, "" },
	/* a connect that was refused goes on */
	{ { { C, "CONNECT a:443 HTTP/1.1\r\n\r\n" },
	      { S, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno" }, { C, GET("/b") },
	      { S, OK("0", "") } },
	    "CONNECT a:443 403 0/2 [no]|GET /b 200 0/0" },
	/* responses without requests, requests without responses */
	{ { { S, OK("1", "a") OK("1", "b") }, { C, GET("/c") }, { S, OK("1", "c") } },
	    "  200 -/1 [a] !no-request|  200 -/1 [b] !no-request|GET /c 200 0/1 [c]" },
	{ { { S, "HTTP/1.1 100 Continue\r\n\r\n" OK("1", "a") } }, "  200 -/1 [a] !no-request" },
	{ { { C, GET("/a") GET("/b") } }, "GET /a 0 0/-|GET /b 0 0/-" },
	/* the server is who was called the client */
	{ { { S, GET("/a") }, { C, OK("1", "a") } }, "GET /a 200 0/1 [a]" },
	/* ends too early */
	{ { { C, GET("/a") }, { S, OK("5", "ab") } }, "GET /a 200 0/2 [ab] !gap" },
	{ { { C, "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nab" } }, "POST /a 0 2/- {ab} !gap" },
	{ { { C, "GET /a HTTP/1.1\r\nHost: h\r\nCook" } }, "GET /a 0 0/- !gap" },
	{ { { C, "GET /a HT" } }, "" },
	/* odd heads */
	{ { { C, "GET /a b HTTP/1.1\r\n\r\n" }, { S, OK("0", "") } }, "GET /a b 200 0/0" },
	{ { { C, "GET /a HTTP/1.1\r\n\r\nGET  HTTP/1.1\r\n\r\n" }, { S, OK("0", "") OK("0", "") } },
	    "GET /a 200 0/0|GET  200 0/0 !malformed" },
	{ { { C, "GET /old\r\n" } }, "GET /old 0 0/- !malformed !gap" },
	{ { { C, "POST /a HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
		 "\r\n" GET("/b") } },
	    "POST /a 0 0/- !malformed|GET /b 0 0/-" },
	{ { { C,
	      "POST /a HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab" GET("/b") } },
	    "POST /a 0 2/- {ab} !malformed|GET /b 0 0/-" },
	{ { { C, "GET /a HTTP/1.1\r\n: x\r\nnothing\r\nHost : y\r\n z\r\n\r\n" },
	      { S, OK("0", "") } },
	    "GET /a 200 0/0 !malformed" },
	{ { { C, "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" },
	      { S, OK("0", "") } },
	    "POST /a 200 0/0 !malformed" },
};

static void
talk(struct bench *b, const struct conversation *conversation, size_t step)
{
	begin(b);
	for (size_t i = 0; i < MOST_PARTS && conversation->parts[i].text != NULL; i++) {
		const char *text = conversation->parts[i].text;
		size_t size = strlen(text);

		for (size_t at = 0; at < size; at += step)
			event(b, conversation->parts[i].direction, STREAM_DATA, text + at,
			    size - at < step ? size - at : step);
	}
}

/* Whatever segments octets come in, the requests are the same. */
static void
test_conversations(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof CONVERSATIONS / sizeof CONVERSATIONS[0]; i++)
		for (size_t step = 1; step < 300; step++) {
			talk(&b, &CONVERSATIONS[i], step);
			finish(&b, CONVERSATIONS[i].expected);
		}
}

/* Cut at every octet: nothing is read beyond, nothing is kept. */
static void
test_truncated(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof CONVERSATIONS / sizeof CONVERSATIONS[0]; i++)
		for (size_t cut = 1; cut < 200; cut++) {
			size_t left = cut;

			begin(&b);
			for (size_t j = 0; j < MOST_PARTS && left != 0; j++) {
				const char *text = CONVERSATIONS[i].parts[j].text;
				size_t size = text == NULL ? 0 : strlen(text);

				size = size < left ? size : left;
				if (text == NULL)
					break;
				event(&b, CONVERSATIONS[i].parts[j].direction, STREAM_DATA, text,
				    size);
				left -= size;
			}
			if (b.connection != NULL)
				content_http.close(b.connection, cut % 2 != 0 ? &b.sink : NULL, 0);
		}
}

static void
test_texts(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	say(&b, C, GET("/a"));
	say(&b, S, OK("1", "x"));
	assert_int_equal(b.begin, 1000);
	assert_int_equal(b.latest_duration, 1000);
	assert_string_equal(b.client, "192.0.2.1");
	finish(&b, "GET /a 200 0/1 [x]");
}

/* What is asserted of the one request of test_headers. */
static void
deliver_headers(void *context, const struct batch *batch)
{
	static const struct {
		size_t at;
		const char *text;
	} TEXTS[] = {
		{ offsetof(struct http_request, protocol), "HTTP/1.1" },
		{ offsetof(struct http_request, host), "www.example:8080" },
		{ offsetof(struct http_request, user_agent), "a b" },
		{ offsetof(struct http_request, referer), "http://r/" },
		{ offsetof(struct http_request, cookie), "a=1; b=2; c=3" },
		{ offsetof(struct http_request, content_type), "text/x" },
		{ offsetof(struct http_request, authorization), "Basic eDp5" },
		{ offsetof(struct http_request, forwarded_for), "203.0.113.7, 10.0.0.1" },
		{ offsetof(struct http_request, location), "/login" },
		{ offsetof(struct http_request, response_type), "text/html" },
	};
	const uint8_t *r = (const uint8_t *)batch->http[0];

	for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
		struct octets text;

		memcpy(&text, r + TEXTS[i].at, sizeof text);
		assert_int_equal(text.size, strlen(TEXTS[i].text));
		assert_memory_equal(text.data, TEXTS[i].text, text.size);
	}
	++*(unsigned *)context;
}

static void
test_headers(void **state)
{
	struct bench b;
	unsigned delivered = 0;

	(void)state;
	begin(&b);
	b.sink.deliver = deliver_headers;
	b.sink.context = &delivered;
	say(&b, C,
	    "GET http://www.example:8080/ HTTP/1.1\r\nUSER-AGENT:a b  \r\nreferer:\thttp://r/\r\n"
	    "Cookie: a=1\r\nX-Other: 1\r\nCookie: b=2;\r\n c=3\r\nContent-Type: text/x\r\n"
	    "Content-Type: text/y\r\nAuthorization: Basic eDp5\r\nX-Forwarded-For: 203.0.113.7\r\n"
	    "X-Forwarded-For: 10.0.0.1\r\n\r\n");
	say(&b, S,
	    "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Type: text/html\r\n"
	    "Content-Length: 0\r\n\r\n");
	assert_int_equal(delivered, 1);
	finish(&b, "");
}

/* ------------------------------------------------------------------ gaps */

static void
test_gaps(void **state)
{
	struct bench b;

	(void)state;
	/* in a body of known length, also at its end */
	begin(&b);
	say(&b, C, GET("/a"));
	say(&b, S, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
	lose(&b, S, 4);
	say(&b, S, "xyz");
	say(&b, C, GET("/b"));
	say(&b, S, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
	lose(&b, S, 7);
	say(&b, C, GET("/c"));
	say(&b, S, OK("1", "c"));
	finish(&b,
	    "GET /a 200 0/10 [abc] !cut !gap|GET /b 200 0/10 [abc] !cut !gap|GET /c 200 0/1 [c]");

	/* a response's beginning: the request goes without, the next has its own */
	begin(&b);
	say(&b, C, GET("/a"));
	lose(&b, S, 100);
	say(&b, S, "…more of the body");
	say(&b, C, GET("/b"));
	say(&b, S, OK("1", "b"));
	finish(&b, "GET /a 0 0/- !gap|GET /b 200 0/1 [b]");

	/* a request's headers, and the next request whole */
	begin(&b);
	say(&b, C, "GET /a HTTP/1.1\r\nCook");
	lose(&b, C, 50);
	say(&b, S, OK("1", "a"));
	say(&b, C, "GET /b HTTP/1.1\r\n\r\n");
	say(&b, S, OK("1", "b"));
	finish(&b, "GET /a 200 0/1 [a] !gap|GET /b 200 0/1 [b]");

	/* a whole request */
	begin(&b);
	say(&b, C, GET("/a"));
	say(&b, S, OK("1", "a"));
	lose(&b, C, 50);
	say(&b, S, OK("1", "b"));
	say(&b, C, GET("/c"));
	say(&b, S, OK("1", "c"));
	finish(&b, "GET /a 200 0/1 [a]|  200 -/1 [b] !no-request|GET /c 200 0/1 [c]");

	/* in chunks */
	begin(&b);
	say(&b, C, GET("/a"));
	say(&b, S, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
	lose(&b, S, 3);
	say(&b, S, "\r\n1\r\nx\r\n0\r\n\r\n");
	say(&b, C, GET("/b"));
	say(&b, S, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
	lose(&b, S, 4);
	say(&b, S, "1\r\nx\r\n0\r\n\r\n");
	say(&b, C, GET("/c"));
	say(&b, S, OK("1", "c"));
	finish(&b, "GET /a 200 0/6 [ab] !cut !gap|GET /b 200 0/2 [ab] !gap|GET /c 200 0/1 [c]");
}

/* A body that was announced and refused does not come: the next request does. */
static void
test_body_refused(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	say(&b, C, "PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
	say(&b, S, "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
	say(&b, C, GET("/b"));
	say(&b, S, OK("1", "b"));
	finish(&b, "PUT /a 417 0/0|GET /b 200 0/1 [b]");
}

/* ------------------------------------------------------------------ bounds */

static void
test_waiting(void **state)
{
	struct bench b;
	unsigned delivered = 0;

	(void)state;
	/* Of a server that nobody hears requests are given as they become too many. */
	begin(&b);
	for (unsigned i = 0; i < 100; i++)
		say(&b, C, GET("/a"));
	for (const char *at = b.log; (at = strchr(at, 'G')) != NULL; at++)
		delivered++;
	assert_int_equal(delivered, 100 - 32);
	assert_int_equal(b.drops.count[DROP_HTTP_WAITING], 100 - 32);
	assert_true(b.memory < 64U << 10);
	b.log[b.length = 0] = '\0';
	/* An answer goes to the first that waits. */
	say(&b, S, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
	assert_string_equal(b.log, "GET /a 500 0/0");
	b.log[b.length = 0] = '\0';
	/* Where it was heard, answers to those that were given are nobody's. */
	say(&b, C, GET("/b"));
	say(&b, C, GET("/c"));
	assert_string_equal(b.log, "GET /a 0 0/-");
	say(&b, S, OK("0", ""));
	assert_string_equal(b.log, "GET /a 0 0/-");
	say(&b, S, OK("0", ""));
	assert_string_equal(b.log, "GET /a 0 0/-|GET /a 200 0/0");
	content_http.close(b.connection, &b.sink, 0);
	b.connection = NULL;
	assert_int_equal(b.memory, 0);
}

/* What is kept is bounded, what is counted is not. */
static void
test_long(void **state)
{
	enum { SIZE = 300000 };
	char *text = xmalloc(SIZE + 1);
	struct bench b;

	(void)state;
	memset(text, 'a', SIZE);
	text[SIZE] = '\0';
	begin(&b);
	say(&b, C, "GET /");
	say(&b, C, text);
	say(&b, C, " HTTP/1.1\r\nCookie: ");
	say(&b, C, text);
	for (unsigned i = 0; i < 1000; i++)
		say(&b, C, "\r\nCookie: aaaaaaaaaa\r\nX-Forwarded-For: 1.1.1.1\r\n folded");
	assert_true(b.memory < 600U << 10);
	assert_int_equal(b.drops.count[DROP_HTTP_LONG], 2);
	say(&b, C, "\r\nContent-Length: 300000\r\n\r\n");
	say(&b, C, text);
	assert_true(b.memory < 800U << 10);
	content_http.close(b.connection, NULL, 0);
	free(text);
}

/* Without memory nothing is kept, and everything is counted. */
static void
test_memory(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	b.sink.memory_limit = 0;
	say(&b, C, "POST /a HTTP/1.1\r\nContent-Length: 2\r\n");
	say(&b, C, "\r\nab");
	say(&b, S, OK("2", "ab"));
	finish(&b, "  200 2/2 !cut");
	assert_true(b.drops.count[DROP_HTTP_MEMORY] > 0);
}

/* ------------------------------------------------------------------ codings */

static size_t
deflated(const void *data, size_t size, int window, uint8_t *to, size_t room)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)data };

	z.next_out = to;
	z.avail_in = (uInt)size;
	z.avail_out = (uInt)room;
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	(void)deflateEnd(&z);
	return room - z.avail_out;
}

static void
answer_coded(struct bench *b, const char *coding, const uint8_t *body, size_t size)
{
	char head[200];

	begin(b);
	say(b, C, GET("/a"));
	(void)snprintf(head, sizeof head,
	    "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", coding, size);
	say(b, S, head);
	event(b, S, STREAM_DATA, body, size);
	content_http.close(b->connection, &b->sink, 0);
	b->connection = NULL;
}

static void
test_codings(void **state)
{
	static const struct {
		const char *coding;
		int window;
		bool undone;
	} CASES[] = { { "gzip", 31, true }, { "x-gzip", 31, true }, { "deflate", 15, true },
		{ "deflate", -15, true }, { "br", 31, false }, { "gzip, gzip", 31, false } };
	uint8_t body[200];
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		size_t size = deflated("hello hello", 11, CASES[i].window, body, sizeof body);

		answer_coded(&b, CASES[i].coding, body, size);
		assert_int_equal(strstr(b.log, "[hello hello]") != NULL, CASES[i].undone);
		assert_int_equal(strstr(b.log, "!coded") == NULL, CASES[i].undone);
		/* of what does not read, that much is given as reads */
		memset(body + size / 2, 0xff, size - size / 2);
		answer_coded(&b, CASES[i].coding, body, size);
		for (size_t cut = 1; cut < size; cut++)
			answer_coded(&b, CASES[i].coding, body, cut);
	}
	answer_coded(&b, "gzip", (const uint8_t *)"plain", 5);
	assert_string_equal(b.log, "GET /a 200 0/5 [plain] !malformed !coded");
	assert_int_equal(b.drops.count[DROP_HTTP_CODING], 1);
}

static void
deliver_size(void *context, const struct batch *batch)
{
	*(size_t *)context = batch->http[0]->answer.size;
	assert_true((batch->http[0]->flags & HTTP_CUT) != 0);
}

/* 64 MiB of zeros come as 64 KiB: as much is made of them as is kept. */
static void
test_bomb(void **state)
{
	enum { PLAIN = 64 << 20, ROOM = 128 << 10 };
	uint8_t *plain = xcalloc(1, PLAIN), *body = xmalloc(ROOM);
	size_t size = deflated(plain, PLAIN, 31, body, ROOM), kept = 0;
	char head[200];
	struct bench b;

	(void)state;
	begin(&b);
	b.sink.deliver = deliver_size;
	b.sink.context = &kept;
	say(&b, C, GET("/a"));
	(void)snprintf(head, sizeof head,
	    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", size);
	say(&b, S, head);
	event(&b, S, STREAM_DATA, body, size);
	assert_int_equal(kept, HTTP_ANSWER_KEPT);
	finish(&b, "");
	free(plain);
	free(body);
}

/* ------------------------------------------------------------------ recognition */

static void
test_sniff(void **state)
{
	static const struct {
		const char *text;
		bool found;
	} CASES[] = {
		{ "GET / HTTP/1.1\r\n", true },
		{ "GET /", true },
		{ "POST http://a/", true },
		{ "PROPFIND /dav", true },
		{ "VERSION-CONTROL /x", true },
		{ "OPTIONS * HTTP/1.1", true },
		{ "CONNECT a.example:443 HTTP/1.1", true },
		{ "PRI * HTTP/2.0\r\n\r\nSM", true },
		{ "HTTP/1.1 200 OK\r\n", true },
		{ "HTTP/1.0 404 Not", true },
		{ "HTTP/2 200", false },
		{ "HTTP/1.1", false },
		{ "GET", false },
		{ "GET ", false },
		{ "GET key", false },
		{ "GETX /", false },
		{ "get / HTTP/1.1", false },
		{ "OPTIONS sip:a@b SIP/2.0", false },
		{ "OPTIONS * RTSP/1.0", false },
		{ "NICK /a", false },
		{ "EHLO me.example", false },
		{ "220 ftp ready", false },
		{ "SSH-2.0-OpenSSH", false },
		{ "\x16\x03\x01\x02\x00\x01", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		size_t size = strlen(CASES[i].text);
		uint8_t *copy = xmalloc(size);

		memcpy(copy, CASES[i].text, size);
		assert_int_equal(content_http.sniff(NULL, copy, size), CASES[i].found);
		for (size_t cut = 1; cut < size; cut++) {
			uint8_t *part = xmalloc(cut);

			memcpy(part, CASES[i].text, cut);
			(void)content_http.sniff(NULL, part, cut);
			free(part);
		}
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_body_refused),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_codings),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_sniff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
