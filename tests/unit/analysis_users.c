/* SPDX-License-Identifier: ISC */
/* Users: whose traffic it is, which day's, what does not fit, and what the section says of it. */
#include <math.h>

#include "analysis/traffic/users.h"
#include "analysis_run.h"
#include "net/subscribers.h"
#include "stat/resample.h"

extern const struct analysis analysis_traffic_users;

#define HOUR (3600 * NSEC_PER_SEC)
#define DAY  (24 * HOUR)

/* Midnight of 2014-05-26 in Tokyo. */
#define MONDAY (INT64_C(1401030000) * NSEC_PER_SEC)

static void
add_pool(struct site *site, const char *prefix, const char *service)
{
	struct site_pool *pool;

	site->pools = xrealloc_array(site->pools, site->pool_count + 1, sizeof *site->pools);
	pool = &site->pools[site->pool_count++];
	assert_int_equal(prefix_parse(prefix, &pool->prefix, NULL), ERR_OK);
	pool->service = xstrdup(service);
}

static void
begin(struct analysis_run *run, size_t shards)
{
	analysis_run_begin(run, &analysis_traffic_users, shards, 7);
	add_pool(&run->site, "10.0.0.0/8", "fiber");
	add_pool(&run->site, "2001:db8::/32", "dsl");
	free(run->site.time_zone);
	run->site.time_zone = xstrdup("Asia/Tokyo");
	assert_int_equal(subscribers_open(&run->site, &run->site.subscribers, NULL), ERR_OK);
}

static struct flow_record
record(const char *source, const char *destination, uint64_t packets, uint64_t octets,
    uint32_t sampling, nsec_t first, nsec_t last)
{
	struct flow_record r = { .sampling = sampling, .time = last };

	r.flow = run_flow(run_address(source), run_address(destination));
	r.flow.packets[0] = packets;
	r.flow.octets[0] = octets;
	r.flow.first[0] = first;
	r.flow.last[0] = last;
	return r;
}

static void
feed(struct analysis_run *run, const char *source, const char *destination, uint64_t packets,
    uint64_t octets, uint32_t sampling, nsec_t first, nsec_t last)
{
	struct flow_record r = record(source, destination, packets, octets, sampling, first, last);

	analysis_run_record(run, 0, &r);
}

/* Ends a window, whose time says nothing of the records in it. */
static void
end_window(struct analysis_run *run)
{
	analysis_run_window(run, MONDAY / RUN_WINDOW);
}

/* ------------------------------------------------------------------ rows */

static uint64_t
cell(const struct rows *rows, size_t row, const char *name)
{
	for (size_t c = 0; c < rows->table->column_count; c++) {
		const void *cells = rows->columns[c];
		if (strcmp(rows->table->columns[c].name, name) != 0)
			continue;
		switch (rows->table->columns[c].type) {
		case COLUMN_U8: return ((const uint8_t *)cells)[row];
		case COLUMN_U32: return ((const uint32_t *)cells)[row];
		default: return ((const uint64_t *)cells)[row];
		}
	}
	fail_msg("no column %s", name);
	return 0;
}

static bool
has_text(const struct rows *rows, size_t row, size_t column, const char *text)
{
	const struct slice *s = (const struct slice *)rows->columns[column] + row;

	return s->size == strlen(text) && memcmp(rows->octets + s->offset, text, s->size) == 0;
}

/* Σ of a column of the users' rows of one direction. */
static uint64_t
user_sum(const struct analysis_run *run, const char *direction, const char *name)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < run->rows[0]->count; i++)
		if (has_text(run->rows[0], i, 4, direction))
			sum += cell(run->rows[0], i, name);
	return sum;
}

static uint64_t
total_sum(const struct analysis_run *run, const char *kind, const char *name)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < run->rows[1]->count; i++)
		if (has_text(run->rows[1], i, 0, kind))
			sum += cell(run->rows[1], i, name);
	return sum;
}

