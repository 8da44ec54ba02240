/* SPDX-License-Identifier: ISC */
/* Response rate limiting by hand: counts that follow from the servers' algorithms. */
#include "analysis/dns/rate_limit.h"
#include "net/dns.h"
#include "test.h"

static const uint8_t NAME[] = { 1, 'a', 2, 'j', 'p', 0 };

/* `count` equal answers within one second to a client of network `network`. */
static void
give(struct rate_limit *r, uint32_t second, unsigned count, uint8_t network, uint64_t name)
{
	const uint8_t client[4] = { 198, 18, network, 1 }, server[4] = { 192, 0, 2, 53 };
	struct dns_message m = {
		.client = address_from_ipv4(client),
		.server = address_from_ipv4(server),
		.flags = DNS_RESPONSE | DNS_QUESTION,
		.counts = { 1, 1, 0, 0 },
		.name = NAME,
		.name_size = sizeof NAME,
		.name_hash = name,
		.type = DNS_TYPE_A,
		.message_size = 1000,
		.query_size = 40,
	};

	for (unsigned i = 0; i < count; i++) {
		m.time = (nsec_t)second * NSEC_PER_SEC + (nsec_t)i * NSEC_PER_MS;
		rate_limit_add(r, &m);
	}
}

static struct rate_limit_outcome
run(struct rate_limit *r, enum rate_limit_algorithm algorithm, uint32_t rate)
{
	struct rate_limit_outcome o;

	rate_limit_run(r, algorithm, rate, &o);
	return o;
}

static uint64_t
limited(const struct rate_limit_outcome *o)
{
	return o->attack_dropped + o->attack_slipped + o->other_dropped + o->other_slipped;
}

/* 8 a second against 5: 5 pass, then 2 (5 - 3 + 5 - 5 = 2), then none. */
static void
bind_balance(void **state)
{
	struct rate_limit r = { .count = 0 };
	struct rate_limit_outcome o;

	(void)state;
	for (uint32_t s = 0; s < 10; s++)
		give(&r, 1000 + s, 8, 1, 7);
	o = run(&r, RATE_LIMIT_BIND, 5);
	assert_int_equal(limited(&o), 80 - 7);
	assert_int_equal(o.other_slipped, 37); /* the first of each two */
	o = run(&r, RATE_LIMIT_BIND, 8);
	assert_int_equal(limited(&o), 0);
	o = run(&r, RATE_LIMIT_BIND, 7);
	assert_int_equal(limited(&o), 80 - 7 - 6 - 5 - 4 - 3 - 2 - 1);
	rate_limit_release(&r);
}

/* A debt is at most 15 seconds' worth, and forgotten after 15 seconds of silence. */
static void
bind_window(void **state)
{
	struct rate_limit r = { .count = 0 };
	struct rate_limit_outcome o;

	(void)state;
	give(&r, 1000, 1000, 1, 7); /* owes 150 */
	give(&r, 1015, 10, 1, 7);   /* 0: still limited */
	o = run(&r, RATE_LIMIT_BIND, 10);
	assert_int_equal(limited(&o), 990 + 10);
	rate_limit_clear(&r);
	give(&r, 1000, 1000, 1, 7);
	give(&r, 1016, 10, 1, 7);
	o = run(&r, RATE_LIMIT_BIND, 10);
	assert_int_equal(limited(&o), 990);
	rate_limit_release(&r);
}

/* Limit 10 is 20 half units.  60 a second: 19 pass in the first; then the rate, 60 and more, blocks
 * all. */
static void
nsd_rate(void **state)
{
	struct rate_limit r = { .count = 0 };
	struct rate_limit_outcome o;

	(void)state;
	for (uint32_t s = 0; s < 5; s++)
		give(&r, 1000 + s, 60, 1, 7);
	o = run(&r, RATE_LIMIT_NSD, 10);
	assert_int_equal(limited(&o), 300 - 19);
	/* Nine a second for ever: 9 + 9/2 + … stays below 20. */
	rate_limit_clear(&r);
	for (uint32_t s = 0; s < 50; s++)
		give(&r, 1000 + s, 9, 1, 7);
	o = run(&r, RATE_LIMIT_NSD, 10);
	assert_int_equal(limited(&o), 0);
	/* After a pause the rate is halved each second: 60 → 30 after 2 s of silence, → 3 after 5.
	 */
	rate_limit_clear(&r);
	give(&r, 1000, 60, 1, 7);
	give(&r, 1002, 5, 1, 7);
	o = run(&r, RATE_LIMIT_NSD, 10);
	assert_int_equal(limited(&o), 41 + 5);
	rate_limit_clear(&r);
	give(&r, 1000, 60, 1, 7);
	give(&r, 1005, 5, 1, 7);
	o = run(&r, RATE_LIMIT_NSD, 10);
	assert_int_equal(limited(&o), 41);
	rate_limit_release(&r);
}

/* Networks and names are limited apart; shards add up to the whole. */
static void
keys_and_shards(void **state)
{
	struct rate_limit whole = { .count = 0 }, one = { .count = 0 }, other = { .count = 0 };
	struct rate_limit_outcome a, b;

	(void)state;
	for (uint8_t network = 0; network < 20; network++)
		give(&whole, 1000, 20, network, 7);
	give(&whole, 1001, 20, 1, 8);
	a = run(&whole, RATE_LIMIT_BIND, 20);
	assert_int_equal(limited(&a), 0);
	a = run(&whole, RATE_LIMIT_BIND, 10);
	assert_int_equal(limited(&a), 21 * 10);
	rate_limit_clear(&whole);

	for (uint32_t s = 0; s < 10; s++) {
		give(&whole, 1000 + s, 60, 1, 7);
		give(&one, 1000 + s, 40, 1, 7);
		give(&other, 1000 + s, 20, 1, 7);
	}
	rate_limit_merge(&one, &other);
	for (int algorithm = 0; algorithm < RATE_LIMIT_ALGORITHMS; algorithm++) {
		a = run(&whole, (enum rate_limit_algorithm)algorithm, 10);
		b = run(&one, (enum rate_limit_algorithm)algorithm, 10);
		assert_int_equal(limited(&a), limited(&b));
		/* 600 answers of 1000 octets to 40: an attack. */
		assert_int_equal(a.attack_responses, 600);
		assert_int_equal(a.attack_octets, 600000);
		assert_int_equal(a.attack_removed,
		    (a.attack_dropped + a.attack_slipped) * 1000 - a.attack_slipped * 40);
		assert_int_equal(b.attack_removed, a.attack_removed);
	}
	rate_limit_release(&whole);
	rate_limit_release(&one);
	rate_limit_release(&other);
}

/* More keys than there is room for: what is lost is counted. */
static void
bounded(void **state)
{
	struct rate_limit r = { .count = 0 };

	(void)state;
	for (uint32_t i = 0; i < RATE_LIMIT_RECORDS + 100; i++)
		give(&r, 1000 + i, 2, (uint8_t)i, i);
	assert_int_equal(r.count, RATE_LIMIT_RECORDS);
	assert_int_equal(r.lost, 100);
	rate_limit_release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bind_balance),
		cmocka_unit_test(bind_window),
		cmocka_unit_test(nsd_rate),
		cmocka_unit_test(keys_and_shards),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
