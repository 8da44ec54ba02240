/* SPDX-License-Identifier: ISC */
/*
 * What the SELECTs of `yagura query flows` and `yagura query dns` share: filters from options.
 */
#ifndef YAGURA_CMD_QUERY_FILTER_H
#define YAGURA_CMD_QUERY_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/command.h"
#include "net/address.h"

/* A whole number of at most `most`. */
bool query_number(const char *text, uint64_t most, uint64_t *ret_number);

/* `sql AND condition`; both are freed. */
char *query_and(char *sql, char *condition);

/* Adds the condition of an option that is a time; `compare` is "column >=".  ERR_USAGE. */
MUST_CHECK enum err query_time(const struct opt_values *values, const char *name,
    const char *compare, char **sql, struct err_info *info);

/* That an address, whose two numbers are <address>_high and <address>_low, is in the prefix. */
char *query_prefix(const char *address, const struct prefix *prefix);

/* --limit: by default a hundred rows for people and all for programs, which is 0.  ERR_USAGE. */
MUST_CHECK enum err
query_limit(const struct opt_values *values, uint64_t *ret_limit, struct err_info *info);

#endif
