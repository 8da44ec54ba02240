/* SPDX-License-Identifier: ISC */
/* What several fields of a record come to together; see export_field.h. */
#include <string.h>

#include "decode/decode.h"
#include "decode/export_template.h"

/* IANA registry, dataLinkFrameType */
#define FRAME_ETHERNET 1
#define FRAME_802_11   2

enum {
	IE_LAYER2_SECTION = 104,
	IE_IP_HEADER_SECTION = 313,
	IE_IP_PAYLOAD_SECTION = 314,
};

/* Durations longer than this are cut by the clamp anyway. */
#define DURATION_MAX (48 * EXPORT_HOUR)

static bool
is_unset(const struct address *a)
{
	return a->words[0] == 0 && a->words[1] == 0;
}

static bool
is_icmp(const struct flow *f)
{
	return f->protocol == IP_PROTOCOL_ICMP || f->protocol == IP_PROTOCOL_ICMPV6;
}

/* flowStartSysUpTime in IPFIX counts from systemInitTimeMilliseconds (RFC 7011, 6.1: the record or
 * the options say it).  Without it only the duration is known: the flow ended just now. */
static void
finish_uptime(struct export_reading *g, const struct export_context *context, struct flow_record *r,
    const struct export_scratch *s)
{
	struct export_context c = *context;
	uint64_t init = s->system_init != 0 ? s->system_init : (uint64_t)c.system_init;

	if (r->flow.first[0] != 0 || r->flow.last[0] != 0 || (s->uptime[0] | s->uptime[1]) == 0)
		return;
	if (init != 0) {
		c.uptime = (uint32_t)((uint64_t)((c.export_time - c.shift) / NSEC_PER_MS) - init);
	} else {
		drop(g->x->drops, DROP_EXPORT_TIME_UNKNOWN);
		c.uptime = s->uptime[1] != 0 ? s->uptime[1] : s->uptime[0];
	}
	r->flow.first[0] = export_time_uptime(&c, s->uptime[0]);
	r->flow.last[0] = export_time_uptime(&c, s->uptime[1]);
}

static void
finish_duration(
    const struct export_context *c, struct flow_record *r, const struct export_scratch *s)
{
	uint64_t us = s->duration_us;
	nsec_t duration;

	if (s->duration_ms != 0)
		us = s->duration_ms < UINT64_MAX / 1000 ? s->duration_ms * 1000 : UINT64_MAX;
	duration =
	    us < (uint64_t)(DURATION_MAX / NSEC_PER_US) ? (nsec_t)us * NSEC_PER_US : DURATION_MAX;
	if (r->flow.first[0] != 0 && r->flow.last[0] == 0) {
		r->flow.last[0] = export_time_clamp(c, r->flow.first[0]) + duration;
	} else if (r->flow.first[0] == 0) {
		if (r->flow.last[0] == 0)
			r->flow.last[0] = c->export_time;
		r->flow.first[0] = export_time_clamp(c, r->flow.last[0]) - duration;
	}
}

/* The type and code have the destination port's place (obs/flow.h). */
static void
finish_icmp(struct flow_record *r, const struct export_scratch *s)
{
	uint16_t both = s->icmp != 0 ? s->icmp : (uint16_t)(s->icmp_type << 8 | s->icmp_code);

	if (!is_icmp(&r->flow) || both == 0)
		return;
	r->flow.source_port = 0;
	r->flow.destination_port = both;
}

static void
finish_labels(struct record_extra *extra)
{
	for (unsigned i = 0; i < RECORD_MPLS_LABELS; i++) {
		if (extra->mpls[i] != 0)
			extra->mpls_count = (uint8_t)(i + 1);
	}
}

