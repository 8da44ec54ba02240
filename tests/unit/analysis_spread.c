/* SPDX-License-Identifier: ISC */
/* Records over bins: linear, exact, and the same however they are split and merged. */
#include "analysis/traffic/spread.h"
#include "base/xmalloc.h"
#include "test.h"

#define S           NSEC_PER_SEC
#define BINS_MOST   8192
#define MOST_CELLS  65536
#define SERIES_MOST 4

/* What came out, by series and bin; rates are multiplied in. */
struct outcome {
	uint64_t octets[SERIES_MOST][BINS_MOST];
	uint64_t packets[SERIES_MOST][BINS_MOST];
	uint64_t all_octets, all_packets, squares, records, strays;
};

static const struct hash_secret SECRET = { 1, 2 };

static void
take(void *context, nsec_t begin, uint32_t series, uint32_t sampling, const struct spread_volume *v)
{
	struct outcome *o = context;
	uint64_t n = sampling != 0 ? sampling : 1;

	if (begin == SPREAD_NO_TIME || begin < 0 || begin / S >= BINS_MOST) {
		o->strays++;
	} else {
		o->octets[series][begin / S] += v->octets * n;
		o->packets[series][begin / S] += v->packets * n;
	}
	o->all_octets += v->octets * n;
	o->all_packets += v->packets * n;
	o->squares += v->squares;
	o->records += v->records;
}

static struct outcome *
finish(struct spread *s)
{
	struct outcome *o = xcalloc(1, sizeof *o);

	spread_finish(s, take, o);
	return o;
}

static void
add(struct spread *s, uint32_t series, nsec_t begin, nsec_t end, uint64_t packets, uint64_t octets)
{
	struct spread_volume v = { packets, octets, octets * octets / packets, 1 };

	spread_add(s, series, 1, begin, end, &v);
}

static void
test_linear(void **state)
{
	struct spread s;
	struct outcome *o;

	(void)state;
	spread_init(&s, S, MOST_CELLS, &SECRET);
	/* From the middle of bin 10 to the middle of bin 14: a quarter each, the ends half of it.
	 */
	add(&s, 0, 10 * S + S / 2, 14 * S + S / 2, 4, 4000);
	/* Within one bin. */
	add(&s, 1, 20 * S, 20 * S + S / 2, 1, 77);
	/* No duration. */
	add(&s, 1, 21 * S, 21 * S, 1, 78);
	o = finish(&s);
	assert_int_equal(o->octets[0][10], 500);
	for (int i = 11; i < 14; i++) {
		assert_int_equal(o->octets[0][i], 1000);
		assert_int_equal(o->packets[0][i], 1);
	}
	assert_int_equal(o->octets[0][14], 500);
	assert_int_equal(o->octets[1][20], 77);
	assert_int_equal(o->octets[1][21], 78);
	assert_int_equal(o->all_octets, 4155);
	assert_int_equal(o->all_packets, 6);
	assert_int_equal(o->records, 3);
	free(o);
	spread_release(&s);
}

/* Few octets over many bins: each running sum is within one octet of the line. */
static void
test_thin(void **state)
{
	struct spread s;
	struct outcome *o;
	uint64_t sum = 0;

	(void)state;
	spread_init(&s, S, MOST_CELLS, &SECRET);
	add(&s, 0, 0, 7200 * S, 3, 1000);
	o = finish(&s);
	for (int i = 0; i < 7200; i++) {
		double line = 1000.0 * (i + 1) / 7200;
		sum += o->octets[0][i];
		assert_true((double)sum <= line + 1e-6 && (double)sum > line - 3);
	}
	assert_int_equal(o->all_octets, 1000);
	assert_int_equal(o->all_packets, 3);
	free(o);
	spread_release(&s);
}

static uint64_t
number(uint64_t i, uint64_t what)
{
	return hash_mix64(i * 16 + what);
}

static void
add_made_up(struct spread *s, uint64_t i)
{
	static const uint32_t RATES[] = { 1, 100, 0, 8192 };
	nsec_t begin = (nsec_t)(number(i, 0) % ((uint64_t)4000 * S));
	nsec_t end = begin + (nsec_t)(number(i, 1) % ((uint64_t)(i % 3 == 0 ? 3600 : 2) * S));
	uint64_t packets = 1 + number(i, 2) % 50;
	struct spread_volume v = { packets, packets * (40 + number(i, 3) % 1400), i, 1 };

	spread_add(
	    s, (uint32_t)(number(i, 4) % SERIES_MOST), RATES[number(i, 5) % 4], begin, end, &v);
}

#define RECORDS 5000

