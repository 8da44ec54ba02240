/* SPDX-License-Identifier: ISC */
/*
 * Floods against a site's web server, one scenario a vector, in ordinary web traffic.
 *
 * The capture is a mirror of the site's border.  `vectors` says what the flood is made of, with
 * weights: "udp:60 syn:40".  Times between packets of the flood are exponential; with `pause` the
 * flood rests in its middle.  What is sent follows the attacks' own ways: forged sources for SYN
 * and UDP where `forged` says so, reflectors' service ports with answers as large as those services
 * give, handshakes and requests of a botnet's own addresses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "simulate/payload.h"
#include "simulate/scenario.h"
#include "simulate/story.h"
#include "simulate/talk.h"

#define MOST_VECTORS   8
#define CUSTOMERS      64
#define HTTP_REQUESTS  10
#define FORGED_SPACE   0x20000 /* 198.18.0.0/15, RFC 2544 */
#define REFLECTOR_SIZE 4096

/* The settings; a scenario has its own initial values. */
#define DDOS_SETTINGS(vectors, rate, payload, targets)                                           \
	{ "start", SETTING_TEXT, "2026-01-05T09:00:00Z", NULL, NULL, "when it begins" },         \
	    { "duration", SETTING_DURATION, "2m", "1s", "31d",                                   \
		    "sessions begin within this time" },                                         \
	    { "rate", SETTING_F64, "20", "0", "10000", "ordinary web sessions, a second" },      \
	    { "vectors", SETTING_TEXT, vectors, NULL, NULL,                                      \
		    "what the flood is made of, with weights: udp, icmp, fragment, syn, "        \
		    "connection, http, ack, dns, ntp, ssdp, chargen, cldap, memcached, snmp" },  \
	    { "attack_begin", SETTING_DURATION, "30s", "0s", "31d",                              \
		    "when the flood begins, after the start" },                                  \
	    { "attack_duration", SETTING_DURATION, "40s", "1s", "31d",                           \
		    "how long it lasts, without its pause" },                                    \
	    { "pause", SETTING_DURATION, "0s", "0s", "31d", "how long it rests in its middle" }, \
	    { "attack_rate", SETTING_F64, rate, "0.01", "10000000",                              \
		    "packets of the flood a second; connections or requests of those vectors" }, \
	    { "payload", SETTING_U64, payload, "0", "1400",                                      \
		    "octets of a flood packet's payload" },                                      \
	    { "sources", SETTING_U64, "2000", "1", "100000", "bots, or reflectors" },            \
	    { "forged", SETTING_BOOL, "true", NULL, NULL,                                        \
		    "whether single packets come from forged addresses" },                       \
	    { "targets", SETTING_U64, targets, "1", "254",                                       \
		    "addresses of the target's network that are hit" },                          \
	{                                                                                        \
		"ipv6", SETTING_BOOL, "false", NULL, NULL, "whether it comes over IPv6"          \
	}

enum set { SET_BANDWIDTH = 1, SET_SERVER = 2 };

struct flood;

/* A vector: how one event of it looks. */
struct vector {
	const char *name;
	void (*send)(struct flood *f, const struct vector *v, nsec_t at);
	enum set set;
	uint16_t port;      /* of the reflecting service */
	uint16_t answer;    /* octets of its answers */
	const char *begins; /* octets its answers begin with */
	size_t begins_size;
};

struct part {
	const struct vector *vector;
	uint64_t packets, octets, requests;
};

struct flood {
	struct simulation *simulation;
	struct random *random;
	const struct settings *settings;
	struct story story;
	struct part parts[MOST_VECTORS];
	unsigned weights[MOST_VECTORS];
	size_t part_count;
	struct part *part; /* the one that is being sent */
	nsec_t span[2];
	struct second {
		uint64_t packets, octets;
	} * seconds; /* owned: since `begin` */
	nsec_t begin;
	size_t second_count;
	uint8_t *seen; /* a bit each source */
	uint64_t source_count;
	bool ipv6, forged;
	size_t payload;
	uint64_t sources, targets;
	struct station server;
	struct station customers[CUSTOMERS];
	uint16_t ip_id;
};

