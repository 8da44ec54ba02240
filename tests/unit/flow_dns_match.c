/* SPDX-License-Identifier: ISC */
/* Responses and their queries: every verdict of the matcher, timeouts, eviction. */
#include "flow/dns_match.h"
#include "test.h"

struct notes {
	size_t expired;
	struct dns_pending last;
};

struct bench {
	struct dns_matcher *matcher;
	struct drop_counters drops;
	struct notes notes;
};

static const uint8_t NAME[] = { 1, 'a', 2, 'j', 'p', 0 };
static const uint8_t CLIENT[4] = { 192, 0, 2, 1 }, SERVER[4] = { 198, 51, 100, 53 };

static void
note(void *context, const struct dns_pending *pending)
{
	struct notes *notes = context;

	notes->expired++;
	notes->last = *pending;
}

static void
start(struct bench *b, size_t capacity)
{
	struct dns_matcher_options options = {
		.capacity = capacity,
		.timeout = 5 * NSEC_PER_SEC,
		.secret = { 1, 2 },
		.drops = &b->drops,
		.expired = note,
		.context = &b->notes,
	};

	*b = (struct bench){ .matcher = NULL };
	b->matcher = dns_matcher_new(&options);
}

static struct dns_message
message(nsec_t time, uint16_t id, bool response)
{
	return (struct dns_message){
		.time = time,
		.client = address_from_ipv4(CLIENT),
		.server = address_from_ipv4(SERVER),
		.client_port = 4000,
		.server_port = 53,
		.id = id,
		.flags = DNS_QUESTION | (response ? DNS_RESPONSE : 0),
		.name = NAME,
		.name_size = sizeof NAME,
		.name_hash = 77,
		.type = 1,
		.message_size = response ? 100 : 30,
		.latency = -1,
	};
}

static struct dns_message
take(struct bench *b, struct dns_message m)
{
	dns_matcher_take(b->matcher, &m, dns_matcher_hash(b->matcher, &m));
	return m;
}

static void
answers(void **state)
{
	struct bench b;
	struct dns_message m;

	(void)state;
	start(&b, 1024);
	(void)take(&b, message(1000, 1, false));
	m = take(&b, message(5000, 1, true));
	assert_int_equal(m.match, DNS_MATCHED);
	assert_int_equal(m.latency, 4000);
	assert_int_equal(m.query_size, 30);

	m = take(&b, message(6000, 1, true));
	assert_int_equal(m.match, DNS_DUPLICATE);
	m = message(7000, 1, true);
	m.answers_digest = 9;
	m = take(&b, m);
	assert_int_equal(m.match, DNS_SECOND_ANSWER);
	m = take(&b, message(5 * NSEC_PER_SEC + 6001, 1, true));
	assert_int_equal(m.match, DNS_UNSOLICITED);

	m = message(8000, 2, true);
	m.client_port = 4001;
	m.name_hash = 78;
	m = take(&b, m);
	assert_int_equal(m.match, DNS_UNSOLICITED);
	assert_int_equal(m.latency, -1);
	assert_int_equal(b.notes.expired, 0);
	dns_matcher_free(b.matcher);
}

static void
questions(void **state)
{
	struct bench b;
	struct dns_message m;

	(void)state;
	start(&b, 1024);
	(void)take(&b, message(0, 1, false));
	m = message(10, 1, true);
	m.name_hash = 78;
	m = take(&b, m);
	assert_int_equal(m.match, DNS_WRONG_QUESTION);
	m = message(20, 1, true);
	m.flags = DNS_RESPONSE; /* an error without the question */
	m = take(&b, m);
	assert_int_equal(m.match, DNS_MATCHED);
	dns_matcher_free(b.matcher);
}

/* A name in mixed case must come back as it was sent (draft-vixie-dnsext-dns0x20). */
static void
letter_case(void **state)
{
	static const uint8_t sent[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'A', 2, 'j', 'P',
		0 };
	static const uint8_t other[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'a', 2, 'J', 'P',
		0 };
	struct bench b;
	struct dns_message m = message(0, 1, false);

	(void)state;
	start(&b, 1024);
	m.flags |= DNS_CASE_MIXED;
	m.data = sent;
	m.size = sizeof sent;
	(void)take(&b, m);
	m = message(10, 1, true);
	m.flags |= DNS_CASE_MIXED;
	m.data = other;
	m.size = sizeof other;
	m = take(&b, m);
	assert_int_equal(m.match, DNS_WRONG_CASE);
	dns_matcher_free(b.matcher);
}

static void
timeouts(void **state)
{
	struct bench b;
	struct dns_message m;

	(void)state;
	start(&b, 1024);
	(void)take(&b, message(0, 1, false));
	(void)take(&b, message(2 * NSEC_PER_SEC, 1, false));
	(void)take(&b, message(0, 2, false));
	dns_matcher_advance(b.matcher, 5 * NSEC_PER_SEC);
	assert_int_equal(b.notes.expired, 0);
	m = take(&b, message(5 * NSEC_PER_SEC + 1, 1, true));
	assert_int_equal(m.match, DNS_LATE);
	assert_int_equal(b.notes.expired, 1);
	assert_int_equal(b.notes.last.retransmissions, 1);
	assert_int_equal(b.notes.last.id, 1);
	for (nsec_t t = 5; t <= 12; t++)
		dns_matcher_advance(b.matcher, t * NSEC_PER_SEC);
	assert_int_equal(b.notes.expired, 2);
	assert_int_equal(dns_matcher_end(b.matcher, 12 * NSEC_PER_SEC), 0);
	dns_matcher_free(b.matcher);
}

/* What waits at the end of one input is answered in the next. */
static void
across_inputs(void **state)
{
	struct bench b;
	struct dns_message m;

	(void)state;
	start(&b, 1024);
	(void)take(&b, message(NSEC_PER_SEC, 1, false));
	assert_int_equal(dns_matcher_end(b.matcher, NSEC_PER_SEC), 1);
	m = take(&b, message(2 * NSEC_PER_SEC, 1, true));
	assert_int_equal(m.match, DNS_MATCHED);
	assert_int_equal(dns_matcher_end(b.matcher, 2 * NSEC_PER_SEC), 0);
	dns_matcher_free(b.matcher);
}

static void
bounded(void **state)
{
	struct bench b;

	(void)state;
	start(&b, 128);
	for (uint16_t id = 0; id < 1000; id++)
		(void)take(&b, message(id, id, false));
	assert_true(b.drops.count[DROP_DNS_TRANSACTION_EVICTED] >= 872);
	assert_int_equal(
	    dns_matcher_end(b.matcher, 1000), 1000 - b.drops.count[DROP_DNS_TRANSACTION_EVICTED]);
	dns_matcher_free(b.matcher);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(questions),
		cmocka_unit_test(letter_case),
		cmocka_unit_test(timeouts),
		cmocka_unit_test(across_inputs),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
