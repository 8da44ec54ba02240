/* SPDX-License-Identifier: ISC */
/* The section of quality, and the names of the counters that are its own. */
#ifndef YAGURA_ANALYSIS_QUALITY_SECTION_H
#define YAGURA_ANALYSIS_QUALITY_SECTION_H

#include "analysis/analysis.h"

enum quality_own {
	QUALITY_PACKETS,
	QUALITY_IP,
	QUALITY_ARP,
	QUALITY_NOT_IP,
	QUALITY_UNDECODED,
	QUALITY_SNAPPED,
	QUALITY_FRAGMENTS,
	QUALITY_TUNNELED,
	QUALITY_DUPLICATES,
	QUALITY_OWN_COUNT,
};

extern const struct quality_name {
	const char *name;
	const char *meaning;
} QUALITY_OWN[QUALITY_OWN_COUNT];

enum err quality_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
