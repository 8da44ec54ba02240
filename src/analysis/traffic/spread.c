/* SPDX-License-Identifier: ISC */
/* Volumes of records by time; see spread.h. */
#include "analysis/traffic/spread.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xmalloc.h"

#define UNIT_BITS 12

/* More than a record can hold: 400 Gbit/s make 15 TB in 5 min.  Counts are cut to it, so that 256
 * of the greatest fit in a bin. */
#define COUNT_MOST (UINT64_C(1) << 44)

/* A key: bin number (37 bits, biased), series, number of the rate. */
#define BIN_SHIFT (RATES_BITS + SPREAD_SERIES_BITS)
#define BIN_BIAS  (INT64_C(1) << (63 - BIN_SHIFT))
#define LINE_MASK ((UINT64_C(1) << BIN_SHIFT) - 1)

enum {
	SUM_PACKETS,
	SUM_OCTETS,
	SUM_SQUARES,
	SUM_RECORDS,
};

void
spread_init(
    struct spread *s, nsec_t resolution, size_t most_cells, const struct hash_secret *secret)
{
	*s = (struct spread){
		.resolution = resolution, .most_cells = most_cells, .bin_begin = INT64_MIN
	};
	cells_init(&s->sums, most_cells, secret);
	cells_init(&s->slopes, most_cells, secret);
}

void
spread_release(struct spread *s)
{
	cells_release(&s->sums);
	cells_release(&s->slopes);
}

void
spread_clear(struct spread *s)
{
	cells_clear(&s->sums);
	cells_clear(&s->slopes);
	s->slopes.most = s->most_cells;
	rates_clear(&s->rates);
}

/* ------------------------------------------------------------------ adding */

static inline uint64_t
key_of(int64_t bin, uint64_t line)
{
	return (uint64_t)(bin + BIN_BIAS) << BIN_SHIFT | line;
}

/* The cell of a key; where the table is full, one of its rate for all series and times, which is
 * made in any case. */
static inline struct cell *
cell_at(struct cells *cells, uint64_t key)
{
	struct cell *cell = cells_at(cells, key);
	size_t most = cells->most;

	if (__builtin_expect(cell != NULL, 1))
		return cell;
	cells->most = cells->count + 1;
	cell = cells_at(cells, key & RATES_MASK);
	cells->most = most;
	return cell;
}

/* From 1970 to 2116: bins of other times would not fit. */
static inline nsec_t
sane_time(nsec_t time)
{
	if (__builtin_expect(time < 0, 0))
		return 0;
	return time < INT64_MAX / 2 ? time : INT64_MAX / 2;
}

static inline int64_t
bin_of(struct spread *s, nsec_t time)
{
	if (s->bin_begin == INT64_MIN || time < s->bin_begin ||
	    time - s->bin_begin >= s->resolution) {
		s->bin = floor_div(time, s->resolution);
		s->bin_begin = s->bin * s->resolution;
	}
	return s->bin;
}

static inline uint64_t
cut(uint64_t count)
{
	return (count < COUNT_MOST ? count : COUNT_MOST - 1) << UNIT_BITS;
}

/* How a count falls on the bins, in units. */
struct shares {
	uint64_t first, between, last;
};

/* `head` and `step` are the shares of the whole time that lie in the first bin and in each of the
 * `count` bins between. */
static inline struct shares
share_out(uint64_t units, double head, double step, uint64_t count)
{
	struct shares s = { .first = (uint64_t)((double)units * head),
		.between = (uint64_t)((double)units * step) };
	uint64_t left;

	if (s.first > units)
		s.first = units;
	left = units - s.first;
	/* Rounding may have brought it a unit too high. */
	if (count != 0 && s.between > left / count)
		s.between = left / count;
	s.last = left - s.between * count;
	return s;
}

static void
add_slope(
    struct spread *s, int64_t from, int64_t to, uint64_t line, uint64_t packets, uint64_t octets)
{
	struct cell *begin = cells_at(&s->slopes, key_of(from, line));
	struct cell *end;

	begin->sums[SUM_PACKETS] += packets;
	begin->sums[SUM_OCTETS] += octets;
	end = cells_at(&s->slopes, key_of(to, line));
	end->sums[SUM_PACKETS] -= packets;
	end->sums[SUM_OCTETS] -= octets;
}

