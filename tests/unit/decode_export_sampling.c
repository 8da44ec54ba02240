/* SPDX-License-Identifier: ISC */
/* Where sampling rates come from, and in which order. */
#include "export_build.h"

static struct build built; /* large */

/* Options: scope (system), then what the pairs say. */
static const uint16_t INTERVAL[] = { 1, 4, 34, 4 };
static const uint16_t SAMPLER[] = { 1, 4, 48, 1, 50, 4 };
static const uint16_t BY_INTERFACE[] = { 2, 4, 34, 4 };
/* Flows: with nothing, with a samplerId, with their own interval, with interfaces. */
static const uint16_t PLAIN[] = { 8, 4, 1, 4, 2, 4 };
static const uint16_t WITH_SAMPLER[] = { 8, 4, 1, 4, 2, 4, 48, 1 };
static const uint16_t WITH_INTERVAL[] = { 8, 4, 1, 4, 2, 4, 48, 1, 34, 4 };
static const uint16_t WITH_INTERFACES[] = { 8, 4, 1, 4, 2, 4, 10, 4, 14, 4, 61, 1 };

enum { PLAIN_ID = 300, SAMPLER_ID, INTERVAL_ID, INTERFACES_ID };

static void
begin(uint32_t domain)
{
	build_v9(&built, BUILD_UPTIME, BUILD_TIME, 0, domain);
	BUILD_OPTIONS(&built, 400, 1, INTERVAL);
	BUILD_OPTIONS(&built, 401, 1, SAMPLER);
	BUILD_OPTIONS(&built, 402, 1, BY_INTERFACE);
	BUILD_TEMPLATE(&built, PLAIN_ID, PLAIN);
	BUILD_TEMPLATE(&built, SAMPLER_ID, WITH_SAMPLER);
	BUILD_TEMPLATE(&built, INTERVAL_ID, WITH_INTERVAL);
	BUILD_TEMPLATE(&built, INTERFACES_ID, WITH_INTERFACES);
}

static void
say_interval(uint32_t rate)
{
	build_set(&built, 400);
	build_number(&built, 1, 4);
	build_number(&built, rate, 4);
	build_set_end(&built);
}

static void
say_sampler(uint8_t id, uint32_t rate)
{
	build_set(&built, 401);
	build_number(&built, 1, 4);
	build_number(&built, id, 1);
	build_number(&built, rate, 4);
	build_set_end(&built);
}

static void
say_interface(uint32_t interface, uint32_t rate)
{
	build_set(&built, 402);
	build_number(&built, interface, 4);
	build_number(&built, rate, 4);
	build_set_end(&built);
}

static void
flow_begin_set(unsigned id)
{
	build_set(&built, id);
	build_number(&built, 0xc0000201, 4);
	build_number(&built, 1000, 4);
	build_number(&built, 1, 4);
}

static void
flow_plain(void)
{
	flow_begin_set(PLAIN_ID);
	build_set_end(&built);
}

static void
flow_sampler(uint8_t id)
{
	flow_begin_set(SAMPLER_ID);
	build_number(&built, id, 1);
	build_set_end(&built);
}

static void
flow_interval(uint8_t id, uint32_t rate)
{
	flow_begin_set(INTERVAL_ID);
	build_number(&built, id, 1);
	build_number(&built, rate, 4);
	build_set_end(&built);
}

static void
flow_interfaces(uint32_t ingress, uint32_t egress, uint8_t direction)
{
	flow_begin_set(INTERFACES_ID);
	build_number(&built, ingress, 4);
	build_number(&built, egress, 4);
	build_number(&built, direction, 1);
	build_set_end(&built);
}

static void
expect(const struct collector *c, size_t i, uint32_t rate, enum sampling_source source)
{
	assert_true(i < c->sink.record_count);
	assert_int_equal(c->sink.records[i].sampling, rate);
	assert_int_equal(c->sink.records[i].sampling_source, source);
}

