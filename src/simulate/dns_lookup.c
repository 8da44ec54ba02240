/* SPDX-License-Identifier: ISC */
/* Questions and what they are answered; see dns_world.h. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "simulate/dns_world.h"

/* Who denies without being one of the domains. */
#define CONTENT_ZONE   "contentwave.net"
#define TELEMETRY_ZONE "telemetry-hub.net"
#define BLOCKLIST_ZONE "dnsbl.spamledger.org"

static void PRINTF_LIKE(2, 3) set_name(char name[DNS_NAME], const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(name, DNS_NAME, format, args);
	va_end(args);
	assert(size >= 0 && size < DNS_NAME);
	(void)size;
}

uint64_t
dns_name_number(const char *name, uint16_t type)
{
	uint64_t h = type;

	for (; *name != '\0'; name++)
		h = hash_mix64(h ^ (uint8_t)*name);
	return h;
}

static void
in_domain(struct dns_lookup *l, const struct dns_world *world, const struct dns_domain *domain)
{
	*l = (struct dns_lookup){ .domain = domain, .address_count = 1, .ttl = 300 };
	l->is_signed = domain->is_signed;
	l->at = dns_world_operator(world, domain->keeper);
	set_name(l->zone, "%s", domain->name);
	set_name(l->name, "%s", domain->name);
}

/* Something that is served without being a domain of the list. */
static void
in_zone(struct dns_lookup *l, const struct dns_world *world, const char *zone)
{
	*l = (struct dns_lookup){ .type = DNS_WIRE_A, .address_count = 1, .ttl = 60 };
	l->at = dns_world_operator(world, dns_name_number(zone, 0));
	set_name(l->zone, "%s", zone);
}

void
dns_lookup_web(struct dns_lookup *l, const struct dns_world *world, struct random *r)
{
	static const struct {
		const char *label;
		unsigned weight;
	} hosts[] = { { "www", 500 }, { "", 190 }, { "api", 60 }, { "img", 50 }, { "static", 50 },
		{ "cdn", 30 }, { "app", 30 }, { "login", 30 }, { "shop", 20 }, { "blog", 20 },
		{ "m", 20 } };
	static const unsigned weights[] = { 500, 190, 60, 50, 50, 30, 30, 30, 20, 20, 20 };
	static const unsigned types[] = { 560, 330, 110 };
	static const uint16_t type_numbers[] = { DNS_WIRE_A, DNS_WIRE_AAAA, DNS_WIRE_HTTPS };
	static const uint32_t ttls[] = { 60, 300, 300, 600, 1800, 3600, 3600, 86400 };
	const struct dns_domain *domain = dns_world_domain(world, r);
	size_t host = random_weighted(r, weights, sizeof weights / sizeof weights[0]);
	uint64_t number;

	in_domain(l, world, domain);
	if (hosts[host].label[0] != '\0')
		set_name(l->name, "%s.%s", hosts[host].label, domain->name);
	number = dns_name_number(l->name, 0);
	l->type = type_numbers[random_weighted(r, types, 3)];
	l->ttl = ttls[number % 8];
	l->address_count = 1 + (number >> 8) % 2;
	/* Half of the names have no AAAA, most no HTTPS. */
	if ((l->type == DNS_WIRE_AAAA && (number >> 16) % 2 == 0) ||
	    (l->type == DNS_WIRE_HTTPS && (number >> 16) % 4 != 0))
		l->outcome = DNS_NODATA;
	if (domain->cdn && host != 1 && l->type != DNS_WIRE_HTTPS) {
		l->outcome = DNS_ANSWERED;
		l->alias_count = 2;
		set_name(l->alias[0], "%s.edge." CONTENT_ZONE, l->name);
		set_name(l->alias[1], "e%u.a." CONTENT_ZONE, (unsigned)(number >> 20) % 100000);
		l->ttl = 20;
		l->address_count = 2;
	}
}

void
dns_lookup_mail(struct dns_lookup *l, const struct dns_world *world, struct random *r)
{
	in_domain(l, world, dns_world_domain(world, r));
	l->type = random_chance(r, 600) ? DNS_WIRE_MX : DNS_WIRE_TXT;
	l->ttl = 3600;
}

