/* SPDX-License-Identifier: ISC */
/* Templates, rates and sequence positions survive a restart; damage in the file does not. */
#include <stdio.h>

#include "export_build.h"

static struct build built; /* large */

static const uint16_t OPTIONS[] = { 1, 4, 48, 4, 50, 4 };
static const uint16_t SAMPLED[] = { 8, 4, 1, 4, 48, 4 };

/* Both protocols: templates, options and flows. */
static void
feed(struct collector *c)
{
	for (unsigned version = 9; version <= 10; version++) {
		if (version == 9)
			build_v9(&built, BUILD_UPTIME, BUILD_TIME, 10, 7);
		else
			build_ipfix(&built, BUILD_TIME, 0, 7);
		BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
		BUILD_TEMPLATE(&built, 257, SAMPLED);
		BUILD_OPTIONS(&built, 400, 1, OPTIONS);
		build_set(&built, 400);
		build_number(&built, 1, 4);
		build_number(&built, 5, 4);
		build_number(&built, 1000, 4);
		build_set_end(&built);
		build_flows(&built, 256, 4);
		collector_send(c, &built);
	}
	c->message.stream = 9;
	collector_send(c, &built);
	c->message.stream = 0;
}

/* What `c` would keep, in a string of its own. */
static char *
save(const struct collector *c, size_t *ret_size)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_size);
	struct err_info info = { 0 };

	assert_non_null(file);
	assert_int_equal(exports_save(c->x, file, &info), ERR_OK);
	(void)fclose(file);
	return text;
}

static enum err
load(struct collector *c, char *text, size_t size, struct err_info *info)
{
	FILE *file = fmemopen(text, size > 0 ? size : 1, "r");
	enum err e;

	assert_non_null(file);
	e = exports_load(c->x, file, info);
	(void)fclose(file);
	return e;
}

static void
send_sampled(struct collector *c, uint32_t sequence)
{
	build_v9(&built, BUILD_UPTIME + 1000, BUILD_TIME + 1, sequence, 7);
	build_set(&built, 257);
	build_number(&built, 0xc0000201, 4);
	build_number(&built, 1000, 4);
	build_number(&built, 5, 4);
	build_set_end(&built);
	collector_send(c, &built);
}

static void
kept(void **state)
{
	struct collector c;
	struct exporter_report r;
	struct err_info info = { 0 };
	char *text, *again;
	size_t size, again_size;

	(void)state;
	collector_init(&c);
	feed(&c);
	text = save(&c, &size);
	collector_restart(&c);
	c.drops = (struct drop_counters){ .count = { 0 } };
	assert_int_equal(load(&c, text, size, &info), ERR_OK);
	again = save(&c, &again_size);
	assert_int_equal(again_size, size);
	assert_memory_equal(again, text, size);
	/* Loading is not news: nothing is reported or counted. */
	export_sink_clear(&c.sink);
	exports_report(c.x, &c.sink);
	assert_int_equal(c.sink.report_count, 0);
	for (unsigned i = 0; i < DROP_COUNT; i++)
		assert_int_equal(c.drops.count[i], 0);
	/* Three messages were sent while nobody listened. */
	send_sampled(&c, 14);
	assert_int_equal(c.sink.record_count, 1);
	assert_int_equal(c.sink.records[0].sampling, 1000);
	r = collector_report(&c);
	assert_int_equal(r.lost, 3);
	/* What a stream said is not kept. */
	build_ipfix(&built, BUILD_TIME, 5, 7);
	build_flows(&built, 256, 1);
	c.message.stream = 9;
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	c.message.stream = 0;
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 1);
	free(text);
	free(again);
	collector_release(&c);
}

/* Cut at every length, and every octet wrong in turn. */
static void
damaged(void **state)
{
	struct collector c;
	struct err_info info = { 0 };
	char *text;
	size_t size;

	(void)state;
	collector_init(&c);
	feed(&c);
	text = save(&c, &size);
	for (size_t cut = 0; cut < size; cut++) {
		collector_restart(&c);
		assert_int_equal(load(&c, text, cut, &info), ERR_FORMAT);
		assert_true(info.offset <= cut);
	}
	for (size_t at = 0; at < size; at++) {
		text[at] = (char)(text[at] ^ 0x41);
		collector_restart(&c);
		assert_int_equal(load(&c, text, size, &info), ERR_FORMAT);
		assert_true(info.offset <= at);
		text[at] = (char)(text[at] ^ 0x41);
	}
	/* What came before the damage is kept. */
	text[size - 1] ^= 1;
	collector_restart(&c);
	assert_int_equal(load(&c, text, size, &info), ERR_FORMAT);
	send_sampled(&c, 11);
	assert_int_equal(c.sink.record_count, 1);
	free(text);
	collector_release(&c);
}

static void
empty(void **state)
{
	struct collector c;
	struct err_info info = { 0 };
	char *text;
	size_t size;

	(void)state;
	collector_init(&c);
	text = save(&c, &size);
	assert_int_equal(load(&c, text, size, &info), ERR_OK);
	free(text);
	collector_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept),
		cmocka_unit_test(damaged),
		cmocka_unit_test(empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
