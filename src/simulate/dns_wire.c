/* SPDX-License-Identifier: ISC */
/* The encoder of DNS messages; see dns_wire.h.  Overflow is our own mistake and asserts. */
#include "simulate/dns_wire.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

#define POINTER      0xc000U
#define POINTER_MOST 0x3fffU
#define SIGNED_TTL   3600U

static uint8_t *
take(struct dns_wire *w, size_t size)
{
	uint8_t *at = w->data + w->size;

	assert(size <= sizeof w->data - w->size);
	w->size += size;
	return at;
}

static void
put8(struct dns_wire *w, unsigned v)
{
	*take(w, 1) = (uint8_t)v;
}

static void
put16(struct dns_wire *w, unsigned v)
{
	put_be16(take(w, 2), (uint16_t)v);
}

static void
put32(struct dns_wire *w, uint32_t v)
{
	put_be32(take(w, 4), v);
}

static void
put_octets(struct dns_wire *w, const void *data, size_t size)
{
	memcpy(take(w, size), data, size);
}

static void
put_random(struct dns_wire *w, struct random *r, size_t size)
{
	random_fill(r, take(w, size), size);
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* Whether the name at `at` of the message is `text`, letter case aside. */
static bool
is_name_at(const struct dns_wire *w, size_t at, const char *text)
{
	for (;;) {
		size_t size = strcspn(text, ".");
		while (w->data[at] >= 0xc0)
			at = be16(w->data + at) & POINTER_MOST;
		if (w->data[at] != size)
			return false;
		for (size_t i = 0; i < size; i++)
			if (lower(w->data[at + 1 + i]) != lower((uint8_t)text[i]))
				return false;
		if (size == 0)
			return true;
		at += 1 + size;
		text += size + (text[size] == '.');
	}
}

static bool
put_pointer_to(struct dns_wire *w, const char *text)
{
	for (size_t i = 0; i < w->name_count; i++)
		if (is_name_at(w, w->names[i], text)) {
			put16(w, POINTER | w->names[i]);
			return true;
		}
	return false;
}

static void
put_name(struct dns_wire *w, const char *text, bool compressed)
{
	if (text[0] == '.')
		text++;
	while (*text != '\0') {
		size_t size = strcspn(text, ".");
		if (compressed && put_pointer_to(w, text))
			return;
		assert(size > 0 && size < 64);
		if (compressed && w->name_count < DNS_WIRE_NAMES && w->size <= POINTER_MOST)
			w->names[w->name_count++] = (uint16_t)w->size;
		put8(w, (unsigned)size);
		put_octets(w, text, size);
		text += size + (text[size] == '.');
	}
	put8(w, 0);
}

void
dns_wire_begin(struct dns_wire *w, uint16_t id, uint16_t bits)
{
	w->size = 0;
	w->name_count = 0;
	w->type = 0;
	w->edns = w->dnssec = w->cookie = w->subnet = w->ede = false;
	put16(w, id);
	put16(w, bits);
	memset(take(w, 8), 0, 8);
}

static void
count(struct dns_wire *w, unsigned section)
{
	uint8_t *at = w->data + 4 + (size_t)2 * section;

	put_be16(at, (uint16_t)(be16(at) + 1));
}

void
dns_wire_question(struct dns_wire *w, const char *name, uint16_t type)
{
	put_name(w, name, true);
	put16(w, type);
	put16(w, 1);
	count(w, 0);
	w->type = type;
	w->question_end = w->size;
}

void
dns_wire_reply(struct dns_wire *w, const struct dns_wire *query, uint16_t bits)
{
	size_t from = 12, to = query->question_end;

	dns_wire_begin(w, be16(query->data), bits);
	put_octets(w, query->data + 12, query->question_end - 12);
	for (size_t at = from; at < to && w->data[at] != 0; at += 1 + (size_t)w->data[at])
		if (w->name_count < DNS_WIRE_NAMES)
			w->names[w->name_count++] = (uint16_t)at;
	count(w, 0);
	w->type = query->type;
	w->question_end = w->size;
}

/* The record up to its data; returns where the data's length stands, for end_record. */
static size_t
begin_record(struct dns_wire *w, enum dns_wire_section section, const char *owner, uint16_t type,
    uint32_t ttl)
{
	put_name(w, owner, true);
	put16(w, type);
	put16(w, 1);
	put32(w, ttl);
	put16(w, 0);
	count(w, section);
	return w->size - 2;
}

static void
end_record(struct dns_wire *w, size_t at)
{
	put_be16(w->data + at, (uint16_t)(w->size - at - 2));
}

void
dns_wire_address(struct dns_wire *w, enum dns_wire_section section, const char *owner, uint32_t ttl,
    const struct address *address)
{
	bool ipv4 = address_is_ipv4(address);
	size_t at = begin_record(w, section, owner, ipv4 ? DNS_WIRE_A : DNS_WIRE_AAAA, ttl);

	put_octets(w, address->octets + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
	end_record(w, at);
}

void
dns_wire_pointer(struct dns_wire *w, enum dns_wire_section section, const char *owner,
    uint16_t type, uint32_t ttl, const char *target)
{
	size_t at = begin_record(w, section, owner, type, ttl);

	put_name(w, target, true);
	end_record(w, at);
}

void
dns_wire_mx(
    struct dns_wire *w, const char *owner, uint32_t ttl, uint16_t preference, const char *exchange)
{
	size_t at = begin_record(w, DNS_WIRE_ANSWER, owner, DNS_WIRE_MX, ttl);

	put16(w, preference);
	put_name(w, exchange, true);
	end_record(w, at);
}

/* PREFIX.ZONE, or PREFIX alone for the root. */
static void
put_name_in(struct dns_wire *w, const char *prefix, const char *zone)
{
	char name[DNS_WIRE_NAME_MAX];
	size_t size = strlen(prefix), zone_size = strlen(zone);

	assert(size + zone_size + 2 <= sizeof name);
	memcpy(name, prefix, size);
	if (zone_size > 0 && zone[0] != '.') {
		name[size++] = '.';
		memcpy(name + size, zone, zone_size);
		size += zone_size;
	}
	name[size] = '\0';
	put_name(w, name, true);
}

void
dns_wire_soa(struct dns_wire *w, enum dns_wire_section section, const char *zone, uint32_t ttl)
{
	size_t at = begin_record(w, section, zone, DNS_WIRE_SOA, ttl);

	put_name_in(w, "ns1", zone);
	put_name_in(w, "hostmaster", zone);
	put32(w, 2026010101);
	put32(w, 7200);
	put32(w, 900);
	put32(w, 1209600);
	put32(w, ttl);
	end_record(w, at);
}

void
dns_wire_txt(struct dns_wire *w, const char *owner, uint32_t ttl, const char *text, size_t size)
{
	size_t at = begin_record(w, DNS_WIRE_ANSWER, owner, DNS_WIRE_TXT, ttl);
	size_t length = strlen(text), from = 0;

	for (size_t left = size; left > 0;) {
		size_t part = left < 255 ? left : 255;
		put8(w, (unsigned)part);
		for (size_t i = 0; i < part; i++)
			put8(w, (uint8_t)text[from++ % length]);
		left -= part;
	}
	if (size == 0)
		put8(w, 0);
	end_record(w, at);
}

void
dns_wire_srv(struct dns_wire *w, const char *owner, uint32_t ttl, uint16_t port, const char *target)
{
	size_t at = begin_record(w, DNS_WIRE_ANSWER, owner, DNS_WIRE_SRV, ttl);

	put16(w, 0);
	put16(w, 100);
	put16(w, port);
	put_name(w, target, false);
	end_record(w, at);
}

void
dns_wire_https(struct dns_wire *w, const char *owner, uint32_t ttl)
{
	static const uint8_t data[] = { 0, 1, 0, 0, 1, 0, 6, 2, 'h', '2', 2, 'h', '3' };
	size_t at = begin_record(w, DNS_WIRE_ANSWER, owner, DNS_WIRE_HTTPS, ttl);

	put_octets(w, data, sizeof data);
	end_record(w, at);
}

static void
put_signature(struct dns_wire *w, const char *owner, uint16_t covered, const char *signer, bool rsa,
    struct random *r)
{
	unsigned labels = owner[0] != '\0' && owner[0] != '.';

	for (const char *p = owner; *p != '\0'; p++)
		labels += *p == '.';
	put16(w, covered);
	put8(w, rsa ? 8 : 13);
	put8(w, owner[0] == '.' ? 0 : labels);
	put32(w, SIGNED_TTL);
	put32(w, 1769904000);
	put32(w, 1767225600);
	put16(w, 20326);
	put_name(w, signer, false);
	put_random(w, r, rsa ? 256 : 64);
}

void
dns_wire_rrsig(struct dns_wire *w, enum dns_wire_section section, const char *owner,
    uint16_t covered, const char *signer, struct random *r)
{
	size_t at = begin_record(w, section, owner, DNS_WIRE_RRSIG, SIGNED_TTL);

	put_signature(w, owner, covered, signer, false, r);
	end_record(w, at);
}

void
dns_wire_rrsig_rsa(
    struct dns_wire *w, const char *owner, uint16_t covered, const char *signer, struct random *r)
{
	size_t at = begin_record(w, DNS_WIRE_ANSWER, owner, DNS_WIRE_RRSIG, SIGNED_TTL);

	put_signature(w, owner, covered, signer, true, r);
	end_record(w, at);
}

void
dns_wire_dnskey(struct dns_wire *w, const char *owner, uint32_t ttl, size_t size, struct random *r)
{
	static const uint8_t exponent[4] = { 3, 1, 0, 1 };
	size_t at = begin_record(w, DNS_WIRE_ANSWER, owner, DNS_WIRE_DNSKEY, ttl);
	bool rsa = size > 64;

	put16(w, 257);
	put8(w, 3);
	put8(w, rsa ? 8 : 13);
	if (rsa)
		put_octets(w, exponent, sizeof exponent);
	put_random(w, r, size);
	end_record(w, at);
}

void
dns_wire_ds(struct dns_wire *w, enum dns_wire_section section, const char *owner, uint32_t ttl,
    struct random *r)
{
	size_t at = begin_record(w, section, owner, DNS_WIRE_DS, ttl);

	put16(w, (unsigned)random_below(r, 65536));
	put8(w, 13);
	put8(w, 2);
	put_random(w, r, 32);
	end_record(w, at);
}

void
dns_wire_nsec(struct dns_wire *w, const char *owner, uint32_t ttl, const char *next)
{
	/* A, NS, SOA, MX, TXT, RRSIG, NSEC: RFC 4034, section 4.1.2 */
	static const uint8_t bitmap[] = { 0, 6, 0x62, 0x01, 0x80, 0x00, 0x00, 0x03 };
	size_t at = begin_record(w, DNS_WIRE_AUTHORITY, owner, DNS_WIRE_NSEC, ttl);

	put_name(w, next, false);
	put_octets(w, bitmap, sizeof bitmap);
	end_record(w, at);
}

static void
put_cookie(struct dns_wire *w, const struct dns_wire_opt *opt)
{
	put16(w, 10);
	put16(w, opt->has_server_cookie ? 24 : 8);
	put_octets(w, opt->client_cookie, 8);
	if (opt->has_server_cookie)
		put_octets(w, opt->server_cookie, 16);
}

static void
put_subnet(struct dns_wire *w, const struct dns_wire_opt *opt)
{
	bool ipv4 = address_is_ipv4(&opt->subnet);
	size_t size = ((size_t)opt->subnet_source + 7) / 8;

	put16(w, 8);
	put16(w, (unsigned)(4 + size));
	put16(w, ipv4 ? 1 : 2);
	put8(w, opt->subnet_source);
	put8(w, opt->subnet_scope);
	put_octets(w, opt->subnet.octets + (ipv4 ? 12 : 0), size);
}

void
dns_wire_opt(struct dns_wire *w, const struct dns_wire_opt *opt)
{
	size_t at, text = opt->ede_text != NULL ? strlen(opt->ede_text) : 0;

	w->edns = true;
	w->dnssec = opt->dnssec;
	w->cookie = opt->has_client_cookie;
	w->subnet = opt->subnet_source > 0;
	w->ede = opt->has_ede;
	put8(w, 0);
	put16(w, DNS_WIRE_OPT);
	put16(w, opt->size);
	put32(w, opt->dnssec ? 0x8000 : 0);
	at = w->size;
	put16(w, 0);
	count(w, DNS_WIRE_ADDITIONAL);
	if (opt->has_client_cookie)
		put_cookie(w, opt);
	if (opt->subnet_source > 0)
		put_subnet(w, opt);
	if (opt->has_ede) {
		put16(w, 15);
		put16(w, (unsigned)(2 + text));
		put16(w, opt->ede);
		if (text > 0)
			put_octets(w, opt->ede_text, text);
	}
	end_record(w, at);
}

uint16_t
dns_wire_bits(const struct dns_wire *w)
{
	return be16(w->data + 2);
}
