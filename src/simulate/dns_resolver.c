/* SPDX-License-Identifier: ISC */
/* The site's resolver: what it is asked, what it asks the Internet for; see dns_base.h.  Its cache
 * has one place for a name: a later name takes it, as caches forget. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "simulate/dns_base.h"

#define RETRY_AFTER     (400 * NSEC_PER_MS) /* doubled each time, as Unbound does */
#define TRIES           3
#define DELEGATION      2 /* the type under which the cache holds it */
#define DELEGATION_TIME (7200 * NSEC_PER_SEC)
#define RESOLVER_SIZE   1232 /* DNS flag day 2020 */

struct dns_end
dns_resolver(bool ipv6, uint16_t port)
{
	static const uint8_t v4[4] = { 192, 0, 2, 53 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x53 };

	return (struct dns_end){ .address = ipv6 ? address_from_ipv6(v6) : address_from_ipv4(v4),
		.port = port,
		.ttl = 64 };
}

struct dns_end
dns_client(struct dns_run *run, uint64_t number)
{
	uint64_t h = hash_mix64(number + 1);
	const uint8_t v4[4] = { 100, (uint8_t)(64 + (number >> 16) % 64), (uint8_t)(number >> 8),
		(uint8_t)number };
	const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x01, (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number, 0, 0, 0, 0, (uint8_t)(h >> 8),
		(uint8_t)(h >> 16), (uint8_t)(h >> 24), (uint8_t)(h >> 32) };

	return (struct dns_end){
		.address = h % 3 == 0 ? address_from_ipv6(v6) : address_from_ipv4(v4),
		.port = dns_random_port(run),
		.ttl = (uint8_t)(h % 5 == 0 ? 125 : 61),
	};
}

struct dns_end
dns_outsider(struct dns_run *run, uint64_t number, bool ipv6)
{
	return (struct dns_end){
		.address = ipv6 ? dns_outside_ipv6(number) : dns_outside_ipv4(number),
		.port = dns_random_port(run),
		.ttl = (uint8_t)(44 + hash_mix64(number) % 16),
	};
}

uint16_t
dns_random_port(struct dns_run *run)
{
	return (uint16_t)random_between(run->random, 1024, 65535);
}

uint16_t
dns_resolver_port(struct dns_run *run)
{
	return run->resolver_port != 0 ? run->resolver_port : dns_random_port(run);
}

uint16_t
dns_random_id(struct dns_run *run)
{
	return (uint16_t)random_below(run->random, 65536);
}

void
dns_query(struct dns_run *run, struct dns_wire *w, uint16_t id, const char *name, uint16_t type,
    const struct dns_manner *manner)
{
	struct dns_wire_opt opt = { .size = manner->size, .dnssec = manner->dnssec };

	dns_wire_begin(w, id, manner->recursion ? DNS_WIRE_RD : 0);
	dns_wire_question(w, name, type);
	if (!manner->edns)
		return;
	opt.has_client_cookie = manner->cookie;
	if (manner->subnet != NULL) {
		opt.subnet = *manner->subnet;
		opt.subnet_source = address_is_ipv4(&opt.subnet) ? 24 : 56;
	}
	random_fill(run->random, opt.client_cookie, sizeof opt.client_cookie);
	dns_wire_opt(w, &opt);
}

/* Letters in either case, at random (draft-vixie-dnsext-dns0x20). */
static void
mix_case(struct dns_run *run, char *name)
{
	uint64_t coins = random_u64(run->random);

	for (; *name != '\0'; name++, coins = coins >> 1 | coins << 63)
		if (*name >= 'a' && *name <= 'z' && (coins & 1) != 0)
			*name = (char)(*name - 'a' + 'A');
}

