/* SPDX-License-Identifier: ISC */
/*
 * What the subcommands of `yagura incidents` share: the file, read at the start and written whole
 *at the end, by one of them at a time.
 *
 *	struct incidents_run r;
 *	e = incidents_open(&r, values, true, &why);
 *	… r.list …
 *	e = incidents_save(&r, &why);
 *	return incidents_end(&r, "add", e, why.text);
 */
#ifndef YAGURA_CMD_INCIDENTS_H
#define YAGURA_CMD_INCIDENTS_H

#include "analysis/security/incident.h"
#include "cmd/common.h"

#define OPT_INCIDENTS_FILE                                                         \
	{                                                                          \
		"file", 'f', "FILE",                                               \
		    "the list (default: the setting `file` of security/incidents)" \
	}

struct incidents_run {
	const struct opt_values *values; /* borrowed */
	struct config config;
	bool configured;
	struct zone *zone;          /* owned: the site's */
	char *path;                 /* owned */
	int lock;                   /* -1: none */
	struct incident_list *list; /* owned */
};

/* Reads configuration and list; whatever comes of it, incidents_end takes it back. */
MUST_CHECK enum err incidents_open(
    struct incidents_run *r, const struct opt_values *values, bool writes, struct err_info *info);
MUST_CHECK enum err incidents_save(struct incidents_run *r, struct err_info *info);
/* Frees everything and says what failed; the exit status. */
int incidents_end(struct incidents_run *r, const char *name, enum err e, const char *why);

#endif
