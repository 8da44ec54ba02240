/* SPDX-License-Identifier: ISC */
/*
 * Flows as raw rows (raw.h).
 *
 * There are up to two tables: `flow_rows` of the flows that were metered here, and `record_rows` of
 * what exporters said, which have more columns (and whose cost the meter shall not pay).  Queries
 * see the view `flows` made of both; what a metered flow does not have is a constant there.
 * `flow_numbers` is the same with source_address_high, source_address_low … instead of addresses.
 * Names are IPFIX elements in snake case; `source` is the initiator (RFC 5103) of a metered flow
 * and the source of a record, and what begins with `reverse_` is the other direction.  Times are
 * milliseconds; a direction without packets has 0.
 */
#ifndef YAGURA_STORE_FLOWS_H
#define YAGURA_STORE_FLOWS_H

#include "store/raw.h"

enum flows_kind {
	FLOWS_METERED,  /* items are struct flow */
	FLOWS_EXPORTED, /* items are pointers to struct flow_record */
};

extern const struct raw_set flows_raw;

#endif
