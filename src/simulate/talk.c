/* SPDX-License-Identifier: ISC */
/* Conversations between two stations; see talk.h. */
#include "simulate/talk.h"

#include <string.h>

#define WINDOW        502 /* × 2^7 octets, as many stacks offer at first */
#define MAX_IN_FLIGHT 40  /* segments: within the window */
#define FIRST_FLIGHT  10  /* RFC 6928 */
#define EPHEMERAL     49152U
#define ECHO_SIZE     56

static nsec_t
jitter(struct talk *t, nsec_t mean)
{
	return mean + random_between(simulation_random(t->simulation), 0, mean / 8 + 1000);
}

struct talk
talk_begin(struct simulation *simulation, struct station *client, struct station *server, bool ipv6,
    nsec_t at)
{
	struct talk t = {
		.simulation = simulation, .sides = { client, server }, .ipv6 = ipv6, .now = at
	};
	struct random *r = simulation_random(simulation);

	t.rtt[TALK_CLIENT] = jitter(&t, client->distance);
	t.rtt[TALK_SERVER] = jitter(&t, server->distance);
	t.rtt[TALK_SERVER] = t.rtt[TALK_SERVER] / NSEC_PER_US * NSEC_PER_US;
	t.now = t.now / NSEC_PER_US * NSEC_PER_US;
	t.ports[TALK_CLIENT] = (uint16_t)(EPHEMERAL + client->port++ % 16384U);
	t.next[0] = (uint32_t)random_u64(r);
	t.next[1] = (uint32_t)random_u64(r);
	return t;
}

/* What all packets of one side have in common. */
static struct datagram
packet_from(struct talk *t, enum talk_side from)
{
	struct station *source = t->sides[from], *destination = t->sides[!from];
	struct station *local = t->sides[TALK_CLIENT];

	if (local->vlan == FRAME_VLAN_NONE && t->sides[TALK_SERVER]->vlan != FRAME_VLAN_NONE)
		local = t->sides[TALK_SERVER];
	return (struct datagram){
		.source_mac = source->mac,
		.destination_mac = destination->mac,
		.vlan = local->vlan,
		.source = t->ipv6 ? source->ipv6 : source->ipv4,
		.destination = t->ipv6 ? destination->ipv6 : destination->ipv4,
		.ttl = source->ttl,
		.ip_id = t->ipv6 ? 0 : source->ip_id++,
		.source_port = t->ports[from],
		.destination_port = t->ports[!from],
		.window = WINDOW,
	};
}

void
talk_datagram(struct talk *t, enum talk_side from, const uint8_t *payload, size_t payload_size)
{
	struct datagram d = packet_from(t, from);

	d.protocol = FRAME_UDP;
	d.payload = payload;
	d.payload_size = payload_size;
	simulation_ip(t->simulation, t->now, &d);
	t->now += t->rtt[!from];
}

static void
segment(struct talk *t, enum talk_side from, nsec_t time, uint8_t flags, uint32_t acknowledgement)
{
	struct datagram d = packet_from(t, from);

	d.protocol = FRAME_TCP;
	d.tcp_flags = flags;
	d.sequence = t->next[from];
	d.acknowledgement = flags & FRAME_TCP_ACK ? acknowledgement : 0;
	if (flags & FRAME_TCP_SYN)
		d.window = 64240;
	simulation_ip(t->simulation, time, &d);
	if (flags & (FRAME_TCP_SYN | FRAME_TCP_FIN))
		t->next[from]++;
}

void
talk_open(struct talk *t, uint16_t server_port)
{
	t->ports[TALK_SERVER] = server_port;
	t->now = t->now / NSEC_PER_US * NSEC_PER_US; /* the round trip is told in microseconds */
	segment(t, TALK_CLIENT, t->now, FRAME_TCP_SYN, 0);
	t->now += t->rtt[TALK_SERVER];
	segment(t, TALK_SERVER, t->now, FRAME_TCP_SYN | FRAME_TCP_ACK, t->next[TALK_CLIENT]);
	simulation_handshake(t->simulation, t->rtt[TALK_SERVER]);
	t->now += t->rtt[TALK_CLIENT];
	segment(t, TALK_CLIENT, t->now, FRAME_TCP_ACK, t->next[TALK_SERVER]);
	t->now += 20 * NSEC_PER_US;
}

static void
data_segment(
    struct talk *t, enum talk_side from, nsec_t time, const uint8_t *data, size_t size, bool last)
{
	struct datagram d = packet_from(t, from);

	d.protocol = FRAME_TCP;
	d.tcp_flags = FRAME_TCP_ACK | (last ? FRAME_TCP_PSH : 0);
	d.sequence = t->next[from];
	d.acknowledgement = t->next[!from];
	d.payload = data;
	d.payload_size = size;
	simulation_ip(t->simulation, time, &d);
	t->next[from] += (uint32_t)size;
}

