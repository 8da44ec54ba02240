/* SPDX-License-Identifier: ISC */
/* Weighted Misra-Gries over three metrics; see misra_gries.h. */
#include "stat/misra_gries.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "stat/select.h"

static_assert(MG_METRICS == 3, "three metrics are written out below");
/* Tables from this size on take their thresholds from a sample of that size. */
#define SAMPLED_LEAST 2048
#define SAMPLE        ((size_t)256)

/* Where they stand in it: with a quarter above, fewer than 1/6 of the table is above once in a
 * thousand purges (the standard deviation is 0.027). */
#define SAMPLE_RANK (SAMPLE / 4 * 3)

static_assert(MG_CAPACITY_MOST < MG_NUMBER_MASK, "entry numbers fit in a slot");

void
mg_init(struct mg *mg, uint32_t capacity, unsigned key_words)
{
	uint32_t slots = 2 * MG_CAPACITY_LEAST;

	assert(capacity >= MG_CAPACITY_LEAST && capacity <= MG_CAPACITY_MOST);
	assert(key_words == 2 || key_words == 4);
	while (slots < 2 * capacity)
		slots *= 2;
	*mg = (struct mg){ .capacity = capacity,
		.slot_mask = slots - 1,
		.slot_shift = (unsigned)__builtin_clz(slots) + 1,
		.key_words = key_words };
	/* One more than can be in use: the prefetch of the next one is then never out of bounds. */
	mg->entries = aligned_alloc(64, (capacity + 1) * sizeof *mg->entries);
	if (mg->entries == NULL)
		abort();
	mg->entries[0] = (struct mg_entry){ .handle = 0 };
	mg->slots = xcalloc(slots, sizeof *mg->slots);
	mg->sieve_mask = slots / 2 * MG_SIEVE_CELLS - 1;
	mg->sieve = xcalloc((size_t)mg->sieve_mask + 1, sizeof *mg->sieve);
	mg->scratch = xcalloc(capacity, sizeof *mg->scratch);
	mg->listed = xcalloc(capacity, sizeof *mg->listed);
}

void
mg_release(struct mg *mg)
{
	free(mg->entries);
	free(mg->slots);
	free(mg->sieve);
	free(mg->scratch);
	free(mg->listed);
	*mg = (struct mg){ 0 };
}

static void
empty_slots(struct mg *mg)
{
	memset(mg->slots, 0, ((size_t)mg->slot_mask + 1) * sizeof *mg->slots);
}

void
mg_clear(struct mg *mg)
{
	if (mg->count > mg->slot_mask / 32) {
		empty_slots(mg);
	} else {
		for (uint32_t i = 0; i < mg->count; i++) {
			/* Its chain may be broken already, so walk over empty slots too. */
			uint32_t at = mg->entries[i].hash >> mg->slot_shift;
			while ((mg->slots[at] & MG_NUMBER_MASK) != i + 1)
				at = (at + 1) & mg->slot_mask;
			mg->slots[at] = 0;
		}
	}
	mg->count = 0;
	if (mg->sieving)
		memset(mg->sieve, 0, ((size_t)mg->sieve_mask + 1) * sizeof *mg->sieve);
	mg->sieving = false;
	memset(mg->error, 0, sizeof mg->error);
}

/* The least counter of one metric and how many are that low. */
struct least {
	uint64_t value;
	uint32_t times;
};

static inline void
note_least(struct least *l, uint64_t value)
{
	if (value == l->value) {
		l->times++;
	} else if (value < l->value) {
		l->value = value;
		l->times = 1;
	}
}

static uint64_t
select_counter(struct mg *mg, unsigned metric, uint32_t rank)
{
	for (uint32_t i = 0; i < mg->count; i++)
		mg->scratch[i] = mg->entries[i].counters[metric];
	return select_rank(mg->scratch, mg->count, rank);
}

/* The 5/6 quantiles. */
static void
find_quantiles(struct mg *mg, uint64_t ret_d[MG_METRICS])
{
	uint32_t rank = mg->count - mg->count / 6 - 1;
	struct least least[MG_METRICS] = { { UINT64_MAX, 0 }, { UINT64_MAX, 0 },
		{ UINT64_MAX, 0 } };

	for (uint32_t i = 0; i < mg->count; i++) {
		note_least(&least[0], mg->entries[i].counters[0]);
		note_least(&least[1], mg->entries[i].counters[1]);
		note_least(&least[2], mg->entries[i].counters[2]);
	}
	/* In a flood of single packets the least counter is the quantile. */
	for (unsigned m = 0; m < MG_METRICS; m++)
		ret_d[m] = rank < least[m].times ? least[m].value : select_counter(mg, m, rank);
}

/* Nearly the same from entries at even distances in the order of their coming, which does not
 * depend on the hash. */
static void
estimate_quantiles(struct mg *mg, uint64_t ret_d[MG_METRICS])
{
	uint32_t step = mg->count / SAMPLE;

	for (unsigned m = 0; m < MG_METRICS; m++) {
		for (uint32_t i = 0; i < SAMPLE; i++)
			mg->scratch[i] = mg->entries[i * step + step / 2].counters[m];
		ret_d[m] = select_rank(mg->scratch, SAMPLE, SAMPLE_RANK);
	}
}

