/* SPDX-License-Identifier: ISC */
/*
 * Another program's answer: run it, read its standard output.
 *
 * The program is found by PATH, gets its arguments as they are (no shell), nothing on its standard
 * input, and our standard error.  It is killed when it takes too long or says too much.
 */
#ifndef YAGURA_BASE_SPAWN_H
#define YAGURA_BASE_SPAWN_H

#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"

/* Runs argv[0] with argv (ending with NULL).  The output is terminated and owned by the caller.
 * ERR_IO when it cannot be run or fails, ERR_LIMIT beyond `most` octets or `timeout`. */
MUST_CHECK enum err spawn_read(const char *const *argv, size_t most, nsec_t timeout,
    char **ret_output, size_t *ret_size, struct err_info *info);

#endif
