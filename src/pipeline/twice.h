/* SPDX-License-Identifier: ISC */
/*
 * Packets of which an exporter tells twice: the one place where that is decided.
 *
 * A router may meter packets where they enter and where they leave.  If it does both for a packet,
 * two records hold it, and every volume would count it twice.  `run.metering` says what counts:
 *
 *	ingress, egress   records of that direction (flowDirection, IE 61; absent is ingress)
 *	both              all records
 *	auto              all, but for egress records whose packets entered where their exporter
 *	                  meters ingress too: it has sent ingress records of that interface, or any,
 *	                  if the record does not name where they entered
 *
 * So a router that meters ingress everywhere and egress as well counts by its ingress records, and
 * one that meters both directions of its uplink alone counts by both, since no packet is in two.
 * What is known of an exporter is what it sent until the end of the segment at hand, not only
 *before the record.  Records that do not count are marked: the store keeps them, analyses do not
 *get them.
 */
#ifndef YAGURA_PIPELINE_TWICE_H
#define YAGURA_PIPELINE_TWICE_H

#include <stddef.h>

#include "base/err.h"
#include "base/hash.h"
#include "obs/drop.h"
#include "obs/record.h"

struct twice;

/* `rule` is the word of the setting; ERR_CONFIG when it is none of them. */
MUST_CHECK enum err twice_new(const char *rule, const struct hash_secret *secret,
    struct twice **ret_twice, struct err_info *info);
void twice_free(struct twice *twice);

/* Marks the records that do not count, and counts them. */
void twice_mark(
    struct twice *twice, struct flow_record *records, size_t count, struct drop_counters *drops);

#endif
