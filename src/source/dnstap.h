/* SPDX-License-Identifier: ISC */
/*
 * dnstap: what a DNS server says of the messages it sent and received.
 *
 * A frame is one protocol buffer `Dnstap` (dnstap.proto of dnstap.info); frames travel in Frame
 * Streams (frame_stream.h).  The decoder is by hand, because generated ones allocate for every
 * frame.
 *
 *	struct dnstap frame;
 *	if (dnstap_decode(octets, size, &frame) == DNSTAP_OK && dns_made_fits(run, 2))
 *		dnstap_give(&frame, &place, run);
 */
#ifndef YAGURA_SOURCE_DNSTAP_H
#define YAGURA_SOURCE_DNSTAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "obs/drop.h"
#include "source/capture.h"

/* Octets of a frame, borrowed. */
struct dnstap_octets {
	const uint8_t *data;
	size_t size;
};

enum dnstap_result {
	DNSTAP_OK = 0,
	DNSTAP_BAD_FRAME,    /* no protocol buffer, or one without what a dnstap frame must have */
	DNSTAP_UNKNOWN_TYPE, /* of frame or message */
	DNSTAP_NO_MESSAGE,   /* neither a query's nor a response's octets */
};

struct dnstap {
	struct dnstap_octets identity, version;
	struct dnstap_octets query, response; /* the messages; size 0: not there */
	struct dnstap_octets query_address, response_address;
	uint64_t query_sec, response_sec;
	uint32_t query_nsec, response_nsec;
	bool has_query_time, has_response_time;
	uint16_t query_port, response_port;
	uint32_t frame_type; /* 1: a message */
	uint32_t type;       /* enum of dnstap.proto: 1 AUTH_QUERY … 14 UPDATE_RESPONSE */
	uint32_t family;     /* 1 INET, 2 INET6 */
	uint32_t protocol;   /* 1 UDP … 7 DOQ */
};

/* What lies around a frame. */
struct dnstap_place {
	uint64_t input_offset;
	uint32_t input_length;
	nsec_t fallback;      /* the time of messages without one */
	nsec_t arrival;       /* of the frame; 0: not known (files) */
	uint8_t identity[64]; /* of frames without an identity: where they come from */
	uint8_t identity_size;
};

enum dnstap_result dnstap_decode(const uint8_t *frame, size_t size, struct dnstap *ret_frame);

/* Why, in words, and as a counter; not of DNSTAP_OK. */
const char *dnstap_reason(enum dnstap_result result);
enum drop dnstap_drop(enum dnstap_result result);

/* The name of its producer: the identity, or else the version. */
struct dnstap_octets dnstap_name(const struct dnstap *frame);

/* Adds the one or two messages of a frame to a run that has room for two. */
void
dnstap_give(const struct dnstap *frame, const struct dnstap_place *place, struct capture_run *run);

#endif
