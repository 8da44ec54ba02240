/* SPDX-License-Identifier: ISC */
/*
 * The addresses where nothing was asked for: site.dark_prefixes, and the prefixes of site.sensors,
 * where something may answer.  And what a packet to them is.
 *
 * Backscatter is what a victim of an attack elsewhere answers to packets whose source was forged,
 * and happened to be one of these addresses.  The rest is random communications.
 *
 *	if (!dark_space_may_hold(&space, &p->destination))      // a few comparisons
 *		continue;
 *	long which = dark_space_find(&space, &p->destination);  // a prefix, or -1
 */
#ifndef YAGURA_ANALYSIS_SECURITY_DARK_SPACE_H
#define YAGURA_ANALYSIS_SECURITY_DARK_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "net/site.h"
#include "obs/packet.h"

/* One prefix of the space; those inside others come after them. */
struct dark_prefix {
	struct prefix prefix;
	bool answers;     /* a sensor's: it may answer */
	bool inside;      /* of one before it: adds no addresses */
	const char *name; /* a sensor's; NULL: its text */
	double before;    /* share of its family's addresses that lie below it */
	double share;     /* share of its family's addresses that it has */
};

struct dark_space {
	struct dark_prefix *prefixes; /* owned; sorted by address, the shorter first */
	size_t count;
	struct prefix_set *set;       /* owned */
	uint32_t ipv4_low, ipv4_high; /* all IPv4 lies between; low > high: there is none */
	uint64_t ipv6_low, ipv6_high; /* the same of the first 64 bits of IPv6 */
	uint64_t ipv4_addresses;
	double ipv6_addresses;
};

/* The space of a site; sensors' names are borrowed from it. */
void dark_space_init(struct dark_space *space, const struct site *site);
void dark_space_release(struct dark_space *space);

/* False: it surely does not.  What nearly every packet of a capture gets. */
static inline bool
dark_space_may_hold(const struct dark_space *space, const struct address *a)
{
	if (address_is_ipv4(a)) {
		uint32_t value = be32(a->octets + 12);
		return value >= space->ipv4_low && value <= space->ipv4_high;
	}
	return be64(a->octets) >= space->ipv6_low && be64(a->octets) <= space->ipv6_high;
}

/* The number of the longest prefix that holds the address, or -1. */
long dark_space_find(const struct dark_space *space, const struct address *a);

/* Where the address lies among all of its family that are monitored: 0…2^32-1, in proportion. It is
 * in prefix number `which`. */
uint32_t dark_space_position(const struct dark_space *space, size_t which, const struct address *a);

/* ------------------------------------------------------------------ packets */

/* What a packet to the space is. */
enum dark_kind {
	DARK_OTHER = 0, /* random communications */
	DARK_SYNACK,    /* backscatter, from here on */
	DARK_RESET,
	DARK_ACK,         /* weak: counted only when it is asked for */
	DARK_ERROR,       /* an ICMP error about a packet that the dark address did not send */
	DARK_REPLY,       /* ICMP replies */
	DARK_UDP,         /* responses of UDP services */
	DARK_MISMATCH,    /* an ICMP error about a packet of another source: neither */
	DARK_SHORT_QUOTE, /* an ICMP error that quotes too little: neither */
	DARK_KINDS,
};

/* Who was attacked, as backscatter tells. */
struct dark_victim {
	struct address address;
	uint8_t protocol; /* that the attack uses */
	uint16_t port;    /* of the victim; of ICMP echo requests: 8 << 8; 0: not known */
};

/* What the packet is; `ret_victim` is written for DARK_SYNACK to DARK_UDP.  `answers`: the
 * destination may answer, so that resets and errors may be about its answers. */
enum dark_kind dark_classify(const struct packet *p, bool answers, struct dark_victim *ret_victim);

/* "tcp/80", "udp/53", "icmp/echo", "ip/47"; returns `text`. */
char *dark_service_text(uint8_t protocol, uint16_t port, char *text, size_t size);
#define DARK_SERVICE_SIZE 24

#endif
