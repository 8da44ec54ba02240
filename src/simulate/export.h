/* SPDX-License-Identifier: ISC */
/*
 * Writes what an exporter sends: messages of NetFlow v5 and v9, IPFIX and sFlow v5.
 *
 * The formats share one interface.  A message is begun, items are added until it is full, and it is
 * ended; templates, options and counters are messages of their own:
 *
 *	format->begin(&stream, now);
 *	while (more && format->add(&stream, &item))
 *		…
 *	size = format->end(&stream);
 *	send(stream.message, size);
 *
 * Items are unscaled: counts of the sampled packets.  sFlow has no flows; there an item is one
 * sampled packet.
 */
#ifndef YAGURA_SIMULATE_EXPORT_H
#define YAGURA_SIMULATE_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

/* UDP payload of a message at most: what a frame of 1,500 octets holds over IPv4. */
#define EXPORT_MESSAGE_SIZE 1472
#define EXPORT_SAMPLERS     2
#define EXPORT_INTERFACES   4

enum {
	EXPORT_TEMPLATE_IPV4 = 256,
	EXPORT_TEMPLATE_IPV6 = 257,
	EXPORT_TEMPLATE_OPTIONS = 258,
};

struct export_sampler {
	uint32_t rate; /* one in so many packets */
	bool random;   /* else count-based */
	/* sFlow, where a sampler is a data source of its own */
	uint32_t sequence; /* flow samples so far */
	uint64_t pool;     /* packets that could have been sampled, with the sample at hand */
};

/* What an interface has counted: octets of whole frames, as RFC 2863 and 3635 say. */
struct export_interface {
	uint32_t index;
	uint64_t speed; /* bit/s */
	uint64_t in_octets, out_octets, in_packets, out_packets;
	uint32_t sequence; /* counter samples so far */
};

struct export_item {
	nsec_t first, last; /* of the sampled packets */
	struct address source, destination;
	uint16_t source_port, destination_port;
	uint8_t protocol, tos, tcp_flags;
	uint8_t source_mask, destination_mask;
	uint8_t sampler; /* index of its sampler */
	uint32_t octets, packets;
	uint32_t input, output; /* interfaces */
	uint32_t source_as, destination_as;
};

/* One exporter and observation domain. */
struct export_stream {
	struct address exporter; /* sFlow's agent address: IPv4 */
	uint32_t domain;         /* source ID, domain, sub-agent; v5: engine type and ID, 16 bits */
	nsec_t boot;             /* when its system uptime was 0 */
	uint32_t sequence;       /* of the next message, in the protocol's own unit */
	struct export_sampler samplers[EXPORT_SAMPLERS];
	size_t sampler_count;
	struct export_interface interfaces[EXPORT_INTERFACES];
	size_t interface_count;

	/* the message being made */
	uint8_t message[EXPORT_MESSAGE_SIZE];
	size_t size;
	size_t set; /* where the open set begins, or 0 */
	uint16_t set_id;
	uint32_t set_items; /* records of this message so far: items, templates, options */
	nsec_t now;
};

struct export_format {
	const char *name;
	uint8_t version;       /* as the message says */
	uint16_t port;         /* where collectors listen for it */
	uint32_t largest_rate; /* that it can say */
	bool ipv6, two_samplers;
	bool packets; /* an item is one packet: sFlow */
	void (*begin)(struct export_stream *stream, nsec_t now);
	/* False when the message has no room for it; a message has room for one at least. */
	bool (*add)(struct export_stream *stream, const struct export_item *item);
	/* Writes counts and sizes, moves the sequence on; returns the message's size. */
	size_t (*end)(struct export_stream *stream);
	/* A whole message with the templates, or NULL. */
	size_t (*templates)(struct export_stream *stream, nsec_t now);
	/* A whole message with the sampling options and their template, or the counters of the
	 * interfaces, or NULL. */
	size_t (*options)(struct export_stream *stream, nsec_t now);
};

extern const struct export_format export_netflow5, export_netflow9, export_ipfix, export_sflow;

/* By name: v5, v9, ipfix, sflow; or NULL. */
const struct export_format *export_format_find(const char *name);

/* Milliseconds since boot, in 32 bits that wrap after 49.7 days. */
uint32_t export_uptime(const struct export_stream *stream, nsec_t time);

/* What NetFlow v9 and IPFIX share: appends to the message; sets begin with an ID and their length.
 */
void export_put8(struct export_stream *stream, uint8_t value);
void export_put16(struct export_stream *stream, uint16_t value);
void export_put32(struct export_stream *stream, uint32_t value);
void export_put64(struct export_stream *stream, uint64_t value);
void export_put_address(struct export_stream *stream, const struct address *address);
void export_open_set(struct export_stream *stream, uint16_t id);
/* Pads to four octets and writes the length; harmless without an open set. */
void export_close_set(struct export_stream *stream);
/* Whether another record of `size` octets fits, with a set to be opened for it if need be. */
bool export_has_room(const struct export_stream *stream, uint16_t set_id, size_t size);

#endif
