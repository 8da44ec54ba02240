/* SPDX-License-Identifier: ISC */
/* yagura incidents import: lists that others keep, and proposals from reviews. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/incident_import.h"
#include "base/xmalloc.h"
#include "cmd/incidents.h"

#define CHUNK ((size_t)1 << 20)

static const struct opt OPTIONS[] = {
	OPT_INCIDENTS_FILE,
	{ "category", 0, "LETTER", "of all of them, instead of what their format means" },
	{ "propose", 0, NULL,
	    "not to be shown before they are approved (findings of a review never are)" },
	{ "time-zone", 0, "ZONE", "of times without an offset (default: the site's)" },
	{ "dry-run", 'n', NULL, "say what would be imported, and write nothing" },
	OPT_QUIET,
	OPT_CONFIG,
	OPT_END,
};

static void
complain(void *context, const char *text)
{
	(void)context;
	(void)fprintf(stderr, "yagura incidents import: %s\n", text);
}

/* All of a file, "-" being standard input; the caller frees it. */
static enum err
load(const char *path, char **ret_data, size_t *ret_size, struct err_info *info)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *data = NULL;
	size_t size = 0, got;
	enum err e = ERR_OK;

	if (file == NULL)
		return err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	do {
		data = xrealloc_array(data, size + CHUNK, 1);
		got = fread(data + size, 1, CHUNK, file);
		size += got;
	} while (got == CHUNK && size <= INCIDENT_FILE_SIZE);
	if (ferror(file) != 0)
		e = err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	if (file != stdin)
		(void)fclose(file);
	if (e != ERR_OK) {
		free(data);
		return e;
	}
	*ret_data = data;
	*ret_size = size;
	return ERR_OK;
}

/* One input; its failure is told here and does not end the others. */
static bool
import_one(struct incidents_run *r, const char *path)
{
	const char *category = opt_value(r->values, "category");
	struct incident_import import = { .list = r->list,
		.category = category,
		.zone_name = r->config.site.time_zone,
		.approved = !opt_given(r->values, "propose"),
		.complain = complain };
	struct err_info why = { .text = "" };
	char *data = NULL;
	size_t size = 0;
	enum err e;

	if (opt_value(r->values, "time-zone") != NULL)
		import.zone_name = opt_value(r->values, "time-zone");
	e = load(path, &data, &size, &why);
	if (e == ERR_OK) {
		e = incident_import(&import, data, size, path, &why);
		free(data);
	}
	if (e != ERR_OK) {
		complain(NULL, why.text);
		return false;
	}
	if (!opt_given(r->values, "quiet"))
		(void)printf("%s: %s: %zu added, %zu joined with others, %zu known, %zu refused, "
			     "%zu passed over\n",
		    path, import.format, import.added, import.merged, import.known, import.refused,
		    import.passed_over);
	return import.refused == 0;
}

static enum err
check_usage(const struct opt_values *values, struct err_info *info)
{
	const char *category = opt_value(values, "category");
	const char *name = opt_value(values, "time-zone");
	struct zone *zone;

	if (values->operand_count == 0)
		return err_set(info, ERR_USAGE, "no input named");
	if (category != NULL && incident_category_of(category) < 0)
		return err_set(
		    info, ERR_USAGE, "a category is V, P, H, S or O, not \"%.40s\"", category);
	if (name != NULL) {
		if (zone_open(name, &zone, info) != ERR_OK)
			return ERR_USAGE;
		zone_close(zone);
	}
	return ERR_OK;
}

static int
run(const struct opt_values *values)
{
	struct incidents_run r;
	struct err_info why = { .text = "" };
	bool whole = true;
	enum err e = incidents_open(&r, values, !opt_given(values, "dry-run"), &why);
	int status;

	if (e == ERR_OK)
		e = check_usage(values, &why);
	for (size_t i = 0; e == ERR_OK && i < values->operand_count; i++)
		whole = import_one(&r, values->operands[i]) && whole;
	if (e == ERR_OK && !opt_given(values, "dry-run"))
		e = incidents_save(&r, &why);
	status = incidents_end(&r, "import", e, why.text);
	return status == EXIT_DONE && !whole ? EXIT_FAILED : status;
}

const struct command command_incidents_import = {
	.name = "import",
	.summary =
	    "take over lists that others keep: VERIS, CISA KEV, CVE, HHS, MISP, CSV, a review",
	.operands = "INPUT…",
	.options = OPTIONS,
	.run = run,
};
