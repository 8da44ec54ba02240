/* SPDX-License-Identifier: ISC */
/*
 * Who asks, who answers, and what for, of dns/overview: heavy hitters in fixed memory
 * (stat/misra_gries.h) of names, registrable domains, TLDs, clients and servers.
 *
 * The key of each has the view beside it: what different views count does not mix.  Weights are
 * queries, NXDOMAIN responses, and failures of names, octets of responses to clients; of servers
 * queries, responses, octets.
 * Names keep their text in slots of a pool; clients and servers that are met often enough get a
 * detail from a pool of bounded size: the audit of source ports and the share of minimised names,
 * or header bits and latency.  What finds no detail is counted.
 *
 * A batch goes through kind by kind: first all slots are asked for, then all entries, then they are
 * updated.
 */
#ifndef YAGURA_ANALYSIS_DNS_OVERVIEW_KEYS_H
#define YAGURA_ANALYSIS_DNS_OVERVIEW_KEYS_H

#include <assert.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "analysis/dns/port_audit.h"
#include "analysis/traffic/address_hash.h"
#include "stat/log_histogram.h"
#include "stat/misra_gries.h"

enum keys_kind {
	KEYS_NAME,
	KEYS_DOMAIN,
	KEYS_TLD,
	KEYS_CLIENT,
	KEYS_SERVER,
	KEYS_KINDS,
};

extern const char *const keys_kind_names[KEYS_KINDS];

/* The weights. */
enum {
	KEYS_QUERIES = 0,
	KEYS_NXDOMAIN = 1,  /* of names and clients */
	KEYS_RESPONSES = 1, /* of servers */
	KEYS_FAILURES = 2,  /* SERVFAIL and REFUSED, of names */
	KEYS_OCTETS = 2,    /* of responses, of the others */
};

/* Latency of one server: bins of 12.5 % in microseconds, up to 134 s. */
#define KEYS_LATENCY_BINS 208

/* Details begin with what each message touches: one cache line. */
struct client_detail {
	uint32_t queries;   /* since it has a detail */
	uint32_t mixed;     /* with upper-case letters in the name */
	uint32_t cuts;      /* answers that tell where the zone of the name is cut */
	uint32_t minimised; /* … to a question of one label more than the zone's, A, NS or AAAA */
	uint16_t own;
	struct port_audit ports;
};

struct server_detail {
	uint64_t responses; /* since it has a detail */
	uint64_t aa, ra, failures, unanswered;
	uint64_t latencies;
	uint16_t own;
	uint64_t latency[KEYS_LATENCY_BINS];
};

static_assert(offsetof(struct client_detail, ports.sample) <= 64 &&
		  offsetof(struct server_detail, latency) <= 64,
    "the front of a detail is one cache line");

/* Things of one size, by number from 1; the first ones are given out first. */
struct pool {
	uint8_t *things; /* owned; each begins on a cache line */
	uint32_t *spare; /* owned; numbers that came back */
	uint32_t spare_count, used, most;
	size_t size;
	uint64_t refused;
};

struct key_group {
	struct mg mg;
	struct mg_thresholds thresholds;
	uint64_t totals[MG_METRICS];
	uint64_t raise_at; /* of totals[0] + totals[1] */
	struct pool pool;  /* texts, or details */
};

struct overview_keys {
	struct key_group groups[KEYS_KINDS];
	struct address_hash hash;
	uint64_t secret;
};

void keys_init(
    struct overview_keys *keys, uint32_t names, uint32_t details, const struct hash_secret *secret);
void keys_release(struct overview_keys *keys);
void keys_clear(struct overview_keys *keys);

/* Counts up to BATCH_MAX messages. */
void
keys_observe(struct overview_keys *keys, const struct dns_message *const *messages, size_t count);
/* A query that its server left without an answer. */
void keys_unanswered(struct overview_keys *keys, const struct dns_pending *pending);
void keys_merge(struct overview_keys *into, const struct overview_keys *from);

static inline void *
pool_thing(const struct pool *pool, uint32_t number)
{
	return pool->things + (size_t)(number - 1) * pool->size;
}

/* A text of a pool: a size octet and the name. */
static inline const uint8_t *
keys_text(const struct key_group *g, const struct mg_entry *e, size_t *ret_size)
{
	const uint8_t *text = pool_thing(&g->pool, e->handle);

	*ret_size = text[0];
	return text + 1;
}

static inline struct address
keys_address(const struct mg_entry *e)
{
	return (struct address){ .words = { e->key[0], e->key[1] } };
}

/* The view of an entry. */
static inline unsigned
keys_view(enum keys_kind kind, const struct mg_entry *e)
{
	return (unsigned)(kind < KEYS_CLIENT ? e->key[1] : e->key[2]);
}

#endif
