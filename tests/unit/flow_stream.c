/* SPDX-License-Identifier: ISC */
/*
 * TCP stream reassembly, rule by rule.  Events are written as text: O1 opens connection 1 (O1m in
 * the middle), D1>3:abc delivers abc at offset 3 of the initiator's direction (< the other one),
 * G1>3+5 says that five octets are missing there, C1 closes.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "flow/stream.h"
#include "test.h"

struct bench {
	struct stream_table *table;
	struct drop_counters drops;
	char log[4096];
	size_t length;
	nsec_t now;
};

/* What the next packet looks like; the client is 10.0.0.1:40000, the server 10.0.0.2:80. */
struct tcp {
	bool from_server;
	uint8_t flags;
	uint32_t seq, ack;
	const char *text;
	uint16_t window; /* 0 stands for 65535, 1 for a closed one */
	uint16_t port;   /* of the client, 0 stands for 40000 */
	uint32_t kept;   /* octets of text in the capture, when `snapped` */
	bool snapped;
	bool lies;     /* the IP length claims more than the frame */
	uint8_t scale; /* option in the SYN */
	uint64_t record;
};

static void
deliver(void *context, const struct stream_event *e)
{
	struct bench *b = context;
	char *at = b->log + b->length;
	size_t room = sizeof b->log - b->length;
	char side = e->direction == 0 ? '>' : '<';
	int n = 0;

	if (b->length != 0) {
		*at++ = ' ';
		room--;
		b->length++;
	}
	switch (e->kind) {
	case STREAM_OPEN:
		n = snprintf(at, room, "O%d%s", (int)e->id, e->midstream ? "m" : "");
		break;
	case STREAM_DATA:
		n = snprintf(at, room, "D%d%c%d:%.*s", (int)e->id, side, (int)e->offset,
		    (int)e->size, (const char *)e->data);
		break;
	case STREAM_GAP:
		n = snprintf(
		    at, room, "G%d%c%d+%d", (int)e->id, side, (int)e->offset, (int)e->size);
		break;
	default: n = snprintf(at, room, "C%d", (int)e->id);
	}
	assert_true(n > 0 && (size_t)n < room);
	b->length += (size_t)n;
}

static struct stream_options
options_for(struct bench *b)
{
	return (struct stream_options){
		.connections = 8,
		.memory = 1 << 20,
		.memory_per_stream = 1 << 16,
		.idle = 100 * NSEC_PER_SEC,
		.secret = { 1, 2 },
		.drops = &b->drops,
		.deliver = deliver,
		.context = b,
	};
}

static void
begin(struct bench *b)
{
	struct stream_options options;

	*b = (struct bench){ .now = 1000 * NSEC_PER_SEC };
	options = options_for(b);
	b->table = stream_table_new(&options);
}

static void
begin_with(struct bench *b, const struct stream_options *options)
{
	*b = (struct bench){ .now = 1000 * NSEC_PER_SEC };
	b->table = stream_table_new(options);
}

static void
send_tcp(struct bench *b, const struct tcp *s)
{
	uint8_t frame[2048] = { 0 };
	uint32_t size = s->text != NULL ? (uint32_t)strlen(s->text) : 0;
	uint32_t header = s->scale != 0 ? 24 : 20;
	uint16_t port = s->port != 0 ? s->port : 40000;
	struct packet p = {
		.time = b->now,
		.data = frame,
		.input_offset = s->record,
		.captured_size = 20 + header + (s->snapped ? s->kept : size),
		.frame_size = 20 + header + size,
		.octets = 20 + header + size + (s->lies ? 100 : 0),
		.flags = PACKET_HAS_PORTS,
		.kind = PACKET_IP,
		.ip_version = 4,
		.protocol = IP_PROTOCOL_TCP,
		.l4_offset = 20,
		.source = address_from_ipv4((const uint8_t[]){ 10, 0, 0, s->from_server ? 2 : 1 }),
		.destination =
		    address_from_ipv4((const uint8_t[]){ 10, 0, 0, s->from_server ? 1 : 2 }),
		.source_port = s->from_server ? 80 : port,
		.destination_port = s->from_server ? port : 80,
		.tcp_flags = s->flags,
	};

	put_be32(frame + 24, s->seq);
	put_be32(frame + 28, s->ack);
	frame[32] = (uint8_t)(header / 4 << 4);
	frame[33] = s->flags;
	put_be16(frame + 34, s->window == 0 ? 65535 : s->window == 1 ? 0 : s->window);
	if (s->scale != 0)
		memcpy(frame + 40, (const uint8_t[]){ 1, 3, 3, s->scale }, 4);
	if (size != 0)
		memcpy(frame + 20 + header, s->text, size);
	b->now += NSEC_PER_MS;
	stream_table_packet(b->table, &p);
}

