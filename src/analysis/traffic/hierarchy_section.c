/* SPDX-License-Identifier: ISC */
/*
 * The section of traffic/hierarchy: merges the stored windows, runs the lattice search over them
 * and prints the heavy hitters, with their course over time where there is more than one window.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/exports.h"
#include "analysis/traffic/hierarchy.h"
#include "analysis/traffic/lattice.h"
#include "base/xmalloc.h"

#define SERIES_MOST 7 /* as agurim plots */
#define BARS_MOST   10
#define POINTS_MOST 300 /* of a series */

#define NODE_TEXT_SIZE (2 * PREFIX_TEXT_SIZE + 8)

/* A heavy hitter in the order of the table. */
struct place {
	const struct lattice_node *node;
};

/* Everything the section speaks of. */
struct survey {
	struct pair_table table;
	struct lattice lattice;
	uint64_t octets, packets;
	uint64_t coarse_octets, coarse_packets; /* in items that were rolled up */
	struct export_facts exports;
	double threshold;
	struct place *order; /* owned; greatest first, without the remainders */
	size_t order_count;
};

/* Bins of the figure over time. */
struct bins {
	uint64_t *windows; /* owned; different begins, rising */
	size_t window_count;
	uint64_t begin, step;
	size_t count;
};

/* ------------------------------------------------------------------ reading */

static enum err
run_rows(const struct section_context *context, struct result **ret_result, struct err_info *info)
{
	return query_run(context->store, ret_result, info,
	    "SELECT window_begin, source_address, source_prefix_length, destination_address, "
	    "destination_prefix_length, octets, packets FROM traffic_hierarchy "
	    "WHERE window_begin >= %" PRId64 " AND window_begin < %" PRId64
	    " ORDER BY window_begin, input, source_address, source_prefix_length, "
	    "destination_address, destination_prefix_length",
	    context->begin / NSEC_PER_MS, context->end / NSEC_PER_MS);
}

static unsigned
full_length(const struct address *a)
{
	return address_is_ipv4(a) ? 32 : 128;
}

/* A stored row as an item.  Lengths that cannot be are cut: the store is not trusted that far. */
static struct pair_item
item_of(const struct result *r)
{
	struct address source = result_address(r, 1), destination = result_address(r, 3);
	uint64_t source_length = result_u64(r, 2), destination_length = result_u64(r, 4);
	struct pair_item item = { .octets = result_u64(r, 5), .packets = result_u64(r, 6) };

	if (source_length > full_length(&source))
		source_length = full_length(&source);
	if (destination_length > full_length(&destination))
		destination_length = full_length(&destination);
	item.source_length = (uint8_t)source_length;
	item.destination_length = (uint8_t)destination_length;
	item.source = pair_mask(&source, item.source_length);
	item.destination = pair_mask(&destination, item.destination_length);
	return item;
}

static bool
is_coarse(const struct pair_item *item)
{
	return item->source_length < full_length(&item->source) ||
	       item->destination_length < full_length(&item->destination);
}

static enum err
read_items(const struct section_context *context, struct survey *s, struct bins *bins,
    struct err_info *info)
{
	struct result *r;
	enum err e = run_rows(context, &r, info);

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct pair_item item = item_of(r);
		uint64_t window = result_u64(r, 0);
		pair_table_add(&s->table, &item);
		if (bins->window_count != 0 && bins->windows[bins->window_count - 1] == window)
			continue;
		if ((bins->window_count & (bins->window_count - 1)) == 0)
			bins->windows = xrealloc_array(bins->windows,
			    bins->window_count != 0 ? 2 * bins->window_count : 1,
			    sizeof *bins->windows);
		bins->windows[bins->window_count++] = window;
	}
	result_free(r);
	return ERR_OK;
}

static int
compare_nodes(const void *a, const void *b)
{
	const struct lattice_node *x = ((const struct place *)a)->node;
	const struct lattice_node *y = ((const struct place *)b)->node;

	if (x->octets != y->octets)
		return x->octets < y->octets ? 1 : -1;
	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return x < y ? -1 : x > y; /* the order of extraction */
}

/* What is left of a family: everything that is in no other row. */
static bool
is_remainder(const struct lattice_node *n)
{
	return n->source.length == 0 && n->destination.length == 0;
}