/* Half of what is not there is below a domain that is, half is no domain at all. */
void
dns_lookup_missing(struct dns_lookup *l, const struct dns_world *world, struct random *r)
{
	static const char *const labels[] = { "old", "test", "ftp", "vpn", "autodiscover", "www2",
		"stage", "intra" };
	const struct dns_domain *domain = dns_world_domain(world, r);

	in_domain(l, world, domain);
	l->type = random_chance(r, 600) ? DNS_WIRE_A : DNS_WIRE_AAAA;
	l->outcome = DNS_NO_NAME;
	l->ttl = 900;
	if (random_chance(r, 500)) {
		set_name(l->name, "%s.%s", labels[random_below(r, 8)], domain->name);
		return;
	}
	/* A slip of the hand: one letter too many. */
	set_name(l->name, "%c%s", (char)('a' + random_below(r, 26)), domain->name);
	set_name(l->zone, "%s", dns_tld_name(domain->tld));
	l->at = dns_world_tld(world, domain->tld);
	l->domain = NULL;
	l->is_signed = true;
}

void
dns_lookup_reverse(struct dns_lookup *l, const struct dns_world *world, struct random *r)
{
	struct address a = dns_outside_ipv4(random_pareto(r, 1, 20000, 500));
	const uint8_t *o = a.octets + 12;

	in_zone(l, world, "in-addr.arpa");
	l->at = dns_world_reverse(world);
	set_name(l->name, "%u.%u.%u.%u.in-addr.arpa", o[3], o[2], o[1], o[0]);
	set_name(l->zone, "%u.in-addr.arpa", o[0]);
	l->type = DNS_WIRE_PTR;
	l->ttl = 3600;
	if (dns_name_number(l->name, 0) % 4 == 0)
		l->outcome = DNS_NO_NAME;
}

/* A mail server asks whether its peer is known for spam (RFC 5782); most are not. */
void
dns_lookup_blocklist(struct dns_lookup *l, const struct dns_world *world, struct random *r)
{
	struct address a = dns_outside_ipv4(random_pareto(r, 1, 100000, 300));
	const uint8_t *o = a.octets + 12;

	in_zone(l, world, BLOCKLIST_ZONE);
	set_name(l->name, "%u.%u.%u.%u." BLOCKLIST_ZONE, o[3], o[2], o[1], o[0]);
	if (dns_name_number(l->name, 0) % 10 < 8)
		l->outcome = DNS_NO_NAME;
}

/* Names with random-looking labels that exist: each object or device has its own. */
void
dns_lookup_content(struct dns_lookup *l, const struct dns_world *world, struct random *r)
{
	uint64_t object = hash_mix64(random_pareto(r, 1, 1000000, 400));
	bool telemetry = random_chance(r, 300);

	in_zone(l, world, telemetry ? TELEMETRY_ZONE : CONTENT_ZONE);
	if (telemetry)
		set_name(l->name, "d-%08x%08x.in." TELEMETRY_ZONE, (unsigned)object,
		    (unsigned)(object >> 32));
	else
		set_name(l->name, "r%u---sn-%07x.v." CONTENT_ZONE, (unsigned)(object % 20),
		    (unsigned)(object >> 36));
	l->ttl = telemetry ? 60 : 30;
	l->type = random_chance(r, 700) ? DNS_WIRE_A : DNS_WIRE_AAAA;
}

/* A browser finds out whether somebody rewrites NXDOMAIN: single labels of 7 to 15 letters. */
void
dns_lookup_probe(struct dns_lookup *l, const struct dns_world *world, struct random *r)
{
	size_t size = 7 + (size_t)random_below(r, 9);
	char label[16];

	for (size_t i = 0; i < size; i++)
		label[i] = (char)('a' + random_below(r, 26));
	label[size] = '\0';
	dns_lookup_leak(l, world, label);
}

void
dns_lookup_leak(struct dns_lookup *l, const struct dns_world *world, const char *name)
{
	*l = (struct dns_lookup){ .type = DNS_WIRE_A, .outcome = DNS_NO_NAME, .ttl = 86400 };
	set_name(l->name, "%s", name);
	set_name(l->zone, ".");
	l->at = dns_world_root(world);
	l->is_signed = true;
}

/* Keys of a signed zone, or a domain's crowd of verification texts. */
void
dns_lookup_large(struct dns_lookup *l, const struct dns_world *world, struct random *r)
{
	in_domain(l, world, dns_world_domain(world, r));
	l->type = l->is_signed ? DNS_WIRE_DNSKEY : DNS_WIRE_TXT;
	l->large = true;
	l->ttl = 3600;
}

