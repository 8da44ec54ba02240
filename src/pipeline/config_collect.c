/* SPDX-License-Identifier: ISC */
/* The `collect:` block of yagura.yaml; see config.h and source/live.h. */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "pipeline/config_reader.h"

static const struct setting COLLECT_SETTINGS[] = {
	{ "workers", SETTING_U64, "1", "1", "16",
	    "sockets and receiving threads of each UDP listener; exporters are spread over them" },
	{ "receive_buffer", SETTING_SIZE, "32MiB", "64KiB", "1GiB",
	    "octets to ask the kernel for, for each socket; `yagura status` shows what it gave" },
	{ "queue", SETTING_SIZE, "256MiB", "1MiB", "64GiB",
	    "octets of messages that may wait for the analyses, over all listeners" },
	{ "connections", SETTING_U64, "256", "1", "65536", "connections of a TCP listener" },
	{ "idle_time", SETTING_DURATION, "1h", "1s", "7d",
	    "an IPFIX connection without a message for so long is closed" },
	{ "open_sockets", SETTING_BOOL, "false", NULL, NULL,
	    "whether everybody may connect to unix sockets, not only the user and group" },
	{ "keep_flows", SETTING_BOOL, "true", NULL, NULL,
	    "whether every flow record goes into the store, not only the analyses' rows" },
	{ "user", SETTING_TEXT, "", NULL, NULL,
	    "who to become once the listeners are bound; needed when started as root" },
	{ "group", SETTING_TEXT, "", NULL, NULL, "the group; by default that of the user" },
	{ "state_directory", SETTING_TEXT, "/var/lib/yagura", NULL, NULL,
	    "where templates and sequence positions are kept across restarts" },
	{ "control_socket", SETTING_TEXT, "", NULL, NULL,
	    "where `yagura status` asks; by default control.sock in the state directory" },
	{ "memory_cap", SETTING_SIZE, "0B", NULL, "16TiB",
	    "octets of memory that the collector may take; 0: no cap" },
};

void
config_collect_init(struct config_collect *collect)
{
	collect->settings = settings_new(COLLECT_SETTINGS, CONFIG_COUNT(COLLECT_SETTINGS));
}

void
config_collect_release(struct config_collect *collect)
{
	free(collect->listeners);
	free(collect->exporters);
	settings_free(collect->settings);
	*collect = (struct config_collect){ 0 };
}

/* A listener as it is read, with whichever key comes first. */
struct listener_read {
	struct live_listener listener;
	bool has_protocol;
	enum live_protocol protocol;
};

static enum err
read_listen(struct config_reader *r, const struct tree *value, void *target)
{
	struct listener_read *read = target;
	struct err_info why = { 0 };
	enum err e = config_require(r, value, TREE_SCALAR, "an address and port");

	if (e != ERR_OK)
		return e;
	if (live_listener_parse(value->text, &read->listener, &why) != ERR_OK)
		return tree_refuse(r->info, ERR_CONFIG, r->name, value->at, "%s", why.text);
	return ERR_OK;
}

static enum err
read_protocol(struct config_reader *r, const struct tree *value, void *target)
{
	static const struct {
		const char *name;
		enum live_protocol protocol;
	} PROTOCOLS[] = { { "any", LIVE_UDP }, { "ipfix-tcp", LIVE_IPFIX_TCP },
		{ "dnstap", LIVE_DNSTAP } };
	struct listener_read *read = target;
	enum err e = config_require(r, value, TREE_SCALAR, "a protocol");

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < CONFIG_COUNT(PROTOCOLS); i++) {
		if (strcmp(value->text, PROTOCOLS[i].name) != 0)
			continue;
		read->has_protocol = true;
		read->protocol = PROTOCOLS[i].protocol;
		return ERR_OK;
	}
	return tree_refuse(r->info, ERR_CONFIG, r->name, value->at,
	    "\"protocol\" is any (NetFlow, IPFIX and sFlow over UDP), ipfix-tcp or dnstap, not "
	    "\"%.60s\"",
	    value->text);
}

/* A map, or its address and port (or unix socket) alone. */
static enum err
read_listener(struct config_reader *r, const struct tree *value, void *target)
{
	static const struct config_key keys[] = {
		{ "listen", read_listen, 0, true },
		{ "protocol", read_protocol, 0, false },
	};
	struct listener_read read = { 0 };
	struct live_listener *listener = target;
	enum err e = value->kind == TREE_SCALAR
			 ? read_listen(r, value, &read)
			 : config_read_keys(r, value, keys, CONFIG_COUNT(keys), &read);

	if (e == ERR_OK && read.has_protocol && read.listener.stream &&
	    read.protocol != LIVE_DNSTAP)
		return tree_refuse(r->info, ERR_CONFIG, r->name, value->at,
		    "unix: and tcp:// are for the protocol dnstap");
	if (e != ERR_OK)
		return e;
	*listener = read.listener;
	if (read.has_protocol)
		listener->protocol = read.protocol;
	return ERR_OK;
}

static enum err
read_listeners(struct config_reader *r, const struct tree *value, void *target)
{
	struct config_collect *collect = target;
	void *array = NULL;
	enum err e = config_read_list(r, value, sizeof(struct live_listener), read_listener,
	    &collect->listener_count, &array);

	free(collect->listeners);
	collect->listeners = array;
	if (e == ERR_OK && collect->listener_count > LIVE_LISTENERS)
		e = tree_refuse(r->info, ERR_LIMIT, r->name, value->at, "more than %d listeners",
		    LIVE_LISTENERS);
	return e;
}

static enum err
read_exporters(struct config_reader *r, const struct tree *value, void *target)
{
	struct config_collect *collect = target;
	void *array = NULL;
	enum err e = config_read_list(
	    r, value, sizeof(struct prefix), config_read_prefix, &collect->exporter_count, &array);

	free(collect->exporters);
	collect->exporters = array;
	return e;
}

enum err
config_read_collect(struct config_reader *r, const struct tree *value, void *target)
{
	struct config_key keys[2 + CONFIG_COUNT(COLLECT_SETTINGS)] = {
		{ "listeners", read_listeners, 0, false },
		{ "exporters", read_exporters, 0, false },
	};
	struct config_collect *collect = target;

	for (size_t i = 0; i < CONFIG_COUNT(COLLECT_SETTINGS); i++)
		keys[2 + i] = (struct config_key){ COLLECT_SETTINGS[i].name, config_read_setting,
			offsetof(struct config_collect, settings), false };
	collect->listener_count = 0;
	collect->exporter_count = 0;
	return config_read_keys(r, value, keys, CONFIG_COUNT(keys), target);
}
