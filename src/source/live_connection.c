/* SPDX-License-Identifier: ISC */
/*
 * The thread of one listener for connections: accepts them, reads, and lets a speech
 * (live_connection.h) cut what was read into messages.
 *
 * A connection must bring its first message within FIRST_TIME and end each message that it has
 * begun within SLOW_TIME; without messages it is closed after the configured idle time, unless its
 * speech may be silent: then TCP finds out whether the peer is still there.
 */
#include "source/live_connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/xmalloc.h"

#define FIRST_TIME    (30 * NSEC_PER_SEC)
#define SLOW_TIME     (30 * NSEC_PER_SEC)
#define POLL_MS       50
#define FULL_POLL_MS  5  /* while a message waits for room in the ring */
#define READS_AT_ONCE 16 /* of one connection before the others have their turn */
#define FIXED_FDS     2  /* the listening socket and the wish to stop */
#define KEEPALIVE_S   60 /* of silence, before TCP asks whether the peer is still there */

static nsec_t
monotonic_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

void
live_shut(struct live_connections *all, struct live_connection *c, enum live_count why)
{
	if (why != COUNTS)
		live_count(all->reader, why, 1);
	(void)close(c->fd);
	c->fd = -1;
	c->have = 0;
}

void
live_talked(struct live_connections *all, struct live_connection *c)
{
	all->news = c->talked = true;
	c->since = monotonic_now();
}

void
live_used(struct live_connection *c, size_t size)
{
	c->have -= size;
	if (size > 0 && c->have > 0)
		memmove(c->data, c->data + size, c->have);
}

/* Who is at the other end; nobody has an address at that of a unix socket. */
static void
set_peer(struct live_record *record, const struct sockaddr_storage *name)
{
	if (name->ss_family == AF_INET6) {
		struct sockaddr_in6 six;

		memcpy(&six, name, sizeof six);
		record->source = address_from_ipv6(six.sin6_addr.s6_addr);
		record->source_port = ntohs(six.sin6_port);
	} else if (name->ss_family == AF_INET) {
		struct sockaddr_in four;

		memcpy(&four, name, sizeof four);
		record->source = address_from_ipv4((const uint8_t *)&four.sin_addr);
		record->source_port = ntohs(four.sin_port);
	}
}

/* Only TCP can find out that a peer which says nothing is gone. */
static void
keep_alive(int fd)
{
	int on = 1, silence = KEEPALIVE_S;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &silence, sizeof silence);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &silence, sizeof silence);
}

static void
accept_one(struct live_connections *all, int fd, const struct sockaddr_storage *name)
{
	struct live_reader *reader = all->reader;
	struct live_connection c = { .fd = fd, .since = monotonic_now() };
	bool local = reader->port->listener.path[0] != '\0';

	c.record.port = reader->port->listener.port;
	set_peer(&c.record, name);
	if (!local && !live_allows(reader, &c.record.source)) {
		(void)close(fd);
		return;
	}
	if (!local && all->speech->idles)
		keep_alive(fd);
	if (all->count == reader->shared->connections_most) {
		live_shut(all, &c, COUNT_TURNED_AWAY);
		return;
	}
	/* 0 means datagrams: 2^32 connections later the numbers begin anew at 1. */
	do
		c.record.connection = atomic_fetch_add(&reader->shared->connections, 1) + 1;
	while (c.record.connection == 0);
	c.data = xmalloc(all->speech->room);
	all->list[all->count++] = c;
	live_count(reader, COUNT_OPENED, 1);
}

static void
accept_all(struct live_connections *all)
{
	for (;;) {
		struct sockaddr_storage name = { 0 };
		socklen_t length = sizeof name;
		int fd = accept4(all->reader->fd, (struct sockaddr *)&name, &length,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			all->starved = errno == EMFILE || errno == ENFILE;
			return;
		}
		accept_one(all, fd, &name);
	}
}

