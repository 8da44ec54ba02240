/* SPDX-License-Identifier: ISC */
/* A message for people, as dig prints it; see dns.h. */
#include <arpa/inet.h>
#include <string.h>

#include "base/bytes.h"
#include "net/dns.h"
#include "net/dns_text.h"

enum {
	HEADER_SIZE = 12,
	QUESTION_FIXED = 4,
	OPTION_NSID = 3,
	OPTION_ECS = 8,
	OPTION_COOKIE = 10,
	OPTION_EDE = 15,
	RDATA_ROOM = 4096, /* longer data are cut short, and say so */
};

static void
add_flags(struct dns_text *t, uint16_t bits)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} FLAGS[] = {
		{ 0x8000, "qr" },
		{ 0x0400, "aa" },
		{ 0x0200, "tc" },
		{ 0x0100, "rd" },
		{ 0x0080, "ra" },
		{ 0x0040, "z" },
		{ 0x0020, "ad" },
		{ 0x0010, "cd" },
	};

	dns_text_add(t, ";; flags:");
	for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++)
		if (bits & FLAGS[i].bit)
			dns_text_add(t, " %s", FLAGS[i].name);
}

/* The 12-bit rcode: four bits are in the header, eight in OPT. */
static uint16_t
whole_rcode(const uint8_t *message, size_t size)
{
	uint16_t rcode = be16(message + 2) & 0xf;
	struct dns_walk walk;
	struct dns_rr rr;

	dns_walk_init(&walk, message, size);
	while (dns_walk_next(&walk, &rr))
		if (rr.type == DNS_TYPE_OPT && rr.section == DNS_ADDITIONAL)
			return (uint16_t)(rcode | rr.ttl >> 24 << 4);
	return rcode;
}

static const char *
section_name(unsigned section, bool update)
{
	static const char *const NAMES[][4] = {
		{ "QUESTION", "ANSWER", "AUTHORITY", "ADDITIONAL" },
		{ "ZONE", "PREREQUISITE", "UPDATE", "ADDITIONAL" },
	};

	return NAMES[update][section];
}

static void
add_header(struct dns_text *t, const uint8_t *message, size_t size, bool update)
{
	char opcode[DNS_NUMBER_TEXT_SIZE], rcode[DNS_NUMBER_TEXT_SIZE];
	uint16_t bits = be16(message + 2);

	dns_text_add(t, ";; opcode: %s, status: %s, id: %u\n",
	    dns_opcode_name(bits >> 11 & 0xf, opcode),
	    dns_rcode_name(whole_rcode(message, size), rcode), be16(message));
	add_flags(t, bits);
	for (unsigned i = 0; i < 4; i++)
		dns_text_add(t, "%s %s: %u", i == 0 ? ";" : ",", section_name(i, update),
		    be16(message + 4 + (size_t)2 * i));
	dns_text_add(t, "\n");
}

/* Prints the name at `at`; where it ends, or 0. */
static size_t
add_name(struct dns_text *t, const uint8_t *message, size_t size, size_t at)
{
	uint8_t name[255];
	size_t end, name_size = dns_name_expand(message, size, at, name, &end);

	if (name_size == 0)
		return 0;
	dns_text_name(t, name, name_size);
	return end;
}

static bool
add_questions(struct dns_text *t, const uint8_t *message, size_t size, bool update)
{
	char class[DNS_NUMBER_TEXT_SIZE], type[DNS_NUMBER_TEXT_SIZE];
	size_t at = HEADER_SIZE;

	if (be16(message + 4) != 0)
		dns_text_add(t, ";; %s SECTION:\n", section_name(0, update));
	for (unsigned left = be16(message + 4); left != 0; left--) {
		dns_text_add(t, ";");
		at = add_name(t, message, size, at);
		if (at == 0 || size - at < QUESTION_FIXED) {
			dns_text_add(t, "\n");
			return false;
		}
		dns_text_add(t, " %s %s\n", dns_class_name(be16(message + at + 2), class),
		    dns_type_name(be16(message + at), type));
		at += QUESTION_FIXED;
	}
	return true;
}