#define CLIENT(b, ...) send_tcp((b), &(struct tcp){ .flags = __VA_ARGS__ })
#define SERVER(b, ...) send_tcp((b), &(struct tcp){ .from_server = true, .flags = __VA_ARGS__ })

/* A handshake after which both sides stand at offset 0: client 100, server 500. */
static void
handshake(struct bench *b)
{
	CLIENT(b, TCP_SYN, 99, 0);
	SERVER(b, TCP_SYN | TCP_ACK, 499, 100);
	CLIENT(b, TCP_ACK, 100, 500);
}

static void
finish(struct bench *b, const char *expected)
{
	stream_table_finish(b->table);
	assert_string_equal(b->log, expected);
	assert_int_equal(stream_table_usage(b->table).memory, 0);
	assert_int_equal(stream_table_usage(b->table).connections, 0);
	stream_table_free(b->table);
}

static void
test_in_order_and_fin(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100, 500, "GET");
	SERVER(&b, TCP_ACK, 500, 103, "200");
	SERVER(&b, TCP_ACK | TCP_FIN, 503, 103, "!");
	CLIENT(&b, TCP_ACK | TCP_FIN, 103, 505);
	SERVER(&b, TCP_ACK, 505, 104);
	assert_string_equal(b.log, "O1 D1>0:GET D1<0:200 D1<3:! C1");
	SERVER(&b, TCP_ACK, 500, 103, "200"); /* late: nothing */
	finish(&b, "O1 D1>0:GET D1<0:200 D1<3:! C1");
	assert_int_equal(b.drops.count[DROP_STREAM_GAP], 0);
	assert_int_equal(b.drops.count[DROP_STREAM_OVERLAP], 0);
}

static void
test_out_of_order(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 106, 500, "ghi");
	CLIENT(&b, TCP_ACK, 103, 500, "def");
	assert_true(stream_table_usage(b.table).memory > 0);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	assert_int_equal(stream_table_usage(b.table).memory, 0);
	finish(&b, "O1 D1>0:abc D1>3:def D1>6:ghi C1");
}

static void
test_fin_before_its_octets(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK | TCP_FIN, 103, 500, "def");
	SERVER(&b, TCP_ACK | TCP_FIN, 500, 100);
	CLIENT(&b, TCP_ACK, 100, 501, "abc");
	assert_string_equal(b.log, "O1 D1>0:abc D1>3:def C1");
	finish(&b, "O1 D1>0:abc D1>3:def C1");
}

static void
test_retransmission_and_overlap(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100, 500, "abcd");
	CLIENT(&b, TCP_ACK, 100, 500, "ABCD");   /* all old */
	CLIENT(&b, TCP_ACK, 102, 500, "XYef");   /* half old */
	CLIENT(&b, TCP_ACK, 108, 500, "ij");     /* held … */
	CLIENT(&b, TCP_ACK, 106, 500, "gh12kl"); /* … and met: the held ones were first */
	assert_int_equal(b.drops.count[DROP_STREAM_OVERLAP], 3);
	finish(&b, "O1 D1>0:abcd D1>4:ef D1>6:gh D1>8:ij D1>10:kl C1");
}

