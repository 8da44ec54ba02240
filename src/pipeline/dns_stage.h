/* SPDX-License-Identifier: ISC */
/*
 * The DNS stage of a shard: packets in, DNS messages out.
 *
 * Takes what may carry DNS by its ports (`dns.ports`, and 5353 and 5355): UDP packets, datagrams
 * put together from fragments, TCP streams, packets quoted by ICMP errors; and messages that came
 * without packets.  Parses them, finds the query of each response, and delivers batches of OBS_DNS,
 * OBS_DNS_LOCAL, OBS_DNS_BAD, OBS_DNS_QUOTED and OBS_DNS_PENDING.
 *
 * A response that stands in the input up to `dns.skew` before its query waits for it.
 */
#ifndef YAGURA_PIPELINE_DNS_STAGE_H
#define YAGURA_PIPELINE_DNS_STAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "base/hash.h"
#include "obs/batch.h"
#include "pipeline/config.h"

struct dns_matcher;
struct dns_stage;

struct dns_stage_options {
	const struct config *config; /* borrowed */
	struct hash_secret secret;
	struct drop_counters *drops;
	void (*deliver)(void *context, const struct batch *batch);
	void *context;
};

/* ERR_CONFIG when dns.ports does not read. */
MUST_CHECK enum err dns_stage_new(
    const struct dns_stage_options *options, struct dns_stage **ret_stage, struct err_info *info);
void dns_stage_free(struct dns_stage *stage);

/* Takes packets as the shard gets them; what is no DNS is passed over. */
void dns_stage_packets(struct dns_stage *stage, const struct packet *const *packets, size_t count);

/* Takes one event of a TCP stream of which one port is a DNS port. */
void dns_stage_stream(struct dns_stage *stage, const struct stream_event *event);

/* Whether a TCP packet's connection is to be reassembled for this stage. */
bool dns_stage_wants_stream(const struct dns_stage *stage, const struct packet *packet);

/* The matcher inside, for keeping its queries between runs. */
struct dns_matcher *dns_stage_matcher(struct dns_stage *stage);

/* The input has ended: `latest` was its last time. */
void dns_stage_end(struct dns_stage *stage, nsec_t latest);

#endif
