/* SPDX-License-Identifier: ISC */
/*
 * DNS messages out of TCP streams (RFC 1035, 4.2.2; RFC 7766): two octets of length before each.
 *
 * Takes stream events; delivers whole messages, however they were cut into segments.  After missing
 * octets, or where a connection was joined in the middle, it hunts for the next place where a
 * length is followed by a header and question that make sense.  Memory is bounded: connections,
 * octets held in all.
 */
#ifndef YAGURA_FLOW_DNS_FRAMER_H
#define YAGURA_FLOW_DNS_FRAMER_H

#include "base/hash.h"
#include "obs/drop.h"
#include "obs/stream.h"

struct dns_framer;

/* One message: `data` is borrowed for the call; `event` the one that completed it. */
typedef void (*dns_framer_fn)(
    void *context, const struct stream_event *event, const uint8_t *data, size_t size);

struct dns_framer_options {
	size_t connections; /* with a message begun, at once */
	size_t memory;      /* octets of messages begun */
	struct hash_secret secret;
	struct drop_counters *drops; /* DNS_STREAM_… */
	dns_framer_fn deliver;
	void *context;
};

struct dns_framer *dns_framer_new(const struct dns_framer_options *options);
void dns_framer_free(struct dns_framer *framer);
void dns_framer_event(struct dns_framer *framer, const struct stream_event *event);

#endif
