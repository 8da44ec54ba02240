/* SPDX-License-Identifier: ISC */
/* Answers without a query beside the queries they resemble: every class, in whatever order. */
#include "flow/dns_match.h"
#include "flow/dns_watch.h"
#include "test.h"

struct bench {
	struct dns_matcher *matcher;
	struct drop_counters drops;
};

static const uint8_t NAME[] = { 1, 'a', 2, 'j', 'p', 0 };
static const uint8_t CLIENT[4] = { 192, 0, 2, 1 }, SERVER[4] = { 198, 51, 100, 53 };

static void
ignore(void *context, const struct dns_pending *pending)
{
	(void)context, (void)pending;
}

static void
start(struct bench *b, size_t capacity, uint64_t secret)
{
	struct dns_matcher_options options = {
		.capacity = capacity,
		.timeout = 5 * NSEC_PER_SEC,
		.secret = { secret, 2 },
		.drops = &b->drops,
		.expired = ignore,
	};

	*b = (struct bench){ .matcher = NULL };
	options.drops = &b->drops;
	b->matcher = dns_matcher_new(&options);
}

static struct dns_message
message(nsec_t time, bool response, uint16_t id, uint16_t port, uint64_t name)
{
	return (struct dns_message){
		.time = time,
		.client = address_from_ipv4(CLIENT),
		.server = address_from_ipv4(SERVER),
		.client_port = port,
		.server_port = 53,
		.id = id,
		.flags = DNS_QUESTION | (response ? DNS_RESPONSE : 0),
		.name = NAME,
		.name_size = sizeof NAME,
		.name_hash = name,
		.type = 1,
		.ttl = 64,
		.latency = -1,
	};
}

static struct dns_message
take(struct bench *b, struct dns_message m)
{
	dns_matcher_take(b->matcher, &m, dns_matcher_hash(b->matcher, &m));
	return m;
}

static struct dns_message
ask(struct bench *b, nsec_t time, uint16_t id, uint16_t port, uint64_t name)
{
	return take(b, message(time, false, id, port, name));
}

static struct dns_message
answer(struct bench *b, nsec_t time, uint16_t id, uint16_t port, uint64_t name)
{
	return take(b, message(time, true, id, port, name));
}

/* The first stray answer finds the query that waits already. */
static void
wrong_id_of_the_first_query(void **state)
{
	struct bench b;
	struct dns_message m;

	(void)state;
	start(&b, 1024, 1);
	(void)ask(&b, 1000, 1, 4000, 77);
	for (uint16_t i = 0; i < 12; i++) {
		m = answer(&b, 2000 + i, (uint16_t)(100 + i), 4000, 77);
		assert_int_equal(m.match, DNS_WRONG_ID);
		assert_int_equal(m.forged, i);
		assert_int_equal(m.waiting_port, 4000);
	}
	m = answer(&b, 3000, 1, 4000, 77);
	assert_int_equal(m.match, DNS_MATCHED);
	assert_int_equal(m.forged, 12);
	m = message(4000, true, 1, 4000, 77);
	m.answers_digest = 9;
	m.ttl = 57;
	m = take(&b, m);
	assert_int_equal(m.match, DNS_SECOND_ANSWER);
	assert_int_equal(m.forged, 12);
	assert_int_equal(m.first_ttl, 64);
	assert_int_equal(m.answer_gap, 1000);
	dns_matcher_free(b.matcher);
}

/* A burst goes on for a second after the answer; then it is aimed at nothing. */
static void
burst_after_the_answer(void **state)
{
	struct bench b;

	(void)state;
	start(&b, 1024, 1);
	(void)ask(&b, 0, 1, 4000, 77);
	assert_int_equal(answer(&b, 10, 1, 4000, 77).match, DNS_MATCHED);
	assert_int_equal(answer(&b, 20, 2, 4000, 77).match, DNS_WRONG_ID);
	assert_int_equal(answer(&b, 10 + NSEC_PER_SEC, 3, 4000, 77).match, DNS_WRONG_ID);
	assert_int_equal(answer(&b, 11 + NSEC_PER_SEC, 4, 4000, 77).match, DNS_UNSOLICITED);
	dns_matcher_free(b.matcher);
}

