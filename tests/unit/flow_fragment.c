/* SPDX-License-Identifier: ISC */
/* Fragments: whose ports they carry, and datagrams put together again, rule by rule. */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "flow/fragment.h"
#include "test.h"

enum { RELEASED_MOST = 64, HEADER = 20, DATAGRAM_MOST = 65535 };

struct bench {
	struct fragment_ports *ports;
	struct fragment_reassembly *reassembly;
	struct drop_counters drops;
	struct packet released[RELEASED_MOST];
	size_t released_count;
	uint8_t whole[DATAGRAM_MOST]; /* of the last datagram */
	nsec_t now;
};

struct piece {
	uint32_t id, offset, size;
	const uint8_t *octets; /* of the whole datagram; NULL stands for zeros */
	uint16_t port;         /* of a first fragment: destination */
	bool more, six, snapped;
	uint8_t protocol; /* 0 stands for UDP */
	uint32_t host;    /* last octets of the source address */
	uint16_t vlan;
	uint64_t record;
};

static void
release(void *context, const struct packet *p)
{
	struct bench *b = context;

	if (p->flags & PACKET_REASSEMBLED)
		memcpy(b->whole, p->data, p->captured_size);
	else
		assert_null(p->data);
	if (b->released_count < RELEASED_MOST)
		b->released[b->released_count] = *p;
	b->released_count++;
}

static struct bench *
begin(size_t datagrams, size_t memory)
{
	struct bench *b = xcalloc(1, sizeof *b);
	struct fragment_options options = { .datagrams = datagrams,
		.memory = memory,
		.timeout = 60 * NSEC_PER_SEC,
		.secret = { 1, 2 },
		.drops = &b->drops,
		.release = release,
		.context = b };

	b->ports = fragment_ports_new(&options);
	b->reassembly = fragment_reassembly_new(&options);
	return b;
}

static void
end(struct bench *b)
{
	fragment_ports_finish(b->ports);
	fragment_reassembly_finish(b->reassembly);
	assert_int_equal(fragment_ports_usage(b->ports).held, 0);
	assert_int_equal(fragment_ports_usage(b->ports).datagrams, 0);
	assert_int_equal(fragment_reassembly_usage(b->reassembly).held, 0);
	assert_int_equal(fragment_reassembly_usage(b->reassembly).datagrams, 0);
	fragment_ports_free(b->ports);
	fragment_reassembly_free(b->reassembly);
	free(b);
}

static struct packet
packet_of(const struct bench *b, const struct piece *f)
{
	uint8_t source[16] = { 0x20, 0x01, [12] = (uint8_t)(f->host >> 24),
		(uint8_t)(f->host >> 16), (uint8_t)(f->host >> 8), (uint8_t)f->host };
	struct packet p = {
		.time = b->now,
		.input_offset = f->record,
		.flags = PACKET_FRAGMENT,
		.fragment_id = f->id,
		.fragment_offset = (uint16_t)f->offset,
		.octets = HEADER + f->size,
		.kind = PACKET_IP,
		.ip_version = f->six ? 6 : 4,
		.protocol = f->protocol != 0 ? f->protocol : IP_PROTOCOL_UDP,
		.fragment_protocol = f->protocol != 0 ? f->protocol : IP_PROTOCOL_UDP,
		.vlan = f->vlan != 0 ? f->vlan : VLAN_NONE,
		.fragment_data = HEADER,
		.source = f->six ? address_from_ipv6(source) : address_from_ipv4(source + 12),
		.destination = address_from_ipv4((const uint8_t[]){ 10, 0, 0, 9 }),
	};

	if (!f->more)
		p.flags |= PACKET_FRAGMENT_LAST;
	if (f->offset == 0) {
		p.flags |= PACKET_FRAGMENT_FIRST | PACKET_HAS_PORTS;
		p.source_port = 53;
		p.destination_port = f->port;
	}
	return p;
}

static bool
resolve(struct bench *b, struct piece f, struct packet *ret_packet)
{
	*ret_packet = packet_of(b, &f);
	return fragment_resolve(b->ports, ret_packet);
}

