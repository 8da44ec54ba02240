/* SPDX-License-Identifier: ISC */
/* Entries of the chronology: checked, and joined where two tell of one thing; see incident.h. */
#include "analysis/security/incident.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/xmalloc.h"

#define TITLE_MOST 4096
#define TEXT_MOST  ((size_t)1 << 17)
#define LIST_MOST  4096 /* texts in a list of one entry */

const struct incident_category_text INCIDENT_CATEGORY[INCIDENT_CATEGORIES] = {
	{ 'V', "Vulnerabilities",
	    "weaknesses of network equipment, servers and software in wide use that became known, "
	    "were put right or began to be exploited, and what was done about them" },
	{ 'P', "Political and social situations",
	    "events at home and abroad with which attacks were or might have been connected: "
	    "elections, disputes between states, conferences, visits" },
	{ 'H', "History",
	    "dates on which something is remembered, and attacks that refer to them; a day of this "
	    "kind is a reason for watching, not an incident by itself" },
	{ 'S', "Security incidents",
	    "what happened without notice: intrusions, leaks, malware that spread, alterations of "
	    "web sites, attacks on certain targets" },
	{ 'O', "Other",
	    "what concerns security without being an incident, and what puts uncommon load on "
	    "networks: great events, exercises, measures taken, changes of the law" },
};

/* Members of an entry, in the order in which they are written. */
enum member_type {
	MEMBER_TEXT,
	MEMBER_TEXTS,   /* a list of texts; one text is a list of one */
	MEMBER_TARGETS, /* a list of objects of texts */
	MEMBER_NUMBER,
	MEMBER_SWITCH,
};

static const struct member {
	const char *name;
	enum member_type type;
	size_t most;
} MEMBERS[] = {
	{ "id", MEMBER_TEXT, 128 },
	{ "date", MEMBER_TEXT, 64 },
	{ "end", MEMBER_TEXT, 64 },
	{ "time_zone", MEMBER_TEXT, 64 },
	{ "recurs", MEMBER_TEXT, 16 },
	{ "category", MEMBER_TEXT, 64 },
	{ "title", MEMBER_TEXT, TITLE_MOST },
	{ "public_title", MEMBER_TEXT, TITLE_MOST },
	{ "text", MEMBER_TEXT, TEXT_MOST },
	{ "refs", MEMBER_TEXTS, 8192 },
	{ "cve", MEMBER_TEXTS, 64 },
	{ "actors", MEMBER_TEXTS, 1024 },
	{ "targets", MEMBER_TARGETS, 1024 },
	{ "impact", MEMBER_TEXT, 8192 },
	{ "source", MEMBER_TEXT, 64 },
	{ "source_id", MEMBER_TEXT, 256 },
	{ "confidence", MEMBER_NUMBER, 0 },
	{ "approved", MEMBER_SWITCH, 0 },
	{ "linked", MEMBER_TEXTS, 128 },
};

#define MEMBER_COUNT (sizeof MEMBERS / sizeof MEMBERS[0])

static enum err check_entry(const struct incident_list *list, const json_t *entry,
    struct incident *ret_incident, struct err_info *info);
static void give_id(json_t *entry);
static size_t find_same(const struct incident_list *list, const struct incident *i);
static void index_item(struct incident_list *list, size_t at);
static bool join(struct incident *into, const struct incident *from);

/* --- the list --------------------------------------------------------------------------------- */

struct incident_list *
incident_list_new(const struct zone *zone)
{
	struct incident_list *list = xcalloc(1, sizeof *list);

	list->zone = zone;
	list->index = json_object();
	return list;
}

void
incident_list_free(struct incident_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		json_decref(list->items[i].entry);
	free(list->items);
	json_decref(list->index);
	free(list);
}

enum err
incident_list_add(struct incident_list *list, const json_t *entry,
    enum incident_outcome *ret_outcome, struct err_info *info)
{
	struct incident incident = { 0 };
	size_t at;
	enum err e = check_entry(list, entry, &incident, info);