static uint64_t
share_of_total(double share, uint64_t total)
{
	double volume = ceil(share * (double)total);

	return volume < 1 ? 1 : (uint64_t)volume;
}

static void
search(struct survey *s)
{
	struct hash_secret secret = hash_secret_new();
	struct lattice_threshold threshold;

	s->octets = s->table.octets;
	s->packets = s->table.packets;
	for (uint32_t i = 0; i < s->table.count; i++) {
		if (!is_coarse(&s->table.items[i]))
			continue;
		s->coarse_octets += s->table.items[i].octets;
		s->coarse_packets += s->table.items[i].packets;
	}
	threshold.octets = share_of_total(s->threshold, s->octets);
	threshold.packets = share_of_total(s->threshold, s->packets);
	lattice_search(&s->lattice, s->table.items, s->table.count, &threshold, &secret);
	s->order = xcalloc(s->lattice.count, sizeof *s->order);
	for (size_t i = 0; i < s->lattice.count; i++)
		if (!is_remainder(&s->lattice.nodes[i]))
			s->order[s->order_count++].node = &s->lattice.nodes[i];
	qsort(s->order, s->order_count, sizeof *s->order, compare_nodes);
}

/* ------------------------------------------------------------------ words and tables */

/* A host without its length. */
static char *
format_side(const struct prefix *p, char *text)
{
	return p->length == full_length(&p->address) ? address_format(&p->address, text)
						     : prefix_format(p, text);
}

static char *
format_node(const struct lattice_node *n, char *text, size_t size)
{
	char source[PREFIX_TEXT_SIZE], destination[PREFIX_TEXT_SIZE];

	(void)snprintf(text, size, "%s → %s", format_side(&n->source, source),
	    format_side(&n->destination, destination));
	return text;
}

static double
share_of(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (double)part / (double)whole : 0;
}

/* The columns that are always there. */
static const struct section_column COLUMNS[] = {
	{ "source", "Source", "text", "" },
	{ "destination", "Destination", "text", "" },
	{ "octets", "Octets", "octets", "octets" },
	{ "octets_share", "Share of octets", "share", "" },
	{ "packets", "Packets", "count", "packets" },
	{ "packets_share", "Share of packets", "share", "" },
};

#define COLUMNS_MOST 9

static bool
is_exact(const struct survey *s)
{
	return s->coarse_octets == 0 && s->coarse_packets == 0;
}

/* With that of sampling, where there was any, and bounds, where something was rolled up. */
static size_t
make_columns(const struct survey *s, struct section_column *columns)
{
	size_t n = ARRAY_COUNT(COLUMNS);

	memcpy(columns, COLUMNS, sizeof COLUMNS);
	if (s->exports.sampling_most > 1)
		columns[n++] = (struct section_column){ "octets_error", "Standard error at most",
			"octets", "octets" };
	if (is_exact(s))
		return n;
	columns[n++] =
	    (struct section_column){ "octets_high", "Octets at most", "octets", "octets" };
	columns[n++] =
	    (struct section_column){ "packets_high", "Packets at most", "count", "packets" };
	return n;
}

static void
print_row(struct section_table *table, const struct survey *s, const struct lattice_node *n)
{
	char source[PREFIX_TEXT_SIZE], destination[PREFIX_TEXT_SIZE];
	json_t *c[COLUMNS_MOST] = { NULL };
	size_t k = 0;

	c[k++] = json_string(format_side(&n->source, source));
	c[k++] = json_string(format_side(&n->destination, destination));
	c[k++] = json_count(n->octets);
	c[k++] = json_real(share_of(n->octets, s->octets));
	c[k++] = json_count(n->packets);
	c[k++] = json_real(share_of(n->packets, s->packets));
	if (s->exports.sampling_most > 1)
		c[k++] = json_count((uint64_t)ceil(export_octets_error(
		    &s->exports, (double)n->octets + (double)n->uncertain_octets)));
	if (!is_exact(s)) {
		c[k++] = json_count(n->octets + n->uncertain_octets);
		c[k++] = json_count(n->packets + n->uncertain_packets);
	}
	/* The row ends with the first NULL after its columns. */
	section_row(table, c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], NULL);
}

