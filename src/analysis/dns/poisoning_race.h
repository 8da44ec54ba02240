/* SPDX-License-Identifier: ISC */
/*
 * Races: forged answers that try to be there before the true one, by resolver, registrable domain
 * and stretch of 10 s.
 *
 * Distinct names and ports are counted in bitmaps (linear counting: K.-Y. Whang et al., "A
 * linear-time probabilistic counting algorithm for database applications", ACM TODS 15(2), 1990),
 * so that records of several shards add up.
 */
#ifndef YAGURA_ANALYSIS_DNS_POISONING_RACE_H
#define YAGURA_ANALYSIS_DNS_POISONING_RACE_H

#include <math.h>
#include <stdbool.h>

#include "analysis/dns/heavy.h"
#include "analysis/dns/samples.h"
#include "obs/dns.h"

#define RACE_NAME_WORDS 64 /* a bitmap of 4096 names */
#define RACE_PORT_WORDS 64 /* of 4096 ports */
#define RACE_ENOUGH     10 /* forged answers at one query */

struct race {
	/* The key. */
	struct address resolver;
	uint64_t site_hash;
	uint64_t slot;

	nsec_t first, last;               /* of anything here */
	nsec_t forged_first, forged_last; /* of forged answers; 0: none */
	uint64_t wrong_id, wrong_port, wrong_case, wrong_question;
	uint64_t windows;      /* queries that forged answers were aimed at */
	uint64_t windows_full; /* of them, with RACE_ENOUGH or more */
	uint64_t most;         /* at one query */
	uint64_t seconds;      /* second answers that differ from the first */
	uint64_t seconds_ttl;  /* of them, whose packets had another TTL or hop limit */
	uint64_t raced;        /* of them, of queries that had forged answers before */
	nsec_t gap_least;      /* from the first to the second answer */
	struct address server; /* of the first sample */
	uint64_t names[RACE_NAME_WORDS];
	uint64_t ports[RACE_PORT_WORDS]; /* of the queries */
	struct dns_samples forged, second;
	uint8_t name[DNS_NAME_MAX]; /* of the first message */
	uint8_t name_size, site_offset;
	uint8_t unused[15];
};

#define RACE_KEY_WORDS 4

uint64_t race_weight(const void *record);

/* Whether the message belongs to a race, or may. */
static inline bool
race_wants(const struct dns_message *m)
{
	return m->match >= DNS_SECOND_ANSWER && m->match <= DNS_WRONG_QUESTION &&
	       m->match != DNS_DUPLICATE && m->match != DNS_LATE && (m->flags & DNS_QUESTION) != 0;
}

void race_add(struct heavy *races, const struct dns_message *m);
void race_merge(struct heavy *into, const struct race *from);

/* How many distinct things a bitmap of `words` words stands for. */
double race_distinct(const uint64_t *bitmap, size_t words);

/*
 * From how large a pool, all of it alike probable, `draws` draws give `distinct` different ports:
 * the effective port pool, 1…65536; 0 when there was no draw.  Where fewer than RACE_REPEATED ports
 * came again that may be chance, and the pool is only known to be at least that large.
 */
#define RACE_REPEATED 8
double race_pool(double draws, double distinct, bool *ret_at_least);

/* For qsort: pointers to races by time, resolver, name. */
int race_compare(const void *a, const void *b);

#endif
