/* SPDX-License-Identifier: ISC */
/* Services of users: classes, directions, hours, the panel, the port table and its errors. */
#include <math.h>

#include "analysis/traffic/service_classes.h"
#include "analysis_run.h"
#include "net/subscribers.h"

extern const struct analysis analysis_traffic_services;

#define HOUR (3600 * NSEC_PER_SEC)

/* 2014-05-26, a Monday, midnight in UTC. */
#define MONDAY (INT64_C(1401062400) * NSEC_PER_SEC)

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
begin(struct analysis_run *run)
{
	analysis_run_begin(run, &analysis_traffic_services, 2, 7);
	add_pool(&run->site, "10.0.0.0/8", "fiber");
	assert_int_equal(subscribers_open(&run->site, &run->site.subscribers, NULL), ERR_OK);
}

/* A record of so many octets in packets of 1000, from port to port. */
static struct flow_record
record(const char *source, const char *destination, uint8_t protocol, uint16_t source_port,
    uint16_t destination_port, uint64_t octets, uint32_t sampling, nsec_t first, nsec_t last)
{
	struct flow_record r = { .sampling = sampling, .time = last };

	r.flow = run_flow(run_address(source), run_address(destination));
	r.flow.protocol = protocol;
	r.flow.source_port = source_port;
	r.flow.destination_port = destination_port;
	r.flow.octets[0] = octets;
	r.flow.packets[0] = octets / 1000 > 0 ? octets / 1000 : 1;
	r.flow.first[0] = first;
	r.flow.last[0] = last;
	return r;
}

