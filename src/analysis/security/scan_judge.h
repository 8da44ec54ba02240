/* SPDX-License-Identifier: ISC */
/*
 * Which contacts of a source are scans.
 *
 * Contacts are grouped by port (a scan of addresses), by victim (a scan of ports), and what is left
 * over together (a random scan); each group is judged by itself, so that what a source does besides
 * neither hides a scan nor makes one (zeek issue 1167).  A group is a scan when nearly all of it
 * failed and one of three rules holds:
 *
 *	counting    25 distinct contacts of a source outside, 250 of an own one; 10 and 100 when at
 *	            least three of the targets are dark (bro-simple-scan, the Zeek project's)
 *	knocks      20 hosts at one port, or 3 dark ones, of a source outside (the same)
 *	sequential  a source outside at own hosts: the sequential hypothesis test of J. Jung et al.,
 *	            "Fast portscan detection using sequential hypothesis testing", IEEE S&P 2004
 *
 * The sequential test multiplies a likelihood ratio by (1-θ1)/(1-θ0) for each first contact that
 * failed and by θ1/θ0 for each that succeeded.  The product does not depend on their order, so it
 * is taken over a whole series, whichever shard or window saw which contact.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SCAN_JUDGE_H
#define YAGURA_ANALYSIS_SECURITY_SCAN_JUDGE_H

#include "analysis/security/scans.h"

#define SCAN_SHAPES_MOST 4 /* ports, or victims, of one source that are told apart */
#define SCAN_SAMPLES     5

struct scan_rules {
	uint64_t remote, local, dark_hosts, remote_dark, local_dark, knocks, dark_knocks;
	nsec_t timeout;
	double failing;
	double up, down, upper, lower; /* logarithms of the sequential test */
};

void scan_rules_read(struct scan_rules *rules, const struct settings *settings);

enum scan_verdict {
	SCAN_PENDING,
	SCAN_SCANNER,
	SCAN_BENIGN,
};

/* The sequential test over first contacts. */
enum scan_verdict
scan_sequential(const struct scan_rules *rules, uint64_t failures, uint64_t successes);
extern const char *const scan_verdict_names[];

enum scan_kind {
	SCAN_ADDRESS,
	SCAN_PORT,
	SCAN_RANDOM,
};
extern const char *const scan_kind_names[];

enum scan_rule {
	SCAN_RULE_NONE,
	SCAN_RULE_COUNTING,
	SCAN_RULE_KNOCKS,
	SCAN_RULE_SEQUENTIAL,
};
extern const char *const scan_rule_names[];

/* A group of contacts of one source; of distinct ones where nothing else is said. */
struct scan_group {
	uint8_t kind, rule;
	uint8_t protocol;              /* of an address scan */
	uint16_t port;                 /* the same */
	struct address source, victim; /* victim: of a port scan, else zeros */
	nsec_t begin, end;
	uint64_t contacts; /* evidence: as estimated */
	uint64_t kept;     /* and as seen; less when the source was thinned */
	uint64_t weight;   /* the greatest: 1 when everything is exact */
	uint64_t hosts, ports;
	uint64_t successes;                    /* established at the same port, or host */
	uint64_t failures, half_open, refused; /* half_open: not among failures */
	uint64_t local, remote, dark;          /* hosts that are own, that are not, that are dark */
	uint64_t attempts;                     /* flows */
	uint16_t marks;
	uint64_t limit; /* the threshold that was passed */
	unsigned sample_count;
	struct scan_stored samples[SCAN_SAMPLES]; /* the earliest */
	uint64_t input;                           /* the store's id of the first row it came from */
};

typedef void (*scan_found_fn)(void *context, const struct scan_group *group,
    struct scan_stored *const *contacts, size_t count);

struct scan_judge {
	const struct scan_rules *rules;
	const struct site *site;
	struct address source;
	uint64_t successes;  /* of the source, at whatever port and host */
	scan_found_fn found; /* `contacts` of the group, each as often as it was stored */
	void *context;
};

/* Finds the scans among contacts of a source that are not claimed, and claims theirs. */
void scan_judge(const struct scan_judge *judge, struct scan_stored *list, size_t count);

#endif
