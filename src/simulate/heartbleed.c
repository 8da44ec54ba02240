/* SPDX-License-Identifier: ISC */
/*
 * Heartbleed among ordinary TLS.
 *
 * Clients speak TLS 1.2 with the site's servers.  Most transfer something; some keep their
 * connection alive with heartbeats, which is ordinary.  Attackers, each with an address of its own,
 * ask one server each for more than they send: plain or encrypted, and are leaked to, answered
 * without a leak, answered by an alert, or by silence.  The truth has each with its octets.
 *
 * Memory is random octets here, and so is what is encrypted: only lengths are true.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "simulate/random.h"
#include "simulate/scenario.h"
#include "simulate/story.h"
#include "simulate/talk.h"

#define SERVERS     8
#define CLIENTS     200
#define FULL        16384 /* octets of a record at most */
#define PADDING     16
#define HEAD        3
#define CIPHER      0x002f /* TLS_RSA_WITH_AES_128_CBC_SHA */
#define LEAST       64     /* octets of a legal heartbeat's record under it */
#define ANSWER_ROOM ((size_t)5 * (FULL + 64))

static const struct setting SETTINGS[] = {
	{ "start", SETTING_TEXT, "2026-01-05T09:00:00Z", NULL, NULL, "when it begins" },
	{ "duration", SETTING_DURATION, "10m", "1m", "31d", "connections begin within this time" },
	{ "rate", SETTING_F64, "2", "0.01", "10000", "ordinary connections a second" },
	{ "attacks", SETTING_U64, "24", "0", "200", "attackers, each kind in turn" },
};

enum record_type { ALERT = 21, HANDSHAKE = 22, DATA = 23, HEARTBEAT = 24, CHANGE = 20 };

struct world {
	struct simulation *simulation;
	struct random *random;
	struct story story;
	struct station servers[SERVERS], clients[CLIENTS];
	struct station *attackers; /* owned */
	uint8_t *octets;           /* owned: what is being made */
	size_t size;
};

/* What an attacker does, and what comes of it. */
struct attack {
	const char *kind;
	bool encrypted;
	uint32_t claimed, carried; /* plain; encrypted: octets of the request's record in carried */
	uint32_t answer;           /* octets of payload; encrypted: of the answer's records */
	unsigned requests;
};

static const struct attack ATTACKS[] = {
	{ "leak", false, 16384, 0, 16384, 1 },
	{ "leak", false, 65535, 19, 65535, 1 },
	{ "leak", false, 4000, 3, 4000, 3 },
	{ "leak", true, 0, 48, 3 * (FULL + 48), 1 },
	{ "answered", false, 16384, 19, 19, 2 },
	{ "blocked", false, 16384, 0, 0, 1 },
	{ "blocked", true, 0, 48, 0, 2 },
	{ "probe", false, 20, 36, 20, 1 },
};
#define ATTACK_COUNT (sizeof ATTACKS / sizeof ATTACKS[0])

/* ------------------------------------------------------------------ octets */

static void
put(struct world *w, const void *data, size_t size)
{
	memcpy(w->octets + w->size, data, size);
	w->size += size;
}

static void
put_random(struct world *w, size_t size)
{
	for (size_t i = 0; i < size; i++)
		w->octets[w->size++] = (uint8_t)random_u64(w->random);
}

static void
put_header(struct world *w, enum record_type type, size_t size)
{
	uint8_t header[5] = { (uint8_t)type, 3, 3 };

	put_be16(header + 3, (uint16_t)size);
	put(w, header, sizeof header);
}

static void
put_record(struct world *w, enum record_type type, size_t size)
{
	put_header(w, type, size);
	put_random(w, size);
}

static void
say(struct world *w, struct talk *t, enum talk_side side)
{
	talk_send(t, side, w->octets, w->size);
	w->size = 0;
}

/* A hello with its heartbeat extension (15), of which what differs is between the random octets and
 * the extensions. */
static void
put_hello(struct world *w, uint8_t type, const void *middle, size_t middle_size)
{
	static const uint8_t EXTENSIONS[] = { 0, 5, 0, 15, 0, 1, 1 };
	size_t body = 2 + 32 + 1 + middle_size + sizeof EXTENSIONS;
	uint8_t head[6] = { type, 0, 0, 0, 3, 3 };

	put_be16(head + 2, (uint16_t)body);
	put_header(w, HANDSHAKE, body + 4);
	put(w, head, sizeof head);
	put_random(w, 32);
	put(w, "", 1);
	put(w, middle, middle_size);
	put(w, EXTENSIONS, sizeof EXTENSIONS);
}

