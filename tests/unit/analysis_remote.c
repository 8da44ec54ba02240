/* SPDX-License-Identifier: ISC */
/* The other end: its AS from records and from a database, its country, shares and what is left. */
#include <math.h>
#include <unistd.h>

#include "analysis_run.h"
#include "mmdb_write.h"
#include "net/subscribers.h"

extern const struct analysis analysis_traffic_remote;

struct fixture {
	struct analysis_run run;
	char path[32];
};

static void
begin(struct fixture *f, bool pools)
{
	struct mmdb *db = calloc(1, sizeof *db);
	struct site *site = &f->run.site;
	int fd;

	(void)snprintf(f->path, sizeof f->path, "/tmp/yagura-test-XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	(void)close(fd);
	mmdb_begin(db);
	mmdb_add(db, "192.0.2.0/24", mmdb_country(db, "JP"));
	mmdb_add(db, "198.51.100.0/24", mmdb_country(db, "US"));
	mmdb_add(db, "203.0.113.0/24", mmdb_asn(db, 64511));
	mmdb_write(db, f->path);
	free(db);
	analysis_run_begin(&f->run, &analysis_traffic_remote, 2, 7);
	analysis_run_set(&f->run, "country_database", f->path);
	analysis_run_set(&f->run, "asn_database", f->path);
	if (!pools)
		return;
	site->pools = xcalloc(1, sizeof *site->pools);
	site->pool_count = 1;
	assert_int_equal(prefix_parse("10.0.0.0/8", &site->pools[0].prefix, NULL), ERR_OK);
	site->pools[0].service = xstrdup("fiber");
	assert_int_equal(subscribers_open(site, &site->subscribers, NULL), ERR_OK);
}

static void
end(struct fixture *f)
{
	analysis_run_end(&f->run);
	(void)unlink(f->path);
}

static void
add(struct fixture *f, const char *source, const char *destination, uint32_t source_as,
    uint32_t destination_as, uint64_t octets)
{
	struct flow_record r = {
		.sampling = 100, .source_as = source_as, .destination_as = destination_as
	};

	r.flow = run_flow(run_address(source), run_address(destination));
	r.flow.octets[0] = octets;
	r.flow.packets[0] = octets / 1000;
	analysis_run_record(&f->run, octets / 1000 % 2, &r);
}

static double
cell(json_t *section, const char *table_id, const char *name, const char *column)
{
	json_t *table = analysis_run_table(section, table_id), *row;
	size_t i;

	json_array_foreach (json_object_get(table, "rows"), i, row)
		if (strcmp(json_string_value(json_array_get(row, 0)), name) == 0)
			return json_number_value(analysis_run_cell(table, i, column));
	return NAN;
}

static void
test_shares(void **state)
{
	struct fixture f;
	json_t *s;
	double error;

	(void)state;
	begin(&f, true);
	add(&f, "192.0.2.1", "10.0.0.1", 64500, 64999, 600000); /* JP, AS in the record */
	add(&f, "203.0.113.1", "10.0.0.1", 0, 0, 200000);       /* AS in the database */
	add(&f, "10.0.0.2", "198.51.100.1", 0, 64501, 150000);  /* up; US */
	add(&f, "10.0.0.2", "8.8.8.8", 0, 0, 45000);            /* unknown */
	add(&f, "10.0.0.2", "192.0.2.7", 0, 64502, 5000);       /* below the threshold */
	add(&f, "10.0.0.2", "10.0.0.1", 1, 2, 999000);          /* two customers: not here */
	add(&f, "192.0.2.1", "192.0.2.2", 3, 4, 999000);        /* nobody's: not here */
	analysis_run_window(&f.run, 0);
	s = analysis_run_section(&f.run);
	assert_non_null(s);
	assert_float_equal(cell(s, "asn", "AS64500", "share"), 0.6, 1e-12);
	assert_float_equal(cell(s, "asn", "AS64500", "out_share"), 0.75, 1e-12);
	assert_float_equal(cell(s, "asn", "AS64500", "in_share"), 0, 1e-12);
	error =
	    sqrt(0.4 * 0.4 * 0.6 + 0.6 * 0.6 * 0.4) * sqrt(100.0 * 99 * 1000 * 1e6) / (100 * 1e6);
	assert_float_equal(cell(s, "asn", "AS64500", "share_error"), 2 * error, 1e-9);
	assert_float_equal(cell(s, "asn", "AS64511", "share"), 0.2, 1e-12);
	assert_float_equal(cell(s, "asn", "AS64501", "in_share"), 0.75, 1e-12);
	assert_float_equal(cell(s, "asn", "others", "share"), 0.005, 1e-12);
	assert_float_equal(cell(s, "asn", "unknown", "share"), 0.045, 1e-12);
	assert_true(isnan(cell(s, "asn", "AS64502", "share")));
	assert_true(isnan(cell(s, "asn", "AS2", "share")));
	assert_float_equal(cell(s, "country", "JP", "share"), 0.605, 1e-12);
	assert_float_equal(cell(s, "country", "US", "share"), 0.15, 1e-12);
	assert_float_equal(cell(s, "country", "unknown", "share"), 0.245, 1e-12);
	json_decref(s);
	end(&f);
}

/* Where nobody knows users there is no other end; own prefixes are enough to know. */
static void
test_without_users(void **state)
{
	struct fixture f;
	json_t *s;

	(void)state;
	begin(&f, false);
	add(&f, "192.0.2.1", "198.51.100.1", 64500, 64501, 3000);
	analysis_run_window(&f.run, 0);
	assert_int_equal(f.run.rows[0]->count, 0);
	assert_null(analysis_run_section(&f.run));
	end(&f);
	begin(&f, false);
	f.run.site.own_prefixes = xcalloc(1, sizeof(struct prefix));
	f.run.site.own_prefix_count = 1;
	assert_int_equal(prefix_parse("10.0.0.0/8", f.run.site.own_prefixes, NULL), ERR_OK);
	site_index(&f.run.site);
	add(&f, "192.0.2.1", "10.0.0.1", 64500, 64501, 3000);
	analysis_run_window(&f.run, 0);
	s = analysis_run_section(&f.run);
	assert_float_equal(cell(s, "asn", "AS64500", "out_share"), 1, 1e-12);
	json_decref(s);
	end(&f);
}

/* More networks than there is room for: the rest is together, and nothing is lost. */
static void
test_many_names(void **state)
{
	struct fixture f;
	uint64_t sum = 0;
	const struct rows *rows;

	(void)state;
	begin(&f, true);
	for (uint32_t i = 1; i <= 300000; i++) {
		struct flow_record r = { .sampling = 1, .source_as = i };
		r.flow = run_flow(run_address("192.0.2.1"), run_address("10.0.0.1"));
		analysis_run_record(&f.run, 0, &r);
	}
	analysis_run_window(&f.run, 0);
	rows = f.run.rows[0];
	for (size_t i = 0; i < rows->count; i++)
		sum += ((const uint64_t *)rows->columns[5])[i];
	assert_true(sum == UINT64_C(300000) * 60 * 2); /* by AS, by country */
	assert_in_range(rows->count, 262144, 262148);
	end(&f);
}

static void
test_wrong_settings(void **state)
{
	struct settings *settings =
	    settings_new(analysis_traffic_remote.settings, analysis_traffic_remote.setting_count);
	struct err_info why = { 0 };
	struct site site;
	struct analysis_context context = {
		.settings = settings, .site = &site, .secret = { 1, 2 }
	};
	void *opaque = xcalloc(1, analysis_traffic_remote.state_size);

	(void)state;
	site_init(&site);
	assert_int_equal(
	    settings_set(settings, "country_database", "/nonexistent.mmdb", &why), ERR_OK);
	assert_int_equal(analysis_traffic_remote.init(opaque, &context, &why), ERR_IO);
	assert_non_null(strstr(why.text, "/nonexistent.mmdb"));
	analysis_traffic_remote.release(opaque);
	free(opaque);
	site_release(&site);
	settings_free(settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_without_users),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_wrong_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
