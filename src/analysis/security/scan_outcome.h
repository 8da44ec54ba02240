/* SPDX-License-Identifier: ISC */
/*
 * What a flow or record says of a contact: who came to whom, and what came of it.
 *
 * A flow of a meter has both directions and says it at once.  Records of exporters mostly have one
 * direction each; they find each other in the table of contacts, whichever comes first.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SCAN_OUTCOME_H
#define YAGURA_ANALYSIS_SECURITY_SCAN_OUTCOME_H

#include "analysis/security/scan_contacts.h"
#include "obs/flow.h"
#include "obs/record.h"

/* Why a flow is no contact, and what the others show; counted. */
struct scan_seen {
	uint64_t flows;   /* taken as contacts */
	uint64_t passed;  /* not contacts: middles and ends of connections, answers, multicast */
	uint64_t both;    /* TCP connections seen in both directions */
	uint64_t one;     /* TCP connections of which only the initiator was ever seen */
	uint64_t sampled; /* records of samples that count as contacts */
	uint64_t inconclusive; /* records of samples that conclude nothing */
};

/* Takes flows into the table. */
void scan_take_flows(
    struct scan_contacts *t, struct scan_seen *seen, const struct flow *flows, size_t count);
void scan_take_record(struct scan_contacts *t, struct scan_seen *seen, const struct flow_record *r);

#endif