static void
test_overlap_of_held(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 104, 500, "ef");
	CLIENT(&b, TCP_ACK, 102, 500, "cdEFgh");
	CLIENT(&b, TCP_ACK, 100, 500, "abCDEFGHij");
	finish(&b, "O1 D1>0:ab D1>2:cd D1>4:ef D1>6:gh D1>8:ij C1");
	assert_int_equal(b.drops.count[DROP_STREAM_OVERLAP], 2);
}

static void
test_gap_when_acknowledged(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 105, 500, "fgh");
	SERVER(&b, TCP_ACK, 500, 102); /* not past the hole … */
	SERVER(&b, TCP_ACK, 500, 108); /* … past it */
	assert_string_equal(b.log, "O1 G1>0+2 G1>2+3 D1>5:fgh");
	CLIENT(&b, TCP_ACK, 108, 500, "i");
	assert_int_equal(b.drops.count[DROP_STREAM_GAP], 2);
	finish(&b, "O1 G1>0+2 G1>2+3 D1>5:fgh D1>8:i C1");
}

/* An acknowledgement of what was never seen proves nothing: the octets may still come. */
static void
test_forged_acknowledgement(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	SERVER(&b, TCP_ACK, 500, 5000);
	CLIENT(&b, TCP_ACK, 103, 500, "def");
	SERVER(&b, TCP_ACK, 500, 5000);
	SERVER(&b, TCP_ACK, 500, 107);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	finish(&b, "O1 D1>0:abc D1>3:def C1");
}

static void
test_gap_at_close(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 103, 500, "de");
	CLIENT(&b, TCP_ACK, 107, 500, "hi");
	finish(&b, "O1 G1>0+3 D1>3:de G1>5+2 D1>7:hi C1");
}

static void
test_gap_before_fin(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK | TCP_FIN, 110, 500);
	SERVER(&b, TCP_ACK | TCP_FIN, 500, 111);
	assert_string_equal(b.log, "O1 G1>0+10 C1");
	finish(&b, "O1 G1>0+10 C1");
}

static void
test_gap_at_cap(void **state)
{
	struct bench b = { 0 };
	struct stream_options options = options_for(&b);

	(void)state;
	options.memory_per_stream = 700;
	begin_with(&b, &options);
	handshake(&b);
	for (uint32_t i = 1; i <= 4; i++)
		CLIENT(&b, TCP_ACK, 100 + 4 * i, 500, "ab");
	assert_string_equal(b.log, "O1");
	for (uint32_t i = 5; i <= 12; i++)
		CLIENT(&b, TCP_ACK, 100 + 4 * i, 500, "ab");
	assert_memory_equal(b.log, "O1 G1>0+4 D1>4:ab G1>6+2 D1>8:ab", 32);
	assert_true(stream_table_usage(b.table).memory <= 700);
	stream_table_finish(b.table);
	assert_int_equal(b.drops.count[DROP_STREAM_GAP], 12);
	stream_table_free(b.table);
}

/* A segment that does not fit is delivered where it is, not lost with the hole before it. */
static void
test_cap_keeps_the_segment_at_hand(void **state)
{
	struct bench b = { 0 };
	struct stream_options options = options_for(&b);

	(void)state;
	options.memory_per_stream = 0;
	begin_with(&b, &options);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 110, 500, "abc");
	CLIENT(&b, TCP_ACK, 120, 500, "def");
	finish(&b, "O1 G1>0+10 D1>10:abc G1>13+7 D1>20:def C1");
}

static void
test_midstream(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_ACK, 7000, 9000); /* no octets: nothing to follow yet */
	SERVER(&b, TCP_ACK, 9000, 7000, "abc");
	CLIENT(&b, TCP_ACK, 7000, 9003, "xy");
	SERVER(&b, TCP_ACK, 9003, 7002, "def");
	finish(&b, "O1m D1<0:abc D1>0:xy D1<3:def C1");
}

/* Where the other side's acknowledgement stands is where a direction begins. */
static void
test_midstream_begins_at_acknowledgement(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_ACK, 7000, 9000, "ask");
	SERVER(&b, TCP_ACK, 9003, 7003, "def");
	SERVER(&b, TCP_ACK, 9000, 7003, "abc");
	finish(&b, "O1m D1>0:ask D1<0:abc D1<3:def C1");
}

