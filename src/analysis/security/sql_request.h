/* SPDX-License-Identifier: ISC */
/*
 * Looks for SQL injection in everything of an HTTP request that an application may put into a
 * statement: the parameters of its query, the segments of its path, cookies, the body (a form,
 *JSON, multipart, XML), and the headers Referer, User-Agent, X-Forwarded-For and Authorization.
 *
 * Each value is judged as it was sent and after every coding it may be in (sql_decode.h): percent
 * at most twice, entities, base64.  What looks ordinary before decoding, nearly everything, is
 * passed over at the speed of a look at each octet.
 *
 *	struct sql_reader reader;
 *	sql_reader_init(&reader, &secret);
 *	if (sql_request_judge(&reader, request, &hit))
 *		…
 *	sql_reader_release(&reader);
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SQL_REQUEST_H
#define YAGURA_ANALYSIS_SECURITY_SQL_REQUEST_H

#include <stdbool.h>

#include "analysis/security/sql_judge.h"
#include "base/hash.h"
#include "obs/http.h"

#define SQL_PAYLOAD_KEPT 512
#define SQL_NAME_KEPT    40

enum sql_place {
	SQL_IN_QUERY,
	SQL_IN_PATH,
	SQL_IN_COOKIE,
	SQL_IN_FORM,
	SQL_IN_JSON,
	SQL_IN_MULTIPART,
	SQL_IN_XML,
	SQL_IN_REFERER,
	SQL_IN_USER_AGENT,
	SQL_IN_FORWARDED,
	SQL_IN_AUTHORIZATION,
	SQL_PLACES,
};

enum sql_coding {
	SQL_PERCENT = 1 << 0,
	SQL_PERCENT_TWICE = 1 << 1,
	SQL_ENTITIES = 1 << 2,
	SQL_BASE64 = 1 << 3,
};

/* The worst value of a request. */
struct sql_hit {
	struct sql_verdict verdict;
	uint8_t place;   /* enum sql_place */
	uint8_t codings; /* set of enum sql_coding that were undone */
	uint16_t values; /* of this request that are attacks */
	uint8_t name_size;
	uint16_t payload_size;             /* of what is kept of it */
	uint32_t payload_whole;            /* and what it had */
	uint8_t name[SQL_NAME_KEPT];       /* of the parameter, as sent */
	uint8_t payload[SQL_PAYLOAD_KEPT]; /* decoded */
};

#define SQL_SEEN 1024 /* headers that were ordinary are known again: a power of two */

#define SQL_BUFFERS 5

struct sql_reader {
	uint8_t *buffers[SQL_BUFFERS]; /* owned: of HTTP_TEXT_KEPT each */
	uint64_t *seen;                /* owned */
	struct hash_secret secret;
	struct sql_hit *hit; /* of the request at hand, borrowed */
	uint8_t worst;       /* score of the value at hand */
	uint8_t highest;     /* score of the header at hand */
	uint8_t cap;         /* the most that the value at hand may score */
	bool kept;           /* the hit is of the value at hand */
};

void sql_reader_init(struct sql_reader *reader, const struct hash_secret *secret);
/* Accepts a zeroed reader. */
void sql_reader_release(struct sql_reader *reader);

/* Whether anything of the request is at least suspicious; tells the worst. */
bool sql_request_judge(
    struct sql_reader *reader, const struct http_request *request, struct sql_hit *ret_hit);

/* The same of one value with all its codings; `plus` as sql_decode_percent has it. */
bool sql_value_judge(struct sql_reader *reader, const uint8_t *value, size_t size, bool plus,
    struct sql_hit *ret_hit);

/* "query", "path" … */
const char *sql_place_name(enum sql_place place);

#endif
