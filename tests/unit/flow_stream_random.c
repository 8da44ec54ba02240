/* SPDX-License-Identifier: ISC */
/*
 * TCP stream reassembly over random streams, many seeds.
 *
 * Two streams, one each way, are cut into segments and put into one order of arrival: shuffled
 * within a window, repeated, overlapping.  Acknowledgements are those an honest receiver would send
 * at that moment.  What is delivered must be the streams, octet for octet.  With segments lost or
 * snapped by the capture, the gaps must be exactly the octets that no segment brought.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "flow/stream.h"
#include "test.h"

enum { STREAM_MOST = 30000, SEGMENTS_MOST = 4000, SEGMENT_MOST = 1460 };

static uint64_t
next(uint64_t *seed)
{
	*seed += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix64(*seed);
}

static uint32_t
below(uint64_t *seed, uint32_t limit)
{
	return (uint32_t)(next(seed) % limit);
}

/* One direction: the truth, what arrived at the receiver, what the capture brought. */
struct side {
	uint8_t octets[STREAM_MOST];
	uint8_t got[STREAM_MOST];
	bool arrived[STREAM_MOST + 1]; /* the last one is the FIN */
	bool captured[STREAM_MOST];
	bool gap[STREAM_MOST];
	uint32_t size, isn, contiguous;
	uint64_t offset; /* where the next event must be */
};

struct planned {
	uint8_t direction;
	uint32_t start, size, kept;
	bool fin, lost;
};

struct world {
	struct side side[2];
	struct planned plan[SEGMENTS_MOST];
	size_t planned;
	struct drop_counters drops;
	uint64_t digest; /* of all events */
	int opened, closed;
};

static void
deliver(void *context, const struct stream_event *e)
{
	struct world *w = context;
	struct side *s = &w->side[e->direction];
	uint64_t words[] = { w->digest, e->id, e->kind, e->direction, e->offset, e->size,
		(uint64_t)e->time, e->input_offset, e->source_port };

	w->digest = hash_mix_words(words, sizeof words / sizeof *words);
	w->opened += e->kind == STREAM_OPEN;
	w->closed += e->kind == STREAM_CLOSE;
	if (e->kind != STREAM_DATA && e->kind != STREAM_GAP)
		return;
	assert_int_equal(w->closed, 0);
	assert_int_equal(e->offset, s->offset);
	assert_true(e->size > 0 && e->size <= s->size - e->offset);
	for (size_t i = 0; i < e->size; i++) {
		s->gap[e->offset + i] = e->kind == STREAM_GAP;
		if (e->kind == STREAM_DATA)
			s->got[e->offset + i] = e->data[i];
	}
	s->offset += e->size;
}

static void
plan(struct world *w, struct planned p)
{
	assert_true(w->planned < SEGMENTS_MOST);
	w->plan[w->planned++] = p;
}

/* Both streams cut up, interleaved as they go. */
static void
plan_segments(struct world *w, uint64_t *seed, bool repeat)
{
	uint32_t at[2] = { 0, 0 };
	uint32_t most = 1 + below(seed, SEGMENT_MOST);

	if (most < 40)
		most = 40;
	while (at[0] < w->side[0].size || at[1] < w->side[1].size) {
		uint8_t d = (uint8_t)below(seed, 2);
		uint32_t left = w->side[d].size - at[d];
		uint32_t size = 1 + below(seed, most);

		if (left == 0)
			continue;
		size = size < left ? size : left;
		plan(w,
		    (struct planned){ .direction = d, .start = at[d], .size = size, .kept = size });
		at[d] += size;
		if (repeat && below(seed, 4) == 0) {
			uint32_t start = below(seed, at[d]);
			uint32_t again = 1 + below(seed, most);
			again = again < at[d] - start ? again : at[d] - start;
			plan(w, (struct planned){
				    .direction = d, .start = start, .size = again, .kept = again });
		}
	}
}

static void
shuffle(struct world *w, uint64_t *seed, uint32_t window)
{
	for (size_t i = 0; i + 1 < w->planned; i++) {
		size_t left = w->planned - i;
		size_t j = i + below(seed, left < window ? (uint32_t)left : window);
		struct planned swap = w->plan[i];
		w->plan[i] = w->plan[j];
		w->plan[j] = swap;
	}
}

