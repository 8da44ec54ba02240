/* SPDX-License-Identifier: ISC */
/*
 * What prepares a forged answer and is seen in packets only: the search for a resolver's open port
 * by way of its ICMP errors, and fragments planted before the answer comes.
 *
 * Ports: K. Man et al., "DNS cache poisoning attack reloaded" (SAD DNS), CCS 2020.  Datagrams that
 * look as if they came from a server go to many closed ports of the resolver, whose ICMP
 * port-unreachables come at the limit that its kernel sets.  A pair is looked at from its first
 * port-unreachable on.
 *
 * Fragments: A. Herzberg, H. Shulman, "Fragmentation considered poisonous", CNS 2013.  A later
 * fragment that comes before the answer is put together with the true answer's first one.  Seen as
 * later fragments without a first one, or as two that contradict each other.
 *
 * All packets of a pair of addresses are in one shard, so order within a pair is that of the input.
 */
#ifndef YAGURA_ANALYSIS_DNS_POISONING_PROBE_H
#define YAGURA_ANALYSIS_DNS_POISONING_PROBE_H

#include "analysis/dns/heavy.h"
#include "obs/dns.h"
#include "obs/packet.h"
#include "obs/table.h"

#define PROBE_PORT_WORDS 128 /* a bitmap of 8192 ports */
#define PROBE_SECONDS    10

/* Datagrams from a server to a resolver, and the errors that came back. */
struct probe {
	/* The key. */
	struct address resolver, server;
	uint64_t slot;

	nsec_t first, last;
	uint64_t input_offset; /* of the first error */
	uint64_t matched;      /* answers that were asked for */
	uint64_t asked;        /* queries of the resolver to the server */
	uint32_t datagrams[PROBE_SECONDS], errors[PROBE_SECONDS];
	uint64_t ports[PROBE_PORT_WORDS]; /* that were closed */
};

/* A datagram in fragments. */
struct planted {
	/* The key. */
	struct address source, destination;
	uint64_t id; /* with the protocol above */

	nsec_t time;
	uint64_t input_offset;
	uint64_t conflicts; /* fragments that say something else than an earlier one there */
	uint32_t later;     /* fragments that are not the first */
	uint16_t offsets[4];
	uint32_t digests[4]; /* 0: free */
	uint8_t first_seen, from_dns, unused[2];
};

/* Fragments from one address to another in 10 s. */
struct fragments {
	/* The key. */
	struct address source, destination;
	uint64_t slot;

	nsec_t first, last;
	uint64_t input_offset;
	uint64_t datagrams, orphans, conflicts;
	uint64_t from_dns; /* first fragments with source port 53 */
	uint64_t asked;    /* DNS queries to the source */
};

#define PROBE_KEY_WORDS 5

struct probes {
	struct heavy pairs;     /* struct probe */
	struct heavy datagrams; /* struct planted */
	struct heavy fragments; /* struct fragments */
	uint64_t filter[16];    /* pairs that are looked at, by hash: one bit to most packets */
	uint64_t fragment_filter[16];
	uint64_t asked[1024]; /* the pair last asked, by hash: messages of a batch come before its
				 packets */
};

void probes_init(struct probes *p, const struct hash_secret *secret);
void probes_release(struct probes *p);
void probes_clear(struct probes *p);
void probes_merge(struct probes *into, const struct probes *from);

void probes_packet_slow(struct probes *p, const struct packet *packet);
void probes_message_slow(struct probes *p, const struct dns_message *m);

/* A hash of two addresses, whichever comes first; no secret, so that what is found is the same in
 * every process: who collides on purpose only costs time. */
static inline uint64_t
probes_hash(const struct address *a, const struct address *b)
{
	uint64_t sum = (a->words[0] ^ b->words[0]) + (a->words[1] ^ b->words[1]);

	return (sum | 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline unsigned
probes_bit(const struct address *a, const struct address *b)
{
	return (unsigned)(probes_hash(a, b) >> 54);
}

static inline bool
probes_has(const uint64_t *filter, unsigned bit)
{
	return (filter[bit / 64] >> bit % 64 & 1) != 0;
}

/* Takes a packet; most need two octets of it, and a third where a pair is looked at. */
static inline void
probes_packet(struct probes *p, const struct packet *packet)
{
	if ((packet->flags & (PACKET_FRAGMENT | PACKET_HAS_QUOTE)) != 0 ||
	    (p->pairs.count != 0 && packet->source_port == 53 &&
		packet->protocol == IP_PROTOCOL_UDP &&
		probes_has(p->filter, probes_bit(&packet->source, &packet->destination))))
		probes_packet_slow(p, packet);
}

/* Takes a message: what of a pair was asked for. */
static inline void
probes_message(struct probes *p, const struct dns_message *m)
{
	uint64_t hash = probes_hash(&m->client, &m->server);

	if ((m->flags & DNS_RESPONSE) == 0)
		p->asked[hash >> 54] = hash;
	if (p->pairs.count + p->fragments.count != 0)
		probes_message_slow(p, m);
}

/* Puts the fragments that are still open into sums; before rows are made. */
void probes_settle(struct probes *p);

void probes_rows(const struct probes *p, struct rows *pairs, struct rows *fragments);

#endif
