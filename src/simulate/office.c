/* SPDX-License-Identifier: ISC */
/*
 * A small site's day.
 *
 * People come in the morning, leave in the evening, and stay away at the weekend: sessions begin as
 * a Poisson process whose rate follows a curve by hour.  A session is one of the kinds below, from
 * a random host, over IPv4 or IPv6.  Sizes are Pareto distributed, as file sizes on the web are (M.
 * Crovella, A. Bestavros, "Self-similarity in World Wide Web traffic", ACM SIGMETRICS 1996).
 *
 * Every address is from a documentation prefix (RFC 5737, RFC 3849).  The capture is a mirror of
 * the router's port to the site, where three of four hosts have a VLAN.
 *
 * So that the number of flow records does not depend on how coarse a meter's timers are, no session
 * lasts 290 s, and no flow falls silent for about a minute and goes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "simulate/payload.h"
#include "simulate/scenario.h"
#include "simulate/talk.h"

#define OUTSIDE 120 /* servers elsewhere */

static const struct setting SETTINGS[] = {
	{ "start", SETTING_TEXT, "2026-01-05T00:00:00Z", NULL, NULL,
	    "when it begins (UTC, which is the office's time too)" },
	{ "duration", SETTING_DURATION, "24h", "1s", "31d", "sessions begin within this time" },
	{ "rate", SETTING_F64, "0.25", "0.001", "10000",
	    "sessions a second, the mean of a working day" },
	{ "hosts", SETTING_U64, "40", "1", "200", "computers in the office" },
};

struct office {
	struct simulation *simulation;
	struct random *random;
	struct station *hosts;
	size_t host_count;
	struct station resolver;
	struct station outside[OUTSIDE];
};

/* Load by hour of a working day, percent of the busiest. */
static const uint8_t LOAD[24] = { 8, 6, 5, 5, 5, 6, 10, 25, 60, 90, 100, 98, 75, 80, 97, 100, 95,
	85, 60, 35, 22, 16, 12, 10 };

static void web(struct office *o, struct talk *t);
static void web_plain(struct office *o, struct talk *t);
static void quic(struct office *o, struct talk *t);
static void mail_in(struct office *o, struct talk *t);
static void mail_submit(struct office *o, struct talk *t);
static void mail_read(struct office *o, struct talk *t);
static void shell(struct office *o, struct talk *t);
static void dns(struct office *o, struct talk *t);
static void clock_query(struct office *o, struct talk *t);
static void echo(struct office *o, struct talk *t);
static void arp(struct office *o, struct talk *t);

/* What sessions there are, how often, and how many of the outside servers offer each: each kind
 * has servers of its own, from `first` on.  0 servers: the resolver answers. */
static const struct kind {
	void (*run)(struct office *o, struct talk *t);
	unsigned weight;
	unsigned first, servers;
	bool inward; /* the office is the server */
} KINDS[] = {
	{ web, 310, 0, 60, false },
	{ web_plain, 60, 60, 10, false },
	{ quic, 150, 70, 20, false },
	{ dns, 260, 0, 0, false },
	{ clock_query, 60, 90, 4, false },
	{ mail_in, 15, 94, 10, true },
	{ mail_submit, 20, 104, 2, false },
	{ mail_read, 45, 106, 2, false },
	{ shell, 15, 108, 6, false },
	{ echo, 25, 114, 6, false },
	{ arp, 40, 0, 0, false },
};
#define KIND_COUNT (sizeof KINDS / sizeof KINDS[0])

static struct address
ipv4(uint8_t a, uint8_t b, uint8_t c, unsigned d)
{
	const uint8_t octets[4] = { a, b, c, (uint8_t)d };

	return address_from_ipv4(octets);
}

/* 2001:db8:SITE:SEGMENT::HOST */
static struct address
ipv6(unsigned site, unsigned segment, unsigned host)
{
	const uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, (uint8_t)site, 0, (uint8_t)segment,
		0, 0, 0, 0, 0, 0, (uint8_t)(host >> 8), (uint8_t)host };

	return address_from_ipv6(octets);
}

