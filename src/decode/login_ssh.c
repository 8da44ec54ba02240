/* SPDX-License-Identifier: ISC */
/*
 * What an SSH connection looks like from outside.
 *
 * RFC 4253: each side sends a line "SSH-2.0-software", then packets
 *
 *	 0                 4                5
 *	+-----------------+----------------+------+---
 *	| packet_length   | padding_length | type | …
 *	+-----------------+----------------+------+---
 *
 * in clear until its NEWKEYS (type 21); all octets after it are encrypted.  A server that refuses a
 * password says little and the connection is soon over; a session lasts longer and says more.
 */
#include <string.h>

#include "base/bytes.h"
#include "decode/login_internal.h"

#define NEWKEYS     21
#define PACKET_MOST (256U << 10) /* RFC 4253 asks for 35,000 at least */

/* Octets from the server, encrypted, and duration, below which a login likely failed. */
#define FAILED_OCTETS 5000
#define FAILED_TIME   (20 * NSEC_PER_SEC)

/* The version line; returns how many octets of `data` belong to it. */
static size_t
take_name(struct login_connection *c, unsigned direction, const uint8_t *data, size_t size)
{
	struct login_line *line = &c->lines[direction];
	const uint8_t *end = memchr(data, '\n', size);
	size_t taken = end != NULL ? (size_t)(end - data) + 1 : size;
	size_t room = sizeof line->octets - line->size;

	memcpy(line->octets + line->size, data, taken < room ? taken : room);
	line->size += taken < room ? taken : room;
	if (end == NULL)
		return taken;
	/* A server may say other lines before (section 4.2). */
	if (line->size >= 4 && memcmp(line->octets, "SSH-", 4) == 0) {
		c->ssh[direction].named = true;
		c->ssh[direction].lost |= line->size < 8 || memcmp(line->octets, "SSH-1.9", 7) < 0;
		while (line->size > 0 && line->octets[line->size - 1] <= ' ')
			line->size--;
		if (direction == LOGIN_CLIENT) {
			c->client_size =
			    line->size < sizeof c->client ? line->size : sizeof c->client;
			memcpy(c->client, line->octets, c->client_size);
		}
	}
	line->size = 0;
	return taken;
}

/* Packets in clear; returns how many octets were passed over. */
static size_t
take_packet(struct login_ssh_half *h, const uint8_t *data, size_t size)
{
	size_t taken = 0;

	if (h->left > 0) {
		taken = size < h->left ? size : h->left;
		h->left -= (uint32_t)taken;
		return taken;
	}
	while (taken < size && h->header_size < sizeof h->header)
		h->header[h->header_size++] = data[taken++];
	if (h->header_size < sizeof h->header)
		return taken;
	uint32_t length = be32(h->header);
	h->header_size = 0;
	if (length < 2 || length > PACKET_MOST) {
		h->lost = true;
		return taken;
	}
	h->left = length - 2; /* behind padding_length and type */
	/* NEWKEYS is encrypted behind its own end. */
	if (h->header[5] == NEWKEYS) {
		size_t rest = size - taken < h->left ? size - taken : h->left;
		taken += rest;
		h->left -= (uint32_t)rest;
		h->encrypted = true;
	}
	return taken;
}

void
login_ssh_data(struct login_connection *c, unsigned direction, const uint8_t *data, size_t size)
{
	struct login_ssh_half *h = &c->ssh[direction];

	while (size > 0 && !h->lost) {
		size_t taken = size;
		if (!h->named)
			taken = take_name(c, direction, data, size);
		else if (!h->encrypted)
			taken = take_packet(h, data, size);
		else if (h->left > 0) /* the end of NEWKEYS came in another segment */
			h->left -= (uint32_t)(taken = size < h->left ? size : h->left);
		else
			h->octets += size;
		data += taken;
		size -= taken;
	}
}

void
login_ssh_gap(struct login_connection *c, unsigned direction, uint64_t size)
{
	struct login_ssh_half *h = &c->ssh[direction];

	if (h->encrypted)
		h->octets += size;
	else
		h->lost = true;
}

void
login_ssh_judge(struct login_connection *c, const struct content_sink *sink, bool over)
{
	const struct login_ssh_half *server = &c->ssh[LOGIN_SERVER];
	nsec_t duration = c->latest - c->begin;

	if (c->delivered || !server->encrypted || !c->ssh[LOGIN_CLIENT].encrypted ||
	    server->octets == 0)
		return;
	if (server->octets >= FAILED_OCTETS) {
		c->delivered = true;
		login_deliver(c, sink, LOGIN_LIKELY_SUCCEEDED);
	} else if (over) {
		c->delivered = true;
		/* Long and of few words may be either: a prompt that waited, a tunnel. */
		login_deliver(
		    c, sink, duration < FAILED_TIME ? LOGIN_LIKELY_FAILED : LOGIN_UNKNOWN);
	}
}
