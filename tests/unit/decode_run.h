/* SPDX-License-Identifier: ISC */
/*
 * Decoding of built frames in unit tests: whole, and cut at every length in both ways a frame can
 * be short.
 */
#ifndef YAGURA_TESTS_UNIT_DECODE_RUN_H
#define YAGURA_TESTS_UNIT_DECODE_RUN_H

#include <stdlib.h>

#include "test.h"

#define CHECK(condition) assert_true(condition)

#include "decode_build.h"
#include "decode_check.h"

#define NO_DROP DROP_COUNT

/* The memory of a decoded packet is the caller's to free (`copy`). */
struct decoded {
	struct packet p;
	struct drop_counters drops;
	uint8_t *copy; /* owned */
};

/* Decodes the first `captured_size` octets, in memory of exactly that size, so that the address
 * sanitizer sees a read past them. */
static inline struct decoded
run_cut(const struct frame *f, uint16_t link_type, size_t captured_size, size_t frame_size)
{
	struct decoded d;

	d.copy = malloc(captured_size > 0 ? captured_size : 1);
	assert_non_null(d.copy);
	memcpy(d.copy, f->octets, captured_size);
	memset(&d.p, 0x5a, sizeof d.p);
	d.p.data = d.copy;
	d.p.captured_size = (uint32_t)captured_size;
	d.p.frame_size = (uint32_t)frame_size;
	d.p.link_type = link_type;
	check_decode(&d.p, &d.drops);
	return d;
}

/* The same, for when only the packet's own fields matter. */
static inline struct decoded
run(const struct frame *f, uint16_t link_type)
{
	struct decoded d = run_cut(f, link_type, f->size, f->size);

	free(d.copy);
	d.copy = NULL;
	d.p.data = f->octets;
	return d;
}

static inline uint64_t
run_drop_total(const struct decoded *d)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < DROP_COUNT; i++)
		total += d->drops.count[i];
	return total;
}

/* Exactly one counter was raised, or none for NO_DROP. */
static inline void
run_expect_drop(const struct decoded *d, unsigned which)
{
	assert_int_equal(run_drop_total(d), which == NO_DROP ? 0 : 1);
	if (which != NO_DROP)
		assert_int_equal(d->drops.count[which], 1);
}

/* The packet of build_datagram or build_datagram6 was measured. */
static inline void
run_expect_datagram(const struct decoded *d)
{
	char source[ADDRESS_TEXT_SIZE];

	assert_int_equal(d->p.kind, PACKET_IP);
	assert_string_equal(address_format(&d->p.source, source),
	    d->p.ip_version == 4 ? "192.0.2.1" : "2001:db8::1");
	assert_int_equal(d->p.protocol, IP_PROTOCOL_UDP);
	assert_int_equal(d->p.octets, d->p.ip_version == 4 ? 32 : 52);
	assert_int_equal(d->p.source_port, BUILD_SOURCE_PORT);
	assert_int_equal(d->p.destination_port, BUILD_PORT);
	assert_int_equal(d->p.payload_size, 4);
	assert_memory_equal(d->p.data + d->p.payload_offset, BUILD_PAYLOAD, 4);
}

/* Cut by the capture: nothing is malformed or truncated, and what is missing is flagged.  `l3_end`
 * is where the outermost IP packet ends in the frame. */
static inline void
run_snapped(const struct frame *f, uint16_t link_type, size_t l3_end, const struct decoded *whole)
{
	for (size_t size = 0; size < f->size; size++) {
		struct decoded d = run_cut(f, link_type, size, f->size);

		for (unsigned i = 0; i < DROP_COUNT; i++) {
			if (i != DROP_FRAME_SNAPPED)
				assert_true(d.drops.count[i] <= whole->drops.count[i]);
		}
		if (size < l3_end)
			assert_true((d.p.flags & PACKET_SNAPPED) != 0);
		if (d.p.kind == PACKET_IP && d.p.tunnel_depth == whole->p.tunnel_depth) {
			assert_int_equal(d.p.octets, whole->p.octets);
			assert_true(address_equal(&d.p.source, &whole->p.source));
		}
		free(d.copy);
	}
}

/* Really short: the frame ended there on the wire, and a counter says so. */
static inline void
run_short(const struct frame *f, uint16_t link_type, size_t l3_end)
{
	for (size_t size = 0; size < f->size; size++) {
		struct decoded d = run_cut(f, link_type, size, size);

		assert_true((d.p.flags & PACKET_SNAPPED) == 0);
		assert_int_equal(d.drops.count[DROP_FRAME_SNAPPED], 0);
		if (size < l3_end)
			assert_true(run_drop_total(&d) > 0);
		free(d.copy);
	}
}

/* Decodes the frame whole and at every length; `trailer` octets at its end are no part of the
 * packet. */
static inline struct decoded
run_all(const struct frame *f, uint16_t link_type, size_t trailer)
{
	struct decoded whole = run(f, link_type);

	run_snapped(f, link_type, f->size - trailer, &whole);
	run_short(f, link_type, f->size - trailer);
	return whole;
}

#endif
