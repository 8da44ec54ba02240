/* SPDX-License-Identifier: ISC */
/*
 * What a darknet sees: backscatter of attacks elsewhere, scans, a worm, and what only looks like
 * backscatter.
 *
 * Each victim answers packets whose sources are forged evenly over all of IPv4, at a known rate;
 * of these the dark prefix of n addresses gets n/2^32, at random moments and addresses (a Poisson
 * process thinned).  Victims take turns in how they answer: SYN-ACK, RST, ICMP errors of a router
 * in front, echo replies, DNS responses.  Victim number i sends 1/2^i of the first one's rate.
 *
 * Scans come from ever-new sources.  A scan of MSRPC opens five connections within seconds, which
 * are one attack; the worm's datagram is the same from all its sources.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "simulate/law.h"
#include "simulate/scenario.h"
#include "simulate/story.h"

#define VICTIMS_MOST 16
#define QUOTE_SIZE   28 /* RFC 792: a header and eight octets */
#define SLOT         (10 * NSEC_PER_SEC)
#define MINUTE_SLOTS 6
#define WORM_SIZE    376
#define ETHER_SIZE   14

static const struct setting SETTINGS[] = {
	{ "start", SETTING_TEXT, "2026-01-05T09:00:00Z", NULL, NULL, "when it begins" },
	{ "duration", SETTING_DURATION, "12m", "10s", "31d", "how long it lasts" },
	{ "prefix", SETTING_TEXT, "198.18.0.0/16", NULL, NULL, "the dark prefix, of IPv4" },
	{ "victims", SETTING_U64, "5", "0", "16", "victims of attacks elsewhere" },
	{ "rate", SETTING_F64, "200000", "1", "1000000000",
	    "packets a second that the first victim sends in all; the next ones half as many "
	    "each" },
	{ "attack_begin", SETTING_DURATION, "1m", "0s", "31d", "when the attacks begin" },
	{ "attack_duration", SETTING_DURATION, "8m", "10s", "31d", "how long they last" },
	{ "answers", SETTING_U64, "1", "1", "8",
	    "packets with which a victim answers each forged one, a second apart and doubling" },
	{ "scans", SETTING_F64, "2", "0", "10000", "attacks on dark addresses, a second" },
	{ "worm", SETTING_U64, "40", "0", "60000",
	    "sources of the worm, which begins with the attacks" },
	{ "lookalikes", SETTING_BOOL, "true", NULL, NULL,
	    "whether there is what only looks like backscatter" },
};

enum answer { ANSWER_SYNACK, ANSWER_RESET, ANSWER_ERROR, ANSWER_ECHO, ANSWER_DNS, ANSWERS };

struct victim {
	struct address address;
	enum answer answer;
	double rate;          /* packets a second in all */
	uint64_t from, count; /* the part of the prefix that is forged */
	nsec_t next, mean;
	uint64_t packets;
	nsec_t span[2];
	uint32_t *slots; /* owned */
	uint8_t *hit;    /* owned: a bit each address */
	uint64_t addresses;
};

struct darknet {
	struct simulation *simulation;
	struct random *random;
	const struct settings *settings;
	struct story story;
	uint32_t base; /* of the prefix */
	uint64_t size;
	nsec_t begin, end;
	size_t slot_count;
	struct victim victims[VICTIMS_MOST + 1];
	size_t victim_count;
	uint64_t answers;
	uint32_t sources; /* number of the next scanner */
	uint64_t attacks, packets, backscatter, mismatched, short_quotes;
	uint64_t worm_attacks;
	uint8_t worm[WORM_SIZE];
};

static const uint8_t ROUTER_MAC[6] = { 0x02, 0, 0, 0, 0xff, 0x01 };
static const uint8_t SENSOR_MAC[6] = { 0x02, 0, 0, 0, 0x01, 0x07 };

static struct address
ipv4_address(uint32_t value)
{
	uint8_t octets[4];

	put_be32(octets, value);
	return address_from_ipv4(octets);
}

static struct address
dark_address(const struct darknet *d, uint64_t number)
{
	return ipv4_address(d->base + (uint32_t)number);
}

