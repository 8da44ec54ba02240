/* SPDX-License-Identifier: ISC */
/* The DNS stage: which packets are DNS, which query a response finds, and in what order. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "decode/decode.h"
#include "dns_build.h"
#include "net/link_type.h"
#include "pipeline/dns_stage.h"
#include "test.h"

#define MS NSEC_PER_MS

struct seen {
	size_t queries, responses, local, bad, quoted, pending;
	uint8_t match;
	uint16_t flags;
	nsec_t latency;
	nsec_t last;
	bool ordered;
};

static void
deliver(void *context, const struct batch *batch)
{
	struct seen *s = context;

	if (batch->type == OBS_DNS_PENDING) {
		s->pending += batch->count;
		return;
	}
	s->local += batch->type == OBS_DNS_LOCAL ? batch->count : 0;
	s->bad += batch->type == OBS_DNS_BAD ? batch->count : 0;
	s->quoted += batch->type == OBS_DNS_QUOTED ? batch->count : 0;
	for (size_t i = 0; batch->type == OBS_DNS && i < batch->count; i++) {
		const struct dns_message *m = batch->dns[i];
		if (m->flags & DNS_RESPONSE) {
			s->responses++;
			s->match = m->match;
			s->flags = m->flags;
			s->latency = m->latency;
		} else {
			s->queries++;
		}
	}
}

struct bench {
	struct config config;
	struct drop_counters drops;
	struct dns_stage *stage;
	struct seen seen;
};

static enum err
bench_open(struct bench *b, const char *ports)
{
	struct dns_stage_options options = {
		.config = &b->config,
		.secret = { 1, 2 },
		.drops = &b->drops,
		.deliver = deliver,
		.context = &b->seen,
	};

	*b = (struct bench){ 0 };
	config_init(&b->config);
	if (ports != NULL)
		assert_int_equal(settings_set(b->config.dns, "ports", ports, NULL), ERR_OK);
	return dns_stage_new(&options, &b->stage, NULL);
}

static void
bench_close(struct bench *b)
{
	dns_stage_free(b->stage);
	config_release(&b->config);
}

static uint8_t frame[2048];

static size_t
put_udp(uint8_t *f, bool back, uint16_t port, const void *payload, size_t size)
{
	memset(f, 0, 28);
	f[0] = 0x45;
	put_be16(f + 2, (uint16_t)(28 + size));
	f[8] = 64;
	f[9] = IP_PROTOCOL_UDP;
	put_be32(f + 12, back ? 0xc0000235 : 0xc0000201);
	put_be32(f + 16, back ? 0xc0000201 : 0xc0000235);
	put_be16(f + 20, back ? port : 40000);
	put_be16(f + 22, back ? 40000 : port);
	put_be16(f + 24, (uint16_t)(8 + size));
	memcpy(f + 28, payload, size);
	return 28 + size;
}

static void
give(struct bench *b, nsec_t time, size_t size)
{
	struct packet p = { .time = time,
		.data = frame,
		.captured_size = (uint32_t)size,
		.frame_size = (uint32_t)size,
		.link_type = LINK_RAW };
	const struct packet *list[1] = { &p };

	decode_packet(&p, &b->drops);
	assert_int_equal(p.kind, PACKET_IP);
	dns_stage_packets(b->stage, list, 1);
}

/* A message about example.test: a question, or its answer NOERROR without records. */
static void
send(struct bench *b, nsec_t time, bool response, uint16_t port)
{
	static const uint16_t counts[4] = { 1, 0, 0, 0 };
	struct dns_build m;

	build_header(&m, response ? 0x8180 : 0x0100, counts);
	build_name(&m, "example.test");
	build_u16(&m, 1);
	build_u16(&m, 1);
	give(b, time, put_udp(frame, response, port, m.octets, m.size));
}

static void
test_matched(void **unused)
{
	struct bench b;

	(void)unused;
	assert_int_equal(bench_open(&b, NULL), ERR_OK);
	send(&b, 100 * MS, false, 53);
	send(&b, 107 * MS, true, 53);
	dns_stage_end(b.stage, 200 * MS);
	assert_int_equal(b.seen.queries, 1);
	assert_int_equal(b.seen.responses, 1);
	assert_int_equal(b.seen.match, DNS_MATCHED);
	assert_int_equal(b.seen.latency, 7 * MS);
	assert_int_equal(b.seen.flags & DNS_SKEWED, 0);
	bench_close(&b);
}

