/* SPDX-License-Identifier: ISC */
/*
 * IPFIX over TCP, from packets of a capture: streams are put together and cut into messages by the
 * length in each message's header (RFC 7011, section 10.4).
 */
#ifndef YAGURA_PIPELINE_EXPORT_TCP_H
#define YAGURA_PIPELINE_EXPORT_TCP_H

#include <stdbool.h>

#include "decode/export.h"
#include "obs/packet.h"

struct export_tcp;

/* Messages go to `exports`, which is borrowed like `drops`. */
struct export_tcp *
export_tcp_new(struct hash_secret secret, struct drop_counters *drops, struct exports *exports);
void export_tcp_free(struct export_tcp *tcp);

/* Ends all streams: the input is over. */
void export_tcp_clear(struct export_tcp *tcp);

/* Whether a port is one that IPFIX exporters connect to. */
bool export_tcp_is_port(uint16_t port);

/* Takes a TCP packet; others than those to such a port are counted and not looked at. */
void
export_tcp_packet(struct export_tcp *tcp, const struct packet *packet, struct export_sink *sink);

#endif