static struct datagram
inbound(struct darknet *d, const struct address *source, const struct address *dark)
{
	return (struct datagram){
		.source_mac = ROUTER_MAC,
		.destination_mac = SENSOR_MAC,
		.vlan = FRAME_VLAN_NONE,
		.source = *source,
		.destination = *dark,
		.ttl = (uint8_t)random_between(d->random, 34, 58),
		.ip_id = (uint16_t)random_u64(d->random),
		.window = 512,
	};
}

/* ------------------------------------------------------------------ victims */

/* The forged packet that a router quotes. */
static size_t
quote(struct darknet *d, const struct address *forged, const struct address *victim, uint16_t port,
    uint8_t to[QUOTE_SIZE])
{
	uint8_t frame[FRAME_MAX];
	uint32_t octets;
	struct datagram q = inbound(d, forged, victim);

	q.protocol = FRAME_UDP;
	q.source_port = (uint16_t)random_between(d->random, 1024, 65535);
	q.destination_port = port;
	(void)frame_ip(&q, frame, &octets);
	memcpy(to, frame + ETHER_SIZE, QUOTE_SIZE);
	return QUOTE_SIZE;
}

static void
send_error(struct darknet *d, nsec_t at, const struct address *victim, const struct address *dark,
    const struct address *forged, size_t size)
{
	struct address router = *victim;
	uint8_t quoted[QUOTE_SIZE];
	struct datagram g;

	router.octets[15] = 1;
	g = inbound(d, &router, dark);
	(void)quote(d, forged, victim, 53, quoted);
	g.protocol = FRAME_ICMP;
	g.icmp_type = 3;
	g.icmp_code = 3;
	g.payload = quoted;
	g.payload_size = size;
	simulation_ip(d->simulation, at, &g);
	d->packets++;
}

static void
send_dns(struct darknet *d, nsec_t at, struct datagram *g)
{
	uint8_t message[29] = "\x12\x34\x81\x80\0\x01\0\0\0\0\0\0\x07"
			      "example\x03"
			      "com\0\0\x01\0\x01";

	put_be16(message, (uint16_t)random_u64(d->random));
	g->protocol = FRAME_UDP;
	g->source_port = 53;
	g->destination_port = (uint16_t)random_between(d->random, 1024, 65535);
	g->payload = message;
	g->payload_size = sizeof message;
	simulation_ip(d->simulation, at, g);
}

static void
send_answer(struct darknet *d, const struct victim *v, nsec_t at, const struct address *dark)
{
	struct datagram g = inbound(d, &v->address, dark);

	switch (v->answer) {
	case ANSWER_ERROR: send_error(d, at, &v->address, dark, dark, QUOTE_SIZE); return;
	case ANSWER_DNS: send_dns(d, at, &g); break;
	case ANSWER_ECHO:
		g.protocol = FRAME_ICMP;
		g.icmp_id = (uint16_t)random_u64(d->random);
		simulation_ip(d->simulation, at, &g);
		break;
	default:
		g.protocol = FRAME_TCP;
		g.tcp_flags = v->answer == ANSWER_SYNACK ? FRAME_TCP_SYN | FRAME_TCP_ACK
							 : FRAME_TCP_RST | FRAME_TCP_ACK;
		g.source_port = v->answer == ANSWER_SYNACK ? 80 : 443;
		g.destination_port = (uint16_t)random_between(d->random, 1024, 65535);
		g.acknowledgement = (uint32_t)random_u64(d->random);
		simulation_ip(d->simulation, at, &g);
		break;
	}
	d->packets++;
}

static void
note_answer(struct darknet *d, struct victim *v, nsec_t at)
{
	size_t slot = (size_t)((at - d->begin / SLOT * SLOT) / SLOT);

	if (v->packets++ == 0)
		v->span[0] = at;
	v->span[1] = at > v->span[1] ? at : v->span[1];
	if (slot < d->slot_count)
		v->slots[slot]++;
	d->backscatter++;
}

