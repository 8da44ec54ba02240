/* SPDX-License-Identifier: ISC */
/* yagura simulate: makes traffic whose every figure is known. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "cmd/command.h"
#include "simulate/scenario.h"
#include "simulate/simulation.h"

static const struct opt OPTIONS[] = {
	{ "output", 'o', "FILE", "write the capture here (- is standard output)" },
	{ "truth", 't', "FILE", "write the truth here, as JSON" },
	{ "seed", 's', "N", "the same seed and settings give the same octets (default 1)" },
	{ "format", 'f', "FORMAT",
	    "pcapng, pcap or pcap-ns (default by FILE's name, else pcapng)" },
	{ "start", 0, "TIME", "the setting of that name: 2026-01-05T00:00:00Z" },
	{ "duration", 0, "TIME", "the setting of that name: 24h" },
	{ "rate", 0, "N", "the setting of that name: sessions a second" },
	{ "hosts", 0, "N", "the setting of that name: how many computers" },
	{ "set", 0, "NAME=VALUE", "any setting of the scenario" },
	{ "list", 'l', NULL, "list the scenarios and their settings" },
	{ NULL, 0, NULL, NULL },
};

/* Options that are settings under their own name. */
static const char *const SHORT_CUTS[] = { "start", "duration", "rate", "hosts" };

struct request {
	const struct scenario *scenario;
	struct settings *settings; /* owned */
	uint64_t seed;
	const char *output, *truth;
	enum capture_format format;
};

static void
list_scenarios(FILE *out)
{
	for (const struct scenario *const *s = SCENARIOS; *s != NULL; s++) {
		(void)fprintf(out, "%s\n    %s\n", (*s)->name, (*s)->summary);
		for (size_t i = 0; i < (*s)->setting_count; i++)
			(void)fprintf(out, "    %s (default %s): %s\n", (*s)->settings[i].name,
			    (*s)->settings[i].initial, (*s)->settings[i].help);
	}
}

/* The scenario asked for, or NULL with the reason in `info`. */
static const struct scenario *
find_scenario(const struct opt_values *values, struct err_info *info)
{
	const char *names[64];
	const char *near;
	size_t count = 0;

	if (values->operand_count != 1) {
		(void)err_set(info, ERR_USAGE, "one scenario is needed; --list shows them");
		return NULL;
	}
	for (const struct scenario *const *s = SCENARIOS; *s != NULL; s++) {
		if (strcmp((*s)->name, values->operands[0]) == 0)
			return *s;
		if (count < sizeof names / sizeof names[0])
			names[count++] = (*s)->name;
	}
	near = settings_nearest(values->operands[0], names, count);
	(void)err_set(info, ERR_USAGE, "there is no scenario \"%.60s\"%s%s%s; --list shows them",
	    values->operands[0], near != NULL ? " (did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"?)" : "");
	return NULL;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static enum err
read_format(const char *name, struct request *request, struct err_info *info)
{
	static const struct {
		const char *name;
		enum capture_format format;
	} formats[] = {
		{ "pcapng", CAPTURE_PCAPNG },
		{ "pcap", CAPTURE_PCAP },
		{ "pcap-ns", CAPTURE_PCAP_NSEC },
	};

	if (name == NULL)
		name = ends_with(request->output, ".pcap") ? "pcap" : "pcapng";
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (strcmp(formats[i].name, name) == 0) {
			request->format = formats[i].format;
			return ERR_OK;
		}
	return err_set(info, ERR_USAGE, "--format is pcapng, pcap or pcap-ns, not %.60s", name);
}

static enum err
read_seed(const char *text, struct request *request, struct err_info *info)
{
	char *end;

	errno = 0;
	request->seed = text != NULL ? strtoull(text, &end, 10) : 1;
	if (text != NULL && (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0))
		return err_set(info, ERR_USAGE, "--seed is a whole number, not %.60s", text);
	return ERR_OK;
}

static enum err
apply_settings(const struct opt_values *values, struct settings *settings, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < sizeof SHORT_CUTS / sizeof SHORT_CUTS[0]; i++)
		if (opt_given(values, SHORT_CUTS[i]))
			e = settings_set(
			    settings, SHORT_CUTS[i], opt_value(values, SHORT_CUTS[i]), info);
	for (size_t i = 0; e == ERR_OK && opt_each(values, "set", i) != NULL; i++) {
		char *name = xstrdup(opt_each(values, "set", i));
		char *equals = strchr(name, '=');
		if (equals == NULL) {
			e = err_set(info, ERR_USAGE, "--set is NAME=VALUE, not %.60s", name);
		} else {
			*equals = '\0';
			e = settings_set(settings, name, equals + 1, info);
		}
		free(name);
	}
	return e;
}

