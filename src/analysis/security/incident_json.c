/* SPDX-License-Identifier: ISC */
/*
 * Incidents in JSON: our own file, CISA KEV, NVD 2.0, CVE records 5, MISP events; VERIS and reviews
 * have files of their own.  Which it is follows from the members that every such document has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/incident_import.h"
#include "base/xmalloc.h"

#define TITLE_MOST 300
#define TEXT_MOST  8000

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static void
set_category(const struct incident_import *import, json_t *entry, const char *category)
{
	if (import->category == NULL)
		json_object_set_new(entry, "category", json_string(category));
}

/* The English text of a list of {lang, value}, or the first. */
static const char *
description(const json_t *list)
{
	const char *first = "";
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		if (i == 0)
			first = text_of(item, "value");
		if (strncmp(text_of(item, "lang"), "en", 2) == 0)
			return text_of(item, "value");
	}
	return first;
}

/* "CVE-2014-0160: what it says", or the number alone. */
static void
put_cve_title(json_t *entry, const char *cve, const char *title)
{
	char *text = title[0] != '\0' ? xasprintf("%s: %s", cve, title) : xstrdup(cve);

	incident_put(entry, "title", text, TITLE_MOST);
	free(text);
}

static void
append_urls(json_t *entry, const json_t *references)
{
	json_t *reference;
	size_t i;

	json_array_foreach (references, i, reference)
		incident_append(entry, "refs", text_of(reference, "url"));
}

/* --- CVE ----------------------------------------------------------------------------------------
 */

/* NVD writes UTC without saying so. */
static void
put_utc(json_t *entry, const char *date)
{
	size_t size = strlen(date);
	bool bare = size >= 16 && date[size - 1] != 'Z' && strpbrk(date + 11, "+-") == NULL;
	char *text = xasprintf("%s%s", date, bare ? "Z" : "");

	incident_put(entry, "date", text, 64);
	free(text);
}

static void
take_nvd(struct incident_import *import, const json_t *item, const char *place)
{
	const json_t *cve = json_object_get(item, "cve");
	const char *id = text_of(cve, "id");
	json_t *entry;

	if (strcmp(text_of(cve, "vulnStatus"), "Rejected") == 0) {
		import->passed_over++;
		return;
	}
	entry = json_object();
	incident_put(entry, "source_id", id, 64);
	incident_append(entry, "cve", id);
	put_utc(entry, text_of(cve, "published"));
	put_cve_title(entry, id, description(json_object_get(cve, "descriptions")));
	incident_put(entry, "text", description(json_object_get(cve, "descriptions")), TEXT_MOST);
	append_urls(entry, json_object_get(cve, "references"));
	set_category(import, entry, "V");
	incident_import_entry(import, entry, "nvd", place);
}

static void
take_cve5(struct incident_import *import, const json_t *record, const char *place)
{
	const json_t *about = json_object_get(record, "cveMetadata");
	const json_t *cna = json_object_get(json_object_get(record, "containers"), "cna");
	const char *id = text_of(about, "cveId"), *title = text_of(cna, "title");
	const char *date = text_of(about, "datePublished");
	json_t *entry;

	if (strcmp(text_of(about, "state"), "REJECTED") == 0) {
		import->passed_over++;
		return;
	}
	entry = json_object();
	incident_put(entry, "source_id", id, 64);
	incident_append(entry, "cve", id);
	put_utc(entry, date[0] != '\0' ? date : text_of(cna, "datePublic"));
	put_cve_title(entry, id,
	    title[0] != '\0' ? title : description(json_object_get(cna, "descriptions")));
	incident_put(entry, "text", description(json_object_get(cna, "descriptions")), TEXT_MOST);
	append_urls(entry, json_object_get(cna, "references"));
	set_category(import, entry, "V");
	incident_import_entry(import, entry, "cve", place);
}

static void
take_kev(struct incident_import *import, const json_t *item, const char *place)
{
	const char *id = text_of(item, "cveID");
	json_t *entry = json_object();

	incident_put(entry, "source_id", id, 64);
	incident_append(entry, "cve", id);
	incident_put(entry, "date", text_of(item, "dateAdded"), 64);
	put_cve_title(entry, id, text_of(item, "vulnerabilityName"));
	incident_put(entry, "text", text_of(item, "shortDescription"), TEXT_MOST);
	incident_append_all(entry, "refs", text_of(item, "notes"), "; ");
	if (strcmp(text_of(item, "knownRansomwareCampaignUse"), "Known") == 0)
		incident_append(entry, "actors", "known in ransomware campaigns");
	set_category(import, entry, "V");
	incident_import_entry(import, entry, "kev", place);
}

/* --- MISP ---------------------------------------------------------------------------------------
 */

#define ACTOR_TAG "misp-galaxy:threat-actor=\""

