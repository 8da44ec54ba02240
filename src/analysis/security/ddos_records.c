/* SPDX-License-Identifier: ISC */
/*
 * security/ddos from flow records, and what ended flows add to packets: connections and downloads.
 *
 * A record's packets are spread evenly over its time.  Where its exporter samples, counts are
 * multiplied, and the variance of the estimate, N (N - 1) for each sampled packet, is kept beside
 * them (doc/analyses/sampling.md).
 */
#include <string.h>

#include "analysis/exports.h"
#include "analysis/security/ddos.h"

#define SLOTS_MOST       360     /* of one record; of a longer one the last hour is taken */
#define DOWNLOAD         1000000 /* octets of a flow that may be part of a download */
#define DOWNLOAD_PACKETS 4000    /* the same, packets: of the acknowledgements */

/* ------------------------------------------------------------------ downloads */

static struct ddos_pair *
smallest(struct ddos_pairs *pairs)
{
	struct ddos_pair *least = &pairs->list[0];

	for (uint32_t i = 1; i < pairs->count; i++) {
		const struct ddos_pair *p = &pairs->list[i];
		if (p->packets < least->packets ||
		    (p->packets == least->packets && p->octets < least->octets))
			least = &pairs->list[i];
	}
	return least;
}

void
ddos_pairs_enter(struct ddos_pairs *pairs, const struct ddos_pair *pair)
{
	struct ddos_pair *p = NULL;

	for (uint32_t i = 0; i < pairs->count && p == NULL; i++)
		if (address_equal(&pairs->list[i].target, &pair->target) &&
		    address_equal(&pairs->list[i].source, &pair->source))
			p = &pairs->list[i];
	if (p != NULL) {
		p->begin = pair->begin < p->begin ? pair->begin : p->begin;
		p->end = pair->end > p->end ? pair->end : p->end;
		p->octets += pair->octets;
		p->packets += pair->packets;
		return;
	}
	if (pairs->count < DDOS_PAIRS) {
		pairs->list[pairs->count++] = *pair;
		return;
	}
	pairs->refused++;
	p = smallest(pairs);
	if (p->packets < pair->packets)
		*p = *pair;
}

void
ddos_pairs_merge(struct ddos_pairs *into, const struct ddos_pairs *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		ddos_pairs_enter(into, &from->list[i]);
	into->refused += from->refused;
}

/* Whether both ends of a flow took part, as spoofed ones cannot: TCP acknowledged both ways; QUIC
 * and its like from the port of the web, answered all the while. */
static bool
is_talk(const struct flow *f)
{
	if (f->packets[0] == 0 || f->packets[1] == 0)
		return false;
	if (f->protocol == IP_PROTOCOL_TCP)
		return (f->tcp_flags[0] & f->tcp_flags[1] & TCP_ACK) != 0;
	if (f->protocol != IP_PROTOCOL_UDP)
		return false;
	return (f->source_port == 443 || f->destination_port == 443) &&
	       f->packets[0] >= f->packets[1] / 100 && f->packets[1] >= f->packets[0] / 100;
}

static void
note_talk(struct ddos *d, const struct flow *f, uint64_t sampling)
{
	for (unsigned way = 0; way < 2; way++) {
		struct ddos_pair pair = {
			.target = way == FLOW_FORWARD ? f->destination : f->source,
			.source = way == FLOW_FORWARD ? f->source : f->destination,
			.begin = flow_begin(f),
			.end = flow_finish(f),
			.octets = export_scaled(f->octets[way], sampling),
			.packets = export_scaled(f->packets[way], sampling),
		};
		ddos_pairs_enter(&d->pairs, &pair);
	}
}

/* ------------------------------------------------------------------ flows */

/* A client that acknowledged after its SYN saw the SYN-ACK: the handshake was completed, also
 * where a capture holds one direction only. */
static bool
is_connection(const struct flow *f)
{
	const uint8_t both = TCP_SYN | TCP_ACK;

	return f->protocol == IP_PROTOCOL_TCP && (f->tcp_flags[0] & both) == both &&
	       f->packets[0] >= 2 && (f->packets[1] == 0 || (f->tcp_flags[1] & both) == both);
}

