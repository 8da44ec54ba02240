/* SPDX-License-Identifier: ISC */
/*
 * What is kept in full of a pair or address that looks like part of an amplification attack: the
 * questions, classes of answers, other ends, what a smaller limit of UDP answers would change, and
 * the first messages.
 *
 * Most pairs never get one: they are made when a pair's counters are loud.
 */
#ifndef YAGURA_ANALYSIS_DNS_SUSPECT_H
#define YAGURA_ANALYSIS_DNS_SUSPECT_H

#include "analysis/dns/samples.h"
#include "base/hash.h"

#define SUSPECT_QUESTIONS 8
#define SUSPECT_ENDS      24
#define SUSPECT_LIMIT     1232 /* octets: DNS flag day 2020's limit of UDP answers */

/* Kinds of answers, after NSD's rrl.h (classes of response rate limiting), wildcard left out. */
enum suspect_class {
	SUSPECT_ANY,
	SUSPECT_DNSKEY,
	SUSPECT_RRSIG,
	SUSPECT_TXT,
	SUSPECT_ERROR,
	SUSPECT_NXDOMAIN,
	SUSPECT_REFERRAL,
	SUSPECT_NODATA,
	SUSPECT_POSITIVE,
	SUSPECT_CLASSES,
};

struct suspect_question {
	uint64_t count;
	uint32_t print; /* suspect_print; 0: free */
	uint16_t type;
	uint8_t name_size;
	uint8_t name[DNS_NAME_MAX];
};

struct suspect_end {
	struct address address;
	uint64_t responses, octets, query_octets;
};

struct suspect {
	uint64_t key[4]; /* the caller's */
	uint64_t octets; /* of all that was entered: its weight */
	uint64_t responses;
	uint64_t classes[SUSPECT_CLASSES];
	uint64_t limited_octets;  /* if answers above SUSPECT_LIMIT were sent truncated */
	uint64_t other_questions; /* how short any question's count may be */
	struct suspect_question questions[SUSPECT_QUESTIONS];
	unsigned end_count;
	struct suspect_end ends[SUSPECT_ENDS];
	struct dns_samples samples;
};

/* 32 bits of a question's name and type, never 0: equal for equal questions in every process. */
static inline uint32_t
suspect_print(const struct dns_message *m)
{
	uint64_t mixed = hash_mix64(m->name_hash ^ ((uint64_t)m->type << 32 | m->class));

	return m->name_size != 0 ? (uint32_t)(mixed >> 32) | 1 : 1;
}

/* Octets of the query that a response answers, from the response alone: header, question, and the
 * OPT record it must have had. */
static inline unsigned
suspect_query_size(const struct dns_message *m)
{
	return 12 + (m->name_size != 0 ? m->name_size + 4U : 0) +
	       ((m->flags & DNS_EDNS) != 0 ? 11 : 0);
}

/* Enters a response; `end` is where it went (reflector side) or came from (victim side). */
void suspect_add(struct suspect *s, const struct dns_message *m, const struct address *end);
/* Adds `from` (both struct suspect). */
void suspect_merge(void *into, const void *from);

/* The question of a print; NULL when it is not among those kept. */
const struct suspect_question *suspect_find(const struct suspect *s, uint32_t print);

const char *suspect_class_name(enum suspect_class class);
enum suspect_class suspect_class_of(const struct dns_message *m);

#endif