static void
print_table(struct section *section, const struct survey *s)
{
	struct section_column columns[COLUMNS_MOST];
	struct section_table *table = section_table(
	    section, "heavy-hitters", "Heavy hitters", columns, make_columns(s, columns));

	for (size_t i = 0; i < s->order_count; i++)
		print_row(table, s, s->order[i].node);
	for (size_t i = 0; i < s->lattice.count; i++)
		if (is_remainder(&s->lattice.nodes[i]))
			print_row(table, s, &s->lattice.nodes[i]);
	section_table_note(table,
	    "Each octet is in one row only: a row does not contain what longer prefixes in other "
	    "rows carry.  0.0.0.0/0 to 0.0.0.0/0 and ::/0 to ::/0 are the rest of their families.");
	if (!is_exact(s))
		section_table_note(table, "“At most” adds what lies in other rows and was rolled "
					  "up to prefixes too short "
					  "to tell whether it belongs here.");
}

static void
say(struct section *section, const struct survey *s)
{
	char text[NODE_TEXT_SIZE], octets[32];
	uint64_t carried = 0;

	for (size_t i = 0; i < s->order_count; i++)
		carried += s->order[i].node->octets;
	if (s->order_count == 0) {
		section_say(section,
		    "No pair of prefixes carried %.3g %% of the octets or packets: the traffic is "
		    "spread evenly.",
		    100 * s->threshold);
		return;
	}
	section_say(section,
	    "%zu pair%s of prefixes carried at least %.3g %% of the octets or packets each, "
	    "together "
	    "%.3g %% of the octets.",
	    s->order_count, s->order_count == 1 ? "" : "s", 100 * s->threshold,
	    100 * share_of(carried, s->octets));
	section_say(section, "The greatest was %s with %s, %.3g %% of all.",
	    format_node(s->order[0].node, text, sizeof text),
	    text_si((double)s->order[0].node->octets, "octets", octets, sizeof octets),
	    100 * share_of(s->order[0].node->octets, s->octets));
}

static void
define(struct section *section, const struct survey *s)
{
	section_define(section,
	    "Traffic is cut to pairs of a source prefix and a destination prefix, from long "
	    "prefixes "
	    "to short ones (single addresses first: all sources of length 32 or 128, then all such "
	    "destinations, then the others).  A pair that reaches %.3g %% of all octets or of all "
	    "packets is a heavy hitter; its traffic is taken out and does not count for shorter "
	    "prefixes.  Lengths are 0, 8, 16 to 32 for IPv4 and 0, 16, 32 to 64, 128 for IPv6.  "
	    "Both "
	    "directions of a flow count by themselves; octets are counted at layer 3.",
	    100 * s->threshold);
}

static void
qualify(struct section *section, const struct survey *s)
{
	if (is_exact(s)) {
		section_quality(section,
		    "%s: no pair of addresses was rolled up before the search.",
		    s->exports.sampling_most > 1 ? "Complete" : "Exact");
		return;
	}
	section_quality(section,
	    "%.3g %% of the octets and %.3g %% of the packets belong to light pairs of addresses "
	    "that were rolled up to coarser prefixes before the search (settings pairs, rows and "
	    "merged_pairs).  Totals are exact; what a heavy hitter may lack is counted for a "
	    "coarser "
	    "one, and its bound is in the table.",
	    100 * share_of(s->coarse_octets, s->octets),
	    100 * share_of(s->coarse_packets, s->packets));
}

/* ------------------------------------------------------------------ figures */

static void
draw_bars(struct section *section, const struct survey *s)
{
	struct section_figure *f =
	    section_figure(section, FIGURE_BARS, "heavy-hitters", "Greatest heavy hitters");
	json_t *points = section_series(f, "octets");
	char text[NODE_TEXT_SIZE];

	section_axis(f, 'x', "source → destination", "category", "");
	section_axis(f, 'y', "octets", "linear", "octets");
	section_caption(f, "Octets of the greatest pairs of prefixes.");
	for (size_t i = 0; i < s->order_count && i < BARS_MOST; i++)
		(void)json_array_append_new(
		    points, json_pack("[s,o]", format_node(s->order[i].node, text, sizeof text),
				json_count(s->order[i].node->octets)));
}

