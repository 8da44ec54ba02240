/* SPDX-License-Identifier: ISC */
/* The rows of a window, from the merged states of the analyses into a store. */
#ifndef YAGURA_PIPELINE_WINDOW_ROWS_H
#define YAGURA_PIPELINE_WINDOW_ROWS_H

#include "analysis/analysis.h"
#include "store/store.h"

/* Every table of every analysis, reused from window to window. */
struct window_rows;

struct window_rows *window_rows_new(void);
void window_rows_free(struct window_rows *all);

/* Finishes the states (parallel to ANALYSES, NULL where disabled) and appends what they yield into
 * the store's open transaction. */
MUST_CHECK enum err window_rows_append(struct window_rows *all, struct store *store, uint64_t input,
    const struct window *window, void *const *states, struct err_info *info);

#endif
