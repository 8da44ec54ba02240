/* SPDX-License-Identifier: ISC */
/*
 * Incidents in comma-separated values: which table it is follows from its heading.
 *
 * Sources that number their rows give the number on; for those that do not (HHS, VCDB) a row is
 * known again by what it says and how many rows before it said the same, so that the same file read
 * twice is the same incidents and two equal rows stay two.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "analysis/security/incident_import.h"
#include "base/csv.h"
#include "base/xmalloc.h"

#define COLUMNS_MOST 16
#define TITLE_MOST   300

struct table {
	struct incident_import *import;
	const struct csv_row *row;
	int columns[COLUMNS_MOST]; /* places of the format's columns; -1: not there */
	json_t *seen;              /* owned: how often a row like this came */
	char place[40];
};

/* A format: its columns, the first `needed` of which make it that format. */
struct format {
	const char *name;
	const char *columns[COLUMNS_MOST];
	size_t needed;
	void (*take)(struct table *t);
};

/* A field of the row; "" when the table has no such column. */
static const char *
field(const struct table *t, size_t column)
{
	int at = t->columns[column];

	return at >= 0 && (size_t)at < t->row->count ? t->row->fields[at] : "";
}

/* Numbers a row by its content. */
static void
number_row(struct table *t, json_t *entry)
{
	XXH3_state_t *state = XXH3_createState();
	char id[48];
	json_int_t before;

	XXH3_64bits_reset(state);
	for (size_t i = 0; i < t->row->count; i++)
		XXH3_64bits_update(state, t->row->fields[i], strlen(t->row->fields[i]) + 1);
	(void)snprintf(id, sizeof id, "%016" PRIx64, (uint64_t)XXH3_64bits_digest(state));
	XXH3_freeState(state);
	before = json_integer_value(json_object_get(t->seen, id));
	json_object_set_new(t->seen, id, json_integer(before + 1));
	if (before > 0)
		(void)snprintf(id + 16, sizeof id - 16, "-%" PRId64, (int64_t)before + 1);
	json_object_set_new(entry, "source_id", json_string(id));
}

static void
set_category(const struct table *t, json_t *entry, const char *category)
{
	if (t->import->category == NULL)
		json_object_set_new(entry, "category", json_string(category));
}

/* --- CISA: known exploited vulnerabilities -----------------------------------------------------
 */

static void
take_kev(struct table *t)
{
	json_t *entry = json_object();
	char *title = xasprintf("%s: %s", field(t, 0), field(t, 2));

	incident_put(entry, "source_id", field(t, 0), 64);
	incident_append(entry, "cve", field(t, 0));
	incident_put(entry, "date", field(t, 1), 64);
	incident_put(entry, "title", title, TITLE_MOST);
	incident_put(entry, "text", field(t, 3), 8000);
	incident_append_all(entry, "refs", field(t, 4), "; ");
	if (strcmp(field(t, 5), "Known") == 0)
		incident_append(entry, "actors", "known in ransomware campaigns");
	set_category(t, entry, "V");
	free(title);
	incident_import_entry(t->import, entry, "kev", t->place);
}

/* --- HHS: breaches of health information --------------------------------------------------------
 */

/* "09/18/2013" of the list as it is downloaded, or as it stands. */
static void
put_date(json_t *entry, const char *text)
{
	char date[11];

	if (strlen(text) == 10 && text[2] == '/' && text[5] == '/') {
		(void)snprintf(date, sizeof date, "%.4s-%.2s-%.2s", text + 6, text, text + 3);
		text = date;
	}
	incident_put(entry, "date", text, 64);
}

static void
take_hhs(struct table *t)
{
	json_t *entry = json_object();
	char *title = xasprintf("%s: %s (%s)", field(t, 1), field(t, 2), field(t, 3));
	char *impact = xasprintf("%s individuals", field(t, 4));
	json_t *target = json_object();

	put_date(entry, field(t, 0));
	incident_put(entry, "title", title, TITLE_MOST);
	incident_put(entry, "text", field(t, 6), 8000);
	if (field(t, 4)[0] != '\0')
		incident_put(entry, "impact", impact, 200);
	json_object_set_new(target, "country", json_string("US"));
	json_object_set_new(target, "sector", json_string("health care"));
	incident_put(target, "name", field(t, 1), 300);
	json_object_set_new(entry, "targets", json_pack("[o]", target));
	set_category(t, entry, "S");
	number_row(t, entry);
	free(title);
	free(impact);
	incident_import_entry(t->import, entry, "hhs", t->place);
}

