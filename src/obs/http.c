/* SPDX-License-Identifier: ISC */
/* Parts of requests that packets and logs have in common; see http.h. */
#include "obs/http.h"

#include <string.h>

#define METHOD_MOST 32

/* Characters of a token beside letters and digits. */
static const char TOKEN_MARKS[] = "!#$%&'*+-.^_`|~";

static bool
is_token_octet(uint8_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return true;
	return c != '\0' && strchr(TOKEN_MARKS, c) != NULL;
}

bool
http_is_token(struct octets text, size_t most)
{
	for (size_t i = 0; i < text.size; i++)
		if (!is_token_octet(text.data[i]))
			return false;
	return text.size != 0 && text.size <= most;
}

/* "HTTP/1.1", or what others that look like it say of themselves: "RTSP/1.0". */
static bool
is_protocol(struct octets word)
{
	size_t i = 0;

	while (i < word.size && word.data[i] >= 'A' && word.data[i] <= 'Z')
		i++;
	return i != 0 && word.size - i >= 2 && word.data[i] == '/' && word.data[i + 1] >= '0' &&
	       word.data[i + 1] <= '9';
}

/* Takes the protocol off the end of "target protocol". */
static void
split_protocol(struct http_request *request)
{
	struct octets *target = &request->target;
	const uint8_t *blank = memrchr(target->data, ' ', target->size);
	struct octets last;

	if (is_protocol(*target) && blank == NULL) {
		request->protocol = *target; /* "GET  HTTP/1.1": nothing between */
		target->size = 0;
	}
	if (blank == NULL)
		return;
	last = (struct octets){ blank + 1, (size_t)(target->data + target->size - blank - 1) };
	if (!is_protocol(last))
		return;
	request->protocol = last;
	target->size = (size_t)(blank - target->data);
	while (target->size > 0 && target->data[target->size - 1] == ' ')
		target->size--;
}

bool
http_split_request(struct octets line, struct http_request *request)
{
	const uint8_t *blank = line.size != 0 ? memchr(line.data, ' ', line.size) : NULL;
	const uint8_t *end;

	request->method = (struct octets){ line.data, 0 };
	request->target = line;
	if (blank == NULL)
		return false;
	request->method.size = (size_t)(blank - line.data);
	if (!http_is_token(request->method, METHOD_MOST)) {
		request->method.size = 0;
		return false;
	}
	end = line.data + line.size;
	while (blank < end && *blank == ' ')
		blank++;
	request->target = (struct octets){ blank, (size_t)(end - blank) };
	split_protocol(request);
	/* HTTP/0.9 has no protocol; a line of prose has none either. */
	if (request->protocol.size != 0)
		return true;
	if (request->target.size != 0 &&
	    (*request->target.data == '/' || http_authority(request).size != 0))
		return true;
	request->method.size = request->protocol.size = 0;
	request->target = line;
	return false;
}

struct octets
http_authority(const struct http_request *request)
{
	struct octets target = request->target, none = { NULL, 0 };
	const uint8_t *colon, *end;
	size_t i;

	if (request->method.size == 7 && memcmp(request->method.data, "CONNECT", 7) == 0)
		return target;
	if (target.size < 8 || *target.data == '/')
		return none;
	end = target.data + target.size;
	colon = memchr(target.data, ':', target.size < 16 ? target.size : 16);
	if (colon == NULL || end - colon < 4 || memcmp(colon, "://", 3) != 0)
		return none;
	colon += 3;
	for (i = 0; colon + i < end && strchr("/?#", colon[i]) == NULL; i++)
		;
	return (struct octets){ colon, i };
}
