/* SPDX-License-Identifier: ISC */
/*
 * Attacks that a store's rows tell of: slots that pass the thresholds, put together while they are
 * at most FINDING_GAP apart.
 */
#ifndef YAGURA_ANALYSIS_DNS_AMPLIFICATION_ATTACKS_H
#define YAGURA_ANALYSIS_DNS_AMPLIFICATION_ATTACKS_H

#include "analysis/dns/amplification.h"

enum attack_side {
	ATTACK_REFLECTOR, /* of an own server */
	ATTACK_VICTIM,    /* of an own address, seen in messages */
	ATTACK_FLOWS,     /* the same, seen in flow records: no factor */
};

/* Reflector: one victim's network.  Victim: one question. */
struct attack_part {
	struct address address;
	unsigned length;
	char *qname; /* owned; "" when it is not known */
	char qtype[16];
	uint64_t queries, responses, octets, query_octets;
	uint64_t question_queries; /* of the queries, those that ask it */
};

struct attack {
	enum attack_side side;
	struct address subject; /* server or victim */
	nsec_t begin, end;
	uint64_t slots; /* that pass the thresholds */
	uint64_t queries, responses, octets, query_octets, wire_octets, query_wire_octets;
	uint64_t packets_in, packets_out, truncated, any, tcp, cookies, fragmented;
	uint64_t peak_octets;      /* of the best slot */
	struct attack_part *parts; /* owned */
	size_t part_count;
	/* Victim. */
	uint8_t reflectors[HLL_SIZE(AMPLIFICATION_PRECISION)];
	bool by_volume;      /* some slot passed the thresholds of volume */
	bool by_question;    /* some slot passed those of one question */
	bool baseline_known; /* at the first slot that passed by volume */
	double baseline_bps;
	/* From the rows of suspects. */
	uint64_t kept_responses, kept_octets, limited_octets;
	json_t *classes, *questions, *ends; /* owned */
	struct dns_samples samples;
};

struct attacks {
	struct attack *list; /* owned */
	size_t count;
	uint64_t undecided; /* slots of much volume but of no known baseline and many questions */
};

/* Each adds what it finds, ordered by subject and begin. */
MUST_CHECK enum err attacks_read_reflectors(
    const struct section_context *c, struct attacks *attacks, struct err_info *info);
MUST_CHECK enum err attacks_read_victims(
    const struct section_context *c, struct attacks *attacks, struct err_info *info);
/* Adds classes, other ends and messages to attacks that were found. */
MUST_CHECK enum err attacks_read_suspects(
    const struct section_context *c, struct attacks *attacks, struct err_info *info);

/* Puts attacks of one side and subject together that are at most FINDING_GAP apart, and sorts all
 * by side, subject and begin. */
void attacks_unite(struct attacks *attacks);
/* A new attack at the end of the list. */
struct attack *attacks_add(struct attacks *attacks);
/* Takes one off the list and releases it. */
void attacks_remove(struct attacks *attacks, size_t index);
/* The part with this address, length and question, made when there is none. */
struct attack_part *attack_part_at(struct attack *attack, const struct address *address,
    unsigned length, const char *qname, const char *qtype);
/* Parts in falling order of octets. */
void attack_sort_parts(struct attack *attack);
void attacks_release(struct attacks *attacks);

static inline double
attack_factor(const struct attack *a)
{
	return a->query_octets != 0 ? (double)a->octets / (double)a->query_octets : 0;
}

#endif