static struct station
inside_station(unsigned number, unsigned host, uint16_t vlan)
{
	return (struct station){
		.mac = { 0x02, 0, 0, 0, 0x01, (uint8_t)host },
		.vlan = vlan,
		.ttl = 64,
		.distance = 250 * NSEC_PER_US,
		.ipv4 = ipv4(192, 0, 2, host),
		.ipv6 = ipv6(1, vlan == FRAME_VLAN_NONE ? 0 : vlan, host),
		.number = number,
	};
}

static void
make_stations(struct office *o)
{
	static const uint16_t vlans[4] = { FRAME_VLAN_NONE, 10, 20, 30 };

	o->resolver = inside_station(0, 53, FRAME_VLAN_NONE);
	o->resolver.mac[4] = 0;
	for (size_t i = 0; i < o->host_count; i++) {
		/* 192.0.2.54 and up, past the resolver; 200 of them end at 253. */
		o->hosts[i] = inside_station((unsigned)i, 54 + (unsigned)i, vlans[i % 4]);
		o->hosts[i].port = (uint16_t)random_below(o->random, 16384);
		o->hosts[i].ip_id = (uint16_t)random_u64(o->random);
	}
	for (unsigned i = 0; i < OUTSIDE; i++) {
		struct address a =
		    i % 3 == 0 ? ipv4(203, 0, 113, 1 + i) : ipv4(198, 51, 100, 1 + i);
		o->outside[i] = (struct station){
			.mac = { 0x02, 0, 0, 0, 0xff, 0x01 },
			.vlan = FRAME_VLAN_NONE,
			.ttl = (uint8_t)random_between(o->random, 46, 60),
			.distance =
			    (nsec_t)random_pareto(o->random, 4000, 160000, 900) * NSEC_PER_US,
			.ipv4 = a,
			.ipv6 = ipv6(2 + i % 5, 0, 1 + i),
			.ip_id = (uint16_t)random_u64(o->random),
			.number = i,
		};
	}
}

/* Percent of the busiest hour at a time, between the hours in a straight line. */
static unsigned
load_at(nsec_t time)
{
	int64_t second = floor_div(time, NSEC_PER_SEC), day = floor_div(second, 86400);
	unsigned hour = (unsigned)((second - day * 86400) / 3600);
	unsigned into = (unsigned)((second - day * 86400) % 3600);
	unsigned load = (LOAD[hour] * (3600 - into) + LOAD[(hour + 1) % 24] * into) / 36;
	int64_t weekday = (day % 7 + 7 + 3) % 7; /* 1970-01-01 was a Thursday; Monday is 0 */

	return weekday >= 5 ? load / 6 : load; /* hundredths of a percent */
}

/* The next beginning of a session: a Poisson process thinned to the load (P. Lewis, G. Shedler,
 * "Simulation of nonhomogeneous Poisson processes by thinning", NRLQ 26(3), 1979). */
static nsec_t
next_arrival(struct office *o, nsec_t time, uint64_t mean)
{
	do
		time += (nsec_t)random_exponential(o->random, mean);
	while (random_below(o->random, 10000) >= load_at(time));
	return time;
}

