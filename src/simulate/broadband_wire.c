/* SPDX-License-Identifier: ISC */
/*
 * Hour by hour: flows are sampled, the samples put in the order in which the exporters send them;
 * see broadband.h and broadband_wire.h.
 *
 * A flow lies within its hour, so that the truth of an hour is exact.  It is exported when it has
 * been silent for fifteen seconds, or (sFlow) packet by packet at once.
 */
#include "simulate/broadband_wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"
#include "simulate/law.h"

enum {
	HOUR_MS = 3600 * 1000,
	ACTIVE_MS = 300 * 1000,  /* the longest flow */
	INACTIVE_MS = 15 * 1000, /* silence after which a flow is exported */
	FIRST_MS = 2000,         /* NetFlow v9 tells times to a second: none falls before the week,
				    or to who had the address before */
	DYNAMIC_PORT = 10000,    /* above every port that has a row of its own */
	USER_PORT = 49152,
	MOST_PACKETS = 1000000, /* of a record: its octets stay below 2^32 */
	FRAME_EXTRA = 18,       /* Ethernet header and check sequence */
	RADIX_BITS = 11,
	RADIX_SIZE = 1 << RADIX_BITS,
};

#define INDEX_BITS 40

static void
sample_flow(void *context, struct broadband_user *user, const struct broadband_flow *flow);
static void export_hour(struct broadband_wire *w, bool last);

/* What goes by: for the sampler that has to know beforehand how much it will be. */
struct count_context {
	uint64_t packets;
};

static void
count_flow(void *context, struct broadband_user *user, const struct broadband_flow *flow)
{
	struct count_context *c = context;

	for (int d = 0; d < BROADBAND_DIRECTIONS; d++) {
		uint64_t large, small;
		broadband_packets(user, flow, (enum broadband_direction)d, &large, &small);
		c->packets += large + small;
	}
}

/* Goes through the hour once and puts every user back to where he was. */
static void
count_hour(struct broadband_wire *w, size_t hour)
{
	struct broadband *b = w->b;
	uint64_t totals[BROADBAND_EXPORTERS][EXPORT_SAMPLERS] = { { 0 } };

	for (size_t i = 0; !b->options.random && i < b->options.users; i++) {
		struct broadband_user before = b->users[i];
		struct count_context c = { 0 };
		broadband_flows(b, i, hour, count_flow, &c);
		b->users[i] = before;
		totals[before.exporter][before.sampler] += c.packets;
	}
	for (size_t x = 0; x < w->exporter_count; x++)
		for (size_t s = 0; s < b->options.samplers; s++)
			broadband_sampler_hour(
			    &w->exporters[x].samplers[s], totals[x][s], b->random);
}

static struct broadband_sample *
new_sample(struct broadband_wire *w)
{
	if (w->count == w->size) {
		w->size = w->size * 2 + 4096;
		w->samples = xrealloc_array(w->samples, w->size, sizeof *w->samples);
	}
	return &w->samples[w->count++];
}

static uint32_t
flow_begin(const struct broadband_wire *w, const struct broadband_flow *flow)
{
	uint32_t begin = (uint32_t)(flow->at * HOUR_MS);

	bool edge = w->hour == 0 || w->hour == w->b->readdress_hour;

	return edge && begin < FIRST_MS ? FIRST_MS : begin;
}

/* 1 to 128 Mbit/s, but within the hour and the exporter's active timeout. */
static uint32_t
flow_duration(const struct broadband_flow *flow, uint64_t octets, uint32_t begin)
{
	uint64_t ms = octets * 8 / (1000U << (flow->salt >> 26 & 7));
	uint32_t left = HOUR_MS - 1 - begin;

	if (ms > ACTIVE_MS)
		ms = ACTIVE_MS;
	return ms < left ? (uint32_t)ms : left;
}

/* First and last of `packets` points that are uniform in 0…1. */
static void
draw_span(struct random *r, uint64_t packets, double *ret_first, double *ret_last)
{
	double first = law_uniform(r);

	*ret_first = *ret_last = first;
	if (packets <= 1)
		return;
	*ret_first = 1 - law_exp(law_log(1 - first) / (double)packets);
	*ret_last = *ret_first +
		    (1 - *ret_first) * law_exp(law_log(law_uniform(r)) / (double)(packets - 1));
}

