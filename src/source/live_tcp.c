/* SPDX-License-Identifier: ISC */
/*
 * The thread of one TCP listener: IPFIX messages out of connections into a ring.
 *
 * RFC 7011, section 10.4: messages follow each other, and each says its length.
 *
 *	 0                   1                   2                   3
 *	|  version = 10 (2)             |  length of the message (2)    |
 *
 * What does not begin so is no IPFIX, and nothing behind it could be found again: the connection is
 * closed.  A connection must bring its first message within FIRST_TIME and end each message that it
 * has begun within SLOW_TIME; without messages it is closed after the configured idle time.  While
 * the ring is full nothing is read, so TCP makes the exporter wait and nothing is lost.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "source/live_reader.h"

#define HEAD_SIZE     4
#define MESSAGE_LEAST 16 /* the message header, RFC 7011 section 3.1 */
#define IPFIX_VERSION 10
#define FIRST_TIME    (30 * NSEC_PER_SEC)
#define SLOW_TIME     (30 * NSEC_PER_SEC)
#define POLL_MS       50
#define FULL_POLL_MS  5  /* while a message waits for room in the ring */
#define READS_AT_ONCE 16 /* of one connection before the others have their turn */
#define FIXED_FDS     2  /* the listening socket and the wish to stop */

struct connection {
	int fd; /* owned; -1: closed, and the ring has yet to be told */
	struct live_record record;
	uint8_t *data; /* owned: MESSAGE_MAX octets */
	size_t have;
	nsec_t since; /* when the message begun, or else the wait for one, began */
	bool talked;  /* a whole message has come */
};

struct tcp {
	struct live_reader *reader;
	struct connection *connections; /* owned: room for the most there may be */
	size_t count;
	struct pollfd *fds; /* owned: FIXED_FDS and one for each connection */
	bool news;          /* something was put into the ring in this round */
	bool full;          /* something could not be put there */
	bool starved;       /* no descriptor was left for a new connection */
};

static nsec_t
monotonic_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

/* Closes the socket; `why` is counted unless it is COUNTS. */
static void
shut(struct tcp *tcp, struct connection *c, enum live_count why)
{
	if (why != COUNTS)
		live_count(tcp->reader, why, 1);
	(void)close(c->fd);
	c->fd = -1;
	c->have = 0;
}

static void
accept_one(struct tcp *tcp, int fd, const struct sockaddr_storage *name)
{
	struct live_reader *reader = tcp->reader;
	struct connection c = { .fd = fd, .since = monotonic_now() };

	c.record.port = reader->port->listener.port;
	if (name->ss_family == AF_INET6) {
		struct sockaddr_in6 six;

		memcpy(&six, name, sizeof six);
		c.record.source = address_from_ipv6(six.sin6_addr.s6_addr);
		c.record.source_port = ntohs(six.sin6_port);
	} else {
		struct sockaddr_in four;

		memcpy(&four, name, sizeof four);
		c.record.source = address_from_ipv4((const uint8_t *)&four.sin_addr);
		c.record.source_port = ntohs(four.sin_port);
	}
	if (!live_allows(reader, &c.record.source)) {
		(void)close(fd);
		return;
	}
	if (tcp->count == reader->shared->connections_most) {
		shut(tcp, &c, COUNT_TURNED_AWAY);
		return;
	}
	/* 0 means datagrams: 2^32 connections later the numbers begin anew at 1. */
	do
		c.record.connection = atomic_fetch_add(&reader->shared->connections, 1) + 1;
	while (c.record.connection == 0);
	c.data = xmalloc(MESSAGE_MAX);
	tcp->connections[tcp->count++] = c;
	live_count(reader, COUNT_OPENED, 1);
}

static void
accept_all(struct tcp *tcp)
{
	for (;;) {
		struct sockaddr_storage name = { 0 };
		socklen_t length = sizeof name;
		int fd = accept4(tcp->reader->fd, (struct sockaddr *)&name, &length,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			tcp->starved = errno == EMFILE || errno == ENFILE;
			return;
		}
		accept_one(tcp, fd, &name);
	}
}

/* The length of the message that the connection's octets begin with; 0 when it is not known yet. */
static size_t
message_size(const struct connection *c, bool *ret_bad)
{
	*ret_bad = false;
	if (c->have < HEAD_SIZE)
		return 0;
	*ret_bad = be16(c->data) != IPFIX_VERSION || be16(c->data + 2) < MESSAGE_LEAST;
	return be16(c->data + 2);
}

/* Moves the whole messages of a connection into the ring, while there is room. */
static void
put_messages(struct tcp *tcp, struct connection *c)
{
	size_t begin = 0, size;
	struct connection rest = *c;
	bool bad;

	while ((size = message_size(&rest, &bad)) != 0 && !bad && size <= rest.have) {
		c->record.time = live_now();
		if (!live_put(tcp->reader, &c->record, rest.data, size)) {
			tcp->full = true;
			break;
		}
		live_count(tcp->reader, COUNT_RECEIVED, 1);
		live_count(tcp->reader, COUNT_OCTETS, size);
		tcp->news = c->talked = true;
		c->since = monotonic_now();
		begin += size;
		rest.data += size;
		rest.have -= size;
	}
	if (begin > 0)
		memmove(c->data, c->data + begin, rest.have);
	c->have = rest.have;
	if (bad)
		shut(tcp, c, COUNT_MALFORMED);
}

