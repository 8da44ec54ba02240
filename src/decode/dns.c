/* SPDX-License-Identifier: ISC */
/*
 * DNS messages; see dns.h.
 *
 *	+---------------------+  RFC 1035, section 4.1: header of 12 octets (id, bits, four counts),
 *	| header              |  then as many entries as the counts say.  A question is a name, type
 *	| question            |  and class; a record is an owner name, type, class, TTL, RDLENGTH
 *and | answer              |  that many octets. | authority           | | additional          |
 *Dynamic updates (RFC 2136, section 2) have zone, prerequisites,
 *	+---------------------+  updates there, in the same framing; stateful operations (RFC 8490)
 *	                         have no entries at all but TLVs behind the header.
 *
 * Names of all entries are checked to their root label: reserved label types, pointers that do not
 * go back, more than 255 octets.  Only the first question's is copied.  Of the data of records only
 * OPT's options are checked for their lengths; an option whose own content makes no sense is
 * ignored, the message is counted all the same.
 */
#include "decode/dns.h"

#include <string.h>

#include "base/bytes.h"
#include "base/tail.h"
#include "net/dns.h"

enum {
	HEADER_SIZE = 12,
	QUESTION_FIXED = 4,
	RECORD_FIXED = 10,
	LEAST_QUESTION = 5, /* the root's */
	LEAST_RECORD = 11,
	MAX_LABEL = 63,
	POINTER = 0xc0,
	MAX_LABELS = 127,
	SITE_LABELS = 16, /* that suffix_site_at gets to see */
	KNOWN_NAMES = 32,

	OPTION_NSID = 3,
	OPTION_ECS = 8,
	OPTION_COOKIE = 10,
	OPTION_EDE = 15,
	COOKIE_CLIENT_SIZE = 8,
	COOKIE_SERVER_LEAST = 8,
	COOKIE_SERVER_MOST = 32,

	OPCODE_DSO = 6,
};

/* Opcodes that IANA has assigned: QUERY, IQUERY, STATUS, NOTIFY, UPDATE, DSO. */
#define OPCODES_ASSIGNED 0x77U

struct parse {
	const uint8_t *data;
	size_t size;
	size_t at; /* of what comes next */
	bool cut;  /* the message went on behind `size` */
	bool bad_rdata;
	bool has_opt;
	uint8_t verdict;
	struct dns_message *m;
	/* Names that were checked before, by where they begin: offset << 8 | size.  Owners are
	 * mostly pointers to the same few places. */
	uint32_t known[KNOWN_NAMES];
};

struct record {
	enum dns_section section;
	size_t owner_at;
	size_t owner_size; /* expanded */
	uint16_t type, class;
	uint32_t ttl;
	size_t data_at;
	uint16_t data_size;
};

/* The first framing error is the verdict.  Returns 0 to be a return statement. */
static size_t __attribute__((cold)) fail(struct parse *p, enum dns_verdict verdict)
{
	if (p->verdict == DNS_OK)
		p->verdict = (uint8_t)verdict;
	return 0;
}

/* What should be there is not: the capture's fault, or the message's. */
static size_t __attribute__((cold)) run_off(struct parse *p, enum dns_verdict verdict)
{
	return fail(p, p->cut ? DNS_SNAPPED : verdict);
}

static size_t
known_name(const struct parse *p, size_t at)
{
	uint32_t known = p->known[at % KNOWN_NAMES];

	return known >> 8 == at ? known & 0xff : 0;
}

static void
learn_name(struct parse *p, size_t at, size_t size)
{
	p->known[at % KNOWN_NAMES] = (uint32_t)(at << 8 | size);
}

/* Follows the pointer at `at`; false, and a verdict, when it is bad. */
static bool
follow_pointer(struct parse *p, size_t *at, size_t *least)
{
	if (p->size - *at < 2)
		return run_off(p, DNS_BAD_COUNT) != 0;
	*at = be16(p->data + *at) & 0x3fff;
	if (*at >= *least)
		return fail(p, DNS_BAD_POINTER) != 0;
	*least = *at;
	return true;
}

