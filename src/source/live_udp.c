/* SPDX-License-Identifier: ISC */
/*
 * The thread of one UDP socket: datagrams from the kernel into a ring.
 *
 * recvmmsg takes up to RECEIVE_MOST datagrams at once.  When many come, the thread pauses a
 * millisecond between rounds, so that each round finds many: waking up for every datagram would
 * cost more than reading it, and the socket's buffer holds what comes meanwhile.
 */
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/xmalloc.h"
#include "source/live_reader.h"

#define RECEIVE_MOST 32
#define BUSY_ROUND   4 /* datagrams in a round from which it pays to pause */
#define PAUSE_NS     1000000
#define POLL_MS      50
/* Buffers lie a little further apart than their size, so that their beginnings, which are all that
 * is used of most, do not fall on the same lines of the cache. */
#define STRIDE (MESSAGE_MAX + 1 + 2112)

struct control {
	_Alignas(struct cmsghdr)
	    uint8_t space[CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t))];
};

struct udp {
	struct live_reader *reader;
	uint8_t *area; /* owned: RECEIVE_MOST buffers */
	struct mmsghdr messages[RECEIVE_MOST];
	struct iovec vectors[RECEIVE_MOST];
	struct sockaddr_in6 names[RECEIVE_MOST]; /* the larger of the two families */
	struct control controls[RECEIVE_MOST];
	uint32_t drops_seen; /* the socket's counter, which wraps */
	nsec_t last;         /* time of the latest datagram */
};

static void
prepare(struct udp *udp, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct msghdr *m = &udp->messages[i].msg_hdr;

		udp->vectors[i] = (struct iovec){ .iov_base = udp->area + (size_t)i * STRIDE,
			.iov_len = MESSAGE_MAX };
		*m = (struct msghdr){ .msg_name = &udp->names[i],
			.msg_namelen = sizeof udp->names[i],
			.msg_iov = &udp->vectors[i],
			.msg_iovlen = 1,
			.msg_control = &udp->controls[i],
			.msg_controllen = sizeof udp->controls[i] };
	}
}

static void
note_drops(struct udp *udp, uint32_t counter)
{
	int32_t more = (int32_t)(counter - udp->drops_seen);

	if (more <= 0) /* a datagram carries the counter of when it was queued, which may be old */
		return;
	live_count(udp->reader, COUNT_KERNEL_DROPS, (uint64_t)more);
	udp->drops_seen = counter;
}

/* The drops behind which no datagram came that would have told of them. */
static void
ask_drops(struct udp *udp)
{
	uint32_t memory[SK_MEMINFO_VARS] = { 0 };
	socklen_t length = sizeof memory;

	if (getsockopt(udp->reader->fd, SOL_SOCKET, SO_MEMINFO, memory, &length) == 0 &&
	    length > SK_MEMINFO_DROPS * sizeof memory[0])
		note_drops(udp, memory[SK_MEMINFO_DROPS]);
}

/* When the datagram came, by the kernel; takes note of drops on the way. */
static nsec_t
read_control(struct udp *udp, struct msghdr *m, nsec_t otherwise)
{
	nsec_t time = otherwise;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec t;

			memcpy(&t, CMSG_DATA(c), sizeof t);
			time = (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
		} else if (c->cmsg_type == SO_RXQ_OVFL) {
			uint32_t counter;

			memcpy(&counter, CMSG_DATA(c), sizeof counter);
			note_drops(udp, counter);
		}
	}
	return time;
}

static struct address
read_name(const struct sockaddr_in6 *name, uint16_t *ret_port)
{
	struct sockaddr_in four;

	if (name->sin6_family == AF_INET6) {
		*ret_port = ntohs(name->sin6_port);
		return address_from_ipv6(name->sin6_addr.s6_addr);
	}
	memcpy(&four, name, sizeof four);
	*ret_port = ntohs(four.sin_port);
	return address_from_ipv4((const uint8_t *)&four.sin_addr);
}

static void
take(struct udp *udp, unsigned index, nsec_t now)
{
	struct live_reader *reader = udp->reader;
	struct mmsghdr *m = &udp->messages[index];
	struct live_record record = { .port = reader->port->listener.port };

	record.time = read_control(udp, &m->msg_hdr, now);
	record.source = read_name(&udp->names[index], &record.source_port);
	udp->last = record.time;
	if (!live_allows(reader, &record.source))
		return;
	if (m->msg_len == 0) /* would say that a connection was closed */
		live_count(reader, COUNT_MALFORMED, 1);
	else if (live_put(reader, &record, udp->vectors[index].iov_base, m->msg_len)) {
		live_count(reader, COUNT_RECEIVED, 1);
		live_count(reader, COUNT_OCTETS, m->msg_len);
	} else {
		live_count(reader, COUNT_QUEUE_DROPS, 1);
	}
}

/* Takes what the socket holds, up to one call's worth; returns how many datagrams that was. */
static unsigned
receive(struct udp *udp)
{
	nsec_t now = live_now();
	int got;

	prepare(udp, RECEIVE_MOST);
	got = recvmmsg(udp->reader->fd, udp->messages, RECEIVE_MOST, MSG_DONTWAIT, NULL);
	if (got <= 0) {
		live_reach(udp->reader, now, false);
		return 0;
	}
	for (unsigned i = 0; i < (unsigned)got; i++)
		take(udp, i, now);
	live_reach(udp->reader, udp->last, true);
	return (unsigned)got;
}

/* Waits for datagrams, or for the wish to stop. */
static void
wait_more(struct udp *udp, unsigned taken)
{
	struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct pollfd fds[] = { { .fd = udp->reader->fd, .events = POLLIN },
		{ .fd = udp->reader->stop_fd, .events = POLLIN } };

	if (taken >= BUSY_ROUND)
		(void)nanosleep(&pause, NULL);
	else if (poll(fds, 2, POLL_MS) == 0)
		ask_drops(udp);
}

void *
live_read_udp(void *argument)
{
	struct live_reader *reader = argument;
	struct udp *udp = xcalloc(1, sizeof *udp);
	unsigned taken = 0;

	udp->reader = reader;
	udp->area = xmalloc((size_t)RECEIVE_MOST * STRIDE);
	for (;;) {
		bool stop = atomic_load(&reader->stop);
		unsigned got = receive(udp);

		taken += got;
		if (stop && (got == 0 || udp->last > atomic_load(&reader->stop_time)))
			break;
		if (got < RECEIVE_MOST && !stop) {
			wait_more(udp, taken);
			taken = 0;
		}
	}
	ask_drops(udp);
	atomic_store(&reader->finished, true);
	live_reach(reader, live_now(), true);
	free(udp->area);
	free(udp);
	return NULL;
}