static void
test_syn_ack_first(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	SERVER(&b, TCP_SYN | TCP_ACK, 499, 100);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	SERVER(&b, TCP_ACK, 500, 103, "def");
	finish(&b, "O1m D1>0:abc D1<0:def C1");
}

/* A mirror may deliver the two directions in the wrong order. */
static void
test_syn_after_syn_ack(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	SERVER(&b, TCP_SYN | TCP_ACK, 499, 100);
	CLIENT(&b, TCP_SYN, 99, 0);
	CLIENT(&b, TCP_ACK, 103, 500, "def");
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	finish(&b, "O1m D1>0:abc D1>3:def C1");
}

static void
test_sequence_wraps(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_SYN, 0xfffffffd, 0);
	SERVER(&b, TCP_SYN | TCP_ACK, 0xffffffff, 0xfffffffe);
	CLIENT(&b, TCP_ACK, 0xfffffffe, 0, "abc");
	CLIENT(&b, TCP_ACK, 4, 0, "ghi");
	CLIENT(&b, TCP_ACK, 1, 0, "def");
	SERVER(&b, TCP_ACK, 0, 7, "ok");
	finish(&b, "O1 D1>0:abc D1>3:def D1>6:ghi D1<0:ok C1");
}

static void
test_syn_with_octets(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_SYN, 99, 0, "abc");
	SERVER(&b, TCP_SYN | TCP_ACK, 499, 103, "xy");
	CLIENT(&b, TCP_ACK, 103, 502, "def");
	finish(&b, "O1 D1>0:abc D1<0:xy D1>3:def C1");
}

static void
test_syn_sent_again(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_SYN, 99, 0);
	CLIENT(&b, TCP_SYN, 99, 0);
	SERVER(&b, TCP_SYN | TCP_ACK, 499, 100);
	SERVER(&b, TCP_SYN | TCP_ACK, 499, 100);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	CLIENT(&b, TCP_SYN, 99, 0);
	finish(&b, "O1 D1>0:abc C1");
}

static void
test_both_open(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_SYN, 99, 0);
	SERVER(&b, TCP_SYN, 499, 0);
	CLIENT(&b, TCP_SYN | TCP_ACK, 99, 500);
	SERVER(&b, TCP_SYN | TCP_ACK, 499, 100);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	SERVER(&b, TCP_ACK, 500, 103, "def");
	finish(&b, "O1 D1>0:abc D1<0:def C1");
}

static void
test_reset(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 103, 500, "def");
	CLIENT(&b, TCP_RST, 200000, 0); /* beyond the window */
	CLIENT(&b, TCP_RST, 99, 0);     /* before it */
	assert_string_equal(b.log, "O1");
	assert_int_equal(b.drops.count[DROP_STREAM_IGNORED], 2);
	CLIENT(&b, TCP_RST, 106, 0);
	assert_string_equal(b.log, "O1 G1>0+3 D1>3:def C1");
	SERVER(&b, TCP_ACK, 500, 100, "late");
	SERVER(&b, TCP_RST | TCP_ACK, 504, 100);
	finish(&b, "O1 G1>0+3 D1>3:def C1");
}

static void
test_reset_of_syn(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_SYN, 99, 0);
	SERVER(&b, TCP_RST | TCP_ACK, 0, 77); /* not an answer to this SYN */
	assert_string_equal(b.log, "O1");
	SERVER(&b, TCP_RST | TCP_ACK, 0, 100);
	finish(&b, "O1 C1");
}

/* A forged reset that never reached the other end does not hide what follows. */
static void
test_octets_after_reset_by_their_sender(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	CLIENT(&b, TCP_RST, 103, 0);
	CLIENT(&b, TCP_ACK, 103, 500, "def");
	SERVER(&b, TCP_ACK, 500, 106, "ok");
	finish(&b, "O1 D1>0:abc C1 O2m D2>0:def D2<0:ok C2");
}

