/* SPDX-License-Identifier: ISC */
/*
 * A DNS message, as parsed, and what is known of its transaction.
 *
 * Messages come as four observation types, so that nobody counts by mistake what is no message of
 * the unicast DNS:
 *
 *	OBS_DNS         well-formed messages of the unicast DNS, each once, in order of a shard
 *	OBS_DNS_LOCAL   the same of multicast DNS (port 5353, RFC 6762) and LLMNR (5355, RFC 4795)
 *	OBS_DNS_BAD     what came to or from those ports and does not parse: `verdict` says why
 *	OBS_DNS_QUOTED  a message quoted by an ICMP error, mostly cut short: it was never received
 *	OBS_DNS_PENDING queries whose answer did not come in time (struct dns_pending)
 *
 * `client` is the side that sent the query (QR=0), whoever sent this message.  All pointers are
 * borrowed for the life of the batch.  Names are uncompressed wire format in lower case: length
 * octet, label, …, 0.  Hashes are the same in every process (dns_hash): tables mix them with a
 * secret, sketches use them as they are.
 */
#ifndef YAGURA_OBS_DNS_H
#define YAGURA_OBS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

/* What became of the octets: exactly one. */
enum dns_verdict {
	DNS_OK = 0,
	DNS_OK_TRAILING, /* octets after the last record */
	DNS_SNAPPED, /* the capture (or the ICMP error) kept less than the message: what is there is
			well-formed; the question is known when name_size is not 0 */
	DNS_BAD_HEADER,   /* fewer than 12 octets */
	DNS_BAD_NAME,     /* label of a reserved type, or a name above 255 octets */
	DNS_BAD_POINTER,  /* a compression pointer that does not go backwards (RFC 1035, 4.1.4) */
	DNS_BAD_COUNT,    /* fewer records than the header promises */
	DNS_BAD_RDLENGTH, /* a record's data go past the end */
	DNS_BAD_RDATA,    /* right lengths, but the data break their type's grammar (OPT) */
	DNS_NOT_DNS,      /* no DNS at all, whatever the port */
	DNS_VERDICT_COUNT,
};

enum dns_transport {
	DNS_UDP = 0,
	DNS_TCP,
	DNS_DOT,      /* RFC 7858 */
	DNS_DOH,      /* RFC 8484 */
	DNS_DOQ,      /* RFC 9250 */
	DNS_DNSCRYPT, /* over UDP or TCP */
	DNS_TRANSPORT_COUNT,
};

/* Where the message was seen. */
enum dns_view {
	DNS_VIEW_WIRE = 0,      /* in packets */
	DNS_VIEW_CLIENT,        /* dnstap CLIENT_*: by a resolver, from and to its clients */
	DNS_VIEW_RESOLVER,      /* dnstap RESOLVER_*: by a resolver, to and from authorities */
	DNS_VIEW_FORWARDER,     /* dnstap FORWARDER_*: to and from its upstream */
	DNS_VIEW_AUTHORITATIVE, /* dnstap AUTH_*: by an authoritative server; C-DNS */
	DNS_VIEW_STUB,          /* dnstap STUB_* and TOOL_* */
	DNS_VIEW_UPDATE,        /* dnstap UPDATE_* */
	DNS_VIEW_LOG,           /* a line of a query log: only the question is real */
	DNS_VIEW_COUNT,
};

enum dns_service {
	DNS_UNICAST = 0,
	DNS_MULTICAST,
	DNS_LLMNR,
};

/* How a response relates to the queries seen before it.  Queries have DNS_MATCH_NONE. */
enum dns_match {
	DNS_MATCH_NONE = 0,
	DNS_MATCHED,        /* the first answer to a query that was waiting */
	DNS_SECOND_ANSWER,  /* of a query answered at most 5 s before, with other answers */
	DNS_DUPLICATE,      /* the same with the same answers */
	DNS_LATE,           /* its query had been given up */
	DNS_WRONG_ID,       /* addresses and ports of a waiting query (or one answered within the
			       last second: a burst does not stop there), another id */
	DNS_WRONG_PORT,     /* addresses and question of a waiting query, another client port */
	DNS_WRONG_CASE,     /* the waiting query's name in other letter case (0x20) */
	DNS_WRONG_QUESTION, /* id, addresses and ports of a waiting query, another question */
	DNS_OTHER_SOURCE,   /* as a waiting query, but from another address; kept for sources that
			       see it: between shards it cannot be told from unsolicited */
	DNS_UNSOLICITED,    /* nothing like it was asked */
	DNS_MATCH_COUNT,
};