/* Checks the name at p->at and passes over it; returns its expanded size, 0 when it is bad. */
static size_t
check_name(struct parse *p)
{
	size_t at = p->at, least = at, end = 0, size = 0;
	size_t learn_at = at, learn_from = 0;

	for (;;) {
		uint8_t length = 0;
		bool first = end == 0;
		size_t known;
		while (at < p->size && (length = p->data[at]) != 0 && length <= MAX_LABEL) {
			at += 1U + length;
			size += 1U + length;
		}
		/* Here too: what a chain of pointers may cost is bounded by it. */
		if (size >= DNS_NAME_MAX)
			return fail(p, DNS_BAD_NAME);
		if (at >= p->size)
			return run_off(p, DNS_BAD_COUNT);
		if (length != 0 && length < POINTER)
			return fail(p, DNS_BAD_NAME);
		if (first)
			end = at + 1 + (length != 0);
		if (length == 0) {
			size++;
			break;
		}
		if (!follow_pointer(p, &at, &least))
			return 0;
		known = known_name(p, at);
		if (known != 0) {
			size += known;
			break;
		}
		if (first) {
			learn_at = at;
			learn_from = size;
		}
	}
	if (size > DNS_NAME_MAX)
		return fail(p, DNS_BAD_NAME);
	learn_name(p, learn_at, size - learn_from);
	p->at = end;
	return size;
}

/* Eight octets in lower case.  Lengths of labels are below 'A' and stay as they are. */
static inline uint64_t
lower_word(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t low = word & (ones * 0x7f);
	uint64_t from_a = low + ones * (0x80 - 'A');
	uint64_t above_z = low + ones * (0x80 - 'Z' - 1);
	uint64_t upper = (from_a ^ above_z) & ~word & (ones * 0x80);

	return word | upper >> 2;
}

/* Copies a name in lower case; true when that changed something.  The last word overlaps the one
 * before it. */
static bool
copy_lower(uint8_t *to, const uint8_t *from, size_t size)
{
	uint64_t changed = 0, word, lower;

	if (size < 8) {
		word = le_tail(from, size);
		lower = lower_word(word);
		for (size_t i = 0; i < size; i++)
			to[i] = (uint8_t)(lower >> (8 * i));
		return word != lower;
	}
	for (size_t at = 0; at < size; at += 8) {
		if (at > size - 8)
			at = size - 8;
		word = le64(from + at);
		lower = lower_word(word);
		changed |= word ^ lower;
		put_le64(to + at, lower);
	}
	return changed != 0;
}

/* Whether the name at `at`, which is well-formed, has upper-case letters. */
static bool
has_upper(const struct parse *p, size_t at)
{
	while (p->data[at] != 0) {
		uint8_t length = p->data[at];
		if (length >= POINTER) {
			at = be16(p->data + at) & 0x3fff;
			continue;
		}
		for (size_t i = 1; i <= length; i++)
			if (p->data[at + i] >= 'A' && p->data[at + i] <= 'Z')
				return true;
		at += 1U + length;
	}
	return false;
}

/* Where the labels of a name begin, and what its registrable domain is. */
static void
find_labels(
    const struct dns_message *m, const struct suffix_list *suffixes, struct dns_known_name *n)
{
	uint8_t starts[MAX_LABELS + 1], rightmost[SITE_LABELS] = { 0 };
	unsigned labels = 0, count;

	for (unsigned at = 0; m->name[at] != 0; at += 1U + m->name[at])
		starts[labels++] = (uint8_t)at;
	count = labels < SITE_LABELS ? labels : SITE_LABELS;
	for (unsigned i = 0; i < count; i++)
		rightmost[i] = starts[labels - 1 - i];
	n->labels = (uint8_t)labels;
	n->tld_offset = labels != 0 ? rightmost[0] : (uint8_t)(m->name_size - 1);
	n->site_offset = (uint8_t)suffix_site_at(suffixes, m->name, m->name_size, rightmost, count);
	n->site_hash = n->name_hash;
	if (n->site_offset != SUFFIX_NONE && n->site_offset != 0)
		n->site_hash =
		    dns_hash(m->name + n->site_offset, (size_t)m->name_size - n->site_offset);
}

/* What follows from the name alone: labels, registrable domain, hashes. */
static void
describe_name(struct dns_message *m, struct dns_names *names)
{
	struct dns_known_name here = { .name_hash = dns_hash(m->name, m->name_size) };
	struct dns_known_name *n = &here;

	if (names != NULL)
		n = &names->known[here.name_hash & (DNS_NAMES_KNOWN - 1)];
	if (n == &here || n->name_hash != here.name_hash) {
		n->name_hash = here.name_hash;
		find_labels(m, names != NULL ? names->suffixes : NULL, n);
	}
	m->labels = n->labels;
	m->tld_offset = n->tld_offset;
	m->site_offset = n->site_offset;
	m->name_hash = n->name_hash;
	m->site_hash = n->site_hash;
}

