/* SPDX-License-Identifier: ISC */
/*
 * Responses and the queries they answer.
 *
 * A transaction is known by both addresses and ports, transport, view, TCP connection and message
 * id (RFC 8618, section 10), and its first question must agree.  The table is bounded: sets of
 * eight, chosen by a keyed hash; where a set is full the oldest gives way, and one that still
 * waited is counted (dns.transaction_evicted).  An answered or given-up query stays for a while, so
 * that second and late answers are known as such.
 *
 *	for each message of a batch:  hashes[i] = dns_matcher_hash(matcher, m);
 *	for each message of a batch:  dns_matcher_take(matcher, m, hashes[i]);
 *	dns_matcher_advance(matcher, time of the last);
 */
#ifndef YAGURA_FLOW_DNS_MATCH_H
#define YAGURA_FLOW_DNS_MATCH_H

#include "base/hash.h"
#include "obs/dns.h"
#include "obs/drop.h"

struct dns_matcher;

struct dns_matcher_options {
	size_t capacity; /* queries at once */
	nsec_t timeout;
	struct hash_secret secret;
	struct drop_counters *drops;
	/* Takes a query that was given up. */
	void (*expired)(void *context, const struct dns_pending *pending);
	void *context;
};

struct dns_matcher *dns_matcher_new(const struct dns_matcher_options *options);
void dns_matcher_free(struct dns_matcher *matcher);

/* The message's place in the table, which is also fetched into the cache. */
uint64_t dns_matcher_hash(const struct dns_matcher *matcher, const struct dns_message *m);

/* Fetches what dns_matcher_take will touch; of use some messages before it. */
void dns_matcher_prefetch(const struct dns_matcher *matcher, uint64_t hash);

/* Takes one well-formed message: remembers a query; sets match, latency and the query's fields of a
 * response. */
void dns_matcher_take(struct dns_matcher *matcher, struct dns_message *m, uint64_t hash);

/* Time has come to `now`: gives up what waited too long, a part of the table at each call. */
void dns_matcher_advance(struct dns_matcher *matcher, nsec_t now);

/* The input has ended at `now`: all that is overdue is given up.  Returns how many queries still
 * wait; a further input may answer them. */
size_t dns_matcher_end(struct dns_matcher *matcher, nsec_t now);

/* One query that waits, as it is kept between runs. */
struct dns_waiting {
	struct address client, server;
	nsec_t time;
	uint64_t name_hash, site_hash;
	uint32_t case_hash;
	uint16_t client_port, server_port, id, type, flags, size, edns_size;
	uint8_t transport, view, retransmissions;
};

/* Gives every waiting query but those of TCP connections, which end with their run. */
void dns_matcher_each(const struct dns_matcher *matcher,
    void (*take)(void *context, const struct dns_waiting *waiting), void *context);

/* Puts one back. */
void dns_matcher_restore(struct dns_matcher *matcher, const struct dns_waiting *waiting);

#endif