void
dns_lookup_silent(struct dns_lookup *l, const struct dns_world *world, struct random *r)
{
	/* The unpopular ones break most. */
	in_domain(l, world, dns_world_domain_at(world, random_below(r, 1000000)));
	l->type = random_chance(r, 700) ? DNS_WIRE_A : DNS_WIRE_AAAA;
	set_name(l->name, "www.%s", l->domain->name);
	l->outcome = DNS_NO_REPLY;
	l->ttl = 5;
}

uint16_t
dns_lookup_rcode(const struct dns_lookup *l)
{
	if (l->outcome == DNS_NO_NAME)
		return DNS_WIRE_NXDOMAIN;
	return l->outcome == DNS_NO_REPLY ? DNS_WIRE_SERVFAIL : DNS_WIRE_NOERROR;
}

static void
put_addresses(struct dns_wire *w, const struct dns_lookup *l, const char *owner, uint32_t ttl)
{
	for (unsigned i = 0; i < l->address_count; i++) {
		/* The machines of the content network take turns. */
		uint64_t number = dns_name_number(owner, 1) % (l->alias_count > 0 ? 4000 : 1000000);
		struct address a = l->type == DNS_WIRE_A ? dns_outside_ipv4(100000 + number + i)
							 : dns_outside_ipv6(100000 + number + i);
		dns_wire_address(w, DNS_WIRE_ANSWER, owner, ttl, &a);
	}
}

static void
put_data(struct dns_wire *w, const struct dns_lookup *l, const char *owner, uint32_t ttl,
    struct random *r)
{
	char target[DNS_NAME + 8];

	switch (l->type) {
	case DNS_WIRE_A:
	case DNS_WIRE_AAAA: put_addresses(w, l, owner, ttl); break;
	case DNS_WIRE_HTTPS: dns_wire_https(w, owner, ttl); break;
	case DNS_WIRE_MX:
		(void)snprintf(target, sizeof target, "mail.%s", l->zone);
		dns_wire_mx(w, owner, ttl, 10, target);
		break;
	case DNS_WIRE_PTR:
		(void)snprintf(
		    target, sizeof target, "host%u.%s", (unsigned)l->name[0], CONTENT_ZONE);
		dns_wire_pointer(w, DNS_WIRE_ANSWER, owner, DNS_WIRE_PTR, ttl, target);
		break;
	case DNS_WIRE_DNSKEY:
		for (unsigned i = 0; i < 4; i++)
			dns_wire_dnskey(w, owner, ttl, 256, r);
		break;
	case DNS_WIRE_TXT:
		dns_wire_txt(w, owner, ttl, "v=spf1 include:_spf.example.net -all ", 80);
		for (unsigned i = 0; l->large && i < 24; i++)
			dns_wire_txt(w, owner, ttl, "site-verification=4b1d0f6a2c ", 68);
		break;
	default: break;
	}
}

/* Denials have the zone's SOA (RFC 2308, section 3) and, signed, who proves it. */
static void
put_denial(
    struct dns_wire *w, const struct dns_lookup *l, bool dnssec, uint32_t ttl, struct random *r)
{
	char next[DNS_NAME + 8];

	dns_wire_soa(w, DNS_WIRE_AUTHORITY, l->zone, ttl);
	if (!dnssec || !l->is_signed)
		return;
	dns_wire_rrsig(w, DNS_WIRE_AUTHORITY, l->zone, DNS_WIRE_SOA, l->zone, r);
	if (l->zone[0] == '.')
		(void)snprintf(next, sizeof next, "zzz");
	else
		(void)snprintf(next, sizeof next, "zzz.%s", l->zone);
	dns_wire_nsec(w, l->zone, ttl, next);
	dns_wire_rrsig(w, DNS_WIRE_AUTHORITY, l->zone, DNS_WIRE_NSEC, l->zone, r);
}

void
dns_lookup_answer(
    struct dns_wire *w, const struct dns_lookup *l, bool dnssec, uint32_t ttl, struct random *r)
{
	const char *owner = l->name;

	if (l->outcome == DNS_NO_REPLY)
		return;
	for (unsigned i = 0; i < l->alias_count; i++) {
		dns_wire_pointer(
		    w, DNS_WIRE_ANSWER, owner, DNS_WIRE_CNAME, i == 0 ? 3600 : 300, l->alias[i]);
		owner = l->alias[i];
	}
	if (l->outcome != DNS_ANSWERED) {
		put_denial(w, l, dnssec, ttl, r);
		return;
	}
	put_data(w, l, owner, ttl, r);
	if (dnssec && l->is_signed && l->alias_count == 0)
		dns_wire_rrsig(w, DNS_WIRE_ANSWER, owner, l->type, l->zone, r);
}
