/* SPDX-License-Identifier: ISC */
/* Messages of a probe; see probe_message.h. */
#include "cmd/probe_message.h"

#include <string.h>

#include "base/bytes.h"
#include "net/dns.h"

#define HEADER_SIZE 12
#define OPT_SIZE    11
#define QR          0x8000U
#define TTL         60

static uint8_t *
put_header(uint8_t *p, uint16_t id, uint16_t bits, const uint16_t counts[4])
{
	put_be16(p, id);
	put_be16(p + 2, bits);
	for (size_t i = 0; i < 4; i++)
		put_be16(p + 4 + 2 * i, counts[i]);
	return p + HEADER_SIZE;
}

/* RFC 6891, section 6.1.2: root, 41, payload size, extended rcode and flags, no data. */
static uint8_t *
put_opt(uint8_t *p, uint16_t size)
{
	memset(p, 0, OPT_SIZE);
	put_be16(p + 1, DNS_TYPE_OPT);
	put_be16(p + 3, size);
	return p + OPT_SIZE;
}

size_t
probe_query_write(
    uint8_t message[PROBE_MESSAGE_SIZE], uint16_t id, const struct probe_question *question)
{
	uint8_t *p = put_header(message, id, DNS_RD, (const uint16_t[4]){ 1, 0, 0, 1 });

	memcpy(p, question->name, question->name_size);
	p += question->name_size;
	put_be16(p, question->type);
	put_be16(p + 2, question->class);
	return (size_t)(put_opt(p + 4, question->edns_size) - message);
}

/* The owner is a pointer to the question's name, at octet 12. */
static uint8_t *
put_record(uint8_t *p, uint16_t owner, uint16_t type, uint16_t size)
{
	put_be16(p, (uint16_t)(0xc000U | owner));
	put_be16(p + 2, type);
	put_be16(p + 4, DNS_CLASS_IN);
	put_be32(p + 6, TTL);
	put_be16(p + 10, size);
	return p + 12;
}

/* A SOA whose names are the zone itself. */
static uint8_t *
put_soa(uint8_t *p, uint16_t zone_at, uint32_t serial)
{
	static const uint32_t TIMES[] = { 3600, 600, 86400,
		TTL }; /* refresh, retry, expire, least */

	p = put_record(p, zone_at, DNS_TYPE_SOA, 24);
	put_be16(p, (uint16_t)(0xc000U | zone_at));
	put_be16(p + 2, (uint16_t)(0xc000U | zone_at));
	put_be32(p + 4, serial);
	for (size_t i = 0; i < 4; i++)
		put_be32(p + 8 + 4 * i, TIMES[i]);
	return p + 24;
}

size_t
probe_reply_write(const struct probe_names *names, const struct dns_message *query,
    uint8_t message[PROBE_MESSAGE_SIZE])
{
	struct address target, answer = probe_names_answer(names);
	size_t question = query->name_size + 4U;
	uint16_t zone_at = (uint16_t)(HEADER_SIZE + query->name_size - names->zone_size);
	uint16_t counts[4] = { 1, 0, 0, (query->flags & DNS_EDNS) != 0 };
	uint16_t bits = (uint16_t)(QR | (query->bits & DNS_RD));
	enum probe_name what;
	uint8_t *p = message + HEADER_SIZE;

	if ((query->flags & DNS_RESPONSE) != 0 || query->opcode != DNS_OPCODE_QUERY ||
	    query->name_size == 0 || query->counts[0] != 1 || HEADER_SIZE + question > query->size)
		return 0;
	what = probe_name_read(names, query->name, query->name_size, &target);
	if (query->class != DNS_CLASS_IN)
		what = PROBE_NAME_OUTSIDE;
	/* As it was asked, in its letter case (0x20). */
	memcpy(p, query->data + HEADER_SIZE, question);
	p += question;
	if (what == PROBE_NAME_OUTSIDE) {
		bits |= DNS_RCODE_REFUSED;
	} else if (what == PROBE_NAME_TARGET && query->type == DNS_TYPE_A) {
		bits |= DNS_AA;
		counts[1] = 1;
		p = put_record(p, HEADER_SIZE, DNS_TYPE_A, 4);
		memcpy(p, answer.octets + 12, 4);
		p += 4;
	} else {
		bits |= DNS_AA;
		counts[what == PROBE_NAME_APEX && query->type == DNS_TYPE_SOA ? 1 : 2] = 1;
		p = put_soa(p, zone_at, names->epoch);
	}
	if ((query->flags & DNS_EDNS) != 0)
		p = put_opt(p, PROBE_EDNS_SIZE);
	(void)put_header(message, query->id, bits, counts);
	return (size_t)(p - message);
}

const char *probe_class_name(enum probe_class class)
{
	static const char *const NAMES[PROBE_CLASSES] = {
		[PROBE_SILENT] = "silent",
		[PROBE_UNANSWERED] = "unanswered",
		[PROBE_REFUSED] = "refused",
		[PROBE_AUTHORITATIVE_ONLY] = "authoritative-only",
		[PROBE_FAILING] = "failing",
		[PROBE_MANIPULATED] = "manipulated",
		[PROBE_OPEN_RECURSIVE] = "open-recursive",
		[PROBE_OPEN_FORWARDER] = "open-forwarder",
		[PROBE_TRANSPARENT] = "transparent",
	};

	return NAMES[class];
}

bool probe_class_is_open(enum probe_class class)
{
	return class >= PROBE_MANIPULATED;
}

static bool
has_answer(const struct dns_message *m, const struct address *answer)
{
	for (size_t i = 0; i < m->address_count; i++)
		if (m->addresses_size[i] == 4 &&
		    memcmp(m->data + m->addresses_at[i], answer->octets + 12, 4) == 0)
			return true;
	return false;
}

enum probe_class
probe_classify(const struct probe_names *names, const struct dns_message *response,
    const struct address *target, const struct address *from, const struct address *egress)
{
	struct address answer = probe_names_answer(names);
	bool resolves = (response->bits & DNS_RA) != 0;

	if (response->rcode == DNS_RCODE_REFUSED)
		return PROBE_REFUSED;
	if (response->rcode == DNS_RCODE_NOERROR && has_answer(response, &answer)) {
		if (!address_equal(from, target))
			return PROBE_TRANSPARENT;
		return address_equal(egress, target) ? PROBE_OPEN_RECURSIVE : PROBE_OPEN_FORWARDER;
	}
	if (response->address_count != 0 || (resolves && response->rcode == DNS_RCODE_NXDOMAIN))
		return PROBE_MANIPULATED;
	return resolves ? PROBE_FAILING : PROBE_AUTHORITATIVE_ONLY;
}
