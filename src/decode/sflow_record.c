/* SPDX-License-Identifier: ISC */
/*
 * From the records of an sFlow flow sample to a flow record of one packet.
 *
 *	1     sampled header: link layer, frame length, octets stripped, header
 *	2     Ethernet: length, MAC addresses, type
 *	3, 4  IPv4, IPv6: length, protocol, addresses, ports, TCP flags, TOS
 *	1001  switch: VLAN and priority, in and out
 *	1002  router: next hop, lengths of the prefixes
 *	1003  gateway: next hop, AS numbers, AS path
 *	1004  user: names of the source and the destination
 *	1006  MPLS: next hop, label stacks in and out
 *	1007, 1020  NAT: addresses, ports after it
 *
 * The packet is measured at L3, as NetFlow does: the sampled frame without what was stripped and
 * without its link layer, or what the IP header says when that is less (Ethernet pads short
 * frames).  A tunnel stays closed, because a router's NetFlow would not look into it either.
 */
#include "decode/decode.h"
#include "decode/sflow_internal.h"

enum {
	RECORD_HEADER = 1,
	RECORD_ETHERNET = 2,
	RECORD_IPV4 = 3,
	RECORD_IPV6 = 4,
	RECORD_SWITCH = 1001,
	RECORD_ROUTER = 1002,
	RECORD_GATEWAY = 1003,
	RECORD_USER = 1004,
	RECORD_MPLS = 1006,
	RECORD_NAT = 1007,
	RECORD_NAT_PORT = 1020,
};

#define HEADER_FIXED_SIZE 16
#define ETHERNET_SIZE     24
#define IPV4_SIZE         32
#define IPV6_SIZE         56
#define SWITCH_SIZE       16

/* Link layers of sampled headers (enum header_protocol). */
static const uint16_t LINKS[] = {
	[1] = LINK_ETHERNET, /* ISO 8802-3 */
	[7] = LINK_PPP,
	[11] = LINK_IPV4,
	[12] = LINK_IPV6,
	[13] = LINK_MPLS,
	[14] = LINK_PPP_HDLC, /* POS: RFC 1662, 2615 */
	[15] = LINK_IEEE802_11,
};

/* forwardingStatus (RFC 7270): reasons of discard from sFlow's, which begin with the codes of ICMP
 * unreachable. */
enum {
	STATUS_FORWARDED = 64,
	STATUS_DROPPED = 128,
	STATUS_ACL = 129,
	STATUS_UNROUTABLE = 131,
	STATUS_FRAGMENTATION = 133,
	STATUS_TTL = 137,
	STATUS_POLICER = 138,
	STATUS_WRED = 139,
	STATUS_FOR_US = 195,
};

struct filling {
	const struct sflow_reading *s;
	struct flow_record *r;
	struct record_extra *extra; /* NULL until something needs it */
};

static struct record_extra *
extra(struct filling *f)
{
	if (f->extra == NULL) {
		f->extra = export_sink_extra(f->s->sink);
		f->r->extra = f->extra;
	}
	return f->extra;
}

/* --- what was sampled ------------------------------------------------------------------------- */

/* The L3 size of the packet: never more than the frame had. */
static void
set_octets(struct flow_record *r, uint64_t frame, uint64_t ip)
{
	r->flow.octets[0] = ip != 0 && ip < frame ? ip : frame;
	r->flow.packets[0] = 1;
}

