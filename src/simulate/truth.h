/* SPDX-License-Identifier: ISC */
/*
 * What a simulation wrote, counted exactly, by the definitions the review uses.
 *
 * Octets are those of the IP packet (L3).  Service port: the smaller port of TCP and UDP when it is
 * below 1024, else "dynamic".  Flows are bidirectional, cut by an active and an idle timeout.  The
 * document is described in doc/simulate.md.
 */
#ifndef YAGURA_SIMULATE_TRUTH_H
#define YAGURA_SIMULATE_TRUTH_H

#include <jansson.h>

#include "base/clock.h"
#include "net/address.h"

/* One frame, as the counters see it. */
struct truth_note {
	nsec_t time;
	uint32_t frame_size;
	uint32_t octets; /* 0: not IP */
	uint16_t vlan;   /* or 0xffff */
	struct address source, destination;
	uint16_t source_port, destination_port; /* 0 without ports */
	uint8_t protocol;
};

struct truth;

struct truth *truth_new(void);

/* Says, before the first frame, when the first bin begins, how long a bin is, and which prefixes
 * are the site's own (copied). */
void truth_begin(
    struct truth *truth, nsec_t begin, nsec_t bin, const struct prefix *own, size_t own_count);

void truth_free(struct truth *truth);

/* Counts no flows, pairs and ports: their keys are left out of the document. */
void truth_count_totals(struct truth *truth);

/* Counts one frame; frames come in the order of their times. */
void truth_frame(struct truth *truth, const struct truth_note *note);

/* Counts one TCP handshake: SYN to SYN-ACK as the capture sees it. */
void truth_handshake(struct truth *truth, nsec_t rtt);

/* Adds a value of the scenario's own to the document, under `name`; it is taken over. */
void truth_tell(struct truth *truth, const char *name, json_t *value);

/* The document's counted part, to be owned by the caller. */
json_t *truth_json(const struct truth *truth);

#endif
