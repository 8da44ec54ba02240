/* SPDX-License-Identifier: ISC */
/*
 * What a packet to unused addresses is; see dark_space.h.
 *
 * The kinds are those of Moore, Voelker and Savage ("Inferring Internet denial-of-service
 * activity", USENIX Security 2001) and of CAIDA's corsaro, with two differences: an ICMP error
 * counts only if it quotes a packet that pretends to be of the dark address itself, and responses
 * of UDP services count where their content says that they are responses.
 */
#include <stdio.h>
#include <string.h>

#include "analysis/security/dark_space.h"

#define IP4_SIZE   20
#define IP6_SIZE   40
#define QUOTE_PAST 8 /* octets after the header that RFC 792 asks to quote */

/* ------------------------------------------------------------------ responses of UDP services */

static bool
is_dns(const uint8_t *p, size_t size)
{
	return size >= 12 && (p[2] & 0x80) != 0;
}

/* Modes 4 (server) and 5; 6 and 7 with the response bit. */
static bool
is_ntp(const uint8_t *p, size_t size)
{
	unsigned mode;

	if (size < 4)
		return false;
	mode = p[0] & 7;
	return mode == 4 || mode == 5 || (mode == 6 && (p[1] & 0x80) != 0) ||
	       (mode == 7 && (p[0] & 0x80) != 0);
}

static bool
is_ssdp(const uint8_t *p, size_t size)
{
	return size >= 6 && memcmp(p, "HTTP/1", 6) == 0;
}

/* BER: a message, its version and community, then GetResponse (RFC 3416). */
static bool
is_snmp(const uint8_t *p, size_t size)
{
	for (size_t i = 2; i < size && i < 64; i++)
		if (p[0] == 0x30 && p[i] == 0xa2)
			return true;
	return false;
}

/* searchResEntry or searchResDone (RFC 4511, section 4.5.2). */
static bool
is_cldap(const uint8_t *p, size_t size)
{
	for (size_t i = 2; i < size && i < 16; i++)
		if (p[0] == 0x30 && (p[i] == 0x64 || p[i] == 0x65))
			return true;
	return false;
}

static bool
is_memcached(const uint8_t *p, size_t size)
{
	return size > 12 && (memcmp(p + 8, "VALUE", 5) == 0 || memcmp(p + 8, "STAT", 4) == 0 ||
				memcmp(p + 8, "END", 3) == 0);
}

/* A reply (RFC 5531, section 9). */
static bool
is_rpc(const uint8_t *p, size_t size)
{
	return size >= 24 && be32(p + 4) == 1;
}

static bool
is_rip(const uint8_t *p, size_t size)
{
	return size >= 4 && p[0] == 2;
}

static bool
is_steam(const uint8_t *p, size_t size)
{
	return size >= 5 && be32(p) == UINT32_MAX && strchr("IADEm", p[4]) != NULL && p[4] != 0;
}

/* Long headers: clients come from other ports (RFC 9000, section 17.2). */
static bool
is_quic(const uint8_t *p, size_t size)
{
	return size >= 7 && (p[0] & 0x80) != 0 &&
	       (be32(p + 1) <= 2 || be32(p + 1) == 0x6b3343cf || be32(p + 1) >> 8 == 0xff0000);
}

static bool
is_anything(const uint8_t *p, size_t size)
{
	(void)p;
	return size > 0;
}

static const struct {
	uint16_t port;
	bool (*is_response)(const uint8_t *payload, size_t size);
} SERVICES[] = {
	{ 17, is_anything }, /* quote of the day: a server sends, whatever it got */
	{ 19, is_anything }, /* chargen: the same */
	{ 53, is_dns },
	{ 111, is_rpc },
	{ 123, is_ntp },
	{ 137, is_dns }, /* NetBIOS names have the header of DNS (RFC 1002, section 4.2.1) */
	{ 161, is_snmp },
	{ 389, is_cldap },
	{ 443, is_quic },
	{ 520, is_rip },
	{ 1900, is_ssdp },
	{ 5353, is_dns },
	{ 11211, is_memcached },
	{ 27015, is_steam },
};

static bool
is_udp_response(const struct packet *p)
{
	for (size_t i = 0; i < sizeof SERVICES / sizeof *SERVICES; i++)
		if (SERVICES[i].port == p->source_port)
			return SERVICES[i].is_response(
			    p->data + p->payload_offset, p->payload_size);
	return false;
}

/* ------------------------------------------------------------------ ICMP errors */

/* Whether an ICMP type is an error that quotes: 3, 4, 5, 11, 12; of ICMPv6 1 to 4. */
static bool
is_error(const struct packet *p)
{
	if (p->protocol == IP_PROTOCOL_ICMPV6)
		return p->icmp_type >= 1 && p->icmp_type <= 4;
	return (p->icmp_type >= 3 && p->icmp_type <= 5) || p->icmp_type == 11 || p->icmp_type == 12;
}

/* Echo, timestamp, information and mask replies; echo replies of ICMPv6. */
static bool
is_reply(const struct packet *p)
{
	if (p->protocol == IP_PROTOCOL_ICMPV6)
		return p->icmp_type == 129;
	return p->icmp_type == 0 || p->icmp_type == 14 || p->icmp_type == 16 || p->icmp_type == 18;
}