/* Whether the connection's first message is whole, and so waits for the ring. */
static bool
is_held(const struct connection *c)
{
	bool bad;
	size_t size = message_size(c, &bad);

	return size != 0 && !bad && size <= c->have;
}

static void
read_connection(struct tcp *tcp, struct connection *c)
{
	for (unsigned i = 0; i < READS_AT_ONCE && c->fd >= 0 && !is_held(c); i++) {
		ssize_t got = read(c->fd, c->data + c->have, MESSAGE_MAX - c->have);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) { /* a message cut short is counted like a bad one */
			shut(tcp, c, c->have > 0 ? COUNT_MALFORMED : COUNTS);
			return;
		}
		if (c->have == 0)
			c->since = monotonic_now();
		c->have += (size_t)got;
		put_messages(tcp, c);
	}
}

static void
check_time(struct tcp *tcp, struct connection *c, nsec_t now)
{
	nsec_t most = c->have > 0  ? SLOW_TIME
		      : !c->talked ? FIRST_TIME
				   : tcp->reader->shared->idle_time;

	if (!is_held(c) && now - c->since > most)
		shut(tcp, c, COUNT_TIMED_OUT);
}

/* Connections that are closed leave when the ring has been told. */
static void
sweep(struct tcp *tcp)
{
	size_t kept = 0;

	for (size_t i = 0; i < tcp->count; i++) {
		struct connection *c = &tcp->connections[i];

		if (c->fd < 0) {
			c->record.time = live_now();
			if (live_put(tcp->reader, &c->record, NULL, 0)) {
				free(c->data);
				tcp->news = true;
				continue;
			}
			tcp->full = true;
		}
		tcp->connections[kept++] = *c;
	}
	tcp->count = kept;
	atomic_store(&tcp->reader->port->counts[COUNT_CONNECTIONS], kept);
}

/* One round over everything that can be done without waiting. */
static void
work(struct tcp *tcp)
{
	nsec_t now = live_now(), monotonic = monotonic_now();
	size_t count = tcp->count;

	tcp->full = tcp->news = false;
	for (size_t i = 0; i < count; i++) {
		struct connection *c = &tcp->connections[i];

		if (c->fd >= 0)
			put_messages(tcp, c);
		if (c->fd >= 0 && tcp->fds[FIXED_FDS + i].revents != 0)
			read_connection(tcp, c);
		if (c->fd >= 0)
			check_time(tcp, c, monotonic);
	}
	if (tcp->fds[0].revents != 0)
		accept_all(tcp);
	sweep(tcp);
	live_reach(tcp->reader, now, tcp->news);
}

static void
wait_more(struct tcp *tcp)
{
	/* Without a descriptor to spare, asking at once again would be all that it does. */
	tcp->fds[0] =
	    (struct pollfd){ .fd = tcp->starved ? -1 : tcp->reader->fd, .events = POLLIN };
	tcp->starved = false;
	tcp->fds[1] = (struct pollfd){ .fd = tcp->reader->stop_fd, .events = POLLIN };
	for (size_t i = 0; i < tcp->count; i++) {
		const struct connection *c = &tcp->connections[i];

		/* A negative descriptor is passed over by poll(2). */
		tcp->fds[FIXED_FDS + i] =
		    (struct pollfd){ .fd = c->fd < 0 || is_held(c) ? -1 : c->fd, .events = POLLIN };
	}
	(void)poll(tcp->fds, FIXED_FDS + tcp->count, tcp->full ? FULL_POLL_MS : POLL_MS);
}

/* What has arrived is still read; then every connection is closed. */
static void
finish(struct tcp *tcp)
{
	for (size_t i = 0; i < tcp->count; i++) {
		struct connection *c = &tcp->connections[i];

		if (c->fd >= 0)
			read_connection(tcp, c);
		if (c->fd >= 0)
			shut(tcp, c, COUNTS);
	}
	sweep(tcp);
	for (size_t i = 0; i < tcp->count; i++)
		free(tcp->connections[i].data);
}

void *
live_read_tcp(void *argument)
{
	struct live_reader *reader = argument;
	struct tcp *tcp = xcalloc(1, sizeof *tcp);
	size_t most = reader->shared->connections_most;

	tcp->reader = reader;
	tcp->connections = xcalloc(most, sizeof *tcp->connections);
	tcp->fds = xcalloc(FIXED_FDS + most, sizeof *tcp->fds);
	while (!atomic_load(&reader->stop)) {
		wait_more(tcp);
		work(tcp);
	}
	finish(tcp);
	atomic_store(&reader->finished, true);
	live_reach(reader, live_now(), true);
	free(tcp->fds);
	free(tcp->connections);
	free(tcp);
	return NULL;
}