/* The first question: the only one whose name is kept. */
static bool
parse_question(struct parse *p, struct dns_names *names, uint8_t *name)
{
	struct dns_message *m = p->m;
	size_t start = p->at;
	size_t size = check_name(p);
	bool mixed;

	if (size == 0)
		return false;
	if (p->size - p->at < QUESTION_FIXED)
		return run_off(p, DNS_BAD_COUNT) != 0;
	if (p->at - start == size) {
		mixed = copy_lower(name, p->data + start, size);
	} else {
		mixed = has_upper(p, start);
		if (dns_name_expand(p->data, p->size, start, name, NULL) != size)
			return fail(p, DNS_BAD_NAME) != 0;
	}
	learn_name(p, start, size);
	m->name_size = (uint8_t)size;
	m->flags |= (uint16_t)(DNS_QUESTION | (mixed ? DNS_CASE_MIXED : 0));
	m->type = be16(p->data + p->at);
	m->class = be16(p->data + p->at + 2);
	p->at += QUESTION_FIXED;
	describe_name(m, names);
	return true;
}

static bool
parse_questions(struct parse *p, struct dns_names *names, uint8_t *name)
{
	if (p->m->counts[0] == 0)
		return true;
	if (!parse_question(p, names, name))
		return false;
	for (unsigned i = 1; i < p->m->counts[0]; i++) {
		if (check_name(p) == 0)
			return false;
		if (p->size - p->at < QUESTION_FIXED)
			return run_off(p, DNS_BAD_COUNT) != 0;
		p->at += QUESTION_FIXED;
	}
	return true;
}

/* RFC 7871, section 6.  What does not fit its own lengths is not taken. */
static void
parse_ecs(struct parse *p, size_t at, size_t size)
{
	const uint8_t *option = p->data + at;
	struct dns_message *m = p->m;
	uint16_t family;
	unsigned most;

	if (size < 4)
		return;
	family = be16(option);
	most = family == 1 ? 32 : 128;
	if ((family != 1 && family != 2) || option[2] > most || option[3] > most ||
	    size - 4 != (option[2] + 7U) / 8)
		return;
	m->flags |= DNS_ECS;
	m->ecs_family = (uint8_t)family;
	m->ecs_source = option[2];
	m->ecs_scope = option[3];
	m->ecs_at = (uint16_t)(at + 4);
}

/* RFC 7873, section 4. */
static void
parse_cookie(struct dns_message *m, size_t size)
{
	size_t server = size - COOKIE_CLIENT_SIZE;

	if (size == COOKIE_CLIENT_SIZE)
		m->flags |= DNS_COOKIE_CLIENT;
	else if (size > COOKIE_CLIENT_SIZE && server >= COOKIE_SERVER_LEAST &&
		 server <= COOKIE_SERVER_MOST)
		m->flags |= DNS_COOKIE_SERVER;
}

static void
parse_option(struct parse *p, uint16_t code, size_t at, size_t size)
{
	struct dns_message *m = p->m;

	switch (code) {
	case OPTION_NSID: m->flags |= DNS_NSID; break;
	case OPTION_ECS: parse_ecs(p, at, size); break;
	case OPTION_COOKIE: parse_cookie(m, size); break;
	case OPTION_EDE:
		if (size >= 2 && m->ede_count < DNS_EDE_COUNT)
			m->ede[m->ede_count++] = be16(p->data + at);
		break;
	default: break;
	}
}

/* RFC 6891, section 6.1: one of them, owned by the root, in the additional section. */
static void
parse_opt(struct parse *p, const struct record *r)
{
	struct dns_message *m = p->m;
	size_t at = r->data_at, end = r->data_at + r->data_size;

	if (p->has_opt || r->owner_size != 1 || r->section != DNS_ADDITIONAL) {
		p->bad_rdata = true;
		return;
	}
	p->has_opt = true;
	m->flags |= (uint16_t)(DNS_EDNS | (r->ttl & 0x8000 ? DNS_DO : 0));
	m->edns_size = r->class;
	m->edns_version = (uint8_t)(r->ttl >> 16);
	m->rcode |= (uint16_t)(r->ttl >> 24 << 4);
	while (end - at >= 4) {
		size_t size = be16(p->data + at + 2);
		if (size > end - at - 4)
			break;
		parse_option(p, be16(p->data + at), at + 4, size);
		at += 4 + size;
	}
	if (at != end)
		p->bad_rdata = true;
}