/* Octets of the error after its own eight: what was sent of the quotation. */
static size_t
quoted_on_wire(const struct packet *p)
{
	uint32_t before = p->payload_offset - p->l3_offset;

	return p->octets > before ? p->octets - before : 0;
}

static void
read_ports(struct dark_victim *v, const uint8_t *l4, size_t size)
{
	bool has_ports = v->protocol == IP_PROTOCOL_TCP || v->protocol == IP_PROTOCOL_UDP;

	v->port = 0;
	if (has_ports && size >= 4)
		v->port = be16(l4 + 2);
	else if (v->protocol == IP_PROTOCOL_ICMP || v->protocol == IP_PROTOCOL_ICMPV6)
		v->port = size >= 1 ? (uint16_t)(l4[0] << 8) : 0;
}

/*
 * RFC 792: the header and 64 bits of the quoted packet.  An error that has less on the wire was not
 * made by a router that obeys; one that the capture cut is taken as far as it goes.
 */
static enum dark_kind
read_quote(const struct packet *p, struct dark_victim *v)
{
	const uint8_t *q = p->data + p->payload_offset;
	size_t size = p->payload_size, wire = quoted_on_wire(p), header;
	struct address source;

	size = size < wire ? size : wire;
	if (p->protocol == IP_PROTOCOL_ICMP) {
		if (size < IP4_SIZE || q[0] >> 4 != 4)
			return DARK_SHORT_QUOTE;
		header = (size_t)(q[0] & 15) * 4;
		source = address_from_ipv4(q + 12);
		v->address = address_from_ipv4(q + 16);
		v->protocol = q[9];
	} else {
		if (size < IP6_SIZE || q[0] >> 4 != 6)
			return DARK_SHORT_QUOTE;
		header = IP6_SIZE;
		source = address_from_ipv6(q + 8);
		v->address = address_from_ipv6(q + 24);
		v->protocol = q[6];
	}
	if (header < IP4_SIZE || wire < header + QUOTE_PAST)
		return DARK_SHORT_QUOTE;
	if (!address_equal(&source, &p->destination))
		return DARK_MISMATCH;
	read_ports(v, q + header, size > header ? size - header : 0);
	return DARK_ERROR;
}

/* ------------------------------------------------------------------ all of them */

static enum dark_kind
classify_tcp(const struct packet *p, bool answers)
{
	switch (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) {
	case TCP_SYN | TCP_ACK: return DARK_SYNACK;
	case TCP_RST:
	case TCP_RST | TCP_ACK: return answers ? DARK_OTHER : DARK_RESET;
	case TCP_ACK: return answers || p->payload_size > 0 ? DARK_OTHER : DARK_ACK;
	default: return DARK_OTHER;
	}
}

static enum dark_kind
classify_icmp(const struct packet *p, bool answers, struct dark_victim *v)
{
	if (is_error(p))
		return answers ? DARK_OTHER : read_quote(p, v);
	if (!is_reply(p))
		return DARK_OTHER;
	v->port = p->protocol == IP_PROTOCOL_ICMPV6 ? 128 << 8 : 8 << 8;
	return DARK_REPLY;
}

enum dark_kind
dark_classify(const struct packet *p, bool answers, struct dark_victim *ret_victim)
{
	struct dark_victim v = { p->source, p->protocol, p->source_port };
	enum dark_kind kind = DARK_OTHER;

	if (p->l4_offset == 0)
		return DARK_OTHER;
	if (p->protocol == IP_PROTOCOL_TCP)
		kind = classify_tcp(p, answers);
	else if (p->protocol == IP_PROTOCOL_ICMP || p->protocol == IP_PROTOCOL_ICMPV6)
		kind = classify_icmp(p, answers, &v);
	else if (p->protocol == IP_PROTOCOL_UDP && !answers && is_udp_response(p))
		kind = DARK_UDP;
	*ret_victim = v;
	return kind;
}

char *
dark_service_text(uint8_t protocol, uint16_t port, char *text, size_t size)
{
	static const struct {
		uint8_t protocol;
		const char *name;
	} NAMES[] = { { IP_PROTOCOL_TCP, "tcp" }, { IP_PROTOCOL_UDP, "udp" },
		{ IP_PROTOCOL_SCTP, "sctp" }, { IP_PROTOCOL_ICMP, "icmp" },
		{ IP_PROTOCOL_ICMPV6, "icmpv6" } };
	const char *name = NULL;

	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		name = NAMES[i].protocol == protocol ? NAMES[i].name : name;
	if (name == NULL)
		(void)snprintf(text, size, "ip/%u", protocol);
	else if (protocol != IP_PROTOCOL_ICMP && protocol != IP_PROTOCOL_ICMPV6)
		(void)snprintf(text, size, port != 0 ? "%s/%u" : "%s", name, port);
	else if (port >> 8 == (protocol == IP_PROTOCOL_ICMP ? 8 : 128))
		(void)snprintf(text, size, "%s/echo", name);
	else
		(void)snprintf(text, size, "%s/%d", name, port >> 8);
	return text;
}