/* A forged packet had a dark source: the victim answers, perhaps several times. */
static void
victim_event(struct darknet *d, struct victim *v)
{
	uint64_t number = v->from + random_below(d->random, v->count);
	struct address dark = dark_address(d, number);
	nsec_t at = v->next / NSEC_PER_US * NSEC_PER_US, wait = NSEC_PER_SEC;

	if ((v->hit[number / 8] & 1U << number % 8) == 0) {
		v->hit[number / 8] |= (uint8_t)(1U << number % 8);
		v->addresses++;
	}
	for (uint64_t i = 0; i < d->answers; i++, at += wait, wait *= 2) {
		send_answer(d, v, at, &dark);
		note_answer(d, v, at);
	}
	v->next += (nsec_t)(law_exponential(d->random) * (double)v->mean) + 1;
}

static uint64_t
best_minute(const struct darknet *d, const struct victim *v)
{
	uint64_t best = 0, sum = 0;

	for (size_t i = 0; i < d->slot_count; i++) {
		sum += v->slots[i];
		if (i >= MINUTE_SLOTS)
			sum -= v->slots[i - MINUTE_SLOTS];
		best = sum > best ? sum : best;
	}
	return best;
}

static void
tell_victim(struct darknet *d, const struct victim *v, bool uniform)
{
	static const char *const SERVICES[ANSWERS] = { "tcp/80", "tcp/443", "udp/53", "icmp/echo",
		"udp/53" };
	char text[ADDRESS_TEXT_SIZE];

	if (v->packets == 0)
		return;
	story_attack(&d->story, "security/backscatter", "victim",
	    json_pack("{s:s}", "victim", address_format(&v->address, text)), v->span,
	    json_pack("{s:f, s:I, s:I, s:I, s:s, s:b}", "rate_pps", v->rate, "packets",
		(json_int_t)v->packets, "best_minute", (json_int_t)best_minute(d, v), "addresses",
		(json_int_t)v->addresses, "service", SERVICES[v->answer], "non_uniform", !uniform));
}

/* A victim at a rate; `count` addresses of the prefix from `from` on are forged. */
static void
add_victim(struct darknet *d, double rate, uint64_t from, uint64_t count)
{
	struct victim *v = &d->victims[d->victim_count];
	nsec_t begin = d->begin + settings_duration(d->settings, "attack_begin");
	double seen = rate * (double)d->size / 4294967296.0 / (double)d->answers;

	*v = (struct victim){ .address =
				  ipv4_address(0xcb007100U + 16 * (uint32_t)d->victim_count + 9),
		.answer = (enum answer)(d->victim_count % ANSWERS),
		.rate = rate,
		.from = from,
		.count = count,
		.mean = (nsec_t)fmin((double)NSEC_PER_SEC / seen, 1e17),
		.slots = xcalloc(d->slot_count, sizeof *v->slots),
		.hit = xcalloc(d->size / 8 + 1, 1) };
	v->next = begin + (nsec_t)(law_exponential(d->random) * (double)v->mean);
	d->victim_count++;
}

/* ------------------------------------------------------------------ scans */

/* An address outside that was not used before. */
static struct address
new_source(struct darknet *d)
{
	return ipv4_address(0x2d000000U + 7 * d->sources++);
}

static void
scan_event(struct darknet *d, nsec_t at)
{
	static const uint16_t PORTS[] = { 23, 445, 135, 22, 3389, 80, 2323, 5555, 1433, 8080, 6379,
		81, 443 };
	static const unsigned WEIGHTS[] = { 30, 20, 10, 10, 8, 6, 4, 4, 3, 2, 1, 1, 1 };
	struct address source = new_source(d);
	struct address dark = dark_address(d, random_below(d->random, d->size));
	uint16_t port =
	    PORTS[random_weighted(d->random, WEIGHTS, sizeof WEIGHTS / sizeof WEIGHTS[0])];
	struct datagram g = inbound(d, &source, &dark);
	bool ping = random_chance(d->random, 50);

	g.protocol = ping ? FRAME_ICMP : FRAME_TCP;
	g.icmp_type = 8;
	g.tcp_flags = FRAME_TCP_SYN;
	g.destination_port = port;
	/* MSRPC: five connections, each from a port of its own. */
	for (unsigned i = 0; i < (port == 135 && !ping ? 5U : 1U); i++) {
		g.source_port = (uint16_t)(40000 + i);
		g.sequence = (uint32_t)random_u64(d->random);
		simulation_ip(d->simulation, at, &g);
		at += random_between(d->random, 100, 4000) * NSEC_PER_MS;
		d->packets++;
	}
	d->attacks++;
}