/* --- VCDB: the yearly table ----------------------------------------------------------------------
 */

static const char *const ACTIONS[] = { "Malware", "Hacking", "Social", "Physical", "Misuse",
	"Error", "Environmental", "Unknown" };

#define ACTION_COUNT (sizeof ACTIONS / sizeof ACTIONS[0])

static void
take_vcdb(struct table *t)
{
	json_t *entry = json_object(), *target = json_object();
	char actions[128] = "", *title;

	for (size_t i = 0; i < ACTION_COUNT; i++) {
		size_t used = strlen(actions);
		if (strcmp(field(t, 2 + i), "1") == 0 || strcasecmp(field(t, 2 + i), "true") == 0)
			(void)snprintf(actions + used, sizeof actions - used, "%s%s",
			    used != 0 ? ", " : "", ACTIONS[i]);
	}
	title = xasprintf("%s: %s", field(t, 1)[0] != '\0' ? field(t, 1) : "Incident", actions);
	incident_put(entry, "date", field(t, 0), 64);
	incident_put(entry, "title", title, TITLE_MOST);
	incident_put(target, "sector", field(t, 10), 100);
	incident_put(target, "name", field(t, 11), 100);
	if (json_object_size(target) != 0)
		json_object_set_new(entry, "targets", json_pack("[O]", target));
	json_decref(target);
	/* Nature is no attacker. */
	set_category(t, entry, strcmp(actions, "Environmental") == 0 ? "O" : "S");
	number_row(t, entry);
	free(title);
	incident_import_entry(t->import, entry, "vcdb", t->place);
}

/* --- the operator's own, and days of history
 * ------------------------------------------------------ */

static void
take_history(struct table *t)
{
	json_t *entry = json_object();

	incident_put(entry, "date", field(t, 0), 64);
	incident_put(entry, "title", field(t, 1), 4000);
	incident_put(entry, "text", field(t, 2), 100000);
	incident_append_all(entry, "refs", field(t, 3), "; \n");
	incident_put(entry, "id", field(t, 4), 120);
	json_object_set_new(entry, "recurs", json_string("yearly"));
	set_category(t, entry, "H");
	incident_import_entry(t->import, entry, "history", t->place);
}

/* Columns of the operator's table, and what they are in an entry. */
static const char *const PLAIN_TEXTS[] = { "date", "title", "category", "end", "time_zone", "text",
	"impact", "id", "recurs" };

#define PLAIN_COUNT (sizeof PLAIN_TEXTS / sizeof PLAIN_TEXTS[0])

static void
put_confidence(json_t *entry, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (text[0] != '\0' && *end == '\0')
		json_object_set_new(entry, "confidence", json_real(value));
	else if (text[0] != '\0') /* refused by name when the entry is checked */
		json_object_set_new(entry, "confidence", json_string(text));
}

static void
take_plain(struct table *t)
{
	json_t *entry = json_object();
	const char *approved = field(t, PLAIN_COUNT + 6);

	for (size_t i = 0; i < PLAIN_COUNT; i++)
		incident_put(entry, PLAIN_TEXTS[i], field(t, i), 100000);
	incident_append_all(entry, "refs", field(t, PLAIN_COUNT), "; \n");
	incident_append_all(entry, "cve", field(t, PLAIN_COUNT + 1), ";, \n");
	incident_append_all(entry, "actors", field(t, PLAIN_COUNT + 2), ";\n");
	put_confidence(entry, field(t, PLAIN_COUNT + 3));
	incident_put(entry, "source", field(t, PLAIN_COUNT + 4), 60);
	incident_put(entry, "source_id", field(t, PLAIN_COUNT + 5), 250);
	if (approved[0] != '\0')
		json_object_set_new(entry, "approved",
		    json_boolean(strcasecmp(approved, "true") == 0 || strcmp(approved, "1") == 0 ||
				 strcasecmp(approved, "yes") == 0));
	incident_import_entry(t->import, entry, "csv", t->place);
}

