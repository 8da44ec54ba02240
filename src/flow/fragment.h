/* SPDX-License-Identifier: ISC */
/*
 * IP fragments.
 *
 * Two jobs, each with its own bounded table per shard:
 *
 * fragment_resolve gives fragments after the first the ports of their datagram, so that the meter
 * puts them into its flow.  A fragment that comes before its first is held (its description, not
 * its octets) until the first arrives, the timeout passes, or the table is full; `release` is then
 * called with it, in order of arrival.
 *
 * fragment_reassemble puts datagrams together for OBS_DATAGRAM subscribers (RFC 791, RFC 8200).
 * Where fragments of an IPv4 datagram overlap the first octets win; an IPv6 datagram is then given
 * up whole, as RFC 5722 has every receiver do.  Either is counted; the same octets sent again are
 * not an overlap.
 *
 * Both use the packets' own clock.  `release` must not call back into the table.
 */
#ifndef YAGURA_FLOW_FRAGMENT_H
#define YAGURA_FLOW_FRAGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "obs/drop.h"
#include "obs/packet.h"

struct fragment_options {
	size_t datagrams; /* most datagrams tracked at once; ports: also most fragments held */
	size_t memory;    /* reassembly only: most octets held at once */
	nsec_t timeout;   /* RFC 1122 asks for 60 to 120 s; RFC 8200 for 60 s */
	struct hash_secret secret;
	struct drop_counters *drops; /* borrowed */
	/* The packet is valid during the call.  With fragment_resolve it is a held fragment, ports
	 * set when known; its `data` is NULL.  With fragment_reassemble it is the whole datagram,
	 * PACKET_REASSEMBLED, before decode_transport: a description of its first fragment but
	 * for the time, which is of the one that completed it; `data` is what follows the IP
	 * header (IPv6: the fragment header), all offsets are 0, and the outer header of a
	 * tunnel is gone. */
	void (*release)(void *context, const struct packet *packet);
	void *context; /* borrowed */
};

struct fragment_usage {
	size_t datagrams; /* tracked */
	size_t held;      /* ports: fragments waiting; reassembly: octets of memory */
};

struct fragment_ports;

struct fragment_ports *fragment_ports_new(const struct fragment_options *options);
void fragment_ports_free(struct fragment_ports *table);
/* True when `packet` may be metered now (its ports have been filled in where they were missing);
 * false when it is held. */
bool fragment_resolve(struct fragment_ports *table, struct packet *packet);
/* Tells the time when no fragment does, so that what is held does not wait for the next one. */
void fragment_ports_advance(struct fragment_ports *table, nsec_t now);
/* Releases all that is held, with ports 0. */
void fragment_ports_finish(struct fragment_ports *table);
/* What is in use, for status and tests. */
struct fragment_usage fragment_ports_usage(const struct fragment_ports *table);

struct fragment_reassembly;

struct fragment_reassembly *fragment_reassembly_new(const struct fragment_options *options);
void fragment_reassembly_free(struct fragment_reassembly *table);
/* Takes one fragment; calls `release` when it completes a datagram. */
void fragment_reassemble(struct fragment_reassembly *table, const struct packet *packet);
/* Gives up what is incomplete, counting it. */
void fragment_reassembly_finish(struct fragment_reassembly *table);
/* What is in use, for status and tests. */
struct fragment_usage fragment_reassembly_usage(const struct fragment_reassembly *table);

#endif
