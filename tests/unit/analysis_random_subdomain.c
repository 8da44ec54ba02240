/* SPDX-License-Identifier: ISC */
/* dns/random-subdomain by hand-made messages: what fires, at which number, and what does not. */
#include "dns_failing.h"
#include "net/site.h"

extern const struct analysis analysis_dns_random_subdomain;

/* Some transactions of a zone within ten seconds. */
struct burst {
	const char *zone;  /* NULL: victim.test */
	const char *under; /* what names are below; NULL: the zone */
	unsigned count, failing;
	unsigned distinct; /* 0: all names differ */
	unsigned clients;  /* 0: 20 */
	unsigned rcode;    /* of failures; 0: NXDOMAIN */
	unsigned length;   /* of labels; 0: 12 */
	int64_t begin;     /* ms */
	unsigned first;    /* number of the first name */
	bool no_soa, upstream;
	uint16_t type, flags;
	uint8_t view;
};

static void
begin(struct analysis_run *run, size_t shards)
{
	analysis_run_begin(run, &analysis_dns_random_subdomain, shards, 7);
}

static void
burst(struct analysis_run *run, const struct burst *b)
{
	const char *zone = b->zone != NULL ? b->zone : "victim.test";
	unsigned clients = b->clients != 0 ? b->clients : 20;

	for (unsigned i = 0; i < b->count; i++) {
		unsigned number = b->first + (b->distinct != 0 ? i % b->distinct : i);
		char label[64], name[256];
		bool fails = i < b->failing;
		struct transaction t = { .name = name,
			.zone = b->no_soa || !fails ? NULL : zone,
			.type = b->type,
			.rcode = !fails          ? 0
				 : b->rcode != 0 ? b->rcode
						 : DNS_RCODE_NXDOMAIN,
			.client = 1 + i % clients,
			.ms = b->begin + (int64_t)i * 10000 / b->count,
			.upstream = b->upstream,
			.flags = b->flags,
			.view = b->view };
		(void)snprintf(name, sizeof name, "%s.%s",
		    random_label(number, b->length != 0 ? b->length : 12, label),
		    b->under != NULL ? b->under : zone);
		tell_answer(run, t.client % run->shards, &t);
	}
}

/* Findings of one burst, in one shard and in eight. */
static size_t
fires(const struct burst *b)
{
	size_t counts[2];

	for (unsigned k = 0; k < 2; k++) {
		struct analysis_run run;
		begin(&run, k == 0 ? 1 : 8);
		burst(&run, b);
		analysis_run_window(&run, 0);
		counts[k] = count_findings(&run);
		analysis_run_end(&run);
	}
	assert_int_equal(counts[0], counts[1]);
	return counts[0];
}

#define FIRES(...) fires(&(const struct burst){ __VA_ARGS__ })

static void
test_nxdomain(void **state)
{
	(void)state;
	assert_int_equal(FIRES(.count = 200, .failing = 200), 1);
	assert_int_equal(FIRES(.count = 199, .failing = 199), 0);
	/* The failing share: the others exist. */
	assert_int_equal(FIRES(.count = 400, .failing = 200), 1);
	assert_int_equal(FIRES(.count = 400, .failing = 199), 0);
	/* Distinct names: a sketch counts them, within 3.5 % here. */
	assert_int_equal(FIRES(.count = 300, .failing = 300, .distinct = 255), 1);
	assert_int_equal(FIRES(.count = 300, .failing = 300, .distinct = 225), 0);
	/* No SOA: the registrable domain. */
	assert_int_equal(FIRES(.count = 200, .failing = 200, .no_soa = true), 1);
	/* Seen by an authority. */
	assert_int_equal(FIRES(.count = 200, .failing = 200, .upstream = true), 1);
	assert_int_equal(FIRES(.count = 200, .failing = 200, .view = DNS_VIEW_AUTHORITATIVE), 1);
	assert_int_equal(FIRES(.count = 200, .failing = 200, .view = DNS_VIEW_CLIENT), 1);
	assert_int_equal(FIRES(.count = 200, .failing = 200, .view = DNS_VIEW_LOG), 0);
}

