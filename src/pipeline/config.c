/* SPDX-License-Identifier: ISC */
/*
 * yagura.yaml read into typed settings; see config.h.
 *
 * base/tree.h has parsed the text; here each map is walked against a table of the keys it may
 * have.  The `site:` block is read in config_site.c; printing is in config_print.c.
 */
#include "pipeline/config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/analysis.h"
#include "base/xmalloc.h"
#include "net/subscribers.h"
#include "pipeline/config_reader.h"

#define MAX_KEYS 16

static const struct setting METER_SETTINGS[] = {
	{ "capacity", SETTING_U64, "2097152", "1024", "268435456",
	    "flows held at once; what does not fit is counted as evicted" },
	{ "active_timeout", SETTING_DURATION, "5m", "1s", "1d",
	    "a flow that lasts longer is reported in parts" },
	{ "idle_timeout", SETTING_DURATION, "1m", "1s", "1d", "silence that ends a flow" },
	{ "vlan_key", SETTING_BOOL, "false", NULL, NULL,
	    "whether the outermost VLAN is part of what makes a flow" },
	{ "fragment_capacity", SETTING_U64, "65536", "64", "16777216",
	    "fragmented datagrams followed at once" },
	{ "fragment_timeout", SETTING_DURATION, "1m", "1s", "1h",
	    "how long the fragments of a datagram may take" },
	{ "fragment_memory", SETTING_SIZE, "64MiB", "1MiB", "64GiB",
	    "octets of IP fragments held for reassembly" },
	{ "stream_capacity", SETTING_U64, "262144", "64", "16777216",
	    "TCP connections reassembled at once" },
	{ "stream_idle", SETTING_DURATION, "5m", "1s", "1d",
	    "silence that ends the reassembly of a TCP connection" },
	{ "stream_memory", SETTING_SIZE, "256MiB", "1MiB", "64GiB",
	    "octets of TCP segments held out of order" },
	{ "stream_hold", SETTING_SIZE, "1MiB", "4KiB", "1GiB",
	    "octets held out of order for one direction of a connection" },
};

static const struct setting DNS_SETTINGS[] = {
	{ "ports", SETTING_TEXT, "53", NULL, NULL,
	    "UDP and TCP ports of DNS servers, separated by blanks (at most 16)" },
	{ "query_timeout", SETTING_DURATION, "5s", "100ms", "1m",
	    "a query without an answer for so long is unanswered" },
	{ "skew", SETTING_DURATION, "10ms", "0s", "1s",
	    "how much earlier than its query an answer may stand in the input" },
	{ "transactions", SETTING_U64, "524288", "1024", "67108864",
	    "queries that may wait for their answer at once; what does not fit is counted" },
	{ "stream_memory", SETTING_SIZE, "32MiB", "1MiB", "16GiB",
	    "octets of DNS messages that wait for the rest of them in TCP streams" },
	{ "public_suffixes", SETTING_TEXT, "/usr/share/publicsuffix/public_suffix_list.dat", NULL,
	    NULL, "the public suffix list; without it every TLD counts as one public suffix" },
};

static const struct setting GEOGRAPHY_SETTINGS[] = {
	{ "country_database", SETTING_TEXT, GEO_PACKAGED, NULL, NULL,
	    "MaxMind DB file of countries; packaged is iptoasn-country-mmdb of npm, empty is "
	    "none" },
	{ "country_key", SETTING_TEXT, "country_code", NULL, NULL,
	    "where that file has the ISO 3166 code: country_code, country.iso_code" },
	{ "asn_database", SETTING_TEXT, "", NULL, NULL,
	    "MaxMind DB file of AS numbers; empty is none" },
	{ "asn_key", SETTING_TEXT, "autonomous_system_number", NULL, NULL,
	    "where that file has the number" },
};

