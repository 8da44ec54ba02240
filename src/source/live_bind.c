/* SPDX-License-Identifier: ISC */
/* Listeners as text and as sockets; see live.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source/live_reader.h"

#define BACKLOG 128

static enum err
parse_address(const char *text, struct live_listener *ret_listener, struct err_info *info);

static bool
parse_port(const char *text, uint16_t *ret_port)
{
	unsigned long value = 0;

	if (text[0] == '\0' || strlen(text) > 5 || strspn(text, "0123456789") != strlen(text))
		return false;
	value = strtoul(text, NULL, 10);
	*ret_port = (uint16_t)value;
	return value > 0 && value <= UINT16_MAX;
}

static enum err
parse_path(const char *path, struct live_listener *ret_listener, struct err_info *info)
{
	struct live_listener listener = { .protocol = LIVE_DNSTAP, .stream = true };

	bool plain = true;

	for (const char *p = path; *p != '\0'; p++)
		plain &= *p > ' ' && *p < 0x7f && *p != '"' && *p != '\\';
	if (path[0] != '/' || strlen(path) >= sizeof listener.path || !plain)
		return err_set(info, ERR_CONFIG,
		    "\"unix:%.120s\" is not the absolute path of a unix socket, of at most %d "
		    "octets",
		    path, LIVE_PATH_SIZE - 1);
	(void)snprintf(listener.path, sizeof listener.path, "%s", path);
	*ret_listener = listener;
	return ERR_OK;
}

enum err
live_listener_parse(const char *text, struct live_listener *ret_listener, struct err_info *info)
{
	struct live_listener listener = { .protocol = LIVE_UDP };
	enum err e;

	if (strncmp(text, "unix:", 5) == 0)
		return parse_path(text + 5, ret_listener, info);
	if (strncmp(text, "tcp://", 6) != 0)
		return parse_address(text, ret_listener, info);
	e = parse_address(text + 6, &listener, info);
	if (e == ERR_OK) {
		listener.protocol = LIVE_DNSTAP;
		listener.stream = true;
		*ret_listener = listener;
	}
	return e;
}

static enum err
parse_address(const char *text, struct live_listener *ret_listener, struct err_info *info)
{
	struct live_listener listener = { .protocol = LIVE_UDP };
	const char *colon = strrchr(text, ':');
	const char *begin = text, *end = colon;
	char host[ADDRESS_TEXT_SIZE];
	bool good = colon != NULL && parse_port(colon + 1, &listener.port);

	if (good && *begin == '[' && end[-1] == ']') {
		begin++;
		end--;
	} else if (good && memchr(begin, ':', (size_t)(end - begin)) != NULL) {
		good = false;
	}
	good = good && end > begin && (size_t)(end - begin) < sizeof host;
	if (good) {
		memcpy(host, begin, (size_t)(end - begin));
		host[end - begin] = '\0';
		listener.both = strcmp(host, "*") == 0 && begin == text;
		good = listener.both || address_parse(host, &listener.address) == ERR_OK;
	}
	if (!good)
		return err_set(info, ERR_CONFIG,
		    "\"%.60s\" is not an address and port: 192.0.2.1:2055, [2001:db8::1]:2055, or "
		    "*:2055 for every address",
		    text);
	*ret_listener = listener;
	return ERR_OK;
}

char *
live_listener_format(const struct live_listener *listener, char *text)
{
	char host[ADDRESS_TEXT_SIZE] = "*";
	bool ipv6 = !listener->both && !address_is_ipv4(&listener->address);

	if (listener->path[0] != '\0') {
		(void)snprintf(text, LIVE_LISTENER_TEXT_SIZE, "unix:%s", listener->path);
		return text;
	}
	if (!listener->both)
		(void)address_format(&listener->address, host);
	(void)snprintf(text, LIVE_LISTENER_TEXT_SIZE, ipv6 ? "%s[%s]:%u" : "%s%s:%u",
	    listener->stream ? "tcp://" : "", host, (unsigned)listener->port);
	return text;
}

/* As much of a receive buffer as the system gives, and how much that is. */
static size_t
set_receive_buffer(int fd, size_t size)
{
	int wanted = size > INT32_MAX / 2 ? INT32_MAX / 2 : (int)size, got = 0;
	socklen_t length = sizeof got;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &length) != 0 || got < 0)
		return 0;
	return (size_t)got / 2; /* the kernel doubles what is asked for its own needs: socket(7) */
}

static int
set_options(int fd, const struct live_listener *listener, int family, bool shared)
{
	int on = 1, off = 0;

	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, listener->both ? &off : &on, sizeof on) != 0)
		return -1;
	if (listener->protocol != LIVE_UDP)
		return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
		return -1;
	/* Without them, times are those of reading, and drops are read when it is idle. */
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
	return 0;
}

static int
bind_address(int fd, const struct live_listener *listener, int family)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(listener->port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(listener->port) };

	if (family == AF_INET) {
		if (!listener->both)
			memcpy(&four.sin_addr, listener->address.octets + 12, 4);
		return bind(fd, (const struct sockaddr *)&four, sizeof four);
	}
	if (!listener->both)
		memcpy(&six.sin6_addr, listener->address.octets, 16);
	return bind(fd, (const struct sockaddr *)&six, sizeof six);
}

enum err
live_bind(const struct live_listener *listener, bool shared, size_t receive_buffer, int *ret_fd,
    size_t *ret_receive_buffer, struct err_info *info)
{
	bool tcp = listener->protocol != LIVE_UDP;
	int type = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int family = !listener->both && address_is_ipv4(&listener->address) ? AF_INET : AF_INET6;
	int fd = socket(family, type, 0);
	char text[LIVE_LISTENER_TEXT_SIZE];

	if (fd < 0 && errno == EAFNOSUPPORT && listener->both) { /* a machine without IPv6 */
		family = AF_INET;
		fd = socket(family, type, 0);
	}
	if (fd < 0 || set_options(fd, listener, family, shared) != 0 ||
	    bind_address(fd, listener, family) != 0 || (tcp && listen(fd, BACKLOG) != 0)) {
		enum err e = errno == EADDRINUSE ? ERR_BUSY : ERR_IO;

		err_set(info, e, "%s (%s): %s", live_listener_format(listener, text),
		    tcp ? "TCP" : "UDP", strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return e;
	}
	*ret_receive_buffer = set_receive_buffer(fd, receive_buffer);
	*ret_fd = fd;
	return ERR_OK;
}
