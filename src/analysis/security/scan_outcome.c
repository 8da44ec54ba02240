/* SPDX-License-Identifier: ISC */
/*
 * From flows and records to contacts; see scan_outcome.h.
 *
 * TCP, by the union of the flags of each direction (initiator → target | target → initiator):
 *
 *	SYN           |                  no answer: it failed
 *	SYN           | RST              refused: it failed
 *	SYN, RST      | SYN-ACK          half open: the target is there, the initiator did not want
 *it SYN, ACK …    | SYN-ACK …        established SYN, ACK …    |                  established: who
 *acknowledges has been answered (the other direction takes another way) FIN, or none, or FIN PSH
 *URG |   a probe: nobody else sends these
 *
 * Anything else is the middle or the end of a connection, or an answer to forged packets
 * (security/backscatter), and no contact.
 */
#include "analysis/security/scan_outcome.h"

#include "obs/packet.h"

#define XMAS (TCP_FIN | TCP_PSH | TCP_URG)

/* UDP ports that traceroute counts upwards from; V. Jacobson's program and those after it. */
#define TRACEROUTE_FIRST 33434
#define TRACEROUTE_LAST  33534

#define SYSTEM_PORTS 1024 /* below: RFC 6335 */

static bool
is_multicast(const struct address *a)
{
	if (address_is_ipv4(a))
		return a->octets[12] >= 224;
	return a->octets[0] == 0xff;
}

static struct scan_contact
contact_of(const struct flow *f, bool turned)
{
	return (struct scan_contact){
		.source = turned ? f->destination : f->source,
		.target = turned ? f->source : f->destination,
		.port = turned ? f->source_port : f->destination_port,
		.protocol = f->protocol,
		.first = flow_begin(f),
		.last = flow_finish(f),
		.flows = 1,
	};
}

/* The probe that these flags of a lone initiator are; 0: none. */
static uint16_t
probe_of(uint8_t flags)
{
	if (flags == 0)
		return SCAN_NULL;
	if (flags == TCP_FIN)
		return SCAN_FIN;
	return flags == XMAS ? SCAN_XMAS : 0;
}

/* The marks of a TCP flow in both directions; 0: no contact. */
static uint16_t
tcp_marks(const struct flow *f)
{
	uint8_t there = f->tcp_flags[0] & 0x3f, back = f->tcp_flags[1] & 0x3f;
	uint16_t refused = (back & TCP_RST) != 0 ? SCAN_REFUSED : 0;

	if (f->packets[0] == 0 || f->destination_port == 0)
		return 0;
	if ((there & TCP_SYN) == 0) {
		uint16_t probe = probe_of(there);
		return probe != 0 && (back & (TCP_SYN | TCP_FIN)) == 0 ? probe | refused : 0;
	}
	if ((back & TCP_SYN) == 0) {
		if ((there & TCP_ACK) != 0 && back == 0)
			return SCAN_SYN | SCAN_ANSWERED | SCAN_ESTABLISHED;
		return back != 0 && refused == 0 ? 0 : SCAN_SYN | refused;
	}
	if ((there & TCP_ACK) != 0)
		return SCAN_SYN | SCAN_ANSWERED | SCAN_ESTABLISHED;
	/* Cut off by the end of the input it may yet have been acknowledged. */
	if ((there & TCP_RST) == 0 && f->end_reason == FLOW_END_FORCED)
		return SCAN_SYN | SCAN_ANSWERED | SCAN_ESTABLISHED;
	return SCAN_SYN | SCAN_ANSWERED | SCAN_HALF_OPEN;
}

/* Whether an unanswered datagram is nobody's attempt to reach a service. */
static bool
is_stray(const struct flow *f)
{
	if (f->source_port < SYSTEM_PORTS && f->destination_port >= SYSTEM_PORTS)
		return true; /* an answer whose question was not seen */
	return f->destination_port >= TRACEROUTE_FIRST && f->destination_port <= TRACEROUTE_LAST;
}

static uint16_t
udp_marks(const struct flow *f)
{
	if (f->destination_port == 0 || f->packets[0] == 0)
		return 0;
	if (f->packets[1] > 0)
		return SCAN_UDP | SCAN_ANSWERED | SCAN_ESTABLISHED;
	return is_stray(f) ? 0 : SCAN_UDP;
}

/* Requests: echo, timestamp, address mask (RFC 792, RFC 950); ICMPv6 echo (RFC 4443). */
static bool
is_request(const struct flow *f)
{
	uint8_t type = (uint8_t)(f->destination_port >> 8);

	if (f->protocol == IP_PROTOCOL_ICMP)
		return type == 8 || type == 13 || type == 17;
	return f->protocol == IP_PROTOCOL_ICMPV6 && type == 128;
}

static uint16_t
icmp_marks(const struct flow *f)
{
	if (!is_request(f) || f->packets[0] == 0)
		return 0;
	return f->packets[1] > 0 ? SCAN_ICMP | SCAN_ANSWERED | SCAN_ESTABLISHED : SCAN_ICMP;
}

static uint16_t
marks_of(const struct flow *f)
{
	if (is_multicast(&f->destination))
		return 0;
	switch (f->protocol) {
	case IP_PROTOCOL_TCP: return tcp_marks(f);
	case IP_PROTOCOL_UDP: return udp_marks(f);
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6: return icmp_marks(f);
	default: return 0;
	}
}

static void
note_directions(struct scan_seen *seen, const struct flow *f)
{
	if (f->protocol != IP_PROTOCOL_TCP ||
	    (f->tcp_flags[0] & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK))
		return;
	seen->both += f->packets[1] > 0;
	seen->one += f->packets[1] == 0;
}

