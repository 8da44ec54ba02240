/* SPDX-License-Identifier: ISC */
/* What the files that write the section of security/random-communications share. */
#ifndef YAGURA_ANALYSIS_SECURITY_RANDOM_SECTION_H
#define YAGURA_ANALYSIS_SECURITY_RANDOM_SECTION_H

#include "analysis/security/random_read.h"

#define RANDOM_DOC "doc/analyses/security-random-communications.md"

struct random_report {
	const struct section_context *c;
	struct section *section;
	const struct random_period *p;
	struct zone *zone;
	bool averaged; /* long enough for numbers per sensor and day */
};

/* Table of payloads, what is new among them, and findings about those that spread. */
enum err random_payloads(const struct random_report *r, struct err_info *info);

/* Findings about ports that surge, and about own addresses. */
enum err random_findings(const struct random_report *r, struct err_info *info);

#endif