static void
run_session(struct office *o, nsec_t at)
{
	unsigned weights[KIND_COUNT];
	struct station *client = &o->hosts[random_below(o->random, o->host_count)];
	struct station *server = &o->resolver;
	const struct kind *kind;
	struct talk t;

	for (size_t i = 0; i < KIND_COUNT; i++)
		weights[i] = KINDS[i].weight;
	kind = &KINDS[random_weighted(o->random, weights, KIND_COUNT)];
	if (kind->servers > 0)
		server = &o->outside[kind->first + random_below(o->random, kind->servers)];
	if (kind->inward)
		t = talk_begin(o->simulation, server, client, random_chance(o->random, 300), at);
	else
		t = talk_begin(o->simulation, client, server, random_chance(o->random, 400), at);
	kind->run(o, &t);
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	static const char *const own_prefixes[] = { "192.0.2.0/24", "2001:db8:1::/48" };
	struct office o = { .simulation = simulation, .random = simulation_random(simulation) };
	uint64_t rate = (uint64_t)(settings_f64(settings, "rate") * 1000000), mean, sum = 0;
	nsec_t at, end;
	enum err e = simulation_time(settings_text(settings, "start"), &at, info);

	if (e != ERR_OK)
		return e;
	o.host_count = settings_u64(settings, "hosts");
	o.hosts = xcalloc(o.host_count, sizeof *o.hosts);
	make_stations(&o);
	for (size_t i = 0; i < 24; i++)
		sum += LOAD[i];
	/* Between arrivals at the busiest hour, when the day's mean is `rate`. */
	mean = (uint64_t)NSEC_PER_SEC * 1000000 / rate * sum / 2400;
	end = at + settings_duration(settings, "duration");
	simulation_begin(
	    simulation, at, end - at, own_prefixes, sizeof own_prefixes / sizeof own_prefixes[0]);
	for (at = next_arrival(&o, at, mean); at < end; at = next_arrival(&o, at, mean)) {
		simulation_advance(simulation, at);
		run_session(&o, at);
	}
	simulation_advance(simulation, INT64_MAX);
	free(o.hosts);
	return ERR_OK;
}

/* Asks the resolver for a name before talking to it, most of the time; the question is a flow of
 * its own. */
static void
look_up(struct office *o, struct talk *t, const char *name)
{
	struct talk q;
	struct payload p = { .size = 0 };
	struct payload_dns m = { .type = t->ipv6 ? PAYLOAD_DNS_AAAA : PAYLOAD_DNS_A, .name = name };

	if (!random_chance(o->random, 600))
		return;
	q = talk_begin(o->simulation, t->sides[TALK_CLIENT], &o->resolver, t->ipv6, t->now);
	q.ports[TALK_SERVER] = 53;
	m.id = (uint16_t)random_u64(o->random);
	payload_dns(&p, &m);
	talk_datagram(&q, TALK_CLIENT, p.data, p.size);
	m.response = true;
	m.answer = t->ipv6 ? t->sides[TALK_SERVER]->ipv6 : t->sides[TALK_SERVER]->ipv4;
	p.size = 0;
	payload_dns(&p, &m);
	talk_datagram(&q, TALK_SERVER, p.data, p.size);
	t->now = q.now + NSEC_PER_MS;
}

static void
server_name(const struct talk *t, char *name, size_t size)
{
	(void)snprintf(name, size, "www%u.example.%s", t->sides[TALK_SERVER]->number,
	    t->sides[TALK_SERVER]->number % 2 ? "com" : "net");
}

static void
tls_handshake(struct office *o, struct talk *t, const char *name)
{
	struct payload p = { .size = 0 };

	payload_tls_client_hello(&p, o->random, name);
	talk_send(t, TALK_CLIENT, p.data, p.size);
	p.size = 0;
	payload_tls_server_hello(&p, o->random);
	talk_send(t, TALK_SERVER, p.data, p.size);
	talk_send_filler(t, TALK_SERVER, 2800, true); /* certificate */
	talk_send_filler(t, TALK_CLIENT, 74, true);   /* finished */
}

static void
web(struct office *o, struct talk *t)
{
	uint64_t requests = 1 + random_below(o->random, 4);
	char name[64];

	server_name(t, name, sizeof name);
	look_up(o, t, name);
	talk_open(t, 443);
	tls_handshake(o, t, name);
	for (uint64_t i = 0; i < requests; i++) {
		talk_send_filler(t, TALK_CLIENT, 300 + random_below(o->random, 500), true);
		talk_wait(t, random_between(o->random, 1, 80) * NSEC_PER_MS);
		talk_send_filler(
		    t, TALK_SERVER, random_pareto(o->random, 600, 2000000, 1200), true);
		talk_wait(t, random_between(o->random, 50, 8000) * NSEC_PER_MS);
	}
	talk_close(t);
}