static void
worm_event(struct darknet *d, nsec_t at)
{
	struct address source = new_source(d);
	struct address dark = dark_address(d, random_below(d->random, d->size));
	struct datagram g = inbound(d, &source, &dark);

	g.protocol = FRAME_UDP;
	g.source_port = (uint16_t)random_between(d->random, 1024, 65535);
	g.destination_port = 1434;
	g.payload = d->worm;
	g.payload_size = sizeof d->worm;
	simulation_ip(d->simulation, at, &g);
	d->packets++;
	d->attacks++;
	d->worm_attacks++;
}

/* ------------------------------------------------------------------ look-alikes */

/* Every ten seconds: errors about packets of others, errors that quote too little, a sender that
 * means one address, one whose ports go round. */
static void
lookalike_event(struct darknet *d, nsec_t at, uint64_t number)
{
	struct address victim = ipv4_address(0xc0000263U), one = ipv4_address(0xc0000262U);
	struct address many = ipv4_address(0xc0000261U);
	struct address dark = dark_address(d, random_below(d->random, d->size));
	struct address other = dark_address(d, random_below(d->random, d->size));
	struct datagram g;

	if (address_equal(&dark, &other))
		return;
	send_error(d, at, &victim, &dark, &other, QUOTE_SIZE);
	send_error(d, at + NSEC_PER_MS, &victim, &dark, &dark, QUOTE_SIZE - 4);
	d->mismatched++;
	d->short_quotes++;
	other = dark_address(d, d->size - 1);
	g = inbound(d, &one, &other);
	g.protocol = FRAME_TCP;
	g.tcp_flags = FRAME_TCP_RST;
	g.source_port = 6667;
	g.destination_port = (uint16_t)(2000 + number);
	simulation_ip(d->simulation, at + 2 * NSEC_PER_MS, &g);
	for (unsigned i = 0; i < 8; i++) {
		dark = dark_address(d, random_below(d->random, d->size));
		g = inbound(d, &many, &dark);
		g.protocol = FRAME_TCP;
		g.tcp_flags = FRAME_TCP_SYN | FRAME_TCP_ACK;
		g.source_port = (uint16_t)(1000 + 8 * number + i);
		g.destination_port = 80;
		simulation_ip(d->simulation, at + (3 + i) * NSEC_PER_MS, &g);
	}
	d->packets += 9;
	d->backscatter += 9;
}

/* ------------------------------------------------------------------ the run */

/* Events that are no victim's: scans, the worm, look-alikes. */
struct others {
	nsec_t scan, worm, lookalike;
	nsec_t worm_mean;
	uint64_t worm_left, lookalikes;
};

static struct victim *
next_victim(struct darknet *d, nsec_t end)
{
	struct victim *next = NULL;

	for (size_t i = 0; i < d->victim_count; i++)
		if (d->victims[i].next < end && (next == NULL || d->victims[i].next < next->next))
			next = &d->victims[i];
	return next;
}

static nsec_t
first_of(const struct others *o)
{
	nsec_t first = o->scan < o->worm ? o->scan : o->worm;

	return first < o->lookalike ? first : o->lookalike;
}

static void
other_event(struct darknet *d, struct others *o)
{
	double scans = settings_f64(d->settings, "scans");
	nsec_t at = first_of(o);

	simulation_advance(d->simulation, at);
	if (at == o->scan) {
		scan_event(d, at);
		o->scan += (nsec_t)(law_exponential(d->random) * (double)NSEC_PER_SEC / scans) + 1;
	} else if (at == o->worm) {
		worm_event(d, at);
		o->worm = --o->worm_left > 0 ? at + o->worm_mean : INT64_MAX;
	} else {
		lookalike_event(d, at, o->lookalikes++);
		o->lookalike += SLOT;
	}
}

