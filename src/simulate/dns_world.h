/* SPDX-License-Identifier: ISC */
/*
 * The name space of the scenarios dns-…: registrable domains with plausible names under real TLDs,
 * who serves them, what their names answer.
 *
 * Everything follows from the seed.  A lookup is a question with its answer: filled by the
 * functions below, asked by dns_resolver.h, put into messages by dns_lookup_answer.
 */
#ifndef YAGURA_SIMULATE_DNS_WORLD_H
#define YAGURA_SIMULATE_DNS_WORLD_H

#include "base/clock.h"
#include "simulate/dns_wire.h"
#include "simulate/random.h"

#define DNS_NAME 160 /* octets of a name's text here */

/* Who runs name servers: two, each with IPv4 and IPv6. */
struct dns_operator {
	struct address ipv4[2], ipv6[2];
	nsec_t distance; /* round trip */
	uint8_t ttl;     /* of its packets here */
	bool cookies;
};

struct dns_domain {
	char name[48];
	uint8_t tld;
	uint16_t keeper; /* index of the operator */
	bool is_signed;
	bool cdn; /* www is an alias into a content delivery network */
};

struct dns_world;

enum dns_outcome {
	DNS_ANSWERED,
	DNS_NODATA,
	DNS_NO_NAME,  /* NXDOMAIN */
	DNS_NO_REPLY, /* its servers are silent: SERVFAIL in the end */
};

struct dns_lookup {
	char name[DNS_NAME];
	uint16_t type;
	enum dns_outcome outcome;
	char zone[DNS_NAME];     /* whose SOA denies, who signs */
	char alias[2][DNS_NAME]; /* CNAMEs */
	unsigned alias_count;
	uint32_t ttl;
	unsigned address_count;
	bool is_signed;
	bool large;                      /* does not fit into UDP: TC, then TCP */
	bool cached_never;               /* asked anew each time */
	const struct dns_operator *at;   /* who answers */
	const struct dns_domain *domain; /* or NULL: for the delegation */
};

/* When something was first and last seen. */
struct dns_span {
	nsec_t first, last;
};

struct dns_world *dns_world_new(struct random *r, size_t domains);
void dns_world_free(struct dns_world *world);

/* A domain, popular ones more often (Zipf's law). */
const struct dns_domain *dns_world_domain(const struct dns_world *world, struct random *r);
/* A domain by its rank from 0, any number. */
const struct dns_domain *dns_world_domain_at(const struct dns_world *world, uint64_t rank);

const struct dns_operator *dns_world_root(const struct dns_world *world);
const struct dns_operator *dns_world_tld(const struct dns_world *world, unsigned tld);
const struct dns_operator *dns_world_reverse(const struct dns_world *world);
/* A hosting company, any number. */
const struct dns_operator *dns_world_operator(const struct dns_world *world, uint64_t number);
const char *dns_tld_name(unsigned tld);

/* An address of the Internet outside, the same for the same number. */
struct address dns_outside_ipv4(uint64_t number);
struct address dns_outside_ipv6(uint64_t number);

/* What clients ask for in their ordinary lives. */
void dns_lookup_web(struct dns_lookup *l, const struct dns_world *world, struct random *r);
void dns_lookup_mail(struct dns_lookup *l, const struct dns_world *world, struct random *r);
void dns_lookup_missing(struct dns_lookup *l, const struct dns_world *world, struct random *r);
void dns_lookup_reverse(struct dns_lookup *l, const struct dns_world *world, struct random *r);
void dns_lookup_blocklist(struct dns_lookup *l, const struct dns_world *world, struct random *r);
void dns_lookup_content(struct dns_lookup *l, const struct dns_world *world, struct random *r);
void dns_lookup_probe(struct dns_lookup *l, const struct dns_world *world, struct random *r);
void dns_lookup_large(struct dns_lookup *l, const struct dns_world *world, struct random *r);
void dns_lookup_silent(struct dns_lookup *l, const struct dns_world *world, struct random *r);

/* A name that nobody knows, denied by the root: for leaks. */
void dns_lookup_leak(struct dns_lookup *l, const struct dns_world *world, const char *name);

/* Writes answer and authority sections; `dnssec`: with signatures where the zone has them.
 * `ttl` is that of the records. */
void dns_lookup_answer(
    struct dns_wire *w, const struct dns_lookup *l, bool dnssec, uint32_t ttl, struct random *r);
uint16_t dns_lookup_rcode(const struct dns_lookup *l);

uint64_t dns_name_number(const char *name, uint16_t type);

#endif