static json_t *
section_of(struct analysis_run *run, nsec_t from, nsec_t to, nsec_t compare_from, nsec_t compare_to,
    bool publish)
{
	struct query_source q = store_query(run->store);
	struct section_context context = { .store = &q,
		.settings = run->settings,
		.site = &run->site,
		.begin = from,
		.end = to,
		.first = from,
		.last = to,
		.compare_begin = compare_from,
		.compare_end = compare_to,
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

/* A cell of the port table by service and column; NaN where there is none. */
static double
cell(json_t *section, const char *service, const char *column)
{
	json_t *table = analysis_run_table(section, "ports");
	json_t *rows = json_object_get(table, "rows"), *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (strcmp(json_string_value(json_array_get(row, 0)), service) == 0) {
			json_t *value = analysis_run_cell(table, i, column);
			return json_is_number(value) ? json_number_value(value) : NAN;
		}
	return NAN;
}

static const char *
verdict(json_t *section, const char *service)
{
	json_t *table = analysis_run_table(section, "ports"), *row;
	size_t i;

	json_array_foreach (json_object_get(table, "rows"), i, row)
		if (strcmp(json_string_value(json_array_get(row, 0)), service) == 0)
			return json_string_value(analysis_run_cell(table, i, "change_significant"));
	return "no row";
}

static const char *
row_class(const struct service_map *map, uint8_t protocol, uint16_t a, uint16_t b)
{
	return SERVICE_CLASSES[service_class_of(map, protocol, a, b)].name;
}

static void
test_classes(void **state)
{
	struct service_map *map = xmalloc(sizeof *map);

	(void)state;
	service_map_init(map);
	assert_string_equal(row_class(map, 6, 50000, 443), "tcp/443 (https)");
	assert_string_equal(row_class(map, 6, 80, 443), "tcp/80 (http)");
	assert_string_equal(row_class(map, 17, 443, 50000), "udp/443 (quic)");
	assert_string_equal(row_class(map, 17, 53, 53), "udp/53 (dns)");
	assert_string_equal(row_class(map, 6, 1023, 1024), "tcp below 1024, others");
	assert_string_equal(row_class(map, 6, 1024, 1024), "tcp 1024 and above, others");
	assert_string_equal(row_class(map, 6, 1935, 60000), "tcp/1935 (rtmp)");
	assert_string_equal(row_class(map, 17, 1023, 1024), "udp below 1024, others");
	assert_string_equal(row_class(map, 17, 1024, 65535), "udp 1024 and above, others");
	assert_string_equal(row_class(map, 50, 0, 0), "ESP");
	assert_string_equal(row_class(map, 47, 0, 0), "GRE");
	assert_string_equal(row_class(map, 1, 0, 2048), "ICMP");
	assert_string_equal(row_class(map, 58, 0, 0), "ICMP");
	assert_string_equal(row_class(map, 132, 0, 0), "other protocols");
	for (unsigned p = 0; p < 256; p++)
		for (unsigned port = 0; port < 65536; port += 97)
			assert_non_null(row_class(map, (uint8_t)p, (uint16_t)port, 65535));
	free(map);
}

static uint64_t
column_u64(const struct rows *rows, size_t column, size_t row)
{
	return ((const uint64_t *)rows->columns[column])[row];
}

static const char *
column_text(const struct rows *rows, size_t column, size_t row, char *text)
{
	struct slice s = ((const struct slice *)rows->columns[column])[row];

	memcpy(text, rows->octets + s.offset, s.size);
	text[s.size] = '\0';
	return text;
}

static void
test_directions_and_hours(void **state)
{
	struct analysis_run run;
	struct flow_record r;
	struct rows *users, *totals;
	char text[32];

	(void)state;
	begin(&run);
	/* Upload that lasts from 23:45 to 00:15: a half in each hour, an odd octet in the last. */
	r = record("10.0.0.1", "192.0.2.1", 6, 40000, 443, 3001, 100, MONDAY - HOUR / 4,
	    MONDAY + HOUR / 4);
	analysis_run_record(&run, 0, &r);
	analysis_run_window(&run, MONDAY / RUN_WINDOW);
	users = run.rows[0];
	totals = run.rows[1];
	assert_int_equal(users->count, 2);
	assert_int_equal(totals->count, 2);
	assert_true(column_u64(users, 1, 0) == (uint64_t)((MONDAY - HOUR) / NSEC_PER_MS));
	assert_true(column_u64(users, 1, 1) == (uint64_t)(MONDAY / NSEC_PER_MS));
	assert_string_equal(column_text(users, 3, 0, text), "in");
	assert_int_equal(column_u64(users, 6, 0), 1500);
	assert_int_equal(column_u64(users, 6, 1), 1501);
	assert_int_equal(column_u64(users, 5, 0) + column_u64(users, 5, 1), 3);
	assert_int_equal(column_u64(users, 7, 0) + column_u64(users, 7, 1), 3001 * 3001 / 3);
	/* From one customer to another, and between strangers. */
	r = record("10.0.0.1", "10.0.0.2", 6, 40000, 40001, 1000, 1, MONDAY, MONDAY);
	analysis_run_record(&run, 0, &r);
	r = record("192.0.2.1", "192.0.2.2", 6, 40000, 40001, 5000, 1, MONDAY, MONDAY);
	analysis_run_record(&run, 1, &r);
	analysis_run_window(&run, MONDAY / RUN_WINDOW + 1);
	assert_int_equal(users->count, 2);
	assert_int_equal(totals->count, 3);
	assert_string_equal(column_text(totals, 2, 0, text), "in");
	assert_string_equal(column_text(totals, 2, 1, text), "out");
	assert_string_equal(column_text(totals, 2, 2, text), "unmatched");
	assert_int_equal(column_u64(totals, 5, 2), 5000);
	assert_int_equal(column_u64(totals, 6, 0), 0); /* nothing was sampled */
	/* A biflow: the reverse direction is the user's download. */
	r = record("10.0.0.1", "192.0.2.1", 6, 40000, 443, 1000, 1, MONDAY, MONDAY);
	r.flow.packets[1] = 4;
	r.flow.octets[1] = 4000;
	r.flow.first[1] = r.flow.last[1] = MONDAY;
	analysis_run_record(&run, 0, &r);
	analysis_run_window(&run, MONDAY / RUN_WINDOW + 2);
	assert_int_equal(totals->count, 2);
	assert_int_equal(column_u64(totals, 5, 0), 1000);
	assert_int_equal(column_u64(totals, 5, 1), 4000);
	assert_string_equal(column_text(totals, 2, 1, text), "out");
	analysis_run_end(&run);
}

/* One heavy user and one client-type user, in a week and in another. */
static void
feed_week(struct analysis_run *run, nsec_t monday, uint64_t https, uint32_t sampling)
{
	char user[32];

	for (unsigned i = 0; i < 20; i++) {
		/* Ten a day: 2 GB of HTTPS down and 20 MB up for each; the last two also run a
		 * peer to peer program with 1 GB up. */
		struct flow_record r;
		nsec_t t = monday + HOUR * (i % 24);
		(void)snprintf(user, sizeof user, "10.0.0.%u", 1 + i);
		r = record("192.0.2.1", user, 6, 443, 40000, https / sampling, sampling, t, t);
		analysis_run_record(run, i % 2, &r);
		r = record("192.0.2.1", user, 6, 80, 40000, 1000000000 / sampling, sampling, t, t);
		analysis_run_record(run, i % 2, &r);
		r = record(user, "192.0.2.1", 6, 40000, 443, 20000000 / sampling, sampling, t, t);
		analysis_run_record(run, i % 2, &r);
		if (i < 18)
			continue;
		r = record(
		    user, "192.0.2.9", 6, 40000, 50000, 1000000000 / sampling, sampling, t, t);
		analysis_run_record(run, i % 2, &r);
	}
	analysis_run_window(run, monday / RUN_WINDOW);
}

static void
test_port_table(void **state)
{
	nsec_t earlier = MONDAY - 364 * 24 * HOUR, week = 7 * 24 * HOUR;
	struct analysis_run run;
	json_t *s;
	double total = 20 * 2e9 + 20 * 1e9 + 20 * 2e7 + 2 * 1e9, https = 20 * 2e9 + 20 * 2e7;
	double share = https / total, error;

	(void)state;
	begin(&run);
	feed_week(&run, earlier, 1000000000, 1000);
	feed_week(&run, MONDAY, 2000000000, 1000);
	s = section_of(&run, MONDAY, MONDAY + week, 0, 0, false);
	assert_non_null(s);
	assert_float_equal(cell(s, "tcp/443 (https)", "share"), share, 1e-9);
	assert_float_equal(cell(s, "TCP", "share"), 1, 1e-12);
	assert_float_equal(cell(s, "TCP", "share_error"), 0, 1e-12);
	/* Packets of 1000 octets all: V = N (N - 1) times 1000 times the sampled octets. */
	error = sqrt((1 - share) * (1 - share) * 999.0 * 1000 * https +
		     share * share * 999.0 * 1000 * (total - https)) /
		total;
	assert_float_equal(cell(s, "tcp/443 (https)", "share_error"), 2 * error, 1e-9);
	/* Client-type: without the last two. */
	assert_float_equal(
	    cell(s, "tcp/443 (https)", "client_share"), 18 * 2.02e9 / (18 * 3.02e9), 1e-9);
	assert_true(isnan(cell(s, "UDP", "share")));
	json_decref(s);
	s = section_of(&run, MONDAY, MONDAY + week, earlier, earlier + week, false);
	assert_float_equal(cell(s, "tcp/443 (https)", "change_points"),
	    100 * (share - (20 * 1.02e9) / (total - 20 * 1e9)), 1e-6);
	assert_string_equal(verdict(s, "tcp/443 (https)"), "yes");
	assert_string_equal(verdict(s, "TCP"), "n.s.");
	json_decref(s);
	/* Nothing there. */
	assert_null(section_of(&run, MONDAY + week, MONDAY + 2 * week, 0, 0, false));
	/* Published: cells of two users are not shown, for they are none of the clients'. */
	s = section_of(&run, MONDAY, MONDAY + week, 0, 0, true);
	assert_true(isnan(cell(s, "tcp 1024 and above, others", "share")));
	assert_float_equal(cell(s, "tcp/443 (https)", "share"), share, 1e-9);
	json_decref(s);
	analysis_run_end(&run);
}

/* The figure with an id. */
static json_t *
figure(json_t *section, const char *id)
{
	json_t *f;
	size_t i;

	json_array_foreach (json_object_get(section, "figures"), i, f)
		if (strcmp(json_string_value(json_object_get(f, "id")), id) == 0)
			return f;
	return NULL;
}

static json_t *
points(json_t *f, const char *name)
{
	json_t *s;
	size_t i;

	json_array_foreach (json_object_get(f, "series"), i, s)
		if (strcmp(json_string_value(json_object_get(s, "name")), name) == 0)
			return json_object_get(s, "points");
	return NULL;
}

static void
test_week_in_local_time(void **state)
{
	struct analysis_run run;
	json_t *s, *p;

	(void)state;
	begin(&run);
	free(run.site.time_zone);
	run.site.time_zone = xstrdup("Asia/Tokyo");
	/* 100 MB at 15:30 of Sunday in UTC: 00:30 of Monday in Tokyo; 200 MB on Saturday noon. */
	for (int i = 0; i < 2; i++) {
		nsec_t t = i == 0 ? MONDAY - 9 * HOUR + HOUR / 2 : MONDAY + (5 * 24 + 3) * HOUR;
		struct flow_record r = record("192.0.2.1", "10.0.0.1", 17, 443, 40000,
		    (uint64_t)(i + 1) * 100000, 1000, t, t);
		analysis_run_record(&run, 0, &r);
		analysis_run_window(&run, t / RUN_WINDOW);
	}
	s = section_of(&run, MONDAY - 24 * HOUR, MONDAY + 7 * 24 * HOUR, 0, 0, false);
	p = points(figure(s, "week-all"), "443/udp");
	assert_int_equal(json_array_size(p), 5 * 24 + 12 + 1);
	assert_true(json_integer_value(json_array_get(json_array_get(p, 0), 0)) ==
		    (MONDAY - 9 * HOUR) / NSEC_PER_MS);
	assert_float_equal(json_number_value(json_array_get(json_array_get(p, 0), 1)), 0.5, 1e-12);
	assert_float_equal(json_number_value(json_array_get(json_array_get(p, 1), 1)), 0, 1e-12);
	assert_float_equal(json_number_value(json_array_get(json_array_get(p, 132), 1)), 1, 1e-12);
	/* Client-type: nothing was sent. */
	assert_non_null(figure(s, "week-client"));
	p = points(figure(s, "day"), "weekend, out");
	assert_float_equal(
	    json_number_value(json_array_get(json_array_get(p, json_array_size(p) - 1), 1)),
	    2e8 * 8 / 3600, 1);
	json_decref(s);
	analysis_run_end(&run);
}

/* Without lists the site's own prefixes tell directions; without these nothing does. */
static void
test_without_subscribers(void **state)
{
	struct analysis_run run;
	struct flow_record r =
	    record("192.0.2.1", "10.0.0.1", 17, 443, 40000, 100000, 1, MONDAY, MONDAY);
	char text[32];
	json_t *s;

	(void)state;
	for (int own = 0; own < 2; own++) {
		analysis_run_begin(&run, &analysis_traffic_services, 1, 7);
		if (own) {
			run.site.own_prefixes = xcalloc(1, sizeof(struct prefix));
			run.site.own_prefix_count = 1;
			assert_int_equal(
			    prefix_parse("10.0.0.0/8", run.site.own_prefixes, NULL), ERR_OK);
			site_index(&run.site);
		}
		analysis_run_record(&run, 0, &r);
		analysis_run_window(&run, MONDAY / RUN_WINDOW);
		assert_int_equal(run.rows[0]->count, 0);
		assert_int_equal(run.rows[1]->count, 1);
		assert_string_equal(column_text(run.rows[1], 2, 0, text), own ? "out" : "unknown");
		s = section_of(&run, MONDAY, MONDAY + HOUR, 0, 0, false);
		assert_float_equal(cell(s, "udp/443 (quic)", "share"), 1, 1e-12);
		assert_true(isnan(cell(s, "udp/443 (quic)", "client_share")));
		json_decref(s);
		analysis_run_end(&run);
	}
}

/* A panel of half the users is a part of them, and its client shares have wider errors. */
static void
test_panel(void **state)
{
	struct analysis_run run;
	json_t *s;

	(void)state;
	begin(&run);
	analysis_run_set(&run, "panel", "0.5");
	for (unsigned i = 0; i < 1000; i++) {
		char user[32];
		struct flow_record r;
		(void)snprintf(user, sizeof user, "10.1.%u.%u", i / 250, i % 250);
		r = record(
		    "192.0.2.1", user, 6, i % 4 == 0 ? 80 : 443, 40000, 1000000, 1, MONDAY, MONDAY);
		analysis_run_record(&run, i % 2, &r);
	}
	analysis_run_window(&run, MONDAY / RUN_WINDOW);
	assert_in_range(run.rows[0]->count, 437, 563); /* 4 standard deviations */
	s = section_of(&run, MONDAY, MONDAY + HOUR, 0, 0, false);
	assert_float_equal(cell(s, "tcp/80 (http)", "share"), 0.25, 1e-12);
	assert_float_equal(cell(s, "tcp/80 (http)", "share_error"), 0, 1e-12);
	/* 2 sqrt((1 - f) s (1 - s) / n), for a proportion of n users. */
	assert_float_equal(cell(s, "tcp/80 (http)", "client_share_error"), 0.0274, 0.002);
	assert_float_equal(cell(s, "tcp/80 (http)", "client_share"), 0.25, 0.055);
	json_decref(s);
	analysis_run_end(&run);
}

/* Users beyond the cap are refused, and it is said; everybody's totals have them all. */
static void
test_cap(void **state)
{
	struct analysis_run run;
	json_t *s;

	(void)state;
	begin(&run);
	analysis_run_set(&run, "cells", "256");
	for (unsigned i = 0; i < 1000; i++) {
		char user[32];
		struct flow_record r;
		(void)snprintf(user, sizeof user, "10.1.%u.%u", i / 250, i % 250);
		r = record("192.0.2.1", user, 6, 443, 40000, 1000, 1, MONDAY, MONDAY);
		analysis_run_record(&run, i % 2, &r);
	}
	analysis_run_window(&run, MONDAY / RUN_WINDOW);
	assert_int_equal(run.rows[0]->count, 512);
	assert_int_equal(column_u64(run.rows[1], 5, 0), 1000000);
	assert_int_equal(column_u64(run.rows[2], 6, 0), 488000);
	s = section_of(&run, MONDAY, MONDAY + HOUR, 0, 0, false);
	assert_non_null(s);
	json_decref(s);
	analysis_run_end(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_directions_and_hours),
		cmocka_unit_test(test_port_table),
		cmocka_unit_test(test_week_in_local_time),
		cmocka_unit_test(test_without_subscribers),
		cmocka_unit_test(test_panel),
		cmocka_unit_test(test_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
