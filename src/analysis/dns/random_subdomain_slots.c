/* SPDX-License-Identifier: ISC */
/*
 * Slots of ten seconds, the thresholds, and the attacks they make; see random_subdomain_read.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/random_subdomain_read.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"

#define EWMA_KEPT       0.9 /* of the baseline after a minute: alpha = 0.1 */
#define NEIGHBOUR_LEAST 5   /* transactions of a slot beside an attack that belongs to it */

/* How a zone did in a window: what the baseline is made of. */
struct history {
	nsec_t window;
	double seconds;
	double fresh; /* new failing names a second */
	double all;   /* transactions a second */
	bool fired;
};

struct slot_row {
	nsec_t window, time; /* begins of both */
	nsec_t first[ZONE_SIDES + 1], last[ZONE_SIDES + 1];
	uint64_t counts[ZONE_SIDES][ZONE_OUTCOMES];
	uint64_t peaks[ZONE_SIDES + 1];
	uint64_t distinct;
	struct label_sums labels;
	uint64_t reversed, sampled;
	double baseline, usual;
	unsigned fires;
	bool side_fires[ZONE_SIDES];
	bool like; /* looks like a part of an attack, however small */
};

struct thresholds {
	uint64_t least_queries;
	double failing, distinct, rise;
	double wild_distinct, wild_miss, wild_deviation, wild_entropy;
};

/* All rows of one zone. */
struct zone_rows {
	char *zone;              /* owned */
	struct history *history; /* owned */
	size_t history_count, history_capacity;
	struct slot_row *slots; /* owned; by time */
	size_t slot_count, slot_capacity;
};

struct reading {
	const struct section_context *context;
	struct attacks *attacks;
	struct thresholds thresholds;
	struct zone_rows *zones; /* owned; by name */
	size_t zone_count, zone_capacity;
};

static void *
grow(void *list, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return list;
	*capacity = *capacity > 0 ? 2 * *capacity : 16;
	return xrealloc_array(list, *capacity, size);
}

/* ------------------------------------------------------------------ reading zones */

static int
compare_zone(const void *key, const void *zone)
{
	return strcmp(key, ((const struct zone_rows *)zone)->zone);
}

static struct zone_rows *
find_zone(const struct reading *d, const char *name)
{
	return d->zone_count == 0
		   ? NULL
		   : bsearch(name, d->zones, d->zone_count, sizeof *d->zones, compare_zone);
}

/* Rows come by zone: the last zone, or a new one behind it. */
static struct zone_rows *
last_zone(struct reading *d, const char *name)
{
	struct zone_rows *z;

	if (d->zone_count > 0 && strcmp(d->zones[d->zone_count - 1].zone, name) == 0)
		return &d->zones[d->zone_count - 1];
	d->zones = grow(d->zones, d->zone_count, &d->zone_capacity, sizeof *d->zones);
	z = &d->zones[d->zone_count++];
	*z = (struct zone_rows){ .zone = xstrdup(name) };
	return z;
}

static void
take_history(struct zone_rows *z, const struct result *r)
{
	uint8_t names[HLL_SIZE(NAMES_PRECISION)] = { 0 };
	uint64_t asked = random_sum(r, 4, ZONE_OUTCOMES);
	uint64_t upstream = random_sum(r, 4 + ZONE_OUTCOMES, ZONE_OUTCOMES);
	struct history h = { .window = random_time(r, 1), .seconds = result_f64(r, 2) };

	if (h.seconds <= 0 || !sketch_add(names, NAMES_PRECISION, r, 3))
		return;
	h.fresh = hll_estimate(names, NAMES_PRECISION) / h.seconds;
	h.all = (double)(asked > upstream ? asked : upstream) / h.seconds;
	/* Several inputs may have the same window: sensors side by side. */
	if (z->history_count > 0 && z->history[z->history_count - 1].window == h.window) {
		z->history[z->history_count - 1].fresh += h.fresh;
		z->history[z->history_count - 1].all += h.all;
		return;
	}
	z->history = grow(z->history, z->history_count, &z->history_capacity, sizeof *z->history);
	z->history[z->history_count++] = h;
}

/* Windows before the period count as well: the baseline is what was usual before. */
static enum err
read_history(struct reading *d, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(d->context->store, &r, info,
	    "SELECT zone, window_begin, seconds, failing_names, " COUNTS_SQL
	    " FROM dns_random_subdomain_zones WHERE window_begin < %llu "
	    "ORDER BY zone, window_begin, input",
	    analysis_ms(d->context->end));

	if (e != ERR_OK)
		return e;
	while (result_next(r))
		take_history(last_zone(d, result_text(r, 0)), r);
	result_free(r);
	return ERR_OK;
}