static void
test_attribution(void **state)
{
	struct analysis_run run;
	struct flow_record both;

	(void)state;
	begin(&run, 1);
	feed(&run, "10.0.0.1", "192.0.2.1", 1, 100, 1000, MONDAY, MONDAY);
	feed(&run, "192.0.2.1", "10.0.0.1", 2, 3000, 1000, MONDAY, MONDAY);
	feed(&run, "10.0.0.1", "10.0.0.2", 4, 40000, 1000, MONDAY, MONDAY);
	feed(&run, "192.0.2.1", "192.0.2.2", 8, 800000, 1000, MONDAY, MONDAY);
	feed(&run, "2001:db8::1", "2001:db9::1", 16, 16000000, 0, MONDAY, MONDAY);
	both = record("10.0.0.3", "192.0.2.9", 32, 32, 1, MONDAY, MONDAY);
	both.flow.packets[1] = 64;
	both.flow.octets[1] = 64;
	both.flow.first[1] = both.flow.last[1] = MONDAY;
	analysis_run_record(&run, 0, &both);
	end_window(&run);
	assert_int_equal(user_sum(&run, "in", "octets"), 100 + 40000 + 16000000 + 32);
	assert_int_equal(user_sum(&run, "out", "octets"), 3000 + 40000 + 64);
	assert_int_equal(user_sum(&run, "in", "packets"), 1 + 4 + 16 + 32);
	assert_int_equal(user_sum(&run, "out", "packets"), 2 + 4 + 64);
	assert_int_equal(total_sum(&run, "matched", "octets"), 100 + 3000 + 16000000 + 96);
	assert_int_equal(total_sum(&run, "user_to_user", "octets"), 40000);
	assert_int_equal(total_sum(&run, "unmatched", "octets"), 800000);
	assert_int_equal(total_sum(&run, "not_attributed", "octets"), 0);
	/* 100² + 40000²/4 + 16000000²/16; nothing where all packets were seen. */
	assert_int_equal(user_sum(&run, "in", "squares"), 10000 + 400000000 + 16000000000000);
	/* One row each: 10.0.0.1 in, out; 10.0.0.2 out; the IPv6 user; 10.0.0.3 in, out. */
	assert_int_equal(run.rows[0]->count, 6);
	analysis_run_end(&run);
}

/* The meter's flows are sampled at one in one. */
static void
test_flows(void **state)
{
	struct analysis_run run;
	struct flow f = run_flow(run_address("10.1.1.1"), run_address("192.0.2.1"));

	(void)state;
	begin(&run, 1);
	f.first[0] = f.last[0] = MONDAY;
	analysis_run_flow(&run, 0, &f);
	end_window(&run);
	assert_int_equal(run.rows[0]->count, 1);
	assert_int_equal(cell(run.rows[0], 0, "sampling"), 1);
	assert_int_equal(cell(run.rows[0], 0, "octets"), 60);
	assert_int_equal(cell(run.rows[0], 0, "day"), MONDAY / NSEC_PER_MS);
	analysis_run_end(&run);
}

/* Without subscribers there is nothing to count. */
static void
test_no_subscribers(void **state)
{
	struct analysis_run run;

	(void)state;
	analysis_run_begin(&run, &analysis_traffic_users, 1, 7);
	feed(&run, "10.0.0.1", "192.0.2.1", 1, 100, 1000, MONDAY, MONDAY);
	end_window(&run);
	assert_int_equal(run.rows[0]->count + run.rows[1]->count, 0);
	assert_null(analysis_run_section(&run));
	analysis_run_end(&run);
}