static const uint8_t ROUTER_MAC[6] = { 0x02, 0, 0, 0, 0xff, 0x01 };
static const uint8_t SERVER_MAC[6] = { 0x02, 0, 0, 0, 0x01, 0x50 };

/* 2001:db8:HIGH::LOW */
static struct address
ipv6_address(uint16_t high, uint32_t low)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	put_be16(octets + 4, high);
	put_be32(octets + 12, low);
	return address_from_ipv6(octets);
}

static struct address
ipv4_address(uint32_t value)
{
	uint8_t octets[4];

	put_be32(octets, value);
	return address_from_ipv4(octets);
}

/* A sender outside by its number: 198.18.0.0/15, or as many in 2001:db8:8000::/48. */
static struct address
outside(const struct flood *f, uint64_t number)
{
	if (f->ipv6)
		return ipv6_address(0x8000, (uint32_t)number + 1);
	return ipv4_address(0xc6120000U + (uint32_t)(number % FORGED_SPACE));
}

static struct address
target(const struct flood *f, uint64_t number)
{
	uint32_t host = f->targets == 1 ? 80 : 1 + (uint32_t)number;

	return f->ipv6 ? ipv6_address(1, host) : ipv4_address(0xc0000200U + host);
}

/* A packet from outside, without its transport. */
static struct datagram
inbound(struct flood *f, uint64_t source)
{
	if (!(f->seen[source / 8] & 1U << source % 8)) {
		f->seen[source / 8] |= (uint8_t)(1U << source % 8);
		f->source_count++;
	}
	return (struct datagram){
		.source_mac = ROUTER_MAC,
		.destination_mac = SERVER_MAC,
		.vlan = FRAME_VLAN_NONE,
		.source = outside(f, source),
		.destination = target(f, random_below(f->random, f->targets)),
		.ttl = (uint8_t)(40 + source % 24),
		.ip_id = f->ipv6 ? 0 : f->ip_id++,
		.window = 502,
	};
}

/* Sends a packet of the flood and counts it. */
static void
emit(struct flood *f, nsec_t at, const struct datagram *d)
{
	uint8_t frame[FRAME_MAX];
	nsec_t second;
	uint32_t octets;

	at = at / NSEC_PER_US * NSEC_PER_US;
	(void)frame_ip(d, frame, &octets);
	simulation_ip(f->simulation, at, d);
	if (f->span[0] == 0 || at < f->span[0])
		f->span[0] = at;
	if (at > f->span[1])
		f->span[1] = at;
	f->part->packets++;
	f->part->octets += octets;
	second = (at - f->begin) / NSEC_PER_SEC;
	if (second >= 0 && (size_t)second < f->second_count) {
		f->seconds[second].packets++;
		f->seconds[second].octets += octets;
	}
}

/* Who sends a single packet: anybody at all, or one of the bots. */
static uint64_t
sender(struct flood *f)
{
	return random_below(f->random, f->forged ? FORGED_SPACE : f->sources);
}

static void
send_udp(struct flood *f, const struct vector *v, nsec_t at)
{
	uint8_t payload[1400];
	struct datagram d = inbound(f, sender(f));

	(void)v;
	random_fill(f->random, payload, f->payload);
	d.protocol = FRAME_UDP;
	d.source_port = (uint16_t)random_between(f->random, 32768, 60999);
	d.destination_port = (uint16_t)random_between(f->random, 30000, 65000);
	d.payload = payload;
	d.payload_size = f->payload;
	emit(f, at, &d);
}

static void
send_icmp(struct flood *f, const struct vector *v, nsec_t at)
{
	uint8_t payload[1400];
	struct datagram d = inbound(f, sender(f));

	(void)v;
	random_fill(f->random, payload, f->payload);
	d.protocol = f->ipv6 ? FRAME_ICMPV6 : FRAME_ICMP;
	d.icmp_type = f->ipv6 ? 128 : 8;
	d.icmp_id = (uint16_t)random_u64(f->random);
	d.payload = payload;
	d.payload_size = f->payload;
	emit(f, at, &d);
}

