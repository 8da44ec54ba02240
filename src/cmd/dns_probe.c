/* SPDX-License-Identifier: ISC */
/*
 * yagura dns probe: asks own addresses whether they resolve for strangers.
 *
 * Nothing is sent unless --send is given, and nothing ever to an address outside
 * site.own_prefixes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/common.h"
#include "cmd/probe_report.h"
#include "net/dns.h"

#define RATE_MOST 1000

static const struct opt OPTIONS[] = {
	OPT_CONFIG,
	{ "zone", 'z', "NAME",
	    "a zone delegated to the address of --listen: names below it are asked" },
	{ "listen", 'l', "ADDRESS", "own address on which the zone is served during the run" },
	{ "listen-port", 0, "N", "port of that (default 53)" },
	{ "send", 0, NULL, "really send; without it the run is only described" },
	{ "port", 'p', "N", "port that is asked (default 53)" },
	{ "rate", 'r', "N", "packets a second, at most 1000 (default 100)" },
	{ "retries", 0, "N", "how often a silent address is asked again (default 2)" },
	{ "wait", 'w', "SECONDS", "wait for answers after each round (default 5)" },
	{ "ask-version", 0, NULL, "also ask those that answer for version.bind" },
	{ "any", 0, "NAME", "also ask open addresses for all records of NAME: their factor" },
	{ "previous", 0, "FILE", "compare with the JSON of an earlier run" },
	{ "json", 0, NULL, "print JSON" },
	{ "csv", 0, NULL, "print comma-separated values" },
	OPT_END,
};

/* What the options say. */
struct request {
	struct probe_options options;
	const char *zone;
};

/* A number of an option, `usual` when it is not given. */
static enum err
read_number(const struct opt_values *values, const char *name, unsigned long usual,
    unsigned long most, unsigned long *ret_number, struct err_info *info)
{
	const char *text = opt_value(values, name);
	unsigned long number = usual;
	char *end;

	if (text != NULL) {
		number = strtoul(text, &end, 10);
		if (*end != '\0' || text[0] < '0' || text[0] > '9' || number > most)
			return err_set(info, ERR_USAGE,
			    "--%s is a number from 0 to %lu, not \"%s\"", name, most, text);
	}
	*ret_number = number;
	return ERR_OK;
}

static enum err
read_numbers(const struct opt_values *values, struct probe_options *o, struct err_info *info)
{
	unsigned long port = 0, listen_port = 0, rate = 0, retries = 0, wait = 0;
	enum err e = read_number(values, "port", 53, 65535, &port, info);

	if (e == ERR_OK)
		e = read_number(values, "listen-port", 53, 65535, &listen_port, info);
	if (e == ERR_OK)
		e = read_number(values, "rate", 100, RATE_MOST, &rate, info);
	if (e == ERR_OK)
		e = read_number(values, "retries", 2, 10, &retries, info);
	if (e == ERR_OK)
		e = read_number(values, "wait", 5, 3600, &wait, info);
	if (e == ERR_OK && (port == 0 || listen_port == 0 || rate == 0))
		e = err_set(info, ERR_USAGE, "a port and a rate are at least 1");
	o->port = (uint16_t)port;
	o->listen_port = (uint16_t)listen_port;
	o->rate = (unsigned)rate;
	o->retries = (unsigned)retries;
	o->wait = (nsec_t)wait * NSEC_PER_SEC;
	return e;
}

