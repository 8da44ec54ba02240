/* SPDX-License-Identifier: ISC */
/*
 * DNS amplification in ordinary traffic, from either end.
 *
 * side=reflector: the site's authoritative server gets questions with the victim's address and
 * answers them to the victim, in fragments.  side=victim: the answers of many servers, that one of
 * the site's customers never asked, come in; now and then he says that the port is closed.
 */
#include <stdio.h>
#include <string.h>

#include "simulate/dns_attack.h"
#include "simulate/dns_base.h"
#include "simulate/scenario.h"

#define REFLECTOR_FIRST 200000 /* among those outside */

static const struct setting SETTINGS[] = {
	DNS_SETTINGS("3m", "300"),
	DNS_ATTACK_SETTINGS("30s", "90s", "500"),
	{ "side", SETTING_TEXT, "reflector", NULL, NULL,
	    "reflector: an own server is used, victim: an own address is hit" },
	{ "qtype", SETTING_TEXT, "ANY", NULL, NULL, "what is asked for: ANY, RRSIG, TXT" },
	{ "reflectors", SETTING_U64, "300", "1", "100000", "servers that hit an own address" },
	{ "source_port", SETTING_U64, "0", "0", "65535", "of the victim; 0: another each time" },
};

struct amplification {
	struct dns_attack attack;
	uint16_t type;
	bool victim; /* is own */
	const char *name;
	uint64_t reflectors;
	uint16_t port;
	uint64_t query_octets, octets;
};

/* The octets that were meant to be large: 3 to 4 kB. */
static void
put_load(struct dns_run *run, const struct amplification *a, struct dns_wire *w)
{
	static const uint16_t covered[] = { DNS_WIRE_A, DNS_WIRE_NS, DNS_WIRE_SOA, DNS_WIRE_MX,
		DNS_WIRE_TXT, DNS_WIRE_AAAA, DNS_WIRE_DNSKEY, DNS_WIRE_NSEC };
	struct address v4 = dns_outside_ipv4(1), v6 = dns_outside_ipv6(1);
	char server[DNS_NAME];

	if (a->type == DNS_WIRE_TXT) {
		dns_wire_txt(w, a->name, 3600, "a record as large as attackers like it. ", 3800);
		return;
	}
	for (size_t i = 0; i < sizeof covered / sizeof covered[0]; i++)
		dns_wire_rrsig_rsa(w, a->name, covered[i], a->name, run->random);
	if (a->type != DNS_WIRE_ANY)
		return;
	dns_wire_address(w, DNS_WIRE_ANSWER, a->name, 3600, &v4);
	dns_wire_address(w, DNS_WIRE_ANSWER, a->name, 3600, &v6);
	for (unsigned i = 1; i <= 2; i++) {
		(void)snprintf(server, sizeof server, "ns%u.%.90s", i, a->name);
		dns_wire_pointer(w, DNS_WIRE_ANSWER, a->name, DNS_WIRE_NS, 3600, server);
		dns_wire_dnskey(w, a->name, 3600, 256, run->random);
	}
	dns_wire_soa(w, DNS_WIRE_ANSWER, a->name, 3600);
	dns_wire_txt(w, a->name, 3600, "v=spf1 mx -all ", 60);
}

/* The victim's address as attackers write it into questions. */
static struct dns_end
victim_of(struct dns_run *run, const struct amplification *a)
{
	static const uint8_t outside[4] = { 198, 51, 100, 77 }, own[4] = { 100, 70, 0, 77 };

	return (struct dns_end){
		.address = address_from_ipv4(a->victim ? own : outside),
		.port = a->port != 0 ? a->port : dns_random_port(run),
		.ttl = 238, /* not that of the host: the packet comes from elsewhere */
	};
}

