/* SPDX-License-Identifier: ISC */
/*
 * Vectors over windows: the rows of a victim and protocol that are at most 300 seconds apart, with
 * what the thresholds say of them.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_BACKSCATTER_READ_H
#define YAGURA_ANALYSIS_SECURITY_BACKSCATTER_READ_H

#include "analysis/security/backscatter.h"
#include "analysis/security/backscatter_estimate.h"

/* What a vector turned out to be. */
enum backscatter_verdict {
	BACKSCATTER_BELOW,       /* too little to say */
	BACKSCATTER_VICTIM,      /* of an attack with forged sources */
	BACKSCATTER_ONE_ADDRESS, /* sends to one dark address only */
	BACKSCATTER_MANY_PORTS,  /* from more ports than a service has: a scan */
};

/* Ten seconds. */
struct backscatter_slot {
	uint64_t number, packets;
};

struct backscatter_slots {
	struct backscatter_slot *all; /* owned */
	size_t count, capacity;
};

void backscatter_slots_add(struct backscatter_slots *slots, uint64_t number, uint64_t packets);
/* Sorts and puts equal numbers together. */
void backscatter_slots_settle(struct backscatter_slots *slots);
/* The most packets of six in a row; settled before. */
uint64_t backscatter_slots_best(const struct backscatter_slots *slots);

struct backscatter_vector {
	struct address victim;
	uint8_t protocol;
	bool telescope; /* judged by the thresholds for large spaces */
	enum backscatter_verdict verdict;
	struct backscatter_sums sums;
	struct backscatter_slots slots;
	uint64_t best_minute;
	uint64_t monitored; /* IPv4 addresses; 0: IPv6, and their share is not known */
	double addresses;
	bool uniform; /* the forged sources may be */
	bool estimated;
	struct backscatter_estimate estimate;
	char country[4];
};

/* What the period has. */
struct backscatter_period {
	struct backscatter_vector *victims; /* owned; by address, then time */
	size_t victim_count, victim_capacity;
	struct backscatter_vector *others; /* owned; the first so many */
	size_t other_count, other_capacity;
	uint64_t other_packets, other_all; /* of all senders that are no victims by their verdict */
	uint64_t below, below_packets;
	uint64_t totals[BT_COLUMNS], windows, monitored_least;
};

/* ERR_END when there is nothing. */
enum err backscatter_read(
    const struct section_context *c, struct backscatter_period *ret_period, struct err_info *info);
void backscatter_period_release(struct backscatter_period *p);

/* Whether so many monitored IPv4 addresses are judged by the thresholds for large spaces. */
bool backscatter_is_telescope(const struct settings *settings, uint64_t monitored);

/* Estimates what can be estimated: IPv4, uniform, some time. */
void backscatter_judge_rate(struct backscatter_vector *v, double span, double uniformity);

#endif
