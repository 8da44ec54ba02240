/* SPDX-License-Identifier: ISC */
/*
 * VERIS, the Vocabulary for Event Recording and Incident Sharing (veriscommunity.net, schema 1.3),
 * which the VERIS Community Database is written in.
 *
 *	timeline.incident {year, month, day, time}   date, with as much of it as is there
 *	summary                                      title (its first sentence) and text
 *	action {hacking, malware, social, error, misuse, physical, environmental, unknown}
 *	                                             S, with the varieties in the title when there
 *is no summary; environmental alone is O actor.*.name, victim {country, industry, victim_id},
 *reference, incident_id, confidence
 *
 * What turned out to be no incident (security_incident: false positive, near miss) is passed over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/incident_import.h"
#include "base/xmalloc.h"

#define TITLE_MOST 120

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* The first text of a member that is a text or a list of them. */
static const char *
first_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *text =
	    json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);

	return text != NULL ? text : "";
}

static void
put_date(json_t *entry, const json_t *when)
{
	json_int_t year = json_integer_value(json_object_get(when, "year"));
	json_int_t month = json_integer_value(json_object_get(when, "month"));
	json_int_t day = json_integer_value(json_object_get(when, "day"));
	const char *time = text_of(when, "time");
	char text[64];

	if (year < 1 || year > 9999)
		return;
	if (month < 1 || month > 99)
		(void)snprintf(text, sizeof text, "%04d", (int)year);
	else if (day < 1 || day > 99)
		(void)snprintf(text, sizeof text, "%04d-%02d", (int)year, (int)month);
	else if (time[0] != '\0' && strlen(time) <= 20)
		(void)snprintf(
		    text, sizeof text, "%04d-%02d-%02dT%s", (int)year, (int)month, (int)day, time);
	else
		(void)snprintf(
		    text, sizeof text, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
	incident_put(entry, "date", text, 64);
}

/* "hacking (SQLi, Use of backdoor or C2), malware" */
static char *
actions_text(const json_t *action)
{
	const char *kind;
	json_t *what, *variety;
	char *text = xstrdup(""), *longer;
	size_t i;

	json_object_foreach ((json_t *)action, kind, what) {
		longer = xasprintf("%s%s%.40s", text, text[0] != '\0' ? ", " : "", kind);
		free(text);
		text = longer;
		json_array_foreach (json_object_get(what, "variety"), i, variety) {
			const char *name = json_string_value(variety);
			if (i == 4 || name == NULL || strcmp(name, "Unknown") == 0)
				break;
			longer = xasprintf("%s%s%.60s", text, i == 0 ? " (" : ", ", name);
			free(text);
			text = longer;
			if (i + 1 == json_array_size(json_object_get(what, "variety")) || i == 3) {
				longer = xasprintf("%s)", text);
				free(text);
				text = longer;
			}
		}
	}
	return text;
}

/* The first sentence of the summary, or who suffered what. */
static void
put_title(json_t *entry, const json_t *record)
{
	const char *summary = text_of(record, "summary");
	const char *victim = text_of(json_object_get(record, "victim"), "victim_id");
	char *actions = actions_text(json_object_get(record, "action")), *title;
	const char *end;

	summary += strspn(summary, " \t\r\n");
	end = strstr(summary, ". ");
	if (summary[0] != '\0')
		title = xasprintf("%.*s",
		    end != NULL && end - summary < 4000 ? (int)(end - summary) : 4000, summary);
	else
		title = xasprintf("%.200s: %s", victim[0] != '\0' ? victim : "Incident",
		    actions[0] != '\0' ? actions : "action unknown");
	incident_put(entry, "title", title, TITLE_MOST);
	free(title);
	free(actions);
}

static void
put_people(json_t *entry, const json_t *record)
{
	const json_t *victim = json_object_get(record, "victim"), *actor, *name;
	const char *kind;
	json_t *target = json_object();
	size_t i;

	json_object_foreach (json_object_get(record, "actor"), kind, actor)
		json_array_foreach (json_object_get(actor, "name"), i, name)
			incident_append(entry, "actors", json_string_value(name));
	if (strcmp(first_of(victim, "country"), "Unknown") != 0)
		incident_put(target, "country", first_of(victim, "country"), 60);
	incident_put(target, "sector", text_of(victim, "industry"), 60);
	incident_put(target, "name", text_of(victim, "victim_id"), 300);
	if (json_object_size(target) != 0)
		json_object_set_new(entry, "targets", json_pack("[O]", target));
	json_decref(target);
}

static void
put_rest(json_t *entry, const json_t *record)
{
	static const struct {
		const char *name;
		double value;
	} CONFIDENCE[] = { { "High", 0.9 }, { "Medium", 0.6 }, { "Low", 0.3 }, { "None", 0.1 } };
	const char *confidence = text_of(record, "confidence");
	const json_t *impact = json_object_get(record, "impact");
	const json_t *lost = json_object_get(
	    json_object_get(json_object_get(record, "attribute"), "confidentiality"), "data_total");
	char text[64];

	for (size_t i = 0; i < sizeof CONFIDENCE / sizeof CONFIDENCE[0]; i++)
		if (strcmp(CONFIDENCE[i].name, confidence) == 0)
			json_object_set_new(entry, "confidence", json_real(CONFIDENCE[i].value));
	incident_put(entry, "impact", text_of(impact, "overall_rating"), 200);
	if (json_is_integer(lost)) {
		(void)snprintf(text, sizeof text, "%lld records disclosed",
		    (long long)json_integer_value(lost));
		incident_put(entry, "impact", text, sizeof text);
	}
}

void
incident_import_veris(struct incident_import *import, const json_t *record, const char *place)
{
	const char *state = text_of(record, "security_incident");
	const json_t *action = json_object_get(record, "action");
	json_t *entry;
	char where[400];

	if (strcmp(state, "False positive") == 0 || strcmp(state, "Near miss") == 0) {
		import->passed_over++;
		return;
	}
	(void)snprintf(where, sizeof where, "%s%sincident_id %.64s", place,
	    place[0] != '\0' ? ", " : "", text_of(record, "incident_id"));
	entry = json_object();
	incident_put(entry, "source_id", text_of(record, "incident_id"), 250);
	put_date(entry, json_object_get(json_object_get(record, "timeline"), "incident"));
	put_title(entry, record);
	incident_put(entry, "text", text_of(record, "summary"), 30000);
	incident_append_all(entry, "refs", first_of(record, "reference"), "; \n");
	put_people(entry, record);
	put_rest(entry, record);
	if (import->category == NULL)
		json_object_set_new(entry, "category",
		    json_string(json_object_size(action) == 1 &&
					json_object_get(action, "environmental") != NULL
				    ? "O"
				    : "S"));
	incident_import_entry(import, entry, "veris", where);
}
