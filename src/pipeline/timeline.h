/* SPDX-License-Identifier: ISC */
/*
 * Where windows begin, as the packets of one input come by.
 *
 * A window is a multiple of its length since 1970.  A packet at or after the end of the open window
 * opens its own.  An older packet is counted into the open window (DROP_TIME_LATE), unless it lies
 * more than one whole window before it: then the clock has been set back (or files were joined out
 * of order) and its window is opened again, up to TIMELINE_STEPS times an input.
 */
#ifndef YAGURA_PIPELINE_TIMELINE_H
#define YAGURA_PIPELINE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "obs/drop.h"
#include "obs/packet.h"

#define TIMELINE_STEPS 1000
#define TIMELINE_GAP   ((nsec_t)3600 * NSEC_PER_SEC)

struct timeline {
	nsec_t length; /* of a window */
	nsec_t begin;  /* of the open window */
	nsec_t last;   /* the packet before */
	unsigned steps;
	bool open;
};

/* A place where a window begins: the packet's number in its chunk, and the window's begin. */
struct timeline_cut {
	size_t at;
	nsec_t begin;
};

/* Of a live input: whether the open window has passed at time `now`, which then closes it.  What
 * comes later than TIMELINE_GRACE after its window opens that window again. */
#define TIMELINE_GRACE NSEC_PER_SEC
bool timeline_lapse(struct timeline *timeline, nsec_t now);

/* Finds the cuts of a chunk, at most one a packet; the first packet of an input is always a cut.
 * Returns how many. */
size_t timeline_scan(struct timeline *timeline, const struct packet *packets, size_t count,
    struct timeline_cut *ret_cuts, struct drop_counters *drops);

#endif