/* What an authoritative server says; a referral where `delegation` is set. */
static void
put_answer(struct dns_run *run, struct dns_wire *w, const struct dns_wire *query,
    const struct dns_lookup *l, bool delegation, bool truncated)
{
	struct dns_wire_opt opt = { .size = RESOLVER_SIZE, .dnssec = true };
	char server[DNS_NAME];

	dns_wire_reply(w, query,
	    (uint16_t)(DNS_WIRE_QR | (delegation ? 0 : DNS_WIRE_AA) |
		       (truncated ? DNS_WIRE_TC : 0) | dns_lookup_rcode(l)));
	if (truncated) {
		/* Nothing but the question fits. */
	} else if (delegation) {
		for (unsigned i = 1; i <= 2; i++) {
			(void)snprintf(server, sizeof server, "ns%u.%s", i, l->domain->name);
			dns_wire_pointer(
			    w, DNS_WIRE_AUTHORITY, l->domain->name, DNS_WIRE_NS, 86400, server);
		}
		if (l->is_signed)
			dns_wire_ds(w, DNS_WIRE_AUTHORITY, l->domain->name, 86400, run->random);
		for (unsigned i = 1; i <= 2; i++) {
			(void)snprintf(server, sizeof server, "ns%u.%s", i, l->domain->name);
			dns_wire_address(
			    w, DNS_WIRE_ADDITIONAL, server, 86400, &l->at->ipv4[i - 1]);
		}
	} else {
		dns_lookup_answer(w, l, true, l->ttl, run->random);
	}
	opt.has_client_cookie = opt.has_server_cookie = query->cookie;
	dns_wire_opt(w, &opt);
}

/* One question to one operator's servers and its answer; returns when that is there. */
static nsec_t
ask_operator(struct dns_run *run, nsec_t at, const struct dns_operator *o,
    const struct dns_lookup *l, bool delegation)
{
	struct dns_manner manner = { .edns = true, .dnssec = true, .size = RESOLVER_SIZE };
	bool ipv6 = random_chance(run->random, 300), lost = random_chance(run->random, 3);
	struct dns_wire query, answer;
	char name[DNS_NAME];

	memcpy(name, l->name, sizeof name);
	if (run->mixed_case)
		mix_case(run, name);
	manner.cookie = o->cookies;
	for (unsigned try = 0; try < TRIES; try++) {
		struct dns_end ends[2] = { dns_resolver(ipv6, dns_resolver_port(run)) };
		unsigned which = (unsigned)random_below(run->random, 2);
		nsec_t back = o->distance + (nsec_t)random_exponential(
						run->random, (uint64_t)o->distance / 10 + 200000);
		ends[1] = (struct dns_end){ .address = ipv6 ? o->ipv6[which] : o->ipv4[which],
			.port = DNS_PORT,
			.ttl = o->ttl };
		dns_query(run, &query, dns_random_id(run), name, l->type, &manner);
		dns_send(run, at, &ends[0], &ends[1], &query);
		if (l->outcome == DNS_NO_REPLY || (lost && try == 0)) {
			at += RETRY_AFTER << try;
			continue;
		}
		put_answer(run, &answer, &query, l, delegation, l->large && !delegation);
		dns_send(run, at + back, &ends[1], &ends[0], &answer);
		if (!l->large || delegation)
			return at + back;
		put_answer(run, &answer, &query, l, false, false);
		ends[0].port = dns_random_port(run);
		return dns_send_tcp(
		    run, at + back + 100 * NSEC_PER_US, ends, o->distance, &query, &answer);
	}
	return at;
}

static struct dns_cache_entry *
cache_at(struct dns_run *run, const char *name, uint16_t type, uint64_t *ret_key)
{
	*ret_key = dns_name_number(name, type);
	return &run->cache[*ret_key % DNS_CACHE_SIZE];
}

/* The delegation of a domain, from its TLD, unless it is known. */
static nsec_t
find_servers(struct dns_run *run, nsec_t at, const struct dns_lookup *l)
{
	uint64_t key;
	struct dns_cache_entry *entry = cache_at(run, l->domain->name, DELEGATION, &key);
	struct dns_lookup question = *l;

	if (entry->key == key && at < entry->expires)
		return at > entry->ready ? at : entry->ready;
	question.outcome = DNS_ANSWERED;
	at = ask_operator(run, at, dns_world_tld(run->world, l->domain->tld), &question, true);
	*entry = (struct dns_cache_entry){ key, at, at + DELEGATION_TIME };
	return at + 50 * NSEC_PER_US;
}

