/* SPDX-License-Identifier: ISC */
/* What the two halves of quality/exporters share. */
#ifndef YAGURA_ANALYSIS_QUALITY_EXPORTERS_H
#define YAGURA_ANALYSIS_QUALITY_EXPORTERS_H

#include "analysis/analysis.h"

enum err exporters_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
