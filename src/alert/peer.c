/* SPDX-License-Identifier: ISC */
/* Sockets with timeouts; see peer.h. */
#include "alert/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* "host:port" or "[address]:port". */
static bool
split(const char *text, struct peer *p)
{
	const char *colon = strrchr(text, ':');
	size_t size = colon != NULL ? (size_t)(colon - text) : 0;

	if (size > 2 && text[0] == '[' && text[size - 1] == ']') {
		text++;
		size -= 2;
	}
	if (colon == NULL || size == 0 || size >= sizeof p->host || colon[1] == '\0' ||
	    strlen(colon + 1) > 5 || colon[1 + strspn(colon + 1, "0123456789")] != '\0')
		return false;
	(void)snprintf(p->host, sizeof p->host, "%.*s", (int)size, text);
	(void)snprintf(p->port, sizeof p->port, "%s", colon + 1);
	return true;
}

enum err
peer_parse(const char *text, unsigned timeout_ms, struct peer *ret_peer, struct err_info *info)
{
	struct peer p = { .timeout_ms = timeout_ms, .fd = -1 };
	struct sockaddr_un address;
	bool good = false;

	if (strncmp(text, "unix:", 5) == 0) {
		p.kind = PEER_UNIX;
		good = text[5] == '/' && strlen(text + 5) < sizeof address.sun_path;
		(void)snprintf(p.host, sizeof p.host, "%s", text + 5);
	} else if (strncmp(text, "udp://", 6) == 0 || strncmp(text, "tcp://", 6) == 0) {
		p.kind = text[0] == 'u' ? PEER_UDP : PEER_TCP;
		good = split(text + 6, &p);
	}
	if (!good)
		return err_set(info, ERR_CONFIG,
		    "\"%.100s\" is not unix:/PATH, udp://HOST:PORT or tcp://HOST:PORT", text);
	*ret_peer = p;
	return ERR_OK;
}

static enum err
refuse(struct peer *p, struct err_info *info)
{
	enum err e = err_set(info, ERR_IO, "%.200s%s%s: %s", p->host,
	    p->kind == PEER_UNIX ? "" : ":", p->port, strerror(errno));

	peer_close(p);
	return e;
}

/* Waits until the socket is ready for this; false with errno when it is not in time. */
static bool
wait_for(const struct peer *p, short events)
{
	struct pollfd one = { .fd = p->fd, .events = events };
	int ready = poll(&one, 1, (int)p->timeout_ms);

	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0;
}

static bool
connect_to(struct peer *p, const struct sockaddr *address, socklen_t size, int type)
{
	int error = 0;
	socklen_t length = sizeof error;

	p->fd = socket(address->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return false;
	p->stream = type == SOCK_STREAM;
	if (connect(p->fd, address, size) == 0)
		return true;
	if (errno == EINPROGRESS && wait_for(p, POLLOUT) &&
	    getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0) {
		errno = error;
		if (error == 0)
			return true;
	}
	error = errno;
	peer_close(p);
	errno = error;
	return false;
}

static bool
connect_unix(struct peer *p)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof address.sun_path, "%.107s", p->host);
	if (connect_to(p, (struct sockaddr *)&address, sizeof address, SOCK_DGRAM))
		return true;
	return errno == EPROTOTYPE &&
	       connect_to(p, (struct sockaddr *)&address, sizeof address, SOCK_STREAM);
}

static enum err
connect_inet(struct peer *p, struct err_info *info)
{
	struct addrinfo hints = { .ai_socktype = p->kind == PEER_UDP ? SOCK_DGRAM : SOCK_STREAM };
	struct addrinfo *list = NULL;
	int error = getaddrinfo(p->host, p->port, &hints, &list);

	if (error != 0)
		return err_set(info, ERR_IO, "%.200s: %s", p->host, gai_strerror(error));
	for (struct addrinfo *a = list; a != NULL && p->fd < 0; a = a->ai_next)
		(void)connect_to(p, a->ai_addr, a->ai_addrlen, a->ai_socktype);
	error = errno;
	freeaddrinfo(list);
	errno = error;
	return p->fd >= 0 ? ERR_OK : refuse(p, info);
}

/* Whether a stream's other side has gone: what it sent is of no interest, its end is. */
static bool
has_gone(const struct peer *p)
{
	char scrap[512];
	ssize_t got = 1;

	while (p->stream && got > 0)
		got = recv(p->fd, scrap, sizeof scrap, MSG_DONTWAIT);
	return p->stream && (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK));
}

enum err
peer_connect(struct peer *p, struct err_info *info)
{
	if (p->fd >= 0 && has_gone(p))
		peer_close(p);
	if (p->fd >= 0)
		return ERR_OK;
	if (p->kind != PEER_UNIX)
		return connect_inet(p, info);
	return connect_unix(p) ? ERR_OK : refuse(p, info);
}

enum err
peer_send(struct peer *p, const char *data, size_t size, struct err_info *info)
{
	size_t sent = 0;

	while (sent < size) {
		ssize_t n = send(p->fd, data + sent, size - sent, MSG_NOSIGNAL);
		if (n >= 0 && !p->stream)
			return ERR_OK;
		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EINTR)
			continue;
		else if ((errno != EAGAIN && errno != EWOULDBLOCK) || !wait_for(p, POLLOUT))
			return refuse(p, info);
	}
	return ERR_OK;
}

void
peer_close(struct peer *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
}
