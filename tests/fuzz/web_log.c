/* SPDX-License-Identifier: ISC */
/*
 * Lines of web logs, one after the other with one state.
 *
 * Whatever a line is: what is read of it lies in the line or in its room, and a line that is bad
 * says why.
 */
#include "source/web_log.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_within(struct octets text, const uint8_t *from, size_t size)
{
	return text.data >= from && text.data + text.size <= from + size;
}

static void
check_request(const struct log_line *line, const struct http_request *r)
{
	const struct octets texts[] = { r->method, r->target, r->protocol, r->host, r->user_agent,
		r->referer, r->cookie, r->forwarded_for, r->user, r->client_name };
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		CHECK(texts[i].size == 0 || is_within(texts[i], line->text, line->size) ||
		      is_within(texts[i], line->room, line->room_used));
		for (size_t j = 0; j < texts[i].size; j++)
			sum += texts[i].data[j];
	}
	CHECK(sum != UINT32_MAX); /* all of it can be read */
	CHECK(r->origin == HTTP_FROM_LOG && r->time == line->time && r->time > 0);
	CHECK(r->status <= 999);
	CHECK(((r->flags & HTTP_CLIENT_NAMED) != 0) == (r->client_name.size != 0));
}

static void
check_line(struct web_log *log, const uint8_t *data, size_t size, bool cut)
{
	uint8_t *text = malloc(size + (size == 0)), *room = malloc(LOG_ROOM_MAX);
	struct log_line line = { .text = text, .size = size, .cut = cut, .room = room };
	enum log_verdict verdict;

	CHECK(text != NULL && room != NULL);
	memcpy(text, data, size);
	verdict = web_log_read(log, &line);
	CHECK(line.room_used <= LOG_ROOM_MAX);
	CHECK((verdict == LOG_BAD) == (line.why != NULL));
	CHECK((verdict == LOG_READ) == (line.count != 0));
	if (verdict == LOG_READ)
		check_request(&line, &line.observed[0].http);
	free(text);
	free(room);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct web_log log = { .lines.lines = 0 };

	if (size > 1 << 16)
		return 0;
	(void)capture_web_log.recognise(data, size);
	while (size != 0) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t whole = end != NULL ? (size_t)(end - data) : size;

		check_line(&log, data, whole, whole % 8 == 7);
		data += whole + (end != NULL);
		size -= whole + (end != NULL);
	}
	return 0;
}