/* RFC 7871, section 6. */
static bool
add_subnet(struct dns_text *t, const uint8_t *option, size_t size)
{
	uint8_t address[16] = { 0 };
	char text[INET6_ADDRSTRLEN];
	uint16_t family;

	if (size < 4)
		return false;
	family = be16(option);
	if ((family != 1 && family != 2) || size - 4 > (family == 1 ? 4 : 16))
		return false;
	memcpy(address, option + 4, size - 4);
	dns_text_add(t, "; CLIENT-SUBNET: %s/%u/%u\n",
	    inet_ntop(family == 1 ? AF_INET : AF_INET6, address, text, sizeof text), option[2],
	    option[3]);
	return true;
}

static void
add_option(struct dns_text *t, uint16_t code, const uint8_t *option, size_t size)
{
	if (code == OPTION_ECS && add_subnet(t, option, size))
		return;
	if (code == OPTION_EDE && size >= 2) {
		dns_text_add(t, "; EDE: %u ", be16(option));
		dns_text_quoted(t, option + 2, size - 2);
	} else {
		if (code == OPTION_NSID)
			dns_text_add(t, "; NSID: ");
		else if (code == OPTION_COOKIE)
			dns_text_add(t, "; COOKIE: ");
		else
			dns_text_add(t, "; OPTION %u: ", code);
		dns_text_hex(t, option, size);
	}
	dns_text_add(t, "\n");
}

static void
add_opt(struct dns_text *t, const uint8_t *message, const struct dns_rr *rr)
{
	const uint8_t *at = message + rr->data_at, *end = at + rr->data_size;

	dns_text_add(t, "; EDNS: version: %u, flags:%s; udp: %u\n", rr->ttl >> 16 & 0xff,
	    rr->ttl & 0x8000 ? " do" : "", rr->class);
	while (end - at >= 4 && be16(at + 2) <= end - at - 4) {
		add_option(t, be16(at), at + 4, be16(at + 2));
		at += 4 + be16(at + 2);
	}
	if (at != end)
		dns_text_add(t, "; malformed options\n");
}

static void
add_record(struct dns_text *t, const uint8_t *message, size_t size, const struct dns_rr *rr)
{
	char class[DNS_NUMBER_TEXT_SIZE], type[DNS_NUMBER_TEXT_SIZE], data[RDATA_ROOM];

	if (rr->type == DNS_TYPE_OPT && rr->section == DNS_ADDITIONAL) {
		add_opt(t, message, rr);
		return;
	}
	if (add_name(t, message, size, rr->owner_at) == 0)
		dns_text_add(t, "; malformed name");
	dns_text_add(t, " %u %s %s ", rr->ttl, dns_class_name(rr->class, class),
	    dns_type_name(rr->type, type));
	if (dns_rdata_text(message, size, rr, data, sizeof data) < sizeof data)
		dns_text_add(t, "%s\n", data);
	else
		dns_text_add(t, "%s ...\n", data);
}

size_t
dns_message_text(const uint8_t *message, size_t size, char *text, size_t text_size)
{
	unsigned section = 0;
	struct dns_walk walk;
	struct dns_text t;
	struct dns_rr rr;
	bool update;

	dns_text_init(&t, text, text_size);
	if (size < HEADER_SIZE) {
		dns_text_add(&t, ";; no message: ");
		dns_text_hex(&t, message, size);
		dns_text_add(&t, "\n");
		return t.length;
	}
	update = (be16(message + 2) >> 11 & 0xf) == DNS_OPCODE_UPDATE;
	add_header(&t, message, size, update);
	dns_walk_init(&walk, message, size);
	if (!add_questions(&t, message, size, update)) {
		dns_text_add(&t, ";; malformed from here on\n");
		return t.length;
	}
	while (dns_walk_next(&walk, &rr)) {
		if (rr.section != section)
			dns_text_add(&t, ";; %s SECTION:\n", section_name(rr.section, update));
		section = rr.section;
		add_record(&t, message, size, &rr);
	}
	if ((walk.left[DNS_ANSWER] | walk.left[DNS_AUTHORITY] | walk.left[DNS_ADDITIONAL]) != 0)
		dns_text_add(&t, ";; records are missing or malformed from here on\n");
	else if (walk.at != size)
		dns_text_add(&t, ";; %zu octets behind the message\n", size - walk.at);
	return t.length;
}
