/* SPDX-License-Identifier: ISC */
/*
 * What the scenarios dns-… share: a run with its sources of events, packets of DNS messages, their
 * counts, the attacks of the truth, site.yaml.
 *
 * The capture is a mirror of the segment of the site's DNS servers, or of its border.  Own are
 * 192.0.2.0/24 (servers), 100.64.0.0/10 (customers) and 2001:db8::/33; the rest of the Internet
 * is 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24 and 2001:db8:8000::/33.
 *
 *	e = dns_run_begin(&run, simulation, settings, info);
 *	dns_base_add(&run);                            the ordinary traffic, as a source
 *	dns_run_source(&run, attack, &state, 500, begin, end);
 *	dns_run_events(&run);                          makes all packets in order
 *	e = dns_run_end(&run, e, info);                  truth and site.yaml
 */
#ifndef YAGURA_SIMULATE_DNS_RUN_H
#define YAGURA_SIMULATE_DNS_RUN_H

#include "base/settings.h"
#include "simulate/dns_wire.h"
#include "simulate/dns_world.h"
#include "simulate/simulation.h"
#include "simulate/story.h"

#define DNS_PORT    53
#define DNS_SOURCES 16

/* The settings that every scenario has. */
#define DNS_SETTINGS(duration, rate)                                                              \
	{ "start", SETTING_TEXT, "2026-01-05T09:00:00Z", NULL, NULL, "when it begins" },          \
	    { "duration", SETTING_DURATION, duration, "1s", "31d", "events begin in this time" }, \
	    { "rate", SETTING_F64, rate, "0", "1000000",                                          \
		    "ordinary queries of clients, a second" },                                    \
	    { "clients", SETTING_U64, "2000", "1", "1000000", "clients of the resolver" },        \
	    { "domains", SETTING_U64, "3000", "100", "1000000",                                   \
		    "registrable domains that are asked for" },                                   \
	{                                                                                         \
		"mixed_case", SETTING_BOOL, "false", NULL, NULL,                                  \
		    "whether the resolver mixes letter case in what it asks (0x20)"               \
	}

/* One end of a datagram. */
struct dns_end {
	struct address address;
	uint16_t port;
	uint8_t ttl; /* where it is captured */
};

struct dns_counts {
	uint64_t udp, tcp, queries, responses;
	uint64_t ipv4, ipv6, fragmented; /* messages */
	uint64_t edns, dnssec, cookies, subnets, ede, truncated;
	uint64_t octets; /* of all messages */
	uint64_t rcodes[16], types[256];
	uint64_t quoted; /* by ICMP errors: not among the messages */
};

struct dns_run;

typedef void (*dns_event_fn)(struct dns_run *run, void *state, nsec_t at);

/* Events that come as a Poisson process. */
struct dns_source {
	dns_event_fn make;
	void *state; /* borrowed */
	nsec_t next, end;
	uint64_t mean; /* nanoseconds between events */
};

struct dns_cache_entry {
	uint64_t key;
	nsec_t ready, expires;
};

struct dns_run {
	struct simulation *simulation;
	struct random *random;
	const struct settings *settings;
	nsec_t begin, end;
	double rate;
	uint64_t clients;
	bool mixed_case;
	uint16_t resolver_port;        /* of all it asks the Internet; 0: another each time */
	struct dns_world *world;       /* owned */
	struct dns_cache_entry *cache; /* owned: the resolver's */
	struct dns_source sources[DNS_SOURCES];
	size_t source_count;
	struct dns_counts counts;
	uint16_t ip_id;
	struct story story; /* the attacks and site.yaml, whose end is the list of servers */
};

MUST_CHECK enum err dns_run_begin(struct dns_run *run, struct simulation *simulation,
    const struct settings *settings, struct err_info *info);

/* `rate` events a second between two times; none when it is 0. */
void dns_run_source(
    struct dns_run *run, dns_event_fn make, void *state, double rate, nsec_t begin, nsec_t end);
void dns_run_until(struct dns_run *run, nsec_t time); /* those before it */
void dns_run_events(struct dns_run *run);             /* all, and writes every packet */

/* An attack of the truth: what finding is expected.  Both objects are taken over. */
void dns_run_attack(struct dns_run *run, const char *analysis, const char *kind, json_t *subject,
    const struct dns_span *span, json_t *measures);

/* Tells the truth and writes STEM.site.yaml beside the capture, unless the run failed (`e`);
 * releases it. */
MUST_CHECK enum err dns_run_end(struct dns_run *run, enum err e, struct err_info *info);

/* One message over UDP, in fragments where it is too large for a packet. */
void dns_send(struct dns_run *run, nsec_t at, const struct dns_end *from, const struct dns_end *to,
    const struct dns_wire *w);

/* Messages over one TCP connection: a query and its answers.  `rtt` is that of the server.
 * Returns when the last one is there. */
nsec_t dns_send_tcp(struct dns_run *run, nsec_t at, const struct dns_end ends[2], nsec_t rtt,
    const struct dns_wire *query, const struct dns_wire *answer);

/* ICMP port unreachable from `from`, who got this message from `to`. */
void dns_send_unreachable(struct dns_run *run, nsec_t at, const struct dns_end *from,
    const struct dns_end *to, const struct dns_wire *w);

#endif