static void
add_slot(struct slot_row *into, const struct slot_row *from)
{
	for (unsigned side = 0; side <= ZONE_SIDES; side++) {
		random_span(
		    &into->first[side], &into->last[side], from->first[side], from->last[side]);
		into->peaks[side] += from->peaks[side];
	}
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		for (unsigned i = 0; i < ZONE_OUTCOMES; i++)
			into->counts[side][i] += from->counts[side][i];
	}
	into->distinct += from->distinct;
	label_sums_merge(&into->labels, &from->labels);
	into->reversed += from->reversed;
	into->sampled += from->sampled;
}

/* Columns from the second on are those of the table. */
static void
take_slot(struct zone_rows *z, const struct result *r)
{
	const size_t at = 1;
	struct slot_row s = { .window = random_time(r, 0),
		.time = random_time(r, at + SLOT_BEGIN) };

	for (unsigned side = 0; side <= ZONE_SIDES; side++) {
		s.first[side] = random_time(r, at + SLOT_FIRST + side);
		s.last[side] = random_time(r, at + SLOT_LAST + side);
		s.peaks[side] = result_u64(r, at + SLOT_PEAK + side);
	}
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		for (unsigned i = 0; i < ZONE_OUTCOMES; i++)
			s.counts[side][i] =
			    result_u64(r, at + SLOT_COUNTS + (size_t)side * ZONE_OUTCOMES + i);
	}
	s.distinct = result_u64(r, at + SLOT_DISTINCT);
	s.labels.count = (uint32_t)result_u64(r, at + SLOT_LABELS);
	s.labels.octets = (uint32_t)result_u64(r, at + SLOT_LABEL_OCTETS);
	s.labels.squares = result_u64(r, at + SLOT_LABEL_SQUARES);
	s.labels.entropy = result_u64(r, at + SLOT_LABEL_ENTROPY);
	for (unsigned i = 0; i < LABEL_CLASSES; i++)
		s.labels.classes[i] = (uint32_t)result_u64(r, at + SLOT_LABEL_CLASSES + i);
	s.reversed = result_u64(r, at + SLOT_REVERSED);
	s.sampled = result_u64(r, at + SLOT_SAMPLED);
	/* A slot at a window's border, or of another input. */
	if (z->slot_count > 0 && z->slots[z->slot_count - 1].time == s.time) {
		add_slot(&z->slots[z->slot_count - 1], &s);
		return;
	}
	z->slots = grow(z->slots, z->slot_count, &z->slot_capacity, sizeof *z->slots);
	z->slots[z->slot_count++] = s;
}