static void
reassemble(struct bench *b, struct piece f)
{
	uint8_t *frame = xcalloc(1, HEADER + f.size);
	struct packet p = packet_of(b, &f);

	if (f.octets != NULL)
		memcpy(frame + HEADER, f.octets + f.offset, f.size);
	p.data = frame;
	p.frame_size = HEADER + f.size;
	p.captured_size = p.frame_size - (f.snapped ? 1 : 0);
	fragment_reassemble(b->reassembly, &p);
	free(frame);
}

#define REASSEMBLE(b, ...) reassemble((b), (struct piece){ __VA_ARGS__ })
#define RESOLVE(b, p, ...) resolve((b), (struct piece){ __VA_ARGS__ }, (p))

/* --- ports --- */

static void
test_ports_of_later_fragments(void **state)
{
	struct bench *b = begin(8, 0);
	struct packet p;

	(void)state;
	assert_true(RESOLVE(b, &p, .id = 1, .size = 1480, .more = true, .port = 4000));
	assert_true(RESOLVE(b, &p, .id = 1, .offset = 1480, .size = 100));
	assert_int_equal(p.source_port, 53);
	assert_int_equal(p.destination_port, 4000);
	assert_true(p.flags & PACKET_HAS_PORTS);
	assert_false(RESOLVE(b, &p, .id = 2, .offset = 1480, .size = 100)); /* another one */
	assert_false(RESOLVE(b, &p, .id = 1, .offset = 1480, .size = 9, .protocol = 17, .host = 3));
	assert_false(RESOLVE(b, &p, .id = 1, .offset = 1480, .size = 9, .protocol = 6));
	assert_false(RESOLVE(b, &p, .id = 1, .offset = 1480, .size = 9, .vlan = 7));
	p = (struct packet){ 0 };
	assert_true(fragment_resolve(b->ports, &p)); /* no fragment */
	fragment_ports_finish(b->ports);
	assert_int_equal(b->released_count, 4);
	assert_int_equal(b->drops.count[DROP_FRAGMENT_ORPHAN], 4);
	assert_false(b->released[0].flags & PACKET_HAS_PORTS);
	end(b);
}

static void
test_ports_first_comes_last(void **state)
{
	struct bench *b = begin(8, 0);
	struct packet p;

	(void)state;
	assert_false(RESOLVE(b, &p, .id = 1, .offset = 2960, .size = 10, .record = 1));
	assert_false(
	    RESOLVE(b, &p, .id = 1, .offset = 1480, .size = 1480, .more = true, .record = 2));
	assert_int_equal(fragment_ports_usage(b->ports).held, 2);
	assert_true(RESOLVE(b, &p, .id = 1, .size = 1480, .more = true, .port = 4000));
	assert_int_equal(b->released_count, 2);
	assert_int_equal(b->released[0].input_offset, 1);
	assert_int_equal(b->released[1].input_offset, 2);
	assert_int_equal(b->released[1].destination_port, 4000);
	assert_true(RESOLVE(b, &p, .id = 1, .offset = 8, .size = 10));
	assert_int_equal(b->drops.count[DROP_FRAGMENT_ORPHAN], 0);
	end(b);
}

/* RFC 8200 section 4.5: fragments after the first may name another header. */
static void
test_ports_ipv6_protocol(void **state)
{
	struct bench *b = begin(8, 0);
	struct packet p;

	(void)state;
	assert_false(RESOLVE(b, &p, .six = true, .id = 1, .offset = 8, .size = 8, .protocol = 60));
	assert_true(RESOLVE(
	    b, &p, .six = true, .id = 1, .size = 8, .more = true, .port = 9, .protocol = 17));
	assert_int_equal(b->released[0].protocol, 17);
	assert_true(RESOLVE(b, &p, .six = true, .id = 1, .offset = 16, .size = 8, .protocol = 44));
	assert_int_equal(p.protocol, 17);
	assert_int_equal(p.destination_port, 9);
	end(b);
}

