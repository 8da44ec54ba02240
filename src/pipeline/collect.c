/* SPDX-License-Identifier: ISC */
/*
 * The life of a collector; see collect.h.
 *
 *	configuration → directories, listeners bound → privileges gone → state, store, control
 *socket → runner over the live source, a window at a time → … SIGHUP: another runner … → the end
 *
 * A runner works with one configuration.  On SIGHUP it ends its window early and a new one takes
 * over, with the exporters' templates and sequence positions, while datagrams wait in the source's
 * queue; the two parts of the window add up like any others.
 */
#include "pipeline/collect.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "decode/export.h"
#include "pipeline/collect_internal.h"
#include "pipeline/ingest.h"

static nsec_t
clock_now(clockid_t which)
{
	struct timespec now;

	(void)clock_gettime(which, &now);
	return (nsec_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

void
collect_say(const struct collect *collect, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	collect->options->say(collect->options->context, text);
}

char *
collect_socket_path(const struct config *config)
{
	const char *path = settings_text(config->collect.settings, "control_socket");

	if (path[0] != '\0')
		return xstrdup(path);
	return xasprintf(
	    "%s/control.sock", settings_text(config->collect.settings, "state_directory"));
}

static struct config *
read_config(const char *path, enum err *ret_error, struct err_info *info)
{
	struct config *config = xcalloc(1, sizeof *config);

	config_init(config);
	*ret_error = config_read(path, config, info);
	if (*ret_error == ERR_OK)
		return config;
	config_release(config);
	free(config);
	return NULL;
}

static void
free_config(struct config *config)
{
	if (config == NULL)
		return;
	config_release(config);
	free(config);
}

/* Nobody else than these is listened to unless the configuration says so: the machine itself, and
 * the site's own networks, where its routers are. */
void
collect_live_options(
    const struct config *config, struct live_options *ret_options, struct prefix **ret_exporters)
{
	const struct config_collect *c = &config->collect;
	size_t count = 0;
	struct prefix *p = xcalloc(config->site.own_prefix_count + 2, sizeof *p);

	live_options_init(ret_options);
	if (prefix_parse("127.0.0.0/8", &p[0], NULL) == ERR_OK &&
	    prefix_parse("::1/128", &p[1], NULL) == ERR_OK)
		count = 2;
	for (size_t i = 0; i < config->site.own_prefix_count; i++)
		p[count++] = config->site.own_prefixes[i];
	ret_options->exporters = c->exporter_count != 0 ? c->exporters : p;
	ret_options->exporter_count = c->exporter_count != 0 ? c->exporter_count : count;
	ret_options->listeners = c->listeners;
	ret_options->listener_count = c->listener_count;
	ret_options->workers = (unsigned)settings_u64(c->settings, "workers");
	ret_options->receive_buffer = settings_size(c->settings, "receive_buffer");
	ret_options->queue = settings_size(c->settings, "queue");
	ret_options->connections = settings_u64(c->settings, "connections");
	ret_options->idle_time = settings_duration(c->settings, "idle_time");
	if (settings_bool(c->settings, "open_sockets"))
		ret_options->socket_mode = 0666;
	*ret_exporters = p;
}

/* What only a new start can change. */
static void
say_fixed(const struct collect *collect, const struct config *next)
{
	static const char *const NAMES[] = { "user", "group", "state_directory", "control_socket" };
	const struct settings *before = collect->config->collect.settings;

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (strcmp(settings_text(before, NAMES[i]),
			settings_text(next->collect.settings, NAMES[i])) != 0)
			collect_say(collect, "collect.%s takes effect at the next start", NAMES[i]);
	if (strcmp(settings_text(collect->config->store, "url"),
		settings_text(next->store, "url")) != 0)
		collect_say(collect, "store.url takes effect at the next start");
}

/* Tells of what was found; alerts that fail do not end the collector. */
static void
tell(struct collect *c, const struct window *window)
{
	struct err_info why = { .text = "" };

	alerts_window(c->alerts, window);
	if (alerts_look(c->alerts, c->store, c->config, ALERTS_DURING, &why) != ERR_OK)
		collect_say(c, "alerts: %s", why.text);
}

/* A sentence of the alerts' threads. */
static void
say_alert(void *context, const char *text)
{
	collect_say(context, "%s", text);
}

/* A window has ended: its rows and flows are in the store from here on. */
static enum err
take_window(void *context, const struct window *window, uint64_t number, void *const *states)
{
	struct collect *c = context;
	nsec_t begin = clock_now(CLOCK_MONOTONIC);
	uint64_t open, messages = board_messages(&c->board, &open);
	enum err e;

	(void)number;
	(void)pthread_mutex_lock(&c->mutex);
	e = window_rows_append(c->rows, c->store, c->input.id, window, states, &c->why);
	if (e == ERR_OK) {
		const struct source_info *info = source_info(c->source);

		c->input.windows++;
		(void)runner_exporting(c->runner, &c->input.records);
		c->input.records += c->records_before;
		c->input.octets = info->octets;
		c->input.begin = info->begin;
		c->input.end = info->end;
		e = store_input_update(c->store, &c->input, &c->why);
	}
	if (e == ERR_OK)
		e = store_commit(c->store, &c->why);
	if (e == ERR_OK)
		e = retention_run(&c->retention, c->store, window->end, false, &c->why);
	if (e == ERR_OK)
		tell(c, window);
	(void)pthread_mutex_unlock(&c->mutex);
	if (e != ERR_OK)
		return e;
	atomic_store(&c->committed, window->end);
	atomic_store(&c->save, true);
	board_commit(&c->board, window, clock_now(CLOCK_MONOTONIC) - begin, messages);
	return ERR_OK;
}

static enum err
take_flows(void *context, const struct flow *flows, size_t count)
{
	struct collect *c = context;
	enum err e;

	(void)pthread_mutex_lock(&c->mutex);
	e = store_append_flows(
	    c->store, c->input.id, runner_window(c->runner).begin, flows, count, &c->why);
	(void)pthread_mutex_unlock(&c->mutex);
	return e;
}

static enum err
take_records(void *context, const struct flow_record *const *records, size_t count)
{
	struct collect *c = context;
	enum err e;

	(void)pthread_mutex_lock(&c->mutex);
	e = store_append_records(
	    c->store, c->input.id, runner_window(c->runner).begin, records, count, &c->why);
	(void)pthread_mutex_unlock(&c->mutex);
	return e;
}

static enum err
take_dns(void *context, const struct dns_transaction *transactions, size_t count)
{
	struct collect *c = context;
	struct store_transactions all = { .all = transactions, .count = count };
	enum err e;

	(void)pthread_mutex_lock(&c->mutex);
	all.input = c->input.id;
	all.window_begin = runner_window(c->runner).begin;
	all.privacy = c->retention.privacy;
	e = store_append_transactions(c->store, &all, &c->why);
	(void)pthread_mutex_unlock(&c->mutex);
	return e;
}

/* What exporters said of themselves goes to the disk once a window: this is when nobody decodes. */
static void
take_ready(void *context, const struct exports *exports)
{
	struct collect *c = context;
	struct err_info why = { .text = "" };

	if (atomic_exchange(&c->save, false) &&
	    state_save_exports(&c->state, exports, &why) != ERR_OK)
		collect_say(c, "templates are not saved: %s", why.text);
}

static void
take_read(void *context, const struct exporter_report *reports, size_t count,
    const struct drop_counters *drops)
{
	struct collect *c = context;

	board_add(&c->board, reports, count, drops);
}

/* Every run of the runner with other settings is an input of its own in the store's registry. */
static enum err
begin_input(struct collect *c, struct err_info *info)
{
	char settings[CONFIG_FINGERPRINT_SIZE];
	enum store_input_state state;
	uint64_t resume;
	enum err e;

	config_fingerprint(c->config, settings);
	if (c->input.id != 0 && strcmp(settings, c->settings) == 0)
		return ERR_OK;
	memcpy(c->settings, settings, sizeof settings);
	c->records_before = 0;
	c->input = (struct store_input){ .path = "collect",
		.kind = "collect",
		.settings = c->settings,
		.octets = UINT64_MAX, /* nothing that could be read twice */
		.damage = "" };
	e = store_input_begin(c->store, &c->input, NULL, &state, &resume, info);
	/* Octets that come once have no fingerprint: the moment and the process tell it apart. */
	(void)snprintf(c->input.fingerprint, sizeof c->input.fingerprint, "%016llx%016llx",
	    (unsigned long long)clock_now(CLOCK_REALTIME), (unsigned long long)getpid());
	c->input.windows = 0;
	return e == ERR_OK ? store_commit(c->store, info) : e;
}

static enum err
end_input(struct collect *c, const char *damage, struct err_info *info)
{
	enum err e;

	c->input.complete = true;
	c->input.damage = damage;
	if (c->input.octets == UINT64_MAX)
		c->input.octets = 0;
	e = store_input_update(c->store, &c->input, info);
	return e == ERR_OK ? store_commit(c->store, info) : e;
}

/* Makes a runner for a configuration. */
static enum err
make_runner(struct collect *c, const struct config *config, struct runner **ret_runner,
    struct err_info *info)
{
	struct runner_hooks hooks = {
		.window = take_window, .ready = take_ready, .read = take_read, .context = c
	};
	struct retention retention;
	enum err e = retention_init(&retention, config, info);

	hooks.flows.context = c;
	if (settings_bool(config->collect.settings, "keep_flows")) {
		hooks.flows.take = take_flows;
		hooks.flows.take_records = take_records;
	}
	if (retention.keep_dns)
		hooks.flows.take_dns = take_dns;
	return e == ERR_OK ? runner_new(config, &hooks, ret_runner, info) : e;
}

/* All that a configuration needs, before anything of the one in force is given up. */
static enum err
prepare_next(struct collect *collect, const struct config *next, struct runner **ret_runner,
    struct err_info *info)
{
	struct live_options options;
	struct prefix *exporters = NULL;
	enum err e = make_runner(collect, next, ret_runner, info);

	if (e != ERR_OK)
		return e;
	collect_live_options(next, &options, &exporters);
	e = source_live_change(collect->source, &options, info);
	free(exporters);
	if (e != ERR_OK)
		runner_free(*ret_runner);
	return e;
}

void
collect_reload(struct collect *collect)
{
	struct err_info why = { .text = "" };
	struct runner *runner = NULL;
	enum err e;
	struct config *next = read_config(collect->options->path, &e, &why);

	if (e == ERR_OK)
		e = prepare_next(collect, next, &runner, &why);
	if (e != ERR_OK) {
		collect_say(collect, "SIGHUP: the configuration stays as it was: %s", why.text);
		free_config(next);
		return;
	}
	(void)pthread_mutex_lock(&collect->mutex);
	say_fixed(collect, next);
	runner_free(collect->next_runner);
	free_config(collect->next);
	collect->next = next;
	collect->next_runner = runner;
	(void)pthread_mutex_unlock(&collect->mutex);
	source_pause(collect->source);
	collect_say(collect, "SIGHUP: the configuration was read again");
}

/* One runner from its beginning to a stop or a new configuration. */
static enum err
run_once(struct collect *c, struct err_info *info)
{
	struct err_info why = { .text = "" };
	uint64_t records = 0;
	enum err e = begin_input(c, info);

	if (e != ERR_OK)
		return e;
	e = runner_run(c->runner, c->source, &why);
	if (c->why.text[0] != '\0') { /* a hook failed */
		store_rollback(c->store);
		*info = c->why;
		return e;
	}
	if (e != ERR_OK) {
		*info = why;
		return e;
	}
	(void)runner_exporting(c->runner, &records);
	c->records_before += records;
	if (state_save_exports(&c->state, runner_exports(c->runner), &why) != ERR_OK)
		collect_say(c, "templates are not saved: %s", why.text);
	return ERR_OK;
}

/* Hands what exporters have said from one runner to the next.  They repeat what does not arrive: no
 * reason not to collect. */
static void
hand_exports(const struct collect *c, struct runner *from, struct runner *to)
{
	struct err_info why = { .text = "" };
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	enum err e = ERR_OK;

	if (file != NULL) {
		e = exports_save(runner_exports(from), file, &why);
		(void)fclose(file);
	}
	file = size > 0 ? fmemopen(text, size, "r") : NULL;
	if (file != NULL) {
		if (e == ERR_OK)
			e = exports_load(runner_exports(to), file, &why);
		(void)fclose(file);
	}
	if (e != ERR_OK)
		collect_say(c, "what exporters said before is not all there: %s", why.text);
	free(text);
}

/* The next configuration takes the place of the one in force, and its runner the runner's. */
static enum err
exchange(struct collect *c, struct err_info *info)
{
	char settings[CONFIG_FINGERPRINT_SIZE];
	enum err e = ERR_OK;

	(void)pthread_mutex_lock(&c->mutex);
	if (c->next != NULL) {
		hand_exports(c, c->runner, c->next_runner);
		runner_free(c->runner);
		free_config(c->config);
		c->runner = c->next_runner;
		c->config = c->next;
		c->next = NULL;
		c->next_runner = NULL;
	}
	(void)pthread_mutex_unlock(&c->mutex);
	e = retention_init(&c->retention, c->config, info);
	config_fingerprint(c->config, settings);
	if (e == ERR_OK && strcmp(settings, c->settings) != 0) {
		e = end_input(c, "", info);
		c->input.id = 0;
	}
	return e;
}

static enum err
run_all(struct collect *c, struct err_info *info)
{
	enum err e = ERR_OK;

	for (;;) {
		e = run_once(c, info);
		if (e != ERR_OK || atomic_load(&c->end))
			break;
		e = exchange(c, info);
		if (e != ERR_OK)
			break;
	}
	if (e == ERR_OK) { /* what came since the last look */
		struct err_info why = { .text = "" };
		if (alerts_look(c->alerts, c->store, c->config, ALERTS_AFTER, &why) != ERR_OK)
			collect_say(c, "alerts: %s", why.text);
	}
	return e == ERR_OK ? end_input(c, "", info) : e;
}

/* The run before ended without a word: says what is missing, here and in the registry. */
static enum err
report_crash(struct collect *c, struct err_info *info)
{
	nsec_t length = settings_duration(c->config->run, "window");
	struct collect_note note;
	char from[40], to[40], since[40], damage[256];
	struct query_source store = store_query(c->store);
	struct result *r = NULL;
	enum err e;

	if (!state_read_note(&c->state, &note))
		return ERR_OK;
	(void)clock_format(floor_div(note.seen, length) * length, 0, from, sizeof from);
	(void)clock_format(note.seen, 0, to, sizeof to);
	(void)clock_format(note.started, 0, since, sizeof since);
	(void)snprintf(damage, sizeof damage,
	    "the collector was killed: %llu messages of the window open at %s are lost",
	    (unsigned long long)note.open, to);
	collect_say(c,
	    "the run that began at %s (pid %ld) was killed: the window of %s is lost, with %llu "
	    "messages received by %s; everything before it is in the store",
	    since, note.pid, from, (unsigned long long)note.open, to);
	e = query_run(&store, &r, info,
	    "SELECT fingerprint, octets, records, begin_time, end_time, windows FROM inputs WHERE "
	    "id = %llu AND complete = 0 AND kind = 'collect'",
	    (unsigned long long)note.input);
	if (e == ERR_OK && result_next(r)) {
		c->input = (struct store_input){ .id = note.input,
			.path = "collect",
			.kind = "collect",
			.settings = "",
			.records = result_u64(r, 2),
			.begin = (nsec_t)result_u64(r, 3) * NSEC_PER_MS,
			.end = (nsec_t)result_u64(r, 4) * NSEC_PER_MS,
			.windows = result_u64(r, 5) };
		c->input.octets = result_u64(r, 1);
		(void)snprintf(
		    c->input.fingerprint, sizeof c->input.fingerprint, "%s", result_text(r, 0));
		result_free(r);
		r = NULL;
		if (c->input.fingerprint[0] == '\0') /* not one window was committed */
			(void)snprintf(c->input.fingerprint, sizeof c->input.fingerprint, "%016llx",
			    (unsigned long long)note.started);
		e = end_input(c, damage, info);
	}
	result_free(r);
	c->input = (struct store_input){ 0 };
	return e;
}

static enum err
open_store(struct collect *c, struct err_info *info)
{
	const char *url = c->options->store;
	struct store_options options = {
		.mode = STORE_WRITE,
		.memory_limit = settings_size(c->config->store, "memory_limit"),
	};
	enum err e;

	if (url == NULL)
		url = settings_text(c->config->store, "url");
	if (strcmp(url, "mem:") == 0)
		return err_set(info, ERR_CONFIG,
		    "a store that lasts is needed: store.url or --store duckdb:DIRECTORY");
	e = retention_init(&c->retention, c->config, info);
	if (e == ERR_OK)
		e = store_open(url, &options, &c->store, info);
	return e == ERR_OK ? ingest_declare(c->store, info) : e;
}

/* The directories that a first start makes, while it may still be root. */
static enum err
make_directories(const struct collect *c, const struct identity *identity, struct err_info *info)
{
	const char *url =
	    c->options->store != NULL ? c->options->store : settings_text(c->config->store, "url");
	enum err e = identity_make_directory(
	    identity, settings_text(c->config->collect.settings, "state_directory"), info);

	if (e == ERR_OK && strncmp(url, "duckdb:", 7) == 0 && url[7] != '\0')
		e = identity_make_directory(identity, url + 7, info);
	return e;
}

/* Binds, and becomes who it is to be: afterwards nothing of root's is left. */
static enum err
bind_and_drop(struct collect *c, struct err_info *info)
{
	struct identity identity = { 0 };
	struct live_options options;
	struct prefix *exporters = NULL;
	enum err e = identity_find(c->config, &identity, info);

	if (e == ERR_OK)
		e = make_directories(c, &identity, info);
	if (e == ERR_OK) {
		collect_live_options(c->config, &options, &exporters);
		if (identity.change) {
			options.socket_user = identity.user;
			options.socket_group = identity.group;
		}
		e = source_open_live(&options, &c->source, info);
		free(exporters);
	}
	if (e == ERR_OK)
		e = identity_become(&identity, info);
	if (e == ERR_OK && geteuid() == 0)
		collect_say(c, "it stays root: collect.user says so");
	identity_release(&identity);
	return e;
}

static enum err
prepare(struct collect *c, struct err_info *info)
{
	struct err_info why = { .text = "" };
	enum err e = bind_and_drop(c, info);

	if (e == ERR_OK)
		e = state_open(
		    &c->state, settings_text(c->config->collect.settings, "state_directory"), info);
	if (e == ERR_OK)
		e = open_store(c, info);
	if (e == ERR_OK)
		e = report_crash(c, info);
	if (e == ERR_OK)
		e = alerts_open(c->config, say_alert, c, &c->alerts, info);
	if (e == ERR_OK)
		e = retention_init(&c->retention, c->config, info);
	if (e == ERR_OK)
		e = make_runner(c, c->config, &c->runner, info);
	if (e == ERR_OK && state_load_exports(&c->state, runner_exports(c->runner), &why) != ERR_OK)
		collect_say(c, "what exporters said before is not all there: %s", why.text);
	if (e == ERR_OK) /* the store's engine takes its memory later, the queue has its own */
		e = memory_limit(settings_size(c->config->collect.settings, "memory_cap"),
		    settings_size(c->config->store, "memory_limit"), info);
	if (e == ERR_OK)
		e = control_start(c, info);
	return e;
}

static void
say_ready(const struct collect *c)
{
	struct live_statistics all[LIVE_LISTENERS];
	size_t wanted = settings_size(c->config->collect.settings, "receive_buffer");
	size_t count = source_live_statistics(c->source, all, LIVE_LISTENERS);
	char text[LIVE_LISTENER_TEXT_SIZE];

	for (size_t i = 0; i < count && i < LIVE_LISTENERS; i++) {
		static const char *const NAMES[] = { [LIVE_UDP] = "UDP",
			[LIVE_IPFIX_TCP] = "TCP, IPFIX",
			[LIVE_DNSTAP] = "dnstap" };
		enum live_protocol protocol = all[i].listener.protocol;

		collect_say(c, "listening on %s (%s)", live_listener_format(&all[i].listener, text),
		    NAMES[protocol]);
		if (protocol == LIVE_UDP && all[i].receive_buffer < wanted)
			collect_say(c,
			    "%s: the system gave a receive buffer of %zu KiB instead of %zu KiB "
			    "(sysctl net.core.rmem_max)",
			    text, all[i].receive_buffer >> 10, wanted >> 10);
	}
	if (c->config->collect.exporter_count == 0)
		collect_say(c,
		    "collect.exporters is not set: only this machine and the site's own prefixes "
		    "are listened to");
}

static void
release(struct collect *c)
{
	control_stop(c);
	alerts_close(c->alerts);
	runner_free(c->runner);
	runner_free(c->next_runner);
	source_close(c->source);
	window_rows_free(c->rows);
	store_close(c->store);
	state_close(&c->state);
	board_release(&c->board);
	free_config(c->next);
	free_config(c->config);
	free(c->socket_path);
	(void)pthread_mutex_destroy(&c->mutex);
	free(c);
}

enum err
collect_run(const struct collect_options *options, struct err_info *info)
{
	struct collect *c = xcalloc(1, sizeof *c);
	enum err e;

	c->options = options;
	c->socket_fd = c->signal_fd = -1;
	c->state.lock = -1;
	c->started = clock_now(CLOCK_REALTIME);
	(void)pthread_mutex_init(&c->mutex, NULL);
	board_init(&c->board);
	c->rows = window_rows_new();
	c->config = read_config(options->path, &e, info);
	if (e == ERR_OK) {
		c->socket_path = collect_socket_path(c->config);
		e = control_block_signals(c, info);
	}
	if (e == ERR_OK)
		e = prepare(c, info);
	if (e == ERR_OK) {
		say_ready(c);
		e = run_all(c, info);
	}
	/* After a failure the note stays: the next run says what is missing. */
	if (e == ERR_OK)
		state_remove_note(&c->state);
	release(c);
	return e;
}
