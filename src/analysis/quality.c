/* SPDX-License-Identifier: ISC */
/*
 * What the review rests on: what was read, cut short, dropped, evicted, out of order or seen twice.
 *
 * The pipeline's named counters (obs/drop.h) are kept per window beside a few of our own.  A
 * duplicate is a packet with the same addresses, ports, lengths, IP identification, and the same
 * first octets of transport header as one of the last DUPLICATE_MEMORY packets of its shard not
 * more than DUPLICATE_WITHIN before: what a mirror port or a capture on two interfaces makes.  Hop
 * limits are left out, so that the copy before and after a router is found.
 */
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/quality_section.h"

#define DUPLICATE_MEMORY 8
#define DUPLICATE_WITHIN NSEC_PER_MS
#define LINKS            512 /* link types with a counter of their own; the last takes all above */

struct link_sums {
	uint64_t frames, octets;
};

struct state {
	uint64_t drops[DROP_COUNT];
	uint64_t own[QUALITY_OWN_COUNT];
	struct link_sums links[LINKS];
	uint64_t seen[DUPLICATE_MEMORY]; /* fingerprints of the last packets */
	nsec_t seen_time[DUPLICATE_MEMORY];
	unsigned seen_next;
	bool touched;
};

static enum err
quality_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	(void)opaque;
	(void)context;
	(void)info;
	return ERR_OK;
}

static void
quality_release(void *opaque)
{
	(void)opaque;
}

static void
quality_clear(void *opaque)
{
	struct state *s = opaque;

	if (s->touched)
		*s = (struct state){ 0 };
}

/* The two halves of a 128-bit product, folded: cheap, and good enough to compare eight neighbours.
 */
/* Headers were read when packets were decoded, a chunk ago: they are fetched ahead of their turn.
 */
#define AHEAD 8

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	__uint128_t product =
	    (__uint128_t)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd6e8feb86659fd93));

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* What two copies of a packet share. */
static inline uint64_t
fingerprint(const struct packet *p)
{
	uint64_t header[2] = { 0, 0 };
	uint64_t ports =
	    (uint64_t)p->source_port << 48 | (uint64_t)p->destination_port << 32 | p->octets;
	uint64_t fragment =
	    (uint64_t)p->fragment_id << 32 | (uint32_t)p->fragment_offset << 16 | p->protocol;
	uint32_t at = p->l4_offset != 0 ? p->l4_offset : p->l3_offset;
	uint32_t left = p->captured_size > at ? p->captured_size - at : 0;

	if (left >= 20)
		memcpy(header, p->data + at + 4, 16);
	else
		memcpy(header, p->data + at, left < 16 ? left : 16);
	return fold(p->source.words[0] + 3 * p->destination.words[0], p->source.words[1]) ^
	       fold(p->destination.words[1] + ports, fragment) ^
	       hash_rotl(fold(header[0], header[1]), 17);
}

static inline void
look_for_duplicate(struct state *s, const struct packet *p)
{
	uint64_t print = fingerprint(p), same = 0;
	bool duplicate = false;

	for (unsigned i = 0; i < DUPLICATE_MEMORY; i++)
		same |= s->seen[i] == print;
	for (unsigned i = 0; __builtin_expect(same != 0, 0) && i < DUPLICATE_MEMORY; i++)
		duplicate |= s->seen[i] == print && p->time - s->seen_time[i] <= DUPLICATE_WITHIN &&
			     s->seen_time[i] - p->time <= DUPLICATE_WITHIN;
	s->own[QUALITY_DUPLICATES] += duplicate;
	s->seen[s->seen_next] = print;
	s->seen_time[s->seen_next] = p->time;
	s->seen_next = (s->seen_next + 1) % DUPLICATE_MEMORY;
}

