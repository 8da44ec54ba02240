/* SPDX-License-Identifier: ISC */
/* The section of the chronology, made from approved incidents; private to security/incidents. */
#ifndef YAGURA_ANALYSIS_SECURITY_INCIDENTS_SECTION_H
#define YAGURA_ANALYSIS_SECURITY_INCIDENTS_SECTION_H

#include "analysis/analysis.h"
#include "analysis/security/incident.h"

/* ERR_END when nothing of the period is approved and nothing waits for approval.  Sorts the list.
 */
MUST_CHECK enum err incidents_section_make(const struct section_context *context,
    struct incident_list *list, const struct zone *zone, struct section *section);

#endif
