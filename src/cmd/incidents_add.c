/* SPDX-License-Identifier: ISC */
/* yagura incidents add, approve: entries by hand, and a person's word for those that wait. */
#include <stdlib.h>
#include <string.h>

#include "analysis/security/incident_import.h"
#include "cmd/incidents.h"
#include "obs/section.h"

static const struct opt ADD_OPTIONS[] = {
	OPT_INCIDENTS_FILE,
	{ "date", 'd', "DATE",
	    "2013, 2013-09, 2013-09-18, 2013-09-18T09:15+09:00; --09-18: every year" },
	{ "end", 0, "DATE", "when it ended" },
	{ "time-zone", 0, "ZONE", "of times without an offset (default: the site's)" },
	{ "category", 0, "LETTER", "V, P, H, S or O (default: S)" },
	{ "title", 't', "TEXT", "one line" },
	{ "text", 0, "TEXT", "more of it" },
	{ "ref", 0, "URL", "where it can be read; may be repeated" },
	{ "cve", 0, "CVE", "may be repeated" },
	{ "actor", 0, "NAME", "may be repeated" },
	{ "target", 0, "NAME", "may be repeated" },
	{ "impact", 0, "TEXT", "what it did" },
	{ "confidence", 0, "SHARE", "0 to 1" },
	{ "linked", 0, "FINDING", "id of a finding of ours; may be repeated" },
	{ "yearly", 0, NULL, "it recurs every year" },
	{ "propose", 0, NULL, "not to be shown before it is approved" },
	OPT_CONFIG,
	OPT_END,
};

static void
put_lists(const struct opt_values *values, json_t *entry)
{
	static const char *const LISTS[][2] = { { "ref", "refs" }, { "cve", "cve" },
		{ "actor", "actors" }, { "linked", "linked" } };
	const char *text;

	for (size_t l = 0; l < ARRAY_COUNT(LISTS); l++)
		for (size_t i = 0; (text = opt_each(values, LISTS[l][0], i)) != NULL; i++)
			incident_append(entry, LISTS[l][1], text);
	for (size_t i = 0; (text = opt_each(values, "target", i)) != NULL; i++) {
		json_t *list = json_object_get(entry, "targets");
		if (list == NULL) {
			list = json_array();
			json_object_set_new(entry, "targets", list);
		}
		json_array_append_new(
		    list, json_pack("{s:o}", "name", json_text(text, strlen(text))));
	}
}

static enum err
put_confidence(const struct opt_values *values, json_t *entry, struct err_info *info)
{
	const char *text = opt_value(values, "confidence");
	char *end;
	double value;

	if (text == NULL)
		return ERR_OK;
	value = strtod(text, &end);
	if (text[0] == '\0' || *end != '\0' || !(value >= 0 && value <= 1))
		return err_set(info, ERR_USAGE, "--confidence is a number from 0 to 1");
	json_object_set_new(entry, "confidence", json_real(value));
	return ERR_OK;
}

/* The entry that the options describe. */
static enum err
make_entry(struct incidents_run *r, json_t *entry, struct err_info *info)
{
	static const char *const TEXTS[][2] = { { "date", "date" }, { "end", "end" },
		{ "time-zone", "time_zone" }, { "title", "title" }, { "text", "text" },
		{ "impact", "impact" }, { "category", "category" } };

	for (size_t i = 0; i < ARRAY_COUNT(TEXTS); i++) {
		const char *text = opt_value(r->values, TEXTS[i][0]);
		if (text != NULL)
			json_object_set_new(entry, TEXTS[i][1], json_text(text, strlen(text)));
	}
	if (json_object_get(entry, "category") == NULL)
		json_object_set_new(entry, "category", json_string("S"));
	if (opt_given(r->values, "yearly"))
		json_object_set_new(entry, "recurs", json_string("yearly"));
	json_object_set_new(entry, "source", json_string("manual"));
	json_object_set_new(entry, "approved", json_boolean(!opt_given(r->values, "propose")));
	put_lists(r->values, entry);
	return put_confidence(r->values, entry, info);
}