static void
nobody_says(void **state)
{
	struct collector c;
	struct exporter_report r;

	(void)state;
	collector_init(&c);
	begin(1);
	flow_plain();
	flow_sampler(3);
	flow_interval(3, 0);
	collector_send(&c, &built);
	for (size_t i = 0; i < 3; i++)
		expect(&c, i, 0, SAMPLING_UNKNOWN);
	assert_int_equal(record_octets(&c.sink.records[0]), 1000);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_SAMPLING_UNKNOWN), 3);
	r = collector_report(&c);
	assert_int_equal(r.rates[0].records, 3);
	assert_int_equal(r.rates[0].rate, 0);
	assert_int_equal(r.rates[1].records, 0);
	collector_release(&c);
}

/* The options follow the flows in the same message. */
static void
options_after_flows(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(1);
	flow_plain();
	say_interval(1000);
	collector_send(&c, &built);
	expect(&c, 0, 1000, SAMPLING_OPTIONS);
	/* They hold for later messages, and change with the next options. */
	build_v9(&built, BUILD_UPTIME, BUILD_TIME, 1, 1);
	flow_plain();
	collector_send(&c, &built);
	expect(&c, 0, 1000, SAMPLING_OPTIONS);
	build_v9(&built, BUILD_UPTIME, BUILD_TIME, 2, 1);
	say_interval(2000);
	flow_plain();
	collector_send(&c, &built);
	expect(&c, 0, 2000, SAMPLING_OPTIONS);
	collector_release(&c);
}

/* 0 is "not said", neither 0 nor 1: what was said before holds. */
static void
rate_of_zero(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(1);
	say_interval(0);
	say_sampler(1, 0);
	flow_plain();
	collector_send(&c, &built);
	expect(&c, 0, 0, SAMPLING_UNKNOWN);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_SAMPLING_ZERO), 2);
	begin(1);
	say_interval(100);
	say_interval(0);
	flow_plain();
	collector_send(&c, &built);
	expect(&c, 0, 100, SAMPLING_OPTIONS);
	collector_release(&c);
}

static void
two_rates_in_a_domain(void **state)
{
	struct collector c;
	struct exporter_report r;

	(void)state;
	collector_init(&c);
	begin(1);
	say_sampler(1, 1000);
	say_sampler(2, 8192);
	flow_sampler(1);
	flow_sampler(2);
	flow_sampler(3);
	flow_plain();
	collector_send(&c, &built);
	expect(&c, 0, 1000, SAMPLING_SELECTOR);
	expect(&c, 1, 8192, SAMPLING_SELECTOR);
	/* Neither an unknown sampler nor none may borrow a rate when they differ. */
	expect(&c, 2, 0, SAMPLING_UNKNOWN);
	expect(&c, 3, 0, SAMPLING_UNKNOWN);
	assert_int_equal(c.sink.records[1].selector, 2);
	r = collector_report(&c);
	assert_int_equal(r.rates[0].rate, 1000);
	assert_int_equal(r.rates[1].rate, 8192);
	assert_int_equal(r.rates[2].records, 2);
	collector_release(&c);
}

/* One sampler: records that name none are of it, those that name another are not. */
static void
the_only_rate(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(1);
	say_sampler(1, 1000);
	flow_plain();
	flow_sampler(0);
	flow_sampler(9);
	collector_send(&c, &built);
	expect(&c, 0, 1000, SAMPLING_OPTIONS);
	expect(&c, 1, 0, SAMPLING_UNKNOWN);
	expect(&c, 2, 0, SAMPLING_UNKNOWN);
	collector_release(&c);
}

