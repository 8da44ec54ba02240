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
 * Records of exporters count with octets and packets multiplied by their sampling rate.
 *
 * Consumes flows and records.  Yields per window the pairs of prefixes and their volumes, which add
 * up to all traffic, and what is known of the records.
 */
#include "analysis/traffic/hierarchy.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/exports.h"
#include "analysis/traffic/pair_table.h"
#include "base/xmalloc.h"

/* Prefixes are rolled up to where they carry a quarter of what the review asks for. */
#define FINER_THAN_THRESHOLD 4

struct hierarchy {
	struct pair_table table;
	struct export_facts exports;
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
	h->exports = (struct export_facts){ 0 };
}

/* Enters the directions of a flow that carried something; returns how many. */
static inline size_t
directions_of(const struct flow *f, uint64_t sampling, struct pair_traffic *t)
{
	size_t count = 0;

	for (unsigned d = 0; d < 2; d++) {
		if ((f->packets[d] | f->octets[d]) == 0)
			continue;
		t[count++] = (struct pair_traffic){ .source = d == 0 ? &f->source : &f->destination,
			.destination = d == 0 ? &f->destination : &f->source,
			.volume = { export_scaled(f->octets[d], sampling),
			    export_scaled(f->packets[d], sampling) } };
	}
	return count;
}

/* Counts them: hashes all, asks for their memory, then updates. */
static void
observe_chunk(struct pair_table *table, struct pair_traffic *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		list[i].hash = pair_table_hash(table, list[i].source, list[i].destination);
		pair_table_prefetch_slot(table, list[i].hash);
	}
	for (size_t i = 0; i < count; i++)
		pair_table_prefetch_item(table, list[i].hash);
	pair_table_observe(table, list, count);
}

static void
observe(void *state, const struct batch *batch)
{
	struct hierarchy *h = state;
	struct pair_traffic list[PAIR_CHUNK];
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		if (batch->type == OBS_FLOW) {
			count += directions_of(&batch->flows[i], 1, list + count);
		} else {
			const struct flow_record *r = batch->records[i];
			export_facts_note(&h->exports, r);
			count += directions_of(&r->flow, record_sampling(r), list + count);
		}
		if (count > ARRAY_COUNT(list) - 2 || i + 1 == batch->count) {
			observe_chunk(&h->table, list, count);
			count = 0;
		}
	}
}

static void
merge(void *into, const void *from)
{
	struct hierarchy *h = into;
	const struct hierarchy *other = from;

	for (uint32_t i = 0; i < other->table.count; i++)
		pair_table_add(&h->table, &other->table.items[i]);
	export_facts_merge(&h->exports, &other->exports);
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
	export_facts_put(&h->exports, sink->tables[1]);
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

static const struct table TABLES[] = {
	{ "traffic_hierarchy",
	    "Pairs of source and destination prefixes of a window, which add up to all traffic",
	    COLUMNS, HIERARCHY_COLUMN_COUNT },
	{ HIERARCHY_RECORDS_TABLE, "Records of exporters in traffic_hierarchy", EXPORT_FACTS_TABLE,
	    EXPORT_FACTS_COLUMNS },
};

const struct analysis analysis_traffic_hierarchy = {
	.name = "traffic/hierarchy",
	.title = "Hierarchical heavy hitters",
	.consumes = OBS_FLOW | OBS_RECORD,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct hierarchy),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = hierarchy_section,
};
