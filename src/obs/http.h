/* SPDX-License-Identifier: ISC */
/*
 * An HTTP/1.x request with what is known of its response: out of packets, or a line of a web log.
 *
 * Texts are octets as they were sent (nothing is percent-decoded, any value may occur) and are
 * borrowed for the duration of the call; one that was not there has no octets.  A body is given
 * after its transfer and content coding were undone, and cut at HTTP_BODY_KEPT.
 */
#ifndef YAGURA_OBS_HTTP_H
#define YAGURA_OBS_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"
#include "obs/octets.h"

#define HTTP_TEXT_KEPT   (64U << 10) /* of a target, a header's value, a line of a log */
#define HTTP_BODY_KEPT   (64U << 10)
#define HTTP_ANSWER_KEPT (16U << 10) /* of a response's body */

#define HTTP_UNKNOWN UINT64_MAX /* a size or time nobody said */

enum http_origin {
	HTTP_FROM_PACKETS,
	HTTP_FROM_LOG,
};

enum http_flag {
	HTTP_CUT = 1 << 0,          /* a text or body was longer than what is kept */
	HTTP_MALFORMED = 1 << 1,    /* the parser had to guess */
	HTTP_GAP = 1 << 2,          /* octets of it were never seen */
	HTTP_NO_REQUEST = 1 << 3,   /* only the response was seen */
	HTTP_BODY_CODED = 1 << 4,   /* a content coding that was not undone */
	HTTP_CLIENT_NAMED = 1 << 5, /* the log has the client's name, not its address */
};

struct http_request {
	nsec_t time;                   /* of its first octet; of the log's line */
	struct address client, server; /* zeros: not known */
	uint16_t client_port, server_port;
	uint8_t origin;           /* enum http_origin */
	uint16_t flags;           /* set of enum http_flag */
	uint16_t status;          /* of the response; 0: none was seen */
	uint64_t duration;        /* ns from its last octet to the response's first; logs: what
				     they say of the time it took; or HTTP_UNKNOWN */
	uint64_t request_octets;  /* of its body, as sent; or HTTP_UNKNOWN */
	uint64_t response_octets; /* of the response's body, as sent; or HTTP_UNKNOWN */
	struct octets method, target, protocol;
	struct octets host; /* Host, or the authority of the target, or the log's */
	struct octets user_agent, referer, cookie, content_type, authorization, forwarded_for;
	struct octets user;        /* a log's remote user */
	struct octets client_name; /* of HTTP_CLIENT_NAMED */
	struct octets body;
	struct octets location, response_type, answer; /* of the response */
	uint64_t input_offset; /* of the record that its first octet is in, or of the line */
	uint32_t input_length; /* of the line; 0: a packet's record */
};

/*
 * Takes a request line apart (RFC 9112, section 3).  A target may hold blanks, as broken clients
 * send them, or have no octets.  False when it does not begin with a method, or lacks both target
 * and protocol: all of it is the target.
 */
bool http_split_request(struct octets line, struct http_request *request);

/* The authority of an absolute target ("http://host:port/…") or of CONNECT's; or nothing. */
struct octets http_authority(const struct http_request *request);

/* Whether the octets are a token (RFC 9110, section 5.6.2) of 1 to `most` characters. */
bool http_is_token(struct octets text, size_t most);

#endif