/* Adds one answer to the digest: a sum, as their order does not matter.  Names in the data are
 * expanded, as where they point depends on that order; signatures are left out, as they change
 * while what they sign does not. */
static void
digest_answer(struct parse *p, const struct record *r)
{
	uint8_t octets[DNS_NAME_MAX + 4];
	size_t name_at = r->data_at, size;
	uint64_t hash;

	switch (r->type) {
	case DNS_TYPE_RRSIG:
		if (p->m->type != DNS_TYPE_RRSIG)
			return;
		break;
	case DNS_TYPE_MX:
		if (r->data_size > 2)
			name_at += 2;
		__attribute__((fallthrough));
	case DNS_TYPE_CNAME:
	case DNS_TYPE_NS:
	case DNS_TYPE_PTR:
		size = dns_name_expand(p->data, r->data_at + r->data_size, name_at, octets, NULL);
		if (size == 0)
			break;
		memcpy(octets + size, p->data + r->data_at, name_at - r->data_at);
		hash = dns_hash(octets, size + (name_at - r->data_at));
		p->m->answers_digest += (uint32_t)(hash ^ hash >> 32) + r->type;
		return;
	default: break;
	}
	hash = dns_hash(p->data + r->data_at, r->data_size);
	p->m->answers_digest += (uint32_t)(hash ^ hash >> 32) + r->type;
}

static void
take_answer(struct parse *p, const struct record *r)
{
	struct dns_message *m = p->m;

	if (r->ttl < m->ttl_least)
		m->ttl_least = r->ttl;
	if (r->type == DNS_TYPE_CNAME || r->type == DNS_TYPE_DNAME)
		m->cname_count += m->cname_count != UINT8_MAX;
	else if (r->class == DNS_CLASS_IN && m->address_count < DNS_ADDRESSES &&
		 ((r->type == DNS_TYPE_A && r->data_size == 4) ||
		     (r->type == DNS_TYPE_AAAA && r->data_size == 16))) {
		m->addresses_at[m->address_count] = (uint16_t)r->data_at;
		m->addresses_size[m->address_count++] = (uint8_t)r->data_size;
	}
	digest_answer(p, r);
}

static void
take_record(struct parse *p, const struct record *r)
{
	struct dns_message *m = p->m;

	if (r->type == DNS_TYPE_OPT) {
		parse_opt(p, r);
		return;
	}
	if (r->type == DNS_TYPE_RRSIG)
		m->signature_count += m->signature_count != UINT8_MAX;
	/* An update's records are no answers, whatever section they would be in. */
	if (m->opcode == DNS_OPCODE_UPDATE)
		return;
	switch (r->section) {
	case DNS_ANSWER: take_answer(p, r); break;
	case DNS_AUTHORITY:
		if (r->type == DNS_TYPE_SOA && m->soa_at == 0)
			m->soa_at = (uint16_t)r->owner_at;
		else if (r->type == DNS_TYPE_NS && r->owner_size == 1)
			m->flags |= DNS_NS_ROOT;
		break;
	case DNS_ADDITIONAL:
		if (r->type == DNS_TYPE_SOA)
			m->flags |= DNS_SOA_ADDITIONAL;
		break;
	}
}

/* As check_name, for what most owners are: a pointer to a name that was seen before. */
static inline size_t
check_owner(struct parse *p)
{
	if (p->size - p->at >= 2 && p->data[p->at] >= POINTER) {
		size_t to = be16(p->data + p->at) & 0x3fff, known = known_name(p, to);
		if (known != 0 && to < p->at) {
			p->at += 2;
			return known;
		}
	}
	return check_name(p);
}

static bool
parse_record(struct parse *p, enum dns_section section)
{
	struct record r = { .section = section, .owner_at = p->at };
	const uint8_t *fixed;

	r.owner_size = check_owner(p);
	if (r.owner_size == 0)
		return false;
	if (p->size - p->at < RECORD_FIXED)
		return run_off(p, DNS_BAD_COUNT) != 0;
	fixed = p->data + p->at;
	r.type = be16(fixed);
	r.class = be16(fixed + 2);
	r.ttl = be32(fixed + 4);
	r.data_size = be16(fixed + 8);
	r.data_at = p->at + RECORD_FIXED;
	if (r.data_size > p->size - r.data_at)
		return run_off(p, DNS_BAD_RDLENGTH) != 0;
	p->at = r.data_at + r.data_size;
	take_record(p, &r);
	return true;
}

