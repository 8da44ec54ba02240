/* SPDX-License-Identifier: ISC */
/*
 * How much traffic there was, and when.
 *
 * Packets, octets at L3 and at L2, by time, IP version, protocol and direction relative to the
 * site's own prefixes; flows by the time they began; and the distribution of packet sizes.  Packets
 * are counted into bins of `resolution` (1 s by default) by their own time; the review adds bins up
 * to a width that suits its period, from 1 s to 1 day.
 *
 * Octets and packets of exporters' records are spread over the time each record covers (spread.h)
 * and kept as they are, by sampling rate: the section makes estimates of them.
 *
 * Sizes are counted into a fixed histogram of four bins per octave, so that windows and sensors
 * add.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/cells.h"
#include "analysis/traffic/spread.h"
#include "analysis/traffic/volume_section.h"

#define MOST_CELLS (1U << 18)

/* A cell's key: bin number (40 bits, biased), IP version, protocol, direction.  Its sums: see enum.
 */
#define KEY_BIAS (INT64_C(1) << 39)

enum {
	SUM_PACKETS,
	SUM_OCTETS,
	SUM_FRAME_OCTETS,
	SUM_FLOWS,
};

struct state {
	const struct site *site;
	nsec_t resolution;
	bool directions; /* own prefixes are configured */
	struct cells cells;
	struct spread records;
	uint64_t sizes[VOLUME_SIZE_BINS][2]; /* packets, octets */
	bool touched;
	/* The bin the last packet fell into, and the last cell: most packets fall into the same. */
	nsec_t bin_begin;
	uint64_t bin;
	size_t last;
};

static const struct setting SETTINGS[] = {
	{ "resolution", SETTING_DURATION, "1s", "1s", "1h", "width of the bins that are stored" },
	{ "record_resolution", SETTING_DURATION, "5m", "1s", "1h",
	    "the same for flow records, which are spread over the time they tell of" },
};

static enum err
volume_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	s->site = context->site;
	s->directions = context->site->own_prefix_count != 0;
	s->resolution = settings_duration(context->settings, "resolution");
	s->bin_begin = INT64_MIN;
	cells_init(&s->cells, MOST_CELLS, &context->secret);
	spread_init(&s->records, settings_duration(context->settings, "record_resolution"),
	    MOST_CELLS, &context->secret);
	return ERR_OK;
}

static void
volume_release(void *opaque)
{
	struct state *s = opaque;

	cells_release(&s->cells);
	spread_release(&s->records);
}

static void
volume_clear(void *opaque)
{
	struct state *s = opaque;

	if (!s->touched)
		return;
	cells_clear(&s->cells);
	spread_clear(&s->records);
	memset(s->sizes, 0, sizeof s->sizes);
	s->touched = false;
}

static inline uint64_t
bin_of(struct state *s, nsec_t time)
{
	if (__builtin_expect(s->bin_begin == INT64_MIN || time < s->bin_begin ||
				 time - s->bin_begin >= s->resolution,
		0)) {
		int64_t number = floor_div(time, s->resolution);
		s->bin_begin = number * s->resolution;
		s->bin = (uint64_t)(number + KEY_BIAS) << 24;
	}
	return s->bin;
}

static inline uint64_t
key_of(uint64_t bin, uint8_t version, uint8_t protocol, enum site_direction direction)
{
	return bin | (uint64_t)version << 16 | (uint64_t)protocol << 8 | (uint64_t)direction;
}

/* The cell of a key; when the table is at its cap, the cell of the same kind in the first bin of
 * all time. */
static inline struct cell *
cell_at(struct state *s, uint64_t key)
{
	struct cell *cell = &s->cells.places[s->last & s->cells.mask];

	if (cell->key == key)
		return cell;
	cell = cells_at(&s->cells, key);
	s->last = cell != NULL ? (size_t)(cell - s->cells.places) : 0;
	return cell != NULL ? cell : cells_at(&s->cells, key & 0xffffff);
}