static enum err
read_slots(struct reading *d, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(d->context->store, &r, info,
	    "SELECT window_begin, zone, slot, asked_first, upstream_first, all_first, asked_last, "
	    "upstream_last, all_last, " COUNTS_SQL ", asked_peak, upstream_peak, all_peak, "
	    "distinct_names, "
	    "labels, label_octets, label_squares, label_entropy, letters, digits, hyphens, others, "
	    "reversed, sampled FROM dns_random_subdomain WHERE" PERIOD_SQL
	    "ORDER BY zone, slot, window_begin, input",
	    PERIOD_ARGS(d->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct zone_rows *z = find_zone(d, result_text(r, 1));
		if (z != NULL)
			take_slot(z, r);
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ thresholds */

/* Distinct names for each transaction of a side: at most one. */
static double
distinct_share(const struct slot_row *s, uint64_t total)
{
	return total > 0 ? fmin(1, (double)s->distinct / (double)total) : 0;
}

/* What a side's failures say of ten seconds, their number aside. */
static unsigned
failing_fires(const struct thresholds *t, const struct slot_row *s, unsigned side)
{
	const uint64_t *counts = s->counts[side];
	double distinct = distinct_share(s, random_total(counts)), fresh;
	double total = (double)random_total(counts), failing = (double)random_failures(counts);
	double lost = (double)(counts[ZONE_SERVFAIL] + counts[ZONE_UNANSWERED]);

	if (total <= 0 || failing < t->failing * total || distinct < t->distinct)
		return 0;
	if (lost >= t->failing * total)
		return FIRE_DROWNED;
	fresh = failing * distinct / SLOT_SECONDS;
	return fresh >= t->rise * s->baseline ? FIRE_NXDOMAIN : 0;
}

static double
miss_share(const struct slot_row *s)
{
	uint64_t asked = random_total(s->counts[ZONE_ASKED]);

	return asked > 0 ? fmin(1, (double)random_total(s->counts[ZONE_UPSTREAM]) / (double)asked)
			 : 0;
}

static bool
is_wild(const struct thresholds *t, const struct slot_row *s)
{
	uint64_t total = random_total(s->counts[ZONE_ASKED]);

	/* The names are counted by a sketch: within two of its standard errors is enough here. */
	return total > 0 &&
	       distinct_share(s, total) >=
		   t->wild_distinct * (1 - 2 * hll_standard_error(SLOT_PRECISION)) &&
	       miss_share(s) >= t->wild_miss && s->labels.count > 0 &&
	       label_deviation(&s->labels) <= t->wild_deviation &&
	       label_entropy(&s->labels) >= t->wild_entropy &&
	       distinct_share(s, total) * (double)total / SLOT_SECONDS >= t->rise * s->baseline;
}

static void
judge_slot(const struct thresholds *t, struct slot_row *s)
{
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		unsigned fires = failing_fires(t, s, side);
		uint64_t total = random_total(s->counts[side]);
		s->like |= fires != 0 && total >= NEIGHBOUR_LEAST;
		if (total >= t->least_queries) {
			s->fires |= fires;
			s->side_fires[side] = fires != 0;
		}
	}
	if (s->fires == 0 && is_wild(t, s)) {
		uint64_t total = random_total(s->counts[ZONE_ASKED]);
		s->like |= total >= NEIGHBOUR_LEAST;
		if (total >= t->least_queries)
			s->fires |= FIRE_WILD;
	}
}

/* The moving mean of what was usual, up to a window. */
struct usual {
	double fresh, all;
	nsec_t until;
	bool known;
};

static void
pass_time(struct usual *u, nsec_t time)
{
	double minutes = (double)(time - u->until) / (60.0 * (double)NSEC_PER_SEC);

	/* Windows without a row had next to nothing. */
	if (!u->known || minutes <= 0)
		return;
	u->fresh *= pow(EWMA_KEPT, minutes);
	u->all *= pow(EWMA_KEPT, minutes);
	u->until = time;
}

static void
take_usual(struct usual *u, const struct history *h)
{
	double kept = pow(EWMA_KEPT, h->seconds / 60);

	pass_time(u, h->window);
	u->fresh = u->known ? kept * u->fresh + (1 - kept) * h->fresh : h->fresh;
	u->all = u->known ? kept * u->all + (1 - kept) * h->all : h->all;
	u->known = true;
	u->until = h->window + (nsec_t)(h->seconds * (double)NSEC_PER_SEC);
}

/* Windows with an attack do not make a baseline: an attack that goes on stays one. */
static void
judge_zone(const struct thresholds *t, struct zone_rows *z)
{
	struct usual usual = { 0 };
	size_t next = 0;

	for (size_t i = 0; i < z->slot_count; i++) {
		struct slot_row *s = &z->slots[i];
		for (; next < z->history_count && z->history[next].window < s->window; next++)
			if (!z->history[next].fired)
				take_usual(&usual, &z->history[next]);
		pass_time(&usual, s->window);
		s->baseline = usual.fresh;
		s->usual = usual.all;
		judge_slot(t, s);
		if (s->fires != 0 && next < z->history_count &&
		    z->history[next].window == s->window)
			z->history[next].fired = true;
	}
}

/* ------------------------------------------------------------------ attacks */

static void
note_best(struct attack *a, const struct slot_row *s)
{
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		uint64_t total = random_total(s->counts[side]);
		if (total <= a->best_total)
			continue;
		a->best_total = total;
		a->best_failing = (double)random_failures(s->counts[side]) / (double)total;
		a->best_distinct = distinct_share(s, total);
		a->best_miss = miss_share(s);
	}
}

static void
take_in(struct attack *a, const struct slot_row *s)
{
	uint64_t failing[ZONE_SIDES] = { random_failures(s->counts[0]),
		random_failures(s->counts[1]) };
	uint64_t more = failing[0] > failing[1] ? failing[0] : failing[1];

	if ((s->fires & FIRE_WILD) != 0)
		more = random_total(s->counts[ZONE_ASKED]);
	if (a->fires == 0 && s->fires != 0) {
		a->baseline = s->baseline;
		a->usual = s->usual;
	}
	a->fires |= s->fires;
	if (a->window_first == 0 || s->window < a->window_first)
		a->window_first = s->window;
	if (s->window > a->window_last)
		a->window_last = s->window;
	for (unsigned side = 0; side <= ZONE_SIDES; side++) {
		random_span(&a->first[side], &a->last[side], s->first[side], s->last[side]);
		if (s->peaks[side] > a->peaks[side])
			a->peaks[side] = s->peaks[side];
	}
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		for (unsigned i = 0; i < ZONE_OUTCOMES; i++)
			a->counts[side][i] += s->counts[side][i];
		a->side_fires[side] |= s->side_fires[side];
	}
	a->slot_distinct += s->distinct;
	label_sums_merge(&a->labels, &s->labels);
	a->reversed += s->reversed;
	a->sampled += s->sampled;
	if (s->fires != 0)
		note_best(a, s);
	if (a->point_count < ATTACK_CURVE) {
		if (a->points == NULL)
			a->points = xcalloc(ATTACK_CURVE, sizeof *a->points);
		a->points[a->point_count++] =
		    (struct attack_point){ s->time, (double)more / SLOT_SECONDS };
	}
}

