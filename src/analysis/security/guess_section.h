/* SPDX-License-Identifier: ISC */
/* The part of the section of security/scans that tells of guessing. */
#ifndef YAGURA_ANALYSIS_SECURITY_GUESS_SECTION_H
#define YAGURA_ANALYSIS_SECURITY_GUESS_SECTION_H

#include "analysis/analysis.h"

/* Adds it where there were attempts to log in; says whether there were. */
enum err guess_section(const struct section_context *context, struct section *section,
    bool *ret_any, struct err_info *info);

/* Sources that guess together (guess_together.c); returns how many such groups there are. */
enum err guess_together(const struct section_context *context, struct section *section,
    size_t *ret_count, struct err_info *info);

#endif
