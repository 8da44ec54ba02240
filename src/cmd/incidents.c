/* SPDX-License-Identifier: ISC */
/* yagura incidents: keeps the file of incidents that the chronology is made from; see incidents.h.
 */
#include "cmd/incidents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "analysis/analysis.h"
#include "base/xmalloc.h"
#include "report/output.h"

extern const struct command command_incidents_add;
extern const struct command command_incidents_approve;
extern const struct command command_incidents_export;
extern const struct command command_incidents_import;
extern const struct command command_incidents_list;

static const struct command *const SUBCOMMANDS[] = {
	&command_incidents_add,
	&command_incidents_approve,
	&command_incidents_list,
	&command_incidents_import,
	&command_incidents_export,
	NULL,
};

static const struct opt OPTIONS[] = {
	OPT_END,
};

const struct command command_incidents = {
	.name = "incidents",
	.summary = "keep the incidents of the chronology: add, approve, list, import, export",
	.operands = "SUBCOMMAND …",
	.options = OPTIONS,
	.subcommands = SUBCOMMANDS,
};

/* The file that --file or the configuration names. */
static const char *
file_of(const struct opt_values *values, const struct config *config)
{
	const char *file = opt_value(values, "file");

	for (size_t i = 0; file == NULL && i < config->analysis_count; i++)
		if (strcmp(ANALYSES[i]->name, "security/incidents") == 0)
			file = settings_text(config->analyses[i], "file");
	return file;
}

/* One writer at a time: the others are refused, not lost. */
static enum err
lock(struct incidents_run *r, struct err_info *info)
{
	char *path = xasprintf("%s.lock", r->path);

	r->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (r->lock < 0 || flock(r->lock, LOCK_EX | LOCK_NB) != 0) {
		enum err e = err_set(info, r->lock >= 0 ? ERR_BUSY : ERR_IO, "%.200s: %s", path,
		    r->lock >= 0 ? "somebody else is writing the list" : strerror(errno));
		free(path);
		return e;
	}
	free(path);
	return ERR_OK;
}

enum err
incidents_open(
    struct incidents_run *r, const struct opt_values *values, bool writes, struct err_info *info)
{
	const char *file;
	enum err e;

	*r = (struct incidents_run){ .values = values, .lock = -1 };
	e = common_config(values, &r->config, info);
	if (e != ERR_OK)
		return e;
	r->configured = true;
	file = file_of(values, &r->config);
	if (file == NULL || file[0] == '\0')
		return err_set(info, ERR_USAGE,
		    "--file FILE is needed, or the setting `file` of security/incidents in the "
		    "configuration");
	r->path = xstrdup(file);
	if (r->config.site.time_zone != NULL)
		e = zone_open(r->config.site.time_zone, &r->zone, info);
	if (e == ERR_OK && writes)
		e = lock(r, info);
	if (e != ERR_OK)
		return e;
	r->list = incident_list_new(r->zone);
	return incident_list_read(r->list, r->path, info);
}

enum err
incidents_save(struct incidents_run *r, struct err_info *info)
{
	struct output output;
	enum err e = output_open(r->path, &output, info);

	if (e != ERR_OK)
		return e;
	e = incident_list_write(r->list, output.file, info);
	if (e == ERR_OK)
		return output_close(&output, info);
	output_abandon(&output);
	return e;
}

int
incidents_end(struct incidents_run *r, const char *name, enum err e, const char *why)
{
	char command[40];

	incident_list_free(r->list);
	zone_close(r->zone);
	if (r->lock >= 0) {
		char *path = xasprintf("%s.lock", r->path);
		(void)unlink(path);
		(void)close(r->lock);
		free(path);
	}
	free(r->path);
	if (r->configured)
		config_release(&r->config);
	if (e == ERR_OK)
		return EXIT_DONE;
	(void)snprintf(command, sizeof command, "incidents %s", name);
	return common_fail(command, e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why);
}