static void
web_plain(struct office *o, struct talk *t)
{
	uint64_t size = random_pareto(o->random, 500, 2000000, 1200);
	struct payload p = { .size = 0 };
	char name[64];

	server_name(t, name, sizeof name);
	look_up(o, t, name);
	talk_open(t, 80);
	payload_text(&p,
	    "GET /item/%u HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
	    "Accept: */*\r\n\r\n",
	    (unsigned)random_below(o->random, 10000), name);
	talk_send(t, TALK_CLIENT, p.data, p.size);
	talk_wait(t, random_between(o->random, 1, 60) * NSEC_PER_MS);
	p.size = 0;
	payload_text(&p,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
	    "Content-Length: %llu\r\n\r\n",
	    (unsigned long long)size);
	talk_send(t, TALK_SERVER, p.data, p.size);
	talk_send_filler(t, TALK_SERVER, size, false);
	talk_wait(t, random_between(o->random, 1, 5000) * NSEC_PER_MS);
	talk_close(t);
}

/* UDP 443: a first exchange of full datagrams, then a download in short headers with an
 * acknowledgement for every second one. */
static void
quic(struct office *o, struct talk *t)
{
	uint64_t datagrams = 2 + random_pareto(o->random, 2, 1500, 1200);
	uint64_t connections[2] = { random_u64(o->random), random_u64(o->random) };
	nsec_t away = t->rtt[TALK_SERVER];
	struct payload p = { .size = 0 };
	char name[64];

	server_name(t, name, sizeof name);
	look_up(o, t, name);
	t->ports[TALK_SERVER] = 443;
	payload_quic(&p, o->random, connections[TALK_CLIENT], 1200);
	talk_datagram(t, TALK_CLIENT, p.data, p.size);
	p.size = 0;
	payload_quic(&p, o->random, connections[TALK_SERVER], 1200);
	talk_datagram(t, TALK_SERVER, p.data, p.size);
	p.size = 0;
	payload_quic(
	    &p, o->random, connections[TALK_CLIENT], 120 + (size_t)random_below(o->random, 400));
	talk_datagram(t, TALK_CLIENT, p.data, p.size);
	for (uint64_t i = 0; i < datagrams; i++) {
		bool last = i + 1 == datagrams;
		p.size = 0;
		payload_quic(&p, o->random, connections[TALK_SERVER],
		    last ? 40 + (size_t)random_below(o->random, 1000) : 1250);
		talk_datagram(t, TALK_SERVER, p.data, p.size);
		if (i % 2 == 1 || last) {
			p.size = 0;
			payload_quic(&p, o->random, connections[TALK_CLIENT], 36);
			talk_datagram(t, TALK_CLIENT, p.data, p.size);
			/* The sender does not wait for it, but for its window. */
			t->now += i % 20 == 19 ? 0 : 200 * NSEC_PER_US - away;
		}
	}
}

static void
dns(struct office *o, struct talk *t)
{
	struct payload p = { .size = 0 };
	struct payload_dns m = { .id = (uint16_t)random_u64(o->random), .type = PAYLOAD_DNS_A };
	bool large = random_chance(o->random, 30);
	char name[64];

	(void)snprintf(name, sizeof name, "host%u.example.org",
	    (unsigned)random_pareto(o->random, 1, 5000, 700));
	m.name = name;
	m.type = large ? PAYLOAD_DNS_TXT : t->ipv6 ? PAYLOAD_DNS_AAAA : PAYLOAD_DNS_A;
	t->ports[TALK_SERVER] = 53;
	payload_dns(&p, &m);
	talk_datagram(t, TALK_CLIENT, p.data, p.size);
	m.response = true;
	m.truncated = large;
	m.unknown = !large && random_chance(o->random, 80);
	m.answer = t->ipv6 ? o->outside[0].ipv6 : o->outside[0].ipv4;
	p.size = 0;
	payload_dns(&p, &m);
	talk_wait(t, random_between(o->random, 0, 60) * NSEC_PER_MS);
	talk_datagram(t, TALK_SERVER, p.data, p.size);
	if (!large)
		return;
	/* The answer did not fit: the same over TCP (RFC 7766), from another port. */
	struct talk again =
	    talk_begin(o->simulation, t->sides[0], t->sides[1], t->ipv6, t->now + NSEC_PER_MS);
	m = (struct payload_dns){ .id = m.id, .type = m.type, .name = name, .tcp = true };
	talk_open(&again, 53);
	p.size = 0;
	payload_dns(&p, &m);
	talk_send(&again, TALK_CLIENT, p.data, p.size);
	m.response = true;
	m.text_size = 1000 + (size_t)random_below(o->random, 2500);
	p.size = 0;
	payload_dns(&p, &m);
	talk_send(&again, TALK_SERVER, p.data, p.size);
	talk_close(&again);
}

