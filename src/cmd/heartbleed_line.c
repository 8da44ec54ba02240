/* SPDX-License-Identifier: ISC */
/* A connection with a deadline; see heartbleed_line.h. */
#include "cmd/heartbleed_line.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static nsec_t
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

void
heartbleed_line_wait(struct heartbleed_line *line, nsec_t wait)
{
	line->deadline = now() + wait;
	line->state = LINE_OPEN;
}

/* Waits until the socket is ready for `events`. */
static bool
is_ready(struct heartbleed_line *line, short events)
{
	struct pollfd p = { .fd = line->fd, .events = events };

	for (;;) {
		nsec_t left = line->deadline - now();
		int count;
		if (left <= 0)
			break;
		count = poll(&p, 1, (int)((left + NSEC_PER_MS - 1) / NSEC_PER_MS));
		if (count > 0)
			return true;
		if (count < 0 && errno != EINTR)
			break;
	}
	line->state = LINE_TIMEOUT;
	return false;
}

static socklen_t
put_address(struct sockaddr_storage *ret, const struct address *a, uint16_t port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };

	memset(ret, 0, sizeof *ret);
	if (address_is_ipv4(a)) {
		memcpy(&v4.sin_addr, a->octets + 12, sizeof v4.sin_addr);
		memcpy(ret, &v4, sizeof v4);
		return sizeof v4;
	}
	memcpy(&v6.sin6_addr, a->octets, sizeof v6.sin6_addr);
	memcpy(ret, &v6, sizeof v6);
	return sizeof v6;
}

bool
heartbleed_line_open(
    struct heartbleed_line *line, const struct address *address, uint16_t port, nsec_t wait)
{
	struct sockaddr_storage storage;
	socklen_t size = put_address(&storage, address, port), error_size = sizeof(int);
	int error = 0;

	*line = (struct heartbleed_line){ .fd = -1 };
	heartbleed_line_wait(line, wait);
	line->fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (line->fd < 0)
		return false;
	if (connect(line->fd, (const struct sockaddr *)&storage, size) == 0)
		return true;
	if (errno != EINPROGRESS || !is_ready(line, POLLOUT) ||
	    getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0 || error != 0) {
		heartbleed_line_close(line);
		return false;
	}
	return true;
}

void
heartbleed_line_close(struct heartbleed_line *line)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	if (line->fd < 0)
		return;
	(void)setsockopt(line->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	(void)close(line->fd);
	line->fd = -1;
}

bool
heartbleed_line_send(struct heartbleed_line *line, const void *data, size_t size)
{
	const uint8_t *at = data;

	while (size > 0) {
		ssize_t sent = send(line->fd, at, size, MSG_NOSIGNAL);
		if (sent > 0) {
			at += sent;
			size -= (size_t)sent;
		} else if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (!is_ready(line, POLLOUT))
				return false;
		} else {
			line->state = LINE_CLOSED;
			return false;
		}
	}
	return true;
}

bool
heartbleed_line_take(struct heartbleed_line *line, void *data, size_t size, size_t *ret_taken)
{
	uint8_t *at = data;
	size_t taken = 0;

	while (taken < size) {
		ssize_t got;
		if (!is_ready(line, POLLIN))
			break;
		got = recv(line->fd, at + taken, size - taken, 0);
		if (got > 0) {
			taken += (size_t)got;
		} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
			line->state = LINE_CLOSED;
			break;
		}
	}
	line->taken += taken;
	if (ret_taken != NULL)
		*ret_taken = taken;
	return taken == size;
}

bool
heartbleed_line_pass(struct heartbleed_line *line, size_t size)
{
	uint8_t octets[4096];

	while (size > 0) {
		size_t step = size < sizeof octets ? size : sizeof octets;
		if (!heartbleed_line_take(line, octets, step, NULL))
			return false;
		size -= step;
	}
	return true;
}