static void
test_ports_atomic(void **state)
{
	struct bench *b = begin(8, 0);
	struct packet p;

	(void)state;
	assert_true(RESOLVE(b, &p, .six = true, .id = 1, .size = 8, .port = 4000));
	assert_int_equal(fragment_ports_usage(b->ports).datagrams, 0);
	end(b);
}

static void
test_ports_id_used_again(void **state)
{
	struct bench *b = begin(8, 0);
	struct packet p;

	(void)state;
	assert_true(RESOLVE(b, &p, .id = 1, .size = 1480, .more = true, .port = 4000));
	assert_true(RESOLVE(b, &p, .id = 1, .size = 1480, .more = true, .port = 5000));
	assert_true(RESOLVE(b, &p, .id = 1, .offset = 1480, .size = 100));
	assert_int_equal(p.destination_port, 5000);
	end(b);
}

static void
test_ports_timeout(void **state)
{
	struct bench *b = begin(8, 0);
	struct packet p;

	(void)state;
	assert_true(RESOLVE(b, &p, .id = 1, .size = 1480, .more = true, .port = 4000));
	assert_false(RESOLVE(b, &p, .id = 2, .offset = 1480, .size = 100));
	fragment_ports_advance(b->ports, 60 * NSEC_PER_SEC);
	assert_int_equal(b->released_count, 0);
	fragment_ports_advance(b->ports, 60 * NSEC_PER_SEC + 1);
	assert_int_equal(b->released_count, 1);
	assert_int_equal(b->drops.count[DROP_FRAGMENT_ORPHAN], 1);
	b->now = 61 * NSEC_PER_SEC;
	assert_false(RESOLVE(b, &p, .id = 1, .offset = 1480, .size = 100));
	/* A clock that jumps back does not keep things for ever. */
	b->now = -100 * NSEC_PER_SEC;
	assert_false(RESOLVE(b, &p, .id = 3, .offset = 1480, .size = 100));
	assert_int_equal(b->released_count, 2);
	end(b);
}

static void
test_ports_flood_without_first(void **state)
{
	struct bench *b = begin(64, 0);
	struct packet p;

	(void)state;
	assert_true(RESOLVE(b, &p, .id = 1, .size = 1480, .more = true, .port = 4000));
	for (uint32_t i = 0; i < 100000; i++) {
		assert_false(RESOLVE(b, &p, .id = 5, .offset = 8, .size = 8, .host = i + 1));
		assert_true(fragment_ports_usage(b->ports).held <= 32);
		assert_true(fragment_ports_usage(b->ports).datagrams <= 64);
	}
	assert_int_equal(b->drops.count[DROP_FRAGMENT_EVICTED], 100000 - 32);
	assert_int_equal(b->released_count, 100000 - 32);
	assert_true(RESOLVE(b, &p, .id = 1, .offset = 1480, .size = 100));
	end(b);
}

/* All of one datagram: the number of held fragments has its own end. */
static void
test_ports_flood_of_one(void **state)
{
	struct bench *b = begin(64, 0);
	struct packet p;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		assert_false(RESOLVE(b, &p, .id = 5, .offset = 8, .size = 8));
		assert_true(fragment_ports_usage(b->ports).held <= 64);
	}
	assert_int_equal(
	    b->drops.count[DROP_FRAGMENT_EVICTED] + fragment_ports_usage(b->ports).held, 1000);
	end(b);
}

static void
test_ports_flood_of_firsts(void **state)
{
	struct bench *b = begin(64, 0);
	struct packet p;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		assert_true(RESOLVE(b, &p, .id = 5, .size = 8, .more = true, .host = i + 1));
		assert_true(fragment_ports_usage(b->ports).datagrams <= 64);
	}
	assert_int_equal(b->drops.count[DROP_FRAGMENT_EVICTED], 100000 - 64);
	end(b);
}

/* --- reassembly --- */

static uint8_t *
random_octets(size_t size)
{
	uint8_t *octets = xmalloc(size);

	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)rand();
	return octets;
}

