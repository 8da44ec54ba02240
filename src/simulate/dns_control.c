/* SPDX-License-Identifier: ISC */
/*
 * Resolvers that change answers, and one that does not.
 *
 * Customers ask, besides the site's resolver, five others.  One has a policy as BIND writes it (the
 * policy zone's SOA in the additional section, no authority, TTL 5), one as Unbound does (AA with
 * RA, no authority), one says EDE 15 to 18 with what it blocks, one gives the address of its search
 * page for every name that does not exist, and the last tells the truth.
 */
#include <stdio.h>
#include <string.h>

#include "simulate/dns_attack.h"
#include "simulate/dns_base.h"
#include "simulate/scenario.h"

#define CLIENT_FIRST 2200000
#define NO_NAME      250 /* per mille: questions about what does not exist */
#define BLOCKED      150 /* per mille: about what is blocked, where something is */

static const struct setting SETTINGS[] = {
	DNS_SETTINGS("5m", "100"),
	DNS_ATTACK_SETTINGS("10s", "280s", "25"),
	{ "blocked", SETTING_U64, "40", "1", "1000", "domains that are blocked" },
};

enum way {
	POLICY_BIND,
	POLICY_UNBOUND,
	EXTENDED_ERROR,
	SEARCH_PAGE,
	TRUTHFUL,
};

static const struct other {
	uint8_t ipv4[4];
	enum way way;
	const char *kind, *fingerprint; /* NULL: nothing to find */
} OTHERS[] = {
	{ { 192, 0, 2, 63 }, POLICY_BIND, "blocking", "bind-rpz" },
	{ { 192, 0, 2, 64 }, POLICY_UNBOUND, "blocking", "unbound-rpz" },
	{ { 198, 51, 100, 4 }, EXTENDED_ERROR, "blocking", "ede" },
	{ { 198, 51, 100, 3 }, SEARCH_PAGE, "rewriting", "search-page" },
	{ { 198, 51, 100, 5 }, TRUTHFUL, NULL, NULL },
};
#define OTHER_COUNT (sizeof OTHERS / sizeof OTHERS[0])

struct control {
	struct dns_attack changed[OTHER_COUNT];
	uint64_t names[OTHER_COUNT];
	uint8_t seen[OTHER_COUNT][1000];
	uint64_t blocked;
};

/* One question to one of them. */
struct question {
	size_t which;
	struct dns_end client, server;
	struct dns_lookup lookup;
	struct dns_wire query, answer;
	nsec_t at;
};

static struct address
page(void)
{
	static const uint8_t octets[4] = { 203, 0, 113, 80 };

	return address_from_ipv4(octets);
}

/* What the policy says about the lookup's name, number `name` of the blocked ones. */
static void
block(struct dns_run *run, struct question *q, uint64_t name)
{
	static const uint16_t errors[] = { 15, 16, 17, 18 };
	struct dns_wire_opt opt = { .size = 1232 };
	bool page_instead = name % 3 == 2;
	uint16_t bits = DNS_WIRE_QR | DNS_WIRE_RD | DNS_WIRE_RA;
	struct address a = page();

	if (OTHERS[q->which].way == POLICY_UNBOUND)
		bits |= DNS_WIRE_AA;
	if (OTHERS[q->which].way == EXTENDED_ERROR)
		page_instead = false;
	dns_wire_reply(
	    &q->answer, &q->query, (uint16_t)(bits | (page_instead ? 0 : DNS_WIRE_NXDOMAIN)));
	if (page_instead)
		dns_wire_address(&q->answer, DNS_WIRE_ANSWER, q->lookup.name,
		    OTHERS[q->which].way == POLICY_BIND ? 5 : 60, &a);
	if (OTHERS[q->which].way == POLICY_BIND)
		dns_wire_soa(&q->answer, DNS_WIRE_ADDITIONAL, "rpz.example.net", 60);
	if (OTHERS[q->which].way == EXTENDED_ERROR) {
		opt.has_ede = true;
		opt.ede = errors[name % 4];
		opt.ede_text = name % 4 == 0 ? "blocked by policy" : NULL;
	}
	if (q->query.edns)
		dns_wire_opt(&q->answer, &opt);
	(void)run;
}

static void
tell_truth(struct dns_run *run, struct question *q)
{
	struct dns_wire_opt opt = { .size = 1232 };

	dns_wire_reply(&q->answer, &q->query,
	    (uint16_t)(DNS_WIRE_QR | DNS_WIRE_RD | DNS_WIRE_RA | dns_lookup_rcode(&q->lookup)));
	dns_lookup_answer(&q->answer, &q->lookup, false, q->lookup.ttl, run->random);
	if (q->query.edns)
		dns_wire_opt(&q->answer, &opt);
}

