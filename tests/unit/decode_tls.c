/* SPDX-License-Identifier: ISC */
/* Ciphers, hellos, records and heartbeats of TLS and DTLS. */
#include "analysis/security/heartbleed.h"
#include "decode/tls_cipher.h"
#include "tls_build.h"

static const struct tls_choice AES = { TLS_HANDSHAKE_SERVER_HELLO, 0x0303, 0x002f, 1, false, 0 };

/* ------------------------------------------------------------------ ciphers */

/* Zeek's heartbleed.zeek: least lengths from TLS 1.1 on, and in TLS 1.0. */
static void
test_zeeks_lengths(void **state)
{
	static const struct {
		uint16_t cipher;
		uint32_t later, first;
	} ZEEK[] = { { 0x009d, 43, 0 }, { 0x009c, 43, 0 }, { 0xc028, 96, 0 }, { 0x003d, 80, 0 },
		{ 0x0035, 64, 48 }, { 0x003c, 80, 0 }, { 0x002f, 64, 48 }, { 0x000a, 48, 40 },
		{ 0x0096, 64, 48 }, { 0x0007, 48, 40 }, { 0x0009, 48, 40 }, { 0x0008, 48, 40 },
		{ 0x0005, 39, 39 }, { 0x0004, 35, 35 }, { 0x0003, 35, 35 }, { 0x0006, 48, 40 } };
	unsigned lengths = 0;

	(void)state;
	for (size_t i = 0; i < sizeof ZEEK / sizeof ZEEK[0]; i++) {
		for (uint16_t version = 0x0302; version <= 0x0303; version++)
			assert_int_equal(tls_cipher_least_heartbeat(ZEEK[i].cipher, version, false),
			    ZEEK[i].later);
		lengths += 1 + (ZEEK[i].first != 0);
		if (ZEEK[i].first != 0)
			assert_int_equal(tls_cipher_least_heartbeat(ZEEK[i].cipher, 0x0301, false),
			    ZEEK[i].first);
	}
	assert_int_equal(lengths, 27);
}

