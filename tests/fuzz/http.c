/* SPDX-License-Identifier: ISC */
/*
 * HTTP out of any connection.  The input is a limit of memory (1), then events: what happens and in
 * which direction (1), how many octets it has (1), the octets.
 *
 * Whatever comes: what is delivered is all readable and within its bounds, memory is charged within
 * its limit and given back, and octets of one direction give the same requests however they are cut
 * into segments, as long as the place was not lost.
 */
#include <stdlib.h>
#include <string.h>

#include "decode/content.h"

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

enum {
	EVENT_SIZE = 2,
	SLACK = 64 << 10, /* transactions and the connection, which are not refused */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
	struct content_sink sink;
	struct drop_counters drops;
	uint64_t memory, sum;
	void *connection;
};

static void
add(struct bench *b, uint64_t value)
{
	b->sum = b->sum * 0x100000001b3 + value;
}

static void
add_text(struct bench *b, struct octets text, size_t most)
{
	CHECK(text.size <= most);
	for (size_t i = 0; i < text.size; i++)
		add(b, text.data[i]);
	add(b, text.size);
}

static void
deliver(void *context, const struct batch *batch)
{
	struct bench *b = context;
	const struct http_request *r = batch->http[0];
	const struct octets texts[] = { r->method, r->target, r->protocol, r->host, r->user_agent,
		r->referer, r->cookie, r->content_type, r->authorization, r->forwarded_for, r->user,
		r->location, r->response_type };

	CHECK(batch->type == OBS_HTTP && batch->count == 1);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		add_text(b, texts[i], HTTP_TEXT_KEPT);
	add_text(b, r->body, HTTP_BODY_KEPT);
	add_text(b, r->answer, HTTP_ANSWER_KEPT);
	CHECK(r->status == 0 || (r->status >= 100 && r->status <= 999));
	CHECK((r->flags & HTTP_NO_REQUEST) == 0 || r->method.size == 0);
	add(b, r->flags);
	add(b, r->status);
	add(b, r->request_octets);
	add(b, r->response_octets);
}

static void
give(struct bench *b, unsigned direction, bool gap, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	struct stream_event e = {
		.kind = gap ? STREAM_GAP : STREAM_DATA,
		.direction = (uint8_t)direction,
		.data = gap ? NULL : copy,
		.size = size,
	};

	CHECK(copy != NULL);
	memcpy(copy, data, size);
	if (b->connection == NULL)
		b->connection = content_http.open(&b->sink, &e);
	content_http.event(b->connection, &b->sink, &e);
	CHECK(b->memory <= b->sink.memory_limit + SLACK);
	free(copy);
}

/* Runs the events, in segments of at most `step` octets; says whether one direction spoke, without
 * gaps. */
static bool
run(struct bench *b, const uint8_t *data, size_t size, size_t step)
{
	unsigned spoke = 0;
	size_t at = 1;

	*b = (struct bench){ .memory = 0 };
	b->sink = (struct content_sink){
		.deliver = deliver,
		.context = b,
		.drops = &b->drops,
		.consumed = OBS_HTTP,
		.memory = &b->memory,
		.memory_limit = (uint64_t)data[0] << 10,
	};
	while (at + EVENT_SIZE <= size) {
		unsigned direction = data[at] & 1;
		bool gap = (data[at] & 6) == 6;
		size_t count = data[at + 1];

		at += EVENT_SIZE;
		if (count > size - at)
			count = size - at;
		spoke |= gap ? 4U : 1U << direction;
		for (size_t i = 0; i < count; i += step)
			give(b, direction, gap, data + at + i, count - i < step ? count - i : step);
		at += count;
	}
	if (b->connection != NULL)
		content_http.close(b->connection, &b->sink, 0);
	CHECK(b->memory == 0);
	return spoke == 1 || spoke == 2;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench whole, cut;
	bool same;

	if (size == 0 || size > 1 << 16)
		return 0;
	(void)content_http.sniff(NULL, data + 1, size - 1);
	same = run(&whole, data, size, SIZE_MAX);
	(void)run(&cut, data, size, 1);
	if (same && whole.drops.count[DROP_HTTP_LOST] == 0 &&
	    whole.drops.count[DROP_HTTP_MEMORY] == 0 && cut.drops.count[DROP_HTTP_MEMORY] == 0)
		CHECK(whole.sum == cut.sum);
	return 0;
}