static const struct setting RUN_SETTINGS[] = {
	{ "window", SETTING_DURATION, "5m", "1s", "1d", "rows are kept per window of this length" },
	{ "threads", SETTING_U64, "0", "0", "256", "worker threads; 0 takes every core" },
	{ "exports", SETTING_TEXT, "auto", NULL, NULL,
	    "whether captures hold flow exports to be decoded: auto, always, never" },
	{ "default_sampling", SETTING_U64, "0", "0", "4294967295",
	    "one packet in so many, for flow records whose exporter does not say; 0: unknown" },
	{ "force_sampling", SETTING_U64, "0", "0", "4294967295",
	    "one packet in so many, whatever exporters say; 0: believe them" },
	{ "metering", SETTING_TEXT, "auto", NULL, NULL,
	    "which records count where routers meter on ingress and on egress: auto, ingress, "
	    "egress, both" },
	{ "log_year", SETTING_U64, "0", "0", "2261",
	    "the year of the first line of logs whose times have none; 0: the latest that their "
	    "file's last modification leaves" },
	{ "trust_agent", SETTING_BOOL, "false", NULL, NULL,
	    "the exporter is who its messages name (behind a proxy), not who sent them" },
};

static const struct setting STORE_SETTINGS[] = {
	{ "url", SETTING_TEXT, "mem:", NULL, NULL, "mem: or duckdb:DIRECTORY" },
	{ "memory_limit", SETTING_SIZE, "1GiB", "64MiB", "1TiB", "memory of the store's engine" },
	{ "commit_interval", SETTING_DURATION, "1s", "0s", "1h",
	    "ended windows are committed this often; a crash loses at most what came since" },
	{ "retention", SETTING_TEXT, "all", NULL, NULL,
	    "all: nothing is deleted but by the next two; iij: flows are deleted after a day" },
	{ "keep_flows", SETTING_DURATION, "0s", "0s", "36500d",
	    "flows that ended longer than this before the latest records are deleted; 0s: never" },
	{ "dns", SETTING_TEXT, "iij2020", NULL, NULL,
	    "DNS transactions kept one by one: off; iij2020: clients as /22 and /40, for a day; "
	    "full" },
	{ "keep_dns", SETTING_DURATION, "0s", "0s", "36500d",
	    "transactions that began longer than this before the latest records are deleted; 0s: "
	    "never" },
	{ "keep_windows", SETTING_DURATION, "0s", "0s", "36500d",
	    "rows of windows that began longer than this before them are deleted; 0s: never" },
};

static const struct setting ALERTS_SETTINGS[] = {
	{ "severity", SETTING_TEXT, "medium", NULL, NULL,
	    "the least that is told: info, low, medium, high, critical" },
	{ "syslog", SETTING_TEXT, "", NULL, NULL,
	    "RFC 5424 to unix:/dev/log, udp://HOST:514 or tcp://HOST:601 (octet counting)" },
	{ "facility", SETTING_U64, "16", "0", "23", "of syslog; 16 is local0" },
	{ "file", SETTING_TEXT, "", NULL, NULL, "JSON lines are appended to this file" },
	{ "socket", SETTING_TEXT, "", NULL, NULL,
	    "JSON lines go to unix:/PATH, tcp://HOST:PORT or udp://HOST:PORT" },
	{ "webhook", SETTING_TEXT, "", NULL, NULL, "JSON is posted to this URL" },
	{ "webhook_header_file", SETTING_TEXT, "", NULL, NULL,
	    "header lines for it, such as Authorization: Bearer ..." },
	{ "webhook_ca", SETTING_TEXT, "", NULL, NULL,
	    "certificates (PEM) that may sign its; empty: the system's" },
	{ "directory", SETTING_TEXT, "", NULL, NULL,
	    "where messages wait; empty: alerts in collect.state_directory" },
	{ "spool", SETTING_SIZE, "16MiB", "64KiB", "16GiB",
	    "octets that may wait; then the oldest are dropped and counted" },
	{ "timeout", SETTING_DURATION, "10s", "100ms", "10m", "of one delivery" },
	{ "retry", SETTING_DURATION, "1s", "10ms", "1h",
	    "pause after a failure, doubled each time" },
	{ "retry_most", SETTING_DURATION, "5m", "10ms", "1d", "up to this" },
	{ "interval", SETTING_DURATION, "10s", "0s", "1h",
	    "findings are looked for no more often than this while inputs come" },
	{ "horizon", SETTING_DURATION, "3h", "10m", "30d",
	    "how far back findings are made from the rows of windows" },
};

