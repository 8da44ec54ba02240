/* SPDX-License-Identifier: ISC */
/*
 * TLS over TCP, and DTLS over UDP, as a protocol of contents (decode/content.h): yields OBS_TLS.
 *
 * Most octets of a network are application data.  Of a record of these nothing is looked at but its
 * header: the rest is passed over by its length.
 */
#ifndef YAGURA_DECODE_TLS_H
#define YAGURA_DECODE_TLS_H

#include "decode/content.h"

extern const struct content_protocol content_tls;

/* The datagrams of it, for content_tls alone: sessions of DTLS by their two ends. */
bool tls_datagram_sniff(const struct packet *packet, const uint8_t *payload, size_t size);
void tls_datagram_take(void **state, const struct content_sink *sink, const struct packet *packet,
    const uint8_t *payload, size_t size);
void tls_datagram_end(void **state, const struct content_sink *sink);

#endif