	if (e != ERR_OK)
		return e;
	at = find_same(list, &incident);
	if (at < list->count) {
		*ret_outcome = join(&list->items[at], &incident) ? INCIDENT_MERGED : INCIDENT_KNOWN;
		json_decref(incident.entry);
		index_item(list, at);
		return ERR_OK;
	}
	if (list->count == INCIDENT_MOST) {
		json_decref(incident.entry);
		return err_set(
		    info, ERR_LIMIT, "more than %d incidents are not kept", INCIDENT_MOST);
	}
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
		list->items = xrealloc_array(list->items, list->capacity, sizeof *list->items);
	}
	list->items[list->count++] = incident;
	index_item(list, list->count - 1);
	*ret_outcome = INCIDENT_ADDED;
	return ERR_OK;
}

struct incident *
incident_find(struct incident_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(incident_text(&list->items[i], "id"), id) == 0)
			return &list->items[i];
	return NULL;
}

void
incident_approve(struct incident *incident)
{
	incident->approved = true;
	json_object_set_new(incident->entry, "approved", json_true());
}

const char *
incident_text(const struct incident *incident, const char *member)
{
	const char *text = json_string_value(json_object_get(incident->entry, member));

	return text != NULL ? text : "";
}

/* Those of every year first; then by the day, what has no day before what has one. */
static int
compare(const void *a, const void *b)
{
	const struct incident *x = a, *y = b;
	int order = x->begin.year - y->begin.year;

	if (order == 0)
		order = x->begin.month - y->begin.month;
	if (order == 0)
		order = x->begin.day - y->begin.day;
	if (order == 0 && x->begin.timed != y->begin.timed)
		order = x->begin.timed - y->begin.timed;
	if (order == 0)
		order =
		    (x->begin.seconds > y->begin.seconds) - (x->begin.seconds < y->begin.seconds);
	if (order == 0)
		order = (int)x->category - (int)y->category;
	return order != 0 ? order : strcmp(incident_text(x, "id"), incident_text(y, "id"));
}

void
incident_list_sort(struct incident_list *list)
{
	if (list->count != 0)
		qsort(list->items, list->count, sizeof *list->items, compare);
	json_object_clear(list->index);
	for (size_t i = 0; i < list->count; i++)
		index_item(list, i);
}

/* --- files ------------------------------------------------------------------------------------ */

static enum err
parse_entries(
    struct incident_list *list, const json_t *root, const char *name, struct err_info *info)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const json_t *entries = json_object_get(root, "incidents"), *entry;
	struct err_info why = { .text = "" };
	enum incident_outcome outcome;
	size_t i;

	if (schema == NULL || strcmp(schema, INCIDENT_SCHEMA) != 0 || !json_is_array(entries))
		return err_set(info, ERR_FORMAT,
		    "%.200s: no file of incidents: it has no \"schema\": \"" INCIDENT_SCHEMA
		    "\" and list \"incidents\"",
		    name);
	json_array_foreach (entries, i, entry) {
		enum err e = incident_list_add(list, entry, &outcome, &why);
		if (e != ERR_OK)
			return err_set(
			    info, e, "%.160s: incidents[%zu]: %.300s", name, i, why.text);
	}
	return ERR_OK;
}

enum err
incident_list_parse(struct incident_list *list, const char *data, size_t size, const char *name,
    struct err_info *info)
{
	json_error_t error;
	json_t *root = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
	enum err e;

	if (root == NULL)
		return err_set(info, ERR_FORMAT, "%.200s:%d:%d: %s", name, error.line, error.column,
		    error.text);
	e = parse_entries(list, root, name, info);
	json_decref(root);
	return e;
}

enum err
incident_list_read(struct incident_list *list, const char *path, struct err_info *info)
{
	FILE *file = fopen(path, "re");
	json_error_t error;
	json_t *root;
	enum err e;

	if (file == NULL && errno == ENOENT)
		return ERR_OK;
	if (file == NULL)
		return err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	(void)fclose(file);
	if (root == NULL)
		return err_set(info, ERR_FORMAT, "%.200s:%d:%d: %s", path, error.line, error.column,
		    error.text);
	e = parse_entries(list, root, path, info);
	json_decref(root);
	return e;
}