enum dns_flag {
	DNS_RESPONSE = 1 << 0,      /* QR */
	DNS_QUESTION = 1 << 1,      /* there is at least one question: name, type, class are set */
	DNS_CASE_MIXED = 1 << 2,    /* the name has upper-case letters */
	DNS_EDNS = 1 << 3,          /* there is an OPT record */
	DNS_DO = 1 << 4,            /* its DO bit */
	DNS_COOKIE_CLIENT = 1 << 5, /* COOKIE option with a client cookie alone (RFC 7873) */
	DNS_COOKIE_SERVER = 1 << 6, /* … and a server cookie */
	DNS_ECS = 1 << 7,           /* client subnet: the ecs_… fields (RFC 7871) */
	DNS_NSID = 1 << 8,
	DNS_REASSEMBLED = 1 << 9, /* came as IP fragments */
	DNS_CLIENT_OWN = 1 << 10, /* `client` is the site's own; neither is set without own
				     prefixes */
	DNS_SERVER_OWN = 1 << 11,
	DNS_RECURSED = 1 << 12,       /* matched responses: the query had RD */
	DNS_SOA_ADDITIONAL = 1 << 13, /* a SOA in the additional section: BIND's mark of a response
					 policy */
	DNS_NS_ROOT = 1 << 14,        /* the authority section has NS records of the root */
	DNS_SKEWED = 1 << 15,         /* matched with a query that was seen only after it */
};

/* Bits of `bits`: the header's second 16 bits. */
enum {
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_AD = 0x0020,
	DNS_CD = 0x0010,
};

#define DNS_ADDRESSES 8 /* A and AAAA records of the answer section that are remembered */
#define DNS_EDE_COUNT 4
#define DNS_NAME_MAX  255

struct dns_message {
	nsec_t time;
	struct address client, server;
	uint16_t client_port, server_port; /* 0: not known (logs) */
	uint16_t flags;                    /* enum dns_flag */
	uint8_t verdict;
	uint8_t transport;
	uint8_t view;
	uint8_t service;
	uint8_t match; /* enum dns_match, of responses */
	uint8_t ttl;   /* TTL or hop limit of the packet; 0: not known */

	/* The header. */
	uint16_t id;
	uint16_t bits;      /* as sent, with opcode and the four low bits of the rcode */
	uint16_t counts[4]; /* QD, AN, NS, AR as sent */
	uint16_t rcode;     /* 12 bits, with OPT's part */
	uint8_t opcode;

	/* The first question. */
	uint8_t labels;      /* without the root; the root has 0 */
	uint8_t name_size;   /* of name; 1 for the root, 0 without a question */
	uint8_t tld_offset;  /* of the last label in `name`; name_size - 1 for the root */
	uint8_t site_offset; /* of the registrable domain (public suffix and one label); 0xff when
				the name is a public suffix itself, or the root */
	uint8_t query_flags; /* matched responses: DNS_CASE_MIXED, DNS_EDNS, DNS_DO, … of the query
				(the low eight bits of its flags) */
	const uint8_t *name; /* canonical: lower case */
	uint16_t type, class;
	uint64_t name_hash; /* dns_hash of `name` */
	uint64_t site_hash; /* dns_hash of the registrable domain, or of the name when it has none
			     */