static void
test_other_lengths(void **state)
{
	static const struct {
		uint16_t cipher, version;
		bool encrypt_then_mac;
		uint32_t least;
	} OTHERS[] = {
		{ 0x002f, 0x0302, true, 68 },  /* AES-SHA: 32 + 16 + 20 */
		{ 0x002f, 0x0301, true, 52 },  /* … without a vector */
		{ 0xc027, 0x0303, true, 80 },  /* AES-SHA256 */
		{ 0xc028, 0x0303, true, 96 },  /* AES-SHA384 */
		{ 0x000a, 0x0303, true, 52 },  /* 3DES: 24 + 8 + 20 */
		{ 0x0084, 0x0301, false, 48 }, /* Camellia-256 */
		{ 0xc073, 0x0303, false, 96 }, /* Camellia-256-SHA384 */
		{ 0xc09c, 0x0303, false, 43 }, /* CCM */
		{ 0xc0a0, 0x0303, false, 35 }, /* CCM_8 */
		{ 0xcca8, 0x0303, false, 35 }, /* ChaCha20 */
		{ 0xc02f, 0x0303, true, 43 },  /* encrypt-then-MAC means nothing to GCM */
		{ 0x0005, 0x0303, true, 39 },  /* nor to RC4 */
		{ 0x1301, 0x0303, false, 0 },  /* TLS 1.3 */
		{ 0xfffe, 0x0303, false, 0 },
		{ 0x0000, 0x0303, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
		assert_int_equal(tls_cipher_least_heartbeat(OTHERS[i].cipher, OTHERS[i].version,
				     OTHERS[i].encrypt_then_mac),
		    OTHERS[i].least);
}

/* What a record holds lies between the bounds, whatever it holds. */
static void
test_content_bounds(void **state)
{
	static const uint16_t CIPHERS[] = { 0x0005, 0x000a, 0x002f, 0xc028, 0xc02f, 0xcca8 };

	(void)state;
	for (size_t i = 0; i < sizeof CIPHERS / sizeof CIPHERS[0]; i++)
		for (uint32_t size = 0; size < 300; size++) {
			struct tls_cipher c;
			uint32_t least, most;
			assert_true(tls_cipher_find(CIPHERS[i], &c));
			tls_cipher_content(
			    &c, 0x0303, tls_cipher_record(&c, 0x0303, false, size), &least, &most);
			assert_in_range(size, least, most);
		}
}

/* ------------------------------------------------------------------ connections */

static void
test_hellos(void **state)
{
	static struct tls_play p;
	static struct tls_octets o;
	struct tls_choice server = AES;

	(void)state;
	server.encrypt_then_mac = true;
	tls_begin(&p, 0);
	tls_greet(&p, &o, &server, true);
	tls_end(&p, 0);
	assert_int_equal(p.count, 2);
	assert_int_equal(p.events[0].kind, TLS_CLIENT_HELLO);
	assert_int_equal(p.events[0].version, 0x0303);
	assert_int_equal(p.events[0].client_mode, TLS_HEARTBEAT_ALLOWED);
	assert_int_equal(p.events[0].server_name.size, 7);
	assert_int_equal(p.events[1].kind, TLS_SERVER_HELLO);
	assert_int_equal(p.events[1].cipher, 0x002f);
	assert_int_equal(p.events[1].server_mode, TLS_HEARTBEAT_ALLOWED);
	assert_true(p.events[1].encrypt_then_mac);
	assert_int_equal(p.events[1].server.octets[15], 2);
	assert_int_equal(p.events[1].server_port, 443);
}

/* The client is who says so, whatever the ports are. */
static void
test_roles_and_versions(void **state)
{
	static struct tls_play p;
	static struct tls_octets o;
	struct tls_choice client = { TLS_HANDSHAKE_CLIENT_HELLO, 0x0303, 0x002f, -1, false, 0 };
	struct tls_choice server = AES;

	(void)state;
	server.chosen = 0x0304;
	server.cipher = 0x1301;
	server.mode = -1;
	tls_begin(&p, 0);
	tls_hello(&o, &client);
	tls_say(&p, 1, &o);
	tls_hello(&o, &server);
	tls_say(&p, 0, &o);
	tls_end(&p, 0);
	assert_int_equal(p.count, 2);
	assert_int_equal(p.events[1].version, 0x0304);
	assert_int_equal(p.events[1].server.octets[15], 1);
	assert_int_equal(p.events[1].client_port, 443);
	assert_int_equal(p.events[1].server_mode, TLS_HEARTBEAT_ABSENT);
}

/* One of everything, in pieces of `step` octets. */
static void
play_all(struct tls_play *p, size_t step)
{
	static struct tls_octets o;

	tls_begin(p, step);
	tls_greet(p, &o, &AES, false);
	tls_beat(&o, 1, 16384, 'a', 19);
	tls_say(p, 0, &o);
	tls_beat(&o, 2, 16384, 'b', 16381);
	tls_record(&o, 24, 0x0303, 1, 19); /* memory that looks like another request */
	tls_beat(&o, 1, 100, 'c', 116);    /* now the server asks */
	tls_say(p, 1, &o);
	tls_beat(&o, 2, 100, 'c', 116);
	tls_record(&o, 20, 0x0303, 1, 1);
	tls_record(&o, 23, 0x0303, 2, 700);
	tls_record(&o, 24, 0x0303, 3, 32);
	tls_say(p, 0, &o);
	tls_record(&o, 20, 0x0303, 1, 1);
	for (unsigned i = 0; i < 3; i++)
		tls_record(&o, 24, 0x0303, 4, 16416);
	tls_say(p, 1, &o);
	tls_record(&o, 24, 0x0303, 3, 40);
	tls_say(p, 0, &o);
	tls_record(&o, 21, 0x0303, 5, 32);
	tls_say(p, 1, &o);
	tls_end(p, 9);
}

static void
check_all(const struct tls_play *p)
{
	const struct tls_heartbeat *h = &p->events[2].heartbeat;

	assert_int_equal(p->count, 6);
	assert_false(h->encrypted);
	assert_true(h->odd);
	assert_int_equal(h->claimed, 16384);
	assert_int_equal(h->carried, 19);
	assert_int_equal(h->request_octets, 22);
	assert_int_equal(h->answer_records, 2);
	assert_int_equal(h->answer_octets, 16403);
	assert_int_equal(h->leaked, 16384 - 19);
	assert_int_equal(heartbleed_judge(&p->events[2]), HEARTBLEED_LEAK);
	assert_true(p->events[3].heartbeat.by_server);
	assert_int_equal(p->events[3].heartbeat.leaked, 0);
	assert_int_equal(heartbleed_judge(&p->events[3]), HEARTBLEED_PROBE);
	assert_true(p->events[4].heartbeat.alert);
	h = &p->events[5].heartbeat;
	assert_true(h->encrypted);
	assert_int_equal(h->least_octets, 64);
	assert_int_equal(h->answer_octets, 3 * 16416);
	assert_int_equal(h->leaked, 49216);
	assert_true(h->leaked_least > 49000 && h->leaked_least < 49216);
}

static void
test_all_at_once(void **state)
{
	static struct tls_play p;

	(void)state;
	play_all(&p, 0);
	check_all(&p);
}

/* All members: between them lies what nobody sets. */
static void
assert_same_event(const struct tls_event *a, const struct tls_event *b)
{
	const struct tls_heartbeat *g = &a->heartbeat, *h = &b->heartbeat;

	assert_int_equal(a->time, b->time);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->datagram, b->datagram);
	assert_memory_equal(&a->client, &b->client, sizeof a->client);
	assert_memory_equal(&a->server, &b->server, sizeof a->server);
	assert_int_equal(a->client_port, b->client_port);
	assert_int_equal(a->server_port, b->server_port);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->cipher, b->cipher);
	assert_int_equal(a->client_mode, b->client_mode);
	assert_int_equal(a->server_mode, b->server_mode);
	assert_int_equal(a->encrypt_then_mac, b->encrypt_then_mac);
	assert_int_equal(g->begin, h->begin);
	assert_int_equal(g->end, h->end);
	assert_int_equal(g->encrypted, h->encrypted);
	assert_int_equal(g->by_server, h->by_server);
	assert_int_equal(g->odd, h->odd);
	assert_int_equal(g->before_data, h->before_data);
	assert_int_equal(g->alert, h->alert);
	assert_int_equal(g->closed, h->closed);
	assert_int_equal(g->request_octets, h->request_octets);
	assert_int_equal(g->least_octets, h->least_octets);
	assert_int_equal(g->claimed, h->claimed);
	assert_int_equal(g->carried, h->carried);
	assert_int_equal(g->answer_records, h->answer_records);
	assert_int_equal(g->answer_octets, h->answer_octets);
	assert_int_equal(g->leaked, h->leaked);
	assert_int_equal(g->unanswered, h->unanswered);
}