/* Both ports are 123, so the next question must be another flow by its silence. */
static void
clock_query(struct office *o, struct talk *t)
{
	struct station *client = t->sides[TALK_CLIENT];
	struct payload p = { .size = 0 };
	nsec_t asked = t->now;

	(void)o;
	if (t->now < client->next_clock)
		return;
	client->next_clock = t->now + 300 * NSEC_PER_SEC;
	t->ports[TALK_CLIENT] = 123;
	t->ports[TALK_SERVER] = 123;
	payload_ntp(&p, false, asked, 0);
	talk_datagram(t, TALK_CLIENT, p.data, p.size);
	p.size = 0;
	payload_ntp(&p, true, t->now, asked);
	talk_datagram(t, TALK_SERVER, p.data, p.size);
}

/* One line each way. */
static void
exchange(struct talk *t, const char *answer, const char *command)
{
	talk_send(t, TALK_SERVER, (const uint8_t *)answer, strlen(answer));
	talk_wait(t, 2 * NSEC_PER_MS);
	talk_send(t, TALK_CLIENT, (const uint8_t *)command, strlen(command));
	talk_wait(t, 5 * NSEC_PER_MS);
}

static void
mail_in(struct office *o, struct talk *t)
{
	uint64_t lines = random_pareto(o->random, 20, 20000, 1100);
	struct payload p = { .size = 0 };

	talk_open(t, 25);
	exchange(t, "220 mail.example.com ESMTP\r\n", "EHLO mx.example.net\r\n");
	exchange(
	    t, "250-mail.example.com\r\n250 SIZE 52428800\r\n", "MAIL FROM:<a@example.net>\r\n");
	exchange(t, "250 2.1.0 Ok\r\n", "RCPT TO:<b@example.com>\r\n");
	exchange(t, "250 2.1.5 Ok\r\n", "DATA\r\n");
	exchange(t, "354 End data with <CR><LF>.<CR><LF>\r\n",
	    "From: a@example.net\r\nTo: b@example.com\r\nSubject: report\r\n\r\n");
	while (lines > 0) {
		p.size = 0;
		for (unsigned i = 0; i < 32 && lines > 0; i++, lines--)
			payload_text(&p, "%016llx %016llx %016llx %016llx\r\n",
			    (unsigned long long)random_u64(o->random),
			    (unsigned long long)random_u64(o->random),
			    (unsigned long long)random_u64(o->random),
			    (unsigned long long)random_u64(o->random));
		talk_send(t, TALK_CLIENT, p.data, p.size);
	}
	talk_send(t, TALK_CLIENT, (const uint8_t *)".\r\n", 3);
	talk_wait(t, 20 * NSEC_PER_MS);
	exchange(t, "250 2.0.0 Ok: queued\r\n", "QUIT\r\n");
	talk_send(t, TALK_SERVER, (const uint8_t *)"221 2.0.0 Bye\r\n", 15);
	talk_close(t);
}