/* ipPayloadPacketSection begins after the IP header: ports, if the record has none. */
static void
finish_payload(struct export_reading *g, struct flow_record *r, struct packet *p)
{
	p->source = r->flow.source;
	p->destination = r->flow.destination;
	p->ip_version = r->flow.ip_version;
	p->protocol = r->flow.protocol;
	p->kind = PACKET_IP;
	p->vlan = VLAN_NONE;
	p->octets = 0;
	p->flags = PACKET_REASSEMBLED;
	decode_transport(p, g->x->drops);
	if (r->flow.source_port == 0 && r->flow.destination_port == 0) {
		r->flow.source_port = p->source_port;
		r->flow.destination_port = p->destination_port;
	}
	r->flow.tcp_flags[0] |= p->tcp_flags;
	if (r->flow.packets[0] == 0)
		r->flow.packets[0] = 1;
}

static void
finish_section(struct export_reading *g, struct flow_record *r, const struct export_scratch *s)
{
	uint32_t size = s->section_size;
	struct packet p;

	if (s->section == NULL || s->section_offset != 0)
		return;
	if (s->section_exported != 0 && s->section_exported < size)
		size = s->section_exported;
	p = (struct packet){
		.time = r->time,
		.data = s->section,
		.input_offset = r->input_offset,
		.captured_size = size,
		/* More than any frame, so that what is missing was not kept, rather than lies. */
		.frame_size = s->frame_size > size ? s->frame_size : size + (UINT32_C(1) << 20),
		.link_type = LINK_ETHERNET,
	};
	if (s->section_element == IE_IP_PAYLOAD_SECTION) {
		finish_payload(g, r, &p);
		return;
	}
	if (s->section_element == IE_IP_HEADER_SECTION)
		p.link_type = LINK_RAW;
	else if (s->frame_type == FRAME_802_11)
		p.link_type = LINK_IEEE802_11;
	decode_packets(&p, 1, g->x->drops);
	export_fill_from_packet(r, &p);
}

static void
finish_version(struct flow *f)
{
	if (is_unset(&f->source) && is_unset(&f->destination))
		return;
	f->ip_version = address_is_ipv4(&f->source) || address_is_ipv4(&f->destination) ? 4 : 6;
}

static void
finish_scratch(struct export_reading *g, const struct export_context *context,
    const struct export_template *t, struct flow_record *r, const struct export_scratch *s)
{
	if ((t->flags & FIELD_NEEDS_UPTIME) != 0)
		finish_uptime(g, context, r, s);
	if ((t->flags & FIELD_NEEDS_DURATION) != 0)
		finish_duration(context, r, s);
	if ((t->flags & FIELD_NEEDS_SELECTOR) != 0)
		r->selector = (uint16_t)s->selector;
	if ((t->flags & FIELD_NEEDS_EXPORTER) != 0 && g->x->options.trust_agent &&
	    !is_unset(&s->exporter))
		r->exporter = s->exporter;
}

void
export_finish_record(struct export_reading *g, const struct export_context *context,
    const struct export_template *t, struct flow_record *r, const struct export_scratch *s)
{
	if (t->dual)
		finish_version(&r->flow);
	if (t->scratch)
		finish_scratch(g, context, t, r, s);
	if ((t->flags & FIELD_NEEDS_SECTION) != 0)
		finish_section(g, r, s);
	if ((t->flags & FIELD_NEEDS_ICMP) != 0)
		finish_icmp(r, s);
	if ((t->flags & FIELD_NEEDS_LABELS) != 0)
		finish_labels(s->extra);
}

void
export_finish_reverse(const struct export_context *c, struct flow_record *r)
{
	struct flow *f = &r->flow;

	if ((f->octets[1] | f->packets[1]) == 0) {
		f->first[1] = 0;
		f->last[1] = 0;
		return;
	}
	f->first[1] = f->first[1] != 0 ? export_time_clamp(c, f->first[1]) : f->first[0];
	f->last[1] = f->last[1] != 0 ? export_time_clamp(c, f->last[1]) : f->last[0];
	if (f->first[1] > f->last[1])
		f->first[1] = f->last[1];
}
