/* SPDX-License-Identifier: ISC */
/*
 * Hierarchical heavy hitters: which pairs of a source prefix and a destination prefix carry most,
 * at whatever prefix lengths show it best, as agurim does.
 *
 * Both directions of a flow count by themselves, from the sender to the receiver.  A window keeps a
 * bounded table of pairs (pair_table.h) and stores what is left of it after rolling it up to the
 * number of rows that is configured; the search (lattice.h) runs over the merged windows when the
 * review is made, so that it answers for the review's whole period.
 *
 * Consumes flows.  Yields per window the pairs of prefixes and their volumes, which add up to all
 * traffic.
 */
#include "analysis/traffic/hierarchy.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/pair_table.h"
#include "base/xmalloc.h"

#define CHUNK 32 /* flows prefetched together */

/* Prefixes are rolled up to where they carry a quarter of what the review asks for. */
#define FINER_THAN_THRESHOLD 4

struct hierarchy {
	struct pair_table table;
	uint32_t row_most;
};

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct hierarchy *h = state;
	double threshold = settings_f64(context->settings, "threshold");

	(void)info;
	h->row_most = (uint32_t)settings_u64(context->settings, "rows");
	pair_table_init(&h->table, (uint32_t)settings_u64(context->settings, "pairs"),
	    (uint64_t)(FINER_THAN_THRESHOLD / threshold), &context->secret);
	return ERR_OK;
}

static void
release(void *state)
{
	struct hierarchy *h = state;

	pair_table_release(&h->table);
}

static void
clear(void *state)
{
	struct hierarchy *h = state;

	pair_table_clear(&h->table);
}

/* Counts up to CHUNK flows: hashes all, asks for their memory, then updates. */
static void
observe_chunk(struct pair_table *t, const struct flow *flows, size_t count)
{
	uint32_t hashes[CHUNK][2];

	for (size_t i = 0; i < count; i++) {
		const struct flow *f = &flows[i];
		hashes[i][0] = pair_table_hash(t, &f->source, &f->destination);
		pair_table_prefetch_slot(t, hashes[i][0]);
		if (f->packets[1] == 0)
			continue;
		hashes[i][1] = pair_table_hash(t, &f->destination, &f->source);
		pair_table_prefetch_slot(t, hashes[i][1]);
	}
	for (size_t i = 0; i < count; i++)
		for (unsigned d = 0; d < 2; d++)
			if (flows[i].packets[d] != 0)
				pair_table_prefetch_item(t, hashes[i][d]);
	for (size_t i = 0; i < count; i++) {
		const struct address *ends[2] = { &flows[i].source, &flows[i].destination };
		for (unsigned d = 0; d < 2; d++) {
			uint64_t volume[2] = { flows[i].octets[d], flows[i].packets[d] };
			if (volume[1] != 0)
				pair_table_observe(t, ends[d], ends[!d], hashes[i][d], volume);
		}
	}
}

static void
observe(void *state, const struct batch *batch)
{
	struct hierarchy *h = state;

	for (size_t begin = 0; begin < batch->count; begin += CHUNK) {
		size_t left = batch->count - begin;
		observe_chunk(&h->table, batch->flows + begin, left < CHUNK ? left : CHUNK);
	}
}

static void
merge(void *into, const void *from)
{
	struct hierarchy *h = into;
	const struct hierarchy *other = from;

	for (uint32_t i = 0; i < other->table.count; i++)
		pair_table_add(&h->table, &other->table.items[i]);
}

static int
compare_items(const void *a, const void *b)
{
	const struct pair_item *x = a, *y = b;
	int order = address_compare(&x->source, &y->source);

	if (order == 0)
		order = x->source_length - y->source_length;
	if (order == 0)
		order = address_compare(&x->destination, &y->destination);
	return order != 0 ? order : x->destination_length - y->destination_length;
}

static void
finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct hierarchy *h = state;
	struct rows *rows = sink->tables[0];
	struct pair_item *items;

	(void)window;
	if (h->table.count == 0)
		return;
	pair_table_reduce(&h->table, h->row_most, &PAIR_LENGTHS_LATTICE);
	items = xcalloc(h->table.count, sizeof *items);
	memcpy(items, h->table.items, h->table.count * sizeof *items);
	qsort(items, h->table.count, sizeof *items, compare_items);
	for (uint32_t i = 0; i < h->table.count; i++) {
		rows_address(rows, HIERARCHY_SOURCE_COLUMN, &items[i].source);
		rows_u64(rows, HIERARCHY_SOURCE_LENGTH_COLUMN, items[i].source_length);
		rows_address(rows, HIERARCHY_DESTINATION_COLUMN, &items[i].destination);
		rows_u64(rows, HIERARCHY_DESTINATION_LENGTH_COLUMN, items[i].destination_length);
		rows_u64(rows, HIERARCHY_OCTETS_COLUMN, items[i].octets);
		rows_u64(rows, HIERARCHY_PACKETS_COLUMN, items[i].packets);
		rows_next(rows);
	}
	free(items);
}

static const struct setting SETTINGS[] = {
	{ "threshold", SETTING_F64, "0.01", "0.0001", "1",
	    "least share of all octets or packets of a pair of prefixes in the review" },
	{ "pairs", SETTING_U64, "16384", "64", "262144",
	    "pairs of addresses held exactly in each of 8 shards" },
	{ "rows", SETTING_U64, "1000", "8", "100000", "pairs of prefixes stored for each window" },
	{ "merged_pairs", SETTING_U64, "65536", "64", "262144",
	    "pairs of prefixes held while the windows of a review are merged" },
};

static const struct column COLUMNS[HIERARCHY_COLUMN_COUNT] = {
	[HIERARCHY_SOURCE_COLUMN] = { "source_address", COLUMN_ADDRESS, "" },
	[HIERARCHY_SOURCE_LENGTH_COLUMN] = { "source_prefix_length", COLUMN_U8, "" },
	[HIERARCHY_DESTINATION_COLUMN] = { "destination_address", COLUMN_ADDRESS, "" },
	[HIERARCHY_DESTINATION_LENGTH_COLUMN] = { "destination_prefix_length", COLUMN_U8, "" },
	[HIERARCHY_OCTETS_COLUMN] = { "octets", COLUMN_U64, "octets" },
	[HIERARCHY_PACKETS_COLUMN] = { "packets", COLUMN_U64, "packets" },
};

static const struct table TABLE = { "traffic_hierarchy",
	"Pairs of source and destination prefixes of a window, which add up to all traffic",
	COLUMNS, HIERARCHY_COLUMN_COUNT };

const struct analysis analysis_traffic_hierarchy = {
	.name = "traffic/hierarchy",
	.title = "Hierarchical heavy hitters",
	.consumes = OBS_FLOW,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = &TABLE,
	.table_count = 1,
	.state_size = sizeof(struct hierarchy),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = hierarchy_section,
};