/* Records over midnight: divided, nothing lost, a packet never cut. */
static void
test_midnight(void **state)
{
	struct analysis_run run;
	static const struct {
		uint64_t packets, octets;
		nsec_t before, after;
		uint64_t first_day;
	} CASES[] = {
		{ 10, 10000, 3 * HOUR, HOUR, 8 },
		{ 1, 1500, 2 * HOUR, HOUR, 1 },
		{ 1, 1500, HOUR, 2 * HOUR, 0 },
		{ 3, 301, HOUR, HOUR, 2 },
		{ 7, 7000, 0, HOUR, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
		uint64_t packets = 0, octets = 0, first = 0;
		begin(&run, 1);
		feed(&run, "10.0.0.1", "192.0.2.1", CASES[i].packets, CASES[i].octets, 1000,
		    MONDAY - CASES[i].before, MONDAY + CASES[i].after);
		end_window(&run);
		for (size_t r = 0; r < run.rows[0]->count; r++) {
			packets += cell(run.rows[0], r, "packets");
			octets += cell(run.rows[0], r, "octets");
			if (cell(run.rows[0], r, "day") < MONDAY / NSEC_PER_MS)
				first += cell(run.rows[0], r, "packets");
		}
		assert_int_equal(packets, CASES[i].packets);
		assert_int_equal(octets, CASES[i].octets);
		assert_int_equal(first, CASES[i].first_day);
		analysis_run_end(&run);
	}
}

/* Times that make no sense cost neither time nor octets. */
static void
test_odd_times(void **state)
{
	struct analysis_run run;

	(void)state;
	begin(&run, 1);
	feed(&run, "10.0.0.1", "192.0.2.1", 5, 500, 1000, 0, INT64_MAX);
	feed(&run, "10.0.0.1", "192.0.2.1", 5, 500, 1000, INT64_MIN, INT64_MAX);
	feed(&run, "10.0.0.1", "192.0.2.1", 5, 500, 1000, INT64_MAX, 0);
	feed(&run, "10.0.0.1", "192.0.2.1", 5, 500, 1000, INT64_MIN, INT64_MIN);
	feed(&run, "10.0.0.1", "192.0.2.1", 0, 500, 1000, MONDAY - DAY, MONDAY + DAY);
	feed(&run, "10.0.0.1", "192.0.2.1", 500, 5000, 1000, MONDAY - 20 * DAY, MONDAY);
	feed(&run, "10.0.0.1", "192.0.2.1", UINT64_MAX / 8, UINT64_MAX / 8, UINT32_MAX,
	    MONDAY - HOUR, MONDAY + HOUR);
	end_window(&run);
	assert_true(user_sum(&run, "in", "octets") == 4 * 500 + 500 + 5000 + UINT64_MAX / 8);
	assert_true(user_sum(&run, "in", "octets") == total_sum(&run, "matched", "octets"));
	analysis_run_end(&run);
}

/* More users than there is room for: the rest is told. */
static void
test_full(void **state)
{
	struct analysis_run run;
	uint64_t counted;

	(void)state;
	begin(&run, 1);
	analysis_run_set(&run, "users", "4096");
	for (unsigned i = 0; i < 3000; i++) {
		char address[32];
		(void)snprintf(address, sizeof address, "10.1.%u.%u", i / 250, i % 250);
		feed(&run, address, "192.0.2.1", 1, 100, 1000, MONDAY, MONDAY);
	}
	end_window(&run);
	counted = user_sum(&run, "in", "octets");
	assert_int_equal(run.rows[0]->count, 1024);
	assert_int_equal(counted, 102400);
	assert_int_equal(total_sum(&run, "not_attributed", "octets"), 300000 - counted);
	assert_int_equal(total_sum(&run, "matched", "octets"), 300000);
	analysis_run_end(&run);
}

/* ------------------------------------------------------------------ the section */

static json_t *
section_of(struct analysis_run *run, nsec_t from, nsec_t to, nsec_t compare, bool publish)
{
	struct query_source q = store_query(run->store);
	struct section_context context = { .store = &q,
		.settings = run->settings,
		.site = &run->site,
		.begin = from,
		.end = to,
		.first = from,
		.last = to,
		.compare_begin = compare,
		.compare_end = compare != 0 ? compare + (to - from) : 0,
		.publish = publish };
	struct section *section = section_new(run->analysis->name, run->analysis->title);
	struct err_info why = { 0 };
	enum err e = run->analysis->section(&context, section, &why);
	json_t *object = section_finish(section);

	if (e == ERR_OK)
		return object;
	json_decref(object);
	if (e != ERR_END)
		fail_msg("%s", why.text);
	return NULL;
}

static bool
says(json_t *section, const char *part, const char *text)
{
	json_t *paragraph;
	size_t i;

	json_array_foreach (json_object_get(section, part), i, paragraph)
		if (strstr(json_string_value(paragraph), text) != NULL)
			return true;
	return false;
}

/* `users` users, each with about `packets` sampled packets a day of 1000 octets out and a tenth of
 * that in, in every hour of the days. */
static void
feed_days(struct analysis_run *run, nsec_t first_day, unsigned days, unsigned users, double scale,
    uint32_t sampling)
{
	struct resample r = { 17 };

	for (unsigned i = 0; i < users; i++) {
		double mean = scale * 40 * exp(1.5 * resample_normal(&r));
		char address[32];
		(void)snprintf(address, sizeof address, "10.2.%u.%u", i / 250, i % 250);
		for (unsigned d = 0; d < days; d++) {
			uint64_t out = (uint64_t)(mean * (0.8 + 0.4 * resample_unit(&r)));
			nsec_t at = first_day + d * DAY + (i % 24) * HOUR;
			feed(run, "192.0.2.1", address, out + 1, (out + 1) * 1000, sampling, at,
			    at + HOUR / 2);
			if (out / 10 > 0)
				feed(run, address, "192.0.2.1", out / 10, out * 10, sampling, at,
				    at + HOUR / 2);
		}
	}
	analysis_run_window(run, first_day / RUN_WINDOW);
}

static double
cell_of(json_t *section, const char *table, size_t row, const char *column)
{
	return json_number_value(
	    analysis_run_cell(analysis_run_table(section, table), row, column));
}

static void
test_section(void **state)
{
	struct analysis_run run;
	json_t *section;
	double total, mean;

	(void)state;
	begin(&run, 2);
	feed_days(&run, MONDAY, 2, 500, 1, 1000);
	total = (double)user_sum(&run, "out", "octets");
	section = section_of(&run, MONDAY, MONDAY + 2 * DAY, 0, false);
	assert_true(says(section, "summary", "2 whole days, 2014-05-26 – 2014-05-27"));
	assert_true(says(section, "quality", "one in 1000"));
	assert_int_equal(cell_of(section, "users", 1, "seen"), 500);
	/* Rows: five measures of IN, five of OUT. */
	mean = cell_of(section, "distribution", 5, "naive");
	assert_true(fabs(mean / (total * 1000 / 500 / 2) - 1) < 1e-5);
	double naive = cell_of(section, "distribution", 7, "naive");
	double corrected = cell_of(section, "distribution", 7, "corrected");
	assert_true(fabs(corrected / naive - 1) < 0.1);
	assert_true(cell_of(section, "distribution", 7, "corrected_low") < corrected);
	assert_int_equal(cell_of(section, "services", 0, "users"), 500);
	json_decref(section);
	analysis_run_end(&run);
}

/* A day without all of its hours does not count; without any whole day everything does. */
static void
test_whole_days(void **state)
{
	struct analysis_run run;
	json_t *section;

	(void)state;
	begin(&run, 1);
	feed_days(&run, MONDAY, 1, 500, 1, 1000);
	feed(&run, "192.0.2.1", "10.9.9.9", 1000, 1000000, 1000, MONDAY + DAY, MONDAY + DAY + HOUR);
	analysis_run_window(&run, (MONDAY + DAY) / RUN_WINDOW);
	section = section_of(&run, 0, INT64_MAX / 2, 0, false);
	assert_true(says(section, "summary", "1 whole day, 2014-05-26"));
	assert_int_equal(cell_of(section, "users", 1, "seen"), 500);
	json_decref(section);
	section = section_of(&run, MONDAY + DAY, MONDAY + 2 * DAY, 0, false);
	assert_true(says(section, "summary", "No whole local day"));
	assert_int_equal(cell_of(section, "users", 1, "seen"), 1);
	assert_true(fabs(cell_of(section, "distribution", 0, "naive") - 1e9) < 1);
	json_decref(section);
	section = section_of(&run, MONDAY + 5 * DAY, MONDAY + 6 * DAY, 0, false);
	assert_null(section);
	analysis_run_end(&run);
}

/* A user behind two samplers: V̂ = Σ N B. */
static void
test_two_rates(void **state)
{
	struct analysis_run run;
	json_t *section;

	(void)state;
	begin(&run, 1);
	feed(&run, "192.0.2.1", "10.0.0.1", 10, 10000, 1000, MONDAY, MONDAY);
	feed(&run, "192.0.2.1", "10.0.0.1", 20, 20000, 500, MONDAY, MONDAY);
	feed(&run, "192.0.2.1", "10.0.0.1", 7, 7000, 0, MONDAY, MONDAY);
	end_window(&run);
	section = section_of(&run, 0, INT64_MAX / 2, 0, false);
	assert_true(fabs(cell_of(section, "distribution", 0, "naive") - 20007000) < 1);
	assert_true(says(section, "quality", "no sampling rate"));
	json_decref(section);
	analysis_run_end(&run);
}

/* Against another period: ratios, and warnings where comparing is doubtful. */
static void
test_comparison(void **state)
{
	struct analysis_run run;
	json_t *section;
	size_t rows;

	(void)state;
	begin(&run, 1);
	feed_days(&run, MONDAY, 2, 500, 1, 1000);
	feed_days(&run, MONDAY + 7 * DAY, 2, 500, 1.3, 1000);
	section = section_of(&run, MONDAY + 7 * DAY, MONDAY + 9 * DAY, MONDAY, false);
	assert_false(says(section, "summary", "Warning"));
	rows = json_array_size(json_object_get(analysis_run_table(section, "comparison"), "rows"));
	assert_int_equal(rows, 6);
	/* The same users: the median is known far better than 1.25 σ √(2/n) = 12 %. */
	double ratio = cell_of(section, "comparison", 5, "ratio");
	double low = cell_of(section, "comparison", 5, "low");
	double high = cell_of(section, "comparison", 5, "high");
	/* One packet more for everybody takes a little off 1.3. */
	assert_true(fabs(ratio / 1.3 - 1) < 0.03);
	assert_true(low < ratio && ratio < high && high - low < 0.1);
	assert_int_equal(cell_of(section, "comparison", 5, "paired_users"), 500);
	json_decref(section);
	feed_days(&run, MONDAY + 14 * DAY, 1, 500, 1, 4000);
	section = section_of(&run, MONDAY + 14 * DAY, MONDAY + 16 * DAY, MONDAY, false);
	assert_true(says(section, "summary", "sampling rates"));
	assert_true(says(section, "summary", "whole days"));
	json_decref(section);
	section = section_of(&run, MONDAY, MONDAY + 2 * DAY, MONDAY + 70 * DAY, false);
	assert_true(says(section, "summary", "Nothing was recorded"));
	json_decref(section);
	analysis_run_end(&run);
}

/* Nothing absolute is published, and nothing of few users. */
static void
test_publish(void **state)
{
	struct analysis_run run;
	json_t *section, *figure, *series, *point;
	size_t i, k, n;

	(void)state;
	begin(&run, 1);
	feed_days(&run, MONDAY, 1, 500, 1, 1000);
	feed(&run, "192.0.2.1", "2001:db8::1", 5, 5000, 1000, MONDAY, MONDAY);
	analysis_run_window(&run, MONDAY / RUN_WINDOW + 1);
	section = section_of(&run, MONDAY, MONDAY + DAY, 0, true);
	assert_true(fabs(cell_of(section, "distribution", 7, "naive") - 1) < 1e-9);
	json_array_foreach (json_object_get(section, "tables"), i, figure)
		assert_string_not_equal(json_string_value(json_object_get(figure, "id")), "types");
	/* dsl has one user: no count, no octets. */
	json_t *services = analysis_run_table(section, "services");
	assert_true(json_is_null(analysis_run_cell(services, 0, "users")));
	assert_true(json_is_null(analysis_run_cell(services, 0, "out")));
	json_array_foreach (json_object_get(section, "figures"), i, figure) {
		bool scatter =
		    strcmp(json_string_value(json_object_get(figure, "id")), "in-out") == 0;
		json_array_foreach (json_object_get(figure, "series"), k, series) {
			json_array_foreach (json_object_get(series, "points"), n, point)
				if (scatter)
					assert_true(
					    json_integer_value(json_array_get(point, 4)) >= 10);
		}
	}
	/* No volume is in octets: nothing in the document has the unit. */
	char *text = json_dumps(section, JSON_COMPACT);
	assert_null(strstr(text, "\"unit\":\"octets\""));
	assert_null(strstr(text, "100 MB"));
	free(text);
	json_decref(section);
	analysis_run_end(&run);
}

/* ------------------------------------------------------------------ rows put together */

static uint64_t
count_rows(struct analysis_run *run, const char *table)
{
	struct query_source q = store_query(run->store);
	struct err_info why = { 0 };
	struct result *r;
	uint64_t count;

	assert_int_equal(query_run(&q, &r, &why, "SELECT count(*) AS n FROM %s", table), ERR_OK);
	assert_true(result_next(r));
	count = result_u64(r, 0);
	result_free(r);
	return count;
}

static void
complete_input(struct analysis_run *run, struct store_input *input)
{
	struct err_info why = { 0 };

	input->complete = true;
	(void)snprintf(input->fingerprint, sizeof input->fingerprint, "%032d", 1);
	assert_int_equal(store_input_update(run->store, input, &why), ERR_OK);
	assert_int_equal(store_commit(run->store, &why), ERR_OK);
}

/* The section of a review of a period. */
static json_t *
section_between(struct analysis_run *run, nsec_t begin, nsec_t end)
{
	struct query_source q = store_query(run->store);
	struct section_context context = { .store = &q,
		.settings = run->settings,
		.site = &run->site,
		.begin = begin,
		.end = end,
		.first = begin,
		.last = end };
	struct section *section = section_new("traffic/users", "Daily volume per user");
	struct err_info why = { 0 };

	if (run->analysis->section(&context, section, &why) != ERR_OK)
		fail_msg("%s", why.text);
	return section_finish(section);
}

/*
 * Four days in a zone whose midnight is no whole hour of UTC, in windows of five minutes, and a
 * review of the middle two: the same before the store puts the rows together and after, and what is
 * left is a row for each UTC day that a user's local day touches, and for each quarter of an hour.
 */
static void
test_rows_put_together(void **state)
{
	struct store_input input = { .path = "a", .kind = "pcap", .settings = "a", .damage = "" };
	enum store_input_state known;
	struct analysis_run run;
	struct err_info why = { 0 };
	uint64_t resume;
	const nsec_t midnight = MONDAY + DAY + 3 * HOUR + HOUR / 4; /* in Nepal */
	json_t *before, *after;

	(void)state;
	begin(&run, 1);
	free(run.site.time_zone);
	run.site.time_zone = xstrdup("Asia/Kathmandu");
	assert_int_equal(store_declare_sums(run.store, analysis_traffic_users.sums,
			     analysis_traffic_users.sum_count, &why),
	    ERR_OK);
	assert_int_equal(store_input_begin(run.store, &input, NULL, &known, &resume, &why), ERR_OK);
	assert_int_equal(input.id, 1);
	for (nsec_t at = midnight - DAY; at < midnight + 3 * DAY; at += RUN_WINDOW) {
		for (unsigned u = 1; u <= 4; u++) {
			char user[16];
			(void)snprintf(user, sizeof user, "10.0.0.%u", u);
			feed(&run, user, "192.0.2.1", u, (uint64_t)u * 700, 100, at, at);
			feed(&run, "192.0.2.1", user, u, (uint64_t)u * 1400, 100, at, at);
		}
		analysis_run_window(&run, at / RUN_WINDOW);
	}
	assert_int_equal(count_rows(&run, "traffic_users"), 4 * 288 * 8);
	before = section_between(&run, midnight, midnight + 2 * DAY);
	complete_input(&run, &input);
	assert_int_equal(count_rows(&run, "traffic_users"), 4 * 2 * 8);
	/* An hour of UTC has four. */
	assert_int_equal(count_rows(&run, "traffic_user_totals"), 4 * 24 * 4);
	after = section_between(&run, midnight, midnight + 2 * DAY);
	assert_int_equal(json_equal(before, after), 1);
	assert_true(json_array_size(json_object_get(before, "tables")) > 0);
	json_decref(before);
	json_decref(after);
	analysis_run_end(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attribution),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_no_subscribers),
		cmocka_unit_test(test_midnight),
		cmocka_unit_test(test_odd_times),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_section),
		cmocka_unit_test(test_whole_days),
		cmocka_unit_test(test_two_rates),
		cmocka_unit_test(test_comparison),
		cmocka_unit_test(test_publish),
		cmocka_unit_test(test_rows_put_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