static void
send_planned(struct stream_table *table, struct world *w, const struct planned *plan, uint8_t flags,
    uint64_t record)
{
	uint8_t frame[40 + SEGMENT_MOST] = { 0 };
	struct side *me = &w->side[plan->direction];
	const struct side *peer = &w->side[!plan->direction];
	struct packet p = {
		.time = (nsec_t)record * NSEC_PER_MS,
		.data = frame,
		.input_offset = record,
		.captured_size = 40 + plan->kept,
		.frame_size = 40 + plan->size,
		.octets = 40 + plan->size,
		.flags = PACKET_HAS_PORTS,
		.kind = PACKET_IP,
		.ip_version = 4,
		.protocol = IP_PROTOCOL_TCP,
		.l4_offset = 20,
		.source = address_from_ipv4((const uint8_t[]){ 10, 0, 0, 1 + plan->direction }),
		.destination =
		    address_from_ipv4((const uint8_t[]){ 10, 0, 0, 2 - plan->direction }),
		.source_port = plan->direction == 0 ? 40000 : 80,
		.destination_port = plan->direction == 0 ? 80 : 40000,
	};

	put_be32(frame + 24, me->isn + 1 + plan->start - ((flags & TCP_SYN) != 0));
	put_be32(frame + 28, peer->isn + 1 + peer->contiguous);
	frame[32] = 5 << 4;
	frame[33] = flags | (plan->fin ? TCP_FIN : 0);
	put_be16(frame + 34, 65535);
	memcpy(frame + 40, me->octets + plan->start, plan->size);
	for (uint32_t i = 0; i < plan->size; i++)
		me->arrived[plan->start + i] = true;
	if (plan->fin)
		me->arrived[me->size] = true;
	while (me->contiguous <= me->size && me->arrived[me->contiguous])
		me->contiguous++;
	if (plan->lost)
		return;
	for (uint32_t i = 0; i < plan->kept; i++)
		me->captured[plan->start + i] = true;
	stream_table_packet(table, &p);
}

static struct world *
world_new(uint64_t *seed)
{
	struct world *w = xcalloc(1, sizeof *w);

	for (int d = 0; d < 2; d++) {
		struct side *s = &w->side[d];
		s->size = below(seed, STREAM_MOST);
		s->isn = below(seed, 2) == 0 ? (uint32_t)next(seed)
					     : UINT32_MAX - below(seed, STREAM_MOST);
		for (uint32_t i = 0; i < s->size; i++)
			s->octets[i] = (uint8_t)next(seed);
	}
	return w;
}

static void
play(struct world *w, const struct hash_secret *secret, bool finish)
{
	struct stream_options options = { .connections = 4,
		.memory = 1 << 20,
		.memory_per_stream = 1 << 19,
		.idle = 1000 * NSEC_PER_SEC,
		.secret = *secret,
		.drops = &w->drops,
		.deliver = deliver,
		.context = w };
	struct stream_table *table = stream_table_new(&options);
	uint64_t record = 1;

	send_planned(table, w, &(struct planned){ 0 }, TCP_SYN, record++);
	send_planned(table, w, &(struct planned){ .direction = 1 }, TCP_SYN | TCP_ACK, record++);
	for (size_t i = 0; i < w->planned; i++)
		send_planned(table, w, &w->plan[i], TCP_ACK, record++);
	for (uint8_t d = 0; finish && d < 2; d++) {
		struct planned fin = { .direction = d, .start = w->side[d].size, .fin = true };
		send_planned(table, w, &fin, TCP_ACK, record++);
	}
	if (finish)
		send_planned(
		    table, w, &(struct planned){ .start = w->side[0].size }, TCP_ACK, record);
	stream_table_finish(table);
	assert_int_equal(stream_table_usage(table).memory, 0);
	stream_table_free(table);
	assert_int_equal(w->opened, 1);
	assert_int_equal(w->closed, 1);
}

static void
test_whole_streams(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 400; round++) {
		uint64_t seed = round;
		struct world *w = world_new(&seed);

		plan_segments(w, &seed, true);
		shuffle(w, &seed, 1 + below(&seed, 12));
		play(w, &(struct hash_secret){ 1, 2 }, round % 2 == 0);
		for (int d = 0; d < 2; d++) {
			assert_int_equal(w->side[d].offset, w->side[d].size);
			assert_memory_equal(w->side[d].got, w->side[d].octets, w->side[d].size);
		}
		assert_int_equal(w->drops.count[DROP_STREAM_GAP], 0);
		assert_int_equal(w->drops.count[DROP_STREAM_IGNORED], 0);
		free(w);
	}
}

static void
lose(struct world *w, uint64_t *seed)
{
	for (size_t i = 0; i < w->planned; i++) {
		if (below(seed, 10) == 0)
			w->plan[i].lost = true;
		else if (below(seed, 10) == 0)
			w->plan[i].kept = below(seed, w->plan[i].size);
	}
}

