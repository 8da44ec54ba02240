/* SPDX-License-Identifier: ISC */
/*
 * Refuses functions that a query of somebody else has no business with.
 *
 * Files and settings are shut by the engine (engine.h) and writing by a read-only transaction
 * (answer.h).  What is left are table functions that change the process, read memory at an address
 * given as a number, or take a whole query as text and would hide one from this check.
 */
#ifndef YAGURA_STORE_GUARD_H
#define YAGURA_STORE_GUARD_H

#include <stdbool.h>

#include "base/err.h"

/* ERR_USAGE when `sql` begins with another word than a question does, or calls a refused function.
 */
MUST_CHECK enum err guard_check(const char *sql, struct err_info *info);

/* Whether a function of this name is refused. */
bool guard_refuses(const char *name);

#endif
