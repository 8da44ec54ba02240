/* SPDX-License-Identifier: ISC */
/* Inputs through the runner into a store; see ingest.h. */
#include "pipeline/ingest.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "analysis/analysis.h"
#include "base/xmalloc.h"
#include "base/zone.h"
#include "pipeline/alerts.h"
#include "pipeline/retention.h"
#include "pipeline/runner.h"
#include "pipeline/window_rows.h"
#include "source/source.h"

struct ingest {
	const struct config *config;
	const struct ingest_options *options;
	struct store *store;
	struct runner *runner;
	struct window_rows *rows; /* owned */
	struct alerts *alerts;    /* owned; NULL: nobody is told */
	struct retention retention;
	struct zone *zone;        /* owned: the site's */
	struct store_input input; /* the one being read */
	uint64_t resume_windows;  /* windows of it that are committed already */
	uint64_t window_number;
	bool once;              /* the input is a pipe: its octets cannot be looked at again */
	double commit_interval; /* s of the wall clock: results do not depend on it */
	double committed_at;
	pthread_mutex_t mutex; /* flows come from several threads */
	struct err_info why;   /* of a failure inside a hook */
};

static double
seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

enum err
ingest_declare(struct store *store, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; ANALYSES[i] != NULL && e == ERR_OK; i++)
		e = store_declare(store, ANALYSES[i]->tables, ANALYSES[i]->table_count, info);
	for (size_t i = 0; ANALYSES[i] != NULL && e == ERR_OK; i++)
		e = store_declare_sums(store, ANALYSES[i]->sums, ANALYSES[i]->sum_count, info);
	return e;
}

/* Tells of what was found.  Alerts that fail do not end a run. */
static void
tell(struct ingest *g, enum alerts_moment moment)
{
	struct err_info why = { .text = "" };

	if (alerts_look(g->alerts, g->store, g->config, moment, &why) != ERR_OK &&
	    g->options->say != NULL)
		g->options->say(g->options->context, why.text);
}

/* A window has ended: its rows go into the store, and from time to time all of it is committed. */
static enum err
take_window(void *context, const struct window *window, uint64_t number, void *const *states)
{
	struct ingest *g = context;
	enum err e;

	g->window_number = number + 1;
	if (number < g->resume_windows)
		return ERR_OK;
	e = window_rows_append(g->rows, g->store, g->input.id, window, states, &g->why);
	alerts_window(g->alerts, window);
	/* What cannot be read a second time is committed whole: it could not be resumed. */
	if (e != ERR_OK || g->once || seconds_now() - g->committed_at < g->commit_interval)
		return e;
	g->input.windows = number + 1;
	runner_progress(g->runner, g->input.fingerprint, &g->input.octets);
	e = store_input_update(g->store, &g->input, &g->why);
	if (e == ERR_OK)
		e = store_commit(g->store, &g->why);
	if (e == ERR_OK)
		e = retention_run(&g->retention, g->store, window->end, false, &g->why);
	if (e == ERR_OK)
		tell(g, ALERTS_DURING);
	g->committed_at = seconds_now();
	return e;
}

static enum err
take_flows(void *context, const struct flow *flows, size_t count)
{
	struct ingest *g = context;
	enum err e = ERR_OK;

	(void)pthread_mutex_lock(&g->mutex);
	if (g->window_number >= g->resume_windows)
		e = store_append_flows(
		    g->store, g->input.id, runner_window(g->runner).begin, flows, count, &g->why);
	(void)pthread_mutex_unlock(&g->mutex);
	return e;
}

static enum err
take_records(void *context, const struct flow_record *const *records, size_t count)
{
	struct ingest *g = context;
	enum err e = ERR_OK;

	(void)pthread_mutex_lock(&g->mutex);
	if (g->window_number >= g->resume_windows)
		e = store_append_records(
		    g->store, g->input.id, runner_window(g->runner).begin, records, count, &g->why);
	(void)pthread_mutex_unlock(&g->mutex);
	return e;
}

static enum err
take_dns(void *context, const struct dns_transaction *transactions, size_t count)
{
	struct ingest *g = context;
	enum err e = ERR_OK;

	(void)pthread_mutex_lock(&g->mutex);
	if (g->window_number >= g->resume_windows) {
		struct store_transactions all = { g->input.id, runner_window(g->runner).begin,
			g->retention.privacy, transactions, count };
		e = store_append_transactions(g->store, &all, &g->why);
	}
	(void)pthread_mutex_unlock(&g->mutex);
	return e;
}

static void
report(const struct ingest *g, enum ingest_outcome outcome, const char *path, const char *text)
{
	struct ingest_event event = {
		.outcome = outcome, .path = path, .text = text, .records = g->input.records
	};

	g->options->report(g->options->context, &event);
}

static void
describe_input(struct ingest *g, const struct source *source, const char *path)
{
	const struct source_info *si = source_info(source);
	struct stat st;

	g->input = (struct store_input){
		.path = path, .kind = si->kind, .octets = UINT64_MAX, .damage = ""
	};
	g->once = strcmp(path, "-") == 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode);
	if (!g->once)
		g->input.octets = (uint64_t)st.st_size;
}

