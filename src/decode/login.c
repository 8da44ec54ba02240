/* SPDX-License-Identifier: ISC */
/*
 * Logins in packets; see login.h.
 *
 * A connection is followed from a greeting ("220 ", "+OK ", "* OK ", "SSH-") or a client's "USER ",
 * whatever its ports.  Lines are put together for each direction; what follows LOGIN_LINE_MOST
 * octets of one is passed over.  Which service it is is known by the greeting, and of "220 " by the
 * first command.
 */
#include "decode/login.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "decode/login_internal.h"

static const struct login_service SSH = { "ssh", NULL, NULL };

/* ------------------------------------------------------------------ recognition */

static bool
begins(const uint8_t *data, size_t size, const char *text)
{
	size_t length = strlen(text);

	return size >= length && memcmp(data, text, length) == 0;
}

/* A greeting is text and ends its line. */
static bool
ends_line(const uint8_t *data, size_t size)
{
	return size > 5 && data[size - 1] == '\n' && data[size - 2] == '\r' && data[4] >= ' ' &&
	       data[4] < 0x7f;
}

static bool
sniff(const struct packet *packet, const uint8_t *payload, size_t size)
{
	(void)packet;
	switch (payload[0]) {
	case 'S': return begins(payload, size, "SSH-2.0-") || begins(payload, size, "SSH-1.99-");
	case '2':
		return (begins(payload, size, "220 ") || begins(payload, size, "220-")) &&
		       ends_line(payload, size);
	case '+': return begins(payload, size, "+OK ") && ends_line(payload, size);
	case '*': return begins(payload, size, "* OK ") && ends_line(payload, size);
	case 'U': return begins(payload, size, "USER ") && ends_line(payload, size);
	default: return false;
	}
}

static const struct login_service *
service_of_greeting(struct login_connection *c, const uint8_t *line, size_t size)
{
	if (begins(line, size, "+OK"))
		return &login_pop3;
	if (begins(line, size, "* OK") || begins(line, size, "* PREAUTH"))
		return &login_imap;
	c->greeted_220 |= begins(line, size, "220");
	/* A greeting that was not seen whole, but its client's USER. */
	return begins(line, size, "331") ? &login_ftp : NULL;
}

static const struct login_service *
service_of_command(const struct login_connection *c, const uint8_t *line, size_t size)
{
	struct octets rest;

	if (login_word(line, size, "EHLO", &rest) || login_word(line, size, "HELO", &rest))
		return &login_smtp;
	if (c->greeted_220 && (login_word(line, size, "USER", &rest) ||
				  (login_word(line, size, "AUTH", &rest) &&
				      login_word(rest.data, rest.size, "TLS", &rest))))
		return &login_ftp;
	return NULL;
}

/* ------------------------------------------------------------------ names */

void
login_name(struct login_connection *c, const uint8_t *name, size_t size)
{
	c->user_size = size < sizeof c->user ? size : sizeof c->user;
	if (c->user_size > 0)
		memcpy(c->user, name, c->user_size);
}

static int
base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* As much as there is room for; returns how many octets. */
static size_t
base64(const uint8_t *text, size_t size, uint8_t *into, size_t room)
{
	uint32_t bits = 0;
	unsigned count = 0;
	size_t written = 0;

	for (size_t i = 0; i < size && written < room; i++) {
		int digit = base64_digit(text[i]);
		if (digit < 0)
			break;
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count >= 8) {
			count -= 8;
			into[written++] = (uint8_t)(bits >> count);
		}
	}
	return written;
}

void
login_name_base64(struct login_connection *c, const uint8_t *text, size_t size)
{
	c->user_size = base64(text, size, (uint8_t *)c->user, sizeof c->user);
}

void
login_name_plain(struct login_connection *c, const uint8_t *text, size_t size)
{
	uint8_t octets[LOGIN_LINE_MOST];
	size_t count = base64(text, size, octets, sizeof octets);
	const uint8_t *first = count > 0 ? memchr(octets, 0, count) : NULL;
	const uint8_t *end;

	login_name(c, NULL, 0);
	if (first == NULL)
		return;
	first++;
	count -= (size_t)(first - octets);
	end = count > 0 ? memchr(first, 0, count) : NULL;
	login_name(c, first, end != NULL ? (size_t)(end - first) : count);
}

/* ------------------------------------------------------------------ connections */

