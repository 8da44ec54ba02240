/* SPDX-License-Identifier: ISC */
/* The rows of a window into a store; see window_rows.h. */
#include "pipeline/window_rows.h"

#include <stdlib.h>

#include "base/xmalloc.h"

struct window_rows {
	struct rows **rows;     /* owned; every table of every analysis, in order */
	struct row_sink *sinks; /* owned; parallel to ANALYSES, pointing into rows */
};

struct window_rows *
window_rows_new(void)
{
	struct window_rows *all = xcalloc(1, sizeof *all);
	size_t tables = 0, analyses = 0;

	for (; ANALYSES[analyses] != NULL; analyses++)
		tables += ANALYSES[analyses]->table_count;
	all->rows = xcalloc(tables + 1, sizeof *all->rows);
	all->sinks = xcalloc(analyses + 1, sizeof *all->sinks);
	tables = 0;
	for (size_t a = 0; a < analyses; a++) {
		all->sinks[a].tables = &all->rows[tables];
		for (size_t t = 0; t < ANALYSES[a]->table_count; t++)
			all->rows[tables++] = rows_new(&ANALYSES[a]->tables[t]);
	}
	return all;
}

void
window_rows_free(struct window_rows *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; all->rows[i] != NULL; i++)
		rows_free(all->rows[i]);
	free(all->rows);
	free(all->sinks);
	free(all);
}

enum err
window_rows_append(struct window_rows *all, struct store *store, uint64_t input,
    const struct window *window, void *const *states, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t a = 0; ANALYSES[a] != NULL; a++)
		if (states[a] != NULL)
			ANALYSES[a]->finish(states[a], window, &all->sinks[a]);
	for (size_t i = 0; all->rows[i] != NULL; i++) {
		if (all->rows[i]->count != 0 && e == ERR_OK)
			e = store_append(store, input, window->begin, all->rows[i], info);
		rows_clear(all->rows[i]);
	}
	return e;
}