static void
observe_packets(struct state *s, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct packet *p = batch->packets[i];
		uint64_t key = bin_of(s, p->time);
		uint64_t octets = 0;
		if (p->kind == PACKET_IP) {
			enum site_direction direction = SITE_UNKNOWN;
			unsigned size = volume_size_bin(p->octets);
			if (s->directions)
				direction = site_direction(s->site, &p->source, &p->destination);
			key = key_of(key, p->ip_version, p->protocol, direction);
			octets = p->octets;
			s->sizes[size][0]++;
			s->sizes[size][1] += octets;
		}
		struct cell *cell = cell_at(s, key);
		if (cell == NULL)
			continue;
		cell->sums[SUM_PACKETS]++;
		cell->sums[SUM_OCTETS] += octets;
		cell->sums[SUM_FRAME_OCTETS] += p->frame_size;
	}
}

static void
observe_flows(struct state *s, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct flow *f = &batch->flows[i];
		enum site_direction direction = SITE_UNKNOWN;
		if (s->directions)
			direction = site_direction(s->site, &f->source, &f->destination);
		struct cell *cell = cell_at(
		    s, key_of(bin_of(s, flow_begin(f)), f->ip_version, f->protocol, direction));
		if (cell != NULL)
			cell->sums[SUM_FLOWS]++;
	}
}

/* What tells one line of the records from another: version, protocol, direction. */
#define DIRECTION_BITS 3

static inline uint32_t
series_of(const struct flow *f, enum site_direction direction)
{
	return (uint32_t)(f->ip_version & 0xf) << (8 + DIRECTION_BITS) |
	       (uint32_t)f->protocol << DIRECTION_BITS | (uint32_t)direction;
}

static_assert(SITE_TRANSIT < 1 << DIRECTION_BITS, "a direction fits");

/* One direction of a record; `records` is 1 for the one that stands for the record. */
static inline void
observe_direction(struct state *s, const struct flow_record *r, unsigned d, uint64_t records)
{
	const struct flow *f = &r->flow;
	struct spread_volume volume = { .packets = f->packets[d],
		.octets = f->octets[d],
		.squares = record_squares(f->octets[d], f->packets[d]),
		.records = records };
	enum site_direction direction = SITE_UNKNOWN;

	if (s->directions)
		direction = d == 0 ? site_direction(s->site, &f->source, &f->destination)
				   : site_direction(s->site, &f->destination, &f->source);
	spread_add(
	    &s->records, series_of(f, direction), r->sampling, f->first[d], f->last[d], &volume);
}

static void
observe_records(struct state *s, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct flow_record *r = batch->records[i];
		observe_direction(s, r, 0, 1);
		if ((r->flow.packets[1] | r->flow.octets[1]) != 0)
			observe_direction(s, r, 1, 0);
	}
}

static void
volume_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	s->touched = s->touched || batch->count != 0;
	if (batch->type == OBS_PACKET)
		observe_packets(s, batch);
	else if (batch->type == OBS_FLOW)
		observe_flows(s, batch);
	else
		observe_records(s, batch);
}

static void
volume_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	if (!from->touched)
		return;
	into->touched = true;
	cells_merge(&into->cells, &from->cells, 0);
	spread_merge(&into->records, &from->records);
	for (size_t i = 0; i < VOLUME_SIZE_BINS; i++) {
		into->sizes[i][0] += from->sizes[i][0];
		into->sizes[i][1] += from->sizes[i][1];
	}
}

enum {
	BIN_COLUMN,
	VERSION_COLUMN,
	PROTOCOL_COLUMN,
	DIRECTION_COLUMN,
	PACKETS_COLUMN,
	OCTETS_COLUMN,
	FRAME_OCTETS_COLUMN,
	FLOWS_COLUMN,
	SAMPLING_COLUMN,
	SQUARES_COLUMN,
	EXPORTED_COLUMN,
};

/* Where rows of records go, and when their window began. */
struct yield {
	struct rows *rows;
	const struct window *window;
};

static void
yield_records(void *context, nsec_t begin, uint32_t series, uint32_t sampling,
    const struct spread_volume *volume)
{
	const struct yield *y = context;
	unsigned direction = series & ((1U << DIRECTION_BITS) - 1);

	rows_time(y->rows, BIN_COLUMN, begin != SPREAD_NO_TIME ? begin : y->window->begin);
	rows_u64(y->rows, VERSION_COLUMN, series >> (8 + DIRECTION_BITS));
	rows_u64(y->rows, PROTOCOL_COLUMN, series >> DIRECTION_BITS & 0xff);
	rows_text(y->rows, DIRECTION_COLUMN, site_direction_name((enum site_direction)direction));
	rows_u64(y->rows, PACKETS_COLUMN, volume->packets);
	rows_u64(y->rows, OCTETS_COLUMN, volume->octets);
	rows_u64(y->rows, FRAME_OCTETS_COLUMN, 0);
	rows_u64(y->rows, FLOWS_COLUMN, volume->records);
	rows_u64(y->rows, SAMPLING_COLUMN, sampling);
	rows_u64(y->rows, SQUARES_COLUMN, volume->squares);
	rows_u64(y->rows, EXPORTED_COLUMN, 1);
	rows_next(y->rows);
}