/* Writes the registry's last word on an input and commits. */
static enum err
complete_input(struct ingest *g, const struct source *source, const char *damage)
{
	const struct source_info *si = source_info(source);
	uint64_t records;
	char kind[48];
	enum err e;

	g->input.kind = si->kind;
	g->input.records = si->records;
	if (runner_exporting(g->runner, &records)) {
		g->input.records = records;
		if (!si->exports && !si->live) {
			(void)snprintf(kind, sizeof kind, "exports in %s", si->kind);
			g->input.kind = kind;
		}
	}
	g->input.octets = si->octets;
	g->input.begin = si->begin;
	g->input.end = si->end;
	g->input.windows = g->window_number;
	g->input.complete = true;
	g->input.damage = damage;
	(void)snprintf(g->input.fingerprint, sizeof g->input.fingerprint, "%s", si->fingerprint);
	e = store_input_update(g->store, &g->input, &g->why);
	if (e == ERR_OK)
		e = store_commit(g->store, &g->why);
	return e == ERR_OK ? retention_run(&g->retention, g->store, si->end, true, &g->why) : e;
}

/* Runs an opened input that the registry does not know as complete.  Only failures of the store are
 * returned. */
static enum err
run_input(struct ingest *g, struct source *source, const char *path, enum store_input_state state)
{
	struct err_info damage = { .text = "" };
	enum ingest_outcome outcome =
	    state == STORE_INPUT_INTERRUPTED ? INGEST_RESUMED : INGEST_DONE;
	enum err e;

	g->window_number = 0;
	e = runner_run(g->runner, source, &damage);
	if (g->why.text[0] != '\0') { /* a hook failed */
		store_rollback(g->store);
		return e;
	}
	if (e != ERR_OK)
		outcome = INGEST_DAMAGED;
	e = complete_input(g, source, damage.text);
	if (e == ERR_BUSY) { /* standard input, and the same octets had been read before */
		store_rollback(g->store);
		report(g, INGEST_KNOWN, path, "");
		g->why.text[0] = '\0';
		return ERR_OK;
	}
	if (e == ERR_OK)
		report(g, outcome, path, damage.text);
	return e;
}

static enum err
ingest_one(struct ingest *g, const char *path, const char *settings)
{
	struct source *source;
	enum store_input_state state;
	struct err_info why = { .text = "" };
	struct source_reading reading = {
		.zone = g->zone,
		.log_year = (unsigned)settings_u64(g->config->run, "log_year"),
	};
	enum err e = source_open_reading(path, &reading, &source, &why);

	if (e != ERR_OK) {
		g->input.records = 0;
		report(g, INGEST_FAILED, path, why.text);
		return ERR_OK;
	}
	describe_input(g, source, path);
	g->input.settings = settings;
	g->resume_windows = 0;
	e = store_input_begin(
	    g->store, &g->input, source_fingerprint, &state, &g->resume_windows, &g->why);
	if (e == ERR_OK && state == STORE_INPUT_COMPLETE)
		report(g, INGEST_KNOWN, path, "");
	else if (e == ERR_OK)
		e = run_input(g, source, path, state);
	source_close(source);
	return e;
}

/* Beside a collector that tells them nothing is told here: not a reason not to read. */
static enum err
open_alerts(struct ingest *g, struct err_info *info)
{
	struct err_info why = { .text = "" };
	enum err e = alerts_open(g->config, g->options->say, g->options->context, &g->alerts, &why);

	if (e == ERR_BUSY && g->options->say != NULL)
		g->options->say(g->options->context, why.text);
	if (e != ERR_OK && e != ERR_BUSY)
		*info = why;
	return e == ERR_BUSY ? ERR_OK : e;
}

enum err
ingest_run(const struct config *config, struct store *store, const char *const *paths, size_t count,
    const struct ingest_options *options, struct err_info *info)
{
	struct ingest g = { .config = config,
		.options = options,
		.store = store,
		.committed_at = seconds_now(),
		.commit_interval =
		    (double)settings_duration(config->store, "commit_interval") / 1e9 };
	struct runner_hooks hooks = { .window = take_window, .context = &g };
	char settings[CONFIG_FINGERPRINT_SIZE];
	enum err e;

	hooks.flows.context = &g;
	if (options->keep_flows) {
		hooks.flows.take = take_flows;
		hooks.flows.take_records = take_records;
	}
	config_fingerprint(config, settings);
	e = retention_init(&g.retention, config, info);
	if (g.retention.keep_dns && options->keep_flows)
		hooks.flows.take_dns = take_dns;
	if (e == ERR_OK)
		e = ingest_declare(store, info);
	if (e == ERR_OK)
		e = zone_open(config->site.time_zone, &g.zone, info);
	if (e == ERR_OK)
		e = open_alerts(&g, info);
	if (e == ERR_OK)
		e = runner_new(config, &hooks, &g.runner, info);
	if (e == ERR_OK && options->dns_state != NULL) {
		e = runner_read_dns(g.runner, options->dns_state, info);
		if (e != ERR_OK)
			runner_free(g.runner);
	}
	if (e != ERR_OK) {
		alerts_close(g.alerts);
		zone_close(g.zone);
		return e;
	}
	(void)pthread_mutex_init(&g.mutex, NULL);
	g.rows = window_rows_new();
	for (size_t i = 0; i < count && e == ERR_OK; i++)
		e = ingest_one(&g, paths[i], settings);
	if (e == ERR_OK && options->dns_state != NULL)
		e = runner_write_dns(g.runner, options->dns_state, &g.why);
	if (e == ERR_OK)
		tell(&g, ALERTS_AFTER);
	else
		*info = g.why;
	alerts_close(g.alerts);
	window_rows_free(g.rows);
	runner_free(g.runner);
	zone_close(g.zone);
	(void)pthread_mutex_destroy(&g.mutex);
	return e;
}