static void
test_measures(void **state)
{
	struct analysis_run run;

	(void)state;
	begin(&run, 8);
	burst(&run, &(struct burst){ .count = 1000, .failing = 1000, .begin = 20000 });
	analysis_run_window(&run, 0);
	assert_text(&run, "subject", "zone", "victim.test");
	assert_text(&run, "measures", "shape", "NXDOMAIN");
	assert_float_equal(only_measure(&run, "queries"), 1000, 0);
	assert_float_equal(only_measure(&run, "distinct"), 1000, 70);
	assert_float_equal(only_measure(&run, "clients"), 20, 2);
	assert_float_equal(only_measure(&run, "peak_qps"), 100, 10);
	assert_float_equal(only_measure(&run, "label_length"), 12, 0);
	assert_float_equal(only_measure(&run, "label_length_deviation"), 0, 0);
	assert_in_range((uint64_t)(100 * only_measure(&run, "label_entropy")), 300, 340);
	analysis_run_end(&run);
}

static void
test_servfail(void **state)
{
	struct analysis_run run;

	(void)state;
	assert_int_equal(
	    FIRES(.count = 200, .failing = 200, .rcode = DNS_RCODE_SERVFAIL, .no_soa = true), 1);
	assert_int_equal(
	    FIRES(.count = 199, .failing = 199, .rcode = DNS_RCODE_SERVFAIL, .no_soa = true), 0);
	assert_int_equal(
	    FIRES(.count = 400, .failing = 199, .rcode = DNS_RCODE_SERVFAIL, .no_soa = true), 0);
	assert_int_equal(
	    FIRES(.count = 200, .failing = 200, .rcode = DNS_RCODE_REFUSED, .no_soa = true), 0);
	/* Half denied, then drowned: one attack. */
	begin(&run, 4);
	burst(&run, &(struct burst){ .count = 300, .failing = 300 });
	burst(&run, &(struct burst){ .count = 300,
			.failing = 300,
			.first = 300,
			.begin = 10000,
			.rcode = DNS_RCODE_SERVFAIL,
			.no_soa = true });
	analysis_run_window(&run, 0);
	assert_text(&run, "measures", "shape", "NXDOMAIN, then no answers");
	assert_float_equal(only_measure(&run, "queries"), 600, 0);
	analysis_run_end(&run);
}

/* Nothing but silence: questions tell the name. */
static void
test_unanswered(void **state)
{
	struct analysis_run run;

	(void)state;
	begin(&run, 4);
	for (unsigned i = 0; i < 400; i++) {
		char label[64], name[256];
		struct transaction t = { .name = name, .client = 1 + i % 20, .ms = 20 * i };
		(void)snprintf(name, sizeof name, "%s.victim.test", random_label(i, 12, label));
		tell_silence(&run, t.client % 4, &t);
		t.ms += 5000;
		tell_question(&run, t.client % 4, OBS_DNS, &t);
	}
	analysis_run_window(&run, 0);
	assert_text(&run, "subject", "zone", "victim.test");
	assert_text(&run, "measures", "shape", "authority drowned");
	assert_float_equal(only_measure(&run, "queries"), 400, 0);
	analysis_run_end(&run);
}

static size_t
wild(unsigned asked, unsigned upstream, unsigned length, unsigned other_length, unsigned distinct)
{
	struct analysis_run run;
	size_t count;

	begin(&run, 4);
	burst(&run, &(struct burst){ .count = asked / 2, .length = length, .distinct = distinct });
	burst(&run, &(struct burst){ .count = asked - asked / 2,
			.length = other_length,
			.first = 1000,
			.distinct = distinct });
	burst(&run,
	    &(struct burst){
		.count = upstream / 2, .length = length, .distinct = distinct, .upstream = true });
	burst(&run, &(struct burst){ .count = upstream - upstream / 2,
			.length = other_length,
			.first = 1000,
			.distinct = distinct,
			.upstream = true });
	analysis_run_window(&run, 0);
	count = count_findings(&run);
	if (count == 1)
		assert_text(&run, "measures", "shape", "wildcard");
	analysis_run_end(&run);
	return count;
}

