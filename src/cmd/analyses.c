/* SPDX-License-Identifier: ISC */
/* yagura analyses: what there is, its tables and settings. */
#include "analysis/analysis.h"
#include "cmd/common.h"

static const struct opt OPTIONS[] = {
	{ "tables", 't', NULL, "also the tables each one yields, with columns and units" },
	{ "settings", 's', NULL, "also the settings, with their defaults" },
	OPT_END,
};

static void
print_tables(const struct analysis *a)
{
	for (size_t i = 0; i < a->table_count; i++) {
		(void)printf("    table %s: %s\n", a->tables[i].name, a->tables[i].title);
		for (size_t c = 0; c < a->tables[i].column_count; c++) {
			const struct column *column = &a->tables[i].columns[c];
			(void)printf("        %s%s%s%s\n", column->name,
			    column->unit[0] != '\0' ? " (" : "", column->unit,
			    column->unit[0] != '\0' ? ")" : "");
		}
	}
}

static void
print_settings(const struct analysis *a)
{
	for (size_t i = 0; i < a->setting_count; i++)
		(void)printf("    setting %s: %s (default %s)\n", a->settings[i].name,
		    a->settings[i].help, a->settings[i].initial);
}

static int
run(const struct opt_values *values)
{
	for (size_t i = 0; ANALYSES[i] != NULL; i++) {
		(void)printf("%-20s %s\n", ANALYSES[i]->name, ANALYSES[i]->title);
		if (opt_given(values, "tables"))
			print_tables(ANALYSES[i]);
		if (opt_given(values, "settings"))
			print_settings(ANALYSES[i]);
	}
	return EXIT_DONE;
}

const struct command command_analyses = {
	.name = "analyses",
	.summary = "list the analyses, their tables and settings",
	.operands = "",
	.options = OPTIONS,
	.run = run,
};
