/* SPDX-License-Identifier: ISC */
/*
 * What looks like an attack and is none: nothing may alarm.
 *
 * A tunnel through DNS and hosts that look for their controller by generated names (real, but not
 * what the chapter warns of); a mail server under a storm of spam that asks blocklists; a content
 * network with names by the object; a busy resolver that asks the own authority for signed names;
 * somebody with a server cookie who asks for ANY; zone transfers with NOTIFY; an own instance of a
 * root server, with large referrals and two of three names denied.
 */
#include <stdio.h>
#include <string.h>

#include "simulate/dns_attack.h"
#include "simulate/dns_base.h"
#include "simulate/scenario.h"

#define TUNNEL_ZONE   "fernrohr-access.net"
#define OPCODE_NOTIFY (4 << 11)

static const struct setting SETTINGS[] = { DNS_SETTINGS("5m", "200") };

static void
random_label(struct random *r, const char *letters, size_t size, char *label)
{
	size_t count = strlen(letters);

	for (size_t i = 0; i < size; i++)
		label[i] = letters[random_below(r, count)];
	label[size] = '\0';
}

/* Upstream in the name, downstream in TXT. */
static void
tunnel_event(struct dns_run *run, void *state, nsec_t at)
{
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
	char first[64], second[64];
	struct dns_end client = dns_client(run, 77);
	struct dns_lookup l = { .type = DNS_WIRE_TXT, .ttl = 1, .cached_never = true };

	(void)state;
	random_label(run->random, base32, 50 + (size_t)random_below(run->random, 10), first);
	random_label(run->random, base32, 30 + (size_t)random_below(run->random, 20), second);
	(void)snprintf(l.name, sizeof l.name, "%s.%s.t." TUNNEL_ZONE, first, second);
	(void)snprintf(l.zone, sizeof l.zone, "t." TUNNEL_ZONE);
	if (random_chance(run->random, 200))
		l.type = DNS_WIRE_A;
	l.address_count = 1;
	l.at = dns_world_operator(run->world, 3);
	(void)dns_ask(run, at, &client, &l);
}

/* Names of the day, mostly not registered. */
static void
generated_event(struct dns_run *run, void *state, nsec_t at)
{
	static const char *const tlds[] = { "com", "net", "info", "xyz" };
	static const unsigned numbers[] = { 0, 2, 9, 12 };
	struct dns_end client = dns_client(run, 400 + random_below(run->random, 3));
	struct dns_lookup l = { .type = DNS_WIRE_A, .outcome = DNS_NO_NAME, .ttl = 900 };
	size_t tld = (size_t)random_below(run->random, 4);
	char label[32];

	(void)state;
	random_label(run->random, "abcdefghijklmnopqrstuvwxyz",
	    12 + (size_t)random_below(run->random, 8), label);
	(void)snprintf(l.name, sizeof l.name, "%s.%s", label, tlds[tld]);
	(void)snprintf(l.zone, sizeof l.zone, "%s", tlds[tld]);
	l.at = dns_world_tld(run->world, numbers[tld]);
	l.is_signed = true;
	(void)dns_ask(run, at, &client, &l);
}

/* Each peer is looked up in four lists. */
static void
blocklist_event(struct dns_run *run, void *state, nsec_t at)
{
	static const uint8_t mail[4] = { 192, 0, 2, 25 };
	static const char *const lists[] = { "", "b.", "c.", "xbl." };
	struct dns_lookup first, l;

	(void)state;
	dns_lookup_blocklist(&first, run->world, run->random);
	for (unsigned i = 0; i < 4; i++) {
		struct dns_end client = { address_from_ipv4(mail), dns_random_port(run), 64 };
		size_t octets = strcspn(first.name, "d"); /* of the reversed address */
		l = first;
		(void)snprintf(l.name, sizeof l.name, "%.*s%s%.90s", (int)octets, first.name,
		    lists[i], first.zone);
		if (random_chance(run->random, 100))
			l.outcome = DNS_ANSWERED;
		(void)dns_ask(run, at + (nsec_t)i * 50 * NSEC_PER_US, &client, &l);
	}
}

static void
content_event(struct dns_run *run, void *state, nsec_t at)
{
	struct dns_end client = dns_client(run, random_below(run->random, run->clients));
	struct dns_lookup l;

	(void)state;
	dns_lookup_content(&l, run->world, run->random);
	(void)dns_ask(run, at, &client, &l);
}

static void
exchange(struct dns_run *run, nsec_t at, const struct dns_end *client, const struct dns_end *server,
    const struct dns_wire messages[2])
{
	dns_send(run, at, client, server, &messages[0]);
	dns_send(run, at + random_between(run->random, 30, 200) * NSEC_PER_US, server, client,
	    &messages[1]);
}

