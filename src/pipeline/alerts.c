/* SPDX-License-Identifier: ISC */
/* What was found, compared with what was told; see alerts.h. */
#include "pipeline/alerts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alert/sender.h"
#include "base/xmalloc.h"
#include "pipeline/review.h"

#define LINGER_MS    5000 /* how long the end of a run waits for deliveries */
#define MESSAGE_MOST (32U << 10)
/* Findings that have ended are remembered: the last so many. */
#define TOLD_MOST 20000

struct alerts {
	struct sender *sender; /* owned */
	char *path;            /* owned: of what was told */
	json_t *told;          /* owned: a list, the oldest first */
	nsec_t clock;          /* ends of windows have come this far */
	nsec_t begin, end;     /* of windows since the last look; both 0: none */
	nsec_t looked;         /* by the monotonic clock; 0: never */
	const struct config *config;
	struct query_source query; /* during a look */
};

static nsec_t
clock_of(clockid_t which)
{
	struct timespec now;

	(void)clock_gettime(which, &now);
	return (nsec_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static nsec_t
time_of(const json_t *finding, const char *key)
{
	const char *text = text_of(finding, key);
	nsec_t time;

	return clock_read(text, strlen(text), &time) == ERR_OK ? time : 0;
}

/* --- what was told ---------------------------------------------------------------------------- */

static enum err
read_told(struct alerts *a, struct err_info *info)
{
	json_error_t error;
	json_t *root = json_load_file(a->path, 0, &error);

	if (root == NULL && access(a->path, F_OK) == 0)
		return err_set(info, ERR_DAMAGED, "%.200s:%d:%d: %s", a->path, error.line,
		    error.column, error.text);
	if (json_is_array(json_object_get(root, "told")))
		a->told = json_incref(json_object_get(root, "told"));
	else
		a->told = json_array();
	a->clock = json_integer_value(json_object_get(root, "clock"));
	json_decref(root);
	return ERR_OK;
}

static enum err
write_told(const struct alerts *a, struct err_info *info)
{
	json_t *root = json_pack("{s:s, s:I, s:O}", "schema", "yagura.told/1", "clock",
	    (json_int_t)a->clock, "told", a->told);
	char *temporary = xasprintf("%s.new", a->path);
	FILE *file = fopen(temporary, "we");
	bool good = file != NULL && json_dumpf(root, file, JSON_COMPACT) == 0 &&
		    fflush(file) == 0 && fsync(fileno(file)) == 0;
	enum err e = ERR_OK;

	if (file != NULL && fclose(file) != 0)
		good = false;
	if (!good || rename(temporary, a->path) != 0)
		e = err_set(info, ERR_IO, "%.200s: %s", a->path, strerror(errno));
	free(temporary);
	json_decref(root);
	return e;
}

/* Of what has ended long ago the oldest are forgotten. */
static void
forget(struct alerts *a)
{
	for (size_t i = 0; json_array_size(a->told) > TOLD_MOST && i < json_array_size(a->told);) {
		if (json_is_true(json_object_get(json_array_get(a->told, i), "ended")))
			json_array_remove(a->told, i);
		else
			i++;
	}
}

/* "security/ddos server {"target":"192.0.2.1"}" */
static char *
key_of(const json_t *finding)
{
	char *subject = json_dumps(
	    json_object_get(finding, "subject"), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	char *key = xasprintf("%s %s %s", text_of(finding, "analysis"), text_of(finding, "kind"),
	    subject != NULL ? subject : "");

	free(subject);
	return key;
}

/* The entry of the same finding: of the same key, with an interval that is not FINDING_GAP away. */
static json_t *
find_told(const struct alerts *a, const char *key, nsec_t begin, nsec_t end)
{
	json_t *entry;
	size_t i;

	json_array_foreach (a->told, i, entry) {
		nsec_t b = json_integer_value(json_object_get(entry, "begin"));
		nsec_t e = json_integer_value(json_object_get(entry, "end"));
		if (strcmp(text_of(entry, "key"), key) == 0 && begin <= e + FINDING_GAP &&
		    end + FINDING_GAP >= b)
			return entry;
	}
	return NULL;
}

/* --- telling ---------------------------------------------------------------------------------- */

/* A finding without what only a review needs, so that a message stays small. */
static json_t *
small(const json_t *finding, const char *id)
{
	json_t *copy = json_deep_copy(finding), *item;
	size_t i;

	json_object_set_new(copy, "id", json_string(id));
	json_array_foreach (json_object_get(copy, "evidence"), i, item)
		(void)json_object_del(json_object_get(item, "decoded"), "hex");
	if (json_dumpb(copy, NULL, 0, JSON_COMPACT) > MESSAGE_MOST)
		json_array_foreach (json_object_get(copy, "evidence"), i, item)
			(void)json_object_del(item, "decoded");
	if (json_dumpb(copy, NULL, 0, JSON_COMPACT) > MESSAGE_MOST)
		json_object_set_new(copy, "evidence", json_array());
	return copy;
}

/* One message about an entry; it has the id that the finding was first told with. */
static enum err
tell(struct alerts *a, const json_t *entry, const char *event, struct err_info *info)
{
	const char *id = text_of(entry, "id"), *site = a->config->site.name;
	char *name = xasprintf("%s-%s", id, event), now[40];
	json_t *message =
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "schema", "yagura.alert/1", "id", name,
		"event", event, "told", clock_format(clock_of(CLOCK_REALTIME), 3, now, sizeof now),
		"site", site != NULL ? site : "", "finding", json_object_get(entry, "finding"));
	enum err e = sender_tell(a->sender, name, message, info);

	json_decref(message);
	free(name);
	return e;
}

static const char *const SEVERITIES[] = { "info", "low", "medium", "high", "critical" };

static size_t
severity_of(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_COUNT(SEVERITIES) && strcmp(SEVERITIES[i], name) != 0)
		i++;
	return i;
}

static bool
is_severe(const struct alerts *a, const json_t *finding)
{
	return severity_of(text_of(finding, "severity")) >=
	       severity_of(settings_text(a->config->alerts, "severity"));
}

/* The entry of a finding learns what is known now. */
static void
renew(json_t *entry, const json_t *finding)
{
	nsec_t begin = time_of(finding, "begin"), end = time_of(finding, "end");

	if (begin < json_integer_value(json_object_get(entry, "begin")))
		json_object_set_new(entry, "begin", json_integer(begin));
	if (end > json_integer_value(json_object_get(entry, "end")))
		json_object_set_new(entry, "end", json_integer(end));
	if (!json_is_true(json_object_get(entry, "ended")))
		json_object_set_new(entry, "finding", small(finding, text_of(entry, "id")));
}

/* One finding of this look. */
static enum err
take(struct alerts *a, const json_t *finding, struct err_info *info)
{
	nsec_t begin = time_of(finding, "begin"), end = time_of(finding, "end");
	char *key = key_of(finding);
	json_t *entry = find_told(a, key, begin, end);
	const char *id = text_of(finding, "id");
	enum err e = ERR_OK;

	if (entry != NULL) {
		renew(entry, finding);
	} else if (is_severe(a, finding)) {
		entry = json_pack("{s:s, s:s, s:I, s:I, s:b, s:o}", "key", key, "id", id, "begin",
		    (json_int_t)begin, "end", (json_int_t)end, "ended", 0, "finding",
		    small(finding, id));
		json_array_append_new(a->told, entry);
		e = tell(a, entry, "begin", info);
	}
	free(key);
	return e;
}

/* Those of which nothing was seen for long have ended. */
static enum err
take_ends(struct alerts *a, nsec_t now, struct err_info *info)
{
	enum err e = ERR_OK;
	json_t *entry;
	size_t i;

	json_array_foreach (a->told, i, entry) {
		nsec_t end = json_integer_value(json_object_get(entry, "end"));
		if (json_is_true(json_object_get(entry, "ended")) || now - end <= FINDING_GAP)
			continue;
		e = tell(a, entry, "end", info);
		if (e != ERR_OK)
			return e;
		json_object_set_new(entry, "ended", json_true());
		(void)json_object_del(entry, "finding");
	}
	return e;
}

/* --- looking ---------------------------------------------------------------------------------- */

/* Whether an analysis got rows in the windows since the last look. */
static bool
has_news(void *context, const struct analysis *analysis)
{
	const struct alerts *a = context;
	struct err_info why;
	struct result *r;
	bool news = false;

	if (strncmp(analysis->name, "traffic/", 8) == 0 ||
	    strncmp(analysis->name, "quality", 7) == 0)
		return false; /* they find nothing */
	for (size_t i = 0; !news && i < analysis->table_count; i++) {
		if (query_run(&a->query, &r, &why,
			"SELECT count(*) AS n FROM %s WHERE window_begin >= %llu AND "
			"window_begin < %llu",
			analysis->tables[i].name, analysis_ms(a->begin),
			analysis_ms(a->end)) != ERR_OK)
			continue;
		news = result_next(r) && result_u64(r, 0) != 0;
		result_free(r);
	}
	return news;
}

static enum err
find_and_tell(struct alerts *a, struct store *store, struct err_info *info)
{
	nsec_t horizon = settings_duration(a->config->alerts, "horizon");
	struct review_options options = { .from = a->begin > horizon ? a->begin - horizon : 0,
		.to = a->end };
	json_t *findings, *finding;
	size_t i;
	enum err e = review_findings(
	    store, a->config, &options, &(struct review_wanted){ has_news, a }, &findings, info);

	if (e != ERR_OK)
		return e;
	json_array_foreach (findings, i, finding) {
		e = take(a, finding, info);
		if (e != ERR_OK)
			break;
	}
	json_decref(findings);
	return e;
}

enum err
alerts_look(struct alerts *a, struct store *store, const struct config *config,
    enum alerts_moment moment, struct err_info *info)
{
	nsec_t now, mono = clock_of(CLOCK_MONOTONIC);
	enum err e = ERR_OK, saved;
	struct err_info why = { .text = "" };

	if (a == NULL)
		return ERR_OK;
	a->config = config;
	if (moment == ALERTS_DURING && a->looked != 0 &&
	    mono - a->looked < settings_duration(config->alerts, "interval"))
		return ERR_OK;
	a->looked = mono;
	a->query = store_query(store);
	if (a->end > a->clock)
		a->clock = a->end;
	if (a->end != 0)
		e = find_and_tell(a, store, info);
	if (e == ERR_OK)
		a->begin = a->end = 0;
	now = a->clock;
	if (moment == ALERTS_AFTER && clock_of(CLOCK_REALTIME) > now)
		now = clock_of(CLOCK_REALTIME);
	if (e == ERR_OK)
		e = take_ends(a, now, info);
	forget(a);
	saved = write_told(a, &why);
	if (e == ERR_OK && saved != ERR_OK)
		*info = why;
	return e == ERR_OK ? saved : e;
}

void
alerts_window(struct alerts *a, const struct window *window)
{
	if (a == NULL)
		return;
	if (a->end == 0 || window->begin < a->begin)
		a->begin = window->begin;
	if (window->end > a->end)
		a->end = window->end;
}

/* --- life ------------------------------------------------------------------------------------- */

static unsigned
milliseconds(const struct config *config, const char *name)
{
	return (unsigned)(settings_duration(config->alerts, name) / NSEC_PER_MS);
}

enum err
alerts_open(const struct config *config, void (*say)(void *context, const char *text),
    void *context, struct alerts **ret_alerts, struct err_info *info)
{
	const struct settings *s = config->alerts;
	const char *directory = settings_text(s, "directory");
	struct sender_options options = { .syslog = settings_text(s, "syslog"),
		.facility = (unsigned)settings_u64(s, "facility"),
		.file = settings_text(s, "file"),
		.socket = settings_text(s, "socket"),
		.webhook = settings_text(s, "webhook"),
		.webhook_header_file = settings_text(s, "webhook_header_file"),
		.webhook_ca = settings_text(s, "webhook_ca"),
		.spool = settings_size(s, "spool"),
		.timeout_ms = milliseconds(config, "timeout"),
		.retry_ms = milliseconds(config, "retry"),
		.retry_most_ms = milliseconds(config, "retry_most"),
		.say = say,
		.context = context };
	struct alerts *a;
	char *path;
	enum err e;

	*ret_alerts = NULL;
	if (!sender_wanted(&options))
		return ERR_OK;
	if (severity_of(settings_text(s, "severity")) == ARRAY_COUNT(SEVERITIES))
		return err_set(info, ERR_CONFIG,
		    "alerts.severity is info, low, medium, high or critical, not \"%.40s\"",
		    settings_text(s, "severity"));
	path = directory[0] != '\0' ? xstrdup(directory)
				    : xasprintf("%s/alerts", settings_text(config->collect.settings,
								 "state_directory"));
	options.directory = path;
	a = xcalloc(1, sizeof *a);
	a->config = config;
	a->path = xasprintf("%s/told.json", path);
	e = sender_start(&options, &a->sender, info);
	free(path);
	if (e == ERR_OK)
		e = read_told(a, info);
	if (e != ERR_OK) {
		alerts_close(a);
		return e;
	}
	*ret_alerts = a;
	return ERR_OK;
}

void
alerts_close(struct alerts *a)
{
	if (a == NULL)
		return;
	sender_stop(a->sender, LINGER_MS);
	json_decref(a->told);
	free(a->path);
	free(a);
}

json_t *
alerts_describe(struct alerts *a)
{
	struct spool_counts counts;
	json_t *entry;
	size_t i, open = 0;

	if (a == NULL)
		return NULL;
	counts = sender_count(a->sender);
	json_array_foreach (a->told, i, entry)
		open += !json_is_true(json_object_get(entry, "ended"));
	return json_pack("{s:I, s:I, s:I}", "waiting", (json_int_t)counts.waiting, "dropped",
	    (json_int_t)counts.dropped, "open", (json_int_t)open);
}
