/* SPDX-License-Identifier: ISC */
/* yagura status: what the running collector sees, for people or (--json) for machines. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "cmd/common.h"
#include "pipeline/collect.h"

#define DEFAULT_PATH "yagura.yaml"

static const struct opt OPTIONS[] = {
	{ "config", 'c', "FILE", "the collector's configuration (default: yagura.yaml)" },
	{ "socket", 's', "PATH", "the collector's control socket, instead of a configuration" },
	{ "json", 0, NULL, "the whole status as JSON" },
	OPT_END,
};

static const char *
text_of(const json_t *from, const char *name)
{
	const char *text = json_string_value(json_object_get(from, name));

	return text != NULL ? text : "-";
}

static double
number_of(const json_t *from, const char *name)
{
	return json_number_value(json_object_get(from, name));
}

static long long
count_of(const json_t *from, const char *name)
{
	return (long long)json_integer_value(json_object_get(from, name));
}

static void
print_head(const json_t *status)
{
	const json_t *window = json_object_get(status, "window");
	const json_t *memory = json_object_get(status, "memory");

	(void)printf("collector       pid %lld, version %s, since %s (%.0f s)\n",
	    count_of(status, "pid"), text_of(status, "version"), text_of(status, "started"),
	    number_of(status, "uptime_seconds"));
	(void)printf("windows         %lld committed, the last one of %s in %.3f s\n",
	    count_of(window, "committed"), text_of(window, "last_begin"),
	    number_of(window, "commit_seconds"));
	(void)printf("open window     %lld messages; the store is %.1f s behind\n",
	    count_of(window, "open_messages"), number_of(status, "store_lag_seconds"));
	(void)printf("memory          %.0f MiB resident; queue at most %.0f, store at most %.0f, "
		     "cap %.0f MiB\n",
	    number_of(memory, "resident") / 1048576, number_of(memory, "queue_most") / 1048576,
	    number_of(memory, "store_most") / 1048576, number_of(memory, "cap") / 1048576);
}

static void
print_listeners(const json_t *status)
{
	const json_t *one;
	size_t i;

	(void)printf("\n%-28s %-9s %12s %14s %9s %9s %9s %11s %6s\n", "listener", "protocol",
	    "received", "octets", "kernel", "queue", "refused", "buffer", "queued");
	json_array_foreach (json_object_get(status, "listeners"), i, one) {
		double size = number_of(one, "queue_size");

		(void)printf("%-28s %-9s %12lld %14lld %9lld %9lld %9lld %7lld KiB %5.1f%%%s\n",
		    text_of(one, "listen"), text_of(one, "protocol"), count_of(one, "received"),
		    count_of(one, "octets"), count_of(one, "kernel_drops"),
		    count_of(one, "queue_drops"), count_of(one, "refused"),
		    count_of(one, "receive_buffer") >> 10,
		    size > 0 ? 100 * number_of(one, "queue_used") / size : 0.0,
		    json_is_true(json_object_get(one, "open")) ? "" : " (closed)");
		if (count_of(one, "refused") != 0)
			(void)printf("%-28s the last exporter refused was %s (collect.exporters)\n",
			    "", text_of(one, "refused_last"));
		if (strcmp(text_of(one, "protocol"), "any") != 0)
			(void)printf("%-28s %lld connections, %lld opened, %lld turned away, %lld "
				     "too slow, %lld malformed\n",
			    "", count_of(one, "connections"), count_of(one, "connections_opened"),
			    count_of(one, "connections_turned_away"),
			    count_of(one, "connections_timed_out"), count_of(one, "malformed"));
	}
}

static void
print_producers(const json_t *status)
{
	const json_t *one;
	size_t i;

	if (json_array_size(json_object_get(status, "producers")) != 0)
		(void)printf("\n%-40s %-24s %12s %12s %-24s %9s\n", "dnstap producer", "version",
		    "frames", "messages", "last frame", "delay");
	json_array_foreach (json_object_get(status, "producers"), i, one)
		(void)printf("%-40s %-24s %12lld %12lld %-24s %7.3f s\n", text_of(one, "producer"),
		    text_of(one, "version"), count_of(one, "frames"), count_of(one, "messages"),
		    text_of(one, "last"), number_of(one, "delay_seconds"));
}

static void
print_sampling(const json_t *exporter)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(exporter, "sampling"), i, one) {
		if (count_of(one, "rate") == 0)
			(void)printf("%sunknown", i > 0 ? ", " : "");
		else
			(void)printf("%s1/%lld (%s)", i > 0 ? ", " : "", count_of(one, "rate"),
			    text_of(one, "source"));
	}
	(void)putchar('\n');
}

static void
print_exporters(const json_t *status)
{
	const json_t *one;
	size_t i;

	(void)printf("\n%-40s %10s %-8s %12s %10s %10s %12s %8s %9s  %s\n", "exporter", "domain",
	    "protocol", "records", "per s", "lost", "expected", "no templ", "malformed",
	    "sampling");
	json_array_foreach (json_object_get(status, "exporters"), i, one) {
		(void)printf("%-40s %10lld %-8s %12lld %10.1f %10lld %12lld %8lld %9lld  ",
		    text_of(one, "exporter"), count_of(one, "domain"), text_of(one, "protocol"),
		    count_of(one, "records"), number_of(one, "records_per_second"),
		    count_of(one, "lost"), count_of(one, "expected"),
		    count_of(one, "no_template_lost"), count_of(one, "malformed"));
		print_sampling(one);
	}
}

static void
print_drops(const json_t *status)
{
	const json_t *drops = json_object_get(status, "drops");
	const char *name;
	const json_t *value;

	if (json_object_size(drops) != 0)
		(void)printf("\ncounters since the start\n");
	json_object_foreach ((json_t *)drops, name, value)
		(void)printf("  %-28s %12lld\n", name, (long long)json_integer_value(value));
}

static int
print_text(const char *text)
{
	json_t *status = json_loads(text, 0, NULL);

	if (!json_is_object(status)) {
		json_decref(status);
		return common_fail("status", EXIT_FAILED, "the collector's answer is no JSON");
	}
	print_head(status);
	print_listeners(status);
	print_producers(status);
	print_exporters(status);
	print_drops(status);
	json_decref(status);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* Where to ask: --socket, or what the configuration says. */
static enum err
find_socket(const struct opt_values *values, char **ret_path, struct err_info *info)
{
	const char *path = opt_value(values, "config");
	const char *given = opt_value(values, "socket");
	struct config config;
	enum err e;

	if (given != NULL) {
		*ret_path = xstrdup(given);
		return ERR_OK;
	}
	config_init(&config);
	e = config_read(path != NULL ? path : DEFAULT_PATH, &config, info);
	if (e == ERR_OK)
		*ret_path = collect_socket_path(&config);
	config_release(&config);
	return e;
}

static int
run(const struct opt_values *values)
{
	struct err_info why = { .text = "" };
	char *path = NULL, *text = NULL;
	int status = EXIT_DONE;
	enum err e;

	if (values->operand_count != 0)
		return common_fail("status", EXIT_USAGE, "it takes no operand");
	e = find_socket(values, &path, &why);
	if (e == ERR_OK)
		e = collect_ask(path, &text, &why);
	free(path);
	if (e != ERR_OK)
		return common_fail("status", EXIT_FAILED, why.text);
	if (opt_given(values, "json"))
		status = fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
	else
		status = print_text(text);
	free(text);
	return status;
}

const struct command command_status = {
	.name = "status",
	.summary = "what the running collector sees: listeners, exporters, losses",
	.operands = "",
	.options = OPTIONS,
	.run = run,
};
