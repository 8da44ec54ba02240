/* SPDX-License-Identifier: ISC */
/* Names of IP protocols (IANA "Assigned Internet Protocol Numbers") and of well-known services. */
#ifndef YAGURA_NET_PROTOCOL_H
#define YAGURA_NET_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

/* "TCP", "ICMPv6", or "protocol 200"; returns `text` or a constant. */
const char *protocol_name(uint8_t protocol, char *text, size_t size);

/* "https" for 6, 443; NULL when it has no name here. */
const char *service_name(uint8_t protocol, uint16_t port);

#endif
