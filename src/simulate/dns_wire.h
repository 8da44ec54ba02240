/* SPDX-License-Identifier: ISC */
/*
 * An encoder of DNS messages (RFC 1035, section 4), with no line in common with the decoder that
 * is tested by them.
 *
 * Names are text without a final dot, "." or "" for the root; labels hold no dots and no escapes.
 * They are compressed against all earlier names of the message, except where RFC 3597 (section 4)
 * forbids it.  Records are added in the order of their sections; counts follow by themselves.
 *
 *	struct dns_wire w;
 *	dns_wire_begin(&w, id, DNS_WIRE_QR | DNS_WIRE_RD | DNS_WIRE_RA);
 *	dns_wire_question(&w, "www.example.com", DNS_WIRE_A);
 *	dns_wire_address(&w, DNS_WIRE_ANSWER, "www.example.com", 300, &address);
 *	dns_wire_opt(&w, &(struct dns_wire_opt){ .size = 1232 });
 */
#ifndef YAGURA_SIMULATE_DNS_WIRE_H
#define YAGURA_SIMULATE_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/address.h"
#include "simulate/random.h"

#define DNS_WIRE_MAX      16384
#define DNS_WIRE_NAMES    96  /* labels that later names may point to */
#define DNS_WIRE_NAME_MAX 256 /* octets of a name's text, terminator included */

enum {
	DNS_WIRE_QR = 0x8000,
	DNS_WIRE_AA = 0x0400,
	DNS_WIRE_TC = 0x0200,
	DNS_WIRE_RD = 0x0100,
	DNS_WIRE_RA = 0x0080,
	DNS_WIRE_AD = 0x0020,
	DNS_WIRE_CD = 0x0010,
};

enum {
	DNS_WIRE_NOERROR = 0,
	DNS_WIRE_SERVFAIL = 2,
	DNS_WIRE_NXDOMAIN = 3,
	DNS_WIRE_REFUSED = 5,
};

enum {
	DNS_WIRE_A = 1,
	DNS_WIRE_NS = 2,
	DNS_WIRE_CNAME = 5,
	DNS_WIRE_SOA = 6,
	DNS_WIRE_PTR = 12,
	DNS_WIRE_MX = 15,
	DNS_WIRE_TXT = 16,
	DNS_WIRE_AAAA = 28,
	DNS_WIRE_SRV = 33,
	DNS_WIRE_OPT = 41,
	DNS_WIRE_DS = 43,
	DNS_WIRE_RRSIG = 46,
	DNS_WIRE_NSEC = 47,
	DNS_WIRE_DNSKEY = 48,
	DNS_WIRE_HTTPS = 65,
	DNS_WIRE_AXFR = 252,
	DNS_WIRE_ANY = 255,
};

enum dns_wire_section {
	DNS_WIRE_ANSWER = 1,
	DNS_WIRE_AUTHORITY = 2,
	DNS_WIRE_ADDITIONAL = 3,
};

struct dns_wire {
	size_t size;
	size_t name_count;
	uint16_t names[DNS_WIRE_NAMES]; /* where labels begin */
	uint16_t type;                  /* of the first question */
	size_t question_end;
	bool edns, dnssec, cookie, subnet, ede; /* what was said, for those who count */
	uint8_t data[DNS_WIRE_MAX];
};

/* OPT (RFC 6891) with options, each left out when it is zero. */
struct dns_wire_opt {
	uint16_t size; /* the sender's UDP payload size */
	bool dnssec;   /* DO */
	uint8_t client_cookie[8];
	uint8_t server_cookie[16];
	bool has_client_cookie, has_server_cookie; /* RFC 7873 */
	struct address subnet;                     /* RFC 7871 */
	uint8_t subnet_source, subnet_scope;       /* prefix lengths; source 0: no such option */
	bool has_ede;                              /* RFC 8914 */
	uint16_t ede;
	const char *ede_text; /* or NULL */
};

/* A message with empty sections; `bits` is the header's second 16 bits. */
void dns_wire_begin(struct dns_wire *w, uint16_t id, uint16_t bits);
void dns_wire_question(struct dns_wire *w, const char *name, uint16_t type);

/* The beginning of an answer: the query's id and its question, letter by letter. */
void dns_wire_reply(struct dns_wire *w, const struct dns_wire *query, uint16_t bits);

/* A or AAAA, by the address's family. */
void dns_wire_address(struct dns_wire *w, enum dns_wire_section section, const char *owner,
    uint32_t ttl, const struct address *address);
/* NS, CNAME, PTR: a record that holds one name. */
void dns_wire_pointer(struct dns_wire *w, enum dns_wire_section section, const char *owner,
    uint16_t type, uint32_t ttl, const char *target);
void dns_wire_mx(
    struct dns_wire *w, const char *owner, uint32_t ttl, uint16_t preference, const char *exchange);
/* A SOA whose negative TTL is `ttl` too. */
void
dns_wire_soa(struct dns_wire *w, enum dns_wire_section section, const char *zone, uint32_t ttl);
/* TXT of `size` octets: `text` repeated. */
void
dns_wire_txt(struct dns_wire *w, const char *owner, uint32_t ttl, const char *text, size_t size);
void dns_wire_srv(
    struct dns_wire *w, const char *owner, uint32_t ttl, uint16_t port, const char *target);
/* HTTPS (RFC 9460): the owner itself, alpn h2 and h3. */
void dns_wire_https(struct dns_wire *w, const char *owner, uint32_t ttl);

/* DNSSEC (RFC 4034) with random keys, digests and signatures: ECDSA P-256 (64 octets) or, with
 * _rsa or a larger key, RSA of 2048 bits (256 octets). */
void dns_wire_rrsig(struct dns_wire *w, enum dns_wire_section section, const char *owner,
    uint16_t covered, const char *signer, struct random *r);
void dns_wire_rrsig_rsa(
    struct dns_wire *w, const char *owner, uint16_t covered, const char *signer, struct random *r);
void
dns_wire_dnskey(struct dns_wire *w, const char *owner, uint32_t ttl, size_t size, struct random *r);
void dns_wire_ds(struct dns_wire *w, enum dns_wire_section section, const char *owner, uint32_t ttl,
    struct random *r);
/* The NSEC record that says that nothing stands between `owner` and `next`. */
void dns_wire_nsec(struct dns_wire *w, const char *owner, uint32_t ttl, const char *next);

void dns_wire_opt(struct dns_wire *w, const struct dns_wire_opt *opt);

/* The header's second 16 bits. */
uint16_t dns_wire_bits(const struct dns_wire *w);

#endif