static enum err
read_request(const struct opt_values *values, struct request *request, struct err_info *info)
{
	enum err e;

	request->scenario = find_scenario(values, info);
	if (request->scenario == NULL)
		return ERR_USAGE;
	request->output = opt_value(values, "output");
	request->truth = opt_value(values, "truth");
	if (request->output == NULL)
		return err_set(info, ERR_USAGE, "--output FILE is needed");
	request->settings =
	    settings_new(request->scenario->settings, request->scenario->setting_count);
	e = read_format(opt_value(values, "format"), request, info);
	if (e == ERR_OK)
		e = read_seed(opt_value(values, "seed"), request, info);
	if (e == ERR_OK)
		e = apply_settings(values, request->settings, info);
	return e;
}

/* What made the capture, for its own comment: the command that makes it again. */
static char *
describe(const struct request *request)
{
	char *text = xasprintf("simulated by yagura simulate %s --seed %" PRIu64,
	    request->scenario->name, request->seed);
	size_t count;
	const struct setting *declared = settings_declared(request->settings, &count);
	struct settings *initial = settings_new(declared, count);

	for (size_t i = 0; i < count; i++) {
		char now[64], before[64], *longer;
		settings_print(request->settings, i, now, sizeof now);
		if (strcmp(now, settings_print(initial, i, before, sizeof before)) == 0)
			continue;
		longer = xasprintf("%s --set %s=%s", text, declared[i].name, now);
		free(text);
		text = longer;
	}
	settings_free(initial);
	return text;
}

static json_t *
head_json(const struct request *request)
{
	json_t *head = json_object(), *options = json_object();
	size_t count;
	const struct setting *declared = settings_declared(request->settings, &count);
	char text[64];

	for (size_t i = 0; i < count; i++)
		json_object_set_new(options, declared[i].name,
		    json_string(settings_print(request->settings, i, text, sizeof text)));
	json_object_set_new(head, "schema", json_string("yagura.truth/1"));
	json_object_set_new(head, "scenario", json_string(request->scenario->name));
	json_object_set_new(head, "seed", json_integer((json_int_t)request->seed));
	json_object_set_new(head, "options", options);
	return head;
}

static enum err
write_truth(const struct request *request, const struct truth *truth, struct err_info *info)
{
	json_t *document, *counted;
	FILE *out;
	bool good;

	if (request->truth == NULL)
		return ERR_OK;
	out = strcmp(request->truth, "-") == 0 ? stdout : fopen(request->truth, "we");
	if (out == NULL)
		return err_set(info, ERR_IO, "%.200s: %s", request->truth, strerror(errno));
	document = head_json(request);
	counted = truth_json(truth);
	json_object_update(document, counted);
	json_decref(counted);
	errno = 0;
	good = json_dumpf(document, out, JSON_COMPACT) == 0 && fputc('\n', out) != EOF;
	json_decref(document);
	good = (out == stdout ? fflush(out) : fclose(out)) == 0 && good;
	if (good)
		return ERR_OK;
	return err_set(info, ERR_IO, "%.200s: %s", request->truth, strerror(errno));
}

static enum err
simulate(const struct request *request, struct err_info *info)
{
	struct simulation *simulation;
	struct capture *capture;
	struct truth *truth;
	char *comment = describe(request);
	enum err e = capture_open(request->output, request->format, comment, &capture, info),
		 closed;

	free(comment);
	if (e != ERR_OK)
		return e;
	truth = truth_new();
	simulation = simulation_new(request->seed, capture, truth);
	simulation_set_output(simulation, request->output);
	e = request->scenario->run(simulation, request->settings, info);
	simulation_free(simulation);
	if (e != ERR_OK)
		capture_abandon(capture);
	closed = capture_close(capture, e == ERR_OK ? info : NULL);
	e = e == ERR_OK ? closed : e;
	if (e == ERR_OK)
		e = write_truth(request, truth, info);
	truth_free(truth);
	return e;
}

static int
run(const struct opt_values *values)
{
	struct request request = { 0 };
	struct err_info why = { 0 };
	enum err e;

	if (opt_given(values, "list")) {
		list_scenarios(stdout);
		return EXIT_DONE;
	}
	e = read_request(values, &request, &why);
	if (e != ERR_OK) {
		(void)fprintf(stderr, "yagura simulate: %s\n", why.text);
		settings_free(request.settings);
		return EXIT_USAGE;
	}
	e = simulate(&request, &why);
	if (e != ERR_OK)
		(void)fprintf(stderr, "yagura simulate: %s\n", why.text);
	settings_free(request.settings);
	if (e == ERR_OK)
		return EXIT_DONE;
	return e == ERR_CONFIG ? EXIT_USAGE : EXIT_FAILED;
}

const struct command command_simulate = {
	.name = "simulate",
	.summary = "make traffic whose every figure is known",
	.operands = "SCENARIO",
	.options = OPTIONS,
	.run = run,
};
