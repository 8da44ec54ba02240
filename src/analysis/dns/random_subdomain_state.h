/* SPDX-License-Identifier: ISC */
/*
 * The state of dns/random-subdomain: what observing (random_subdomain_observe.c) counts and the
 * rows (random_subdomain_rows.c) are made of.
 */
#ifndef YAGURA_ANALYSIS_DNS_RANDOM_SUBDOMAIN_STATE_H
#define YAGURA_ANALYSIS_DNS_RANDOM_SUBDOMAIN_STATE_H

#include "analysis/dns/random_subdomain.h"

#define RING_SIZE       256
#define OWN_SERVER_BITS 65536

/* One transaction. */
struct event {
	nsec_t time; /* of the question */
	struct address client;
	uint64_t zone, name_hash; /* hashes */
	uint16_t flags, type;
	uint8_t view, side, outcome, retransmissions;
	bool random; /* the first label looks made up; not asked of failures */
};

/* The latest transactions of zones that are not watched: when one is, it begins with these. */
struct ring {
	uint32_t count; /* ever put in */
	struct event events[RING_SIZE];
};

struct random_subdomain {
	struct zone_watch watch;
	struct ring *rings; /* owned; two: transactions that did not fail, and those that did */
	const struct site *site;
	const struct suffix_list *suffixes;
	uint64_t least_queries;
	uint64_t totals[TOTAL_COLUMNS];
	uint64_t silent; /* watched zones' questions without answer: then questions are looked at */
	uint64_t *own_servers; /* owned; a set of hashes of own addresses that answer strangers */
	bool own_servers_used;
};

/* A hash of an address among OWN_SERVER_BITS. */
static inline uint64_t
random_subdomain_server_bit(const struct address *a)
{
	return hash_mix_words(a->words, 2) % OWN_SERVER_BITS;
}

/* Whether a name is of the reverse zones. */
bool random_subdomain_is_reverse(const uint8_t *name, size_t size);

/* Takes one batch. */
void random_subdomain_observe(void *state, const struct batch *batch);

/* Yields the rows of a window. */
void random_subdomain_finish(void *state, const struct window *window, const struct row_sink *sink);

#endif
