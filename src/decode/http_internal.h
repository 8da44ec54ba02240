/* SPDX-License-Identifier: ISC */
/*
 * A request with its response while they come in (http.c), what is kept of their heads
 * (http_head.c) and of their bodies (http_body.c).
 *
 * Everything that grows is charged to the shard's memory (content.h); what is not granted is not
 * kept, and the observation says that it was cut.
 */
#ifndef YAGURA_DECODE_HTTP_INTERNAL_H
#define YAGURA_DECODE_HTTP_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/content.h"
#include "obs/http.h"

/* Texts that are kept, of the request and then of the response. */
enum http_text {
	HTTP_METHOD,
	HTTP_TARGET,
	HTTP_PROTOCOL,
	HTTP_HOST,
	HTTP_USER_AGENT,
	HTTP_REFERER,
	HTTP_COOKIE,
	HTTP_CONTENT_TYPE,
	HTTP_AUTHORIZATION,
	HTTP_FORWARDED_FOR,
	HTTP_LOCATION,
	HTTP_RESPONSE_TYPE,
	HTTP_TEXTS,
};

enum http_coding {
	HTTP_IDENTITY,
	HTTP_GZIP,
	HTTP_DEFLATE,
	HTTP_CODING_UNKNOWN,
};

struct http_body {
	uint8_t *data; /* owned: its beginning, as sent */
	uint32_t size, room;
	uint8_t coding; /* enum http_coding */
	bool closed;    /* what comes does not follow what is kept, or is not kept */
	bool cut;       /* something was not kept */
	uint64_t octets;
};

struct http_transaction {
	struct http_transaction *next;
	nsec_t begin;    /* its first octet */
	nsec_t asked;    /* the request's last octet so far */
	nsec_t answered; /* the response's first octet */
	uint64_t input_offset;
	uint16_t flags, status;
	bool request_done, has_response, response_done;
	bool silent;   /* its request was delivered before */
	uint8_t last;  /* enum http_text: what a folded line goes on with; HTTP_TEXTS: not kept */
	uint8_t *text; /* owned */
	uint32_t text_size, text_room;
	struct {
		uint32_t at, size;
	} texts[HTTP_TEXTS];
	struct http_body request, response;
};

/* What a head says of the body behind it. */
struct http_framing {
	uint64_t length;
	bool has_length, chunked;
	bool wrong; /* it contradicts itself or does not read */
};

/* Changes what the shard holds; false when the budget does not grant it. */
bool http_charge(const struct content_sink *sink, uint64_t more);
void http_discharge(const struct content_sink *sink, uint64_t less);

/* Grows *data to hold `size` octets; false when the budget does not grant it. */
bool http_grow(const struct content_sink *sink, uint8_t **data, uint32_t *room, size_t size);

/* Keeps a text; a second one of the same kind is joined to the first by `join`, or, when that is
 * NULL, dropped. */
void http_keep_text(struct http_transaction *t, const struct content_sink *sink,
    enum http_text which, struct octets text, const char *join);
struct octets http_kept(const struct http_transaction *t, enum http_text which);

/* Takes a header's line, without its end, of a request or of a response. */
void http_header(struct http_transaction *t, const struct content_sink *sink,
    struct http_framing *framing, struct octets line, bool response);

/* Keeps what is wanted of a body's next octets, at most `most` in all. */
void http_body_take(struct http_body *body, const struct content_sink *sink, const uint8_t *data,
    size_t size, size_t most);
/* Octets of it were never seen. */
void http_body_skip(struct http_body *body, uint64_t size);
void http_body_release(struct http_body *body, const struct content_sink *sink);
/* What is kept with its content coding undone, in *ret_made (for the caller to free) where it had
 * one, at most `most` octets; sets flags of the request. */
struct octets http_body_content(const struct http_body *body, size_t most, uint16_t *flags,
    uint8_t **ret_made, struct drop_counters *drops);

/* A chunk's size at the beginning of its line (RFC 9112, section 7.1). */
bool http_chunk_size(struct octets line, uint64_t *ret_size);

#endif
