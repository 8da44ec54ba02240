/* SPDX-License-Identifier: ISC */
/*
 * Heavy hitters of a weighted stream in fixed memory: Misra-Gries over three metrics at once.
 *
 * At most `capacity` keys are held, each with three counters (for traffic: octets, packets, flows).
 * A key that is held is simply added to.  When a new key finds the table full, it is purged: for
 * each metric m a number d_m that more than capacity/6 of the counters reach is subtracted from
 * every counter (down to 0 at most), error[m] grows by d_m, and keys whose counters are all 0
 *leave.
 *
 * Large tables take d_m from a sample at even distances, a little below the 5/6 quantile; one pass
 * over the counters then proves that more than capacity/6 reach it and that at most half of the
 * keys stay.  Where it does not, and in small tables, d_m is the 5/6 quantile exactly.
 *
 * Bounds.  For every key and metric, held or not (an absent counter is 0):
 *
 *	counter <= true value <= counter + error[m]          error[m] <= 6 N_m / capacity
 *
 * where N_m is the sum of all weights.  The first holds because each purge takes at most d_m from a
 * key.  The second: more than capacity/6 counters are at least d_m, so a purge takes at least
 * d_m capacity/6 out of the sum of the counters, which never got more than N_m in.  And at least
 * half the table becomes free: with exact quantiles at most capacity/6 keys are above d_m in each
 *of the three metrics.  So a purge, linear in the capacity, is paid by capacity/2 new keys.
 *
 * A sieve in front of the table (filtered space-saving; N. Homem, J. P. Carvalho, "Finding top-k
 * elements in data streams", Information Sciences 180, 2010) keeps the many keys of small weight
 *out of it, which is most of the cost in a flood.  It is used from the first purge on.  Weights of
 *keys that are not held go to one of its cells, by a hash without a secret; a key is admitted when
 *its cell has no room for them.  A cell holds one number y: the sum of max_m w_m / T_m of all
 *weights it took, with thresholds T_m that only rise; when they do, y falls by the greatest T_m /
 *T'_m.  So at any time the weights in a cell add up to at most y T_m in each metric, and y <= 1.
 *Hence
 *
 *	true value <= counter + error[m] + T_m
 *
 * for every key, held or not: what it has outside of its counter was taken by purges or lies in its
 * cell.  With T_m = 2 N_m / capacity (and at least 1)
 * all of it is at most 8 N_m / capacity.
 *
 * Merging two summaries, by adding each key of one to the other and the errors, keeps both bounds
 * (the argument above does not ask in which table a purge took its share).
 *
 * The keys lie in the order of their coming; the hash table beside them holds numbers only.  Hence
 * results and order do not depend on the hash, which may be keyed with a secret.
 *
 * J. Misra, D. Gries, "Finding repeated elements", Science of Computer Programming 2, 1982.
 * R. Berinde, G. Cormode, P. Indyk, M. Strauss, "Space-optimal heavy hitters with strong error
 * bounds", PODS 2009.  D. Anderson et al., "A high-performance algorithm for identifying frequent
 * items in data streams", IMC 2017 (purging by a quantile).  P. Agarwal et al., "Mergeable
 * summaries", PODS 2012.
 */
#ifndef YAGURA_STAT_MISRA_GRIES_H
#define YAGURA_STAT_MISRA_GRIES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MG_METRICS 3

/* Least and greatest capacity. */
#define MG_CAPACITY_LEAST 16
#define MG_CAPACITY_MOST  (1U << 19)

/* One key, one cache line. */
struct mg_entry {
	uint64_t key[4]; /* words 2 and 3 of a key of 2 are the caller's own, zero for a new key */
	uint64_t counters[MG_METRICS];
	uint32_t hash;
	uint32_t handle; /* the caller's own, zero for a new key */
};

static_assert(sizeof(struct mg_entry) == 64, "an entry is one cache line");

/* Cells of the sieve for each key of the capacity, at least. */
#define MG_SIEVE_CELLS 4

/* A cell that is full: y = 1. */
#define MG_SIEVE_FULL 32768