static void
test_in_any_order(void **state)
{
	static const uint32_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };
	uint8_t *octets = random_octets(3000);

	(void)state;
	for (int six = 0; six < 2; six++) {
		for (size_t i = 0; i < 6; i++) {
			struct bench *b = begin(8, 1 << 16);
			for (size_t j = 0; j < 3; j++) {
				uint32_t n = orders[i][j];
				REASSEMBLE(b, .id = 1, .offset = n * 1200, .octets = octets,
				    .size = n == 2 ? 600 : 1200, .more = n != 2, .six = six != 0,
				    .record = n + 1);
			}
			assert_int_equal(b->released_count, 1);
			assert_int_equal(b->released[0].captured_size, 3000);
			assert_int_equal(b->released[0].octets, 3000 + HEADER);
			assert_int_equal(b->released[0].flags, PACKET_REASSEMBLED);
			assert_int_equal(b->released[0].input_offset, 1);
			assert_int_equal(b->released[0].protocol, IP_PROTOCOL_UDP);
			assert_memory_equal(b->whole, octets, 3000);
			assert_int_equal(fragment_reassembly_usage(b->reassembly).held, 0);
			end(b);
		}
	}
	free(octets);
}

static void
test_atomic(void **state)
{
	struct bench *b = begin(8, 1 << 16);

	(void)state;
	REASSEMBLE(b, .six = true, .id = 1, .size = 8, .more = true);
	REASSEMBLE(b, .six = true, .id = 1, .size = 100, .octets = b->whole);
	assert_int_equal(b->released_count, 1);
	assert_int_equal(b->released[0].captured_size, 100);
	REASSEMBLE(b, .six = true, .id = 1, .size = 100, .snapped = true);
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_SNAPPED], 1);
	REASSEMBLE(b, .six = true, .id = 1, .offset = 8, .size = 8);
	assert_int_equal(b->released_count, 2);
	end(b);
}

static void
test_overlap_ipv4_first_wins(void **state)
{
	struct bench *b = begin(8, 1 << 16);
	uint8_t *one = random_octets(64), *two = random_octets(64);

	(void)state;
	REASSEMBLE(b, .id = 1, .offset = 16, .size = 16, .more = true, .octets = one);
	REASSEMBLE(b, .id = 1, .offset = 16, .size = 16, .more = true, .octets = one); /* again */
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_OVERLAP], 0);
	REASSEMBLE(b, .id = 1, .offset = 0, .size = 24, .more = true, .octets = two);
	REASSEMBLE(b, .id = 1, .offset = 16, .size = 16, .more = true, .octets = two);
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_OVERLAP], 2);
	REASSEMBLE(b, .id = 1, .offset = 32, .size = 32, .octets = one);
	assert_int_equal(b->released_count, 1);
	assert_memory_equal(b->whole, two, 16);
	assert_memory_equal(b->whole + 16, one + 16, 48);
	free(one);
	free(two);
	end(b);
}

static void
test_overlap_ipv6_gives_up(void **state)
{
	struct bench *b = begin(8, 1 << 16);
	uint8_t *one = random_octets(64), *two = random_octets(64);

	(void)state;
	REASSEMBLE(b, .six = true, .id = 1, .offset = 0, .size = 32, .more = true, .octets = one);
	REASSEMBLE(b, .six = true, .id = 1, .offset = 0, .size = 32, .more = true, .octets = one);
	REASSEMBLE(b, .six = true, .id = 1, .offset = 24, .size = 16, .more = true, .octets = two);
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_OVERLAP], 1);
	assert_int_equal(fragment_reassembly_usage(b->reassembly).held, 0);
	/* What comes later of it goes the same way, and is not counted again. */
	REASSEMBLE(b, .six = true, .id = 1, .offset = 0, .size = 32, .more = true, .octets = one);
	REASSEMBLE(b, .six = true, .id = 1, .offset = 32, .size = 32, .octets = one);
	assert_int_equal(b->released_count, 0);
	fragment_reassembly_finish(b->reassembly);
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_TIMEOUT], 0);
	free(one);
	free(two);
	end(b);
}

