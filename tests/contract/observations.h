/* SPDX-License-Identifier: ISC */
/*
 * Observations for the laws: a window of made-up traffic between few hosts, so that no table of an
 * analysis fills and sketches are still exact.  Frames behind the packets are real octets.  The
 * same call gives the same observations.
 */
#ifndef YAGURA_TESTS_CONTRACT_OBSERVATIONS_H
#define YAGURA_TESTS_CONTRACT_OBSERVATIONS_H

#include "net/site.h"
#include "obs/batch.h"

#define OBSERVED_PACKETS  3000
#define OBSERVED_FLOWS    600
#define OBSERVED_STREAMS  200
#define OBSERVED_COUNTERS 8
#define OBSERVED_RECORDS  600
#define OBSERVED_REPORTS  12
#define OBSERVED_SAMPLES  16
#define OBSERVED_FRAME    160
#define OBSERVED_DNS      1200 /* messages, a query and its answer by turns */
#define OBSERVED_CLIENTS  12   /* that they are of */
#define OBSERVED_PENDING  60
#define OBSERVED_TLS      400
#define OBSERVED_LOGINS   600
#define OBSERVED_CONTACTS 200
#define OBSERVED_WATCHES  8
#define OBSERVED_HTTP     600
#define OBSERVED_BEGIN    ((nsec_t)1400000100 * NSEC_PER_SEC)
#define OBSERVED_END      (OBSERVED_BEGIN + 300 * NSEC_PER_SEC)

struct observations {
	struct packet packets[OBSERVED_PACKETS];
	struct flow flows[OBSERVED_FLOWS];
	struct stream_event streams[OBSERVED_STREAMS];
	struct obs_counters counters[OBSERVED_COUNTERS];
	struct flow_record records[OBSERVED_RECORDS];
	struct exporter_report reports[OBSERVED_REPORTS];
	struct interface_sample samples[OBSERVED_SAMPLES];
	uint8_t frames[OBSERVED_PACKETS][OBSERVED_FRAME];
	struct dns_message dns[OBSERVED_DNS]; /* OBS_DNS, and some of the other types */
	enum obs_type dns_types[OBSERVED_DNS];
	uint8_t dns_octets[OBSERVED_DNS][OBSERVED_FRAME];
	uint8_t dns_names[OBSERVED_DNS][DNS_NAME_MAX];
	struct dns_pending pending[OBSERVED_PENDING];
	struct tls_event tls[OBSERVED_TLS];
	struct http_request http[OBSERVED_HTTP];
	struct login logins[OBSERVED_LOGINS];
	struct contact contacts[OBSERVED_CONTACTS];
	struct sensor_watch watches[OBSERVED_WATCHES];
};

/* The number of the client of a DNS message, 0 to OBSERVED_CLIENTS - 1: a conversation is never
 * divided. */
size_t observations_client(size_t message);

/* The number of who tried to log in, 0 to OBSERVED_GUESSERS - 1: his attempts are never divided. */
#define OBSERVED_GUESSERS 24
size_t observations_guesser(size_t login);

/* A site that some of the hosts are customers of. */
void observations_site(struct site *site);

/* Whole observations; free() ends them. */
struct observations *observations_new(void);

#endif
