/* SPDX-License-Identifier: ISC */
/* traffic/talkers against exact counts, alone and merged, in order and in floods. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/peers.h"
#include "analysis/traffic/talkers.h"
#include "analysis_run.h"
#include "base/hash.h"

extern const struct analysis analysis_traffic_talkers;

static uint64_t
draw(uint64_t *seed)
{
	return hash_mix64(*seed += UINT64_C(0x9e3779b97f4a7c15));
}

static const char *
text_cell(json_t *table, size_t row, const char *name)
{
	return json_string_value(analysis_run_cell(table, row, name));
}

static json_int_t
count_cell(json_t *table, size_t row, const char *name)
{
	return json_integer_value(analysis_run_cell(table, row, name));
}

static bool
has_column(json_t *table, const char *name)
{
	json_t *column;
	size_t i;

	json_array_foreach (json_object_get(table, "columns"), i, column)
		if (strcmp(json_string_value(json_object_get(column, "name")), name) == 0)
			return true;
	return false;
}

/* ------------------------------------------------------------------ exact */

static void
test_few_flows_are_exact(void **state)
{
	struct analysis_run r;
	struct flow f;
	json_t *section, *table;

	(void)state;
	analysis_run_begin(&r, &analysis_traffic_talkers, 3, 1);
	f = run_flow(run_address("192.0.2.1"), run_address("198.51.100.1"));
	f.octets[1] = 1000;
	f.packets[1] = 2;
	analysis_run_flow(&r, 0, &f);
	f = run_flow(run_address("198.51.100.1"), run_address("192.0.2.1"));
	analysis_run_flow(&r, 1, &f);
	f = run_flow(run_address("192.0.2.9"), run_address("192.0.2.1"));
	analysis_run_flow(&r, 2, &f);
	analysis_run_window(&r, 0);
	f = run_flow(run_address("2001:db8::1"), run_address("2001:db8::1"));
	f.octets[0] = 9000;
	analysis_run_flow(&r, 0, &f);
	analysis_run_window(&r, 1);
	section = analysis_run_section(&r);
	table = analysis_run_table(section, "addresses");
	assert_false(has_column(table, "octets_high"));
	assert_false(has_column(table, "side"));
	assert_int_equal(json_array_size(json_object_get(table, "rows")), 4);
	assert_string_equal(text_cell(table, 0, "address"), "2001:db8::1");
	assert_int_equal(count_cell(table, 0, "octets"), 9000);
	assert_int_equal(count_cell(table, 0, "peers"), 1);
	assert_string_equal(text_cell(table, 1, "address"), "192.0.2.1");
	assert_int_equal(count_cell(table, 1, "octets"), 1180);
	assert_int_equal(count_cell(table, 1, "packets"), 5);
	assert_int_equal(count_cell(table, 1, "flows"), 3);
	assert_int_equal(count_cell(table, 1, "peers"), 2);
	assert_true(
	    fabs(json_real_value(analysis_run_cell(table, 1, "share")) - 1180.0 / 10180) < 1e-9);
	table = analysis_run_table(section, "prefixes");
	assert_string_equal(text_cell(table, 0, "prefix"), "2001:db8::/48");
	assert_string_equal(text_cell(table, 1, "prefix"), "192.0.2.0/24");
	/* The flow inside the prefix counts once. */
	assert_int_equal(count_cell(table, 1, "octets"), 1180);
	assert_int_equal(count_cell(table, 1, "flows"), 3);
	table = analysis_run_table(section, "pairs");
	assert_string_equal(text_cell(table, 1, "address"), "192.0.2.1");
	assert_string_equal(text_cell(table, 1, "peer_address"), "198.51.100.1");
	assert_int_equal(count_cell(table, 1, "octets"), 1120);
	assert_int_equal(count_cell(table, 1, "flows"), 2);
	json_decref(section);
	analysis_run_end(&r);
}

static void
test_nothing(void **state)
{
	struct analysis_run r;

	(void)state;
	analysis_run_begin(&r, &analysis_traffic_talkers, 2, 1);
	analysis_run_window(&r, 0);
	assert_int_equal(r.rows[0]->count, 0);
	assert_int_equal(r.rows[1]->count, 0);
	assert_null(analysis_run_section(&r));
	analysis_run_end(&r);
}