static void
test_contradicting_end(void **state)
{
	struct bench *b = begin(8, 1 << 16);

	(void)state;
	REASSEMBLE(b, .id = 1, .offset = 16, .size = 16);
	REASSEMBLE(b, .id = 1, .offset = 32, .size = 16);               /* beyond the end */
	REASSEMBLE(b, .id = 1, .offset = 16, .size = 8);                /* an earlier end */
	REASSEMBLE(b, .id = 1, .offset = 40, .size = 16, .more = true); /* beyond */
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_OVERLAP], 3);
	REASSEMBLE(b, .id = 1, .offset = 0, .size = 16, .more = true);
	assert_int_equal(b->released_count, 1);
	assert_int_equal(b->released[0].captured_size, 32);
	REASSEMBLE(b, .id = 2, .offset = 64, .size = 16, .more = true);
	REASSEMBLE(b, .id = 2, .offset = 16, .size = 8); /* an end before octets that are held */
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_OVERLAP], 4);
	end(b);
}

static void
test_impossible_fragments(void **state)
{
	struct bench *b = begin(8, 1 << 20);

	(void)state;
	REASSEMBLE(b, .id = 1, .offset = 65528, .size = 1480);             /* ping of death */
	REASSEMBLE(b, .id = 1, .offset = 0, .size = 12, .more = true);     /* no multiple of 8 */
	REASSEMBLE(b, .id = 1, .offset = 8, .size = 0);                    /* nothing */
	REASSEMBLE(b, .id = 1, .offset = 65512, .size = 8, .more = false); /* header beyond 65535 */
	assert_int_equal(fragment_reassembly_usage(b->reassembly).datagrams, 0);
	REASSEMBLE(b, .id = 1, .offset = 65504, .size = 11); /* the last octet there is */
	assert_int_equal(fragment_reassembly_usage(b->reassembly).datagrams, 1);
	end(b);
}

static void
test_largest_datagram_of_tiny_fragments(void **state)
{
	struct bench *b = begin(8, 1 << 20);
	uint8_t *octets = random_octets(65515);

	(void)state;
	for (uint32_t at = 0; at < 65515; at += 24)
		REASSEMBLE(b, .id = 1, .offset = at, .octets = octets, .more = at + 24 < 65515,
		    .size = at + 24 < 65515 ? 24 : 65515 - at);
	assert_int_equal(b->released_count, 1);
	assert_int_equal(b->released[0].octets, 65535);
	assert_memory_equal(b->whole, octets, 65515);
	/* More pieces than are kept of one datagram: it is given up. */
	for (uint32_t at = 0; at < 65504; at += 8)
		REASSEMBLE(b, .id = 2, .offset = at, .size = 8, .octets = octets, .more = true);
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_EVICTED], 1);
	free(octets);
	end(b);
}

static void
test_snapped(void **state)
{
	struct bench *b = begin(8, 1 << 16);

	(void)state;
	REASSEMBLE(b, .id = 1, .size = 16, .more = true);
	REASSEMBLE(b, .id = 1, .offset = 16, .size = 16, .more = true, .snapped = true);
	REASSEMBLE(b, .id = 1, .offset = 32, .size = 16, .snapped = true);
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_SNAPPED], 1);
	assert_int_equal(fragment_reassembly_usage(b->reassembly).held, 0);
	end(b);
}

static void
test_timeout(void **state)
{
	struct bench *b = begin(8, 1 << 16);

	(void)state;
	REASSEMBLE(b, .id = 1, .size = 16, .more = true);
	b->now = 61 * NSEC_PER_SEC;
	REASSEMBLE(b, .id = 1, .offset = 16, .size = 16);
	assert_int_equal(b->released_count, 0);
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_TIMEOUT], 1);
	fragment_reassembly_finish(b->reassembly);
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_TIMEOUT], 2);
	end(b);
}

