/* SPDX-License-Identifier: ISC */
/* Randomness of source ports; see port_audit.h. */
#include "analysis/dns/port_audit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the steps, from which on ports are fixed or sequential.  Good ports make a small step with a
 * chance of 16 in 65,536. */
#define MOST_EQUAL 0.9
#define MOST_SMALL 0.5

static const char *const NAMES[PORT_VERDICT_COUNT] = { "unknown", "fixed", "sequential", "narrow",
	"good" };

const char *
port_verdict_name(enum port_verdict verdict)
{
	return NAMES[verdict];
}

static uint32_t
sampled(const struct port_audit *a)
{
	return a->queries < PORT_AUDIT_SAMPLE ? (uint32_t)a->queries : PORT_AUDIT_SAMPLE;
}

/* Copies the last `count` of the sample in the order of their coming. */
static void
copy_last(const struct port_audit *a, uint32_t count, uint16_t *to)
{
	for (uint32_t i = 0; i < count; i++)
		to[i] = a->sample[(a->queries - count + i) % PORT_AUDIT_SAMPLE];
}

/* How many of the joined sample come from the first: by what they stand for, all where there is
 * room. */
static uint32_t
share_of(const struct port_audit *a, const struct port_audit *b)
{
	uint32_t m = sampled(a), n = sampled(b), share;

	if (m + n <= PORT_AUDIT_SAMPLE)
		return m;
	share = (uint32_t)((double)PORT_AUDIT_SAMPLE * (double)a->queries /
			   ((double)a->queries + (double)b->queries));
	if (share > m)
		share = m;
	return PORT_AUDIT_SAMPLE - share > n ? PORT_AUDIT_SAMPLE - n : share;
}

void
port_audit_merge(struct port_audit *into, const struct port_audit *from)
{
	uint32_t share = share_of(into, from);
	uint32_t rest =
	    sampled(from) < PORT_AUDIT_SAMPLE - share ? sampled(from) : PORT_AUDIT_SAMPLE - share;
	uint16_t joined[PORT_AUDIT_SAMPLE] = { 0 };

	copy_last(into, share, joined);
	copy_last(from, rest, joined + share);
	into->queries += from->queries;
	into->steps += from->steps;
	into->equal_steps += from->equal_steps;
	into->small_steps += from->small_steps;
	if (from->longest_run > into->longest_run)
		into->longest_run = from->longest_run;
	/* A full ring has no beginning; what is not full lies at the front. */
	memcpy(into->sample, joined, sizeof joined);
}

static int
compare_ports(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* Solves d = P (1 - exp(-n/P)) for P, which grows with d. */
static double
pool_of(double n, double d)
{
	double low = d, high = 65536;

	if (high * (1 - exp(-n / high)) <= d)
		return high;
	for (int i = 0; i < 60; i++) {
		double p = (low + high) / 2;
		if (p * (1 - exp(-n / p)) < d)
			low = p;
		else
			high = p;
	}
	return low;
}

static void
measure_sample(uint16_t *ports, uint32_t n, struct port_audit_result *r)
{
	double repeated;

	qsort(ports, n, sizeof *ports, compare_ports);
	r->low = ports[0];
	r->high = ports[n - 1];
	for (uint32_t i = 0, end; i < n; i = end) {
		double share;
		for (end = i + 1; end < n && ports[end] == ports[i];)
			end++;
		share = (double)(end - i) / n;
		r->entropy -= share * log2(share);
		r->distinct++;
	}
	r->pool = ((double)r->high - r->low) * (n + 1) / (n - 1) + 1;
	if (r->pool > 65536)
		r->pool = 65536;
	repeated = n - r->distinct >= PORT_AUDIT_REPEATED ? pool_of(n, r->distinct) : r->pool;
	r->pool = repeated < r->pool ? repeated : r->pool;
}

void
port_audit_judge(const struct port_audit *a, struct port_audit_result *ret_result)
{
	struct port_audit_result r = { .sampled = sampled(a) };
	uint16_t ports[PORT_AUDIT_SAMPLE];

	if (a->queries >= PORT_AUDIT_LEAST) {
		copy_last(a, r.sampled, ports);
		measure_sample(ports, r.sampled, &r);
		if ((double)a->equal_steps >= MOST_EQUAL * (double)a->steps)
			r.verdict = PORT_FIXED;
		else if ((double)a->small_steps >= MOST_SMALL * (double)a->steps)
			r.verdict = PORT_SEQUENTIAL;
		else if (r.pool < PORT_AUDIT_NARROW)
			r.verdict = PORT_NARROW;
		else
			r.verdict = PORT_GOOD;
	}
	*ret_result = r;
}
