/* SPDX-License-Identifier: ISC */
/*
 * One event of a reassembled TCP stream.
 *
 * Octets come in order and once; where some were never seen a STREAM_GAP event says how many.
 * `data` is borrowed for the duration of the call.
 */
#ifndef YAGURA_OBS_STREAM_H
#define YAGURA_OBS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

enum stream_kind {
	STREAM_OPEN,  /* first packet of a connection; `midstream` when its SYN was not seen */
	STREAM_DATA,  /* `size` octets at `data` */
	STREAM_GAP,   /* `size` octets are missing here */
	STREAM_CLOSE, /* FIN both ways, RST, timeout, eviction or end of input; no more events with
			 this id */
};

struct stream_event {
	uint64_t id;       /* of the connection, unique within a run */
	uint8_t kind;      /* enum stream_kind */
	uint8_t direction; /* 0: sent by `source`, the initiator; 1: by `destination` */
	bool midstream;
	nsec_t time;           /* of the packet that completed it */
	struct address source; /* initiator: sender of the SYN, else the side with the higher port,
				  else of the first packet */
	struct address destination;
	uint16_t source_port, destination_port;
	uint64_t offset; /* of the first octet here from the start of its direction */
	const uint8_t *data;
	size_t size;
	uint64_t input_offset; /* of the packet's record in its input: evidence */
	void **user; /* the connection's own pointer, NULL when it opens: for the one who is
			delivered to, who frees what it points to at STREAM_CLOSE */
};

#endif
