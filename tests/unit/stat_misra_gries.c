/* SPDX-License-Identifier: ISC */
/* The bounds of Misra-Gries against exact counts, over ordinary and hostile streams. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "stat/misra_gries.h"
#include "test.h"

#define CAPACITY 64
#define SAMPLED  2048 /* a capacity where purges sample */
#define KEYS     4000 /* distinct keys of a stream, at most */
#define LENGTH   60000

/* A stream: the key and the weights of its item number i. */
typedef uint32_t (*stream_fn)(uint64_t i, uint64_t weights[MG_METRICS]);

struct exact {
	uint64_t counters[KEYS][MG_METRICS];
	uint64_t totals[MG_METRICS];
};

static double
uniform(uint64_t i)
{
	return (double)(hash_mix64(i + 12345) >> 11) * 0x1p-53;
}

static void
ordinary_weights(uint64_t i, uint64_t weights[MG_METRICS])
{
	weights[2] = 1;
	weights[1] = 1 + hash_mix64(i ^ 0xabc) % 20;
	weights[0] = weights[1] * (40 + hash_mix64(i ^ 0xdef) % 1460);
}

static uint32_t
zipf(uint64_t i, uint64_t weights[MG_METRICS])
{
	ordinary_weights(i, weights);
	return (uint32_t)pow(KEYS - 1, uniform(i));
}

static uint32_t
even(uint64_t i, uint64_t weights[MG_METRICS])
{
	ordinary_weights(i, weights);
	return (uint32_t)(uniform(i) * KEYS);
}

/* Every item has a new key and the same weights: all counters fall together. */
static uint32_t
flood(uint64_t i, uint64_t weights[MG_METRICS])
{
	weights[0] = 60;
	weights[1] = weights[2] = 1;
	return (uint32_t)(i % KEYS);
}

/* Fills the table with growing weights, then brings new keys just above the quantile; one key is
 * heavy in octets only, one in flows only. */
static uint32_t
adversary(uint64_t i, uint64_t weights[MG_METRICS])
{
	weights[0] = 1 + i % ((uint64_t)CAPACITY * 7) * 100;
	weights[1] = 1 + (LENGTH - i) / 64;
	weights[2] = 1;
	if (i % 50 == 0) {
		weights[0] = 1000000;
		return 0;
	}
	if (i % 10 == 1) {
		weights[0] = 0;
		weights[1] = 0;
		return 1;
	}
	return (uint32_t)(2 + i % (KEYS - 2));
}

static const stream_fn STREAMS[] = { zipf, even, flood, adversary };
#define STREAM_COUNT (sizeof STREAMS / sizeof STREAMS[0])

static uint32_t
hash_of(uint32_t key, uint64_t secret)
{
	return (uint32_t)(hash_mix64(key + secret) >> 32);
}

static void
feed(
    struct mg *mg, struct exact *x, stream_fn stream, uint64_t begin, uint64_t end, uint64_t secret)
{
	for (uint64_t i = begin; i < end; i++) {
		uint64_t weights[MG_METRICS];
		uint32_t key = stream(i, weights);
		uint64_t words[2] = { key, 0 };
		(void)mg_add(mg, words, 2, hash_of(key, secret), weights);
		for (unsigned m = 0; m < MG_METRICS; m++) {
			x->counters[key][m] += weights[m];
			x->totals[m] += weights[m];
		}
	}
}

static void
assert_bounds(const struct mg *mg, const struct exact *x)
{
	static uint64_t held[KEYS][MG_METRICS];

	memset(held, 0, sizeof held);
	assert_true(mg->count <= mg->capacity);
	for (uint32_t i = 0; i < mg->count; i++)
		memcpy(held[mg->entries[i].key[0]], mg->entries[i].counters, sizeof held[0]);
	for (unsigned m = 0; m < MG_METRICS; m++) {
		assert_true((double)mg->error[m] <= 6.0 * (double)x->totals[m] / mg->capacity);
		for (uint32_t k = 0; k < KEYS; k++) {
			assert_true(held[k][m] <= x->counters[k][m]);
			assert_true(x->counters[k][m] <= held[k][m] + mg->error[m]);
		}
	}
}

/* A table behind a sieve, as analyses use it: thresholds rise now and then.  Returns how many items
 * reached the table as new keys. */
static uint64_t
feed_sieved(struct mg *mg, struct mg_thresholds *t, struct exact *x, stream_fn stream)
{
	uint64_t admitted = 0, next = 0;

	for (uint64_t i = 0; i < LENGTH; i++) {
		uint64_t weights[MG_METRICS];
		uint32_t key = stream(i, weights), at = 0;
		uint64_t words[2] = { key, 0 };
		struct mg_entry *e = mg_find(mg, words, 2, hash_of(key, 1), &at);
		if (i >= next) {
			struct mg_thresholds before = *t;
			mg_thresholds_set(t, x->totals, mg->capacity);
			mg_sieve_scale(mg, &before, t);
			next = i + i / 4 + 16;
		}
		for (unsigned m = 0; m < MG_METRICS; m++) {
			x->counters[key][m] += weights[m];
			x->totals[m] += weights[m];
		}
		if (e != NULL) {
			mg_increase(e, weights);
		} else if (!mg_sieve_takes(mg, hash_mix64(key), mg_sieve_share(t, weights))) {
			(void)mg_insert(mg, words, 2, hash_of(key, 1), at, weights);
			admitted++;
		}
	}
	return admitted;
}

