/* SPDX-License-Identifier: ISC */
/* sFlow datagrams made word by word: for the tests of src/decode/sflow*.c. */
#ifndef YAGURA_TESTS_UNIT_DECODE_SFLOW_BUILD_H
#define YAGURA_TESTS_UNIT_DECODE_SFLOW_BUILD_H

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "decode/export.h"
#include "test.h"

#define DATAGRAM_ROOM 4096

struct datagram {
	uint8_t octets[DATAGRAM_ROOM];
	size_t size;
	uint32_t samples;
};

static inline void
put(struct datagram *d, uint32_t word)
{
	assert_true(d->size + 4 <= DATAGRAM_ROOM);
	put_be32(d->octets + d->size, word);
	d->size += 4;
}

static inline void
put_octets(struct datagram *d, const void *octets, size_t size)
{
	assert_true(d->size + size + 3 <= DATAGRAM_ROOM);
	memcpy(d->octets + d->size, octets, size);
	memset(d->octets + d->size + size, 0, -size & 3);
	d->size += (size + 3) & ~(size_t)3;
}

/* Version to the count of samples, which count_samples() sets. */
static inline void
datagram_begin(struct datagram *d, uint32_t agent, uint32_t sub_agent, uint32_t sequence)
{
	d->size = 0;
	d->samples = 0;
	put(d, 5);
	put(d, 1);
	put(d, agent);
	put(d, sub_agent);
	put(d, sequence);
	put(d, 1000 * sequence);
	put(d, 0);
}

/* Begins a sample or record; returns where its length goes. */
static inline size_t
part_begin(struct datagram *d, uint32_t type)
{
	put(d, type);
	put(d, 0);
	return d->size;
}

static inline void
part_end(struct datagram *d, size_t begin)
{
	put_be32(d->octets + begin - 4, (uint32_t)(d->size - begin));
}

static inline size_t
sample_begin(struct datagram *d, uint32_t type)
{
	put_be32(d->octets + 24, ++d->samples);
	return part_begin(d, type);
}

/* A data source's numbers. */
struct source_numbers {
	uint32_t index, sequence, rate, pool, drops;
};

/* A flow sample from interface 3 to 4, up to its count of records. */
static inline size_t
flow_begin_compact(struct datagram *d, const struct source_numbers *n, uint32_t records)
{
	size_t sample = sample_begin(d, 1);

	put(d, n->sequence);
	put(d, n->index);
	put(d, n->rate);
	put(d, n->pool);
	put(d, n->drops);
	put(d, 3);
	put(d, 4);
	put(d, records);
	return sample;
}

static inline size_t
flow_begin_expanded(struct datagram *d, const struct source_numbers *n, uint32_t output_format,
    uint32_t output, uint32_t records)
{
	size_t sample = sample_begin(d, 3);

	put(d, n->sequence);
	put(d, 0);
	put(d, n->index);
	put(d, n->rate);
	put(d, n->pool);
	put(d, n->drops);
	put(d, 0);
	put(d, 3);
	put(d, output_format);
	put(d, output);
	put(d, records);
	return sample;
}

/* An Ethernet frame of 10.0.0.1:1000 > 10.0.0.2:80, TCP with PSH and ACK, TTL 60. */
static inline size_t
ethernet_tcp(uint8_t *frame, uint16_t ip_octets)
{
	memset(frame, 0, 54);
	put_be16(frame + 12, 0x0800);
	frame[14] = 0x45;
	frame[15] = 0x28;
	put_be16(frame + 16, ip_octets);
	frame[22] = 60;
	frame[23] = 6;
	put_be32(frame + 26, 0x0a000001);
	put_be32(frame + 30, 0x0a000002);
	put_be16(frame + 34, 1000);
	put_be16(frame + 36, 80);
	frame[46] = 0x50;
	frame[47] = 0x18;
	return 54;
}

static inline void
header_record(struct datagram *d, uint32_t protocol, uint32_t frame_size, uint32_t stripped,
    const uint8_t *header, size_t size)
{
	size_t record = part_begin(d, 1);

	put(d, protocol);
	put(d, frame_size);
	put(d, stripped);
	put(d, (uint32_t)size);
	put_octets(d, header, size);
	part_end(d, record);
}

/* The TCP packet above, of so many octets at L3, in an Ethernet frame with its check sequence. */
static inline void
tcp_record(struct datagram *d, uint16_t ip_octets)
{
	uint8_t frame[64];
	size_t size = ethernet_tcp(frame, ip_octets);

	header_record(d, 1, ip_octets + 14U + 4U, 4, frame, size);
}

/* A collecting process and what it gave. */
struct collecting {
	struct exports *exports;
	struct export_options options;
	struct drop_counters drops;
	struct export_sink sink;
	nsec_t time;
};

static inline void
collecting_begin(struct collecting *c)
{
	memset(c, 0, sizeof *c);
	export_options_init(&c->options);
	c->options.drops = &c->drops;
	c->exports = exports_new(&c->options);
	c->time = 1700000000 * NSEC_PER_SEC;
}

static inline void
collecting_end(struct collecting *c)
{
	exports_free(c->exports);
	export_sink_release(&c->sink);
}

/* Gives octets that lie in memory of their own, so that a sanitizer sees a read beyond them. */
static inline void
collect_octets(struct collecting *c, const uint8_t *octets, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	static const uint8_t source[4] = { 192, 0, 2, 7 };

	assert_non_null(copy);
	memcpy(copy + 1, octets, size);
	exports_message(c->exports,
	    &(struct export_message){
		.exporter = address_from_ipv4(source),
		.time = c->time,
		.data = copy + 1,
		.size = size,
		.input_offset = 40,
	    },
	    &c->sink);
	free(copy);
}

static inline void
collect(struct collecting *c, const struct datagram *d)
{
	collect_octets(c, d->octets, d->size);
}

#endif
