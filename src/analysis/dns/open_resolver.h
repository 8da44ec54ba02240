/* SPDX-License-Identifier: ISC */
/*
 * What the parts of dns/open-resolver share: records of own addresses that answer strangers.
 */
#ifndef YAGURA_ANALYSIS_DNS_OPEN_RESOLVER_H
#define YAGURA_ANALYSIS_DNS_OPEN_RESOLVER_H

#include "analysis/analysis.h"
#include "analysis/dns/pool.h"
#include "analysis/dns/samples.h"
#include "stat/hll.h"

#define OPEN_PRECISION 10 /* of the sketches of clients */
#define OPEN_KEPT      8  /* zones and networks that are remembered */

enum {
	OPEN_TOTALS,
	OPEN_ADDRESSES,
	OPEN_TABLES,
};

/* Up to OPEN_KEPT hashes, the smallest: of shards they merge to those of the whole. */
struct open_set {
	uint64_t count;
	uint64_t hashes[OPEN_KEPT]; /* in rising order */
};

/* What an own address answered strangers. */
struct open_record {
	uint64_t key[2];    /* the address */
	nsec_t first, last; /* of the queries that it answered as a resolver, or passed on */
	uint64_t queries;   /* with recursion desired that it answered, authoritative answers aside
			     */
	uint64_t resolved;  /* answered as a resolver answers */
	uint64_t query_octets, octets; /* of those, UDP */
	uint64_t refused, authoritative, failed;
	uint64_t referrals, referral_query_octets, referral_octets; /* to the root */
	uint64_t passed;                    /* sent on with the stranger's address */
	struct address upstream;            /* where it sent the first of them */
	uint64_t flow_packets, flow_octets; /* in flow records, from its port 53 */
	struct open_set zones, networks;
	uint8_t clients[HLL_SIZE(OPEN_PRECISION)];
};

/* Whom an own address asks. */
struct open_egress {
	uint64_t key[2];
	struct open_set servers;   /* without recursion desired: it resolves itself */
	struct open_set resolvers; /* with it: it forwards */
	struct address resolver;   /* that of the smallest hash among them */
};

/* Adds a hash to a set; true when it is now among those kept and was not before. */
bool open_set_add(struct open_set *set, uint64_t hash);
void open_set_merge(struct open_set *into, const struct open_set *from);

enum err open_resolver_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
