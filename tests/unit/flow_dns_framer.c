/* SPDX-License-Identifier: ISC */
/*
 * DNS messages out of TCP streams.  Streams are made of messages whose id is their number; what is
 * delivered is written down as "0 1 2".
 */
#include <stdio.h>
#include <stdlib.h>

#include "dns_build.h"
#include "flow/dns_framer.h"
#include "test.h"

#define STREAM_MOST 200000

struct bench {
	struct dns_framer *framer;
	struct drop_counters drops;
	char log[8192];
	size_t length;
	uint8_t stream[STREAM_MOST];
	size_t size;
	size_t starts[4096]; /* of messages */
	unsigned messages;
	struct stream_event event; /* like which all are */
};

static void
deliver(void *context, const struct stream_event *event, const uint8_t *data, size_t size)
{
	struct bench *b = context;

	(void)event;
	assert_true(size > 1);
	b->length += (size_t)snprintf(b->log + b->length, sizeof b->log - b->length, "%s%u",
	    b->length != 0 ? " " : "", be16(data));
}

static void
setup(struct bench *b, size_t connections, size_t memory)
{
	struct dns_framer_options options = {
		.connections = connections,
		.memory = memory,
		.secret = { 1, 2 },
		.drops = &b->drops,
		.deliver = deliver,
		.context = b,
	};

	memset(b, 0, sizeof *b);
	b->framer = dns_framer_new(&options);
	b->event.kind = STREAM_DATA;
}

static void
check(struct bench *b, const char *want)
{
	assert_string_equal(b->log, want);
	b->length = 0;
	b->log[0] = '\0';
}

/* Adds a response with `filling` octets of TXT data. */
static void
add_message(struct bench *b, size_t filling)
{
	static struct dns_build m;

	build_header(&m, 0x8400, (uint16_t[]){ 1, 1, 0, 0 });
	put_be16(m.octets, (uint16_t)b->messages);
	build_question(&m, "www.example.com", DNS_TYPE_TXT);
	build_pointer(&m, 12);
	build_begin(&m, DNS_TYPE_TXT, DNS_CLASS_IN, 60);
	for (size_t i = 0; i < filling; i++)
		build_u8(&m, (uint8_t)(i * 7));
	build_end(&m);
	b->starts[b->messages++] = b->size;
	assert_true(b->size + 2 + m.size <= STREAM_MOST);
	put_be16(b->stream + b->size, (uint16_t)m.size);
	memcpy(b->stream + b->size + 2, m.octets, m.size);
	b->size += 2 + m.size;
}

/* Delivers octets [from, to) of the stream. */
static void
give(struct bench *b, size_t from, size_t to)
{
	uint8_t *copy = malloc(to - from + 1);

	assert_non_null(copy);
	memcpy(copy, b->stream + from, to - from);
	b->event.kind = STREAM_DATA;
	b->event.offset = from;
	b->event.data = copy;
	b->event.size = to - from;
	dns_framer_event(b->framer, &b->event);
	free(copy);
}

static void
give_gap(struct bench *b, size_t from, size_t to)
{
	b->event.kind = STREAM_GAP;
	b->event.offset = from;
	b->event.data = NULL;
	b->event.size = to - from;
	dns_framer_event(b->framer, &b->event);
}

static void
close_stream(struct bench *b)
{
	b->event.kind = STREAM_CLOSE;
	dns_framer_event(b->framer, &b->event);
}

static void
finish(struct bench *b)
{
	close_stream(b);
	dns_framer_free(b->framer);
}

static void
test_segments(void **state)
{
	static struct bench b;

	(void)state;
	for (size_t step = 1; step < 500; step += 1 + step / 9) {
		setup(&b, 4, 1 << 20);
		for (unsigned i = 0; i < 6; i++)
			add_message(&b, i * 40);
		for (size_t at = 0; at < b.size; at += step)
			give(&b, at, at + step < b.size ? at + step : b.size);
		check(&b, "0 1 2 3 4 5");
		finish(&b);
		for (unsigned i = 0; i < DROP_COUNT; i++)
			assert_int_equal(b.drops.count[i], 0);
	}
}

