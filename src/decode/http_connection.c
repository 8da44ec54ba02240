/* SPDX-License-Identifier: ISC */
/* Connections of HTTP and the requests that wait in them; see http_internal.h. */
#include <stdlib.h>

#include "base/xmalloc.h"
#include "decode/http_internal.h"

struct http_connection *
http_connection_new(const struct content_sink *sink, const struct stream_event *event)
{
	struct http_connection *c = xcalloc(1, sizeof *c);

	c->ends[0] = event->source;
	c->ends[1] = event->destination;
	c->ports[0] = event->source_port;
	c->ports[1] = event->destination_port;
	c->client = HTTP_NOBODY;
	c->end = &c->first;
	c->sink = sink;
	/* Not refused: the table of connections is bounded. */
	*sink->memory += sizeof *c;
	return c;
}

static void
release_transaction(struct http_connection *c, struct http_transaction *t)
{
	for (unsigned i = 0; i < 2; i++)
		if (c->sides[i].message == t) {
			c->sides[i].message = NULL;
			c->sides[i].phase = HTTP_PHASE_LOST;
			c->sides[i].begun = c->sides[i].line_cut = false;
			c->sides[i].line_size = 0;
		}
	http_body_release(&t->request, c->sink);
	http_body_release(&t->response, c->sink);
	http_discharge(c->sink, sizeof *t + t->text_room);
	free(t->text);
	free(t);
}

/* A request as it is delivered, but for bodies. */
static void
describe(const struct http_connection *c, const struct http_transaction *t, struct http_request *r)
{
	unsigned client = c->client == 1, server = !client;

	*r = (struct http_request){
		.time = t->begin,
		.client = c->ends[client],
		.server = c->ends[server],
		.client_port = c->ports[client],
		.server_port = c->ports[server],
		.origin = HTTP_FROM_PACKETS,
		.flags = t->flags,
		.status = t->status,
		.duration = HTTP_UNKNOWN,
		.request_octets = (t->flags & HTTP_NO_REQUEST) ? HTTP_UNKNOWN : t->request.octets,
		.response_octets = t->has_response ? t->response.octets : HTTP_UNKNOWN,
		.method = http_kept(t, HTTP_METHOD),
		.target = http_kept(t, HTTP_TARGET),
		.protocol = http_kept(t, HTTP_PROTOCOL),
		.host = http_kept(t, HTTP_HOST),
		.user_agent = http_kept(t, HTTP_USER_AGENT),
		.referer = http_kept(t, HTTP_REFERER),
		.cookie = http_kept(t, HTTP_COOKIE),
		.content_type = http_kept(t, HTTP_CONTENT_TYPE),
		.authorization = http_kept(t, HTTP_AUTHORIZATION),
		.forwarded_for = http_kept(t, HTTP_FORWARDED_FOR),
		.location = http_kept(t, HTTP_LOCATION),
		.response_type = http_kept(t, HTTP_RESPONSE_TYPE),
		.input_offset = t->input_offset,
	};
	if (t->has_response && !(t->flags & HTTP_NO_REQUEST))
		r->duration = t->answered > t->asked ? (uint64_t)(t->answered - t->asked) : 0;
	if (r->host.size == 0)
		r->host = http_authority(r);
}

static void
deliver(struct http_connection *c, const struct http_transaction *t)
{
	const struct content_sink *sink = c->sink;
	struct http_request request;
	const struct http_request *list[1] = { &request };
	const struct batch batch = { .type = OBS_HTTP, .count = 1, .http = list };
	uint8_t *bodies[2];

	if (sink == NULL || t->silent)
		return;
	describe(c, t, &request);
	request.body =
	    http_body_content(&t->request, HTTP_BODY_KEPT, &request.flags, &bodies[0], sink->drops);
	request.answer = http_body_content(
	    &t->response, HTTP_ANSWER_KEPT, &request.flags, &bodies[1], sink->drops);
	sink->deliver(sink->context, &batch);
	free(bodies[0]);
	free(bodies[1]);
}

void
http_deliver_first(struct http_connection *c)
{
	struct http_transaction *t = c->first;

	c->first = t->next;
	if (c->first == NULL)
		c->end = &c->first;
	c->waiting--;
	deliver(c, t);
	release_transaction(c, t);
}

void
http_deliver_done(struct http_connection *c)
{
	while (c->first != NULL && c->first->request_done && c->first->response_done)
		http_deliver_first(c);
}

struct http_transaction *
http_add_transaction(struct http_connection *c, const struct http_side *s, bool first)
{
	struct http_transaction *t = xcalloc(1, sizeof *t);

	*c->sink->memory += sizeof *t; /* not refused: they are few */
	t->begin = s->begin;
	t->asked = c->now;
	t->input_offset = s->input_offset;
	t->last = HTTP_TEXTS;
	if (first) {
		t->next = c->first;
		c->first = t;
	} else {
		*c->end = t;
	}
	if (t->next == NULL)
		c->end = &t->next;
	c->waiting++;
	return t;
}

void
http_connection_free(struct http_connection *c)
{
	while (c->first != NULL)
		http_deliver_first(c);
	for (unsigned i = 0; i < 2; i++) {
		http_discharge(c->sink, c->sides[i].line_room);
		free(c->sides[i].line);
	}
	http_discharge(c->sink, sizeof *c);
	free(c);
}