/* Over several bins. */
static void
/* NOLINTNEXTLINE(readability-function-size): its arguments are one row */
add_long(struct spread *s, int64_t first, int64_t last, uint64_t line, nsec_t begin, nsec_t end,
    const struct spread_volume *v)
{
	uint64_t between = (uint64_t)(last - first - 1);
	double whole = (double)(end - begin);
	double head = (double)((first + 1) * s->resolution - begin) / whole;
	double step = (double)s->resolution / whole;
	struct shares packets = share_out(cut(v->packets), head, step, between);
	struct shares octets = share_out(cut(v->octets), head, step, between);
	struct cell *cell = cell_at(&s->sums, key_of(first, line));

	cell->sums[SUM_PACKETS] += packets.first;
	cell->sums[SUM_OCTETS] += octets.first;
	cell->sums[SUM_RECORDS] += v->records;
	cell = cell_at(&s->sums, key_of(last, line));
	cell->sums[SUM_PACKETS] += packets.last;
	cell->sums[SUM_OCTETS] += octets.last;
	cell->sums[SUM_SQUARES] += v->squares;
	if ((packets.between | octets.between) != 0 && between != 0)
		add_slope(s, first + 1, last, line, packets.between, octets.between);
}

void
spread_add(struct spread *s, uint32_t series, uint32_t sampling, nsec_t begin, nsec_t end,
    const struct spread_volume *volume)
{
	unsigned rate = rates_number(&s->rates, sampling);
	uint32_t held = s->rates.list[rate];
	struct spread_volume v = *volume;
	uint64_t line = (uint64_t)series << RATES_BITS | rate;
	int64_t first, last;
	struct cell *cell;

	begin = sane_time(begin);
	end = sane_time(end);
	last = bin_of(s, end);
	first = begin < end ? bin_of(s, begin) : last;
	if (__builtin_expect(held != sampling, 0)) {
		v.packets = rates_restate(v.packets, sampling, held);
		v.octets = rates_restate(v.octets, sampling, held);
		v.squares = rates_restate_squares(v.squares, sampling, held);
	}
	/* Slopes that find no room would be lost: then all of it counts at its end. */
	if (first < last && s->slopes.count + 2 <= s->slopes.most) {
		add_long(s, first, last, line, begin, end, &v);
		return;
	}
	cell = cell_at(&s->sums, key_of(last, line));
	cell->sums[SUM_PACKETS] += cut(v.packets);
	cell->sums[SUM_OCTETS] += cut(v.octets);
	cell->sums[SUM_SQUARES] += v.squares;
	cell->sums[SUM_RECORDS] += v.records;
}

/* ------------------------------------------------------------------ merging and finishing */

static void
merge_cells(
    struct spread *into, struct cells *cells, const struct cells *other, const struct spread *from)
{
	for (size_t i = 0; other->count != 0 && i <= other->mask; i++) {
		const struct cell *cell = &other->places[i];
		struct cell *target;
		uint32_t old, held;
		unsigned rate;
		if (cell->key == CELL_EMPTY)
			continue;
		old = from->rates.list[cell->key & RATES_MASK];
		rate = rates_number(&into->rates, old);
		held = into->rates.list[rate];
		target = cell_at(cells, (cell->key & ~RATES_MASK) | rate);
		target->sums[SUM_PACKETS] += rates_restate(cell->sums[SUM_PACKETS], old, held);
		target->sums[SUM_OCTETS] += rates_restate(cell->sums[SUM_OCTETS], old, held);
		target->sums[SUM_SQUARES] +=
		    rates_restate_squares(cell->sums[SUM_SQUARES], old, held);
		target->sums[SUM_RECORDS] += cell->sums[SUM_RECORDS];
	}
}

/* Rates are entered in the order of `from` first, so that nothing depends on the hash. */
void
spread_merge(struct spread *into, const struct spread *from)
{
	rates_merge(&into->rates, &from->rates);
	merge_cells(into, &into->sums, &from->sums, from);
	/* A slope without its end would never end: there is room for all of them. */
	into->slopes.most += from->slopes.count;
	merge_cells(into, &into->slopes, &from->slopes, from);
}