static void
read_connection(struct live_connections *all, struct live_connection *c)
{
	for (unsigned i = 0; i < READS_AT_ONCE && c->fd >= 0 && !all->speech->is_held(c); i++) {
		ssize_t got = read(c->fd, c->data + c->have, all->speech->room - c->have);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			live_shut(all, c, all->speech->is_over(c) ? COUNTS : COUNT_MALFORMED);
			return;
		}
		if (c->have == 0)
			c->since = monotonic_now();
		c->have += (size_t)got;
		all->speech->take(all, c);
	}
}

static void
check_time(struct live_connections *all, struct live_connection *c, nsec_t now)
{
	nsec_t most = c->have > 0  ? SLOW_TIME
		      : !c->talked ? FIRST_TIME
				   : all->reader->shared->idle_time;
	bool silent = c->have == 0 && c->talked && all->speech->idles;

	if (!silent && !all->speech->is_held(c) && now - c->since > most)
		live_shut(all, c, COUNT_TIMED_OUT);
}

/* Connections that are closed leave when the ring has been told. */
static void
sweep(struct live_connections *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct live_connection *c = &all->list[i];

		if (c->fd < 0) {
			c->record.time = live_now();
			if (!all->speech->ends) {
				free(c->data);
				continue;
			}
			if (live_put(all->reader, &c->record, NULL, 0)) {
				free(c->data);
				all->news = true;
				continue;
			}
			all->full = true;
		}
		all->list[kept++] = *c;
	}
	all->count = kept;
	atomic_store(&all->reader->port->counts[COUNT_CONNECTIONS], kept);
}

/* One round over everything that can be done without waiting. */
static void
work(struct live_connections *all)
{
	nsec_t now = live_now(), monotonic = monotonic_now();
	size_t count = all->count;

	all->full = all->news = false;
	for (size_t i = 0; i < count; i++) {
		struct live_connection *c = &all->list[i];

		if (c->fd >= 0)
			all->speech->take(all, c);
		if (c->fd >= 0 && all->fds[FIXED_FDS + i].revents != 0)
			read_connection(all, c);
		if (c->fd >= 0)
			check_time(all, c, monotonic);
	}
	if (all->fds[0].revents != 0)
		accept_all(all);
	sweep(all);
	live_reach(all->reader, now, all->news);
}

static void
wait_more(struct live_connections *all)
{
	/* Without a descriptor to spare, asking at once again would be all that it does. */
	all->fds[0] =
	    (struct pollfd){ .fd = all->starved ? -1 : all->reader->fd, .events = POLLIN };
	all->starved = false;
	all->fds[1] = (struct pollfd){ .fd = all->reader->stop_fd, .events = POLLIN };
	for (size_t i = 0; i < all->count; i++) {
		const struct live_connection *c = &all->list[i];

		/* A negative descriptor is passed over by poll(2). */
		all->fds[FIXED_FDS + i] =
		    (struct pollfd){ .fd = c->fd < 0 || all->speech->is_held(c) ? -1 : c->fd,
			    .events = POLLIN };
	}
	(void)poll(all->fds, FIXED_FDS + all->count, all->full ? FULL_POLL_MS : POLL_MS);
}

/* What has arrived is still read; then every connection is closed. */
static void
finish(struct live_connections *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct live_connection *c = &all->list[i];

		if (c->fd >= 0)
			read_connection(all, c);
		if (c->fd >= 0)
			live_shut(all, c, COUNTS);
	}
	sweep(all);
	for (size_t i = 0; i < all->count; i++)
		free(all->list[i].data);
}

void *
live_read_connections(void *argument)
{
	struct live_reader *reader = argument;
	struct live_connections *all = xcalloc(1, sizeof *all);
	size_t most = reader->shared->connections_most;

	all->reader = reader;
	all->speech = reader->port->listener.protocol == LIVE_DNSTAP ? &live_speech_dnstap
								     : &live_speech_ipfix;
	all->list = xcalloc(most, sizeof *all->list);
	all->fds = xcalloc(FIXED_FDS + most, sizeof *all->fds);
	while (!atomic_load(&reader->stop)) {
		wait_more(all);
		work(all);
	}
	finish(all);
	atomic_store(&reader->finished, true);
	live_reach(reader, live_now(), true);
	free(all->fds);
	free(all->list);
	free(all);
	return NULL;
}
