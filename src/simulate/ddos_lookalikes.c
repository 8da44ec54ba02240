/* SPDX-License-Identifier: ISC */
/*
 * Heavy traffic that is no attack: what detectors of floods are known to take for one.
 *
 * A speed test (four parallel TCP downloads at full rate), a download over QUIC, a backup that is
 * sent out, many visitors of one page at once (a flash crowd: real handshakes, real requests),
 * a public NTP server that answers everybody, a video call of many small datagrams both ways.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "simulate/payload.h"
#include "simulate/scenario.h"
#include "simulate/story.h"
#include "simulate/talk.h"

#define VISITORS 4096

static const struct setting SETTINGS[] = {
	{ "start", SETTING_TEXT, "2026-01-05T09:00:00Z", NULL, NULL, "when it begins" },
	{ "duration", SETTING_DURATION, "2m", "10s", "31d", "sessions begin within this time" },
	{ "rate", SETTING_F64, "80", "0.01", "10000", "visits of the flash crowd, a second" },
	{ "clock_rate", SETTING_F64, "500", "0.01", "100000",
	    "questions to the NTP server, a second" },
	{ "volume", SETTING_SIZE, "20MiB", "64KiB", "100GiB",
	    "octets of the speed test, of the QUIC download, of the backup" },
};

struct busy {
	struct simulation *simulation;
	struct random *random;
	struct station web, clock, customer, away;
	struct station visitors[VISITORS];
};

static struct station
station(uint32_t ipv4, uint16_t ipv6, bool own, nsec_t distance)
{
	uint8_t four[4], six[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1 };
	struct station s = { .mac = { 0x02, 0, 0, 0, own ? 1 : 0xff, (uint8_t)ipv4 },
		.vlan = FRAME_VLAN_NONE,
		.ttl = own ? 64 : 52,
		.distance = distance };

	put_be32(four, ipv4);
	six[5] = own ? 1 : 2;
	put_be16(six + 14, ipv6);
	s.ipv4 = address_from_ipv4(four);
	s.ipv6 = address_from_ipv6(six);
	return s;
}

static void
download(struct busy *b, struct station *client, struct station *server, nsec_t at, uint64_t size)
{
	struct talk t = talk_begin(b->simulation, client, server, false, at);
	struct payload p = { .size = 0 };

	talk_open(&t, 443);
	payload_tls_client_hello(&p, b->random, "speed.example.net");
	talk_send(&t, TALK_CLIENT, p.data, p.size);
	p.size = 0;
	payload_tls_server_hello(&p, b->random);
	talk_send(&t, TALK_SERVER, p.data, p.size);
	talk_send_filler(&t, TALK_SERVER, size, true);
	talk_close(&t);
}

static void
upload(struct busy *b, nsec_t at, uint64_t size)
{
	struct talk t = talk_begin(b->simulation, &b->customer, &b->away, false, at);

	talk_open(&t, 22);
	talk_send_filler(&t, TALK_CLIENT, size, false);
	talk_close(&t);
}

static void
quic(struct busy *b, nsec_t at, uint64_t size)
{
	struct talk t = talk_begin(b->simulation, &b->customer, &b->away, true, at);
	uint64_t ids[2] = { random_u64(b->random), random_u64(b->random) };
	nsec_t away = t.rtt[TALK_SERVER];
	struct payload p = { .size = 0 };

	t.ports[TALK_SERVER] = 443;
	payload_quic(&p, b->random, ids[0], 1200);
	talk_datagram(&t, TALK_CLIENT, p.data, p.size);
	for (uint64_t i = 0; i * 1250 < size; i++) {
		p.size = 0;
		payload_quic(&p, b->random, ids[1], 1250);
		talk_datagram(&t, TALK_SERVER, p.data, p.size);
		t.now += 60 * NSEC_PER_US - t.rtt[TALK_CLIENT];
		if (i % 2 == 0)
			continue;
		p.size = 0;
		payload_quic(&p, b->random, ids[0], 36);
		talk_datagram(&t, TALK_CLIENT, p.data, p.size);
		t.now -= away;
	}
}

/* Small datagrams both ways, fifty a second each. */
static void
call(struct busy *b, nsec_t at, nsec_t end)
{
	struct talk t = talk_begin(b->simulation, &b->customer, &b->away, false, at);
	uint8_t voice[172];

	t.ports[TALK_SERVER] = 40002;
	for (nsec_t time = at; time < end; time += 20 * NSEC_PER_MS) {
		random_fill(b->random, voice, sizeof voice);
		voice[0] = 0x80;
		t.now = time;
		talk_datagram(&t, TALK_CLIENT, voice, sizeof voice);
		t.now = time + 7 * NSEC_PER_MS;
		talk_datagram(&t, TALK_SERVER, voice, sizeof voice);
	}
}

