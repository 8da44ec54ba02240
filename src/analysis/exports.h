/* SPDX-License-Identifier: ISC */
/*
 * Estimates from flow records: what the analyses of traffic share.
 *
 * A record of a sampling exporter holds counts of sampled packets.  N of them stand for N times as
 * many, so an estimate is N ΣB, and its variance at least N (N - 1) ΣB²/k, where B and k are the
 * octets and packets of each record, and at most N (N - 1) ΣB b where no packet is larger than b.
 * Sums are kept for each N, and sampling by different exporters is independent, so variances add.
 * doc/analyses/sampling.md derives this and says what an unknown rate means.
 *
 * A state that keeps estimates rather than raw sums notes beside them what a reader must know to
 * judge them: struct export_facts, a row of a table of its own in each window.
 */
#ifndef YAGURA_ANALYSIS_EXPORTS_H
#define YAGURA_ANALYSIS_EXPORTS_H

#include "analysis/analysis.h"

/* The largest packet that is thought of when nothing larger was seen: Ethernet's. */
#define EXPORT_PACKET_MOST 1500

struct export_facts {
	uint64_t records;
	uint64_t unknown;                       /* of them with an unknown rate, counted once */
	uint32_t sampling_least, sampling_most; /* of the known rates; both 0 without any */
	uint32_t packet_most; /* octets: the largest mean packet of a record, at least 1500 */
};

/* The columns of a table of facts. */
#define EXPORT_FACTS_COLUMNS 5
extern const struct column EXPORT_FACTS_TABLE[EXPORT_FACTS_COLUMNS];

static inline uint64_t
export_sum(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* A count of a record as an estimate; what does not fit is the greatest number. */
static inline uint64_t
export_scaled(uint64_t count, uint64_t sampling)
{
	uint64_t product;

	return __builtin_mul_overflow(count, sampling, &product) ? UINT64_MAX : product;
}

static inline void
export_facts_note(struct export_facts *f, const struct flow_record *r)
{
	f->records++;
	f->unknown += r->sampling == 0;
	if (r->sampling > f->sampling_most)
		f->sampling_most = r->sampling;
	if (r->sampling - 1 < f->sampling_least - 1) /* 0 is above all others */
		f->sampling_least = r->sampling;
	for (unsigned d = 0; d < 2; d++)
		if (r->flow.octets[d] > r->flow.packets[d] * EXPORT_PACKET_MOST &&
		    r->flow.packets[d] != 0)
			f->packet_most = f->packet_most > r->flow.octets[d] / r->flow.packets[d]
					     ? f->packet_most
					     : (uint32_t)(r->flow.octets[d] / r->flow.packets[d]);
}

void export_facts_merge(struct export_facts *into, const struct export_facts *from);

/* Yields a row when there were records. */
void export_facts_put(const struct export_facts *facts, struct rows *rows);

/* The facts of the review's period, from a table of facts. */
enum err export_facts_read(const struct section_context *context, const char *table,
    struct export_facts *ret_facts, struct err_info *info);

/* Exporters with records in the period; 0 when the store does not know them. */
uint64_t export_count(const struct section_context *context);

/* "1,234 records of 3 exporters, sampled 1 in 1,000", for prose. */
char *export_facts_text(const struct section_context *context, const struct export_facts *facts,
    char *text, size_t size);

/* Says what estimates rest on, and warns of unknown rates; nothing without records. */
void export_facts_qualify(
    const struct section_context *context, const struct export_facts *facts, struct section *s);

/* The greatest standard error of an estimate of so many octets: sqrt((N - 1) V b) with the largest
 * N and b of the facts. */
double export_octets_error(const struct export_facts *facts, double octets);
/* The same of packets: sqrt((N - 1) K). */
double export_packets_error(const struct export_facts *facts, double packets);

/* Sums of one sampling rate, as tables keep them; for adding estimates up. */
struct export_estimate {
	uint64_t octets, packets;
	double variance; /* of the octets, at least */
	double most;     /* of the octets, at most, for packets of EXPORT_PACKET_MOST */
	double packet_variance;
};

/* Adds raw sums of one rate (0: unknown, taken as 1). */
void export_estimate_add(struct export_estimate *e, uint32_t sampling, uint64_t octets,
    uint64_t packets, uint64_t squares);

#endif