static void
greet(struct world *w, struct talk *t, bool encrypted)
{
	static const uint8_t OFFER[] = { 0, 4, 0xc0, 0x2f, CIPHER >> 8, CIPHER, 1, 0 };
	static const uint8_t CHOICE[] = { CIPHER >> 8, CIPHER, 0 };
	static const uint8_t DONE[] = { HANDSHAKE, 3, 3, 0, 4, 14, 0, 0, 0 };

	talk_open(t, 443);
	put_hello(w, 1, OFFER, sizeof OFFER);
	say(w, t, TALK_CLIENT);
	put_hello(w, 2, CHOICE, sizeof CHOICE);
	put_header(w, HANDSHAKE, 1204);
	put(w, "\x0b\0\x04\xb0", 4);
	put_random(w, 1200);
	put(w, DONE, sizeof DONE);
	say(w, t, TALK_SERVER);
	for (unsigned side = 0; encrypted && side < 2; side++) {
		put_header(w, CHANGE, 1);
		put(w, "\1", 1);
		put_record(w, HANDSHAKE, 64);
		say(w, t, side == 0 ? TALK_CLIENT : TALK_SERVER);
	}
	for (unsigned side = 0; encrypted && side < 2; side++) {
		put_record(w, DATA, 100 + (size_t)random_below(w->random, 2000));
		say(w, t, side == 0 ? TALK_CLIENT : TALK_SERVER);
	}
}

/* ------------------------------------------------------------------ connections */

static void
ordinary(struct world *w, nsec_t at)
{
	struct station *client = &w->clients[random_below(w->random, CLIENTS)];
	struct station *server = &w->servers[random_below(w->random, SERVERS)];
	struct talk t =
	    talk_begin(w->simulation, client, server, random_chance(w->random, 400), at);
	bool keeps_alive = random_chance(w->random, 100);

	greet(w, &t, true);
	talk_send_filler(&t, TALK_CLIENT, 300, true);
	talk_send_filler(&t, TALK_SERVER, random_pareto(w->random, 600, 300000, 1200), true);
	for (unsigned i = 0; keeps_alive && i < 4; i++) {
		talk_wait(&t, 30 * NSEC_PER_SEC);
		put_record(w, HEARTBEAT, LEAST + 32);
		say(w, &t, TALK_CLIENT);
		put_record(w, HEARTBEAT, LEAST + 32);
		say(w, &t, TALK_SERVER);
	}
	talk_close(&t);
}

static void
ask(struct world *w, struct talk *t, const struct attack *a)
{
	uint8_t head[HEAD] = { 1 };

	if (a->encrypted) {
		put_record(w, HEARTBEAT, a->carried);
	} else {
		put_header(w, HEARTBEAT, HEAD + a->carried);
		put_be16(head + 1, (uint16_t)a->claimed);
		put(w, head, sizeof head);
		put_random(w, a->carried);
	}
	say(w, t, TALK_CLIENT);
}

/* A message of `size` octets in records, its head before them. */
static void
answer_plain(struct world *w, const struct attack *a)
{
	size_t left = (size_t)HEAD + a->answer + PADDING;
	uint8_t head[HEAD] = { 2 };
	bool first = true;

	put_be16(head + 1, (uint16_t)a->claimed);
	while (left > 0) {
		size_t step = left < FULL ? left : FULL;
		put_header(w, HEARTBEAT, step);
		if (first)
			put(w, head, sizeof head);
		put_random(w, step - (first ? HEAD : 0));
		first = false;
		left -= step;
	}
}

static void
answer(struct world *w, struct talk *t, const struct attack *a)
{
	if (a->answer == 0 && !a->encrypted) {
		put_header(w, ALERT, 2);
		put(w, "\2\12", 2);
	} else if (a->encrypted) {
		for (uint32_t left = a->answer; left > 0; left -= FULL + 48)
			put_record(w, HEARTBEAT, FULL + 48);
	} else {
		answer_plain(w, a);
	}
	if (w->size != 0)
		say(w, t, TALK_SERVER);
	else
		talk_wait(t, 7 * NSEC_PER_SEC);
}

/* What of an answer was not sent by the client. */
static uint64_t
leaked_by(const struct attack *a)
{
	if (strcmp(a->kind, "leak") != 0)
		return 0;
	return a->answer - a->carried;
}

