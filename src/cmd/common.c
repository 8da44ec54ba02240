/* SPDX-License-Identifier: ISC */
/* What several commands share; see common.h. */
#include "cmd/common.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/analysis.h"
#include "base/xmalloc.h"
#include "net/subscribers.h"
#include "report/review.h"
#include "source/source.h"

int
common_fail(const char *command, int status, const char *text)
{
	(void)fprintf(stderr, "yagura %s: %s\n", command, text);
	return status;
}

/* Whether an analysis has this name, or is of the chapter with this name. */
static bool
is_called(const struct analysis *analysis, const char *name)
{
	size_t size = strlen(name);

	return strncmp(analysis->name, name, size) == 0 &&
	       (analysis->name[size] == '\0' || analysis->name[size] == '/');
}

static enum err
turn(struct config *config, const char *name, bool on, struct err_info *info)
{
	bool found = false;

	for (size_t i = 0; i < config->analysis_count; i++) {
		if (!is_called(ANALYSES[i], name))
			continue;
		config->enabled[i] = on;
		found = true;
	}
	if (found)
		return ERR_OK;
	return err_set(
	    info, ERR_USAGE, "there is no analysis \"%s\"; `yagura analyses` lists them", name);
}

/* --only and --without. */
static enum err
choose(const struct opt_values *values, struct config *config, struct err_info *info)
{
	const char *name;
	enum err e = ERR_OK;

	if (opt_each(values, "only", 0) != NULL) {
		for (size_t i = 0; i < config->analysis_count; i++)
			config->enabled[i] = is_called(ANALYSES[i], "quality");
	}
	for (size_t i = 0; e == ERR_OK && (name = opt_each(values, "only", i)) != NULL; i++)
		e = turn(config, name, true, info);
	for (size_t i = 0; e == ERR_OK && (name = opt_each(values, "without", i)) != NULL; i++)
		e = turn(config, name, false, info);
	return e;
}

void
common_keep_chapter(struct config *config, const char *chapter)
{
	for (size_t i = 0; i < config->analysis_count; i++)
		if (!is_called(ANALYSES[i], chapter) && !is_called(ANALYSES[i], "quality"))
			config->enabled[i] = false;
}

/* What is wrong with the lists of subscribers without being an error: said once, on standard error.
 */
static void
warn_of_lists(const struct site *site)
{
	const struct subscribers_report *r;

	if (site->subscribers == NULL)
		return;
	r = subscribers_report(site->subscribers);
	for (size_t i = 0; i < r->message_count; i++)
		(void)fprintf(stderr, "yagura: %s\n", r->messages[i]);
	if (r->bad_rows + r->overlaps != 0)
		(void)fprintf(stderr,
		    "yagura: lists of subscribers: %" PRIu64 " rows in use, %" PRIu64
		    " that cannot be used, %" PRIu64 " overlaps\n",
		    r->prefix_rows + r->session_rows, r->bad_rows, r->overlaps);
}

enum err
common_config(const struct opt_values *values, struct config *config, struct err_info *info)
{
	const char *file = opt_value(values, "config");
	const char *threads = opt_value(values, "threads");
	enum err e;

	config_init(config);
	e = file != NULL ? config_read(file, config, info) : config_open_lists(config, info);
	if (e == ERR_OK)
		warn_of_lists(&config->site);
	if (e == ERR_OK && threads != NULL &&
	    settings_set(config->run, "threads", threads, info) != ERR_OK)
		e = ERR_USAGE;
	if (e == ERR_OK)
		e = choose(values, config, info);
	if (e != ERR_OK)
		config_release(config);
	return e;
}

void
common_outcome_release(struct common_outcome *outcome)
{
	for (size_t i = 0; i < outcome->list_count; i++) {
		free((void *)outcome->list[i].path);
		free((void *)outcome->list[i].reason);
	}
	free(outcome->list);
}

struct log {
	bool progress;
	struct common_outcome *outcome;
};

static void
keep_failure(struct common_outcome *outcome, const char *path, const char *reason)
{
	outcome->list =
	    xrealloc_array(outcome->list, outcome->list_count + 1, sizeof *outcome->list);
	outcome->list[outcome->list_count++] =
	    (struct review_failure){ .path = xstrdup(path), .reason = xstrdup(reason) };
}

/* Errors always; what went well only on a terminal; what was known already always, since nothing
 * changed. */
static void
report(void *context, const struct ingest_event *event)
{
	struct log *log = context;

	if (event->outcome == INGEST_FAILED)
		keep_failure(log->outcome, event->path, event->text);
	switch (event->outcome) {
	case INGEST_FAILED:
	case INGEST_DAMAGED:
		log->outcome->failed++;
		(void)fprintf(stderr, "yagura: %s\n", event->text);
		break;
	case INGEST_KNOWN:
		(void)fprintf(
		    stderr, "yagura: %s: already ingested, nothing changed\n", event->path);
		break;
	case INGEST_RESUMED:
		(void)fprintf(stderr,
		    "yagura: %s: an earlier run was interrupted; it is complete now\n",
		    event->path);
		break;
	case INGEST_DONE:
		if (log->progress)
			(void)fprintf(stderr, "yagura: %s: %" PRIu64 " packets\n", event->path,
			    event->records);
		break;
	}
}

/* What alerts have to say: that somebody does not take them. */
static void
say(void *context, const char *text)
{
	(void)context;
	(void)fprintf(stderr, "yagura: %s\n", text);
}

enum err
common_ingest(const struct opt_values *values, const struct config *config, struct store *store,
    bool keep_flows, struct common_outcome *outcome, struct err_info *info)
{
	struct log log = { .progress = isatty(STDERR_FILENO) && !opt_given(values, "quiet"),
		.outcome = outcome };
	struct ingest_options options = { .keep_flows = keep_flows,
		.dns_state = opt_value(values, "dns-state"),
		.report = report,
		.say = say,
		.context = &log };
	struct input_list list;
	enum err e = input_list_make(values->operands, values->operand_count, &list, info);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; log.progress && i < list.skipped_count; i++)
		(void)fprintf(stderr, "yagura: %s\n", list.skipped[i]);
	e = ingest_run(config, store, (const char *const *)list.paths, list.count, &options, info);
	input_list_release(&list);
	return e;
}

enum err
common_review(const struct opt_values *values, const struct config *config, struct store *store,
    const struct review_options *options, struct err_info *info)
{
	const char *html = opt_value(values, "output");
	const char *json = opt_value(values, "json");
	json_t *review;
	enum err e = review_build(store, config, options, &review, info);

	if (e != ERR_OK)
		return e;
	if (html == NULL && json == NULL)
		html = "review.html";
	if (json != NULL)
		e = review_write_json(review, json, info);
	if (e == ERR_OK && html != NULL)
		e = review_write_html(review, html, info);
	if (e == ERR_OK && html != NULL && strcmp(html, "-") != 0 && isatty(STDERR_FILENO) &&
	    !opt_given(values, "quiet"))
		(void)fprintf(stderr, "yagura: the review is in %s\n", html);
	json_decref(review);
	return e;
}