static const struct setting PUBLISH_SETTINGS[] = {
	{ "key_file", SETTING_TEXT, "", NULL, NULL,
	    "64 hexadecimal digits, the key of anonymised addresses (made when missing); without a "
	    "file every review has its own" },
};

/* The key of an analysis' block that every analysis has. */
static const struct setting SWITCH_SETTINGS[] = {
	{ "enabled", SETTING_BOOL, "true", NULL, NULL, "whether the analysis runs" },
};

static enum err read_settings(struct config_reader *r, const struct tree *map, void *target);
static enum err read_analyses(struct config_reader *r, const struct tree *value, void *target);

void
config_init(struct config *config)
{
	*config = (struct config){ 0 };
	site_init(&config->site);
	config->meter = settings_new(METER_SETTINGS, CONFIG_COUNT(METER_SETTINGS));
	config->dns = settings_new(DNS_SETTINGS, CONFIG_COUNT(DNS_SETTINGS));
	config->geography = settings_new(GEOGRAPHY_SETTINGS, CONFIG_COUNT(GEOGRAPHY_SETTINGS));
	config->run = settings_new(RUN_SETTINGS, CONFIG_COUNT(RUN_SETTINGS));
	config->store = settings_new(STORE_SETTINGS, CONFIG_COUNT(STORE_SETTINGS));
	config_collect_init(&config->collect);
	config->alerts = settings_new(ALERTS_SETTINGS, CONFIG_COUNT(ALERTS_SETTINGS));
	config->publish = settings_new(PUBLISH_SETTINGS, CONFIG_COUNT(PUBLISH_SETTINGS));
	while (ANALYSES[config->analysis_count] != NULL)
		config->analysis_count++;
	config->analyses = xcalloc(config->analysis_count + 1, sizeof(struct settings *));
	config->enabled = xcalloc(config->analysis_count + 1, sizeof *config->enabled);
	for (size_t i = 0; i < config->analysis_count; i++) {
		config->analyses[i] =
		    settings_new(ANALYSES[i]->settings, ANALYSES[i]->setting_count);
		config->enabled[i] = true;
	}
}

void
config_release(struct config *config)
{
	site_release(&config->site);
	settings_free(config->meter);
	settings_free(config->dns);
	suffix_list_free(config->suffixes);
	settings_free(config->geography);
	geo_close(config->countries);
	geo_close(config->systems);
	settings_free(config->run);
	settings_free(config->store);
	config_collect_release(&config->collect);
	settings_free(config->alerts);
	settings_free(config->publish);
	for (size_t i = 0; i < config->analysis_count; i++)
		settings_free(config->analyses[i]);
	free(config->analyses);
	free(config->enabled);
	*config = (struct config){ 0 };
}

enum err
config_parse(
    const char *data, size_t size, const char *name, struct config *config, struct err_info *info)
{
	static const struct config_key keys[] = {
		{ "site", config_read_site, offsetof(struct config, site), false },
		{ "meter", read_settings, offsetof(struct config, meter), false },
		{ "dns", read_settings, offsetof(struct config, dns), false },
		{ "geography", read_settings, offsetof(struct config, geography), false },
		{ "run", read_settings, offsetof(struct config, run), false },
		{ "store", read_settings, offsetof(struct config, store), false },
		{ "collect", config_read_collect, offsetof(struct config, collect), false },
		{ "alerts", read_settings, offsetof(struct config, alerts), false },
		{ "publish", read_settings, offsetof(struct config, publish), false },
		{ "analyses", read_analyses, 0, false },
	};
	struct config_reader r = { .name = name, .info = info };
	struct tree *root;
	enum err e;

	if (size > CONFIG_MAX_SIZE)
		return err_set(info, ERR_LIMIT, "%.200s: larger than 1 MiB", name);
	e = tree_parse(data, size, name, &root, info);
	if (e != ERR_OK)
		return e;
	e = config_read_keys(&r, root, keys, CONFIG_COUNT(keys), config);
	tree_free(root);
	return e;
}

