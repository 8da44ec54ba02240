/* SPDX-License-Identifier: ISC */
/* dns/nxdomain by hand-made messages: who is reported, from which number on, and as what. */
#include "dns_failing.h"
#include "net/site.h"

extern const struct analysis analysis_dns_nxdomain;

/* Some answers to client 7 within ten seconds. */
struct burst {
	const char *format; /* of names, with a random label and a number; NULL: of one domain */
	const char *zone;   /* of the SOA; NULL: none */
	unsigned count, failing, distinct; /* 0: all differ */
	unsigned rcode;                    /* 0: NXDOMAIN */
	uint16_t type;
	uint8_t view;
	int64_t begin;
	unsigned client; /* 0: 7 */
};

static void
burst(struct analysis_run *run, const struct burst *b)
{
	for (unsigned i = 0; i < b->count; i++) {
		unsigned number = b->distinct != 0 ? i % b->distinct : i;
		char label[64], name[256];
		bool fails = i < b->failing;
		struct transaction t = { .name = name,
			.zone = fails ? b->zone : NULL,
			.type = b->type,
			.rcode = !fails          ? 0
				 : b->rcode != 0 ? b->rcode
						 : DNS_RCODE_NXDOMAIN,
			.client = b->client != 0 ? b->client : 7,
			.server = i % 5,
			.ms = b->begin + (int64_t)i * 10000 / b->count,
			.view = b->view };
		(void)snprintf(name, sizeof name, b->format != NULL ? b->format : "%s.busy.test",
		    random_label((uint64_t)b->begin * 1000 + number, 12, label), number);
		tell_answer(run, t.server % run->shards, &t);
	}
}

/* Findings of one burst, in one shard and in four; what the finding says it looks like. */
static size_t
fires(const struct burst *b, const char *looks_like)
{
	size_t counts[2];

	for (unsigned k = 0; k < 2; k++) {
		struct analysis_run run;
		analysis_run_begin(&run, &analysis_dns_nxdomain, k == 0 ? 1 : 4, 3);
		burst(&run, b);
		analysis_run_window(&run, 0);
		counts[k] = count_findings(&run);
		if (counts[k] == 1 && looks_like != NULL)
			assert_text(&run, "measures", "looks_like", looks_like);
		analysis_run_end(&run);
	}
	assert_int_equal(counts[0], counts[1]);
	return counts[0];
}

#define FIRES(...) fires(&(const struct burst){ __VA_ARGS__ }, NULL)
#define LOOKS(text, ...)  \
	assert_int_equal( \
	    fires(&(const struct burst){ .count = 600, .failing = 600, __VA_ARGS__ }, text), 1)

static void
test_thresholds(void **state)
{
	(void)state;
	assert_int_equal(FIRES(.count = 200, .failing = 200), 1);
	assert_int_equal(FIRES(.count = 199, .failing = 199), 0);
	assert_int_equal(FIRES(.count = 1000, .failing = 900), 1);
	assert_int_equal(FIRES(.count = 1000, .failing = 899), 0);
	assert_int_equal(FIRES(.count = 200, .failing = 200, .rcode = DNS_RCODE_SERVFAIL), 1);
	assert_int_equal(FIRES(.count = 200, .failing = 200, .rcode = DNS_RCODE_REFUSED), 0);
	assert_int_equal(FIRES(.count = 200, .failing = 200, .view = DNS_VIEW_CLIENT), 1);
	assert_int_equal(FIRES(.count = 200, .failing = 200, .view = DNS_VIEW_RESOLVER), 0);
}

static void
test_looks(void **state)
{
	(void)state;
	LOOKS("random subdomains", .zone = "busy.test");
	LOOKS("repetition", .distinct = 20, .zone = "busy.test");
	LOOKS("single labels", .format = "%s", .zone = ".");
	LOOKS("generated domains", .format = "%s.test", .zone = "test");
	LOOKS("generated domains", .format = "www.%s.test", .zone = "test");
	LOOKS("addresses", .format = "%.0s%u.0.2.192.list.test", .distinct = 250);
	LOOKS("addresses", .format = "%s.in-addr.arpa", .type = DNS_TYPE_PTR);
	LOOKS("tunnel", .format = "%1$s%1$s%1$s.busy.test", .type = DNS_TYPE_TXT);
	LOOKS("random subdomains", .format = "%1$s%1$s%1$s.busy.test", .zone = "busy.test");
	LOOKS("many names", .format = "www.%s.test");
}

/* One finding over windows, and another after more than ten minutes; a resolver is none. */
static void
test_span(void **state)
{
	struct analysis_run run;

	(void)state;
	analysis_run_begin(&run, &analysis_dns_nxdomain, 2, 3);
	run.site.servers = xcalloc(1, sizeof *run.site.servers);
	run.site.server_count = 1;
	run.site.servers[0].address = run_ipv4(0xc0000209);
	run.site.servers[0].role = xstrdup("resolver");
	for (unsigned slot = 0; slot < 3; slot++) {
		burst(&run, &(struct burst){ .count = 300,
				.failing = 300,
				.client = 9,
				.begin = 280000 + slot * 10000 });
		burst(&run, &(struct burst){ .count = 300,
				.failing = slot == 2 ? 100 : 300,
				.begin = 280000 + slot * 10000 });
		analysis_run_window(&run, slot / 2);
	}
	assert_float_equal(only_measure(&run, "queries"), 600, 0);
	assert_float_equal(only_measure(&run, "share"), 1, 0);
	assert_text(&run, "subject", "client", "192.0.2.7");
	burst(&run, &(struct burst){ .count = 20, .failing = 20, .begin = 270000 });
	burst(&run, &(struct burst){ .count = 300, .failing = 300, .begin = 1000000 });
	analysis_run_window(&run, 3);
	assert_int_equal(count_findings(&run), 2);
	analysis_run_end(&run);
}

/* Many clients with few failures do not hide the one with many. */
static void
test_flood_of_clients(void **state)
{
	struct analysis_run run;

	(void)state;
	analysis_run_begin(&run, &analysis_dns_nxdomain, 1, 3);
	for (unsigned i = 0; i < 60000; i++) {
		struct transaction t = { .name = "gone.busy.test",
			.rcode = DNS_RCODE_NXDOMAIN,
			.client = i % 100 == 0 ? 7 : 0x10000 + i / 20,
			.ms = i / 6 };
		tell_answer(&run, 0, &t);
	}
	analysis_run_window(&run, 0);
	assert_text(&run, "subject", "client", "192.0.2.7");
	assert_float_equal(only_measure(&run, "queries"), 600, 0);
	analysis_run_end(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thresholds),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_flood_of_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