static void
run_events(struct darknet *d)
{
	nsec_t from = d->begin + settings_duration(d->settings, "attack_begin");
	nsec_t until = from + settings_duration(d->settings, "attack_duration");
	struct others o = { .scan = settings_f64(d->settings, "scans") > 0 ? d->begin : INT64_MAX,
		.worm = INT64_MAX,
		.lookalike =
		    settings_bool(d->settings, "lookalikes") ? d->begin + NSEC_PER_SEC : INT64_MAX,
		.worm_left = settings_u64(d->settings, "worm") };

	until = until < d->end ? until : d->end;
	if (o.worm_left > 0 && from < until) {
		o.worm = from;
		o.worm_mean = (until - from) / (nsec_t)(o.worm_left + 1);
	}
	for (;;) {
		struct victim *v = next_victim(d, until);
		nsec_t other = first_of(&o);
		if (v != NULL && v->next <= other) {
			simulation_advance(d->simulation, v->next);
			victim_event(d, v);
		} else if (other < d->end) {
			other_event(d, &o);
		} else {
			break;
		}
	}
	simulation_advance(d->simulation, INT64_MAX);
}

static enum err
read_prefix(struct darknet *d, struct err_info *info)
{
	const char *text = settings_text(d->settings, "prefix");
	struct prefix p;
	enum err e = prefix_parse(text, &p, info);

	if (e != ERR_OK)
		return e;
	if (!address_is_ipv4(&p.address) || p.length < 8 || p.length > 30)
		return err_set(
		    info, ERR_CONFIG, "prefix is one of IPv4 from /8 to /30, not \"%.50s\"", text);
	d->base = be32(p.address.octets + 12);
	d->size = (uint64_t)1 << (32 - p.length);
	return ERR_OK;
}

static void
run_darknet(struct darknet *d)
{
	static const char *const own[] = { "192.0.2.128/25" };
	nsec_t duration = settings_duration(d->settings, "duration");
	double rate = settings_f64(d->settings, "rate");
	uint64_t victims = settings_u64(d->settings, "victims");

	d->end = d->begin + duration;
	/* Answers may come up to 2^8 seconds late. */
	d->slot_count = (size_t)((duration + 300 * NSEC_PER_SEC) / SLOT) + 2;
	simulation_begin(d->simulation, d->begin, duration, own, 1);
	simulation_count_totals(d->simulation);
	random_fill(d->random, d->worm, sizeof d->worm);
	d->worm[0] = 4;
	for (uint64_t i = 0; i < victims; i++)
		add_victim(d, ldexp(rate, -(int)i), 0, d->size);
	/* Forged from a 1/256 of the prefix only. */
	if (settings_bool(d->settings, "lookalikes") && d->size >= 4096)
		add_victim(d, rate, d->size / 2, d->size / 256);
	run_events(d);
	for (uint64_t i = 0; i < d->victim_count; i++) {
		tell_victim(d, &d->victims[i], i < victims);
		free(d->victims[i].slots);
		free(d->victims[i].hit);
	}
	simulation_tell(d->simulation, "darknet",
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "addresses", (json_int_t)d->size,
		"packets", (json_int_t)d->packets, "backscatter", (json_int_t)d->backscatter,
		"mismatched_quotes", (json_int_t)d->mismatched, "short_quotes",
		(json_int_t)d->short_quotes, "attacks", (json_int_t)d->attacks, "worm_sources",
		(json_int_t)d->worm_attacks));
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct darknet d = { .simulation = simulation,
		.random = simulation_random(simulation),
		.settings = settings,
		.answers = settings_u64(settings, "answers") };
	enum err e = simulation_time(settings_text(settings, "start"), &d.begin, info);

	if (e == ERR_OK)
		e = read_prefix(&d, info);
	if (e != ERR_OK)
		return e;
	d.story = story_begin(simulation);
	story_site(&d.story,
	    "# The site that yagura simulate backscatter simulates.\n"
	    "site:\n"
	    "  name: Simulated darknet\n"
	    "  dark_prefixes: [%s]\n",
	    settings_text(settings, "prefix"));
	run_darknet(&d);
	return story_end(&d.story, ERR_OK, info);
}

const struct scenario scenario_backscatter = {
	.name = "backscatter",
	.summary = "what a darknet sees: victims of attacks elsewhere, scans, a worm",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