/* The thresholds of sieves: several tables may share them. */
struct mg_thresholds {
	uint64_t most[MG_METRICS]; /* T_m */
	double inverse[MG_METRICS];
};

struct mg {
	struct mg_entry *entries; /* owned; `count` of them in order of coming */
	uint32_t *slots;   /* owned; lowest 12 bits of the hash, 20 bits of entry number + 1 */
	uint64_t *scratch; /* owned; capacity words, for finding d_m */
	uint16_t *sieve;   /* owned; y of each cell, in units of 1/MG_SIEVE_FULL */
	uint32_t sieve_mask;
	bool sieving;     /* since the first purge */
	uint32_t *listed; /* owned; capacity numbers of the entries that a purge must look at */
	uint32_t count;
	uint32_t capacity;
	uint32_t slot_mask;
	unsigned slot_shift;        /* the highest bits of the hash tell the slot */
	unsigned key_words;         /* 2 or 4 */
	uint64_t error[MG_METRICS]; /* how much any counter may be short */
	/* Told of every key with a handle that leaves in a purge; may be NULL. */
	void (*leave)(void *context, struct mg_entry *entry);
	void *context; /* borrowed */
};

/* An empty table; `leave` and `context` are for the caller to set. */
void mg_init(struct mg *mg, uint32_t capacity, unsigned key_words);
void mg_release(struct mg *mg);

/* Back to empty, at the cost of what is held; `leave` is not called. */
void mg_clear(struct mg *mg);

/* Purges the full table and returns the empty slot for a key with this hash; for mg_add alone. */
uint32_t mg_make_room(struct mg *mg, uint32_t hash);

#define MG_NUMBER_BITS 20
#define MG_NUMBER_MASK ((1U << MG_NUMBER_BITS) - 1)

/* Asks for the memory that mg_add will touch first. */
static inline void
mg_prefetch_slot(const struct mg *mg, uint32_t hash)
{
	__builtin_prefetch(&mg->slots[hash >> mg->slot_shift]);
}

#define MG_NO_GUESS UINT32_MAX

/* The number of the entry that has this hash as far as the slots tell, or MG_NO_GUESS when none
 * has: for asking for its memory early and for mg_find_guessed.  A number in use until keys are
 * added. */
static inline uint32_t
mg_guess(const struct mg *mg, uint32_t hash)
{
	uint32_t slot;

	for (uint32_t at = hash >> mg->slot_shift; (slot = mg->slots[at]) != 0;
	     at = (at + 1) & mg->slot_mask)
		if ((slot ^ hash << MG_NUMBER_BITS) <= MG_NUMBER_MASK)
			return (slot & MG_NUMBER_MASK) - 1;
	return MG_NO_GUESS;
}

/* Asks for the memory that mg_sieve_takes will touch. */
static inline void
mg_prefetch_sieve(const struct mg *mg, uint64_t hash)
{
	__builtin_prefetch(&mg->sieve[hash >> 24 & mg->sieve_mask]);
}