static void
read_header(struct filling *f, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, HEADER_FIXED_SIZE);
	struct drop_counters *drops = f->s->x->drops;
	uint32_t protocol, frame, stripped;
	struct packet p;

	if (h == NULL || be32(h + 12) > cursor_left(&c)) {
		drop(drops, DROP_SFLOW_RECORD);
		return;
	}
	protocol = be32(h);
	if (protocol >= sizeof LINKS / sizeof LINKS[0] || LINKS[protocol] == 0) {
		drop(drops, DROP_SFLOW_PROTOCOL);
		return;
	}
	frame = be32(h + 4);
	stripped = be32(h + 8);
	p.time = f->s->message->time;
	p.data = c.at;
	p.input_offset = f->s->message->input_offset;
	p.captured_size = be32(h + 12);
	p.frame_size = frame > p.captured_size ? frame : p.captured_size;
	p.link_type = LINKS[protocol];
	decode_packet_outermost(&p, drops);
	if (p.kind != PACKET_IP)
		return;
	stripped = frame > p.captured_size && stripped <= frame - p.captured_size ? stripped : 0;
	export_fill_from_packet(f->r, &p);
	set_octets(f->r, (uint64_t)p.frame_size - stripped - p.l3_offset, p.octets);
}

/* length 0, source 4, destination 12 (6 octets each, padded to 8), type 20 */
static void
read_ethernet(struct filling *f, struct cursor c)
{
	const uint8_t *p = cursor_take(&c, ETHERNET_SIZE);

	if (p == NULL) {
		drop(f->s->x->drops, DROP_SFLOW_RECORD);
		return;
	}
	memcpy(extra(f)->source_mac, p + 4, 6);
	memcpy(extra(f)->destination_mac, p + 12, 6);
}

/* length 0, protocol 4, addresses from 8, then ports, TCP flags and TOS in a word each */
static void
read_ip(struct filling *f, struct cursor c, bool six)
{
	const uint8_t *p = cursor_take(&c, six ? IPV6_SIZE : IPV4_SIZE), *after;
	struct flow *to = &f->r->flow;

	if (p == NULL) {
		drop(f->s->x->drops, DROP_SFLOW_RECORD);
		return;
	}
	if (to->ip_version != 0)
		return; /* the header says it, and more exactly */
	after = p + (six ? 40 : 16);
	to->ip_version = six ? 6 : 4;
	to->source = six ? address_from_ipv6(p + 8) : address_from_ipv4(p + 8);
	to->destination = six ? address_from_ipv6(p + 24) : address_from_ipv4(p + 12);
	to->protocol = (uint8_t)be32(p + 4);
	to->source_port = (uint16_t)be32(after);
	to->destination_port = (uint16_t)be32(after + 4);
	to->tcp_flags[0] = (uint8_t)be32(after + 8);
	f->r->tos = (uint8_t)be32(after + 12);
	set_octets(f->r, be32(p), 0);
}

/* --- what the device did with it -------------------------------------------------------------- */

static void
read_switch(struct filling *f, struct cursor c)
{
	const uint8_t *p = cursor_take(&c, SWITCH_SIZE);

	if (p == NULL) {
		drop(f->s->x->drops, DROP_SFLOW_RECORD);
		return;
	}
	/* All ones: unknown. */
	if (f->r->flow.vlan == VLAN_NONE && be32(p) > 0 && be32(p) < 4096)
		f->r->flow.vlan = (uint16_t)be32(p);
	if (be32(p + 8) > 0 && be32(p + 8) < 4096 && be32(p + 8) != be32(p))
		extra(f)->post_vlan = (uint16_t)be32(p + 8);
}

static bool
is_unset(const struct address *a)
{
	return a->words[0] == 0 && a->words[1] == 0;
}

static void
read_router(struct filling *f, struct cursor c)
{
	struct address next_hop = sflow_address(&c);
	uint32_t source = cursor_be32(&c), destination = cursor_be32(&c);

	if (c.failed) {
		drop(f->s->x->drops, DROP_SFLOW_RECORD);
		return;
	}
	if (!is_unset(&next_hop))
		f->r->next_hop = next_hop;
	f->r->source_mask = source <= 128 ? (uint8_t)source : 0;
	f->r->destination_mask = destination <= 128 ? (uint8_t)destination : 0;
}

