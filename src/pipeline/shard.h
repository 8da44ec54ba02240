/* SPDX-License-Identifier: ISC */
/*
 * A shard: everything that belongs to one part of the conversations.
 *
 * All packets between two addresses go to one of ANALYSIS_SHARDS shards, whatever the number of
 * threads.  A shard has its own meter, fragment and stream tables, counters and analysis states,
 * and sees its packets in input order.  So what it computes does not depend on threads, and the
 * states merge in shard order: one worker and many give the same review.
 */
#ifndef YAGURA_PIPELINE_SHARD_H
#define YAGURA_PIPELINE_SHARD_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "flow/fragment.h"
#include "flow/meter.h"
#include "flow/stream.h"
#include "obs/batch.h"
#include "pipeline/config.h"

/* Takes flows as they end, to be stored; may be called by several threads.  `take` and
 * `take_records` are NULL together. */
struct flow_sink {
	enum err (*take)(void *context, const struct flow *flows, size_t count);
	enum err (*take_records)(
	    void *context, const struct flow_record *const *records, size_t count);
	/* Takes DNS transactions; NULL when nobody keeps them. */
	enum err (*take_dns)(
	    void *context, const struct dns_transaction *transactions, size_t count);
	void *context;
};

struct shard {
	const struct config *config;   /* borrowed */
	unsigned consumed;             /* union of what the enabled analyses consume */
	void **states;                 /* owned; parallel to ANALYSES, NULL where disabled */
	struct meter *meter;           /* owned; NULL when nobody wants flows */
	struct fragment_ports *ports;  /* owned; as the meter */
	struct dns_stage *dns;         /* owned; NULL when nobody subscribes */
	struct content_stage *content; /* owned; NULL when nobody subscribes */
	struct fragment_reassembly *reassembly; /* owned; NULL when nobody subscribes */
	struct stream_table *streams;           /* owned; NULL when nobody subscribes */
	struct obs_counters counters;           /* of the open window */
	nsec_t latest;                          /* time of the last packet */
	struct flow_sink sink;
	size_t kept_count;
	struct flow *kept;                 /* owned; flows waiting for the sink, NULL without one */
	struct transactions *transactions; /* owned; NULL when nobody keeps them */
	enum err failed;                   /* first failure of the sink */
};

/* Prepares a shard; the functions of `sink` may be NULL.  On failure shard_release is still to be
 * called. */
MUST_CHECK enum err shard_init(struct shard *shard, const struct config *config,
    struct hash_secret secret, const struct flow_sink *sink, struct err_info *info);
void shard_release(struct shard *shard);

/* Takes packets of this shard, 1 to BATCH_MAX.  DNS messages without packets (PACKET_DNS) may be
 * among them; they are no traffic, and neither are observations made whole (PACKET_OBSERVED), which
 * come alone. */
void shard_packets(struct shard *shard, struct packet **packets, size_t count);

/* Takes flow records of this shard, any number: they are observed in batches and stored. */
void shard_records(struct shard *shard, const struct flow_record *const *records, size_t count);

/* Takes what is known of exporters and their interfaces. */
void shard_exporters(struct shard *shard, const struct exporter_report *reports, size_t count);
void shard_interfaces(struct shard *shard, const struct interface_sample *samples, size_t count);

/* Ends the open window: waiting flows are delivered and the counters observed. */
void shard_end_window(struct shard *shard);

/* Ends the input, whose last time is `latest`: all flows, fragments and streams end.  Call before
 * the last shard_end_window. */
void shard_end_input(struct shard *shard, nsec_t latest);

#endif