/* However the octets are cut, the same events. */
static void
test_pieces(void **state)
{
	static struct tls_play whole, pieces;

	(void)state;
	play_all(&whole, 0);
	for (size_t step = 1; step < 40; step++) {
		play_all(&pieces, step);
		check_all(&pieces);
		for (size_t i = 0; i < whole.count; i++)
			assert_same_event(&whole.events[i], &pieces.events[i]);
	}
}

/* The connection ends after each octet of what the client and the server say. */
static void
test_truncation(void **state)
{
	static struct tls_play p;
	static struct tls_octets client, server;
	struct tls_choice hello = { TLS_HANDSHAKE_CLIENT_HELLO, 0x0303, 0x002f, 1, false, 0 };

	(void)state;
	tls_hello(&client, &hello);
	tls_hello(&server, &AES);
	tls_beat(&client, 1, 1000, 'a', 19);
	tls_beat(&server, 2, 1000, 'b', 1016);
	for (size_t size = 1; size <= client.size + server.size; size++) {
		size_t first = size < client.size ? size : client.size;
		tls_begin(&p, 0);
		tls_feed(&p, 0, client.octets, first);
		tls_feed(&p, 1, server.octets, size - first);
		tls_end(&p, 1);
		assert_true(p.count <= 3);
		if (p.count == 3)
			assert_true(p.events[2].heartbeat.leaked <= 1000 - 19);
	}
	assert_int_equal(p.count, 3);
	assert_int_equal(p.events[2].heartbeat.leaked, 1000 - 19);
}

/* ------------------------------------------------------------------ verdicts */

/* A plain request, an answer of `size` octets that claims `claimed`, and the verdict. */
static void
expect_plain(unsigned asked, size_t carried, unsigned claimed, size_t size, unsigned seconds,
    enum heartbleed_verdict verdict, uint64_t leaked)
{
	static struct tls_play p;
	static struct tls_octets o;