static void
advertise(struct question *q)
{
	struct dns_wire_opt opt = { .size = 1232 };
	struct address a = page();

	dns_wire_reply(&q->answer, &q->query, DNS_WIRE_QR | DNS_WIRE_RD | DNS_WIRE_RA);
	dns_wire_address(&q->answer, DNS_WIRE_ANSWER, q->lookup.name, 30, &a);
	if (q->query.edns)
		dns_wire_opt(&q->answer, &opt);
}

static void
choose_lookup(struct dns_run *run, struct question *q, bool blocked, uint64_t name)
{
	const struct dns_domain *domain;

	if (blocked) {
		domain = dns_world_domain_at(run->world, 500 + name);
		dns_lookup_web(&q->lookup, run->world, run->random);
		q->lookup.type = DNS_WIRE_A;
		(void)snprintf(q->lookup.name, sizeof q->lookup.name, "ads.%s", domain->name);
	} else if (random_chance(run->random, NO_NAME)) {
		dns_lookup_missing(&q->lookup, run->world, run->random);
		q->lookup.type = DNS_WIRE_A;
	} else {
		dns_lookup_web(&q->lookup, run->world, run->random);
	}
}

static void
question_event(struct dns_run *run, void *state, nsec_t at)
{
	struct control *c = state;
	struct question q = { .which = (size_t)random_below(run->random, OTHER_COUNT), .at = at };
	struct dns_manner stub = { .recursion = true, .size = 1232 };
	enum way way = OTHERS[q.which].way;
	uint64_t name = random_below(run->random, c->blocked);
	bool blocked = way <= EXTENDED_ERROR && random_chance(run->random, BLOCKED);
	bool changed = blocked;

	/* All of these clients have IPv4. */
	q.client = dns_client(run, CLIENT_FIRST + random_below(run->random, 300));
	while (!address_is_ipv4(&q.client.address))
		q.client = dns_client(run, CLIENT_FIRST + random_below(run->random, 300));
	q.server = (struct dns_end){ address_from_ipv4(OTHERS[q.which].ipv4), DNS_PORT, 60 };
	stub.edns = way == EXTENDED_ERROR || random_chance(run->random, 500);
	choose_lookup(run, &q, blocked, name);
	dns_query(run, &q.query, dns_random_id(run), q.lookup.name, q.lookup.type, &stub);
	dns_send(run, at, &q.client, &q.server, &q.query);
	if (blocked) {
		block(run, &q, name);
	} else if (way == SEARCH_PAGE && q.lookup.outcome == DNS_NO_NAME) {
		advertise(&q);
		changed = true;
	} else {
		tell_truth(run, &q);
	}
	dns_send(run, at + random_between(run->random, 200, 20000) * NSEC_PER_US, &q.server,
	    &q.client, &q.answer);
	if (!changed)
		return;
	dns_attack_note(&c->changed[q.which], at);
	c->names[q.which] += blocked && c->seen[q.which][name] == 0;
	c->seen[q.which][name] |= blocked;
}

static void
tell(struct dns_run *run, const struct control *c)
{
	for (size_t i = 0; i < OTHER_COUNT; i++) {
		struct address a = address_from_ipv4(OTHERS[i].ipv4);
		if (OTHERS[i].kind == NULL || c->changed[i].count == 0)
			continue;
		dns_run_attack(run, "dns/control", OTHERS[i].kind,
		    json_pack("{s:o}", "resolver", dns_attack_address(&a)), &c->changed[i].span,
		    json_pack("{s:I, s:I, s:s}", "answers", (json_int_t)c->changed[i].count,
			"names", (json_int_t)c->names[i], "fingerprint", OTHERS[i].fingerprint));
	}
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct dns_run run;
	struct control c = { 0 };
	enum err e = dns_run_begin(&run, simulation, settings, info);

	if (e != ERR_OK)
		return e;
	c.blocked = settings_u64(settings, "blocked");
	story_site(&run.story, "    - {address: 192.0.2.63, role: resolver}\n"
			       "    - {address: 192.0.2.64, role: resolver}\n");
	dns_base_add(&run);
	dns_attack_source(&run, question_event, &c);
	dns_run_events(&run);
	tell(&run, &c);
	return dns_run_end(&run, e, info);
}

const struct scenario scenario_dns_control = {
	.name = "dns-control",
	.summary =
	    "resolvers that block or rewrite: like BIND's and Unbound's RPZ, EDE, search pages",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