static void
attack_event(struct dns_run *run, void *state, nsec_t at)
{
	struct amplification *a = state;
	struct dns_manner manner = { .edns = true, .recursion = true, .size = 4096 };
	struct dns_wire_opt opt = { .size = 4096, .dnssec = a->type != DNS_WIRE_TXT };
	struct dns_end victim = victim_of(run, a), server = dns_authority(false, DNS_PORT);
	struct dns_wire query, answer;

	manner.dnssec = opt.dnssec;
	if (a->victim)
		server = dns_outsider(
		    run, REFLECTOR_FIRST + random_below(run->random, a->reflectors), false);
	server.port = DNS_PORT;
	dns_query(run, &query, dns_random_id(run), a->name, a->type, &manner);
	dns_wire_reply(&answer, &query,
	    (uint16_t)(DNS_WIRE_QR | DNS_WIRE_RD | (a->victim ? DNS_WIRE_RA : DNS_WIRE_AA)));
	put_load(run, a, &answer);
	dns_wire_opt(&answer, &opt);
	if (!a->victim) {
		dns_send(run, at, &victim, &server, &query);
		at += random_between(run->random, 40, 200) * NSEC_PER_US;
	}
	dns_send(run, at, &server, &victim, &answer);
	if (a->victim && random_chance(run->random, 10) && a->port == 0)
		dns_send_unreachable(run, at + 300 * NSEC_PER_US, &victim, &server, &answer);
	a->query_octets += query.size;
	a->octets += answer.size;
	dns_attack_note(&a->attack, at);
}

static enum err
read_settings(const struct dns_run *run, struct amplification *a, struct err_info *info)
{
	static const char *const sides[] = { "reflector", "victim", NULL };
	static const char *const types[] = { "ANY", "RRSIG", "TXT", NULL };
	static const uint16_t numbers[] = { DNS_WIRE_ANY, DNS_WIRE_RRSIG, DNS_WIRE_TXT };
	size_t which;
	enum err e = dns_attack_word(run, "side", sides, &which, info);

	if (e != ERR_OK)
		return e;
	a->victim = which == 1;
	a->name = a->victim ? "example.org" : "example.com";
	e = dns_attack_word(run, "qtype", types, &which, info);
	if (e != ERR_OK)
		return e;
	a->type = numbers[which];
	a->reflectors = settings_u64(run->settings, "reflectors");
	a->port = (uint16_t)settings_u64(run->settings, "source_port");
	return ERR_OK;
}

static void
tell(struct dns_run *run, const struct amplification *a)
{
	struct dns_end victim = victim_of(run, a), server = dns_authority(false, DNS_PORT);

	dns_run_attack(run, "dns/amplification", a->victim ? "victim" : "reflector",
	    a->victim ? json_pack("{s:o}", "victim", dns_attack_address(&victim.address))
		      : json_pack("{s:o, s:o}", "server", dns_attack_address(&server.address),
			    "victim", dns_attack_address(&victim.address)),
	    &a->attack.span,
	    json_pack("{s:f, s:I, s:I, s:I, s:I, s:s, s:s, s:I}", "factor",
		a->query_octets > 0 ? (double)a->octets / (double)a->query_octets : 0.0, "queries",
		(json_int_t)(a->victim ? 0 : a->attack.count), "responses",
		(json_int_t)a->attack.count, "octets", (json_int_t)a->octets, "query_octets",
		(json_int_t)a->query_octets, "qname", a->name, "qtype",
		settings_text(run->settings, "qtype"), "reflectors",
		(json_int_t)(a->victim ? a->reflectors : 1)));
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct dns_run run;
	struct amplification a = { 0 };
	enum err e = dns_run_begin(&run, simulation, settings, info);

	if (e != ERR_OK)
		return e;
	e = read_settings(&run, &a, info);
	if (e == ERR_OK) {
		dns_base_add(&run);
		dns_attack_source(&run, attack_event, &a);
		dns_run_events(&run);
		tell(&run, &a);
	}
	return dns_run_end(&run, e, info);
}

const struct scenario scenario_dns_amplification = {
	.name = "dns-amplification",
	.summary = "an own server as reflector, or an own address as victim, of DNS amplification",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
