/* SPDX-License-Identifier: ISC */
/*
 * What response rate limiting would have done: BIND's and NSD's algorithms over the responses that
 * were seen.
 *
 * Both limit by server, network of the client, kind of response and name, and both work on counts
 *of whole seconds: so it is enough to know how many responses a key had in each second.  Shards
 *keep these counts as a list, which add up; rate_limit_run simulates a window's list from its first
 *second.
 *
 *	BIND (lib/dns/rrl.c): networks /24 and /56.  A key earns R responses a second up to R, pays
 *	one for each, and owes at most 15 R.  Who owes is limited; every second limited response is
 *	sent truncated (slip 2), the others are dropped.  Keys: answers by name and type, NODATA by
 *	name, NXDOMAIN by zone, referrals by the zone referred to, errors all together.
 *
 *	NSD (rrl.c): networks /24 and /64.  rate = rate / 2 + the second's count, once a second; a
 *	response is limited when count + rate / 2, or rate, reaches 2 R.  Limited ones are truncated
 *	with a chance of 1/2.  Keys: answers by name; ANY, RRSIG and DNSKEY apart; NODATA, NXDOMAIN
 *and errors by zone; referrals as above.
 *
 * A key that has one response a second is never limited, so only keys with two in one second (of
 * one shard) enter the list: the first response of a second is counted with the second one.
 */
#ifndef YAGURA_ANALYSIS_DNS_RATE_LIMIT_H
#define YAGURA_ANALYSIS_DNS_RATE_LIMIT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "obs/dns.h"

#define RATE_LIMIT_SETS    1024
#define RATE_LIMIT_WAYS    4
#define RATE_LIMIT_RECORDS 32768 /* of one shard and window */
#define RATE_LIMIT_RATES   8

enum rate_limit_algorithm {
	RATE_LIMIT_BIND = 0,
	RATE_LIMIT_NSD,
	RATE_LIMIT_ALGORITHMS,
};

/* The responses a second that are tried. */
extern const uint32_t RATE_LIMIT_TRIED[RATE_LIMIT_RATES];

/* One second of one key. */
struct rate_limit_record {
	uint64_t keys[RATE_LIMIT_ALGORITHMS];
	uint32_t network; /* hash of the client's network */
	uint32_t second;  /* since 1970 */
	uint32_t count;
	uint32_t octets, query_octets; /* of all; UDP payload */
	uint32_t unused;
};

/* What a client's network had of a server in this second. */
struct rate_limit_network {
	uint32_t tag, octets;
	uint32_t second;
	uint16_t count, query_octets;
};

static_assert(sizeof(struct rate_limit_network) * RATE_LIMIT_WAYS == 64,
    "a set is looked at for each response: one cache line");

struct rate_limit_cell {
	uint64_t key;
	uint32_t second, count;
	uint32_t record;               /* number + 1 of the record; 0: none */
	uint32_t octets, query_octets; /* of those before there was a record */
	uint32_t unused;
};

struct rate_limit {
	/* Sets of a few; in a full one the least used gives way.  Owned, made when needed. */
	struct rate_limit_network (*networks)[RATE_LIMIT_WAYS];
	struct rate_limit_cell (*cells)[RATE_LIMIT_WAYS];
	struct rate_limit_record *records; /* owned */
	size_t count, capacity, limit;
	bool sorted[RATE_LIMIT_ALGORITHMS];
	uint64_t responses, octets; /* over UDP */
	uint64_t exempt;            /* to queries with a server's cookie */
	uint64_t truncated;
	uint64_t lost; /* responses whose second found no room */
};

/* What a rate would have done in a window. */
struct rate_limit_outcome {
	uint64_t attack_responses, attack_octets;                /* what there was */
	uint64_t attack_dropped, attack_slipped, attack_removed; /* the last in octets */
	uint64_t other_dropped, other_slipped;
	uint64_t networks[64]; /* of the others: a bitmap */
};

/* A stretch of 10 s of a key counts as attack from here on: the thresholds of dns/amplification. */
#define RATE_LIMIT_ATTACK_RESPONSES 200
#define RATE_LIMIT_ATTACK_OCTETS    100000
#define RATE_LIMIT_ATTACK_FACTOR    10

void rate_limit_release(struct rate_limit *r);
void rate_limit_clear(struct rate_limit *r);
/* Takes a response. */
void rate_limit_add(struct rate_limit *r, const struct dns_message *m);
void rate_limit_merge(struct rate_limit *into, const struct rate_limit *from);

/* Simulates one algorithm at one rate; sorts the records. */
void rate_limit_run(struct rate_limit *r, enum rate_limit_algorithm algorithm, uint32_t rate,
    struct rate_limit_outcome *ret_outcome);

#endif
