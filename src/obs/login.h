/* SPDX-License-Identifier: ISC */
/*
 * An attempt to log in: a line of a server's or honeypot's log, a dialogue in packets.
 *
 * Passwords are given for honeypots only, where nobody has a right to one.
 */
#ifndef YAGURA_OBS_LOGIN_H
#define YAGURA_OBS_LOGIN_H

#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"
#include "obs/octets.h"

enum login_outcome {
	LOGIN_FAILED,
	LOGIN_SUCCEEDED,
	LOGIN_UNKNOWN,       /* it was tried; what came of it was not seen */
	LOGIN_LIKELY_FAILED, /* encrypted: concluded from sizes and times */
	LOGIN_LIKELY_SUCCEEDED,
};

enum login_origin {
	LOGIN_FROM_PACKETS,
	LOGIN_FROM_LOG,
	LOGIN_FROM_HONEYPOT,
};

struct login {
	nsec_t time;
	struct address source, destination; /* destination: zeros where a log does not say */
	uint16_t source_port, destination_port;
	uint8_t outcome, origin;
	bool no_such_user;   /* the server said that it has no such account */
	uint32_t count;      /* attempts that this stands for, at least 1 */
	const char *service; /* "ssh", "ftp", "telnet", "http", …: a constant */
	struct octets host;  /* the server's or sensor's name in the log */
	struct octets user, password;
	struct octets client; /* version the client says it is */
	uint64_t input_offset;
	uint32_t input_length;
};

#endif
