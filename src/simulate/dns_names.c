/* SPDX-License-Identifier: ISC */
/*
 * A flood of names that are asked once, under many zones: what it takes to fill every table that
 * input can fill.
 *
 * Outside resolvers ask the own authoritative server; each name is new, the zones are subdomains
 * of many registrable domains.  Thousands of clients, so that no table by client stays small
 * either.  No finding is promised: the truth tells the counts.
 */
#include <stdio.h>

#include "base/hash.h"
#include "simulate/dns_attack.h"
#include "simulate/dns_base.h"
#include "simulate/scenario.h"

static const struct setting SETTINGS[] = {
	DNS_SETTINGS("10s", "0"),
	{ "names", SETTING_U64, "100000", "1", "1000000000", "distinct names, each asked once" },
	{ "zones", SETTING_U64, "5000", "1", "100000000", "registrable domains they are in" },
	{ "sources", SETTING_U64, "20000", "1", "100000000", "clients" },
	{ "answers", SETTING_BOOL, "true", NULL, NULL, "whether they are answered (NXDOMAIN)" },
};

static void
name_of(uint64_t number, uint64_t zones, char *name, size_t size, const char **ret_zone)
{
	uint64_t label = hash_mix64(number + 1);
	int used =
	    snprintf(name, size, "%08x%04x.", (unsigned)label, (unsigned)(label >> 32) & 0xffff);

	/* The number itself makes the name distinct. */
	used += snprintf(name + used, size - (size_t)used, "n%llu.", (unsigned long long)number);
	*ret_zone = name + used;
	(void)snprintf(name + used, size - (size_t)used, "zone%llu.com",
	    (unsigned long long)(hash_mix64(number ^ 0x5a5a) % zones));
}

static void
ask(struct dns_run *run, nsec_t at, uint64_t number)
{
	uint64_t source = random_below(run->random, settings_u64(run->settings, "sources"));
	struct dns_end client = dns_client(run, 0), server = dns_resolver(false, DNS_PORT);
	const uint8_t octets[4] = { 100, (uint8_t)(64 + (source >> 16) % 64),
		(uint8_t)(source >> 8), (uint8_t)source };
	struct dns_manner manner = { .recursion = true };
	struct dns_wire query, answer;
	char name[DNS_NAME];
	const char *zone;

	client.address = address_from_ipv4(octets);
	name_of(number, settings_u64(run->settings, "zones"), name, sizeof name, &zone);
	dns_query(run, &query, dns_random_id(run), name, DNS_WIRE_A, &manner);
	dns_send(run, at, &client, &server, &query);
	if (!settings_bool(run->settings, "answers"))
		return;
	dns_wire_reply(
	    &answer, &query, DNS_WIRE_QR | DNS_WIRE_RD | DNS_WIRE_RA | DNS_WIRE_NXDOMAIN);
	dns_wire_soa(&answer, DNS_WIRE_AUTHORITY, zone, 900);
	dns_send(run, at + 200 * NSEC_PER_US, &server, &client, &answer);
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct dns_run run;
	uint64_t names = settings_u64(settings, "names");
	enum err e = dns_run_begin(&run, simulation, settings, info);

	if (e != ERR_OK)
		return e;
	dns_base_add(&run);
	for (uint64_t i = 0; i < names; i++) {
		nsec_t at =
		    run.begin + (nsec_t)((double)(run.end - run.begin) * (double)i / (double)names);
		dns_run_until(&run, at);
		simulation_advance(simulation, at);
		ask(&run, at, i);
	}
	dns_run_events(&run);
	simulation_tell(simulation, "distinct_names", json_integer((json_int_t)names));
	return dns_run_end(&run, e, info);
}

const struct scenario scenario_dns_names = {
	.name = "dns-names",
	.summary = "a flood of names asked once under many zones: for tests of memory",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
