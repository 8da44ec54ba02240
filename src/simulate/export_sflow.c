/* SPDX-License-Identifier: ISC */
/*
 * sFlow version 5 (sflow.org, "sFlow Version 5", July 2004): XDR, all in units of four octets.
 *
 *	datagram: version, agent address (type, address), sub-agent ID, sequence number, uptime,
 *	    number of samples
 *	flow sample (format 1): length, sequence, source ID, rate, pool, drops, input, output,
 *	    number of records, of which here one: raw packet header (format 1)
 *	counter sample (format 2): length, sequence, source ID, one record: generic interface
 *	    counters (format 1)
 *
 * The header is an Ethernet frame's first octets: MAC addresses, IP, ports.  The frame's length
 * counts its check sequence, of which the agent says that it was stripped.  A sampler is a data
 * source: the interface with its number.
 */
#include <string.h>

#include "base/bytes.h"
#include "simulate/export.h"

enum {
	ETHER_SIZE = 14,
	FCS_SIZE = 4,
	HEADER_MOST = 80, /* octets of a frame that the agent shows */
	SAMPLE_FLOW = 1,
	SAMPLE_COUNTERS = 2,
	RECORD_RAW = 1,
	RECORD_INTERFACE = 1,
	RAW_ETHERNET = 1,
	INTERFACE_SIZE = 88,
	ETHERNET_TYPE = 6, /* ifType ethernetCsmacd */
};

static void
begin(struct export_stream *s, nsec_t now)
{
	s->now = now;
	s->size = 0;
	s->set_items = 0;
	export_put32(s, 5);
	export_put32(s, 1); /* the agent's address is IPv4 */
	export_put_address(s, &s->exporter);
	export_put32(s, s->domain);
	export_put32(s, s->sequence);
	export_put32(s, export_uptime(s, now));
	export_put32(s, 0); /* samples */
}

/* IPv4 (RFC 791) or IPv6 (RFC 8200) header of a packet of `item->octets`; returns its end. */
static uint8_t *
put_ip(uint8_t *p, const struct export_item *item)
{
	if (address_is_ipv4(&item->source)) {
		p[0] = 0x45;
		p[1] = item->tos;
		put_be16(p + 2, (uint16_t)item->octets);
		put_be16(p + 6, 0x4000);
		p[8] = 60;
		p[9] = item->protocol;
		memcpy(p + 12, item->source.octets + 12, 4);
		memcpy(p + 16, item->destination.octets + 12, 4);
		return p + 20;
	}
	put_be32(p, 0x60000000U | (uint32_t)item->tos << 20);
	put_be16(p + 4, (uint16_t)(item->octets - 40));
	p[6] = item->protocol;
	p[7] = 60;
	memcpy(p + 8, item->source.octets, 16);
	memcpy(p + 24, item->destination.octets, 16);
	return p + 40;
}

/* The first octets of the frame; returns how many. */
static size_t
make_header(const struct export_item *item, uint8_t header[HEADER_MOST])
{
	static const uint8_t macs[12] = { 0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2 };
	size_t whole = ETHER_SIZE + item->octets;
	uint8_t *p;

	memset(header, 0, HEADER_MOST);
	memcpy(header, macs, sizeof macs);
	put_be16(header + 12, address_is_ipv4(&item->source) ? 0x0800 : 0x86dd);
	p = put_ip(header + ETHER_SIZE, item);
	if (item->protocol == 6 || item->protocol == 17) {
		put_be16(p, item->source_port);
		put_be16(p + 2, item->destination_port);
	}
	if (item->protocol == 6) {
		p[12] = 5 << 4;
		p[13] = item->tcp_flags;
	} else if (item->protocol == 17) {
		put_be16(p + 4, (uint16_t)(header + whole - p));
	}
	return whole < HEADER_MOST ? whole : HEADER_MOST;
}

static bool
add(struct export_stream *s, const struct export_item *item)
{
	struct export_sampler *sampler = &s->samplers[item->sampler];
	uint8_t header[HEADER_MOST];
	size_t size = make_header(item, header), padded = (size + 3) / 4 * 4;

	if (s->size + 8 + 32 + 8 + 16 + padded > EXPORT_MESSAGE_SIZE)
		return false;
	export_put32(s, SAMPLE_FLOW);
	export_put32(s, (uint32_t)(32 + 8 + 16 + padded));
	export_put32(s, ++sampler->sequence);
	export_put32(s, item->sampler + 1U);
	export_put32(s, sampler->rate);
	export_put32(s, (uint32_t)sampler->pool);
	export_put32(s, 0); /* drops */
	export_put32(s, item->input);
	export_put32(s, item->output);
	export_put32(s, 1); /* records */
	export_put32(s, RECORD_RAW);
	export_put32(s, (uint32_t)(16 + padded));
	export_put32(s, RAW_ETHERNET);
	export_put32(s, ETHER_SIZE + item->octets + FCS_SIZE);
	export_put32(s, FCS_SIZE);
	export_put32(s, (uint32_t)size);
	memcpy(s->message + s->size, header, size);
	memset(s->message + s->size + size, 0, padded - size);
	s->size += padded;
	s->set_items++;
	return true;
}

static size_t
end(struct export_stream *s)
{
	put_be32(s->message + 24, s->set_items);
	s->sequence++;
	return s->size;
}

static void
put_counters(struct export_stream *s, struct export_interface *interface)
{
	export_put32(s, SAMPLE_COUNTERS);
	export_put32(s, 12 + 8 + INTERFACE_SIZE);
	export_put32(s, ++interface->sequence);
	export_put32(s, interface->index);
	export_put32(s, 1); /* records */
	export_put32(s, RECORD_INTERFACE);
	export_put32(s, INTERFACE_SIZE);
	export_put32(s, interface->index);
	export_put32(s, ETHERNET_TYPE);
	export_put64(s, interface->speed);
	export_put32(s, 1); /* full duplex */
	export_put32(s, 3); /* administratively and operationally up */
	export_put64(s, interface->in_octets);
	export_put32(s, (uint32_t)interface->in_packets);
	for (int i = 0; i < 5; i++) /* multicast, broadcast, discards, errors, unknown protocols */
		export_put32(s, 0);
	export_put64(s, interface->out_octets);
	export_put32(s, (uint32_t)interface->out_packets);
	for (int i = 0; i < 5; i++) /* multicast, broadcast, discards, errors; not promiscuous */
		export_put32(s, 0);
	s->set_items++;
}

static size_t
options(struct export_stream *s, nsec_t now)
{
	begin(s, now);
	for (size_t i = 0; i < s->interface_count; i++)
		put_counters(s, &s->interfaces[i]);
	return end(s);
}

const struct export_format export_sflow = {
	.name = "sflow",
	.version = 5,
	.port = 6343,
	.largest_rate = UINT32_MAX,
	.ipv6 = true,
	.two_samplers = true,
	.packets = true,
	.begin = begin,
	.add = add,
	.end = end,
	.options = options,
};