	tls_begin(&p, 0);
	tls_greet(&p, &o, &AES, false);
	tls_beat(&o, 1, asked, 'a', carried);
	tls_say(&p, 0, &o);
	if (size != 0) {
		tls_beat(&o, 2, claimed, 'b', size);
		tls_say(&p, 1, &o);
	}
	tls_end(&p, seconds);
	assert_int_equal(p.count, 3);
	assert_int_equal(heartbleed_judge(&p.events[2]), verdict);
	assert_int_equal(p.events[2].heartbeat.leaked, leaked);
}

static void
test_plain_verdicts(void **state)
{
	(void)state;
	expect_plain(16384, 0, 16384, 16000, 1, HEARTBLEED_LEAK, 16000);
	/* What Zeek's heartbleed-success.pcap has: its own padding came back. */
	expect_plain(16365, 16365, 16365, 16381, 1, HEARTBLEED_ANSWERED, 0);
	expect_plain(16365, 16365, 0, 0, 7, HEARTBLEED_ATTEMPT, 0);
	expect_plain(16384, 19, 16384, 19, 1, HEARTBLEED_ANSWERED, 0);
	expect_plain(16384, 19, 16384, 35, 1, HEARTBLEED_ANSWERED, 0);
	expect_plain(16384, 19, 16384, 36, 1, HEARTBLEED_LEAK, 17);
	expect_plain(16384, 19, 19, 35, 1, HEARTBLEED_ANSWERED, 0);
	expect_plain(16384, 19, 0, 0, 4, HEARTBLEED_ATTEMPT, 0);
	expect_plain(16384, 19, 0, 0, 5, HEARTBLEED_BLOCKED, 0);
	expect_plain(4, 20, 4, 20, 1, HEARTBLEED_PROBE, 0);
	expect_plain(4, 20, 0, 0, 9, HEARTBLEED_PROBE, 0);
	expect_plain(5, 20, 0, 0, 1, HEARTBLEED_ATTEMPT, 0);
}

static void
expect_encrypted(uint16_t cipher, uint16_t version, unsigned request, unsigned answer,
    unsigned seconds, enum heartbleed_verdict verdict, uint64_t leaked)
{
	static struct tls_play p;
	static struct tls_octets o;
	struct tls_choice server = AES;

	server.cipher = cipher;
	server.version = version;
	tls_begin(&p, 0);
	tls_greet(&p, &o, &server, true);
	p.event.time += 100 * NSEC_PER_SEC;
	tls_record(&o, 24, version, 0x11, request);
	tls_say(&p, 0, &o);
	if (answer != 0) {
		tls_record(&o, 24, version, 0x22, answer);
		tls_say(&p, 1, &o);
	}
	tls_end(&p, seconds);
	assert_int_equal(p.count, 3);
	assert_int_equal(heartbleed_judge(&p.events[2]), verdict);
	assert_int_equal(p.events[2].heartbeat.leaked, leaked);
}

static void
test_encrypted_verdicts(void **state)
{
	(void)state;
	/* Zeek's heartbleed-encrypted-short.pcap: Camellia-256, no more than a block. */
	expect_encrypted(0x0084, 0x0301, 32, 48, 1, HEARTBLEED_LEAK, 16);
	expect_encrypted(0x002f, 0x0303, 32, 32, 1, HEARTBLEED_ANSWERED, 0);
	expect_encrypted(0x002f, 0x0303, 48, 0, 1, HEARTBLEED_ATTEMPT, 0);
	expect_encrypted(0x002f, 0x0303, 48, 0, 6, HEARTBLEED_BLOCKED, 0);
	/* Legal by its length. */
	expect_encrypted(0x002f, 0x0303, 64, 64, 1, HEARTBLEED_NONE, 0);
	expect_encrypted(0x002f, 0x0303, 64, 80, 1, HEARTBLEED_NONE, 0);
	expect_encrypted(0x002f, 0x0303, 64, 96, 1, HEARTBLEED_LEAK, 32);
	expect_encrypted(0x002f, 0x0303, 64, 0, 9, HEARTBLEED_NONE, 0);
	/* Of a cipher nobody knows. */
	expect_encrypted(0xfffe, 0x0303, 64, 4000, 1, HEARTBLEED_SUSPICIOUS, 3936);
	expect_encrypted(0xfffe, 0x0303, 64, 64, 1, HEARTBLEED_NONE, 0);
}

