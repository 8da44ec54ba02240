/* SPDX-License-Identifier: ISC */
/*
 * NetFlow version 5, and 1 and 7, which differ little: a header and records of fixed size.
 *
 *	5: version 2, count 2, sysUpTime 4, UNIX seconds 4, nanoseconds 4, flow sequence 4,
 *	   engine type 1, engine id 1, sampling mode 2 bits, sampling interval 14 bits
 *	1: the same as far as the nanoseconds; 7: as far as the flow sequence, then 4 reserved
 *
 *	source 4, destination 4, next hop 4, input 2, output 2, packets 4, octets 4, first 4, last
 *4, source port 2, destination port 2, 5, 7: flags 1, TCP flags 1, protocol 1, TOS 1, source AS 2,
 *destination AS 2, masks 1 1, 2 1:    2 unused, protocol 1, TOS 1, TCP flags 1, 11 unused;  7:
 *router shortcut 4 more
 *
 * The sequence counts flows.  Version 1 has none.
 */
#include <string.h>

#include "decode/export_template.h"

#define SAMPLING_INTERVAL 0x3fff

/* What versions differ in. */
struct version {
	uint8_t header, record;
	uint8_t most;     /* records in a message */
	uint8_t sequence; /* where it is in the header; 0 nowhere */
	uint8_t engine;   /* engine and sampling; 0 nowhere */
	uint8_t tcp_flags, protocol, tos;
	bool networks; /* autonomous systems and masks */
};

static const struct version VERSIONS[] = {
	[1] = { 16, 52, 24, 0, 0, 40, 38, 39, false },
	[5] = { 24, 48, 30, 16, 20, 37, 38, 39, true },
	[7] = { 24, 52, 28, 16, 0, 37, 38, 39, true },
};

static void
read_record(const struct export_context *c, const struct version *v, const uint8_t *p,
    struct flow_record *r)
{
	struct flow *f = &r->flow;

	f->source = address_from_ipv4(p);
	f->destination = address_from_ipv4(p + 4);
	r->next_hop = address_from_ipv4(p + 8);
	r->ingress_interface = be16(p + 12);
	r->egress_interface = be16(p + 14);
	f->packets[0] = be32(p + 16);
	f->octets[0] = be32(p + 20);
	f->first[0] = export_time_uptime(c, be32(p + 24));
	f->last[0] = export_time_uptime(c, be32(p + 28));
	f->source_port = be16(p + 32);
	f->destination_port = be16(p + 34);
	f->tcp_flags[0] = p[v->tcp_flags];
	f->protocol = p[v->protocol];
	r->tos = p[v->tos];
	if (v->networks) {
		r->source_as = be16(p + 40);
		r->destination_as = be16(p + 42);
		r->source_mask = p[44];
		r->destination_mask = p[45];
	}
}

/* What all records of the message have. */
static struct flow_record
make_prototype(struct export_reading *g, const struct version *v, const uint8_t *h)
{
	struct flow_record r = {
		.flow.vlan = VLAN_NONE,
		.flow.ip_version = 4,
		.exporter = *export_domain_address(g->domain),
		.domain = g->domain->id,
		.protocol_version = g->domain->protocol,
		.time = g->context.time,
		.input_offset = g->context.input_offset,
	};
	uint32_t interval = v->engine != 0 ? be16(h + v->engine + 2) & SAMPLING_INTERVAL : 0;

	r.sampling_source = (uint8_t)export_sampling_default(g->x, &r.sampling);
	if (interval != 0 && r.sampling_source != SAMPLING_FORCED) {
		r.sampling = interval;
		r.sampling_source = SAMPLING_HEADER;
	}
	return r;
}

static void
read_records(struct export_reading *g, const struct version *v, const uint8_t *h, struct cursor *c,
    uint32_t count)
{
	struct flow_record prototype = make_prototype(g, v, h);
	struct flow_record *first, *r;

	if (count > cursor_left(c) / v->record) {
		drop(g->x->drops, DROP_EXPORT_TRUNCATED);
		g->domain->report.malformed++;
		count = (uint32_t)(cursor_left(c) / v->record);
	}
	first = export_sink_reserve(g->sink, count);
	for (r = first; r < first + count; r++) {
		const uint8_t *p = cursor_take(c, v->record);

		memcpy(r, &prototype, sizeof *r);
		read_record(&g->context, v, p, r);
		if (!export_time_is_settled(&g->context, r))
			export_time_settle(g->x, &g->context, r);
	}
	g->sink->record_count += count;
	g->domain->report.records += count;
	if (prototype.sampling == 0)
		g->x->drops->count[DROP_EXPORT_SAMPLING_UNKNOWN] += count;
	if (count > 0)
		export_domain_rate(g->domain, prototype.sampling, prototype.sampling_source, count);
}

void
netflow5_message(struct exports *x, const struct export_message *m, struct export_sink *sink)
{
	struct export_reading g = { .x = x, .sink = sink, .message = m };
	struct cursor c = cursor_over(m->data, m->size);
	const struct version *v = &VERSIONS[cursor_be16(&c)];
	uint32_t count = cursor_be16(&c);
	struct export_domain *d;
	const uint8_t *h;
	nsec_t exported;
	bool restarted;

	c = cursor_over(m->data, m->size);
	h = cursor_take(&c, v->header);
	if (h == NULL) {
		drop(x->drops, DROP_EXPORT_TRUNCATED);
		return;
	}
	if (count == 0 || count > v->most) {
		/* No exporter sends that: the rest of it is no better. */
		drop(x->drops, DROP_EXPORT_COUNT);
		return;
	}
	exported = (nsec_t)be32(h + 8) * NSEC_PER_SEC + be32(h + 12) % NSEC_PER_SEC;
	g.context = export_time_context(x, m, exported);
	g.context.uptime = be32(h + 4);
	g.exporter = export_exporter(x, m, &m->exporter);
	d = export_domain(
	    x, g.exporter, (uint8_t)be16(h), v->engine != 0 ? be16(h + v->engine) : 0);
	g.domain = d;
	restarted = export_domain_clock(d, g.context.uptime, exported);
	export_domain_seen_at(d, m, g.context.time);
	read_records(&g, v, h, &c, count);
	/* All that the header counts, also if this message was cut. */
	if (v->sequence != 0)
		export_domain_sequence(x, d, be32(h + v->sequence), count, restarted);
	export_memory_check(x, g.exporter);
}