static void
order_of_sources(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	c.options.default_sampling = 5;
	collector_restart(&c);
	begin(1);
	flow_plain();
	collector_send(&c, &built);
	expect(&c, 0, 5, SAMPLING_CONFIGURED);
	begin(1);
	say_interval(10);
	say_interface(7, 20);
	say_sampler(3, 30);
	flow_plain();
	flow_interfaces(8, 9, 0);
	flow_interfaces(7, 9, 0);
	flow_interfaces(9, 7, 1);
	flow_sampler(3);
	flow_interval(3, 40);
	flow_interval(3, 0);
	flow_interval(4, 0);
	collector_send(&c, &built);
	expect(&c, 0, 10, SAMPLING_OPTIONS);
	expect(&c, 1, 10, SAMPLING_OPTIONS);
	expect(&c, 2, 20, SAMPLING_INTERFACE);
	expect(&c, 3, 20, SAMPLING_INTERFACE);
	expect(&c, 4, 30, SAMPLING_SELECTOR);
	expect(&c, 5, 40, SAMPLING_RECORD);
	expect(&c, 6, 30, SAMPLING_SELECTOR);
	expect(&c, 7, 10, SAMPLING_OPTIONS);
	c.options.force_sampling = 50;
	collector_restart(&c);
	collector_send(&c, &built);
	for (size_t i = 0; i < 8; i++)
		expect(&c, i, 50, SAMPLING_FORCED);
	collector_release(&c);
}

/* Options that came before their template are waited for like data. */
static void
options_before_their_template(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	build_v9(&built, BUILD_UPTIME, BUILD_TIME, 0, 1);
	say_interval(1000);
	flow_plain();
	collector_send(&c, &built);
	begin(1);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 1);
	expect(&c, 0, 1000, SAMPLING_OPTIONS);
	collector_release(&c);
}

/* Samplers announced in one domain and used in another, unless domains contradict each other. */
static void
options_of_another_domain(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(0);
	say_sampler(1, 1000);
	say_sampler(2, 2000);
	collector_send(&c, &built);
	begin(5);
	flow_sampler(1);
	flow_sampler(2);
	collector_send(&c, &built);
	expect(&c, 0, 1000, SAMPLING_SELECTOR);
	expect(&c, 1, 2000, SAMPLING_SELECTOR);
	begin(6);
	say_sampler(1, 3000);
	flow_sampler(1);
	collector_send(&c, &built);
	expect(&c, 0, 3000, SAMPLING_SELECTOR);
	begin(5);
	flow_sampler(1);
	flow_sampler(2);
	collector_send(&c, &built);
	expect(&c, 0, 0, SAMPLING_UNKNOWN);
	expect(&c, 1, 2000, SAMPLING_SELECTOR);
	/* Another exporter's are never used. */
	c.message.exporter.octets[15]++;
	begin(5);
	flow_sampler(2);
	collector_send(&c, &built);
	expect(&c, 0, 0, SAMPLING_UNKNOWN);
	collector_release(&c);
}

struct ipfix_case {
	uint16_t pairs[12];
	size_t count;
	uint32_t values[5]; /* after the scope */
	uint32_t rate;
};

/* The ways in which IPFIX says a rate (RFC 5477), scope: selectorId. */
static void
ipfix_rates(void **state)
{
	static const struct ipfix_case CASES[] = {
		{ { 302, 8, 305, 4, 306, 4 }, 6, { 1, 999 }, 1000 },
		{ { 302, 8, 305, 4, 306, 4 }, 6, { 2, 999 }, 501 },
		{ { 302, 8, 305, 4, 306, 4 }, 6, { 0, 999 }, 0 },
		{ { 302, 8, 309, 4, 310, 4 }, 6, { 1, 256 }, 256 },
		{ { 302, 8, 309, 4, 310, 4 }, 6, { 10, 256 }, 26 },
		{ { 302, 8, 309, 4, 310, 4 }, 6, { 0, 256 }, 0 },
		{ { 302, 8, 304, 4, 305, 4, 306, 4 }, 8, { 1, 1, 0 }, 1 },
		/* An exporter that fills in 305 beside the algorithm it uses. */
		{ { 302, 8, 305, 4, 304, 4, 309, 4, 310, 4 }, 10, { 1, 3, 1, 256 }, 256 },
		{ { 302, 8, 305, 4, 306, 4, 304, 4, 309, 4, 310, 4 }, 12, { 1, 7, 3, 1, 256 },
		    256 },
		{ { 302, 8, 311, 4 }, 4, { 0x3c23d70a }, 100 }, /* 0.01 */
		{ { 302, 8, 311, 4 }, 4, { 0x7fc00000 }, 0 },   /* not a number */
		{ { 302, 8, 311, 4 }, 4, { 0xbf800000 }, 0 },   /* -1 */
		{ { 302, 8, 34, 4 }, 4, { 0xffffffff }, 0xffffffff },
	};
	static const uint16_t FLOW[] = { 8, 4, 1, 4, 302, 2 };

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		const struct ipfix_case *t = &CASES[i];
		struct collector c;

		collector_init(&c);
		build_ipfix(&built, BUILD_TIME, 0, 1);
		build_options_set(&built, 400, t->pairs, t->count, 1);
		BUILD_TEMPLATE(&built, 300, FLOW);
		build_set(&built, 400);
		build_number(&built, 77, 8);
		for (size_t j = 0; j + 1 < t->count / 2; j++)
			build_number(&built, t->values[j], 4);
		build_set_end(&built);
		build_set(&built, 300);
		build_number(&built, 0xc0000201, 4);
		build_number(&built, 1000, 4);
		build_number(&built, 77, 2);
		build_set_end(&built);
		collector_send(&c, &built);
		expect(&c, 0, t->rate, t->rate != 0 ? SAMPLING_SELECTOR : SAMPLING_UNKNOWN);
		collector_release(&c);
	}
}

