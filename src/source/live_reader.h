/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the live source share: private to src/source/live*.c.
 *
 * A port is a listener and its counts, kept until the source is closed.  A reader is a thread that
 * moves messages of one socket of a port into a ring; its `watermark` is a time before which
 * everything that arrived has been put there.
 */
#ifndef YAGURA_SOURCE_LIVE_READER_H
#define YAGURA_SOURCE_LIVE_READER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/ring.h"
#include "net/site.h"
#include "source/live.h"

#define MESSAGE_MAX 65535 /* octets of a UDP payload or an IPFIX message */

enum live_count {
	COUNT_RECEIVED,
	COUNT_OCTETS,
	COUNT_KERNEL_DROPS,
	COUNT_QUEUE_DROPS,
	COUNT_REFUSED,
	COUNT_MALFORMED,
	COUNT_CONNECTIONS,
	COUNT_OPENED,
	COUNT_TURNED_AWAY,
	COUNT_TIMED_OUT,
	COUNTS,
};

struct live_port {
	struct live_listener listener;
	bool open;
	bool known; /* it has been open */
	unsigned workers;
	size_t receive_buffer;
	_Atomic uint64_t counts[COUNTS];
	_Atomic uint64_t refused_last[2]; /* words of the address */
	uint64_t socket_id[2];            /* device and inode of its unix socket */
};

/* What all readers of a source see. */
struct live_shared {
	int wake;                             /* eventfd: the reader of the source is to look */
	_Atomic bool waiting;                 /* it sleeps until `wake` is written */
	_Atomic(struct prefix_set *) allowed; /* exporters; sets of the past are freed at the end */
	_Atomic uint32_t connections;         /* numbers given so far */
	size_t connections_most;
	nsec_t idle_time;
};

struct live_reader {
	struct live_shared *shared; /* borrowed */
	struct live_port *port;     /* borrowed */
	int fd;                     /* owned: a bound socket */
	int stop_fd;                /* owned: eventfd, readable when the reader is to end */
	struct ring *ring;          /* owned */
	size_t taken; /* dnstap: octets of the ring's oldest record that have been used */
	pthread_t thread;
	bool started;
	_Atomic nsec_t watermark;
	_Atomic bool stop, finished;
	_Atomic nsec_t stop_time; /* what came by then is still read */
};

/* How a message lies in the ring: this, then its octets.  None: the connection was closed.  dnstap:
 * whole frames with their lengths. */
struct live_record {
	nsec_t time;
	struct address source;
	uint32_t connection; /* 0: a datagram */
	uint16_t source_port;
	uint16_t port;
};

/* The clock of arrival times. */
nsec_t live_now(void);

static inline void
live_count(struct live_reader *reader, enum live_count which, uint64_t more)
{
	atomic_fetch_add_explicit(&reader->port->counts[which], more, memory_order_relaxed);
}

/* Whether the exporter is listened to; counted when not. */
bool live_allows(struct live_reader *reader, const struct address *source);

/* Puts a message into the ring; false when it is full.  `size` may be 0. */
bool live_put(
    struct live_reader *reader, const struct live_record *record, const uint8_t *data, size_t size);

/* Everything that arrived before `time` is in the ring; wakes the source when there is news. */
void live_reach(struct live_reader *reader, nsec_t time, bool news);

/* Sockets: bound and, for TCP, listening. */
MUST_CHECK enum err live_bind(const struct live_listener *listener, bool shared,
    size_t receive_buffer, int *ret_fd, size_t *ret_receive_buffer, struct err_info *info);

/* The same of a unix socket.  One that nobody listens to any more is taken away first. */
MUST_CHECK enum err live_bind_unix(
    struct live_port *port, const struct live_options *options, int *ret_fd, struct err_info *info);
/* Takes the socket's name away, if it is still this one's. */
void live_unbind_unix(const struct live_port *port);

/* Thread functions; the argument is a struct live_reader. */
void *live_read_udp(void *argument);
void *live_read_connections(void *argument);

#endif
