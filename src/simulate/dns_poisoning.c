/* SPDX-License-Identifier: ISC */
/*
 * Cache poisoning in the manner of D. Kaminsky (2008), in ordinary traffic.
 *
 * Again and again somebody inside asks for a name of the zone that nobody asked for before.  While
 * the resolver waits for the zone's server, answers with that server's address and guessed ids come
 * in, which carry the attacker's own name server for the whole zone.  The port is known where the
 * resolver always takes the same (ports=fixed), else it is guessed too.  With success=1 one guess
 * of one race, about the middle of the attack, is right.
 */
#include <stdio.h>
#include <string.h>

#include "simulate/dns_attack.h"
#include "simulate/dns_base.h"
#include "simulate/scenario.h"

#define FIXED_PORT 32768
#define WAIT       (45 * NSEC_PER_MS) /* until the real answer comes */

static const struct setting SETTINGS[] = {
	DNS_SETTINGS("3m", "200"),
	DNS_ATTACK_SETTINGS("30s", "90s", "5"),
	{ "zone", SETTING_TEXT, "example.org", NULL, NULL, "the attacked zone" },
	{ "success", SETTING_U64, "0", "0", "1", "whether one forged answer is taken" },
	{ "ports", SETTING_TEXT, "fixed", NULL, NULL,
	    "of the resolver: fixed (and known to the attacker) or random" },
	{ "forged", SETTING_U64, "100", "1", "5000", "forged answers to each question" },
};

struct poisoning {
	struct dns_attack attack; /* forged answers */
	const char *zone;
	uint64_t forged, races;
	bool fixed, succeeds;
	nsec_t success_from; /* the first race after it succeeds */
	bool done;
	char success_name[DNS_NAME];
};

/* One race. */
struct race {
	struct dns_end client, resolver, server;
	struct dns_lookup lookup;
	struct dns_wire asked;   /* the client's question */
	struct dns_wire query;   /* the resolver's */
	struct dns_wire forgery; /* the last one */
};

static struct dns_end
forger(void)
{
	static const uint8_t octets[4] = { 203, 0, 113, 66 };

	return (struct dns_end){ .address = address_from_ipv4(octets), .port = DNS_PORT };
}

static void
forge(struct dns_run *run, struct race *race, uint16_t id)
{
	struct dns_wire_opt opt = { .size = 1232 };
	struct address bad = forger().address;
	char server[DNS_NAME + 8];

	dns_wire_reply(&race->forgery, &race->query, DNS_WIRE_QR | DNS_WIRE_AA);
	race->forgery.data[0] = (uint8_t)(id >> 8);
	race->forgery.data[1] = (uint8_t)id;
	(void)snprintf(server, sizeof server, "ns.%s", race->lookup.zone);
	dns_wire_address(&race->forgery, DNS_WIRE_ANSWER, race->lookup.name, 86400, &bad);
	dns_wire_pointer(
	    &race->forgery, DNS_WIRE_AUTHORITY, race->lookup.zone, DNS_WIRE_NS, 86400, server);
	dns_wire_address(&race->forgery, DNS_WIRE_ADDITIONAL, server, 86400, &bad);
	dns_wire_opt(&race->forgery, &opt);
	(void)run;
}

/* Guessed answers between `from` and `to`; none of them is right. */
static void
guess(struct dns_run *run, struct poisoning *p, struct race *race, nsec_t from, nsec_t to)
{
	uint16_t id = (uint16_t)(race->query.data[0] << 8 | race->query.data[1]);
	struct dns_end spoofed = race->server;

	spoofed.ttl = 241; /* they come another way than the server's own */
	for (uint64_t i = 0; i < p->forged; i++) {
		struct dns_end target = race->resolver;
		uint16_t wrong = dns_random_id(run);
		nsec_t at = from + (to - from) * (nsec_t)i / (nsec_t)p->forged;
		if (!p->fixed)
			target.port = dns_random_port(run);
		if (wrong == id)
			wrong ^= 1;
		forge(run, race, wrong);
		dns_send(run, at, &spoofed, &target, &race->forgery);
		dns_attack_note(&p->attack, at);
		if (target.port != race->resolver.port && i % 50 == 49)
			dns_send_unreachable(
			    run, at + 20 * NSEC_PER_US, &target, &spoofed, &race->forgery);
	}
}

/* The right id and port, before the real answer, which then comes too late. */
static void
succeed(struct dns_run *run, struct poisoning *p, struct race *race, nsec_t at)
{
	struct dns_end spoofed = race->server;

	spoofed.ttl = 241;
	forge(run, race, (uint16_t)(race->query.data[0] << 8 | race->query.data[1]));
	dns_send(run, at, &spoofed, &race->resolver, &race->forgery);
	dns_attack_note(&p->attack, at);
	p->done = true;
	memcpy(p->success_name, race->lookup.name, sizeof p->success_name);
}

