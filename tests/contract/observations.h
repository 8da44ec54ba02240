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
};

/* A site that some of the hosts are customers of. */
void observations_site(struct site *site);

/* Whole observations; free() ends them. */
struct observations *observations_new(void);

#endif