static nsec_t
wall_clock(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static enum err
read_request(const struct opt_values *values, const struct hash_secret *secret,
    struct request *request, struct err_info *info)
{
	const char *listen = opt_value(values, "listen"), *any = opt_value(values, "any");
	struct probe_options *o = &request->options;
	enum err e = read_numbers(values, o, info);

	request->zone = opt_value(values, "zone");
	o->asks_version = opt_given(values, "ask-version");
	if (e == ERR_OK && opt_given(values, "json") && opt_given(values, "csv"))
		e = err_set(info, ERR_USAGE, "--json and --csv exclude each other");
	if (e == ERR_OK && any != NULL && dns_name_parse(any, o->any, &o->any_size, info) != ERR_OK)
		e = ERR_USAGE;
	if (e != ERR_OK || !opt_given(values, "send"))
		return e;
	if (request->zone == NULL || listen == NULL)
		return err_set(info, ERR_USAGE,
		    "--send needs --zone and --listen: whose answers are they else?");
	if (address_parse(listen, &o->listen) != ERR_OK)
		return err_set(info, ERR_USAGE, "--listen: \"%s\" is no address", listen);
	return probe_names_make(
	    request->zone, (uint32_t)(wall_clock() / NSEC_PER_SEC), secret, &o->names, info);
}

/* How long it takes at least, by both limits: of all packets, and of each network's. */
static double
least_seconds(const struct probe_plan *plan, const struct probe_options *o)
{
	double all = (double)probe_most_packets(plan, o) / o->rate, most = 0;

	for (size_t i = 0; i < plan->prefix_count; i++) {
		uint64_t end = i + 1 < plan->prefix_count ? plan->starts[i + 1] : plan->count;
		double count = (double)(end - plan->starts[i]);
		double limit = address_is_ipv4(&plan->prefixes[i].address) ? 256 : UINT32_MAX;
		if ((count < limit ? count : limit) > most)
			most = count < limit ? count : limit;
	}
	most *= 1 + o->retries;
	return all > most ? all : most;
}

static void
describe(const struct probe_plan *plan, const struct probe_options *o, bool send, FILE *out)
{
	(void)fprintf(out,
	    "%llu addresses, at most %llu packets, at %u a second and one a second to each /24 "
	    "(/56): about %.0f s%s\n",
	    (unsigned long long)plan->count, (unsigned long long)probe_most_packets(plan, o),
	    o->rate, least_seconds(plan, o) + (double)(o->retries + 1) * (double)o->wait / 1e9,
	    send ? "" : "; nothing was sent (--send)");
	(void)fflush(out);
}

static enum err
print(const struct opt_values *values, const struct probe_report *report, struct err_info *info)
{
	const char *previous = opt_value(values, "previous");
	json_t *run = probe_report_json(report);
	enum err e = previous != NULL ? probe_report_compare(run, previous, info) : ERR_OK;

	/* What was measured is printed even when there is nothing to compare it with. */
	if (opt_given(values, "json")) {
		(void)json_dumpf(run, stdout, JSON_INDENT(1));
		(void)fputc('\n', stdout);
	} else if (opt_given(values, "csv")) {
		probe_report_print_csv(run, stdout);
	} else {
		probe_report_print(run, stdout);
	}
	json_decref(run);
	if (e == ERR_OK && fflush(stdout) != 0)
		e = err_set(info, ERR_IO, "standard output cannot be written");
	return e;
}

static enum err
probe(const struct opt_values *values, const struct probe_plan *plan, const struct request *request,
    struct err_info *info)
{
	struct probe_outcome outcome;
	struct probe_report report = { .plan = plan,
		.options = &request->options,
		.outcome = &outcome,
		.zone = request->zone,
		.begin = wall_clock() };
	enum err e = probe_run(plan, &request->options, &outcome, info);

	if (e != ERR_OK)
		return e;
	report.end = wall_clock();
	e = print(values, &report, info);
	if (e == ERR_OK && outcome.counts.stopped)
		e = err_set(info, ERR_END, "stopped after %llu of %llu addresses",
		    (unsigned long long)outcome.counts.asked, (unsigned long long)plan->count);
	probe_outcome_release(&outcome);
	return e;
}

static int
run_planned(const struct opt_values *values, const struct site *site, const struct request *request,
    const struct hash_secret *secret, struct err_info *info)
{
	bool send = opt_given(values, "send");
	struct probe_plan plan;
	enum err e =
	    probe_plan_make(site, values->operands, values->operand_count, secret, &plan, info);

	if (e != ERR_OK)
		return EXIT_USAGE;
	describe(&plan, &request->options, send, send ? stderr : stdout);
	if (send)
		e = probe(values, &plan, request, info);
	probe_plan_release(&plan);
	return e == ERR_OK ? EXIT_DONE : EXIT_FAILED;
}

static int
run(const struct opt_values *values)
{
	struct hash_secret secret = hash_secret_new();
	struct request request = { .zone = NULL };
	struct err_info why = { 0 };
	struct config config;
	int status;

	if (values->operand_count == 0)
		return common_fail("dns probe", EXIT_USAGE, "which prefixes? (-h for help)");
	if (read_request(values, &secret, &request, &why) != ERR_OK)
		return common_fail("dns probe", EXIT_USAGE, why.text);
	if (common_config(values, &config, &why) != ERR_OK)
		return common_fail("dns probe", EXIT_FAILED, why.text);
	status = run_planned(values, &config.site, &request, &secret, &why);
	config_release(&config);
	return status == EXIT_DONE ? status : common_fail("dns probe", status, why.text);
}

const struct command command_dns_probe = {
	.name = "probe",
	.summary = "ask own addresses whether they resolve for strangers (open resolvers)",
	.operands = "PREFIX…",
	.options = OPTIONS,
	.run = run,
};
