/* SPDX-License-Identifier: ISC */
/*
 * Zones whose names fail: bounded tables for finding the few that are under attack among any number
 * of zones.
 *
 * Two stages.  Every zone that fails has a key in a Misra-Gries summary (stat/misra_gries.h): a
 * flood of random zones purges keys that are as rare as its own, never one that comes more often
 * than once in WATCH_KEYS / 2 new keys.  A zone of which WATCH_LEAST failures were seen, and a
 * quarter or more of all, is watched: it gets sketches of names and clients, and a slot for each
 * ten seconds.  When all places are taken, the watched zone with the fewest failures gives way to
 * one with more; so a flood of zones cannot displace the one that is attacked.
 *
 * Slots are numbered by time, hence states of shards merge by adding slots of the same number.
 *
 * Messages come from two sides.  ZONE_ASKED: somebody asked a resolver, or a server with RD.
 * ZONE_UPSTREAM: a resolver asked an authority.  Seen at a resolver the same question may come from
 * both, so they are counted apart, and their ratio is the share of cache misses.
 */
#ifndef YAGURA_ANALYSIS_DNS_ZONE_WATCH_H
#define YAGURA_ANALYSIS_DNS_ZONE_WATCH_H

#include "analysis/dns/labels.h"
#include "analysis/dns/samples.h"
#include "base/hash.h"
#include "obs/dns.h"
#include "stat/hll.h"
#include "stat/misra_gries.h"

#define WATCH_KEYS       2048 /* zones with a failure, each shard */
#define WATCH_ZONES      64   /* of them watched */
#define WATCH_LEAST      8    /* failures before a zone is watched */
#define WATCH_SLOTS      1024 /* of all zones of a shard */
#define WATCH_ZONE_SLOTS 64   /* of one of them */
#define WATCH_SITE_BITS  1024
#define WATCH_MERGED     8 /* states of shards that are merged into one */
#define SLOT_SECONDS     10
#define SLOT_LENGTH      (SLOT_SECONDS * NSEC_PER_SEC)

#define SLOT_PRECISION    9 /* names of a slot: standard error 4.6 %, below 3.5 % up to 200 names */
#define NAMES_PRECISION   11 /* failing names of a zone: 2.3 % */
#define CLIENTS_PRECISION 10 /* 3.3 % */
#define SCATTER_PRECISION 8  /* 6.5 % */

#define WATCH_CLIENTS 32 /* that are listed for a zone */

enum zone_side { ZONE_ASKED, ZONE_UPSTREAM, ZONE_SIDES };

enum zone_outcome {
	ZONE_OTHER, /* answered in some other way */
	ZONE_NXDOMAIN,
	ZONE_SERVFAIL,
	ZONE_UNANSWERED,
	ZONE_OUTCOMES,
};

/* Query types that tell something. */
enum zone_type {
	ZONE_A,
	ZONE_AAAA,
	ZONE_TXT,
	ZONE_NULL,
	ZONE_CNAME,
	ZONE_MX,
	ZONE_ANY,
	ZONE_TYPE_OTHER,
	ZONE_TYPES
};

/* Who asks.  Own servers are those the site block lists. */
enum zone_client { CLIENT_CUSTOMER, CLIENT_SERVER, CLIENT_EXTERNAL, CLIENT_CLASSES };

struct zone_slot {
	int64_t number; /* time / SLOT_LENGTH */
	uint32_t next;  /* of the zone's slots; 0: the last */
	uint32_t counts[ZONE_SIDES][ZONE_OUTCOMES];
	uint32_t seconds[ZONE_SIDES][SLOT_SECONDS]; /* failures */
	uint32_t all_seconds[SLOT_SECONDS];         /* everything that was asked */
	nsec_t first[ZONE_SIDES], last[ZONE_SIDES]; /* of failures; 0: none */
	nsec_t all_first, all_last;                 /* of all, both sides */
	struct label_sums labels;                   /* of a sample of the names */
	uint32_t reversed; /* names of the sample shaped as for block lists */
	uint32_t sampled;
	uint8_t names[HLL_SIZE(SLOT_PRECISION)];
};

/* One client of a zone, and how often at least it asked: at most `error` more. */
struct zone_top {
	struct address address;
	uint64_t count, error;
	uint8_t class; /* enum zone_client */
	uint8_t side;
	bool resolver; /* says of itself that it asks for others: dnstap RESOLVER, or its role */
};

/* Answers that nobody here asked for: somebody else's attack, with our addresses as senders. */
struct zone_scatter {
	uint64_t nxdomain, servfail, quoted;
	uint64_t dark; /* of them to unused addresses */
	nsec_t first, last;
	uint8_t names[HLL_SIZE(SCATTER_PRECISION)];
	uint8_t servers[HLL_SIZE(SCATTER_PRECISION)];
	uint8_t targets[HLL_SIZE(SCATTER_PRECISION)];
};

