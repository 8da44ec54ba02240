/* SPDX-License-Identifier: ISC */
/* What `yagura heartbleed` found, for people and as JSON. */
#ifndef YAGURA_CMD_HEARTBLEED_REPORT_H
#define YAGURA_CMD_HEARTBLEED_REPORT_H

#include <stdio.h>

#include "cmd/heartbleed_target.h"

void heartbleed_report_print(const struct heartbleed_target *target, FILE *out);
/* One document about all; `starttls` may be NULL. */
void heartbleed_report_json(const struct heartbleed_target *targets, size_t count, nsec_t begin,
    nsec_t end, const char *starttls, FILE *out);

#endif
