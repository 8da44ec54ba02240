/* SPDX-License-Identifier: ISC */
/*
 * A request with its response while they come in: http.c reads messages, http_connection.c keeps
 * them until they are delivered; what is kept of heads is in http_head.c, of bodies in http_body.c,
 * and http_sniff.c knows how messages begin.
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
#include "obs/packet.h"

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

/* Requests that wait for their responses at once; browsers that pipelined sent up to 8. */
#define HTTP_WAITING_MOST 32

enum http_phase {
	HTTP_PHASE_START, /* a message's first line, or empty lines before it */
	HTTP_PHASE_HEADERS,
	HTTP_PHASE_BODY,       /* `left` octets of it */
	HTTP_PHASE_BODY_CLOSE, /* until the connection closes */
	HTTP_PHASE_CHUNK_SIZE,
	HTTP_PHASE_CHUNK,     /* `left` octets of it */
	HTTP_PHASE_CHUNK_END, /* the empty line behind it */
	HTTP_PHASE_TRAILERS,
	HTTP_PHASE_LOST,    /* until a segment begins with a message */
	HTTP_PHASE_STOPPED, /* no longer HTTP/1 */
};

/* One direction. */
struct http_side {
	uint8_t phase;      /* enum http_phase */
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

/* http_connection.client before anything was said. */
#define HTTP_NOBODY 2

struct http_connection {
	const struct content_sink *sink; /* of the event at hand */
	nsec_t now;                      /* its time */
	struct address ends[2];          /* by direction */
	uint16_t ports[2];
	uint8_t client; /* the direction of requests, or HTTP_NOBODY */
	struct http_side sides[2];
	struct http_transaction *first, **end; /* owned: those that are not delivered, in order */
	unsigned waiting;
	unsigned silent; /* responses to come whose requests were delivered without them */
};

/* Whether octets begin a message; cheap and sure (content.h). */
bool http_begins_request(const uint8_t *data, size_t size);
bool http_begins_response(const uint8_t *data, size_t size);
bool http_sniff(const struct packet *packet, const uint8_t *payload, size_t size);

struct http_connection *
http_connection_new(const struct content_sink *sink, const struct stream_event *event);
/* Delivers what waits, and frees all. */
void http_connection_free(struct http_connection *c);
/* A message of a direction begins that belongs to none that waits; `first`: it goes before them. */
struct http_transaction *
http_add_transaction(struct http_connection *c, const struct http_side *s, bool first);
/* Delivers the first that waits, and forgets it. */
void http_deliver_first(struct http_connection *c);
/* Delivers those at the front to which nothing more will come. */
void http_deliver_done(struct http_connection *c);

#endif