static void
test_port_reuse_after_close(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK | TCP_FIN, 100, 500);
	SERVER(&b, TCP_ACK | TCP_FIN, 500, 101);
	CLIENT(&b, TCP_SYN, 99, 0); /* the old SYN, late */
	assert_string_equal(b.log, "O1 C1");
	CLIENT(&b, TCP_SYN, 70099, 0);
	SERVER(&b, TCP_SYN | TCP_ACK, 90499, 70100);
	CLIENT(&b, TCP_ACK, 70100, 90500, "abc");
	finish(&b, "O1 C1 O2 D2>0:abc C2");
}

static void
test_port_reuse_after_reset(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_SYN, 99, 0);
	SERVER(&b, TCP_RST | TCP_ACK, 0, 100);
	SERVER(&b, TCP_SYN | TCP_ACK, 499, 100); /* a late answer */
	CLIENT(&b, TCP_SYN, 1099, 0);
	SERVER(&b, TCP_SYN | TCP_ACK, 1499, 1100);
	SERVER(&b, TCP_ACK, 1500, 1100, "hi");
	finish(&b, "O1 C1 O2 D2<0:hi C2");
}

static void
test_port_reuse_unanswered(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_SYN, 99, 0);
	CLIENT(&b, TCP_SYN, 5099, 0);
	CLIENT(&b, TCP_ACK, 5100, 500, "abc");
	finish(&b, "O1 C1 O2 D2>0:abc C2");
}

/* A SYN alone does not end a living connection; one that is accepted does. */
static void
test_port_reuse_while_open(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	CLIENT(&b, TCP_SYN, 5099, 0);
	SERVER(&b, TCP_ACK, 500, 103, "xyz"); /* a challenge, if anything */
	CLIENT(&b, TCP_ACK, 103, 503, "def");
	assert_string_equal(b.log, "O1 D1>0:abc D1<0:xyz D1>3:def");
	CLIENT(&b, TCP_SYN, 70099, 0);
	SERVER(&b, TCP_SYN | TCP_ACK, 90499, 60000); /* an answer to something else */
	CLIENT(&b, TCP_SYN | TCP_ACK, 90499, 70100); /* from the wrong side */
	assert_string_equal(b.log, "O1 D1>0:abc D1<0:xyz D1>3:def");
	SERVER(&b, TCP_SYN | TCP_ACK, 90499, 70100);
	SERVER(&b, TCP_ACK, 90500, 70100, "new");
	CLIENT(&b, TCP_ACK, 70100, 90503, "NEW");
	finish(&b, "O1 D1>0:abc D1<0:xyz D1>3:def C1 O2 D2<0:new D2>0:NEW C2");
}

static void
test_keep_alive_and_probes(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	CLIENT(&b, TCP_ACK, 102, 500);      /* keep-alive without octets */
	CLIENT(&b, TCP_ACK, 102, 500, "c"); /* and with one of garbage */
	SERVER(&b, TCP_ACK, 500, 103, NULL, 1);
	CLIENT(&b, TCP_ACK, 103, 500, "d"); /* zero window probe with the next octet */
	SERVER(&b, TCP_ACK, 500, 103, NULL, 1);
	CLIENT(&b, TCP_ACK, 103, 500, "d");
	SERVER(&b, TCP_ACK, 500, 104);
	CLIENT(&b, TCP_ACK, 104, 500, "ef");
	assert_int_equal(b.drops.count[DROP_STREAM_OVERLAP], 0);
	finish(&b, "O1 D1>0:abc D1>3:d D1>4:ef C1");
}

static void
test_overlap_of_one_octet(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	CLIENT(&b, TCP_ACK, 102, 500, "Cde");
	assert_int_equal(b.drops.count[DROP_STREAM_OVERLAP], 1);
	finish(&b, "O1 D1>0:abc D1>3:de C1");
}

static void
test_octets_beyond_fin(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK | TCP_FIN, 103, 500, "de");
	CLIENT(&b, TCP_ACK, 100, 500, "abcDEFGH");    /* reaches over the end */
	CLIENT(&b, TCP_ACK, 106, 500, "more");        /* lies behind it */
	CLIENT(&b, TCP_ACK | TCP_FIN, 100, 500, "a"); /* another end, too early */
	finish(&b, "O1 D1>0:abc D1>3:de C1");
}

