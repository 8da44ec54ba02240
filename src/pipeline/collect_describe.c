/* SPDX-License-Identifier: ISC */
/* The status document of a running collector; doc/design/collect.md lists its fields. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "pipeline/collect_internal.h"

static void
set_number(json_t *into, const char *name, uint64_t value)
{
	(void)json_object_set_new(into, name, json_integer((json_int_t)value));
}

static json_t *
describe_listener(const struct live_statistics *s)
{
	json_t *one = json_object();
	struct address none = { .words = { 0, 0 } };
	char text[LIVE_LISTENER_TEXT_SIZE];
	static const char *const PROTOCOLS[] = {
		[LIVE_UDP] = "any", [LIVE_IPFIX_TCP] = "ipfix-tcp", [LIVE_DNSTAP] = "dnstap"
	};

	(void)json_object_set_new(
	    one, "listen", json_string(live_listener_format(&s->listener, text)));
	(void)json_object_set_new(one, "protocol", json_string(PROTOCOLS[s->listener.protocol]));
	(void)json_object_set_new(one, "open", json_boolean(s->open));
	set_number(one, "workers", s->workers);
	set_number(one, "received", s->received);
	set_number(one, "octets", s->octets);
	set_number(one, "kernel_drops", s->kernel_drops);
	set_number(one, "queue_drops", s->queue_drops);
	set_number(one, "refused", s->refused);
	(void)json_object_set_new(one, "refused_last",
	    address_equal(&s->refused_last, &none)
		? json_null()
		: json_string(address_format(&s->refused_last, text)));
	set_number(one, "malformed", s->malformed);
	set_number(one, "connections", s->connections);
	set_number(one, "connections_opened", s->opened);
	set_number(one, "connections_turned_away", s->turned_away);
	set_number(one, "connections_timed_out", s->timed_out);
	set_number(one, "receive_buffer", s->receive_buffer);
	set_number(one, "queue_used", s->queue_used);
	set_number(one, "queue_size", s->queue_size);
	return one;
}

static void
describe_listeners(struct collect *collect, json_t *into)
{
	struct live_statistics all[LIVE_LISTENERS * 2];
	size_t room = sizeof all / sizeof all[0];
	size_t count = source_live_statistics(collect->source, all, room);
	json_t *listeners = json_array();

	for (size_t i = 0; i < count && i < room; i++)
		(void)json_array_append_new(listeners, describe_listener(&all[i]));
	(void)json_object_set_new(into, "listeners", listeners);
}

static json_t *
describe_producer(const struct live_producer *p)
{
	json_t *one = json_object();
	char text[40];

	(void)json_object_set_new(one, "producer", json_string(p->identity));
	(void)json_object_set_new(one, "version", json_string(p->version));
	set_number(one, "number", p->number);
	set_number(one, "frames", p->frames);
	set_number(one, "messages", p->messages);
	(void)json_object_set_new(
	    one, "first", json_string(clock_format(p->first, 3, text, sizeof text)));
	(void)json_object_set_new(
	    one, "last", json_string(clock_format(p->last, 3, text, sizeof text)));
	(void)json_object_set_new(one, "delay_seconds", json_real((double)p->delay / 1e9));
	return one;
}

/* Who sends dnstap. */
static void
describe_producers(struct collect *collect, json_t *into)
{
	struct live_producer *all = xcalloc(LIVE_PRODUCERS, sizeof *all);
	size_t count = source_live_producers(collect->source, all, LIVE_PRODUCERS);
	json_t *producers = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(producers, describe_producer(&all[i]));
	(void)json_object_set_new(into, "producers", producers);
	free(all);
}

/* Octets by owner; what is not known by name is "other". */
static void
describe_memory(struct collect *collect, json_t *into)
{
	const struct config *config = collect->config;
	json_t *memory = json_object();
	uint64_t resident, data;

	memory_used(&resident, &data);
	set_number(memory, "resident", resident);
	set_number(memory, "data", data);
	set_number(memory, "cap", settings_size(config->collect.settings, "memory_cap"));
	set_number(memory, "queue_most", settings_size(config->collect.settings, "queue"));
	set_number(memory, "store_most", settings_size(config->store, "memory_limit"));
	(void)json_object_set_new(into, "memory", memory);
}

json_t *
collect_describe(struct collect *collect)
{
	json_t *status = json_object();
	struct timespec now;
	nsec_t time, committed = atomic_load(&collect->committed);
	char text[40];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	time = (nsec_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
	(void)json_object_set_new(status, "schema", json_string("yagura.status/1"));
	(void)json_object_set_new(status, "version", json_string(YAGURA_VERSION));
	set_number(status, "pid", (uint64_t)getpid());
	set_number(status, "user", (uint64_t)geteuid());
	(void)json_object_set_new(
	    status, "started", json_string(clock_format(collect->started, 0, text, sizeof text)));
	(void)json_object_set_new(
	    status, "now", json_string(clock_format(time, 3, text, sizeof text)));
	(void)json_object_set_new(
	    status, "uptime_seconds", json_real((double)(time - collect->started) / 1e9));
	/* How long ago ended what is in the store. */
	(void)json_object_set_new(status, "store_lag_seconds",
	    committed == 0 ? json_null() : json_real((double)(time - committed) / 1e9));
	describe_listeners(collect, status);
	describe_producers(collect, status);
	board_describe(&collect->board, status);
	(void)pthread_mutex_lock(&collect->mutex);
	describe_memory(collect, status);
	if (collect->alerts != NULL)
		(void)json_object_set_new(status, "alerts", alerts_describe(collect->alerts));
	(void)pthread_mutex_unlock(&collect->mutex);
	return status;
}
