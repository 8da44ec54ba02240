/* SPDX-License-Identifier: ISC */
/*
 * What traffic/talkers keeps and stores: shared by its two halves, talkers.c (a window) and
 * talkers_section.c (the review).
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_TALKERS_H
#define YAGURA_ANALYSIS_TRAFFIC_TALKERS_H

#include "analysis/analysis.h"
#include "stat/misra_gries.h"

enum talkers_kind {
	TALKERS_ADDRESS,
	TALKERS_PREFIX,
	TALKERS_PAIR,
	TALKERS_KIND_COUNT,
};

/* The weights of Misra-Gries, in the order of the columns. */
enum talkers_metric {
	TALKERS_OCTETS,
	TALKERS_PACKETS,
	TALKERS_FLOWS,
	TALKERS_PEERS, /* not a weight: estimated */
};

static_assert(TALKERS_PEERS == MG_METRICS, "three weights, then the peers");

/* Sketch of all distinct keys of a kind. */
#define TALKERS_DISTINCT_PRECISION 14

#define TALKERS_PREFIX_IPV4 24
#define TALKERS_PREFIX_IPV6 48

/* Columns of traffic_talkers. */
enum {
	TALKERS_KIND_COLUMN,
	TALKERS_ADDRESS_COLUMN,
	TALKERS_LENGTH_COLUMN,
	TALKERS_PEER_COLUMN,
	TALKERS_COUNTER_COLUMN, /* three of them */
	TALKERS_PEERS_COLUMN = TALKERS_COUNTER_COLUMN + MG_METRICS,
	TALKERS_PARTIAL_COLUMN,
	TALKERS_COLUMN_COUNT,
};

/* Columns of traffic_talkers_totals. */
enum {
	TALKERS_TOTALS_KIND_COLUMN,
	TALKERS_TOTALS_COUNTER_COLUMN, /* three of each */
	TALKERS_TOTALS_ERROR_COLUMN = TALKERS_TOTALS_COUNTER_COLUMN + MG_METRICS,
	TALKERS_TOTALS_CUT_COLUMN = TALKERS_TOTALS_ERROR_COLUMN + MG_METRICS,
	TALKERS_TOTALS_KEYS_COLUMN = TALKERS_TOTALS_CUT_COLUMN + MG_METRICS,
	TALKERS_TOTALS_DISTINCT_COLUMN,
	TALKERS_TOTALS_COLUMN_COUNT,
};

#define TALKERS_RECORDS_TABLE "traffic_talkers_records"

/* "address", "prefix", "pair": the column `kind`. */
extern const char *const talkers_kind_names[TALKERS_KIND_COUNT];

enum err talkers_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
