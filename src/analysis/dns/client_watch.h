/* SPDX-License-Identifier: ISC */
/*
 * Clients whose questions fail: as zone_watch.h, with clients for zones.
 *
 * Every client with an answer has a key in a Misra-Gries summary; one with CLIENT_LEAST failures,
 * half of its answers, is watched; what it had in the same ten seconds before counts too.  The
 * watched client with the fewest failures gives way to one with more.
 */
#ifndef YAGURA_ANALYSIS_DNS_CLIENT_WATCH_H
#define YAGURA_ANALYSIS_DNS_CLIENT_WATCH_H

#include "analysis/dns/labels.h"
#include "analysis/dns/samples.h"
#include "base/hash.h"
#include "obs/dns.h"
#include "stat/hll.h"
#include "stat/misra_gries.h"

#define CLIENT_KEYS      4096 /* clients of a shard */
#define CLIENT_PLACES    128  /* of them watched */
#define CLIENT_MERGED    8    /* states that are merged into one */
#define CLIENT_LEAST     16
#define CLIENT_SLOTS     40 /* stretches of ten seconds */
#define CLIENT_SITES     4  /* registrable domains that are named */
#define CLIENT_PRECISION 8  /* names, registrable domains: standard error 6.5 % */
#define CLIENT_NAME_MOST 100

/* Ten seconds of a client. */
struct client_slot {
	int64_t number; /* time / 10 s */
	uint32_t failing, all;
	nsec_t first, last; /* of failures */
};

/* A registrable domain that a client fails to get names of; `count` may be `error` too high. */
struct client_site {
	uint64_t hash, count, error;
	uint8_t name_size, name[CLIENT_NAME_MOST];
};

struct watched_client {
	struct address address;
	uint64_t nxdomain, servfail, other;
	/* Of the failures: */
	uint64_t undelegated; /* denied by the root or a public suffix: nobody's names */
	uint64_t single;      /* of one label */
	uint64_t reversed;    /* shaped as for block lists, or in reverse zones */
	uint64_t carriers;    /* of types that carry data: TXT, NULL, CNAME, MX */
	struct label_sums labels;
	uint32_t slot_count, site_count;
	struct client_slot slots[CLIENT_SLOTS]; /* by number */
	struct client_site sites[CLIENT_SITES];
	struct dns_samples samples;
	uint8_t names[HLL_SIZE(CLIENT_PRECISION)];
	uint8_t site_names[HLL_SIZE(CLIENT_PRECISION)];
};

struct client_watch {
	struct mg mg; /* counters: failures, all; handle: place + 1 */
	struct hash_secret secret;
	struct watched_client **clients; /* owned, each too; made when first needed */
	uint32_t weights[CLIENT_PLACES * CLIENT_MERGED]; /* failures; 0: the place is free */
	uint32_t most;                                   /* places that may be used */
	uint64_t displaced, refused, slots_refused;
};

void client_watch_init(struct client_watch *watch, const struct hash_secret *secret);
void client_watch_release(struct client_watch *watch);
void client_watch_clear(struct client_watch *watch);
void client_watch_merge(struct client_watch *into, const struct client_watch *from);

static inline uint32_t
client_watch_hash(const struct client_watch *watch, const struct address *address)
{
	return (uint32_t)(hash_words(&watch->secret, address->words, 2) >> 32);
}

/* Counts an answer of a client with this hash, to a question of `time`; the client where it is
 * watched, else NULL. */
struct watched_client *client_watch_count(struct client_watch *watch, const struct address *address,
    uint32_t hash, nsec_t time, bool fails);

/* Counts a failure for a registrable domain. */
void client_watch_site(struct watched_client *client, const struct client_site *site);

#endif