/* What the sieve took is within the thresholds: they are part of the error. */
static void
test_sieve(void **state)
{
	(void)state;
	for (size_t s = 0; s < STREAM_COUNT; s++) {
		static struct exact x;
		static uint64_t held[KEYS][MG_METRICS];
		struct mg_thresholds t = { { 0 }, { 0 } };
		uint64_t admitted;
		struct mg mg;

		memset(&x, 0, sizeof x);
		memset(held, 0, sizeof held);
		mg_init(&mg, CAPACITY, 2);
		admitted = feed_sieved(&mg, &t, &x, STREAMS[s]);
		for (uint32_t i = 0; i < mg.count; i++)
			memcpy(held[mg.entries[i].key[0]], mg.entries[i].counters, sizeof held[0]);
		for (unsigned m = 0; m < MG_METRICS; m++) {
			uint64_t error = mg_shortfall(&mg, &t, m);
			assert_true((double)error <= 8.0 * (double)x.totals[m] / CAPACITY + 1);
			for (uint32_t k = 0; k < KEYS; k++) {
				assert_true(held[k][m] <= x.counters[k][m]);
				assert_true(x.counters[k][m] <= held[k][m] + error);
			}
		}
		/* Most of a flood never gets in. */
		if (STREAMS[s] == flood)
			assert_true(admitted < LENGTH / 4);
		mg_clear(&mg);
		assert_false(mg.sieving);
		for (uint32_t i = 0; i <= mg.sieve_mask; i++)
			assert_int_equal(mg.sieve[i], 0);
		mg_release(&mg);
	}
}

static void
merge(struct mg *into, const struct mg *from, uint64_t secret)
{
	for (uint32_t i = 0; i < from->count; i++) {
		const struct mg_entry *e = &from->entries[i];
		(void)mg_add(into, e->key, 2, hash_of((uint32_t)e->key[0], secret), e->counters);
	}
	for (unsigned m = 0; m < MG_METRICS; m++)
		into->error[m] += from->error[m];
}

static void
check_bounds(uint32_t capacity)
{
	struct exact *x = malloc(sizeof *x);

	for (size_t s = 0; s < STREAM_COUNT; s++) {
		struct mg mg;
		memset(x, 0, sizeof *x);
		mg_init(&mg, capacity, 2);
		for (uint64_t i = 0; i < LENGTH; i += LENGTH / 20) {
			feed(&mg, x, STREAMS[s], i, i + LENGTH / 20, 1);
			assert_bounds(&mg, x);
		}
		mg_release(&mg);
	}
	free(x);
}

static void
test_bounds_hold(void **state)
{
	(void)state;
	check_bounds(CAPACITY);
	check_bounds(SAMPLED);
}

/* Whoever guesses which entries are sampled gets the exact quantiles. */
static void
test_a_misled_sample_is_not_believed(void **state)
{
	struct exact *x = calloc(1, sizeof *x);
	struct mg mg;

	(void)state;
	mg_init(&mg, SAMPLED, 2);
	for (uint64_t i = 0; i < LENGTH; i++) {
		uint32_t key = (uint32_t)(i % KEYS);
		/* One of eight is sampled, at even distances: these are heavy, the others light. */
		uint64_t heavy = mg.count % (SAMPLED / 256) == SAMPLED / 512;
		uint64_t weights[MG_METRICS] = { heavy ? 9000 : 40, 1 + heavy, 1 };
		uint64_t words[2] = { key, 0 };
		uint32_t before = mg.count;
		(void)mg_add(&mg, words, 2, hash_of(key, 5), weights);
		for (unsigned m = 0; m < MG_METRICS; m++) {
			x->counters[key][m] += weights[m];
			x->totals[m] += weights[m];
		}
		if (mg.count < before)
			assert_bounds(&mg, x);
	}
	assert_bounds(&mg, x);
	mg_release(&mg);
	free(x);
}

static void
test_merged_bounds_hold(void **state)
{
	struct exact *x = malloc(sizeof *x);

	(void)state;
	for (size_t s = 0; s < STREAM_COUNT; s++) {
		struct mg parts[8];
		memset(x, 0, sizeof *x);
		for (uint64_t p = 0; p < 8; p++) {
			mg_init(&parts[p], CAPACITY, 2);
			feed(&parts[p], x, STREAMS[s], p * LENGTH / 8, (p + 1) * LENGTH / 8, p);
		}
		for (uint64_t p = 1; p < 8; p++)
			merge(&parts[0], &parts[p], 0);
		assert_bounds(&parts[0], x);
		for (uint64_t p = 0; p < 8; p++)
			mg_release(&parts[p]);
	}
	free(x);
}

