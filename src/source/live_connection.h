/* SPDX-License-Identifier: ISC */
/*
 * Connections of one listener, and what is spoken in them: private to src/source/live*.c.
 *
 * live_connection.c accepts, reads and closes; a speech cuts what was read into messages and puts
 * them into the ring.
 */
#ifndef YAGURA_SOURCE_LIVE_CONNECTION_H
#define YAGURA_SOURCE_LIVE_CONNECTION_H

#include <poll.h>

#include "source/live_reader.h"

struct live_speech;

struct live_connection {
	int fd; /* owned; -1: closed, and the ring has yet to be told */
	struct live_record record;
	uint8_t *data; /* owned: as many octets as the speech has room for */
	size_t have;
	nsec_t since;   /* when the message begun, or else the wait for one, began */
	bool talked;    /* a whole message has come */
	unsigned state; /* the speech's: 0 at the beginning */
};

struct live_connections {
	struct live_reader *reader;
	const struct live_speech *speech;
	struct live_connection *list; /* owned: room for the most there may be */
	size_t count;
	struct pollfd *fds; /* owned: two and one for each connection */
	bool news;          /* something was put into the ring in this round */
	bool full;          /* something could not be put there */
	bool starved;       /* no descriptor was left for a new connection */
};

struct live_speech {
	size_t room; /* octets of the largest message, with its head */
	bool ends;   /* the ring is told when a connection is closed */
	bool idles;  /* connections may be silent for as long as they like */
	/* Moves whole messages into the ring and the rest of `data` to its front. */
	void (*take)(struct live_connections *all, struct live_connection *c);
	/* Whether the first message is whole, and waits for the ring. */
	bool (*is_held)(const struct live_connection *c);
	/* The peer has closed: whether that is as it should be. */
	bool (*is_over)(const struct live_connection *c);
};

extern const struct live_speech live_speech_ipfix;
extern const struct live_speech live_speech_dnstap;

/* Closes a connection; `why` is counted unless it is COUNTS. */
void live_shut(struct live_connections *all, struct live_connection *c, enum live_count why);

/* A whole message has come. */
void live_talked(struct live_connections *all, struct live_connection *c);

/* Lets go the first `size` octets of a connection. */
void live_used(struct live_connection *c, size_t size);

#endif