static void
test_large_and_empty(void **state)
{
	static struct bench b;

	(void)state;
	setup(&b, 4, 1 << 20);
	add_message(&b, 65000);
	b.size += 2; /* a message of no octets */
	add_message(&b, 1);
	for (size_t at = 0; at < b.size; at += 1460)
		give(&b, at, at + 1460 < b.size ? at + 1460 : b.size);
	check(&b, "0 1");
	assert_int_equal(b.drops.count[DROP_DNS_STREAM_EMPTY], 1);
	finish(&b);
	assert_int_equal(b.drops.count[DROP_DNS_STREAM_UNFINISHED], 0);
}

/* Octets missing inside one message cost that message and no search. */
static void
test_gap_inside(void **state)
{
	static struct bench b;

	(void)state;
	setup(&b, 4, 1 << 20);
	for (unsigned i = 0; i < 4; i++)
		add_message(&b, 600);
	give(&b, 0, b.starts[1] + 100);
	give_gap(&b, b.starts[1] + 100, b.starts[1] + 200);
	give_gap(&b, b.starts[1] + 200, b.starts[1] + 300);
	give(&b, b.starts[1] + 300, b.starts[2] + 100);
	give_gap(&b, b.starts[2] + 100, b.starts[3]);
	give(&b, b.starts[3], b.size);
	check(&b, "0 3");
	finish(&b);
	assert_int_equal(b.drops.count[DROP_DNS_STREAM_GAP], 2);
	assert_int_equal(b.drops.count[DROP_DNS_STREAM_HUNT], 0);
}

/* Wherever octets are missing and however many, the first whole message behind them is found. */
static void
test_gap_anywhere(void **state)
{
	static struct bench b;

	(void)state;
	for (unsigned step = 7; step < 3000; step += 401) {
		for (size_t from = 0; from < 1000; from += 13) {
			for (size_t size = 1; size < 1200; size += 199) {
				char want[64] = "";
				size_t length = 0;
				setup(&b, 4, 1 << 20);
				for (unsigned i = 0; i < 8; i++)
					add_message(&b, i % 3 * 150);
				for (size_t at = 0; at < from; at += step)
					give(&b, at, at + step < from ? at + step : from);
				give_gap(&b, from, from + size);
				for (size_t at = from + size; at < b.size; at += step)
					give(&b, at, at + step < b.size ? at + step : b.size);
				for (unsigned i = 0; i < 8; i++) {
					size_t end = i < 7 ? b.starts[i + 1] : b.size;
					if (end <= from || b.starts[i] >= from + size)
						length += (size_t)snprintf(want + length,
						    sizeof want - length, "%s%u",
						    length != 0 ? " " : "", i);
				}
				check(&b, want);
				finish(&b);
			}
		}
	}
}

static void
test_midstream(void **state)
{
	static struct bench b;

	(void)state;
	for (size_t from = 1; from < 700; from += 11) {
		char want[64] = "";
		size_t length = 0;
		setup(&b, 4, 1 << 20);
		for (unsigned i = 0; i < 6; i++)
			add_message(&b, i % 3 * 150);
		memmove(b.stream, b.stream + from, b.size - from);
		b.event.midstream = true;
		for (size_t at = 0; at < b.size - from; at += 100)
			give(&b, at, at + 100 < b.size - from ? at + 100 : b.size - from);
		for (unsigned i = 0; i < 6; i++)
			if (b.starts[i] >= from)
				length += (size_t)snprintf(want + length, sizeof want - length,
				    "%s%u", length != 0 ? " " : "", i);
		check(&b, want);
		assert_int_equal(b.drops.count[DROP_DNS_STREAM_HUNT], 1);
		finish(&b);
	}
}