/* Completes a contact; false: it is none. */
static bool
complete(struct scan_seen *seen, struct scan_contact *c, uint16_t marks)
{
	if (marks == 0) {
		seen->passed++;
		return false;
	}
	/* One contact a kind of request, whatever its code. */
	if (c->protocol == IP_PROTOCOL_ICMP || c->protocol == IP_PROTOCOL_ICMPV6)
		c->port &= 0xff00;
	c->marks = marks;
	seen->flows++;
	return true;
}

static void
add(struct scan_contacts *t, struct scan_seen *seen, struct scan_contact *c, uint16_t marks)
{
	if (complete(seen, c, marks))
		scan_contacts_add(t, c);
}

void
scan_take_flows(
    struct scan_contacts *t, struct scan_seen *seen, const struct flow *flows, size_t count)
{
	struct scan_contact list[SCAN_CHUNK];
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct flow *f = &flows[i];
		uint16_t marks = marks_of(f);
		note_directions(seen, f);
		if (marks != 0)
			list[kept] = contact_of(f, false);
		kept += complete(seen, &list[kept], marks);
		if (kept == SCAN_CHUNK) {
			scan_contacts_add_all(t, list, kept);
			kept = 0;
		}
	}
	scan_contacts_add_all(t, list, kept);
}

/* ------------------------------------------------------------------ records */

/*
 * Each record says what it knows of the contact that it is a direction of: its own attempt, or what
 * came back to another's.  An answer alone is no contact; it waits for its attempt, or has come
 * after it.  So the order does not matter.
 */

/* Notes what came back to the other side's attempt at this one's port. */
static void
answer(struct scan_contacts *t, const struct flow *f, uint16_t port, uint16_t marks)
{
	struct scan_contact back = contact_of(f, true);

	back.port = port;
	back.marks = marks | SCAN_RECORD;
	scan_contacts_add(t, &back);
}

/* A connection of which packets acknowledge: the side with the lower port serves. */
static void
take_answered(struct scan_contacts *t, struct scan_seen *seen, const struct flow *f, uint16_t marks)
{
	struct scan_contact c = contact_of(f, f->source_port < f->destination_port);

	/* SYN-ACK alone may be the answer to one who did not want it. */
	if ((f->tcp_flags[0] & (TCP_FIN | TCP_PSH)) == 0 && (f->tcp_flags[0] & TCP_SYN) != 0)
		answer(t, f, f->source_port, SCAN_ANSWERED);
	else
		add(t, seen, &c, marks | SCAN_SYN | SCAN_ANSWERED | SCAN_ESTABLISHED);
}

static void
take_tcp(struct scan_contacts *t, struct scan_seen *seen, const struct flow_record *r)
{
	const struct flow *f = &r->flow;
	uint8_t flags = f->tcp_flags[0] & 0x3f;
	struct scan_contact ahead = contact_of(f, false);
	uint16_t kind = SCAN_RECORD | (r->sampling > 1 ? SCAN_SAMPLED : 0);

	if ((flags & TCP_ACK) != 0 && ((flags & TCP_SYN) != 0 || r->sampling > 1)) {
		take_answered(t, seen, f, kind);
	} else if ((flags & TCP_SYN) != 0) {
		bool half = (flags & TCP_RST) != 0;
		add(t, seen, &ahead, kind | SCAN_SYN | (half ? SCAN_ANSWERED | SCAN_HALF_OPEN : 0));
	} else if ((flags & TCP_RST) != 0) {
		seen->passed++;
		answer(t, f, f->source_port, SCAN_REFUSED);
	} else {
		add(t, seen, &ahead,
		    flags != 0 && probe_of(flags) != 0 ? kind | probe_of(flags) : 0);
	}
}

static void
take_datagrams(struct scan_contacts *t, struct scan_seen *seen, const struct flow *f)
{
	static const uint16_t ANSWERED = SCAN_ANSWERED | SCAN_ESTABLISHED;
	struct scan_contact ahead = contact_of(f, false);
	bool four = f->protocol == IP_PROTOCOL_ICMP;

	if (f->protocol == IP_PROTOCOL_UDP) {
		answer(t, f, f->source_port, ANSWERED);
		add(t, seen, &ahead,
		    is_stray(f) || f->destination_port == 0 ? 0 : SCAN_UDP | SCAN_RECORD);
	} else if (is_request(f)) {
		add(t, seen, &ahead, SCAN_ICMP | SCAN_RECORD);
	} else {
		/* An echo reply, 0 or 129, answers the request of type 8 or 128. */
		seen->passed++;
		if (f->destination_port >> 8 == (four ? 0 : 129))
			answer(t, f, four ? 8 << 8 : 128 << 8, ANSWERED);
	}
}

void
scan_take_record(struct scan_contacts *t, struct scan_seen *seen, const struct flow_record *r)
{
	const struct flow *f = &r->flow;
	bool sampled = r->sampling > 1; /* one that nobody said is taken as none */
	bool datagrams = f->protocol == IP_PROTOCOL_UDP || f->protocol == IP_PROTOCOL_ICMP ||
			 f->protocol == IP_PROTOCOL_ICMPV6;

	if (f->packets[1] > 0 && !sampled) {
		scan_take_flows(t, seen, f, 1);
		return;
	}
	if (is_multicast(&f->destination) || (f->protocol != IP_PROTOCOL_TCP && !datagrams)) {
		seen->passed++;
	} else if (f->protocol == IP_PROTOCOL_TCP) {
		seen->sampled += sampled;
		take_tcp(t, seen, r);
	} else if (sampled) {
		seen->inconclusive++;
	} else {
		take_datagrams(t, seen, f);
	}
}