/* The cells of one table by line, then time. */
static uint64_t
rotated(uint64_t key)
{
	return key << (64 - BIN_SHIFT) | key >> BIN_SHIFT;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = rotated((*(const struct cell *const *)a)->key);
	uint64_t y = rotated((*(const struct cell *const *)b)->key);

	return (x > y) - (x < y);
}

static const struct cell **
by_line(const struct cells *cells)
{
	const struct cell **list = cells_sorted(cells);

	qsort(list, cells->count, sizeof *list, compare);
	return list;
}

/* One walk over a line's bins. */
struct walk {
	struct spread *spread;
	const struct cell *const *sums, *const *slopes; /* the next of each */
	const struct cell *const *sums_end, *const *slopes_end;
	uint64_t slope[2], carry[2]; /* of packets and octets; what is less than a whole unit */
};

static bool
is_of(const struct cell *const *at, const struct cell *const *end, uint64_t key)
{
	return at != end && (*at)->key == key;
}

/* The next key on the line at which there is something; UINT64_MAX without any. */
static uint64_t
next_key(const struct walk *w, uint64_t line)
{
	uint64_t key = UINT64_MAX;

	if (w->sums != w->sums_end && ((*w->sums)->key & LINE_MASK) == line)
		key = (*w->sums)->key;
	if (w->slopes != w->slopes_end && ((*w->slopes)->key & LINE_MASK) == line &&
	    (*w->slopes)->key < key)
		key = (*w->slopes)->key;
	return key;
}

static void
give_bin(struct walk *w, uint64_t key, spread_take take, void *context)
{
	static const unsigned COUNTS[2] = { SUM_PACKETS, SUM_OCTETS };
	struct spread_volume v = { 0, 0, 0, 0 };
	uint64_t whole[2];
	const uint64_t *sums = NULL;

	if (is_of(w->slopes, w->slopes_end, key)) {
		for (unsigned k = 0; k < 2; k++)
			w->slope[k] += (*w->slopes)->sums[COUNTS[k]];
		w->slopes++;
	}
	if (is_of(w->sums, w->sums_end, key))
		sums = (*w->sums++)->sums;
	for (unsigned k = 0; k < 2; k++) {
		w->carry[k] += w->slope[k] + (sums != NULL ? sums[COUNTS[k]] : 0);
		whole[k] = w->carry[k] >> UNIT_BITS;
		w->carry[k] &= (UINT64_C(1) << UNIT_BITS) - 1;
	}
	v.packets = whole[0];
	v.octets = whole[1];
	if (sums != NULL) {
		v.squares = sums[SUM_SQUARES];
		v.records = sums[SUM_RECORDS];
	}
	if ((v.packets | v.octets | v.squares | v.records) == 0)
		return;
	take(context,
	    key >> BIN_SHIFT != 0 ? ((int64_t)(key >> BIN_SHIFT) - BIN_BIAS) * w->spread->resolution
				  : SPREAD_NO_TIME,
	    (uint32_t)((key & LINE_MASK) >> RATES_BITS), w->spread->rates.list[key & RATES_MASK],
	    &v);
}

static void
walk_line(struct walk *w, uint64_t line, spread_take take, void *context)
{
	uint64_t key = next_key(w, line), next;

	w->slope[0] = w->slope[1] = w->carry[0] = w->carry[1] = 0;
	for (; key != UINT64_MAX; key = next) {
		give_bin(w, key, take, context);
		next = key + ((uint64_t)1 << BIN_SHIFT);
		/* Nothing flows on: go to where something begins. */
		if ((w->slope[0] | w->slope[1]) == 0 || next_key(w, line) == UINT64_MAX)
			next = next_key(w, line);
	}
}

void
spread_finish(struct spread *s, spread_take take, void *context)
{
	const struct cell **sums = by_line(&s->sums), **slopes = by_line(&s->slopes);
	struct walk w = { .spread = s,
		.sums = sums,
		.slopes = slopes,
		.sums_end = sums + s->sums.count,
		.slopes_end = slopes + s->slopes.count };

	/* Every line has sums: where it begins and ends. */
	while (w.sums != w.sums_end)
		walk_line(&w, (*w.sums)->key & LINE_MASK, take, context);
	free(sums);
	free(slopes);
}
