/* SPDX-License-Identifier: ISC */
/* Packets of DNS messages, counted; see dns_run.h. */
#include <string.h>

#include "base/bytes.h"
#include "simulate/dns_run.h"
#include "simulate/talk.h"

#define PACKET_MOST 1500

/* Own hosts have a MAC address each, the rest of the world has the router's. */
static void
set_mac(uint8_t mac[6], const struct address *a)
{
	const uint8_t *o = a->octets;
	bool ipv4 = address_is_ipv4(a);
	bool own = ipv4 ? (o[12] == 192 && o[13] == 0) || o[12] == 100 : o[4] < 0x80;

	mac[0] = 0x02;
	mac[1] = 0;
	mac[2] = own ? o[13] : 0;
	mac[3] = own ? o[14] : 0;
	mac[4] = own ? 1 : 0xff;
	mac[5] = own ? o[15] : 1;
}

static void
count_message(struct dns_run *run, const struct dns_end *from, const struct dns_wire *w, bool tcp)
{
	struct dns_counts *c = &run->counts;
	uint16_t bits = dns_wire_bits(w);

	(*(tcp ? &c->tcp : &c->udp))++;
	(*(address_is_ipv4(&from->address) ? &c->ipv4 : &c->ipv6))++;
	c->octets += w->size;
	c->edns += w->edns;
	c->dnssec += w->dnssec;
	c->cookies += w->cookie;
	c->subnets += w->subnet;
	c->ede += w->ede;
	if ((bits & DNS_WIRE_QR) == 0) {
		c->queries++;
		if (w->type < 256)
			c->types[w->type]++;
		return;
	}
	c->responses++;
	c->rcodes[bits & 15]++;
	c->truncated += (bits & DNS_WIRE_TC) != 0;
}

static struct datagram
datagram_of(
    struct dns_run *run, const struct dns_end *from, const struct dns_end *to, uint8_t macs[2][6])
{
	return (struct datagram){
		.source_mac = macs[0],
		.destination_mac = macs[1],
		.vlan = FRAME_VLAN_NONE,
		.source = from->address,
		.destination = to->address,
		.ttl = from->ttl,
		.ip_id = ++run->ip_id,
		.fragment_id = run->ip_id,
		.source_port = from->port,
		.destination_port = to->port,
	};
}

void
dns_send(struct dns_run *run, nsec_t at, const struct dns_end *from, const struct dns_end *to,
    const struct dns_wire *w)
{
	uint8_t macs[2][6];
	struct datagram d;
	size_t headers = address_is_ipv4(&from->address) ? 28 : 48;

	set_mac(macs[0], &from->address);
	set_mac(macs[1], &to->address);
	d = datagram_of(run, from, to, macs);
	d.protocol = FRAME_UDP;
	d.payload = w->data;
	d.payload_size = w->size;
	run->counts.fragmented += w->size + headers > PACKET_MOST;
	count_message(run, from, w, false);
	simulation_fragments(run->simulation, at, &d);
}

static struct station
station_of(struct dns_run *run, const struct dns_end *end, nsec_t distance)
{
	struct station s = {
		.vlan = FRAME_VLAN_NONE,
		.ttl = end->ttl,
		.distance = distance,
		.ipv4 = end->address,
		.ipv6 = end->address,
		.ip_id = (uint16_t)random_u64(run->random),
	};

	set_mac(s.mac, &end->address);
	return s;
}

static void
talk_message(struct dns_run *run, struct talk *t, enum talk_side from, const struct dns_wire *w)
{
	uint8_t data[DNS_WIRE_MAX + 2];

	put_be16(data, (uint16_t)w->size);
	memcpy(data + 2, w->data, w->size);
	count_message(run, &(struct dns_end){ .address = t->sides[from]->ipv4 }, w, true);
	talk_send(t, from, data, w->size + 2);
}

nsec_t
dns_send_tcp(struct dns_run *run, nsec_t at, const struct dns_end ends[2], nsec_t rtt,
    const struct dns_wire *query, const struct dns_wire *answer)
{
	struct station client = station_of(run, &ends[0], 200 * NSEC_PER_US);
	struct station server = station_of(run, &ends[1], rtt);
	struct talk t =
	    talk_begin(run->simulation, &client, &server, !address_is_ipv4(&ends[0].address), at);
	nsec_t done;

	t.ports[TALK_CLIENT] = ends[0].port;
	talk_open(&t, DNS_PORT);
	talk_message(run, &t, TALK_CLIENT, query);
	if (answer != NULL)
		talk_message(run, &t, TALK_SERVER, answer);
	done = t.now;
	talk_close(&t);
	return done;
}

/* As much of the datagram as many hosts quote (RFC 1812, section 4.3.2.3; RFC 4443, section 3.1):
 * of its first fragment, when it came in several. */
void
dns_send_unreachable(struct dns_run *run, nsec_t at, const struct dns_end *from,
    const struct dns_end *to, const struct dns_wire *w)
{
	uint8_t macs[2][6], frame[FRAME_MAX], l4[DNS_WIRE_MAX + 20];
	bool ipv4 = address_is_ipv4(&from->address);
	size_t most = ipv4 ? 548 : 1200;
	struct datagram d, quoted;
	uint32_t octets;

	set_mac(macs[0], &from->address);
	set_mac(macs[1], &to->address);
	quoted = datagram_of(run, to, from, macs);
	quoted.protocol = FRAME_UDP;
	quoted.payload = w->data;
	quoted.payload_size = w->size;
	if (w->size + 48 > PACKET_MOST) {
		(void)frame_l4(&quoted, l4);
		quoted.fragment = quoted.more_fragments = true;
		quoted.payload = l4;
		quoted.payload_size = ipv4 ? 1480 : 1448;
	}
	(void)frame_ip(&quoted, frame, &octets);
	d = datagram_of(run, from, to, macs);
	d.protocol = ipv4 ? FRAME_ICMP : FRAME_ICMPV6;
	d.icmp_type = ipv4 ? 3 : 1;
	d.icmp_code = ipv4 ? 3 : 4;
	d.source_port = 0;
	d.destination_port = 0;
	d.payload = frame + 14;
	d.payload_size = octets < most ? octets : most;
	run->counts.quoted++;
	simulation_ip(run->simulation, at, &d);
}
