/* SPDX-License-Identifier: ISC */
/* yagura records --http: every HTTP request of the inputs. */
#ifndef YAGURA_CMD_RECORDS_HTTP_H
#define YAGURA_CMD_RECORDS_HTTP_H

#include "base/opt.h"
#include "pipeline/config.h"

/* Prints them in the order in which they were complete; returns the exit status. */
int records_http(const struct opt_values *values, const struct config *config);

#endif
