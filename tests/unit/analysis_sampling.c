/* SPDX-License-Identifier: ISC */
/*
 * The estimator of doc/analyses/sampling.md by simulation: known packets are sampled many times,
 * the samples become records, and what the estimator says of them is held against the truth.
 */
#include <math.h>

#include "analysis/exports.h"
#include "simulate/random.h"
#include "test.h"

#define RATE   64
#define FLOWS  300
#define TRIALS 400

/* Sizes of the packets of a flow: a handful or many, of two sizes or of any. */
struct population {
	bool mixed; /* sizes between 40 and 1500, so that records do not tell Σb² exactly */
};

static uint64_t
packets_of(unsigned flow)
{
	return flow % 10 == 0 ? 4000 : 20 + flow;
}

static uint64_t
size_of(const struct population *p, unsigned flow, uint64_t packet)
{
	if (p->mixed)
		return packet % 3 == 0 ? 40 : 60 + (packet * 397 + flow * 31) % 1440;
	return flow % 2 == 0 ? 1420 : 60;
}

struct outcome {
	double truth, square_sum;                  /* of all packets */
	double mean, mean_square_error, low, high; /* of the trials */
	unsigned covered;
};

static void
trial(const struct population *p, struct random *random, struct export_estimate *ret_estimate)
{
	*ret_estimate = (struct export_estimate){ 0 };
	for (unsigned f = 0; f < FLOWS; f++) {
		uint64_t octets = 0, packets = 0;
		for (uint64_t i = 0; i < packets_of(f); i++) {
			if (random_below(random, RATE) != 0)
				continue;
			octets += size_of(p, f, i);
			packets++;
		}
		if (packets != 0)
			export_estimate_add(
			    ret_estimate, RATE, octets, packets, record_squares(octets, packets));
	}
}

static struct outcome
simulate(const struct population *p, uint64_t seed)
{
	struct outcome o = { 0 };
	struct random random;

	random_seed(&random, seed);
	for (unsigned f = 0; f < FLOWS; f++)
		for (uint64_t i = 0; i < packets_of(f); i++) {
			double size = (double)size_of(p, f, i);
			o.truth += size;
			o.square_sum += size * size;
		}
	for (unsigned t = 0; t < TRIALS; t++) {
		struct export_estimate e;
		double error;
		trial(p, &random, &e);
		error = (double)e.octets - o.truth;
		o.mean += (double)e.octets / TRIALS;
		o.mean_square_error += error * error / TRIALS;
		o.low += e.variance / TRIALS;
		o.high += e.most / TRIALS;
		o.covered += fabs(error) <= 1.96 * sqrt(e.variance);
	}
	return o;
}

/* Of TRIALS, within 4 standard errors. */
static void
assert_share(unsigned count, double least, double most)
{
	double se = 4 * sqrt(0.95 * 0.05 / TRIALS);

	assert_true((double)count / TRIALS >= least - se);
	assert_true((double)count / TRIALS <= most + se);
}

/* All packets of a flow of one size: the record tells the variance. */
static void
test_exact(void **state)
{
	struct outcome o = simulate(&(struct population){ .mixed = false }, 1);
	double variance = (RATE - 1) * o.square_sum;

	(void)state;
	assert_true(fabs(o.mean - o.truth) < 4 * sqrt(variance / TRIALS));
	assert_true(fabs(o.low / variance - 1) < 0.05);
	/* A variance of TRIALS values has a relative standard error of √(2 / TRIALS). */
	assert_true(fabs(o.mean_square_error / variance - 1) < 4 * sqrt(2.0 / TRIALS));
	assert_true(o.high >= variance);
	assert_share(o.covered, 0.95, 0.95);
}

/* Sizes that differ within a flow: the truth is inside the bracket. */
static void
test_bracket(void **state)
{
	struct outcome o = simulate(&(struct population){ .mixed = true }, 2);
	double variance = (RATE - 1) * o.square_sum;

	(void)state;
	assert_true(fabs(o.mean - o.truth) < 4 * sqrt(variance / TRIALS));
	assert_true(o.low < variance * 1.02);
	assert_true(o.high > variance);
	assert_true(o.covered > TRIALS * 0.8);
}

/* Two rates: estimates and variances add; an unknown rate counts once and adds no variance. */
static void
test_sums(void **state)
{
	struct export_estimate e = { 0 };

	(void)state;
	export_estimate_add(&e, 100, 1500, 1, record_squares(1500, 1));
	assert_int_equal(e.octets, 150000);
	assert_int_equal(e.packets, 100);
	assert_true(fabs(e.variance - 100.0 * 99 * 1500 * 1500) < 1);
	export_estimate_add(&e, 1, 3000, 2, record_squares(3000, 2));
	export_estimate_add(&e, 0, 7, 1, 49);
	assert_int_equal(e.octets, 153007);
	assert_true(fabs(e.variance - 100.0 * 99 * 1500 * 1500) < 1);
	export_estimate_add(&e, UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	assert_true(e.octets == UINT64_MAX);
}

static void
test_facts(void **state)
{
	struct export_facts a = { 0 }, b = { 0 };
	struct flow_record r = { .sampling = 1000,
		.flow = { .packets = { 2 }, .octets = { 100 } } };

	(void)state;
	export_facts_note(&a, &r);
	r.sampling = 0;
	export_facts_note(&a, &r);
	assert_int_equal(a.unknown, 1);
	assert_int_equal(a.sampling_least, 1000);
	r.sampling = 50;
	r.flow.octets[0] = 18000;
	export_facts_note(&b, &r);
	export_facts_merge(&a, &b);
	assert_int_equal(a.records, 3);
	assert_int_equal(a.sampling_least, 50);
	assert_int_equal(a.sampling_most, 1000);
	assert_int_equal(a.packet_most, 9000);
	assert_true(fabs(export_octets_error(&a, 1e6) - sqrt(999 * 9000 * 1e6)) < 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_bracket),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