static void
test_own_prefixes_are_marked(void **state)
{
	static struct prefix own;
	struct analysis_run r;
	struct err_info why;
	json_t *section, *table;
	struct flow f = run_flow(run_address("192.0.2.1"), run_address("198.51.100.1"));

	(void)state;
	analysis_run_begin(&r, &analysis_traffic_talkers, 1, 1);
	assert_int_equal(prefix_parse("192.0.2.0/24", &own, &why), ERR_OK);
	r.site.own_prefixes = xcalloc(1, sizeof own);
	r.site.own_prefixes[0] = own;
	r.site.own_prefix_count = 1;
	site_index(&r.site);
	analysis_run_flow(&r, 0, &f);
	analysis_run_window(&r, 0);
	section = analysis_run_section(&r);
	table = analysis_run_table(section, "addresses");
	assert_string_equal(text_cell(table, 0, "side"), "own");
	assert_string_equal(text_cell(table, 1, "side"), "outside");
	table = analysis_run_table(section, "pairs");
	assert_string_equal(text_cell(table, 0, "side"), "own and outside");
	json_decref(section);
	analysis_run_end(&r);
}

/* ------------------------------------------------------------------ bounds */

#define HOSTS 3000
#define FLOWS 40000

struct host {
	uint64_t octets, packets, flows;
	uint64_t peers;
};

/* Traffic with a few great hosts among many small ones: host n has address 10.0.0.0 + n. */
static void
zipf_traffic(struct analysis_run *r, struct host *hosts, uint64_t *seed)
{
	uint8_t *met = xcalloc(HOSTS, HOSTS);

	for (unsigned i = 0; i < FLOWS; i++) {
		double u = (double)(draw(seed) >> 11) * 0x1p-53;
		uint32_t ends[2] = { (uint32_t)pow(HOSTS - 1, u), (uint32_t)(draw(seed) % HOSTS) };
		struct flow f =
		    run_flow(run_ipv4(0x0a000000 + ends[0]), run_ipv4(0x0a000000 + ends[1]));
		f.packets[0] = 1 + draw(seed) % 50;
		f.octets[0] = f.packets[0] * (40 + draw(seed) % 1460);
		analysis_run_flow(r, draw(seed) % r->shards, &f);
		for (unsigned e = 0; e < (ends[0] == ends[1] ? 1 : 2); e++) {
			hosts[ends[e]].octets += f.octets[0];
			hosts[ends[e]].packets += f.packets[0];
			hosts[ends[e]].flows++;
			hosts[ends[e]].peers += !met[ends[e] * HOSTS + ends[!e]];
			met[ends[e] * HOSTS + ends[!e]] = 1;
		}
	}
	free(met);
}

static void
assert_within(json_t *table, const struct host *hosts, bool bounded)
{
	size_t count = json_array_size(json_object_get(table, "rows"));

	for (size_t i = 0; i < count; i++) {
		struct address a = run_address(text_cell(table, i, "address"));
		const struct host *h = &hosts[(uint32_t)a.octets[14] << 8 | (uint32_t)a.octets[15]];
		const uint64_t truth[] = { h->octets, h->packets, h->flows };
		static const char *const low[] = { "octets", "packets", "flows" };
		static const char *const high[] = { "octets_high", "packets_high", "flows_high" };
		for (unsigned m = 0; m < 3; m++) {
			uint64_t l = (uint64_t)count_cell(table, i, low[m]);
			assert_true(l <= truth[m]);
			if (bounded)
				assert_true(truth[m] <= (uint64_t)count_cell(table, i, high[m]));
			else
				assert_true(l == truth[m]);
		}
	}
	assert_true(count > 0);
}

