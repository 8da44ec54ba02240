/* SPDX-License-Identifier: ISC */
/*
 * Incidents of the chronology: what the operator, public lists and the program's own findings say
 * happened, one entry each, kept in a JSON file (yagura.incidents/1, doc/incidents.md).
 *
 *	struct incident_list *list = incident_list_new(zone);
 *	e = incident_list_read(list, "incidents.json", &why);   // "incidents.json:3:7: …"
 *	e = incident_list_add(list, entry, &outcome, &why);     // an entry checked, merged or added
 *	… list->items[i].category, list->items[i].begin, list->items[i].entry …
 *	e = incident_list_write(list, file, &why);
 *	incident_list_free(list);
 *
 * One incident told twice is one entry: incident_list_add finds the earlier one by its source's own
 * number, by the same CVEs, by the same references, or by the same title on the same day, and adds
 * to it what it did not say.  Two entries that one source numbers differently are never one.
 *
 * An entry is a JSON object; the structure beside it holds what the calendar needs.  Texts are kept
 * as they came, in whatever script.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_INCIDENT_H
#define YAGURA_ANALYSIS_SECURITY_INCIDENT_H

#include <jansson.h>
#include <stdio.h>

#include "analysis/security/incident_time.h"

#define INCIDENT_SCHEMA    "yagura.incidents/1"
#define INCIDENT_MOST      500000            /* entries of a list */
#define INCIDENT_FILE_SIZE ((size_t)1 << 28) /* octets of a file that is read */

/* The categories of the Internet Infrastructure Review. */
enum incident_category {
	INCIDENT_VULNERABILITIES,
	INCIDENT_POLITICAL,
	INCIDENT_HISTORY,
	INCIDENT_SECURITY,
	INCIDENT_OTHER,
	INCIDENT_CATEGORIES,
};

struct incident_category_text {
	char letter; /* 'V' */
	const char *title;
	const char *definition;
};

extern const struct incident_category_text INCIDENT_CATEGORY[INCIDENT_CATEGORIES];

/* The category of a letter or a title's first word; -1 when there is none. */
int incident_category_of(const char *text);

struct incident {
	json_t *entry; /* owned: as the file has it */
	enum incident_category category;
	struct incident_time begin, end; /* the end is zeroed when there is none */
	bool approved;
	bool recurs; /* every year, on the day of `begin` */
};

struct incident_list {
	const struct zone *zone; /* borrowed: of times that name none */
	struct incident *items;  /* owned; in the order of their coming */
	size_t count, capacity;
	json_t *index; /* owned: what makes two entries one, to the place in `items` */
};

enum incident_outcome {
	INCIDENT_ADDED,
	INCIDENT_MERGED, /* it said something new of one that was there */
	INCIDENT_KNOWN,  /* all of it was there */
};

struct incident_list *incident_list_new(const struct zone *zone);
void incident_list_free(struct incident_list *list);

/* Checks an entry and puts it in.  It is borrowed, and kept as a copy.  ERR_FORMAT with the member
 * that is wrong, ERR_LIMIT. */
MUST_CHECK enum err incident_list_add(struct incident_list *list, const json_t *entry,
    enum incident_outcome *ret_outcome, struct err_info *info);

/* Puts in what a file holds; a file that is not there holds nothing. */
MUST_CHECK enum err
incident_list_read(struct incident_list *list, const char *path, struct err_info *info);

/* The same of text in memory, `name` standing before errors. */
MUST_CHECK enum err incident_list_parse(struct incident_list *list, const char *data, size_t size,
    const char *name, struct err_info *info);

/* Writes the file, entries in the order of their dates.  ERR_IO. */
MUST_CHECK enum err
incident_list_write(struct incident_list *list, FILE *out, struct err_info *info);

/* Sorts by date, then category, then id. */
void incident_list_sort(struct incident_list *list);

/* By its id; NULL when there is none. */
struct incident *incident_find(struct incident_list *list, const char *id);
void incident_approve(struct incident *incident);

/* A text member, or "". */
const char *incident_text(const struct incident *incident, const char *member);

#endif