/* The first whose needed columns are all there. */
static const struct format FORMATS[] = {
	{ "CISA KEV",
	    { "cveID", "dateAdded", "vulnerabilityName", "shortDescription", "notes",
		"knownRansomwareCampaignUse" },
	    3, take_kev },
	{ "HHS breaches",
	    { "date", "entity", "breach_type", "location", "individuals", "state", "description" },
	    3, take_hhs },
	{ "HHS breaches",
	    { "Breach Submission Date", "Name of Covered Entity", "Type of Breach",
		"Location of Breached Information", "Individuals Affected", "State",
		"Web Description" },
	    3, take_hhs },
	{ "VCDB",
	    { "year", "pattern", "action.Malware", "action.Hacking", "action.Social",
		"action.Physical", "action.Misuse", "action.Error", "action.Environmental",
		"action.Unknown", "victim.industry.name", "victim.state" },
	    4, take_vcdb },
	{ "days of history", { "date", "history", "text", "refs", "id" }, 2, take_history },
	{ "incidents",
	    { "date", "title", "category", "end", "time_zone", "text", "impact", "id", "recurs",
		"refs", "cve", "actors", "confidence", "source", "source_id", "approved" },
	    2, take_plain },
};

#define FORMAT_COUNT (sizeof FORMATS / sizeof FORMATS[0])

static const struct format *
recognise(struct table *t)
{
	for (size_t f = 0; f < FORMAT_COUNT; f++) {
		size_t found = 0;
		for (size_t c = 0; c < COLUMNS_MOST; c++) {
			const char *name = FORMATS[f].columns[c];
			t->columns[c] = name != NULL ? csv_column(t->row, name) : -1;
			found += c < FORMATS[f].needed && t->columns[c] >= 0;
		}
		if (found == FORMATS[f].needed)
			return &FORMATS[f];
	}
	return NULL;
}

/* The reader of rows says file and line itself. */
static void
refuse_row(struct incident_import *import, const char *why)
{
	size_t size = strlen(import->name);

	if (strncmp(why, import->name, size) == 0 && why[size] == ':')
		why += size + 1;
	incident_import_refuse(import, "", why);
}

static enum err
read_table(struct incident_import *import, struct csv *csv, struct err_info *info)
{
	struct csv_row row;
	struct table t = { .import = import, .row = &row };
	enum err e = csv_next(csv, &row, info);
	const struct format *format;

	if (e == ERR_END)
		return err_set(info, ERR_FORMAT, "%.200s: there is nothing in it", import->name);
	if (e != ERR_OK)
		return e;
	format = recognise(&t);
	if (format == NULL)
		return err_set(info, ERR_UNSUPPORTED,
		    "%.200s:1: no table that is known: its heading needs date and title (or "
		    "history), or is not that of CISA KEV, HHS or VCDB",
		    import->name);
	import->format = format->name;
	t.seen = json_object();
	while ((e = csv_next(csv, &row, info)) != ERR_END && e != ERR_IO) {
		(void)snprintf(t.place, sizeof t.place, "line %" PRIu64, row.line);
		if (e == ERR_OK)
			format->take(&t);
		else
			refuse_row(import, info->text);
	}
	json_decref(t.seen);
	return e == ERR_END ? ERR_OK : e;
}

enum err
incident_import_csv(
    struct incident_import *import, const char *data, size_t size, struct err_info *info)
{
	FILE *file = fmemopen((void *)data, size, "r");
	struct csv *csv;
	enum err e;

	if (file == NULL)
		return err_set(info, ERR_IO, "%.200s: no memory to read it", import->name);
	csv = csv_from(file, import->name);
	e = read_table(import, csv, info);
	csv_close(csv);
	return e;
}
