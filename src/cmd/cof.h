/* SPDX-License-Identifier: ISC */
/*
 * Passive DNS in the common output format (draft-dulaunoy-dnsop-passive-dns-cof-13): one JSON
 * object a line.
 */
#ifndef YAGURA_CMD_COF_H
#define YAGURA_CMD_COF_H

#include <stdio.h>

#include "base/err.h"
#include "obs/table.h"

/* Prints rows of rrname, rrtype, rdata, time_first, time_last (milliseconds), count, bailiwick.
 * ERR_END when whoever reads has gone. */
MUST_CHECK enum err
cof_print(struct result *r, FILE *out, const char *sensor, struct err_info *info);

#endif
