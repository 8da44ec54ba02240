/* SPDX-License-Identifier: ISC */
/* Findings of a store, a row each; see query_findings.h. */
#include "cmd/query_findings.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/json_rows.h"
#include "cmd/period.h"
#include "obs/section.h"
#include "pipeline/review.h"

static const struct column COLUMNS[] = {
	{ "id", COLUMN_TEXT, "" },
	{ "analysis", COLUMN_TEXT, "" },
	{ "kind", COLUMN_TEXT, "" },
	{ "severity", COLUMN_TEXT, "" },
	{ "confidence", COLUMN_F64, "" },
	{ "begin", COLUMN_TEXT, "" },
	{ "end", COLUMN_TEXT, "" },
	{ "subject", COLUMN_TEXT, "" },
	{ "measures", COLUMN_TEXT, "" },
};

static const char *const SEVERITIES[] = { "info", "low", "medium", "high", "critical" };

static size_t
severity_of(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_COUNT(SEVERITIES) && strcmp(SEVERITIES[i], name) != 0)
		i++;
	return i;
}

bool
query_findings_option(const char *name)
{
	return strcmp(name, "severity") == 0 || strcmp(name, "analysis") == 0;
}

enum err
query_findings_check(const struct opt_values *values, struct err_info *info)
{
	const char *severity = opt_value(values, "severity");

	if (severity != NULL && severity_of(severity) == ARRAY_COUNT(SEVERITIES))
		return err_set(info, ERR_USAGE,
		    "--severity is info, low, medium, high or critical, not \"%.40s\"", severity);
	return ERR_OK;
}

/* Whether a name is the one that was asked for, or of that chapter. */
static bool
is_called(const char *name, const char *wanted)
{
	size_t size = strlen(wanted);

	return strncmp(name, wanted, size) == 0 && (name[size] == '\0' || name[size] == '/');
}

static bool
is_wanted(void *context, const struct analysis *analysis)
{
	return is_called(analysis->name, context);
}

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* "server 192.0.2.1, client 198.51.100.7" */
static json_t *
subject_text(const json_t *subject)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const char *key, *separator = "";
	json_t *value, *cell;

	json_object_foreach ((json_t *)subject, key, value) {
		char *other = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
		(void)fprintf(out, "%s%s %s", separator, key,
		    other != NULL           ? other
		    : json_is_string(value) ? json_string_value(value)
					    : "");
		separator = ", ";
		free(other);
	}
	(void)fclose(out);
	cell = json_text(text, size);
	free(text);
	return cell;
}

static json_t *
row_of(const json_t *finding)
{
	char *measures = json_dumps(
	    json_object_get(finding, "measures"), JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_t *row = json_pack("[s, s, s, s, f, s, s, o, s]", text_of(finding, "id"),
	    text_of(finding, "analysis"), text_of(finding, "kind"), text_of(finding, "severity"),
	    json_number_value(json_object_get(finding, "confidence")), text_of(finding, "begin"),
	    text_of(finding, "end"), subject_text(json_object_get(finding, "subject")),
	    measures != NULL ? measures : "");

	free(measures);
	return row;
}

enum err
query_findings_print(const struct opt_values *values, const struct config *config,
    struct store *store, struct err_info *info)
{
	const char *analysis = opt_value(values, "analysis");
	const char *severity = opt_value(values, "severity");
	struct review_wanted wanted = { is_wanted, (void *)analysis };
	struct review_options options = { .from = 0 };
	/* People get no measures: they are what `yagura explain` shows. */
	bool all = opt_given(values, "csv") || opt_given(values, "json");
	struct json_rows rows = { COLUMNS, ARRAY_COUNT(COLUMNS) - !all, NULL };
	json_t *findings, *finding, *cells = json_array();
	size_t i;
	enum err e = period_read(values, config, &options, info);

	if (e == ERR_OK)
		e = review_findings(
		    store, config, &options, analysis != NULL ? &wanted : NULL, &findings, info);
	if (e != ERR_OK) {
		json_decref(cells);
		return e;
	}
	json_array_foreach (findings, i, finding)
		if (severity == NULL ||
		    severity_of(text_of(finding, "severity")) >= severity_of(severity))
			json_array_append_new(cells, row_of(finding));
	rows.rows = cells;
	e = json_rows_print(&rows, values, stdout, info);
	json_decref(cells);
	json_decref(findings);
	return e;
}