/* Only one side is in the capture: the window is not known, nor what was acknowledged. */
static void
test_one_side_alone(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_SYN, 99, 0);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	CLIENT(&b, TCP_ACK, 100 + 100000000, 500, "far");
	CLIENT(&b, TCP_RST, 103 + 65536, 0);
	assert_int_equal(b.drops.count[DROP_STREAM_IGNORED], 1);
	CLIENT(&b, TCP_RST, 103 + 65535, 0);
	finish(&b, "O1 D1>0:abc G1>3+99999997 D1>100000000:far C1");
}

static void
test_outside_window(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100 + (1U << 30), 500, "forged");
	CLIENT(&b, TCP_ACK, 100 - (1U << 30), 500, "forged");
	CLIENT(&b, 0, 100, 500, "forged"); /* without ACK */
	assert_int_equal(b.drops.count[DROP_STREAM_IGNORED], 3);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	finish(&b, "O1 D1>0:abc C1");
}

/* The capture lost gigabytes: both sides agree where they are now. */
static void
test_far_ahead_on_both_sides(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	SERVER(&b, TCP_ACK, 500, 1000000100);
	CLIENT(&b, TCP_ACK, 1000000100, 500, "def");
	SERVER(&b, TCP_ACK, 500, 1000000103);
	finish(&b, "O1 D1>0:abc G1>3+999999997 D1>1000000000:def C1");
}

static void
test_window_scale(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	CLIENT(&b, TCP_SYN, 99, 0, .scale = 2);
	SERVER(&b, TCP_SYN | TCP_ACK, 499, 100, .scale = 14);
	CLIENT(&b, TCP_ACK, 100, 500, .window = 1000);
	SERVER(&b, TCP_ACK, 500, 100, .window = 1000);
	CLIENT(&b, TCP_ACK, 100 + 10000000, 500, "x"); /* within 1000 << 14 */
	assert_int_equal(b.drops.count[DROP_STREAM_IGNORED], 0);
	SERVER(&b, TCP_RST, 500 + 4 * 65535 + 10, 0);
	assert_int_equal(b.drops.count[DROP_STREAM_IGNORED], 1);
	SERVER(&b, TCP_RST, 500 + 3999, 0);
	finish(&b, "O1 G1>0+10000000 D1>10000000:x C1");
}

static void
test_snapped(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100, 500, "abcdef", .snapped = true, .kept = 2);
	CLIENT(&b, TCP_ACK, 106, 500, "ghijkl", .snapped = true, .kept = 3);
	assert_string_equal(b.log, "O1 D1>0:ab");
	SERVER(&b, TCP_ACK, 500, 112);
	assert_string_equal(b.log, "O1 D1>0:ab G1>2+4 D1>6:ghi G1>9+3");
	CLIENT(&b, TCP_ACK, 112, 500, "mn", .snapped = true, .kept = 0);
	finish(&b, "O1 D1>0:ab G1>2+4 D1>6:ghi G1>9+3 G1>12+2 C1");
}

static void
test_snapped_then_sent_again(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100, 500, "abcdef", .snapped = true, .kept = 3);
	CLIENT(&b, TCP_ACK, 103, 500, "def");
	finish(&b, "O1 D1>0:abc D1>3:def C1");
}

static void
test_lying_length(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 100, 500, "abc", .lies = true);
	CLIENT(&b, TCP_ACK, 100, 500, "def");
	finish(&b, "O1 D1>0:def C1");
}

static void
test_idle(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	CLIENT(&b, TCP_ACK, 103, 500, "def");
	b.now += 101 * NSEC_PER_SEC;
	CLIENT(&b, TCP_SYN, 99, 0, .port = 40001);
	assert_string_equal(b.log, "O1 G1>0+3 D1>3:def C1 O2");
	assert_int_equal(b.drops.count[DROP_STREAM_EVICTED], 0);
	b.now -= 1000 * NSEC_PER_SEC; /* another input: nothing stays for ever */
	CLIENT(&b, TCP_SYN, 99, 0, .port = 40002);
	finish(&b, "O1 G1>0+3 D1>3:def C1 O2 C2 O3 C3");
}

