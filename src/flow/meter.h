/* SPDX-License-Identifier: ISC */
/*
 * The metering process: packets in, bidirectional flows (RFC 5103) out.  One meter per shard.
 *
 * A flow is keyed by both addresses, both ports, protocol and IP version, and by the outermost VLAN
 * when asked.  For ICMP and ICMPv6 the key has type and code in place of the ports, a reply under
 * its request's type, so that an echo and its answer are one flow.  The initiator is the sender of
 * the SYN, else of the first packet.
 *
 * A flow ends, by the packets' own clock, when
 *   - a packet comes more than `idle` after the last one (or nothing comes: found by a timing
 * wheel),
 *   - a packet comes `active` or more after the first one (the flow goes on in a new record),
 *   - TCP closed it (FIN both ways, or RST) and then a SYN or CLOSE_LINGER of silence follow,
 *   - the table is full: the flow nearest to its idle timeout goes,
 *   - the input ends, or its clock steps back by more than CLOCK_STEP.
 *
 * What is exported depends only on the packets and their order, never on the hash secret, on how
 * the packets were batched, or on other shards.
 */
#ifndef YAGURA_FLOW_METER_H
#define YAGURA_FLOW_METER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"
#include "obs/drop.h"
#include "obs/flow.h"
#include "obs/packet.h"

#define METER_BATCH        256                        /* flows handed over at once, at most */
#define METER_CLOSE_LINGER ((nsec_t)5 * NSEC_PER_SEC) /* a closed connection's last packets */
#define METER_CLOCK_STEP   ((nsec_t)3600 * NSEC_PER_SEC)

struct meter_options {
	size_t capacity; /* flows held at once, at most; memory grows with use up to about 160
			    octets each */
	nsec_t active;   /* active timeout */
	nsec_t idle;     /* idle timeout */
	bool vlan_key;   /* the outermost VLAN is part of the key */
	struct hash_secret secret;
	struct drop_counters *drops; /* borrowed */
	/* Takes up to METER_BATCH ended flows, valid during the call. */
	void (*deliver)(void *context, const struct flow *flows, size_t count);
	void *context; /* borrowed */
};

struct meter;

struct meter *meter_new(const struct meter_options *options);
void meter_free(struct meter *meter);

/* Takes packets of kind PACKET_IP (others are ignored), at most METER_BATCH. */
void meter_packets(struct meter *meter, const struct packet *const *packets, size_t count);

/* Delivers ended flows that wait for their batch to fill. */
void meter_flush(struct meter *meter);

/* Ends every flow (FLOW_END_FORCED) and delivers all. */
void meter_finish(struct meter *meter);

/* Flows held now. */
size_t meter_active(const struct meter *meter);

#endif