static void
test_wildcard(void **state)
{
	(void)state;
	assert_int_equal(wild(400, 400, 12, 12, 0), 1);
	assert_int_equal(wild(600, 540, 12, 12, 0), 1);
	assert_int_equal(wild(600, 500, 12, 12, 0), 0); /* the cache answers some */
	assert_int_equal(wild(400, 0, 12, 12, 0), 0);   /* nothing is known of it */
	assert_int_equal(wild(150, 150, 12, 12, 0), 0);
	assert_int_equal(wild(400, 400, 10, 18, 0), 1); /* deviation 4 */
	assert_int_equal(wild(400, 400, 8, 20, 0), 0);  /* 6 */
	assert_int_equal(wild(400, 400, 5, 5, 0), 0);   /* entropy at most 2.3 */
	assert_int_equal(wild(400, 400, 12, 12, 100), 0);
}

static void
test_left_out(void **state)
{
	(void)state;
	/* Browsers' single labels, and names of no registered domain. */
	assert_int_equal(FIRES(.zone = ".", .under = "", .count = 500, .failing = 500), 0);
	assert_int_equal(FIRES(.zone = ".", .under = "corp", .count = 500, .failing = 500), 0);
	assert_int_equal(FIRES(.zone = "test", .count = 500, .failing = 500), 0);
	assert_int_equal(FIRES(.zone = "2.0.192.in-addr.arpa", .count = 500, .failing = 500), 0);
	assert_int_equal(FIRES(.zone = "8.b.d.0.ip6.arpa", .count = 500, .failing = 500), 0);
	assert_int_equal(FIRES(.zone = "avqs.mcafee.com", .count = 500, .failing = 500), 0);
	assert_int_equal(FIRES(.zone = "x.avqs.mcafee.com", .count = 500, .failing = 500), 0);
	assert_int_equal(FIRES(.zone = "xavqs.mcafee.com", .count = 500, .failing = 500), 1);
}

static void
test_clients(void **state)
{
	struct analysis_run run;

	(void)state;
	assert_int_equal(FIRES(.count = 300, .failing = 300, .clients = 1), 0);
	assert_int_equal(FIRES(.count = 300, .failing = 300, .clients = 2), 0);
	assert_int_equal(FIRES(.count = 300, .failing = 300, .clients = 3), 1);
	/* A resolver asks for others. */
	assert_int_equal(FIRES(.count = 300, .failing = 300, .clients = 1, .upstream = true,
			     .view = DNS_VIEW_RESOLVER),
	    1);
	/* One client has four fifths, then a little less. */
	for (unsigned few = 110; few <= 130; few += 20) {
		begin(&run, 1);
		burst(&run, &(struct burst){ .count = 416, .failing = 416, .clients = 1 });
		burst(&run,
		    &(struct burst){ .count = few, .failing = few, .clients = 10, .first = 1000 });
		analysis_run_window(&run, 0);
		assert_int_equal(count_findings(&run), few == 110 ? 0 : 1);
		analysis_run_end(&run);
	}
}

static size_t
shaped(const char *format, uint16_t type, unsigned clients)
{
	struct analysis_run run;
	size_t count;

	begin(&run, 2);
	for (unsigned i = 0; i < 400; i++) {
		char name[256];
		struct transaction t = { .name = name,
			.zone = "list.test",
			.type = type,
			.rcode = DNS_RCODE_NXDOMAIN,
			.client = 1 + i % clients,
			.ms = 20 * i };
		(void)snprintf(name, sizeof name, format, i % 250, i / 2 % 200);
		tell_answer(&run, i % 2, &t);
	}
	analysis_run_window(&run, 0);
	count = count_findings(&run);
	analysis_run_end(&run);
	return count;
}

static void
test_shapes(void **state)
{
	(void)state;
	assert_int_equal(shaped("%u.%u.2.192.list.test", DNS_TYPE_A, 20), 0);
	assert_int_equal(shaped("%u.%u.2.300.list.test", DNS_TYPE_A, 20), 1);
	assert_int_equal(shaped("%u.%u.2.list.test", DNS_TYPE_A, 20), 1);
	assert_int_equal(
	    shaped("x%03u%03uaaaaaaaaaaaaaaaaaaaaaaaaaa.list.test", DNS_TYPE_TXT, 20), 0);
	assert_int_equal(
	    shaped("x%03u%03uaaaaaaaaaaaaaaaaaaaaaaaaaa.list.test", DNS_TYPE_A, 20), 1);
	assert_int_equal(shaped("x%03u%03u.list.test", DNS_TYPE_TXT, 20), 1);
}

