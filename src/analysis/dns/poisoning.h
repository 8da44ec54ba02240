/* SPDX-License-Identifier: ISC */
/*
 * What the files of dns/poisoning share: its tables' names, settings and the parts of its state.
 *
 *	poisoning.c          the analysis: messages, rows
 *	poisoning_race.[ch]  forged answers by resolver, zone and 10 s
 *	poisoning_probe.[ch] probing of ports and fragments: what is seen in packets
 *	poisoning_section.c  findings and tables
 */
#ifndef YAGURA_ANALYSIS_DNS_POISONING_H
#define YAGURA_ANALYSIS_DNS_POISONING_H

#include "analysis/analysis.h"

#define POISONING_SLOT (10 * NSEC_PER_SEC)

enum poisoning_table {
	POISONING_RACES = 0,
	POISONING_PROBES,
	POISONING_FRAGMENTS,
	POISONING_FACTS,
	POISONING_TABLES,
};

enum err poisoning_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
