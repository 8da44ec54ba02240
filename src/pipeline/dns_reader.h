/* SPDX-License-Identifier: ISC */
/*
 * The DNS messages of inputs one after the other, without shards and windows: for listings and
 * tests.
 *
 * What shards do, here for all conversations at once: fragments are put together, connections to
 * DNS ports are followed, and a DNS stage makes messages of it all.
 */
#ifndef YAGURA_PIPELINE_DNS_READER_H
#define YAGURA_PIPELINE_DNS_READER_H

#include "base/hash.h"
#include "obs/batch.h"
#include "pipeline/config.h"

struct dns_reader;

struct dns_reader_options {
	const struct config *config; /* borrowed */
	struct hash_secret secret;
	void (*deliver)(void *context, const struct batch *batch); /* of OBS_DNS… */
	/* Takes every packet, decoded, before its messages; may be NULL. */
	void (*packet)(void *context, const struct packet *packet);
	void *context; /* borrowed */
};

/* ERR_CONFIG when the ports do not read. */
MUST_CHECK enum err dns_reader_new(const struct dns_reader_options *options,
    struct dns_reader **ret_reader, struct err_info *info);
void dns_reader_free(struct dns_reader *reader);

/* Reads an input to its end; what of it was read before a failure is delivered. */
MUST_CHECK enum err
dns_reader_read(struct dns_reader *reader, const char *path, struct err_info *info);

/* The last input was read: what waited is delivered. */
void dns_reader_finish(struct dns_reader *reader);

/* What was dropped or odd so far. */
const struct drop_counters *dns_reader_drops(const struct dns_reader *reader);

#endif
