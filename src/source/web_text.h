/* SPDX-License-Identifier: ISC */
/* Pieces of a line of a web log. */
#ifndef YAGURA_SOURCE_WEB_TEXT_H
#define YAGURA_SOURCE_WEB_TEXT_H

#include "source/log_lines.h"
#include "source/web_log.h"

/* What is left of a line, or a part of it. */
struct web_text {
	const uint8_t *at, *end;
};

static inline size_t
web_left(const struct web_text *t)
{
	return (size_t)(t->end - t->at);
}

static inline bool
web_is(const struct web_text *t, const char *word, size_t size)
{
	return web_left(t) == size && memcmp(t->at, word, size) == 0;
}

static inline bool
web_begins(const struct web_text *t, const char *word, size_t size)
{
	return web_left(t) >= size && memcmp(t->at, word, size) == 0;
}

/* "-" or nothing: the log has no value here. */
static inline bool
web_is_nothing(const struct web_text *t)
{
	return web_left(t) == 0 || (web_left(t) == 1 && *t->at == '-');
}

static inline struct octets
web_octets(const struct web_text *t)
{
	if (web_is_nothing(t))
		return (struct octets){ NULL, 0 };
	return (struct octets){ t->at, web_left(t) };
}

/* The next word, up to a blank or tab; false at the end. */
bool web_word(struct web_text *t, struct web_text *ret_word);

/* Decimal digits, all of them, of a number that 64 bits hold. */
bool web_number(const struct web_text *t, uint64_t *ret_number);

/* "12", "0.125": seconds as nanoseconds. */
bool web_seconds(const struct web_text *t, uint64_t *ret_duration);

/* An address, perhaps in brackets, with a zone, or with a port behind it. */
bool web_address(const struct web_text *t, struct address *ret_address, uint16_t *ret_port);

/* Who asked: an address, or a name. */
void web_client(const struct web_text *word, struct http_request *request);

/* A quoted text as it was before the server escaped it; decoded, where it has to be, in the
 * line's room. */
struct octets web_unescape(const struct web_text *quoted, struct log_line *line);

/* W3C extended logs: a line that begins with '#', and one that does not. */
void web_w3c_directive(struct web_log_w3c *w3c, struct web_text line);
enum log_verdict web_w3c_read(const struct web_log_w3c *w3c, struct log_line *line);

/* The request that a line is about, with nothing in it. */
static inline struct http_request *
web_request(struct log_line *line)
{
	struct http_request *request = &log_observe(line, OBSERVED_HTTP)->http;

	request->origin = HTTP_FROM_LOG;
	request->duration = request->request_octets = request->response_octets = HTTP_UNKNOWN;
	request->input_offset = line->offset;
	request->input_length = (uint32_t)line->size;
	if (line->cut)
		request->flags |= HTTP_CUT;
	return request;
}

#endif
