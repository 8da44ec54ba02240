/* SPDX-License-Identifier: ISC */
/*
 * The ordinary traffic of the scenarios dns-…, and the parties that attacks deal with too.
 *
 * Stub clients ask the site's resolver; what its cache does not hold it asks the Internet for:
 * the TLD's servers for a delegation, the domain's servers for the answer.  Outside resolvers ask
 * the site's authoritative server.
 */
#ifndef YAGURA_SIMULATE_DNS_BASE_H
#define YAGURA_SIMULATE_DNS_BASE_H

#include "simulate/dns_run.h"

#define DNS_CACHE_SIZE 131072 /* entries; what does not fit replaces another, as in any cache */
#define DNS_OWN_ZONES  "example.com, example.net"

/* Adds the sources of ordinary traffic, from begin to end. */
void dns_base_add(struct dns_run *run);

/* The site's own: the resolver, the authoritative server, client number N. */
struct dns_end dns_resolver(bool ipv6, uint16_t port);
struct dns_end dns_authority(bool ipv6, uint16_t port);
struct dns_end dns_client(struct dns_run *run, uint64_t number);
/* Somebody outside. */
struct dns_end dns_outsider(struct dns_run *run, uint64_t number, bool ipv6);

uint16_t dns_random_port(struct dns_run *run);
/* The port of the resolver's next question to the Internet. */
uint16_t dns_resolver_port(struct dns_run *run);
uint16_t dns_random_id(struct dns_run *run);

/* How somebody asks: a stub's flags and EDNS, drawn anew. */
struct dns_manner {
	bool edns, dnssec, cookie, recursion;
	uint16_t size;
	const struct address *subnet; /* borrowed; NULL: no client subnet (RFC 7871) */
};
void dns_query(struct dns_run *run, struct dns_wire *w, uint16_t id, const char *name,
    uint16_t type, const struct dns_manner *manner);

/* A client asks the resolver, and gets its answer.  Returns when. */
nsec_t dns_ask(
    struct dns_run *run, nsec_t at, const struct dns_end *client, const struct dns_lookup *lookup);

/* The resolver finds out; returns when it knows. */
nsec_t dns_resolve(struct dns_run *run, nsec_t at, const struct dns_lookup *lookup);

/* An outside resolver asks the own authoritative server about one of its zones. */
void dns_ask_authority(struct dns_run *run, nsec_t at);

#endif
