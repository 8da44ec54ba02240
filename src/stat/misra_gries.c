/* SPDX-License-Identifier: ISC */
/* Weighted Misra-Gries over three metrics; see misra_gries.h. */
#include "stat/misra_gries.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "stat/select.h"

static_assert(MG_METRICS == 3, "three metrics are written out below");
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
	mg->slots = xcalloc(slots, sizeof *mg->slots);
	mg->scratch = xcalloc(capacity, sizeof *mg->scratch);
}

void
mg_release(struct mg *mg)
{
	free(mg->entries);
	free(mg->slots);
	free(mg->scratch);
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

/* What a purge takes from each metric. */
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

/* Whether subtracting would leave nothing. */
static inline bool
is_light(const struct mg_entry *e, const uint64_t d[MG_METRICS])
{
	return e->counters[0] <= d[0] && e->counters[1] <= d[1] && e->counters[2] <= d[2];
}

static inline void
diminish(struct mg_entry *e, const uint64_t d[MG_METRICS])
{
	for (unsigned m = 0; m < MG_METRICS; m++)
		e->counters[m] -= e->counters[m] < d[m] ? e->counters[m] : d[m];
}

static inline uint32_t
slot_of(uint32_t number, uint32_t hash)
{
	return hash << MG_NUMBER_BITS | (number + 1);
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
	uint32_t kept = 0;

	find_quantiles(mg, d);
	for (unsigned m = 0; m < MG_METRICS; m++)
		mg->error[m] = mg_sum(mg->error[m], d[m]);
	empty_slots(mg);
	for (uint32_t i = 0; i < mg->count; i++) {
		struct mg_entry *e = &mg->entries[i];
		if (is_light(e, d)) {
			if (e->handle != 0 && mg->leave != NULL)
				mg->leave(mg->context, e);
			continue;
		}
		diminish(e, d);
		if (kept != i)
			mg->entries[kept] = *e;
		mg->slots[find_empty_slot(mg, e->hash)] = slot_of(kept, e->hash);
		kept++;
	}
	mg->count = kept;
}

struct mg_entry *
mg_insert(struct mg *mg, const uint64_t *key, uint32_t hash, uint32_t at)
{
	struct mg_entry *e;

	if (mg->count == mg->capacity) {
		purge(mg);
		at = find_empty_slot(mg, hash);
	}
	e = &mg->entries[mg->count];
	*e = (struct mg_entry){ .key = { key[0], key[1] }, .hash = hash };
	if (mg->key_words == 4) {
		e->key[2] = key[2];
		e->key[3] = key[3];
	}
	mg->slots[at] = slot_of(mg->count++, hash);
	return e;
}