static void
test_oldest_idle_is_evicted(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	for (uint16_t i = 0; i < 8; i++) {
		CLIENT(&b, TCP_SYN, 99, 0, .port = 1000 + i);
		SERVER(&b, TCP_SYN | TCP_ACK, 499, 100, .port = 1000 + i);
	}
	CLIENT(&b, TCP_ACK, 100, 500, .port = 1000);
	CLIENT(&b, TCP_SYN, 99, 0, .port = 2000);
	assert_int_equal(b.drops.count[DROP_STREAM_EVICTED], 1);
	assert_non_null(strstr(b.log, "O8 C2 O9"));
	/* A closed one goes before any other, and is no loss. */
	SERVER(&b, TCP_RST | TCP_ACK, 500, 100, .port = 1005);
	CLIENT(&b, TCP_SYN, 99, 0, .port = 2001);
	assert_int_equal(b.drops.count[DROP_STREAM_EVICTED], 1);
	assert_non_null(strstr(b.log, "O9 C6 O10"));
	stream_table_finish(b.table);
	stream_table_free(b.table);
}

/* Memory for octets is made by others, the one idle for longest first, and not by oneself. */
static void
test_oldest_holder_is_evicted(void **state)
{
	struct bench b = { 0 };
	struct stream_options options = options_for(&b);

	(void)state;
	options.memory = 700;
	begin_with(&b, &options);
	for (uint16_t port = 1; port <= 3; port++) {
		CLIENT(&b, TCP_SYN, 99, 0, .port = port);
		SERVER(&b, TCP_SYN | TCP_ACK, 499, 100, .port = port);
	}
	CLIENT(&b, TCP_ACK, 200, 500, "hole", .port = 2);
	CLIENT(&b, TCP_ACK, 200, 500, "hole", .port = 3);
	CLIENT(&b, TCP_ACK, 200, 500, "hole", .port = 1);
	assert_string_equal(b.log, "O1 O2 O3");
	for (uint32_t i = 1; i <= 3; i++)
		CLIENT(&b, TCP_ACK, 200 + 100 * i, 500, "hole", .port = 1);
	for (uint32_t i = 1; i <= 4; i++)
		CLIENT(&b, TCP_ACK, 200 + 100 * i, 500, "hole", .port = 3);
	assert_memory_equal(b.log, "O1 O2 O3 G2>0+100 D2>100:hole C2 G1>0+100", 41);
	assert_int_equal(b.drops.count[DROP_STREAM_EVICTED], 2);
	b.length = 0;
	for (uint32_t i = 0; i < 9; i++)
		CLIENT(&b, TCP_ACK, 700 + 100 * i, 500, "hole", .port = 3);
	assert_memory_equal(b.log, "G3>0+100 D3>100:hole G3>", 24); /* alone: its own holes go */
	assert_int_equal(b.drops.count[DROP_STREAM_EVICTED], 2);
	stream_table_finish(b.table);
	stream_table_free(b.table);
}

/* The one whose segment is at hand does not make room for it by ending. */
static void
test_holder_at_hand_is_spared(void **state)
{
	struct bench b = { 0 };
	struct stream_options options = options_for(&b);

	(void)state;
	options.memory = 450;
	begin_with(&b, &options);
	for (uint16_t port = 1; port <= 2; port++) {
		CLIENT(&b, TCP_SYN, 99, 0, .port = port);
		SERVER(&b, TCP_SYN | TCP_ACK, 499, 100, .port = port);
		CLIENT(&b, TCP_ACK, 200, 500, "hole", .port = port);
	}
	for (uint32_t i = 1; i <= 4; i++)
		CLIENT(&b, TCP_ACK, 200 + 100 * i, 500, "hole", .port = 1);
	assert_memory_equal(b.log, "O1 O2 G2>0+100 D2>100:hole C2", 29);
	stream_table_finish(b.table);
	stream_table_free(b.table);
}

