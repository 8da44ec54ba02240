/* SPDX-License-Identifier: ISC */
/* From a packet inside a record (a sampled header, a packet section) to the record's fields. */
#include "decode/export_internal.h"

static bool
is_unset(const struct address *a)
{
	return a->words[0] == 0 && a->words[1] == 0;
}

static void
fill_addresses(struct flow *f, const struct packet *p)
{
	if (is_unset(&f->source))
		f->source = p->source;
	if (is_unset(&f->destination))
		f->destination = p->destination;
	if (f->ip_version == 0)
		f->ip_version = p->ip_version;
	if (f->protocol == 0)
		f->protocol = p->protocol;
	if (f->source_port == 0)
		f->source_port = p->source_port;
	if (f->destination_port == 0)
		f->destination_port = p->destination_port;
}

void
export_fill_from_packet(struct flow_record *r, const struct packet *p)
{
	struct flow *f = &r->flow;

	if (f->vlan == VLAN_NONE)
		f->vlan = p->vlan;
	if (p->kind != PACKET_IP)
		return;
	fill_addresses(f, p);
	if (r->tos == 0)
		r->tos = p->tos;
	f->tcp_flags[0] |= p->tcp_flags;
	if (f->ttl_max[0] == 0) {
		f->ttl_min[0] = p->ttl;
		f->ttl_max[0] = p->ttl;
	}
	f->tunnel = p->tunnel;
	if (f->octets[0] == 0)
		f->octets[0] = p->octets;
	if (f->packets[0] == 0)
		f->packets[0] = 1;
}