/* A fragment in the middle of a datagram that never comes whole. */
static void
send_fragment(struct flood *f, const struct vector *v, nsec_t at)
{
	uint8_t payload[1400];
	struct datagram d = inbound(f, sender(f));

	(void)v;
	random_fill(f->random, payload, f->payload);
	d.protocol = FRAME_UDP;
	d.fragment = true;
	d.more_fragments = true;
	d.fragment_offset = (uint16_t)(8 * random_between(f->random, 100, 8000));
	d.fragment_id = (uint32_t)random_u64(f->random);
	d.payload = payload;
	d.payload_size = f->payload / 8 * 8;
	emit(f, at, &d);
}

static void
send_syn(struct flood *f, const struct vector *v, nsec_t at)
{
	struct datagram d = inbound(f, sender(f));

	(void)v;
	d.protocol = FRAME_TCP;
	d.tcp_flags = FRAME_TCP_SYN;
	d.source_port = (uint16_t)random_between(f->random, 1024, 65535);
	d.destination_port = 80;
	d.sequence = (uint32_t)random_u64(f->random);
	emit(f, at, &d);
}

static void
send_ack(struct flood *f, const struct vector *v, nsec_t at)
{
	struct datagram d = inbound(f, sender(f));

	(void)v;
	d.protocol = FRAME_TCP;
	d.tcp_flags = FRAME_TCP_ACK;
	d.source_port = (uint16_t)random_between(f->random, 1024, 65535);
	d.destination_port = 80;
	d.sequence = (uint32_t)random_u64(f->random);
	d.acknowledgement = (uint32_t)random_u64(f->random);
	emit(f, at, &d);
}

static void
send_answer(struct flood *f, const struct vector *v, nsec_t at)
{
	uint8_t payload[1400];
	struct datagram d = inbound(f, random_below(f->random, f->sources));

	random_fill(f->random, payload, v->answer);
	memcpy(payload, v->begins, v->begins_size);
	d.protocol = FRAME_UDP;
	d.source_port = v->port;
	d.destination_port = (uint16_t)random_between(f->random, 1024, 65535);
	d.payload = payload;
	d.payload_size = v->answer;
	emit(f, at, &d);
}

/* The server's side of a bot's connection. */
static void
answer(struct flood *f, const struct datagram *in, nsec_t at, uint8_t flags, uint32_t sequence,
    size_t size)
{
	static const uint8_t page[512] = "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n";
	struct datagram d = *in;

	d.source_mac = SERVER_MAC;
	d.destination_mac = ROUTER_MAC;
	d.source = in->destination;
	d.destination = in->source;
	d.source_port = in->destination_port;
	d.destination_port = in->source_port;
	d.ttl = 64;
	d.ip_id = f->ipv6 ? 0 : f->server.ip_id++;
	d.tcp_flags = flags;
	d.sequence = sequence;
	d.acknowledgement =
	    in->sequence + (in->tcp_flags & FRAME_TCP_SYN ? 1 : 0) + (uint32_t)in->payload_size;
	d.payload = page;
	d.payload_size = size;
	simulation_ip(f->simulation, at, &d);
}

/* A handshake; returns the datagram for the bot's next segment, and the server's sequence. */
static struct datagram
handshake(struct flood *f, nsec_t *at, uint32_t *ret_server)
{
	struct datagram d = inbound(f, random_below(f->random, f->sources));
	uint32_t server = (uint32_t)random_u64(f->random);

	d.protocol = FRAME_TCP;
	d.tcp_flags = FRAME_TCP_SYN;
	d.source_port = (uint16_t)random_between(f->random, 1024, 65535);
	d.destination_port = 80;
	d.sequence = (uint32_t)random_u64(f->random);
	emit(f, *at, &d);
	answer(f, &d, *at + 200 * NSEC_PER_US, FRAME_TCP_SYN | FRAME_TCP_ACK, server, 0);
	*at += random_between(f->random, 5, 60) * NSEC_PER_MS;
	d.sequence++;
	d.tcp_flags = FRAME_TCP_ACK;
	d.acknowledgement = server + 1;
	d.ip_id = f->ipv6 ? 0 : f->ip_id++;
	*ret_server = server + 1;
	return d;
}

