/* SPDX-License-Identifier: ISC */
/* The hash of names, and what the numbers of a DNS message are called; see dns.h. */
#include "obs/dns.h"

#include <assert.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/tail.h"

/* "yagura.d" and "ns.names": a public key, chosen to mean nothing else. */
static const struct hash_secret PUBLIC_KEY = {
	UINT64_C(0x642e617275676179),
	UINT64_C(0x73656d616e2e736e),
};

uint64_t
dns_hash(const uint8_t *octets, size_t size)
{
	uint64_t v0 = PUBLIC_KEY.k0 ^ UINT64_C(0x736f6d6570736575);
	uint64_t v1 = PUBLIC_KEY.k1 ^ UINT64_C(0x646f72616e646f6d);
	uint64_t v2 = PUBLIC_KEY.k0 ^ UINT64_C(0x6c7967656e657261);
	uint64_t v3 = PUBLIC_KEY.k1 ^ UINT64_C(0x7465646279746573);
	uint64_t last = (uint64_t)size << 56;
	size_t at = 0;

	for (; at + 8 <= size; at += 8) {
		uint64_t word = le64(octets + at);
		v3 ^= word;
		HASH_SIPROUND(v0, v1, v2, v3);
		v0 ^= word;
	}
	last |= le_tail(octets + at, size - at);
	v3 ^= last;
	HASH_SIPROUND(v0, v1, v2, v3);
	v0 ^= last;
	v2 ^= 0xff;
	HASH_SIPROUND(v0, v1, v2, v3);
	HASH_SIPROUND(v0, v1, v2, v3);
	HASH_SIPROUND(v0, v1, v2, v3);
	return v0 ^ v1 ^ v2 ^ v3;
}

const char *
dns_verdict_name(enum dns_verdict verdict)
{
	static const char *const NAMES[DNS_VERDICT_COUNT] = {
		[DNS_OK] = "ok",
		[DNS_OK_TRAILING] = "ok-trailing",
		[DNS_SNAPPED] = "snapped",
		[DNS_BAD_HEADER] = "bad-header",
		[DNS_BAD_NAME] = "bad-name",
		[DNS_BAD_POINTER] = "bad-pointer",
		[DNS_BAD_COUNT] = "bad-count",
		[DNS_BAD_RDLENGTH] = "bad-rdlength",
		[DNS_BAD_RDATA] = "bad-rdata",
		[DNS_NOT_DNS] = "not-dns",
	};

	assert(verdict < DNS_VERDICT_COUNT);
	return NAMES[verdict];
}

const char *
dns_transport_name(enum dns_transport transport)
{
	static const char *const NAMES[DNS_TRANSPORT_COUNT] = {
		[DNS_UDP] = "udp",
		[DNS_TCP] = "tcp",
		[DNS_DOT] = "dot",
		[DNS_DOH] = "doh",
		[DNS_DOQ] = "doq",
		[DNS_DNSCRYPT] = "dnscrypt",
	};

	assert(transport < DNS_TRANSPORT_COUNT);
	return NAMES[transport];
}

const char *
dns_view_name(enum dns_view view)
{
	static const char *const NAMES[DNS_VIEW_COUNT] = {
		[DNS_VIEW_WIRE] = "wire",
		[DNS_VIEW_CLIENT] = "client",
		[DNS_VIEW_RESOLVER] = "resolver",
		[DNS_VIEW_FORWARDER] = "forwarder",
		[DNS_VIEW_AUTHORITATIVE] = "authoritative",
		[DNS_VIEW_STUB] = "stub",
		[DNS_VIEW_UPDATE] = "update",
		[DNS_VIEW_LOG] = "log",
	};

	assert(view < DNS_VIEW_COUNT);
	return NAMES[view];
}

const char *
dns_match_name(enum dns_match match)
{
	static const char *const NAMES[DNS_MATCH_COUNT] = {
		[DNS_MATCH_NONE] = "none",
		[DNS_MATCHED] = "matched",
		[DNS_SECOND_ANSWER] = "second-answer",
		[DNS_DUPLICATE] = "duplicate",
		[DNS_LATE] = "late",
		[DNS_WRONG_ID] = "wrong-id",
		[DNS_WRONG_PORT] = "wrong-port",
		[DNS_WRONG_CASE] = "wrong-case",
		[DNS_WRONG_QUESTION] = "wrong-question",
		[DNS_OTHER_SOURCE] = "other-source",
		[DNS_UNSOLICITED] = "unsolicited",
	};

	assert(match < DNS_MATCH_COUNT);
	return NAMES[match];
}