/* a + b, or the greatest number when that would pass it. */
static inline uint64_t
mg_sum(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* The entry of a key that is not there; `at` is the empty slot where looking for it ended. */
static inline __attribute__((always_inline)) struct mg_entry *
mg_insert(struct mg *mg, const uint64_t *key, unsigned key_words, uint32_t hash, uint32_t at,
    const uint64_t weights[MG_METRICS])
{
	struct mg_entry *e;

	if (__builtin_expect(mg->count == mg->capacity, 0))
		at = mg_make_room(mg, hash);
	e = &mg->entries[mg->count++];
	mg->slots[at] = hash << MG_NUMBER_BITS | mg->count;
	e->key[0] = key[0];
	e->key[1] = key[1];
	e->key[2] = key_words == 4 ? key[2] : 0;
	e->key[3] = key_words == 4 ? key[3] : 0;
	e->counters[0] = weights[0];
	e->counters[1] = weights[1];
	e->counters[2] = weights[2];
	e->hash = hash;
	e->handle = 0;
	return e;
}

/* The entry of a key, or NULL; `ret_at` is then the empty slot where it would go, for mg_insert.
 * `hash` is of the key: the same for the same key in this table, its highest bits the best.
 * `key_words` is the table's, said again so that it can be constant where this is expanded. */
static inline __attribute__((always_inline)) struct mg_entry *
mg_find(
    const struct mg *mg, const uint64_t *key, unsigned key_words, uint32_t hash, uint32_t *ret_at)
{
	for (uint32_t at = hash >> mg->slot_shift;; at = (at + 1) & mg->slot_mask) {
		uint32_t slot = mg->slots[at];
		struct mg_entry *e;
		if (slot == 0) {
			*ret_at = at;
			return NULL;
		}
		/* The tags agree where no bit above the number differs. */
		if ((slot ^ hash << MG_NUMBER_BITS) > MG_NUMBER_MASK)
			continue;
		e = &mg->entries[(slot & MG_NUMBER_MASK) - 1];
		if (e->key[0] == key[0] && e->key[1] == key[1] &&
		    (key_words == 2 || (e->key[2] == key[2] && e->key[3] == key[3])))
			return e;
	}
}

/* As mg_find, where mg_guess was asked before: keys may have come and gone since. */
static inline __attribute__((always_inline)) struct mg_entry *
mg_find_guessed(const struct mg *mg, const uint64_t *key, unsigned key_words, uint32_t hash,
    uint32_t guess, uint32_t *ret_at)
{
	if (guess < mg->count) {
		struct mg_entry *e = &mg->entries[guess];
		if (e->key[0] == key[0] && e->key[1] == key[1] &&
		    (key_words == 2 || (e->key[2] == key[2] && e->key[3] == key[3])))
			return e;
	}
	return mg_find(mg, key, key_words, hash, ret_at);
}

static inline void
mg_increase(struct mg_entry *e, const uint64_t weights[MG_METRICS])
{
	e->counters[0] = mg_sum(e->counters[0], weights[0]);
	e->counters[1] = mg_sum(e->counters[1], weights[1]);
	e->counters[2] = mg_sum(e->counters[2], weights[2]);
}

/* Adds weights to a key and returns its entry, good until the next call. */
static inline struct mg_entry *
mg_add(struct mg *mg, const uint64_t *key, unsigned key_words, uint32_t hash,
    const uint64_t weights[MG_METRICS])
{
	uint32_t at;
	struct mg_entry *e = mg_find(mg, key, key_words, hash, &at);

	if (e == NULL)
		return mg_insert(mg, key, key_words, hash, at, weights);
	mg_increase(e, weights);
	return e;
}

/* T_m for tables of this capacity and weights that add up to `totals`. */
void mg_thresholds_set(
    struct mg_thresholds *thresholds, const uint64_t totals[MG_METRICS], uint32_t capacity);

/* Tells a table that thresholds rose from one to the other. */
void
mg_sieve_scale(struct mg *mg, const struct mg_thresholds *from, const struct mg_thresholds *to);

/* What weights take of a cell. */
static inline uint32_t
mg_sieve_share(const struct mg_thresholds *t, const uint64_t weights[MG_METRICS])
{
	double a = (double)weights[0] * t->inverse[0], b = (double)weights[1] * t->inverse[1];
	double c = (double)weights[2] * t->inverse[2];

	a = a > b ? a : b;
	a = a > c ? a : c;
	/* Rounded up, and by one more for what doubles lose. */
	return a < MG_SIEVE_FULL ? (uint32_t)a + 2 : MG_SIEVE_FULL + 1;
}

/* Whether weights of a key that is not held are kept out; `hash` has no secret, its bits above 24
 * count. */
static inline bool
mg_sieve_takes(struct mg *mg, uint64_t hash, uint32_t share)
{
	uint16_t *cell = &mg->sieve[hash >> 24 & mg->sieve_mask];

	if (!mg->sieving || *cell + share > MG_SIEVE_FULL)
		return false;
	*cell = (uint16_t)(*cell + share);
	return true;
}

/* How much a counter may be short, with what a sieve with these thresholds may hold. */
static inline uint64_t
mg_shortfall(const struct mg *mg, const struct mg_thresholds *t, unsigned metric)
{
	return mg_sum(mg->error[metric], mg->sieving ? t->most[metric] : 0);
}

#endif