/* Requests that come before the answers, and one that is never answered. */
static void
test_pipelined(void **state)
{
	static struct tls_play p;
	static struct tls_octets o;

	(void)state;
	tls_begin(&p, 0);
	tls_greet(&p, &o, &AES, false);
	for (unsigned i = 0; i < 12; i++)
		tls_beat(&o, 1, 1000 + i, 'a', 0);
	tls_say(&p, 0, &o);
	for (unsigned i = 4; i < 8; i++)
		tls_beat(&o, 2, 1000 + i, 'b', 1016 + i);
	tls_say(&p, 1, &o);
	tls_end(&p, 6);
	assert_int_equal(p.count, 2 + 12);
	for (size_t i = 2; i < p.count; i++) {
		const struct tls_heartbeat *h = &p.events[i].heartbeat;
		bool answered = h->claimed >= 1004 && h->claimed < 1008;
		assert_int_equal(h->answer_records, answered);
		assert_int_equal(h->leaked, answered ? h->claimed : 0);
	}
}

/* Octets are missing: inside a record nothing is lost; across records the next is found. */
static void
test_gaps(void **state)
{
	static struct tls_play p;
	static struct tls_octets o;

	(void)state;
	tls_begin(&p, 0);
	tls_greet(&p, &o, &AES, false);
	tls_record(&o, 23, 0x0303, 1, 4000);
	tls_feed(&p, 1, o.octets, 1000);
	tls_gap(&p, 1, 3005);
	o.size = 0;
	tls_beat(&o, 1, 500, 'a', 0);
	tls_say(&p, 0, &o);
	tls_beat(&o, 2, 500, 'b', 516);
	tls_feed(&p, 1, o.octets, 100);
	tls_gap(&p, 1, o.size - 100);
	o.size = 0;
	tls_gap(&p, 1, 20000);
	assert_int_equal(p.drops.count[DROP_TLS_GAP], 1);
	tls_fill(&o, 0x17, 300); /* the middle of a record */
	tls_say(&p, 1, &o);
	tls_beat(&o, 1, 600, 'a', 0);
	tls_say(&p, 0, &o);
	tls_beat(&o, 2, 600, 'b', 616);
	tls_say(&p, 1, &o);
	tls_end(&p, 1);
	assert_int_equal(p.count, 4);
	assert_int_equal(p.events[2].heartbeat.leaked, 500);
	assert_int_equal(p.events[3].heartbeat.leaked, 600);
}

/* ------------------------------------------------------------------ sniffing */

static bool
sniffs(const uint8_t *data, size_t size)
{
	struct packet packet = { .time = 0 };

	return content_tls.sniff(&packet, data, size);
}

static void
test_sniffing(void **state)
{
	static struct tls_octets o;
	struct tls_choice hello = { TLS_HANDSHAKE_CLIENT_HELLO, 0x0303, 0x002f, 1, false, 0 };

	(void)state;
	tls_hello(&o, &hello);
	for (size_t size = 6; size <= o.size; size++) {
		assert_true(sniffs(o.octets, size));
		assert_true(content_tls.takes_over(o.octets, size));
	}
	for (size_t size = 1; size < 6; size++)
		assert_false(sniffs(o.octets, size));
	o.octets[1] = 2;
	assert_false(sniffs(o.octets, o.size));
	o.size = 0;
	tls_record(&o, 23, 0x0303, 1, 100);
	assert_false(sniffs(o.octets, o.size));
	o.size = 0;
	tls_beat(&o, 1, 16384, 'a', 0);
	assert_true(sniffs(o.octets, o.size));
	assert_false(sniffs(o.octets, o.size - 1));
	tls_record(&o, 23, 0x0303, 1, 100);
	assert_true(sniffs(o.octets, o.size));
}

/* ------------------------------------------------------------------ DTLS */

struct datagrams {
	struct tls_play play;
	void *state;
	uint64_t number;
};