/* Reads the file, and one octet more than is allowed if there is one. */
static enum err
load(const char *path, char *data, size_t *ret_size, struct err_info *info)
{
	FILE *file = fopen(path, "re");
	enum err e = ERR_OK;

	if (file == NULL)
		return err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	*ret_size = fread(data, 1, CONFIG_MAX_SIZE + 1, file);
	if (ferror(file))
		e = err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	(void)fclose(file);
	return e;
}

enum err
config_read(const char *path, struct config *config, struct err_info *info)
{
	char *data = xmalloc(CONFIG_MAX_SIZE + 1);
	size_t size = 0;
	enum err e = load(path, data, &size, info);

	if (e == ERR_OK)
		e = config_parse(data, size, path, config, info);
	free(data);
	return e == ERR_OK ? config_open_lists(config, info) : e;
}

/* The public suffix list; where its package is not installed there is none. */
static enum err
open_suffixes(struct config *config, struct err_info *info)
{
	const char *path = settings_text(config->dns, "public_suffixes");
	size_t count;
	const struct setting *declared = settings_declared(config->dns, &count);
	bool chosen = true;

	for (size_t i = 0; i < count; i++)
		if (strcmp(declared[i].name, "public_suffixes") == 0)
			chosen = strcmp(declared[i].initial, path) != 0;
	if (config->suffixes != NULL || path[0] == '\0' || (!chosen && access(path, R_OK) != 0))
		return ERR_OK;
	return suffix_list_read(path, &config->suffixes, info);
}

/* A database is opened once; the packaged one may be absent. */
static enum err
open_database(const char *path, const char *key, struct geo **geo, struct err_info *info)
{
	char packaged[PATH_MAX];

	if (strcmp(path, GEO_PACKAGED) == 0)
		path = geo_find_packaged(packaged, sizeof packaged) ? packaged : "";
	return *geo == NULL && path[0] != '\0' ? geo_open(path, key, geo, info) : ERR_OK;
}

static enum err
open_geography(struct config *config, struct err_info *info)
{
	const struct settings *g = config->geography;
	enum err e = open_database(settings_text(g, "country_database"),
	    settings_text(g, "country_key"), &config->countries, info);

	if (e != ERR_OK)
		return e;
	return open_database(
	    settings_text(g, "asn_database"), settings_text(g, "asn_key"), &config->systems, info);
}

enum err
config_open_lists(struct config *config, struct err_info *info)
{
	struct site *site = &config->site;
	enum err e = open_suffixes(config, info);

	if (e == ERR_OK)
		e = open_geography(config, info);
	if (e != ERR_OK)
		return e;
	if (site->subscribers != NULL || (!site->lists.given && site->pool_count == 0))
		return ERR_OK;
	return subscribers_open(site, &site->subscribers, info);
}

enum err
config_require(
    struct config_reader *r, const struct tree *node, enum tree_kind kind, const char *what)
{
	if (node->kind == kind)
		return ERR_OK;
	return tree_refuse(r->info, ERR_CONFIG, r->name, node->at, "%s is expected here", what);
}

enum err
config_require_map(struct config_reader *r, const struct tree *node)
{
	if (node->kind == TREE_EMPTY)
		return ERR_OK;
	return config_require(r, node, TREE_MAP, "a block of settings");
}

static enum err
refuse_key(struct config_reader *r, const struct tree *value, const char *what,
    const char *const *names, size_t count)
{
	const char *near = settings_nearest(value->key, names, count);

	if (near != NULL)
		return tree_refuse(r->info, ERR_CONFIG, r->name, value->key_at,
		    "unknown %s \"%.60s\" (did you mean \"%s\"?)", what, value->key, near);
	return tree_refuse(
	    r->info, ERR_CONFIG, r->name, value->key_at, "unknown %s \"%.60s\"", what, value->key);
}

