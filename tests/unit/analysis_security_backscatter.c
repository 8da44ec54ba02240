/* SPDX-License-Identifier: ISC */
/*
 * Estimates from darknets against a sender whose rate is known, and the parts that thresholds and
 * sums stand on.
 *
 * Random numbers are the test's own (SplitMix64): arrivals at n of 2^32 addresses are a Poisson
 * process, the addresses uniform.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/security/backscatter_estimate.h"
#include "analysis/security/backscatter_read.h"
#include "base/bytes.h"
#include "test.h"

#define SEEDS 1000

static double
uniform(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return ((double)(hash_mix64(*state) >> 11) + 0.5) * 0x1p-53;
}

/* What a darknet sees of one victim. */
struct seen {
	struct backscatter_sums sums;
	double first, last;
};

/* A packet at `seconds` to the address with that number. */
static void
take(struct seen *s, double seconds, uint32_t number, double monitored)
{
	uint8_t octets[4];
	struct address a;
	uint64_t hash;

	put_be32(octets, 0x0a000000U + number);
	a = address_from_ipv4(octets);
	hash = hash_mix_words(a.words, 2);
	hll_add(s->sums.addresses, BACKSCATTER_PRECISION, hash);
	backscatter_sums_place(&s->sums,
	    (hash & ~(uint64_t)UINT32_MAX) | (uint64_t)(number * 4294967296.0 / monitored));
	if (s->sums.packets++ == 0)
		s->first = seconds;
	s->first = fmin(s->first, seconds);
	s->last = fmax(s->last, seconds);
}

/* A victim that answers `answers` times each packet, and sends `rate` packets a second in all, for
 * `seconds`; `part` of the monitored addresses are forged. */
static struct seen
attack(
    uint64_t *state, double rate, double seconds, double monitored, unsigned answers, double part)
{
	double arrivals = rate * monitored / 4294967296.0 / answers;
	struct seen s = { .first = 0 };
	double at = -log(uniform(state)) / arrivals;

	while (at < seconds) {
		uint32_t number = (uint32_t)(uniform(state) * monitored * part);
		for (unsigned i = 0; i < answers; i++)
			take(&s, at + (double)((1U << i) - 1), number, monitored);
		at -= log(uniform(state)) / arrivals;
	}
	return s;
}

/* How many of SEEDS intervals hold the truth, in percent; -1 where there were too few packets. */
static double
coverage(double rate, double seconds, double monitored, unsigned answers, double *ret_mean)
{
	uint64_t state = (uint64_t)(rate + monitored) + answers;
	double sum = 0;
	unsigned held = 0;

	for (unsigned i = 0; i < SEEDS; i++) {
		struct seen s = attack(&state, rate, seconds, monitored, answers, 1);
		struct backscatter_estimate e = { .rate = 0 };
		if (s.sums.packets >= 2)
			e = backscatter_estimate(s.sums.packets, s.last - s.first,
			    backscatter_sums_addresses(&s.sums), monitored);
		held += e.low <= rate && rate <= e.high;
		sum += e.rate;
	}
	*ret_mean = sum / SEEDS;
	return 100.0 * held / SEEDS;
}

static void
test_intervals_cover(void **state)
{
	/* Rate, seconds, monitored addresses: 20 to 1000 packets are expected. */
	static const double CASES[][3] = { { 100, 300, 1 << 24 }, { 20, 300, 1 << 24 },
		{ 5000, 600, 1 << 16 }, { 20000, 3000, 1 << 16 }, { 500000, 600, 1 << 12 },
		{ 2000000, 1200, 256 }, { 30000000, 60, 256 }, { 60000000, 120, 64 } };
	double mean;

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		double percent = coverage(CASES[i][0], CASES[i][1], CASES[i][2], 1, &mean);
		if (percent < 93 || percent > 98.5)
			fail_msg("case %zu: %.1f %% of the intervals hold the truth", i, percent);
		if (fabs(mean / CASES[i][0] - 1) > 0.03)
			fail_msg("case %zu: mean %.6g, truth %.6g", i, mean, CASES[i][0]);
	}
}

/* Clumps: the interval is wider, and still holds. */
static void
test_repeated_answers(void **state)
{
	double mean, percent = coverage(30000, 1200, 1 << 16, 6, &mean);

	(void)state;
	if (percent < 92 || percent > 99)
		fail_msg("%.1f %% of the intervals hold the truth", percent);
	assert_true(fabs(mean / 30000 - 1) < 0.05);
}

static double
uniformity_of(const struct seen *s, double monitored)
{
	return backscatter_uniformity(s->sums.places, (size_t)s->sums.place_count, s->sums.packets,
	    backscatter_sums_addresses(&s->sums), monitored);
}