/* A scope of another domain (149), and of a template (145). */
static void
ipfix_scopes(void **state)
{
	static const uint16_t OF_DOMAIN[] = { 149, 4, 34, 4 };
	static const uint16_t OF_TEMPLATE[] = { 145, 2, 34, 4 };
	struct collector c;

	(void)state;
	collector_init(&c);
	build_ipfix(&built, BUILD_TIME, 0, 1);
	BUILD_OPTIONS(&built, 400, 1, OF_DOMAIN);
	BUILD_OPTIONS(&built, 401, 1, OF_TEMPLATE);
	BUILD_TEMPLATE(&built, 300, PLAIN);
	BUILD_TEMPLATE(&built, 301, PLAIN);
	build_set(&built, 400);
	build_number(&built, 9, 4);
	build_number(&built, 64, 4);
	build_number(&built, 1, 4);
	build_number(&built, 32, 4);
	build_set_end(&built);
	build_set(&built, 401);
	build_number(&built, 301, 2);
	build_number(&built, 128, 4);
	build_set_end(&built);
	flow_begin_set(300);
	build_set_end(&built);
	flow_begin_set(301);
	build_set_end(&built);
	collector_send(&c, &built);
	expect(&c, 0, 32, SAMPLING_OPTIONS);
	expect(&c, 1, 128, SAMPLING_OPTIONS);
	build_ipfix(&built, BUILD_TIME, 5, 9);
	BUILD_TEMPLATE(&built, 300, PLAIN);
	flow_begin_set(300);
	build_set_end(&built);
	collector_send(&c, &built);
	expect(&c, 0, 64, SAMPLING_OPTIONS);
	collector_release(&c);
}

/* An exporter that announces rates without end is held to the quota. */
static void
too_many_rates(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	for (uint32_t i = 0; i < 5000; i += 500) {
		begin(1);
		for (uint32_t j = 0; j < 500; j++)
			say_interface(1 + i + j, 100);
		collector_send(&c, &built);
	}
	assert_true(collector_drops(&c, DROP_EXPORT_SAMPLING_FULL) > 0);
	begin(1);
	flow_interfaces(1, 0, 0);
	collector_send(&c, &built);
	expect(&c, 0, 100, SAMPLING_INTERFACE);
	collector_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_says),
		cmocka_unit_test(options_after_flows),
		cmocka_unit_test(rate_of_zero),
		cmocka_unit_test(two_rates_in_a_domain),
		cmocka_unit_test(the_only_rate),
		cmocka_unit_test(order_of_sources),
		cmocka_unit_test(options_before_their_template),
		cmocka_unit_test(options_of_another_domain),
		cmocka_unit_test(ipfix_rates),
		cmocka_unit_test(ipfix_scopes),
		cmocka_unit_test(too_many_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