/* Finds a key's place among `names`, each of which may come once. */
static enum err
match_key(struct config_reader *r, const struct tree *value, const char *what,
    const char *const *names, bool *seen, size_t *ret_index)
{
	size_t i = 0;

	while (names[i] != NULL && strcmp(names[i], value->key) != 0)
		i++;
	if (names[i] == NULL)
		return refuse_key(r, value, what, names, i);
	if (seen[i])
		return tree_refuse(
		    r->info, ERR_CONFIG, r->name, value->key_at, "\"%s\" is given twice", names[i]);
	seen[i] = true;
	*ret_index = i;
	return ERR_OK;
}

enum err
config_read_keys(struct config_reader *r, const struct tree *map, const struct config_key *keys,
    size_t count, void *target)
{
	const char *names[MAX_KEYS + 1] = { NULL };
	bool seen[MAX_KEYS] = { false };
	enum err e = config_require_map(r, map);

	for (size_t i = 0; i < count; i++)
		names[i] = keys[i].name;
	for (const struct tree *t = map->first; e == ERR_OK && t != NULL; t = t->next) {
		size_t i = 0;
		e = match_key(r, t, "setting", names, seen, &i);
		if (e == ERR_OK)
			e = keys[i].read(r, t, (char *)target + keys[i].offset);
	}
	for (size_t i = 0; e == ERR_OK && i < count; i++)
		if (keys[i].required && !seen[i])
			e = tree_refuse(r->info, ERR_CONFIG, r->name, map->at,
			    "\"%s\" is missing here", names[i]);
	return e;
}

/* settings_set has the words, the place is added here. */
enum err
config_read_setting(struct config_reader *r, const struct tree *value, void *target)
{
	struct settings **settings = target;
	struct err_info why = { 0 };
	enum err e = config_require(r, value, TREE_SCALAR, "a value");

	if (e != ERR_OK)
		return e;
	e = settings_set(*settings, value->key, value->text, &why);
	if (e != ERR_OK)
		return tree_refuse(r->info, e, r->name, value->at, "%s", why.text);
	return ERR_OK;
}

/* Reads a map of declared settings, and of those in `more` (which may be NULL). */
static enum err
read_declared(struct config_reader *r, const struct tree *map, struct settings *settings,
    struct settings *more)
{
	size_t count, more_count = 0, i;
	const struct setting *declared = settings_declared(settings, &count);
	const struct setting *also = more != NULL ? settings_declared(more, &more_count) : NULL;
	const char **names = xcalloc(count + more_count + 1, sizeof *names);
	bool *seen = xcalloc(count + more_count + 1, sizeof *seen);
	enum err e = config_require_map(r, map);

	for (i = 0; i < count + more_count; i++)
		names[i] = i < count ? declared[i].name : also[i - count].name;
	for (const struct tree *t = map->first; e == ERR_OK && t != NULL; t = t->next) {
		e = match_key(r, t, "setting", names, seen, &i);
		if (e == ERR_OK)
			e = config_read_setting(r, t, i < count ? &settings : &more);
	}
	free(names);
	free(seen);
	return e;
}

static enum err
read_settings(struct config_reader *r, const struct tree *map, void *target)
{
	struct settings **settings = target;

	return read_declared(r, map, *settings, NULL);
}

static enum err
read_analysis(struct config_reader *r, const struct tree *map, struct config *config, size_t index)
{
	struct settings *switches = settings_new(SWITCH_SETTINGS, CONFIG_COUNT(SWITCH_SETTINGS));
	enum err e = read_declared(r, map, config->analyses[index], switches);

	config->enabled[index] = settings_bool(switches, "enabled");
	settings_free(switches);
	return e;
}

static enum err
read_analyses(struct config_reader *r, const struct tree *value, void *target)
{
	struct config *config = target;
	const char **names = xcalloc(config->analysis_count + 1, sizeof *names);
	bool *seen = xcalloc(config->analysis_count + 1, sizeof *seen);
	enum err e = config_require_map(r, value);

	for (size_t i = 0; i < config->analysis_count; i++)
		names[i] = ANALYSES[i]->name;
	for (const struct tree *t = value->first; e == ERR_OK && t != NULL; t = t->next) {
		size_t i = 0;
		e = match_key(r, t, "analysis", names, seen, &i);
		if (e == ERR_OK)
			e = read_analysis(r, t, config, i);
	}
	free(names);
	free(seen);
	return e;
}
