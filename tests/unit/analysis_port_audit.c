/* SPDX-License-Identifier: ISC */
/* What is said of resolvers' source ports. */
#include "analysis/dns/port_audit.h"
#include "base/hash.h"
#include "test.h"

/* Ports of `queries` queries drawn from `pool` ones between low and low + (pool - 1) × step. */
static void
draw(struct port_audit *a, unsigned queries, uint64_t pool, unsigned low, unsigned step,
    uint64_t seed)
{
	for (uint64_t q = 0; q < queries; q++)
		port_audit_add(a, (uint16_t)(low + hash_mix64(seed * 1000003 + q) % pool * step));
}

static enum port_verdict
verdict(const struct port_audit *a)
{
	struct port_audit_result r;

	port_audit_judge(a, &r);
	return r.verdict;
}

static void
test_verdicts(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct port_audit few = { 0 }, good = { 0 }, ephemeral = { 0 }, narrow = { 0 },
				  gaps = { 0 }, small = { 0 };
		draw(&few, 127, 60000, 1024, 1, seed);
		draw(&good, 1000, 64512, 1024, 1, seed);
		draw(&ephemeral, 128, 28232, 32768, 1, seed);
		draw(&narrow, 300, 2500, 49152, 1, seed);
		draw(&gaps, 600, 1024, 0, 64, seed);
		draw(&small, 128, 16, 1024, 4000, seed);
		assert_int_equal(verdict(&few), PORT_UNKNOWN);
		assert_int_equal(verdict(&good), PORT_GOOD);
		assert_int_equal(verdict(&ephemeral), PORT_GOOD);
		assert_int_equal(verdict(&narrow), PORT_NARROW);
		assert_int_equal(verdict(&gaps), PORT_NARROW);
		assert_int_equal(verdict(&small), PORT_NARROW);
	}
}

static void
test_fixed_and_sequential(void **state)
{
	struct port_audit fixed = { 0 }, sequential = { 0 }, wrapped = { 0 };
	struct port_audit_result r;

	(void)state;
	for (unsigned q = 0; q < 200; q++) {
		port_audit_add(&fixed, q % 100 == 7 ? 5353 : 53);
		port_audit_add(&sequential, (uint16_t)(30000 + 3 * q));
		port_audit_add(&wrapped, (uint16_t)(65500 + q));
	}
	port_audit_judge(&fixed, &r);
	assert_int_equal(r.verdict, PORT_FIXED);
	assert_int_equal(r.distinct, 2);
	assert_int_equal(r.low, 53);
	assert_int_equal(r.high, 5353);
	assert_true(r.entropy < 0.1);
	assert_int_equal(verdict(&sequential), PORT_SEQUENTIAL);
	assert_int_equal(sequential.longest_run, 200);
	assert_int_equal(verdict(&wrapped), PORT_SEQUENTIAL);
}

static void
test_merge(void **state)
{
	struct port_audit into = { 0 }, from = { 0 }, empty = { 0 };
	struct port_audit_result r;

	(void)state;
	/* Small ones are joined whole. */
	draw(&into, 100, 60000, 1024, 1, 1);
	draw(&from, 100, 60000, 1024, 1, 2);
	port_audit_merge(&into, &from);
	port_audit_judge(&into, &r);
	assert_int_equal(into.queries, 200);
	assert_int_equal(r.sampled, 200);
	assert_int_equal(r.verdict, PORT_GOOD);
	port_audit_merge(&into, &empty);
	port_audit_merge(&empty, &into);
	assert_int_equal(empty.queries, 200);
	assert_memory_equal(empty.sample, into.sample, 200 * sizeof into.sample[0]);
	/* Of large ones each keeps its part: a third of the ports are below 2,000. */
	into = from = (struct port_audit){ 0 };
	draw(&into, 10000, 1000, 1000, 1, 3);
	draw(&from, 20000, 1000, 60000, 1, 4);
	port_audit_merge(&into, &from);
	assert_int_equal(into.queries, 30000);
	unsigned low = 0;
	for (unsigned i = 0; i < PORT_AUDIT_SAMPLE; i++) {
		assert_true(into.sample[i] >= 1000);
		low += into.sample[i] < 2000;
	}
	assert_in_range(low, PORT_AUDIT_SAMPLE / 3 - 1, PORT_AUDIT_SAMPLE / 3 + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_fixed_and_sequential),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