/* One resolver, many names, signed answers. */
static void
busy_event(struct dns_run *run, void *state, nsec_t at)
{
	struct dns_end client = dns_outsider(run, 700001, false);
	struct dns_end server = dns_authority(false, DNS_PORT);
	struct dns_manner manner = { .edns = true, .dnssec = true, .size = 1232 };
	struct dns_wire_opt opt = { .size = 1232, .dnssec = true };
	struct dns_lookup l = { .type = DNS_WIRE_A, .ttl = 300, .address_count = 2 };
	struct dns_wire m[2];

	(void)state;
	l.is_signed = true;
	if (random_chance(run->random, 100))
		l.outcome = DNS_NO_NAME;
	(void)snprintf(l.name, sizeof l.name, "h%u.customers.example.com",
	    (unsigned)random_below(run->random, 30000));
	(void)snprintf(l.zone, sizeof l.zone, "example.com");
	dns_query(run, &m[0], dns_random_id(run), l.name, l.type, &manner);
	dns_wire_reply(&m[1], &m[0], (uint16_t)(DNS_WIRE_QR | DNS_WIRE_AA | dns_lookup_rcode(&l)));
	dns_lookup_answer(&m[1], &l, true, l.ttl, run->random);
	if (l.outcome == DNS_ANSWERED) {
		for (unsigned i = 0; i < 3; i++)
			dns_wire_rrsig(&m[1], DNS_WIRE_AUTHORITY, "example.com", DNS_WIRE_NS,
			    "example.com", run->random);
	}
	dns_wire_opt(&m[1], &opt);
	exchange(run, at, &client, &server, m);
}

/* Large answers to one who has shown a server cookie (RFC 7873): no spoofed source has one. */
static void
cookie_event(struct dns_run *run, void *state, nsec_t at)
{
	struct dns_end client = dns_outsider(run, 700002, false);
	struct dns_end server = dns_authority(false, DNS_PORT);
	struct dns_wire_opt opt = { .size = 4096, .dnssec = true };
	struct dns_wire m[2];

	(void)state;
	opt.has_client_cookie = opt.has_server_cookie = true;
	memset(opt.client_cookie, 0x5a, sizeof opt.client_cookie);
	memset(opt.server_cookie, 0xa5, sizeof opt.server_cookie);
	dns_wire_begin(&m[0], dns_random_id(run), 0);
	dns_wire_question(&m[0], "example.com", DNS_WIRE_ANY);
	dns_wire_opt(&m[0], &opt);
	dns_wire_reply(&m[1], &m[0], DNS_WIRE_QR | DNS_WIRE_AA);
	for (unsigned i = 0; i < 5; i++)
		dns_wire_rrsig_rsa(&m[1], "example.com", DNS_WIRE_A, "example.com", run->random);
	dns_wire_dnskey(&m[1], "example.com", 3600, 256, run->random);
	dns_wire_opt(&m[1], &opt);
	exchange(run, at, &client, &server, m);
}

/* NOTIFY, SOA, and the whole zone over TCP. */
static void
transfer_event(struct dns_run *run, void *state, nsec_t at)
{
	static const uint8_t octets[4] = { 198, 51, 100, 53 };
	struct dns_end secondary = { address_from_ipv4(octets), DNS_PORT, 57 };
	struct dns_end primary = dns_authority(false, 0), ends[2];
	struct dns_manner manner = { 0 };
	struct dns_wire m[2];
	char name[DNS_NAME];

	(void)state;
	primary.port = dns_random_port(run);
	dns_wire_begin(&m[0], dns_random_id(run), OPCODE_NOTIFY | DNS_WIRE_AA);
	dns_wire_question(&m[0], "example.com", DNS_WIRE_SOA);
	dns_wire_reply(&m[1], &m[0], DNS_WIRE_QR | OPCODE_NOTIFY | DNS_WIRE_AA);
	exchange(run, at, &primary, &secondary, m);
	ends[0] = secondary;
	ends[0].port = dns_random_port(run);
	ends[1] = dns_authority(false, DNS_PORT);
	dns_query(run, &m[0], dns_random_id(run), "example.com", DNS_WIRE_SOA, &manner);
	dns_wire_reply(&m[1], &m[0], DNS_WIRE_QR | DNS_WIRE_AA);
	dns_wire_soa(&m[1], DNS_WIRE_ANSWER, "example.com", 3600);
	exchange(run, at + 20 * NSEC_PER_MS, &ends[0], &ends[1], m);
	ends[0].port = dns_random_port(run);
	dns_query(run, &m[0], dns_random_id(run), "example.com", DNS_WIRE_AXFR, &manner);
	dns_wire_reply(&m[1], &m[0], DNS_WIRE_QR | DNS_WIRE_AA);
	dns_wire_soa(&m[1], DNS_WIRE_ANSWER, "example.com", 3600);
	for (unsigned i = 0; i < 400; i++) {
		struct address a = dns_outside_ipv4(i);
		(void)snprintf(name, sizeof name, "h%u.customers.example.com", i);
		dns_wire_address(&m[1], DNS_WIRE_ANSWER, name, 300, &a);
	}
	dns_wire_soa(&m[1], DNS_WIRE_ANSWER, "example.com", 3600);
	(void)dns_send_tcp(run, at + 60 * NSEC_PER_MS, ends, 100 * NSEC_PER_US, &m[0], &m[1]);
}