/* Ports and the other end, the same for both directions of a flow. */
static void
identify(struct broadband_sample *sample, const struct broadband_flow *flow)
{
	const struct broadband_kind *kind = &broadband_kinds[flow->kind];
	uint64_t more = hash_mix64(flow->salt);

	sample->kind = flow->kind;
	sample->ipv6 = flow->ipv6;
	/* Few servers get much, many get little. */
	sample->remote = (uint32_t)(more & 0x1ffff) >> (more >> 17 & 7);
	if (kind->dynamic) {
		sample->port = (uint16_t)(DYNAMIC_PORT + (more >> 20) % 50000);
		sample->remote_port = (uint16_t)(DYNAMIC_PORT + (more >> 40) % 50000);
	} else if (kind->port != 0) {
		sample->port = (uint16_t)(USER_PORT + (more >> 20) % 16384);
		sample->remote_port = kind->port;
	}
}

static void
add_sample(struct broadband_wire *w, const struct broadband_sample *form, uint32_t begin,
    uint32_t duration, uint64_t packets, uint64_t octets)
{
	struct broadband_sample *sample = new_sample(w);
	bool single = w->exporters[w->b->users[form->user].exporter].format->packets;
	double first, last;

	draw_span(w->b->random, packets, &first, &last);
	*sample = *form;
	sample->first = (int32_t)(begin + first * duration);
	sample->last = (int32_t)(begin + last * duration);
	sample->packets = (uint32_t)packets;
	sample->octets = (uint32_t)octets;
	sample->at = (uint32_t)sample->last + (single ? 0 : INACTIVE_MS);
}

/* One record, or (sFlow, and where counters would overflow) several. */
static void
add_samples(struct broadband_wire *w, const struct broadband_sample *form, uint32_t begin,
    uint32_t duration, uint64_t large, uint64_t small)
{
	uint64_t size = form->direction == BROADBAND_IN ? BROADBAND_LARGE_IN : BROADBAND_LARGE_OUT;
	uint64_t most =
	    w->exporters[w->b->users[form->user].exporter].format->packets ? 1 : MOST_PACKETS;

	while (large + small > 0) {
		uint64_t now_large = large < most ? large : most;
		uint64_t now_small = small < most - now_large ? small : most - now_large;
		add_sample(w, form, begin, duration, now_large + now_small,
		    now_large * size + now_small * BROADBAND_SMALL);
		large -= now_large;
		small -= now_small;
	}
}

static void
add_amount(struct broadband_amount *amount, uint64_t packets, uint64_t octets)
{
	amount->packets += packets;
	amount->octets += octets;
}

static void
sample_flow(void *context, struct broadband_user *user, const struct broadband_flow *flow)
{
	struct broadband_wire *w = context;
	struct broadband *b = w->b;
	struct broadband_exporter *x = &w->exporters[user->exporter];
	uint32_t begin = flow_begin(w, flow);
	struct broadband_sample form = { .user = (uint32_t)(user - b->users) };

	for (unsigned d = 0; d < BROADBAND_DIRECTIONS; d++) {
		uint64_t size = d == BROADBAND_IN ? BROADBAND_LARGE_IN : BROADBAND_LARGE_OUT;
		struct broadband_sampler *sampler = &x->samplers[user->sampler];
		uint64_t large, small, octets, large_taken, small_taken;

		broadband_packets(user, flow, d, &large, &small);
		octets = large * size + small * BROADBAND_SMALL;
		add_amount(&b->counts.hours[w->hour][flow->kind][d], large + small, octets);
		add_amount(&b->counts.ports[user->peer][flow->kind][d], large + small, octets);
		add_amount(&x->hour[user->sampler][d], large + small,
		    octets + (large + small) * FRAME_EXTRA);
		large_taken = broadband_sampler_take(sampler, large, b->random);
		small_taken = broadband_sampler_take(sampler, small, b->random);
		if (large_taken + small_taken == 0)
			continue;
		identify(&form, flow);
		form.direction = d;
		add_samples(
		    w, &form, begin, flow_duration(flow, octets, begin), large_taken, small_taken);
	}
}

