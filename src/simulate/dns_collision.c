/* SPDX-License-Identifier: ISC */
/*
 * Names of the inside that are asked in the public DNS: leaks of corp, home, local and others by
 * configuration, search lists, proxies' and directories' auto-configuration, and a name whose TLD
 * is delegated by now, which is answered 127.0.53.53 (ICANN's controlled interruption).
 */
#include <stdio.h>
#include <string.h>

#include "simulate/dns_attack.h"
#include "simulate/dns_base.h"
#include "simulate/scenario.h"

#define CLIENT_FIRST 2100000
#define INTERRUPTED  "fileserver.shop"

static const struct setting SETTINGS[] = {
	DNS_SETTINGS("5m", "200"),
	DNS_ATTACK_SETTINGS("20s", "4m", "6"),
	{ "leakers", SETTING_U64, "60", "2", "10000", "clients that leak" },
};

/* Suffixes and what is asked below them; %u is a number. */
static const struct {
	const char *suffix;
	unsigned weight;
	const char *names[6];
} LEAKS[] = {
	{ "local", 300, { "printer%u", "_ipp._tcp", "b._dns-sd._udp", "nas%u", "tv%u" } },
	{ "home", 200, { "router", "wpad", "pc%u", "nas%u", "isatap" } },
	{ "corp", 180,
	    { "_ldap._tcp.dc._msdcs.ad", "_kerberos._tcp.ad", "wpad", "mail", "srv%u",
		"www.example.org" } },
	{ "lan", 140, { "host%u", "wpad", "isatap", "www.example.org", "db%u" } },
	{ "internal", 100, { "api%u", "vault", "metrics%u", "git" } },
	{ "belkin", 60, { "www.example.org", "wpad", "pc%u" } },
	{ "mail", 40, { "smtp%u", "imap" } },
};
#define LEAK_COUNT (sizeof LEAKS / sizeof LEAKS[0])

struct collision {
	struct dns_attack leaks[LEAK_COUNT], interrupted;
	uint64_t upstream[LEAK_COUNT]; /* of them went to a root server */
	uint8_t seen[LEAK_COUNT][10000], seen_interrupted[10000];
	uint64_t clients[LEAK_COUNT], clients_interrupted;
	uint64_t leakers;
};

static void
put_number(char *name, size_t size, const char *format, unsigned value)
{
	const char *at = strstr(format, "%u");

	if (at == NULL)
		(void)snprintf(name, size, "%s", format);
	else
		(void)snprintf(name, size, "%.*s%u%s", (int)(at - format), format, value, at + 2);
}

static void
leak_event(struct dns_run *run, void *state, nsec_t at)
{
	struct collision *c = state;
	unsigned weights[LEAK_COUNT], names = 0;
	uint64_t leaker = random_below(run->random, c->leakers), before;
	struct dns_end client = dns_client(run, CLIENT_FIRST + leaker);
	char label[DNS_NAME / 2], name[DNS_NAME];
	struct dns_lookup l;
	size_t which;

	for (size_t i = 0; i < LEAK_COUNT; i++)
		weights[i] = LEAKS[i].weight;
	which = random_weighted(run->random, weights, LEAK_COUNT);
	while (names < 6 && LEAKS[which].names[names] != NULL)
		names++;
	put_number(label, sizeof label, LEAKS[which].names[random_below(run->random, names)],
	    1 + (unsigned)leaker);
	(void)snprintf(name, sizeof name, "%s.%s", label, LEAKS[which].suffix);
	dns_lookup_leak(&l, run->world, name);
	if (label[0] == '_')
		l.type = DNS_WIRE_SRV;
	else if (label[0] == 'b' && label[1] == '.')
		l.type = DNS_WIRE_PTR;
	before = run->counts.queries;
	(void)dns_ask(run, at, &client, &l);
	c->upstream[which] += run->counts.queries - before - 1;
	dns_attack_note(&c->leaks[which], at);
	c->clients[which] += c->seen[which][leaker] == 0;
	c->seen[which][leaker] = 1;
}

static void
interrupted_event(struct dns_run *run, void *state, nsec_t at)
{
	static const uint8_t octets[4] = { 127, 0, 53, 53 };
	struct collision *c = state;
	uint64_t leaker = random_below(run->random, 1 + c->leakers / 10);
	struct dns_end ends[2] = { dns_client(run, CLIENT_FIRST + leaker) };
	struct dns_manner stub = { .recursion = true };
	struct address warning = address_from_ipv4(octets);
	struct dns_wire query, answer;

	ends[1] = dns_resolver(!address_is_ipv4(&ends[0].address), DNS_PORT);
	dns_query(run, &query, dns_random_id(run), INTERRUPTED, DNS_WIRE_A, &stub);
	dns_send(run, at, &ends[0], &ends[1], &query);
	dns_wire_reply(&answer, &query, DNS_WIRE_QR | DNS_WIRE_RD | DNS_WIRE_RA);
	dns_wire_address(&answer, DNS_WIRE_ANSWER, INTERRUPTED, 3600, &warning);
	dns_send(run, at + 300 * NSEC_PER_US, &ends[1], &ends[0], &answer);
	dns_attack_note(&c->interrupted, at);
	c->clients_interrupted += c->seen_interrupted[leaker] == 0;
	c->seen_interrupted[leaker] = 1;
}

static void
tell(struct dns_run *run, const struct collision *c)
{
	for (size_t i = 0; i < LEAK_COUNT; i++)
		if (c->leaks[i].count > 0)
			dns_run_attack(run, "dns/name-collision", "leak",
			    json_pack("{s:s}", "suffix", LEAKS[i].suffix), &c->leaks[i].span,
			    json_pack("{s:I, s:I, s:I}", "queries", (json_int_t)c->leaks[i].count,
				"resolver_queries", (json_int_t)c->upstream[i], "clients",
				(json_int_t)c->clients[i]));
	if (c->interrupted.count > 0)
		dns_run_attack(run, "dns/name-collision", "leak",
		    json_pack("{s:s}", "suffix", INTERRUPTED), &c->interrupted.span,
		    json_pack("{s:I, s:I, s:i}", "queries", (json_int_t)c->interrupted.count,
			"clients", (json_int_t)c->clients_interrupted, "names", 1));
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct dns_run run;
	struct collision c = { 0 };
	enum err e = dns_run_begin(&run, simulation, settings, info);

	if (e != ERR_OK)
		return e;
	c.leakers = settings_u64(settings, "leakers");
	dns_base_add(&run);
	dns_attack_source(&run, leak_event, &c);
	dns_run_source(&run, interrupted_event, &c, 0.2, run.begin, run.end);
	dns_run_events(&run);
	tell(&run, &c);
	return dns_run_end(&run, e, info);
}

const struct scenario scenario_dns_collision = {
	.name = "dns-collision",
	.summary = "internal names asked in the public DNS: corp, home, search lists, wpad, ldap",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
