/* SPDX-License-Identifier: ISC */
/*
 * One direction of a TCP connection: sequence numbers become offsets, octets come out in order.
 *
 * `offset` counts octets from the start of the direction that were delivered or given up; `next` is
 * the sequence number that stands there (RFC 9293 section 3.4: arithmetic modulo 2^32).  Everything
 * else is kept as an offset of 64 bits, so that wrapping happens in one place.
 */
#ifndef YAGURA_FLOW_STREAM_HALF_H
#define YAGURA_FLOW_STREAM_HALF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/held.h"
#include "flow/stream_segment.h"
#include "obs/drop.h"
#include "obs/stream.h"

enum half_flag {
	HALF_STARTED = 1 << 0, /* `next` is known */
	HALF_SYN = 1 << 1,     /* from its SYN: `isn` is known */
	HALF_FIN = 1 << 2,     /* `fin` is known */
	HALF_ACKED = 1 << 3,   /* `ack` and `window` are known */
	HALF_SCALED = 1 << 4,  /* `scale` is known: its SYN was seen */
};

struct half {
	uint64_t offset; /* octets delivered or given up */
	uint64_t end;    /* one past the highest octet seen, captured or not */
	uint64_t fin;    /* where the direction ends */
	struct held held;
	uint32_t next; /* sequence number of `offset` */
	uint32_t isn;
	uint32_t ack;    /* the other side's last acknowledgement of this one */
	uint32_t window; /* the largest window the other side has offered */
	uint8_t scale;   /* of the windows this side offers */
	uint8_t flags;
};

/* Where the octets of one direction go, and on whose account. */
struct half_output {
	struct held_budget *budget;
	struct drop_counters *drops;
	void (*deliver)(void *context, const struct stream_event *event);
	void *context;
	struct stream_event event; /* all but kind, offset, data and size is set */
	uint64_t record;           /* of the packet at hand: evidence */
};

/* Begins the direction with its SYN. */
void half_start_syn(struct half *h, const struct segment *s);

/* Begins it in the middle, with the first segment that was seen. */
void half_start_midstream(struct half *h, uint32_t seq);

/* Whether a receiver could take a segment that starts at `seq`: not beyond the window. */
bool half_takes(const struct half *h, uint32_t seq);

/* Whether a reset sent by this side, at `seq`, would be believed. */
bool half_believes_reset(const struct half *h, uint32_t seq);

/* Whether an acknowledgement is of octets this side is known to have sent. */
bool half_has_sent(const struct half *h, uint32_t ack);

/* The other side acknowledged.  True when octets of before *ret_until are still missing, which will
 * not be sent again: half_give_up has them reported. */
bool half_acknowledge(struct half *h, uint32_t ack, uint32_t window, uint64_t *ret_until);
void half_give_up(struct half *h, struct half_output *out, uint64_t until);

enum half_result {
	HALF_TAKEN,
	HALF_OVER_LIMIT,  /* what must be held does not fit under the direction's limit … */
	HALF_OVER_BUDGET, /* … or not into the shared budget */
};

/*
 * Takes the octets and the FIN of one segment (half_takes is true, the direction is started); what
 * is held may cost up to `limit`.  When it does not fit nothing is taken: the caller makes room
 * elsewhere or with half_give_way, and tries again.
 */
enum half_result
half_take(struct half *h, struct half_output *out, const struct segment *segment, size_t limit);

/* Gives up the first hole: reports it as a gap, up to what is held or to a segment at `seq` that
 * waits to be taken, and delivers what is held there. */
void half_give_way(struct half *h, struct half_output *out, uint32_t seq);

/* Delivers all that is held and reports what is missing. */
void half_flush(struct half *h, struct half_output *out);

/* Whether everything up to its FIN was delivered or given up. */
static inline bool
half_is_finished(const struct half *h)
{
	return (h->flags & HALF_FIN) && h->offset >= h->fin;
}

#endif