/* The first slot of the run of neighbours that ends at `at`. */
static size_t
run_begin(const struct zone_rows *z, size_t at)
{
	while (at > 0 && z->slots[at - 1].like &&
	       z->slots[at].time - z->slots[at - 1].time == SLOT_LENGTH)
		at--;
	return at;
}

static size_t
run_end(const struct zone_rows *z, size_t at)
{
	while (at + 1 < z->slot_count && z->slots[at + 1].like &&
	       z->slots[at + 1].time - z->slots[at].time == SLOT_LENGTH)
		at++;
	return at;
}

/* Where the slots that fire within FINDING_GAP of each other end. */
static size_t
last_fired(const struct zone_rows *z, size_t at)
{
	for (size_t i = at + 1; i < z->slot_count; i++) {
		if (z->slots[i].time - z->slots[at].time > FINDING_GAP + SLOT_LENGTH)
			break;
		if (z->slots[i].fires != 0)
			at = i;
	}
	return at;
}

static void
settle(struct attack *a)
{
	if ((a->fires & (FIRE_NXDOMAIN | FIRE_DROWNED)) != 0) {
		/* At one resolver both sides tell the same, but upstream it asks again and again,
		 * and is the only client: where what was asked of it fires, that is told. */
		a->side = a->side_fires[ZONE_ASKED] ? ZONE_ASKED : ZONE_UPSTREAM;
		a->begin = a->first[a->side];
		a->end = a->last[a->side];
	} else {
		a->side = ZONE_ASKED;
		a->begin = a->first[ZONE_SIDES];
		a->end = a->last[ZONE_SIDES];
	}
}

static void
find_attacks(struct reading *d, const struct zone_rows *z)
{
	for (size_t i = 0; i < z->slot_count; i++) {
		size_t begin, end;
		struct attack *a;
		if (z->slots[i].fires == 0)
			continue;
		begin = run_begin(z, i);
		i = last_fired(z, i);
		end = run_end(z, i);
		a = random_attack_new(d->attacks, z->zone);
		for (size_t k = begin; k <= end; k++)
			if (z->slots[k].like)
				take_in(a, &z->slots[k]);
		settle(a);
		i = end;
	}
}

static void
release_reading(struct reading *d)
{
	for (size_t i = 0; i < d->zone_count; i++) {
		free(d->zones[i].zone);
		free(d->zones[i].history);
		free(d->zones[i].slots);
	}
	free(d->zones);
}

enum err
random_slots_read(const struct section_context *c, struct attacks *attacks, struct err_info *info)
{
	const struct settings *set = c->settings;
	struct reading d = { .context = c,
		.attacks = attacks,
		.thresholds = { .least_queries = settings_u64(set, "least_queries"),
		    .failing = settings_f64(set, "failing_share"),
		    .distinct = settings_f64(set, "distinct_share"),
		    .rise = settings_f64(set, "rise"),
		    .wild_distinct = settings_f64(set, "wild_distinct_share"),
		    .wild_miss = settings_f64(set, "wild_miss_share"),
		    .wild_deviation = settings_f64(set, "wild_length_deviation"),
		    .wild_entropy = settings_f64(set, "wild_entropy") } };
	enum err e = read_history(&d, info);

	if (e == ERR_OK)
		e = read_slots(&d, info);
	for (size_t i = 0; e == ERR_OK && i < d.zone_count; i++) {
		judge_zone(&d.thresholds, &d.zones[i]);
		find_attacks(&d, &d.zones[i]);
	}
	release_reading(&d);
	return e;
}
