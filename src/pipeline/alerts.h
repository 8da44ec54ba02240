/* SPDX-License-Identifier: ISC */
/*
 * Findings told as they happen: when one begins, and when it has ended.
 *
 *	e = alerts_open(config, say, context, &alerts, &why);    // NULL when no output is
 *configured alerts_window(alerts, &window);                          // its rows are committed e =
 *alerts_look(alerts, store, config, ALERTS_DURING, &why); alerts_close(alerts);
 *
 * Sections of the analyses that got rows since the last look are made over the last `horizon`; what
 * they find is compared with what was told.  One finding is what has the same analysis, kind and
 * subject, and an interval that overlaps or lies within FINDING_GAP: so restarts, rows that come
 * later, and inputs that are read again tell nothing twice.  It has ended when nothing of it was
 * seen for FINDING_GAP.  What was told is kept in DIRECTORY/told.json.
 */
#ifndef YAGURA_PIPELINE_ALERTS_H
#define YAGURA_PIPELINE_ALERTS_H

#include <jansson.h>

#include "analysis/analysis.h"
#include "pipeline/config.h"
#include "store/store.h"

struct alerts;

enum alerts_moment {
	ALERTS_DURING, /* more will come: not more often than `interval` */
	ALERTS_AFTER,  /* the inputs are at their end: the clock of the world counts too */
};

/* `ret_alerts` is NULL when the configuration names no output.  ERR_CONFIG, ERR_IO; ERR_BUSY when
 * another process tells alerts from the directory. */
MUST_CHECK enum err
alerts_open(const struct config *config, void (*say)(void *context, const char *text),
    void *context, struct alerts **ret_alerts, struct err_info *info);

/* Waits for deliveries for some seconds; the rest stays for the next run.  NULL is fine. */
void alerts_close(struct alerts *alerts);

/* A window's rows have come.  NULL is fine here and below. */
void alerts_window(struct alerts *alerts, const struct window *window);

/* Tells what is new.  The store is as committed.  A failure is not one of the run: it is said, and
 * the next look sees what this one did not. */
MUST_CHECK enum err alerts_look(struct alerts *alerts, struct store *store,
    const struct config *config, enum alerts_moment moment, struct err_info *info);

/* For `yagura status`: what waits, what was dropped, what is open; NULL without alerts. */
json_t *alerts_describe(struct alerts *alerts);

#endif