static void
test_few_keys_are_exact(void **state)
{
	struct exact *x = calloc(1, sizeof *x);
	struct mg mg;

	(void)state;
	mg_init(&mg, KEYS, 2);
	feed(&mg, x, zipf, 0, LENGTH, 1);
	for (unsigned m = 0; m < MG_METRICS; m++)
		assert_int_equal(mg.error[m], 0);
	for (uint32_t i = 0; i < mg.count; i++)
		assert_memory_equal(mg.entries[i].counters, x->counters[mg.entries[i].key[0]],
		    sizeof mg.entries[i].counters);
	mg_release(&mg);
	free(x);
}

/* The hash, and so its secret, must not show. */
static void
test_hash_does_not_show(void **state)
{
	struct exact *x = calloc(1, sizeof *x);

	(void)state;
	for (size_t s = 0; s < STREAM_COUNT; s++) {
		struct mg a, b;
		mg_init(&a, SAMPLED, 2);
		mg_init(&b, SAMPLED, 2);
		feed(&a, x, STREAMS[s], 0, LENGTH, 17);
		feed(&b, x, STREAMS[s], 0, LENGTH, 9999);
		assert_int_equal(a.count, b.count);
		assert_memory_equal(a.error, b.error, sizeof a.error);
		for (uint32_t i = 0; i < a.count; i++) {
			assert_memory_equal(
			    a.entries[i].key, b.entries[i].key, sizeof a.entries[i].key);
			assert_memory_equal(a.entries[i].counters, b.entries[i].counters,
			    sizeof a.entries[i].counters);
		}
		mg_release(&a);
		mg_release(&b);
	}
	free(x);
}

static void
check_purges(uint32_t capacity)
{
	struct mg mg;

	mg_init(&mg, capacity, 2);
	for (uint64_t i = 0; i < LENGTH; i++) {
		uint32_t before = mg.count;
		uint64_t weights[MG_METRICS] = { hash_mix64(i), hash_mix64(i + 1) % 97,
			hash_mix64(i + 2) % 7 };
		uint64_t key[2] = { i, 0 };
		(void)mg_add(&mg, key, 2, hash_of((uint32_t)i, 3), weights);
		if (mg.count <= before)
			assert_true(mg.count <= capacity / 2 + 1);
	}
	mg_release(&mg);
}

static void
test_a_purge_frees_half(void **state)
{
	(void)state;
	check_purges(CAPACITY);
	check_purges(SAMPLED);
}

static void
count_leaving(void *context, struct mg_entry *e)
{
	uint32_t *balance = context;

	assert_true(e->handle != 0);
	(*balance)--;
}

static void
test_who_leaves_is_told(void **state)
{
	uint32_t balance = 0;
	struct mg mg;

	(void)state;
	mg_init(&mg, CAPACITY, 2);
	mg.leave = count_leaving;
	mg.context = &balance;
	for (uint32_t i = 0; i < LENGTH; i++) {
		uint64_t weights[MG_METRICS];
		uint64_t key[2] = { zipf(i, weights), 0 };
		struct mg_entry *e = mg_add(&mg, key, 2, hash_of((uint32_t)key[0], 3), weights);
		balance += e->handle == 0;
		e->handle = 1;
	}
	assert_int_equal(balance, mg.count);
	mg_release(&mg);
}

static void
test_cleared_is_as_new(void **state)
{
	struct exact *x = calloc(1, sizeof *x);
	struct mg mg;

	(void)state;
	mg_init(&mg, CAPACITY, 2);
	for (uint64_t length = 1; length < LENGTH; length *= 3) {
		feed(&mg, x, zipf, 0, length, 1);
		mg_clear(&mg);
		assert_int_equal(mg.count, 0);
		for (uint32_t i = 0; i <= mg.slot_mask; i++)
			assert_int_equal(mg.slots[i], 0);
	}
	memset(x, 0, sizeof *x);
	feed(&mg, x, zipf, 0, LENGTH, 1);
	assert_bounds(&mg, x);
	mg_release(&mg);
	free(x);
}

static void
test_counters_do_not_wrap(void **state)
{
	uint64_t weights[MG_METRICS] = { UINT64_MAX - 1, 1, 1 }, key[4] = { 1, 2, 3, 4 };
	struct mg_entry *e;
	struct mg mg;

	(void)state;
	mg_init(&mg, CAPACITY, 4);
	(void)mg_add(&mg, key, 4, 7, weights);
	e = mg_add(&mg, key, 4, 7, weights);
	assert_true(e->counters[0] == UINT64_MAX);
	assert_int_equal(e->counters[1], 2);
	key[3] = 5;
	e = mg_add(&mg, key, 4, 7, weights);
	assert_int_equal(e->counters[1], 1);
	mg_release(&mg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_hold),
		cmocka_unit_test(test_a_misled_sample_is_not_believed),
		cmocka_unit_test(test_merged_bounds_hold),
		cmocka_unit_test(test_few_keys_are_exact),
		cmocka_unit_test(test_hash_does_not_show),
		cmocka_unit_test(test_a_purge_frees_half),
		cmocka_unit_test(test_who_leaves_is_told),
		cmocka_unit_test(test_cleared_is_as_new),
		cmocka_unit_test(test_counters_do_not_wrap),
		cmocka_unit_test(test_sieve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