static void
run_zipf(const char *keys, const char *rows, bool bounded, int64_t windows)
{
	struct host *hosts = xcalloc(HOSTS, sizeof *hosts);
	struct analysis_run r;
	json_t *section;
	uint64_t seed = 3, most = 0;

	analysis_run_begin(&r, &analysis_traffic_talkers, 8, 1);
	analysis_run_set(&r, "keys", keys);
	analysis_run_set(&r, "rows", rows);
	for (int64_t w = 0; w < windows; w++) {
		zipf_traffic(&r, hosts, &seed);
		analysis_run_window(&r, w);
	}
	section = analysis_run_section(&r);
	assert_within(analysis_run_table(section, "addresses"), hosts, bounded);
	assert_within(analysis_run_table(section, "addresses-packets"), hosts, bounded);
	assert_within(analysis_run_table(section, "addresses-flows"), hosts, bounded);
	assert_within(analysis_run_table(section, "addresses-peers"), hosts, bounded);
	for (uint32_t i = 0; i < HOSTS; i++)
		most = hosts[i].octets > most ? hosts[i].octets : most;
	/* The greatest is found. */
	assert_true(
	    (uint64_t)count_cell(analysis_run_table(section, "addresses"), 0, "octets") > most / 2);
	json_decref(section);
	analysis_run_end(&r);
	free(hosts);
}

static void
test_counts_are_exact_with_room(void **state)
{
	(void)state;
	run_zipf("65536", "100000", false, 2);
}

static void
test_bounds_hold_when_rows_are_cut(void **state)
{
	(void)state;
	run_zipf("65536", "60", true, 3);
}

static void
test_bounds_hold_when_purged(void **state)
{
	(void)state;
	run_zipf("512", "40", true, 3);
}

static void
test_peers_are_estimated(void **state)
{
	struct analysis_run r;
	json_t *section, *table;

	(void)state;
	analysis_run_begin(&r, &analysis_traffic_talkers, 4, 1);
	for (int64_t w = 0; w < 3; w++) {
		/* A scanner with 5,000 targets, a third of them in each window, all twice; and a
		 * client with 5 servers in each. */
		for (uint32_t i = 0; i < 5000; i++) {
			struct flow f = run_flow(run_address("192.0.2.66"),
			    run_ipv4(0x0a000000 + (i + (uint32_t)w * 2500) % 5000));
			analysis_run_flow(&r, i % 4, &f);
		}
		for (uint32_t i = 0; i < 30; i++) {
			struct flow f =
			    run_flow(run_address("192.0.2.7"), run_ipv4(0x0b000000 + i % 5));
			analysis_run_flow(&r, i % 4, &f);
		}
		analysis_run_window(&r, w);
	}
	section = analysis_run_section(&r);
	table = analysis_run_table(section, "addresses-peers");
	assert_string_equal(text_cell(table, 0, "address"), "192.0.2.66");
	assert_true(fabs((double)count_cell(table, 0, "peers") / 5000 - 1) <
		    3 * hll_standard_error(PEERS_PRECISION));
	assert_string_equal(text_cell(table, 1, "address"), "192.0.2.7");
	assert_int_equal(count_cell(table, 1, "peers"), 5);
	json_decref(section);
	analysis_run_end(&r);
}

/* ------------------------------------------------------------------ floods and secrets */

/* A flood of random sources on two victims through tables of 64 keys. */
static char *
run_flood(uint64_t secret)
{
	struct analysis_run r;
	uint64_t seed = 21;
	json_t *section, *table;
	char *text;

	analysis_run_begin(&r, &analysis_traffic_talkers, 8, secret);
	analysis_run_set(&r, "keys", "64");
	analysis_run_set(&r, "peer_sketches", "4");
	analysis_run_set(&r, "rows", "16");
	analysis_run_set(&r, "top", "2");
	for (int64_t w = 0; w < 2; w++) {
		for (unsigned i = 0; i < 30000; i++) {
			struct flow f = run_flow(run_ipv4((uint32_t)draw(&seed)),
			    run_address(i % 3 ? "192.0.2.80" : "2001:db8::80"));
			analysis_run_flow(&r, draw(&seed) % 8, &f);
		}
		analysis_run_window(&r, w);
	}
	assert_true(r.rows[0]->count <= 48);
	section = analysis_run_section(&r);
	table = analysis_run_table(section, "addresses");
	assert_string_equal(text_cell(table, 0, "address"), "192.0.2.80");
	assert_string_equal(text_cell(table, 1, "address"), "2001:db8::80");
	assert_true(count_cell(table, 0, "octets") <= INT64_C(2400000));
	assert_true(count_cell(table, 0, "octets_high") >= INT64_C(2400000));
	assert_true(count_cell(table, 0, "octets") >= INT64_C(2400000) - 7200000L * 6 / 64);
	text = json_dumps(section, JSON_INDENT(1));
	json_decref(section);
	analysis_run_end(&r);
	return text;
}