/* Fills one segment: random octets, framed as one TLS record where asked. */
static size_t
fill(struct talk *t, uint8_t *data, uint64_t left, bool tls)
{
	size_t most = t->ipv6 ? FRAME_MSS_IPV6 : FRAME_MSS_IPV4;
	size_t size = left < most ? (size_t)left : most;

	if (tls && size < 32)
		size = 32;
	random_fill(simulation_random(t->simulation), data, size);
	if (tls) {
		static const uint8_t head[3] = { 23, 3, 3 };
		memcpy(data, head, sizeof head);
		data[3] = (uint8_t)((size - 5) >> 8);
		data[4] = (uint8_t)(size - 5);
	}
	return size;
}

/* One direction's stream: where its octets come from, and what is left of them. */
struct stream {
	enum talk_side from;
	const uint8_t *data; /* borrowed, or NULL: filler */
	uint64_t left;
	bool tls;
};

/*
 * Sends one flight: up to `most` segments, spaced as a 100 Mbit/s line would, with the other side's
 * acknowledgements.  Returns when the first acknowledgement was seen, from which the next flight
 * counts.
 */
static nsec_t
flight(struct talk *t, struct stream *s, unsigned most)
{
	uint8_t data[FRAME_MSS_IPV4];
	size_t mss = t->ipv6 ? FRAME_MSS_IPV6 : FRAME_MSS_IPV4;
	nsec_t delay = t->rtt[!s->from], first = 0, ack = 0;

	for (unsigned i = 0; i < most && s->left > 0; i++) {
		size_t size = s->left < mss ? (size_t)s->left : mss;
		if (s->data == NULL)
			size = fill(t, data, s->left, s->tls);
		s->left -= size < s->left ? size : s->left;
		data_segment(
		    t, s->from, t->now, s->data != NULL ? s->data : data, size, s->left == 0);
		s->data += s->data != NULL ? size : 0;
		if (i % 2 == 1 || i + 1 == most || s->left == 0) {
			ack = t->now + delay;
			segment(t, !s->from, ack, FRAME_TCP_ACK, t->next[s->from]);
			first = first == 0 ? ack : first;
		}
		t->now += 120 * NSEC_PER_US;
	}
	if (s->left == 0)
		t->now = ack + 20 * NSEC_PER_US;
	return first;
}

static void
send_stream(struct talk *t, struct stream *s)
{
	unsigned most = FIRST_FLIGHT;

	while (s->left > 0) {
		nsec_t acknowledged = flight(t, s, most) + t->rtt[s->from];
		if (s->left > 0 && acknowledged > t->now)
			t->now = acknowledged;
		most = most * 2 < MAX_IN_FLIGHT ? most * 2 : MAX_IN_FLIGHT;
	}
}

void
talk_send(struct talk *t, enum talk_side from, const uint8_t *data, size_t size)
{
	struct stream s = { .from = from, .data = data, .left = size };

	send_stream(t, &s);
}

void
talk_send_filler(struct talk *t, enum talk_side from, uint64_t size, bool tls)
{
	struct stream s = { .from = from, .left = size, .tls = tls };

	send_stream(t, &s);
}

void
talk_close(struct talk *t)
{
	segment(t, TALK_CLIENT, t->now, FRAME_TCP_FIN | FRAME_TCP_ACK, t->next[TALK_SERVER]);
	t->now += t->rtt[TALK_SERVER];
	segment(t, TALK_SERVER, t->now, FRAME_TCP_FIN | FRAME_TCP_ACK, t->next[TALK_CLIENT]);
	t->now += t->rtt[TALK_CLIENT];
	segment(t, TALK_CLIENT, t->now, FRAME_TCP_ACK, t->next[TALK_SERVER]);
}

void
talk_echo(struct talk *t, unsigned count)
{
	uint8_t payload[ECHO_SIZE];
	uint16_t id = (uint16_t)random_u64(simulation_random(t->simulation));

	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)(0x10 + i);
	t->ports[0] = 0;
	t->ports[1] = 0;
	for (unsigned i = 1; i <= count; i++) {
		for (enum talk_side from = TALK_CLIENT; from <= TALK_SERVER; from++) {
			struct datagram d = packet_from(t, from);
			d.protocol = t->ipv6 ? FRAME_ICMPV6 : FRAME_ICMP;
			d.icmp_type =
			    from == TALK_CLIENT ? (t->ipv6 ? 128 : 8) : (t->ipv6 ? 129 : 0);
			d.icmp_id = id;
			d.icmp_sequence = (uint16_t)i;
			d.payload = payload;
			d.payload_size = sizeof payload;
			simulation_ip(t->simulation,
			    t->now + (from == TALK_SERVER ? jitter(t, t->rtt[TALK_SERVER]) : 0),
			    &d);
		}
		t->now += NSEC_PER_SEC;
	}
}

void
talk_wait(struct talk *t, nsec_t time)
{
	t->now += time;
}
