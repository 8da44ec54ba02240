/* SPDX-License-Identifier: ISC */
/*
 * Somebody who takes messages over a socket: unix (datagrams or a stream), UDP or TCP.
 *
 *	unix:/dev/log    udp://192.0.2.1:514    udp://[2001:db8::1]:514    tcp://logs.example:601
 *
 * A connection is made when it is needed and made anew when the other side has closed it.
 */
#ifndef YAGURA_ALERT_PEER_H
#define YAGURA_ALERT_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum peer_kind {
	PEER_UNIX, /* datagrams if it takes them, else a stream */
	PEER_UDP,
	PEER_TCP,
};

struct peer {
	enum peer_kind kind;
	char host[256], port[8]; /* host is the path of a unix socket */
	unsigned timeout_ms;
	int fd; /* -1: not connected */
	bool stream;
};

/* ERR_CONFIG when it is no such text. */
MUST_CHECK enum err
peer_parse(const char *text, unsigned timeout_ms, struct peer *ret_peer, struct err_info *info);

/* Connects if need be.  ERR_IO. */
MUST_CHECK enum err peer_connect(struct peer *peer, struct err_info *info);

/* Sends all of it within the timeout, or closes the connection: ERR_IO. */
MUST_CHECK enum err
peer_send(struct peer *peer, const char *data, size_t size, struct err_info *info);

void peer_close(struct peer *peer);

#endif
