/* SPDX-License-Identifier: ISC */
/*
 * NetFlow v5, as Cisco's "NetFlow Services Solutions Guide" lays it out.
 *
 *	header, 24 octets: version, count, SysUptime, unix_secs, unix_nsecs, flow_sequence (16),
 *	    engine_type (20), engine_id (21), sampling (22: mode in two bits, interval in fourteen)
 *	record, 48 octets: srcaddr, dstaddr, nexthop, input (12), output (14), dPkts (16),
 *	    dOctets (20), First (24), Last (28), srcport (32), dstport (34), pad, tcp_flags (37),
 *	    prot (38), tos (39), src_as (40), dst_as (42), src_mask (44), dst_mask (45), pad
 *
 * The sequence counts flows.
 */
#include "base/bytes.h"
#include "simulate/export.h"

enum {
	HEADER_SIZE = 24,
	RECORD_SIZE = 48,
	MOST_RECORDS = 30,
	MODE_COUNT = 1 << 14, /* "deterministic" and "random" have no agreed order of their own */
	MODE_RANDOM = 2 << 14,
};

static void
begin(struct export_stream *s, nsec_t now)
{
	const struct export_sampler *sampler = &s->samplers[0];
	uint32_t mode = sampler->rate == 1 ? 0 : sampler->random ? MODE_RANDOM : MODE_COUNT;

	s->now = now;
	s->size = 0;
	s->set_items = 0;
	export_put16(s, 5);
	export_put16(s, 0); /* count */
	export_put32(s, export_uptime(s, now));
	export_put32(s, (uint32_t)(now / NSEC_PER_SEC));
	export_put32(s, (uint32_t)(now % NSEC_PER_SEC));
	export_put32(s, s->sequence);
	export_put16(s, (uint16_t)s->domain);
	export_put16(s, (uint16_t)(mode | (sampler->rate == 1 ? 0 : sampler->rate)));
}

static bool
add(struct export_stream *s, const struct export_item *item)
{
	if (s->set_items == MOST_RECORDS)
		return false;
	export_put_address(s, &item->source);
	export_put_address(s, &item->destination);
	export_put32(s, 0);
	export_put16(s, (uint16_t)item->input);
	export_put16(s, (uint16_t)item->output);
	export_put32(s, item->packets);
	export_put32(s, item->octets);
	export_put32(s, export_uptime(s, item->first));
	export_put32(s, export_uptime(s, item->last));
	export_put16(s, item->source_port);
	export_put16(s, item->destination_port);
	export_put8(s, 0);
	export_put8(s, item->tcp_flags);
	export_put8(s, item->protocol);
	export_put8(s, item->tos);
	export_put16(s, (uint16_t)item->source_as);
	export_put16(s, (uint16_t)item->destination_as);
	export_put8(s, item->source_mask);
	export_put8(s, item->destination_mask);
	export_put16(s, 0);
	s->set_items++;
	return true;
}

static size_t
end(struct export_stream *s)
{
	put_be16(s->message + 2, (uint16_t)s->set_items);
	s->sequence += s->set_items;
	return s->size;
}

_Static_assert(HEADER_SIZE + MOST_RECORDS * RECORD_SIZE <= EXPORT_MESSAGE_SIZE, "a full message");

const struct export_format export_netflow5 = {
	.name = "v5",
	.version = 5,
	.port = 2055,
	.largest_rate = 16383,
	.begin = begin,
	.add = add,
	.end = end,
};