static void
wrong_port(void **state)
{
	struct bench b;
	struct dns_message m;

	(void)state;
	start(&b, 1024, 1);
	assert_int_equal(answer(&b, 0, 9, 1, 1).match, DNS_UNSOLICITED);
	(void)ask(&b, 1000, 1, 4000, 77);
	(void)ask(&b, 1001, 2, 4001, 78);
	m = answer(&b, 2000, 1, 5000, 77);
	assert_int_equal(m.match, DNS_WRONG_PORT);
	assert_int_equal(m.waiting_port, 4000);
	m = answer(&b, 2001, 600, 5000, 77);
	assert_int_equal(m.match, DNS_WRONG_PORT);
	assert_int_equal(m.forged, 1);
	m = answer(&b, 2002, 600, 5000, 78);
	assert_int_equal(m.waiting_port, 4001);
	assert_int_equal(m.forged, 0);
	/* The question counts for more where its query waits; then the port does. */
	m = answer(&b, 2003, 600, 4001, 77);
	assert_int_equal(m.match, DNS_WRONG_PORT);
	m = answer(&b, 2004, 600, 4001, 79);
	assert_int_equal(m.match, DNS_WRONG_ID);
	assert_int_equal(answer(&b, 2005, 600, 5000, 79).match, DNS_UNSOLICITED);
	/* Not between other addresses, not over TCP, not after the timeout. */
	m = message(2006, true, 600, 5000, 77);
	m.server.octets[15] = 54;
	assert_int_equal(take(&b, m).match, DNS_UNSOLICITED);
	m = message(2006, true, 600, 5000, 77);
	m.transport = DNS_TCP;
	assert_int_equal(take(&b, m).match, DNS_UNSOLICITED);
	assert_int_equal(answer(&b, 1001 + 5 * NSEC_PER_SEC, 600, 5000, 77).match, DNS_UNSOLICITED);
	dns_matcher_free(b.matcher);
}

/* An answer in other letters does not end the query; the one in the right letters does. */
static void
wrong_case(void **state)
{
	static const uint8_t sent[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'A', 2, 'j', 'P',
		0 };
	struct bench b;
	struct dns_message m = message(0, false, 1, 4000, 77);

	(void)state;
	start(&b, 1024, 1);
	m.flags |= DNS_CASE_MIXED;
	m.data = sent;
	m.size = sizeof sent;
	(void)take(&b, m);
	assert_int_equal(answer(&b, 10, 1, 4000, 77).match, DNS_WRONG_CASE);
	m.time = 20;
	m.flags |= DNS_RESPONSE;
	m = take(&b, m);
	assert_int_equal(m.match, DNS_MATCHED);
	dns_matcher_free(b.matcher);
}

/* What is found does not depend on the secret, although the table's order does. */
static void
secrets(void **state)
{
	uint64_t expected = 0;

	(void)state;
	for (uint64_t secret = 1; secret < 6; secret++) {
		struct bench b;
		uint64_t found = 0;

		start(&b, 4096, secret);
		for (uint16_t i = 0; i < 300; i++)
			(void)ask(&b, i, i, (uint16_t)(4000 + i), 77 + i % 3);
		for (uint16_t i = 0; i < 40; i++) {
			struct dns_message m = answer(&b, 1000 + i, 9999, 1000, 77 + i % 3);
			found = hash_mix64(found ^ ((uint64_t)m.match << 32 |
						       (uint64_t)m.waiting_port << 16 | m.forged));
		}
		assert_true(expected == 0 || expected == found);
		expected = found;
		assert_int_equal(b.drops.count[DROP_DNS_WATCH_EVICTED], 300 - WATCH_QUERIES);
		dns_matcher_free(b.matcher);
	}
}

/* Strays from ever new addresses: nothing grows, and the pair with queries is still watched. */
static void
bounded(void **state)
{
	struct bench b;
	struct dns_message m;

	(void)state;
	start(&b, 1024, 1);
	(void)answer(&b, 0, 9, 1, 1);
	(void)ask(&b, 1, 1, 4000, 77);
	for (uint32_t i = 0; i < 50000; i++) {
		m = message(2 + i, true, 5, 5, 5);
		m.server.octets[12] = 10;
		m.server.octets[13] = (uint8_t)(i >> 16);
		m.server.octets[14] = (uint8_t)(i >> 8);
		m.server.octets[15] = (uint8_t)i;
		assert_int_equal(take(&b, m).match, DNS_UNSOLICITED);
	}
	assert_int_equal(answer(&b, 60000, 2, 4000, 77).match, DNS_WRONG_ID);
	assert_int_equal(b.drops.count[DROP_DNS_WATCH_EVICTED], 0);
	dns_matcher_free(b.matcher);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_id_of_the_first_query),
		cmocka_unit_test(burst_after_the_answer),
		cmocka_unit_test(wrong_port),
		cmocka_unit_test(wrong_case),
		cmocka_unit_test(secrets),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