static void
test_gaps_are_exact(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 400; round++) {
		uint64_t seed = round + 1000000;
		struct world *w = world_new(&seed);

		plan_segments(w, &seed, false);
		shuffle(w, &seed, 1 + below(&seed, 12));
		lose(w, &seed);
		play(w, &(struct hash_secret){ 1, 2 }, true);
		for (int d = 0; d < 2; d++) {
			const struct side *s = &w->side[d];
			assert_int_equal(s->offset, s->size);
			for (uint32_t i = 0; i < s->size; i++) {
				assert_int_equal(s->gap[i], !s->captured[i]);
				assert_true(s->gap[i] || s->got[i] == s->octets[i]);
			}
		}
		free(w);
	}
}

/* The events are the same whatever the secret of the hash is. */
static void
test_secret_does_not_matter(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 20; round++) {
		uint64_t digest[2];

		for (int i = 0; i < 2; i++) {
			uint64_t seed = round;
			struct world *w = world_new(&seed);
			plan_segments(w, &seed, true);
			shuffle(w, &seed, 10);
			play(w, &(struct hash_secret){ (uint64_t)i * 77, 5 }, true);
			digest[i] = w->digest;
			free(w);
		}
		assert_int_equal(digest[0], digest[1]);
	}
}

/* Counts and digests whatever comes. */
struct soup {
	uint64_t digest, events;
};

static void
deliver_soup(void *context, const struct stream_event *e)
{
	struct soup *soup = context;
	uint64_t words[] = { soup->digest, e->id, e->kind, e->direction, e->offset, e->size };

	soup->digest = hash_mix_words(words, sizeof words / sizeof *words);
	soup->events++;
}

/* Random packets of many connections in a table too small for them: the same events again. */
static struct soup
cook(const struct hash_secret *secret)
{
	struct soup soup = { 0 };
	struct drop_counters drops = { 0 };
	struct stream_options options = { .connections = 16,
		.memory = 4000,
		.memory_per_stream = 1500,
		.idle = NSEC_PER_SEC,
		.secret = *secret,
		.drops = &drops,
		.deliver = deliver_soup,
		.context = &soup };
	struct stream_table *table = stream_table_new(&options);
	uint64_t seed = 5;

	for (uint64_t i = 0; i < 50000; i++) {
		static const uint8_t flags[] = { TCP_SYN, TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK,
			TCP_SYN | TCP_ACK, TCP_RST, TCP_ACK | TCP_FIN };
		uint8_t frame[140] = { 0 };
		bool back = below(&seed, 2) != 0;
		uint16_t port = (uint16_t)(1000 + below(&seed, 40));
		struct packet p = {
			.time = (nsec_t)i * NSEC_PER_MS * 10,
			.data = frame,
			.captured_size = 40 + below(&seed, 100),
			.flags = PACKET_HAS_PORTS,
			.kind = PACKET_IP,
			.protocol = IP_PROTOCOL_TCP,
			.l4_offset = 20,
			.source = address_from_ipv4((const uint8_t[]){ 10, 0, 0, 1 + back }),
			.destination = address_from_ipv4((const uint8_t[]){ 10, 0, 0, 2 - back }),
			.source_port = back ? 80 : port,
			.destination_port = back ? port : 80,
		};
		p.octets = p.frame_size = p.captured_size;
		put_be32(frame + 24, below(&seed, 500));
		put_be32(frame + 28, below(&seed, 500));
		frame[32] = 5 << 4;
		frame[33] = flags[below(&seed, sizeof flags)];
		put_be16(frame + 34, 500);
		stream_table_packet(table, &p);
		assert_true(stream_table_usage(table).memory <= options.memory);
	}
	assert_true(drops.count[DROP_STREAM_EVICTED] > 100);
	stream_table_finish(table);
	stream_table_free(table);
	return soup;
}

static void
test_secret_does_not_matter_when_full(void **state)
{
	struct soup a = cook(&(struct hash_secret){ 1, 2 });
	struct soup b = cook(&(struct hash_secret){ 3, 4 });

	(void)state;
	assert_true(a.events > 10000);
	assert_int_equal(a.events, b.events);
	assert_int_equal(a.digest, b.digest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_streams),
		cmocka_unit_test(test_gaps_are_exact),
		cmocka_unit_test(test_secret_does_not_matter),
		cmocka_unit_test(test_secret_does_not_matter_when_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