/* The last number of the AS path, which is the destination's; 0 when the path is empty. */
static uint32_t
last_of_path(struct cursor *c)
{
	uint32_t segments = cursor_be32(c), last = 0;

	while (segments-- > 0 && !c->failed) {
		uint32_t count;
		const uint8_t *numbers;

		(void)cursor_be32(c); /* a set or a sequence */
		count = cursor_be32(c);
		if (count > cursor_left(c) / 4) {
			c->failed = true;
			break;
		}
		numbers = cursor_take(c, (size_t)count * 4);
		if (count > 0)
			last = be32(numbers + (size_t)(count - 1) * 4);
	}
	return last;
}

/* next hop, AS of the router, of the source, of the source's peer, path, communities, preference */
static void
read_gateway(struct filling *f, struct cursor c)
{
	struct address next_hop = sflow_address(&c);
	uint32_t source, destination;

	(void)cursor_be32(&c);
	source = cursor_be32(&c);
	(void)cursor_be32(&c);
	destination = last_of_path(&c);
	if (c.failed) {
		drop(f->s->x->drops, DROP_SFLOW_RECORD);
		return;
	}
	f->r->source_as = source;
	f->r->destination_as = destination;
	if (is_unset(&f->r->next_hop))
		f->r->next_hop = next_hop;
}

/* An XDR string; empty and failed when it is not all there. */
static struct cursor
string(struct cursor *c)
{
	uint32_t size = cursor_be32(c);
	struct cursor text = cursor_sub(c, size);

	(void)cursor_skip(c, cursor_left(c) > ((0U - size) & 3) ? (0U - size) & 3 : cursor_left(c));
	return text;
}

/* Character sets and names of the source's and the destination's user. */
static void
read_user(struct filling *f, struct cursor c)
{
	struct cursor source, destination, *name;
	size_t size;

	(void)cursor_be32(&c);
	source = string(&c);
	(void)cursor_be32(&c);
	destination = string(&c);
	if (c.failed) {
		drop(f->s->x->drops, DROP_SFLOW_RECORD);
		return;
	}
	name = cursor_left(&source) > 0 ? &source : &destination;
	size = cursor_left(name) < RECORD_USER_SIZE ? cursor_left(name) : RECORD_USER_SIZE - 1;
	if (size == 0)
		return;
	memcpy(extra(f)->user_name, name->at, size);
	extra(f)->user_name[size] = '\0';
}

/* A next hop, then the stack that the packet came with, as words: label, class, bottom, TTL. */
static void
read_mpls(struct filling *f, struct cursor c)
{
	uint32_t count;

	(void)sflow_address(&c);
	count = cursor_be32(&c);
	if (c.failed || count > cursor_left(&c) / 4) {
		drop(f->s->x->drops, DROP_SFLOW_RECORD);
		return;
	}
	for (uint32_t i = 0; i < count && i < RECORD_MPLS_LABELS; i++) {
		extra(f)->mpls[i] = cursor_be32(&c) >> 8;
		extra(f)->mpls_count = (uint8_t)(i + 1);
	}
}

static void
read_nat(struct filling *f, struct cursor c)
{
	struct address source = sflow_address(&c), destination = sflow_address(&c);

	if (c.failed) {
		drop(f->s->x->drops, DROP_SFLOW_RECORD);
		return;
	}
	extra(f)->post_nat_source = source;
	extra(f)->post_nat_destination = destination;
}

static void
read_nat_port(struct filling *f, struct cursor c)
{
	const uint8_t *p = cursor_take(&c, 8);

	if (p == NULL) {
		drop(f->s->x->drops, DROP_SFLOW_RECORD);
		return;
	}
	extra(f)->post_nat_source_port = (uint16_t)be32(p);
	extra(f)->post_nat_destination_port = (uint16_t)be32(p + 4);
}

static uint8_t
discard_status(uint32_t reason)
{
	switch (reason) {
	case 4:
	case 262: return STATUS_FRAGMENTATION; /* larger than the next link takes */
	case 257: return STATUS_TTL;
	case 258: return STATUS_ACL;
	case 260: return STATUS_WRED;
	case 261: return STATUS_POLICER;
	default: return reason < 16 ? STATUS_UNROUTABLE : STATUS_DROPPED;
	}
}

