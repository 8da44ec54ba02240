/* SPDX-License-Identifier: ISC */
/*
 * The content stage: which connections are followed, by whom, and that each state is freed once.
 *
 * This program has protocols of its own: "toy" knows its octets by "TOY ", "over" takes a
 * connection over at "OVER" and has datagrams.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "decode/decode.h"
#include "net/link_type.h"
#include "pipeline/content_stage.h"
#include "test.h"

#define SEEN 128

/* What both protocols tell: each octet run as they get it, in a login's user. */
static char seen[2][SEEN];
static int living;
static uint64_t gaps;

struct toy {
	unsigned which;
};

static void *
toy_new(unsigned which)
{
	struct toy *t = xcalloc(1, sizeof *t);

	t->which = which;
	living++;
	return t;
}

static bool
toy_sniff(const struct packet *p, const uint8_t *payload, size_t size)
{
	(void)p;
	return size >= 4 && memcmp(payload, "TOY ", 4) == 0;
}

static void *
toy_open(const struct content_sink *sink, const struct stream_event *e)
{
	(void)sink;
	assert_int_equal(e->kind, STREAM_DATA);
	return toy_new(0);
}

static bool
over_sniff(const struct packet *p, const uint8_t *payload, size_t size)
{
	(void)p;
	(void)payload;
	(void)size;
	return false;
}

static bool
over_takes(const uint8_t *payload, size_t size)
{
	return size >= 4 && memcmp(payload, "OVER", 4) == 0;
}

static void *
over_open(const struct content_sink *sink, const struct stream_event *e)
{
	(void)sink;
	(void)e;
	return toy_new(1);
}

static void
toy_event(void *connection, const struct content_sink *sink, const struct stream_event *e)
{
	struct toy *t = connection;
	size_t used = strlen(seen[t->which]);

	(void)sink;
	if (e->kind == STREAM_GAP) {
		gaps += e->size;
		return;
	}
	assert_int_equal(e->kind, STREAM_DATA);
	assert_true(used + e->size + 2 < SEEN);
	seen[t->which][used] = (char)('0' + e->direction);
	memcpy(seen[t->which] + used + 1, e->data, e->size);
}

static void
toy_close(void *connection, const struct content_sink *sink, nsec_t time)
{
	const struct login login = { .time = time, .count = 1 };
	const struct login *list[1] = { &login };

	free(connection);
	living--;
	if (sink != NULL)
		sink->deliver(sink->context,
		    &(struct batch){ .type = OBS_LOGIN, .count = 1, .logins = list });
}

static bool
over_sniff_datagram(const struct packet *p, const uint8_t *payload, size_t size)
{
	(void)p;
	return size >= 4 && memcmp(payload, "DTOY", 4) == 0;
}

static void
over_datagram(void **state, const struct content_sink *sink, const struct packet *p,
    const uint8_t *payload, size_t size)
{
	(void)sink;
	(void)p;
	(void)payload;
	(void)size;
	if (*state == NULL)
		*state = toy_new(1);
}

static void
over_end(void **state, const struct content_sink *sink)
{
	toy_close(*state, sink, 0);
	*state = NULL;
}

static const struct content_protocol TOY = { .name = "toy",
	.yields = OBS_LOGIN,
	.sniff = toy_sniff,
	.open = toy_open,
	.event = toy_event,
	.close = toy_close };
static const struct content_protocol OVER = { .name = "over",
	.yields = OBS_LOGIN,
	.sniff = over_sniff,
	.takes_over = over_takes,
	.open = over_open,
	.event = toy_event,
	.close = toy_close,
	.sniff_datagram = over_sniff_datagram,
	.datagram = over_datagram,
	.end_datagrams = over_end };

const struct content_protocol *const CONTENT_LIST[] = { &TOY, &OVER, NULL };

static size_t delivered;

static void
deliver(void *context, const struct batch *batch)
{
	(void)context;
	assert_int_equal(batch->type, OBS_LOGIN);
	delivered += batch->count;
}

struct bench {
	struct config config;
	struct drop_counters drops;
	struct content_stage *stage;
	uint32_t next[2];
	nsec_t now;
};

static void
bench_open(struct bench *b, unsigned consumed)
{
	struct content_stage_options options = {
		.config = &b->config,
		.secret = { 3, 4 },
		.drops = &b->drops,
		.consumed = consumed,
		.deliver = deliver,
	};

	*b = (struct bench){ .next = { 1000, 5000 } };
	memset(seen, 0, sizeof seen);
	delivered = 0;
	gaps = 0;
	config_init(&b->config);
	b->stage = content_stage_new(&options);
}

static void
bench_close(struct bench *b)
{
	content_stage_free(b->stage);
	config_release(&b->config);
	assert_int_equal(living, 0);
}