static void
test_secret_does_not_show(void **state)
{
	char *a = run_flood(1), *b = run_flood(0xdecade);

	(void)state;
	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void
test_ccdf_falls(void **state)
{
	struct analysis_run r;
	uint64_t seed = 3;
	struct host *hosts = xcalloc(HOSTS, sizeof *hosts);
	json_t *section, *points, *point;
	double before = 1.0000001, x = 0;
	size_t i;

	(void)state;
	analysis_run_begin(&r, &analysis_traffic_talkers, 1, 1);
	zipf_traffic(&r, hosts, &seed);
	analysis_run_window(&r, 0);
	section = analysis_run_section(&r);
	points = json_object_get(
	    json_array_get(
		json_object_get(json_array_get(json_object_get(section, "figures"), 1), "series"),
		0),
	    "points");
	assert_true(json_array_size(points) > 10);
	json_array_foreach (points, i, point) {
		double share = json_real_value(json_array_get(point, 1));
		assert_true(share > 0 && share < before);
		assert_true((double)json_integer_value(json_array_get(point, 0)) > x);
		x = (double)json_integer_value(json_array_get(point, 0));
		before = share;
	}
	json_decref(section);
	analysis_run_end(&r);
	free(hosts);
}

/* ------------------------------------------------------------------ peers */

static void
test_peers_do_not_depend_on_their_form(void **state)
{
	(void)state;
	for (uint64_t count = 0; count < 200; count += count < 20 ? 1 : 17) {
		uint8_t direct[PEERS_SIZE] = { 0 }, expanded[PEERS_SIZE];
		uint64_t codes[2][2] = { { 0 } };
		uint32_t handles[2] = { 0 };
		struct peers a = { codes[0], &handles[0] }, b = { codes[1], &handles[1] };
		struct peers_pool pool;
		peers_pool_init(&pool, 2);
		for (uint64_t i = 0; i < count; i++) {
			uint64_t hash = hash_mix64(i + 77);
			peers_add(&pool, i % 3 ? a : b, hash);
			hll_add(direct, PEERS_PRECISION, hash);
		}
		peers_union(&pool, a, &pool, b);
		peers_expand(&pool, a, expanded);
		assert_memory_equal(direct, expanded, sizeof direct);
		assert_true(
		    fabs(peers_estimate(&pool, a) - hll_estimate(direct, PEERS_PRECISION)) < 0.1);
		assert_int_equal(handles[0] & PEERS_PARTIAL, 0);
		peers_pool_release(&pool);
	}
}

static void
test_empty_pool_is_told(void **state)
{
	uint64_t codes[2] = { 0 };
	uint32_t handle = 0;
	struct peers p = { codes, &handle };
	struct peers_pool pool;

	(void)state;
	peers_pool_init(&pool, 1);
	assert_int_equal(pool.fresh, 0);
	pool.fresh = 1;
	for (uint64_t i = 0; i < 100; i++)
		peers_add(&pool, p, hash_mix64(i));
	assert_true((handle & PEERS_PARTIAL) != 0);
	assert_int_equal((int)peers_estimate(&pool, p), PEERS_CODES);
	peers_pool_return(&pool, 1);
	for (uint64_t i = 0; i < 100; i++)
		peers_add(&pool, p, hash_mix64(i));
	assert_true(peers_estimate(&pool, p) > 80);
	assert_true((handle & PEERS_PARTIAL) != 0);
	peers_pool_release(&pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_flows_are_exact),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_own_prefixes_are_marked),
		cmocka_unit_test(test_counts_are_exact_with_room),
		cmocka_unit_test(test_bounds_hold_when_rows_are_cut),
		cmocka_unit_test(test_bounds_hold_when_purged),
		cmocka_unit_test(test_peers_are_estimated),
		cmocka_unit_test(test_secret_does_not_show),
		cmocka_unit_test(test_ccdf_falls),
		cmocka_unit_test(test_peers_do_not_depend_on_their_form),
		cmocka_unit_test(test_empty_pool_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
