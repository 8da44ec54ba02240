/* SPDX-License-Identifier: ISC */
/*
 * The exporters of the broadband scenario: from sampled packets to datagrams.
 *
 * Private to broadband_wire.c (sampling, order in time) and broadband_exporter.c (messages).
 */
#ifndef YAGURA_SIMULATE_BROADBAND_WIRE_H
#define YAGURA_SIMULATE_BROADBAND_WIRE_H

#include "simulate/broadband.h"
#include "simulate/broadband_sampler.h"

#define BROADBAND_MESSAGE_ITEMS 64

struct broadband_tally {
	uint64_t messages, records;
};

struct broadband_exporter {
	const struct export_format *format;
	struct export_stream stream;
	struct broadband_sampler samplers[EXPORT_SAMPLERS];
	/* Packets and frame octets by sampler and direction: before this hour, and in it. */
	struct broadband_amount before[EXPORT_SAMPLERS][BROADBAND_DIRECTIONS];
	struct broadband_amount hour[EXPORT_SAMPLERS][BROADBAND_DIRECTIONS];
	struct broadband_amount zero[EXPORT_SAMPLERS]
				    [BROADBAND_DIRECTIONS]; /* at the last restart */
	/* the message being filled */
	struct broadband_sample items[BROADBAND_MESSAGE_ITEMS];
	size_t item_count;
	nsec_t opened;
	nsec_t refreshed; /* when templates and options were sent last */
	size_t restarts;
	/* truth */
	struct broadband_tally sent, received, lost;
	struct broadband_tally trailing; /* lost since the last message that arrived */
	struct broadband_tally unseen;   /* lost before a restart or the end: no number tells */
	uint64_t octets, templates, options;
	uint64_t forgotten; /* records in the cache when it restarted */
};

struct broadband_wire {
	struct broadband *b;                  /* borrowed */
	struct broadband_exporter *exporters; /* owned */
	size_t exporter_count;
	struct broadband_sample *samples; /* owned: of this hour, unordered */
	uint64_t *order;                  /* owned: time and index */
	uint64_t *scratch;                /* owned */
	size_t count, size, order_size;
	size_t hour;
	nsec_t hour_begin;
	int64_t second; /* of the last look at the clocks */
};

void broadband_exporter_init(struct broadband *b, struct broadband_exporter *x, size_t index);
/* Sends what is due: open messages after a second, templates and options, and restarts. */
void broadband_exporter_tick(struct broadband_wire *w, size_t index, nsec_t now);
void broadband_exporter_add(
    struct broadband_wire *w, size_t index, const struct broadband_sample *sample, nsec_t now);
/* Sends the open message. */
void broadband_exporter_flush(struct broadband_wire *w, size_t index, nsec_t now);
void broadband_exporter_finish(struct broadband_wire *w, size_t index, nsec_t now);

#endif
