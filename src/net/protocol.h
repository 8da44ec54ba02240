/* SPDX-License-Identifier: ISC */
/* Names of IP protocols (IANA "Assigned Internet Protocol Numbers") and of well-known services. */
#ifndef YAGURA_NET_PROTOCOL_H
#define YAGURA_NET_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "TCP", "ICMPv6", or "protocol 200"; returns `text` or a constant. */
const char *protocol_name(uint8_t protocol, char *text, size_t size);

/* The number of a protocol by its name, in any case and also as other tools write it ("ICMP6"), or
 * by its number in decimal; false when it is neither. */
bool protocol_parse(const char *name, uint8_t *ret_protocol);

/* "https" for 6, 443; NULL when it has no name here. */
const char *service_name(uint8_t protocol, uint16_t port);

#endif