/* The members of an entry in our order, which joining does not keep. */
static json_t *
ordered(const json_t *entry)
{
	json_t *copy = json_object();

	for (size_t i = 0; i < MEMBER_COUNT; i++)
		if (json_object_get(entry, MEMBERS[i].name) != NULL)
			json_object_set(
			    copy, MEMBERS[i].name, json_object_get(entry, MEMBERS[i].name));
	return copy;
}

enum err
incident_list_write(struct incident_list *list, FILE *out, struct err_info *info)
{
	json_t *root = json_pack("{s:s, s:[]}", "schema", INCIDENT_SCHEMA, "incidents");
	int status;

	incident_list_sort(list);
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(
		    json_object_get(root, "incidents"), ordered(list->items[i].entry));
	status = json_dumpf(root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	json_decref(root);
	if (status != 0 || fputc('\n', out) == EOF)
		return err_set(info, ERR_IO, "the list cannot be written: %s", strerror(errno));
	return ERR_OK;
}

/* --- checking --------------------------------------------------------------------------------- */

int
incident_category_of(const char *text)
{
	for (int i = 0; i < INCIDENT_CATEGORIES; i++) {
		const char *title = INCIDENT_CATEGORY[i].title;
		size_t word = strcspn(title, " ");
		if ((text[0] & ~32) == INCIDENT_CATEGORY[i].letter && text[1] == '\0')
			return i;
		if (strncasecmp(text, title, word) == 0 &&
		    (text[word] == '\0' || strcasecmp(text, title) == 0))
			return i;
	}
	/* "incident" and "vulnerability" are what people write. */
	if (strcasecmp(text, "incident") == 0)
		return INCIDENT_SECURITY;
	return strcasecmp(text, "vulnerability") == 0 ? INCIDENT_VULNERABILITIES : -1;
}

static enum err
check_text(const struct member *m, const json_t *value, struct err_info *info)
{
	if (!json_is_string(value))
		return err_set(info, ERR_FORMAT, "\"%s\" is text", m->name);
	if (json_string_length(value) > m->most)
		return err_set(
		    info, ERR_FORMAT, "\"%s\" is longer than %zu octets", m->name, m->most);
	return ERR_OK;
}

static enum err
check_targets(const struct member *m, const json_t *value, struct err_info *info)
{
	const json_t *target, *text;
	const char *key;
	size_t i;
	enum err e = ERR_OK;

	json_array_foreach (value, i, target) {
		if (!json_is_object(target))
			return err_set(info, ERR_FORMAT,
			    "\"targets\" is a list of objects: country, sector, name");
		json_object_foreach ((json_t *)target, key, text) {
			if (strcmp(key, "country") != 0 && strcmp(key, "sector") != 0 &&
			    strcmp(key, "name") != 0)
				return err_set(info, ERR_FORMAT,
				    "a target has a country, a sector, a name, not \"%.60s\"", key);
			e = check_text(m, text, info);
			if (e != ERR_OK)
				return e;
		}
	}
	return e;
}

static enum err
check_list(const struct member *m, const json_t *value, struct err_info *info)
{
	const json_t *text;
	size_t i;

	if (!json_is_array(value))
		return err_set(info, ERR_FORMAT, "\"%s\" is a list", m->name);
	if (json_array_size(value) > LIST_MOST)
		return err_set(
		    info, ERR_FORMAT, "\"%s\" has more than %d members", m->name, LIST_MOST);
	if (m->type == MEMBER_TARGETS)
		return check_targets(m, value, info);
	json_array_foreach (value, i, text) {
		enum err e = check_text(m, text, info);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static enum err
check_member(const struct member *m, const json_t *value, struct err_info *info)
{
	double number = json_number_value(value);

	switch (m->type) {
	case MEMBER_TEXT: return check_text(m, value, info);
	case MEMBER_TEXTS:
	case MEMBER_TARGETS: return check_list(m, value, info);
	case MEMBER_NUMBER:
		if (json_is_number(value) && number >= 0 && number <= 1)
			return ERR_OK;
		return err_set(info, ERR_FORMAT, "\"%s\" is a number from 0 to 1", m->name);
	case MEMBER_SWITCH:
		if (json_is_boolean(value))
			return ERR_OK;
		return err_set(info, ERR_FORMAT, "\"%s\" is true or false", m->name);
	}
	return ERR_OK;
}

static const struct member *
find_member(const char *name)
{
	for (size_t i = 0; i < MEMBER_COUNT; i++)
		if (strcmp(MEMBERS[i].name, name) == 0)
			return &MEMBERS[i];
	return NULL;
}

/* A copy whose members stand in our order, empty ones left out. */
static enum err
copy_members(const json_t *entry, json_t *copy, struct err_info *info)
{
	const char *key;
	json_t *value;
	enum err e = ERR_OK;

	if (!json_is_object(entry))
		return err_set(info, ERR_FORMAT, "an incident is an object");
	json_object_foreach ((json_t *)entry, key, value) {
		const struct member *m = find_member(key);
		if (m == NULL)
			return err_set(
			    info, ERR_FORMAT, "unknown member \"%.60s\" of an incident", key);
		if (!json_is_null(value))
			e = check_member(m, value, info);
		if (e != ERR_OK)
			return e;
	}
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		value = json_object_get(entry, MEMBERS[i].name);
		if (value == NULL || json_is_null(value) ||
		    (json_is_string(value) && json_string_length(value) == 0) ||
		    (json_is_array(value) && json_array_size(value) == 0))
			continue;
		json_object_set_new(copy, MEMBERS[i].name, json_deep_copy(value));
	}
	return ERR_OK;
}

/* The time of a member in the entry's zone. */
static enum err
read_time(const struct incident_list *list, const json_t *entry, const char *member,
    struct incident_time *ret_time, struct err_info *info)
{
	const char *text = json_string_value(json_object_get(entry, member));
	const char *name = json_string_value(json_object_get(entry, "time_zone"));
	struct zone *own = NULL;
	enum err e;

	if (text == NULL)
		return ERR_OK;
	if (name != NULL && zone_open(name, &own, info) != ERR_OK)
		return err_set(info, ERR_FORMAT, "\"time_zone\": there is no zone \"%.60s\"", name);
	e = incident_time_parse(text, name != NULL ? own : list->zone, ret_time, info);
	zone_close(own);
	return e;
}

/* The end must not lie before the beginning, as far as both are known. */
static bool
ends_before(const struct incident_time *begin, const struct incident_time *end)
{
	if (end->year == 0)
		return false;
	if (begin->timed && end->timed)
		return end->seconds < begin->seconds;
	if (end->year != begin->year || end->month == 0 || begin->month == 0)
		return end->year < begin->year;
	if (end->month != begin->month || end->day == 0 || begin->day == 0)
		return end->month < begin->month;
	return end->day < begin->day;
}

static enum err
read_times(const struct incident_list *list, struct incident *i, struct err_info *info)
{
	const char *recurs = incident_text(i, "recurs");
	enum err e = read_time(list, i->entry, "date", &i->begin, info);

	if (e == ERR_OK)
		e = read_time(list, i->entry, "end", &i->end, info);
	if (e != ERR_OK)
		return e;
	if (recurs[0] != '\0' && strcmp(recurs, "yearly") != 0)
		return err_set(info, ERR_FORMAT, "\"recurs\" is \"yearly\"");
	i->recurs = recurs[0] != '\0' || i->begin.year == 0;
	if (i->recurs && (i->begin.day == 0 || i->begin.timed))
		return err_set(
		    info, ERR_FORMAT, "what recurs has a day and no time: \"1931-09-18\"");
	if (ends_before(&i->begin, &i->end))
		return err_set(info, ERR_FORMAT, "its \"end\" lies before its \"date\"");
	return ERR_OK;
}

static enum err
check_entry(const struct incident_list *list, const json_t *entry, struct incident *ret_incident,
    struct err_info *info)
{
	struct incident i = { .entry = json_object() };
	enum err e = copy_members(entry, i.entry, info);
	int category = incident_category_of(incident_text(&i, "category"));
	char letter[2] = { 0 };

	if (e == ERR_OK && (incident_text(&i, "date")[0] == '\0'))
		e = err_set(info, ERR_FORMAT, "\"date\" is missing");
	if (e == ERR_OK && incident_text(&i, "title")[0] == '\0')
		e = err_set(info, ERR_FORMAT, "\"title\" is missing");
	if (e == ERR_OK && category < 0)
		e = err_set(info, ERR_FORMAT, "\"category\" is V, P, H, S or O, not \"%.40s\"",
		    incident_text(&i, "category"));
	if (e == ERR_OK)
		e = read_times(list, &i, info);
	if (e != ERR_OK) {
		json_decref(i.entry);
		return e;
	}
	i.category = (enum incident_category)category;
	letter[0] = INCIDENT_CATEGORY[category].letter;
	json_object_set_new(i.entry, "category", json_string(letter));
	i.approved = json_is_true(json_object_get(i.entry, "approved"));
	json_object_set_new(i.entry, "approved", json_boolean(i.approved));
	if (incident_text(&i, "id")[0] == '\0')
		give_id(i.entry);
	*ret_incident = i;
	return ERR_OK;
}

/* --- what makes two entries one ----------------------------------------------------------------
 */

/* The id of an entry without one follows from what it says. */
static void
give_id(json_t *entry)
{
	static const char *const NUMBERED[] = { "source", "source_id", NULL };
	static const char *const TOLD[] = { "source", "date", "category", "title", NULL };
	const char *const *names = json_object_get(entry, "source_id") != NULL ? NUMBERED : TOLD;
	char *text = xstrdup(""), id[20];

	for (; *names != NULL; names++) {
		const char *value = json_string_value(json_object_get(entry, *names));
		char *longer = xasprintf("%s%s\x1f", text, value != NULL ? value : "");
		free(text);
		text = longer;
	}
	(void)snprintf(
	    id, sizeof id, "i%014llx", (unsigned long long)(XXH3_64bits(text, strlen(text)) >> 8));
	free(text);
	json_object_set_new(entry, "id", json_string(id));
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The members of a list, sorted and joined; NULL when there are none.  The caller frees it. */
static char *
joined(const json_t *list)
{
	size_t count = json_array_size(list), size = 1;
	const char **texts;
	char *text;

	if (count == 0)
		return NULL;
	texts = xcalloc(count, sizeof *texts);
	for (size_t i = 0; i < count; i++) {
		texts[i] = json_string_value(json_array_get(list, i));
		size += strlen(texts[i]) + 1;
	}
	qsort(texts, count, sizeof *texts, compare_texts);
	text = xcalloc(size, 1);
	for (size_t i = 0, at = 0; i < count; i++)
		at += (size_t)snprintf(text + at, size - at, "%s\x1f", texts[i]);
	free(texts);
	return text;
}

#define KEYS_MOST 4

/* The texts under which an entry is found, the surest first; the caller frees them. */
static size_t
keys_of(const struct incident *i, char *keys[KEYS_MOST])
{
	char *cves = joined(json_object_get(i->entry, "cve"));
	char *refs = joined(json_object_get(i->entry, "refs"));
	char letter = INCIDENT_CATEGORY[i->category].letter;
	size_t count = 0;

	if (incident_text(i, "source_id")[0] != '\0')
		keys[count++] = xasprintf(
		    "source %s\x1f%s", incident_text(i, "source"), incident_text(i, "source_id"));
	if (cves != NULL)
		keys[count++] = xasprintf("cve %c %s", letter, cves);
	if (refs != NULL)
		keys[count++] = xasprintf("refs %c %s", letter, refs);
	if (i->begin.day != 0)
		keys[count++] = xasprintf("title %c %d-%d-%d %s", letter, i->begin.year,
		    i->begin.month, i->begin.day, incident_text(i, "title"));
	free(cves);
	free(refs);
	return count;
}

/* Whether both have the member and it differs. */
static bool
differs(const struct incident *a, const struct incident *b, const char *member)
{
	const json_t *x = json_object_get(a->entry, member), *y = json_object_get(b->entry, member);

	return x != NULL && y != NULL && !json_equal((json_t *)x, (json_t *)y);
}

/* One source tells its own incidents apart; CVEs tell vulnerabilities apart; what an operator gave
 * ids to is not joined. */
static bool
are_two(const struct incident *a, const struct incident *b)
{
	bool one_source = !differs(a, b, "source") && json_object_get(a->entry, "source") != NULL;

	return (one_source && differs(a, b, "source_id")) || differs(a, b, "cve") ||
	       a->recurs != b->recurs;
}

/* The place of the entry that tells of the same thing; the count when there is none. */
static size_t
find_same(const struct incident_list *list, const struct incident *i)
{
	char *keys[KEYS_MOST], *id = xasprintf("id %s", incident_text(i, "id"));
	const json_t *found = json_object_get(list->index, id);
	size_t count = keys_of(i, keys), at = list->count;

	if (found != NULL)
		at = (size_t)json_integer_value(found);
	for (size_t k = 0; k < count; k++) {
		found = json_object_get(list->index, keys[k]);
		if (at == list->count && found != NULL &&
		    !are_two(&list->items[json_integer_value(found)], i))
			at = (size_t)json_integer_value(found);
		free(keys[k]);
	}
	free(id);
	return at;
}

static void
index_item(struct incident_list *list, size_t at)
{
	const struct incident *i = &list->items[at];
	char *keys[KEYS_MOST], *id = xasprintf("id %s", incident_text(i, "id"));
	size_t count = keys_of(i, keys);

	json_object_set_new(list->index, id, json_integer((json_int_t)at));
	for (size_t k = 0; k < count; k++) {
		if (json_object_get(list->index, keys[k]) == NULL)
			json_object_set_new(list->index, keys[k], json_integer((json_int_t)at));
		free(keys[k]);
	}
	free(id);
}

/* Texts of the other list that this one lacks; says whether there were any. */
static bool
join_lists(json_t *into, const json_t *from)
{
	const json_t *text, *known;
	bool changed = false;
	size_t i, k;

	json_array_foreach (from, i, text) {
		bool there = false;
		json_array_foreach (into, k, known)
			there = there || json_equal((json_t *)known, (json_t *)text);
		if (!there && json_array_size(into) < LIST_MOST) {
			json_array_append_new(into, json_deep_copy(text));
			changed = true;
		}
	}
	return changed;
}

/* "kev+nvd": who told of it, each once. */
static bool
join_sources(json_t *into, const char *source)
{
	const char *have = json_string_value(json_object_get(into, "source"));
	char *both;

	if (have == NULL || source == NULL || strlen(have) + strlen(source) > 60 ||
	    strstr(have, source) != NULL)
		return false;
	both = xasprintf("%s+%s", have, source);
	json_object_set_new(into, "source", json_string(both));
	free(both);
	return true;
}

/* How much a date says. */
static int
precision(const struct incident_time *t)
{
	return t->timed ? 3 : t->day != 0 ? 2 : t->month != 0 ? 1 : 0;
}

/* Adds what an entry did not say.  The date that says more wins, and what a person approved stays
 * approved. */
static bool
join(struct incident *into, const struct incident *from)
{
	bool changed = false;

	if (precision(&from->begin) > precision(&into->begin)) {
		into->begin = from->begin;
		json_object_set(into->entry, "date", json_object_get(from->entry, "date"));
		if (json_object_get(from->entry, "time_zone") != NULL)
			json_object_set(
			    into->entry, "time_zone", json_object_get(from->entry, "time_zone"));
		changed = true;
	}
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		json_t *mine = json_object_get(into->entry, MEMBERS[i].name);
		json_t *other = json_object_get(from->entry, MEMBERS[i].name);
		if (other == NULL || strcmp(MEMBERS[i].name, "time_zone") == 0)
			continue;
		if (mine == NULL) {
			json_object_set(into->entry, MEMBERS[i].name, other);
			changed = true;
		} else if (json_is_array(mine)) {
			changed = join_lists(mine, other) || changed;
		}
	}
	changed = join_sources(into->entry, incident_text(from, "source")) || changed;
	if (into->end.year == 0)
		into->end = from->end;
	if (from->approved && !into->approved) {
		incident_approve(into);
		changed = true;
	}
	return changed;
}