static void
send_datagram(struct datagrams *d, unsigned side, struct tls_octets *o)
{
	struct packet packet = { .time = d->play.event.time };

	packet.source.octets[15] = side == 0 ? 1 : 2;
	packet.destination.octets[15] = side == 0 ? 2 : 1;
	packet.source_port = side == 0 ? 40000 : 4433;
	packet.destination_port = side == 0 ? 4433 : 40000;
	if (content_tls.sniff_datagram(&packet, o->octets, o->size))
		content_tls.datagram(&d->state, &d->play.sink, &packet, o->octets, o->size);
	o->size = 0;
}

static void
put_datagram_record(
    struct datagrams *d, struct tls_octets *o, unsigned type, unsigned epoch, size_t size)
{
	uint8_t header[13] = { (uint8_t)type, 0xfe, 0xfd };

	put_be16(header + 3, (uint16_t)epoch);
	put_be32(header + 7, (uint32_t)d->number++);
	put_be16(header + 11, (uint16_t)size);
	tls_put(o, header, sizeof header);
}

static void
send_datagram_hello(struct datagrams *d, unsigned side)
{
	static struct tls_octets o, body;
	struct tls_choice c = AES;
	uint8_t header[12] = { 0 };

	c.type = side == 0 ? TLS_HANDSHAKE_CLIENT_HELLO : TLS_HANDSHAKE_SERVER_HELLO;
	c.version = 0xfefd;
	body.size = o.size = 0;
	tls_hello_body(&body, &c, true);
	put_be32(header, (uint32_t)(c.type << 24 | body.size));
	put_be32(header + 8, (uint32_t)body.size);
	put_datagram_record(d, &o, 22, 0, sizeof header + body.size);
	tls_put(&o, header, sizeof header);
	tls_put(&o, body.octets, body.size);
	send_datagram(d, side, &o);
}

static void
send_datagram_beat(struct datagrams *d, unsigned side, unsigned epoch, unsigned type,
    unsigned claimed, size_t size)
{
	static struct tls_octets o;

	put_datagram_record(d, &o, 24, epoch, size + 3);
	tls_put8(&o, type);
	tls_put16(&o, claimed);
	tls_fill(&o, 'x', size);
	send_datagram(d, side, &o);
}

static void
test_datagrams(void **state)
{
	static struct datagrams d;
	static struct tls_octets o;
	struct tls_play *p = &d.play;

	(void)state;
	tls_begin(p, 0);
	send_datagram_hello(&d, 0);
	send_datagram_hello(&d, 0); /* again */
	send_datagram_hello(&d, 1);
	assert_int_equal(p->count, 2);
	assert_int_equal(p->events[1].version, 0xfefd);
	assert_true(p->events[1].datagram);
	send_datagram_beat(&d, 0, 0, 1, 1000, 0);
	d.number--; /* the same record again */
	send_datagram_beat(&d, 0, 0, 1, 1000, 0);
	send_datagram_beat(&d, 1, 0, 2, 1000, 1016);
	assert_int_equal(p->count, 3);
	assert_int_equal(p->events[2].heartbeat.leaked, 1000);
	assert_int_equal(heartbleed_judge(&p->events[2]), HEARTBLEED_LEAK);
	/* Encrypted: too short, then legal and alone. */
	send_datagram_beat(&d, 0, 1, 1, 0, 29);
	p->event.time += 6 * NSEC_PER_SEC;
	send_datagram_beat(&d, 0, 1, 1, 0, 1200);
	p->event.time += 6 * NSEC_PER_SEC;
	put_datagram_record(&d, &o, 23, 1, 10);
	tls_fill(&o, 1, 10);
	send_datagram(&d, 0, &o);
	content_tls.end_datagrams(&d.state, &p->sink);
	assert_int_equal(p->count, 5);
	assert_int_equal(p->events[3].heartbeat.least_octets, 64);
	assert_int_equal(heartbleed_judge(&p->events[3]), HEARTBLEED_BLOCKED);
	assert_int_equal(heartbleed_judge(&p->events[4]), HEARTBLEED_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeeks_lengths),
		cmocka_unit_test(test_other_lengths),
		cmocka_unit_test(test_content_bounds),
		cmocka_unit_test(test_hellos),
		cmocka_unit_test(test_roles_and_versions),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_plain_verdicts),
		cmocka_unit_test(test_encrypted_verdicts),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_sniffing),
		cmocka_unit_test(test_datagrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