static void
mail_submit(struct office *o, struct talk *t)
{
	look_up(o, t, "submission.example.com");
	talk_open(t, 587);
	exchange(t, "220 submission.example.com ESMTP\r\n", "EHLO client.example.com\r\n");
	exchange(t, "250-submission.example.com\r\n250 STARTTLS\r\n", "STARTTLS\r\n");
	talk_send(t, TALK_SERVER, (const uint8_t *)"220 2.0.0 Ready to start TLS\r\n", 30);
	tls_handshake(o, t, "submission.example.com");
	talk_send_filler(t, TALK_CLIENT, random_pareto(o->random, 900, 3000000, 1100), true);
	talk_send_filler(t, TALK_SERVER, 120, true);
	talk_close(t);
}

/* IMAP over TLS: a fetch, then a while of looking for more. */
static void
mail_read(struct office *o, struct talk *t)
{
	uint64_t looks = random_below(o->random, 8);

	look_up(o, t, "imap.example.com");
	talk_open(t, 993);
	tls_handshake(o, t, "imap.example.com");
	talk_send_filler(t, TALK_CLIENT, 120, true);
	talk_send_filler(t, TALK_SERVER, random_pareto(o->random, 400, 1000000, 1200), true);
	for (uint64_t i = 0; i < looks; i++) {
		talk_wait(t, random_between(o->random, 5, 30) * NSEC_PER_SEC);
		talk_send_filler(t, TALK_CLIENT, 60, true);
		talk_send_filler(t, TALK_SERVER, 90 + random_below(o->random, 400), true);
	}
	talk_close(t);
}

static void
shell(struct office *o, struct talk *t)
{
	static const char banner[] = "SSH-2.0-OpenSSH_9.2\r\n";
	uint64_t keys = 20 + random_below(o->random, 90);
	struct payload p = { .size = 0 };

	talk_open(t, 22);
	talk_send(t, TALK_SERVER, (const uint8_t *)banner, sizeof banner - 1);
	talk_send(t, TALK_CLIENT, (const uint8_t *)banner, sizeof banner - 1);
	for (unsigned i = 0; i < 4; i++) {
		static const unsigned messages[4] = { 20, 20, 30, 31 };
		p.size = 0;
		payload_ssh(&p, o->random, messages[i]);
		talk_send(t, i % 2 ? TALK_SERVER : TALK_CLIENT, p.data, p.size);
	}
	p.size = 0;
	payload_ssh(&p, o->random, 21);
	talk_send(t, TALK_CLIENT, p.data, p.size);
	for (uint64_t i = 0; i < keys; i++) {
		talk_send_filler(t, TALK_CLIENT, 36, false);
		talk_send_filler(
		    t, TALK_SERVER, 36 + random_pareto(o->random, 16, 1376, 900) / 16 * 16, false);
		talk_wait(t, random_between(o->random, 60, 1800) * NSEC_PER_MS);
	}
	talk_close(t);
}

/* ICMP has no ports: two pings of one pair are two flows only by the silence between them. */
static void
echo(struct office *o, struct talk *t)
{
	struct station *client = t->sides[TALK_CLIENT];

	if (t->now < client->next_echo)
		return;
	client->next_echo = t->now + 300 * NSEC_PER_SEC;
	talk_echo(t, 1 + (unsigned)random_below(o->random, 8));
}

static void
arp(struct office *o, struct talk *t)
{
	static const uint8_t router_mac[6] = { 0x02, 0, 0, 0, 0xff, 0x01 };
	const struct station *host = t->sides[TALK_CLIENT];
	struct datagram request = {
		.source_mac = host->mac,
		.destination_mac = router_mac,
		.vlan = host->vlan,
		.source = host->ipv4,
		.destination = ipv4(192, 0, 2, 1),
	};
	struct datagram reply = request;

	simulation_arp(o->simulation, t->now, &request, 1);
	reply.source_mac = router_mac;
	reply.destination_mac = host->mac;
	reply.source = request.destination;
	reply.destination = request.source;
	simulation_arp(o->simulation, t->now + 90 * NSEC_PER_US, &reply, 2);
}

const struct scenario scenario_office = {
	.name = "office",
	.summary = "a small site's day: web, DNS, mail, ssh and more over IPv4 and IPv6",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