void
login_deliver(
    struct login_connection *c, const struct content_sink *sink, enum login_outcome outcome)
{
	const struct login *list[1] = { &c->login };
	struct batch batch = { .type = OBS_LOGIN, .count = 1, .logins = list };

	if (sink == NULL || (sink->consumed & OBS_LOGIN) == 0)
		return;
	c->login.outcome = (uint8_t)outcome;
	c->login.service = c->service->name;
	c->login.user = (struct octets){ (const uint8_t *)c->user, c->user_size };
	c->login.client = (struct octets){ (const uint8_t *)c->client, c->client_size };
	sink->deliver(sink->context, &batch);
}

static void *
open_connection(const struct content_sink *sink, const struct stream_event *e)
{
	struct login_connection *c = xcalloc(1, sizeof *c);

	(void)sink;
	c->begin = c->latest = e->time;
	c->login = (struct login){
		.source = e->source,
		.destination = e->destination,
		.source_port = e->source_port,
		.destination_port = e->destination_port,
		.origin = LOGIN_FROM_PACKETS,
		.count = 1,
	};
	return c;
}

static void
take_line(struct login_connection *c, const struct content_sink *sink, unsigned direction,
    const struct stream_event *e)
{
	struct login_line *line = &c->lines[direction];
	size_t size = line->size;

	while (size > 0 && (line->octets[size - 1] == '\n' || line->octets[size - 1] == '\r'))
		size--;
	line->size = 0;
	if (c->service == NULL)
		c->service = direction == LOGIN_SERVER ? service_of_greeting(c, line->octets, size)
						       : service_of_command(c, line->octets, size);
	if (direction == LOGIN_CLIENT && c->service != NULL) {
		/* The evidence is what was asked. */
		c->login.time = e->time;
		c->login.input_offset = e->input_offset;
		c->service->command(c, line->octets, size);
	} else if (c->service != NULL) {
		c->service->reply(c, sink, line->octets, size);
	} else if (direction == LOGIN_CLIENT) {
		/* USER before any greeting was seen: the answer says of which service. */
		struct octets rest;
		c->login.time = e->time;
		c->login.input_offset = e->input_offset;
		if (login_word(line->octets, size, "USER", &rest))
			login_name(c, rest.data, rest.size);
	}
}

static void
take_text(struct login_connection *c, const struct content_sink *sink, unsigned direction,
    const struct stream_event *e)
{
	struct login_line *line = &c->lines[direction];
	const uint8_t *data = e->data;
	size_t left = e->size;

	while (left > 0) {
		const uint8_t *end = memchr(data, '\n', left);
		size_t part = end != NULL ? (size_t)(end - data) + 1 : left;
		size_t room = sizeof line->octets - line->size;
		memcpy(line->octets + line->size, data, part < room ? part : room);
		line->size += part < room ? part : room;
		if (end != NULL)
			take_line(c, sink, direction, e);
		data += part;
		left -= part;
	}
}

static void
event(void *connection, const struct content_sink *sink, const struct stream_event *e)
{
	struct login_connection *c = connection;
	unsigned direction = e->direction == 0 ? LOGIN_CLIENT : LOGIN_SERVER;

	c->latest = e->time > c->latest ? e->time : c->latest;
	if (c->service == NULL && e->kind == STREAM_DATA && begins(e->data, e->size, "SSH-")) {
		c->service = &SSH;
		c->login.time = e->time;
		c->login.input_offset = e->input_offset;
	}
	if (c->service != &SSH) {
		if (e->kind == STREAM_DATA)
			take_text(c, sink, direction, e);
		else
			c->lines[direction].size = 0;
		return;
	}
	if (e->kind == STREAM_DATA)
		login_ssh_data(c, direction, e->data, e->size);
	else
		login_ssh_gap(c, direction, e->size);
	login_ssh_judge(c, sink, false);
}

static void
close_connection(void *connection, const struct content_sink *sink, nsec_t time)
{
	struct login_connection *c = connection;

	(void)time; /* the last octets tell how long it was: an idle end says nothing */
	if (c->service == &SSH)
		login_ssh_judge(c, sink, true);
	free(c);
}

const struct content_protocol content_login = {
	.name = "login",
	.yields = OBS_LOGIN,
	.sniff = sniff,
	.open = open_connection,
	.event = event,
	.close = close_connection,
};