static void
volume_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	struct state *s = opaque;
	const struct cell **cells = cells_sorted(&s->cells);
	struct rows *rows = sink->tables[0];
	struct rows *sizes = sink->tables[1];

	for (size_t i = 0; i < s->cells.count; i++) {
		uint64_t key = cells[i]->key;
		nsec_t begin = ((int64_t)(key >> 24) - KEY_BIAS) * s->resolution;
		rows_time(rows, BIN_COLUMN, key >> 24 != 0 ? begin : window->begin);
		rows_u64(rows, VERSION_COLUMN, key >> 16 & 0xff);
		rows_u64(rows, PROTOCOL_COLUMN, key >> 8 & 0xff);
		rows_text(
		    rows, DIRECTION_COLUMN, site_direction_name((enum site_direction)(key & 0xff)));
		for (unsigned k = 0; k < CELL_SUMS; k++)
			rows_u64(rows, PACKETS_COLUMN + k, cells[i]->sums[k]);
		rows_u64(rows, SAMPLING_COLUMN, 1);
		rows_u64(rows, SQUARES_COLUMN, 0);
		rows_u64(rows, EXPORTED_COLUMN, 0);
		rows_next(rows);
	}
	free(cells);
	spread_finish(&s->records, yield_records, &(struct yield){ rows, window });
	for (unsigned i = 0; i < VOLUME_SIZE_BINS; i++) {
		if (s->sizes[i][0] == 0)
			continue;
		rows_u64(sizes, 0, volume_size_low(i));
		rows_u64(sizes, 1, volume_size_low(i + 1));
		rows_u64(sizes, 2, s->sizes[i][0]);
		rows_u64(sizes, 3, s->sizes[i][1]);
		rows_next(sizes);
	}
}

static const struct column VOLUME_COLUMNS[] = {
	[BIN_COLUMN] = { "bin", COLUMN_TIME, "ms" },
	[VERSION_COLUMN] = { "ip_version", COLUMN_U8, "" },
	[PROTOCOL_COLUMN] = { "protocol_identifier", COLUMN_U8, "" },
	[DIRECTION_COLUMN] = { "direction", COLUMN_TEXT, "" },
	[PACKETS_COLUMN] = { "packets", COLUMN_U64, "packets" },
	[OCTETS_COLUMN] = { "octets", COLUMN_U64, "octets" },
	[FRAME_OCTETS_COLUMN] = { "frame_octets", COLUMN_U64, "octets" },
	[FLOWS_COLUMN] = { "flows", COLUMN_U64, "flows" },
	[SAMPLING_COLUMN] = { "sampling", COLUMN_U32, "" },
	[SQUARES_COLUMN] = { "squares", COLUMN_U64, "" },
	[EXPORTED_COLUMN] = { "exported", COLUMN_U8, "" },
};

static const struct column SIZE_COLUMNS[] = {
	{ "size_low", COLUMN_U32, "octets" },
	{ "size_high", COLUMN_U32, "octets" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
};

static const struct table TABLES[] = {
	{ "traffic_volume", "Packets, octets and flows by time, IP version, protocol and direction",
	    VOLUME_COLUMNS, ARRAY_COUNT(VOLUME_COLUMNS) },
	{ "traffic_sizes", "Packets and octets by packet size", SIZE_COLUMNS,
	    ARRAY_COUNT(SIZE_COLUMNS) },
};

const struct analysis analysis_traffic_volume = {
	.name = "traffic/volume",
	.title = "Traffic volume",
	.consumes = OBS_PACKET | OBS_FLOW | OBS_RECORD,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct state),
	.init = volume_init,
	.release = volume_release,
	.clear = volume_clear,
	.observe = volume_observe,
	.merge = volume_merge,
	.finish = volume_finish,
	.section = volume_section,
};
