/* SPDX-License-Identifier: ISC */
/*
 * What the parts of security/heartbleed share: verdicts, and the columns of its tables.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_HEARTBLEED_H
#define YAGURA_ANALYSIS_SECURITY_HEARTBLEED_H

#include "analysis/analysis.h"

/* From the least grave on. */
enum heartbleed_verdict {
	HEARTBLEED_NONE,
	HEARTBLEED_PROBE,
	HEARTBLEED_SUSPICIOUS,
	HEARTBLEED_BLOCKED,
	HEARTBLEED_ATTEMPT,
	HEARTBLEED_ANSWERED,
	HEARTBLEED_LEAK,
	HEARTBLEED_VERDICTS,
};

/* What an exchange of heartbeats comes to; doc/analyses/security-heartbleed.md has the rules. */
enum heartbleed_verdict heartbleed_judge(const struct tls_event *event);

/* "leak" and so on, as findings name them. */
const char *heartbleed_verdict_name(enum heartbleed_verdict verdict);

/* A heartbeat in the first minute is before anything had to be kept alive. */
#define HEARTBLEED_EARLY      (60 * NSEC_PER_SEC)
#define HEARTBLEED_UNANSWERED 3 /* more requests in one connection that nobody answers */

/* The first exchanges of a pair are kept as evidence. */
#define HEARTBLEED_SAMPLES     5
#define HEARTBLEED_SAMPLE_SIZE 80 /* octets in a row's blob */

struct heartbleed_sample {
	nsec_t time;
	uint64_t offset, answer_offset;
	uint64_t answer_octets, leaked;
	uint64_t input; /* the store's id; known only of samples that were read */
	uint32_t request_octets, least_octets, claimed, carried, answer_records;
	uint16_t version, cipher, client_port;
	uint8_t verdict;
	bool encrypted;
};

/* Of security_heartbleed: a client and a server, one verdict, a window. */
enum {
	HB_SERVER,
	HB_PORT,
	HB_CLIENT,
	HB_DATAGRAM,
	HB_BY_SERVER,
	HB_ENCRYPTED,
	HB_VERDICT,
	HB_FIRST,
	HB_LAST,
	HB_REQUESTS,
	HB_ANSWERED,
	HB_ALERTS,
	HB_LEAKED,
	HB_LEAKED_LEAST,
	HB_CLAIMED_MOST,
	HB_ANSWER_OCTETS,
	HB_SAMPLES,
	HB_COLUMNS,
};

/* Of security_tls_hellos: hellos of one kind. */
enum { TH_SIDE, TH_VERSION, TH_CLIENT_MODE, TH_SERVER_MODE, TH_DATAGRAM, TH_COUNT, TH_COLUMNS };

/* Of security_tls_servers: a server that offers heartbeats. */
enum { TS_SERVER, TS_PORT, TS_DATAGRAM, TS_HELLOS, TS_FIRST, TS_LAST, TS_COLUMNS };

/* Of security_tls_totals: a window. */
enum {
	TT_CLIENT_HELLOS,
	TT_SERVER_HELLOS,
	TT_HEARTBEATS,
	TT_ORDINARY,
	TT_EVICTED,
	TT_SERVERS_EVICTED,
	TT_UNSTORED,
	TT_SERVERS,  /* sketch of all servers … */
	TT_OFFERING, /* … and of those that offer heartbeats */
	TT_COLUMNS,
};

#define HEARTBLEED_PRECISION 12

enum err heartbleed_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
