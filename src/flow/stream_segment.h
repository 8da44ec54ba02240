/* SPDX-License-Identifier: ISC */
/*
 * The TCP segment of a packet: what stream reassembly reads of it.
 */
#ifndef YAGURA_FLOW_STREAM_SEGMENT_H
#define YAGURA_FLOW_STREAM_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "obs/packet.h"

struct segment {
	const uint8_t *data; /* borrowed */
	uint32_t size;       /* octets at data */
	uint32_t declared;   /* octets on the wire: more than `size` when snapped */
	uint32_t seq, ack;
	uint16_t window;
	uint8_t flags; /* TCP_* */
	uint8_t scale; /* window scale option of a SYN */
};

/* Reads the segment; false when the packet is not TCP, or its lengths contradict each other. */
bool segment_read(const struct packet *p, struct segment *ret_segment);

#endif