void
ddos_observe_flows(struct ddos *d, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct flow *f = &batch->flows[i];
		if (f->octets[0] + f->octets[1] >= DOWNLOAD && is_talk(f))
			note_talk(d, f, 1);
		if (!is_connection(f) || f->first[0] < 0 || !ddos_is_host(&f->destination))
			continue;
		ddos_log_at(&d->log, &f->destination, address_is_ipv4(&f->destination) ? 32 : 128,
		    (uint32_t)(f->first[0] / DDOS_SLOT))
		    ->connections++;
	}
}

/* ------------------------------------------------------------------ records */

static unsigned
class_of_tcp(const struct flow *f, unsigned way)
{
	uint8_t flags = f->tcp_flags[way];

	if ((flags & TCP_SYN) == 0)
		return DDOS_TCP;
	if ((flags & TCP_ACK) == 0)
		return DDOS_SYN;
	/* The union of a whole connection's flags has both, too. */
	return (flags & (TCP_PSH | TCP_FIN)) == 0 && f->packets[way] <= 3 ? DDOS_SYN_ACK : DDOS_TCP;
}

static unsigned
class_of(const struct flow *f, unsigned way, unsigned *ret_service)
{
	uint16_t source = way == FLOW_FORWARD ? f->source_port : f->destination_port;
	uint16_t destination = way == FLOW_FORWARD ? f->destination_port : f->source_port;

	switch (f->protocol) {
	case IP_PROTOCOL_TCP: return class_of_tcp(f, way);
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6: return DDOS_ICMP;
	case IP_PROTOCOL_UDP:
		if (source == 0 && destination == 0)
			return DDOS_FRAGMENT;
		*ret_service = ddos_service_of(source);
		if (*ret_service == DDOS_SERVICE_NONE ||
		    (ddos_service_of(destination) != DDOS_SERVICE_NONE &&
			f->octets[way] < 200 * f->packets[way]))
			return DDOS_UDP;
		return DDOS_REFLECTED;
	default: return DDOS_OTHER;
	}
}

/* One direction of a record, as it is spread. */
struct spread {
	const struct address *target;
	nsec_t first, last;
	uint64_t packets, octets; /* estimates */
	double variance, octets_variance;
	unsigned class, service;
};

/* The part of `total` up to `time`. */
static uint64_t
part_until(const struct spread *s, uint64_t total, nsec_t time)
{
	if (time > s->last)
		return total;
	if (time <= s->first)
		return 0;
	return (
	    uint64_t)((double)total * (double)(time - s->first) / (double)(s->last - s->first + 1));
}

static void
add_seconds(struct ddos_slot *slot, const struct spread *s, nsec_t from, nsec_t to)
{
	unsigned side = ddos_side(s->class);

	for (nsec_t at = from; at < to;) {
		nsec_t next = (at / NSEC_PER_SEC + 1) * NSEC_PER_SEC;
		unsigned second = (unsigned)(at / NSEC_PER_SEC % DDOS_SECONDS);
		next = next < to ? next : to;
		slot->second_packets[side][second] +=
		    part_until(s, s->packets, next) - part_until(s, s->packets, at);
		slot->second_octets[side][second] +=
		    part_until(s, s->octets, next) - part_until(s, s->octets, at);
		at = next;
	}
}

static void
add_part(struct ddos *d, const struct spread *s, nsec_t from, nsec_t to)
{
	struct ddos_slot *slot = ddos_log_at(&d->log, s->target,
	    address_is_ipv4(s->target) ? 32 : 128, (uint32_t)(from / DDOS_SLOT));
	unsigned side = ddos_side(s->class), class = s->class;
	uint64_t packets = part_until(s, s->packets, to) - part_until(s, s->packets, from);
	double share = s->packets != 0 ? (double)packets / (double)s->packets : 0;

	if (class == DDOS_REFLECTED)
		class = ddos_slot_service(slot, s->service);
	slot->packets[class] += packets;
	slot->octets[class] += part_until(s, s->octets, to) - part_until(s, s->octets, from);
	slot->variance += s->variance * share;
	slot->octets_variance += s->octets_variance * share;
	if (slot->first[side] == 0 || from < slot->first[side])
		slot->first[side] = from;
	if (to - 1 > slot->last[side])
		slot->last[side] = to - 1;
	add_seconds(slot, s, from, to);
}