/* Directions and connections are apart. */
static void
test_interleaved(void **state)
{
	static struct bench b;

	(void)state;
	setup(&b, 8, 1 << 20);
	for (unsigned i = 0; i < 3; i++)
		add_message(&b, 100);
	for (size_t at = 0; at < b.size; at += 10) {
		for (unsigned i = 0; i < 4; i++) {
			b.event.id = i / 2;
			b.event.direction = (uint8_t)(i % 2);
			give(&b, at, at + 10 < b.size ? at + 10 : b.size);
		}
	}
	check(&b, "0 0 0 0 1 1 1 1 2 2 2 2");
	finish(&b);
}

/* Without memory a message is passed over, and the next one is delivered. */
static void
test_memory(void **state)
{
	static struct bench b;

	(void)state;
	setup(&b, 8, 2000);
	add_message(&b, 5000);
	add_message(&b, 100);
	for (size_t at = 0; at < b.size; at += 100)
		give(&b, at, at + 100 < b.size ? at + 100 : b.size);
	check(&b, "1");
	assert_int_equal(b.drops.count[DROP_DNS_STREAM_EVICTED], 1);
	assert_int_equal(b.drops.count[DROP_DNS_STREAM_HUNT], 0);
	finish(&b);
	/* Not even for a length. */
	setup(&b, 8, 10);
	add_message(&b, 100);
	give(&b, 0, 1);
	give(&b, 1, b.size);
	check(&b, "");
	finish(&b);
}

/* Who lost its place to others is searched, not believed. */
static void
test_places(void **state)
{
	static struct bench b;
	size_t middle;

	(void)state;
	setup(&b, 2, 1 << 20);
	add_message(&b, 100);
	add_message(&b, 100);
	middle = b.starts[1] / 2;
	for (unsigned i = 0; i < 4; i++) {
		b.event.id = i;
		give(&b, 0, middle);
	}
	assert_int_equal(b.drops.count[DROP_DNS_STREAM_EVICTED], 2);
	for (unsigned i = 0; i < 4; i++) {
		b.event.id = 3 - i;
		give(&b, middle, b.size);
	}
	check(&b, "0 1 0 1 1 1");
	for (unsigned i = 0; i < 4; i++) {
		b.event.id = i;
		close_stream(&b);
	}
	finish(&b);
}

/* A zone transfer's later messages may lack the question. */
static void
test_without_question(void **state)
{
	static struct bench b;
	static struct dns_build m;

	(void)state;
	setup(&b, 2, 1 << 20);
	for (unsigned i = 0; i < 2; i++) {
		build_header(&m, 0x8000, (uint16_t[]){ 0, 1, 0, 0 });
		put_be16(m.octets, (uint16_t)(7 + i));
		build_name(&m, "a.example");
		build_begin(&m, DNS_TYPE_A, DNS_CLASS_IN, 60);
		build_u32(&m, 1);
		build_end(&m);
		put_be16(b.stream + b.size, (uint16_t)m.size);
		memcpy(b.stream + b.size + 2, m.octets, m.size);
		b.size += 2 + m.size;
	}
	give_gap(&b, 0, 3);
	give(&b, 3, b.size);
	check(&b, "8");
	finish(&b);
}

/* Octets made to look like beginnings cost a bounded search, and what follows is found. */
static void
test_hostile(void **state)
{
	static struct bench b;
	static const uint8_t beginning[] = { 0xff, 0xff, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
		1, 0, 1 };

	(void)state;
	setup(&b, 2, 1 << 20);
	while (b.size < 190000) {
		memcpy(b.stream + b.size, beginning, sizeof beginning);
		b.size += sizeof beginning;
	}
	add_message(&b, 100);
	give_gap(&b, 0, 1);
	give(&b, 1, 65000);
	give(&b, 65000, 130000);
	give(&b, 130000, b.size);
	finish(&b);
	assert_int_equal(b.drops.count[DROP_DNS_STREAM_HUNT], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_large_and_empty),
		cmocka_unit_test(test_gap_inside),
		cmocka_unit_test(test_gap_anywhere),
		cmocka_unit_test(test_midstream),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_without_question),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