static void
take_misp(struct incident_import *import, const json_t *wrapped, const char *place)
{
	const json_t *event = json_object_get(wrapped, "Event");
	json_t *entry = json_object(), *item;
	size_t i;

	incident_put(entry, "source_id", text_of(event, "uuid"), 250);
	incident_put(entry, "date", text_of(event, "date"), 64);
	incident_put(entry, "title", text_of(event, "info"), TITLE_MOST);
	json_array_foreach (json_object_get(event, "Attribute"), i, item) {
		if (strcmp(text_of(item, "type"), "link") == 0)
			incident_append(entry, "refs", text_of(item, "value"));
		if (strcmp(text_of(item, "type"), "vulnerability") == 0)
			incident_append(entry, "cve", text_of(item, "value"));
	}
	json_array_foreach (json_object_get(event, "Tag"), i, item) {
		const char *name = text_of(item, "name");
		char *actor;
		if (strncmp(name, ACTOR_TAG, strlen(ACTOR_TAG)) != 0)
			continue;
		actor = xstrdup(name + strlen(ACTOR_TAG));
		actor[strcspn(actor, "\"")] = '\0';
		incident_append(entry, "actors", actor);
		free(actor);
	}
	set_category(import, entry, "S");
	incident_import_entry(import, entry, "misp", place);
}

/* --- our own ------------------------------------------------------------------------------------
 */

static void
take_own(struct incident_import *import, const json_t *item, const char *place)
{
	json_t *entry =
	    json_is_object(item) ? json_copy((json_t *)item) : json_incref((json_t *)item);

	if (!json_is_object(entry)) {
		incident_import_refuse(import, place, "an incident is an object");
		json_decref(entry);
		return;
	}
	incident_import_entry(import, entry, "json", place);
}

/* --- which format -------------------------------------------------------------------------------
 */

typedef void (*take_fn)(struct incident_import *import, const json_t *item, const char *place);

static const struct {
	const char *member; /* that every record of the format has */
	const char *format;
	take_fn take;
} RECORDS[] = {
	{ "Event", "MISP", take_misp },
	{ "cveMetadata", "CVE records", take_cve5 },
	{ "cve", "NVD", take_nvd },
	{ "cveID", "CISA KEV", take_kev },
	{ "timeline", "VERIS", incident_import_veris },
	{ "title", "incidents", take_own },
};

#define RECORD_COUNT (sizeof RECORDS / sizeof RECORDS[0])

/* An own entry may have a list "cve"; the record of NVD has an object. */
static size_t
recognise(const json_t *item)
{
	for (size_t r = 0; r < RECORD_COUNT; r++) {
		const json_t *value = json_object_get(item, RECORDS[r].member);
		if (value != NULL && !(RECORDS[r].take == take_nvd && json_is_array(value)))
			return r;
	}
	return RECORD_COUNT;
}

static void
take_list(struct incident_import *import, const json_t *list, const char *member)
{
	json_t *item;
	char place[80];
	size_t i, r;

	json_array_foreach (list, i, item) {
		(void)snprintf(place, sizeof place, "%s[%zu]", member, i);
		r = recognise(item);
		if (r == RECORD_COUNT) {
			incident_import_refuse(
			    import, place, "no record of a format that is known");
			continue;
		}
		import->format = RECORDS[r].format;
		RECORDS[r].take(import, item, place);
	}
}

/* The list of records of a document, and its name in it. */
static const json_t *
list_of(const json_t *root, const char **ret_member)
{
	static const char *const LISTS[] = { "incidents", "vulnerabilities", "response",
		"CVE_Items" };

	*ret_member = "";
	if (json_is_array(root))
		return root;
	for (size_t i = 0; i < sizeof LISTS / sizeof LISTS[0]; i++) {
		*ret_member = LISTS[i];
		if (json_is_array(json_object_get(root, LISTS[i])))
			return json_object_get(root, LISTS[i]);
	}
	return NULL;
}

static enum err
take_root(struct incident_import *import, const json_t *root, struct err_info *info)
{
	const char *member;
	const json_t *list = list_of(root, &member);
	size_t r = recognise(root);

	if (strcmp(text_of(root, "schema"), "yagura.review/1") == 0) {
		import->format = "review";
		incident_import_review(import, root);
		return ERR_OK;
	}
	if (list != NULL) {
		take_list(import, list, member);
		return ERR_OK;
	}
	if (r == RECORD_COUNT)
		return err_set(info, ERR_UNSUPPORTED,
		    "%.200s: JSON, but neither incidents, VERIS, CISA KEV, NVD, CVE records, MISP "
		    "nor a review",
		    import->name);
	import->format = RECORDS[r].format;
	RECORDS[r].take(import, root, "");
	return ERR_OK;
}

enum err
incident_import_json(
    struct incident_import *import, const char *data, size_t size, struct err_info *info)
{
	json_error_t error;
	json_t *root = json_loadb(data, size, 0, &error);
	enum err e;

	if (root == NULL)
		return err_set(info, ERR_FORMAT, "%.200s:%d:%d: %s", import->name, error.line,
		    error.column, error.text);
	e = take_root(import, root, info);
	json_decref(root);
	return e;
}
