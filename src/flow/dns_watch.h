/* SPDX-License-Identifier: ISC */
/*
 * Pairs of a client and a server between which answers came that nobody had asked for, and the
 * queries that such answers may be aimed at.
 *
 * The matcher finds the query of an ordinary answer by its whole key.  An answer forged blindly has
 * the wrong id or the wrong port, so it is in no place where the matcher looks; to search for what
 * it resembles would cost every message an index more.  So the first answer without a query makes
 * its pair a watched one.  From then on the pair's queries are also kept in a short list, beginning
 * with those that wait already, and each further answer without a query is compared with the list.
 * Pairs that had no such answer for a minute are forgotten; traffic without such answers costs
 * nothing.
 *
 * All of it is bounded: WATCH_PAIRS pairs, of which WATCH_LISTS with a list of WATCH_QUERIES
 * queries.  What gives way while it was of use is counted (dns.watch_evicted).
 */
#ifndef YAGURA_FLOW_DNS_WATCH_H
#define YAGURA_FLOW_DNS_WATCH_H

#include <stdbool.h>

#include "base/hash.h"
#include "obs/dns.h"
#include "obs/drop.h"

#define WATCH_PAIRS   1024
#define WATCH_LISTS   256
#define WATCH_QUERIES 128

struct dns_watch;

/* A query of a watched pair. */
struct dns_watch_query {
	nsec_t time;
	nsec_t answered; /* 0: not yet */
	uint64_t name_hash;
	uint16_t port, id, type;
	uint16_t forged; /* answers with a wrong id or port that were aimed at it */
};

/* `timeout` is how long a query waits. */
struct dns_watch *
dns_watch_new(const struct hash_secret *secret, nsec_t timeout, struct drop_counters *drops);
void dns_watch_free(struct dns_watch *watch);

/*
 * Judges a response that answers no query: sets match (DNS_WRONG_ID, DNS_WRONG_PORT, or what it
 * was before), forged and waiting_port.  True when the pair was not watched before: then the
 * caller may add the queries of the pair that wait, and judge once more.
 */
bool dns_watch_judge(struct dns_watch *watch, struct dns_message *m);

/* Remembers a query when its pair is watched. */
void dns_watch_query(struct dns_watch *watch, const struct dns_message *m);

/* Adds a query of the past to a pair that was not watched until now, in whatever order; only
 * before any is remembered as it comes. */
void dns_watch_add(struct dns_watch *watch, const struct address *client,
    const struct address *server, const struct dns_watch_query *query);

/* The query of this response was answered, by it or before; says how many forged answers it had. */
uint16_t dns_watch_answered(struct dns_watch *watch, const struct dns_message *m);

#endif