static void
test_flood_of_firsts(void **state)
{
	struct bench *b = begin(1000, 100000);

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		REASSEMBLE(b, .id = 1, .size = 8 + i % 100 * 8, .more = true, .host = i + 1);
		assert_true(fragment_reassembly_usage(b->reassembly).held <= 100000);
		assert_true(fragment_reassembly_usage(b->reassembly).datagrams <= 1000);
	}
	assert_int_equal(b->drops.count[DROP_REASSEMBLY_EVICTED] +
			     fragment_reassembly_usage(b->reassembly).datagrams,
	    20000);
	end(b);
}

/* Random datagrams in random fragments, several at a time, shuffled, repeated. */
static void
test_random_datagrams(void **state)
{
	enum { AT_ONCE = 5 };

	(void)state;
	srand(3);
	for (int round = 0; round < 300; round++) {
		struct bench *b = begin(AT_ONCE, 1 << 20);
		uint8_t *octets[AT_ONCE];
		struct piece pieces[AT_ONCE * 200];
		size_t count = 0, done_count = 0;
		bool done[AT_ONCE] = { false };

		for (uint32_t d = 0; d < AT_ONCE; d++) {
			uint32_t size = 9 + (uint32_t)rand() % 9000;
			uint32_t step = 64 + (uint32_t)rand() % 180 * 8;
			octets[d] = random_octets(size);
			for (uint32_t at = 0; at < size; at += step) {
				bool more = size - at > step;
				struct piece piece = { .id = d,
					.offset = at,
					.octets = octets[d],
					.six = d % 2 == 0,
					.more = more || at == 0,
					.size = more ? step : size - at };
				/* A datagram is more than one fragment here. */
				if (at == 0 && !more)
					piece.size = 8;
				pieces[count++] = piece;
				if (at == 0 && !more)
					pieces[count++] = (struct piece){ .id = d,
						.offset = 8,
						.octets = octets[d],
						.six = d % 2 == 0,
						.size = size - 8 };
			}
		}
		for (size_t i = 0; i < count; i++) {
			size_t j = i + (size_t)rand() % (count - i);
			struct piece swap = pieces[i];
			pieces[i] = pieces[j];
			pieces[j] = swap;
		}
		for (size_t i = 0; i < count; i++) {
			const struct piece *again = &pieces[(size_t)rand() % (i + 1)];
			reassemble(b, pieces[i]);
			if (b->released_count != done_count) {
				const struct packet *p = &b->released[done_count++];
				assert_memory_equal(
				    b->whole, octets[p->fragment_id], p->captured_size);
				done[p->fragment_id] = true;
			}
			if (!done[again->id])
				reassemble(b, *again);
		}
		assert_int_equal(b->released_count, AT_ONCE);
		assert_int_equal(b->drops.count[DROP_REASSEMBLY_OVERLAP], 0);
		for (uint32_t d = 0; d < AT_ONCE; d++)
			free(octets[d]);
		end(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports_of_later_fragments),
		cmocka_unit_test(test_ports_first_comes_last),
		cmocka_unit_test(test_ports_ipv6_protocol),
		cmocka_unit_test(test_ports_atomic),
		cmocka_unit_test(test_ports_id_used_again),
		cmocka_unit_test(test_ports_timeout),
		cmocka_unit_test(test_ports_flood_without_first),
		cmocka_unit_test(test_ports_flood_of_one),
		cmocka_unit_test(test_ports_flood_of_firsts),
		cmocka_unit_test(test_in_any_order),
		cmocka_unit_test(test_atomic),
		cmocka_unit_test(test_overlap_ipv4_first_wins),
		cmocka_unit_test(test_overlap_ipv6_gives_up),
		cmocka_unit_test(test_contradicting_end),
		cmocka_unit_test(test_impossible_fragments),
		cmocka_unit_test(test_largest_datagram_of_tiny_fragments),
		cmocka_unit_test(test_snapped),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_flood_of_firsts),
		cmocka_unit_test(test_random_datagrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