/* Half-open connections take half of the table at most, when others need it. */
static void
test_flood_of_syns(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	handshake(&b);
	for (uint32_t i = 0; i < 50000; i++) {
		b.length = 0;
		CLIENT(&b, TCP_SYN, 99 + i, 0, .port = (uint16_t)(1000 + i % 30000));
		assert_true(stream_table_usage(b.table).connections <= 8);
	}
	assert_true(b.drops.count[DROP_STREAM_EVICTED] == 50000 - 7);
	b.length = 0;
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	assert_string_equal(b.log, "D1>0:abc");
	stream_table_finish(b.table);
	stream_table_free(b.table);
}

static void
test_flood_of_holes(void **state)
{
	struct bench b = { 0 };
	struct stream_options options = options_for(&b);

	(void)state;
	options.connections = 100000;
	options.memory = 20000;
	begin_with(&b, &options);
	handshake(&b);
	for (uint32_t i = 0; i < 20000; i++) {
		uint16_t port = (uint16_t)(1000 + i % 30000);
		b.length = 0;
		CLIENT(&b, TCP_SYN, 99, 0, .port = port);
		CLIENT(&b, TCP_ACK, 200, 500, "hole", .port = port);
		assert_true(stream_table_usage(b.table).memory <= options.memory);
	}
	assert_true(b.drops.count[DROP_STREAM_EVICTED] > 19000);
	assert_int_equal(b.drops.count[DROP_STREAM_EVICTED], b.drops.count[DROP_STREAM_GAP]);
	b.length = 0;
	CLIENT(&b, TCP_ACK, 100, 500, "abc");
	assert_string_equal(b.log, "D1>0:abc");
	stream_table_finish(b.table);
	assert_int_equal(stream_table_usage(b.table).memory, 0);
	stream_table_free(b.table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order_and_fin),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_fin_before_its_octets),
		cmocka_unit_test(test_retransmission_and_overlap),
		cmocka_unit_test(test_overlap_of_held),
		cmocka_unit_test(test_gap_when_acknowledged),
		cmocka_unit_test(test_forged_acknowledgement),
		cmocka_unit_test(test_gap_at_close),
		cmocka_unit_test(test_gap_before_fin),
		cmocka_unit_test(test_gap_at_cap),
		cmocka_unit_test(test_cap_keeps_the_segment_at_hand),
		cmocka_unit_test(test_midstream),
		cmocka_unit_test(test_midstream_begins_at_acknowledgement),
		cmocka_unit_test(test_syn_ack_first),
		cmocka_unit_test(test_syn_after_syn_ack),
		cmocka_unit_test(test_sequence_wraps),
		cmocka_unit_test(test_syn_with_octets),
		cmocka_unit_test(test_syn_sent_again),
		cmocka_unit_test(test_both_open),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_reset_of_syn),
		cmocka_unit_test(test_octets_after_reset_by_their_sender),
		cmocka_unit_test(test_port_reuse_after_close),
		cmocka_unit_test(test_port_reuse_after_reset),
		cmocka_unit_test(test_port_reuse_unanswered),
		cmocka_unit_test(test_port_reuse_while_open),
		cmocka_unit_test(test_keep_alive_and_probes),
		cmocka_unit_test(test_overlap_of_one_octet),
		cmocka_unit_test(test_octets_beyond_fin),
		cmocka_unit_test(test_one_side_alone),
		cmocka_unit_test(test_outside_window),
		cmocka_unit_test(test_far_ahead_on_both_sides),
		cmocka_unit_test(test_window_scale),
		cmocka_unit_test(test_snapped),
		cmocka_unit_test(test_snapped_then_sent_again),
		cmocka_unit_test(test_lying_length),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_oldest_idle_is_evicted),
		cmocka_unit_test(test_oldest_holder_is_evicted),
		cmocka_unit_test(test_holder_at_hand_is_spared),
		cmocka_unit_test(test_flood_of_syns),
		cmocka_unit_test(test_flood_of_holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