static void
spread(struct ddos *d, const struct spread *s)
{
	nsec_t end = s->last + 1, at = s->first;

	if (end - at > SLOTS_MOST * DDOS_SLOT)
		at = end - SLOTS_MOST * DDOS_SLOT;
	while (at < end) {
		nsec_t next = (at / DDOS_SLOT + 1) * DDOS_SLOT;
		next = next < end ? next : end;
		add_part(d, s, at, next);
		at = next;
	}
}

static void
note_sender(struct ddos *d, const struct flow *f, unsigned way, unsigned class, uint64_t packets)
{
	const struct address *sender = way == FLOW_FORWARD ? &f->source : &f->destination;
	uint16_t port = way == FLOW_FORWARD ? f->destination_port : f->source_port;

	if (class == DDOS_SYN)
		ddos_sent(&d->senders, DDOS_SENT_SYN, sender, packets);
	else if (f->protocol == IP_PROTOCOL_UDP && ddos_service_of(port) != DDOS_SERVICE_NONE)
		ddos_sent(&d->senders, DDOS_SENT_QUESTIONS, sender, packets);
}

static void
watch(struct ddos *d, const struct spread *s, const struct flow *f, unsigned way)
{
	const struct address *source = way == FLOW_FORWARD ? &f->source : &f->destination;
	uint16_t port = way == FLOW_FORWARD ? f->destination_port : f->source_port;
	uint32_t level = s->packets < UINT32_MAX ? (uint32_t)s->packets : UINT32_MAX;
	struct ddos_watch *w = ddos_watch_open(&d->watches, s->target, level);

	if (w == NULL)
		return;
	ddos_watch_record(w, source, s->class, (uint32_t)f->protocol << 16 | port, f->packets[way],
	    f->octets[way]);
}

static void
observe_way(struct ddos *d, const struct flow_record *r, unsigned way)
{
	const struct flow *f = &r->flow;
	uint64_t sampling = record_sampling(r);
	double factor = (double)sampling * (double)(sampling - 1);
	struct spread s = {
		.target = way == FLOW_FORWARD ? &f->destination : &f->source,
		.first = f->first[way] > 0 ? f->first[way] : r->time,
		.last = f->first[way] > 0 ? f->last[way] : r->time,
		.packets = export_scaled(f->packets[way], sampling),
		.octets = export_scaled(f->octets[way], sampling),
		.variance = factor * (double)f->packets[way],
		.octets_variance = factor * (double)record_squares(f->octets[way], f->packets[way]),
	};

	if (f->packets[way] == 0 || s.first < 0)
		return;
	if (s.last < s.first)
		s.last = s.first;
	s.class = class_of(f, way, &s.service);
	d->packets += s.packets;
	d->octets += s.octets;
	note_sender(d, f, way, s.class, s.packets);
	if (!ddos_is_host(s.target))
		return;
	spread(d, &s);
	watch(d, &s, f, way);
	if (sampling == 1 && is_connection(f) && way == FLOW_FORWARD &&
	    (f->packets[1] != 0 || f->destination_port < f->source_port))
		ddos_log_at(&d->log, s.target, address_is_ipv4(s.target) ? 32 : 128,
		    (uint32_t)(s.first / DDOS_SLOT))
		    ->connections++;
}

/* Records are of one direction mostly: that a download is one shows in its acknowledged data. */
static bool
is_download(const struct flow *f)
{
	if (f->packets[1] != 0)
		return is_talk(f);
	if (f->protocol == IP_PROTOCOL_TCP)
		return (f->tcp_flags[0] & TCP_ACK) != 0 && f->packets[0] > 3;
	return f->protocol == IP_PROTOCOL_UDP && f->source_port == 443 && f->packets[0] > 3;
}

void
ddos_observe_records(struct ddos *d, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct flow_record *r = batch->records[i];
		d->records++;
		d->sampled_records += r->sampling > 1;
		d->unknown_rates += r->sampling == 0;
		observe_way(d, r, FLOW_FORWARD);
		observe_way(d, r, FLOW_REVERSE);
		if ((record_octets(r) >= DOWNLOAD || record_packets(r) >= DOWNLOAD_PACKETS) &&
		    is_download(&r->flow))
			note_talk(d, &r->flow, record_sampling(r));
	}
}