/* What was usual in earlier windows; the fresh names of one slot count 1/30 of a window. */
static size_t
after_usual(unsigned count)
{
	struct analysis_run run;
	size_t found;

	begin(&run, 2);
	for (unsigned window = 0; window < 2; window++) {
		for (unsigned slot = 0; slot < 30; slot++)
			burst(&run, &(struct burst){ .count = 50,
					.failing = 50,
					.first = window * 5000 + slot * 50,
					.begin = window * 300000 + slot * 10000 });
		analysis_run_window(&run, window);
	}
	burst(&run,
	    &(struct burst){ .count = count, .failing = count, .first = 100000, .begin = 600000 });
	analysis_run_window(&run, 2);
	found = count_findings(&run);
	analysis_run_end(&run);
	return found;
}

static void
test_rise(void **state)
{
	(void)state;
	/* 5 new names a second were usual. */
	assert_int_equal(after_usual(440), 0);
	assert_int_equal(after_usual(560), 1);
}

/* One attack over windows; another after more than ten minutes. */
static void
test_span(void **state)
{
	struct analysis_run run;

	(void)state;
	begin(&run, 2);
	burst(&run, &(struct burst){ .count = 300, .failing = 300, .begin = 290000 });
	analysis_run_window(&run, 0);
	burst(&run, &(struct burst){ .count = 300, .failing = 300, .begin = 300000, .first = 300 });
	/* A neighbour that is small, and one that is not near. */
	burst(&run, &(struct burst){ .count = 20, .failing = 20, .begin = 310000, .first = 600 });
	burst(&run, &(struct burst){ .count = 20, .failing = 20, .begin = 340000, .first = 700 });
	analysis_run_window(&run, 1);
	assert_float_equal(only_measure(&run, "queries"), 620, 0);
	burst(&run, &(struct burst){ .count = 300, .failing = 300, .begin = 910000, .first = 800 });
	analysis_run_window(&run, 3);
	assert_int_equal(count_findings(&run), 1);
	burst(
	    &run, &(struct burst){ .count = 300, .failing = 300, .begin = 1530000, .first = 1100 });
	analysis_run_window(&run, 5);
	assert_int_equal(count_findings(&run), 2);
	analysis_run_end(&run);
}

/* A zone below a busy registrable domain: the SOA tells, and the answers that have none follow. */
static void
test_cut(void **state)
{
	struct analysis_run run;

	(void)state;
	begin(&run, 4);
	for (unsigned slot = 0; slot < 3; slot++) {
		burst(&run, &(struct burst){ .zone = "busy.test",
				.count = 3000,
				.distinct = 300,
				.begin = slot * 10000 });
		burst(&run, &(struct burst){ .zone = "bad.busy.test",
				.count = 500,
				.failing = 500,
				.first = 5000 + slot * 500,
				.begin = slot * 10000 });
	}
	burst(&run, &(struct burst){ .zone = "bad.busy.test",
			.count = 500,
			.failing = 500,
			.no_soa = true,
			.rcode = DNS_RCODE_SERVFAIL,
			.first = 8000,
			.begin = 30000 });
	analysis_run_window(&run, 0);
	assert_text(&run, "subject", "zone", "bad.busy.test");
	assert_float_equal(only_measure(&run, "queries"), 2000, 0);
	analysis_run_end(&run);
}

/* Ever-new zones, each failing a few times, cannot push out the one under attack. */
static void
test_flood_of_zones(void **state)
{
	struct analysis_run run;

	(void)state;
	begin(&run, 2);
	for (unsigned i = 0; i < 60000; i++) {
		char name[128];
		struct transaction t = {
			.name = name, .rcode = DNS_RCODE_SERVFAIL, .client = i % 50, .ms = i / 2
		};
		(void)snprintf(name, sizeof name, "x%u.zone%u.test", i, i / 10);
		tell_answer(&run, i % 2, &t);
		if (i % 60 == 0) {
			char label[64];
			(void)snprintf(
			    name, sizeof name, "%s.victim.test", random_label(i, 12, label));
			tell_answer(&run, i / 60 % 2, &t);
		}
	}
	analysis_run_window(&run, 0);
	assert_text(&run, "subject", "zone", "victim.test");
	assert_in_range((uint64_t)only_measure(&run, "queries"), 950, 1000);
	analysis_run_end(&run);
}