static void
answer_all(struct dns_run *run, struct race *race, nsec_t at, bool forged)
{
	struct dns_end ends[2] = { race->client, dns_resolver(false, DNS_PORT) };
	struct dns_wire_opt opt = { .size = 1232, .dnssec = true };
	struct address bad = forger().address;
	struct dns_wire answer;

	dns_wire_reply(&answer, &race->query, DNS_WIRE_QR | DNS_WIRE_AA | DNS_WIRE_NXDOMAIN);
	dns_lookup_answer(&answer, &race->lookup, true, 900, run->random);
	dns_wire_opt(&answer, &opt);
	dns_send(run, at, &race->server, &race->resolver, &answer);
	dns_wire_reply(&answer, &race->asked,
	    (uint16_t)(DNS_WIRE_QR | DNS_WIRE_RD | DNS_WIRE_RA |
		       (forged ? DNS_WIRE_NOERROR : DNS_WIRE_NXDOMAIN)));
	if (forged)
		dns_wire_address(&answer, DNS_WIRE_ANSWER, race->lookup.name, 86400, &bad);
	else
		dns_lookup_answer(&answer, &race->lookup, false, 900, run->random);
	dns_send(
	    run, at + (forged ? -NSEC_PER_MS : 150 * NSEC_PER_US), &ends[1], &ends[0], &answer);
}

static void
race_event(struct dns_run *run, void *state, nsec_t at)
{
	struct poisoning *p = state;
	struct dns_manner stub = { .recursion = true };
	struct dns_manner manner = { .edns = true, .dnssec = true, .size = 1232 };
	const struct dns_operator *keeper = dns_world_operator(run->world, 11);
	struct dns_end port = dns_resolver(false, DNS_PORT);
	struct race race = {
		.client = dns_client(run, 4), /* one with IPv4 */
		.resolver = dns_resolver(false, dns_resolver_port(run)),
		.server = { keeper->ipv4[0], DNS_PORT, keeper->ttl },
		.lookup = { .type = DNS_WIRE_A, .outcome = DNS_NO_NAME },
	};
	bool wins = p->succeeds && !p->done && at >= p->success_from;

	(void)snprintf(race.lookup.zone, sizeof race.lookup.zone, "%.90s", p->zone);
	(void)snprintf(race.lookup.name, sizeof race.lookup.name, "%08x.%.90s",
	    (unsigned)random_u64(run->random), p->zone);
	dns_query(run, &race.asked, dns_random_id(run), race.lookup.name, DNS_WIRE_A, &stub);
	dns_send(run, at, &race.client, &port, &race.asked);
	at += 200 * NSEC_PER_US;
	dns_query(run, &race.query, dns_random_id(run), race.lookup.name, DNS_WIRE_A, &manner);
	dns_send(run, at, &race.resolver, &race.server, &race.query);
	guess(run, p, &race, at + 2 * NSEC_PER_MS, at + WAIT - 5 * NSEC_PER_MS);
	if (wins)
		succeed(run, p, &race, at + WAIT - 4 * NSEC_PER_MS);
	answer_all(run, &race, at + WAIT, wins);
	p->races++;
}

static enum err
read_settings(const struct dns_run *run, struct poisoning *p, struct err_info *info)
{
	static const char *const ports[] = { "fixed", "random", NULL };
	size_t which;
	enum err e = dns_attack_word(run, "ports", ports, &which, info);

	if (e != ERR_OK)
		return e;
	p->fixed = which == 0;
	p->forged = settings_u64(run->settings, "forged");
	p->succeeds = settings_u64(run->settings, "success") != 0;
	p->success_from = run->begin + settings_duration(run->settings, "attack_begin") +
			  settings_duration(run->settings, "attack_duration") / 2;
	return dns_attack_zone(run, &p->zone, info);
}

static void
tell(struct dns_run *run, const struct poisoning *p)
{
	struct dns_end resolver = dns_resolver(false, 0);

	dns_run_attack(run, "dns/poisoning", p->done ? "success" : "attempt",
	    json_pack(
		"{s:o, s:s}", "resolver", dns_attack_address(&resolver.address), "name", p->zone),
	    &p->attack.span,
	    json_pack("{s:I, s:I, s:s}", "forged", (json_int_t)p->attack.count, "windows",
		(json_int_t)p->races, "accepted", p->done ? p->success_name : ""));
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct dns_run run;
	struct poisoning p = { 0 };
	enum err e = dns_run_begin(&run, simulation, settings, info);

	if (e != ERR_OK)
		return e;
	e = read_settings(&run, &p, info);
	if (e == ERR_OK) {
		run.resolver_port = p.fixed ? FIXED_PORT : 0;
		dns_base_add(&run);
		dns_attack_source(&run, race_event, &p);
		dns_run_events(&run);
		tell(&run, &p);
	}
	return dns_run_end(&run, e, info);
}

const struct scenario scenario_dns_poisoning = {
	.name = "dns-poisoning",
	.summary = "races of forged answers against the resolver, with or without success",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
