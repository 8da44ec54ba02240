/* SPDX-License-Identifier: ISC */
/* Sockets of a sensor; see listeners.h. */
#include "sensor/listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/xmalloc.h"

/* linux/in6.h, which cannot be included beside netinet/in.h */
#define SOCKET_IP6_ORIGINAL    74 /* IPV6_RECVORIGDSTADDR, IPV6_ORIGDSTADDR */
#define SOCKET_IP6_TRANSPARENT 75 /* IPV6_TRANSPARENT */
#define BACKLOG                1024
#define RECEIVE_BUFFER         (1 << 20)
#define CONTROL_SIZE           256

static socklen_t
to_system(const struct address *address, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof *ret);
	if (address_is_ipv4(address)) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		memcpy(&four->sin_addr, address->octets + 12, 4);
		return sizeof *four;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	memcpy(&six->sin6_addr, address->octets, 16);
	return sizeof *six;
}

void
listeners_address(
    const struct sockaddr_storage *from, struct address *ret_address, uint16_t *ret_port)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;

	if (from->ss_family == AF_INET) {
		*ret_address = address_from_ipv4((const uint8_t *)&four->sin_addr);
		*ret_port = ntohs(four->sin_port);
	} else {
		*ret_address = address_from_ipv6(six->sin6_addr.s6_addr);
		*ret_port = ntohs(six->sin6_port);
	}
}

static bool
set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* Options that must stand before bind(). */
static bool
prepare(int fd, bool six, bool udp, bool transparent)
{
	int level = six ? IPPROTO_IPV6 : IPPROTO_IP;

	if (!udp && !set(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return false;
	if (six && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return false;
	if (transparent && !set(fd, level, six ? SOCKET_IP6_TRANSPARENT : IP_TRANSPARENT, 1))
		return false;
	if (udp && !set(fd, level, six ? SOCKET_IP6_ORIGINAL : IP_RECVORIGDSTADDR, 1))
		return false;
	if (udp)
		(void)set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	return true;
}

static enum err
refuse(struct err_info *info, const struct address *address, uint16_t port, bool udp)
{
	char text[ADDRESS_TEXT_SIZE];
	int why = errno;

	return err_set(info, ERR_IO, "%s port %u of %s: %s", udp ? "UDP" : "TCP", port,
	    address_format(address, text), strerror(why));
}

static enum err
open_one(struct listeners *all, const struct address *address, uint16_t port, bool udp,
    const struct sensor_options *options, struct err_info *info)
{
	struct sockaddr_storage where;
	socklen_t size = to_system(address, port, &where);
	bool six = where.ss_family == AF_INET6;
	int fd;

	if (all->count == LISTENERS_MAX)
		return err_set(info, ERR_LIMIT,
		    "more than %d sockets: use --all-ports for so many ports", LISTENERS_MAX);
	fd = socket(
	    where.ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return refuse(info, address, port, udp);
	if (!prepare(fd, six, udp, options->all_ports) ||
	    bind(fd, (const struct sockaddr *)&where, size) != 0 ||
	    (!udp && listen(fd, BACKLOG) != 0)) {
		enum err e = refuse(info, address, port, udp);

		(void)close(fd);
		return e;
	}
	if (all->count == all->room) {
		all->room = all->room == 0 ? 64 : 2 * all->room;
		all->list = xrealloc_array(all->list, all->room, sizeof all->list[0]);
	}
	all->list[all->count++] = (struct listener){ fd, udp };
	return ERR_OK;
}

static enum err
open_ports(struct listeners *all, const struct address *address, const struct ports *ports,
    bool udp, const struct sensor_options *options, struct err_info *info)
{
	enum err e = ERR_OK;

	for (unsigned port = 1; port <= UINT16_MAX && e == ERR_OK; port++)
		if (ports_have(ports, port))
			e = open_one(all, address, (uint16_t)port, udp, options, info);
	return e;
}

static bool
has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

enum err
listeners_open(
    const struct sensor_options *options, struct listeners *ret_listeners, struct err_info *info)
{
	static const uint8_t ANY[4];
	struct address wildcards[2] = { address_from_ipv4(ANY) };
	const struct address *addresses = options->addresses;
	size_t count = options->address_count;
	struct ports one = { 0 };
	const struct ports *tcp = &options->tcp, *udp = &options->udp;
	enum err e = ERR_OK;

	*ret_listeners = (struct listeners){ 0 };
	if (count == 0) {
		addresses = wildcards;
		count = has_ipv6() ? 2 : 1;
		if (count == 1)
			options->say(
			    options->context, "there is no IPv6 here: listening on IPv4 only");
	}
	if (options->all_ports) {
		ports_add(&one, options->transparent_port);
		tcp = udp = &one;
	}
	for (size_t i = 0; i < count && e == ERR_OK; i++) {
		e = open_ports(ret_listeners, &addresses[i], tcp, false, options, info);
		if (e == ERR_OK)
			e = open_ports(ret_listeners, &addresses[i], udp, true, options, info);
	}
	if (e != ERR_OK)
		listeners_close(ret_listeners);
	return e;
}

void
listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		(void)close(listeners->list[i].fd);
	free(listeners->list);
	*listeners = (struct listeners){ 0 };
}

/* Where a datagram was sent to, as the kernel says beside it. */
static void
read_control(struct msghdr *message, struct datagram *d)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		struct sockaddr_storage where = { 0 };
		size_t size = c->cmsg_len - CMSG_LEN(0);

		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_ORIGDSTADDR) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == SOCKET_IP6_ORIGINAL)) {
			memcpy(&where, CMSG_DATA(c), size < sizeof where ? size : sizeof where);
			listeners_address(&where, &d->ends.destination, &d->ends.destination_port);
		}
	}
}

bool
listeners_receive(int fd, void *data, size_t room, struct datagram *ret_datagram)
{
	struct sockaddr_storage from = { 0 };
	_Alignas(struct cmsghdr) char control[CONTROL_SIZE];
	struct iovec where = { .iov_base = data, .iov_len = room };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &where,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	ssize_t size = recvmsg(fd, &message, MSG_TRUNC | MSG_DONTWAIT);

	if (size < 0)
		return false;
	*ret_datagram = (struct datagram){ .size = (size_t)size };
	listeners_address(&from, &ret_datagram->ends.source, &ret_datagram->ends.source_port);
	read_control(&message, ret_datagram);
	return true;
}
