/* SPDX-License-Identifier: ISC */
/*
 * Conversations between two stations, as a capture at the client's (or the site's) edge sees them.
 *
 * TCP is without loss: handshake, slow start up to a window of 40 segments, an acknowledgement for
 * every second segment, orderly close.  A talk goes forward by itself: `now` is the earliest time
 * of the next packet.
 *
 *	struct talk talk = talk_begin(simulation, client, server, ipv6, at);
 *	talk_open(&talk, 443);
 *	talk_send(&talk, TALK_CLIENT, request, size);
 *	talk_send_filler(&talk, TALK_SERVER, 200000, true);
 *	talk_close(&talk);
 */
#ifndef YAGURA_SIMULATE_TALK_H
#define YAGURA_SIMULATE_TALK_H

#include <stdbool.h>

#include "simulate/simulation.h"

/* A host on either side of the capture. */
struct station {
	uint8_t mac[6];  /* as seen on the site's segment: the router's for what is outside */
	uint16_t vlan;   /* its segment, or FRAME_VLAN_NONE */
	uint8_t ttl;     /* of its packets where they are captured */
	nsec_t distance; /* mean round trip from the capture to it */
	struct address ipv4;
	struct address ipv6;
	uint16_t ip_id;    /* of its next IPv4 packet */
	uint16_t port;     /* its next ephemeral port less 49152 */
	nsec_t next_clock; /* earliest time of its next time request */
	nsec_t next_echo;  /* earliest time of its next ping */
	unsigned number;   /* its place among its kind */
};

enum talk_side {
	TALK_CLIENT = 0,
	TALK_SERVER = 1,
};

struct talk {
	struct simulation *simulation;
	struct station *sides[2];
	bool ipv6;
	nsec_t now;
	nsec_t rtt[2]; /* from the capture to each side and back, in this talk */
	uint16_t ports[2];
	uint32_t next[2]; /* TCP: sequence number of the next octet */
};

/* Prepares a talk that begins at `at`; the client gets a fresh ephemeral port. */
struct talk talk_begin(struct simulation *simulation, struct station *client,
    struct station *server, bool ipv6, nsec_t at);

/* One UDP datagram; the answer of the other side comes a round trip later. */
void
talk_datagram(struct talk *talk, enum talk_side from, const uint8_t *payload, size_t payload_size);

/* TCP. */
void talk_open(struct talk *talk, uint16_t server_port);
void talk_send(struct talk *talk, enum talk_side from, const uint8_t *data, size_t size);
/* Sends random octets; in TLS application-data records (RFC 8446, section 5.1) where asked. */
void talk_send_filler(struct talk *talk, enum talk_side from, uint64_t size, bool tls);
void talk_close(struct talk *talk);

/* `count` ICMP or ICMPv6 echo requests a second apart, each answered. */
void talk_echo(struct talk *talk, unsigned count);

/* Somebody thinks. */
void talk_wait(struct talk *talk, nsec_t time);

#endif
