/* SPDX-License-Identifier: ISC */
/*
 * An observation that its source has made whole: a line of a web log, of a server's or honeypot's
 * log.
 *
 * It comes as a packet of link type LINK_OBSERVED whose data are this structure (native, aligned
 * to 8, in the chunk's room).  Its octets lie in the chunk's buffer, as borrowed as the packet's.
 * The packet's time orders it; its source and destination choose the shard.
 */
#ifndef YAGURA_OBS_OBSERVED_H
#define YAGURA_OBS_OBSERVED_H

#include "obs/contact.h"
#include "obs/http.h"
#include "obs/login.h"

#define LINK_OBSERVED 0xfff3

enum observed_kind {
	OBSERVED_HTTP,
	OBSERVED_LOGIN,
	OBSERVED_CONTACT,
	OBSERVED_WATCH,
	OBSERVED_KINDS,
};

struct observed {
	uint64_t kind; /* enum observed_kind */
	union {
		struct http_request http;
		struct login login;
		struct contact contact;
		struct sensor_watch watch;
	};
};

#endif