/* A packet of one conversation; the server, 1, has port 4000. */
static void
give(struct bench *b, unsigned from, uint8_t protocol, uint8_t flags, const char *payload)
{
	uint8_t f[256] = { 0x45 };
	size_t size = strlen(payload), header = protocol == IP_PROTOCOL_TCP ? 20 : 8;
	struct packet p = { .time = b->now += NSEC_PER_MS,
		.data = f,
		.captured_size = (uint32_t)(20 + header + size),
		.frame_size = (uint32_t)(20 + header + size),
		.link_type = LINK_RAW };
	const struct packet *list[1] = { &p };

	put_be16(f + 2, (uint16_t)(20 + header + size));
	f[8] = 64;
	f[9] = protocol;
	put_be32(f + 12, from ? 0xc0000202 : 0xc0000201);
	put_be32(f + 16, from ? 0xc0000201 : 0xc0000202);
	put_be16(f + 20, from ? 4000 : 50000);
	put_be16(f + 22, from ? 50000 : 4000);
	if (protocol == IP_PROTOCOL_TCP) {
		put_be32(f + 24, b->next[from]);
		put_be32(f + 28, b->next[!from]);
		f[32] = 0x50;
		f[33] = flags;
		b->next[from] += (uint32_t)size + ((flags & (TCP_SYN | TCP_FIN)) != 0);
	} else {
		put_be16(f + 24, (uint16_t)(8 + size));
	}
	memcpy(f + 20 + header, payload, size);
	decode_packet(&p, &b->drops);
	content_stage_packets(b->stage, list, 1);
}

static void
say(struct bench *b, unsigned from, const char *payload)
{
	give(b, from, IP_PROTOCOL_TCP, TCP_ACK, payload);
}

static void
test_followed_from_where_it_is_known(void **unused)
{
	struct bench b;

	(void)unused;
	bench_open(&b, OBS_LOGIN);
	give(&b, 0, IP_PROTOCOL_TCP, TCP_SYN, "");
	give(&b, 1, IP_PROTOCOL_TCP, TCP_SYN | TCP_ACK, "");
	say(&b, 1, "hello");
	say(&b, 0, "TOY one");
	say(&b, 1, "two");
	say(&b, 0, "three");
	assert_int_equal(living, 1);
	assert_string_equal(seen[0], "0TOY one1two0three");
	give(&b, 0, IP_PROTOCOL_TCP, TCP_ACK | TCP_FIN, "");
	give(&b, 1, IP_PROTOCOL_TCP, TCP_ACK | TCP_FIN, "");
	assert_int_equal(living, 0);
	assert_int_equal(delivered, 1);
	content_stage_end(b.stage);
	assert_int_equal(delivered, 1);
	bench_close(&b);
}

static void
test_others_are_not(void **unused)
{
	struct bench b;

	(void)unused;
	bench_open(&b, OBS_LOGIN);
	give(&b, 0, IP_PROTOCOL_TCP, TCP_SYN, "");
	say(&b, 0, "TO");
	say(&b, 0, "Y and more");
	give(&b, 0, IP_PROTOCOL_UDP, 0, "TOY over UDP");
	content_stage_end(b.stage);
	assert_int_equal(living + (int)delivered, 0);
	bench_close(&b);
}

static void
test_nobody_asks(void **unused)
{
	struct bench b;

	(void)unused;
	bench_open(&b, OBS_PACKET);
	assert_null(b.stage);
	bench_close(&b);
}

static void
test_taken_over(void **unused)
{
	struct bench b;

	(void)unused;
	bench_open(&b, OBS_LOGIN);
	say(&b, 0, "TOY one");
	say(&b, 0, "OVER two");
	say(&b, 1, "three");
	assert_int_equal(delivered, 1);
	assert_string_equal(seen[0], "0TOY one");
	assert_string_equal(seen[1], "0OVER two1three");
	content_stage_end(b.stage);
	assert_int_equal(delivered, 2);
	bench_close(&b);
}

/* What was lost is told once the other side acknowledges past it. */
static void
test_gap(void **unused)
{
	struct bench b;

	(void)unused;
	bench_open(&b, OBS_LOGIN);
	say(&b, 0, "TOY one");
	b.next[0] += 7;
	say(&b, 0, "two");
	say(&b, 1, "ok");
	content_stage_end(b.stage);
	assert_int_equal(gaps, 7);
	assert_string_equal(seen[0], "0TOY one0two1ok");
	bench_close(&b);
}

static void
test_datagrams(void **unused)
{
	struct bench b;

	(void)unused;
	bench_open(&b, OBS_LOGIN);
	give(&b, 0, IP_PROTOCOL_UDP, 0, "DTOY");
	give(&b, 1, IP_PROTOCOL_UDP, 0, "DTOY");
	assert_int_equal(living, 1);
	content_stage_end(b.stage);
	assert_int_equal(delivered, 1);
	bench_close(&b);
}

/* A run that is given up frees everything and tells nothing. */
static void
test_given_up(void **unused)
{
	struct bench b;

	(void)unused;
	bench_open(&b, OBS_LOGIN);
	say(&b, 0, "TOY one");
	give(&b, 0, IP_PROTOCOL_UDP, 0, "DTOY");
	assert_int_equal(living, 2);
	bench_close(&b);
	assert_int_equal(delivered, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_followed_from_where_it_is_known),
		cmocka_unit_test(test_others_are_not),
		cmocka_unit_test(test_nobody_asks),
		cmocka_unit_test(test_taken_over),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
