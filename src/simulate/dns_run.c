/* SPDX-License-Identifier: ISC */
/* A run of a scenario dns-…; see dns_run.h.  Its packets are made in dns_send.c. */
#include "simulate/dns_run.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "simulate/dns_base.h"

static const char *const OWN_PREFIXES[] = { "192.0.2.0/24", "100.64.0.0/10", "2001:db8::/33" };

static void
write_site(struct story *story)
{
	story_site(story, "# The site that yagura simulate dns-* simulates.\n"
			  "site:\n"
			  "  name: Simulated name service\n"
			  "  own_prefixes: [");
	for (size_t i = 0; i < sizeof OWN_PREFIXES / sizeof OWN_PREFIXES[0]; i++)
		story_site(story, "%s\"%s\"", i > 0 ? ", " : "", OWN_PREFIXES[i]);
	story_site(story, "]\n"
			  "  authoritative_zones: [" DNS_OWN_ZONES "]\n"
			  "  customer_pools:\n"
			  "    - {prefix: 100.64.0.0/10, service: broadband}\n"
			  "  servers:\n"
			  "    - {address: 192.0.2.53, role: resolver}\n"
			  "    - {address: \"2001:db8::53\", role: resolver}\n"
			  "    - {address: 192.0.2.54, role: authoritative}\n"
			  "    - {address: \"2001:db8::54\", role: authoritative}\n"
			  "    - {address: 192.0.2.25, role: mail}\n");
}

enum err
dns_run_begin(struct dns_run *run, struct simulation *simulation, const struct settings *settings,
    struct err_info *info)
{
	nsec_t begin;
	enum err e = simulation_time(settings_text(settings, "start"), &begin, info);

	if (e != ERR_OK)
		return e;
	*run = (struct dns_run){
		.simulation = simulation,
		.random = simulation_random(simulation),
		.settings = settings,
		.begin = begin,
		.end = begin + settings_duration(settings, "duration"),
		.rate = settings_f64(settings, "rate"),
		.clients = settings_u64(settings, "clients"),
		.mixed_case = settings_bool(settings, "mixed_case"),
		.story = story_begin(simulation),
	};
	write_site(&run->story);
	simulation_begin(simulation, begin, run->end - begin, OWN_PREFIXES,
	    sizeof OWN_PREFIXES / sizeof OWN_PREFIXES[0]);
	simulation_count_totals(simulation);
	run->world = dns_world_new(run->random, settings_u64(settings, "domains"));
	run->cache = xcalloc(DNS_CACHE_SIZE, sizeof *run->cache);
	return ERR_OK;
}

/* Time to the next event. */
static nsec_t
gap(struct dns_run *run, const struct dns_source *s)
{
	return (nsec_t)random_exponential(run->random, s->mean) + 1;
}

void
dns_run_source(
    struct dns_run *run, dns_event_fn make, void *state, double rate, nsec_t begin, nsec_t end)
{
	struct dns_source *s = &run->sources[run->source_count];

	if (rate <= 0)
		return;
	assert(run->source_count < DNS_SOURCES);
	*s = (struct dns_source){ .make = make, .state = state, .end = end };
	s->mean = (uint64_t)((double)NSEC_PER_SEC / rate);
	s->next = begin + gap(run, s);
	run->source_count++;
}

void
dns_run_until(struct dns_run *run, nsec_t time)
{
	for (;;) {
		struct dns_source *first = NULL;
		for (size_t i = 0; i < run->source_count; i++) {
			struct dns_source *s = &run->sources[i];
			if (s->next < s->end && (first == NULL || s->next < first->next))
				first = s;
		}
		if (first == NULL || first->next >= time)
			break;
		simulation_advance(run->simulation, first->next);
		first->make(run, first->state, first->next);
		first->next += gap(run, first);
	}
}

void
dns_run_events(struct dns_run *run)
{
	dns_run_until(run, INT64_MAX);
	simulation_advance(run->simulation, INT64_MAX);
}

static json_t *
number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

void
dns_run_attack(struct dns_run *run, const char *analysis, const char *kind, json_t *subject,
    const struct dns_span *span, json_t *measures)
{
	story_attack(&run->story, analysis, kind, subject,
	    (const nsec_t[2]){ span->first, span->last }, measures);
}

/* Those that are not 0, by number. */
static json_t *
numbers_json(const uint64_t *counts, size_t count)
{
	json_t *object = json_object();
	char name[8];

	for (size_t i = 0; i < count; i++) {
		if (counts[i] == 0)
			continue;
		(void)snprintf(name, sizeof name, "%u", (unsigned)i);
		json_object_set_new(object, name, number(counts[i]));
	}
	return object;
}

static json_t *
counts_json(const struct dns_counts *c)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "udp", c->udp },
		{ "tcp", c->tcp },
		{ "queries", c->queries },
		{ "responses", c->responses },
		{ "ipv4", c->ipv4 },
		{ "ipv6", c->ipv6 },
		{ "fragmented", c->fragmented },
		{ "octets", c->octets },
		{ "edns", c->edns },
		{ "dnssec_ok", c->dnssec },
		{ "cookies", c->cookies },
		{ "client_subnets", c->subnets },
		{ "extended_errors", c->ede },
		{ "truncated", c->truncated },
		{ "quoted", c->quoted },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		json_object_set_new(object, rows[i].name, number(rows[i].value));
	json_object_set_new(
	    object, "rcodes", numbers_json(c->rcodes, sizeof c->rcodes / sizeof c->rcodes[0]));
	json_object_set_new(
	    object, "types", numbers_json(c->types, sizeof c->types / sizeof c->types[0]));
	return object;
}

enum err
dns_run_end(struct dns_run *run, enum err e, struct err_info *info)
{
	simulation_tell(run->simulation, "dns", counts_json(&run->counts));
	e = story_end(&run->story, e, info);
	dns_world_free(run->world);
	free(run->cache);
	return e;
}