static void
observe_packets(struct state *s, const struct batch *batch)
{
	static const uint8_t KIND_COUNTERS[] = {
		[PACKET_UNDECODED] = QUALITY_UNDECODED,
		[PACKET_NOT_IP] = QUALITY_NOT_IP,
		[PACKET_ARP] = QUALITY_ARP,
		[PACKET_IP] = QUALITY_IP,
	};

	for (size_t i = 0; i < batch->count; i++) {
		const struct packet *p = batch->packets[i];
		if (i + AHEAD < batch->count) {
			const struct packet *next = batch->packets[i + AHEAD];
			__builtin_prefetch(next->data + next->l4_offset + 4);
		}
		struct link_sums *link = &s->links[p->link_type < LINKS ? p->link_type : LINKS - 1];
		link->frames++;
		link->octets += p->frame_size;
		s->own[KIND_COUNTERS[p->kind]]++;
		s->own[QUALITY_SNAPPED] += (p->flags & PACKET_SNAPPED) != 0;
		s->own[QUALITY_FRAGMENTS] += (p->flags & PACKET_FRAGMENT) != 0;
		s->own[QUALITY_TUNNELED] += (p->flags & PACKET_TUNNELED) != 0;
		if (p->kind == PACKET_IP)
			look_for_duplicate(s, p);
	}
	s->own[QUALITY_PACKETS] += batch->count;
}

static void
quality_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	if (batch->type == OBS_PACKET) {
		s->touched = true;
		observe_packets(s, batch);
		return;
	}
	for (size_t i = 0; i < DROP_COUNT; i++) {
		s->drops[i] += batch->counters->drops.count[i];
		s->touched = s->touched || batch->counters->drops.count[i] != 0;
	}
}

static void
quality_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	if (!from->touched)
		return;
	into->touched = true;
	for (size_t i = 0; i < DROP_COUNT; i++)
		into->drops[i] += from->drops[i];
	for (size_t i = 0; i < QUALITY_OWN_COUNT; i++)
		into->own[i] += from->own[i];
	for (size_t i = 0; i < LINKS; i++) {
		into->links[i].frames += from->links[i].frames;
		into->links[i].octets += from->links[i].octets;
	}
}

static void
put_counter(struct rows *rows, const char *name, uint64_t value)
{
	if (value == 0)
		return;
	rows_text(rows, 0, name);
	rows_u64(rows, 1, value);
	rows_next(rows);
}

static void
quality_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	const struct state *s = opaque;

	(void)window;
	if (!s->touched)
		return;
	for (size_t i = 0; i < QUALITY_OWN_COUNT; i++)
		put_counter(sink->tables[0], QUALITY_OWN[i].name, s->own[i]);
	for (size_t i = 0; i < DROP_COUNT; i++)
		put_counter(sink->tables[0], drop_name((enum drop)i), s->drops[i]);
	for (unsigned i = 0; i < LINKS; i++) {
		if (s->links[i].frames == 0)
			continue;
		rows_u64(sink->tables[1], 0, i);
		rows_u64(sink->tables[1], 1, s->links[i].frames);
		rows_u64(sink->tables[1], 2, s->links[i].octets);
		rows_next(sink->tables[1]);
	}
}

static const struct column COUNTER_COLUMNS[] = {
	{ "name", COLUMN_TEXT, "" },
	{ "value", COLUMN_U64, "" },
};

static const struct column LINK_COLUMNS[] = {
	{ "link_type", COLUMN_U16, "" },
	{ "frames", COLUMN_U64, "packets" },
	{ "frame_octets", COLUMN_U64, "octets" },
};

static const struct table TABLES[] = {
	{ "quality_counters", "Named counters of what was dropped, cut short, evicted or odd",
	    COUNTER_COLUMNS, ARRAY_COUNT(COUNTER_COLUMNS) },
	{ "quality_links", "Frames by link type", LINK_COLUMNS, ARRAY_COUNT(LINK_COLUMNS) },
};

const struct analysis analysis_quality = {
	.name = "quality",
	.title = "Quality of the data",
	.consumes = OBS_PACKET | OBS_COUNTERS,
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct state),
	.init = quality_init,
	.release = quality_release,
	.clear = quality_clear,
	.observe = quality_observe,
	.merge = quality_merge,
	.finish = quality_finish,
	.section = quality_section,
};