/* A response that stands before its query waits for it, up to the skew and no longer. */
static void
test_skew(void **unused)
{
	static const struct {
		nsec_t later;
		uint8_t match;
	} cases[] = { { 1 * MS, DNS_MATCHED }, { 10 * MS, DNS_MATCHED },
		{ 11 * MS, DNS_UNSOLICITED } };

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench b;

		assert_int_equal(bench_open(&b, NULL), ERR_OK);
		send(&b, 100 * MS, true, 53);
		assert_int_equal(b.seen.responses, 0);
		send(&b, 100 * MS + cases[i].later, false, 53);
		dns_stage_end(b.stage, 200 * MS);
		assert_int_equal(b.seen.queries, 1);
		assert_int_equal(b.seen.responses, 1);
		assert_int_equal(b.seen.match, cases[i].match);
		assert_int_equal((b.seen.flags & DNS_SKEWED) != 0, cases[i].match == DNS_MATCHED);
		bench_close(&b);
	}
}

static void
test_ports(void **unused)
{
	struct bench b;

	(void)unused;
	assert_int_equal(bench_open(&b, NULL), ERR_OK);
	send(&b, 1 * MS, false, 5300);
	assert_int_equal(b.seen.queries, 0);
	send(&b, 2 * MS, false, 5353);
	assert_int_equal(b.seen.local, 1);
	bench_close(&b);
	assert_int_equal(bench_open(&b, "53 5300"), ERR_OK);
	send(&b, 1 * MS, false, 5300);
	dns_stage_end(b.stage, 2 * MS);
	assert_int_equal(b.seen.queries, 1);
	bench_close(&b);
	assert_int_equal(bench_open(&b, "53 x"), ERR_CONFIG);
	config_release(&b.config);
	assert_int_equal(bench_open(&b, "70000"), ERR_CONFIG);
	config_release(&b.config);
}

static void
test_malformed(void **unused)
{
	struct bench b;

	(void)unused;
	assert_int_equal(bench_open(&b, NULL), ERR_OK);
	give(&b, 1 * MS, put_udp(frame, false, 53, "\x12\x34\x01", 3));
	dns_stage_end(b.stage, 2 * MS);
	assert_int_equal(b.seen.bad, 1);
	assert_int_equal(b.seen.queries, 0);
	bench_close(&b);
}

/* A port unreachable that quotes a query. */
static void
test_quote(void **unused)
{
	static const uint16_t counts[4] = { 1, 0, 0, 0 };
	struct dns_build m;
	struct bench b;
	size_t size;

	(void)unused;
	assert_int_equal(bench_open(&b, NULL), ERR_OK);
	build_header(&m, 0x0100, counts);
	build_name(&m, "example.test");
	build_u16(&m, 1);
	build_u16(&m, 1);
	size = put_udp(frame + 28, false, 53, m.octets, m.size);
	memset(frame, 0, 28);
	frame[0] = 0x45;
	put_be16(frame + 2, (uint16_t)(28 + size));
	frame[8] = 64;
	frame[9] = IP_PROTOCOL_ICMP;
	put_be32(frame + 12, 0xc0000235);
	put_be32(frame + 16, 0xc0000201);
	frame[20] = 3;
	frame[21] = 3;
	give(&b, 1 * MS, 28 + size);
	dns_stage_end(b.stage, 2 * MS);
	assert_int_equal(b.seen.quoted, 1);
	assert_int_equal(b.seen.queries, 0);
	bench_close(&b);
}

static void
test_unanswered(void **unused)
{
	struct bench b;

	(void)unused;
	assert_int_equal(bench_open(&b, NULL), ERR_OK);
	send(&b, 100 * MS, false, 53);
	dns_stage_end(b.stage, 5200 * MS);
	assert_int_equal(b.seen.pending, 1);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matched),
		cmocka_unit_test(test_skew),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_unanswered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