struct watched_zone {
	uint64_t hash, site_hash;
	uint32_t place;
	uint8_t name[DNS_NAME_MAX];
	uint8_t name_size; /* 0: not known yet */
	bool wild;         /* ever-new names that exist */
	uint32_t slots;    /* the newest, 1…; 0: none */
	uint32_t slot_count;
	uint64_t counts[ZONE_SIDES][ZONE_OUTCOMES]; /* of the window, with what came before */
	uint64_t retransmissions;
	uint64_t types[ZONE_TYPES];
	uint64_t classes[CLIENT_CLASSES]; /* messages by class of client */
	uint32_t top_count;
	struct zone_top top[WATCH_CLIENTS];
	struct dns_samples samples;
	struct zone_scatter scatter;
	uint8_t names[HLL_SIZE(NAMES_PRECISION)]; /* that fail */
	uint8_t clients[ZONE_SIDES][HLL_SIZE(CLIENTS_PRECISION)];
};

struct zone_watch {
	struct mg mg; /* counters: failures, all, ever-new names; handle: place + 1 */
	struct hash_secret secret;
	struct watched_zone **zones;                  /* owned, each too; made when first needed */
	uint32_t weights[WATCH_ZONES * WATCH_MERGED]; /* failures of each; 0: the place is free */
	uint32_t most; /* places that may be used: WATCH_ZONES for each state that is merged */
	struct zone_slot *slots;                  /* owned */
	uint32_t slot_room, slot_used, slot_most; /* made, ever taken since clear, allowed */
	uint32_t slot_free;                       /* list of slots given back */
	uint64_t
	    sites[WATCH_ZONES * WATCH_MERGED];      /* of each place: of a zone below its
						       registrable domain, the domain's hash; else 0 */
	uint64_t inner_sites[WATCH_SITE_BITS / 64]; /* a set of bits of those hashes */
	/* What could not be held. */
	uint64_t zones_displaced, zones_refused, slots_refused;
};

/* What is asked of a zone. */
struct zone_key {
	uint64_t hash, site_hash;
	const uint8_t *name; /* NULL: not known */
	uint8_t name_size;
};

void zone_watch_init(struct zone_watch *watch, const struct hash_secret *secret);
void zone_watch_release(struct zone_watch *watch);
void zone_watch_clear(struct zone_watch *watch);

static inline uint32_t
zone_watch_hash(const struct zone_watch *watch, uint64_t zone)
{
	return (uint32_t)(hash_words(&watch->secret, &zone, 1) >> 32);
}

/* The key's entry, made when it is new; `weights` are added. */
struct mg_entry *zone_watch_count(
    struct zone_watch *watch, const struct zone_key *key, const uint64_t weights[MG_METRICS]);

/* The entry of a zone, NULL when it has none. */
struct mg_entry *zone_watch_entry(const struct zone_watch *watch, uint64_t hash);

/* The watched zone of an entry; NULL when it is not watched. */
static inline struct watched_zone *
zone_watch_zone(const struct zone_watch *watch, const struct mg_entry *entry)
{
	return entry->handle != 0 ? watch->zones[entry->handle - 1] : NULL;
}

/* Watches a zone, whose weight is `weight`, from now on; NULL when there is no place for it. */
struct watched_zone *zone_watch_begin(
    struct zone_watch *watch, struct mg_entry *entry, const struct zone_key *key, uint32_t weight);

/* Makes a watched zone's weight known: what it is worth against others. */
void zone_watch_weigh(struct zone_watch *watch, const struct mg_entry *entry, uint32_t more);

/* Names a zone that has no name yet. */
void zone_watch_name(
    struct zone_watch *watch, struct watched_zone *zone, const uint8_t *name, size_t size);

/* The slot of a time; NULL when none can be had. */
struct zone_slot *zone_watch_slot(struct zone_watch *watch, struct watched_zone *zone, nsec_t time);

/* Whether there may be watched zones below a registrable domain. */
static inline bool
zone_watch_has_inner(const struct zone_watch *watch, uint64_t site_hash)
{
	uint64_t bit = site_hash % WATCH_SITE_BITS;

	return (watch->inner_sites[bit / 64] >> (bit % 64) & 1) != 0;
}

/* The watched zone below the registrable domain with this hash that holds the name (NULL: the one
 * with most failures); NULL when there is none. */
struct watched_zone *zone_watch_inner(
    const struct zone_watch *watch, uint64_t site_hash, const uint8_t *name, size_t size);

void zone_watch_merge(struct zone_watch *into, const struct zone_watch *from);

/* Counts a client. */
void zone_top_add(struct watched_zone *zone, const struct zone_top *client);

static inline struct zone_slot *
zone_watch_slot_at(const struct zone_watch *watch, uint32_t number)
{
	return number != 0 ? &watch->slots[number - 1] : NULL;
}

static inline uint64_t
zone_failures(const struct zone_slot *slot, unsigned side)
{
	const uint32_t *c = slot->counts[side];

	return (uint64_t)c[ZONE_NXDOMAIN] + c[ZONE_SERVFAIL] + c[ZONE_UNANSWERED];
}

static inline uint64_t
zone_total(const struct zone_slot *slot, unsigned side)
{
	return slot->counts[side][ZONE_OTHER] + zone_failures(slot, side);
}

#endif