/* Whether more than a sixth of the counters are at least d; looks at no more than it needs. */
static bool
is_reached(const struct mg *mg, unsigned metric, uint64_t d)
{
	uint32_t missing = mg->count / 6 + 1;

	for (uint32_t i = 0; i < mg->count && missing != 0; i++)
		missing -= mg->entries[i].counters[metric] >= d;
	return missing == 0;
}

static inline bool
is_heavy(const struct mg_entry *e, const uint64_t d[MG_METRICS])
{
	return (e->counters[0] > d[0]) | (e->counters[1] > d[1]) | (e->counters[2] > d[2]);
}

/* Lists the entries that stay or have a handle; returns how many stay.  Without a branch, since
 * nothing tells beforehand which way it would go. */
static uint32_t
list_entries(struct mg *mg, const uint64_t d[MG_METRICS], uint32_t *ret_listed)
{
	const uint64_t bounds[MG_METRICS] = { d[0], d[1], d[2] };
	uint32_t kept = 0, listed = 0;

	for (uint32_t i = 0; i < mg->count; i++) {
		const struct mg_entry *e = &mg->entries[i];
		uint32_t heavy = is_heavy(e, bounds);
		mg->listed[listed] = i;
		kept += heavy;
		listed += heavy | (e->handle != 0);
	}
	*ret_listed = listed;
	return kept;
}

/* Finds what a purge takes from each metric; returns how many entries are listed. */
static uint32_t
find_thresholds(struct mg *mg, uint64_t ret_d[MG_METRICS])
{
	uint32_t listed;

	if (mg->count >= SAMPLED_LEAST) {
		estimate_quantiles(mg, ret_d);
		/* The two proofs that misra_gries.h speaks of. */
		if (is_reached(mg, 0, ret_d[0]) && is_reached(mg, 1, ret_d[1]) &&
		    is_reached(mg, 2, ret_d[2]) &&
		    list_entries(mg, ret_d, &listed) <= mg->count / 2)
			return listed;
	}
	find_quantiles(mg, ret_d);
	(void)list_entries(mg, ret_d, &listed);
	return listed;
}

static inline void
diminish(struct mg_entry *e, const uint64_t d[MG_METRICS])
{
	for (unsigned m = 0; m < MG_METRICS; m++)
		e->counters[m] -= e->counters[m] < d[m] ? e->counters[m] : d[m];
}

static uint32_t
find_empty_slot(const struct mg *mg, uint32_t hash)
{
	uint32_t at = hash >> mg->slot_shift;

	while (mg->slots[at] != 0)
		at = (at + 1) & mg->slot_mask;
	return at;
}

static void
purge(struct mg *mg)
{
	uint64_t d[MG_METRICS];
	uint32_t listed = find_thresholds(mg, d), kept = 0;

	for (unsigned m = 0; m < MG_METRICS; m++)
		mg->error[m] = mg_sum(mg->error[m], d[m]);
	empty_slots(mg);
	for (uint32_t i = 0; i < listed; i++) {
		struct mg_entry *e = &mg->entries[mg->listed[i]];
		if (!is_heavy(e, d)) {
			if (mg->leave != NULL)
				mg->leave(mg->context, e);
			continue;
		}
		diminish(e, d);
		if (kept != mg->listed[i])
			mg->entries[kept] = *e;
		mg->slots[find_empty_slot(mg, e->hash)] = e->hash << MG_NUMBER_BITS | ++kept;
	}
	mg->count = kept;
}

void
mg_thresholds_set(
    struct mg_thresholds *thresholds, const uint64_t totals[MG_METRICS], uint32_t capacity)
{
	for (unsigned m = 0; m < MG_METRICS; m++) {
		uint64_t most = totals[m] / capacity * 2;
		/* They only rise, and are not 0. */
		if (most < 1)
			most = 1;
		if (thresholds->most[m] < most)
			thresholds->most[m] = most;
		thresholds->inverse[m] = (double)MG_SIEVE_FULL / (double)thresholds->most[m];
	}
}

void
mg_sieve_scale(struct mg *mg, const struct mg_thresholds *from, const struct mg_thresholds *to)
{
	double ratio = 0;
	uint32_t factor;

	if (!mg->sieving)
		return;
	for (unsigned m = 0; m < MG_METRICS; m++) {
		double r = (double)from->most[m] / (double)to->most[m];
		ratio = r > ratio ? r : ratio;
	}
	factor = (uint32_t)(ratio * 65536) + 1;
	if (factor >= 65536)
		return;
	/* Rounded up. */
	for (uint32_t i = 0; i <= mg->sieve_mask; i++)
		mg->sieve[i] = (uint16_t)((mg->sieve[i] * factor + 65535) >> 16);
}

uint32_t
mg_make_room(struct mg *mg, uint32_t hash)
{
	purge(mg);
	mg->sieving = true;
	return find_empty_slot(mg, hash);
}
