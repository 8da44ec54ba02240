/* SPDX-License-Identifier: ISC */
/*
 * What traffic/hierarchy stores: shared by its two halves, hierarchy.c (a window) and
 * hierarchy_section.c (the review).
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_HIERARCHY_H
#define YAGURA_ANALYSIS_TRAFFIC_HIERARCHY_H

#include "analysis/analysis.h"

#define HIERARCHY_RECORDS_TABLE "traffic_hierarchy_records"

/* Columns of traffic_hierarchy. */
enum {
	HIERARCHY_SOURCE_COLUMN,
	HIERARCHY_SOURCE_LENGTH_COLUMN,
	HIERARCHY_DESTINATION_COLUMN,
	HIERARCHY_DESTINATION_LENGTH_COLUMN,
	HIERARCHY_OCTETS_COLUMN,
	HIERARCHY_PACKETS_COLUMN,
	HIERARCHY_COLUMN_COUNT,
};

enum err hierarchy_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
