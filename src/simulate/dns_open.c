/* SPDX-License-Identifier: ISC */
/*
 * Own addresses that answer everybody, of each kind, and some that do not; strangers who use them.
 *
 * recursive: asks the Internet itself; router: a customer's device that passes questions on to the
 * site's resolver; transparent: one that passes packets on with the stranger's address to a public
 * resolver, which answers the stranger; authoritative: answers for its zones, and everything else
 * too.  Closed: one refuses, one sends the stranger to the root, one is silent.
 */
#include <stdio.h>
#include <string.h>

#include "simulate/dns_attack.h"
#include "simulate/dns_base.h"
#include "simulate/scenario.h"

#define STRANGER_FIRST 300000

static const struct setting SETTINGS[] = {
	DNS_SETTINGS("4m", "100"),
	DNS_ATTACK_SETTINGS("20s", "3m", "8"),
	{ "strangers", SETTING_U64, "40", "3", "10000", "who uses the open ones from outside" },
};

enum manner {
	RECURSIVE,
	ROUTER,
	TRANSPARENT,
	AUTHORITATIVE,
	REFUSING,
	REFERRING,
	SILENT,
};

/* In the own prefixes. */
static const struct device {
	uint8_t ipv4[4];
	enum manner manner;
	const char *kind; /* NULL: closed */
} DEVICES[] = {
	{ { 192, 0, 2, 60 }, RECURSIVE, "recursive" },
	{ { 100, 72, 3, 9 }, ROUTER, "router" },
	{ { 100, 72, 8, 200 }, ROUTER, "router" },
	{ { 100, 73, 1, 77 }, TRANSPARENT, "transparent" },
	{ { 192, 0, 2, 55 }, AUTHORITATIVE, "authoritative" },
	{ { 192, 0, 2, 61 }, REFUSING, NULL },
	{ { 192, 0, 2, 62 }, REFERRING, NULL },
	{ { 100, 73, 5, 5 }, SILENT, NULL },
};
#define DEVICE_COUNT (sizeof DEVICES / sizeof DEVICES[0])

struct open {
	struct dns_attack uses[DEVICE_COUNT];
	uint8_t seen[DEVICE_COUNT][10000]; /* whether a stranger was there */
	uint64_t clients[DEVICE_COUNT];
	uint64_t strangers;
};

/* One use of a device by a stranger. */
struct use {
	struct dns_end stranger, device; /* its port 53 */
	struct dns_lookup lookup;
	struct dns_wire query, answer;
};

static void
answer_as_resolver(struct dns_run *run, struct use *u, nsec_t at)
{
	dns_wire_reply(&u->answer, &u->query,
	    (uint16_t)(DNS_WIRE_QR | DNS_WIRE_RD | DNS_WIRE_RA | dns_lookup_rcode(&u->lookup)));
	dns_lookup_answer(&u->answer, &u->lookup, false, u->lookup.ttl, run->random);
	dns_send(run, at, &u->device, &u->stranger, &u->answer);
}

/* Asks the domain's servers itself. */
static void
recurse(struct dns_run *run, struct use *u, nsec_t at)
{
	const struct dns_operator *o = u->lookup.at;
	struct dns_manner manner = { .edns = true, .size = 1232 };
	struct dns_wire_opt opt = { .size = 1232 };
	struct dns_end own = u->device, server = { o->ipv4[at % 2], DNS_PORT, o->ttl };
	struct dns_wire query;

	own.port = dns_random_port(run);
	dns_query(run, &query, dns_random_id(run), u->lookup.name, u->lookup.type, &manner);
	dns_send(run, at + 100 * NSEC_PER_US, &own, &server, &query);
	dns_wire_reply(&u->answer, &query,
	    (uint16_t)(DNS_WIRE_QR | DNS_WIRE_AA | dns_lookup_rcode(&u->lookup)));
	dns_lookup_answer(&u->answer, &u->lookup, false, u->lookup.ttl, run->random);
	dns_wire_opt(&u->answer, &opt);
	dns_send(run, at + o->distance, &server, &own, &u->answer);
	answer_as_resolver(run, u, at + o->distance + 200 * NSEC_PER_US);
}

/* Asks the site's resolver, as for its own network. */
static void
forward(struct dns_run *run, struct use *u, nsec_t at)
{
	struct dns_end own = u->device;

	own.port = dns_random_port(run);
	at = dns_ask(run, at + 300 * NSEC_PER_US, &own, &u->lookup);
	answer_as_resolver(run, u, at + 400 * NSEC_PER_US);
}

/* Sends the packet on with another destination; the answer never passes here. */
static void
pass_on(struct dns_run *run, struct use *u, nsec_t at)
{
	static const uint8_t resolver[4] = { 198, 51, 100, 9 };
	struct dns_end target = { address_from_ipv4(resolver), DNS_PORT, 58 };
	struct dns_end spoofed = u->stranger;

	spoofed.ttl--;
	dns_send(run, at + 250 * NSEC_PER_US, &spoofed, &target, &u->query);
}