/* Referrals to TLDs, and names that are none. */
static void
root_event(struct dns_run *run, void *state, nsec_t at)
{
	static const uint8_t octets[4] = { 192, 0, 2, 58 };
	struct dns_end server = { address_from_ipv4(octets), DNS_PORT, 64 };
	uint64_t number = random_pareto(run->random, 16, 4000, 700);
	struct dns_end client = dns_outsider(run, 710000 + number, false);
	struct dns_manner manner = { .edns = true, .dnssec = true, .size = 1232 };
	struct dns_wire_opt opt = { .size = 1232, .dnssec = true };
	const struct dns_domain *d = dns_world_domain(run->world, run->random);
	const char *tld = dns_tld_name(d->tld);
	char name[DNS_NAME];
	struct dns_lookup l;
	struct dns_wire m[2];

	(void)state;
	tld = strrchr(tld, '.') != NULL ? strrchr(tld, '.') + 1 : tld;
	dns_lookup_probe(&l, run->world, run->random);
	if (random_chance(run->random, 640)) {
		dns_query(run, &m[0], dns_random_id(run), l.name, DNS_WIRE_A, &manner);
		dns_wire_reply(&m[1], &m[0], DNS_WIRE_QR | DNS_WIRE_AA | DNS_WIRE_NXDOMAIN);
		dns_lookup_answer(&m[1], &l, true, 86400, run->random);
	} else {
		dns_query(run, &m[0], dns_random_id(run), d->name, DNS_WIRE_A, &manner);
		dns_wire_reply(&m[1], &m[0], DNS_WIRE_QR);
		for (unsigned i = 0; i < 8; i++) {
			(void)snprintf(name, sizeof name, "%c.nic.%s", (char)('a' + i), tld);
			dns_wire_pointer(&m[1], DNS_WIRE_AUTHORITY, tld, DNS_WIRE_NS, 172800, name);
		}
		dns_wire_ds(&m[1], DNS_WIRE_AUTHORITY, tld, 86400, run->random);
		dns_wire_rrsig(&m[1], DNS_WIRE_AUTHORITY, tld, DNS_WIRE_DS, ".", run->random);
		for (unsigned i = 0; i < 8; i++) {
			struct address glue[2] = { dns_outside_ipv4(i), dns_outside_ipv6(i) };
			(void)snprintf(name, sizeof name, "%c.nic.%s", (char)('a' + i), tld);
			dns_wire_address(&m[1], DNS_WIRE_ADDITIONAL, name, 172800, &glue[0]);
			dns_wire_address(&m[1], DNS_WIRE_ADDITIONAL, name, 172800, &glue[1]);
		}
	}
	dns_wire_opt(&m[1], &opt);
	exchange(run, at, &client, &server, m);
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	static const struct {
		dns_event_fn make;
		double rate;
	} kinds[] = { { tunnel_event, 25 }, { generated_event, 2 }, { blocklist_event, 15 },
		{ content_event, 30 }, { busy_event, 120 }, { cookie_event, 30 },
		{ transfer_event, 0.05 }, { root_event, 200 } };
	struct dns_run run;
	enum err e = dns_run_begin(&run, simulation, settings, info);

	if (e != ERR_OK)
		return e;
	story_site(&run.story, "    - {address: 192.0.2.58, role: authoritative}\n");
	dns_base_add(&run);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		dns_run_source(&run, kinds[i].make, NULL, kinds[i].rate, run.begin, run.end);
	dns_run_events(&run);
	return dns_run_end(&run, e, info);
}

const struct scenario scenario_dns_lookalikes = {
	.name = "dns-lookalikes",
	.summary = "tunnels, generated names, blocklists, a root server: nothing may alarm",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
