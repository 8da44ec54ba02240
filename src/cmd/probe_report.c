/* SPDX-License-Identifier: ISC */
/* A probe's results as JSON, and everything else made of that; see probe_report.h. */
#include "cmd/probe_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "net/dns.h"
#include "obs/section.h"

static const char SCHEMA[] = "yagura.probe/1";

static json_t *
ecs_json(const struct probe_result *r)
{
	struct prefix ecs = { r->ecs, r->ecs_length };
	char text[PREFIX_TEXT_SIZE];

	return r->ecs_length != 0 ? json_string(prefix_format(&ecs, text)) : json_null();
}

static json_t *
result_json(const struct probe_result *r)
{
	struct address target = { .words = { r->key[0], r->key[1] } };
	char rcode[DNS_NUMBER_TEXT_SIZE];
	json_t *o = json_object();

	json_object_set_new(o, "address", json_address(&target));
	json_object_set_new(o, "class", json_string(probe_class_name((enum probe_class)r->class)));
	json_object_set_new(
	    o, "open", json_boolean(probe_class_is_open((enum probe_class)r->class)));
	json_object_set_new(o, "answered_from", json_address(&r->from));
	json_object_set_new(
	    o, "rcode", r->answered ? json_string(dns_rcode_name(r->rcode, rcode)) : json_null());
	json_object_set_new(o, "egress", json_address(&r->egress));
	json_object_set_new(o, "ecs", ecs_json(r));
	json_object_set_new(o, "octets", json_integer(r->size));
	json_object_set_new(o, "factor",
	    r->any_response != 0 ? json_real((double)r->any_response / (double)r->any_query)
				 : json_null());
	json_object_set_new(
	    o, "version", r->version[0] != '\0' ? json_string(r->version) : json_null());
	return o;
}

static int
compare_results(const void *a, const void *b)
{
	const struct probe_result *x = *(const struct probe_result *const *)a,
				  *y = *(const struct probe_result *const *)b;

	return memcmp(x->key, y->key, sizeof x->key);
}

static json_t *
time_json(nsec_t time)
{
	char text[40];

	return json_string(clock_format(time, 3, text, sizeof text));
}

static json_t *
prefixes_json(const struct probe_plan *plan)
{
	json_t *list = json_array();
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < plan->prefix_count; i++)
		json_array_append_new(list, json_string(prefix_format(&plan->prefixes[i], text)));
	return list;
}

static json_t *
counts_json(const struct probe_counts *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "addresses", (json_int_t)c->asked,
	    "packets", (json_int_t)c->packets, "send_failures", (json_int_t)c->failed, "responses",
	    (json_int_t)c->responses, "foreign", (json_int_t)c->foreign, "served",
	    (json_int_t)c->served, "stopped", (int)c->stopped);
}

json_t *
probe_report_json(const struct probe_report *report)
{
	const struct dns_pool *results = &report->outcome->results;
	const void **sorted = xcalloc(results->count + (size_t)1, sizeof *sorted);
	json_t *run = json_object(), *list = json_array(), *by_class = json_object();
	uint64_t classes[PROBE_CLASSES] = { 0 };

	for (uint32_t i = 0; i < results->count; i++)
		sorted[i] = dns_pool_entry(results, i);
	if (results->count > 0)
		qsort(sorted, results->count, sizeof *sorted, compare_results);
	for (uint32_t i = 0; i < results->count; i++) {
		const struct probe_result *r = sorted[i];
		classes[r->class]++;
		json_array_append_new(list, result_json(r));
	}
	free(sorted);
	classes[PROBE_SILENT] = report->outcome->counts.asked > results->count
				    ? report->outcome->counts.asked - results->count
				    : 0;
	for (unsigned i = 0; i < PROBE_CLASSES; i++)
		json_object_set_new(by_class, probe_class_name((enum probe_class)i),
		    json_integer((json_int_t)classes[i]));
	json_object_set_new(run, "schema", json_string(SCHEMA));
	json_object_set_new(run, "begin", time_json(report->begin));
	json_object_set_new(run, "end", time_json(report->end));
	json_object_set_new(run, "zone", json_string(report->zone));
	json_object_set_new(run, "port", json_integer(report->options->port));
	json_object_set_new(run, "prefixes", prefixes_json(report->plan));
	json_object_set_new(run, "counts", counts_json(&report->outcome->counts));
	json_object_set_new(run, "classes", by_class);
	json_object_set_new(run, "addresses", list);
	return run;
}