/* ifIndex numbers are kept; what else an output can be is a forwarding status. */
static void
set_interfaces(struct filling *f, const struct sflow_sample *sample)
{
	const struct sflow_interface *in = &sample->input, *out = &sample->output;

	if (in->format == SFLOW_INTERFACE_SINGLE && in->value != SFLOW_INTERFACE_INTERNAL)
		f->r->ingress_interface = in->value;
	if (out->format == SFLOW_INTERFACE_DISCARD)
		extra(f)->forwarding_status = discard_status(out->value);
	else if (out->format == SFLOW_INTERFACE_MULTIPLE)
		extra(f)->forwarding_status = STATUS_FORWARDED;
	else if (out->value == SFLOW_INTERFACE_INTERNAL)
		extra(f)->forwarding_status = STATUS_FOR_US;
	else if (out->format == SFLOW_INTERFACE_SINGLE)
		f->r->egress_interface = out->value;
}

/* --- the sample ------------------------------------------------------------------------------- */

static void
read_record(struct filling *f, uint32_t type, struct cursor body)
{
	switch (type) {
	case RECORD_HEADER: read_header(f, body); break;
	case RECORD_ETHERNET: read_ethernet(f, body); break;
	case RECORD_IPV4: read_ip(f, body, false); break;
	case RECORD_IPV6: read_ip(f, body, true); break;
	case RECORD_SWITCH: read_switch(f, body); break;
	case RECORD_ROUTER: read_router(f, body); break;
	case RECORD_GATEWAY: read_gateway(f, body); break;
	case RECORD_USER: read_user(f, body); break;
	case RECORD_MPLS: read_mpls(f, body); break;
	case RECORD_NAT: read_nat(f, body); break;
	case RECORD_NAT_PORT: read_nat_port(f, body); break;
	default: drop(f->s->x->drops, DROP_SFLOW_RECORD_UNKNOWN); break;
	}
}

static void
read_records(struct filling *f, struct cursor c, uint32_t count)
{
	for (; count > 0; count--) {
		uint32_t type = cursor_be32(&c), size = cursor_be32(&c);
		size_t padding = (0U - size) & 3;
		struct cursor body = cursor_sub(&c, size);

		if (c.failed) {
			drop(f->s->x->drops, DROP_SFLOW_RECORD);
			f->s->domain->report.malformed++;
			return;
		}
		(void)cursor_skip(&c, padding < cursor_left(&c) ? padding : cursor_left(&c));
		read_record(f, type, body);
	}
}

/* What every record of the datagram has. */
static void
set_common(struct filling *f, struct sflow_rate rate)
{
	struct flow_record *r = f->r;

	r->exporter = f->s->domain->exporter->address;
	r->domain = f->s->domain->id;
	r->protocol_version = EXPORT_SFLOW5;
	r->sampling = rate.rate;
	r->sampling_source = (uint8_t)rate.source;
	r->time = f->s->message->time;
	r->input_offset = f->s->message->input_offset;
	r->flow.first[0] = r->time;
	r->flow.last[0] = r->time;
}

bool
sflow_record_read(
    const struct sflow_reading *s, const struct sflow_sample *sample, struct cursor records)
{
	struct sflow_rate rate = sflow_agent_rate(s, sample);
	struct filling f = { .s = s, .r = export_sink_record(s->sink) };

	read_records(&f, records, sample->records);
	if (f.r->flow.ip_version == 0) {
		s->sink->record_count--;
		drop(s->x->drops, DROP_SFLOW_NOT_IP);
		return false;
	}
	set_common(&f, rate);
	set_interfaces(&f, sample);
	s->domain->report.records++;
	export_domain_rate(s->domain, rate.rate, rate.source, 1);
	return true;
}