static void
set_prefix(struct prefix **prefixes, size_t *count, const char *text)
{
	*prefixes = xcalloc(1, sizeof **prefixes);
	*count = 1;
	assert_int_equal(prefix_parse(text, *prefixes, NULL), ERR_OK);
}

struct scatter {
	unsigned names, servers, targets;
	bool quoted, dark, repeated;
};

static size_t
scatters(const struct scatter *s)
{
	struct analysis_run run;
	size_t count;

	begin(&run, 2);
	set_prefix(&run.site.own_prefixes, &run.site.own_prefix_count, "192.0.2.0/24");
	if (s->dark)
		set_prefix(&run.site.dark_prefixes, &run.site.dark_prefix_count, "192.0.2.128/25");
	site_index(&run.site);
	/* Something that was asked for. */
	tell_answer(&run, 0,
	    &(struct transaction){
		.name = "www.example.test", .flags = DNS_CLIENT_OWN, .client = 1 });
	for (unsigned i = 0; i < s->names; i++) {
		char label[64], name[256];
		struct transaction t = { .name = name,
			.zone = "victim.test",
			.rcode = DNS_RCODE_NXDOMAIN,
			.client = (s->dark ? 128 : 1) + i % s->targets,
			.server = i % s->servers,
			.match = DNS_UNSOLICITED,
			.flags = DNS_CLIENT_OWN,
			.ms = 1000 * i };
		(void)snprintf(name, sizeof name, "%s.victim.test",
		    random_label(s->repeated ? i / 2 : i, 12, label));
		if (s->quoted)
			tell_question(&run, i % 2, OBS_DNS_QUOTED, &t);
		else
			tell_answer(&run, i % 2, &t);
	}
	analysis_run_window(&run, 0);
	count = count_findings(&run);
	if (count == 1) {
		assert_text(&run, "subject", "zone", "victim.test");
		assert_text(&run, "measures", "shape", "backscatter");
		assert_float_equal(only_measure(&run, "queries"), s->names, 0);
	}
	analysis_run_end(&run);
	return count;
}

#define SCATTERS(...) scatters(&(const struct scatter){ __VA_ARGS__ })

static void
test_backscatter(void **state)
{
	(void)state;
	assert_int_equal(SCATTERS(.names = 10, .servers = 3, .targets = 10, .dark = true), 1);
	assert_int_equal(SCATTERS(.names = 9, .servers = 3, .targets = 9, .dark = true), 0);
	assert_int_equal(SCATTERS(.names = 10, .servers = 2, .targets = 10, .dark = true), 0);
	assert_int_equal(SCATTERS(.names = 20, .servers = 3, .targets = 1, .dark = true), 1);
	assert_int_equal(
	    SCATTERS(.names = 20, .servers = 3, .targets = 9, .dark = true, .repeated = true), 0);
	assert_int_equal(SCATTERS(.names = 20, .servers = 5, .targets = 20), 1);
	assert_int_equal(SCATTERS(.names = 20, .servers = 5, .targets = 5), 0);
	assert_int_equal(
	    SCATTERS(.names = 12, .servers = 5, .targets = 12, .dark = true, .quoted = true), 1);
	assert_int_equal(SCATTERS(.names = 12, .servers = 5, .targets = 12, .quoted = true), 0);
}

/* More stretches than a zone has room for: the section says so. */
static void
test_long_window(void **state)
{
	struct analysis_run run;
	json_t *section;
	size_t warnings;

	(void)state;
	begin(&run, 1);
	for (unsigned slot = 0; slot < 100; slot++)
		burst(&run, &(struct burst){ .count = slot == 50 ? 400 : 20,
				.failing = slot == 50 ? 400 : 20,
				.first = slot * 1000,
				.begin = slot * 10000 });
	analysis_run_window(&run, 0);
	assert_int_equal(count_findings(&run), 1);
	section = analysis_run_section(&run);
	warnings = json_array_size(json_object_get(section, "warnings"));
	assert_true(warnings > 0);
	json_decref(section);
	analysis_run_end(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nxdomain),
		cmocka_unit_test(test_measures),
		cmocka_unit_test(test_servfail),
		cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_wildcard),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_rise),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_flood_of_zones),
		cmocka_unit_test(test_backscatter),
		cmocka_unit_test(test_long_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