static enum err
add(struct incidents_run *r, struct err_info *info)
{
	static const char *const SAID[] = { [INCIDENT_ADDED] = "added",
		[INCIDENT_MERGED] = "joined with one that was there",
		[INCIDENT_KNOWN] = "was there already" };
	json_t *entry = json_object();
	enum incident_outcome outcome = INCIDENT_KNOWN;
	enum err e = make_entry(r, entry, info);

	if (e == ERR_OK)
		e = incident_list_add(r->list, entry, &outcome, info);
	json_decref(entry);
	if (e == ERR_FORMAT)
		e = ERR_USAGE;
	if (e == ERR_OK && outcome != INCIDENT_KNOWN)
		e = incidents_save(r, info);
	if (e == ERR_OK)
		(void)printf("%s\n", SAID[outcome]);
	return e;
}

static int
run_add(const struct opt_values *values)
{
	struct incidents_run r;
	struct err_info why = { .text = "" };
	enum err e = incidents_open(&r, values, true, &why);

	if (e == ERR_OK && values->operand_count != 0)
		e = err_set(&why, ERR_USAGE, "it takes no operand");
	if (e == ERR_OK &&
	    (opt_value(values, "date") == NULL || opt_value(values, "title") == NULL))
		e = err_set(&why, ERR_USAGE, "--date and --title are needed");
	if (e == ERR_OK)
		e = add(&r, &why);
	return incidents_end(&r, "add", e, why.text);
}

const struct command command_incidents_add = {
	.name = "add",
	.summary = "add an incident by hand",
	.operands = "",
	.options = ADD_OPTIONS,
	.run = run_add,
};

static const struct opt APPROVE_OPTIONS[] = {
	OPT_INCIDENTS_FILE,
	{ "all", 0, NULL, "every one that waits" },
	{ "source", 0, "NAME", "those of a source: review, kev, veris, …" },
	OPT_CONFIG,
	OPT_END,
};

static size_t
approve_many(struct incidents_run *r, const char *source)
{
	size_t count = 0;

	for (size_t i = 0; i < r->list->count; i++) {
		struct incident *incident = &r->list->items[i];
		if (incident->approved ||
		    (source != NULL && strcmp(incident_text(incident, "source"), source) != 0))
			continue;
		incident_approve(incident);
		count++;
	}
	return count;
}

/* Every id, or none when one is wrong. */
static enum err
approve_named(struct incidents_run *r, size_t *ret_count, struct err_info *info)
{
	for (size_t i = 0; i < r->values->operand_count; i++) {
		struct incident *incident = incident_find(r->list, r->values->operands[i]);
		if (incident == NULL)
			return err_set(info, ERR_USAGE, "there is no incident \"%.100s\"",
			    r->values->operands[i]);
		*ret_count += !incident->approved;
		incident_approve(incident);
	}
	return ERR_OK;
}

static int
run_approve(const struct opt_values *values)
{
	struct incidents_run r;
	struct err_info why = { .text = "" };
	const char *source = opt_value(values, "source");
	bool many = opt_given(values, "all") || source != NULL;
	size_t count = 0;
	enum err e = incidents_open(&r, values, true, &why);

	if (e == ERR_OK && many == (values->operand_count != 0))
		e = err_set(&why, ERR_USAGE, "it takes ids of incidents, or --all, or --source");
	if (e == ERR_OK && many)
		count = approve_many(&r, source);
	else if (e == ERR_OK)
		e = approve_named(&r, &count, &why);
	if (e == ERR_OK)
		e = incidents_save(&r, &why);
	if (e == ERR_OK)
		(void)printf("%zu approved\n", count);
	return incidents_end(&r, "approve", e, why.text);
}

const struct command command_incidents_approve = {
	.name = "approve",
	.summary = "let incidents be shown in reviews",
	.operands = "[ID…]",
	.options = APPROVE_OPTIONS,
	.run = run_approve,
};