static bool
parse_sections(struct parse *p)
{
	struct dns_message *m = p->m;

	for (unsigned section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++) {
		if (section == DNS_ANSWER)
			m->answers_at = (uint16_t)p->at;
		else if (section == DNS_AUTHORITY)
			m->authority_at = (uint16_t)p->at;
		for (unsigned i = 0; i < m->counts[section]; i++)
			if (!parse_record(p, (enum dns_section)section))
				return false;
	}
	return true;
}

/* RFC 8490, section 5.4: type, length, data, until the message ends. */
static void
parse_stateful(struct parse *p)
{
	while (p->at < p->size) {
		if (p->size - p->at < 4 || be16(p->data + p->at + 2) > p->size - p->at - 4) {
			run_off(p, DNS_BAD_RDLENGTH);
			return;
		}
		p->at += 4U + be16(p->data + p->at + 2);
	}
}

/*
 * Whether this is something else on a DNS port.  One wrong field is a malformed message, and so is
 * one that lacks most of its entries; two fields that no DNS message of whatever size could have do
 * not come about by accident: an unassigned opcode, or a count of entries that would not fit into
 * 65,535 octets if nothing else were there.
 */
static bool
is_not_dns(const struct dns_message *m)
{
	const size_t room = UINT16_MAX - HEADER_SIZE;
	unsigned absurd = !(OPCODES_ASSIGNED >> m->opcode & 1);

	absurd += m->counts[0] > room / LEAST_QUESTION;
	for (unsigned section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++)
		absurd += m->counts[section] > room / LEAST_RECORD;
	return absurd >= 2;
}

/* Everything that is not known yet. */
static void
clear(struct dns_message *m, const uint8_t *data, size_t size, size_t sent, const uint8_t *name)
{
	m->id = 0;
	m->bits = 0;
	memset(m->counts, 0, sizeof m->counts);
	m->rcode = 0;
	m->opcode = 0;
	m->labels = 0;
	m->name_size = 0;
	m->tld_offset = 0;
	m->site_offset = SUFFIX_NONE;
	m->name = name;
	m->type = m->class = 0;
	m->name_hash = m->site_hash = 0;
	m->data = data;
	m->size = (uint16_t)size;
	m->answers_at = m->authority_at = m->soa_at = 0;
	m->address_count = m->cname_count = m->signature_count = 0;
	m->ttl_least = UINT32_MAX;
	m->answers_digest = 0;
	m->edns_size = 0;
	m->edns_version = m->ecs_family = m->ecs_source = m->ecs_scope = m->ede_count = 0;
	m->ecs_at = 0;
	m->message_size = (uint16_t)(sent < UINT16_MAX ? sent : UINT16_MAX);
}

static void
parse_header(struct dns_message *m)
{
	const uint8_t *header = m->data;

	m->id = be16(header);
	m->bits = be16(header + 2);
	m->opcode = m->bits >> 11 & 0xf;
	m->rcode = m->bits & 0xf;
	for (unsigned i = 0; i < 4; i++)
		m->counts[i] = be16(header + 4 + (size_t)2 * i);
	if (m->bits & 0x8000)
		m->flags |= DNS_RESPONSE;
}

static void
parse_body(struct parse *p, struct dns_names *names, uint8_t *name)
{
	struct dns_message *m = p->m;

	if (m->opcode == OPCODE_DSO &&
	    (m->counts[0] | m->counts[1] | m->counts[2] | m->counts[3]) == 0)
		parse_stateful(p);
	else if (parse_questions(p, names, name))
		parse_sections(p);
}

void
dns_parse(const uint8_t *data, size_t size, size_t sent, struct dns_names *names, uint8_t *name,
    struct dns_message *m)
{
	struct parse p = { .data = data, .at = HEADER_SIZE, .m = m };

	p.size = size < UINT16_MAX ? size : UINT16_MAX;
	if (sent < size)
		sent = size;
	p.cut = sent > p.size;
	clear(m, data, p.size, sent, name);
	if (p.size < HEADER_SIZE) {
		m->verdict = sent >= HEADER_SIZE ? DNS_SNAPPED : DNS_BAD_HEADER;
		return;
	}
	parse_header(m);
	if (is_not_dns(m)) {
		m->verdict = DNS_NOT_DNS;
		return;
	}
	parse_body(&p, names, name);
	if (p.bad_rdata && (p.verdict == DNS_OK || p.verdict == DNS_SNAPPED))
		p.verdict = DNS_BAD_RDATA;
	else if (p.verdict == DNS_OK && p.at < sent)
		p.verdict = DNS_OK_TRAILING;
	m->verdict = p.verdict;
}
