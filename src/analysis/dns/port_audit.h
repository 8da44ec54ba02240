/* SPDX-License-Identifier: ISC */
/*
 * How well a resolver chooses the source ports of its queries: what a forger of answers must guess
 * besides the id (RFC 5452, section 9.2).
 *
 * The last PORT_AUDIT_SAMPLE ports are kept, and counts of steps from one port to the next.  The
 * pool that ports are drawn from is at most as wide as they lie apart: for n of them that is
 * estimated as (high - low) (n + 1) / (n - 1) + 1.  A pool with gaps gives itself away by ports
 * that come again: with equal chances n ports from P show d = P (1 - exp(-n/P)) different ones,
 * which is solved for P from PORT_AUDIT_REPEATED repetitions on (fewer happen by chance).  The
 * estimate is the lesser of both.
 *
 * Audits of different shards add up: samples are joined in proportion to what they stand for.
 */
#ifndef YAGURA_ANALYSIS_DNS_PORT_AUDIT_H
#define YAGURA_ANALYSIS_DNS_PORT_AUDIT_H

#include <stdint.h>

#define PORT_AUDIT_SAMPLE   512
#define PORT_AUDIT_LEAST    128  /* queries before anything is said */
#define PORT_AUDIT_NARROW   4096 /* a pool of fewer ports is narrow */
#define PORT_AUDIT_REPEATED 8

enum port_verdict {
	PORT_UNKNOWN = 0, /* too few queries */
	PORT_FIXED,       /* one port, or nearly always the same */
	PORT_SEQUENTIAL,  /* one after the other */
	PORT_NARROW,      /* from a pool of fewer than PORT_AUDIT_NARROW */
	PORT_GOOD,
	PORT_VERDICT_COUNT,
};

struct port_audit {
	uint32_t queries;          /* over UDP */
	uint32_t steps;            /* pairs of one after the other */
	uint32_t equal_steps;      /* … with the same port */
	uint32_t small_steps;      /* … 1 to PORT_AUDIT_STEP higher, modulo 2^16 */
	uint32_t run, longest_run; /* ports in arithmetic progression: now, at most */
	uint16_t last, last_step;
	uint16_t sample[PORT_AUDIT_SAMPLE]; /* a ring: of query q at q modulo its size */
};

/* What is said of it. */
struct port_audit_result {
	enum port_verdict verdict;
	uint32_t sampled, distinct;
	uint16_t low, high;
	double entropy; /* bits, of the sample */
	double pool;    /* estimated number of ports that are drawn from */
};

/* Steps up to this many ports are small. */
#define PORT_AUDIT_STEP 16

static inline void
port_audit_add(struct port_audit *a, uint16_t port)
{
	uint16_t step = (uint16_t)(port - a->last);

	a->sample[a->queries % PORT_AUDIT_SAMPLE] = port;
	if (a->queries != 0) {
		a->run = a->steps != 0 && step == a->last_step ? a->run + 1 : 2;
		a->longest_run = a->run > a->longest_run ? a->run : a->longest_run;
		a->steps++;
		a->equal_steps += step == 0;
		a->small_steps += (uint16_t)(step - 1) < PORT_AUDIT_STEP;
		a->last_step = step;
	}
	a->queries++;
	a->last = port;
}

void port_audit_merge(struct port_audit *into, const struct port_audit *from);
void port_audit_judge(const struct port_audit *audit, struct port_audit_result *ret_result);

/* "unknown", "fixed", "sequential", "narrow", "good". */
const char *port_verdict_name(enum port_verdict verdict);

#endif
