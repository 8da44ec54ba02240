/* SPDX-License-Identifier: ISC */
/* Stored rows become attacks; see random_subdomain_read.h. */
#include "analysis/dns/random_subdomain_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define EWMA_KEPT       0.9 /* of the baseline after a minute: alpha = 0.1 */
#define NEIGHBOUR_LEAST 5   /* transactions of a slot beside an attack that belongs to it */
#define REVERSED_SHARE  0.5
#define TUNNEL_LENGTH   30 /* octets of the first label: spec of tunnels */
#define TUNNEL_TYPES    0.5

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

static nsec_t
result_time(const struct result *r, size_t column)
{
	return (nsec_t)result_u64(r, column) * NSEC_PER_MS;
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

static uint64_t
sum_counts(const struct result *r, size_t column, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += result_u64(r, column + i);
	return sum;
}

static void
take_history(struct zone_rows *z, const struct result *r)
{
	uint8_t names[HLL_SIZE(NAMES_PRECISION)] = { 0 };
	uint64_t asked = sum_counts(r, 4, ZONE_OUTCOMES);
	uint64_t upstream = sum_counts(r, 4 + ZONE_OUTCOMES, ZONE_OUTCOMES);
	struct history h = { .window = result_time(r, 1), .seconds = result_f64(r, 2) };
	const char *stored;
	size_t size;

	stored = result_blob(r, 3, &size);
	if (h.seconds <= 0 || hll_decode_into(names, NAMES_PRECISION, stored, size) != ERR_OK)
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

#define COUNTS_SQL                                                        \
	"asked_other, asked_nxdomain, asked_servfail, asked_unanswered, " \
	"upstream_other, upstream_nxdomain, upstream_servfail, upstream_unanswered"

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
add_span(nsec_t *first, nsec_t *last, nsec_t from_first, nsec_t from_last)
{
	if (from_first == 0)
		return;
	if (*first == 0 || from_first < *first)
		*first = from_first;
	if (from_last > *last)
		*last = from_last;
}

static void
add_slot(struct slot_row *into, const struct slot_row *from)
{
	for (unsigned side = 0; side <= ZONE_SIDES; side++) {
		add_span(
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
	struct slot_row s = { .window = result_time(r, 0),
		.time = result_time(r, at + SLOT_BEGIN) };

	for (unsigned side = 0; side <= ZONE_SIDES; side++) {
		s.first[side] = result_time(r, at + SLOT_FIRST + side);
		s.last[side] = result_time(r, at + SLOT_LAST + side);
		s.peaks[side] = result_u64(r, at + SLOT_PEAK + side);
	}
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		for (unsigned i = 0; i < ZONE_OUTCOMES; i++)
			s.counts[side][i] =
			    result_u64(r, at + SLOT_COUNTS + side * ZONE_OUTCOMES + i);
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

static uint64_t
failures_of(const uint64_t counts[ZONE_OUTCOMES])
{
	return counts[ZONE_NXDOMAIN] + counts[ZONE_SERVFAIL] + counts[ZONE_UNANSWERED];
}

static uint64_t
total_of(const uint64_t counts[ZONE_OUTCOMES])
{
	return counts[ZONE_OTHER] + failures_of(counts);
}

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
	double distinct = distinct_share(s, total_of(counts)), fresh;
	double total = (double)total_of(counts), failing = (double)failures_of(counts);
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
	uint64_t asked = total_of(s->counts[ZONE_ASKED]);

	return asked > 0 ? fmin(1, (double)total_of(s->counts[ZONE_UPSTREAM]) / (double)asked) : 0;
}

static bool
is_wild(const struct thresholds *t, const struct slot_row *s)
{
	uint64_t total = total_of(s->counts[ZONE_ASKED]);

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
		uint64_t total = total_of(s->counts[side]);
		s->like |= fires != 0 && total >= NEIGHBOUR_LEAST;
		if (total >= t->least_queries) {
			s->fires |= fires;
			s->side_fires[side] = fires != 0;
		}
	}
	if (s->fires == 0 && is_wild(t, s)) {
		uint64_t total = total_of(s->counts[ZONE_ASKED]);
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

static struct attack *
new_attack(struct attacks *attacks, const char *zone)
{
	struct attack *a;

	attacks->list =
	    grow(attacks->list, attacks->count, &attacks->capacity, sizeof *attacks->list);
	a = &attacks->list[attacks->count++];
	memset(a, 0, sizeof *a);
	a->zone = xstrdup(zone);
	a->names = xcalloc(1, HLL_SIZE(NAMES_PRECISION));
	a->client_sketch = xcalloc(ZONE_SIDES, HLL_SIZE(CLIENTS_PRECISION));
	return a;
}

static void
note_best(struct attack *a, const struct slot_row *s)
{
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		uint64_t total = total_of(s->counts[side]);
		if (total <= a->best_total)
			continue;
		a->best_total = total;
		a->best_failing = (double)failures_of(s->counts[side]) / (double)total;
		a->best_distinct = distinct_share(s, total);
		a->best_miss = miss_share(s);
	}
}

static void
take_in(struct attack *a, const struct slot_row *s)
{
	uint64_t failing[ZONE_SIDES] = { failures_of(s->counts[0]), failures_of(s->counts[1]) };
	uint64_t more = failing[0] > failing[1] ? failing[0] : failing[1];

	if ((s->fires & FIRE_WILD) != 0)
		more = total_of(s->counts[ZONE_ASKED]);
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
		add_span(&a->first[side], &a->last[side], s->first[side], s->last[side]);
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
		a = new_attack(d->attacks, z->zone);
		for (size_t k = begin; k <= end; k++)
			if (z->slots[k].like)
				take_in(a, &z->slots[k]);
		settle(a);
		i = end;
	}
}

/* ------------------------------------------------------------------ what is known of them */

/* The first attack of a zone; they lie together. */
static size_t
first_attack(const struct attacks *attacks, const char *zone)
{
	size_t low = 0, high = attacks->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(attacks->list[middle].zone, zone) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
take_window(struct attack *a, const struct result *r, size_t at, uint64_t input)
{
	const char *stored;
	size_t size;

	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		size_t column = at + ZONE_COUNTS + side * (size_t)ZONE_OUTCOMES;
		uint64_t other = result_u64(r, column);
		uint64_t all = sum_counts(r, column, ZONE_OUTCOMES);
		a->window_failures[side] += all - other;
		a->window_all[side] += all;
		stored = result_blob(r, at + ZONE_CLIENTS + side, &size);
		if (hll_decode_into(a->client_sketch + side * HLL_SIZE(CLIENTS_PRECISION),
			CLIENTS_PRECISION, stored, size) != ERR_OK)
			continue;
	}
	a->retransmissions += result_u64(r, at + ZONE_RETRANSMISSIONS);
	for (unsigned i = 0; i < ZONE_TYPES; i++)
		a->types[i] += result_u64(r, at + ZONE_TYPE_COUNTS + i);
	for (unsigned i = 0; i < CLIENT_CLASSES; i++)
		a->classes[i] += result_u64(r, at + ZONE_CLASS_COUNTS + i);
	stored = result_blob(r, at + ZONE_NAMES, &size);
	if (hll_decode_into(a->names, NAMES_PRECISION, stored, size) == ERR_OK)
		a->distinct = hll_estimate(a->names, NAMES_PRECISION);
	dns_samples_read(&a->samples, r, at + ZONE_SAMPLES, input);
	a->own |= result_u64(r, at + ZONE_OWN) != 0;
}

static enum err
read_windows(struct reading *d, struct err_info *info)
{
	struct attacks *all = d->attacks;
	struct result *r;
	enum err e = query_run(d->context->store, &r, info,
	    "SELECT input, window_begin, zone, seconds, " COUNTS_SQL
	    ", retransmissions, type_a, type_aaaa, type_txt, type_null, type_cname, type_mx, "
	    "type_any, type_other, from_customers, from_servers, from_external, asked_clients, "
	    "upstream_clients, failing_names, samples, own FROM dns_random_subdomain_zones "
	    "WHERE" PERIOD_SQL "ORDER BY zone, window_begin, input",
	    PERIOD_ARGS(d->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		const char *zone = result_text(r, 2);
		nsec_t window = result_time(r, 1);
		for (size_t i = first_attack(all, zone);
		     i < all->count && strcmp(all->list[i].zone, zone) == 0; i++)
			if (window >= all->list[i].window_first &&
			    window <= all->list[i].window_last)
				take_window(&all->list[i], r, 2, result_u64(r, 0));
	}
	result_free(r);
	for (size_t i = 0; i < all->count; i++) {
		struct attack *a = &all->list[i];
		a->client_count = hll_estimate(
		    a->client_sketch + a->side * HLL_SIZE(CLIENTS_PRECISION), CLIENTS_PRECISION);
		if ((a->fires & (FIRE_NXDOMAIN | FIRE_DROWNED)) == 0)
			a->distinct = (double)a->slot_distinct;
	}
	return ERR_OK;
}

static void
take_client(struct attack *a, const struct result *r)
{
	struct address address = result_address(r, 3);
	struct attack_client *c = NULL;

	for (size_t i = 0; i < a->client_count_listed && c == NULL; i++)
		if (address_equal(&a->clients[i].address, &address))
			c = &a->clients[i];
	if (c == NULL) {
		if (a->client_count_listed == ATTACK_CLIENTS)
			return;
		c = &a->clients[a->client_count_listed++];
		*c = (struct attack_client){ .address = address };
	}
	(void)snprintf(c->kind, sizeof c->kind, "%s", result_text(r, 4));
	c->resolver |= result_u64(r, 5) != 0;
	c->queries += result_u64(r, 6);
	c->error += result_u64(r, 7);
}

static int
compare_clients(const void *a, const void *b)
{
	const struct attack_client *x = a, *y = b;
	uint64_t left = x->queries - x->error, right = y->queries - y->error;

	if (left != right)
		return left > right ? -1 : 1;
	return address_compare(&x->address, &y->address);
}

static enum err
read_clients(struct reading *d, struct err_info *info)
{
	struct attacks *all = d->attacks;
	struct result *r;
	enum err e = query_run(d->context->store, &r, info,
	    "SELECT window_begin, zone, side, client, kind, resolver, queries, queries_error "
	    "FROM dns_random_subdomain_clients WHERE" PERIOD_SQL
	    "ORDER BY zone, window_begin, input, queries DESC, client, side",
	    PERIOD_ARGS(d->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		const char *zone = result_text(r, 1);
		unsigned side =
		    strcmp(result_text(r, 2), "asked") == 0 ? ZONE_ASKED : ZONE_UPSTREAM;
		nsec_t window = result_time(r, 0);
		for (size_t i = first_attack(all, zone);
		     i < all->count && strcmp(all->list[i].zone, zone) == 0; i++)
			if (side == all->list[i].side && window >= all->list[i].window_first &&
			    window <= all->list[i].window_last)
				take_client(&all->list[i], r);
	}
	result_free(r);
	for (size_t i = 0; i < all->count; i++)
		qsort(all->list[i].clients, all->list[i].client_count_listed,
		    sizeof *all->list[i].clients, compare_clients);
	return ERR_OK;
}

static enum err
read_totals(struct reading *d, struct err_info *info)
{
	struct attacks *all = d->attacks;
	struct result *r;
	enum err e = query_run(d->context->store, &r, info,
	    "SELECT window_begin, asked, upstream, excluded, matched_own, scatter, "
	    "zones_displaced, zones_refused, slots_refused, shortfall, zones_unstored, "
	    "zones_nameless FROM dns_random_subdomain_totals WHERE" PERIOD_SQL
	    "ORDER BY window_begin, input",
	    PERIOD_ARGS(d->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		nsec_t window = result_time(r, 0);
		all->windows++;
		for (unsigned i = 0; i < TOTAL_COLUMNS; i++) {
			uint64_t value = result_u64(r, 1 + i);
			if (i == TOTAL_SHORTFALL)
				all->totals[i] = value > all->totals[i] ? value : all->totals[i];
			else
				all->totals[i] += value;
		}
		for (size_t i = 0; i < all->count; i++)
			if (window >= all->list[i].window_first &&
			    window <= all->list[i].window_last)
				all->list[i].upstream_all += result_u64(r, 1 + TOTAL_UPSTREAM);
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ what they are not */

static bool
is_listed(const char *zones, const char *zone)
{
	size_t size = strlen(zone);

	while (*zones != '\0') {
		size_t length = strcspn(zones, " ");
		/* The zone itself, or one below it. */
		if (length > 0 && length <= size &&
		    strncmp(zones, zone + size - length, length) == 0 &&
		    (length == size || zone[size - length - 1] == '.'))
			return true;
		zones += length + strspn(zones + length, " ");
	}
	return false;
}

static bool
is_tunnel(const struct attack *a)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < ZONE_TYPES; i++)
		all += a->types[i];
	return all > 0 && label_mean(&a->labels) >= TUNNEL_LENGTH &&
	       (double)(a->types[ZONE_TXT] + a->types[ZONE_NULL] + a->types[ZONE_CNAME] +
			a->types[ZONE_MX]) >= TUNNEL_TYPES * (double)all;
}

/* One client does it, or so few that it is theirs.  A resolver asks for others: its share says
 * nothing. */
static bool
is_clients_own(const struct section_context *c, const struct attack *a)
{
	const struct attack_client *top = &a->clients[0];
	uint64_t all =
	    (a->fires & FIRE_WILD) != 0 ? a->window_all[a->side] : a->window_failures[a->side];

	for (size_t i = 0; i < a->client_count_listed; i++)
		if (a->clients[i].resolver)
			return false;
	if (a->client_count + 0.5 < (double)settings_u64(c->settings, "least_clients"))
		return true;
	return a->client_count_listed > 0 &&
	       (double)(top->queries - top->error) >=
		   settings_f64(c->settings, "client_share") * (double)all;
}

static enum attack_class
classify(const struct section_context *c, const struct attack *a)
{
	if (is_listed(settings_text(c->settings, "disposable_zones"), a->zone))
		return CLASS_DISPOSABLE;
	if (a->sampled > 0 && (double)a->reversed >= REVERSED_SHARE * (double)a->sampled)
		return CLASS_BLOCK_LIST;
	if (is_tunnel(a))
		return CLASS_TUNNEL;
	return is_clients_own(c, a) ? CLASS_CLIENT : CLASS_ATTACK;
}

const char *random_attack_class_name(enum attack_class class)
{
	static const char *const names[CLASS_COUNT] = { "attack", "client", "block list", "tunnel",
		"disposable" };

	return names[class];
}

uint64_t
random_attack_queries(const struct attack *a)
{
	if ((a->fires & (FIRE_NXDOMAIN | FIRE_DROWNED)) != 0)
		return failures_of(a->counts[a->side]);
	return total_of(a->counts[a->side]);
}

/* ------------------------------------------------------------------ backscatter */

/* Rows of one zone not further apart than FINDING_GAP. */
struct scatter {
	char *zone; /* owned */
	nsec_t begin, end;
	uint64_t counts[3], dark;
	uint8_t names[HLL_SIZE(SCATTER_PRECISION)];
	uint8_t servers[HLL_SIZE(SCATTER_PRECISION)];
	uint8_t targets[HLL_SIZE(SCATTER_PRECISION)];
	struct dns_samples samples;
};

static void
take_scatter(struct scatter *s, const struct result *r, size_t at)
{
	uint8_t *const sketches[] = { s->names, s->servers, s->targets };

	add_span(&s->begin, &s->end, result_time(r, at + SCATTER_FIRST),
	    result_time(r, at + SCATTER_LAST));
	for (unsigned i = 0; i < 3; i++) {
		size_t size;
		const char *stored = result_blob(r, at + SCATTER_NAMES + i, &size);
		s->counts[i] += result_u64(r, at + SCATTER_NXDOMAIN + i);
		if (hll_decode_into(sketches[i], SCATTER_PRECISION, stored, size) != ERR_OK)
			continue;
	}
	s->dark += result_u64(r, at + SCATTER_DARK);
	dns_samples_read(&s->samples, r, at + SCATTER_SAMPLES, result_u64(r, 0));
}

static struct attack *
attack_at(struct attacks *attacks, const struct scatter *s, size_t known)
{
	for (size_t i = first_attack(attacks, s->zone);
	     i < known && strcmp(attacks->list[i].zone, s->zone) == 0; i++) {
		struct attack *a = &attacks->list[i];
		if (s->begin - a->end <= FINDING_GAP && a->begin - s->end <= FINDING_GAP)
			return a;
	}
	return NULL;
}

/* Whether backscatter is enough to name a victim.  At own addresses that are in use, whose
 * questions may have been lost, the targets must be as many as the answers: forged senders are
 * random. */
static bool
is_victim(const struct reading *d, const struct scatter *s)
{
	const struct settings *set = d->context->settings;
	double all = (double)(s->counts[0] + s->counts[1] + s->counts[2]);
	double names = hll_estimate(s->names, SCATTER_PRECISION) + 0.5;

	if (names < (double)settings_u64(set, "scatter_names") ||
	    names < settings_f64(set, "distinct_share") * all ||
	    hll_estimate(s->servers, SCATTER_PRECISION) + 0.5 <
		(double)settings_u64(set, "scatter_servers"))
		return false;
	if (2 * (double)s->dark >= all)
		return true;
	if (d->attacks->totals[TOTAL_MATCHED] == 0) {
		d->attacks->scatter_one_way++;
		return false;
	}
	return hll_estimate(s->targets, SCATTER_PRECISION) >= 0.5 * all;
}

/* Ends a run of rows: it makes an attack, adds to one that is known, or is nothing. */
static void
end_scatter(struct reading *d, struct scatter *s, size_t known)
{
	struct attack *a;

	if (s->zone == NULL)
		return;
	if (is_listed(settings_text(d->context->settings, "disposable_zones"), s->zone) ||
	    !is_victim(d, s)) {
		d->attacks->scatter_below++;
	} else {
		a = attack_at(d->attacks, s, known);
		if (a == NULL) {
			a = new_attack(d->attacks, s->zone);
			a->begin = s->begin;
			a->end = s->end;
			a->distinct = hll_estimate(s->names, SCATTER_PRECISION);
			a->client_count = hll_estimate(s->targets, SCATTER_PRECISION);
			a->samples = s->samples;
		}
		a->fires |= FIRE_SCATTER;
		for (unsigned i = 0; i < 3; i++)
			a->scatter[i] += s->counts[i];
		a->dark += s->dark;
		a->scatter_names = hll_estimate(s->names, SCATTER_PRECISION);
		a->scatter_servers = hll_estimate(s->servers, SCATTER_PRECISION);
		a->scatter_targets = hll_estimate(s->targets, SCATTER_PRECISION);
	}
	free(s->zone);
	s->zone = NULL;
}

static enum err
read_scatter(struct reading *d, struct err_info *info)
{
	struct scatter *s = xcalloc(1, sizeof *s);
	size_t known = d->attacks->count;
	struct result *r;
	enum err e = query_run(d->context->store, &r, info,
	    "SELECT input, zone, first, last, nxdomain, servfail, quoted, dark, names, servers, "
	    "targets, samples FROM dns_random_subdomain_scatter WHERE" PERIOD_SQL
	    "ORDER BY zone, first, input",
	    PERIOD_ARGS(d->context));

	while (e == ERR_OK && result_next(r)) {
		const char *zone = result_text(r, 1);
		if (s->zone == NULL || strcmp(s->zone, zone) != 0 ||
		    result_time(r, 1 + SCATTER_FIRST) - s->end > FINDING_GAP) {
			end_scatter(d, s, known);
			*s = (struct scatter){ .zone = xstrdup(zone) };
		}
		take_scatter(s, r, 1);
	}
	if (e == ERR_OK)
		result_free(r);
	end_scatter(d, s, known);
	free(s);
	return e;
}

/* ------------------------------------------------------------------ all of it */

static int
compare_attacks(const void *a, const void *b)
{
	const struct attack *x = a, *y = b;
	int order = strcmp(x->zone, y->zone);

	if (order != 0)
		return order;
	return (x->begin > y->begin) - (x->begin < y->begin);
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
random_attacks_read(const struct section_context *c, struct attacks *attacks, struct err_info *info)
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
	if (e == ERR_OK)
		e = read_windows(&d, info);
	if (e == ERR_OK)
		e = read_clients(&d, info);
	if (e == ERR_OK)
		e = read_totals(&d, info);
	for (size_t i = 0; e == ERR_OK && i < attacks->count; i++)
		attacks->list[i].class = classify(c, &attacks->list[i]);
	if (e == ERR_OK)
		e = read_scatter(&d, info);
	if (attacks->count > 0)
		qsort(attacks->list, attacks->count, sizeof *attacks->list, compare_attacks);
	release_reading(&d);
	return e;
}

void
random_attacks_release(struct attacks *attacks)
{
	for (size_t i = 0; i < attacks->count; i++) {
		free(attacks->list[i].zone);
		free(attacks->list[i].names);
		free(attacks->list[i].client_sketch);
		free(attacks->list[i].points);
	}
	free(attacks->list);
}