/* Opens a connection and leaves it; the flood's packets of one event are all sent at once, so that
 * they are counted in the order of their times within a second or so. */
static void
send_connection(struct flood *f, const struct vector *v, nsec_t at)
{
	uint32_t server;
	struct datagram d = handshake(f, &at, &server);

	(void)v;
	emit(f, at, &d);
}

/* A connection with several requests; an event is one of the requests. */
static void
send_http(struct flood *f, const struct vector *v, nsec_t at)
{
	char request[256];
	uint32_t server;
	struct datagram d;

	(void)v;
	if (random_below(f->random, HTTP_REQUESTS) != 0)
		return;
	d = handshake(f, &at, &server);
	emit(f, at, &d);
	for (unsigned i = 0; i < HTTP_REQUESTS; i++) {
		at += random_between(f->random, 5, 60) * NSEC_PER_MS;
		d.tcp_flags = FRAME_TCP_PSH | FRAME_TCP_ACK;
		d.acknowledgement = server;
		d.payload = (const uint8_t *)request;
		d.payload_size = (size_t)snprintf(request, sizeof request,
		    "GET /search?q=%08x HTTP/1.1\r\nHost: www.example.com\r\n"
		    "User-Agent: Mozilla/5.0\r\n\r\n",
		    (unsigned)random_u64(f->random));
		d.ip_id = f->ipv6 ? 0 : f->ip_id++;
		emit(f, at, &d);
		f->part->requests++;
		answer(f, &d, at + 300 * NSEC_PER_US, FRAME_TCP_PSH | FRAME_TCP_ACK, server, 440);
		d.sequence += (uint32_t)d.payload_size;
		server += 440;
		d.payload_size = 0;
	}
}

#define BEGINS(octets) .begins = (octets), .begins_size = sizeof(octets) - 1

static const struct vector VECTORS[] = {
	{ "udp", send_udp, SET_BANDWIDTH, 0, 0, NULL, 0 },
	{ "icmp", send_icmp, SET_BANDWIDTH, 0, 0, NULL, 0 },
	{ "fragment", send_fragment, SET_BANDWIDTH, 0, 0, NULL, 0 },
	{ "syn", send_syn, SET_SERVER, 0, 0, NULL, 0 },
	{ "connection", send_connection, SET_SERVER, 0, 0, NULL, 0 },
	{ "http", send_http, SET_SERVER, 0, 0, NULL, 0 },
	{ "ack", send_ack, SET_SERVER, 0, 0, NULL, 0 },
	/* One question, type ANY, of 25 answers. */
	{ "dns", send_answer, SET_BANDWIDTH, 53, 1200,
	    BEGINS("\x12\x34\x81\x80\0\x01\0\x19\0\0\0\0\x07"
		   "example\0\0\xff\0\x01") },
	/* Mode 7, MON_GETLIST_1, six items of 72 octets (ntpd's ntp_request.h). */
	{ "ntp", send_answer, SET_BANDWIDTH, 123, 440, BEGINS("\xd7\0\x03\x2a\0\x06\0\x48") },
	{ "ssdp", send_answer, SET_BANDWIDTH, 1900, 320,
	    BEGINS("HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: upnp:rootdevice\r\n") },
	{ "chargen", send_answer, SET_BANDWIDTH, 19, 1022,
	    BEGINS("!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`\r\n") },
	{ "cldap", send_answer, SET_BANDWIDTH, 389, 1400, BEGINS("\x30\x84\0\0\x05\x70\x02\x01") },
	{ "memcached", send_answer, SET_BANDWIDTH, 11211, 1400,
	    BEGINS("\0\0\0\0\0\x01\0\0VALUE a 0 1048576\r\n") },
	{ "snmp", send_answer, SET_BANDWIDTH, 161, 1300, BEGINS("\x30\x82\x05\x10\x02\x01\x01") },
};