/* Whether a run asked an address. */
static bool
covers(const json_t *run, const char *text)
{
	struct address a;
	struct prefix p;
	json_t *prefix;
	size_t i;

	if (text == NULL || address_parse(text, &a) != ERR_OK)
		return false;
	json_array_foreach (json_object_get(run, "prefixes"), i, prefix)
		if (json_is_string(prefix) &&
		    prefix_parse(json_string_value(prefix), &p, NULL) == ERR_OK &&
		    prefix_contains(&p, &a))
			return true;
	return false;
}

/* Addresses of a run as an object by address; borrowed values. */
static json_t *
by_address(const json_t *run)
{
	json_t *object = json_object(), *address;
	size_t i;

	json_array_foreach (json_object_get(run, "addresses"), i, address) {
		const char *text = json_string_value(json_object_get(address, "address"));
		if (text != NULL)
			json_object_set(object, text, address);
	}
	return object;
}

static const char *
class_of(const json_t *addresses, const char *text)
{
	const char *class =
	    json_string_value(json_object_get(json_object_get(addresses, text), "class"));

	return class != NULL ? class : probe_class_name(PROBE_SILENT);
}

static void
note_change(json_t *difference, const json_t *old, const json_t *new, const char *text)
{
	bool was = json_is_true(json_object_get(json_object_get(old, text), "open"));
	bool is = json_is_true(json_object_get(json_object_get(new, text), "open"));
	const char *before = class_of(old, text), *after = class_of(new, text);
	const char *list = was && !is ? "closed" : !was && is ? "opened" : "changed";

	if (was && is)
		json_object_set_new(difference, "still_open",
		    json_integer(
			json_integer_value(json_object_get(difference, "still_open")) + 1));
	if (strcmp(before, after) != 0)
		json_array_append_new(
		    json_object_get(difference, list), json_pack("{s:s, s:s, s:s}", "address", text,
							   "before", before, "after", after));
}

enum err
probe_report_compare(json_t *now, const char *path, struct err_info *info)
{
	json_error_t error;
	json_t *before = json_load_file(path, 0, &error), *old, *new, *difference, *value;
	const char *schema = json_string_value(json_object_get(before, "schema"));
	const char *text;

	if (before == NULL)
		return err_set(info, ERR_FORMAT, "%s: %s", path, error.text);
	if (schema == NULL || strcmp(schema, SCHEMA) != 0) {
		json_decref(before);
		return err_set(info, ERR_FORMAT, "%s: not the JSON of an earlier probe", path);
	}
	old = by_address(before);
	new = by_address(now);
	value = json_object_get(before, "begin");
	difference = json_pack("{s:o, s:i, s:[], s:[], s:[]}", "since",
	    json_is_string(value) ? json_incref(value) : json_null(), "still_open", 0, "closed",
	    "opened", "changed");
	json_object_foreach (new, text, value)
		if (covers(before, text))
			note_change(difference, old, new, text);
	/* What is silent now is in the old list alone. */
	json_object_foreach (old, text, value)
		if (json_object_get(new, text) == NULL && covers(now, text))
			note_change(difference, old, new, text);
	json_object_set_new(now, "difference", difference);
	json_decref(old);
	json_decref(new);
	json_decref(before);
	return ERR_OK;
}

