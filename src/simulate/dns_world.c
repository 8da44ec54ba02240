/* SPDX-License-Identifier: ISC */
/* Domains, their operators, addresses; see dns_world.h.  What is asked about them is in
 * dns_lookup.c. */
#include "simulate/dns_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"

#define KEEPERS      60 /* hosting companies */
#define ZIPF_HEAD    16
#define ZIPF_ALPHA   700
#define REVERSE_NAME "in-addr.arpa"

/* Under which names domains are registered, per cent; which sign their zones is a matter of the
 * domain. */
static const struct {
	const char *name;
	unsigned weight;
} TLDS[] = {
	{ "com", 44 },
	{ "jp", 10 },
	{ "net", 7 },
	{ "co.jp", 8 },
	{ "org", 6 },
	{ "de", 5 },
	{ "ne.jp", 2 },
	{ "co.uk", 4 },
	{ "fr", 2 },
	{ "info", 2 },
	{ "io", 3 },
	{ "dev", 1 },
	{ "xyz", 3 },
	{ "shop", 1 },
	{ "tokyo", 1 },
	{ "nl", 1 },
	{ REVERSE_NAME, 0 },
};
#define TLD_COUNT (sizeof TLDS / sizeof TLDS[0])

struct dns_world {
	struct dns_operator root;
	struct dns_operator tlds[TLD_COUNT];
	struct dns_operator keepers[KEEPERS];
	struct dns_domain *domains; /* owned */
	size_t domain_count;
};

struct address
dns_outside_ipv4(uint64_t number)
{
	uint64_t h = hash_mix64(number);
	const uint8_t octets[4] = { 198, (uint8_t)(18 + (h & 1)), (uint8_t)(h >> 8),
		(uint8_t)(1 + (h >> 16) % 254) };

	return address_from_ipv4(octets);
}

struct address
dns_outside_ipv6(uint64_t number)
{
	uint64_t h = hash_mix64(number);
	const uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8, (uint8_t)(0x80 | h), (uint8_t)(h >> 8),
		(uint8_t)(h >> 16), 0, 0, 0, 0, 0, 0, 0, (uint8_t)(h >> 24), (uint8_t)(h >> 32) };

	return address_from_ipv6(octets);
}

static struct dns_operator
make_operator(unsigned number, uint64_t least_ms, struct random *r)
{
	struct dns_operator o = {
		.distance = (nsec_t)random_pareto(r, least_ms * 1000, 280000, 900) * NSEC_PER_US,
		.ttl = (uint8_t)random_between(r, 44, 60),
		.cookies = random_chance(r, 300),
	};

	for (unsigned i = 0; i < 2; i++) {
		o.ipv4[i] = dns_outside_ipv4(((uint64_t)number << 8) + i);
		o.ipv6[i] = dns_outside_ipv6(((uint64_t)number << 8) + i);
	}
	return o;
}

/* Two to four syllables, as brands and surnames have. */
static size_t
make_word(struct random *r, char *word)
{
	static const char first[] = "bcdfghjklmnprstvwyz", then[] = "aeiou", last[] = "nrsltk";
	size_t size = 0;

	for (uint64_t left = 2 + random_below(r, 3); left > 0; left--) {
		word[size++] = first[random_below(r, sizeof first - 1)];
		word[size++] = then[random_below(r, sizeof then - 1)];
		if (random_chance(r, 250))
			word[size++] = last[random_below(r, sizeof last - 1)];
	}
	word[size] = '\0';
	return size;
}

static void
make_domain(struct dns_domain *d, struct random *r)
{
	unsigned weights[TLD_COUNT];
	char first[16], second[16] = "";

	for (size_t i = 0; i < TLD_COUNT; i++)
		weights[i] = TLDS[i].weight;
	d->tld = (uint8_t)random_weighted(r, weights, TLD_COUNT);
	d->keeper = (uint16_t)(random_pareto(r, 4, 4 + KEEPERS, 900) - 4);
	d->keeper = d->keeper < KEEPERS ? d->keeper : KEEPERS - 1;
	d->is_signed = random_chance(r, 180);
	d->cdn = random_chance(r, 220);
	(void)make_word(r, first);
	if (random_chance(r, 300))
		(void)make_word(r, second);
	(void)snprintf(d->name, sizeof d->name, "%s%s%s.%s", first,
	    second[0] != '\0' && random_chance(r, 300) ? "-" : "", second, TLDS[d->tld].name);
}

struct dns_world *
dns_world_new(struct random *r, size_t domains)
{
	struct dns_world *w = xcalloc(1, sizeof *w);

	w->root = make_operator(1, 2, r);
	for (unsigned i = 0; i < TLD_COUNT; i++)
		w->tlds[i] = make_operator(16 + i, 4, r);
	for (unsigned i = 0; i < KEEPERS; i++)
		w->keepers[i] = make_operator(256 + i, 4, r);
	w->domains = xcalloc(domains, sizeof *w->domains);
	w->domain_count = domains;
	for (size_t i = 0; i < domains; i++)
		make_domain(&w->domains[i], r);
	return w;
}

void
dns_world_free(struct dns_world *w)
{
	if (w == NULL)
		return;
	free(w->domains);
	free(w);
}

/* P(rank > k) = ((16 + k) / 16)^-0.7: the first of 3,000 gets 4 % of the questions, the first
 * hundred two thirds. */
const struct dns_domain *
dns_world_domain(const struct dns_world *w, struct random *r)
{
	uint64_t rank;

	do
		rank = random_pareto(r, ZIPF_HEAD, w->domain_count + ZIPF_HEAD, ZIPF_ALPHA) -
		       ZIPF_HEAD;
	while (rank >= w->domain_count);
	return &w->domains[rank];
}

const struct dns_domain *
dns_world_domain_at(const struct dns_world *w, uint64_t rank)
{
	return &w->domains[rank % w->domain_count];
}

const struct dns_operator *
dns_world_root(const struct dns_world *w)
{
	return &w->root;
}

const struct dns_operator *
dns_world_tld(const struct dns_world *w, unsigned tld)
{
	return &w->tlds[tld];
}

const struct dns_operator *
dns_world_reverse(const struct dns_world *w)
{
	return &w->tlds[TLD_COUNT - 1];
}

const struct dns_operator *
dns_world_operator(const struct dns_world *w, uint64_t number)
{
	return &w->keepers[number % KEEPERS];
}

const char *
dns_tld_name(unsigned tld)
{
	return TLDS[tld].name;
}
