/* SPDX-License-Identifier: ISC */
/* Ordinary traffic of a site's name servers; see dns_base.h.  The resolver is in dns_resolver.c. */
#include "simulate/dns_base.h"

#include <stdio.h>
#include <string.h>

#define AUTHORITY_SHARE 0.12  /* questions to the own authority, of those to the resolver */
#define SCAN_RATE       0.02  /* strangers who try the resolver, a second */
#define LEAK_RATE       0.008 /* questions that a search list spoilt, a second */
#define OUTSIDERS       1500  /* resolvers elsewhere */

typedef void (*lookup_fn)(struct dns_lookup *l, const struct dns_world *world, struct random *r);

/* What clients ask for, per mille.  NXDOMAIN is 4 % of the answers, all kinds together. */
static const struct {
	lookup_fn fill;
	unsigned weight;
} KINDS[] = {
	{ dns_lookup_web, 848 },
	{ dns_lookup_mail, 20 },
	{ dns_lookup_missing, 16 },
	{ dns_lookup_reverse, 35 },
	{ dns_lookup_blocklist, 8 },
	{ dns_lookup_content, 60 },
	{ dns_lookup_probe, 2 },
	{ dns_lookup_large, 8 },
	{ dns_lookup_silent, 3 },
};
#define KIND_COUNT (sizeof KINDS / sizeof KINDS[0])

struct dns_end
dns_authority(bool ipv6, uint16_t port)
{
	static const uint8_t v4[4] = { 192, 0, 2, 54 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x54 };

	return (struct dns_end){ .address = ipv6 ? address_from_ipv6(v6) : address_from_ipv4(v4),
		.port = port,
		.ttl = 64 };
}

static struct dns_end
mail_server(struct dns_run *run)
{
	static const uint8_t v4[4] = { 192, 0, 2, 25 };

	return (struct dns_end){
		.address = address_from_ipv4(v4), .port = dns_random_port(run), .ttl = 64
	};
}

/* Some clients are busier than others: a tenth of them asks half of the questions. */
static uint64_t
pick_client(struct dns_run *run)
{
	uint64_t number = random_pareto(run->random, 32, 32 + run->clients * 8, 800) - 32;

	return number % run->clients;
}

static void
client_event(struct dns_run *run, void *state, nsec_t at)
{
	unsigned weights[KIND_COUNT];
	struct dns_end client;
	struct dns_lookup l;
	lookup_fn fill;

	(void)state;
	for (size_t i = 0; i < KIND_COUNT; i++)
		weights[i] = KINDS[i].weight;
	fill = KINDS[random_weighted(run->random, weights, KIND_COUNT)].fill;
	client =
	    fill == dns_lookup_blocklist ? mail_server(run) : dns_client(run, pick_client(run));
	fill(&l, run->world, run->random);
	(void)dns_ask(run, at, &client, &l);
	/* Browsers ask for both families at once, and probe three times. */
	if (fill == dns_lookup_web && l.type == DNS_WIRE_A && random_chance(run->random, 300)) {
		client.port = dns_random_port(run);
		l.type = DNS_WIRE_AAAA;
		(void)dns_ask(run, at + 30 * NSEC_PER_US, &client, &l);
	}
	for (unsigned i = 0; fill == dns_lookup_probe && i < 2; i++) {
		fill(&l, run->world, run->random);
		client.port = dns_random_port(run);
		(void)dns_ask(run, at + (nsec_t)(i + 1) * 40 * NSEC_PER_US, &client, &l);
	}
}

/* A name of the own zones, mostly one that is there. */
static void
own_lookup(struct dns_run *run, struct dns_lookup *l)
{
	static const struct {
		const char *label;
		uint16_t type;
		unsigned weight;
	} questions[] = { { "www.", DNS_WIRE_A, 300 }, { "www.", DNS_WIRE_AAAA, 220 },
		{ "", DNS_WIRE_A, 120 }, { "", DNS_WIRE_MX, 100 }, { "mail.", DNS_WIRE_A, 90 },
		{ "", DNS_WIRE_TXT, 60 }, { "", DNS_WIRE_DNSKEY, 25 },
		{ "_dmarc.", DNS_WIRE_TXT, 45 }, { "old-shop.", DNS_WIRE_A, 40 } };
	unsigned weights[sizeof questions / sizeof questions[0]];
	const char *zone = random_chance(run->random, 700) ? "example.com" : "example.net";
	size_t i, count = sizeof questions / sizeof questions[0];

	for (i = 0; i < count; i++)
		weights[i] = questions[i].weight;
	i = random_weighted(run->random, weights, count);
	*l = (struct dns_lookup){ .type = questions[i].type, .ttl = 3600, .address_count = 1 };
	(void)snprintf(l->name, sizeof l->name, "%s%s", questions[i].label, zone);
	(void)snprintf(l->zone, sizeof l->zone, "%s", zone);
	l->is_signed = zone[8] == 'c';
	l->outcome = i + 1 == count ? DNS_NO_NAME : DNS_ANSWERED;
	l->large = l->type == DNS_WIRE_DNSKEY && l->is_signed;
	if (l->type == DNS_WIRE_DNSKEY && !l->is_signed)
		l->outcome = DNS_NODATA;
}