/* Reads "udp:60 syn:40"; a weight that is missing is 1. */
static enum err
read_vectors(struct flood *f, struct err_info *info)
{
	const char *p = settings_text(f->settings, "vectors");

	while (*(p += strspn(p, " ")) != '\0') {
		size_t name = strcspn(p, ": "), i = 0;
		char *end;
		unsigned long weight = 1;

		while (i < sizeof VECTORS / sizeof VECTORS[0] &&
		       (strlen(VECTORS[i].name) != name || strncmp(VECTORS[i].name, p, name) != 0))
			i++;
		if (i == sizeof VECTORS / sizeof VECTORS[0] || f->part_count == MOST_VECTORS)
			return err_set(info, ERR_CONFIG, "vectors: \"%.40s\" begins with none", p);
		p += name;
		if (*p == ':') {
			weight = strtoul(p + 1, &end, 10);
			if (end == p + 1 || weight == 0 || weight > 1000000)
				return err_set(
				    info, ERR_CONFIG, "vectors: a weight is 1 to 1000000");
			p = end;
		}
		f->weights[f->part_count] = (unsigned)weight;
		f->parts[f->part_count++].vector = &VECTORS[i];
	}
	if (f->part_count == 0)
		return err_set(info, ERR_CONFIG, "vectors: at least one is needed");
	return ERR_OK;
}

static void
make_stations(struct flood *f)
{
	f->server = (struct station){ .mac = { 0x02, 0, 0, 0, 0x01, 0x50 },
		.vlan = FRAME_VLAN_NONE,
		.ttl = 64,
		.distance = 250 * NSEC_PER_US,
		.ipv4 = ipv4_address(0xc0000250U),
		.ipv6 = ipv6_address(1, 80) };
	for (unsigned i = 0; i < CUSTOMERS; i++)
		f->customers[i] = (struct station){ .mac = { 0x02, 0, 0, 0, 0xff, 0x01 },
			.vlan = FRAME_VLAN_NONE,
			.ttl = (uint8_t)(44 + i % 16),
			.distance =
			    (nsec_t)random_pareto(f->random, 4000, 160000, 900) * NSEC_PER_US,
			.ipv4 = ipv4_address(0xcb007100U + 1 + i),
			.ipv6 = ipv6_address(2, 1 + i),
			.number = i };
}

