/* SPDX-License-Identifier: ISC */
/*
 * A random-subdomain attack ("water torture") hidden in ordinary traffic.
 *
 * Strangers ask customers' open forwarders for names that nobody asked for before, one or two a
 * second each; what the site sees at its resolver are questions of its own customers.  The victim
 * is who serves the zone.  Forms: A, its servers deny every name; B, they drown and are silent, so
 * that the resolver tries again and in the end says SERVFAIL; C, a wildcard answers everything.
 */
#include <stdio.h>
#include <string.h>

#include "simulate/dns_attack.h"
#include "simulate/dns_base.h"
#include "simulate/scenario.h"

#define LABEL_MOST 63
#define BOTS_FIRST 2000000 /* number of the first forwarder among the customers */

static const struct setting SETTINGS[] = {
	DNS_SETTINGS("2m", "2500"),
	DNS_ATTACK_SETTINGS("30s", "1m", "500"),
	{ "zone", SETTING_TEXT, "example.org", NULL, NULL, "the attacked zone" },
	{ "form", SETTING_TEXT, "A", NULL, NULL,
	    "A: NXDOMAIN, B: no answers, SERVFAIL in the end, C: a wildcard" },
	{ "labels", SETTING_TEXT, "letters", NULL, NULL,
	    "what the random labels are made of: letters, hex, base32" },
	{ "label_size", SETTING_U64, "12", "6", "60", "octets of a label, 4 more or less" },
	{ "forwarders", SETTING_U64, "300", "1", "20000",
	    "open forwarders of customers that the attack comes through" },
};

struct water {
	struct dns_attack attack;
	const char *zone, *letters;
	uint64_t label_size, forwarders;
	enum dns_outcome outcome;
	uint64_t resolver_queries;
	uint8_t asked[20000]; /* whether a forwarder was used */
	uint64_t used;
};

static void
make_name(struct water *w, struct random *r, struct dns_lookup *l)
{
	size_t letters = strlen(w->letters), size;
	char label[LABEL_MOST + 1];

	size = (size_t)random_between(r, (int64_t)w->label_size - 4, (int64_t)w->label_size + 4);
	size = size < 4 ? 4 : size > LABEL_MOST ? LABEL_MOST : size;
	for (size_t i = 0; i < size; i++)
		label[i] = w->letters[random_below(r, letters)];
	label[size] = '\0';
	(void)snprintf(l->name, sizeof l->name, "%s.%.90s", label, w->zone);
}

static void
zone_lookup(struct dns_run *run, struct water *w, struct dns_lookup *l)
{
	*l = (struct dns_lookup){ .type = DNS_WIRE_A, .ttl = 300, .address_count = 1 };
	(void)snprintf(l->zone, sizeof l->zone, "%.90s", w->zone);
	l->at = dns_world_operator(run->world, 11);
}

static void
attack_event(struct dns_run *run, void *state, nsec_t at)
{
	struct water *w = state;
	uint64_t bot = random_below(run->random, w->forwarders), before;
	struct dns_end client = dns_client(run, BOTS_FIRST + bot);
	struct dns_lookup l;

	zone_lookup(run, w, &l);
	make_name(w, run->random, &l);
	l.outcome = w->outcome;
	l.cached_never = true;
	before = run->counts.queries;
	(void)dns_ask(run, at, &client, &l);
	w->resolver_queries += run->counts.queries - before - 1;
	w->used += w->asked[bot] == 0;
	w->asked[bot] = 1;
	dns_attack_note(&w->attack, at);
}

/* What people want of the zone at all times. */
static void
visitor_event(struct dns_run *run, void *state, nsec_t at)
{
	struct water *w = state;
	struct dns_end client = dns_client(run, random_below(run->random, run->clients));
	struct dns_lookup l;

	zone_lookup(run, w, &l);
	(void)snprintf(l.name, sizeof l.name, "www.%.90s", w->zone);
	(void)dns_ask(run, at, &client, &l);
}

static enum err
read_forms(const struct dns_run *run, struct water *w, struct err_info *info)
{
	static const char *const forms[] = { "A", "B", "C", NULL };
	static const enum dns_outcome outcomes[] = { DNS_NO_NAME, DNS_NO_REPLY, DNS_ANSWERED };
	static const char *const labels[] = { "letters", "hex", "base32", NULL };
	static const char *const letters[] = { "abcdefghijklmnopqrstuvwxyz", "0123456789abcdef",
		"abcdefghijklmnopqrstuvwxyz234567" };
	size_t which;
	enum err e = dns_attack_word(run, "form", forms, &which, info);

	if (e != ERR_OK)
		return e;
	w->outcome = outcomes[which];
	e = dns_attack_word(run, "labels", labels, &which, info);
	if (e != ERR_OK)
		return e;
	w->letters = letters[which];
	w->label_size = settings_u64(run->settings, "label_size");
	w->forwarders = settings_u64(run->settings, "forwarders");
	return dns_attack_zone(run, &w->zone, info);
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct dns_run run;
	struct water w = { 0 };
	enum err e = dns_run_begin(&run, simulation, settings, info);

	if (e != ERR_OK)
		return e;
	e = read_forms(&run, &w, info);
	if (e == ERR_OK) {
		dns_base_add(&run);
		dns_run_source(&run, visitor_event, &w, 1, run.begin, run.end);
		dns_attack_source(&run, attack_event, &w);
		dns_run_events(&run);
		dns_run_attack(&run, "dns/random-subdomain", "attack",
		    json_pack("{s:s}", "zone", w.zone), &w.attack.span,
		    json_pack("{s:I, s:I, s:I, s:I, s:I, s:s}", "queries",
			(json_int_t)w.attack.count, "resolver_queries",
			(json_int_t)w.resolver_queries, "distinct", (json_int_t)w.attack.count,
			"clients", (json_int_t)w.used, "peak_qps", (json_int_t)w.attack.peak,
			"form", settings_text(settings, "form")));
	}
	return dns_run_end(&run, e, info);
}

const struct scenario scenario_dns_water = {
	.name = "dns-water",
	.summary = "a random-subdomain attack through customers' forwarders, in ordinary DNS",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
