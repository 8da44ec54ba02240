/* SPDX-License-Identifier: ISC */
/*
 * The first few messages of a thing, kept as received: the evidence that a finding shows and that
 * survives the input.
 *
 * The earliest DNS_SAMPLES by time, and by input offset where times are equal, are kept whatever
 * order they come in; so samples of shards merge to those of the whole.  Each keeps at most
 * DNS_SAMPLE_OCTETS of its message.
 *
 *	dns_samples_add(&subject->samples, m);                    // observe
 *	dns_samples_merge(&into->samples, &from->samples);        // merge
 *	dns_samples_put(&subject->samples, rows, 7);              // finish: a COLUMN_BLOB
 *	dns_samples_read(&samples, r, 7, result_u64(r, 0));       // section: r has `input` first
 *	dns_samples_evidence(&samples, finding);
 *
 * In a finding each is one piece of evidence, decoded as {"time", "client", "server", "text",
 *"hex", "octets"}; `octets` is the message's full size.
 */
#ifndef YAGURA_ANALYSIS_DNS_SAMPLES_H
#define YAGURA_ANALYSIS_DNS_SAMPLES_H

#include "obs/dns.h"
#include "obs/section.h"
#include "obs/table.h"

#define DNS_SAMPLES       5
#define DNS_SAMPLE_OCTETS 512

struct dns_sample {
	nsec_t time;
	struct address client, server;
	uint64_t input; /* the store's id; known only of samples that were read */
	uint64_t input_offset;
	uint32_t input_length;
	uint16_t message_size; /* of the whole message */
	uint16_t size;         /* of `octets` */
	uint8_t octets[DNS_SAMPLE_OCTETS];
};

struct dns_samples {
	unsigned count;
	struct dns_sample list[DNS_SAMPLES]; /* the earliest first */
};

/* Enters a message, when it is among the earliest. */
void dns_samples_enter(struct dns_samples *samples, const struct dns_message *m);

/* The same, cheap in the usual case: full already, and `m` is later. */
static inline void
dns_samples_add(struct dns_samples *samples, const struct dns_message *m)
{
	if (samples->count < DNS_SAMPLES || m->time <= samples->list[DNS_SAMPLES - 1].time)
		dns_samples_enter(samples, m);
}

/* Enters all of `from`. */
void dns_samples_merge(struct dns_samples *into, const struct dns_samples *from);

/* Writes them into a cell of type COLUMN_BLOB. */
void dns_samples_put(const struct dns_samples *samples, struct rows *rows, size_t column);

/* Enters what such a cell holds into `samples`; `input` is the row's column of that name.  A cell
 * that does not read adds nothing. */
void dns_samples_read(
    struct dns_samples *samples, const struct result *r, size_t column, uint64_t input);

/* Makes them the evidence of a finding. */
void dns_samples_evidence(const struct dns_samples *samples, struct finding *f);

#endif
