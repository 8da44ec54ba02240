/* SPDX-License-Identifier: ISC */
/* Every DNS message of some inputs as a line of JSON or CSV: the part of `yagura records` for it.
 */
#ifndef YAGURA_CMD_RECORDS_DNS_H
#define YAGURA_CMD_RECORDS_DNS_H

#include <stdbool.h>

#include "base/opt.h"
#include "pipeline/config.h"

/* Prints all messages of the operands; the exit status. */
int records_dns(const struct opt_values *values, const struct config *config);

#endif
