/* SPDX-License-Identifier: ISC */
/*
 * Which datagram a fragment belongs to: the key of both tables of fragments.
 *
 * RFC 791 section 3.2: source, destination, protocol and identification.  RFC 8200 section 4.5
 * leaves the protocol out for IPv6: fragments after the first may name another header.  The VLAN
 * and the depth of tunnels are added, so that a datagram seen twice on its way is not mixed up.
 */
#ifndef YAGURA_FLOW_FRAGMENT_KEY_H
#define YAGURA_FLOW_FRAGMENT_KEY_H

#include "flow/slots.h"
#include "obs/packet.h"

static inline struct slots_key
fragment_key(const struct packet *p)
{
	uint8_t protocol = p->ip_version == 6 ? IP_PROTOCOL_FRAGMENT : p->fragment_protocol;

	return (
	    struct slots_key){ .words = {
				   p->source.words[0],
				   p->source.words[1],
				   p->destination.words[0],
				   p->destination.words[1],
				   p->fragment_id | (uint64_t)protocol << 32 |
				       (uint64_t)p->vlan << 40 | (uint64_t)p->tunnel_depth << 56,
			       } };
}

#endif