static void
attack(struct world *w, size_t index, nsec_t at)
{
	const struct attack *a = &ATTACKS[index % ATTACK_COUNT];
	struct station *server = &w->servers[random_below(w->random, SERVERS)];
	bool ipv6 = index / ATTACK_COUNT % 2 == 1;
	struct talk t = talk_begin(w->simulation, &w->attackers[index], server, ipv6, at);
	char client[ADDRESS_TEXT_SIZE], target[ADDRESS_TEXT_SIZE];
	uint64_t leaked = leaked_by(a) * a->requests;
	nsec_t span[2];

	greet(w, &t, a->encrypted);
	span[0] = t.now;
	for (unsigned i = 0; i < a->requests; i++) {
		ask(w, &t, a);
		span[1] = t.now;
		answer(w, &t, a);
		if (a->answer != 0 || !a->encrypted)
			span[1] = t.now;
	}
	talk_close(&t);
	(void)address_format(ipv6 ? &w->attackers[index].ipv6 : &w->attackers[index].ipv4, client);
	(void)address_format(ipv6 ? &server->ipv6 : &server->ipv4, target);
	story_attack(&w->story, "security/heartbleed", a->kind,
	    json_pack("{s:s, s:s}", "server", target, "client", client), span,
	    json_pack("{s:I, s:I, s:b}", "requests", (json_int_t)a->requests, "leaked_octets",
		(json_int_t)leaked, "encrypted", a->encrypted));
}

/* ------------------------------------------------------------------ the scenario */

static struct station
station(uint32_t ipv4, uint16_t number, bool own, nsec_t distance)
{
	uint8_t four[4], six[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, own ? 1 : 2 };
	struct station s = { .mac = { 0x02, 0, 0, 0, own ? 1 : 0xff, (uint8_t)number },
		.vlan = FRAME_VLAN_NONE,
		.ttl = own ? 64 : 52,
		.distance = distance };

	put_be32(four, ipv4);
	put_be16(six + 14, number);
	s.ipv4 = address_from_ipv4(four);
	s.ipv6 = address_from_ipv6(six);
	return s;
}

static void
make_stations(struct world *w, size_t attacks)
{
	for (uint16_t i = 0; i < SERVERS; i++)
		w->servers[i] =
		    station(0xc0000201U + i, (uint16_t)(1 + i), true, 300 * NSEC_PER_US);
	for (uint16_t i = 0; i < CLIENTS; i++)
		w->clients[i] =
		    station(0xcb007101U + i, (uint16_t)(0x100 + i), false, 20 * NSEC_PER_MS);
	for (size_t i = 0; i < attacks; i++)
		w->attackers[i] = station(
		    0xc6336401U + (uint32_t)i, (uint16_t)(0x1000 + i), false, 40 * NSEC_PER_MS);
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	static const char *const OWN[] = { "192.0.2.0/24", "2001:db8:1::/48" };
	uint64_t attacks = settings_u64(settings, "attacks"), done = 0;
	nsec_t duration = settings_duration(settings, "duration"), begin, at;
	struct world w = { .simulation = simulation, .random = simulation_random(simulation) };
	enum err e = simulation_time(settings_text(settings, "start"), &begin, info);

	if (e != ERR_OK)
		return e;
	simulation_begin(simulation, begin, duration, OWN, sizeof OWN / sizeof OWN[0]);
	w.story = story_begin(simulation);
	story_site(&w.story, "site:\n  own_prefixes: [192.0.2.0/24, \"2001:db8:1::/48\"]\n");
	w.octets = xmalloc(ANSWER_ROOM);
	w.attackers = xcalloc(attacks + 1, sizeof *w.attackers);
	make_stations(&w, attacks);
	for (at = begin; at < begin + duration;) {
		/* Attackers come at even distances, from the first tenth on. */
		nsec_t next = begin + duration / 10 +
			      (nsec_t)(done * (uint64_t)(duration / 10 * 8) / (attacks + 1));
		simulation_advance(simulation, at);
		if (done < attacks && at >= next)
			attack(&w, (size_t)done++, at);
		else
			ordinary(&w, at);
		at += (nsec_t)random_exponential(
		    w.random, (uint64_t)(1e9 / settings_f64(settings, "rate")));
	}
	free(w.octets);
	free(w.attackers);
	return story_end(&w.story, e, info);
}

const struct scenario scenario_heartbleed = {
	.name = "heartbleed",
	.summary = "TLS, with clients that ask servers for more memory than they sent",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
