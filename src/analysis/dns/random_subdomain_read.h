/* SPDX-License-Identifier: ISC */
/*
 * Attacks, made of the stored rows of dns/random-subdomain.
 *
 * Reading goes zone by zone: first how many new failing names each window had (the baseline), then
 * the slots of ten seconds, of which those that pass the thresholds make attacks, then what is
 * known of the attacks' windows: clients, names, evidence.
 */
#ifndef YAGURA_ANALYSIS_DNS_RANDOM_SUBDOMAIN_READ_H
#define YAGURA_ANALYSIS_DNS_RANDOM_SUBDOMAIN_READ_H

#include "analysis/dns/random_subdomain.h"

#define ATTACK_CLIENTS 64   /* listed for an attack */
#define ATTACK_CURVE   4096 /* slots of an attack whose rates are drawn */

/* Which thresholds were passed. */
enum attack_fire {
	FIRE_NXDOMAIN = 1 << 0, /* names that do not exist */
	FIRE_DROWNED = 1 << 1,  /* no answers, or SERVFAIL */
	FIRE_WILD = 1 << 2,     /* every name exists */
	FIRE_SCATTER = 1 << 3,  /* seen by its backscatter */
};

/* What an attack is not. */
enum attack_class {
	CLASS_ATTACK,
	CLASS_CLIENT,     /* one client's, or few clients' own doing */
	CLASS_BLOCK_LIST, /* names are addresses: DNSBL */
	CLASS_TUNNEL,
	CLASS_DISPOSABLE, /* the operator says so */
	CLASS_COUNT,
};

struct attack_client {
	struct address address;
	char kind[16];
	bool resolver;
	uint64_t queries, error;
};

struct attack_point {
	nsec_t time;
	double rate; /* failing transactions a second */
};

struct attack {
	char *zone; /* owned */
	unsigned fires;
	enum attack_class class;
	nsec_t begin, end;
	nsec_t window_first, window_last; /* begins of the windows it is in */
	unsigned side;
	bool side_fires[ZONE_SIDES];
	uint64_t counts[ZONE_SIDES][ZONE_OUTCOMES];
	uint64_t peaks[ZONE_SIDES + 1];
	nsec_t first[ZONE_SIDES + 1], last[ZONE_SIDES + 1];
	uint64_t slot_distinct;                        /* sum over slots */
	uint64_t best_total;                           /* transactions of the fullest slot */
	double best_failing, best_distinct, best_miss; /* shares in it */
	double baseline, usual; /* new failing names, and transactions, a second before */
	struct label_sums labels;
	uint64_t reversed, sampled;
	/* Of the windows. */
	uint64_t window_failures[ZONE_SIDES], window_all[ZONE_SIDES];
	uint64_t retransmissions;
	uint64_t types[ZONE_TYPES], classes[CLIENT_CLASSES];
	uint64_t upstream_all; /* everything that resolvers asked upstream in these windows */
	double distinct, client_count;
	bool own;
	uint8_t *names, *client_sketch; /* owned; gone once read */
	struct dns_samples samples;
	struct attack_client clients[ATTACK_CLIENTS];
	size_t client_count_listed;
	struct attack_point *points; /* owned */
	size_t point_count;
	/* Backscatter. */
	uint64_t scatter[3]; /* NXDOMAIN, SERVFAIL, quoted */
	uint64_t dark;
	double scatter_names, scatter_servers, scatter_targets;
};

struct attacks {
	struct attack *list; /* owned; by zone, then time */
	size_t count, capacity;
	uint64_t totals[TOTAL_COLUMNS];
	uint64_t windows;
	uint64_t scatter_below; /* zones in backscatter below the thresholds */
	uint64_t
	    scatter_one_way; /* not judged: nothing that own addresses asked was seen answered */
};

enum err random_attacks_read(
    const struct section_context *c, struct attacks *attacks, struct err_info *info);
void random_attacks_release(struct attacks *attacks);

/* Transactions that make up an attack: failing ones, or all where every name exists. */
uint64_t random_attack_queries(const struct attack *a);

const char *random_attack_class_name(enum attack_class class);

/* The half that makes attacks of slots (random_subdomain_slots.c). */
enum err
random_slots_read(const struct section_context *c, struct attacks *attacks, struct err_info *info);

/* A new attack at the end of the list. */
struct attack *random_attack_new(struct attacks *attacks, const char *zone);

#define COUNTS_SQL                                                        \
	"asked_other, asked_nxdomain, asked_servfail, asked_unanswered, " \
	"upstream_other, upstream_nxdomain, upstream_servfail, upstream_unanswered"

static inline nsec_t
random_time(const struct result *r, size_t column)
{
	return (nsec_t)result_u64(r, column) * NSEC_PER_MS;
}

static inline uint64_t
random_sum(const struct result *r, size_t column, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += result_u64(r, column + i);
	return sum;
}

/* Widens a span of times; 0 is none. */
static inline void
random_span(nsec_t *first, nsec_t *last, nsec_t from_first, nsec_t from_last)
{
	if (from_first == 0)
		return;
	if (*first == 0 || from_first < *first)
		*first = from_first;
	if (from_last > *last)
		*last = from_last;
}

static inline uint64_t
random_failures(const uint64_t counts[ZONE_OUTCOMES])
{
	return counts[ZONE_NXDOMAIN] + counts[ZONE_SERVFAIL] + counts[ZONE_UNANSWERED];
}

static inline uint64_t
random_total(const uint64_t counts[ZONE_OUTCOMES])
{
	return counts[ZONE_OTHER] + random_failures(counts);
}

#endif