static void
answer_outsider(struct dns_run *run, struct dns_wire *w, const struct dns_wire *query,
    const struct dns_lookup *l, const struct address *subnet, bool truncated)
{
	struct dns_wire_opt opt = { .size = 1232, .dnssec = query->dnssec };

	dns_wire_reply(w, query,
	    (uint16_t)(DNS_WIRE_QR | DNS_WIRE_AA | (truncated ? DNS_WIRE_TC : 0) |
		       dns_lookup_rcode(l)));
	if (!truncated)
		dns_lookup_answer(w, l, query->dnssec, l->ttl, run->random);
	opt.has_client_cookie = opt.has_server_cookie = query->cookie;
	if (query->subnet) {
		opt.subnet = *subnet;
		opt.subnet_source = 24;
		opt.subnet_scope = 24;
	}
	if (query->edns)
		dns_wire_opt(w, &opt);
}

void
dns_ask_authority(struct dns_run *run, nsec_t at)
{
	uint64_t number = random_pareto(run->random, 8, 8 + OUTSIDERS, 700);
	bool ipv6 = number % 3 == 0;
	struct dns_end ends[2] = { dns_outsider(run, 5000 + number, ipv6),
		dns_authority(ipv6, DNS_PORT) };
	struct dns_manner manner = { .edns = number % 10 != 0, .size = 1232 };
	nsec_t distance = (nsec_t)(3 + number % 150) * NSEC_PER_MS;
	struct address subnet = dns_outside_ipv4(number * 1000 + random_below(run->random, 1000));
	struct dns_wire query, answer;
	struct dns_lookup l;

	/* Large public resolvers tell for whom they ask. */
	subnet = address_mask(&subnet, 24);
	if (manner.edns && number % 12 == 1)
		manner.subnet = &subnet;
	manner.dnssec = manner.edns && number % 4 != 0;
	manner.cookie = manner.edns && number % 5 == 0;
	if (number % 7 == 0)
		manner.size = 4096;
	own_lookup(run, &l);
	dns_query(run, &query, dns_random_id(run), l.name, l.type, &manner);
	dns_send(run, at, &ends[0], &ends[1], &query);
	at += random_between(run->random, 30, 160) * NSEC_PER_US;
	answer_outsider(run, &answer, &query, &l, &subnet, l.large);
	dns_send(run, at, &ends[1], &ends[0], &answer);
	if (!l.large)
		return;
	answer_outsider(run, &answer, &query, &l, &subnet, false);
	ends[0].port = dns_random_port(run);
	(void)dns_send_tcp(run, at + distance, ends, 100 * NSEC_PER_US, &query, &answer);
}

static void
authority_event(struct dns_run *run, void *state, nsec_t at)
{
	(void)state;
	dns_ask_authority(run, at);
}

/* Somebody looks for open resolvers; this one refuses. */
static void
scan_event(struct dns_run *run, void *state, nsec_t at)
{
	struct dns_end stranger = dns_outsider(run, 90000 + random_below(run->random, 50), false);
	struct dns_end resolver = dns_resolver(false, DNS_PORT);
	struct dns_manner manner = { .recursion = true };
	struct dns_wire query, answer;

	(void)state;
	dns_query(
	    run, &query, dns_random_id(run), "scan.openresolverproject.org", DNS_WIRE_A, &manner);
	dns_send(run, at, &stranger, &resolver, &query);
	dns_wire_reply(&answer, &query, DNS_WIRE_QR | DNS_WIRE_RD | DNS_WIRE_REFUSED);
	dns_send(run, at + 80 * NSEC_PER_US, &resolver, &stranger, &answer);
}

/* Too few of each kind to warn of in a short time. */
static void
leak_event(struct dns_run *run, void *state, nsec_t at)
{
	static const char *const names[] = { "www.example.org.localdomain", "wpad.office",
		"printer.intranet", "dc1.domain" };
	struct dns_end client = dns_client(run, pick_client(run));
	struct dns_lookup l;

	(void)state;
	dns_lookup_leak(&l, run->world, names[random_below(run->random, 4)]);
	(void)dns_ask(run, at, &client, &l);
}

void
dns_base_add(struct dns_run *run)
{
	if (run->rate <= 0)
		return;
	dns_run_source(run, client_event, NULL, run->rate, run->begin, run->end);
	dns_run_source(
	    run, authority_event, NULL, run->rate * AUTHORITY_SHARE, run->begin, run->end);
	dns_run_source(run, scan_event, NULL, SCAN_RATE, run->begin, run->end);
	dns_run_source(run, leak_event, NULL, LEAK_RATE, run->begin, run->end);
}