/* The level is kept for even sources, whatever the size; uneven ones are found. */
static void
test_uniformity(void **state)
{
	static const double MONITORED[] = { 1 << 24, 1 << 16, 4096, 256 };
	uint64_t random = 7;

	(void)state;
	for (size_t k = 0; k < sizeof MONITORED / sizeof *MONITORED; k++) {
		unsigned alarms = 0, found = 0;
		for (unsigned i = 0; i < SEEDS; i++) {
			double n = MONITORED[k], rate = 0.5 / 300 * (20 + i % 300) * 4294967296 / n;
			struct seen even = attack(&random, rate, 600, n, 1, 1);
			struct seen uneven = attack(&random, rate, 600, n, 1, 1.0 / 4);
			alarms += uniformity_of(&even, n) < 0.001;
			found += uniformity_of(&uneven, n) < 0.001;
		}
		if (alarms > SEEDS / 200 || found < SEEDS - 10)
			fail_msg("%g addresses: %u of %d even ones, %u uneven ones", MONITORED[k],
			    alarms, SEEDS, found);
	}
}

/* One address, again and again, is no even spoofing: a /16 that sees 1000 packets at one. */
static void
test_concentrated(void **state)
{
	struct seen s = { .first = 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		take(&s, i, i % 4 * 16000, 1 << 16);
	assert_true(uniformity_of(&s, 1 << 16) < 0.01);
	assert_int_equal((int)backscatter_sums_addresses(&s.sums), 4);
}

static void
test_floor(void **state)
{
	(void)state;
	assert_int_equal(lround(backscatter_floor(30, 60, 1 << 24)), 169);
	assert_int_equal(lround(backscatter_floor(30, 60, 1 << 16)), 43189);
	assert_int_equal(lround(backscatter_floor(30, 60, 1 << 12)), 691029);
	assert_int_equal(lround(backscatter_floor(30, 60, 1 << 8)), 11056457);
	assert_int_equal(lround(backscatter_floor(5, 300, 1 << 24)), 8);
	assert_int_equal(lround(backscatter_floor(5, 300, 1 << 16)), 2000);
	assert_int_equal(lround(backscatter_floor(5, 300, 1 << 12)), 31994);
	assert_int_equal(lround(backscatter_floor(5, 300, 1 << 8)), 511902);
}

/* The best six stretches in a row, whatever order they come in. */
static void
test_best_minute(void **state)
{
	static const uint64_t NUMBERS[] = { 15, 10, 11, 12, 10, 16, 17, 30 };
	struct backscatter_slots slots = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++)
		backscatter_slots_add(&slots, NUMBERS[i], 5);
	backscatter_slots_settle(&slots);
	assert_int_equal(slots.count, 7);
	/* 10 (twice), 11, 12, 15; 16 is sixty seconds after 10. */
	assert_int_equal(backscatter_slots_best(&slots), 25);
	backscatter_slots_add(&slots, 31, 100);
	backscatter_slots_settle(&slots);
	assert_int_equal(backscatter_slots_best(&slots), 105);
	free(slots.all);
}

/* Sums of parts are the sums of the whole. */
static void
test_sums(void **state)
{
	struct backscatter_sums whole = { .packets = 0 }, parts[2] = { { .packets = 0 } };

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		struct backscatter_sums one = { .packets = 1, .octets = 40, .first = i, .last = i };
		uint64_t place = hash_mix64(i % 200);
		backscatter_sums_place(&one, place);
		hll_add(one.addresses, BACKSCATTER_PRECISION, place);
		backscatter_sums_port(&one, (uint16_t)(i % 10), 1);
		backscatter_sums_add(&whole, &one);
		backscatter_sums_add(&parts[i % 2], &one);
	}
	backscatter_sums_add(&parts[1], &parts[0]);
	assert_memory_equal(parts[1].places, whole.places, sizeof whole.places);
	assert_memory_equal(parts[1].addresses, whole.addresses, sizeof whole.addresses);
	assert_memory_equal(parts[1].port_bits, whole.port_bits, sizeof whole.port_bits);
	assert_int_equal(parts[1].packets, 500);
	assert_int_equal(parts[1].first, 0);
	assert_int_equal(parts[1].last, 499);
	assert_int_equal((int)backscatter_sums_ports(&parts[1]), 10);
	assert_true(fabs(backscatter_sums_addresses(&whole) - 200) < 20);
	/* Ports beyond those that have a place. */
	for (uint16_t port = 0; port < 600; port++)
		backscatter_sums_port(&whole, port, 1);
	assert_true(fabs(backscatter_sums_ports(&whole) - 600) < 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intervals_cover),
		cmocka_unit_test(test_repeated_answers),
		cmocka_unit_test(test_uniformity),
		cmocka_unit_test(test_concentrated),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_best_minute),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
