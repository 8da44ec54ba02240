/* SPDX-License-Identifier: ISC */
/* What every format's reader shares, and lists of CVE numbers; see incident_import.h. */
#include "analysis/security/incident_import.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "obs/section.h"

#define COMPLAINTS_MOST 20
#define LINE_MOST       4096

/* Where the character begins that `most` characters of UTF-8 come before. */
static size_t
characters(const char *text, size_t size, size_t most)
{
	for (size_t i = 0; i < size; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80 && most-- == 0)
			return i;
	return size;
}

void
incident_put(json_t *entry, const char *member, const char *text, size_t most)
{
	size_t size;

	if (text == NULL)
		return;
	while (isspace((unsigned char)*text))
		text++;
	size = strlen(text);
	while (size > 0 && isspace((unsigned char)text[size - 1]))
		size--;
	size = characters(text, size, most);
	if (size > 0)
		json_object_set_new(entry, member, json_text(text, size));
}

void
incident_append(json_t *entry, const char *member, const char *text)
{
	json_t *list = json_object_get(entry, member), *known, *value;
	size_t i;

	if (text == NULL || text[0] == '\0')
		return;
	if (list == NULL) {
		list = json_array();
		json_object_set_new(entry, member, list);
	}
	value = json_text(text, strlen(text));
	json_array_foreach (list, i, known) {
		if (json_equal(known, value)) {
			json_decref(value);
			return;
		}
	}
	json_array_append_new(list, value);
}

void
incident_append_all(json_t *entry, const char *member, const char *text, const char *separators)
{
	char *copy, *at, *word;

	if (text == NULL)
		return;
	copy = xstrdup(text);
	for (at = copy; (word = strsep(&at, separators)) != NULL;) {
		while (isspace((unsigned char)*word))
			word++;
		for (size_t n = strlen(word); n > 0 && isspace((unsigned char)word[n - 1]); n--)
			word[n - 1] = '\0';
		incident_append(entry, member, word);
	}
	free(copy);
}

void
incident_import_refuse(struct incident_import *import, const char *place, const char *why)
{
	char text[900];

	import->refused++;
	if (import->complain == NULL || import->refused > COMPLAINTS_MOST)
		return;
	(void)snprintf(text, sizeof text, "%.200s%s%.100s: %.512s", import->name,
	    place[0] != '\0' ? ": " : "", place, why);
	import->complain(import->context, text);
	if (import->refused == COMPLAINTS_MOST)
		import->complain(import->context, "… further ones are only counted");
}

/* A date with a time of day and no zone keeps the one it was read in. */
static void
keep_zone(const struct incident_import *import, json_t *entry)
{
	const char *date = json_string_value(json_object_get(entry, "date"));

	if (import->zone_name == NULL || date == NULL || strlen(date) < 16 ||
	    json_object_get(entry, "time_zone") != NULL || strchr("Zz", date[strlen(date) - 1]) ||
	    strpbrk(date + 11, "+-") != NULL)
		return;
	json_object_set_new(entry, "time_zone", json_string(import->zone_name));
}

void
incident_import_entry(
    struct incident_import *import, json_t *entry, const char *source, const char *place)
{
	struct err_info why = { .text = "" };
	enum incident_outcome outcome;

	if (json_object_get(entry, "source") == NULL)
		json_object_set_new(entry, "source", json_string(source));
	if (json_object_get(entry, "category") == NULL)
		json_object_set_new(entry, "category",
		    json_string(import->category != NULL ? import->category : "S"));
	if (json_object_get(entry, "approved") == NULL)
		json_object_set_new(entry, "approved", json_boolean(import->approved));
	keep_zone(import, entry);
	if (incident_list_add(import->list, entry, &outcome, &why) != ERR_OK)
		incident_import_refuse(import, place, why.text);
	else if (outcome == INCIDENT_ADDED)
		import->added++;
	else if (outcome == INCIDENT_MERGED)
		import->merged++;
	else
		import->known++;
	json_decref(entry);
}

/* --- lists of CVE numbers ----------------------------------------------------------------------
 */

/* The size of "CVE-2014-0160" at the beginning of the text; 0 when there is none. */
static size_t
cve_size(const char *text)
{
	size_t digits;

	if (strncasecmp(text, "CVE-", 4) != 0 || strspn(text + 4, "0123456789") != 4 ||
	    text[8] != '-')
		return 0;
	digits = strspn(text + 9, "0123456789");
	return digits >= 4 && digits <= 19 ? 9 + digits : 0;
}

/* "CVE-2014-0160 2014-04-07 Heartbleed": what follows the number may be absent, and then the year
 * of the number is all that is known. */
static void
take_cve(struct incident_import *import, char *line, const char *place)
{
	size_t size = cve_size(line);
	json_t *entry;
	char cve[40], year[5], *rest = line + size;

	if (size == 0) {
		incident_import_refuse(import, place, "no CVE number at its beginning");
		return;
	}
	(void)snprintf(cve, sizeof cve, "%.*s", (int)size, line);
	for (size_t i = 0; i < 3; i++)
		cve[i] = (char)toupper((unsigned char)cve[i]);
	(void)snprintf(year, sizeof year, "%.4s", cve + 4);
	entry = json_object();
	incident_put(entry, "source_id", cve, 64);
	incident_append(entry, "cve", cve);
	rest += strspn(rest, " \t,;|");
	if (strspn(rest, "0123456789-") == 10) {
		char end = rest[10];
		rest[10] = '\0';
		incident_put(entry, "date", rest, 10);
		rest += end != '\0' ? 11 : 10;
		rest += strspn(rest, " \t,;|");
	} else {
		incident_put(entry, "date", year, 4);
	}
	incident_put(entry, "title", rest[0] != '\0' ? rest : cve, 300);
	if (import->category == NULL)
		json_object_set_new(entry, "category", json_string("V"));
	incident_import_entry(import, entry, "cve", place);
}

static void
import_cve_list(struct incident_import *import, const char *data, size_t size)
{
	char line[LINE_MOST], place[40];
	size_t number = 0;

	while (size > 0) {
		const char *end = memchr(data, '\n', size);
		size_t length = end != NULL ? (size_t)(end - data) : size;
		size_t n = length < sizeof line ? length : sizeof line - 1;

		number++;
		memcpy(line, data, n);
		line[n] = '\0';
		line[strcspn(line, "\r")] = '\0';
		(void)snprintf(place, sizeof place, "line %zu", number);
		if (line[strspn(line, " \t")] != '\0' && line[0] != '#')
			take_cve(import, line + strspn(line, " \t"), place);
		length += end != NULL;
		data += length;
		size -= length;
	}
}

/* --- which format ------------------------------------------------------------------------------
 */

enum err
incident_import(struct incident_import *import, const char *data, size_t size, const char *name,
    struct err_info *info)
{
	size_t at = 0;

	import->name = name;
	import->format = "";
	if (size > INCIDENT_FILE_SIZE)
		return err_set(info, ERR_LIMIT, "%.200s: larger than 256 MiB", name);
	if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	while (at < size && isspace((unsigned char)data[at]))
		at++;
	if (at == size)
		return err_set(info, ERR_FORMAT, "%.200s: there is nothing in it", name);
	if (data[at] == '{' || data[at] == '[')
		return incident_import_json(import, data + at, size - at, info);
	if (size - at > 4 && (data[at] == '#' || strncasecmp(data + at, "CVE-", 4) == 0)) {
		import->format = "CVE numbers";
		import_cve_list(import, data, size);
		return ERR_OK;
	}
	return incident_import_csv(import, data, size, info);
}