/* Somebody reads a page. */
static void
visit(struct flood *f, nsec_t at)
{
	struct station *who = &f->customers[random_below(f->random, CUSTOMERS)];
	struct talk t =
	    talk_begin(f->simulation, who, &f->server, random_chance(f->random, 300), at);
	uint64_t size = random_pareto(f->random, 500, 60000, 1200);
	struct payload p = { .size = 0 };

	talk_open(&t, 80);
	payload_text(&p,
	    "GET /page/%u HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
	    (unsigned)random_below(f->random, 1000));
	talk_send(&t, TALK_CLIENT, p.data, p.size);
	p.size = 0;
	payload_text(
	    &p, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n", (unsigned long long)size);
	talk_send(&t, TALK_SERVER, p.data, p.size);
	talk_send_filler(&t, TALK_SERVER, size, false);
	talk_close(&t);
}

/* The attack that ends here, as the review should find it. */
static void
tell(struct flood *f)
{
	json_t *vectors = json_array();
	uint64_t packets = 0, octets = 0, requests = 0, peak_packets = 0, peak_octets = 0;
	uint64_t peak_bits;
	unsigned sets = 0;
	char text[ADDRESS_TEXT_SIZE];
	struct address hit = target(f, 0);
	const char *where = f->targets == 1 ? address_format(&hit, text)
			    : f->ipv6       ? "2001:db8:1::/48"
					    : "192.0.2.0/24";

	if (f->span[0] == 0)
		return;
	for (size_t i = 0; i < f->part_count; i++) {
		packets += f->parts[i].packets;
		octets += f->parts[i].octets;
		requests += f->parts[i].requests;
	}
	for (size_t i = 0; i < f->part_count; i++) {
		struct part *p = &f->parts[i];
		sets |= p->vector->set;
		json_array_append_new(vectors,
		    json_pack("{s:s, s:f, s:f}", "name",
			strcmp(p->vector->name, "ack") == 0 ? "tcp-other" : p->vector->name,
			"share_packets", (double)p->packets / (double)packets, "share_octets",
			(double)p->octets / (double)octets));
	}
	for (size_t i = 0; i < f->second_count; i++) {
		if (f->seconds[i].packets > peak_packets)
			peak_packets = f->seconds[i].packets;
		if (f->seconds[i].octets > peak_octets)
			peak_octets = f->seconds[i].octets;
	}
	peak_bits = 8 * peak_octets;
	story_attack(&f->story, "security/ddos",
	    f->part_count > 1       ? "compound"
	    : sets == SET_BANDWIDTH ? "bandwidth"
				    : "server",
	    json_pack("{s:s}", "target", where), f->span,
	    json_pack("{s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "duration_s",
		(double)(f->span[1] - f->span[0]) / (double)NSEC_PER_SEC, "packets",
		(json_int_t)packets, "octets", (json_int_t)octets, "requests", (json_int_t)requests,
		"peak_pps", (json_int_t)peak_packets, "peak_bps", (json_int_t)peak_bits, "sources",
		(json_int_t)f->source_count, "vectors", vectors));
	for (size_t i = 0; i < f->part_count; i++)
		f->parts[i].packets = f->parts[i].octets = f->parts[i].requests = 0;
	f->span[0] = f->span[1] = 0;
	f->source_count = 0;
	memset(f->seconds, 0, f->second_count * sizeof *f->seconds);
	memset(f->seen, 0, FORGED_SPACE / 8 + 1);
}

/* Times of the flood: it begins, rests in its middle, ends. */
struct times {
	nsec_t begin, rest, again, end;
};

/* All sessions and all events of the flood, in the order of their beginnings. */
static void
run_events(struct flood *f, nsec_t begin, nsec_t end, const struct times *times)
{
	double rate = settings_f64(f->settings, "rate");
	uint64_t mean = (uint64_t)((double)NSEC_PER_SEC / settings_f64(f->settings, "attack_rate"));
	uint64_t ordinary = rate > 0 ? (uint64_t)((double)NSEC_PER_SEC / rate) : 0;
	nsec_t session = ordinary ? begin + (nsec_t)random_exponential(f->random, ordinary) : end;
	nsec_t event = times->begin;
	bool rested = false;

	while (session < end || event < times->end) {
		if (event >= times->end || (session < end && session < event)) {
			simulation_advance(f->simulation, session);
			visit(f, session);
			session += (nsec_t)random_exponential(f->random, ordinary) + 1;
			continue;
		}
		if (event >= times->rest && event < times->again) {
			event = times->again;
			/* Rests of ten minutes and more part two attacks. */
			if (!rested && times->again - times->rest > 600 * NSEC_PER_SEC)
				tell(f);
			rested = true;
			continue;
		}
		simulation_advance(f->simulation, event);
		f->part = &f->parts[random_weighted(f->random, f->weights, f->part_count)];
		f->part->vector->send(f, f->part->vector, event);
		event += (nsec_t)random_exponential(f->random, mean) + 1;
	}
	simulation_advance(f->simulation, INT64_MAX);
}

static void
run_flood(struct flood *f, nsec_t begin, nsec_t duration)
{
	static const char *const own[] = { "192.0.2.0/24", "2001:db8:1::/48" };
	nsec_t lasts = settings_duration(f->settings, "attack_duration");
	struct times times = { .begin = begin + settings_duration(f->settings, "attack_begin") };

	times.rest = times.begin + lasts / 2;
	times.again = times.rest + settings_duration(f->settings, "pause");
	times.end = times.again + lasts - lasts / 2;
	f->begin = begin;
	f->second_count = (size_t)((times.end - begin) / NSEC_PER_SEC) + 10;
	f->seconds = xcalloc(f->second_count, sizeof *f->seconds);
	simulation_begin(f->simulation, begin, duration, own, sizeof own / sizeof own[0]);
	simulation_count_totals(f->simulation);
	make_stations(f);
	run_events(f, begin, begin + duration, &times);
	tell(f);
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct flood f = {
		.simulation = simulation,
		.random = simulation_random(simulation),
		.settings = settings,
		.ipv6 = settings_bool(settings, "ipv6"),
		.forged = settings_bool(settings, "forged"),
		.payload = settings_u64(settings, "payload"),
		.sources = settings_u64(settings, "sources"),
		.targets = settings_u64(settings, "targets"),
	};
	nsec_t begin;
	enum err e = simulation_time(settings_text(settings, "start"), &begin, info);

	if (e == ERR_OK)
		e = read_vectors(&f, info);
	if (e != ERR_OK)
		return e;
	f.story = story_begin(simulation);
	f.seen = xcalloc(FORGED_SPACE / 8 + 1, 1);
	story_site(&f.story, "# The site that yagura simulate ddos-* simulates.\n"
			     "site:\n"
			     "  name: Simulated web site\n"
			     "  own_prefixes: [192.0.2.0/24, \"2001:db8:1::/48\"]\n"
			     "  servers:\n"
			     "    - {address: 192.0.2.80, role: web}\n"
			     "    - {address: \"2001:db8:1::50\", role: web}\n");
	run_flood(&f, begin, settings_duration(settings, "duration"));
	free(f.seen);
	free(f.seconds);
	return story_end(&f.story, ERR_OK, info);
}

#define DDOS_SCENARIO(symbol, text, about, vectors, rate, payload, targets)              \
	static const struct setting SETTINGS_##symbol[] = { DDOS_SETTINGS(               \
	    vectors, rate, payload, targets) };                                          \
	const struct scenario scenario_ddos_##symbol = {                                 \
		.name = (text),                                                          \
		.summary = (about),                                                      \
		.settings = SETTINGS_##symbol,                                           \
		.setting_count = sizeof SETTINGS_##symbol / sizeof SETTINGS_##symbol[0], \
		.run = run,                                                              \
	};

