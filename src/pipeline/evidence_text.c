/* SPDX-License-Identifier: ISC */
/* One line about a record of an input; see evidence_text.h. */
#include "pipeline/evidence_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "net/protocol.h"
#include "obs/dns_record.h"
#include "obs/observed.h"
#include "source/source.h"

/* "192.0.2.1:80", "[2001:db8::1]:80", or the address alone. */
static void
put_end(const struct address *address, bool with_port, uint16_t port, char *text, size_t size)
{
	char plain[ADDRESS_TEXT_SIZE];
	bool v6 = !address_is_ipv4(address);

	(void)address_format(address, plain);
	if (!with_port)
		(void)snprintf(text, size, "%s", plain);
	else
		(void)snprintf(
		    text, size, "%s%s%s:%u", v6 ? "[" : "", plain, v6 ? "]" : "", (unsigned)port);
}

static void
put_flags(uint8_t flags, char *text, size_t size)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} NAMES[] = { { TCP_SYN, "SYN" }, { TCP_FIN, "FIN" }, { TCP_RST, "RST" },
		{ TCP_PSH, "PSH" }, { TCP_ACK, "ACK" }, { TCP_URG, "URG" } };
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if ((flags & NAMES[i].bit) != 0)
			used += (size_t)snprintf(
			    text + used, size - used, "%s%s", used != 0 ? " " : "", NAMES[i].name);
}

static char *
ip_text(const struct packet *p)
{
	char source[64], destination[64], name[32], flags[64] = "", more[96] = "";
	bool ports = (p->flags & PACKET_HAS_PORTS) != 0;

	put_end(&p->source, ports, p->source_port, source, sizeof source);
	put_end(&p->destination, ports, p->destination_port, destination, sizeof destination);
	if (p->protocol == IP_PROTOCOL_TCP && ports) {
		put_flags(p->tcp_flags, flags, sizeof flags);
		(void)snprintf(more, sizeof more, " [%s]", flags);
	} else if (p->protocol == IP_PROTOCOL_ICMP || p->protocol == IP_PROTOCOL_ICMPV6) {
		(void)snprintf(more, sizeof more, " type %u code %u", p->icmp_type, p->icmp_code);
	}
	return xasprintf("%s > %s %s%s%s, %u octets, payload %u%s%s", source, destination,
	    protocol_name(p->protocol, name, sizeof name), more,
	    (p->flags & PACKET_FRAGMENT) != 0 ? " fragment" : "", p->octets, p->payload_size,
	    (p->flags & PACKET_TUNNELED) != 0 ? ", in a tunnel" : "",
	    (p->flags & PACKET_SNAPPED) != 0 ? ", cut by the capture" : "");
}

static char *
message_text(const struct packet *p, const char *what)
{
	char source[64], destination[64];

	put_end(&p->source, true, p->source_port, source, sizeof source);
	put_end(&p->destination, true, p->destination_port, destination, sizeof destination);
	return xasprintf("%s > %s %s", source, destination, what);
}

static char *
observed_text(const struct packet *p)
{
	static const char *const NAMES[OBSERVED_KINDS] = { [OBSERVED_HTTP] = "HTTP request",
		[OBSERVED_LOGIN] = "login",
		[OBSERVED_CONTACT] = "contact",
		[OBSERVED_WATCH] = "watch of a sensor" };
	uint64_t kind = OBSERVED_KINDS;

	if (p->captured_size >= sizeof kind)
		memcpy(&kind, p->data, sizeof kind);
	return xasprintf(
	    "a line of a log: %s", kind < OBSERVED_KINDS ? NAMES[kind] : "observation");
}

char *
evidence_text(const struct packet *p)
{
	switch (p->link_type) {
	case LINK_DNS_MESSAGE: return message_text(p, "DNS message");
	case LINK_OBSERVED: return observed_text(p);
	case LINK_EXPORT_MESSAGE:
		return xasprintf("flow export message, %u octets", p->captured_size);
	case LINK_EXPORT_TEXT: return xstrdup("lines of a table of flows");
	default: break;
	}
	if (p->kind == PACKET_IP)
		return ip_text(p);
	return xasprintf("%s of link type %u, %u octets",
	    p->kind == PACKET_ARP ? "an ARP packet" : "a frame that is no IP", p->link_type,
	    p->frame_size);
}