/* Beside a slow way: each record walked bin by bin. */
static void
test_against_walking(void **state)
{
	double *expected = xcalloc(BINS_MOST, sizeof *expected), sum = 0, got = 0;
	struct spread s;
	struct outcome *o;

	(void)state;
	spread_init(&s, S, MOST_CELLS, &SECRET);
	for (uint64_t i = 0; i < 300; i++) {
		nsec_t begin = (nsec_t)(number(i, 0) % ((uint64_t)4000 * S));
		nsec_t end = begin + (nsec_t)(number(i, 1) % ((uint64_t)3600 * S)) + 1;
		uint64_t octets = 40 + number(i, 2) % 100000;
		add(&s, 0, begin, end, 1, octets);
		for (int64_t bin = begin / S; bin <= end / S; bin++) {
			nsec_t from = bin * S > begin ? bin * S : begin;
			nsec_t to = (bin + 1) * S < end ? (bin + 1) * S : end;
			expected[bin] +=
			    (double)octets * (double)(to - from) / (double)(end - begin);
		}
	}
	o = finish(&s);
	for (int i = 0; i < BINS_MOST; i++) {
		sum += expected[i];
		got += (double)o->octets[0][i];
		/* A record gives its last bin what rounding took from the others: 1/4096 a bin. */
		assert_true(got - sum < 300 && sum - got < 300);
		assert_true((double)o->octets[0][i] - expected[i] < 30 &&
			    expected[i] - (double)o->octets[0][i] < 30);
	}
	free(o);
	free(expected);
	spread_release(&s);
}

static void
test_split_and_merged(void **state)
{
	struct spread whole, parts[8];
	struct outcome *a, *b;

	(void)state;
	spread_init(&whole, S, MOST_CELLS, &SECRET);
	for (unsigned p = 0; p < 8; p++)
		spread_init(&parts[p], S, MOST_CELLS, &(struct hash_secret){ p, 7 });
	for (uint64_t i = 0; i < RECORDS; i++) {
		add_made_up(&whole, i);
		add_made_up(&parts[i % 8], i);
	}
	for (unsigned p = 1; p < 8; p++)
		spread_merge(&parts[0], &parts[p]);
	a = finish(&whole);
	b = finish(&parts[0]);
	assert_memory_equal(a, b, sizeof *a);
	assert_int_equal(a->records, RECORDS);
	assert_int_equal(a->strays, 0);
	free(a);
	free(b);
	/* Used again, it is as new. */
	spread_clear(&parts[0]);
	for (uint64_t i = 0; i < RECORDS; i++)
		add_made_up(&parts[0], i);
	a = finish(&whole);
	b = finish(&parts[0]);
	assert_memory_equal(a, b, sizeof *a);
	free(a);
	free(b);
	spread_release(&whole);
	for (unsigned p = 0; p < 8; p++)
		spread_release(&parts[p]);
}

/* A full table loses no octet; the walk ends. */
static void
test_full(void **state)
{
	struct spread s, other;
	struct outcome *o;
	uint64_t octets = 0;

	(void)state;
	spread_init(&s, S, 64, &SECRET);
	spread_init(&other, S, 64, &SECRET);
	for (uint64_t i = 0; i < 2000; i++) {
		nsec_t begin = (nsec_t)(i % 1000) * 3 * S;
		add(i % 2 == 0 ? &s : &other, 0, begin, begin + (nsec_t)(i % 7) * S + 5, 2,
		    100 + i);
		octets += 100 + i;
	}
	spread_merge(&s, &other);
	o = finish(&s);
	assert_int_equal(o->all_octets, octets);
	assert_int_equal(o->all_packets, 4000);
	free(o);
	spread_release(&s);
	spread_release(&other);
}

/* More rates than are held: the estimate stays within half a unit of each record. */
static void
test_many_rates(void **state)
{
	struct spread s;
	struct outcome *o;
	double truth = 0;

	(void)state;
	spread_init(&s, S, MOST_CELLS, &SECRET);
	for (uint32_t i = 0; i < 2000; i++) {
		struct spread_volume v = { 10, 14000, 0, 1 };
		spread_add(&s, 0, 1000 + i, 5 * S, 5 * S + 1, &v);
		truth += 14000.0 * (1000 + i);
	}
	o = finish(&s);
	assert_true((double)o->all_octets > truth * 0.9999);
	assert_true((double)o->all_octets < truth * 1.0001);
	free(o);
	spread_release(&s);
}

/* Counts and times that make no sense do no harm. */
static void
test_absurd(void **state)
{
	struct spread s;
	struct outcome *o;

	(void)state;
	spread_init(&s, S, MOST_CELLS, &SECRET);
	add(&s, 0, 5 * S, 9 * S, UINT64_MAX, UINT64_MAX);
	add(&s, 0, INT64_MIN + 1, INT64_MIN + 2, 1, UINT64_MAX);
	add(&s, 0, 9 * S, 5 * S, 1, 1000);
	add(&s, 0, INT64_MAX - 3 * S, INT64_MAX, 1, 1000);
	o = finish(&s);
	assert_int_equal(o->records, 4);
	free(o);
	spread_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_thin),
		cmocka_unit_test(test_against_walking),
		cmocka_unit_test(test_split_and_merged),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_many_rates),
		cmocka_unit_test(test_absurd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
