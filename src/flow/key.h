/* SPDX-License-Identifier: ISC */
/*
 * The flow key: the same five words for both directions of a conversation.
 *
 * The endpoints are put in a fixed order (by the words of their addresses, then by port);
 * `direction` says whether the packet goes from the first to the second or back.
 */
#ifndef YAGURA_FLOW_KEY_H
#define YAGURA_FLOW_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "obs/packet.h"

#define FLOW_KEY_WORDS 5

struct flow_key {
	/* Two addresses, then: first port | second port << 16 | vlan << 32 | protocol << 48 | IP
	 * version << 56. */
	uint64_t words[FLOW_KEY_WORDS];
};

static_assert(sizeof(struct flow_key) == 40, "a key is five words");

/* Request and reply types of ICMP and ICMPv6 that belong together: the reply's type maps to the
 * request's. */
static inline uint16_t
flow_key_icmp(uint8_t protocol, uint16_t type_code)
{
	uint8_t type = (uint8_t)(type_code >> 8);

	if (protocol == IP_PROTOCOL_ICMP) {
		if (type == 0) /* echo reply */
			return (uint16_t)(8 << 8 | (type_code & 0xff));
		if (type == 14 || type == 16 ||
		    type == 18) /* timestamp, information, address mask reply */
			return (uint16_t)(type_code - (1 << 8));
	} else if (type == 129) { /* ICMPv6 echo reply */
		return (uint16_t)(128 << 8 | (type_code & 0xff));
	}
	return type_code;
}

static inline bool
flow_key_is_icmp(uint8_t protocol)
{
	return protocol == IP_PROTOCOL_ICMP || protocol == IP_PROTOCOL_ICMPV6;
}

/* Makes the key of an IP packet; returns its direction: 0 from the first endpoint to the second, 1
 * back. */
static inline unsigned
flow_key_make(const struct packet *p, bool vlan_key, struct flow_key *ret_key)
{
	const uint64_t *s = p->source.words;
	const uint64_t *d = p->destination.words;
	uint16_t sport = p->source_port;
	uint16_t dport = p->destination_port;
	bool swap = s[1] != d[1] ? s[1] > d[1] : s[0] > d[0];
	uint64_t tail = (uint64_t)(vlan_key ? p->vlan : VLAN_NONE) << 32 |
			(uint64_t)p->protocol << 48 | (uint64_t)p->ip_version << 56;

	if (flow_key_is_icmp(p->protocol)) {
		sport = flow_key_icmp(p->protocol, dport);
		dport = sport;
	} else if (s[1] == d[1] && s[0] == d[0]) {
		swap = sport > dport;
	}
	ret_key->words[0] = swap ? d[0] : s[0];
	ret_key->words[1] = swap ? d[1] : s[1];
	ret_key->words[2] = swap ? s[0] : d[0];
	ret_key->words[3] = swap ? s[1] : d[1];
	ret_key->words[4] = tail | (swap ? (uint64_t)dport | (uint64_t)sport << 16
					 : (uint64_t)sport | (uint64_t)dport << 16);
	return swap;
}

static inline bool
flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	uint64_t difference = 0;

	for (int i = 0; i < FLOW_KEY_WORDS; i++)
		difference |= a->words[i] ^ b->words[i];
	return difference == 0;
}

/*
 * Which of `shards` (a power of two) owns the conversation between two addresses: symmetric, the
 * same in every process, and the same for every fragment and port, so that all of a datagram and
 * all of a scan meet in one place.
 */
static inline unsigned
flow_shard(const struct address *a, const struct address *b, unsigned shards)
{
	/* Sum and exclusive-or are both symmetric; together they lose nothing that matters. */
	uint64_t h =
	    hash_mix64((a->words[0] + b->words[0]) ^ hash_mix64(a->words[1] + b->words[1]) ^
		       (a->words[1] ^ b->words[1]));

	return (unsigned)(h & (shards - 1));
}

#endif