DDOS_SCENARIO(udp, "ddos-udp", "a flood of UDP from forged sources against a web server", "udp",
    "25000", "512", "1")
DDOS_SCENARIO(icmp, "ddos-icmp", "a flood of ICMP echo requests", "icmp", "25000", "56", "1")
DDOS_SCENARIO(fragment, "ddos-fragment", "a flood of fragments that never come whole", "fragment",
    "25000", "1400", "1")
DDOS_SCENARIO(syn, "ddos-syn", "a flood of TCP SYN from forged sources", "syn", "15000", "0", "1")
DDOS_SCENARIO(connection, "ddos-connection", "a botnet opens TCP connections and leaves them",
    "connection", "3000", "0", "1")
DDOS_SCENARIO(http, "ddos-http", "a botnet asks a web server for pages", "http", "2000", "0", "1")
DDOS_SCENARIO(reflection, "ddos-reflection", "answers of abused services, NTP unless it is said",
    "ntp", "25000", "0", "1")
DDOS_SCENARIO(compound, "ddos-compound", "60 % UDP and 40 % SYN at once", "udp:60 syn:40", "30000",
    "512", "1")
DDOS_SCENARIO(
    carpet, "ddos-carpet", "a flood of UDP spread over a network", "udp", "25000", "512", "200")