static void
decline(struct dns_run *run, struct use *u, nsec_t at, bool refer)
{
	char server[] = "a.root-servers.net";

	dns_wire_reply(&u->answer, &u->query,
	    (uint16_t)(DNS_WIRE_QR | DNS_WIRE_RD | (refer ? 0 : DNS_WIRE_REFUSED)));
	for (; refer && server[0] <= 'm'; server[0]++)
		dns_wire_pointer(&u->answer, DNS_WIRE_AUTHORITY, ".", DNS_WIRE_NS, 518400, server);
	dns_send(run, at + 100 * NSEC_PER_US, &u->device, &u->stranger, &u->answer);
}

static void
use_event(struct dns_run *run, void *state, nsec_t at)
{
	struct open *o = state;
	size_t which = (size_t)random_below(run->random, DEVICE_COUNT);
	uint64_t stranger = random_below(run->random, o->strangers);
	const struct device *d = &DEVICES[which];
	struct dns_manner manner = { .recursion = true };
	struct use u = {
		.stranger = dns_outsider(run, STRANGER_FIRST + stranger, false),
		.device = { address_from_ipv4(d->ipv4), DNS_PORT, 63 },
	};

	dns_lookup_web(&u.lookup, run->world, run->random);
	u.lookup.alias_count = 0;
	dns_query(run, &u.query, dns_random_id(run), u.lookup.name, u.lookup.type, &manner);
	dns_send(run, at, &u.stranger, &u.device, &u.query);
	switch (d->manner) {
	case RECURSIVE:
	case AUTHORITATIVE: recurse(run, &u, at); break;
	case ROUTER: forward(run, &u, at); break;
	case TRANSPARENT: pass_on(run, &u, at); break;
	case REFUSING:
	case REFERRING: decline(run, &u, at, d->manner == REFERRING); break;
	case SILENT: break;
	}
	dns_attack_note(&o->uses[which], at);
	o->clients[which] += o->seen[which][stranger] == 0;
	o->seen[which][stranger] = 1;
}

/* Somebody asks the authoritative one for what it is there for. */
static void
zone_event(struct dns_run *run, void *state, nsec_t at)
{
	struct dns_manner manner = { .edns = true, .dnssec = true, .size = 1232 };
	struct use u = {
		.stranger = dns_outsider(run, 5000 + random_below(run->random, 300), false),
		.device = { address_from_ipv4(DEVICES[4].ipv4), DNS_PORT, 63 },
		.lookup = { .type = DNS_WIRE_A, .ttl = 3600, .address_count = 1 },
	};

	(void)state;
	(void)snprintf(u.lookup.name, sizeof u.lookup.name, "%s.example.net",
	    random_chance(run->random, 500) ? "www" : "ftp");
	(void)snprintf(u.lookup.zone, sizeof u.lookup.zone, "example.net");
	dns_query(run, &u.query, dns_random_id(run), u.lookup.name, u.lookup.type, &manner);
	dns_send(run, at, &u.stranger, &u.device, &u.query);
	dns_wire_reply(&u.answer, &u.query, DNS_WIRE_QR | DNS_WIRE_AA);
	dns_lookup_answer(&u.answer, &u.lookup, false, 3600, run->random);
	dns_send(run, at + 90 * NSEC_PER_US, &u.device, &u.stranger, &u.answer);
}

static void
tell(struct dns_run *run, const struct open *o)
{
	for (size_t i = 0; i < DEVICE_COUNT; i++) {
		struct address a = address_from_ipv4(DEVICES[i].ipv4);
		if (DEVICES[i].kind == NULL)
			continue;
		dns_run_attack(run, "dns/open-resolver", DEVICES[i].kind,
		    json_pack("{s:o}", "address", dns_attack_address(&a)), &o->uses[i].span,
		    json_pack("{s:I, s:I}", "queries", (json_int_t)o->uses[i].count,
			"outside_clients", (json_int_t)o->clients[i]));
	}
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct dns_run run;
	struct open o = { 0 };
	enum err e = dns_run_begin(&run, simulation, settings, info);

	if (e != ERR_OK)
		return e;
	o.strangers = settings_u64(settings, "strangers");
	story_site(&run.story, "    - {address: 192.0.2.55, role: authoritative}\n");
	dns_base_add(&run);
	dns_run_source(&run, zone_event, NULL, 2, run.begin, run.end);
	dns_attack_source(&run, use_event, &o);
	dns_run_events(&run);
	tell(&run, &o);
	return dns_run_end(&run, e, info);
}

const struct scenario scenario_dns_open = {
	.name = "dns-open",
	.summary =
	    "open resolvers and forwarders of every kind among own addresses, and closed ones",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
