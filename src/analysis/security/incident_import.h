/* SPDX-License-Identifier: ISC */
/*
 * Incidents out of files that others made, recognised by their content:
 *
 *	JSON   yagura.incidents/1; VERIS (one or many; vcdb.json); CISA KEV; NVD 2.0; CVE records 5;
 *	       MISP events; a review of ours, whose findings become proposals
 *	CSV    the operator's own (a heading with date, category, title …); days of history (date,
 *	       history); CISA KEV; the HHS list of breaches, as downloaded or with plain headings;
 *	       VCDB's yearly table
 *	text   CVE numbers, one a line, each with a date and a title when the list has them
 *
 * What cannot be used is told with its place, and the rest is imported.
 *
 *	struct incident_import import = { .list = list, .approved = true, .complain = say };
 *	e = incident_import(&import, data, size, "known.csv", &why);
 */
#ifndef YAGURA_ANALYSIS_SECURITY_INCIDENT_IMPORT_H
#define YAGURA_ANALYSIS_SECURITY_INCIDENT_IMPORT_H

#include "analysis/security/incident.h"

struct incident_import {
	struct incident_list *list; /* borrowed: where entries go */
	const char *category;       /* of entries whose source has none; NULL: the format's own */
	const char *zone_name;      /* kept with times of day that name none; may be NULL */
	bool approved;              /* entries may be shown; those of a review never are at once */
	void (*complain)(void *context, const char *text); /* may be NULL */
	void *context;
	size_t added, merged, known, refused, passed_over;
	const char *name;   /* of the input, for complaints; set by incident_import */
	const char *format; /* what it was; set by incident_import */
};

/* ERR_FORMAT or ERR_UNSUPPORTED when nothing of it can be used. */
MUST_CHECK enum err incident_import(struct incident_import *import, const char *data, size_t size,
    const char *name, struct err_info *info);

/* For the readers of formats. */

/* Takes an entry over, with the format's source and category where it names none; `place` ("line
 * 12") stands in the complaint when it is refused. */
void incident_import_entry(
    struct incident_import *import, json_t *entry, const char *source, const char *place);
void incident_import_refuse(struct incident_import *import, const char *place, const char *why);

/* A text member, cut at `most` characters; nothing when it is NULL or blank. */
void incident_put(json_t *entry, const char *member, const char *text, size_t most);
/* Appends to a list member each once. */
void incident_append(json_t *entry, const char *member, const char *text);
/* Appends what stands between separators; URLs of VERIS and KEV. */
void
incident_append_all(json_t *entry, const char *member, const char *text, const char *separators);

MUST_CHECK enum err incident_import_csv(
    struct incident_import *import, const char *data, size_t size, struct err_info *info);
MUST_CHECK enum err incident_import_json(
    struct incident_import *import, const char *data, size_t size, struct err_info *info);

/* Proposals from the findings of a review (yagura.review/1). */
void incident_import_review(struct incident_import *import, const json_t *review);
/* One VERIS record. */
void incident_import_veris(struct incident_import *import, const json_t *record, const char *place);

#endif
