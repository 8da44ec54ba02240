/* SPDX-License-Identifier: ISC */
/*
 * From the stored slots of a target to its attacks.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_DDOS_JUDGE_H
#define YAGURA_ANALYSIS_SECURITY_DDOS_JUDGE_H

#include "analysis/security/ddos.h"

/* Vectors, as findings name them.  SYN-ACK have their own number, but are of the name tcp-other. */
enum ddos_vector {
	VECTOR_UDP,
	VECTOR_ICMP,
	VECTOR_FRAGMENT,
	VECTOR_SYN,
	VECTOR_CONNECTION,
	VECTOR_HTTP,
	VECTOR_TCP,
	VECTOR_SYN_ACK,
	VECTOR_OTHER,
	VECTOR_SERVICE, /* + number of the service */
	VECTOR_COUNT = VECTOR_SERVICE + 23,
};

#define VECTOR_BIT(v) (UINT64_C(1) << (v))

/* The rules that make a slot part of an attack. */
enum ddos_rule {
	RULE_PACKETS,
	RULE_BITS,
	RULE_SYN,
	RULE_CONNECTIONS,
	RULE_REQUESTS,
	RULE_SYN_PATTERN,
	RULE_SYN_ACK_PATTERN,
	RULE_ICMP_PATTERN,
	RULE_REFLECTION,
	RULE_COUNT,
};

#define RULE_BIT(r) (1U << (r))
/* Those that look at volume alone, which a download may pass. */
#define RULES_VOLUME (RULE_BIT(RULE_PACKETS) | RULE_BIT(RULE_BITS))
/* Those that ask for many sources. */
#define RULES_SOURCES \
	(RULE_BIT(RULE_SYN_PATTERN) | RULE_BIT(RULE_SYN_ACK_PATTERN) | RULE_BIT(RULE_REFLECTION))

/* A slot as it was stored. */
struct ddos_seen {
	uint32_t slot;
	nsec_t first[DDOS_SIDES], last[DDOS_SIDES];
	uint64_t packets[DDOS_CLASSES], octets[DDOS_CLASSES];
	uint8_t services[DDOS_SERVICES];
	uint64_t peak_packets[DDOS_SIDES + 1], peak_octets[DDOS_SIDES + 1]; /* last: together */
	uint64_t first_fragments, asked, syn_sent, connections;
	uint64_t requests, request_peak, request_octets; /* of the busiest host */
	nsec_t first_request, last_request;
	double variance, octets_variance;
	uint64_t top_packets, top_octets, addresses;
	/* Judged. */
	uint64_t vector_packets[VECTOR_COUNT], vector_octets[VECTOR_COUNT];
	unsigned rules;  /* over the threshold for the slot */
	unsigned bursts; /* a second over four times the threshold */
	unsigned halves; /* over half of the threshold */
	unsigned tenths; /* over a tenth of it */
	uint64_t active; /* vectors */
	bool member;     /* of an attack */
};

struct ddos_gap {
	nsec_t begin, end;
};

#define DDOS_GAPS 32 /* listed of an attack */

struct ddos_vector_sum {
	uint64_t packets, octets; /* of the slots of the attack */
	double peak_packets;      /* best slot, a second */
	unsigned slots;           /* in which it was active */
};

struct ddos_attack {
	struct address target;
	uint8_t length;
	char *host;  /* owned: what a web log calls it, when no address is known; or NULL */
	char *hosts; /* owned: the Host attacked, or NULL */
	nsec_t begin, end, onset;
	struct ddos_gap gaps[DDOS_GAPS];
	unsigned gap_count;
	unsigned rules;
	uint64_t active;
	const char *kind; /* "bandwidth", "server", "compound" */
	const char *flag; /* "compound_mixed", "compound_same", "" */
	struct ddos_vector_sum vectors[VECTOR_COUNT];
	uint64_t packets, octets;               /* of the vectors */
	uint64_t target_packets, target_octets; /* all that came */
	uint64_t connections, requests, request_peak;
	double variance, octets_variance;
	double peak_pps, peak_pps_low, peak_pps_high;
	double peak_bps, peak_bps_low, peak_bps_high;
	double joint_bps; /* of the slot with the best peak_pps */
	nsec_t peak_time;
	bool sampled;
	unsigned slots;
	uint64_t addresses;      /* of a prefix: most in one slot */
	struct ddos_watch watch; /* who sent */
	bool watched;
	double learned_pps, learned_bps; /* thresholds in force; 0: nothing learned */
	double download_share;
	uint8_t clients[HLL_SIZE(DDOS_HTTP_PRECISION)];
	bool has_clients;
	uint64_t input; /* of the evidence */
	uint64_t request_offset, request_length;
	uint64_t absorbed; /* attacks on addresses of the prefix that are told here */
};

struct ddos_attacks {
	struct ddos_attack *list; /* owned */
	size_t count;
	uint64_t downloads;    /* candidates that were downloads */
	uint64_t few_sources;  /* that a pattern fitted, but for its sources */
	uint64_t undersampled; /* candidates of too few sampled packets */
};

/* The slots of one target in rising order. */
struct ddos_target {
	struct address target;
	uint8_t length;
	const char *host;        /* borrowed, or NULL */
	struct ddos_seen *slots; /* borrowed */
	size_t count;
	double packets, bits; /* thresholds in force */
	bool learned;
};

/* Judges all slots and adds the attacks found: without senders, whose thresholds come later. */
void ddos_judge(const struct ddos_limits *limits, const struct ddos_target *target,
    struct ddos_attacks *attacks);

/* The packets and octets of each vector, out of the classes. */
void ddos_vectors_of(struct ddos_seen *s);

const char *ddos_vector_name(unsigned vector);
/* Whether it wastes capacity of lines, not of servers. */
bool ddos_vector_is_bandwidth(unsigned vector);

void ddos_attack_release(struct ddos_attack *a);
/* Whether packets of a sketch are those of one of its vectors. */
bool ddos_attack_uses(const struct ddos_attack *a, enum ddos_sketch sketch);
/* Distinct sources of the vectors of an attack, with the 95 % interval; 0 when nobody looked. */
double ddos_attack_sources(const struct ddos_attack *a, double *ret_low, double *ret_high);

/* Reads all that the section needs, judges, and applies what is told of senders. */
enum err ddos_read_attacks(
    const struct section_context *c, struct ddos_attacks *attacks, struct err_info *info);
void ddos_attacks_release(struct ddos_attacks *attacks);

#endif
