/* SPDX-License-Identifier: ISC */
/*
 * The sockets a sensor listens on, bound before privileges go.
 *
 * Of UDP the destination of each datagram is asked for, of TCP it is the accepted socket's own
 * address: with a firewall that diverts all ports to one (sensor/firewall.h) that is the address
 * and port that was meant.
 */
#ifndef YAGURA_SENSOR_LISTENERS_H
#define YAGURA_SENSOR_LISTENERS_H

#include <sys/socket.h>

#include "sensor/sensor.h"
#include "sensor/visitors.h"

#define LISTENERS_MAX 16384

struct listener {
	int fd; /* owned */
	bool udp;
};

struct listeners {
	struct listener *list; /* owned */
	size_t count, room;
};

/* Binds all; what does not exist on this machine (IPv6) is said. */
MUST_CHECK enum err listeners_open(
    const struct sensor_options *options, struct listeners *ret_listeners, struct err_info *info);
void listeners_close(struct listeners *listeners);

/* An address and port of the system's. */
void listeners_address(
    const struct sockaddr_storage *from, struct address *ret_address, uint16_t *ret_port);

/* A datagram. */
struct datagram {
	struct visitor_ends ends;
	size_t size; /* octets it had, which may be more than were kept */
};

/* Takes the next datagram, of which up to `room` octets are kept; false when there is none. */
bool listeners_receive(int fd, void *data, size_t room, struct datagram *ret_datagram);

#endif