static void
visit(struct busy *b, nsec_t at)
{
	struct station *who = &b->visitors[random_below(b->random, VISITORS)];
	struct talk t = talk_begin(b->simulation, who, &b->web, random_chance(b->random, 400), at);
	struct payload p = { .size = 0 };

	talk_open(&t, 80);
	for (unsigned i = 0; i < 4; i++) {
		p.size = 0;
		payload_text(&p,
		    "GET /tickets/%u HTTP/1.1\r\nHost: www.example.com\r\n"
		    "User-Agent: Mozilla/5.0\r\n\r\n",
		    i);
		talk_send(&t, TALK_CLIENT, p.data, p.size);
		p.size = 0;
		payload_text(&p, "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n");
		talk_send(&t, TALK_SERVER, p.data, p.size);
		talk_send_filler(&t, TALK_SERVER, 9000, false);
	}
	talk_close(&t);
}

static void
ask_clock(struct busy *b, nsec_t at)
{
	struct station *who = &b->visitors[random_below(b->random, VISITORS)];
	struct talk t =
	    talk_begin(b->simulation, who, &b->clock, random_chance(b->random, 300), at);
	struct payload p = { .size = 0 };

	t.ports[TALK_SERVER] = 123;
	payload_ntp(&p, false, at, 0);
	talk_datagram(&t, TALK_CLIENT, p.data, p.size);
	p.size = 0;
	payload_ntp(&p, true, t.now, at);
	talk_datagram(&t, TALK_SERVER, p.data, p.size);
}

static void
make_stations(struct busy *b)
{
	b->web = station(0xc0000250U, 0x50, true, 250 * NSEC_PER_US);
	b->clock = station(0xc000027bU, 0x7b, true, 250 * NSEC_PER_US);
	b->customer = station(0xc00002c8U, 0xc8, true, 300 * NSEC_PER_US);
	b->away = station(0xcb007114U, 0x14, false, 12 * NSEC_PER_MS);
	for (uint32_t i = 0; i < VISITORS; i++)
		b->visitors[i] = station(0xc6120000U + 17 * i, (uint16_t)(0x1000 + i), false,
		    random_between(b->random, 4, 120) * NSEC_PER_MS);
}

/* Two kinds of sessions that begin as Poisson processes. */
static void
run_crowd(struct busy *b, const struct settings *settings, nsec_t begin, nsec_t end)
{
	uint64_t means[2] = { (uint64_t)((double)NSEC_PER_SEC / settings_f64(settings, "rate")),
		(uint64_t)((double)NSEC_PER_SEC / settings_f64(settings, "clock_rate")) };
	nsec_t next[2];

	for (unsigned i = 0; i < 2; i++)
		next[i] = begin + (nsec_t)random_exponential(b->random, means[i]);
	while (next[0] < end || next[1] < end) {
		unsigned which = next[1] < next[0];
		simulation_advance(b->simulation, next[which]);
		if (which == 0)
			visit(b, next[0]);
		else
			ask_clock(b, next[1]);
		next[which] += (nsec_t)random_exponential(b->random, means[which]) + 1;
	}
	simulation_advance(b->simulation, INT64_MAX);
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	static const char *const own[] = { "192.0.2.0/24", "2001:db8:1::/48" };
	struct busy *b;
	uint64_t volume = settings_size(settings, "volume");
	nsec_t begin, duration = settings_duration(settings, "duration");
	enum err e = simulation_time(settings_text(settings, "start"), &begin, info);
	struct story story;

	if (e != ERR_OK)
		return e;
	b = xcalloc(1, sizeof *b);
	b->simulation = simulation;
	b->random = simulation_random(simulation);
	story = story_begin(simulation);
	story_site(&story, "# The site that yagura simulate ddos-lookalikes simulates.\n"
			   "site:\n"
			   "  name: Simulated busy site\n"
			   "  own_prefixes: [192.0.2.0/24, \"2001:db8:1::/48\"]\n");
	simulation_begin(simulation, begin, duration, own, sizeof own / sizeof own[0]);
	simulation_count_totals(simulation);
	make_stations(b);
	for (unsigned i = 0; i < 4; i++)
		download(b, &b->customer, &b->away, begin + NSEC_PER_SEC, volume / 4);
	upload(b, begin + duration / 2, volume);
	quic(b, begin + duration / 4, volume);
	call(b, begin, begin + duration);
	run_crowd(b, settings, begin, begin + duration);
	free(b);
	return story_end(&story, ERR_OK, info);
}

const struct scenario scenario_ddos_lookalikes = {
	.name = "ddos-lookalikes",
	.summary = "heavy traffic that is no attack: speed test, QUIC, backup, flash crowd, NTP",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
