/* SPDX-License-Identifier: ISC */
/*
 * The rows of a result on standard output: aligned for people, or CSV (RFC 4180) or JSON (an array
 * of objects) for programs.
 *
 * Addresses are text everywhere and blobs are hexadecimal.  Stored text came from the network: what
 * could steer a terminal or reorder a line (control characters, bidirectional marks) is printed as
 * an escape in tables and JSON, and in CSV when it goes to a terminal.
 */
#ifndef YAGURA_CMD_ROWS_H
#define YAGURA_CMD_ROWS_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "obs/table.h"

/* Each prints every row that is left.  ERR_IO when the output does not take it, ERR_END when its
 * reader has gone (`| head`; SIGPIPE is ignored by the caller). */
MUST_CHECK enum err
rows_print_table(struct result *r, FILE *out, uint64_t *ret_count, struct err_info *info);
MUST_CHECK enum err
rows_print_csv(struct result *r, FILE *out, uint64_t *ret_count, struct err_info *info);
MUST_CHECK enum err
rows_print_json(struct result *r, FILE *out, uint64_t *ret_count, struct err_info *info);

#endif