	/* What the sections hold; of a message with a SNAPPED verdict as far as it goes. */
	const uint8_t *data;   /* the message as received, for dns_rr_next and evidence */
	uint16_t size;         /* octets at data */
	uint16_t answers_at;   /* where the answer section begins */
	uint16_t authority_at; /* where the authority section begins; 0 when not reached */
	uint16_t soa_at; /* owner of the first SOA of the authority section; 0: none.  The zone that
			    denies a name (RFC 2308, section 3) */
	uint16_t
	    addresses_at[DNS_ADDRESSES]; /* data of A (4) and AAAA (16 octets) of the answers */
	uint8_t addresses_size[DNS_ADDRESSES];
	uint8_t address_count;
	uint8_t cname_count;     /* CNAMEs and DNAMEs among the answers */
	uint8_t signature_count; /* RRSIGs in all sections */
	uint32_t ttl_least;      /* of the answers; UINT32_MAX without any */
	uint32_t answers_digest; /* equal for equal answers in whatever order, TTLs aside */

	/* OPT. */
	uint16_t edns_size; /* sender's UDP payload size */
	uint8_t edns_version;
	uint8_t ecs_family, ecs_source, ecs_scope; /* IANA family 1 or 2, prefix lengths */
	uint8_t ede_count;
	uint16_t ecs_at; /* its address octets in data, (ecs_source + 7) / 8 of them */
	uint16_t ede[DNS_EDE_COUNT];

	/* Sizes, in octets: of the message as sent (where the capture cut it: from the UDP or IP
	 * length), and of IP datagrams with all fragments (0: not known, TCP). */
	uint16_t message_size;
	uint32_t wire_size;

	/* Matched responses. */
	nsec_t latency;      /* since the query; -1 when not matched */
	uint16_t query_size; /* message_size of the query */
	uint16_t query_edns_size;
	uint8_t retransmissions; /* of the same query, seen before this answer */

	/* Responses that race with others.  WRONG_ID and WRONG_PORT: how many such there were
	 * before for the same query, and that query's port.  MATCHED and SECOND_ANSWER: how many
	 * for it; SECOND_ANSWER: time since the first answer, and the TTL or hop limit of its
	 * packet. */
	uint16_t forged, waiting_port;
	uint8_t first_ttl;
	nsec_t answer_gap;

	uint32_t producer;       /* number of the dnstap producer or log, from 1, the same in every
				    run; 0: packets */
	const uint8_t *identity; /* its name, not terminated */
	uint8_t identity_size;   /* 0: it has none, or it is not known here */
	uint64_t connection;     /* TCP: id of the stream, unique within a run; else 0 */
	uint64_t input_offset;   /* of the packet or frame in its input: evidence */
	uint32_t input_length;   /* octets of it there */
};

/* A query that was given up: no answer within the timeout. */
struct dns_pending {
	nsec_t time;
	struct address client, server;
	uint16_t client_port, server_port, id;
	uint16_t flags; /* of the query */
	uint8_t transport, view;
	uint8_t retransmissions;
	uint16_t query_size;
	uint16_t type;
	uint64_t name_hash, site_hash;
};

/*
 * One transaction as it is stored (store.dns): a query with its answer, a query without, or an
 * answer without.  Made only when somebody keeps them.  `message` is the response, or the query
 * when there was none.
 */
struct dns_transaction {
	const struct dns_message *message;
	bool answered, asked;
};

/* A fixed hash of octets, SipHash-1-3 with a public key: the same in every process, yet nobody can
 * aim at another name's value. */
uint64_t dns_hash(const uint8_t *octets, size_t size);

/* The registrable domain of a message's name, or the whole name when there is none. */
static inline const uint8_t *
dns_site(const struct dns_message *m, size_t *ret_size)
{
	size_t at = m->site_offset < m->name_size ? m->site_offset : 0;

	*ret_size = m->name_size - at;
	return m->name + at;
}

/* "ok", "ok-trailing", "snapped", "bad-header", … */
const char *dns_verdict_name(enum dns_verdict verdict);
/* "udp", "tcp", "dot", "doh", "doq", "dnscrypt" */
const char *dns_transport_name(enum dns_transport transport);
/* "wire", "client", "resolver", … */
const char *dns_view_name(enum dns_view view);
/* "matched", "second-answer", "wrong-id", … */
const char *dns_match_name(enum dns_match match);

#endif