/* Orders by time in two passes over eleven bits each; equal times keep their order. */
static void
sort_samples(struct broadband_wire *w)
{
	if (w->order_size < w->size) {
		w->order_size = w->size;
		w->order = xrealloc_array(w->order, w->order_size, sizeof *w->order);
		w->scratch = xrealloc_array(w->scratch, w->order_size, sizeof *w->scratch);
	}
	for (size_t i = 0; i < w->count; i++)
		w->order[i] = (uint64_t)w->samples[i].at << INDEX_BITS | i;
	for (unsigned shift = INDEX_BITS; shift < INDEX_BITS + 2 * RADIX_BITS;
	     shift += RADIX_BITS) {
		size_t places[RADIX_SIZE] = { 0 }, sum = 0;
		uint64_t *sorted = w->scratch;
		for (size_t i = 0; i < w->count; i++)
			places[w->order[i] >> shift & (RADIX_SIZE - 1)]++;
		for (size_t i = 0; i < RADIX_SIZE; i++) {
			size_t count = places[i];
			places[i] = sum;
			sum += count;
		}
		for (size_t i = 0; i < w->count; i++)
			sorted[places[w->order[i] >> shift & (RADIX_SIZE - 1)]++] = w->order[i];
		w->scratch = w->order;
		w->order = sorted;
	}
}

static void
tick(struct broadband_wire *w, nsec_t now)
{
	int64_t second = floor_div(now, NSEC_PER_SEC);

	if (second == w->second)
		return;
	w->second = second;
	for (size_t x = 0; x < w->exporter_count; x++)
		broadband_exporter_tick(w, x, now);
}

/* What is due in this hour; the rest moves into the next. */
static void
export_hour(struct broadband_wire *w, bool last)
{
	size_t kept = 0, i = 0;
	struct broadband_sample *rest;

	sort_samples(w);
	for (; i < w->count; i++) {
		struct broadband_sample *sample =
		    &w->samples[w->order[i] & ((UINT64_C(1) << INDEX_BITS) - 1)];
		nsec_t now = w->hour_begin + sample->at * NSEC_PER_MS;
		if (sample->at >= HOUR_MS && !last)
			break;
		tick(w, now);
		broadband_exporter_add(w, w->b->users[sample->user].exporter, sample, now);
	}
	rest = xcalloc(w->count - i + 1, sizeof *rest);
	for (; i < w->count; i++) {
		rest[kept] = w->samples[w->order[i] & ((UINT64_C(1) << INDEX_BITS) - 1)];
		rest[kept].at -= HOUR_MS;
		rest[kept].first -= HOUR_MS;
		rest[kept++].last -= HOUR_MS;
	}
	if (kept > 0)
		memcpy(w->samples, rest, kept * sizeof *rest);
	w->count = kept;
	free(rest);
}

static void
end_hour(struct broadband_wire *w)
{
	for (size_t i = 0; i < w->exporter_count; i++) {
		struct broadband_exporter *x = &w->exporters[i];
		for (size_t s = 0; s < EXPORT_SAMPLERS; s++)
			for (size_t d = 0; d < BROADBAND_DIRECTIONS; d++)
				add_amount(
				    &x->before[s][d], x->hour[s][d].packets, x->hour[s][d].octets);
		memset(x->hour, 0, sizeof x->hour);
	}
}

static struct broadband_wire *
new_wire(struct broadband *b)
{
	struct broadband_wire *w = xcalloc(1, sizeof *w);

	w->b = b;
	w->second = INT64_MIN;
	w->exporter_count = b->options.format_count * b->options.exporters;
	w->exporters = xcalloc(w->exporter_count, sizeof *w->exporters);
	for (size_t i = 0; i < w->exporter_count; i++)
		broadband_exporter_init(b, &w->exporters[i], i);
	return w;
}

void
broadband_wire_run(struct broadband *b)
{
	const struct broadband_options *o = &b->options;
	struct broadband_wire *w = b->wire = new_wire(b);
	nsec_t end;

	w->hour_begin = o->start;
	tick(w, o->start); /* templates before the first data */
	for (w->hour = 0; w->hour < o->hours; w->hour++) {
		w->hour_begin = o->start + (nsec_t)w->hour * HOUR_MS * NSEC_PER_MS;
		count_hour(w, w->hour);
		for (size_t i = 0; i < o->users; i++)
			broadband_flows(b, i, w->hour, sample_flow, w);
		export_hour(w, false);
		end_hour(w);
	}
	w->hour_begin = o->start + (nsec_t)w->hour * HOUR_MS * NSEC_PER_MS;
	export_hour(w, true);
	end = w->hour_begin + INACTIVE_MS * NSEC_PER_MS + NSEC_PER_SEC;
	for (size_t x = 0; x < w->exporter_count; x++)
		broadband_exporter_finish(w, x, end);
}

void
broadband_wire_free(struct broadband_wire *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->exporter_count; i++)
		for (size_t s = 0; s < EXPORT_SAMPLERS; s++)
			broadband_sampler_release(&w->exporters[i].samplers[s]);
	free(w->exporters);
	free(w->samples);
	free(w->order);
	free(w->scratch);
	free(w);
}