static const char *const FIELDS[] = { "address", "class", "answered_from", "rcode", "egress", "ecs",
	"octets", "factor", "version" };

#define FIELD_COUNT (sizeof FIELDS / sizeof FIELDS[0])

static const char *
cell_text(const json_t *value, char *text, size_t size)
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_real(value))
		(void)snprintf(text, size, "%.1f", json_real_value(value));
	else if (json_is_integer(value))
		(void)snprintf(text, size, "%lld", (long long)json_integer_value(value));
	else
		text[0] = '\0';
	return text;
}

void
probe_report_print_csv(const json_t *run, FILE *out)
{
	json_t *address;
	size_t i;

	for (size_t k = 0; k < FIELD_COUNT; k++)
		(void)fprintf(out, "%s%s", FIELDS[k], k + 1 < FIELD_COUNT ? "," : "\n");
	json_array_foreach (json_object_get(run, "addresses"), i, address)
		for (size_t k = 0; k < FIELD_COUNT; k++) {
			char text[40];
			const char *cell =
			    cell_text(json_object_get(address, FIELDS[k]), text, sizeof text);
			/* Only a version may hold a comma; quotes it has none. */
			bool quoted = strchr(cell, ',') != NULL;
			(void)fprintf(out, "%s%s%s%s", quoted ? "\"" : "", cell, quoted ? "\"" : "",
			    k + 1 < FIELD_COUNT ? "," : "\n");
		}
}

static void
print_changes(const json_t *difference, const char *list, const char *title, FILE *out)
{
	json_t *changes = json_object_get(difference, list), *change;
	size_t i;

	(void)fprintf(out, "%zu %s\n", json_array_size(changes), title);
	json_array_foreach (changes, i, change)
		(void)fprintf(out, "  %-39s %s -> %s\n",
		    json_string_value(json_object_get(change, "address")),
		    json_string_value(json_object_get(change, "before")),
		    json_string_value(json_object_get(change, "after")));
}

static void
print_difference(const json_t *difference, FILE *out)
{
	const char *since = json_string_value(json_object_get(difference, "since"));

	if (difference == NULL)
		return;
	(void)fprintf(out, "\nsince the run of %s, of the addresses that both asked:\n",
	    since != NULL ? since : "an unknown time");
	(void)fprintf(out, "%lld are still open\n",
	    (long long)json_integer_value(json_object_get(difference, "still_open")));
	print_changes(difference, "closed", "closed", out);
	print_changes(difference, "opened", "opened", out);
	print_changes(difference, "changed", "changed otherwise", out);
}

void
probe_report_print(const json_t *run, FILE *out)
{
	static const int WIDTHS[FIELD_COUNT] = { 24, 19, 24, 9, 24, 18, 6, 6, 0 };
	const char *class;
	json_t *address, *number;
	size_t i;

	if (json_array_size(json_object_get(run, "addresses")) > 0) {
		for (size_t k = 0; k < FIELD_COUNT; k++)
			(void)fprintf(
			    out, "%-*s%s", WIDTHS[k], FIELDS[k], k + 1 < FIELD_COUNT ? " " : "\n");
		json_array_foreach (json_object_get(run, "addresses"), i, address)
			for (size_t k = 0; k < FIELD_COUNT; k++) {
				char text[40];
				const char *cell = cell_text(
				    json_object_get(address, FIELDS[k]), text, sizeof text);
				(void)fprintf(out, "%-*s%s", WIDTHS[k],
				    cell[0] != '\0' ? cell : "-", k + 1 < FIELD_COUNT ? " " : "\n");
			}
		(void)fputc('\n', out);
	}
	json_object_foreach (json_object_get(run, "classes"), class, number)
		if (json_integer_value(number) > 0)
			(void)fprintf(
			    out, "%-19s %lld\n", class, (long long)json_integer_value(number));
	print_difference(json_object_get(run, "difference"), out);
}