nsec_t
dns_resolve(struct dns_run *run, nsec_t at, const struct dns_lookup *l)
{
	struct dns_lookup part = *l;

	at += random_between(run->random, 80, 300) * NSEC_PER_US;
	if (l->domain != NULL)
		at = find_servers(run, at, l);
	if (l->alias_count == 0)
		return ask_operator(run, at, l->at, l, false);
	/* The domain's servers know the first alias only; who serves that knows the rest. */
	part.alias_count = 1;
	part.address_count = 0;
	at = ask_operator(run, at, l->at, &part, false) + 60 * NSEC_PER_US;
	part = *l;
	memcpy(part.name, l->alias[0], sizeof part.name);
	memcpy(part.alias[0], l->alias[1], sizeof part.alias[0]);
	part.alias_count--;
	part.is_signed = false;
	return ask_operator(run, at, dns_world_operator(run->world, 7), &part, false);
}

/* When the resolver knows the answer, and what is left of its TTL then. */
static nsec_t
know(struct dns_run *run, nsec_t at, const struct dns_lookup *l, uint32_t *ret_ttl)
{
	uint64_t key;
	struct dns_cache_entry *entry = cache_at(run, l->name, l->type, &key);
	nsec_t known;

	*ret_ttl = l->ttl;
	if (l->cached_never)
		return dns_resolve(run, at, l);
	if (entry->key != key || at >= entry->expires) {
		known = dns_resolve(run, at, l);
		*entry = (struct dns_cache_entry){ key, known,
			known +
			    (nsec_t)(l->ttl < 900 || l->outcome == DNS_ANSWERED ? l->ttl : 900) *
				NSEC_PER_SEC };
		return known;
	}
	if (at < entry->ready)
		return entry->ready;
	*ret_ttl = (uint32_t)((entry->expires - at) / NSEC_PER_SEC);
	return at;
}

static void
answer_client(struct dns_run *run, struct dns_wire *w, const struct dns_wire *query,
    const struct dns_lookup *l, uint32_t ttl, bool truncated)
{
	struct dns_wire_opt opt = { .size = RESOLVER_SIZE, .dnssec = query->dnssec };
	bool authentic = l->is_signed && query->dnssec && l->outcome != DNS_NO_REPLY;

	dns_wire_reply(w, query,
	    (uint16_t)(DNS_WIRE_QR | DNS_WIRE_RD | DNS_WIRE_RA | (truncated ? DNS_WIRE_TC : 0) |
		       (authentic ? DNS_WIRE_AD : 0) | dns_lookup_rcode(l)));
	if (!truncated)
		dns_lookup_answer(w, l, query->dnssec, ttl, run->random);
	if (!query->edns)
		return;
	opt.has_client_cookie = opt.has_server_cookie = query->cookie;
	dns_wire_opt(w, &opt);
}

nsec_t
dns_ask(struct dns_run *run, nsec_t at, const struct dns_end *client, const struct dns_lookup *l)
{
	struct dns_manner manner = { .recursion = true, .edns = random_chance(run->random, 500) };
	struct dns_end ends[2] = { *client,
		dns_resolver(!address_is_ipv4(&client->address), DNS_PORT) };
	struct dns_wire query, answer;
	uint32_t ttl;
	nsec_t known;

	manner.size = random_chance(run->random, 600) ? 1232 : 4096;
	manner.dnssec = manner.edns && random_chance(run->random, 80);
	manner.cookie = manner.edns && random_chance(run->random, 150);
	dns_query(run, &query, dns_random_id(run), l->name, l->type, &manner);
	dns_send(run, at, &ends[0], &ends[1], &query);
	known = know(run, at, l, &ttl) + random_between(run->random, 60, 400) * NSEC_PER_US;
	answer_client(run, &answer, &query, l, ttl, l->large);
	dns_send(run, known, &ends[1], &ends[0], &answer);
	if (!l->large)
		return known;
	answer_client(run, &answer, &query, l, ttl, false);
	ends[0].port = dns_random_port(run);
	return dns_send_tcp(run, known + random_between(run->random, 1, 20) * NSEC_PER_MS, ends,
	    150 * NSEC_PER_US, &query, &answer);
}