/* Bins as long as the shortest distance of two windows, or a multiple of it. */
static void
make_bins(struct bins *b)
{
	uint64_t span = b->windows[b->window_count - 1] - b->windows[0];
	uint64_t least = span;

	for (size_t i = 1; i < b->window_count; i++)
		if (b->windows[i] - b->windows[i - 1] < least)
			least = b->windows[i] - b->windows[i - 1];
	b->begin = b->windows[0];
	b->step = least * (span / least / POINTS_MOST + 1);
	b->count = (size_t)(span / b->step) + 1;
}

/* The series of each node: its place among the greatest, or the last one. */
static unsigned *
assign_series(const struct survey *s, size_t series_count)
{
	unsigned *series = xcalloc(s->lattice.count, sizeof *series);

	for (size_t i = 0; i < s->lattice.count; i++)
		series[i] = (unsigned)series_count;
	for (size_t i = 0; i < series_count; i++)
		series[s->order[i].node - s->lattice.nodes] = (unsigned)i;
	return series;
}

static size_t
place(const struct survey *s, const struct pair_item *item)
{
	const struct pair_item *held = pair_table_find(&s->table, item);

	return held != NULL ? s->lattice.node_of[held - s->table.items]
			    : lattice_place(&s->lattice, item);
}

static enum err
draw_area(const struct section_context *context, struct section *section, const struct survey *s,
    const struct bins *b, struct err_info *info)
{
	size_t series_count = s->order_count < SERIES_MOST ? s->order_count : SERIES_MOST;
	uint64_t *volumes = xcalloc((series_count + 1) * b->count, sizeof *volumes);
	unsigned *series = assign_series(s, series_count);
	struct section_figure *f;
	struct result *r;
	enum err e = run_rows(context, &r, info);

	while (e == ERR_OK && result_next(r)) {
		struct pair_item item = item_of(r);
		size_t bin = (size_t)((result_u64(r, 0) - b->begin) / b->step);
		volumes[series[place(s, &item)] * b->count + bin] += item.octets;
	}
	if (e == ERR_OK) {
		result_free(r);
		f = section_figure(section, FIGURE_STACKED_AREA, "heavy-hitters-over-time",
		    "Heavy hitters over time");
		section_axis(f, 'x', "time", "time", "ms");
		section_axis(f, 'y', "octets per interval", "linear", "octets");
		section_caption(f,
		    "Octets of the greatest pairs of prefixes and of all others, in intervals of "
		    "%.6g s.",
		    (double)b->step / 1000);
		for (size_t i = 0; i <= series_count; i++) {
			char text[NODE_TEXT_SIZE];
			json_t *points = section_series(
			    f, i < series_count ? format_node(s->order[i].node, text, sizeof text)
						: "other");
			for (size_t k = 0; k < b->count; k++)
				(void)json_array_append_new(
				    points, json_pack("[I,o]",
						(json_int_t)b->begin + (json_int_t)(k * b->step),
						json_count(volumes[i * b->count + k])));
		}
	}
	free(volumes);
	free(series);
	return e;
}

enum err
hierarchy_section(
    const struct section_context *context, struct section *section, struct err_info *info)
{
	struct survey s = { .threshold = settings_f64(context->settings, "threshold") };
	struct hash_secret secret = hash_secret_new();
	struct bins bins = { 0 };
	enum err e;

	pair_table_init(&s.table, (uint32_t)settings_u64(context->settings, "merged_pairs"),
	    (uint64_t)(4 / s.threshold), &secret);
	e = export_facts_read(context, HIERARCHY_RECORDS_TABLE, &s.exports, info);
	if (e == ERR_OK)
		e = read_items(context, &s, &bins, info);
	if (e == ERR_OK && s.table.count == 0)
		e = ERR_END;
	if (e == ERR_OK) {
		search(&s);
		say(section, &s);
		if (bins.window_count >= 2) {
			make_bins(&bins);
			e = draw_area(context, section, &s, &bins, info);
		} else if (s.order_count != 0) {
			draw_bars(section, &s);
		}
	}
	if (e == ERR_OK) {
		print_table(section, &s);
		define(section, &s);
		qualify(section, &s);
		export_facts_qualify(context, &s.exports, section);
	}
	pair_table_release(&s.table);
	lattice_release(&s.lattice);
	free(s.order);
	free(bins.windows);
	return e;
}
